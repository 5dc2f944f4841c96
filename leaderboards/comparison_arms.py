"""Who is compared with whom: the two arms of a comparison, each with its runs by suite.

An arm is written as a run directory, a folder of runs or a board, and `@PATTERN` after it where only models whose name
matches are meant: `runs@base`, `runs@mm_upt*/step-40`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ..benchmarks.examination import read_answers, score_answers
from ..harness.errors import IncompleteRunError, UsageError, printable
from ..harness.judging import Referee
from ..harness.store import Manifest, differing_keys
from .evidence import run_folders
from .explain import Side

_LISTED = 9


@dataclass(frozen=True)
class Arm:
    """One arm: what it was called, and its judged runs by suite, of which several are seeds of one thing."""

    source: str
    suites: Mapping[str, tuple[Side, ...]]


def read_arm(
    source: str,
    protocol: str | None = None,
    referee: Referee | None = None,
    suites: Collection[str] = (),
    *,
    seeds: bool = False,
) -> Arm:
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
        return Arm(
            source,
            {
                suite: tuple(_judged(source, folder, protocol, referee) for folder, _ in found)
                for suite, found in by_suite.items()
            },
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
    found = list(dict.fromkeys(map(printable, names)))
    more = [f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return ", ".join([*found[:_LISTED], *more])


def asked_otherwise(one: Manifest, other: Manifest) -> list[str]:
    """What differs between the ways in which two runs were asked: protocol, profile, settings of the sampling."""
    asked = [{key: run.identity.get(key) for key in ("protocol", "profile", "sampling")} for run in (one, other)]
    return differing_keys(asked[0], asked[1])


def _check_number(source: str, path: Path, suite: str, runs: Sequence[tuple[Path, Manifest]], seeds: bool) -> None:
    """Raise UsageError for several runs that are not seeds of one thing."""
    if len(runs) == 1:
        return
    if not seeds:
        raise UsageError(
            f"{source} has {len(runs)} runs of {printable(suite)}: {_listed(runs)}; choose one by its model's name with "
            f"{path}@NAME or by its folder, or say --seeds if they are trainings with several seeds of one thing"
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


def _judged(source: str, folder: Path, protocol: str | None, referee: Referee | None) -> Side:
    """A run and its verdicts. Raises IncompleteRunError unless every question has an answer, and every answer a verdict."""
    answers = read_answers(folder)
    scored = score_answers(answers, protocol, referee)
    name = f"{source}: the run of {printable(scored.run.manifest.model_name)} on {scored.run.manifest.suite}"
    if scored.missing:
        raise IncompleteRunError(f"{name} is incomplete: {scored.missing} answers are missing; finish it first")
    if scored.unscored:
        raise IncompleteRunError(
            f"{name} has {scored.unscored} answers without a verdict under {scored.rules.name}; name a model with "
            "--judge-model, or another --protocol"
        )
    return Side(answers, scored)
