"""A reward against a baseline on several bases of the gym: where it ends better, where worse, and where neither is shown.

Each condition is an A/B test of its own (`ab_test`), whose p is adjusted once more, for all conditions: "better" or "worse"
is said of a condition where Holm's adjusted p is below 0.05, and "worse" also where the candidate fails more often. One more
test takes all of them together (Stouffer's sum of normal deviates), and is one of those that Holm's adjustment counts.

What a reward pays for besides being right often shows in how long answers become, so that is told beside the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist, fmean

from ...harness.report.charts import Across, Series, ends, legend, line_chart
from ...harness.report.document import document, table
from ...harness.report.text import interval, p_value, points
from ...harness.stats.intervals import ALPHA, Difference, holm
from ...harness.types import Json
from .ab_test import BETTER, STYLE, UNDECIDED, WORSE, ABVerdict, Arm, SeedCurves, parts

BETTER_IN_PART, WORSE_IN_PART, MIXED = "better in part", "worse in part", "better and worse"
BETTER_TOGETHER, WORSE_TOGETHER = "better taken together", "worse taken together"
NORMAL, SMALLEST = NormalDist(), 1e-15
LONGER = 1.25
"""Answers that are so many times as long as the baseline's, or as much shorter, are told of."""


@dataclass(frozen=True)
class ConditionVerdict:
    """What became of a condition: `word` and `p` are adjusted for all conditions.

    `leads_wrong` is the share of the base's prompts that elect a wrong answer. `length` is that of the candidate's final
    answers over that of the baseline's, in characters; None where either has none.
    """

    name: str
    leads_wrong: float
    verdict: ABVerdict
    word: str
    p: float
    length: float | None

    def to_json(self) -> Json:
        """The A/B test, and what is said of it among the others."""
        return {
            "leads_wrong": self.leads_wrong,
            "word": self.word,
            "p": self.p,
            "length": None if self.length is None else round(self.length, 4),
            "test": self.verdict.to_json(),
        }


@dataclass(frozen=True)
class MapVerdict:
    """The word over all conditions, and why; `together` is the adjusted p of all of them together, None for one condition."""

    word: str
    reasons: tuple[str, ...]
    conditions: tuple[ConditionVerdict, ...]
    together: float | None = None

    @property
    def compared(self) -> bool:
        """True if on every condition both rewards have a training to compare."""
        return all(one.verdict.compared for one in self.conditions)

    @property
    def worse_somewhere(self) -> bool:
        """True if the candidate is worse on some condition, or on all of them taken together."""
        return self.word == WORSE_TOGETHER or any(one.word == WORSE for one in self.conditions)

    def to_json(self) -> Json:
        """Everything, in percentage points."""
        return {
            "format": 1,
            "unit": "percentage points",
            "verdict": self.word,
            "reasons": list(self.reasons),
            "together": self.together,
            "conditions": {one.name: one.to_json() for one in self.conditions},
        }


def judge_map(tests: Mapping[str, ABVerdict], leads_wrong: Mapping[str, float]) -> MapVerdict:
    """The verdict over the tests of all conditions, told in the order of how many prompts elect a wrong answer."""
    found = {name: _smallest(test) for name, test in tests.items()}
    known = {name: one for name, one in found.items() if one is not None}
    sign, together = _together([*known.values()])
    both = len(known) > 1
    p_values = holm([*(p for p, _ in known.values()), *([together] if both else [])])
    adjusted = dict(zip(known, p_values, strict=False))
    together = p_values[-1] if both else math.nan
    conditions = tuple(
        _condition(name, leads_wrong[name], tests[name], adjusted.get(name, math.nan))
        for name in sorted(tests, key=lambda name: leads_wrong[name])
    )
    words = {one.word for one in conditions}
    if words == {UNDECIDED} and together < ALPHA:
        word = BETTER_TOGETHER if sign > 0 else WORSE_TOGETHER
    elif len(words) == 1:
        (word,) = words
    else:
        word = MIXED if {BETTER, WORSE} <= words else BETTER_IN_PART if BETTER in words else WORSE_IN_PART
    reasons = [_where(conditions, one) for one in (BETTER, WORSE, UNDECIDED)]
    if both and sign:
        reasons.append(f"taken together the differences point {'up' if sign > 0 else 'down'}, p {p_value(together)}")
    lines = [line for line in reasons if line] + [line for one in conditions for line in _length_line(one)]
    return MapVerdict(word, tuple(lines), conditions, together if both else None)


def _smallest(test: ABVerdict) -> tuple[float, float] | None:
    """The smallest adjusted p of a test's suites, and that suite's difference; None where nothing was compared."""
    found = ((one.change.p_holm, one.change.difference.value) for one in test.suites)
    return min((one for one in found if not math.isnan(one[0])), default=None)


