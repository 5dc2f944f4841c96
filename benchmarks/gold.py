"""Gold answers: the type of a free answer by its shape, the gold as published, and golds with known errors.

Published golds carry dressing that is no part of the answer ("Area $=25 \\pi \\mathrm{~cm}^{2}$") and a few
are damaged ("\\x0crac{36}{13}", a form feed where "\\f" was). `typed` undoes both, so that the matcher
compares mathematics.

Items keep the gold that the suite publishes. Its known errors (errata.toml) are corrected where an answer is judged, by the
protocol `strict` alone; ERRATA_DIGEST names their list in its version, so that a row of a board says by which errata it was
judged.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ..harness.errors import DataError
from ..harness.types import Item, digest
from .items import LETTERS

Colon: TypeAlias = Literal["ratio", "time"]

MAX_GOLD = 1000  # longer golds are prose; the patterns below need not be fast on them

_DAMAGE = (("\x0c", "\\f"), ("掳", "°"))
_LOST_FRAC = re.compile(r"^\{(\d+)\}\{(\d+)\}")
_WRAPPERS = re.compile(r"\$\$(.*)\$\$|\$([^$]*)\$|\\\[(.*)\\\]\.?|\$?\\boxed\{(.*)\}\$?", re.DOTALL)
_NAME = re.compile(r"^(?:\\(?:mathrm|text)\s*\{[^{}]*\}|[A-Za-z][A-Za-z.]+(?: [A-Za-z.]+)*)\s*=\s*")
_NUMBER = r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)"
_DEGREES = r"\s*(?:°|\^\s*\{?\\circ\s*\}?)"
_BEARING = re.compile(rf"([NS]?)\s*({_NUMBER}){_DEGREES}\s*([TEW])")
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_COLON = re.compile(r"\d+\s*:\s*\d+")
_WORDS = re.compile(r"[A-Za-z][A-Za-z' ]*\d?")
_UNIT_WORD = (
    r"(?:(?:square|cubic|sq|cu)\s*)?"
    r"(?:units?|[kcm]?m|km\s*/\s*h|[km]?g|[Ll]it(?:re|er)s?|met(?:re|er)s?|inch(?:es)?|feet|degrees?|hours?|years?|%)"
)
_DRESSED_UNIT = r"(?:\\(?:mathrm|text|mbox)\s*\{[^{}]*\}|\{(?:square)?[a-z]{3,}\})"
_UNIT = re.compile(rf"\s*(?:{_DRESSED_UNIT}|(?<![A-Za-z]){_UNIT_WORD})(?:\s*\^\s*\{{?\d\}}?)?\s*$")
_SPACING = re.compile(r"\\left|\\right|\\[,;! ]|\\quad|~")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_VALUES = re.compile(rf"{_NUMBER}(?:,\s+{_NUMBER})+")
_RELATION = re.compile(r"<|>|≤|≥|≠|\\(?:leq?|geq?|neq?|lt|gt)(?![A-Za-z])")
_LETTER_IS = re.compile(r"([A-Za-z])\s*=\s*([^=]*)")
_IS_LETTER = re.compile(r"([^=]*)=\s*([A-Za-z])")


def typed(gold: str, colon: Colon = "ratio") -> tuple[str, str]:
    """The answer without its dressing, and its gold type. "3:15" is a ratio or a time, as the suite has
    it."""
    if len(gold) > MAX_GOLD:
        return gold.strip(), "text"
    plain = strip_markup(gold)
    shape = _special(plain, colon) or _bracketed(plain) or _related(plain)
    return shape if shape else _valued(plain)


def strip_markup(gold: str) -> str:
    """Mend known damage; drop dollar signs, a \\boxed, the name of the quantity ("Area =") and a leading
    "="."""
    for wrong, right in _DAMAGE:
        gold = gold.replace(wrong, right)
    plain = gold.strip()
    while wrapped := _WRAPPERS.fullmatch(plain):
        plain = next(group for group in wrapped.groups() if group is not None).strip()
    if not re.fullmatch(rf"\$\s*{_NUMBER}", plain):
        plain = plain.replace("$", "")
    plain = re.sub(r"\s*\n\s*", ", ", plain.strip())
    plain = _LOST_FRAC.sub(r"\\frac{\1}{\2}", plain)
    named = _NAME.sub("", plain)
    return re.sub(r"^=\s*", "", named or plain).strip()


def has_variable(text: str) -> bool:
    """True if a letter is left that is neither a LaTeX command nor a unit at the end."""
    return bool(re.search("[A-Za-z]", _COMMAND.sub(" ", _UNIT.sub("", text))))


def _special(plain: str, colon: Colon) -> tuple[str, str] | None:
    if bearing := _BEARING.fullmatch(plain):
        north, degrees, east = bearing.groups()
        return (f"{north} {degrees}° {east}" if north else f"{degrees}°{east}"), "text"
    if _DATE.fullmatch(plain):
        return plain, "date"
    if _COLON.fullmatch(plain):
        return plain, colon
    if _VALUES.fullmatch(plain):
        return plain, "list"
    prose = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", _COMMAND.sub(" ", _UNIT.sub("", plain)))
    wordy = _WORDS.fullmatch(plain) or re.search("[A-Za-z]{3,} ?[A-Za-z]{2,}|[A-Za-z]{4,}", prose)
    return (plain, "text") if wordy else None


def _bracketed(plain: str) -> tuple[str, str] | None:
    tail = _SPACING.sub("", plain.rsplit("=", 1)[-1]).strip()
    if not re.fullmatch(r"[(\[].*,.*[)\]]", tail, re.DOTALL):
        return None
    if "\\cup" in tail or "\\infty" in tail or tail[0] + tail[-1] in ("(]", "[)"):
        return tail, "interval"
    if tail[0] == "(":
        return tail, "tuple"
    return tail, "interval" if tail.count(",") == 1 else "list"


def _related(plain: str) -> tuple[str, str] | None:
    if _RELATION.search(plain):
        return plain, "inequality"
    for pattern, letter, value in ((_LETTER_IS, 1, 2), (_IS_LETTER, 2, 1)):
        matched = pattern.fullmatch(plain)
        if matched and not has_variable(matched[value]):
            return f"{matched[letter]}={matched[value].strip()}", "assignment"
    return (plain, "equation") if "=" in plain else None


def _valued(plain: str) -> tuple[str, str]:
    if not has_variable(plain):
        return plain, "number"
    return _UNIT.sub("", plain).strip() or plain, "expression"


def published(raw: str, answer: str) -> dict[str, str]:
    """Meta entry with the gold as the suite wrote it, where that differs from what is matched."""
    return {} if raw == answer else {"published_answer": raw}


def published_gold(item: Item) -> str:
    """The gold as the suite printed it; `Item.answer` where that is the same."""
    return str(item.meta.get("published_answer") or item.answer)


def published_choices(item: Item) -> tuple[str, ...]:
    """The options as the suite printed them; `Item.choices` where those are the same."""
    printed = item.meta.get("published_choices")
    return printed if isinstance(printed, tuple) else item.choices


ERRATA_FILE = Path(__file__).parent / "errata.toml"


@dataclass(frozen=True)
class Erratum:
    """One gold: as `published`, its `correction` (None: none is known), why, and where it was found.

    `answer_type` is the gold type of the correction, where that is another one.
    """

    suite: str
    id: str
    published: str
    reason: str
    source: str
    correction: str | None = None
    answer_type: str | None = None


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
    if len({(erratum.suite, erratum.id) for erratum in errata}) < len(errata):
        raise DataError(f"{path}: an item is named twice")
    return errata


ERRATA = read_errata(ERRATA_FILE)
ERRATA_DIGEST = digest([dataclasses.asdict(erratum) for erratum in ERRATA])[:8]
"""Eight hex digits that change whenever an erratum does."""
_BY_ITEM: Mapping[tuple[str, str], Erratum] = {(erratum.suite, erratum.id): erratum for erratum in ERRATA}


def erratum_of(item: Item) -> Erratum | None:
    """The erratum of an item whose gold is the one that the erratum speaks of."""
    erratum = _BY_ITEM.get((item.suite, item.id))
    return erratum if erratum is not None and erratum.published in _published_golds(item) else None


def _published_golds(item: Item) -> set[str]:
    """The gold as published; for a choice also the text of its option, which some suites publish in its place."""
    golds = {str(item.meta.get("published_answer", item.answer))}
    if item.answer_type == "choice":
        golds |= {text for letter, text in zip(LETTERS, item.choices, strict=False) if letter == item.answer}
    return golds


def corrected(item: Item) -> Item:
    """The item with its corrected gold; `published_answer` in `meta` is the gold as the suite has it."""
    erratum = erratum_of(item)
    if erratum is None or erratum.correction is None or erratum.correction == item.answer:
        return item
    meta = {**item.meta, "published_answer": erratum.published}
    answer_type = erratum.answer_type or item.answer_type
    return dataclasses.replace(item, answer=erratum.correction, answer_type=answer_type, meta=meta)
