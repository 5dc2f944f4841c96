"""From the text of an answer to its form.

`read` never raises: what has no mathematical form is `Words`. The style says how letters after a number are read (as
variables or as units) and whether 1,234 is one number or two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from .expression import ANY_UNITS, NO_UNITS, UPRIGHT_UNITS, Node, parse
from .forms import Colon, Equation, Form, Items, Matrix, Scalar, Words, labelled, solves
from .inequality import read_inequality
from .lexer import Token, spell, tokenize
from .regions import NOTHING, Region, difference, intersection, interval, point_set, union
from .scalars import (
    OPEN,
    is_comma,
    is_heading,
    is_name,
    is_or,
    is_plain,
    is_relation,
    matching,
    read_compound,
    read_scalar,
    relation_signs,
    split_top,
    trimmed,
)
from .text import clean, text_key
from .types import (
    LONG_MEMO_SIZE,
    MAX_ANSWER,
    MAX_DEPTH,
    MAX_ITEMS,
    MEMO_LENGTH,
    TooMuchWorkError,
    UnreadableError,
    memo,
)
from .units import is_counted, is_currency
from .values import Value, rational
from .wording import described, without_ending


class Style(NamedTuple):
    """How to read: `units` as in `expression`; `grouped` takes 1,234 as one number."""

    units: int = ANY_UNITS
    grouped: bool = True


QUANTITY = Style(ANY_UNITS, True)
EXPRESSION = Style(UPRIGHT_UNITS, True)
QUANTITIES = Style(ANY_UNITS, False)
EXPRESSIONS = Style(UPRIGHT_UNITS, False)

_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_SPACED_THOUSANDS = re.compile(r"(-?\d{1,3})((?: \d{3})+)((?:\.\d+)?(?: [^\W\d_][^\d,;]*)?)")
_SPACED_IN_SUM = re.compile(r"(?<![\d.\\])\d{1,3}(?:(?: |\\,)\d{3})+(?![\d/]|\.\d| ?/)")
"""27 000 among the terms of a sum, in which two numbers never stand side by side."""
_COUNTED = re.compile(r"\d[\d,]*(?: [a-z]{3,20}){2,5}")
"""A number of things, 7 red blocks, which is no product of r, e and d."""
_LAKHS = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d\d)+,\d{3}(?![\d,])")
"""Thousands as they are grouped in India: 12,34,567."""
_BLANK = re.compile(r" |\\,")
_LISTED = re.compile(r"[(\[{;&|]|(?<!\\),")
_SYSTEMS = ("cases", "aligned", "gathered", "split", "align", "equation", "multline", "alignedat", "gather", "eqnarray")
_MOST_COLONS = 6  # numbers between colons
_SET_SIGNS = frozenset(("∪", "∩", "∈", "setminus"))
_PAIRS = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}
_BRACKETS = {"(": "()", "[": "[]", "{": "{}", "\\{": "{}"}


def read(text: str, style: Style = QUANTITY) -> Form:
    """Return the form of an answer's text."""
    if text[:1] == "$" and text[-1:] == "$" and text.count("$") == 2 and text[-2:-1] != "\\":
        text = text[1:-1]
    if _PLAIN.fullmatch(text):
        whole, _, decimals = text.partition(".")
        return Scalar(
            rational(Fraction(int(whole + decimals), 10 ** len(decimals)) if decimals else Fraction(int(whole)))
        )
    return (_remembered if len(text) <= MEMO_LENGTH else _remembered_long)(text, style)


def _read(text: str, style: Style) -> Form:
    if len(text) > MAX_ANSWER:
        return Words(text_key(text))
    try:
        tokens = without_ending(_tokens(text, style), variables=style.units != ANY_UNITS)
        compound = read_compound(spell(tokens)) if 3 <= len(tokens) <= 6 and tokens[0][0] == "num" else None
        form = compound or _structure(_unturned(tokens), style, 0)
    except UnreadableError:
        return Words(text_key(text))
    product = isinstance(form, Scalar) and form.value.real is None and _COUNTED.fullmatch(text)
    return Words(text_key(text)) if product else form


