r"""Tokens of an answer: LaTeX, plain text and code spellings mapped to one alphabet.

A token is (kind, value, spaced): kind is `num`, `word` (italic letters), `upright` (letters from \text or \mathrm), `cmd`
(a named symbol or function) or `op`; `spaced` tells whether white space came before it.

A position in a list of tokens, and the exact value of a number literal.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from .types import MAX_DEPTH, MAX_DIGITS, MAX_TOKENS, TooMuchWorkError, UnreadableError

Token: TypeAlias = tuple[str, str, bool]


def names(text: str) -> tuple[str, ...]:
    """A table of names that is written as one text."""
    return tuple(text.split())


_SPACING = frozenset(
    names(
        "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr quad qquad "
        "displaystyle textstyle limits nolimits thinspace medspace enspace hspace bf it rm large "
        "Large small space middle"
    )
)
_UPRIGHT = frozenset(
    names(
        "text textbf textit textrm textsf texttt textnormal mathrm mathbf mathit mathsf mathtt mbox "
        "hbox operatorname bm boldsymbol emph mathcal mathscr underline boxed fbox unit si"
    )
)
_SAME = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "sfrac": "frac", "dbinom": "binom", "tbinom": "binom",
    "varnothing": "emptyset", "varphi": "phi", "varepsilon": "epsilon", "vartheta": "theta", "deg": "degree",
    "arctg": "arctan", "tg": "tan", "ctg": "cot", "lg": "log", "smallsetminus": "setminus", "backslash": "setminus",
    "measuredangle": "angle", "Delta": "triangle", "bigtriangleup": "triangle", "rightarrow": "to", "longrightarrow": "to",
}  # fmt: skip
_OPERATORS = {
    "cdot": "*", "times": "*", "ast": "*", "bullet": "*", "div": "/", "le": "≤", "leq": "≤", "leqslant": "≤",
    "leqq": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "geqq": "≥", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">",
    "pm": "±", "mp": "∓", "cup": "∪", "cap": "∩", "in": "∈", "infty": "∞", "circ": "°", "degree": "°", "mid": "|",
    "lvert": "|", "rvert": "|", "vert": "|", "colon": ":", "approx": "≈", "lbrace": "\\{", "rbrace": "\\}", "lbrack": "[",
    "rbrack": "]", "land": "∧", "wedge": "∧", "lor": "∨", "vee": "∨", "euro": "€", "pounds": "£", "yen": "¥",
    "colonequals": "=", "equiv": "=", "prime": "'", "ldots": "...", "dots": "...", "cdots": "...", "lparen": "(",
    "rparen": ")", "langle": "(", "rangle": ")", "cent": "¢", "simeq": "≈", "doteq": "=",
}  # fmt: skip
_PUNCTUATED = {
    "\\{": "\\{",
    "\\}": "\\}",
    "\\%": "%",
    "\\$": "$",
    "\\&": "&",
    "\\_": "_",
    "\\#": "#",
    "\\|": "‖",
}
_DIGRAPHS = {"**": "^", "<=": "≤", ">=": "≥", "!=": "≠", "=<": "≤", "=>": "≥", "->": "to"}

# A number has at most 100 groups of digits, none of them given back: a long list would be read anew from each place in it.
_TOKEN = re.compile(
    r"(?P<space>\s+|\\[,;:!>\s]|~)"
    r"|(?P<num>\d{1,3}(?:,\d{3}){1,100}+(?![\d]|,\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?|\.\d+)"
    r"|(?P<cmd>\\[A-Za-z]+)"
    r"|(?P<esc>\\.)"
    r"|(?P<word>[A-Za-z]+|[^\W\d_A-Za-z]+)"
    r"|(?P<op>\*\*|<=|>=|!=|=<|=>|->|\.\.\.|.)",
    re.DOTALL,
)
_OPENERS = frozenset(("(", "[", "\\{"))
_CLOSERS = frozenset((")", "]", "\\}"))


class _Scanner:
    """One pass over a text; keeps the brackets' depth and where an upright group ends."""

    def __init__(self, grouped: bool) -> None:
        self.tokens: list[Token] = []
        self.grouped = grouped
        self.depth = 0
        self.braces = 0
        self.upright_at: list[int] = []
        self.pending_upright = False
        self.spaced = False
        self.swallow = False

    def put(self, kind: str, value: str) -> None:
        if len(self.tokens) >= MAX_TOKENS:
            raise TooMuchWorkError("too many tokens")
        self.tokens.append((kind, value, self.spaced))
        self.spaced = False

    def number(self, value: str) -> None:
        if "," not in value:
            self.put("num", value)
        elif self.grouped and not self.depth:
            self.put("num", value.replace(",", ""))
        else:
            for index, part in enumerate(value.split(",")):
                if index:
                    self.put("op", ",")
                self.put("num", part)

    def command(self, name: str) -> None:
        name = _SAME.get(name, name)
        if name in _SPACING:
            self.spaced = True
        elif name in _UPRIGHT:
            self.pending_upright = True
        elif name in _OPERATORS:
            self.operator(_OPERATORS[name])
        else:
            self.put("cmd", name)

    def operator(self, value: str) -> None:
        value = _DIGRAPHS.get(value, value)
        if value == "{":
            self.open_brace()
        elif value == "}":
            self.close_brace()
        elif value == "to":
            self.put("cmd", "to")
        else:
            if value in ("°", "'"):
                self.drop_caret()
            self.depth += (value in _OPENERS) - (value in _CLOSERS and self.depth > 0)
            self.put("op", value)

    def drop_caret(self) -> None:
        r"""A degree sign or a prime is written as a power or a factor: x^\circ, x^{\circ}, x*\degree."""
        if self.tokens and self.tokens[-1][1] in ("^", "*"):
            self.tokens.pop()
        elif [token[1] for token in self.tokens[-2:]] == ["^", "{"]:
            del self.tokens[-2:]
            self.swallow = True

    def open_brace(self) -> None:
        self.braces += 1
        if self.pending_upright:
            self.upright_at.append(self.braces)
            self.pending_upright = False
        else:
            self.put("op", "{")

    def close_brace(self) -> None:
        if self.upright_at and self.upright_at[-1] == self.braces:
            self.upright_at.pop()
            self.spaced = True
        elif self.swallow:
            self.swallow = False
        else:
            self.put("op", "}")
        self.braces -= self.braces > 0

    def word(self, value: str) -> None:
        if value.lower() == "percent":
            self.put("op", "%")
            return
        self.put("upright" if self.upright_at else "word", value)


