"""Answers in words: the key of a text, and numbers written out in English or Chinese."""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction

from .limits import MAX_ANSWER, TooMuchWorkError
from .normalise import clean
from .tokens import Token, names, spell, tokenize

_ARTICLES = frozenset(("a", "an", "the"))
_ENDINGS = "!?.,;:。'\" "
_SMALL = dict(
    zip(
        names(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        ),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip(names("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_CHINESE_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile("[零〇一二两三四五六七八九十百千]{1,9}")
MULTIPLIERS = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "百": 10**2, "千": 10**3, "万": 10**4, "亿": 10**8,
}  # fmt: skip


def spelled(text: str) -> str:
    """The text in plain spelling: wrappers and double spaces dropped, braces kept. Raises TooMuchWorkError."""
    return spell(tokenize(clean(text), grouped=False), braces=True)


def text_key(text: str) -> str:
    """The comparable form of a text: case, spaces, wrappers, a leading article and final punctuation do not count.

    Spaces between digits count. A text over the limits is represented by its digest.
    """
    try:
        if len(text) > MAX_ANSWER:
            raise TooMuchWorkError("a long text")
        tokens = tokenize(clean(text), grouped=False)
    except TooMuchWorkError:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return _joined(_without_article(tokens)).strip(_ENDINGS)


def _without_article(tokens: list[Token]) -> list[Token]:
    if len(tokens) < 2 or tokens[0][1].lower() not in _ARTICLES:
        return tokens
    kind, value, spaced = tokens[1]
    return tokens[1:] if spaced and (kind == "num" or len(value) > 1) else tokens


def _joined(tokens: list[Token]) -> str:
    parts: list[str] = []
    previous = ""
    for kind, value, spaced in tokens:
        if kind == "num" and previous == "num" and spaced:
            parts.append(" ")
        if kind == "cmd":
            parts.append("\\" + value)
        elif value not in ("{", "}"):
            parts.append(value.casefold())
        previous = kind
    return "".join(parts)


def number_in_words(text: str) -> Fraction | None:
    """The value of a whole number up to 9999 written out ("twenty-one", 十二), or None."""
    try:
        text = spelled(text).lower()
    except TooMuchWorkError:
        return None
    if _CHINESE.fullmatch(text):
        return _chinese(text)
    words = text.replace("-", " ").split()
    if words and words[0] in ("minus", "negative"):
        digits = len(words) == 2 and words[1].isdecimal() and len(words[1]) < 20
        size = Fraction(words[1]) if digits else _english(words[1:])
        return None if size is None else -size
    return _english(words)


def _english(words: list[str]) -> Fraction | None:
    if not 1 <= len(words) <= 4:
        return None
    if len(words) >= 2 and words[1] == "hundred" and words[0] in _SMALL:
        rest = _below_hundred([word for word in words[2:] if word != "and"]) if words[2:] else 0
        return None if rest is None else Fraction(100 * _SMALL[words[0]] + rest)
    value = _below_hundred(words)
    return None if value is None else Fraction(value)


def _below_hundred(words: list[str]) -> int | None:
    if len(words) == 1:
        return _SMALL.get(words[0], _TENS.get(words[0]))
    if len(words) == 2 and words[0] in _TENS and 1 <= _SMALL.get(words[1], 0) <= 9:
        return _TENS[words[0]] + _SMALL[words[1]]
    return None


def _chinese(text: str) -> Fraction:
    total, digit = 0, 0
    for index, character in enumerate(text):
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        else:
            total += (digit or (1 if not index else 0)) * _CHINESE_SCALES[character]
            digit = 0
    return Fraction(total + digit)
