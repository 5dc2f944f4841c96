"""Random expressions as trees, what may be done to one without changing its value, and near misses.

A tree is a tuple: ("n", Fraction), ("v", name), ("c", "pi" or "e" or "i"), ("neg", a), ("+", ...), ("*", ...), ("/", a, b),
("^", a, b), ("root", a, index), ("log", a, base), ("binom", a, b), ("abs" or "floor" or "ceil" or "!", a) and
("f", name, a). Nothing here claims that a rewritten tree has the same value: the oracle decides that.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

Tree = tuple[Any, ...]

ZERO, ONE, TWO = (("n", Fraction(value)) for value in (0, 1, 2))
PI, E, UNIT = (("c", name) for name in ("pi", "e", "i"))
NAMES = ("x", "y", "z", "a", "b", "n", "t", "theta", "alpha", "x_1", "x_2", "v_0", "x'")
TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
INVERSE = ("arcsin", "arccos", "arctan")
HYPERBOLIC = ("sinh", "cosh", "tanh")


def number(value: int | Fraction) -> Tree:
    """A number's leaf."""
    return ("n", Fraction(value))


def whole(draw: random.Random, low: int = 1, high: int = 12) -> Tree:
    """A whole number's leaf."""
    return number(draw.randint(low, high))


def ratio(draw: random.Random) -> Tree:
    """A proper or improper fraction's leaf."""
    return number(Fraction(draw.choice((-1, 1, 1)) * draw.randint(1, 20), draw.randint(1, 12)))


def rational(draw: random.Random, depth: int = 2) -> Tree:
    """A computation with rational numbers."""
    if not depth or draw.random() < 0.25:
        return draw.choice((whole, whole, ratio))(draw)
    kind = draw.choice(("+", "+", "*", "/", "neg", "^", "abs", "floor", "ceil", "!", "binom"))
    if kind == "^":
        return ("^", rational(draw, depth - 1), number(draw.choice((-2, -1, 2, 3))))
    if kind == "!":
        return ("!", whole(draw, 0, 7))
    if kind == "binom":
        upper = draw.randint(0, 9)
        return ("binom", number(upper), number(draw.randint(0, upper + 1)))
    if kind in ("neg", "abs", "floor", "ceil"):
        return (kind, rational(draw, depth - 1))
    return (kind, rational(draw, depth - 1), rational(draw, depth - 1))


def constant(draw: random.Random, depth: int = 2) -> Tree:
    """A real or complex constant with roots, powers, pi, e and functions."""
    if not depth:
        return draw.choice((whole, whole, ratio, lambda _: PI, lambda _: E, surd))(draw)
    kind = draw.choice(
        (
            "+",
            "+",
            "*",
            "*",
            "/",
            "neg",
            "^",
            "root",
            "trig",
            "inverse",
            "hyperbolic",
            "log",
            "exp",
            "abs",
            "floor",
            "ceil",
        )
    )
    if kind == "root":
        return ("root", draw.choice((rational, constant))(draw, depth - 1), draw.choice((2, 2, 2, 3, 3, 4, 5)))
    if kind == "^":
        exponent = number(draw.choice((-2, -1, 2, 3, Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(-1, 2))))
        return ("^", constant(draw, depth - 1), draw.choice((exponent, exponent, surd(draw))))
    if kind == "trig":
        turn = ("*", number(Fraction(draw.randint(-12, 24), draw.choice((1, 2, 3, 4, 5, 6, 12)))), PI)
        return ("f", draw.choice(TRIGONOMETRIC), draw.choice((turn, turn, whole(draw))))
    if kind == "inverse":
        argument = draw.choice((ratio_below_one(draw), ("/", surd(draw), TWO), number(draw.choice((-1, 0, 1)))))
        return ("f", draw.choice(INVERSE), argument)
    if kind == "hyperbolic":
        return ("f", draw.choice(HYPERBOLIC), draw.choice((whole(draw, 0, 3), ("log", whole(draw, 2, 5), E))))
    if kind == "log":
        base = draw.choice((E, number(10), whole(draw, 2, 9)))
        return ("log", draw.choice((whole(draw, 1, 100), constant(draw, depth - 1))), base)
    if kind == "exp":
        return ("f", "exp", draw.choice((ratio(draw), ("log", whole(draw, 2, 9), E))))
    if kind in ("neg", "abs", "floor", "ceil"):
        return (kind, constant(draw, depth - 1))
    return (kind, constant(draw, depth - 1), constant(draw, depth - 1))


def surd(draw: random.Random) -> Tree:
    """A square root of a small whole number."""
    return ("root", whole(draw, 2, 20), 2)


