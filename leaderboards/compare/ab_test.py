"""Whether trainings with one reward end better than trainings with another: "better", "worse" or "not distinguishable".

Compared are the final checkpoints of several seeds of each, item by item (`compare`): "better" and "worse" are said only of a
difference whose p is below 0.05 over items and seeds, after Holm's adjustment for all suites. One seed of a reward cannot
tell the reward's doing from the seed's, so it never decides. Trainings that failed count: a candidate that fails more often
than the baseline is worse, whatever the others reached.

`page` shows a verdict without scripts or network; all names and reasons are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ...benchmarks.examination import read_answers, score_answers
from ...harness.errors import IncompleteRunError, printable
from ...harness.report.charts import Series, legend, line_chart, steps
from ...harness.report.document import document, table
from ...harness.report.text import interval, p_value, points
from ...harness.stats.intervals import ALPHA, Difference
from ...harness.stats.sample_size import SampleSizes, sample_sizes
from ...harness.types import Json
from ..page.training import curves
from .compare import Comparison, ComparisonSide, SuiteComparison, compare_arms
from .explain import Side

BETTER, WORSE, UNDECIDED = "better", "worse", "not distinguishable"
FORMAT = 1
FEWEST_SEEDS = 2
_LISTS = ("gained_ids", "lost_ids", "examples", "categories")


@dataclass(frozen=True)
class Arm:
    """One reward: what it is called, the final examination of each seed by suite, and why other seeds failed."""

    name: str
    finished: Mapping[int, Mapping[str, Side]]
    failed: Mapping[int, str]

    def arm(self, seeds: Sequence[int] | None = None) -> ComparisonSide:
        """All its finished seeds, or these, as an arm of a comparison."""
        chosen = self.finished if seeds is None else {seed: self.finished[seed] for seed in seeds}
        suites = {suite: None for one in chosen.values() for suite in one}
        return ComparisonSide(self.name, {suite: tuple(one[suite] for one in chosen.values()) for suite in suites})

    def to_json(self) -> Json:
        """Seeds that finished and seeds that failed."""
        return {
            "reward": self.name,
            "finished": list(self.finished),
            "failed": [{"seed": seed, "reason": reason} for seed, reason in self.failed.items()],
        }


@dataclass(frozen=True)
class SuiteVerdict:
    """Candidate minus baseline on a suite: over all seeds, seed by seed where both have one, and what more would show."""

    change: SuiteComparison
    by_seed: Mapping[int, SuiteComparison]
    sizes: tuple[SampleSizes, ...]

    def to_json(self) -> Json:
        """Everything, in percentage points; A is the baseline, B the candidate."""
        return {
            **self.change.to_json(0),
            "by_seed": {str(seed): _brief(one) for seed, one in self.by_seed.items()},
            "sizes": [one.to_json() for one in self.sizes],
        }


@dataclass(frozen=True)
class ABVerdict:
    """The word and the reasons for it; `against_base` compares either reward's seeds with the untrained model.

    `suites` is empty where a reward has no finished training. `margin` is the difference (a share) that matters.
    """

    word: str
    reasons: tuple[str, ...]
    candidate: Arm
    baseline: Arm
    margin: float
    suites: tuple[SuiteVerdict, ...]
    against_base: Mapping[str, Comparison]

    @property
    def compared(self) -> bool:
        """True if both rewards have a training to compare."""
        return bool(self.suites)

    def to_json(self) -> Json:
        """Everything, in percentage points."""
        return {
            "format": FORMAT,
            "unit": "percentage points",
            "verdict": self.word,
            "reasons": list(self.reasons),
            "level": ALPHA,
            "margin": round(100 * self.margin, 6),
            "candidate": self.candidate.to_json(),
            "baseline": self.baseline.to_json(),
            "suites": [one.to_json() for one in self.suites],
            "against_base": {name: [_brief(one) for one in found.suites] for name, found in self.against_base.items()},
        }


def _brief(one: SuiteComparison) -> Json:
    return {key: value for key, value in one.to_json(0).items() if key not in _LISTS}


def read_side(run: Path) -> Side:
    """A stored run and its verdicts. Raises IncompleteRunError unless every question has an answer and a verdict."""
    answers = read_answers(run)
    scored = score_answers(answers)
    if scored.lacking:
        raise IncompleteRunError(f"{run}: {scored.missing} answers are missing: run the same command again")
    if scored.unscored:
        raise IncompleteRunError(
            f"{run}: {scored.unscored} answers have no verdict under {scored.rules.name}: choose another --protocol"
        )
    return Side(answers, scored)


def judge_arms(candidate: Arm, baseline: Arm, base: Mapping[str, Side], margin: float) -> ABVerdict:
    """Compare the two, and either with the untrained model, whose examination by suite is `base`."""
    start = ComparisonSide("the base", {suite: (side,) for suite, side in base.items()})
    against_base = {
        arm: compare_arms(start, one.arm())
        for arm, one in (("candidate", candidate), ("baseline", baseline))
        if one.finished
    }
    found: tuple[SuiteComparison, ...] = ()
    if candidate.finished and baseline.finished:
        found = compare_arms(baseline.arm(), candidate.arm()).suites
    word, reasons = decide_ab(found, candidate, baseline)
    shared = [seed for seed in candidate.finished if seed in baseline.finished]
    seeds = {seed: compare_arms(baseline.arm([seed]), candidate.arm([seed])).suites for seed in shared}
    suites = tuple(
        SuiteVerdict(one, {seed: each[place] for seed, each in seeds.items()}, _sizes(one.difference, margin))
        for place, one in enumerate(found)
    )
    more = [line for one in suites for line in _size_lines(one)] if word == UNDECIDED else []
    return ABVerdict(word, (*reasons, *more), candidate, baseline, margin, suites, against_base)


def decide_ab(found: Sequence[SuiteComparison], candidate: Arm, baseline: Arm) -> tuple[str, tuple[str, ...]]:
    """The word, and why, of comparisons B minus A whose B is the candidate."""
    reasons = [
        f"{len(one.failed)} of {len(one.failed) + len(one.finished)} trainings with {arm} {printable(one.name)} failed: "
        + "; ".join(f"seed {seed}: {printable(reason)}" for seed, reason in one.failed.items())
        for arm, one in (("candidate", candidate), ("baseline", baseline))
        if one.failed
    ]
    reasons += [_difference_line(one) for one in found]
    if len(candidate.failed) > len(baseline.failed):
        return WORSE, (*reasons, "the candidate fails more often than the baseline")
    few = [arm for arm, one in (("candidate", candidate), ("baseline", baseline)) if len(one.finished) < FEWEST_SEEDS]
    if few:
        told = (
            f"{' and '.join(few)} with fewer than {FEWEST_SEEDS} finished seeds: what a reward does cannot be told from "
            "what a seed does, so nothing is decided"
        )
        return UNDECIDED, (*reasons, told)
    signs = {math.copysign(1, one.difference.value) for one in found if one.p_holm < ALPHA}
    return WORSE if -1 in signs else BETTER if 1 in signs else UNDECIDED, tuple(reasons)


def _difference_line(one: SuiteComparison) -> str:
    change = one.difference
    before, after = (f"{100 * score:.2f}%" for score in one.scores)
    return (
        f"{one.shown_suite}: {points(change.value, 2, signed=True)} points "
        f"(95% {interval(change.low, change.high, 2, signed=True, clusters=change.clusters)}), p {p_value(one.p_holm)}: "
        f"baseline {before}, candidate {after}"
    )


def _sizes(difference: Difference, margin: float) -> tuple[SampleSizes, ...]:
    """For the margin and for the difference that was found."""
    effects = dict.fromkeys((margin, abs(difference.value)))
    return tuple(found for effect in effects if (found := sample_sizes(difference, effect)) is not None)


def _size_lines(one: SuiteVerdict) -> list[str]:
    """What could have been seen, and what it would take to see less."""
    change = one.change.difference
    if not math.isfinite(change.detectable):
        return [f"{printable(one.change.suite)}: {change.clusters} clusters of items are too few to see any difference"]
    lines = []
    if change.seeds is not None and min(change.seeds.runs) >= FEWEST_SEEDS:
        lines.append(
            f"{printable(one.change.suite)}: {min(change.seeds.runs)} seeds and {change.n} items would have shown a true "
            f"difference of {100 * change.detectable:.2f} points with a chance of 80%"
        )
    return lines + [f"{printable(one.change.suite)}: {_needs(needed)}" for needed in one.sizes]


def _needs(needed: SampleSizes) -> str:
    ways = []
    if needed.seeds is not None:
        ways.append(f"about {needed.seeds} seeds of each reward with these items")
    if needed.items is not None:
        ways.append(f"about {needed.items} items with these seeds")
    if needed.both is not None:
        ways.append(f"about {needed.both[0]} seeds of each reward and {needed.both[1]} items")
    return f"to see {100 * needed.effect:.2f} points takes {', or '.join(ways) or 'more than can be done'}"


POINTS = 10
"""So many steps of a curve stand in its table."""

LOOKS = {"candidate": 0, "baseline": 1}
"""The colour and dash of an arm's lines."""

