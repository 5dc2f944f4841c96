"""Multiple choice: which letters an answer singles out, by letter or by an option's text or value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from .compare import same, same_ratio
from .forms import Colon, Form, Items, Scalar, Words
from .reading import EXPRESSION, QUANTITY, read
from .text import clean, spelled, text_key
from .types import MAX_ITEMS, UnreadableError

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LEAD = r"(?:(?:the )?(?:correct |final )?(?:option|choice|answer|选项|选择|选|答案)(?: is)? ?:? ?)?"
_ONE = re.compile(rf"{_LEAD}[(\[{{]? ?([A-Za-z]) ?[)\]}}]? ?[.:,!]?(?: ?项)?", re.IGNORECASE)
_MARKED = re.compile(
    rf"{_LEAD}(?:[(\[] ?([A-Za-z]) ?[)\]] ?[.:,-]?|([A-Za-z]) ?[).:,]|([A-Z]) -(?= )) ?(\S.*)", re.DOTALL
)
_UNMARKED = re.compile(r"([A-Z])(?: |(?=\())(\S.*)", re.DOTALL)
_TRAILING = re.compile(r"(\S.*?) ?\(([A-Z])\)", re.DOTALL)
_AND = r" ?(?:,|;|&|\band\b|和|与|及| ) ?(?:and )?"
_MANY = re.compile(rf"[(\[{{]? ?[A-Za-z] ?[)\]]?(?:{_AND}[(\[]? ?[A-Za-z] ?[)\]]?)+ ?[)\]}}]?")
_FUSED = re.compile(r"[A-Z]{2,26}|(?=[a-h]{2,8}\Z)a?b?c?d?e?f?g?h?")
_LETTERS_ONLY = 160  # characters; a longer text is no list of letters
_PROSE_WORDS = 5
_AGAINST = re.compile(r"(?i:\b(?:or|wrong|incorrect|unless|if|but|instead|is not)\b)|[(\[][A-Z][)\]]|\b[A-Z]\)")
_WORD = re.compile(r"[A-Za-z]{2,}")
_OTHER_LETTER = re.compile(r"\b[B-HJ-Z]\b")
_YES_NO = re.compile(r"(yes|no) ?[,.;:] ?(?!.*\b(?:yes|no)\b).+", re.IGNORECASE | re.DOTALL)
_SYNONYMS = {"noneoftheabove": "noneofthese", "alloftheabove": "allofthese"}


class Choice(NamedTuple):
    """The letters that an answer singles out, by which rule, and why; no letters when it singles out none."""

    letters: frozenset[str]
    rule: str
    reason: str


def _nothing(reason: str) -> Choice:
    return Choice(frozenset(), "choice", reason)


def option_letters(choices: Sequence[str] | None) -> str:
    """The letters that name the options: as many as there are options, all of them where the options are not known."""
    return _LETTERS[: len(choices)] if choices else _LETTERS


def resolve(answer: str, choices: Sequence[str] | None) -> Choice:
    """Which letters `answer` singles out among `choices` (texts in order, or None where only letters are known)."""
    try:
        plain = spelled(answer)
    except UnreadableError:
        return _nothing("the answer is too long for a choice")
    letters = option_letters(choices)
    options = list(choices or ())[:MAX_ITEMS]
    named = _by_letters(plain, letters, options)
    if named is not None:
        return named
    by_text = _by_text(answer, options)
    if len(by_text) == 1:
        return Choice(frozenset(by_text), "choice-text", f"the text of option {by_text[0]}")
    yes_no = _YES_NO.fullmatch(plain)
    if yes_no and len(by_text := _by_text(yes_no.group(1), options)) == 1:
        return Choice(frozenset(by_text), "choice-text", f"option {by_text[0]} with an explanation")
    if len(by_text) > 1:
        return _nothing(f"the text fits several options: {', '.join(by_text)}")
    lettered = _letter_behind_text(plain, options) or _letter_and_text(plain, letters, options)
    return lettered or _several_texts(answer, options)


def _by_letters(plain: str, letters: str, options: list[str]) -> Choice | None:
    """One letter in any dressing, or several side by side or joined by "and"; None for other texts."""
    if len(plain) > _LETTERS_ONLY:
        return None
    found = _ONE.fullmatch(plain)
    if found is not None:
        letter = found.group(1).upper()
        return Choice(frozenset(letter), "choice-letter", f"letter {letter}") if letter in letters else None
    if not (_FUSED.fullmatch(plain) or _MANY.fullmatch(plain)):
        return None
    if any(text_key(option) == text_key(plain) for option in options):
        return None
    named = [letter.upper() for letter in re.findall(r"[A-Za-z]", re.sub(r"\band\b", " ", plain))]
    if len(set(named)) != len(named) or not set(named) <= set(letters):
        return None
    return Choice(frozenset(named), "choice-letters", f"letters {', '.join(sorted(named))}")


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
        if not isinstance(known, Words) and _same_or_alternatives(known, found, answer):
            return True
    return False


def _same_or_alternatives(known: Form, found: Form, answer: str) -> bool:
    """Equal forms; an option with a plus-minus sign is also the list of its two values, a ratio also a fraction."""
    if isinstance(known, Items) and isinstance(found, Items) and known.joiner == "or":
        return same(known, replace(found, joiner="or"))
    if isinstance(known, Colon) and isinstance(found, Scalar):
        return "." not in answer and same_ratio(known, found)
    return same(known, found)


def _letter_behind_text(plain: str, options: list[str]) -> Choice | None:
    """An option's text followed by its letter: 12 m (E)."""
    found = _TRAILING.fullmatch(plain)
    if found is None or not _states_option(found.group(1), found.group(2), options):
        return None
    return Choice(frozenset(found.group(2)), "choice-letter", f"letter {found.group(2)} behind its own text")


