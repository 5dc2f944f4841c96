r"""We-Math's own rules: evaluation/four_dimensional_metrics.py of We-Math/We-Math, commit 89a15bd1.

The text after the last "Answer" loses >, <, : and full stops and the spaces around it; its first character is the answer if
it is one of A to H.

Defects that belong to it: `\boxed{C}`, "Answer: (B)", "<Answer>C</Answer>" and "**Answer:** C" are read as no answer,
"As shown" as A.
"""

from __future__ import annotations

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol
from .base import asked, published_gold, verdict

ASKS = (
    "Now, we require you to solve a multiple-choice math question. "
    "Please briefly describe your thought process and provide the final answer(option)."
)
FORMAT = (
    "Regarding the format, please answer following the template below, and be sure to include two <> symbols:\n"
    "<Thought process>: <<your thought process>> <Answer>: <<your option>>"
)
_REMOVED = str.maketrans("", "", "><:.")


def prompt(item: Item) -> Prompt:
    """Task, question, options as printed, and the answer template."""
    return asked(item, f"{ASKS}\nQuestion: {item.question}\nOption: {options(item)}\n{FORMAT}")


def options(item: Item) -> str:
    """The options in one text under their printed letters: "A. 4; B. 5"."""
    printed = item.meta.get("published_choices")
    return str(printed) if printed else "; ".join(f"{chr(65 + n)}. {text}" for n, text in enumerate(item.choices))


def extract(text: str, item: Item) -> Extraction:
    """The letter at the start of what follows the last "Answer"."""
    tail = text.rsplit("Answer", 1)[-1].strip().translate(_REMOVED).strip()
    if tail[:1] in tuple("ABCDEFGH"):
        return Extraction(tail[0], "after Answer", "the first character after the last 'Answer'")
    return Extraction(None, "none", "no letter from A to H stands right after the last 'Answer'")


def match(stated: Extraction, item: Item) -> Grade:
    """Equality of letters."""
    return verdict(stated.answer == published_gold(item), stated, "letter" if stated.answer else stated.rule)


PROTOCOL = Protocol("official", "1+wemath-89a15bd1", prompt, extract, match)
