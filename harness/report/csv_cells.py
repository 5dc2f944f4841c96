"""Cells of a CSV file that a spreadsheet takes for no formula, and that read back as the same text."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def to_cell(text: str) -> str:
    """The text, with an apostrophe before one that begins with = + - @ (full-width too), a tab or a return and is no
    number.

    A text that begins with apostrophes and then one of these gets one more, so that `from_cell` gives the same back.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def from_cell(cell: str) -> str:
    """The text that a cell was written for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
