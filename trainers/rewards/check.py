"""The contract of a reward: what every reward must keep, and what it declares of itself, tried on many groups.

A reward gives one finite number per response, within its declared bounds, for any group that training or sampling can come
to; the same numbers whenever it is asked with the same seed. It reads no label unless it declares that it needs one, changes
nothing of the group, and takes a small part of a step's time. Unless it declares otherwise it draws nothing at random, the
order of responses does not matter, and responses whose answers mean the same get the same reward.

A reward is called on groups that notice who reads the label and who changes them.
"""

from __future__ import annotations

import dataclasses
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ...harness import answers
from ...harness.errors import ProctorError
from ...harness.types import Json
from ...harness.user_file import call
from ..base import Group, Reward, at_places
from ..tokens import NEEDS, needed
from .advantages import Array, numbers
from .base import RewardSpec, file_identity, reward_spec
from .check_groups import GroupCase, generated_cases, many

_MACHINERY = (dataclasses.__name__, Group.__module__)
"""Modules that read all fields of a group whatever they are: copies and comparisons reach for nothing."""


class WatchedGroup(Group):
    """A group whose `hidden` fields are not there for who asks, and that notes who asks for which.

    A hidden label still lies in the instance's dictionary.
    """

    hidden: ClassVar[frozenset[str]] = frozenset()
    touched: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        if name not in WatchedGroup.hidden:
            return super().__getattribute__(name)
        if sys._getframe(1).f_globals.get("__name__") not in _MACHINERY:
            WatchedGroup.touched.add(name)
        return None


@dataclass(frozen=True)
class CallResult:
    """What a call came to: what the reward gave, or how it failed, and what it did besides."""

    value: Any
    error: str | None = None
    touched: frozenset[str] = frozenset()
    changed: str | None = None


@dataclass(frozen=True)
class Supervision:
    """What stands beside each call: `before` is told of whose group, `after` says what the call did that no reward may."""

    before: Callable[[str], None] = lambda case: None
    after: Callable[[], str | None] = lambda: None


UNSUPERVISED = Supervision()


class Caller:
    """Calls one reward; a group holds a label, or tells of tokens, only if that is declared, and else hides it."""

    def __init__(self, reward: Reward, supervision: Supervision = UNSUPERVISED) -> None:
        self.reward = reward
        self._supervision = supervision
        self.declared: RewardSpec = reward_spec(reward)
        undeclared = {name for name, _ in NEEDS.values()} - needed(self.declared).keys()
        self._hidden = frozenset(undeclared if self.declared.needs_gold else undeclared | {"gold"})

    def group(self, case: GroupCase, gold: int = 0) -> Group:
        """The group of a case as the reward sees it, with the first or the second of its labels; the next call is on it."""
        self._supervision.before(case.name)
        WatchedGroup.hidden = self._hidden
        scores = case.group.judge_scores if self.declared.needs_judge else None
        fields = {group_field.name: getattr(case.group, group_field.name) for group_field in dataclasses.fields(Group)}
        return WatchedGroup(**{**fields, "gold": case.golds[gold], "judge_scores": scores})

    def call(self, group: Group, seed: int) -> CallResult:
        """Call it once, on a group that no call has seen."""
        before = dict(vars(group))
        read = {name: getattr(group, name) for name in ("stated", "answers", "well_formed", "ballots")}
        WatchedGroup.touched = set()
        value, failed = None, None
        try:
            value = call(f"reward {self.reward.name}", self.reward, group, seed)
        except ProctorError as error:
            failed = str(error).removeprefix(f"reward {self.reward.name}: ")
        misdeed = self._supervision.after()
        if failed or misdeed:
            return CallResult(None, failed or misdeed, frozenset(WatchedGroup.touched))
        after = dict(vars(group))
        expected = before | read
        changed = sorted(key for key in {*expected, *after} if expected.get(key) != after.get(key))
        return CallResult(value, None, frozenset(WatchedGroup.touched), ", ".join(changed) or None)


def permuted(group: Group, order: Sequence[int]) -> Group:
    """The same group with its responses, and what is known of each, in another order."""
    shuffled = at_places(group, order)
    object.__setattr__(shuffled, "gold", vars(group)["gold"])
    return shuffled


TIMED_GROUPS, TIMED_RESPONSES = 512, 16
"""A step of the published trainings."""
CLOSE = 1e-9
"""Rewards that differ by less are the same: a sum in another order rounds differently."""


