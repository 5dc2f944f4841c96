"""Suites that somebody else wrote: what their functions give is held to its kind.

A function that raises, or that gives something else than its kind, is an error of one line with its file and line.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ..harness.answers.types import check_gold_type
from ..harness.registry import Origin
from ..harness.stats.metrics import Metric
from ..harness.types import Image, Item, canonical_json
from ..harness.user_file import Held, shown_value
from .items import ImageFolder, Record
from .protocols.given import all_are, given_protocol, unfit_prompt

if TYPE_CHECKING:
    from .base import Suite

TEXTS = ("id", "suite", "question", "answer", "answer_type", "cluster")


def given_suite(suite: Suite, origin: Origin) -> Suite:
    """The suite with its functions held; of a suite in a file, its own protocols' versions tell the file's content."""
    what = f"suite {origin.shown}"

    def unfit(found: Any, *given: Any) -> str | None:
        problem = _unfit_item(found)
        if problem is None and found.suite != suite.name:
            return f"gave an Item whose suite is {found.suite!r:.60}, not {suite.name!r:.60}"
        return problem

    def parse(record: Record, folder: ImageFolder) -> Item:
        found: Item = Held(f"{what}, {record.where}", suite.parse, unfit)(record, folder)
        return found

    return dataclasses.replace(
        suite,
        parse=parse,
        prompt=Held(what, suite.prompt, unfit_prompt),
        metrics=Held(what, suite.metrics, _unfit_metrics),
        own_protocols=tuple(given_protocol(protocol, origin, what) for protocol in suite.own_protocols),
    )


def _unfit_item(found: Any) -> str | None:
    if not isinstance(found, Item):
        return f"gave {shown_value(found)}, not an Item"
    kinds: dict[str, tuple[bool, str]] = {
        **{name: (isinstance(getattr(found, name), str), "a text") for name in TEXTS},
        "images": (all_are(found.images, Image), "a tuple of Image"),
        "choices": (all_are(found.choices, str), "a tuple of texts"),
    }
    for name, (fit, kind) in kinds.items():
        if not fit:
            return f"gave an Item whose {name} is {shown_value(getattr(found, name))}, not {kind}"
    try:
        check_gold_type(found.answer_type)
    except ValueError as error:
        return f"gave an Item whose answer_type is an {error}"
    try:
        canonical_json(found.to_json())
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        return f"gave an Item that cannot be stored: {error}"
    return None


def _unfit_metrics(found: Any, *given: Any) -> str | None:
    fit = isinstance(found, list | tuple) and found and all(isinstance(one, Metric) for one in found)
    return None if fit else f"gave {shown_value(found)}, not a list of Metric"
