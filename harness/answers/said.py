"""What the sentences of a response state to a reader who knows the question, the options or the gold.

These read where the rules that know none of them found nothing, or not what the gold's type wants; and they take back what
the closing sentence contradicts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import text
from .asked import answers, counts_others, is_difference
from .choices import option_key, resolve
from .judges import NUMERIC, Decision, agrees_itself, choose, judge_tolerant, named, names_another, tolerance
from .lexer import names
from .positions import LETTERS, with_letters
from .restated import restated
from .said_gold import formula_said, numbers_said, respectively, states
from .said_option import (
    MARK,
    letter_in,
    option_ended,
    option_opened,
    option_said,
    option_whole,
    option_written,
    verdict,
)
from .statements.beginning import opening_sentence
from .statements.clause import is_sentence
from .statements.statement import last_statement
from .types import Extraction, GoldType, UnreadableError
from .yes_or_no import yes_or_no

_WORDED = frozenset(
    names("text expression year time date list set tuple interval inequality equation assignment ratio")
)
"""Types of golds of which the rules that do not know the gold may read another part of the closing sentence."""
_UNDECIDED = frozenset(("none", "choice"))
"""Rules by which no option was singled out."""
_BY_TEXT = _UNDECIDED | {"choice-text"}
_LONGEST_ENDING = 800  # characters at the end in which an option's text of several sentences is looked for
_YES_OR_NO = frozenset(("yes", "no"))
_OPPOSITE = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
_DECIMALS = re.compile(r"\d\.(\d{1,12})")
_LETTER = re.compile(r"(?:\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\b|[\s()*_.]){0,8}([A-Z])[\s()*_.]{0,6}")
_VALUE_AND_LETTER = re.compile(
    r"(?:=|≈|\bis\b|\bare\b|:|\A)\s{0,2}(?P<text>[^=≈:,;\n]{1,80}?),?\s(?:which|that|this)\s"
    r"(?:is|was|matches|corresponds to|equals|means|gives|represents)\s"
    r"(?:(?:the\s)?(?:correct\s|right\s)?(?:option|choice|answer)\s)?[*_(]{0,3}(?P<letter>[A-Z])[*_)]{0,3}[.\s]{0,4}\Z"
)
_LETTER_AND_TEXT = re.compile(
    r"(?<![\w'’])(?P<letter>[A-Z])\)?(?:[.:,]\s|\s?\()(?P<text>[^()\n]{2,80}?)\)?[*_.\s]{0,6}\Z"
)


class Wanted(NamedTuple):
    """What a response is asked for: the gold and its type, the options' texts, the unit, and the question if it is known."""

    gold: str
    kind: GoldType
    options: tuple[str, ...] | None
    unit: str | None
    question: str


class Said(NamedTuple):
    """The part of a sentence that states an answer, and the verdict on it."""

    part: str
    decided: Decision


def taken_back(answer: Extraction, decided: Decision, wanted: Wanted) -> Decision:
    """The verdict on what was extracted, unless the closing sentence says that it is another thing that is asked for."""
    closing, stated = answer.sentences[0] if answer.sentences else "", answer.answer or ""
    kind = wanted.kind
    if decided.correct and kind.name in NUMERIC and is_difference(closing, stated, wanted.question):
        return Decision(False, kind.name, "how many more than another, which is not asked")
    if decided.correct and kind.name in NUMERIC and counts_others(closing, stated, wanted.question):
        return Decision(False, kind.name, "how many do not, which is not asked")
    if decided.correct and kind.name == "choice" and wanted.options:
        said = closing or stated + answer.rest
        if _contradicted(closing, stated, wanted.options) or _named_otherwise(said, wanted.options):
            return Decision(False, "choice", "a letter with another option's text")
    paired = respectively(closing) if decided.correct and kind.name == "assignment" else ""
    crossed = paired and not agrees_itself(wanted.gold, paired, kind, wanted.unit)
    if crossed or (decided.correct and names_another(kind, closing, stated, wanted.gold)):
        return Decision(False, kind.name, f"not the same {kind.name} as the gold")
    if decided.rule == "choice" and answer.rule == "sentence" and (equation := named(closing, stated)):
        chosen = choose(equation, wanted.gold, kind.name == "choice", wanted.options)
        return chosen if chosen.rule == "choice-text" else decided
    return decided