def ratio_below_one(draw: random.Random) -> Tree:
    """A fraction in [-1, 1]."""
    bottom = draw.randint(1, 8)
    return number(Fraction(draw.randint(-bottom, bottom), bottom))


def complex_number(draw: random.Random, depth: int = 2) -> Tree:
    """A computation with complex numbers."""
    if not depth:
        return draw.choice(
            (
                UNIT,
                ("*", whole(draw, 2, 9), UNIT),
                ("+", whole(draw), ("*", whole(draw), UNIT)),
                whole(draw),
                surd(draw),
            )
        )
    kind = draw.choice(("+", "*", "/", "^", "neg", "abs", "root"))
    if kind == "^":
        return ("^", complex_number(draw, depth - 1), number(draw.choice((-1, 2, 3, 4))))
    if kind == "root":
        return ("root", number(-draw.randint(1, 20)), 2)
    if kind in ("neg", "abs"):
        return (kind, complex_number(draw, depth - 1))
    return (kind, complex_number(draw, depth - 1), complex_number(draw, depth - 1))


def polynomial(draw: random.Random, names: tuple[str, ...], depth: int = 2) -> Tree:
    """Sums, products and powers of variables and rational numbers."""
    if not depth or draw.random() < 0.1:
        name = ("v", draw.choice(names))
        return draw.choice((name, name, ("*", whole(draw, 2, 9), name), ("^", name, whole(draw, 2, 4)), ratio(draw)))
    kind = draw.choice(("+", "+", "*", "*", "^", "neg"))
    if kind == "^":
        return ("^", polynomial(draw, names, depth - 1), whole(draw, 2, 3))
    if kind == "neg":
        return ("neg", polynomial(draw, names, depth - 1))
    count = draw.choice((2, 2, 3)) if kind == "+" else 2
    return (kind, *(polynomial(draw, names, depth - 1) for _ in range(count)))


def fraction(draw: random.Random, names: tuple[str, ...], depth: int = 2) -> Tree:
    """A rational function."""
    if not depth or draw.random() < 0.2:
        return polynomial(draw, names, 1)
    kind = draw.choice(("+", "*", "/", "/", "^"))
    if kind == "^":
        return ("^", fraction(draw, names, depth - 1), number(draw.choice((-2, -1, 2))))
    return (kind, fraction(draw, names, depth - 1), fraction(draw, names, depth - 1))


def function(draw: random.Random, names: tuple[str, ...], depth: int = 2) -> Tree:
    """Roots, logarithms, exponentials, absolute values and trigonometric functions of variables."""
    if not depth:
        return draw.choice((polynomial(draw, names, 1), ("v", draw.choice(names)), whole(draw)))
    kind = draw.choice(("+", "+", "*", "/", "^", "root", "trig", "hyperbolic", "log", "exp", "abs", "power", "neg"))
    inner = function(draw, names, depth - 1)
    if kind == "root":
        return ("root", inner, draw.choice((2, 2, 2, 3, 4)))
    if kind == "^":
        return (
            "^",
            inner,
            number(draw.choice((-1, 2, 3, Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(-3, 2)))),
        )
    if kind == "power":
        return ("^", draw.choice((whole(draw, 2, 5), E)), polynomial(draw, names, 1))
    if kind == "trig":
        return ("f", draw.choice(TRIGONOMETRIC), inner)
    if kind == "hyperbolic":
        return ("f", draw.choice((*HYPERBOLIC, "arctan")), inner)
    if kind == "log":
        return ("log", inner, draw.choice((E, E, number(10), whole(draw, 2, 9))))
    if kind == "exp":
        return ("f", "exp", polynomial(draw, names, 1))
    if kind in ("abs", "neg"):
        return (kind, inner)
    return (kind, inner, function(draw, names, depth - 1))


def rewritten(draw: random.Random, tree: Tree, chance: float = 0.4) -> Tree:
    """The tree with identities used at random places: most keep the value, the oracle knows which."""
    kind = tree[0]
    if kind in ("n", "v", "c"):
        inner = tree
    elif kind in ("f", "root"):
        inner = tuple(rewritten(draw, child, chance) if isinstance(child, tuple) else child for child in tree)
    else:
        inner = (kind, *(rewritten(draw, child, chance) for child in tree[1:]))
    return _identity(draw, inner) if draw.random() < chance else inner


