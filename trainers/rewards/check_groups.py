"""The groups that a reward's contract is tried on: fixed patterns of answers, random groups, and recorded ones."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...benchmarks.suites.figures import as_item, draw
from ...harness.types import TOKEN_DECIMALS, Item
from ..base import Gold, Group, make_group
from ..groups import RecordedGroup
from ..tokens import GroupTokens

Answers = tuple[str | None, ...]

WORDS = "First I look at the picture, then I compare the bars with the grid, and read off what is asked. "
HUGE = 100_000
"""Characters of a huge response."""
RANDOM_GROUPS = 40
VOCABULARY = ("1", "2", "3", "3", "3", "7", "1/2", "0.5", "x+1", "12 cm", None)

FORMS: Sequence[Callable[[str], str]] = (
    lambda answer: f"So \\boxed{{{answer}}}",
    lambda answer: f"{WORDS * 3}\nThe final answer is \\boxed{{{answer}}}.",
    lambda answer: f"<think>{WORDS}</think>\\boxed{{{answer}}}",
    lambda answer: f"The answer is {answer}",
)
"""Ways to state an answer: short and long, thought out, and without a box."""

PATTERNS: Mapping[str, Answers] = {
    "no response": (),
    "one response": ("3",),
    "one response without an answer": (None,),
    "two that agree": ("3", "3"),
    "two that differ": ("3", "4"),
    "all without an answer": (None,) * 8,
    "all equal": ("3",) * 8,
    "all different": tuple("12345678"),
    "a tie of two": ("3", "4", "3", "4", "4", "3", "3", "4"),
    "a tie of two, and others": ("3", "4", "3", "4", "5", "6", None, "7"),
    "a clear majority": ("3", "3", "4", "3", "3", "5", "3", "4"),
    "one dissenter": ("3", "3", "3", "4", "3", "3", "3", "3"),
    "one answer among none": (None, None, "3", None, None, None, None, None),
    "mostly without an answer": (None, None, None, "3", None, "4", "3", None),
    "equal answers in several forms": ("1/2", "0.5", "\\frac{1}{2}", "3", "0.50", "3.0", "4", "\\tfrac12"),
    "many responses": ("3", "4", "3", None, "5", "3", "3", "4") * 8,
    "unicode": ("３", "π", "½", "三", "٣", "\u202e3", "🙂", "π"),
    "no mathematics": ("}{", "\\frac{", "$$", "<b>", "NaN", "inf", "-0", ""),
    "huge numbers": ("9" * 400, "1e400", "9^{9^{9}}", "1/0", "10^{400}", "9" * 400, "0", "3"),
}

RESPONSES: Mapping[str, tuple[str, ...]] = {
    "empty responses": ("",) * 4,
    "an empty response among others": ("", "So \\boxed{3}", "   \n", "So \\boxed{3}", "So \\boxed{4}", "\\boxed{}"),
    "huge responses": (
        "a" * HUGE,
        WORDS * (HUGE // len(WORDS)) + "\\boxed{3}",
        "\\boxed{" * (HUGE // 7),
        "{" * HUGE,
        "\\boxed{3}" * (HUGE // 9),
        "So \\boxed{4}",
    ),
    "control characters": ("\x00\\boxed{3}", "\x1b[2J\\boxed{3}", "\ud800\\boxed{4}", "\u2028\\boxed{3}"),
}
"""Whole responses, where the answer is not all that matters."""

CHOICES: Mapping[str, Answers] = {
    "options": ("A", "B", "A", "C", "Red", "red", None, "A"),
    "options that are not there": ("E", "Z", "A or B", "A, B", "none", "AB", "a", "1"),
}


@dataclass(frozen=True)
class GroupCase:
    """A group without a label, with a judge's scores and what is known of tokens, and two labels that it could have."""

    name: str
    group: Group
    golds: tuple[Gold, Gold]


def generated_cases(seed: int) -> list[GroupCase]:
    """All patterns, and RANDOM_GROUPS drawn from the seed."""
    rng = random.Random(f"contract {seed}")  # noqa: S311 - reproducible, not secret
    items = _items(rng)
    cases = [_case(name, next(items), _responses(answers, rng), rng) for name, answers in PATTERNS.items()]
    cases += [_case(name, next(items), responses, rng) for name, responses in RESPONSES.items()]
    for name, answers in CHOICES.items():
        item = dataclasses.replace(next(items), choices=("Red", "Green", "Blue", "Yellow"), answer_type="choice")
        cases.append(_case(name, item, _responses(answers, rng), rng))
    for number in range(RANDOM_GROUPS):
        cases.append(_drawn(f"random group {number + 1}", next(items), rng.randint(2, 16), rng))
    return cases


