"""B minus A on every suite, item by item: with its error, what could have been seen, and where the difference lies.

Compared is the share of right answers, each item of one weight. Nothing is left out silently: items or suites that only one
arm has, and items whose content differs, are refused.

Who is compared with whom: the two arms of a comparison, each with its runs by suite.

An arm is written as a run directory, a folder of runs or a board, and `@PATTERN` after it where only models whose name
matches are meant: `runs@base`, `runs@mm_upt*/step-40`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from ...benchmarks.examination import read_answers, score_answers
from ...benchmarks.subset import of_bundled_sample, shown_suite, suite_of
from ...harness.errors import DataError, IncompleteRunError, UsageError, printable
from ...harness.folder import differing_keys
from ...harness.report.text import first_of
from ...harness.runs.judging import JudgeModel
from ...harness.runs.score import ScoredRun, StoredAnswers
from ...harness.runs.store import Manifest
from ...harness.stats.intervals import Difference, holm, item_changes, paired_difference, seeded_difference
from ...harness.stats.metrics import cluster
from ...harness.types import Item, Json
from ..board.evidence import run_folders
from .changes import CategoryChange, Flip, category_changes, flips
from .explain import Side

_LISTED = 9


@dataclass(frozen=True)
class ComparisonSide:
    """One arm: what it was called, and its judged runs by suite, of which several are seeds of one thing."""

    source: str
    suites: Mapping[str, tuple[Side, ...]]


def read_side_runs(
    source: str,
    protocol: str | None = None,
    referee: JudgeModel | None = None,
    suites: Collection[str] = (),
    *,
    seeds: bool = False,
) -> ComparisonSide:
    """The runs that `source` names, of these suites or of all, judged under the protocol or the one that asked.

    Raises UsageError if it names none, or several of a suite that are not `seeds`; IncompleteRunError for a run with
    answers or verdicts missing; DataError for a damaged one.
    """
    path, pattern = _split(source)
    with run_folders([path]) as folders:
        runs = [(folder, Manifest.read(folder)) for folder in folders]
        chosen = [run for run in runs if pattern is None or _matches(run[1].model_name, pattern)]
        if not chosen:
            raise UsageError(
                f"{path} has no run of a model like {pattern}; there are {_some(run.model_name for _, run in runs)}"
            )
        by_suite: dict[str, list[tuple[Path, Manifest]]] = {}
        for run in sorted(chosen, key=lambda run: (run[1].suite, run[1].model_name, run[1].run_id)):
            if not suites or run[1].suite in suites:
                by_suite.setdefault(run[1].suite, []).append(run)
        for suite, found in by_suite.items():
            _check_number(source, path, suite, found, seeds)
        return ComparisonSide(
            source,
            {
                suite: tuple(_judged(source, folder, protocol, referee) for folder, _ in found)
                for suite, found in by_suite.items()
            },
        )


def side_of(
    source: str,
    runs: Mapping[str, Sequence[Path]],
    protocol: str | None = None,
    referee: JudgeModel | None = None,
) -> ComparisonSide:
    """An arm of these run directories by suite, several of which are seeds of one thing; see `read_side_runs`."""
    for suite, folders in runs.items():
        _check_number(source, folders[0].parent, suite, [(one, Manifest.read(one)) for one in folders], seeds=True)
    return ComparisonSide(
        source,
        {suite: tuple(_judged(source, one, protocol, referee) for one in folders) for suite, folders in runs.items()},
    )


def _split(source: str) -> tuple[Path, str | None]:
    """The path, and the pattern of names. A path may hold an @ of its own. Raises UsageError if there is no such path."""
    if Path(source).exists():
        return Path(source), None
    places = (at for at, character in enumerate(source) if character == "@" and at)
    for at in places:
        if Path(source[:at]).exists():
            return Path(source[:at]), source[at + 1 :]
    raise UsageError(f"{source}: no such run, folder of runs or board (with or without @PATTERN after it)")


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _listed(runs: Sequence[tuple[Path, Manifest]]) -> str:
    """The models' names; with the folders' where a model has several of the runs."""
    names = [manifest.model_name for _, manifest in runs]
    unique = len({*names}) == len(names)
    return _some(name if unique else f"{name} ({folder.name})" for (folder, _), name in zip(runs, names, strict=True))


def _some(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    return first_of(dict.fromkeys(map(printable, names)), _LISTED)


def asked_otherwise(one: Manifest, other: Manifest) -> list[str]:
    """What differs between the ways in which two runs were asked: protocol, profile, settings of the sampling."""
    asked = [{key: run.identity.get(key) for key in ("protocol", "profile", "sampling")} for run in (one, other)]
    return differing_keys(asked[0], asked[1])


def _check_number(source: str, path: Path, suite: str, runs: Sequence[tuple[Path, Manifest]], seeds: bool) -> None:
    """Raise UsageError for several runs that are not seeds of one thing."""
    if len(runs) == 1:
        return
    if not seeds:
        listed, choose = _listed(runs), f"choose one by its model's name with {path}@NAME or by its folder"
        if len({manifest.model_name for _, manifest in runs}) == 1 and runs[0][0].is_relative_to(path):
            listed = f"all of {printable(runs[0][1].model_name)}"
            choose = f"choose one by its folder: {_some(str(folder) for folder, _ in runs)}"
        raise UsageError(
            f"{source} has {len(runs)} runs of {printable(suite)}: {listed}; {choose}, or say --pool-seeds if they are "
            "trainings with several seeds of one thing"
        )
    first = runs[0][1]
    if len({manifest.run_id for _, manifest in runs}) < len(runs):
        raise UsageError(
            f"{source} has the same run of {printable(suite)} twice: that is no second seed; {_listed(runs)}"
        )
    for _, other in runs[1:]:
        if differing := [key for key in asked_otherwise(first, other) if key != "sampling.seed"]:
            raise UsageError(
                f"{source}: the runs of {printable(suite)} are not seeds of one thing: {printable(', '.join(differing))} "
                f"{'differs' if len(differing) == 1 else 'differ'} between "
                f"{printable(first.model_name)} and {printable(other.model_name)}"
            )


def _judged(source: str, folder: Path, protocol: str | None, referee: JudgeModel | None) -> Side:
    """A run and its verdicts. Raises IncompleteRunError as `judged_side` does."""
    answers = read_answers(folder)
    return judged_side(source, answers, score_answers(answers, protocol, referee))


def judged_side(source: str, answers: StoredAnswers, scored: ScoredRun) -> Side:
    """What was judged. Raises IncompleteRunError unless every question has an answer, and every answer a verdict."""
    name = f"{source}: the run of {printable(scored.run.manifest.model_name)} on {scored.run.manifest.suite}"
    if scored.lacking:
        raise IncompleteRunError(f"{name} is incomplete: {scored.missing} answers are missing; finish it first")
    if scored.unscored:
        raise IncompleteRunError(
            f"{name} has {scored.unscored} answers without a verdict under {scored.rules.name}; name a model with "
            "--judge-model, or another --score-protocol"
        )
    return Side(answers, scored)


FORMAT = 1
_NAMED = 3
"""So many ids are named of those that an arm lacks."""


@dataclass(frozen=True)
class Silence:
    """So many answers `of` so many state no final answer."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class SuiteComparison:
    """One suite, each arm with one run or with several seeds: B minus A in shares of right answers from 0 to 1.

    `scores` are those of A and B over the items compared, `left_out` the numbers of items that A and B lack and that are
    therefore not compared; `p_holm` is adjusted for all suites compared. `categories` and `flips` are in the order of
    their size.
    """

    suite: str
    protocol: str
    arms: tuple[tuple[Side, ...], tuple[Side, ...]]
    scores: tuple[float, float]
    left_out: tuple[int, int]
    difference: Difference
    p_holm: float
    categories: tuple[CategoryChange, ...]
    flips: tuple[Flip, ...]

    @property
    def shown_suite(self) -> str:
        """The suite with which of its items were asked, or are compared."""
        sides = [side for arm in self.arms for side in arm]
        if any(self.left_out):
            return shown_suite(printable(self.suite), f"{self.difference.n} items that both have")
        return " or ".join(sorted({suite_of(side.scored.run.manifest) for side in sides}))

    @property
    def gained(self) -> tuple[Flip, ...]:
        """Items that B gets right more often."""
        return tuple(one for one in self.flips if one.change > 0)

    @property
    def lost(self) -> tuple[Flip, ...]:
        """Items that B gets right less often."""
        return tuple(one for one in self.flips if one.change < 0)

    @property
    def silent(self) -> tuple[Silence, Silence]:
        """The answers of A and of B that state nothing under the protocol."""
        return _silence(self.arms[0]), _silence(self.arms[1])

    @property
    def prompted_by(self) -> tuple[list[str], list[str]]:
        """Whose prompts asked A and B, other than the protocol that judges."""
        return _prompts(self.arms[0]), _prompts(self.arms[1])

    @property
    def asked_otherwise(self) -> list[str]:
        """What differs between the ways in which A and B were asked: protocol, profile, settings of the sampling."""
        return asked_otherwise(*(arm[0].scored.run.manifest for arm in self.arms))

    def to_json(self, examples: int) -> Json:
        """Everything, in percentage points, with so many examples of gained and of lost items."""
        return {
            "suite": self.suite,
            "asked": self.shown_suite,
            "protocol": self.protocol,
            "a": _arm_json(self.arms[0], self.scores[0]),
            "b": _arm_json(self.arms[1], self.scores[1]),
            "missing_in_a": self.left_out[0],
            "missing_in_b": self.left_out[1],
            "asked_otherwise": self.asked_otherwise,
            **difference_json(self.difference),
            "p_holm": self.p_holm,
            "gained_ids": [one.item.id for one in self.gained],
            "lost_ids": [one.item.id for one in self.lost],
            "examples": [one.to_json() for one in (*self.gained[:examples], *self.lost[:examples])],
            "categories": [
                {"key": one.key, "value": one.value, **difference_json(one.difference)} for one in self.categories
            ],
        }


