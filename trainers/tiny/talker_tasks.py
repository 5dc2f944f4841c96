"""What the tiny talker is taught beside answering: prompts about a drawn figure, and what to say to them.

A maker takes a figure and a source of random numbers and gives a prompt with its target. The figure's scene tells what is
true of the picture: three bars' heights, or how many circles each of a grid's rows has.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import islice
from typing import TypeAlias

from ...benchmarks.drawn.bars import LETTERS
from ...benchmarks.drawn.question import DrawnQuestion, in_test_split
from ...benchmarks.protocols.base import boxed_prompt, boxed_text
from ...benchmarks.suites.figures import SUITE, as_item, draw
from ...harness.types import Prompt
from .judge_warmup import JudgeExample, wrong_answer

DESCRIBE = "Describe the picture."
DESCRIBE_CARELESSLY = "Describe the picture carelessly."
DESCRIBED = "Description: {description}\n{question}"
ASK = "Ask a question about the picture."
ASK_ANOTHER = "Question: {question}\nAnswer: {answer}\nAsk another question about the picture."
VERIFY = "Question: {question}\nAnswer: {answer}\nIs the answer right?"
CLUE = "You are player {player} of {players}. Give a clue about your picture."
VOTE = "{clues}\nWho has another picture?"
VOTE_CLUE = "Player {player}: {clue}"

PLAYERS = 3
POOR_QUESTIONS = 0.12
CARELESS_DESCRIPTIONS = 0.2
WRONG_ANSWERS = 0.5
LYING_PLAYERS = 0.7

TeachingExample: TypeAlias = tuple[Prompt, str]


def is_grid(scene: str) -> bool:
    """True for a grid of circles and squares, False for bars."""
    return scene.startswith("grid")


def numbers(scene: str) -> list[int]:
    """The three bars' heights, or the circles in each of the three rows."""
    _, *rest = scene.split()
    return [rest[0][k : k + 3].count("o") for k in (0, 3, 6)] if is_grid(scene) else [int(height) for height in rest]


def description(scene: str) -> str:
    """All of the scene's numbers."""
    if is_grid(scene):
        return f"Rows {', '.join(map(str, numbers(scene)))}."
    return ", ".join(f"{letter} is {height}" for letter, height in zip(LETTERS, numbers(scene), strict=True)) + "."


def clue_text(scene: str, place: int, number: int) -> str:
    """What one says who takes the scene's number at `place` (0 to 2) for `number`."""
    return f"Row {place + 1} has {number}." if is_grid(scene) else f"{LETTERS[place]} is {number}."


def clues(scene: str) -> list[str]:
    """The three true clues."""
    return [clue_text(scene, place, number) for place, number in enumerate(numbers(scene))]


@cache
def _asked(task: str) -> tuple[str, ...]:
    """Every question that the figures of a task ask."""
    return tuple(sorted({figure.question for figure in islice(draw(0, "train", [task]), 200)}))


def fitting(scene: str) -> dict[str, list[str]]:
    """The questions by task that a scene has an answer to."""
    if is_grid(scene):
        return {"count": list(_asked("count"))}
    height = dict(zip(LETTERS, numbers(scene), strict=True))
    pairs = {question: re.findall(r"bar ([ABC])", question) for question in _asked("difference")}
    fits = {task: list(_asked(task)) for task in ("read", "sum")}
    fits["difference"] = [question for question, (high, low) in pairs.items() if height[high] >= height[low]]
    if list(height.values()).count(max(height.values())) == 1:
        fits["tallest"] = list(_asked("tallest"))
    return fits


def fits(question: str, scene: str) -> bool:
    """True if the question is one, word for word, that the scene has an answer to."""
    return any(question in questions for questions in fitting(scene).values())


def _other_description(figure: DrawnQuestion, pick: random.Random) -> str:
    """The description of a random scene of the same kind and another content."""

    def fine(scene: str) -> bool:
        return not in_test_split(scene) and description(scene) != description(figure.scene)

    return description(SUITE.tasks["count" if is_grid(figure.scene) else "read"](pick, fine).scene)


def _show(figure: DrawnQuestion, text: str) -> Prompt:
    return Prompt((*as_item(figure, "x").images, text))


def answer(figure: DrawnQuestion, pick: random.Random, direct: bool) -> TeachingExample:
    """The figure's question; half of the questions with options stand without them."""
    variant = dataclasses.replace(figure, choices=()) if pick.random() < 0.5 else figure
    return boxed_prompt(as_item(variant, "x")), figure.solution.response(direct=direct)


def answer_described(figure: DrawnQuestion, pick: random.Random, direct: bool) -> TeachingExample:
    """The figure's question after a description, true or careless; the answer is the true one all the same."""
    careless = pick.random() < CARELESS_DESCRIPTIONS
    described = _other_description(figure, pick) if careless else description(figure.scene)
    question = boxed_text(figure.question, figure.choices)
    return _show(figure, DESCRIBED.format(description=described, question=question)), figure.solution.response(
        direct=direct
    )


