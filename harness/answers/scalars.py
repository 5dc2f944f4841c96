"""One value: a number or an expression with its unit, currency sign, percent sign or degree sign.

Where a list of tokens comes apart: brackets, separators, relation signs, names before an equals sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from .expression import FUNCTIONS, Node, parse
from .forms import Form, Items, Scalar
from .lexer import Token
from .regions import EVERYTHING, NOTHING
from .text import MULTIPLIERS
from .types import UnreadableError
from .units import CURRENCY_SIGNS, Unit, comparable, read_unit
from .values import rational, value_of

_DEGREE = read_unit("°")
_COMPOUND = re.compile(r"(\d{1,9}) ?([^\W\d_]{1,12}),?(?: and)? ?(\d{1,9}(?:\.\d{1,9})?) ?([^\W\d_]{1,12})")
_CLOCK = re.compile(
    r"(?P<h>\d{1,9}) ?h(?:rs?|ours?)? ?(?P<min>[0-5]?\d)(?: ?(?:m|mins?|minutes?))?"
    r"|(?P<m>\d{1,9}) ?m(?:in|ins)? ?(?P<s>[0-5]?\d) ?(?:s|secs?|seconds?)"
)
"""1h45, 1h 45m, 2m30s."""
_ALL = frozenset(("all", "every", "any", "全体实数", "任意实数"))
_AXIS_WORDS = frozenset(("thousand", "million", "billion", "trillion", "dozen"))
_CURRENCY = frozenset(CURRENCY_SIGNS)
_SIGN_CHOICE = frozenset(("±", "∓"))


def read_compound(text: str) -> Scalar | None:
    """A quantity in two units of one kind, as in 1 hour 30 minutes, in the smaller unit; None for other texts."""
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        large, small = (part for part in clock.groups() if part)
        return Scalar(rational(Fraction(large) * 60 + Fraction(small)), read_unit("min" if clock.group("h") else "s"))
    found = _COMPOUND.fullmatch(text)
    if found is None:
        return None
    unit, part = read_unit(found.group(2)), read_unit(found.group(4))
    if unit is None or part is None or unit.dimensions != part.dimensions or unit.factor <= part.factor:
        return None
    return Scalar(rational(Fraction(found.group(1)) * unit.factor / part.factor + Fraction(found.group(3))), part)


def read_scalar(tokens: list[Token], units: int) -> Form:
    """The value that the tokens state; a plus-minus sign makes two alternatives. Raises UnreadableError.

    `units` tells how freely letters at the end are read as a unit, see `expression`.
    """
    real_line = [value for _, value, _ in tokens]
    if real_line in (["mathbb", "{", "R", "}"], ["mathbb", "R"]) or (
        real_line[0].lower() in _ALL and _is_everything(real_line)
    ):
        return EVERYTHING
    if real_line == ["emptyset"]:
        return NOTHING
    tokens, scale = _multiplied(tokens)
    prefix, tokens = _currency(tokens)
    node, unit = parse(tokens, units)
    if unit is not None and any(map(_may_be_thousands, tokens, tokens[1:])):
        unit = replace(unit, doubtful=True)
    if prefix is not None:
        if comparable(prefix, unit) != 1:
            raise UnreadableError("two different currencies")
        unit = prefix
    signs = None if _SIGN_CHOICE.isdisjoint(real_line) else _signed_variants(node)
    if signs is not None:
        return Items(tuple(_quantity(variant, unit) for variant in signs), joiner="or")
    quantity = _quantity(node, unit)
    return quantity if scale == 1 else replace(quantity, scale=scale)


def _may_be_thousands(token: Token, after: Token) -> bool:
    """True for a K that is written onto its number: 12K, 12K people."""
    return token[0] == "num" and after[1] in ("K", "k") and not after[2]


def _is_everything(words: list[str]) -> bool:
    """All real numbers, in words."""
    said = " ".join(words).lower()
    return said in (
        "all real numbers",
        "all reals",
        "all real x",
        "every real number",
        "any real number",
        "全体实数",
        "任意实数",
    )


def _quantity(node: Node, unit: Unit | None) -> Scalar:
    if unit is None:
        stripped = _without_degrees(node)
        if stripped is not None:
            return Scalar(value_of(stripped), _DEGREE, node=stripped)
    percent = None
    inner = node[1] if node[0] == "neg" else node
    if inner[0] == "%":
        percent = value_of(inner[1]).real
        percent = -percent if percent is not None and node[0] == "neg" else percent
    return Scalar(value_of(node), unit, percent=percent, node=node)


def _multiplied(tokens: list[Token]) -> tuple[list[Token], int]:
    """A number followed by a scale word ("3 million", 12万) as a product, and the factor where a chart's axis may give it."""
    for index in range(1, len(tokens)):
        kind, value, spaced = tokens[index]
        if kind not in ("word", "upright") or tokens[index - 1][0] != "num":
            continue
        word = value.lower() if value.isascii() else value[0]
        if word in MULTIPLIERS and not (value[1:] and read_unit(value)):
            rest: list[Token] = [] if value.isascii() or not value[1:] else [(kind, value[1:], spaced)]
            product: list[Token] = [("op", "*", False), ("num", str(MULTIPLIERS[word]), False)]
            return [*tokens[:index], *product, *rest, *tokens[index + 1 :]], MULTIPLIERS[
                word
            ] if word in _AXIS_WORDS else 1
    return tokens, 1