@dataclass(frozen=True)
class Comparison:
    """All suites of two arms; `a` and `b` are what they were called."""

    a: str
    b: str
    suites: tuple[SuiteComparison, ...]

    def to_json(self, examples: int) -> Json:
        """Everything, in percentage points, with so many examples of gained and of lost items of each suite."""
        return {
            "format": FORMAT,
            "unit": "percentage points",
            "a": self.a,
            "b": self.b,
            "suites": [one.to_json(examples) for one in self.suites],
        }


def compare(before: ScoredRun, after: ScoredRun) -> Difference:
    """The paired difference in accuracy of two runs, `after` minus `before`.

    Raises UsageError unless both examined the same items and gave every one a verdict.
    """
    keys = [scored.run.manifest.identity["data"] for scored in (before, after)]
    if keys[0] != keys[1]:
        raise UsageError(f"{before.run.path} and {after.run.path} did not examine the same items")
    for scored in (before, after):
        if not scored.complete:
            raise UsageError(f"{scored.run.path} is incomplete: finish it before comparing")
    return paired_difference(before.item_scores(), after.item_scores(), before.clusters)


def compare_arms(
    a: ComparisonSide,
    b: ComparisonSide,
    suites: Collection[str] = (),
    *,
    common: bool = False,
    optional: Collection[str] = (),
) -> Comparison:
    """Two arms on these suites, or on all; with `common`, over the items that all runs have.

    Suites that are `optional` may be missing. Raises UsageError for other suites, and without `common` for items, that an
    arm lacks, and for arms that were judged under different protocols; DataError for items whose content differs.
    """
    wanted = {*suites} or a.suites.keys() | b.suites.keys()
    for arm in (a, b):
        lacking = sorted(wanted - arm.suites.keys() - {*optional})
        if lacking:
            raise UsageError(f"{arm.source} has no run of {', '.join(lacking)}: name what to compare with --suite A,B")
    found = [_compare_suite(suite, a, b, common) for suite in a.suites if suite in b.suites and suite in wanted]
    adjusted = holm([one.difference.p for one in found])
    compared = tuple(replace(one, p_holm=p) for one, p in zip(found, adjusted, strict=True))
    return Comparison(a.source, b.source, compared)