def _together(found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The sum of the deviates of (p, difference), two-sided p, over the root of their number; and its own p."""
    deviates = [math.copysign(NORMAL.inv_cdf(1 - max(p, SMALLEST) / 2), change) for p, change in found]
    total = sum(deviates) / math.sqrt(len(deviates)) if deviates else 0.0
    return total, 2 * (1 - NORMAL.cdf(abs(total)))


def _condition(name: str, leads_wrong: float, test: ABVerdict, p: float) -> ConditionVerdict:
    fails = len(test.candidate.failed) > len(test.baseline.failed)
    word = test.word if fails or p < ALPHA else UNDECIDED
    lengths = _length(test.candidate), _length(test.baseline)
    ratio = lengths[0] / lengths[1] if lengths[0] and lengths[1] else None
    return ConditionVerdict(name, leads_wrong, test, word, p, ratio)


def _length(arm: Arm) -> float | None:
    """The mean number of characters of an arm's answers; None where it has none."""
    lengths = [
        len(response.text or "")
        for seed in arm.finished.values()
        for side in seed.values()
        for response in side.answers.responses
    ]
    return fmean(lengths) if lengths else None


def _where(conditions: Sequence[ConditionVerdict], word: str) -> str:
    named = ", ".join(one.name for one in conditions if one.word == word)
    return f"{word} on {named}" if named else ""


def _length_line(one: ConditionVerdict) -> list[str]:
    if one.length is None or 1 / LONGER < one.length < LONGER:
        return []
    return [
        f"on {one.name} the candidate's answers are {one.length:.2f} times as long as the baseline's: it may pay for length"
    ]


def page(result: MapVerdict, notes: Sequence[str], trainings: Mapping[str, Sequence[SeedCurves]]) -> list[bytes]:
    """The page in UTF-8, in pieces; `trainings` by condition. Raises DataError for damaged metrics of a training."""
    test = result.conditions[0].verdict
    title = f"{test.candidate.name} against {test.baseline.name} on {len(result.conditions)} conditions"
    pieces = document(title, _parts(result, notes, trainings), STYLE)
    return [piece.encode("utf-8", "backslashreplace") for piece in pieces]


def _parts(result: MapVerdict, notes: Sequence[str], trainings: Mapping[str, Sequence[SeedCurves]]) -> Iterator[str]:
    style = BETTER if result.word == BETTER else WORSE if result.worse_somewhere else ""
    yield f'<p>The candidate is <span class="word {style}">{result.word}</span>.</p><ul>'
    yield from (f"<li>{escape(line)}</li>" for line in (*result.reasons, *notes))
    yield "</ul><h2>The map of conditions</h2>"
    yield from _chart(result)
    yield _table(result)
    for one in result.conditions:
        yield f"<details><summary>{escape(one.name)}: {one.word}</summary>"
        yield from parts(one.verdict, (), trainings[one.name])
        yield "</details>"


def _chart(result: MapVerdict) -> Iterator[str]:
    """Either reward's distance from the base, with its interval, by condition."""
    names = result.conditions[0].verdict
    labels = [f"{one.name} ({one.leads_wrong:.0%})" for one in result.conditions]
    lines = []
    for look, arm in enumerate(("candidate", "baseline")):
        found = [_from_base(one, arm) for one in result.conditions]
        values = [None if one is None else 100 * one.value for one in found]
        ranges = [None if one is None else (100 * one.low, 100 * one.high) for one in found]
        lines.append(Series(arm, look, range(1, len(found) + 1), values, ranges))
    up = ends(value for line in lines for found in line.ranges if found for value in found)
    across = Across(0, len(labels) + 1, list(enumerate(map(escape, labels), start=1)))
    yield legend([f"candidate: {names.candidate.name}", f"baseline: {names.baseline.name}"])
    title = "points minus the base, by condition and the share of its prompts that elect a wrong answer"
    yield f"<figure>{line_chart(title, lines, across, up)}<figcaption>{title}</figcaption></figure>"


def _from_base(one: ConditionVerdict, arm: str) -> Difference | None:
    """An arm's difference from the base on the first suite; None where it has no finished training."""
    found = one.verdict.against_base.get(arm)
    return found.suites[0].difference if found and found.suites else None


def _table(result: MapVerdict) -> str:
    rows = []
    for one in result.conditions:
        cells = [one.name, f"{one.leads_wrong:.0%}", one.word]
        for suite in one.verdict.suites[:1]:
            change = suite.change.difference
            base = one.verdict.against_base["candidate"].suites[0].scores[0]
            cells += [f"{100 * score:.2f}" for score in (base, *suite.change.scores)]
            cells += [
                points(change.value, 2, signed=True),
                interval(change.low, change.high, 2, signed=True, clusters=change.clusters),
                p_value(one.p),
                "" if one.length is None else f"{one.length:.2f}",
            ]
        rows.append([*cells, *[""] * (len(_HEAD) - len(cells))])
    return table("Candidate minus baseline; p is adjusted for all conditions", _HEAD, rows, texts=("verdict",))


_HEAD = (
    "condition",
    "prompts that elect a wrong answer",
    "verdict",
    "base %",
    "baseline %",
    "candidate %",
    "difference, points",
    "95% interval",
    "p",
    "length over the baseline's",
)
