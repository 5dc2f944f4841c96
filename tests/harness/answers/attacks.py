"""Strings that the grammar half knows: soups of its tokens, mutated answers and responses, nested and repeated pieces."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from proctor.harness.answers import GOLD_TYPES, expression, lexer, text, units

from .ending_cases import CASES as ENDINGS
from .policy_cases import CASES

TYPES = tuple(
    {"relaxed": "relaxed:0.05", "float": "float:abs=0.001"}.get(name, name) for name in (*GOLD_TYPES, "float:round=2")
)
OPTIONS = (
    None,
    None,
    ("1", "2", "x=3", "a square"),
    ("9 cm", "14 cm", "21 cm", "30 cm"),
    ("Yes", "No"),
    ("A", "B", "C"),
)


class Attack(NamedTuple):
    """A response with a gold, its type and the options of its question."""

    response: str
    gold: str
    gold_type: str
    choices: tuple[str, ...] | None


_COMMANDS = sorted(
    {*lexer._SPACING, *lexer._UPRIGHT, *lexer._SAME, *lexer._OPERATORS, *expression.FUNCTIONS, *expression._GREEK}
    | {
        "frac",
        "binom",
        "lfloor",
        "rfloor",
        "lceil",
        "rceil",
        "overline",
        "dot",
        "begin",
        "end",
        "boxed",
        "fbox",
        "over",
        "color",
    }
)
_TOKENS = (
    *(f"\\{name}" for name in _COMMANDS), *lexer._PUNCTUATED, *lexer._DIGRAPHS, *text._SYMBOLS, *text._FRACTIONS,
    *text._GREEK,
    *"{}()[]|^_=<>,;:.!?%$+-*/'\"&#@~`°²₁√∞≤≥≠±∪∈π×÷−，。（）", *"0123456789", "10", "0.5", "1e9", "1,234", "3.14",
    "1/2", "{", "}",
    "{{", "}}", "\\{", "\\}", "\\\\", "&", "xyz", "x", "y", "i", "e", "f(", "pi", "sin", "log_", "\\sqrt[3]{",
    "\\frac{", "}{",
    "\\text{", "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{cases}", "\\end{cases}", "\\begin{array}{c}",
    "\\mathbb{R}", " ",
    " ", "\n", "\n\n", "\t", "\x00", "\ud800", "\u202e", "\u0301", "\u200b", "9**9**9", "9^{9^{9}}", "99999!", "-",
    "--",
)  # fmt: skip
_WORDS = (
    "the answer is", "answer:", "final answer", "so", "therefore", "because", "since", "if", "not", "or", "and",
    "which", "is",
    "option", "choice", "correct", "wrong", "wait", "actually", "no", "yes", "none", "all of the above", "about",
    "cm", "kg",
    "m/s", "dollars", "percent", "million", "hours", "A", "B", "(C)", "D.", "12", "x = 3", "答案", "选", "是", "所以", "或",
    "和",
    "**", "##", "###", "\\boxed{", "}", "$", "$$", "\\[", "\\]", ".", ",", "?", "!", ":", ";", "\n", "\n\n", "- ",
    "1. ",
)  # fmt: skip
_MARKS = (
    "<think>", "</think>", "<answer>", "</answer>", "<|begin_of_box|>", "<|end_of_box|>", "◁think▷", "◁/think▷",
    "[THINK]",
    "[/THINK]", "<|channel|>final<|message|>", "<|channel|>analysis<|message|>", "assistantfinal", "</s>", "<|im_end|>",
    "<seed:think>", "< think >", "<|START_THINKING|>", "<|END_THINKING|>", "<CONCLUSION>", "####", "```",
    "{\"answer\": ",
)  # fmt: skip
_AROUND = (
    "\\frac{%s}{2}", "\\frac{1}{%s}", "\\sqrt{%s}", "\\sqrt[3]{%s}", "(%s)", "[%s]", "{%s}", "\\{%s\\}", "|%s|",
    "\\left(%s\\right)",
    "\\text{%s}", "\\mathrm{%s}", "%s^{2}", "2^{%s}", "%s^{%s}", "-%s", "%s+%s", "%s=%s", "%s<%s", "(%s,%s)",
    "\\{%s,%s\\}",
    "\\lfloor %s\\rfloor", "\\sin %s", "\\log_{%s} %s", "\\begin{pmatrix}%s\\end{pmatrix}",
    "\\begin{cases}%s\\end{cases}",
    "%s!", "%s\\%%", "%s^\\circ", "\\overline{%s}", "\\boxed{%s}", "\\binom{%s}{%s}", "%s \\pm %s", "%s\\cup %s",
    "%s or %s",
    "**%s**", "$%s$", "x_{%s}", "f(%s)", "%s:%s", "%s %s", "e^{%s}", "\\exp(%s)", "\\tanh(%s)", "\\ln(%s)",
    "abs(%s)", "'%s'",
)  # fmt: skip
_ANSWERS = tuple(each[:300] for case in CASES for each in (case.gold, *case.right, *case.wrong) if each)
_RESPONSES = tuple(each for case in ENDINGS for each in (*case.right, *case.wrong))
_GOLDS = {
    name: [case.gold for case in CASES if case.gold_type == name and len(case.gold) < 300] or ["1"] for name in TYPES
}
_UNITS = tuple(units._NAMES)
_LONGEST = 30_000


def _soup(draw: random.Random) -> str:
    pieces = draw.choice((_TOKENS, _TOKENS, (*_TOKENS[-60:], *_UNITS), draw.sample(_TOKENS, 4)))
    count = draw.choice((8, 24, 60, 60, 400))
    return draw.choice(("", "", " ")).join(draw.choice(pieces) for _ in range(draw.randint(1, count)))


def _mutated(draw: random.Random, seeds: tuple[str, ...], pieces: tuple[str, ...]) -> str:
    found = draw.choice(seeds)
    for _ in range(draw.randint(1, 6)):
        at = draw.randint(0, len(found))
        other = draw.choice(seeds)
        cut = sorted(draw.randint(0, len(other)) for _ in range(2))
        insert = draw.choice(
            ("", draw.choice(pieces), draw.choice(pieces), other[cut[0] : cut[1]], found[at : at + 20])
        )
        found = found[:at] + insert + found[at + draw.choice((0, 0, 1, 3)) :]
    return found


def _answer(draw: random.Random) -> str:
    return _mutated(draw, _ANSWERS, _TOKENS)


def _response(draw: random.Random) -> str:
    return _mutated(draw, _RESPONSES, (*_WORDS, *_MARKS))


def _nested(draw: random.Random) -> str:
    found = draw.choice((draw.choice(_ANSWERS), draw.choice("12xyπ"), _soup(draw)[:20]))
    frames = draw.sample(_AROUND, draw.randint(1, 4))
    for _ in range(draw.choice((4, 12, 30, 200))):
        frame = draw.choice(frames)
        twice = frame.count("%s") == 2
        found = frame % ((found, draw.choice(("1", "x", found)) if len(found) < 2_000 else "1") if twice else found)
        if len(found) > _LONGEST:
            break
    return found[:_LONGEST]


def _repeated(draw: random.Random) -> str:
    piece = draw.choice((
        draw.choice(_TOKENS), draw.choice(_WORDS) + " ", draw.choice(_MARKS), draw.choice(_ANSWERS)[:40],
        draw.choice(_UNITS) + " ",
        "".join(draw.choice(_TOKENS) for _ in range(3)), " ".join(draw.choice(_WORDS) for _ in range(4)) + " ",
        draw.choice(_RESPONSES)[:80],
    ))  # fmt: skip
    ends = [draw.choice(("", "1", draw.choice(_TOKENS), draw.choice(_WORDS))) for _ in range(2)]
    length = draw.choice((200, 400, 1_000, 3_000, _LONGEST)) * draw.random()
    return ends[0] + piece * max(1, int(length / max(1, len(piece)))) + ends[1]


def _spliced(draw: random.Random) -> str:
    """Sentences of several responses, in words, with marks of thinking and options between them."""
    parts: list[str] = []
    for _ in range(draw.choice((2, 4, 8, 40))):
        sentence = draw.choice(draw.choice(_RESPONSES).replace("\n", ". ").split(". "))
        words = sentence.split(" ")
        at = draw.randint(0, len(words))
        parts.append(
            draw.choice(
                (
                    sentence,
                    " ".join(words[at:] + words[:at]),
                    " ".join(words[:at]),
                    draw.choice(_WORDS),
                    draw.choice(_MARKS),
                )
            )
        )
    return draw.choice((" ", ". ", "\n", "\n\n", ", ")).join(parts)


_KINDS: dict[Callable[[random.Random], str], int] = {
    _soup: 4,
    _answer: 4,
    _response: 3,
    _nested: 3,
    _repeated: 2,
    _spliced: 3,
}


def attacks(seed: int, count: int) -> Iterator[Attack]:
    """`count` attacks, the same for one seed, with the gold types in turn."""
    draw = random.Random(seed)
    kinds, weights = list(_KINDS), list(_KINDS.values())
    for index in range(count):
        response = draw.choices(kinds, weights)[0](draw)
        if draw.random() < 0.4:
            response = draw.choice(
                ("\\boxed{%s}", "The answer is \\boxed{%s}.", "The answer is %s", "Answer: %s")
            ).replace("%s", response)
        kind = TYPES[index % len(TYPES)]
        gold = draw.choice(_GOLDS[kind]) if draw.random() < 0.9 else response[:300]
        yield Attack(response, gold, kind, draw.choice(OPTIONS))
