"""Pairs of answers of every kind, with the oracle's word on whether they are equal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

import sympy

from . import trees
from .oracle import UndecidedError, in_field, same_constant, same_function, same_rational_function, value
from .spelling import STYLES, number_spellings, spelled
from .trees import Tree, number, rewritten, spoiled


class Pair(NamedTuple):
    """A gold and an answer of one kind, and whether the answer is right."""

    kind: str
    gold_type: str
    gold: str
    answer: str
    equal: bool


def _twin(draw: random.Random, tree: Tree, names: tuple[str, ...] = (), chance: float = 0.35) -> Tree:
    """The tree rewritten, and spoiled before that for every other pair."""
    changed = spoiled(draw, tree, names) if draw.random() < 0.5 else tree
    return rewritten(draw, changed, chance)


def _too_large(*all_trees: Tree) -> bool:
    return any(str(tree).count("(") > 60 for tree in all_trees)


def _compared(
    draw: random.Random,
    kind: str,
    one: Tree,
    other: Tree,
    same: Callable[..., bool],
    *more: object,
    gold_type: str = "expression",
) -> Pair:
    if _too_large(one, other):
        raise UndecidedError("large")
    return Pair(kind, gold_type, spelled(draw, one), spelled(draw, other), same(one, other, *more))


def numbers(draw: random.Random) -> Pair:
    """Two spellings of one number, or of two."""
    size = draw.choice(
        (
            Fraction(draw.randint(0, 10 ** draw.randint(1, 9))),
            trees.ratio(draw)[1],
            Fraction(draw.randint(1, 10**5), 10 ** draw.randint(1, 6)),
        )
    )
    first = draw.choice((1, 1, -1)) * size
    other = trees.spoiled(draw, number(first))[1] if draw.random() < 0.5 else first
    if other in (first * 100, first / 100) and first:
        raise UndecidedError("a percent sign may be absent")
    texts = [draw.choice(number_spellings(draw, each, draw.choice(STYLES)))[0] for each in (first, other)]
    for index, each in enumerate((first, other)):
        finite = [
            text
            for text, _ in number_spellings(draw, each * 100, "latex")
            if "\\" not in text and "/" not in text and " " not in text
        ]
        if finite and draw.random() < 0.15 and abs(each) >= Fraction(1, 100):
            texts[index] = draw.choice(finite) + draw.choice(("\\%", "%", " \\%", " percent"))
    return Pair("number", draw.choice(("number", "expression")), *texts, value(number(first)) == value(number(other)))


def rationals(draw: random.Random) -> Pair:
    """Computations with rational numbers."""
    one = trees.rational(draw, draw.randint(1, 3))
    return _compared(draw, "rational", one, _twin(draw, one), same_constant)


def constants(draw: random.Random) -> Pair:
    """Roots, pi, e, logarithms, trigonometric, inverse and hyperbolic functions."""
    one = trees.constant(draw, draw.randint(1, 2))
    return _compared(draw, "constant", one, _twin(draw, one), same_constant)


def complex_numbers(draw: random.Random) -> Pair:
    """Complex numbers."""
    one = trees.complex_number(draw, draw.randint(1, 2))
    return _compared(draw, "complex", one, _twin(draw, one), same_constant)


def _names(draw: random.Random, most: int = 3) -> tuple[str, ...]:
    return tuple(draw.sample(trees.NAMES, draw.randint(1, most)))


def polynomials(draw: random.Random) -> Pair:
    """Polynomials, expanded, factored, rearranged."""
    names = _names(draw)
    one = trees.polynomial(draw, names, draw.randint(1, 3))
    other = _twin(draw, one, names, 0.5)
    return _compared(draw, "polynomial", one, other, same_rational_function, names)


def expansions(draw: random.Random) -> Pair:
    """A polynomial as it stands, and its coefficients as sympy expands it."""
    names = _names(draw, 2)
    one = trees.polynomial(draw, names, draw.randint(2, 3))
    changed = spoiled(draw, one, names) if draw.random() < 0.5 else one
    terms = list(in_field(changed, names).numer.terms())
    if not terms or len(terms) > 12 or in_field(changed, names).denom != 1:
        raise UndecidedError("not a short polynomial")
    monomials: list[Tree] = []
    for exponents, coefficient in terms:
        powers = [
            ("^", ("v", name), number(n)) if n > 1 else ("v", name)
            for name, n in zip(names, exponents, strict=True)
            if n
        ]
        size = Fraction(abs(int(coefficient.numerator)), int(coefficient.denominator))
        factors = [*([] if size == 1 and powers else [number(size)]), *powers]
        term: Tree = ("*", *factors) if len(factors) > 1 else factors[0]
        monomials.append(term if coefficient > 0 else ("neg", term))
    draw.shuffle(monomials)
    other: Tree = ("+", *monomials) if len(monomials) > 1 else monomials[0]
    pair = [one, other]
    draw.shuffle(pair)
    return _compared(draw, "expansion", pair[0], pair[1], same_rational_function, names)


def fractions(draw: random.Random) -> Pair:
    """Rational functions."""
    names = _names(draw, 2)
    one = trees.fraction(draw, names, draw.randint(1, 2))
    return _compared(draw, "rational function", one, _twin(draw, one, names), same_rational_function, names)


def functions(draw: random.Random) -> Pair:
    """Roots, logarithms, exponentials, absolute values and trigonometric functions of variables."""
    names = _names(draw, 2)
    one = trees.function(draw, names, draw.randint(1, 2))
    other = _twin(draw, one, names)
    return _compared(draw, "function", one, other, same_function, names)


def equations(draw: random.Random) -> Pair:
    """Equations in two or three variables, equal up to a factor."""
    names = tuple(draw.sample(("x", "y", "z", "a", "b", "t"), draw.randint(2, 3)))
    left, right = (trees.polynomial(draw, names, draw.randint(1, 2)) for _ in range(2))
    factor = number(draw.choice((1, 1, 2, -1, Fraction(3, 2))))
    moved = trees.polynomial(draw, names, 0)
    changed = spoiled(draw, left, names) if draw.random() < 0.5 else left
    sides = [("*", factor, ("+", side, moved)) if factor[1] != 1 else ("+", side, moved) for side in (changed, right)]
    sides = [rewritten(draw, side, 0.25) for side in sides]
    draw.shuffle(sides)
    differences = [in_field(("+", a, ("neg", b)), names) for a, b in ((left, right), sides)]
    used = [
        [any(monomial[index] for monomial, _ in each.numer.terms()) for each in differences]
        for index in range(len(names))
    ]
    if (
        any(_divides_twice(side) for side in sides)
        or not all(differences)
        or not all(map(all, used))
        or _too_large(*sides)
    ):
        raise UndecidedError("not an equation in all the variables")
    quotient = differences[1] / differences[0]
    equal = quotient.numer.is_ground and quotient.denom.is_ground
    texts = [
        f"{spelled(draw, a)}{draw.choice(('=', ' = '))}{spelled(draw, b)}" for a, b in ((left, right), tuple(sides))
    ]
    if any(_is_definition(text) for text in texts):
        raise UndecidedError("a name and its value")
    return Pair("equation", "equation", *texts, equal)


def _divides_twice(tree: Tree, below: bool = False) -> bool:
    """True for a denominator with a variable inside of a denominator: that is not multiplied out."""
    kind, *rest = tree
    children = [child for child in rest if isinstance(child, tuple)]
    if kind == "/" or (kind == "^" and rest[1][0] != "n") or (kind == "^" and rest[1][1] < 0):
        return below or any(_divides_twice(child, True) for child in children)
    return any(_divides_twice(child, below) for child in children)


def _is_definition(text: str) -> bool:
    """A variable alone on one side: that is judged as its value, too."""
    return any(len(side.strip().strip("()")) <= 2 for side in text.split("="))


def _end(draw: random.Random) -> Tree:
    return draw.choice(
        (
            trees.whole(draw, -9, 9),
            trees.whole(draw, -9, 9),
            trees.ratio(draw),
            trees.surd(draw),
            ("neg", trees.surd(draw)),
            trees.PI,
        )
    )


_SIGNS = {
    "<": ("<", "\\lt "), "<=": ("\\le ", "\\leq ", "≤", "<=", "\\leqslant "), ">": (">", "\\gt "),
    ">=": ("\\ge ", "\\geq ", "≥", ">=", "\\geqslant "),
}  # fmt: skip
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
Piece = tuple[Tree | None, bool, Tree | None, bool]  # low end, closed, high end, closed


def _piece(draw: random.Random) -> Piece:
    low, high = sorted((_end(draw) for _ in range(2)), key=lambda end: float(value(end)))
    if value(low) == value(high):
        raise UndecidedError("empty")
    missing = draw.choice(("low", "high", "", "", ""))
    return (
        None if missing == "low" else low, missing != "low" and draw.random() < 0.5,
        None if missing == "high" else high, missing != "high" and draw.random() < 0.5,
    )  # fmt: skip


def _region(pieces: list[Piece]) -> sympy.Set:
    ends = [[None if end is None else value(end) for end in (low, high)] for low, _, high, _ in pieces]
    return sympy.Union(*(
        sympy.Interval(-sympy.oo if low is None else low, sympy.oo if high is None else high, not closed, not also)
        for (low, high), (_, closed, _, also) in zip(ends, pieces, strict=True)
    ))  # fmt: skip


def _range_text(draw: random.Random, piece: Piece, name: str, brackets: bool) -> str:
    low, closed, high, also = piece
    if brackets:
        infinite = draw.choice(("\\infty", "∞"))
        left = draw.choice(("-", "−")) + infinite if low is None else spelled(draw, low)
        right = draw.choice(("", "+")) + infinite if high is None else spelled(draw, high)
        opener, closer = "[" if closed else "(", "]" if also else ")"
        if draw.random() < 0.1 and not (closed and also):
            opener, closer = "[" if closed else "]", "]" if also else "["
        size = draw.choice((("", ""), ("", ""), ("\\left", "\\right")))
        return f"{size[0]}{opener}{left}{draw.choice((',', ', '))}{right}{size[1]}{closer}"
    signs = ["<=" if closed else "<", "<=" if also else "<"]
    sides = [None if low is None else spelled(draw, low), name, None if high is None else spelled(draw, high)]
    factor = draw.choice((1, 1, 1, 2, -1, -3))
    shift = draw.choice((0, 0, 4, -5))
    if factor != 1 or shift:
        form: Tree = ("+", ("*", number(factor), ("v", name)), number(shift))
        sides = [
            spelled(draw, ("+", ("*", number(factor), low), number(shift))) if low else None, spelled(draw, form),
            spelled(draw, ("+", ("*", number(factor), high), number(shift))) if high else None,
        ]  # fmt: skip
        if factor < 0:
            signs = [_MIRROR[sign] for sign in signs]
    if draw.random() < 0.4:
        sides, signs = sides[::-1], [_MIRROR[sign] for sign in signs[::-1]]
    text = [sides[1] or ""]
    if sides[0] is not None:
        text = [sides[0], draw.choice(_SIGNS[signs[0]]), *text]
    if sides[2] is not None:
        text = [*text, draw.choice(_SIGNS[signs[1]]), sides[2]]
    return draw.choice(("", " ")).join(text)


def ranges(draw: random.Random) -> Pair:
    """Intervals, inequalities and unions of them."""
    pieces = [_piece(draw) for _ in range(draw.choice((1, 1, 2)))]
    others = list(pieces)
    if draw.random() < 0.6:
        at = draw.randrange(len(others))
        low, closed, high, also = others[at]
        change = draw.choice(("open", "low", "high"))
        if change == "open":
            others[at] = (low, closed != (low is not None), high, also)
        elif change == "low" and low is not None:
            others[at] = (spoiled(draw, low), closed, high, also)
        elif high is not None:
            others[at] = (low, closed, spoiled(draw, high), also)
    for low, _, high, _ in others:
        ends = [value(end) for end in (low, high) if end is not None]
        if not all(end.is_real for end in ends) or ends != sorted(set(ends)):
            raise UndecidedError("empty")
    draw.shuffle(others)
    texts = []
    name = draw.choice(("x", "x", "y", "t"))
    for each in (pieces, others):
        brackets = draw.random() < 0.5
        joiner = (
            draw.choice(("\\cup ", " \\cup ", "∪")) if brackets else draw.choice((" or ", "\\text{ or }", " \\lor "))
        )
        text = joiner.join(_range_text(draw, piece, name, brackets) for piece in each)
        if brackets and draw.random() < 0.2:
            text = name + draw.choice(("∈", " \\in ")) + text
        elif not brackets and draw.random() < 0.15:
            text = "\\{" + name + draw.choice((" \\mid ", "|", ":")) + text + "\\}"
        texts.append(text)
    one, other = _region(pieces), _region(others)
    return Pair("range", draw.choice(("interval", "inequality")), *texts, one == other)


def _members(draw: random.Random, count: int) -> list[Tree]:
    return [
        draw.choice((trees.whole(draw, -20, 20), trees.ratio(draw), trees.surd(draw), trees.constant(draw, 1)))
        for _ in range(count)
    ]


def collections(draw: random.Random) -> Pair:
    """Sets, tuples and lists of constants."""
    gold_type = draw.choice(("set", "tuple", "list"))
    members = _members(draw, draw.randint(2, 4))
    others = [rewritten(draw, member, 0.2) for member in members]
    change = draw.choice(("", "", "spoil", "swap", "drop"))
    if change == "spoil":
        at = draw.randrange(len(others))
        others[at] = spoiled(draw, others[at])
    elif change == "swap":
        draw.shuffle(others)
    elif change == "drop" and len(others) > 2:
        others.pop()
    if any(value(member).has(sympy.I) for member in (*members, *others)):
        raise UndecidedError("complex")
    fences = {"set": (("\\{", "\\}"),), "tuple": (("(", ")"), ("\\left(", "\\right)")), "list": (("[", "]"),)}[
        gold_type
    ]
    texts = []
    for each in (members, others):
        opener, closer = draw.choice(fences)
        texts.append(opener + draw.choice((",", ", ")).join(spelled(draw, member) for member in each) + closer)
    if gold_type == "set":
        equal = all(any(same_constant(a, b) for b in others) for a in members) and all(
            any(same_constant(a, b) for a in members) for b in others
        )
    else:
        equal = len(members) == len(others) and all(map(same_constant, members, others))
    return Pair(gold_type, gold_type, *texts, equal)


def matrices(draw: random.Random) -> Pair:
    """Matrices of rational numbers, of constants, of polynomials."""
    rows, columns = draw.randint(1, 3), draw.randint(2, 3)
    entries = [
        draw.choice((trees.whole(draw, -9, 9), trees.ratio(draw), trees.surd(draw))) for _ in range(rows * columns)
    ]
    others = [rewritten(draw, entry, 0.2) for entry in entries]
    if draw.random() < 0.5:
        at = draw.randrange(len(others))
        others[at] = spoiled(draw, others[at])
    if draw.random() < 0.1:
        columns = columns if rows == columns else rows
    texts = []
    shapes = ((rows, len(entries) // rows), (len(entries) // columns, columns))
    for each, (_, width) in zip((entries, others), shapes, strict=True):
        cells = [spelled(draw, entry, draw.choice(("latex", "unicode"))) for entry in each]
        lines = [cells[index : index + width] for index in range(0, len(cells), width)]
        if draw.random() < 0.2 and len(lines) > 1:
            texts.append("[" + ", ".join(f"[{', '.join(line)}]" for line in lines) + "]")
        else:
            name = draw.choice(("pmatrix", "bmatrix", "matrix"))
            body = draw.choice((" \\\\ ", "\\\\")).join(" & ".join(line) for line in lines)
            texts.append(f"\\begin{{{name}}}{body}\\end{{{name}}}")
    one, other = (
        sympy.Matrix(*shape, [value(entry) for entry in each])
        for each, shape in zip((entries, others), shapes, strict=True)
    )
    equal = one.shape == other.shape and all(map(same_constant, entries, others))
    return Pair("matrix", "matrix", *texts, equal)


def ratios(draw: random.Random) -> Pair:
    """Ratios up to a factor."""
    terms = [Fraction(draw.randint(1, 12), draw.choice((1, 1, 1, 2))) for _ in range(draw.choice((2, 2, 3)))]
    factor = draw.choice((1, 2, 3, Fraction(1, 2)))
    others = [term * factor for term in terms]
    if draw.random() < 0.5:
        at = draw.randrange(len(others))
        others[at] += draw.choice((1, 2))
    scales = [sympy.Matrix([value(number(term)) for term in each]) for each in (terms, others)]
    texts = [
        draw.choice((":", " : ", "∶", "\\colon ")).join(spelled_simply(draw, term) for term in each)
        for each in (terms, others)
    ]
    return Pair("ratio", "ratio", *texts, sympy.Matrix.hstack(*scales).rank() == 1)


def spelled_simply(draw: random.Random, term: Fraction) -> str:
    """A term of a ratio."""
    return (
        str(term)
        if term.denominator == 1
        else draw.choice((f"\\frac{{{term.numerator}}}{{{term.denominator}}}", f"{float(term)}"))
    )


def plus_minus(draw: random.Random) -> Pair:
    """a plus or minus b against the set of both."""
    a, b = draw.choice((trees.whole(draw), trees.ratio(draw))), draw.choice((trees.surd(draw), trees.whole(draw)))
    c, d = (spoiled(draw, part) if draw.random() < 0.3 else part for part in (a, b))
    style = draw.choice(STYLES)
    sign = {"latex": "\\pm ", "plain": "±", "unicode": "±"}[style]
    if draw.random() < 0.3:
        gold = f"\\frac{{{spelled(draw, ('*', number(2), a), style)} {sign}{spelled(draw, ('*', number(2), b), style)}}}{{2}}"
    else:
        gold = f"{spelled(draw, a, style)}{sign}{spelled(draw, b, style)}"
    ends = [("+", c, d), ("+", c, ("neg", d))]
    draw.shuffle(ends)
    texts = [spelled(draw, end) for end in ends]
    answer = (
        draw.choice((", ", " or ", "\\text{ or }", " and ")).join(texts)
        if draw.random() < 0.7
        else "\\{" + ",".join(texts) + "\\}"
    )
    pair = [gold, answer]
    draw.shuffle(pair)
    members = [sympy.FiniteSet(value(p) + value(q), value(p) - value(q)) for p, q in ((a, b), (c, d))]
    return Pair("plus-minus", "set", *pair, members[0] == members[1])


_UNITS = {
    "meter": ("m", "\\text{ m}", " meters"), "kilometer": ("km", "\\text{ km}", " kilometers"),
    "millimeter": ("mm", "\\text{ mm}"), "centimeter": ("cm", "\\,\\mathrm{cm}", " cm"),
    "inch": (" in", " inches"),
    "foot": (" ft", " feet"), "mile": (" miles",), "yard": (" yards",), "gram": ("g", " grams"),
    "kilogram": ("kg", "\\text{ kg}"),
    "pound": (" lb",),
    "second": ("s", " seconds"), "minute": (" min", " minutes"), "hour": ("h", " hours"), "day": (" days",),
    "liter": ("L", " liters"), "joule": ("J",), "newton": ("N", "\\text{ N}"), "watt": ("W",),
    "degree": ("°", "^\\circ", "^{\\circ}", " degrees"),
}  # fmt: skip


def quantities(draw: random.Random) -> Pair:
    """Numbers with units, converted exactly."""
    from sympy.physics import units
    from sympy.physics.units.systems.si import SI

    def scale(name: str) -> tuple[sympy.Expr, sympy.Expr]:
        unit = getattr(units, name)
        dimension = sympy.Symbol("angle") if name == "degree" else SI.get_dimensional_expr(unit)
        return (sympy.Integer(1) if name == "degree" else unit.scale_factor), dimension

    power = draw.choice((1, 1, 1, 2, 3))
    lengths = ["meter", "kilometer", "centimeter", "millimeter", "inch", "foot", "mile", "yard"]
    names = [draw.choice(lengths if power > 1 else list(_UNITS))]
    names.append(draw.choice((names[0], draw.choice(lengths if power > 1 else list(_UNITS)))))
    (size, dimension), (other_size, other_dimension) = (scale(name) for name in names)
    first = Fraction(draw.randint(1, 500), draw.choice((1, 1, 2, 10, 100)))
    exact = (size / other_size) ** power if dimension == other_dimension else sympy.Integer(1)
    second = first * Fraction(int(exact.p), int(exact.q))
    if draw.random() < 0.4:
        second = spoiled(draw, number(second))[1]
    texts = []
    for each, name in zip((first, second), names, strict=True):
        unit = draw.choice(_UNITS[name])
        if power > 1 and not unit.strip().isalpha():
            unit = _UNITS[name][0] if _UNITS[name][0].strip().isalpha() else unit
        raised = {1: "", 2: draw.choice(("^2", "²")), 3: draw.choice(("^3", "³"))}[power]
        texts.append(
            draw.choice([text for text, _ in number_spellings(draw, each, "latex") if "e" not in text]) + unit + raised
        )
    equal = dimension == other_dimension and sympy.Rational(
        first.numerator, first.denominator
    ) * exact == sympy.Rational(second.numerator, second.denominator)
    return Pair("quantity", "number", *texts, bool(equal))


def angles(draw: random.Random) -> Pair:
    """Trigonometric functions of angles in degrees and in radians."""
    degrees = draw.randint(-12, 40) * draw.choice((5, 15, 15, 30))
    radians: Tree = ("*", number(Fraction(degrees, 180)), trees.PI)
    name = draw.choice(trees.TRIGONOMETRIC)
    other = _twin(draw, ("f", name, radians), (), 0.3)
    sign = draw.choice(("^\\circ", "^{\\circ}", "°", "\\degree"))
    text = (
        draw.choice((f"\\{name} {degrees}{sign}", f"\\{name}({degrees}{sign})", f"{name}({degrees}{sign})"))
        if degrees >= 0
        else f"\\{name}({degrees}{sign})"
    )
    pair = [text, spelled(draw, other)]
    equal = same_constant(("f", name, radians), other)
    draw.shuffle(pair)
    return Pair("angle", "expression", *pair, equal)


FAMILIES: dict[Callable[[random.Random], Pair], int] = {
    numbers: 4, rationals: 4, constants: 4, complex_numbers: 2, polynomials: 3, expansions: 3, fractions: 3, functions: 5,
    equations: 3, ranges: 4, collections: 3, matrices: 2, ratios: 1, plus_minus: 1, quantities: 2, angles: 1,
}  # fmt: skip


def pairs(seed: int, count: int) -> Iterator[Pair]:
    """`count` pairs, the same for one seed."""
    draw = random.Random(seed)
    families, weights = list(FAMILIES), list(FAMILIES.values())
    while count:
        family = draw.choices(families, weights)[0]
        try:
            pair = family(draw)
        except UndecidedError:
            continue
        if len(pair.gold) < 300 and len(pair.answer) < 300:
            count -= 1
            yield pair
