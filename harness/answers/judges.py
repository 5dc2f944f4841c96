"""One judge for each type of gold: does this answer state this gold? And the verdict on one text, with its rule and reason.

A judge gets the texts of the gold and of the answer and returns whether they agree. Golds that are not of the form that
their type promises are compared by the form that they have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from . import choices as multiple_choice
from . import text
from .bounds import with_signs
from .compare import (
    flattened,
    is_variable,
    names_differ,
    same,
    same_items,
    same_matrix,
    same_ordered,
    same_ratio,
    same_region,
    same_scalar,
    same_unit,
    same_unordered,
)
from .expression import Node
from .forms import Colon, Equation, Form, Items, Matrix, Ordering, Scalar, Words, equation_key
from .lexer import names
from .reading import EXPRESSION, EXPRESSIONS, QUANTITIES, QUANTITY, Style, read, read_worded
from .regions import Region
from .statements import sentence, statement
from .text import clean, number_in_words, text_key
from .types import MAX_ANSWER, MEMO_LENGTH, GoldType, UnreadableError, memo
from .units import Unit, is_counted, read_unit
from .values import rational, value_of

_LITERAL = re.compile(r"[+-]?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.\d+)?")
_LITERALS = re.compile(r"(?=[(\[]|.*,\s)[(\[]?\s*-?\d+(?:\.\d+)?(?:\s*,\s*-?\d+(?:\.\d+)?)+\s*[)\]]?")
_CLOCK = re.compile(r"\d{1,2}:\d{1,2}")
_PLAIN_LENGTH = 100
_AXES = (10**6, 10**9)
_DECIMALS = re.compile(r"\d\.(\d{1,12})")
NUMERIC = frozenset(names("number expression relaxed float"))
_NAMING = frozenset(names("equation assignment"))
"""Types in which a value counts with its name alone: 7 of y = 7 is no x = 7."""
_TEX_WORDS = ("\\text{", "\\textbf{", "\\mathrm{", "\\mbox{")
_IN_TEX_WORDS = re.compile(r"\\(?:text|textbf|mathrm|mbox)\{([^{}]{1,200})\}")
"""A sentence in a box, whose words stand beside its formulas."""
_RANGE = re.compile(r"(\d{1,30})\s*(?:-|to)\s*(\d{1,30})")
_SUFFIXES = {"k": 10**3, "m": 10**6, "mn": 10**6, "mil": 10**6, "mio": 10**6, "b": 10**9, "bn": 10**9}
_SUFFIX_ENDS = tuple("kKMBnlo")
_SUFFIXED = re.compile(
    r"\\?[$£€₹¥]?\s?(?P<number>\d[\d,]{0,12}(?:\.\d{1,9})?)\s?(?:\\(?:text|mathrm|rm)\{\s?)?(?P<suffix>[kKMB]|mn|[mM]il|[mM]io|bn|Bn)\.?\}?"
)
_COUNTED_FIRST = re.compile(
    r"(?:(?:so|thus|hence|therefore),?\s)?(?P<value>\d[\d,]{0,9})\s\(?(?:of\s(?:the|these)\s)?(?:[a-z]{2,14}\s)?"
    r"(?P<noun>[a-z]{2,18}s|people|children|men|women|fish|sheep)\s(?P<rest>[a-z]+\s[^\d?\n]{3,120})",
    re.IGNORECASE,
)
_NO_COUNT = re.compile(
    r"\b(?:would|could|might|may|wrong|incorrect|correct|right|too|if|unless|first|maybe|perhaps|possibly|more|fewer|less|"
    r"or|per|known?|unknown|unclear|not (?:the|possible|enough)|cannot|can['’]t|should)\b",
    re.IGNORECASE,
)
"""What is said of a number that is no answer: 18 students would be too many."""


def with_unit(form: Form, unit: str | None) -> Form:
    """A number without a unit gets the one that the question gives; a scale in it (million dollars) is that of the axis."""
    if unit and isinstance(form, Scalar) and form.unit is None:
        return replace(form, unit=_asked_for(unit)[0])
    return form


def _read_asked_for(unit: str) -> tuple[Unit | None, int | None]:
    """The unit that a question asks for, and the scale word in it."""
    one = read(f"1 {unit}", QUANTITY)
    if isinstance(one, Words | Items):
        one = read_worded(f"1 {unit}", QUANTITY)
    return (
        (one.unit, one.scale if one.scale != 1 else None) if isinstance(one, Scalar) else (read_unit(clean(unit)), None)
    )


_asked_for = memo(_read_asked_for)


def _asked_scale(unit: str | None) -> int | None:
    """The scale that the question's unit names: a million for "million dollars"."""
    return _asked_for(unit)[1] if unit else None


