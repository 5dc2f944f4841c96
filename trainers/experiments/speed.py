"""How fast a model answered before: what complete runs recorded of the time that they took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from ...harness.errors import DataError
from ...harness.files import RUN_FILE
from ...harness.runs.store import Manifest
from ...harness.types import Json


@dataclass
class Measured:
    """What was measured, in all: answers, their tokens, and the seconds that they took."""

    answers: float = 0
    tokens: float = 0
    seconds: float = 0.0

    def add(self, answers: float, tokens: float, seconds: float) -> None:
        """One run more."""
        self.answers, self.tokens, self.seconds = self.answers + answers, self.tokens + tokens, self.seconds + seconds


@dataclass(frozen=True)
class Estimate:
    """Tokens of answers, and seconds."""

    tokens: float
    seconds: float


@dataclass
class Speeds:
    """Speeds by engine and weights (or the name of a model without a folder), and in them by suite; "" is over all suites."""

    _found: dict[tuple[str, str], dict[str, Measured]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def of(cls, folders: Iterable[Path]) -> Speeds:
        """Of the runs in these folders; what is damaged or says nothing is left out."""
        speeds = cls()
        for folder in folders:
            for run in sorted(folder.glob(f"*/{RUN_FILE}")) if folder.is_dir() else ():
                try:
                    speeds._add(Manifest.read(run.parent))
                except DataError:
                    continue
        return speeds

    def _add(self, manifest: Manifest) -> None:
        measured, model = manifest.environment.get("measured"), manifest.identity["model"]
        if not isinstance(measured, dict) or not isinstance(model, dict):
            return
        answers, tokens, seconds = (measured.get(name) for name in ("answers", "tokens", "seconds"))
        if not (_positive(answers) and _positive(tokens) and _positive(seconds)):
            return
        of_model = self._found[str(model.get("engine")), _which(model)]
        for suite in ("", manifest.suite):
            of_model.setdefault(suite, Measured()).add(answers, tokens, seconds)

    def estimate(self, engine: str, which: str, suite: str, answers: int, max_tokens: int) -> Estimate | None:
        """What so many answers to a suite, of at most so many tokens each, would take; None where nothing was measured.

        `which`: weights, or a name.
        """
        of_model = self._found.get((engine, which))
        if not of_model:
            return None
        one = of_model.get(suite, of_model[""])
        each = one.tokens / one.answers
        shorter = min(1.0, max_tokens / each)
        return Estimate(answers * each * shorter, answers * one.seconds / one.answers * shorter)


def _positive(number: Json) -> TypeGuard[float]:
    return type(number) in (int, float) and number > 0


def _which(model: Json) -> str:
    return str(model.get("weights") or model.get("model") or "")