def _currency(tokens: list[Token]) -> tuple[Unit | None, list[Token]]:
    """A leading currency sign, as in $5 or -$5, and the tokens without it."""
    for at in (0, 1):
        if len(tokens) > at + 1 and tokens[at][1] in _CURRENCY and (not at or tokens[0][1] in ("-", "+", "US")):
            kept = tokens[:at] if at and tokens[0][1] != "US" else []
            return read_unit(tokens[at][1]), [*kept, *tokens[at + 1 :]]
    return None, tokens


def _signed_variants(node: Node) -> tuple[Node, Node] | None:
    """The two values of an expression with a plus-minus sign, or None."""
    if not _has_sign_choice(node):
        return None
    return _with_sign(node, upper=True), _with_sign(node, upper=False)


def _has_sign_choice(node: Node) -> bool:
    return node[0] in ("pm", "mp") or any(isinstance(child, tuple) and _has_sign_choice(child) for child in node[1:])


def _with_sign(node: Node, upper: bool) -> Node:
    kind, *rest = node
    children = [_with_sign(child, upper) if isinstance(child, tuple) else child for child in rest]
    if kind in ("pm", "mp"):
        right = children[1] if (kind == "pm") == upper else ("neg", children[1])
        return ("+", children[0], right)
    return (kind, *children)


def _without_degrees(node: Node) -> Node | None:
    """`node` without its degree signs where it is an angle in degrees as a whole, else None."""
    if node[0] == "deg":
        inner: Node = node[1]
        return inner
    if node[0] == "neg":
        stripped = _without_degrees(node[1])
        return None if stripped is None else ("neg", stripped)
    if node[0] in ("+", "*", "/"):
        left, right = _without_degrees(node[1]), _without_degrees(node[2])
        if node[0] == "+":
            return None if left is None or right is None else ("+", left, right)
        if (left is None) != (right is None):
            return (node[0], left or node[1], right or node[2])
    return None


OPEN = frozenset(("(", "[", "{", "\\{"))
_CLOSE = frozenset((")", "]", "}", "\\}"))
_OR = frozenset(("or", "或", "或者", "或是"))
_AND = frozenset(("and", "和", "与", "及", "以及", "且"))
_RELATIONS = frozenset("=≈<>≤≥≠∈")
_STRUCTURE = (
    _OR
    | _AND
    | _RELATIONS
    | frozenset((",", ";", "&", "∧", "∨", "∪", "∩", "setminus", ":", "(", "[", "]", "\\{", "begin"))
)
_CONDITIONS = frozenset(("if", "when", "not", "unless", "for", "let", "where", "since", "because", "suppose"))
_BEFORE_ANSWER = frozenset(("the", "final", "correct", "my", "so"))
_NAME_SIGNS = frozenset(("(", ")", "{", "}", "_", "'", ",", "."))
_CODE = frozenset(("lambda", "else", "return", "print", "if", "not"))
_ABOUT = frozenset(
    ("=", "≈", "∼", "sim", "cong", "about", "approximately", "approx", "around", "circa", "ca", "exactly", "约", "大约")
)