def single(form: Form, said: str, style: Style = QUANTITY) -> Form:
    """A number written out in words as a number, {5} as 5, and a number with words around it as that number."""
    if isinstance(form, Items) and len(form.forms) == 1 and form.brackets == "{}":
        return form.forms[0]
    number = number_in_words(said) if said.strip(" .").isalpha() or isinstance(form, Words | Items) else None
    if number is None and not (isinstance(form, Words | Items) or said[:1].isalpha()):
        return form
    if number is not None:
        return Scalar(rational(number))
    digits = text.with_digits(said)
    return read_worded(digits or said, style) if digits or isinstance(form, Words | Items) else form


def judge_value(gold: str, answer: str, style: Style, unit: str | None) -> bool:
    """Numbers and expressions: exact equality; a ratio of two terms is its quotient, a + b = 6 gives 6."""
    known, found = with_unit(read(gold, style), unit), read(answer, style)
    if isinstance(known, Scalar):
        found = single(found, answer, style)
        if isinstance(found, Colon):
            return known.unit is None and same_ratio(found, known)
        found, asked = _given(found), _asked_scale(unit)
        if isinstance(found, Scalar) and (same_scalar(known, found) or _same_but_scale(known, found, asked)):
            return True
        scaled = suffixed(answer) if style == QUANTITY else None
        return scaled is not None and scaled == known.value.real
    if isinstance(known, Words):
        return text_key(gold) == text_key(answer)
    if isinstance(known, Colon) and isinstance(found, Scalar):
        return "." not in answer and same_ratio(known, found)
    return same(known, found)


def suffixed(answer: str) -> Fraction | None:
    """A number with the letter of its scale behind it, as charts have them: 45k, $1.5B, 4.5 mil; None for other texts."""
    ends = answer.rstrip("}$. ")[-1:] in _SUFFIX_ENDS
    found = _SUFFIXED.fullmatch(clean(answer)) if ends and len(answer) <= _PLAIN_LENGTH else None
    if found is None:
        return None
    return Fraction(found.group("number").replace(",", "")) * _SUFFIXES[found.group("suffix").lower()]


def counted_first(answer: str) -> str | None:
    """The number that a statement begins with, of what it counts: 18 students like football but not tennis."""
    found = _COUNTED_FIRST.fullmatch(answer.strip(" *_."))
    unit = read_unit(found.group("noun")) if found else None
    counts = found is not None and not _NO_COUNT.search(found.group("rest")) and (unit is None or is_counted(unit))
    return found.group("value") if found and counts else None


def _given(form: Form) -> Form:
    """The number that an equation gives to a sum or a product of names: P + Q = 6."""
    if not isinstance(form, Equation) or not only_names(form.left):
        return form
    value = value_of(form.right)
    return Scalar(value) if value.rational else form


def only_names(node: Node) -> bool:
    """True for variables that are added, subtracted or multiplied, without any number."""
    if node[0] in ("+", "*", "neg", "f"):
        return all(only_names(child) for child in node[1:] if isinstance(child, tuple)) and node[:2] != ("f", "sqrt")
    return node[0] in ("v", "call")