@dataclass
class CheckOutcome:
    """How often a check was made, and what was found where it failed."""

    made: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RewardReport:
    """All checks by name; one that was not made does not apply, or could not be reached because another failed.

    `file` is the identity of the reward's own file, if it has one; `seconds` are None if it was not seen how many it takes.
    """

    reward: str
    file: Mapping[str, Json]
    declared: RewardSpec
    checks: Mapping[str, CheckOutcome]
    seconds: float | None

    @property
    def passed(self) -> bool:
        """True if nothing failed."""
        return not any(outcome.failures for outcome in self.checks.values())

    def to_json(self) -> Json:
        """All that was found; `seconds` are for TIMED_GROUPS groups."""
        return {
            "reward": self.reward,
            **self.file,
            "declared": dataclasses.asdict(self.declared),
            "passed": self.passed,
            "seconds": self.seconds,
            "checks": {
                name: {"made": outcome.made, "failed": len(outcome.failures), "failures": outcome.failures}
                for name, outcome in self.checks.items()
            },
        }


@dataclass(frozen=True)
class Trial:
    """A case on which the reward gave numbers, `row`, with this seed."""

    caller: Caller
    case: GroupCase
    seed: int
    row: Array

    @property
    def declared(self) -> RewardSpec:
        """What the reward promises."""
        return self.caller.declared

    def again(
        self, case: GroupCase, *, order: Sequence[int] | None = None, gold: int = 0, seed: int | None = None
    ) -> Array:
        """The rewards of another call. Raises ValueError, saying how it failed."""
        group = self.caller.group(case, gold)
        if order is not None:
            group = permuted(group, order)
        result = self.caller.call(group, self.seed if seed is None else seed)
        row = numbers(result.value)
        if result.error is not None:
            raise ValueError(result.error)
        if row is None or row.shape != self.row.shape:
            raise ValueError(f"gave {result.value!r:.80} the second time")
        return row


def check_reward(
    reward: Reward,
    recorded: Sequence[GroupCase] = (),
    *,
    seed: int = 0,
    limit: float = 10.0,
    supervision: Supervision = UNSUPERVISED,
) -> RewardReport:
    """Hold a reward to its contract on generated and recorded groups; `limit` is in seconds for TIMED_GROUPS groups.

    A reward that is too slow is not checked further. It is called in this process, which it can end or stop:
    `check_process.check_apart` has another for it.
    """
    caller = Caller(reward, supervision)
    outcomes = no_outcomes()
    seconds = _timed(caller, outcomes["speed"], seed, limit)
    if not outcomes["speed"].failures:
        cases = [*generated_cases(seed), *recorded]
        tried = [(place, case, caller.call(caller.group(case), place + seed)) for place, case in enumerate(cases)]
        trials = [
            Trial(caller, case, place + seed, row)
            for place, case, result in tried
            if (row := _first(outcomes, caller.declared, case, result)) is not None
        ]
        for trial in reversed(
            trials
        ):  # so that one that remembers its last call, or draws without the seed, is found out
            _second(outcomes, trial)
    return RewardReport(reward.name, file_identity(reward), caller.declared, outcomes, seconds)


def no_outcomes() -> dict[str, CheckOutcome]:
    """All checks by name, none of them made."""
    return {name: CheckOutcome() for name in (*FIRST, *SECOND, "speed")}


def _timed(caller: Caller, outcome: CheckOutcome, seed: int, limit: float) -> float:
    """Seconds for all timed groups, foretold if the limit was passed before the last; answers are read off beforehand."""
    spent = 0.0
    for number, case in enumerate(many(TIMED_GROUPS, TIMED_RESPONSES, seed), 1):
        group = caller.group(case)
        _ = group.answers, group.well_formed
        start = time.perf_counter()
        caller.call(group, seed)
        spent += time.perf_counter() - start
        outcome.made = number
        if spent > limit:
            foretold = spent * TIMED_GROUPS / number
            outcome.failures.append(
                f"{TIMED_GROUPS} groups of {TIMED_RESPONSES} take about {foretold:.1f} s, more than {limit:g}: "
                "no other check was made"
            )
            return foretold
    return spent


def _first(outcomes: Mapping[str, CheckOutcome], spec: RewardSpec, case: GroupCase, result: CallResult) -> Array | None:
    """The checks of one call, each made only if those before it passed; the rewards if they can be checked further."""
    for name, complaint in FIRST.items():
        if (name == "gold" and spec.needs_gold) or (name == "tokens" and len(needed(spec)) == len(NEEDS)):
            continue
        outcomes[name].made += 1
        if problem := complaint(spec, case, result):
            outcomes[name].failures.append(f"{case.name}: {problem}")
            if name in FATAL:
                return None
    return numbers(result.value)