def _letter_and_text(plain: str, letters: str, options: list[str]) -> Choice | None:
    """A letter followed by its option's text: (E) 12 m, or by an explanation; they must not contradict each other."""
    found = _MARKED.fullmatch(plain) or _UNMARKED.fullmatch(plain)
    if found is None:
        return None
    *marks, rest = found.groups()
    letter = next(mark for mark in marks if mark).upper()
    unmarked = len(marks) == 1
    if letter not in letters or (unmarked and not options and rest[0] not in "(0123456789$£€-"):
        return None
    if _states_option(rest, letter, options):
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} with its own text")
    if unmarked:
        numeric = not options and rest[0] != "(" and not _WORD.search(rest)
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} with a number") if numeric else None
    worded = any(text_key(option) != name.lower() for option, name in zip(options, letters, strict=False))
    if _AGAINST.search(rest) or (worded and (len(rest.split()) < _PROSE_WORDS or _OTHER_LETTER.search(rest))):
        return _nothing(f"letter {letter} with a text that is not its option's")
    return Choice(frozenset(letter), "choice-letter", f"letter {letter} before a text")


def _states_option(rest: str, letter: str, options: list[str]) -> bool:
    """True if the text after a letter is its option's, alone, in brackets, or followed by an explanation."""
    inner = rest[1:-1] if rest.startswith("(") and rest.endswith(")") else rest
    if any(letter in _by_text(text, options) for text in {rest, inner}):
        return True
    position = _LETTERS.index(letter)
    if position >= len(options):
        return False
    own, stated = text_key(options[position]), text_key(rest)
    return len(own) > 1 and stated.startswith(own) and stated[len(own) : len(own) + 1] in (",", ".", ";", ":")


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


def letters_of_gold(gold: str, choices: Sequence[str] | None) -> frozenset[str]:
    """The letters of a gold answer: letters in any spelling, else the option with that text."""
    named = _by_letters(spelled(gold), option_letters(choices), [])
    return named.letters if named is not None else resolve(gold, choices).letters
