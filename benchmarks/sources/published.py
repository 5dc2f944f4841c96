"""Where and in which forms a data set is published: what a suite's file says, and what the readers of this folder take.

Hub ids and columns are those that lmms-eval and the data cards name; TSV columns are those that VLMEvalKit's scorers read.
What could not be confirmed against the published file is said in `uncertain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .layout import Layout
from .repositories import Checkout


@dataclass(frozen=True)
class HubSet:
    """A data set of the Hugging Face hub: `splits` are read in this order; `layout` also reads its parquet files.

    `tasks` are the ids of the tasks that its `eval.yaml` declares, by the name of the published set.
    """

    path: str
    splits: tuple[str, ...]
    layout: Layout
    config: str | None = None
    tasks: Mapping[str, str] = field(default_factory=dict)
    uncertain: str = ""


@dataclass(frozen=True)
class VLMEvalKitSet:
    """A data set of VLMEvalKit: the names that it goes by there, and the layout of its TSV files and of result files."""

    names: tuple[str, ...]
    layout: Layout


@dataclass(frozen=True)
class Published:
    """All forms that a data set is published in; what is left out does not exist, or is not known.

    `sets` has the number of items of each published set, whose score is the benchmark's; `parts` that of each part of one
    that is asked alone, whose score is not. `further` are sets of the hub that are asked apart, by name: `--data hub:NAME`.
    `jsonl` reads lines of a JSONL file that have no `id` (without it, they must be in the suite's own columns).
    `lmms_eval_ids` reads an item's `id` out of what lmms-eval's own task stores as a metric.
    """

    sets: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    hub: HubSet | None = None
    further: Mapping[str, HubSet] = field(default_factory=dict)
    vlmevalkit: VLMEvalKitSet | None = None
    checkout: Checkout | None = None
    jsonl: Layout | None = None
    lmms_eval_ids: Layout | None = None

    @property
    def sizes(self) -> Mapping[str, int]:
        """Items of every published set and part, by name."""
        return {**self.sets, **self.parts}


UNPUBLISHED = Published()
"""A data set of which only a file in the suite's own columns is known."""