def _raises(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    return result.error


def _touches(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    if "gold" not in result.touched:
        return None
    return "reads group.gold, and does not declare needs_gold: it is None in a training"


def _touches_tokens(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    for promise, (name, _) in NEEDS.items():
        if name in result.touched:
            return f"reads group.{name}, and does not declare {promise}: it is None in a training"
    return None


def _changes(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    return f"changes the group: {result.changed}" if result.changed else None


def _length(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    n, shape = len(case.group.responses), np.shape(row) if (row := numbers(result.value)) is not None else ()
    return None if shape == (n,) else f"gave {result.value!r:.80}, not a sequence of {n} numbers"


def _finite(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    row = numbers(result.value)
    return None if row is not None and np.isfinite(row).all() else f"gave {result.value!r:.80}: not all are finite"


def _bounded(spec: RewardSpec, case: GroupCase, result: CallResult) -> str | None:
    row = numbers(result.value)
    if spec.bounds is None or row is None or not row.size:
        return None
    low, high = spec.bounds
    inside = low - CLOSE <= row.min() and row.max() <= high + CLOSE
    return None if inside else f"gave {row.min():.6g} to {row.max():.6g}, outside the declared {low:g} to {high:g}"


FIRST: Mapping[str, Callable[[RewardSpec, GroupCase, CallResult], str | None]] = {
    "gold": _touches,
    "tokens": _touches_tokens,
    "runs": _raises,
    "group unchanged": _changes,
    "length": _length,
    "finite": _finite,
    "bounds": _bounded,
}
"""What one call tells, in this order."""
FATAL = ("runs", "length", "finite")
"""Without these there are no rewards to check further."""


def _second(outcomes: Mapping[str, CheckOutcome], trial: Trial) -> None:
    """The checks that compare the rewards with those of further calls."""
    for name, (applies, complaint) in SECOND.items():
        if not applies(trial):
            continue
        outcomes[name].made += 1
        try:
            problem = complaint(trial)
        except ValueError as error:
            problem = str(error)
        if problem:
            outcomes[name].failures.append(f"{trial.case.name}: {problem}")


def _repeated(trial: Trial) -> str | None:
    again = trial.again(trial.case)
    if not np.array_equal(again, trial.row):
        return f"with the same seed {_shown(trial.row)}, then {_shown(again)}: draw only from random.Random(seed)"
    return None


def _seedless(trial: Trial) -> str | None:
    other = trial.again(trial.case, seed=trial.seed + 1)
    if not np.array_equal(other, trial.row):
        return f"another seed makes {_shown(trial.row)} {_shown(other)}: declare random=True if that is meant"
    return None


def _ordered(trial: Trial) -> str | None:
    n = len(trial.row)
    shuffled = random.Random(trial.seed).sample(range(n), n)  # noqa: S311 - reproducible, not secret
    for order in (list(range(n))[::-1], shuffled):
        again = trial.again(trial.case, order=order)
        if not np.allclose(again, trial.row[order], rtol=0, atol=CLOSE):
            return (
                f"responses in another order get {_shown(again)} instead of {_shown(trial.row[order])}: "
                "declare depends_on_order=True if that is meant"
            )
    return None


def _alike(trial: Trial) -> str | None:
    group = trial.case.group
    for members in answers.classes(group.ballots, group.choices or None):
        rewards = trial.row[members]
        if np.ptp(rewards) > CLOSE:
            stated = ", ".join(dict.fromkeys(repr(group.ballots[index])[:40] for index in members))
            return (
                f"the equal answers {stated} get {_shown(rewards)}: declare equal_answers_alike=False if that is meant"
            )
    return None


def _label_free(trial: Trial) -> str | None:
    other = trial.again(trial.case, gold=1)
    if not np.array_equal(other, trial.row):
        return f"another hidden label makes {_shown(trial.row)} {_shown(other)}: the label leaks"
    return None


def _id_free(trial: Trial) -> str | None:
    group = trial.case.group
    renamed = dataclasses.replace(trial.case, group=dataclasses.replace(group, item_id=f"not {group.item_id}"))
    other = trial.again(renamed)
    if not np.allclose(other, trial.row, rtol=0, atol=CLOSE):
        return f"another item id makes {_shown(trial.row)} {_shown(other)}: labels can leak through a look-up by id"
    return None


def _may_look_up(trial: Trial) -> bool:
    """True where the id has nothing to decide: it may break a tie between answers that were given equally often."""
    group = trial.case.group
    return not trial.declared.random and not any(
        _tied(answers.classes(row, group.choices or None)) for row in (group.answers, group.ballots)
    )


def _tied(classes: Sequence[Sequence[int]]) -> bool:
    """True if two classes are of one size."""
    sizes = list(map(len, classes))
    return len(set(sizes)) < len(sizes)


def _shown(row: Array) -> str:
    """A few rewards for a person."""
    rest = ", ..." if len(row) > 8 else ""
    return f"[{', '.join(f'{value:.4g}' for value in row[:8])}{rest}]"


SECOND: Mapping[str, tuple[Callable[[Trial], bool], Callable[[Trial], str | None]]] = {
    "repeatable": (lambda trial: True, _repeated),
    "seed": (lambda trial: not trial.declared.random, _seedless),
    "order": (lambda trial: not (trial.declared.random or trial.declared.depends_on_order), _ordered),
    "equal answers": (lambda trial: trial.declared.equal_answers_alike and not trial.declared.random, _alike),
    "hidden label": (lambda trial: not trial.declared.needs_gold, _label_free),
    "item id": (_may_look_up, _id_free),
}
"""When each check is made, and what it complains of."""
