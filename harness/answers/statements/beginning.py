"""The beginning of a response that an explanation follows: a first line that is only an answer, a first sentence."""

from __future__ import annotations

import re
from fractions import Fraction

from .clause import is_denied
from .doubt import IF
from .ending import sentences_of
from .last_line import HEADING
from .preparation import is_question, prepares
from .sentence import ARTICLE, LONE_LETTER, NOUN, value_of
from .statement import Statement, plain

_BEGINNING = 600  # characters
_FIRST_LINE = re.compile(
    r"\s{0,12}[*_]{0,6}((?:\([A-Z]\)|[A-Z][).:])[*_\s]{1,12}\S[^\n]{0,120}|\(?[A-Z]\)?[*_.]{0,6}"
    rf"|{NOUN}\s\(?[A-Z]\)?[*_.]{{0,6}}|[^\n:?()]{{2,80}}\s\([A-Z]\)[*_.]{{0,6}})[ \t]{{0,6}}\n"
)
_FIRST_VALUE = re.compile(
    r"\s{0,8}(?:[*_]{2,3}|\$\$?|\\[(\[])\s?(?P<value>[A-Za-z][A-Za-z ]{0,30}=\s?[-−]?[\d\\][^\n]{0,80}?)\s?"
    r"(?:[*_]{2,3}|\$\$?|\\[)\]])[.\s]{0,3}\n\s{0,4}\n"
    r"|\s{0,8}[*_]{0,3}(?P<number>[-−]?[$€£]?\d[\d,]*(?:\.\d+)?\s?%?)[*_]{0,3}\.?[ \t]{0,4}\n\s{0,4}\n"
)
_BOLD_END = re.compile(
    r"\b(?:is|are|was|were|in|of|by|to|at|equals)\s\*\*([-−$€£]{0,2}\d[\d,.]*\s?[A-Za-z%°²³]{0,12})\*\*[.\s]*\Z"
)
_WITHDRAWS = re.compile(r"\b(?:none of|cannot|can['’]t|not (?:right|correct))\b", re.IGNORECASE)
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_FORMULA = re.compile(r"\w[\w.()]{0,12}(?:\s?[-−+*/:^]\s?\w[\w.()]{0,12}){1,6}")
"""More than a number: 2x + 3, 2:3."""
_LEAST_EXPLANATION = 40  # characters behind the first sentence
_FIRST_WORDS = 10
_ANOTHER_LABEL = re.compile(r"\n[ \t*_-]*(?:\([A-Z]\)|[A-Z][).:])\s|[^\n]\s\([A-Z]\)[.*_]{0,4}(?:\n|\Z)")
_LISTED = re.compile(r"\S\s[*_]{0,3}\([B-Z]\)\s")
"""Another option behind one: (A) Yes (B) No."""


def first_line(text: str) -> Statement | None:
    """An option alone in the first line, with nothing but an explanation behind it."""
    value = _FIRST_VALUE.match(text)
    if value is not None and text[value.end() :].strip():
        return Statement(value.start(), plain(value.group("value") or value.group("number")), "first-line")
    found = _FIRST_LINE.match(text)
    if found is None or len(found.group(1).split()) > _FIRST_WORDS or _ANOTHER_LABEL.search(text, found.end() - 1):
        return None
    if _LISTED.search(found.group(1)):
        return None
    return Statement(found.start(), plain(found.group(1)), "first-line")


_FIRST_OPTION = re.compile(
    rf"[\s*_]{{0,8}}(?:(?i:it is|it['’]s|i(?:['’]d| would)? (?:choose|pick|say|go "
    rf"with))\s)?(?P<option>(?:{NOUN}\s)?\(?[A-Z]\)?)"
    r"[*_]{0,3}(?:,?\s(?=(?:because|since|as)\b)|\s[—–-]\s|[.,]\s(?=(?i:because|since|as|the|this|it|in|we|when|its)\b))"
)
_NOT_CHOSEN = re.compile(
    r"\b(?:excluded|eliminated|ruled out|wrong|incorrect|not|cannot|too|if|would|or)\b|n['’]t\b|\?|"
    r"(?<![\w'’])[(]?[A-HJ-Z](?![\w'’])"
)