def _same_but_scale(gold: Scalar, answer: Scalar, asked: int | None) -> bool:
    """A word such as million behind the answer, where the gold is a number alone: the unit of its axis, left out there.

    `asked` is the scale that the question's unit names.
    """
    if answer.scale == 1 or gold.scale != 1 or gold.percent is not None or asked not in (None, answer.scale):
        return False
    if gold.unit is not None and (asked is None or not same_unit(gold.unit, answer.unit)):
        return False
    return answer.value.real is not None and gold.value.real == answer.value.real / answer.scale


def judge_text(gold: str, answer: str) -> bool:
    """Texts; plain numbers, lists of them and times of day also by their values."""
    if text_key(gold) == text_key(answer):
        return bool(text_key(gold))
    if text.same_bearing(gold, answer) or text.same_letters(gold, answer) or text.same_with_note(gold, answer):
        return True
    known, found = clean(gold), clean(answer)
    if len(found) > _PLAIN_LENGTH:
        return False
    if _LITERAL.fullmatch(known) and _LITERAL.fullmatch(found):
        return Fraction(known.replace(",", "")) == Fraction(found.replace(",", ""))
    if _LITERALS.fullmatch(known):
        return judge_tuple(gold, answer) if known.startswith("(") else judge_list(gold, answer)
    times = (text.time_key(gold), text.time_key(answer)) if _CLOCK.fullmatch(known) else (None, None)
    return times[0] is not None and times[1] is not None and text.same_time(times[0], times[1])


def _as_items(form: Form) -> Items | None:
    if isinstance(form, Items):
        return form
    return Items((form,)) if isinstance(form, Scalar | Words | Matrix | Colon) else None


def judge_set(gold: str, answer: str) -> bool:
    """Members in any order; a pair in round or square brackets is no set."""
    known, found = read(gold, EXPRESSIONS), read(answer, EXPRESSIONS)
    if isinstance(known, Region) or isinstance(found, Region):
        return same_region(known, found)
    left, right = _as_items(known), _as_items(found)
    if left is None or right is None:
        return same(known, found)
    if right.brackets == "()" or (right.brackets == "[]" and len(right.forms) == 2 and not any(right.texts)):
        return same_items(left, right) and left.brackets == right.brackets
    return same_unordered(left, right)


def judge_list(gold: str, answer: str) -> bool:
    """Entries in order, with or without brackets; 2007-2008 is the list of its two ends."""
    known, found = _as_items(read(gold, EXPRESSIONS)), _as_items(read(answer, EXPRESSIONS))
    if known is None or found is None:
        return same(read(gold, EXPRESSIONS), read(answer, EXPRESSIONS))
    if found.joiner == "or" or (found.brackets == "{}" and known.brackets != "{}"):
        return False
    ends = _RANGE.fullmatch(clean(answer))
    if ends and len(known.forms) == 2:
        found = Items(tuple(Scalar(rational(Fraction(end))) for end in ends.groups()))
    return same_ordered(known, found)


def judge_tuple(gold: str, answer: str) -> bool:
    """Entries in order, in round brackets or none; entries may be named."""
    known, found = read(gold, EXPRESSIONS), read(answer, EXPRESSIONS)
    if not isinstance(known, Items) or not isinstance(found, Items):
        return same(known, found)
    if known.brackets == "()" and found.brackets not in ("()", ""):
        return False
    return found.joiner == "," and same_ordered(known, found)


def judge_range(gold: str, answer: str) -> bool:
    """Intervals and inequalities, also in words."""
    known = read(gold, EXPRESSIONS)
    name = known.variable if isinstance(known, Region) else None
    found = read(with_signs(answer, name), EXPRESSIONS)
    if isinstance(known, Ordering) or isinstance(found, Ordering):
        return known == found
    if isinstance(known, Items) and known.brackets not in ("()", "[]"):
        return same(known, found)
    if isinstance(known, Scalar | Words):
        return same(known, found)
    return same_region(known, found)


