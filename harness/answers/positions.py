"""Options that are named by their place: option 3, the third option, the last choice, 第三个选项."""

from __future__ import annotations

import re

from .text import number_in_words

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLACE = r"first|second|third|fourth|fifth|sixth|seventh|eighth|last|[1-9]\d?(?:st|nd|rd|th)"
_POSITION = re.compile(
    r"(?:(?:so|thus|hence|therefore),? )?"
    r"(?:the (?:correct |final |right )?(?:answer|option|choice) is )?(?:the )?"
    r"(?:(?:option|choice|answer)(?: number| no\.?)? ?\(?#?(?P<number>[1-9]\d?)\)?"
    rf"|(?P<place>{_PLACE}) (?:option|choice|answer))"
    r"(?: is (?:the )?(?:correct|right)(?: (?:answer|option|choice|one))?)?[.!]?",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:选择?)?(?:选项 ?(?P<number>[1-9]\d?)|第 ?(?P<place>[一二三四五六七八1-9]) ?(?:个选项|个|选项|项))[。.]?"
)


_ORDINALS = (
    "first primera primeira première prima erste",
    "second segunda deuxième seconda zweite",
    "third tercera terceira troisième terza dritte",
    "fourth cuarta quarta quatrième vierte",
    "fifth quinta cinquième fünfte",
)
_PLACES = {word: place for place, words in enumerate(_ORDINALS, start=1) for word in words.split()}
_LAST = "last|última|dernière|letzte"
_BUT_ONE = "second[- ]to[- ]last|next[- ]to[- ]last|penultimate"
_IN_SENTENCE = re.compile(
    r"\b(?<!to[- ])(?:the |la |el |die |der |das |a |o |il )?"
    rf"(?P<place>(?P<but_one>{_BUT_ONE})|{_LAST}|{'|'.join(_PLACES)}) "
    r"(?:option|choice|answer|opción|opção|alternativa|réponse|opzione|risposta|proposition|Option|Antwort)\b"
    r"(?! (?:is |are )?(?:too|wrong|incorrect))"
)


def with_letters(sentence: str, count: int) -> str:
    """The sentence with each option that it names by its place named by its letter: the third option as option C."""
    return _IN_SENTENCE.sub(lambda found: _lettered(found, count), sentence)


def _lettered(found: re.Match[str], count: int) -> str:
    place = count - 1 if found.group("but_one") else _PLACES.get(found.group("place"), count)
    return f"option {LETTERS[place - 1]}" if 0 < place <= min(count, len(LETTERS)) else found.group()


def place_named(plain: str, count: int) -> tuple[int, bool] | None:
    """The place, from 1 to `count`, and whether it is said by a bare number: option 3; None for other texts."""
    found = _POSITION.fullmatch(plain) or _CHINESE.fullmatch(plain)
    if found is None:
        return None
    said = (found.group("number") or found.group("place")).lower()
    digits = re.match(r"\d+", said)
    place = count if said == "last" else int(digits.group() if digits else number_in_words(said) or 0)
    return (place, found.group("number") is not None) if 0 < place <= count else None