def tokenize(text: str, grouped: bool = True) -> list[Token]:
    """Return the tokens of a cleaned text; `grouped` reads 1,234 outside brackets as one number.

    Raises TooMuchWorkError over MAX_TOKENS.
    """
    scan = _Scanner(grouped)
    for found in _TOKEN.finditer(text):
        kind, value = found.lastgroup, found.group()
        if kind == "space":
            scan.spaced = True
        elif kind == "num":
            scan.number(value)
        elif kind == "word":
            scan.word(value)
        elif kind == "cmd":
            scan.command(value[1:])
        elif kind == "esc":
            scan.operator(_PUNCTUATED.get(value, value))
        else:
            scan.operator(value)
    return scan.tokens


def spell(tokens: list[Token], braces: bool = False) -> str:
    """The tokens as one plain string, spaces kept; `braces` keeps those that group, so that it can be read again."""
    parts = []
    for kind, value, spaced in tokens:
        if spaced:
            parts.append(" ")
        if kind == "cmd":
            parts.append(f"\\{value} ")
        elif braces or value not in ("{", "}"):
            parts.append(value)
    return "".join(parts).strip()


_END: Token = ("end", "", False)


class Cursor:
    """Reads tokens from left to right; `depth` counts the nesting of the reader that uses it."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> Token:
        """The next token, of kind "end" after the last."""
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self) -> Token:
        """The next token, which is then passed."""
        token = self.peek()
        self.at += 1
        return token

    def accept(self, value: str) -> bool:
        """Pass the next token if it is this sign or command."""
        kind, found, _ = self.peek()
        if found == value and kind in ("op", "cmd"):
            self.at += 1
            return True
        return False

    def expect(self, value: str) -> None:
        """Pass this sign or command. Raises UnreadableError if it does not come next."""
        if not self.accept(value):
            raise UnreadableError(f"{value} is missing")

    def deeper(self) -> None:
        """Enter one more level. Raises TooMuchWorkError below MAX_DEPTH levels."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuchWorkError("nested too deep")


def number_value(literal: str) -> Fraction:
    """The exact value of a number literal. Raises TooMuchWorkError over MAX_DIGITS digits or that exponent."""
    mantissa, _, exponent = literal.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 6 or (exponent and abs(int(exponent)) > MAX_DIGITS):
        raise TooMuchWorkError("a number with too many digits")
    whole, _, decimals = mantissa.partition(".")
    digits = whole + decimals
    number = int(digits) if len(digits) < 300 else int(Decimal(digits))
    value = Fraction(number, 10 ** len(decimals)) if decimals else Fraction(number)
    return value * Fraction(10) ** int(exponent) if exponent else value