def _identity(draw: random.Random, tree: Tree) -> Tree:
    kind, *rest = tree
    k = whole(draw, 2, 6)
    if kind == "n":
        value = tree[1]
        ways = [
            ("+", number(value - k[1]), k),
            ("/", number(value * k[1]), k),
            ("*", number(value / k[1]), k),
            ("neg", number(-value)),
        ]
        if 0 < value < 20:
            ways += [
                ("root", number(value * value), 2),
                ("root", number(value**3), 3),
                ("^", number(value**2), number(Fraction(1, 2))),
            ]
        return draw.choice(ways)
    if kind in ("v", "c"):
        return draw.choice((tree, tree, ("*", ONE, tree), ("neg", ("neg", tree)), ("+", tree, ZERO)))
    if kind in ("+", "*"):
        return _of_sum_or_product(draw, kind, rest)
    if kind == "neg":
        return draw.choice((("*", number(-1), rest[0]), ("+", ZERO, tree), ("/", rest[0], number(-1))))
    if kind == "/":
        a, b = rest
        return draw.choice(
            (
                ("*", a, ("^", b, number(-1))),
                ("/", ("*", k, a), ("*", b, k)),
                ("/", ("neg", a), ("neg", b)),
                ("*", ("/", ONE, b), a),
            )
        )
    return _of_function(draw, tree, k)


def _of_sum_or_product(draw: random.Random, kind: str, rest: list[Tree]) -> Tree:
    turned = draw.sample(rest, len(rest))
    if kind == "*":
        for index, factor in enumerate(rest):
            others = [*rest[:index], *rest[index + 1 :]]
            if factor[0] == "+" and draw.random() < 0.7:
                return ("+", *(("*", *others, term) for term in factor[1:]))
            if factor[0] == "/" and draw.random() < 0.4:
                return ("/", ("*", *others, factor[1]), factor[2])
            if factor == rest[index - 1] and len(rest) == 2:
                return ("^", factor, TWO)
    if kind == "+" and len(rest) == 2 and draw.random() < 0.3:
        a, b = rest
        return draw.choice(
            (
                ("neg", ("+", ("neg", b), ("neg", a))),
                ("+", ("+", a, ONE), ("+", b, number(-1))),
                ("/", ("+", ("*", TWO, a), ("*", b, TWO)), TWO),
            )
        )
    if kind == "+" and len(rest) == 2 and rest[0][0] == rest[1][0] == "/":
        (_, a, b), (_, c, d) = rest
        return ("/", ("+", ("*", a, d), ("*", c, b)), ("*", b, d))
    return (kind, *turned)


def _of_power(draw: random.Random, base: Tree, exponent: Tree) -> Tree:
    lower = ("^", base, ("+", exponent, number(-1)))
    ways: list[Tree] = [("/", ONE, ("^", base, ("neg", exponent))), ("*", base, lower)]
    if exponent[0] == "n" and 1 < exponent[1].denominator < 20:
        power = ("^", base, number(exponent[1].numerator)) if exponent[1].numerator != 1 else base
        ways.insert(0, ("root", power, exponent[1].denominator))
    if exponent == TWO:
        ways += [("*", base, base), ("^", ("neg", base), TWO)]
        if base[0] == "+" and len(base) == 3:
            a, b = base[1:]
            ways += 3 * [("+", ("^", a, TWO), ("*", TWO, a, b), ("^", b, TWO))]
    if base[0] == "*":
        ways.append(("*", *(("^", factor, exponent) for factor in base[1:])))
    return draw.choice(ways)


def _of_root(draw: random.Random, inside: Tree, index: int, k: Tree) -> Tree:
    scaled = ("root", ("*", inside, ("^", k, number(index))), index)
    ways: list[Tree] = [("^", inside, number(Fraction(1, index))), ("/", scaled, k)]
    if index == 2:
        ways += [("/", inside, ("root", inside, 2)), ("root", ("root", ("^", inside, TWO), 2), 2)]
    if inside[0] == "^" and inside[2] == number(index):
        ways += [inside[1], ("abs", inside[1])]
    return draw.choice(ways)


def _of_function(draw: random.Random, tree: Tree, k: Tree) -> Tree:
    kind, *rest = tree
    if kind == "^":
        return _of_power(draw, rest[0], rest[1])
    if kind == "root":
        return _of_root(draw, rest[0], rest[1], k)
    if kind == "log":
        inside, base = rest
        return draw.choice((
            ("/", ("log", inside, E), ("log", base, E)), ("/", ("log", ("^", inside, TWO), base), TWO),
            ("neg", ("log", ("/", ONE, inside), base)), ("+", ("log", ("*", inside, base), base), number(-1)),
        ))  # fmt: skip
    if kind == "abs":
        return draw.choice((("root", ("^", rest[0], TWO), 2), ("abs", ("neg", rest[0])), rest[0]))
    if kind == "binom":
        n, r = rest
        return draw.choice(
            (("binom", n, ("+", n, ("neg", r))), ("/", ("!", n), ("*", ("!", r), ("!", ("+", n, ("neg", r))))))
        )
    if kind == "f":
        return _of_named(draw, rest[0], rest[1])
    return tree