def _tokens(text: str, style: Style) -> list[Token]:
    """The tokens of an answer, 27 000 and 12,34,567 as one number."""
    cleaned = clean(text)
    return tokenize(_without_separators(cleaned) if style.grouped else cleaned, style.grouped)


def _without_separators(cleaned: str) -> str:
    spaced = _SPACED_THOUSANDS.fullmatch(cleaned)
    if spaced:
        return spaced.group(1) + spaced.group(2).replace(" ", "") + spaced.group(3)
    if "," in cleaned:
        cleaned = _LAKHS.sub(lambda found: found.group().replace(",", ""), cleaned)
    if "=" in cleaned and " " in cleaned and not _LISTED.search(cleaned):
        return _SPACED_IN_SUM.sub(lambda found: _BLANK.sub("", found.group()), cleaned)
    return cleaned


_remembered = memo(_read)
_remembered_long = memo(_read, LONG_MEMO_SIZE)  # a long answer is read again for each option


def _unturned(tokens: list[Token]) -> list[Token]:
    """]a, b[ as (a, b) where a sign between sets shows that it is an interval."""
    if not any(value in _SET_SIGNS for _, value, _ in tokens):
        return tokens
    signs = ["∪", *(value for _, value, _ in tokens), "∪"]
    unturned = list(tokens)
    for index, (kind, value, spaced) in enumerate(tokens):
        if value == "]" and signs[index] in _SET_SIGNS:
            unturned[index] = (kind, "(", spaced)
        elif value == "[" and signs[index + 2] in _SET_SIGNS:
            unturned[index] = (kind, ")", spaced)
    return unturned


def read_worded(text: str, style: Style = QUANTITY) -> Form:
    """`read`, and a value with words around it by its value: the year 2019, 7 blue bars, 12 cm long."""
    form = read(text, style)
    if not isinstance(form, Words | Items) or len(text) > MEMO_LENGTH:
        return form
    return _remembered_worded(text, style) or form


def _read_worded(text: str, style: Style) -> Scalar | None:
    try:
        parts = described(_tokens(text, style))
        if parts is None:
            return None
        core, unit = parts
        form = _structure(core, style, 1)
    except UnreadableError:
        return None
    if not isinstance(form, Scalar):
        return None
    if unit is None or form.unit is None:
        return form if unit is None else replace(form, unit=unit)
    return form if is_currency(form.unit) and is_counted(unit) else None  # $6 change


_remembered_worded = memo(_read_worded)


def _structure(tokens: list[Token], style: Style, depth: int) -> Form:
    if depth > MAX_DEPTH:
        raise TooMuchWorkError("nested too deep")
    tokens = trimmed(tokens)
    if not tokens:
        raise UnreadableError("nothing")
    if is_plain(tokens):
        return read_scalar(tokens, style.units)
    if tokens[0][1] == "]":
        return _single(tokens, style, depth)
    options = [piece for piece in split_top(tokens, is_or) if piece]
    if len(options) > 1:
        return _alternatives(options, style, depth)
    if not options:
        raise UnreadableError("nothing but separators")
    pieces = split_top(options[0], is_comma)
    if len(pieces) > 1:
        return _listed(pieces, style, depth)
    return _single(options[0], style, depth)


def _forms(pieces: list[list[Token]], style: Style, depth: int) -> tuple[Form, ...]:
    if len(pieces) > MAX_ITEMS:
        raise TooMuchWorkError("too many items")
    return tuple(_item(piece, style, depth + 1) for piece in pieces)


def _texts(pieces: list[list[Token]]) -> tuple[str, ...]:
    """The pieces as words, "" for those that are not words of three letters or more."""
    lettered = [all(kind in ("word", "upright") for kind, _, _ in piece) and len(spell(piece)) > 2 for piece in pieces]
    return tuple(text_key(spell(piece)) if words else "" for piece, words in zip(pieces, lettered, strict=True))


