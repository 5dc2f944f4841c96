"""ChartQA's relaxed accuracy (arXiv 2203.10244, section 5.1), in the form that the field uses (pix2struct's metrics.py).

Right if both texts are numbers and differ by at most 5 percent of the gold, which must not be 0; otherwise if the texts are
equal in lower case. A number may end with a percent sign, which divides it by 100.

Defects that belong to it: 2000 is right for the year 2015; "24%" against "24", "$25" against "25" and "Yes." fail; a
list gold must be repeated letter by letter.
"""

from __future__ import annotations

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol
from .base import asked, float_or_none, published_gold, verdict

ASKS = "Answer the question using a single word or phrase."
TOLERANCE = 0.05


def prompt(item: Item) -> Prompt:
    """The question and the request for one word or phrase."""
    return asked(item, f"{item.question}\n{ASKS}")


def extract(text: str, item: Item) -> Extraction:
    """The whole response without the spaces around it."""
    return Extraction(text.strip(), "whole", "the whole response")


def match(stated: Extraction, item: Item) -> Grade:
    """The relaxed rule."""
    answer, gold = stated.answer or "", published_gold(item)
    value, wanted = _number(answer), _number(gold)
    if value is not None and wanted:
        return verdict(abs(value - wanted) / abs(wanted) <= TOLERANCE, stated, "within 5 percent")
    return verdict(answer.lower() == gold.lower(), stated, "text")


def _number(text: str) -> float | None:
    if not text.endswith("%"):
        return float_or_none(text)
    value = float_or_none(text.rstrip("%"))
    return None if value is None else value / 100


PROTOCOL = Protocol("official", "1", prompt, extract, match)
