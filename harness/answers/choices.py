"""Multiple choice: which letters an answer singles out, by letter or by an option's text or value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .compare import same
from .forms import Items, Words
from .limits import MAX_ITEMS, UnreadableError
from .normalise import clean
from .reading import EXPRESSION, QUANTITY, read
from .tokens import spell, tokenize
from .words import text_key

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LEAD = r"(?:(?:the\s+)?(?:correct\s+)?(?:option|choice|answer|选项|选择|选|答案)\s*:?\s*)?"
_ONE = re.compile(rf"{_LEAD}[(\[]?\s*([A-Za-z])\s*[)\]]?\s*[.:,]?(?:\s*项)?", re.IGNORECASE)
_LETTER_AND_TEXT = re.compile(
    rf"{_LEAD}(?:[(\[]\s*([A-Za-z])\s*[)\]]\s*[.:,-]?|([A-Za-z])\s*[).:,]|([A-Z])\s+(?=\S))\s*(.+)", re.DOTALL
)
_MANY = re.compile(
    r"[(\[{]?\s*[A-Za-z]\s*[)\]]?(?:\s*(?:,|;|&|\band\b|和|与|及|\s)\s*(?:and\b\s*)?[(\[]?\s*[A-Za-z]\s*[)\]]?)+\s*[)\]}]?"
)
_FUSED = re.compile(r"[A-Z]{2,26}|[a-z]{2,26}")
_SINGLE = re.compile(r"[A-Za-z]")
_SYNONYMS = {"noneoftheabove": "noneofthese", "alloftheabove": "allofthese"}


class Choice(NamedTuple):
    """The letters that an answer singles out, by which rule, and why; no letters when it singles out none."""

    letters: frozenset[str]
    rule: str
    reason: str


def _nothing(reason: str) -> Choice:
    return Choice(frozenset(), "choice", reason)


def _spelled(text: str) -> str:
    return spell(tokenize(clean(text), grouped=False))


def option_letters(choices: Sequence[str] | None) -> str:
    """The letters that name the options: as many as there are options, all of them where the options are not known."""
    return _LETTERS[: len(choices)] if choices else _LETTERS


def resolve(answer: str, choices: Sequence[str] | None) -> Choice:
    """Which letters `answer` singles out among `choices` (texts in order, or None where only letters are known)."""
    try:
        spelled = _spelled(answer)
        cleaned = clean(answer)
    except UnreadableError:
        return _nothing("the answer is too long for a choice")
    letters = option_letters(choices)
    options = list(choices or ())[:MAX_ITEMS]
    for found in (_one_letter(spelled, cleaned, letters), _several_letters(spelled, letters, options)):
        if found is not None:
            return found
    by_text = _by_text(answer, options)
    if len(by_text) == 1:
        return Choice(frozenset(by_text), "choice-text", f"the text of option {by_text[0]}")
    if len(by_text) > 1:
        return _nothing(f"the text fits several options: {', '.join(by_text)}")
    return _letter_and_text(spelled, letters, options) or _several_texts(answer, options)


def _one_letter(spelled: str, cleaned: str, letters: str) -> Choice | None:
    found = _ONE.fullmatch(spelled)
    if found is None or found.group(1).upper() not in letters or "\\mathb" in cleaned:
        return None
    letter = found.group(1).upper()
    return Choice(frozenset(letter), "choice-letter", f"letter {letter}")


def _several_letters(spelled: str, letters: str, options: list[str]) -> Choice | None:
    """Letters side by side or joined by "and"; None where the text is an option's own text."""
    if not (_FUSED.fullmatch(spelled) or _MANY.fullmatch(spelled)):
        return None
    if any(text_key(option) == text_key(spelled) for option in options):
        return None
    named = re.findall(r"[A-Za-z]", re.sub(r"\band\b", " ", spelled))
    upper = [letter.upper() for letter in named]
    if len(set(upper)) != len(upper) or not set(upper) <= set(letters):
        return None
    return Choice(frozenset(upper), "choice-letters", f"letters {', '.join(sorted(upper))}")


def option_key(text: str) -> str:
    """The words of an option; "none of the above" is "none of these"."""
    key = text_key(text)
    return _SYNONYMS.get(key, key)


def _by_text(answer: str, options: list[str]) -> list[str]:
    """The letters of the options that the answer states, by words first and by value second."""
    key = option_key(answer)
    exact = [letter for letter, option in zip(_LETTERS, options, strict=False) if option_key(option) == key]
    if exact or not key:
        return exact
    return [letter for letter, option in zip(_LETTERS, options, strict=False) if _same_value(option, answer)]


def _same_value(option: str, answer: str) -> bool:
    for style in (QUANTITY, EXPRESSION):
        known, found = read(option, style), read(answer, style)
        if not isinstance(known, Words) and _same_or_alternatives(known, found):
            return True
    return False


def _same_or_alternatives(known: object, found: object) -> bool:
    """Equal forms; an option with a plus-minus sign is also the list of its two values."""
    if isinstance(known, Items) and isinstance(found, Items) and known.joiner == "or":
        return same(known, Items(found.forms, found.brackets, "or", found.label, found.texts))
    return same(known, found)  # type: ignore[arg-type]


def _letter_and_text(spelled: str, letters: str, options: list[str]) -> Choice | None:
    """A letter followed by its option's text: (E) 12 m. They must not contradict each other."""
    found = _LETTER_AND_TEXT.fullmatch(spelled)
    if found is None:
        return None
    letter = next(group for group in found.groups()[:3] if group).upper()
    if letter not in letters:
        return None
    rest = found.group(4)
    if not options:
        return None if found.group(3) else Choice(frozenset(letter), "choice-letter", f"letter {letter} before a text")
    stated = _by_text(rest, options)
    if letter in stated:
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} with its own text")
    if found.group(3):
        return None
    return _nothing(f"letter {letter} with a text that is not its option's")


def _several_texts(answer: str, options: list[str]) -> Choice:
    """The texts of several options in a list."""
    form = read(answer, QUANTITY)
    if isinstance(form, Items) and form.joiner == "," and options and len(form.forms) <= len(options):
        pieces = re.split(r"[,;]|\band\b", clean(answer))
        found = [_by_text(piece, options) for piece in pieces if piece.strip()]
        letters = [letters[0] for letters in found if len(letters) == 1]
        if len(letters) == len(found) == len(set(letters)) > 1:
            return Choice(frozenset(letters), "choice-texts", f"the texts of options {', '.join(sorted(letters))}")
    return _nothing("no single option is singled out")


def gold_letters(gold: str, choices: Sequence[str] | None) -> frozenset[str]:
    """The letters of a gold answer: letters in any spelling, else the option with that text."""
    spelled = _spelled(gold)
    named = re.findall(r"[A-Za-z]", re.sub(r"\band\b|[^A-Za-z]", " ", spelled))
    letters = option_letters(choices)
    if named and all(letter.upper() in letters for letter in named) and _is_letters(spelled):
        return frozenset(letter.upper() for letter in named)
    return resolve(gold, choices).letters


def _is_letters(spelled: str) -> bool:
    return bool(
        _ONE.fullmatch(spelled) or _FUSED.fullmatch(spelled) or _MANY.fullmatch(spelled) or _SINGLE.fullmatch(spelled)
    )
