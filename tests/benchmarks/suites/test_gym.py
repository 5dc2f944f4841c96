"""The gym: true answers in two languages, mistakes that are wrong, pictures of their scenes, splits that do not meet."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from proctor.benchmarks.check import check_suite
from proctor.benchmarks.drawn.question import DrawnQuestion, in_test_split
from proctor.benchmarks.suites.gym import SUITE
from proctor.harness.errors import UsageError
from proctor.harness.types import digest_all

DIGEST = "4d9f71b30383e648ed0cf49f46d01a746ec17f2c643d8ab34260195b360cf84f"
RED, GREEN, BLUE = (200, 40, 40), (30, 140, 50), (40, 70, 200)
SEEDS = st.integers(0, 2**40)


def questions(seed: int, count: int, *tasks: str) -> Iterator[DrawnQuestion]:
    return islice(SUITE.draw(seed, "train", tasks), count)


KINDS = ("acute 锐角", "right 直角", "obtuse 钝角", "straight 平角")
COLOURS = (("red", "红色"), ("green", "绿色"), ("blue", "蓝色"))


def is_red(question: DrawnQuestion) -> bool:
    """True if it asks for the red one of two things."""
    return "red" in question.question or "红" in question.question


def number_in(question: DrawnQuestion) -> int:
    """The number that the question names."""
    return int(re.findall(r"\d+", question.question)[0])


def kind_of(degrees: int) -> str:
    """Both names of the kind of an angle."""
    return KINDS[(degrees >= 90) + (degrees > 90) + (degrees == 180)]


def from_bars(question: DrawnQuestion, heights: list[int]) -> str:
    """The answer to a question on three bars."""
    ranked = sorted(range(3), key=heights.__getitem__)
    return {
        "mean": lambda: str(Fraction(sum(heights), 3)),
        "order": lambda: ", ".join("ABC"[bar] for bar in ranked),
        "colour": lambda: COLOURS[ranked[-1]][question.language == "zh"],
        "above": lambda: ", ".join("ABC"[bar] for bar in range(3) if heights[bar] > number_in(question)),
    }[question.task]()


def expected(question: DrawnQuestion) -> str:
    """The answer, computed from the scene and the question alone."""
    first, *_ = rest = question.scene.split()[1:]
    numbers = [int(part) for part in rest if part.isdigit()]
    cells = Counter(first)
    circles, squares = cells["o"] + cells["O"], cells["s"] + cells["S"]
    asked = slice(0, 2) if is_red(question) else slice(2, 4)
    row = slice(3 * number_in(question) - 3, 3 * number_in(question)) if question.task == "table" else slice(0)
    return {
        "angle": lambda: first,
        "supplement": lambda: str(180 - numbers[0]),
        "kind": lambda: "ABCD"[[choice in kind_of(numbers[0]) for choice in question.choices].index(True)],
        "triangle": lambda: str(180 - numbers[0] - numbers[1]),
        "ruler": lambda: str(numbers[asked][1] - numbers[asked][0]),
        "perimeter": lambda: str(2 * numbers[0] + 2 * numbers[1]),
        "area": lambda: str(numbers[0] * numbers[1]),
        "fraction": lambda: f"{cells['#']}/{len(first)}",
        "percent": lambda: f"{Fraction(100 * cells['#'], len(first))}%",
        "count": lambda: str(cells["o"]),
        "both": lambda: str(circles + squares),
        "ratio": lambda: f"{circles}:{squares}",
        "table": lambda: str(sum(map(int, first[row]))),
        "sequence": lambda: str(numbers[0] + 3 * numbers[1]),
        "point": lambda: "({}, {})".format(*numbers[asked]),
        "clock": lambda: f"{first}:{numbers[1] % 12 * 5:02}",
    }.get(question.task, lambda: from_bars(question, numbers))()


def test_the_test_set_is_fixed_and_passes_its_check() -> None:
    items = SUITE.load()
    assert len({(item.cluster, item.question) for item in items}) == len(items) == SUITE.test_size
    assert {item.meta["task"] for item in items} == set(SUITE.tasks)
    assert {item.meta["language"] for item in items} == {"en", "zh"}
    assert {item.answer_type for item in items} == {
        *("number", "choice", "multichoice", "text", "list", "ratio", "tuple", "time")
    }
    assert digest_all([*(item.to_json() for item in items), *(item.images[0].sha256 for item in items)]) == DIGEST
    report = check_suite(SUITE, SUITE.protocol("strict"), items, SUITE.published.sizes.values())
    assert report.passed, report.failures[:5]


@cache
def held_out_scenes() -> frozenset[str]:
    return frozenset(item.cluster for item in SUITE.load())


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_training_never_draws_a_test_scene(seed: int) -> None:
    for question in questions(seed, 100):
        assert not in_test_split(question.scene)
        assert question.scene not in held_out_scenes()


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_answers_follow_from_the_scene(seed: int) -> None:
    for question in questions(seed, 40):
        assert question.answer == expected(question), question


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_mistake_is_judged_wrong_and_the_solution_right(seed: int) -> None:
    judge = SUITE.protocol("strict")
    for question in questions(seed, 40):
        item = SUITE.as_item(question, "x")
        assert len(question.mistakes) >= 2
        assert len({wrong.answer for wrong in question.mistakes}) == len(question.mistakes)
        for solution in (question.solution, *question.mistakes):
            for direct in (True, False):
                stated = judge.extract(solution.response(direct=direct), item)
                assert judge.match(stated, item).correct == (solution == question.solution), (question, solution)


def systematic(question: DrawnQuestion) -> str:
    """The answer of the task's own mistake, computed from the scene, the question and the true answer."""
    rest, answer = question.scene.split()[1:], question.answer
    numbers = [int(part) for part in rest if part.isdigit()]
    by_task = {
        "angle": lambda: str(180 - int(answer)),
        "supplement": lambda: str(180 - int(answer)),
        "triangle": lambda: str(180 - int(answer)),
        "ruler": lambda: rest[1] if is_red(question) else rest[3],
        "perimeter": lambda: str(numbers[0] * numbers[1]),
        "area": lambda: str(2 * (numbers[0] + numbers[1])),
        "fraction": lambda: f"{rest[0].count('#')}/{rest[0].count('.')}",
        "percent": lambda: f"{rest[0].count('#')}%",
        "mean": lambda: str(sorted(numbers)[1]),
        "order": lambda: answer[::-1].replace(" ,", ", "),
        "count": lambda: str(rest[0].lower().count("o")),
        "both": lambda: str(9 - rest[0].count(".")),
        "ratio": lambda: ":".join(answer.split(":")[::-1]),
        "table": lambda: str(sum(map(int, rest[0][number_in(question) - 1 :: 3]))),
        "sequence": lambda: str(int(answer) + numbers[1]),
        "point": lambda: "({1}, {0})".format(*re.findall(r"\d", answer)),
        "clock": lambda: f"{rest[1]}:{int(rest[0]) % 12 * 5:02}",
        "above": lambda: ", ".join(
            letter for letter, height in zip("ABC", numbers, strict=True) if height >= number_in(question)
        ),
    }
    return by_task[question.task]()


