"""The drawn suite: fixed bytes, true answers, and a test split that training never draws."""

import io
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage

from proctor.benchmarks.drawn.picture import encode_png
from proctor.benchmarks.drawn.question import DrawnQuestion, in_test_split
from proctor.benchmarks.suites.figures import SUITE, draw
from proctor.harness.errors import UsageError
from proctor.harness.types import digest_all

DIGEST = "118e46eb317cf4327f0ce51611c39f0c807045321db1277c2aca31db58a09160"


def test_the_test_set_is_fixed_and_large_enough() -> None:
    items = SUITE.load()
    assert len(items) == SUITE.test_size >= 500
    assert len({(item.cluster, item.question) for item in items}) == SUITE.test_size
    assert {item.meta["task"] for item in items} == set(SUITE.tasks)
    assert digest_all([*(item.to_json() for item in items), *(item.images[0].sha256 for item in items)]) == DIGEST


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40))
def test_training_never_draws_a_test_scene(seed: int) -> None:
    tested = {item.cluster for item in SUITE.load()}
    for figure in islice(draw(seed, "train"), 100):
        assert not in_test_split(figure.scene)
        assert figure.scene not in tested


def test_a_stream_depends_on_its_seed_alone() -> None:
    def first(seed: int) -> list[DrawnQuestion]:
        return list(islice(draw(seed, "train"), 10))

    assert first(1) == first(1) != first(2)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**40))
def test_answers_are_what_the_picture_shows(seed: int) -> None:
    for figure in islice(draw(seed, "train"), 10):
        kind, _, shown = figure.scene.partition(" ")
        if kind == "grid":
            assert figure.answer == str(shown.count("o"))
            continue
        heights = dict(zip("ABC", map(int, shown.split()), strict=True))
        assert seen_heights(figure) == heights
        named = [word.rstrip("?") for word in figure.question.split() if word.rstrip("?") in heights]
        first, second = ([heights[name] for name in named] + [0, 0])[:2]
        expected = {
            "read": str(first),
            "sum": str(first + second),
            "difference": str(first - second),
            "tallest": max(heights, key=lambda name, shown=heights: shown[name]),
        }
        assert figure.answer == expected[figure.task]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**40))
def test_a_mistake_is_judged_wrong_and_the_solution_right(seed: int) -> None:
    judge = SUITE.protocol("strict")
    for figure in islice(draw(seed, "train"), 10):
        item = SUITE.as_item(figure, "x")
        assert len(figure.mistakes) >= 2
        assert len({wrong.answer for wrong in figure.mistakes}) == len(figure.mistakes)
        for solution in (figure.solution, *figure.mistakes):
            for direct in (True, False):
                stated = judge.extract(solution.response(direct=direct), item)
                assert judge.match(stated, item).correct == (solution == figure.solution), solution


def test_the_first_mistake_is_the_tasks_own() -> None:
    off_by = {"read": {1, -1}, "sum": {-1}, "difference": {1}, "count": {1}}
    for figure in islice(draw(3, "train"), 200):
        wrong = figure.mistakes[0]
        if figure.task == "tallest":
            heights = dict(zip("ABC", map(int, figure.scene.split()[1:]), strict=True))
            assert heights[wrong.answer] == sorted(heights.values())[1]
        else:
            assert int(wrong.answer) - int(figure.answer) in off_by[figure.task]


def seen_heights(figure: DrawnQuestion) -> dict[str, int]:
    """Heights measured on the decoded picture, in units of 8 pixels."""
    pixels = np.asarray(PilImage.open(io.BytesIO(figure.image)).convert("RGB")).astype(int)
    heights = {}
    for name, colour in zip("ABC", ((200, 40, 40), (30, 140, 50), (40, 70, 200)), strict=True):
        rows = (pixels == colour).all(-1).any(1).sum()
        heights[name] = round(rows / 8)
    return heights


def test_png_decodes_to_the_same_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 3, (84, 84)).astype(np.uint8)
    palette = ((1, 2, 3), (40, 50, 60), (250, 0, 9))
    decoded = np.asarray(PilImage.open(io.BytesIO(encode_png(pixels, palette))).convert("RGB"))
    np.testing.assert_array_equal(decoded, np.array(palette)[pixels])


def test_an_unknown_task_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="tallest"):
        next(draw(0, "train", ["volume"]))
