"""What a published board must be: complete runs of whole sets, held and judged from known code, and comparable rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ..benchmarks.check import SIZES
from ..benchmarks.registry import SUITES
from ..harness.score import Scored

IDENTITY = ("suite", "model", "protocol", "metric")
"""What tells two rows of a board apart; two runs of one model are told apart by their run_id."""


def unfit(scored: Scored) -> list[str]:
    """Why a scored run can not be published, a line each; none if it can."""
    return list(_reasons(scored))


def _reasons(scored: Scored) -> Iterator[str]:
    counts = {
        "questions without an answer": scored.missing - scored.errors,
        "engine errors": scored.errors,
        "answers without a verdict": scored.unscored,
    }
    for what, count in counts.items():
        if count:
            yield f"the run has {count} {what}"
    manifest = scored.run.manifest
    if manifest.seal is None and scored.missing == 0:
        yield "the run was not sealed: hold the examination again, which only completes it"
    if _dirty(manifest.environment.get("source")):
        yield "the run was held by code with uncommitted changes"
    if (sizes := _sizes(manifest.suite)) and len(scored.items) not in sizes:
        known = ", ".join(map(str, sorted(sizes)))
        yield f"the run has {len(scored.items)} items, and no set of {manifest.suite} has so many: {known}"


def _dirty(source: object) -> bool:
    return isinstance(source, Mapping) and bool(source.get("dirty"))


def _sizes(suite: str) -> set[int]:
    """How many items the published sets of a suite have, and the bundled one; none for a suite of a third party."""
    if suite not in SIZES:
        return set()
    return {*SIZES[suite].values(), len(SUITES.get(suite).load())}


def disagreements(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """What is wrong with the rows of a board taken together, a line each."""
    rows = list(rows)
    counts = Counter(tuple(row[name] for name in (*IDENTITY, "run_id")) for row in rows)
    found = [f"{count} rows say {_words(key)}" for key, count in sorted(counts.items()) if count > 1]
    data: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        data[row["suite"]].setdefault(row["data"], row["model"])
    for suite, models in sorted(data.items()):
        if len(models) > 1:
            of = ", ".join(f"{digest[:12]} ({model})" for digest, model in sorted(models.items()))
            found.append(f"the rows of {suite} are of different items, so they can not be compared: data {of}")
    return found


def _words(key: tuple[str, ...]) -> str:
    return " ".join(key)