def split_top(tokens: list[Token], separates: Callable[[Token], bool]) -> list[list[Token]]:
    """Split at the tokens outside all brackets for which `separates` is true."""
    pieces: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        kind, value, _ = token
        if value in OPEN or (kind == "cmd" and value == "begin"):
            depth += 1
        elif value in _CLOSE or (kind == "cmd" and value == "end"):
            depth -= depth > 0
        if not depth and separates(token):
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def is_plain(tokens: list[Token]) -> bool:
    """True if nothing in the tokens separates, relates or encloses: they can only be one value."""
    return _STRUCTURE.isdisjoint([value.lower() for _, value, _ in tokens])


def is_or(token: Token) -> bool:
    """True for a word that separates alternatives."""
    return token[1].lower() in _OR or token[1] == "∨"


def is_comma(token: Token) -> bool:
    """True for a sign or a word that separates entries."""
    kind, value, _ = token
    return value in (",", ";", "&", "∧") if kind == "op" else value.lower() in _AND


def is_relation(token: Token) -> bool:
    """True for a sign that relates two sides."""
    return token[0] == "op" and token[1] in _RELATIONS


def _announced(tokens: list[Token]) -> int:
    """How many tokens only announce the answer: "the final answer is", "answer:"."""
    if tokens and tokens[0][0] == "num":
        return 0
    words = [value.lower() for _, value, _ in tokens[:6]]
    at = words.index("answer") + 1 if "answer" in words[:3] else 0
    if not at or not set(words[: at - 1]) <= _BEFORE_ANSWER:
        return 0
    while words[at : at + 1] in (["is"], [":"]):
        at += 1
    return at if words[at - 1] != "answer" else 0


def trimmed(tokens: list[Token]) -> list[Token]:
    """Without what announces the answer, a leading equals sign, a leading "about", and final punctuation."""
    start, end = _announced(tokens), len(tokens)
    if end > 2 and tokens[0][:2] == tokens[-1][:2] and tokens[0][1] in ("'", '"'):
        start, end = 1, end - 1
    while end and tokens[end - 1][1] in (".", ",", ";") and tokens[end - 1][0] == "op":
        end -= 1
    while start < end and tokens[start][1].lower() in _ABOUT:
        start += 2 if tokens[start + 1 : start + 2] == [("op", ".", False)] else 1
    return tokens[start:end]


def matching(tokens: list[Token]) -> int:
    """The index of the bracket that closes the first token, or -1."""
    depth = 0
    for index, (_, value, _) in enumerate(tokens):
        if value in OPEN:
            depth += 1
        elif value in _CLOSE:
            depth -= 1
            if not depth:
                return index
    return -1


def is_name(tokens: list[Token]) -> bool:
    r"""True for what stands left of an equals sign as a name: x, x_1, \angle ABC, S_{\triangle ABC}, f(2), Area."""
    if (
        not tokens
        or len(tokens) > 16
        or tokens[0][0] == "num"
        or [token[1] for token in tokens] == ["pi"]
        or tokens[0][1].lower() in FUNCTIONS | _CONDITIONS
    ):
        return False
    inside = False
    for token, previous in zip(tokens, [tokens[0], *tokens], strict=False):
        inside = inside or token[1] in ("(", "{", "_")
        if not _may_name(token, previous[1] == "_", inside):
            return False
    return True


def is_heading(tokens: list[Token]) -> bool:
    """True for the words before a colon that only announce a value ("Perimeter: 24")."""
    words = all(kind in ("word", "upright") and value.lower() not in _CODE for kind, value, _ in tokens)
    return bool(tokens) and words


def _may_name(token: Token, subscript: bool, inside: bool) -> bool:
    kind, value, _ = token
    if kind == "num":
        return subscript or inside
    if kind == "op":
        return value in _NAME_SIGNS or (inside and value in "+-*/|")
    return value not in FUNCTIONS and value not in ("frac", "sqrt")


def relation_signs(tokens: list[Token]) -> list[str]:
    """The relation signs outside all brackets."""
    signs: list[str] = []

    def note(token: Token) -> bool:
        if is_relation(token):
            signs.append(token[1])
        return False

    split_top(tokens, note)
    return signs
