"""Methods about pictures, on items that have none: they say so, and nothing is trained."""

import dataclasses

import pytest

from proctor.harness.errors import DataError
from proctor.harness.types import Item
from proctor.trainers.methods.base import Stage
from proctor.trainers.methods.evolmm import EvoLmm
from proctor.trainers.methods.genixer import Genixer
from proctor.trainers.methods.stic import Stic
from proctor.trainers.methods.vision_zero import VisionZero

from .scripted_step import Script, step_of
from .scripted_student import ScriptedStudent, figures, stage_input

BLIND: list[Item] = [dataclasses.replace(item, images=()) for item in figures(3)]


@pytest.mark.parametrize("method", [EvoLmm(), VisionZero()])
def test_a_played_method_names_the_item(method: EvoLmm | VisionZero) -> None:
    script = Script(lambda *_: "How tall is bar A?")
    with pytest.raises(DataError, match=f"item {BLIND[0].id} has no picture"):
        method.play(step_of(script, BLIND, n=2))
    assert not script.asked


@pytest.mark.parametrize("stage", [*Stic().stages, *Genixer().stages], ids=lambda stage: stage.name)
def test_a_stage_names_the_item_and_asks_nothing(stage: Stage) -> None:
    student = ScriptedStudent({})
    with pytest.raises(DataError, match=f"item {BLIND[0].id} has no picture"):
        stage.make(stage_input(student, [*figures(2), *BLIND]))
    assert not student.asked