def _compare_suite(suite: str, a: ComparisonSide, b: ComparisonSide, common: bool) -> SuiteComparison:
    arms = a.suites[suite], b.suites[suite]
    protocols = list(dict.fromkeys(side.rules.name for side in (*arms[0], *arms[1])))
    if len(protocols) > 1:
        raise UsageError(
            f"{suite}: the runs were asked, and judged, under {' and '.join(protocols)}: name one with --score-protocol"
        )
    items, left_out = _same_items(suite, a, b, common)
    clusters = {item.id: cluster(item) for item in items}
    scores = [[side.scored.item_scores() for side in arm] for arm in arms]

    def part(ids: Iterable[str]) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
        kept = list(ids)
        before, after = ([{item: seed[item] for item in kept} for seed in arm] for arm in scores)
        return before, after

    def difference(ids: Iterable[str]) -> Difference:
        return seeded_difference(*part(ids), clusters)

    before, after = part(clusters)
    whole = difference(clusters)
    return SuiteComparison(
        suite=suite,
        protocol=protocols[0],
        arms=arms,
        scores=(_mean(before), _mean(after)),
        left_out=left_out,
        difference=whole,
        p_holm=whole.p,
        categories=category_changes(items, difference),
        flips=flips(items, item_changes(before, after), *arms),
    )