STYLE = """
.word { font-size: 1.3rem; font-weight: 650; } .better { color: var(--good); } .worse { color: var(--bad); }
"""


SHARES = {"reward": "reward", "majority_share": "majority share", "accuracy": "training accuracy"}
"""What is drawn of a training, and what it is called."""


@dataclass(frozen=True)
class SeedCurves:
    """A training, whose metrics are drawn if it has any: its arm ("candidate" or "baseline"), seed and folder."""

    arm: str
    seed: int
    folder: Path


def page(result: ABVerdict, notes: Sequence[str], trainings: Sequence[SeedCurves]) -> list[bytes]:
    """The page in UTF-8, in pieces. Raises DataError for damaged metrics of a training."""
    title = f"{result.candidate.name} against {result.baseline.name}"
    pieces = document(title, parts(result, notes, trainings), STYLE)
    return [piece.encode("utf-8", "backslashreplace") for piece in pieces]


def parts(result: ABVerdict, notes: Sequence[str], trainings: Sequence[SeedCurves]) -> Iterator[str]:
    """What stands on the page below its title, as HTML. Raises DataError for damaged metrics of a training."""
    style = {BETTER: "better", WORSE: "worse"}.get(result.word, "")
    yield f'<p>The candidate is <span class="word {style}">{result.word}</span>.</p><ul>'
    yield from (f"<li>{escape(line)}</li>" for line in (*result.reasons, *notes))
    yield "</ul><h2>Final checkpoints</h2>"
    yield _against_base(result)
    yield from (_by_seed(one) for one in result.suites)
    yield "<h2>Training</h2>"
    yield from _training(result, trainings)


