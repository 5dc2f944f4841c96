"""What a row of a paper's table is estimated to cost in GPU hours and tokens: counts of a recipe times stated assumptions.

A pass over D tokens through N parameters takes 2 N D operations without gradients and 6 N D with them, 8 N D if activations
are computed again (arXiv 2001.08361, arXiv 2104.04473). Answers are written at an assumed rate, for their speed is the
memory's, not the arithmetic's. Nothing here was measured.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...harness.errors import UsageError
from ...harness.settings import read_settings, setting
from ...harness.types import Json

PIXELS_PER_TOKEN = 28 * 28
"""Qwen2.5-VL makes a token of each square of 28 x 28 pixels (arXiv 2502.13923)."""
RATED = 7e9
"""Parameters of the model that `Assumptions.rate` is for; the rate of others is in inverse proportion."""

_BILLIONS = re.compile(r"(?<![0-9.])([0-9]{1,4}(?:\.[0-9]{1,3})?)B(?![A-Za-z0-9])")


def _assumed(value: float, meaning: str) -> Any:
    return field(default=value, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Assumptions:
    """What an estimate rests on; the meaning and the source of each stands in its field's metadata."""

    peak: float = _assumed(989e12, "operations per second of a GPU: H100 SXM, dense bf16 (NVIDIA's data sheet)")
    utilisation: float = _assumed(0.3, "share of the peak that passes with and without gradients reach; assumed")
    prefill: float = _assumed(0.4, "share of the peak that an engine reaches while it reads prompts; assumed")
    rate: float = _assumed(2000, "tokens per second and GPU that an engine writes with 7 billion parameters; assumed")
    waiting: float = _assumed(0.3, "share of the GPUs' time that nothing is done in (stragglers, new weights); assumed")
    parameters: float = _assumed(7e9, "parameters of a model whose name on the hub does not say")
    pixels: float = _assumed(
        400_000, "pixels of a picture, of MM-UPT's 262,144 to 1,204,224; 784 make a token; assumed"
    )
    question: float = _assumed(150, "tokens of a prompt beside its picture; assumed")
    response: float = _assumed(400, "tokens of a response in training, where the recipe allows so many; assumed")
    answer: float = _assumed(600, "tokens of an answer in an examination, where the paper allows so many; assumed")
    judging: float = _assumed(400, "tokens that a judge is told beside the prompt and the response; assumed")
    judgement: float = _assumed(150, "tokens of a judgement; assumed")

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not 0 < value < math.inf and not (name == "waiting" and value == 0):
                raise UsageError(f"{name} must be a positive number, not {value}")
        if max(self.utilisation, self.prefill) > 1 or self.waiting >= 1:
            raise UsageError("utilisation and prefill are shares of at most 1, and waiting is one below 1")

    @property
    def prompt(self) -> float:
        """Tokens of a prompt with one picture."""
        return self.question + self.pixels / PIXELS_PER_TOKEN

    def told(self) -> Iterator[tuple[str, float, str]]:
        """Name, value and meaning of each."""
        for one in dataclasses.fields(self):
            yield one.name, getattr(self, one.name), one.metadata["meaning"]


def assume(changes: Sequence[str]) -> Assumptions:
    """The assumptions with changes like "rate=3000". Raises UsageError for an unknown name or an impossible value."""
    return read_settings(Assumptions, dict(map(setting, changes)), "--assume")


@dataclass(frozen=True)
class StageWork:
    """What one stage of a training does, in all its steps.

    `prompts` are answered by `answers` in all, of at most `max_tokens` tokens; about them `judgements` are written. `learnt`
    responses get gradients, `passed` are read without (the policy's own probabilities before an update, a reference's).
    """

    name: str
    prompts: int
    answers: int
    max_tokens: int
    learnt: int
    passed: int
    judgements: int = 0


