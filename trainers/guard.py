"""The guard: whether a training has begun to lose what its base could do, told without labels.

    OUT/metrics.jsonl               guard_judged and the like, at the steps after which held-out prompts were asked
    OUT/guard/base.jsonl            the base's greedy answers to the held-out prompts, a line each
    OUT/guard/step-000005.jsonl     the answers of a check that are other ones (`held_out_changes`)
    OUT/guard/alarm.json            the first alarm: its signal, since when, what was seen, and the checkpoint to go back to

Entropy falls and the majority share rises while a policy learns and while it collapses alike. What tells the two apart is
what a judge that had no part in the reward says of the answers to the same prompts, before and now.

The rule is a function of the recorded checks alone, so a stored training can be asked again with other thresholds. A check is
held against the best one before it, the base's at first, prompt by prompt. The same prompts are asked each time, so that
checks are no independent evidence, and nothing is summed over them: a loss must be beyond chance at each of several checks in
a row, or far beyond it at one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot, isclose
from pathlib import Path

from ..harness.errors import DataError, StoreError
from ..harness.files import read_object, write_json
from ..harness.jsonl import read_lines
from ..harness.limits import METRICS_LINE_BYTES
from ..harness.types import Json
from .held_out_changes import GUARD, WITHOUT, Changes, changes_file, read_changes
from .recipe_settings import GuardSettings

METRICS = "metrics.jsonl"
ALARM = Path(GUARD) / "alarm.json"
JUDGED, LENGTH = "judged", "length"
SIGNALS = (JUDGED, LENGTH)
SEEN = ("agreement", "length", "judged", "judged_error", "accuracy")
_CHECKPOINT = re.compile(r"step-[0-9]{6,9}")


@dataclass(frozen=True)
class Check:
    """What the policy after `step` steps answers greedily to the held-out prompts, beside what the base answered.

    `agreement` is the share of prompts with the same answer, `length` the responses' tokens over the base's. `judged` is the
    judge's mean score of the answers less that of the base's, in [-1, 1], and `judged_error` its standard error over prompts;
    None without a judge. `accuracy` is the share of right answers, where the judge is a control that knows the labels; no
    signal looks at it. `changes` are what `judged` sums up; None where they were not recorded.
    """

    step: int
    agreement: float
    length: float
    judged: float | None = None
    judged_error: float | None = None
    accuracy: float | None = None
    changes: Changes | None = field(default=None, compare=False, repr=False)

    def seen(self) -> dict[str, float]:
        """What was seen, by name."""
        named = {name: getattr(self, name) for name in SEEN}
        return {name: value for name, value in named.items() if value is not None}

    def metrics(self) -> dict[str, float]:
        """As a training records it."""
        return {f"{GUARD}_{name}": value for name, value in self.seen().items()}

    @classmethod
    def of_metrics(cls, step: int, metrics: Mapping[str, Json]) -> Check | None:
        """From a step's metrics; None for a step without a check."""
        values = {name: metrics.get(f"{GUARD}_{name}") for name in SEEN}
        numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
        if not {"agreement", "length"} <= numbers.keys():
            return None
        judged = (numbers.get("judged"), numbers.get("judged_error"))
        return cls(step, numbers["agreement"], numbers["length"], *judged, numbers.get("accuracy"))

    def signals(self, best: Check, settings: GuardSettings) -> list[str]:
        """Those of SIGNALS that it shows, beside the base and the best check before it."""
        worse = self.is_worse(best, settings.z, settings.least)
        shorter = self.length < settings.shortest and (self.judged is None or self.judged <= 0)
        return [name for name, shown in ((JUDGED, worse), (LENGTH, shorter)) if shown]

    def is_worse(self, best: Check, z: float, least: float) -> bool:
        """True where the judge finds so many standard errors less in it than in the base's answers, or the best check's.

        And `least` less at least.
        """
        losses = map(self._loss_and_error, (BASE, best))
        return any(loss > 0 and loss >= max(least, z * error) for loss, error in losses)

    def _loss_and_error(self, than: Check) -> tuple[float, float]:
        """How much less the judge makes of it than of another check, and the standard error of that.

        Beside the base it is the recorded one. Where the changes of one were not recorded it is as if both checks had asked
        other prompts, which is rather too large.
        """
        if self.changes is None or than.changes is None:
            loss = (than.judged or 0.0) - (self.judged or 0.0)
            return loss, hypot(self.judged_error or 0.0, than.judged_error or 0.0)
        change, error = self.changes.mean_and_error(than.changes)
        return -change, error


BASE = Check(0, 1.0, 1.0, 0.0, 0.0)
"""What the base is beside itself."""


