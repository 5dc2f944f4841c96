"""Prompts that are too long are known before a training starts, are counted and told, and are never cut."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.types import Prompt, Rendering
from proctor.trainers.lengths import LENGTHS, PromptMeter, without_too_long
from proctor.trainers.recipe import load_recipe
from proctor.trainers.sampler import asking, source_items, training_prompts
from proctor.trainers.tiny import BASE

from .mixed_set import write_set

HUB_LIMITS = {"shortest_edge": 3136, "longest_edge": 12_845_056}
"""To what the processor of Qwen2.5-VL scales pictures, as published."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """The tiny model with the limits of a published one."""
    folder = shutil.copytree(BASE, tmp_path_factory.mktemp("base") / "hub_limits")
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**settings, "size": HUB_LIMITS}))
    return folder


def changes(data, *more):
    small = ("policy.steps=1", "policy.prompts=4", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=8")
    return ["prompts.suite='geometry3k'", f"prompts.data='{data}'", *small, *more]


def recipe(data, *more):
    return load_recipe("mm_upt_figures", changes(data, *more))


def arguments(data, base, out, *more):
    said = [part for change in changes(data, *more) for part in ("--set", change)]
    return ("train", "mm_upt_figures", "--base", base, "--out", out, *said)


def test_a_large_picture_is_told_in_one_line_before_anything_is_loaded(cli, data, base, tmp_path):
    done = cli(*arguments(data, base, tmp_path / "out", "prompts.max_tokens=2048"))
    assert done.code == 2
    (line,) = done.err.strip().splitlines()
    assert "1 of 35 prompts are too long: item train-34 has 29" in line
    assert "tokens, more than 2048 (prompts.max_tokens): " in line
    assert 'set prompts.too_long = "leave_out", or set prompts.max_pixels' in line
    assert not (tmp_path / "out").exists()


def test_what_is_left_out_is_counted_told_and_not_trained_on(cli, data, base, tmp_path):
    out = tmp_path / "out"
    done = cli(*arguments(data, base, out, "prompts.max_tokens=2048", "prompts.too_long='leave_out'"))
    assert done.code == 0, done.err
    assert "1 of 35 prompts are left out: they have more than 2,048 tokens" in done.err
    stored = json.loads((out / LENGTHS).read_text())
    assert (stored["items"], stored["limit"], list(stored["left_out"])) == (35, 2048, ["train-34"])
    assert stored["longest"] <= 2048 < stored["left_out"]["train-34"]
    given = json.loads((out / "training.json").read_text())["identity"]["recipe"]["prompts"]
    assert given["too_long"] == "leave_out"
    assert "left_out" not in given, "the training is what its recipe says"
    again = cli(*arguments(data, base, out, "prompts.max_tokens=2048", "prompts.too_long='leave_out'"), "--resume")
    assert again.code == 0, again.err


def test_the_items_that_are_left_are_drawn(data, base):
    kept, _ = without_too_long(recipe(data, "prompts.max_tokens=2048", "prompts.too_long='leave_out'"), base)
    items = training_prompts(kept.prompts, 0)(0, 34)
    assert sorted(item.id for item in items) == sorted(f"train-{number}" for number in range(34))
    none, _ = without_too_long(recipe(data, "prompts.max_tokens=3", "prompts.too_long='leave_out'"), base)
    with pytest.raises(UsageError, match="of the 35 items of geometry3k none is left"):
        training_prompts(none.prompts, 0)


def test_the_trainers_own_limits_hold_without_one_in_the_recipe(data, base):
    with pytest.raises(UsageError, match=r"more than 2048 \(openrlhf\.prompt_tokens\)"):
        without_too_long(recipe(data), base, room=2048)
    longer = "".join(f"word{number} " for number in range(4096))
    with pytest.raises(UsageError, match=r"more than 4095 \(the model's context\)"):
        without_too_long(_asked_at_length(data, longer), base)


def _asked_at_length(data, words):
    """The same set with one question that is long."""
    lines = data.read_text().splitlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), "problem": f"<image>{words}?"})
    longer = Path(data).with_name("longer.jsonl")
    longer.write_text("\n".join(lines) + "\n")
    return recipe(longer)


def test_drawn_figures_cannot_be_left_out(base):
    found, lengths = without_too_long(load_recipe("mm_upt_figures", ["policy.steps=2"]), BASE)
    assert (lengths.items, lengths.left_out, found.prompts.left_out) == (32, {}, ())
    short = load_recipe("mm_upt_figures", ["prompts.max_tokens=5", "prompts.too_long='leave_out'"])
    with pytest.raises(UsageError, match=r"960 of 960 prompts are too long.*: set prompts\.max_pixels"):
        without_too_long(short, BASE)


@pytest.mark.parametrize("limits", [(), ("prompts.min_pixels=20000", "prompts.max_pixels=40000")])
def test_the_length_is_that_of_the_models_input(data, base, limits):
    vlm = pytest.importorskip("proctor.harness.engines.vlm").VisionLanguageModel.load(base)
    chosen = recipe(data, *limits)
    meter, ask = PromptMeter(base), asking(chosen)
    for item in source_items(chosen.prompts):
        prompt = ask(item)
        assert meter.tokens(prompt) == vlm.encode([prompt])["input_ids"].shape[1], item.id


def test_limits_of_pixels_are_part_of_every_prompt_of_the_training(data):
    chosen = recipe(data, "prompts.min_pixels=20000", "prompts.max_pixels=40000")
    wanted = Rendering(min_pixels=20_000, max_pixels=40_000)
    assert {asking(chosen)(item).rendering for item in source_items(chosen.prompts)} == {wanted}
    assert asking(recipe(data))(source_items(recipe(data).prompts)[0]).rendering == Rendering()
    shown = chosen.prompts.shown(Prompt(("?",), None, Rendering((("enable_thinking", False),), max_pixels=9)))
    assert shown.rendering == Rendering((("enable_thinking", False),), 20_000, 40_000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("prompts.min_pixels=0", "min_pixels must be a whole number from 1"),
        ("prompts={min_pixels=9,max_pixels=8}", "min_pixels (9) is more than max_pixels (8)"),
        ("prompts.too_long='cut'", "too_long must be one of: error, leave_out"),
        ("prompts.max_tokens=0", "max_tokens must be at least 1"),
        ("prompts.last_batch='keep'", "last_batch must be one of: roll_over, drop"),
    ],
)
def test_impossible_limits_are_one_line(cli, change, said):
    done = cli("train", "mm_upt_figures", "--set", change, "--out", "out", "--dry-run")
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_stage_asks_and_learns_within_the_limits(cli, data, base, tmp_path):
    out = tmp_path / "out"
    staged = (
        "method='lmsi'",
        "collect.prompts=40",
        "collect.least=1",
        "prompts.max_pixels=40000",
        "answer_format='boxed'",
    )
    done = cli(*arguments(data, base, out, *staged, "prompts.max_tokens=2048"))
    assert done.code in (0, 2), done.err
    (asked,) = (out / "stages").glob("*/asked/*/items.jsonl")
    renderings = [json.loads(line)["prompt"].get("rendering") for line in asked.read_text().splitlines()]
    assert len(renderings) == 35
    assert renderings == [{"max_pixels": 40_000}] * 35
    made = list((out / "stages").glob("*/made.jsonl"))
    for line in (line for file in made for line in file.read_text().splitlines()):
        assert json.loads(line)["prompt"]["rendering"] == {"max_pixels": 40_000}


def test_older_trainings_stay_what_they_are():
    stored = load_recipe("mm_upt_figures").to_json()["prompts"]
    assert stored == {"suite": "figures", "data": None, "tasks": (), "split": "train"}
    assert dataclasses.replace(load_recipe("mm_upt_figures").prompts).limits == {}