def many(count: int, n: int, seed: int) -> Iterator[GroupCase]:
    """So many random groups of n responses."""
    rng = random.Random(f"speed {seed}")  # noqa: S311 - reproducible, not secret
    items = _items(rng)
    for number in range(count):
        yield _drawn(f"timed group {number + 1}", next(items), n, rng)


def recorded_cases(groups: Sequence[RecordedGroup], most: int, seed: int) -> list[GroupCase]:
    """At most so many recorded groups, evenly spread; what no judge or engine said of them is drawn."""
    rng = random.Random(f"recorded {seed}")  # noqa: S311 - reproducible, not secret
    step = max(1, -(-len(groups) // most))
    cases = []
    for recorded in groups[::step]:
        group = make_group(recorded.item, recorded.responses, needs_gold=False, answer_format=recorded.answer_format)
        scores = recorded.judge_scores or _scores(len(recorded.responses), rng)
        drawn = _tokens(recorded.item.id, len(recorded.responses)).fields
        tokens = {name: drawn[name] if row is None else row for name, row in recorded.tokens.fields.items()}
        label = Gold(recorded.item.answer, recorded.item.answer_type, recorded.item.unit)
        golds = (label, dataclasses.replace(label, answer=_other(label.answer, group)))
        group = dataclasses.replace(group, judge_scores=scores, **tokens)
        cases.append(GroupCase(f"item {recorded.item.id}", group, golds))
    return cases


def _items(rng: random.Random) -> Iterator[Item]:
    """Items with a picture and an id of their own."""
    for number, figure in enumerate(draw(rng.randrange(2**31), "train")):
        yield dataclasses.replace(as_item(figure, f"contract-{number}"), choices=(), answer_type="number")


def _drawn(name: str, item: Item, n: int, rng: random.Random) -> GroupCase:
    return _case(name, item, _responses(rng.choices(VOCABULARY, k=n), rng), rng)


def _responses(answers: Sequence[str | None], rng: random.Random) -> tuple[str, ...]:
    return tuple(WORDS * rng.randint(2, 4) if answer is None else rng.choice(FORMS)(answer) for answer in answers)


def _scores(n: int, rng: random.Random) -> tuple[float | None, ...]:
    return tuple(rng.choice((0.0, 0.5, 1.0, None, rng.random())) for _ in range(n))


def _tokens(name: str, n: int) -> GroupTokens:
    """What could be told of the tokens of n responses: none at all, one, or several; certain ones, and the impossible."""
    rng = random.Random(f"tokens of {name}")  # noqa: S311 - reproducible, not secret

    def row(length: int) -> tuple[float, ...]:
        scale = rng.choice((0.0, 0.01, 1.0, 50.0))
        return tuple(round(scale * rng.random(), TOKEN_DECIMALS) for _ in range(length))

    lengths = tuple(rng.choice((0, 1, 2, 7, 40)) for _ in range(n))
    logprobs = tuple(tuple(-one for one in row(length)) for length in lengths)
    return GroupTokens(lengths, logprobs, tuple(map(row, lengths)))


def _case(name: str, item: Item, responses: Sequence[str], rng: random.Random) -> GroupCase:
    group = make_group(item, responses, needs_gold=False)
    scores = _scores(len(responses), rng)
    group = dataclasses.replace(group, judge_scores=scores, **_tokens(name, len(responses)).fields)
    first = next((answer for answer in group.answers if answer), "3")
    kind = "choice" if item.choices else "number"
    label = Gold("A" if item.choices else first, kind, None)
    return GroupCase(name, group, (label, dataclasses.replace(label, answer=_other(label.answer, group))))


def _other(answer: str, group: Group) -> str:
    """A label that is not this one, if possible one that was answered."""
    if group.choices:
        return "B" if answer.strip() != "B" else "A"
    return next((other for other in group.answers if other and other != answer), "12345")
