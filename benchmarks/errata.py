"""Golds with known errors (errata.toml), and their corrections, which the protocol `strict` alone applies.

Items keep the gold that the suite publishes; the correction is made where an answer is judged. DIGEST names the list in
the version of the protocol, so that a row of a board says by which errata it was judged.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..harness.errors import DataError
from ..harness.types import Item, digest

PATH = Path(__file__).parent / "errata.toml"


@dataclass(frozen=True)
class Erratum:
    """One gold: as `published`, its `correction` (None: none is known), why, and where it was found."""

    suite: str
    id: str
    published: str
    reason: str
    source: str
    correction: str | None = None


def read_errata(path: Path) -> tuple[Erratum, ...]:
    """The errata of a file. Raises DataError for a file or an entry of another form, and for an item named twice."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("erratum", [])
        errata = tuple(Erratum(**entry) for entry in entries)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a list of errata ({error})") from error
    for erratum in errata:
        if not all(isinstance(value, str | None) for value in dataclasses.astuple(erratum)):
            raise DataError(f"{path}: {erratum.suite} {erratum.id}: every value must be text")
    if len({(one.suite, one.id) for one in errata}) < len(errata):
        raise DataError(f"{path}: an item is named twice")
    return errata


ERRATA = read_errata(PATH)
DIGEST = digest([dataclasses.asdict(one) for one in ERRATA])[:8]
"""Eight hex digits that change whenever an erratum does."""
_BY_ITEM: Mapping[tuple[str, str], Erratum] = {(one.suite, one.id): one for one in ERRATA}


def of_item(item: Item) -> Erratum | None:
    """The erratum of an item whose gold is the one that the erratum speaks of."""
    erratum = _BY_ITEM.get((item.suite, item.id))
    if erratum is None or item.meta.get("published_answer", item.answer) != erratum.published:
        return None
    return erratum


def corrected(item: Item) -> Item:
    """The item with its corrected gold; `published_answer` in `meta` is the gold as the suite has it."""
    erratum = of_item(item)
    if erratum is None or erratum.correction is None or erratum.correction == item.answer:
        return item
    meta = {**item.meta, "published_answer": erratum.published}
    return dataclasses.replace(item, answer=erratum.correction, meta=meta)
