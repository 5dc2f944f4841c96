"""The transformers engine: batches on one device, one prompt pass per item however many samples are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from ..errors import DataError
from ..runs.checkpoints import Checkpoint
from ..runs.provenance import package_versions
from ..settings import option, read_options
from ..types import Json, Request, Response, Sampling
from .vlm import VisionLanguageModel, draw_answers

DEFAULT_BATCH = 32
DTYPES = ("auto", "float32", "bfloat16", "float16")


class TransformersEngine:
    """A checkpoint on torch. `batch` is the number of answers drawn at once."""

    def __init__(self, path: Path, device: str = "auto", dtype: str = "auto", batch: int = DEFAULT_BATCH) -> None:
        wanted = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._vlm = VisionLanguageModel.load(path, wanted, dtype)
        checkpoint = Checkpoint.read(path)
        self.name = checkpoint.name
        self._identity = {
            "engine": "transformers",
            **checkpoint.identity(),
            "dtype": str(self._vlm.model.dtype).removeprefix("torch."),
        }
        self._batch = batch

    def identity(self) -> Mapping[str, Json]:
        """Engine, digests of weights and configuration, and the arithmetic's precision."""
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """Packages and device."""
        cuda = self._vlm.device.type == "cuda"
        device = torch.cuda.get_device_name(self._vlm.device) if cuda else self._vlm.device.type
        return {**package_versions(("torch", "transformers")), "device": device}

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
        inputs = vlm.encode([request.prompt for request in batch])
        with torch.inference_mode():
            prefix = vlm.prefill(inputs, repeat=len(batch[0].samples))
            seeds = [seed for request in batch for seed in request.seeds(sampling)]
            answers = draw_answers(vlm, prefix, sampling, seeds)
        lengths = answers.mask.sum(1).tolist()
        texts = vlm.decode(answers.ids, answers.mask)
        prompt_tokens = inputs["attention_mask"].sum(1).tolist()
        keys = [(n, request.item_id, k) for n, request in enumerate(batch) for k in request.samples]
        return [
            Response(item_id, k, text, None, "stop" if ended else "length", prompt_tokens[n], length)
            for (n, item_id, k), text, ended, length in zip(keys, texts, answers.ended.tolist(), lengths, strict=True)
        ]


def _by_sample_count(batch: Sequence[Request]) -> list[list[Request]]:
    """Split a batch into ones with equally many samples each (a resumed item may miss only some)."""
    groups: dict[int, list[Request]] = {}
    for request in batch:
        groups.setdefault(len(request.samples), []).append(request)
    return list(groups.values())


@dataclass(frozen=True)
class TransformersOptions:
    """Where and in which precision a checkpoint runs, and how many answers are drawn at once."""

    device: str = "auto"
    dtype: str = option("auto", choices=DTYPES)
    batch: int = option(DEFAULT_BATCH, least=1, most=99_999)


def open_engine(target: str, options: Mapping[str, str]) -> TransformersEngine:
    """Open a checkpoint folder. Options: `TransformersOptions`. Raises UsageError for any other."""
    chosen = read_options(TransformersOptions, options, "engine transformers")
    return TransformersEngine(Path(target), chosen.device, chosen.dtype, chosen.batch)