def _against_base(result: ABVerdict) -> str:
    names = {"candidate": result.candidate.name, "baseline": result.baseline.name}
    rows = [
        [f"{arm}: {names[arm]}", one.shown_suite, *_scores(one), *_change(one)]
        for arm, found in result.against_base.items()
        for one in found.suites
    ]
    head = ("reward", "suite", "base %", "mean over seeds %", "minus base, points", "95% interval", "p")
    caption = "Either reward against the untrained base, not adjusted for several suites"
    return table(caption, head, rows, texts=("suite",))


def _by_seed(found: SuiteVerdict) -> str:
    rows = [[f"seed {seed}", *_scores(one), *_change(one)] for seed, one in found.by_seed.items()]
    rows.append(["all seeds", *_scores(found.change), *_change(found.change)])
    head = ("trainings", "baseline %", "candidate %", "difference, points", "95% interval", "p")
    caption = f"{found.change.shown_suite}: candidate minus baseline; the rows of single seeds count items alone"
    return table(caption, head, rows)


def _scores(one: SuiteComparison) -> list[str]:
    return [f"{100 * score:.2f}" for score in one.scores]


def _change(one: SuiteComparison) -> list[str]:
    change = one.difference
    found = interval(change.low, change.high, 2, signed=True, clusters=change.clusters)
    return [points(change.value, 2, signed=True), found, p_value(one.p_holm)]


def _training(result: ABVerdict, trainings: Sequence[SeedCurves]) -> Iterator[str]:
    """A chart for each metric with all trainings, and the numbers in it."""
    told = [(one, curves(one.folder)) for one in trainings if (one.folder / "metrics.jsonl").is_file()]
    yield legend([f"candidate: {result.candidate.name}", f"baseline: {result.baseline.name}"])
    for name, series in SHARES.items():
        lines = [
            Series(f"{one.arm}, seed {one.seed}", LOOKS[one.arm], found["steps"], found["series"][name])
            for one, found in told
            if name in found["series"]
        ]
        if lines:
            yield f"<h3>{escape(series)}</h3><figure>{_chart(series, lines)}</figure>"
            yield f"<details><summary>The numbers</summary>{_numbers(series, lines)}</details>"


def _chart(series: str, lines: Sequence[Series]) -> str:
    """The lines of all trainings; the vertical axis is from 0 to 1 unless values lie outside."""
    known = [value for line in lines for value in line.values if value is not None]
    last = max((step for line in lines for step in line.places), default=1)
    up = min([0.0, *known]), max([1.0, *known])
    return line_chart(f"{series} by step, one line for each training", lines, steps(last), up)


def _numbers(series: str, lines: Sequence[Series]) -> str:
    every = sorted({step for line in lines for step in line.places})
    stride = -(-len(every) // POINTS)
    shown = every[::-1][::stride][::-1]
    by_step: list[Mapping[int, Json]] = [dict(zip(line.places, line.values, strict=True)) for line in lines]
    rows = [
        [line.name, *("" if (value := values.get(step)) is None else f"{value:.3f}" for step in shown)]
        for line, values in zip(lines, by_step, strict=True)
    ]
    return table(f"{series} by step", ("training", *map(str, shown)), rows)
