"""When two forms are the same answer, under the rules for units, percent signs, names and brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from .forms import Colon, Equation, Form, Items, Matrix, Ordering, Scalar, Words, equation_key
from .reading import as_region
from .regions import Region
from .types import UnreadableError
from .units import Unit, comparable, read_unit
from .values import Value, rational, value_of

_NAME = re.compile(r"\\?[A-Za-z]+(?:_.{1,8})?'*")
_SUBSCRIPT = re.compile(r"_.*|'+|\d+$")
_DEGREE = read_unit("°")


def is_variable(name: str | None) -> bool:
    """True for the name of a variable (x, x_1, \\theta), false for a heading (Area) or a product of letters (xy)."""
    if name is None or not _NAME.fullmatch(name):
        return False
    return len(name.rstrip("'")) == 1 or name[0] == "\\" or "_" in name


def names_differ(first: str | None, second: str | None) -> bool:
    """True if both are names of variables and not the same one; headings never differ."""
    return first != second and is_variable(first) and is_variable(second)


def same_scalar(gold: Scalar, answer: Scalar) -> bool:
    """Equal values after conversion of units; a unit, a name or a percent sign may be absent on one side."""
    if names_differ(gold.label, answer.label):
        return False
    factor = comparable(gold.unit, answer.unit)
    if factor is None:
        return False
    if factor == 1:
        if gold.value.key == answer.value.key:
            return not (_turned(gold, answer) or _turned(answer, gold))
        return _percent_dropped(gold, answer) or _same_angle(gold, answer) or _same_angle(answer, gold)
    known, found = gold.value.real, answer.value.real
    return gold.value.rational and answer.value.rational and known == (found or 0) * factor


def _percent_dropped(gold: Scalar, answer: Scalar) -> bool:
    """50% against 50, where only one side has the sign; a number below one is no percentage without its sign."""
    if (gold.percent is None) == (answer.percent is None):
        return False
    signed, other = (gold, answer) if gold.percent is not None else (answer, gold)
    if other.unit is not None:
        return False
    number = signed.percent or Fraction(0)
    return number == other.value.real and abs(number) >= 1


def _same_angle(degrees: Scalar, radians: Scalar) -> bool:
    """An angle with a degree sign against the same angle as a multiple of pi."""
    if radians.unit == _DEGREE or radians.value.rational:
        return False
    angle = in_radians(degrees)
    return angle is not None and angle.key == radians.value.key


def in_radians(angle: Scalar) -> Value | None:
    """The value in radians of an angle that is given with a degree sign; None for anything else."""
    if angle.unit != _DEGREE or angle.value.real is None:
        return None
    return value_of(("deg", ("n", angle.value.real)))


def _turned(degrees: Scalar, bare: Scalar) -> bool:
    """A degree sign on a multiple of pi is no angle in radians."""
    return degrees.unit == _DEGREE and bare.unit is None and not degrees.value.rational


def same_unit(gold: Unit | None, answer: Unit | None, exactly: bool = False) -> bool:
    """True unless both are given and measure different things, or `exactly` and they need a conversion."""
    factor = comparable(gold, answer)
    return factor == 1 if exactly else factor is not None


def same(gold: Form, answer: Form) -> bool:
    """Whether two forms state the same answer, each as it is written."""
    if isinstance(gold, Region) or isinstance(answer, Region):
        return same_region(gold, answer)
    if isinstance(gold, Ordering | Words):
        return gold == answer
    return _same_kind(gold, answer) or _same_equation(gold, answer)


def _same_kind(gold: Form, answer: Form) -> bool:
    if isinstance(gold, Scalar) and isinstance(answer, Scalar):
        return same_scalar(gold, answer)
    if isinstance(gold, Items) and isinstance(answer, Items):
        return same_items(gold, answer)
    if isinstance(gold, Colon) and isinstance(answer, Colon):
        return [value.key for value in gold.values] == [value.key for value in answer.values]
    return isinstance(gold, Matrix) and isinstance(answer, Matrix) and same_matrix(gold, answer)


def _same_equation(gold: Form, answer: Form) -> bool:
    if not (isinstance(gold, Equation) or isinstance(answer, Equation) or (_named(gold) and _named(answer))):
        return False
    key = equation_key(gold)
    return key is not None and key == equation_key(answer)


def _named(form: Form) -> bool:
    return isinstance(form, Scalar) and form.sides is not None


def same_items(gold: Items, answer: Items) -> bool:
    """Lists and tuples by position; sets and alternatives without order."""
    if "{}" in (gold.brackets, answer.brackets) or "or" in (gold.joiner, answer.joiner):
        unordered = all(items.brackets in ("{}", "") for items in (gold, answer))
        return unordered and same_unordered(gold, answer)
    return same_ordered(gold, answer)


def _entries(items: Items) -> list[tuple[Form, str]]:
    texts = items.texts or ("",) * len(items.forms)
    return list(zip(items.forms, texts, strict=True))


def same_entry(gold: tuple[Form, str], answer: tuple[Form, str]) -> bool:
    """Two entries of lists: by their words where both are written in letters, else by their forms."""
    return (bool(gold[1]) and gold[1] == answer[1]) or same(gold[0], answer[0])


def same_ordered(gold: Items, answer: Items) -> bool:
    """Entry by entry."""
    left, right = _entries(gold), _entries(answer)
    return len(left) == len(right) and all(map(same_entry, left, right))


def flattened(items: Items) -> list[tuple[Form, str]]:
    """The entries, with plus-minus pairs and alternatives spread out."""
    entries: list[tuple[Form, str]] = []
    for form, text in _entries(items):
        if isinstance(form, Items) and form.joiner == "or" and not form.brackets:
            entries += [(_relabelled(inner, form.label), t) for inner, t in flattened(form)]
        else:
            entries.append((form, text))
    return entries


def _relabelled(form: Form, label: str | None) -> Form:
    return Scalar(form.value, form.unit, label, form.percent) if isinstance(form, Scalar) and label else form


def _bases(entries: Sequence[tuple[Form, str]]) -> set[str]:
    """The names of the variables whose values are listed, without subscripts: x for x_1 and x_2."""
    labels = (form.label for form, _ in entries if isinstance(form, Scalar) and form.label)
    return {_SUBSCRIPT.sub("", label) for label in labels}


def same_unordered(gold: Items, answer: Items) -> bool:
    """The same members, whatever their order and repetition; all of them values of one variable."""
    left, right = flattened(gold), flattened(answer)
    known, found = _bases(left), _bases(right)
    if len(known) <= 1 and (len(found) > 1 or (known and found and known != found)):
        return False
    if "or" in (gold.joiner, answer.joiner) and any(isinstance(form, Words) for form, _ in (*left, *right)):
        return False
    bare = [[(_relabelled_none(form), text) for form, text in side] for side in (left, right)]
    return _each_in_the_other(*bare)


def _relabelled_none(form: Form) -> Form:
    return Scalar(form.value, form.unit, None, form.percent) if isinstance(form, Scalar) else form


def _each_in_the_other(these: list[tuple[Form, str]], those: list[tuple[Form, str]]) -> bool:
    """Every entry has its equal on the other side; two entries are compared once, or nested sets would take for ever."""

    @cache
    def equal(this: int, that: int) -> bool:
        return same_entry(these[this], those[that])

    rows, columns = range(len(these)), range(len(those))
    return all(any(equal(row, column) for column in columns) for row in rows) and all(
        any(equal(row, column) for row in rows) for column in columns
    )


def same_region(gold: Form, answer: Form) -> bool:
    """Equal sets of real numbers; (a, b) and [a, b] are read as intervals, {a, b} as points."""
    try:
        known, found = as_region(gold), as_region(answer)
    except UnreadableError:
        return False
    return known.key == found.key and not names_differ(known.variable, found.variable)


def same_matrix(gold: Matrix, answer: Matrix) -> bool:
    """Entry by entry; a determinant is no matrix."""
    if gold.fence != answer.fence or [len(row) for row in gold.rows] != [len(row) for row in answer.rows]:
        return False
    left, right = ([entry for row in matrix.rows for entry in row] for matrix in (gold, answer))
    return all(map(same, left, right))


def scaled(values: Sequence[Value]) -> tuple[object, ...] | None:
    """A ratio up to a common factor: every term over the first one that is not zero."""
    reals = [value.real for value in values]
    if any(real is None for real in reals):
        return None
    first = next((real for real in reals if real), None)
    if first is None:
        return None
    return tuple(_rounded((real or Fraction(0)) / first) for real in reals)


def same_ratio(gold: Form, answer: Form) -> bool:
    """Ratios up to a common factor; a ratio of two terms is also their quotient."""
    known, found = _terms(gold), _terms(answer)
    if known is None or found is None or len(known) != len(found):
        return False
    return scaled(known) is not None and scaled(known) == scaled(found)


def _terms(form: Form) -> tuple[Value, ...] | None:
    if isinstance(form, Colon):
        return form.values
    return (form.value, rational(Fraction(1))) if isinstance(form, Scalar) else None


def _rounded(ratio: Fraction) -> Fraction:
    """Terms that are not exact agree to 40 digits."""
    return ratio if ratio.denominator < 10**15 else Fraction(round(ratio * 10**40), 10**40)
