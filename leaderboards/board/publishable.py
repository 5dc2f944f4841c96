"""What a published board must be: complete runs of whole sets, held and judged from known code, and comparable rows."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...benchmarks.registry import SUITES
from ...benchmarks.subset import asked_of, is_bundled, told
from ...harness.own_source import is_unknown
from ...harness.profiles import PromptStyle, profiles
from ...harness.report.text import first_of
from ...harness.runs.score import ScoredRun, crossed
from ...harness.runs.store import misstated
from ...harness.types import Response
from .drawn import contradicted

UNKNOWN = "unknown"
"""What a model is called that an imported file does not name."""
NAMED = 3
IDENTITY = ("suite", "model", "protocol", "metric")
"""What tells two rows of a board apart; two runs of one model are told apart by their run_id."""


def unfit(scored: ScoredRun, responses: Sequence[Response]) -> list[str]:
    """Why a scored run with these responses cannot be published, a line each; none if it can.

    Raises UsageError if its suite is not installed.
    """
    alone = (*contradicting(scored, responses), *withheld(scored))
    return [*alone, *asked_otherwise(scored), *of_no_set(scored), *_of_a_sample(scored)]


def _of_a_sample(scored: ScoredRun) -> Iterator[str]:
    """The reason that a bundled sample is; a board of drafts with one is verified all the same, for its rows say so."""
    manifest = scored.run.manifest
    asked = asked_of(manifest)
    if (asked and asked.bundled) or is_bundled(manifest.suite, str(manifest.identity["data"])):
        yield f"the run asked the bundled sample of {manifest.suite}, which imitates the benchmark and is not it"


def withheld(scored: ScoredRun) -> Iterator[str]:
    """Those reasons that the run owns to: its rows are what its evidence gives all the same, and no published ones."""
    counts = {
        "questions without an answer": scored.lacking and scored.missing - scored.errors,
        "engine errors": scored.lacking and scored.errors,
        "answers without a verdict": scored.unscored,
    }
    for what, count in counts.items():
        if count:
            yield f"the run has {count} {what}"
    manifest = scored.run.manifest
    if (asked := asked_of(manifest)) and asked.partial:
        yield f"the run asked the {told(manifest)}, and not all of its data"
    model = manifest.identity["model"]
    if isinstance(model, Mapping) and is_unknown(model.get("source")):
        yield (
            "the run was answered by code whose source is not known: put the function into a file of its own, import it "
            "from there, and evaluate again"
        )
    if _dirty(manifest.environment.get("source")):
        yield "the run was held by code with uncommitted changes"


def contradicting(scored: ScoredRun, responses: Sequence[Response]) -> Iterator[str]:
    """Those reasons by which the run contradicts itself, whatever its suite is."""
    manifest = scored.run.manifest
    yield from misstated(manifest.identity)
    if _claims_a_file(manifest.identity["model"]):
        yield "the run says that an imported file's prompts asked, and it is no import"
    yield from contradicted(manifest, responses)
    if manifest.style and not _as_named(manifest.style):
        yield f"the run names the profile {manifest.style.name}, and its texts are not those of the bundled one"
    if manifest.seal is None and scored.missing == 0:
        yield "the run was not sealed: hold the examination again, which only completes it"


def asked_otherwise(scored: ScoredRun) -> Iterator[str]:
    """The reason that other prompts are. Raises UsageError if the suite, or its protocol, is unknown."""
    manifest = scored.run.manifest
    if _asked_otherwise(scored):
        yield f"the prompts are not those of protocol {manifest.protocol} of {manifest.suite}, as the run says they are"


def of_no_set(scored: ScoredRun) -> Iterator[str]:
    """The reason that a number of items is which no set of the suite has. Raises UsageError if the suite is unknown."""
    manifest = scored.run.manifest
    partial = (asked := asked_of(manifest)) is not None and asked.partial
    if not partial and (sizes := _sizes(manifest.suite)) and len(scored.items) not in sizes:
        known = ", ".join(map(str, sorted(sizes)))
        yield f"the run has {len(scored.items)} items, and no set of {manifest.suite} has so many: {known}"


def _asked_otherwise(scored: ScoredRun) -> bool:
    """True if the run says that a protocol's prompts were used, and they were not. An imported run may say otherwise."""
    manifest = scored.run.manifest
    if manifest.identity["model"].get("prompt", "protocol") != "protocol":
        return False
    rules = SUITES.get(manifest.suite).protocol(manifest.protocol)
    return crossed(scored.run.questions(), rules, manifest.style)


def _claims_a_file(model: object) -> bool:
    """True if a model that was asked here is said to have been asked by prompts of a file, which nobody could check."""
    if not isinstance(model, Mapping) or str(model.get("engine")).startswith("import"):
        return False
    return bool(model.get("prompt", "protocol") != "protocol")


def _as_named(style: PromptStyle) -> bool:
    """True unless a bundled profile of that name has other texts."""
    bundled = profiles().get(style.name)
    return bundled is None or bundled.style == style


def _dirty(source: object) -> bool:
    return isinstance(source, Mapping) and bool(source.get("dirty"))


def _sizes(suite: str) -> set[int]:
    """How many items the published sets of a suite have, and its sample; none if no set of it is published."""
    found = SUITES.get(suite)
    sizes = set(found.published.sizes.values())
    return sizes | {found.sample_size} if sizes and found.has_sample else sizes


def disagreements(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """What is wrong with the rows of a board taken together, a line each."""
    rows = list(rows)
    if not rows:
        return ["the board has no rows"]
    counts = Counter(tuple(row[name] for name in (*IDENTITY, "run_id")) for row in rows)
    return [
        *(f"{count} rows say {' '.join(key)}" for key, count in sorted(counts.items()) if count > 1),
        *_several(rows, "suite", "data", "the rows of {} are of different items, so they cannot be compared: data {}"),
        *_several(rows, "run_id", "model", "run {} stands under several names: {}"),
        *_several(rows, "model", "weights", "the model {} has several weights: {}"),
        *_alike({row["model"] for row in rows}),
        *filter(None, [nameless(rows)]),
    ]


def nameless(rows: Iterable[Mapping[str, str]]) -> str | None:
    """Why runs whose model nobody named cannot stand in one table; None if there are not several."""
    runs = {row["run_id"] for row in rows if row["model"] in ("", UNKNOWN)}
    if len(runs) < 2:
        return None
    return (
        f"{len(runs)} runs ({first_of(sorted(runs), NAMED)}) are of models that nobody named, for which no one row can "
        "stand: import each with --model-name"
    )


def _several(rows: Iterable[Mapping[str, str]], of: str, what: str, said: str) -> Iterator[str]:
    """Where rows that agree in one column differ in another."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row[of]].add(row[what])
    for name, values in sorted(found.items()):
        if len(values) > 1:
            yield said.format(name, ", ".join(f"{value:.64}" for value in sorted(values)))


def _alike(names: Iterable[str]) -> Iterator[str]:
    """Names that a reader cannot tell apart."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        shown = unicodedata.normalize("NFKC", name).casefold()
        found["".join(c for c in shown if not c.isspace())].append(name)
    for same in found.values():
        if len(same) > 1:
            yield f"names that look the same: {', '.join(map(ascii, same))}"
