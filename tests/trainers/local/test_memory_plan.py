"""The memory plan: beside what torch reports of real passes and parameters, and as the dry run prints it."""

import json
import random
import re
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.local.memory_plan import Planner, describe_memory
from proctor.trainers.local.policy_gradient import ClippedLoss, PolicyGradient, _updates
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

SMALL = ["policy.prompts=4", "policy.minibatches=1", "sampling.n=4", "sampling.max_tokens=12"]


def allocated(run, trace: Path) -> int:
    """The most bytes at once that torch's allocator reports while something runs, beside those before."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(profile_memory=True, activities=activities) as profile:
        run()
    profile.export_chrome_trace(str(trace))
    now = most = 0
    for event in json.loads(trace.read_text())["traceEvents"]:
        if event.get("name") == "[memory]":
            now += event["args"]["Bytes"]
            most = max(most, now)
    return most


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["policy.train_vision=true"],
        ["local.gradient_checkpointing=true"],
        ["lora.rank=8", "local.gradient_checkpointing=true", "local.micro_tokens=120"],
        ["base=bfloat16"],
    ],
    ids=lambda changes: " ".join(changes) or "plain",
)
def test_the_plan_is_within_a_tenth_of_what_torch_reports(changes: list[str], tmp_path: Path) -> None:
    base, dtype = BASE, torch.float32
    if "base=bfloat16" in changes:
        base, dtype, changes = tmp_path / "base", torch.bfloat16, []
        VisionLanguageModel.load(BASE, dtype="bfloat16").save(base)
    if any(change.startswith("lora") for change in changes):
        pytest.importorskip("peft", reason="the extra `adapters` is not installed")
    recipe = load_recipe("mm_upt_figures", [*SMALL, *changes])
    training = PolicyGradient(recipe, Grpo(), base, "cpu")
    rollouts, _ = training.roll_out(0)
    given = rollouts[0].given
    given.mask[:] = True  # all answers as long as they may be, as the plan has them
    width = given.ids.shape[1]
    loss = ClippedLoss(training.recipe, training.policy, rollouts)
    parts = [part for update in _updates([given], 1, random.Random(0)) for part in update]
    training.learner.step(0, [parts], loss)  # makes the optimiser's state
    for master in training.learner.weights.masters.values():
        master.grad = torch.zeros_like(master)  # as in every pass of an update but its first
    batch = next(iter(training.learner.passes(parts, loss)))

    def backward() -> None:
        training.policy.model.train()
        summed, _ = loss(batch)
        summed.backward()

    measured = allocated(backward, tmp_path / "trace.json")
    lengths = [one["input_ids"].shape[1] for one in given.inputs]
    pictures = [int(one["image_grid_thw"].prod()) // 4 for one in given.inputs]
    planned = Planner(
        load_recipe("mm_upt_figures", [*SMALL, *changes, f"sampling.max_tokens={width}"]),
        AutoConfig.from_pretrained(base),
        dtype,
        max(lengths),
        max(pictures),
    ).plan()
    assert planned.passes["update"] == pytest.approx(measured, rel=0.1)
    learner = training.learner
    held = {
        "weights": sum(map(_bytes, training.policy.model.parameters())),
        "gradients (float32)": sum(
            _bytes(one.grad) for one in learner.weights.masters.values() if one.grad is not None
        ),
        "optimiser (adamw)": sum(_bytes(one) for state in learner.optimiser.state.values() for one in state.values()),
        "masters (float32)": sum(
            _bytes(one) for name, one in learner.weights.masters.items() if one is not learner.trained[name]
        ),
    }
    assert {name: planned.always[name] for name in held} == pytest.approx(held, rel=0.01)
    with training.reference() as reference:
        apart = reference.model is not training.policy.model
        assert planned.always["reference"] == (held["weights"] if apart else 0)


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def test_a_dry_run_prints_the_plan_beside_the_recipe(cli) -> None:
    done = cli("train", "mm_upt_figures", "--out", "nowhere", "--dry-run")
    assert done.code == 0
    assert json.loads(done.out)["name"] == "mm_upt_figures"
    assert re.search(r"weights +0\.00", done.err)
    assert "24 GB: fits" in done.err


@pytest.mark.slow
def test_a_7b_is_planned_for_each_card_before_it_is_here() -> None:
    pytest.importorskip("peft", reason="the extra `adapters` is not installed")
    recipe = load_recipe("mm_upt_geometry3k", ["trainer=local", "lora.rank=64"])
    lines = describe_memory(recipe, Path("Qwen2.5-VL-7B-Instruct")).splitlines()
    weights = float(re.search(r"weights +([0-9.]+)", lines[1])[1])
    assert weights * 2**30 == pytest.approx(2 * (8_292_166_656 + 207_298_560), rel=1e-3)  # the hub's, and adapters
    frugal = "--set local.gradient_checkpointing=true --set local.micro_tokens=4096 --set local.draw_tokens="
    assert lines[-3].startswith(f"  24 GB: fits with --set lora.four_bit=true {frugal}")
    assert all(
        line.startswith(f"  {card} GB: fits with {frugal}") for card, line in zip((48, 80), lines[-2:], strict=True)
    )


def test_a_model_of_no_known_size_is_not_planned(tmp_path: Path) -> None:
    recipe = load_recipe("mm_upt_figures", ["model=smolvlm2_2_2b"])
    assert describe_memory(recipe, tmp_path) == f"memory: not planned, since {tmp_path}/config.json is not there"