def said_by(answer: Extraction, decided: Decision, wanted: Wanted) -> Said | None:
    """What the sentences state where the verdict on what was extracted leaves it open; None where they state nothing."""
    if not decided.correct and answer.rule == "sentence" and wanted.kind.name in NUMERIC:
        other = _restated(answer, wanted)
        if other is not None:
            return other
    written = option_written(answer.line, wanted.options or ()) if answer.line and decided.rule in _UNDECIDED else ""
    if written:
        chosen = _chosen(written, wanted)
        return Said(written, chosen._replace(reason=f"letter {written} with its own text"))
    whole = _whole_option(answer, decided, wanted)
    if whole:
        return Said(
            whole, _chosen(whole, wanted)._replace(rule="choice-sentence", reason=f"the text of option {whole}")
        )
    sentences = _read_again(answer, decided, wanted)
    said = _stated(answer, sentences, wanted) if sentences else None
    if not _may_open(decided, said, wanted):
        return said
    opening = opening_sentence(answer.body) if answer.body else ""
    return _first_or_last(opening, said, wanted) or _said_again((*sentences, opening), wanted)


def _whole_option(answer: Extraction, decided: Decision, wanted: Wanted) -> str:
    """The letter of an option whose whole text, commas and stops in it, is what was said: a square, but not a red one."""
    options, stated = wanted.options or (), answer.answer or ""
    if wanted.kind.name != "choice" or not options or decided.rule not in _BY_TEXT:
        return ""
    whole = option_whole(stated + answer.rest, options) if answer.rest or decided.unread else ""
    if whole or not (decided.unread or stated == ""):
        return whole
    if stated:
        return option_ended(stated, options)
    return option_ended(answer.body[-_LONGEST_ENDING:], options) if answer.body else ""


def _may_open(decided: Decision, said: Said | None, wanted: Wanted) -> bool:
    """True where the first sentence may say which option, or yes or no."""
    if wanted.kind.name == "choice":
        return said is not None or decided.unread or decided.rule == "none"
    return said is None and not decided.correct and wanted.gold.strip().lower() in _YES_OR_NO


def _read_again(answer: Extraction, decided: Decision, wanted: Wanted) -> tuple[str, ...]:
    """The sentences that count: where nothing was read, or not what the gold's type wants, or another than a yes or no."""
    stated, kind = answer.answer, wanted.kind.name
    if stated is not None and not decided.unread:
        alone = answer.rule == "bare" or (answer.rule == "answer-is" and (" " in stated or not stated.isascii()))
        again = answer.rule == "sentence" if kind == "choice" else not decided.correct and (alone or kind in _WORDED)
        if not again:
            return ()
    itself = stated is not None and "box" not in answer.rule and not answer.sentences and is_sentence(stated)
    sentences = (stated,) if stated is not None and itself else answer.sentences
    if kind == "choice" and stated is not None and not decided.unread:
        return sentences if any(verdict(one, wanted.options or ()) for one in sentences) else ()
    return sentences


def _stated(answer: Extraction, sentences: Sequence[str], wanted: Wanted) -> Said | None:
    """What the sentences state to a reader who knows the options or the gold."""
    gold, kind = wanted.gold, wanted.kind
    if kind.name in ("choice", "multichoice"):
        return _option_stated(sentences, wanted)
    opposite = _OPPOSITE.get(gold.strip().lower())
    if opposite and sentences and _verdict_of(sentences[0]) == opposite:
        return None
    for said in sentences:
        alone = answer.rule == "bare" or said == answer.answer
        part = states(said, gold, lambda text: agrees_itself(gold, text, kind, wanted.unit), kind.name, alone)
        if part is not None and not names_another(kind, said, part, gold):
            return Said(part, Decision(True, f"{kind.name}-sentence", f"the closing sentence states the {kind.name}"))
    return None


def _verdict_of(sentence: str) -> str:
    """What a sentence says of yes, no, true and false; "" for none."""
    words = tuple(_OPPOSITE)
    return dict(zip(LETTERS, words, strict=False)).get(verdict(sentence, words), "")


def _option_stated(sentences: Sequence[str], wanted: Wanted) -> Said | None:
    options = wanted.options or ()
    letter = next(filter(None, (verdict(one, options) for one in reversed(sentences))), "")
    letter = letter or _placed(sentences[0], options) or option_said(sentences[0], options)
    if not letter:
        return _value_stated(sentences[0], wanted)
    decided = _chosen(letter, wanted)
    if wanted.kind.name == "choice" and _contradicted(sentences[0], letter, options):
        return Said(letter, Decision(False, "choice-sentence", "a letter with another option's text"))
    return None if decided.unread else Said(letter, decided._replace(rule="choice-sentence"))