def _item(tokens: list[Token], style: Style, depth: int) -> Form:
    """One entry of a list; an entry without mathematical form is words."""
    try:
        return _structure(tokens, style, depth)
    except TooMuchWorkError:
        raise
    except UnreadableError:
        if not tokens:
            raise
        return Words(text_key(spell(tokens)))


def _alternatives(options: list[list[Token]], style: Style, depth: int) -> Form:
    forms = _forms(options, style, depth)
    regions = [form for form in forms if isinstance(form, Region)]
    if len(regions) == len(forms):
        total = regions[0]
        for region in regions[1:]:
            if region.variable != total.variable:
                return Items(forms, joiner="or")
            total = union(total, region)
        return total
    scalars = [form for form in forms if isinstance(form, Scalar)]
    if len(scalars) == len(forms) and len({(form.value.key, form.unit) for form in scalars}) == 1:
        return scalars[0]  # 1/2 or 0.5
    return Items(forms, joiner="or", texts=_texts(options))


def _listed(pieces: list[list[Token]], style: Style, depth: int) -> Form:
    kept = [piece for index, piece in enumerate(pieces) if piece or not 0 < index < len(pieces) - 1]
    forms = _forms(kept, style, depth)
    regions = [form for form in forms if isinstance(form, Region)]
    if len(regions) == len(forms) and len({region.variable for region in regions}) == 1 and regions[0].variable:
        total = regions[0]
        for region in regions[1:]:
            total = intersection(total, region)
        return total
    return Items(forms, texts=_texts(kept))


def _single(tokens: list[Token], style: Style, depth: int) -> Form:
    if tokens[0][1] == "begin" and tokens[0][0] == "cmd":
        return _matrix(tokens, style, depth)
    cut = split_top(tokens, is_relation)
    if len(cut) > 1:
        return _relation(tokens, cut, style, depth)
    for sign, combine in (("∪", union), ("∩", intersection), ("setminus", difference)):
        parts = split_top(tokens, partial(_is_sign, sign))
        if len(parts) > 1:
            return _combined(parts, combine, style, depth)
    bracketed = _bracketed(tokens, style, depth)
    if bracketed is not None:
        return bracketed
    colons = split_top(tokens, lambda token: token[1] == ":")
    if len(colons) > 1:
        return _colon(colons, style, depth)
    return read_scalar(tokens, style.units)


def _is_sign(sign: str, token: Token) -> bool:
    return token[1] == sign


def _combined(
    parts: list[list[Token]], combine: Callable[[Region, Region], Region], style: Style, depth: int
) -> Region:
    regions = [as_region(_structure(part, style, depth + 1)) for part in parts]
    total = regions[0]
    for region in regions[1:]:
        total = combine(total, region)
    return total


def as_region(form: Form) -> Region:
    """`form` as a set of real numbers. Raises UnreadableError where it is not one."""
    if isinstance(form, Region):
        return form
    if isinstance(form, Items) and form.brackets == "{}":
        return point_set([_value(item) for item in form.forms])
    if isinstance(form, Items) and form.brackets in ("()", "[]") and len(form.forms) == 2:
        low, high = (_value(item) for item in form.forms)
        closed = form.brackets == "[]"
        return interval(low, closed, high, closed).named(form.label)
    raise UnreadableError("not a set of real numbers")


def _value(form: Form) -> Value:
    if not isinstance(form, Scalar):
        raise UnreadableError("not a number")
    return form.value