def first_option(text: str) -> Statement | None:
    """The option that the first sentence names, where the whole rest explains it: "Option C, since they are equal. ..."."""
    found = _FIRST_OPTION.match(text)
    rest = text[found.end() :].lstrip() if found else ""
    if found is None or len(rest) < _LEAST_EXPLANATION or _NOT_CHOSEN.search(rest):
        return None
    return Statement(found.start(), plain(found.group("option")), "first-sentence")


_HEADS = re.compile(
    rf"{HEADING.pattern}|\A(?:solve|find|calculate|determine|compute|identify|analy[sz]e|understand|given|observe|approach|problem|"
    r"setting|set) ?\b",
    re.IGNORECASE,
)
_FIRST_PHRASE = re.compile(r"[^\w*]{0,6}\*\*(?P<phrase>[^*\n:.]{1,60})\*\*\.?[ \t]*\n\s*\n")


def first_phrase(text: str) -> Statement | None:
    """A first line that is only a few words in bold, no heading, with an explanation behind it."""
    found = _FIRST_PHRASE.match(text)
    if found is None or len(text) - found.end() < _LEAST_EXPLANATION or _HEADS.search(found.group("phrase")):
        return None
    return Statement(found.start(), found.group("phrase"), "first-line")


_PART = re.compile(r"[ \t*_]*(?:[-•–+*]|\d{1,2}[.)])[ \t]+(?P<said>[^\n]*)")


def _adds_up(total: str, rest: str) -> bool:
    """True for a list of parts, one number in each, that are the total together: "- small: 4", "- large: 5"."""
    lines = [line for line in rest.splitlines() if line.strip()]
    parts = [found.group("said") for found in map(_PART.fullmatch, lines) if found]
    numbers = [_DIGITS.findall(part) for part in parts]
    if not 1 < len(lines) == len(parts) or any(len(one) != 1 for one in numbers):
        return False
    return sum(Fraction(one[0].replace(",", "")) for one in numbers) == Fraction(total.replace(",", ""))


def _unsure(sentence: str) -> bool:
    return is_question(sentence) or is_denied(sentence) or IF.search(sentence) is not None


def first_sentence(text: str) -> Statement | None:
    """The value that the first sentence gives, in bold or said again later, where an explanation follows."""
    first = sentences_of(text[:_BEGINNING])[0]
    bold = _BOLD_END.search(first)
    value = bold.group(1) if bold else value_of(first)
    numbers = _DIGITS.findall(value or first)
    if len(numbers) == 1 and _adds_up(numbers[0], text[len(first) :]) and not _unsure(first):
        return Statement(0, plain(value) if value else numbers[0], "first-sentence")
    if not value or len(text) <= len(first) + _LEAST_EXPLANATION:
        return None
    number = _FORMULA.search(value) or _DIGITS.search(value)
    again = number is not None and re.search(rf"(?<![\d.]){re.escape(number.group())}(?![\d.]*\d)", text[len(first) :])
    letter = LONE_LETTER.fullmatch(value) if not _WITHDRAWS.search(text, len(first)) else None
    alone = letter is not None and set(LONE_LETTER.findall(ARTICLE.sub("", text[len(first) :]))) <= {letter.group(1)}
    return Statement(0, plain(value), "first-sentence") if bold or again or alone else None


_LEAST_REST = 20  # characters behind an opening
_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|conclusion|overall|finally|consequently|answer|options?|choices?|correct|however|but|wait|"
    r"actually|instead|although|unless|unclear|unknown|none|cannot|correction|possible|might|could|may|must)\b|"
    r"can['’]t\b|[?=≈✓✗]|[^\x00-\x7f]{3}"
    r"|\n\s{0,4}(?:[-*•#]|\d{1,2}[.)]|\(?[A-Z][).])",
    re.IGNORECASE,
)
"""What an explanation of an answer does without: a conclusion of its own, a denial, a computation, a list."""


_NAMES_QUESTION = re.compile(r"\b(?:is|are|be)\s(?:option\s)?\([A-Z]\)\s[^?]*\Z")
"""What stands before the mark of an option that is a question: The one that it can answer is (B) Does it sink?"""


def opening_sentence(text: str) -> str:
    """The first sentence where all that follows only explains it; else ""."""
    first = sentences_of(text[:_BEGINNING])[0]
    rest = text[len(first) :]
    if len(rest.strip()) < _LEAST_REST or _CONCLUDES.search(rest) or prepares(first):
        return ""
    if not is_question(first):
        return first
    said = first.rstrip(" ?*_\n")
    return said if _NAMES_QUESTION.search(said) else ""
