"""The model `instant` of lmms-eval: answers at once, with the texts of a file, in turn."""

import json
from itertools import cycle
from pathlib import Path

from lmms_eval.api.model import lmms
from lmms_eval.models.registry_v2 import ModelManifest


def manifest():
    return ModelManifest(model_id="instant", chat_class_path="instant_model.Instant")


class Instant(lmms):
    """`texts` is a JSON file with a list of texts; `batch_size` and `device` are what lmms-eval passes to each model."""

    is_simple = False

    def __init__(self, texts, batch_size=1, device=None):
        super().__init__()
        self.texts = cycle(json.loads(Path(texts).read_text()))

    def generate_until(self, requests):
        """Each request's messages are made, as for a model that reads them."""
        return [self._answer(*request.args) for request in requests]

    def _answer(self, text, doc_to_messages, options, doc_id, task, split):
        doc_to_messages(self.task_dict[task][split][doc_id])
        return next(self.texts)

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError
