"""The vocabulary of answer matching: verdicts and the types a gold answer can have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

GRADER_VERSION = "1.0"

GOLD_TYPES = (
    "number",
    "expression",
    "choice",
    "multichoice",
    "text",
    "list",
    "set",
    "tuple",
    "interval",
    "inequality",
    "equation",
    "assignment",
    "matrix",
    "ratio",
    "time",
    "date",
    "year",
    "relaxed",
    "float",
)

_PARAMETER = re.compile(
    r"(?:relaxed:([0-9]{1,3}(?:\.[0-9]{1,12})?)|float:abs=([0-9]{1,3}(?:\.[0-9]{1,12})?)|float:round=([0-9]{1,2}))\Z"
)


@dataclass(frozen=True, slots=True)
class Extraction:
    """The stated final answer of a response: `answer` is None when there is none or it is a hedge."""

    answer: str | None
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict: what was extracted, which rule decided, and why, under one version of the grader.

    `correct` is None where a protocol leaves the answer to a language model; the matcher of this package always decides.
    """

    correct: bool | None
    extracted: str | None
    rule: str
    reason: str
    version: str = GRADER_VERSION


@dataclass(frozen=True, slots=True)
class GoldType:
    """A parsed gold type: `name` as in GOLD_TYPES, with the tolerance that its parameter states."""

    name: str
    relative: Fraction | None = None
    absolute: Fraction | None = None
    places: int | None = None


def parse_gold_type(gold_type: str) -> GoldType:
    """Read a gold type such as `number`, `relaxed:0.05`, `float:abs=0.001` or `float:round=2`.

    Raises ValueError with one line that lists what is allowed.
    """
    if gold_type in GOLD_TYPES and gold_type not in ("relaxed", "float"):
        return GoldType(gold_type)
    found = _PARAMETER.match(gold_type)
    if found is None:
        allowed = ", ".join(name for name in GOLD_TYPES if name not in ("relaxed", "float"))
        raise ValueError(
            f"unknown gold type {gold_type!r}: use one of {allowed}, relaxed:0.05, float:abs=0.001, float:round=2"
        )
    relative, absolute, places = found.groups()
    if relative is not None:
        return GoldType("relaxed", relative=Fraction(relative))
    if absolute is not None:
        return GoldType("float", absolute=Fraction(absolute))
    return GoldType("float", places=int(places))


def check_gold_type(gold_type: str) -> None:
    """Raise ValueError, naming the allowed types, when `gold_type` is not one of them."""
    parse_gold_type(gold_type)
