"""What tells runs of one name apart: the facts in which they differ, so that no two rows of a table look the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from ..runs.store import Manifest
from ..types import canonical_json

LAST = ("source", "prompts", "run")
"""Facts that are digests: told only where nothing else tells two runs apart."""


@dataclass(frozen=True)
class Told:
    """A run as a table has it: its `name`, the `place` where it must not be taken for another, and facts by name."""

    name: str
    place: Hashable
    facts: Mapping[str, str]


def told_apart(runs: Sequence[Told]) -> list[str]:
    """For each run "temperature 0.7, seed 1" or the like; "" for those of a name that needs no telling apart."""
    by_name: dict[str, list[Told]] = defaultdict(list)
    for one in runs:
        by_name[one.name].append(one)
    differing = {name: _differing(its) for name, its in by_name.items()}
    return [", ".join(f"{key} {one.facts.get(key, '-')}" for key in differing[one.name]) for one in runs]


def _differing(runs: Sequence[Told]) -> list[str]:
    """The facts that tell apart the runs which stand in one place; none if there are no such runs."""
    groups: dict[Hashable, list[Mapping[str, str]]] = defaultdict(list)
    for one in runs:
        groups[one.place].append(one.facts)
    clashing = [group for group in groups.values() if len(group) > 1]
    names = dict.fromkeys(name for one in runs for name in one.facts if name not in LAST)
    found = [name for name in names if any(len({facts.get(name) for facts in group}) > 1 for group in clashing)]
    for name in LAST:
        told = [[tuple(facts.get(one) for one in found) for facts in group] for group in clashing]
        if all(len(set(group)) == len(group) for group in told):
            break
        found.append(name)
    return found


def run_facts(manifest: Manifest) -> dict[str, str]:
    """What may tell two runs of one model apart: who asked, how answers were drawn, on what engine, and digests."""
    drawn, model = manifest.identity["sampling"], manifest.identity["model"]
    further = sorted({*drawn} - {*DRAWN})
    source = model.get("source") if model.get("engine") == "function" else None
    of_function = {}
    if isinstance(source, Mapping):
        of_function["of"] = str(source.get("file", "an unknown file"))
        of_function["source"] = str(source.get("sha256") or source.get("unknown"))[:8]
    return {
        "asked by": manifest.prompted_by,
        **{word: str(drawn.get(name)) for name, word in DRAWN.items()},
        **{name: str(drawn[name]) for name in further},
        "engine": str(model.get("engine")),
        "weights": str(model.get("weights"))[:8],
        "model": "" if "weights" in model or of_function else canonical_json(model),
        **of_function,
        "prompts": str(manifest.identity["prompts"])[:8],
        "run": manifest.run_id[:8],
    }


DRAWN = {"n": "samples", "temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens", "seed": "seed"}
"""What a sampling always says, in a reader's words."""
