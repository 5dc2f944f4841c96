"""The student of a staged method: a checkpoint on an engine, whose answers are kept as sealed runs.

    stages/1-NAME/asked/QUESTION-NAME/    run directories: what was asked and every raw response
    stages/1-NAME/made.jsonl              the examples or preferences made of them (written by `stages`)

A stage that was interrupted finds the answers it has, and asks only the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...harness.engines.base import Engine
from ...harness.errors import IncompleteRunError, UsageError
from ...harness.runs.evaluate import Examination, run_eval
from ...harness.runs.store import RunReader, Sample
from ...harness.types import Prompt, Response, Sampling

OnProgress = Callable[[int, int, str], None]
"""Told (answers there, answers in all, what is asked)."""


@dataclass
class StoredStudent:
    """A student whose engine is opened by `open_model` when it is first needed, and whose runs are kept in `folder`.

    It is asked each prompt as `shown` gives it.
    """

    suite: str
    folder: Path
    open_model: Callable[[], Engine]
    progress: OnProgress = lambda done, total, name: None
    shown: Callable[[Prompt], Prompt] = lambda prompt: prompt
    _model: Engine | None = None
    _asked: set[str] = field(default_factory=set)

    def ask(self, name: str, samples: Sequence[Sample], sampling: Sampling) -> list[tuple[Response, ...]]:
        """sampling.n responses to each question, in order; see `methods.base.Student`."""
        if name in self._asked:
            raise UsageError(f"a stage asks for {name!r} twice: give each run a name of its own")
        self._asked.add(name)
        if not samples:
            return []
        samples = [Sample(sample.item, self.shown(sample.prompt)) for sample in samples]
        path = self.folder / name
        self._model = self._model or self.open_model()
        total, done = len(samples) * sampling.n, 0

        def progress(more: int) -> None:
            nonlocal done
            done += more
            self.progress(done, total, name)

        outcome = run_eval(Examination(self.suite, "training", samples, sampling), self._model, path, progress)
        if not outcome.complete:
            first = outcome.errors[0] if outcome.errors else "no answer"
            raise IncompleteRunError(
                f"{path}: {outcome.missing} questions without an answer: {first}; the others are kept: go on to "
                "ask for these (a training with --resume)"
            )
        responses: dict[str, list[Response]] = {sample.item.id: [] for sample in samples}
        for response in RunReader(path).responses():
            responses[response.item_id].append(response)
        return [tuple(sorted(rows, key=lambda response: response.sample)) for rows in responses.values()]