def judge_equation(gold: str, answer: str) -> bool:
    """Equations up to rearrangement and a constant factor; x = 3 is also 3."""
    known, found = read(gold, EXPRESSION), read(answer, EXPRESSION)
    key = equation_key(known)
    if key is not None and key == equation_key(found):
        return True
    if isinstance(known, Scalar) and isinstance(found, Scalar):
        constant = known.sides is None or (known.value.real is not None and is_variable(known.label))
        return constant and same_scalar(known, found)
    if isinstance(known, Words):
        return text_key(gold) == text_key(answer)
    return isinstance(known, Items) and same(known, found)


def judge_assignment(gold: str, answer: str) -> bool:
    """Names with their values in any order; values alone in the gold's order."""
    known, found = read(gold, EXPRESSIONS), read(answer, EXPRESSIONS)
    left, right = _as_items(known), _as_items(found)
    if left is None or right is None or len(left.forms) == 1:
        return judge_equation(gold, answer)
    named = [_assignments(items) for items in (left, right)]
    if named[0] is None or named[1] is None:
        if left.joiner == "or" or right.joiner == "or":
            return same_unordered(left, right)
        return right.brackets in ("", "()") and same_ordered(left, right)
    mine, theirs = named[0], named[1]
    return mine.keys() == theirs.keys() and all(same_scalar(mine[name], theirs[name]) for name in mine)


def _assignments(items: Items) -> dict[str, Scalar] | None:
    named = {form.label: form for form, _ in flattened(items) if isinstance(form, Scalar) and form.label}
    return {name: form for name, form in named.items() if name} if len(named) == len(flattened(items)) else None


def judge_matrix(gold: str, answer: str) -> bool:
    """Entry by entry."""
    known, found = read(gold, EXPRESSIONS), read(answer, EXPRESSIONS)
    if isinstance(known, Matrix) and isinstance(found, Matrix):
        return same_matrix(known, found)
    return same(known, found)


def judge_ratio(gold: str, answer: str) -> bool:
    """Terms up to a common factor; a ratio of two terms is also their quotient."""
    known, found = (read(text.ratio_signs(said), EXPRESSION) for said in (gold, answer))
    return same_ratio(known, found) or judge_value(gold, answer, EXPRESSION, None)


def judge_time(gold: str, answer: str) -> bool:
    """Times of day, and lengths of time."""
    known, found = text.time_key(gold), text.time_key(answer)
    if known is None and isinstance(read(gold, QUANTITY), Scalar):  # how long, not when
        return judge_value(gold, answer, QUANTITY, None)
    if known is None:
        return judge_text(gold, answer)
    return found is not None and text.same_time(known, found)


def judge_date(gold: str, answer: str) -> bool:
    """Calendar dates."""
    known, found = text.date_key(gold), text.date_key(answer)
    if known is None:
        return text_key(gold) == text_key(answer)
    return known == found


def judge_year(gold: str, answer: str) -> bool:
    """Years, exactly, one or a list of them."""
    known, found = read(gold, QUANTITIES), read(answer, QUANTITIES)
    if isinstance(known, Items):
        return judge_list(gold, answer)
    year = text.year_of(gold)
    if year is None:
        return isinstance(found, Scalar) and same(known, found)
    return text.year_of(answer) == year or (isinstance(found, Scalar) and found.unit is None and same(known, found))


def judge_tolerant(gold: str, answer: str, near: Callable[[Fraction, Fraction], bool], unit: str | None) -> bool:
    """A number within the tolerance of the gold's type; other golds as text."""
    known, found = with_unit(read(gold, QUANTITY), unit), single(read(answer, QUANTITY), answer)
    if not isinstance(known, Scalar) or known.value.real is None:
        return judge_text(gold, answer)
    found = _quotient(_given(found))
    if not isinstance(found, Scalar) or found.value.real is None:
        return False
    if same_scalar(known, found):
        return True
    comparable = same_unit(known.unit, found.unit, exactly=True) and not names_differ(known.label, found.label)
    return comparable and any(near(target, stated) for target, stated in _readings(known, found))