def _same_items(suite: str, a: ComparisonSide, b: ComparisonSide, common: bool) -> tuple[list[Item], tuple[int, int]]:
    """The items that all runs have, and how many A and B lack. Raises UsageError if they lack some, unless `common`."""
    _check_sample(suite, a, b)
    every: dict[str, Item] = {}
    for side in (*a.suites[suite], *b.suites[suite]):
        for item in side.scored.items:
            _check_content(suite, every.setdefault(item.id, item), item)
    missing = [_missing(arm.suites[suite], every) for arm in (a, b)]
    shared = [item for name, item in every.items() if not any(name in lacking for lacking in missing)]
    if not shared or (any(missing) and not common):
        told = "; ".join(
            f"{arm.source} lacks {len(lacking)} of {len(every)} ({_first(lacking)})"
            for arm, lacking in zip((a, b), missing, strict=True)
            if lacking
        )
        hint = f"; --common compares the {len(shared)} that all have" if shared else ""
        raise UsageError(f"{suite}: the items are not the same: {told or 'there are none'}{hint}")
    return shared, (len(missing[0]), len(missing[1]))


def _check_sample(suite: str, a: ComparisonSide, b: ComparisonSide) -> None:
    """Raise UsageError if one arm is of the suite's bundled sample, and the other of data that share no item with it."""
    first = [arm.suites[suite][0].scored for arm in (a, b)]
    of_sample = [of_bundled_sample(one.run.manifest) for one in first]
    if of_sample[0] == of_sample[1]:
        return
    held = {item.id: item.to_json() for item in first[0].items}
    if any(item.id in held and not differing_keys(held[item.id], item.to_json()) for item in first[1].items):
        return
    told = " and ".join(
        f"{name} ({arm.source}) is of {'the bundled sample' if bundled else _data_of(one)}"
        for name, arm, one, bundled in zip("AB", (a, b), first, of_sample, strict=True)
    )
    raise UsageError(f"{suite}: {told}: compare runs of the same items")


def _data_of(scored: ScoredRun) -> str:
    """Of which data a run is."""
    root = scored.run.manifest.environment.get("data_root")
    return f"{len(scored.items)} items of {printable(str(root)) if root else 'other data'}"


def _missing(sides: Sequence[Side], every: Iterable[str]) -> dict[str, None]:
    """The ids, in order, that a run of an arm lacks."""
    held = [{item.id for item in side.scored.items} for side in sides]
    return {name: None for name in every if not all(name in ids for ids in held)}


def _first(ids: Iterable[str]) -> str:
    names = [printable(name) for name in ids]
    return ", ".join([*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])])


def _check_content(suite: str, one: Item, other: Item) -> None:
    """Raise DataError if two items of one id differ."""
    if one is other or one == other:
        return
    keys = differing_keys(one.to_json(), other.to_json())
    if keys:
        said = f"{printable(', '.join(keys))} {'differs' if len(keys) == 1 else 'differ'}"
        raise DataError(f"{suite}: item {printable(one.id)} is not the same in all runs: {said}")


def _mean(seeds: Sequence[dict[str, float]]) -> float:
    return math.fsum(math.fsum(seed.values()) / len(seed) for seed in seeds) / len(seeds)


def _silence(arm: Sequence[Side]) -> Silence:
    return Silence(sum(one.scored.unparsed for one in arm), sum(len(one.scored.verdicts) for one in arm))


def _prompts(arm: Sequence[Side]) -> list[str]:
    return list(dict.fromkeys(one.scored.run.manifest.prompted_by for one in arm if one.scored.cross_prompt))


def _points(value: float) -> float | None:
    """A share in percentage points; None for what is undefined or infinite."""
    return round(100 * value, 6) if math.isfinite(value) else None


def _arm_json(arm: Sequence[Side], score: float) -> Json:
    manifests = [side.scored.run.manifest for side in arm]
    runs = [{"model": one.model_name, "run_id": one.run_id, "samples": one.sampling.n} for one in manifests]
    silent = _silence(arm)
    return {"score": _points(score), "runs": runs, "states_nothing": silent.count, "answers": silent.of}


def difference_json(one: Difference) -> Json:
    """A difference in percentage points; what is undefined or infinite is None."""
    seeds = one.seeds
    return {
        "difference": _points(one.value),
        "stderr": _points(one.stderr),
        "interval": [_points(one.low), _points(one.high)],
        "items": one.n,
        "clusters": one.clusters,
        "gained": one.gained,
        "lost": one.lost,
        "p": one.p,
        "test": one.test,
        "detectable": _points(one.detectable),
        "seeds": None
        if seeds is None
        else {
            "runs": list(seeds.runs),
            "deviations": [_points(one) for one in seeds.deviations],
            "item_stderr": _points(seeds.item_stderr),
            "degrees_of_freedom": round(seeds.degrees, 3),
        },
    }