@dataclass(frozen=True)
class Work:
    """What a recipe's training does, and the step that it ends with."""

    steps: int
    stages: tuple[StageWork, ...]
    recompute: bool = True


@dataclass(frozen=True)
class Part:
    """One part of a cost, before the GPUs' waiting."""

    name: str
    formula: str
    tokens: float
    gpu_hours: float


@dataclass(frozen=True)
class Cost:
    """GPU hours and tokens of a model of so many parameters. `gpu_hours` has the waiting in it, the parts have not."""

    parts: tuple[Part, ...]
    parameters: float
    waiting: float

    @property
    def gpu_hours(self) -> float:
        """In all."""
        return math.fsum(one.gpu_hours for one in self.parts) / (1 - self.waiting)

    @property
    def tokens(self) -> float:
        """Read and written in all parts."""
        return math.fsum(one.tokens for one in self.parts)

    def to_json(self) -> Json:
        """For machines."""
        return {
            "gpu_hours": self.gpu_hours,
            "tokens": self.tokens,
            "parameters": self.parameters,
            "waiting": self.waiting,
            "parts": [dataclasses.asdict(one) for one in self.parts],
        }


def parameters(hub: str, assumed: Assumptions) -> float:
    """How many parameters the model's name speaks of ("...-7B-..."), else the assumed number."""
    found = _BILLIONS.findall(hub)
    return float(found[-1]) * 1e9 if found and float(found[-1]) > 0 else assumed.parameters


def training_cost(work: Work, hub: str, assumed: Assumptions) -> Cost:
    """Of a training of the model that is called so on the hub."""
    estimate = _Estimate(parameters(hub, assumed), assumed)
    parts = [part for stage in work.stages for part in estimate.stage(stage, work.recompute)]
    return Cost(tuple(parts), estimate.size, assumed.waiting)


def examination_cost(items: int, max_tokens: int, hub: str, assumed: Assumptions) -> Cost:
    """Of asking that model so many items once; a judge of its answers is not counted."""
    estimate = _Estimate(parameters(hub, assumed), assumed)
    written = items * min(assumed.answer, max_tokens)
    parts = estimate.read("prompts", items * assumed.prompt), estimate.write("answers", written)
    return Cost(parts, estimate.size, assumed.waiting)


@dataclass(frozen=True)
class _Estimate:
    size: float
    assumed: Assumptions

    def stage(self, work: StageWork, recompute: bool) -> Iterable[Part]:
        """The parts of a stage, those of nothing left out. A prompt is read once for all of its answers."""
        assumed = self.assumed
        response = min(assumed.response, work.max_tokens)
        whole = assumed.prompt + response
        parts = (
            self.read(f"{work.name}: prompts", work.prompts * assumed.prompt),
            self.write(f"{work.name}: answers", work.answers * response),
            self.read(f"{work.name}: what is judged", work.judgements * (whole + assumed.judging)),
            self.write(f"{work.name}: judgements", work.judgements * assumed.judgement),
            self._passes(f"{work.name}: passes without gradients", work.passed * whole, 2),
            self._passes(f"{work.name}: passes with gradients", work.learnt * whole, 8 if recompute else 6),
        )
        return (one for one in parts if one.tokens)

    def read(self, name: str, tokens: float) -> Part:
        """An engine reads prompts."""
        hours = 2 * self.size * tokens / (self.assumed.peak * self.assumed.prefill) / 3600
        return Part(name, "2 N D / (peak x prefill)", tokens, hours)

    def write(self, name: str, tokens: float) -> Part:
        """An engine writes answers."""
        return Part(name, "D / (rate x 7e9 / N)", tokens, tokens / (self.assumed.rate * RATED / self.size) / 3600)

    def _passes(self, name: str, tokens: float, operations: int) -> Part:
        hours = operations * self.size * tokens / (self.assumed.peak * self.assumed.utilisation) / 3600
        return Part(name, f"{operations} N D / (peak x utilisation)", tokens, hours)
