"""What another tool recorded with imported answers: its verdicts as a protocol, and its extractions as kept replies.

`recorded` judges by the tool's own verdicts, so that they stand beside those of any other protocol. It belongs to a run, and
no model can be asked by it: its prompt is the one that asked.

A step of a language model that the tool took is not taken again: where the run is judged by the tool's own protocol and no
language model is named, what that model read, and what it decided, stand in the place of its replies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.errors import DataError
from ...harness.runs.judging import Extractor, JudgeStep
from ...harness.runs.score import Rules, StoredAnswers
from ...harness.types import Item, Prompt, Recorded
from .base import JUDGE_NEEDED
from .vlmevalkit import NAME as VLMEVALKIT

NAME = "recorded"
VERSION = "1"
_RIGHT, _WRONG, _NOTHING = "recorded as right", "recorded as wrong", "not recorded"

_Key = tuple[str, str]


def own_protocol(tool: str) -> str:
    """The protocol that is a tool's own: VLMEvalKit's, or for any other tool the benchmark's."""
    return VLMEVALKIT if tool == VLMEVALKIT else "official"


@dataclass(frozen=True, eq=False)
class RecordedRules:
    """The protocol of one run."""

    tool: str
    said: Mapping[_Key, Recorded]
    prompts: Mapping[str, Prompt]
    name: str = NAME
    version: str = VERSION
    extractor: Extractor | None = None
    judge: JudgeStep | None = None
    reads_thinking: bool = False

    def prompt(self, item: Item) -> Prompt:
        """The prompt that asked."""
        return self.prompts[item.id]

    def extract(self, text: str, item: Item) -> Extraction:
        """What the tool read in this response, and its verdict as the rule."""
        said = self.said.get((item.id, text))
        if said is None or said.correct is None:
            return Extraction(None, _NOTHING, f"{self.tool} recorded no verdict on this")
        return Extraction(said.extracted, _RIGHT if said.correct else _WRONG, f"as {self.tool} recorded it")

    def match(self, stated: Extraction, item: Item) -> Grade:
        """The tool's verdict; none on what another protocol reads."""
        correct = {_RIGHT: True, _WRONG: False}.get(stated.rule)
        return Grade(correct, stated.answer, stated.rule if correct is not None else _NOTHING, stated.reason)


def recorded_rules(answers: StoredAnswers) -> RecordedRules:
    """The protocol `recorded` of a run. Raises DataError if no verdict is recorded in it."""
    said = _said(answers)
    if not any(one.correct is not None for one in said.values()):
        raise DataError(
            f"{answers.run.path}: no verdicts of another tool are recorded in it, as the protocol {NAME!r} needs: they come "
            "from imported files that have them"
        )
    return RecordedRules(_tool(answers), said, {one.item.id: one.prompt for one in answers.asked})


def _said(answers: StoredAnswers) -> dict[_Key, Recorded]:
    found = ((one.item_id, one.text, one.recorded) for one in answers.responses)
    return {(item_id, text): said for item_id, text, said in found if text is not None and said is not None}


def _tool(answers: StoredAnswers) -> str:
    model: Any = answers.run.manifest.identity["model"]
    return str(model.get("tool")) if isinstance(model, Mapping) else ""


@dataclass(frozen=True)
class RecordedReplies:
    """A language model that says what was recorded of its replies, and nothing else."""

    model: str
    said: Mapping[_Key, Recorded]
    by_rule: Callable[[str, Item], Extraction]

    def extract(self, step: Extractor, cases: Sequence[tuple[str, Item]]) -> list[Extraction | Grade]:
        """The recorded extraction from each (response, item); a grade without a verdict where there is none."""
        return [self._extraction(step, text, item) for text, item in cases]

    def _extraction(self, step: Extractor, text: str, item: Item) -> Extraction | Grade:
        said = self.said.get((item.id, text))
        if said is None or said.extracted is None:
            why = "the imported file records no extraction from this; name a language model with --judge-model"
            return Grade(None, None, JUDGE_NEEDED, why)
        answer = " ".join(said.extracted.split())
        found = step.read(f"Answer: {answer or 'none'}", item) or self.by_rule(said.extracted, item)
        stated = answer if found.answer is None else found.answer  # the tool's script takes whatever its model said
        return Extraction(stated, "language model", f"{self.model}: {answer!r:.80}")

    def judge(self, step: JudgeStep, cases: Sequence[tuple[str, Item]]) -> list[Grade]:
        """The recorded verdict on each (stated answer, item); without one where there is none."""
        by_answer = {(key[0], " ".join((one.extracted or "").split())): one for key, one in self.said.items()}
        grades = []
        for answer, item in cases:
            said = by_answer.get((item.id, answer))
            correct = None if said is None or said.correct is None else step.read(f"Verdict: {int(said.correct)}")
            rule, why = (
                ("judged", self.model) if correct is not None else (JUDGE_NEEDED, "no verdict is recorded on this")
            )
            grades.append(Grade(correct, answer, rule, why))
        return grades


def recorded_replies(answers: StoredAnswers, rules: Rules) -> RecordedReplies | None:
    """What stands in the place of a language model under the tool's own protocol; None where nothing is recorded."""
    tool, said = _tool(answers), _said(answers)
    if rules.name != own_protocol(tool) or all(one.extracted is None for one in said.values()):
        return None
    return RecordedReplies(f"recorded by {tool}", said, rules.extract)
