r"""A bounded parser of mathematical expressions into nested tuples.

Nodes: ("n", Fraction), ("v", name), ("c", constant), ("neg", a), ("+" "*" "/" "^", a, b), ("pm" or "mp", a, b),
("f", function, arguments...), ("deg", a), ("%", a), ("base", digits, base), ("call", name, arguments...).
Everything that is not surely understood raises UnreadableError; nothing is ever executed.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

from .lexer import Cursor, Token, names, number_value, spell
from .types import UnreadableError
from .units import Unit, is_unit_word, read_unit

Node: TypeAlias = tuple[Any, ...]

FUNCTIONS = frozenset(names("sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp sqrt abs"))
_GREEK = frozenset(
    names(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi "
        "chi psi omega Gamma Theta Lambda Sigma Phi Psi Omega Pi ell"
    )
)
_CONSTANTS = {"pi": "pi", "infty": "inf", "inf": "inf", "infinity": "inf", "e": "e", "i": "i"}
_CALLED = frozenset("fghFG")
_SIGNS = frozenset("+-±∓")
_MAX_POSTFIX = 6
_LONGEST_UNIT = 16  # tokens
_ACCENTS = frozenset(("overline", "vec", "hat", "bar", "tilde", "overrightarrow", "widehat"))
_UNIT_SIGNS = frozenset(("Omega", "mu", *"°$¢€£¥₹"))
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "|": "|"}
_FLOORS = {"lfloor": "rfloor", "lceil": "rceil"}
# how freely trailing letters may be read as a unit
NO_UNITS, UPRIGHT_UNITS, ANY_UNITS = 0, 1, 2


def _quotient(tokens: list[Token]) -> str:
    r"""The text of a unit that is written as a fraction: \frac{m}{s} as m/s."""
    depth, ends = 0, []
    for index, (_, value, _) in enumerate(tokens):
        depth += (value == "{") - (value == "}")
        if value == "}" and not depth:
            ends.append(index)
    if len(ends) != 2 or ends[1] != len(tokens) - 1:
        return "?"
    return f"{spell(tokens[1 : ends[0]])}/{spell(tokens[ends[0] + 1 :])}"


def _balanced(operation: str, nodes: list[Node]) -> Node:
    """A chain of equal operations as a tree of logarithmic height, so that no walk over it recurses deep."""
    while len(nodes) > 1:
        pairs: list[Node] = [(operation, *nodes[k : k + 2]) for k in range(0, len(nodes) - 1, 2)]
        nodes = [*pairs, nodes[-1]] if len(nodes) % 2 else pairs
    return nodes[0]


def _signed(sign: str, node: Node) -> Node:
    if sign == "-":
        return ("neg", node)
    return ("pm" if sign == "±" else "mp", ("n", Fraction(0)), node) if sign in "±∓" else node


def parse(tokens: list[Token], units: int = NO_UNITS) -> tuple[Node, Unit | None]:
    """The tree of all the tokens and the unit at their end, if any. Raises UnreadableError."""
    parser = _Parser(tokens, units)
    node = parser.sum()
    if parser.at < len(parser.tokens):
        raise UnreadableError(f"unexpected {parser.peek()[1][:20]}")
    return node, parser.unit


class _Parser(Cursor):
    """Recursive descent; `unit` is set when the tail of the tokens was read as a unit."""

    def __init__(self, tokens: list[Token], units: int) -> None:
        super().__init__(tokens)
        self.units = units
        self.bars = 0
        self.unit: Unit | None = None

    def sum(self) -> Node:
        self.deeper()
        sign = self.take()[1] if self.peek()[1] in _SIGNS else "+"
        terms = [_signed(sign, self.product())]
        while self.peek()[1] in _SIGNS:
            terms.append(_signed(self.take()[1], self.product()))
        self.depth -= 1
        return _balanced("+", terms)

    def product(self) -> Node:
        above: list[Node] = [self.factor()]
        below: list[Node] = []
        while True:
            kind, value, _ = self.peek()
            if kind == "op" and value in ("*", "/"):
                self.take()
                (above if value == "*" else below).append(self.factor())
            elif kind == "end" or self.takes_unit() or not self.starts_operand():
                break
            else:
                above.append(self.power())
        top = _balanced("*", above)
        return ("/", top, _balanced("*", below)) if below else top

    def starts_operand(self) -> bool:
        kind, value, _ = self.peek()
        if kind == "num":
            return self.tokens[self.at - 1][1] in (")", "}", "]", "!")
        if kind in ("word", "upright", "cmd"):
            return value not in _FLOORS.values()
        return value in ("(", "[", "{") or (value == "|" and not self.bars)

    def takes_unit(self) -> bool:
        """True if all that follows is a unit, which is then stored and passed over."""
        if self.units == NO_UNITS or self.depth > 1 or self.bars or len(self.tokens) - self.at > _LONGEST_UNIT:
            return False
        rest = self.tokens[self.at :]
        kind, value, _ = rest[1] if rest[0][1] in ("{", "(") and len(rest) > 2 else rest[0]
        ohms = value in ("k", "M") and len(rest) > 1 and rest[1][1] == "Omega"
        if kind == "word" and not (ohms or self.letters_are_unit(value)):
            return False
        if kind in ("word", "upright") or value in _UNIT_SIGNS:
            self.unit = read_unit(spell(rest))
        elif value == "frac" and self.units == ANY_UNITS:
            self.unit = read_unit(_quotient(rest))
        if self.unit is not None:
            self.at = len(self.tokens)
        return self.unit is not None

    def letters_are_unit(self, word: str) -> bool:
        return is_unit_word(word) and (self.units == ANY_UNITS or len(word) > 1)

    def factor(self) -> Node:
        if self.accept("-"):
            return ("neg", self.factor_nested())
        if self.accept("+"):
            return self.factor_nested()
        return self.power()

    def factor_nested(self) -> Node:
        self.deeper()
        node = self.factor()
        self.depth -= 1
        return node

    def power(self) -> Node:
        kind, value, _ = self.peek()
        if kind == "num" and value.isdigit():
            self.take()
            whole = self.number(value)
            fraction = self.mixed_tail() if whole[1].denominator == 1 else None
            return self.postfix(whole if fraction is None else ("+", whole, fraction))
        return self.postfix(self.atom())

    def mixed_tail(self) -> Node | None:
        """The numeric fraction that stands directly after a whole number and makes it a mixed number, or None."""
        start = self.at
        kind, value, spaced = self.peek()
        if kind == "num" and spaced:
            rest = self.tokens[start : start + 3]
            if len(rest) == 3 and rest[1][1] == "/" and value.isdigit() and rest[2][1].isdigit():
                self.at += 3
                return ("/", ("n", number_value(value)), ("n", number_value(rest[2][1])))
        if value == "frac" and kind == "cmd" and "num" in [token[0] for token in self.tokens[start + 1 : start + 3]]:
            node = self.atom()
            if all(part[0] == "n" and part[1].denominator == 1 for part in node[1:]):
                return node
            self.at = start
        return None

    def postfix(self, node: Node) -> Node:
        for _ in range(_MAX_POSTFIX):
            if self.accept("^"):
                node = self.raised(node)
            elif self.accept("!"):
                node = ("f", "!", node)
            elif self.peek()[1] == "°" and not self.scale_follows():
                self.take()
                node = ("deg", node)
            elif self.accept("%"):
                node = ("%", node)
            elif node[0] == "n" and self.peek()[1] == "_":
                node = self.based()
            else:
                break
        return node

    def raised(self, node: Node) -> Node:
        self.deeper()
        exponent = self.factor() if self.peek()[1] in ("-", "+") else self.postfix_power(self.atom())
        self.depth -= 1
        return ("^", node, exponent)

    def scale_follows(self) -> bool:
        """True before the letter of a temperature scale: the degree sign is then a part of the unit."""
        rest = self.tokens[self.at + 1 : self.at + 2]
        return bool(rest) and rest[0][1] in ("C", "F", "T")

    def postfix_power(self, node: Node) -> Node:
        """An exponent's own exponent: powers group from the right."""
        if self.accept("^"):
            return self.raised(node)
        if self.accept("!"):
            return ("f", "!", node)
        return node

    def based(self) -> Node:
        digits = self.tokens[self.at - 1][1]
        self.take()
        braced = self.accept("{")
        kind, base, _ = self.take()
        if kind != "num" or (braced and not self.accept("}")):
            raise UnreadableError("a number with a subscript")
        return ("base", digits, base)

    def group(self, opener: str) -> Node:
        node = self.sum()
        self.expect(_CLOSING[opener])
        return node

    def atom(self) -> Node:
        kind, value, _ = self.take()
        if kind == "num":
            return self.number(value)
        if kind in ("word", "upright"):
            return self.letters(value, kind)
        if kind == "cmd":
            return self.command(value)
        if value in ("(", "[", "{"):
            bars, self.bars = self.bars, 0
            node = self.group(value)
            self.bars = bars
            return node
        if value == "|":
            self.bars += 1
            node = self.group("|")
            self.bars -= 1
            return ("f", "abs", node)
        if value == "∞":
            return ("c", "inf")
        raise UnreadableError(f"unexpected {value[:20] or 'end'}")

    def number(self, value: str) -> Node:
        if "." in value and self.peek()[1] in ("overline", "dot", "bar") and self.peek()[0] == "cmd":
            return self.repeating(value)
        if self.peek()[1] == "." and self.tokens[self.at + 1 : self.at + 2]:
            self.take()
            if self.peek()[1] not in ("overline", "dot", "bar"):
                raise UnreadableError("a point without decimals")
            return self.repeating(value + ".")
        return ("n", number_value(value))

    def repeating(self, value: str) -> Node:
        self.take()
        braced = self.accept("{")
        kind, period, _ = self.take()
        if kind != "num" or not period.isdigit() or len(period) > 100 or (braced and not self.accept("}")):
            raise UnreadableError("a repeating decimal")
        decimals = len(value.partition(".")[2])
        tail = Fraction(int(period), (10 ** len(period) - 1) * 10**decimals)
        return ("n", number_value(value.rstrip(".")) + tail)

    def letters(self, word: str, kind: str) -> Node:
        lower = word.lower()
        if lower in FUNCTIONS:
            return self.function(lower)
        if lower in ("pi", "inf", "infinity"):
            return ("c", _CONSTANTS[lower])
        if not word.isascii():
            raise UnreadableError("a word")
        if len(word) == 1:
            return self.symbol(word)
        sorted_letters = all(a < b for a, b in pairwise(word))
        if (len(word) > 3 and not sorted_letters) or (kind == "upright" and not word.isupper()):
            raise UnreadableError("a word")
        node = self.letter(word[0])
        for letter in word[1:-1]:
            node = ("*", node, self.letter(letter))
        return ("*", node, self.postfix(self.symbol(word[-1])))

    def letter(self, name: str) -> Node:
        return ("c", name) if name in ("e", "i") else ("v", name)

    def symbol(self, name: str) -> Node:
        """A variable with its subscript and primes, or a call of a function letter."""
        while self.peek()[1] in ("_", "'"):
            name += self.take()[1]
            if name.endswith("_"):
                name += self.subscript()
        if name in _CALLED and self.peek()[1] == "(":
            self.take()
            arguments = [self.sum()]
            while self.accept(","):
                arguments.append(self.sum())
            self.expect(")")
            return ("call", name, *arguments)
        return self.letter(name)

    def subscript(self) -> str:
        if not self.accept("{"):
            return self.take()[1]
        start, depth = self.at, 1
        while depth and self.at < len(self.tokens):
            value = self.take()[1]
            depth += (value == "{") - (value == "}")
        return spell(self.tokens[start : self.at - 1])

    def command(self, name: str) -> Node:
        if name in ("frac", "binom"):
            first = self.argument()
            second = self.argument()
            return ("/", first, second) if name == "frac" else ("f", "binom", first, second)
        if name in FUNCTIONS:
            return self.function(name)
        if name in _FLOORS:
            node = self.sum()
            self.expect(_FLOORS[name])
            return ("f", "floor" if name == "lfloor" else "ceil", node)
        if name in _CONSTANTS:
            return ("c", _CONSTANTS[name])
        if name in _ACCENTS:
            return self.accented(name)
        if name not in _GREEK:
            raise UnreadableError(f"unknown command {name[:20]}")
        return self.symbol(name)

    def accented(self, name: str) -> Node:
        """A vector or an estimate is a variable of its own; a line over letters is the segment between them."""
        letters = self.subscript()
        if name != "overline" or not letters.isalpha():
            return ("v", f"{name}({letters})")
        return _balanced("*", [self.letter(letter) for letter in letters])

    def argument(self) -> Node:
        r"""One argument of a command: a group, or the next single digit or symbol (\frac12)."""
        kind, value, _ = self.peek()
        digits = kind == "num" and value.isdigit()
        letters = kind == "word" and value.lower() not in FUNCTIONS and value != "pi"
        if len(value) > 1 and (digits or letters):
            split: list[Token] = [(kind, value[0], False), (kind, value[1:], False)]
            self.tokens = [*self.tokens[: self.at], *split, *self.tokens[self.at + 1 :]]
        self.deeper()
        node = self.atom()
        self.depth -= 1
        return node

    def root(self) -> Node:
        index: Node | None = None
        if self.accept("["):
            index = self.sum()
            self.expect("]")
        radicand = self.number(self.take()[1]) if self.peek()[0] == "num" else self.argument()
        return ("f", "sqrt", radicand) if index is None else ("f", "root", radicand, index)

    def function(self, name: str) -> Node:
        if name == "sqrt":
            return self.root()
        exponent: Node | None = None
        base: Node | None = None
        if name == "log" and self.accept("_"):
            base = self.argument()
        if self.accept("^"):
            exponent = self.factor() if self.peek()[1] == "-" else self.argument()
        inverse = exponent == ("neg", ("n", Fraction(1))) and name in ("sin", "cos", "tan")
        node: Node = ("f", f"arc{name}" if inverse else name, self.function_argument())
        if base is not None:
            node = ("f", "log", node[2], base)
        return node if exponent is None or inverse else ("^", node, exponent)

    def function_argument(self) -> Node:
        """A bracketed argument, or the product of the letters and numbers up to the next sign or function."""
        self.deeper()
        if self.peek()[1] in ("(", "{", "[", "|"):
            node = self.postfix(self.atom())
        else:
            factors = [self.factor()]
            while self.continues_argument():
                factors.append(self.power())
            node = _balanced("*", factors)
        self.depth -= 1
        return node

    def continues_argument(self) -> bool:
        kind, value, _ = self.peek()
        if kind == "word":
            return value.lower() not in FUNCTIONS
        return kind == "cmd" and (value in _GREEK or value in ("pi", "frac", "sqrt"))