def _of_named(draw: random.Random, name: str, a: Tree) -> Tree:
    tree = ("f", name, a)
    half = ("/", a, TWO)
    quarter = ("/", PI, TWO)
    sine, cosine = ("f", "sin", a), ("f", "cos", a)
    ways: dict[str, tuple[Tree, ...]] = {
        "sin": (
            ("*", TWO, ("f", "sin", half), ("f", "cos", half)), ("f", "cos", ("+", quarter, ("neg", a))),
            ("neg", ("f", "sin", ("neg", a))), ("f", "sin", ("+", a, ("*", TWO, PI))),
        ),
        "cos": (
            ("+", ONE, ("neg", ("*", TWO, ("^", ("f", "sin", half), TWO)))), ("f", "sin", ("+", a, quarter)),
            ("f", "cos", ("neg", a)), ("+", ("^", ("f", "cos", half), TWO), ("neg", ("^", ("f", "sin", half), TWO))),
        ),
        "tan": (("/", sine, cosine), ("/", ONE, ("f", "cot", a))),
        "cot": (("/", cosine, sine), ("/", ONE, ("f", "tan", a))),
        "sec": (("/", ONE, cosine),),
        "csc": (("/", ONE, sine),),
        "arcsin": (("+", quarter, ("neg", ("f", "arccos", a))), ("neg", ("f", "arcsin", ("neg", a)))),
        "arccos": (("+", quarter, ("neg", ("f", "arcsin", a))), ("+", PI, ("neg", ("f", "arccos", ("neg", a))))),
        "arctan": (("neg", ("f", "arctan", ("neg", a))),),
        "sinh": (("/", ("+", ("f", "exp", a), ("neg", ("f", "exp", ("neg", a)))), TWO),),
        "cosh": (("/", ("+", ("^", E, a), ("^", E, ("neg", a))), TWO), ("f", "cosh", ("neg", a))),
        "tanh": (("/", ("f", "sinh", a), ("f", "cosh", a)),),
        "exp": (("^", E, a), ("/", ONE, ("f", "exp", ("neg", a))), ("^", ("f", "exp", half), TWO)),
    }  # fmt: skip
    return draw.choice(ways.get(name, (tree,)))


def spoiled(draw: random.Random, tree: Tree, names: tuple[str, ...] = ()) -> Tree:
    """A near miss: one number, sign, exponent, function or variable of the tree is another."""
    places = list(_places(tree))
    place = draw.choice(places)
    return _replaced(tree, place, _spoiled_at(draw, _at(tree, place), names))


def _places(tree: Tree, at: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    found = [at]
    for index, child in enumerate(tree):
        if isinstance(child, tuple):
            found += _places(child, (*at, index))
    return found


def _at(tree: Tree, place: tuple[int, ...]) -> Tree:
    for index in place:
        tree = tree[index]
    return tree


def _replaced(tree: Tree, place: tuple[int, ...], part: Tree) -> Tree:
    if not place:
        return part
    index, *rest = place
    return (*tree[:index], _replaced(tree[index], tuple(rest), part), *tree[index + 1 :])


def _spoiled_at(draw: random.Random, part: Tree, names: tuple[str, ...]) -> Tree:
    kind = part[0]
    if kind == "n":
        value = part[1]
        changed = [value + 1, value - 1, -value, 2 * value, value + Fraction(1, 10 ** draw.choice((1, 3, 12)))]
        if value:
            changed.append(1 / value)
        return number(draw.choice(changed))
    if kind == "v":
        others = [name for name in names if name != part[1]]
        return draw.choice([("v", name) for name in others] + [("neg", part), ("^", part, TWO)])
    if kind == "c":
        return draw.choice([c for c in (PI, E, TWO) if c != part])
    if kind in ("+", "*") and len(part) > 2:
        index = draw.randrange(1, len(part))
        changed = [
            (kind, *part[1:index], ("neg", part[index]), *part[index + 1 :]), ("*" if kind == "+" else "+", *part[1:]),
        ]  # fmt: skip
        return draw.choice([*changed, part[index]])
    if kind in ("/", "^", "binom", "log"):
        return draw.choice(((kind, part[2], part[1]), part[1], ("neg", part)))
    if kind == "root":
        return draw.choice((("root", part[1], part[2] + 1), part[1], ("neg", part)))
    if kind == "f":
        others = [
            name
            for group in (TRIGONOMETRIC, INVERSE, HYPERBOLIC)
            for name in group
            if part[1] in group and name != part[1]
        ]
        return draw.choice([("f", name, part[2]) for name in others] + [("neg", part), part[2]])
    return draw.choice((part[1], ("neg", part), ("+", part, ONE)))
