"""Stages of SFT and DPO through OpenRLHF's own entries, on a CPU: the losses, checkpoints and data of the local trainer."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import runpy
import signal
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.errors import EngineError
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.types import Prompt
from proctor.trainers.local.losses import DpoLoss, SftLoss, response_tokens
from proctor.trainers.methods.base import Dpo, Example, Preference, Sft, Stage, StageOutput
from proctor.trainers.methods.stages import Fitting
from proctor.trainers.openrlhf.arguments import FitPaths, command, fit_arguments
from proctor.trainers.openrlhf.fit import DpoExamples, SftExamples
from proctor.trainers.openrlhf.rows import write_rows
from proctor.trainers.openrlhf.staged import Staged
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

STEPS, PROMPTS = 4, 8
CHANGES = [
    *(f"policy.steps={STEPS}", f"policy.prompts={PROMPTS}", "policy.minibatches=1", "policy.train_vision=true"),
    *("checkpoint_every=2", "collect.least=1", "collect.prompts=1", "openrlhf.micro_train=4"),
    *("openrlhf.student='transformers'", "optimiser.warmup_steps=0", "optimiser.learning_rate=3e-4"),
]
COUNT = 16
ITEMS = [as_item(figure, f"q{k}") for k, figure in enumerate(islice(draw(5, "train"), COUNT))]


def right(item: Any) -> str:
    return rf"It is \boxed{{{item.answer}}}."


EXAMPLES = [Example(item.id, boxed_prompt(item), right(item)) for item in ITEMS]
PREFERENCES = [Preference(item.id, boxed_prompt(item), right(item), r"It is \boxed{0}.") for item in ITEMS]
SFT, DPO = Sft(), Dpo(beta=0.2, regulariser=0.5)


def stage(name: str, objective: Sft | Dpo, made: Any) -> Stage:
    """One that asks nothing."""
    return Stage(name, objective, lambda stage_input: StageOutput(made, {"made": len(made)}, "nothing"))


def method(*stages: Stage) -> Any:
    return SimpleNamespace(needs_gold=False, stages=stages)


def recipe(*changes: str) -> Any:
    return load_recipe("mm_upt_figures_openrlhf", [*CHANGES, *changes])


def train(out: Path, *stages: Stage, changes: tuple[str, ...] = (), resume: bool = False) -> list[dict[str, float]]:
    """Train in stages; returns the steps."""
    chosen = recipe(*changes)
    staged = Staged.from_recipe(chosen, method(*stages), chosen.openrlhf)
    staged.train(BASE, out, resume, lambda done, total, note: None)
    return metrics(out)


def metrics(out: Path) -> list[dict[str, float]]:
    file = out / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def first_batch(made: Any, shown: Any = None) -> list[Any]:
    """What the first step trains on, with the pictures of other prompts if `shown` maps a prompt to one."""
    fitting = Fitting("s", SFT, BASE, made, 0, STEPS, Path())
    batch = fitting.batch(made, 0, PROMPTS, recipe().seed)
    return [dataclasses.replace(part, prompt=shown(part.prompt)) for part in batch] if shown else batch


def without_picture(prompt: Prompt) -> Prompt:
    """Another figure's picture in the place of the prompt's own."""
    other = next(item for item in ITEMS if item.images != prompt.images).images[0]
    return Prompt(tuple(part if isinstance(part, str) else other for part in prompt.parts), prompt.system)


def local(loss: Any, parts: list[Any]) -> list[float]:
    """Means of what the local trainer measures."""
    with torch.no_grad():
        summed = torch.stack([loss([part])[1] for part in parts]).sum(0)
    return (summed / loss.weight(parts)).tolist()


def checked_checkpoints(out: Path, names: list[str]) -> None:
    """They are whole, load, and differ from the base."""
    paths = sorted((out / "checkpoints").iterdir())
    assert [path.name for path in paths] == names
    before = load_file(BASE / "model.safetensors")
    for path in paths:
        check_whole(path)
        TransformersEngine(path)
        after = load_file(path / "model.safetensors")
        moved = {name for name in before if (before[name].to(after[name].dtype) != after[name]).any()}
        assert any("visual" in name for name in moved)
        assert any("visual" not in name for name in moved)


def test_sft_learns_what_the_local_trainer_would(surroundings, tmp_path):
    steps = train(tmp_path, stage("imitate", SFT, EXAMPLES))
    assert [one["step"] for one in steps] == [1, 2, 3, 4]
    policy = VisionLanguageModel.load(BASE, "cpu", "bfloat16")
    (wanted,) = local(SftLoss(policy), first_batch(EXAMPLES))
    (blind,) = local(SftLoss(policy), first_batch(EXAMPLES, without_picture))
    print("SFT", steps, "local", wanted, "with another picture", blind)
    assert steps[0]["loss"] == pytest.approx(wanted, abs=2e-2)
    assert abs(blind - wanted) > 0.1
    assert steps[-1]["loss"] < steps[0]["loss"] - 0.5
    assert steps[0]["learning_rate"] == pytest.approx(3e-4, rel=1e-6)
    checked_checkpoints(tmp_path, ["step-000002", "step-000004"])
    (after,) = local(
        SftLoss(VisionLanguageModel.load(tmp_path / "checkpoints" / "step-000004", "cpu")), first_batch(EXAMPLES)
    )
    assert after < wanted - 0.5
    assert not (tmp_path / "stages" / "1-imitate" / "openrlhf" / "states").exists()


def test_dpo_begins_as_the_local_trainer_would_and_prefers_the_chosen(surroundings, tmp_path):
    steps = train(tmp_path, stage("prefer", DPO, PREFERENCES))
    policy = VisionLanguageModel.load(BASE, "cpu", "bfloat16")
    batch, dpo = first_batch(PREFERENCES), DpoLoss(policy, DPO)
    dpo.remember(batch)
    loss, margin, _ = local(dpo, batch)
    print("DPO", steps, "local", loss)
    assert steps[0]["margin"] == 0
    assert margin == pytest.approx(0, abs=0.02)  # the reference was asked in another pass, in bf16
    assert loss > math.log(2) + 0.1  # the regulariser's part
    assert steps[0]["loss"] == pytest.approx(loss, abs=2e-2)
    assert steps[-1]["margin"] > 1
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert steps[-1]["preferred_share"] == 1.0
    checked_checkpoints(tmp_path, ["step-000002", "step-000004"])


def test_a_stage_starts_from_the_one_before_and_only_the_language_is_trained(surroundings, tmp_path):
    stages = stage("imitate", SFT, EXAMPLES), stage("prefer", DPO, PREFERENCES)
    changes = ("policy.steps=1", "checkpoint_every=1", "policy.minibatches=2", "policy.train_vision=false")
    steps = train(tmp_path, *stages, changes=changes)
    assert [one["step"] for one in steps] == [1, 2]
    assert 0 < steps[1]["margin"] < 10  # of two updates, whose first has none: the reference is where the stage starts
    first, second = sorted((tmp_path / "checkpoints").iterdir())
    held = [load_file(path / "model.safetensors") for path in (BASE, first, second)]
    visual = [name for name in held[0] if "visual" in name]
    assert visual
    for after in held[1:]:
        assert all(torch.equal(held[0][name].to(after[name].dtype), after[name]) for name in visual)
    assert any(not torch.equal(held[1][name], held[2][name]) for name in held[1])
    asked = recipe(*changes)
    described = Staged.from_recipe(asked, method(*stages), asked.openrlhf).describe(BASE, tmp_path)
    for number, name in enumerate(("1-imitate", "2-prefer")):
        plan = json.loads((tmp_path / "stages" / name / "openrlhf" / "plan.json").read_text())
        words = described.split("\n\n")[number].replace("\\\n", " ").split()
        assert words[-len(plan["arguments"]) :] == plan["arguments"]


@pytest.mark.nightly
def test_a_killed_stage_goes_on_from_its_last_checkpoint(surroundings, tmp_path):
    imitate, changes = stage("imitate", SFT, EXAMPLES), ("policy.steps=40",)

    def kill() -> None:
        while len(metrics(tmp_path)) < 3:
            time.sleep(0.05)
        plan = (tmp_path / "stages" / "1-imitate" / "openrlhf" / "plan.json").resolve()
        for folder in Path("/proc").glob("[0-9]*"):
            command = (folder / "cmdline").read_bytes() if (folder / "cmdline").exists() else b""
            if f"{plan}\0rank".encode() in command:
                os.kill(int(folder.name), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(EngineError, match="ended with exit code -9"):
        train(tmp_path, imitate, changes=changes)
    killer.join()
    cut, kept = metrics(tmp_path), 2 * len(list((tmp_path / "checkpoints").iterdir()))
    assert 2 <= kept < 40
    again = train(tmp_path, imitate, changes=changes, resume=True)
    assert [one["step"] for one in again] == list(range(1, 41))
    assert again[:kept] == cut[:kept]
    assert [one["loss"] for one in again[kept : len(cut)]] == pytest.approx(
        [one["loss"] for one in cut[kept:]], abs=2e-2
    )


@pytest.fixture
def written(tmp_path) -> Any:
    """Writes the rows of a stage and makes OpenRLHF's data set of them."""

    def write(kind: Any, made: Any) -> Any:
        paths = FitPaths(BASE, tmp_path)
        write_rows(Fitting("s", SFT, BASE, made, 0, 1, tmp_path), recipe(), paths)
        rows = [json.loads(line) for line in paths.rows.read_text().splitlines()]
        args = SimpleNamespace(model=SimpleNamespace(model_name_or_path=str(BASE)))
        return kind(rows, None, 1, SimpleNamespace(args=args))

    return write


