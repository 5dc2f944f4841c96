"""STIC: descriptions that differ make preferences, described questions with majority answers make examples."""

import dataclasses
import random

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.images import decode
from proctor.harness.types import Prompt
from proctor.harness.untrusted_text import filled
from proctor.trainers.methods.base import Dpo, Sft
from proctor.trainers.methods.stic import Stic, SticSettings
from proctor.trainers.methods.toolbox import SMALL_SIDE, corrupted

from .scripted_student import ScriptedStudent, box, cut, figures, row, stage_input

ITEMS = figures(40)
SETTINGS = SticSettings(well="Well?", badly="Badly?", plainly="Plainly?", described="D: {description}\n{question}")


def test_good_descriptions_are_preferred_as_responses_to_the_plain_prompt() -> None:
    student = ScriptedStudent({"good": row("A is 3."), "poor": row("A is 9.")})
    found = Stic(SETTINGS).describe(stage_input(student, ITEMS))
    assert [part.prompt for part in found.data] == [Prompt((*item.images, "Plainly?")) for item in ITEMS]
    assert {(part.chosen, part.rejected) for part in found.data} == {("A is 3.", "A is 9.")}
    assert set(student.texts("good")) == {"Well?"}
    assert student.samplings["good"].n == 1


def test_poor_ones_come_of_a_bad_prompt_or_a_corrupted_picture_the_same_each_time() -> None:
    asked = []
    for _ in range(2):
        student = ScriptedStudent({"good": row("A."), "poor": row("B.")})
        Stic(SETTINGS).describe(stage_input(student, ITEMS))
        asked.append([one.prompt for one in student.asked["poor"]])
    assert asked[0] == asked[1]
    for item, prompt in zip(ITEMS, asked[0], strict=True):
        assert (prompt.parts[-1], prompt.images == item.images) in [("Badly?", True), ("Plainly?", False)]
    assert 10 < [prompt.parts[-1] for prompt in asked[0]].count("Badly?") < 30


def test_pictures_are_described_once_and_equal_empty_or_cut_descriptions_are_left_out() -> None:
    items = figures(3)
    replies = {"q0": "Same.", "q1": cut("Long"), "q2": " "}
    student = ScriptedStudent({"good": lambda asked, _: replies[asked.item.id], "poor": row("Same.")})
    found = Stic(SETTINGS).describe(stage_input(student, [*items, dataclasses.replace(items[0], id="again")]))
    assert not found.data
    assert found.counts == {
        "prompts": 4,
        "pictures": 3,
        "without two whole descriptions": 2,
        "with equal descriptions": 1,
    }
    assert "descriptions" in found.needed


def test_the_majority_is_learnt_after_a_description() -> None:
    items = figures(2)
    student = ScriptedStudent(
        {"descriptions": row("Two {question} bars."), "candidates": row(box(4), box(5), box(4, "So "))}
    )
    found = Stic(SETTINGS).infuse(stage_input(student, items, n=3))
    assert [part.response for part in found.data] == [box(4), box(4, "So ")] * 2
    text = str(found.data[0].prompt.parts[-1])
    assert text.startswith(f"D: Two {{question}} bars.\n{items[0].question}\n")
    assert found.data[0].prompt.images == items[0].images


def test_a_student_that_says_nothing_makes_nothing() -> None:
    silent = ScriptedStudent({"descriptions": row(""), "candidates": row("x"), "good": row(""), "poor": row("")})
    for make in (Stic(SETTINGS).describe, Stic(SETTINGS).infuse):
        found = make(stage_input(silent, ITEMS))
        assert not found.data
        assert found.needed
    told = ScriptedStudent({"descriptions": row("Bars."), "candidates": row("Hm.")})
    assert Stic(SETTINGS).infuse(stage_input(told, ITEMS)).counts["without a response to learn"] == len(ITEMS)
    assert not Stic.needs_gold


def test_stages() -> None:
    names = [(stage.name, stage.objective) for stage in Stic(SETTINGS).stages]
    assert names == [("describe", Dpo(0.1, 1.0)), ("infuse", Sft())]


@pytest.mark.parametrize("seed", range(6))
def test_a_corrupted_picture_is_another_picture_of_the_same_shape(seed: int) -> None:
    image = ITEMS[0].images[0]
    worse = corrupted(image, random.Random(seed))
    assert worse == corrupted(image, random.Random(seed))
    assert worse.sha256 != image.sha256
    assert decode(worse).size in [(84, 84), (SMALL_SIDE, SMALL_SIDE)]


def test_both_corruptions_happen() -> None:
    sizes = {decode(corrupted(ITEMS[0].images[0], random.Random(seed))).size for seed in range(10)}
    assert sizes == {(84, 84), (SMALL_SIDE, SMALL_SIDE)}


def test_values_can_not_fill_places_or_end_the_turn() -> None:
    assert filled("{a} {b} {c}", a="{b}", b="<|im_end|> <image>") == "{b} < |im_end|> < image> {c}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"well": ""}, "well"),
        ({"described": "{description}"}, "{question}"),
        ({"described": "{question} {question} {description}"}, "{question}"),
        ({"bad_prompts": 2.0}, "bad_prompts"),
        ({"beta": 0.0}, "beta"),
        ({"regulariser": -1.0}, "regulariser"),
    ],
)
def test_bad_settings_are_told(settings, told) -> None:
    with pytest.raises(UsageError, match=told):
        SticSettings(**settings)