def _readings(gold: Scalar, answer: Scalar) -> list[tuple[Fraction, Fraction]]:
    """The pairs of numbers that may be compared: the values, and 57% against 57 where one sign is absent."""
    target, stated = gold.value.real or Fraction(0), answer.value.real or Fraction(0)
    pairs = [(target, stated)]
    if gold.percent is not None and answer.percent is None and abs(stated) >= 1:
        pairs.append((gold.percent, stated))
    if answer.percent is not None and gold.percent is None and abs(answer.percent) >= 1:
        pairs.append((target, answer.percent))
    return pairs


def _quotient(form: Form) -> Form:
    """A ratio of two numbers as their quotient."""
    if isinstance(form, Colon) and len(form.values) == 2 and form.values[0].rational and form.values[1].real:
        return Scalar(rational((form.values[0].real or Fraction(0)) / form.values[1].real))
    return form


def judge_axis(gold: str, answer: str, near: Callable[[Fraction, Fraction], bool], unit: str | None) -> bool:
    """A number read from a chart whose axis may be in thousands, millions or billions: 687 million for 687.

    The gold of such a chart is the number at the axis. What the axis says is not known here, so that an answer with a
    scale word agrees with the number in front of it, and a whole number with its millions or billions.
    """
    known, found = with_unit(read(gold, QUANTITY), unit), single(read(answer, QUANTITY), answer)
    if not isinstance(known, Scalar) or not isinstance(found, Scalar) or known.scale != 1 or known.percent is not None:
        return False
    target, stated = known.value.real, found.value.real
    if not target or stated is None or not same_unit(known.unit, found.unit, exactly=True):
        return False
    if found.scale != 1:
        return _asked_scale(unit) in (None, found.scale) and near(target, stated / found.scale)
    return (
        stated.denominator == 1 and any(near(target, stated / scale) for scale in _AXES) and not 1000 <= target <= 2100
    )


def tolerance(kind: GoldType) -> Callable[[Fraction, Fraction], bool]:
    """`near(gold, answer)` of a tolerant type, in exact arithmetic and inclusive."""
    if kind.relative is not None:
        slack = kind.relative
        return lambda gold, answer: abs(answer - gold) <= slack * abs(gold)
    if kind.absolute is not None:
        margin = kind.absolute
        return lambda gold, answer: abs(answer - gold) <= margin
    places = kind.places or 0
    return lambda gold, answer: half_up(gold, places) == half_up(answer, places)


def half_up(value: Fraction, places: int) -> int:
    """`value` in units of the last decimal place, halves rounded away from zero."""
    scale: int = 10**places
    rounded = math.floor(abs(value) * scale + Fraction(1, 2))
    return rounded if value >= 0 else -rounded


_JUDGES: dict[str, Callable[[str, str], bool]] = {
    "text": judge_text,
    "set": judge_set,
    "list": judge_list,
    "tuple": judge_tuple,
    "interval": judge_range,
    "inequality": judge_range,
    "equation": judge_equation,
    "assignment": judge_assignment,
    "matrix": judge_matrix,
    "ratio": judge_ratio,
    "time": judge_time,
    "date": judge_date,
    "year": judge_year,
}


