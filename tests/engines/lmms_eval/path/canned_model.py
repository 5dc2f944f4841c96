"""A model for lmms-eval that answers from a table and notes what it was shown; one for each of its two interfaces."""

import hashlib
import json
import os
import time
from pathlib import Path

from lmms_eval.api.model import lmms
from lmms_eval.models.registry_v2 import ModelManifest
from loguru import logger


def manifests():
    canned = {"simple_class_path": "canned_model.Canned", "chat_class_path": "canned_model.CannedChat"}
    return [
        ModelManifest(model_id="canned", **canned),
        ModelManifest(model_id="qwen2_5_vl_float32", chat_class_path="float32_models.Qwen"),
    ]


def seen(picture):
    """What tells two pictures apart: their pixels."""
    return [*picture.size, hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()]


class Canned(lmms):
    """`table` is a JSON file of answers by key (text and pictures); what was shown is added to `shown`, a JSON line each.

    An answer "DIE" ends the process if the file `alive` exists, which is removed first: a model that dies once. "SLEEP"
    takes ten minutes; "RAISE" raises; "LOG ERROR" and "LOG DEBUG" fail as some of lmms-eval's models do. `batch_size` and
    `device` are what lmms-eval passes to each model.
    """

    def __init__(self, table, shown, alive=None, batch_size=1, device=None):
        super().__init__()
        self.table = json.loads(Path(table).read_text())
        self.shown = Path(shown)
        self.alive = None if alive is None else Path(alive)

    def generate_until(self, requests):
        return [self.answer(*request.args) for request in requests]

    def answer(self, text, options, doc_to_visual, doc_id, task, split):
        return self.say([text, *map(seen, doc_to_visual(self.task_dict[task][split][doc_id]))], text, options)

    def say(self, shown, text, options):
        pictures = [part for part in shown if isinstance(part, list)]
        key = json.dumps([text, *pictures])
        with self.shown.open("a") as file:
            file.write(json.dumps({"key": key, "shown": shown, "options": options, "pid": os.getpid()}) + "\n")
        said = self.table[key]
        if said == "DIE" and self.alive.exists():
            self.alive.unlink()
            os._exit(9)
        if said == "SLEEP":
            time.sleep(600)
        if said == "RAISE":
            raise RuntimeError("no answer to this one")
        if said in ("LOG ERROR", "LOG DEBUG"):
            log = logger.error if said == "LOG ERROR" else logger.debug
            log("Error out of memory in generating")
            return "" if said == "LOG DEBUG" else "a text from before"
        return said

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError


class CannedChat(Canned):
    is_simple = False

    def answer(self, text, doc_to_messages, options, doc_id, task, split):
        (message,) = doc_to_messages(self.task_dict[task][split][doc_id])
        assert message["role"] == "user"
        parts = [part["text"] if part["type"] == "text" else seen(part["url"]) for part in message["content"]]
        return self.say(parts, text, options)