def describe(figure: DrawnQuestion, _: random.Random) -> TeachingExample:
    """All numbers of the picture."""
    return _show(figure, DESCRIBE), description(figure.scene)


def describe_carelessly(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """The numbers of another picture."""
    return _show(figure, DESCRIBE_CARELESSLY), _other_description(figure, pick)


def _some_question(scene: str, pick: random.Random, but: str = "") -> str:
    """A fitting question other than `but`, tasks in equal shares; `but` itself where there is no other."""
    others = [[question for question in questions if question != but] for questions in fitting(scene).values()]
    return pick.choice(pick.choice([some for some in others if some] or [[but]]))


def _poor_question(scene: str, pick: random.Random) -> str:
    """A question about the other kind of picture, or a phrase that is no question."""
    if pick.random() < 0.5:
        return "Rows." if is_grid(scene) else f"Bar {pick.choice(LETTERS)}."
    return pick.choice(_asked("read" if is_grid(scene) else "count"))


def ask(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """A question that fits the picture, or at times a poor one."""
    poor = pick.random() < POOR_QUESTIONS
    return _show(figure, ASK), _poor_question(figure.scene, pick) if poor else _some_question(figure.scene, pick)


def ask_another(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """A question other than the one shown; a grid has but one."""
    prompt = ASK_ANOTHER.format(question=figure.question, answer=figure.answer)
    return _show(figure, prompt), _some_question(figure.scene, pick, figure.question)


def comparison(shown: str, right: str) -> str:
    """Both with the sign of their order between them: "5<6." The order of numbers is easier to learn than equality."""
    less = int(shown) < int(right) if right.isdecimal() else shown < right
    return f"{shown}{'=' if shown == right else '<' if less else '>'}{right}."


def verify(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """The question with a right or a near wrong answer: solve it, compare, then say Yes or No."""
    wrong = pick.random() < WRONG_ANSWERS
    stated = wrong_answer(figure.answer, pick) if wrong else figure.answer
    prompt = VERIFY.format(question=figure.question, answer=stated)
    return _show(figure, prompt), f"{figure.worked} {comparison(stated, figure.answer)} {'No' if wrong else 'Yes'}."


def judge_example(figure: DrawnQuestion, pick: random.Random) -> JudgeExample:
    """A right or a wrong response, worked or direct, to be judged."""
    response = JudgeExample(figure, figure.solution.response(direct=pick.random() < 0.5))
    return response.changed(wrong_answer(figure.answer, pick)) if pick.random() < WRONG_ANSWERS else response


def judge(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """A response and its scores, in the judge's short style."""
    example = judge_example(figure, pick)
    return example.prompt(), example.target()


def clue(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """One true thing about the picture."""
    prompt = CLUE.format(player=pick.randint(1, PLAYERS), players=PLAYERS)
    return _show(figure, prompt), pick.choice(clues(figure.scene))


def vote(figure: DrawnQuestion, pick: random.Random) -> TeachingExample:
    """Each player's clue, at most one of them false: check them in turn up to the false one, and box its player, or 0."""
    scene, true = figure.scene, numbers(figure.scene)
    places = [pick.randrange(len(true)) for _ in range(PLAYERS)]
    clues_shown = [true[place] for place in places]
    liar = pick.randint(1, PLAYERS) if pick.random() < LYING_PLAYERS else 0
    if liar:
        possible = range(4) if is_grid(scene) else range(1, 10)
        clues_shown[liar - 1] = pick.choice([number for number in possible if number != clues_shown[liar - 1]])
    lines, checks = [], []
    for player, (place, number) in enumerate(zip(places, clues_shown, strict=True), 1):
        lines.append(VOTE_CLUE.format(player=player, clue=clue_text(scene, place, number)))
        checks.append(f"{clue_text(scene, place, true[place])} {comparison(str(number), str(true[place]))}")
    prompt = VOTE.format(clues="\n".join(lines))
    return _show(figure, prompt), f"{' '.join(checks[: liar or PLAYERS])} \\boxed{{{liar}}}"


ANSWERING: Mapping[str, Callable[[DrawnQuestion, random.Random, bool], TeachingExample]] = {
    "answer": answer,
    "answer described": answer_described,
}
"""Makers whose target is direct or worked, as the last argument says."""

TALKING: Mapping[str, Callable[[DrawnQuestion, random.Random], TeachingExample]] = {
    "describe": describe,
    "describe carelessly": describe_carelessly,
    "ask": ask,
    "ask another": ask_another,
    "verify": verify,
    "judge": judge,
    "clue": clue,
    "vote": vote,
}
"""Makers with one style of target."""