def _bracketed(tokens: list[Token], style: Style, depth: int) -> Form | None:
    """A tuple, list, set or interval that takes up all the tokens, with a point's name before it; None for others."""
    label = None
    if len(tokens) > 3 and tokens[0][0] in ("word", "upright") and tokens[1][1] == "(" and tokens[0][1][0].isupper():
        label, tokens = tokens[0][1], tokens[1:]
    elif len(tokens) > 4 and tokens[0][0] == "word" and [token[1] for token in tokens[1:3]] == ["'", "("]:
        label, tokens = tokens[0][1] + "'", tokens[2:]
    opener, closer, inner = tokens[0][1], tokens[-1][1], tokens[1:-1]
    if opener in "[]" and (closer == "[" or [opener, closer] == ["]", "]"]):
        return _ends(inner, opener == "[", closer == "]", style, depth)
    if opener not in OPEN or matching(tokens) != len(tokens) - 1 or not inner:
        return NOTHING if [opener, closer] == ["\\{", "\\}"] and not inner else None
    if _PAIRS[opener] != closer:
        return _ends(inner, opener == "[", closer == "]", style, depth) if opener in "([" else None
    if inner[0][:2] == ("cmd", "begin") and inner[-4:][0][:2] == ("cmd", "end"):
        return _matrix(inner, style, depth)
    return _enclosed(opener, inner, label, Style(style.units, False), depth)


def _enclosed(opener: str, inner: list[Token], label: str | None, style: Style, depth: int) -> Form | None:
    """Entries between a pair of brackets; None where the brackets only group an expression."""
    if opener == "\\{":
        builder = split_top(inner, lambda token: token[1] in ("|", ":"))
        if len(builder) == 2 and all(builder):
            return as_region(_structure(builder[1], style, depth + 1))
    pieces = split_top(inner, is_comma)
    if opener == "(" and len(pieces) == 1:
        pieces = split_top(inner, _is_bar) if sum(map(_is_bar, inner)) == 1 else pieces
    if not all(pieces) or (len(pieces) < 2 and (label or opener in ("(", "{"))):
        return None
    return _rows(Items(_forms(pieces, style, depth), _BRACKETS[opener], label=label, texts=_texts(pieces)))


def _is_bar(token: Token) -> bool:
    """True for the sign between the coordinates of a point, in German: (-2 | 3)."""
    return token[1] == "|"


def _rows(items: Items) -> Form:
    """A list of lists of one length is a matrix."""
    rows = items.forms
    nested = [row for row in rows if isinstance(row, Items) and row.brackets == "[]"]
    if items.brackets == "[]" and len(nested) == len(rows) and len({len(row.forms) for row in nested}) == 1:
        return Matrix(tuple(row.forms for row in nested))
    return items


def _ends(inner: list[Token], low_closed: bool, high_closed: bool, style: Style, depth: int) -> Region:
    ends = split_top(inner, lambda token: token[1] in (",", ";"))
    if len(ends) != 2:
        raise UnreadableError("an interval has two ends")
    low, high = (_value(form) for form in _forms(ends, Style(style.units, False), depth))
    return interval(low, low_closed, high, high_closed)


def _matrix(tokens: list[Token], style: Style, depth: int) -> Form:
    names = ("pmatrix", "bmatrix", "matrix", "array", "Bmatrix", "vmatrix", "smallmatrix")
    name = tokens[2][1] if len(tokens) > 6 and tokens[1][1] == "{" else ""
    if name not in (*names, *_SYSTEMS) or [token[1] for token in tokens[-4:]] != ["end", "{", name, "}"]:
        raise UnreadableError("not a matrix")
    inner = tokens[4:-4]
    if name in _SYSTEMS and name != "cases":
        return _lines(inner, style, depth)
    if name == "array" and inner and inner[0][1] == "{":
        inner = inner[matching(inner) + 1 :]
    rows = [row for row in split_top(inner, lambda token: token[1] == "\\\\") if row]
    cells = [split_top(row, lambda token: token[0] == "op" and token[1] == "&") for row in rows]
    if name in _SYSTEMS:
        return Items(_forms([row for row in rows if row], style, depth))
    if name == "array" and [len(row) for row in cells] == [1]:
        return _structure(cells[0][0], style, depth + 1)
    if not cells or len({len(row) for row in cells}) != 1 or sum(map(len, cells)) > MAX_ITEMS:
        raise UnreadableError("rows of different lengths")
    forms = tuple(tuple(_item(cell, style, depth + 1) for cell in row) for row in cells)
    return Matrix(forms, "||" if name == "vmatrix" else "()")