def test_tokens_and_pictures_are_those_of_the_local_trainer(written):
    policy = VisionLanguageModel.load(BASE, "cpu")
    text = Example("t", Prompt(("Say 1.",), "Be brief."), "1")
    made = [*EXAMPLES[: PROMPTS - 1], text]
    parts = Fitting("s", SFT, BASE, made, 0, 1, Path()).batch(made, 0, PROMPTS, recipe().seed)
    data = written(SftExamples, made)
    ids, mask, learned, pictures = data.collate_fn([data[k] for k in range(PROMPTS)])
    prompts = policy.encode([part.prompt for part in parts])
    responses, real = response_tokens(policy, [part.response for part in parts])
    for row in range(PROMPTS):
        prompt = prompts["input_ids"][row][prompts["attention_mask"][row].bool()].tolist()
        response = responses[row][real[row].bool()].tolist()
        assert ids[row][mask[row].bool()].tolist() == [*prompt, *response]
        assert ids[row, 1:][learned[row, :-1].bool()].tolist() == response
    assert torch.equal(pictures["pixel_values"], prompts["pixel_values"])
    assert torch.equal(pictures["image_grid_thw"], prompts["image_grid_thw"])


def test_a_response_that_spells_a_pictures_token_shows_no_picture(written):
    forged = Example("f", EXAMPLES[0].prompt, "It is <|image_pad|>.")
    plain = written(SftExamples, [EXAMPLES[0]])[0]
    data = written(SftExamples, [forged])
    image = VisionLanguageModel.load(BASE, "cpu").model.config.image_token_id
    ids, *_ = data.collate_fn([data[0]])
    assert (ids == image).sum() == (plain.sequences[0] == image).sum() > 0


