"""Options of multiple-choice questions as suites write them: a list, one string, or inside the question."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from ..harness.errors import DataError
from .data import Record

LETTERS = string.ascii_uppercase
_IN_ONE_STRING = re.compile(r"(?:^|;)\s*([A-H])\s*[.:]\s*")
_IN_BRACKETS = re.compile(r"\(([A-H])\)")
_ON_LINES = re.compile(r"^[ \t]*([A-H])[ \t]*[.:)](?!\S*\))", re.MULTILINE)
_GOLD_LETTERS = re.compile(r"\(?[A-H]\)?(?:\s*[,\n]\s*\(?[A-H]\)?)*")


def bare(options: Sequence[str]) -> tuple[str, ...]:
    """Option texts without their own letters: "A. 12", "A:12" and "(A) 12" become "12", a lone "(A)" becomes
    "A".

    Options stay as they are unless each of them carries its own letter.
    """
    found = [
        re.fullmatch(rf"\s*(?:\({letter}\)|{letter}\s*[.:)])\s*(.*)", option, re.DOTALL)
        for letter, option in zip(LETTERS, options, strict=False)
    ]
    if len(found) < len(options) or not all(found):
        return tuple(options)
    texts = [match[1].strip() for match in found if match]
    return tuple(text or letter for letter, text in zip(LETTERS, texts, strict=False))


def split(text: str) -> dict[str, str]:
    """Options of one string such as "A. 4; B. 5; D. neither", by their letters, which must rise but may leave
    gaps."""
    marks: list[re.Match[str]] = []
    for mark in _IN_ONE_STRING.finditer(text):
        if mark[1] == "A" if not marks else mark[1] > marks[-1][1]:
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[1]: text[mark.end() : end].strip(" ;\t\n") for mark, end in zip(marks, ends, strict=False)}


def inline(question: str) -> tuple[str, ...]:
    """Options that stand in the question itself: "... (A) yes (B) no", or a line each: "A. yes".

    Empty unless the last run of letters from A up to the end of the question is clean: two or more options,
    each with a text of its own.
    """
    for pattern in (_IN_BRACKETS, _ON_LINES):
        marks = list(pattern.finditer(question))
        starts = [k for k, mark in enumerate(marks) if mark[1] == "A"]
        marks = marks[starts[-1] :] if starts else []
        if len(marks) < 2 or "".join(mark[1] for mark in marks) != LETTERS[: len(marks)]:
            continue
        ends = [mark.start() for mark in marks[1:]] + [len(question)]
        texts = [question[mark.end() : end].strip(" ,;\t\n") for mark, end in zip(marks, ends, strict=True)]
        if all(texts) and len({text.casefold() for text in texts}) == len(texts):
            return tuple(texts)
    return ()


def gold_letters(record: Record, gold: str, choices: Sequence[str]) -> tuple[str, str]:
    """The letters that a gold answer names, "C" or "A, C", and their gold type, choice or multichoice.

    A gold that is an option's text names that option; without `choices` any letters from A to H are taken.
    Raises DataError if the gold names no option.
    """
    plain = gold.strip()
    if plain in choices and plain not in LETTERS[: len(choices)]:
        return LETTERS[list(choices).index(plain)], "choice"
    letters = re.findall("[A-H]", plain) if _GOLD_LETTERS.fullmatch(plain) else []
    if not letters or (choices and max(letters) > LETTERS[len(choices) - 1]):
        raise _no_such_option(record, gold, choices)
    return ", ".join(letters), "choice" if len(letters) == 1 else "multichoice"


def _no_such_option(record: Record, gold: str, choices: Sequence[str]) -> DataError:
    named = ", ".join(choices) if choices else "letters A to H"
    return record.error(f"column 'answer' must name one of the options ({named:.120}), found {gold!r:.60}")
