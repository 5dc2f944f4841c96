"""Real tiny trainings by staged methods: what they leave, that interrupted ones lose nothing, and what stops them."""

import json
from pathlib import Path

import pytest

from proctor.harness.errors import DataError
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local.train import train
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.tiny import BASE, TALKER

SMALL = [
    "policy.steps=3",
    "policy.prompts=4",
    "collect.prompts=10",
    "collect.least=2",
    "sampling.n=3",
    "sampling.max_tokens=24",
    "checkpoint_every=2",
]
LAST = Path("checkpoints") / "step-000006"


def recipe(method: str, *changes: str) -> Recipe:
    return load_recipe(f"{method}_figures", [*SMALL, *changes])


def silent(done: int, total: int, note: str) -> None:
    pass


class Killed(BaseException):
    """Ends a training as a kill would: nothing catches it."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stic") / "whole"
    train(recipe("stic"), TALKER, out, False, silent)
    return out


def test_a_training_in_two_stages_leaves_what_it_promises(whole: Path) -> None:
    names = sorted(path.name for path in (whole / "checkpoints").iterdir())
    assert names == [f"step-{step:06d}" for step in (2, 3, 5, 6)]
    for name, key in (("1-describe", "chosen"), ("2-infuse", "response")):
        made = [json.loads(line) for line in (whole / "stages" / name / "made.jsonl").read_text().splitlines()]
        counts = json.loads((whole / "stages" / name / "counts.json").read_text())
        assert counts["made"] == len(made) >= 2
        assert all(part[key] for part in made)
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert ["margin" in line for line in lines] == [True] * 3 + [False] * 3
    assert json.loads((whole / "finished.json").read_text()) == {"last_checkpoint": LAST.name}


@pytest.mark.parametrize("where", ["describe: poor, 3", "describe: loss", "infuse: candidates, 7", "infuse: loss"])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(whole: Path, where: str, tmp_path: Path) -> None:
    seen = 0

    def kill(done: int, total: int, note: str) -> None:
        nonlocal seen
        seen += note.startswith(where)
        if seen == (2 if "loss" in where else 1):
            raise Killed

    out = tmp_path / "out"
    with pytest.raises(Killed):
        train(recipe("stic"), TALKER, out, False, kill)
    assert not (out / LAST).exists()
    train(recipe("stic"), TALKER, out, True, silent)
    assert weights_digest(out / LAST) == weights_digest(whole / LAST)
    assert (out / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize(
    "change", ["sft", "lmsi", "srlm method_settings.rounds=1", "genixer method_settings.verdicts=2"]
)
def test_one_stage_trains(change: str, tmp_path: Path) -> None:
    train(recipe(*change.split()), TALKER, tmp_path / "out", False, silent)
    assert weights_digest(tmp_path / "out" / "checkpoints" / "step-000003") != weights_digest(TALKER)


@pytest.mark.parametrize(
    ("method", "change", "needed"),
    [
        ("srlm", "method_settings.judge_tokens=16", "JSON"),
        ("stic", "method_settings.bad_prompts=1.0", "descriptions"),
        ("genixer", "method_settings.questions=1", "question mark"),
    ],
)
def test_a_student_without_the_talent_stops_the_training_and_is_told_why(
    method: str, change: str, needed: str, tmp_path: Path
) -> None:
    """The tiny base can neither judge, nor describe, nor ask."""
    with pytest.raises(DataError, match=needed) as caught:
        train(recipe(method, change), BASE, tmp_path / "out", False, silent)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "finished.json").exists()