def test_preferences_share_their_prompt(written):
    data = written(DpoExamples, PREFERENCES)
    chosen, chosen_mask, rejected, rejected_mask, (starts, pictures) = data.collate_fn([data[k] for k in range(3)])
    for row, start in enumerate(starts):
        assert torch.equal(chosen[row, :start], rejected[row, :start])
        assert chosen[row, start:].tolist() != rejected[row, start:].tolist()
        assert chosen_mask[row, :start].all()
        assert rejected_mask[row, :start].all()
    assert len(pictures["image_grid_thw"]) == 3


@pytest.mark.parametrize("objective", [SFT, DPO])
def test_openrlhfs_own_parser_takes_the_command_line(monkeypatch, tmp_path, objective):
    import openrlhf.utils

    class ParsedError(Exception):
        pass

    def stop(args: Any) -> None:
        raise ParsedError(args)

    monkeypatch.setattr(openrlhf.utils, "get_strategy", stop)
    chosen = recipe("policy.minibatches=2")
    given = fit_arguments(chosen, chosen.openrlhf, objective, FitPaths(BASE, tmp_path), resume=True)
    monkeypatch.setattr(sys, "argv", ["train", *given])
    with pytest.raises(ParsedError) as parsed:
        runpy.run_module(command(objective), run_name="__main__")
    args = parsed.value.args[0]
    assert args.train.batch_size == PROMPTS // 2
    assert args.ckpt.save_steps == 4
    assert args.adam.lr == chosen.optimiser.learning_rate
    assert tuple(args.adam.betas) == chosen.optimiser.betas
    assert args.ckpt.load_enable
    if objective is DPO:
        assert (args.model.beta, args.model.nll_loss_coef) == (DPO.beta, DPO.regulariser)