@dataclass(frozen=True)
class Alarm:
    """A signal that was there at each check from step `since` to that of `check`, with which it became an alarm.

    `best` is the check to go back to, and `checkpoint` the last one from then or before, None for the base. `stopped`: the
    training was ended.
    """

    signal: str
    since: int
    check: Check
    best: Check
    checkpoint: str | None = None
    stopped: bool = False

    def to_json(self) -> dict[str, Json]:
        """As it is stored."""
        checks = {
            name: {"step": check.step, **check.seen()} for name, check in (("check", self.check), ("best", self.best))
        }
        return {**vars(self), **checks}

    def __str__(self) -> str:
        check, since = self.check, f"since step {self.since}"
        if self.signal == JUDGED:
            than = f"those of step {self.best.step}" if self.best.step else "the base's"
            how_much = f"at step {check.step} by {(self.best.judged or 0.0) - (check.judged or 0.0):.3f}"
            what = f"the judge finds answers to held-out prompts worse than {than} {since} ({how_much})"
        else:
            how_much = f"at step {check.step} {check.length:.2f} of the base's length"
            what = f"responses to held-out prompts are short {since} ({how_much})"
        ended = "; this ended the training" if self.stopped else ""
        return f"guard: {what}{ended}; go back to {self.checkpoint or 'the base: no checkpoint is from before'}"


def apply_rule(checks: Sequence[Check], settings: GuardSettings) -> tuple[Check, Alarm | None]:
    """The best check and the first alarm in a training's checks, (S,) in the order of steps; what comes after it is not seen.

    The best one, by the judge, is of those that show no signal; of equal ones the last, and the base if none is as good.
    """
    best, run = BASE, dict.fromkeys(SIGNALS, 0)
    for place, check in enumerate(checks):
        shown = check.signals(best, settings)
        run = {name: run[name] + 1 if name in shown else 0 for name in SIGNALS}
        for name in SIGNALS:
            at_once = (
                name == JUDGED
                and name in shown
                and check.is_worse(best, max(settings.z, settings.z_once), settings.least)
            )
            if run[name] >= settings.checks or at_once:
                return best, Alarm(name, checks[place - run[name] + 1].step, check, best)
        if not shown and (check.judged or 0.0) >= (best.judged or 0.0):
            best = check
    return best, None


def read_checks(training: Path) -> list[Check]:
    """The checks that a training has recorded, in the order of steps. Raises DataError for a damaged file."""
    checks = [check for step, metrics in _steps(training) if (check := Check.of_metrics(step, metrics)) is not None]
    return [replace(check, changes=_changes_of(training, check)) for check in checks]


def _changes_of(training: Path, check: Check) -> Changes | None:
    """Those that a check's numbers sum up; None if they were not recorded. Raises DataError for others."""
    changes = read_changes(training, check.step)
    if changes is None:
        return None
    pairs = zip((check.judged, check.judged_error), changes.mean_and_error(), strict=True)
    if not all(told is not None and isclose(told, summed_up, abs_tol=1e-9) for told, summed_up in pairs):
        raise DataError(f"{changes_file(training, check.step)} is not what {METRICS} tells of its step: {WITHOUT}")
    return changes


def alarm_under(training: Path, settings: GuardSettings) -> Alarm | None:
    """The first alarm that a stored training's checks give under these thresholds; None if they give none.

    Its action, judge and prompts are what they were; a `stop` that came earlier has left no checks behind it. No checkpoint
    is named. Raises DataError for a damaged file, and for a folder without steps.
    """
    if not (training / METRICS).is_file():
        raise DataError(f"{training} holds no steps of a training: {METRICS} is missing")
    return apply_rule(read_checks(training), settings)[1]


def write_alarm(training: Path, alarm: Alarm | None) -> None:
    """Store the alarm of a training, or that it has none. Raises StoreError."""
    if alarm is None:
        try:
            (training / ALARM).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {training / ALARM}: {error.strerror}") from error
    else:
        write_json(training / ALARM, alarm.to_json())


def stored_alarm(training: Path) -> Alarm | None:
    """What the guard of a training said; None if it said nothing, or there is none. Raises DataError for a damaged file."""
    record = read_object(training / ALARM)
    if record is None:
        return None
    try:
        alarm = Alarm(**{**record, **{name: Check(**record[name]) for name in ("check", "best")}})
        steps = (alarm.since, alarm.check.step, alarm.best.step)
        named = alarm.checkpoint is None or _CHECKPOINT.fullmatch(alarm.checkpoint)
        if not named or alarm.signal not in SIGNALS or any(type(step) is not int for step in steps):
            raise ValueError("it names no signal, step or checkpoint")
        str(alarm)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{training / ALARM} is damaged: {str(error)[:100]}") from error
    return alarm


def _steps(training: Path) -> Iterator[tuple[int, Mapping[str, Json]]]:
    for line in read_lines(training / METRICS, METRICS_LINE_BYTES, missing_ok=True):
        if line.torn:
            return
        record = line.value()
        if not isinstance(record, Mapping) or type(record.get("step")) is not int:
            raise DataError(f"{line.where}: not a step of a training")
        yield record["step"], record
