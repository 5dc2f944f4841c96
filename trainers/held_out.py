"""Held-out prompts: asked of the policy while it trains, never trained on, and held against the base's own answers.

A judge of the guard's own compares the two answers to a prompt where they differ. Where the policy answers what the base
answered nothing has changed, so those pairs count 0 and are not judged; nor is an answer of an earlier check judged again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

from ..harness.errors import DataError, EngineError, UsageError
from ..harness.files import write_atomic
from ..harness.jsonl import json_line, read_lines
from ..harness.limits import RUN_LINE_BYTES
from ..harness.types import Item, Json, Prompt, sample_seed
from .base import Group, make_group
from .guard import Check
from .held_out_changes import BASE_ANSWERS, GUARD, Change, Changes
from .judge import Judge, open_judge
from .recipe import Recipe
from .recipe_settings import GuardSettings
from .rewards.vote import VoteSettings, count_votes
from .sampler import asking, held_out_items


@dataclass(frozen=True)
class GreedyAnswer:
    """A greedy response, its number of tokens, and whether it ended by itself."""

    text: str
    tokens: int
    ended: bool

    @classmethod
    def of_record(cls, text: Json, tokens: Json, ended: Json) -> GreedyAnswer:
        """As it was stored. Raises ValueError for other values."""
        if not isinstance(text, str) or type(tokens) is not int or not isinstance(ended, bool):
            raise ValueError("a line is no answer")
        return cls(text, tokens, ended)


Ask: TypeAlias = Callable[[Sequence[Prompt]], list[GreedyAnswer]]
"""Asks a model greedily."""


@dataclass(frozen=True)
class HeldOut:
    """The held-out items of a recipe with a guard, as `prompts`, and who compares the answers to them."""

    recipe: Recipe
    settings: GuardSettings
    items: Sequence[Item]
    prompts: Sequence[Prompt]
    judge: Judge | None

    @classmethod
    def of_recipe(cls, recipe: Recipe, base: Path, other: Judge | None) -> HeldOut | None:
        """Of the recipe's guard; None without one. `other` is the judge of the reward.

        Raises UsageError for a set that is too small, for the same judge as the reward's, and for an oracle without labels;
        what `open_judge` raises.
        """
        settings = recipe.guard
        if settings is None:
            return None
        labels = settings.judge is not None and settings.judge.needs_gold
        items = held_out_items(recipe.prompts, settings.prompts, labels=labels)
        if labels and not all(item.answer for item in items):
            raise UsageError("guard.judge is an oracle, which needs labels, and the recipe's prompts have none")
        judge = None if settings.judge is None else open_judge(settings.judge, base)
        if judge is not None and other is not None and not labels and judge.identity() == other.identity():
            raise UsageError("guard.judge is the reward's judge, which whatever is learned pleases: name another one")
        return cls(recipe, settings, items, list(map(asking(recipe), items)), judge)

    def identity(self) -> Json:
        """What a resume must agree with beyond the recipe: who judges."""
        return {"guard_judge": self.judge.identity()} if self.judge else {}

    def base_answers(self, training: Path, ask: Ask) -> list[GreedyAnswer]:
        """What the base answers: stored in a training's folder, or asked and stored. Raises DataError for a damaged file."""
        file = training / BASE_ANSWERS
        if not file.exists():
            answers = ask(self.prompts)
            lines = ({"item_id": item.id, **asdict(one)} for item, one in zip(self.items, answers, strict=True))
            write_atomic(file, map(json_line, lines))
            return answers
        try:
            records = [line.value() for line in read_lines(file, RUN_LINE_BYTES)]
            if [record.pop("item_id") for record in records] != [item.id for item in self.items]:
                raise ValueError("its items are others")
            return [GreedyAnswer.of_record(**record) for record in records]
        except (AttributeError, DataError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{file} is damaged ({error}): delete it, and the base is asked again") from error

    def check(
        self, step: int, before: Sequence[GreedyAnswer], now: Sequence[GreedyAnswer], earlier: Sequence[Check] = ()
    ) -> Check:
        """Hold the answers after `step` steps against those from before; what `earlier` checks know is not asked again.

        Raises EngineError for a judge that fails too often.
        """
        labels = self.settings.judge is not None and self.settings.judge.needs_gold
        pairs = [
            dataclasses.replace(
                make_group(item, (old.text, new.text), labels, self.recipe.answer_format),
                truncated=(not old.ended, not new.ended),
            )
            for item, old, new in zip(self.items, before, now, strict=True)
        ]
        changed = [pair for pair in pairs if not _same_answer(pair)]
        agreement = 1 - len(changed) / len(pairs)
        length = fmean(one.tokens for one in now) / max(1.0, fmean(one.tokens for one in before))
        if self.judge is None:
            return Check(step, agreement, length)
        changes = Changes(len(pairs), self._judged(self.judge, changed, step, earlier))
        accuracy = fmean(pair.verdicts()[1] for pair in pairs) if labels else None
        return Check(step, agreement, length, *changes.mean_and_error(), accuracy, changes)

    def _judged(self, judge: Judge, pairs: Sequence[Group], step: int, earlier: Sequence[Check]) -> dict[str, Change]:
        """What became of each pair: what an earlier check with that answer knows, or the second score less the first."""
        known = {
            (item, change.answer): change
            for check in earlier
            for item, change in (check.changes.by_item.items() if check.changes else ())
            if change.judged is not None
        }
        found = {pair.item_id: known.get((pair.item_id, pair.ballots[1])) for pair in pairs}
        new = [pair for pair in pairs if found[pair.item_id] is None]
        seed = sample_seed(self.recipe.seed, f"{GUARD} {step}", 0)
        for pair, (first, second) in zip(new, judge.score(new, seed) if new else (), strict=True):
            judged = None if first is None or second is None else second - first
            found[pair.item_id] = Change(pair.ballots[1], judged)
        changes = {item: change for item, change in found.items() if change is not None}
        failed = sum(change.judged is None for change in changes.values())
        most = self.settings.judge.max_failed_share if self.settings.judge else 1.0
        too_many = failed > most * len(self.items)
        if too_many or len(self.items) - failed < 2:
            limit = (
                f"more than guard.judge.max_failed_share = {most:g} allows" if too_many else "and at least two need one"
            )
            raise EngineError(
                f"the guard's judge gave no score for {failed} of {len(self.items)} held-out prompts at step {step}, "
                f"{limit}; last: {judge.trouble}; mend the judge, and resume from the last checkpoint"
            )
        return changes


def _same_answer(pair: Group) -> bool:
    """Whether both state the same answer in the form asked for, or neither does."""
    classes = count_votes(pair, VoteSettings.votes).classes
    return not classes or len(classes[0]) == len(pair.responses)
