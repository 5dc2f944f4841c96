"""The transformers engine: any image-text-to-text model on one device.

Families of SHARED_PREFIX run in batches, with one prompt pass per item however many samples are drawn; all others run their
own `generate`, an item at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from ..errors import DataError, UsageError
from ..runs.adapters import AdaptedCheckpoint
from ..runs.hub_checkpoint import find_checkpoint
from ..runs.provenance import code_digest, package_versions
from ..settings import option, read_options
from ..types import Json, Request, Response, Sampling
from .adapting import adapt
from .drawing import before_stop
from .generate import GeneratingModel
from .loading import SHARED_PREFIX, as_checkpoint_error, load_configuration
from .vlm import VisionLanguageModel, draw_answers

DEFAULT_BATCH = 32
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class TransformersOptions:
    """Where and in which precision a checkpoint runs, and how many answers are drawn at once.

    `trust_remote_code` runs the Python files of the checkpoint, for a model that transformers does not have. `base` is the
    checkpoint that an adapter is for, where that is not the one that it names; `merge_adapter` changes the weights by it.
    """

    device: str = "auto"
    dtype: str = option("auto", choices=DTYPES)
    batch: int = option(DEFAULT_BATCH, least=1, most=99_999)
    trust_remote_code: bool = False
    base: str | None = None
    merge_adapter: bool = False


class TransformersEngine:
    """A checkpoint on torch. `options.batch` is the number of answers drawn at once."""

    tells = frozenset({"logprobs", "entropies"})

    def __init__(self, path: Path, options: TransformersOptions | None = None) -> None:
        options = options or TransformersOptions()
        device = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
        adapted = AdaptedCheckpoint.read(path, options.base)
        path = adapted.checkpoint.path
        if options.merge_adapter and adapted.adapter is None:
            raise UsageError(f"option merge_adapter: {path} is no adapter")
        with as_checkpoint_error(path):
            config = load_configuration(path, options.trust_remote_code)
        self.name = adapted.name
        self._packages = ("torch", "transformers", *(("peft",) if adapted.adapter else ()))
        self._batch = options.batch
        self._vlm: VisionLanguageModel | GeneratingModel
        if config.model_type in SHARED_PREFIX:
            self._vlm = VisionLanguageModel.load(path, device, options.dtype)
        else:
            self._vlm = GeneratingModel.load(path, config, device, options.dtype, options.trust_remote_code)
        if adapted.adapter:
            with as_checkpoint_error(adapted.adapter.path):
                self._vlm.model = adapt(self._vlm.model, adapted.adapter.path, options.merge_adapter)
        self._identity = {
            "engine": "transformers",
            **adapted.identity(),
            **({"adapter_merged": True} if options.merge_adapter else {}),
            "dtype": str(self._vlm.model.dtype).removeprefix("torch."),
        }
        if isinstance(self._vlm, GeneratingModel):
            self._identity |= {"runs": "generate", "pictures": self._vlm.pictures_by}
        if options.trust_remote_code:
            self._identity["code"] = code_digest(path)

    def identity(self) -> Mapping[str, Json]:
        """Engine, digests of weights, adapter, configuration and trusted code, the precision, what scales pictures."""
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """Packages and device."""
        cuda = self._vlm.model.device.type == "cuda"
        device = torch.cuda.get_device_name(self._vlm.model.device) if cuda else self._vlm.model.device.type
        return {**package_versions(self._packages), "device": device}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Answer in order, a batch of requests at a time."""
        pending = iter(requests)
        while batch := list(islice(pending, max(1, self._batch // sampling.n))):
            for same in _by_sample_count(batch):
                yield from self._answer_or_report(same, sampling)

    def _answer_or_report(self, batch: Sequence[Request], sampling: Sampling) -> Iterator[Response]:
        """Answers; a request whose picture cannot be decoded gets an error, the others of its batch their answers."""
        try:
            yield from self._answer(batch, sampling)
        except DataError as error:
            if len(batch) == 1:
                yield from (Response(batch[0].item_id, k, None, str(error)) for k in batch[0].samples)
                return
            for request in batch:
                yield from self._answer_or_report([request], sampling)

    def _answer(self, batch: Sequence[Request], sampling: Sampling) -> list[Response]:
        vlm = self._vlm
        if isinstance(vlm, GeneratingModel):
            if len(batch) > 1:
                return [response for request in batch for response in self._answer_or_report([request], sampling)]
            return vlm.answer(batch[0], sampling)
        inputs = vlm.encode([request.prompt for request in batch])
        with torch.inference_mode():
            prefix = vlm.prefill(inputs, repeat=len(batch[0].samples))
            seeds = [seed for request in batch for seed in request.seeds(sampling)]
            answers = draw_answers(vlm, prefix, sampling, seeds, tell=any(request.tokens for request in batch))
        lengths = answers.mask.sum(1).tolist()
        texts = vlm.decode_plain(answers.ids, answers.mask)
        prompt_tokens = inputs["attention_mask"].sum(1).tolist()
        openings = [vlm.chat.opened(request.prompt) for request in batch]
        keys = [(n, request.item_id, k) for n, request in enumerate(batch) for k in request.samples]
        return [
            Response(
                item_id,
                k,
                openings[n] + before_stop(text, sampling.stop),
                None,
                "stop" if ended else "length",
                prompt_tokens[n],
                length,
                tokens=told,
            )
            for (n, item_id, k), text, ended, length, told in zip(
                keys, texts, answers.ended.tolist(), lengths, answers.statistics(), strict=True
            )
        ]


def _by_sample_count(batch: Sequence[Request]) -> list[list[Request]]:
    """Split a batch into ones with equally many samples each (a resumed item may miss only some)."""
    groups: dict[int, list[Request]] = {}
    for request in batch:
        groups.setdefault(len(request.samples), []).append(request)
    return list(groups.values())


def open_engine(target: str, options: Mapping[str, str]) -> TransformersEngine:
    """Open a checkpoint, by its folder or its name on the hub.

    Options: `TransformersOptions`. Raises UsageError for any other.
    """
    chosen = read_options(TransformersOptions, options, "engine transformers")
    return TransformersEngine(find_checkpoint(target), chosen)
