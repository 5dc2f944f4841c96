"""Groups that were drawn before: a stored run with several samples per item, as rewards see it and labels judge it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..benchmarks.errata import corrected
from ..benchmarks.examination import read_answers
from ..harness import answers, metrics
from ..harness.errors import DataError, IncompleteRunError, UsageError
from ..harness.score import Answers
from ..harness.types import Item
from .base import Group, Reward, make_group, needs_judge
from .formats import FORMATS
from .judgements import FILE, ItemScores, read_judgements


@dataclass(frozen=True)
class RecordedGroup:
    """The n responses to one item, and which of them the strict matcher finds right by the item's label.

    `judge_scores` are there if the run was judged. Labels are for measuring: a reward sees only what `group` gives it.
    """

    item: Item
    responses: tuple[str, ...]
    correct: tuple[bool, ...]
    judge_scores: tuple[float | None, ...] | None = None
    answer_format: str = "boxed"

    @property
    def cluster(self) -> str:
        """What the item stands or falls with."""
        return metrics.cluster(self.item)

    def group(self, reward: Reward) -> Group:
        """What that reward sees: the label only if it declares `needs_gold`, scores only if it declares `needs_judge`."""
        seen = self._labelled if reward.needs_gold else self._unlabelled
        return dataclasses.replace(seen, judge_scores=self.judge_scores) if needs_judge(reward) else seen

    @cached_property
    def _unlabelled(self) -> Group:
        return make_group(self.item, self.responses, needs_gold=False, answer_format=self.answer_format)

    @cached_property
    def _labelled(self) -> Group:
        return make_group(self.item, self.responses, needs_gold=True, answer_format=self.answer_format)


def read_groups(run: Path, answer_format: str = "boxed") -> list[RecordedGroup]:
    """The groups of a complete run with n >= 2 samples per item, in the order of its items.

    `answer_format` is a key of FORMATS. A judge's scores come from judge.jsonl in the run directory, where there is one.
    Raises DataError for a damaged run or one whose items have no labels, UsageError for one sample per item,
    IncompleteRunError for a run or a judgement that was interrupted.
    """
    if answer_format not in FORMATS:
        raise UsageError(f"answer format must be one of: {', '.join(FORMATS)}; not {answer_format!r}")
    found = read_answers(run)
    judged = _judgements(found, answer_format)
    return [
        _recorded(item, responses, None if judged is None else judged[item.id], answer_format)
        for item, responses in drawn(found)
    ]


def drawn(found: Answers) -> list[tuple[Item, tuple[str, ...]]]:
    """The items of a complete run with the n >= 2 responses to each. Raises UsageError and IncompleteRunError."""
    run, n = found.run.path, found.run.manifest.sampling.n
    if n < 2:
        raise UsageError(f"{run} has one sample per item, which is no group: record it with --samples 8 or more")
    texts = {key: one.text for key, one in found.by_key.items() if one.text is not None}
    missing = len(found.asked) * n - len(texts)
    if missing or not found.run.complete:
        raise IncompleteRunError(f"{run} is incomplete: {missing} answers missing; record it again to go on")
    return [(one.item, tuple(texts[one.item.id, k] for k in range(n))) for one in found.asked]


def _recorded(item: Item, responses: tuple[str, ...], scores: ItemScores | None, answer_format: str) -> RecordedGroup:
    item = corrected(item)
    if not item.answer:
        raise DataError(f"item {item.id} of suite {item.suite} has no label, so nothing can be measured on it")
    choices = item.choices or None
    grades = [answers.grade(text, item.answer, item.answer_type, choices, item.unit) for text in responses]
    correct = tuple(grade.correct is True for grade in grades)
    return RecordedGroup(item, responses, correct, scores, answer_format)


def _judgements(found: Answers, answer_format: str) -> dict[str, ItemScores] | None:
    """The scores of every item of a complete run, checked to be of its responses; None without a file of them."""
    file = found.run.path / FILE
    try:
        head, scores = read_judgements(file)
    except FileNotFoundError:
        return None
    manifest = found.run.manifest
    if head["responses"] != (manifest.seal or {}).get("responses"):
        raise DataError(f"{file} holds the scores of other responses: remove it, and judge this run")
    if head["answer_format"] != answer_format:
        raise UsageError(f"{file} was judged with answer format {head['answer_format']!r:.40}, not {answer_format!r}")
    ids = {one.item.id for one in found.asked}
    if any(item not in ids or len(row) != manifest.sampling.n for item, row in scores.items()):
        raise DataError(f"{file} does not fit the run: scores of other items or another number of them; remove it")
    if len(scores) < len(ids):
        raise IncompleteRunError(
            f"{file} has scores of {len(scores)} of {len(ids)} items: record again with the same judge to go on, or remove it"
        )
    return scores