def agrees(gold: str, answer: str, kind: GoldType, unit: str | None = None) -> bool:
    """Whether `answer` states `gold` under `kind`, for all types but the choices; a sentence by the value it gives."""
    if agrees_itself(gold, answer, kind, unit):
        return True
    if answer.startswith(_TEX_WORDS):
        answer = " ".join(_IN_TEX_WORDS.sub(r"\1", answer).replace("\\ ", " ").split())
        if answer.replace(" ", "").isalpha() and agrees_itself(gold, answer, kind, unit):
            return True
    worded = answer.count(" ") >= 2 or not answer.isascii()
    given = sentence.value_of(answer, words=True) if worded and len(answer) <= MEMO_LENGTH else None
    given = given or (counted_first(answer) if worded and kind.name in NUMERIC else None)
    if given is None or given == answer or names_another(kind, answer, given, gold):
        return False
    return agrees_itself(gold, statement.plain(given), kind, unit)


def agrees_itself(gold: str, answer: str, kind: GoldType, unit: str | None) -> bool:
    """Whether the text as a whole states `gold`; not the value that it gives as a sentence."""
    try:
        if kind.name in ("relaxed", "float"):
            near = tolerance(kind)
            return judge_tolerant(gold, answer, near, unit) or (
                kind.name == "relaxed" and judge_axis(gold, answer, near, unit)
            )
        if kind.name in ("number", "expression"):
            return judge_value(gold, answer, QUANTITY if kind.name == "number" else EXPRESSION, unit)
        return _JUDGES[kind.name](gold, answer)
    except UnreadableError:
        return False


class Decision(NamedTuple):
    """A verdict, the rule and the reason; `unread` tells that the answer singled out no option."""

    correct: bool
    rule: str
    reason: str
    unread: bool = False


def _decided(answer: str, gold: str, kind: GoldType, choices: tuple[str, ...] | None, unit: str | None) -> Decision:
    if len(answer) > MAX_ANSWER or len(gold) > MAX_ANSWER:
        return Decision(False, "limit", f"longer than {MAX_ANSWER} characters")
    if kind.name in ("choice", "multichoice"):
        return choose(answer, gold, kind.name == "choice", choices)
    correct = agrees(gold, answer, kind, unit)
    return Decision(correct, kind.name, f"{'the same' if correct else 'not the same'} {kind.name} as the gold")


_remembered = memo(_decided)


def decide(answer: str, gold: str, kind: GoldType, choices: tuple[str, ...] | None, unit: str | None) -> Decision:
    """Whether the answer is the gold; an answer of many short ones is judged once."""
    short = len(answer) + len(gold) <= MEMO_LENGTH
    return (_remembered if short else _decided)(answer, gold, kind, choices, unit)


def choose(answer: str, gold: str, one: bool, choices: tuple[str, ...] | None) -> Decision:
    """Whether the options that the answer singles out are the gold's; with `one`, several are a hedge."""
    try:
        letters = multiple_choice.letters_of_gold(gold, choices)
    except UnreadableError:
        letters = frozenset()
    if not letters:
        return Decision(False, "choice", f"the gold {gold[:40]!r} names no option")
    chosen = multiple_choice.resolve(answer, choices)
    if one and len(chosen.letters) > 1:
        return Decision(False, "hedge", f"{chosen.reason} instead of one")
    correct = chosen.letters == letters
    wanted = ", ".join(sorted(letters))
    reason = chosen.reason if correct else f"{chosen.reason}; the gold is {wanted}"
    return Decision(correct, chosen.rule, reason, unread=chosen.reason == multiple_choice.UNREAD)


def names_another(kind: GoldType, said: str, part: str, gold: str) -> bool:
    """True for a value that the sentence gives to a name that the gold does not have: the 7 of y = 7 for x = 7."""
    name = named(said, part)[:1] if kind.name in _NAMING else ""
    return name != "" and name not in gold


def named(said: str, part: str) -> str:
    """The value with the name to which the sentence gives it, y = 7; "" where it gives it to none or to several."""
    found = re.findall(rf"[A-Za-z]\s?=\s?{re.escape(part)}", said) if part and "=" not in part else []
    return found[0] if len({one[0] for one in found}) == 1 else ""