@pytest.mark.parametrize("task", sorted(set(SUITE.tasks) - {"kind", "colour"}))
def test_the_first_mistake_is_the_tasks_own(task: str) -> None:
    for question in questions(4, 60, task):
        assert question.mistakes[0].answer == systematic(question), question


def test_the_mistaken_kind_and_colour() -> None:
    confused = dict(zip(KINDS, (KINDS[2], KINDS[0], KINDS[0], KINDS[2]), strict=True))
    for question in questions(5, 60, "kind"):
        name = question.choices["ABCD".index(question.mistakes[0].answer)]
        assert name in confused[kind_of(int(question.scene.split()[1]))]
    for question in questions(5, 60, "colour"):
        heights = list(map(int, question.scene.split()[1:]))
        assert question.mistakes[0].answer in COLOURS[heights.index(min(heights))]


def test_worked_answers_are_in_the_questions_language() -> None:
    for question in questions(6, 400):
        chinese = [bool(re.search(r"[\u3001-\u9fff，]", text)) for text in (question.question, question.worked)]
        assert chinese == [question.language == "zh"] * 2, question
        assert all(re.search(r"[，。]", wrong.worked) for wrong in question.mistakes if question.language == "zh")


def boxes(question: DrawnQuestion) -> Mapping[tuple[int, int, int], tuple[int, int, int, int]]:
    """Of each colour: the columns (from, to) and rows (from, to) that have it, on the decoded picture."""
    pixels = np.asarray(PilImage.open(io.BytesIO(question.image)).convert("RGB"))
    found = {}
    for colour in (RED, GREEN, BLUE):
        rows, columns = np.nonzero((pixels == colour).all(-1))
        if len(rows):
            found[colour] = columns.min(), columns.max(), rows.min(), rows.max()
    return found


def test_pictures_show_their_scene() -> None:
    for question in questions(7, 60, "ruler"):
        left = {colour: box[1] - box[0] for colour, box in boxes(question).items()}
        start, end, other_start, other_end = map(int, question.scene.split()[1:])
        assert (left[RED], left[BLUE]) == (8 * (end - start), 8 * (other_end - other_start))
    for question in questions(7, 60, "area"):
        width, height, column, row = map(int, question.scene.split()[1:])
        left, right, top, bottom = boxes(question)[BLUE]
        assert ((right - left + 2) / 8, (bottom - top + 2) / 8) == (width, height)
        assert (left // 8, top // 8) == (column, row)
    for question in questions(7, 60, "point"):
        centres = [(box[0] + box[1]) // 2 for box in (boxes(question)[RED], boxes(question)[BLUE])]
        heights = [(box[2] + box[3]) // 2 for box in (boxes(question)[RED], boxes(question)[BLUE])]
        x, y, other_x, other_y = map(int, question.scene.split()[1:])
        assert centres == [7 + 8 * x, 7 + 8 * other_x]
        assert heights == [78 - 8 * y, 78 - 8 * other_y]


def test_equal_pictures_have_equal_scenes() -> None:
    by_picture: dict[bytes, set[str]] = {}
    for question in questions(8, 4000):
        by_picture.setdefault(question.image, set()).add(question.scene)
    assert len(by_picture) > 1000
    assert all(len(scenes) == 1 for scenes in by_picture.values())


def test_a_stream_depends_on_its_seed_alone() -> None:
    assert list(questions(1, 40)) == list(questions(1, 40)) != list(questions(2, 40))


def test_an_unknown_task_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="gym: no task is called 'volume'; there are: angle"):
        next(SUITE.draw(0, "train", ["volume"]))