def _placed(closing: str, options: Sequence[str]) -> str:
    """The option that the closing sentence names by its place: the third option is the only one that fits."""
    named = with_letters(closing, len(options))
    if named == closing:
        return ""
    stated = last_statement(named)
    return (stated.answer or "") if stated else option_said(named, options)


def _value_stated(closing: str, wanted: Wanted) -> Said | None:
    """A formula alone in the closing line, or the closing sentence's only number, which is an option's."""
    for part in (*formula_said(closing), *numbers_said(closing)) if wanted.options else ():
        decided = choose(part, wanted.gold, True, wanted.options)
        if decided.rule == "choice-text":
            return Said(part, decided)
    return None


def _first_or_last(opening: str, last: Said | None, wanted: Wanted) -> Said | None:
    """The option that the first sentence names by its mark, or where it answers the question; else that of the last."""
    letter = option_opened(opening, wanted.options or ()) if opening and wanted.kind.name == "choice" else ""
    marked = MARK.search(opening) is not None
    option = dict(zip(LETTERS, wanted.options or (), strict=False)).get(letter_in(letter), "")
    if not letter or not (marked or answers(wanted.question, opening, option)):
        return last
    return Said(letter, _chosen(letter, wanted)._replace(rule="choice-sentence"))


def _said_again(sentences: Sequence[str], wanted: Wanted) -> Said | None:
    """Yes or no where a sentence says the question again as a statement, or denies it, and no other says the opposite."""
    texts = wanted.options or (wanted.gold,)
    if not wanted.question or not any(one.strip().lower() in _YES_OR_NO for one in texts):
        return None
    found = {said for sentence in sentences if (said := yes_or_no(wanted.question, sentence))}
    if len(found) != 1:
        return None
    said, kind = found.pop(), wanted.kind.name
    if kind == "choice":
        return Said(said, _chosen(said, wanted)._replace(rule="choice-statement"))
    correct = kind in ("text", "relaxed") and wanted.gold.strip().lower() == said
    return (
        Said(said, Decision(True, f"{kind}-statement", "the question said again as a statement")) if correct else None
    )


def _chosen(said: str, wanted: Wanted) -> Decision:
    return choose(said, wanted.gold, wanted.kind.name == "choice", wanted.options)


def _contradicted(closing: str, said: str, options: Sequence[str]) -> bool:
    """True if the closing sentence ends in a lone letter and another option's text: A. segment DE; option A (Northwest)."""
    letter = _LETTER.fullmatch(said) if options else None
    found = _LETTER_AND_TEXT.search(closing) if letter else None
    if letter is None or found is None or found.group("letter") != letter.group(1):
        return False
    key = option_key(found.group("text"))
    named_by = [name for name, option in zip(LETTERS, options, strict=False) if option_key(option) == key]
    return bool(named_by) and letter.group(1) not in named_by


def _named_otherwise(said: str, options: Sequence[str]) -> bool:
    """True if a sentence calls a value, which is an option's, by the letter of another: 155°, which is option A."""
    found = _VALUE_AND_LETTER.search(said) if options else None
    if found is None:
        return False
    chosen = resolve(found.group("text").strip(" $*_"), options)
    return chosen.rule == "choice-text" and found.group("letter") not in chosen.letters


def _restated(answer: Extraction, wanted: Wanted) -> Said | None:
    """The other form of the extracted value that states the gold, where the closing sentence gives it in two forms."""
    name, stated = wanted.kind.name, answer.answer or ""
    for closing in answer.sentences[:1]:
        for other in restated(closing, stated):
            sure = other.sure or _rounds(stated, other.value)
            if sure and agrees_itself(wanted.gold, other.value, wanted.kind, wanted.unit):
                reason = f"the closing sentence states the {name} in another form"
                return Said(other.value, Decision(True, f"{name}-restated", reason))
    return None


def _rounds(first: str, second: str) -> bool:
    """True if the second is the first, rounded to the decimals that it is written with."""
    places = _DECIMALS.search(second)
    near = tolerance(GoldType("float", places=len(places.group(1)) if places else 0))
    try:
        return judge_tolerant(second, text.ratio_signs(first), near, None)
    except UnreadableError:
        return False
