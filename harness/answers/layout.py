"""Where a list of tokens comes apart: brackets, separators, relation signs, names before an equals sign."""

from __future__ import annotations

from collections.abc import Callable

from .expression import FUNCTIONS
from .tokens import Token

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
_ABOUT = frozenset(("about", "approximately", "approx", "around", "exactly", "约", "大约"))


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
    while end and tokens[end - 1][1] in (".", ",", ";") and tokens[end - 1][0] == "op":
        end -= 1
    while start < end and (tokens[start][1] in ("=", "≈") or tokens[start][1].lower() in _ABOUT):
        start += 1
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
    if not tokens or len(tokens) > 16 or tokens[0][0] == "num" or tokens[0][1].lower() in FUNCTIONS | _CONDITIONS:
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