def _lines(inner: list[Token], style: Style, depth: int) -> Form:
    """Lines of a display: a computation that goes on with an equals sign, else one statement a line."""
    inner = [token for token in inner if token[:2] != ("op", "&")]
    rows = [row for row in split_top(inner, lambda token: token[1] == "\\\\") if row]
    if all(row[0][1] in ("=", "≈") for row in rows[1:]):
        return _structure([token for row in rows for token in row], style, depth + 1)
    forms = _forms(rows, style, depth)
    return forms[-1] if _derives(forms) else Items(forms)


def _derives(forms: tuple[Form, ...]) -> bool:
    """True for equations of one variable with its value in the last line, which solves all of them: 3x = 21, x = 7."""
    last = forms[-1]
    if not isinstance(last, Scalar) or not last.label or last.value.real is None:
        return False
    return all(
        isinstance(form, Equation) and solves(last.label, last.value.real, form.left, form.right) for form in forms[:-1]
    )


def _colon(parts: list[list[Token]], style: Style, depth: int) -> Form:
    """Numbers between colons, or a heading before a value ("Perimeter: 24")."""
    heading = parts[0]
    if is_heading(heading):
        return labelled(_structure([t for part in parts[1:] for t in part], style, depth + 1), spell(heading))
    if not all(parts) or len(parts) > _MOST_COLONS:
        raise UnreadableError("colons")
    return Colon(tuple(_value(read_scalar(part, NO_UNITS)) for part in parts))


def _relation(tokens: list[Token], operands: list[list[Token]], style: Style, depth: int) -> Form:
    signs = relation_signs(tokens)
    if not all(operands):
        raise UnreadableError("a relation without a side")
    if set(signs) <= {"=", "≈"}:
        return _equality(operands, signs, style, depth)
    if signs == ["∈"]:
        inner = _structure(operands[1], style, depth + 1)
        listed = isinstance(inner, Items) and inner.brackets == "{}"
        return labelled(inner if listed else as_region(inner), spell(operands[0]))
    nodes = [parse(operand)[0] for operand in operands]
    return read_inequality(nodes, signs)


def _equality(operands: list[list[Token]], signs: list[str], style: Style, depth: int) -> Form:
    if len(operands) == 2 and is_name(operands[1]) and not is_name(operands[0]):
        operands = operands[::-1]
    if is_name(operands[0]):
        sides = _sides(operands[0], operands[-1]) if len(operands) == 2 else None
        form = _same_value(operands[1:], signs[1:], style, depth)
        if isinstance(form, Scalar):
            form = replace(form, sides=sides)
        return labelled(form, spell(operands[0]).replace(" ", ""))
    sides = _sides(operands[0], operands[1])
    if len(operands) == 2 and sides is not None and (_has_variable(sides[0]) or _has_variable(sides[1])):
        return Equation(*sides)
    return _same_value(operands, signs, style, depth)


def _has_variable(node: Node) -> bool:
    return node[0] in ("v", "call") or any(isinstance(child, tuple) and _has_variable(child) for child in node[1:])


def _sides(left: list[Token], right: list[Token]) -> tuple[Node, Node] | None:
    try:
        return parse(left, UPRIGHT_UNITS)[0], parse(right, UPRIGHT_UNITS)[0]
    except UnreadableError:
        return None


def _same_value(operands: list[list[Token]], signs: list[str], style: Style, depth: int) -> Form:
    """A computation such as 6/2 = 3: its value if all sides agree; what stands after a sign "about" is not compared."""
    exact = operands[: signs.index("≈") + 1] if "≈" in signs else operands
    forms = [_structure(operand, style, depth + 1) for operand in exact]
    if len(forms) > 1 and len({_value(form).key for form in forms}) > 1:
        raise UnreadableError("sides that differ")
    return forms[-1]
