"""What OpenRLHF is given and what is kept of what it tells, without OpenRLHF."""

import dataclasses
import json
import math
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import hypothesis
import pytest
import torch
from hypothesis import strategies
from PIL import Image as PilImage

from proctor.benchmarks.suites.figures import SUITE as FIGURES
from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.errors import DataError, DivergedError, EngineError, StoreError, UsageError, install
from proctor.harness.jsonl import Tail
from proctor.harness.limits import METRICS_LINE_BYTES
from proctor.harness.runs.checkpoints import COMPLETE, check_whole
from proctor.harness.types import Prompt, Rendering
from proctor.trainers.keeping import parameters
from proctor.trainers.methods.base import Dpo, Preference
from proctor.trainers.methods.playing import answers_of_step
from proctor.trainers.methods.registry import open_method
from proctor.trainers.methods.stages import Fitting
from proctor.trainers.openrlhf.arguments import FitPaths, Paths, arguments
from proctor.trainers.openrlhf.plan import Plan, RolloutPlan, write_event
from proctor.trainers.openrlhf.process import ProcessMonitor
from proctor.trainers.openrlhf.rows import RenderedPrompts, read_items, read_prompt, write_items, write_rows
from proctor.trainers.openrlhf.states import check_states_room, needed, rewind
from proctor.trainers.recipe import RECIPES, load_recipe
from proctor.trainers.recipe_settings import OpenRlhfSettings
from proctor.trainers.sampler import asking, training_prompts
from proctor.trainers.training import TrainingFolder

from ..mixed_set import write_set

ROOT = Path(__file__).parents[3]
RECIPE = load_recipe("mm_upt_figures_openrlhf", ["policy.steps=3", "policy.prompts=4"])


def given(recipe, **more):
    paths = Paths("/base", RECIPES.folder)
    settings, answers = recipe.openrlhf or OpenRlhfSettings(), answers_of_step(recipe, open_method(recipe))
    listed = arguments(recipe, settings, paths, answers=answers, **({"pictures": 1, "resume": False} | more))
    found, key = {}, ""
    for part in listed:
        if part.startswith("--"):
            key = part[2:]
            found[key] = []
        else:
            found[key].append(part)
    return found


def test_the_recipe_is_in_the_command_line():
    found = given(RECIPE)
    assert found["rollout.n_samples_per_prompt"] == ["8"]
    assert found["rollout.batch_size"] == ["4"]
    assert found["train.batch_size"] == ["16"]  # 4 prompts x 8 samples in 2 minibatches
    assert found["data.max_samples"] == ["12"]
    assert found["actor.adam.betas"] == ["0.9", "0.98"]
    assert found["actor.adam.lr"] == ["3e-05"]
    assert found["data.max_len"] == [str(256 + 48)]
    assert found["algo.kl.estimator"] == ["k3"]
    assert "algo.kl.use_loss" in found
    assert "actor.freeze_visual_encoder" in found
    assert "train.colocate_all" not in found
    assert "ckpt.load_enable" not in found
    assert "ckpt.load_enable" in given(RECIPE, resume=True)


@pytest.mark.parametrize(
    ("name", "changes", "answers"),
    [
        ("mm_upt_figures_openrlhf", ["policy.train_on=6"], 6),
        ("evolmm_figures_openrlhf", [], 8 + 1),
        ("vision_zero_figures_openrlhf", [], 3 * 4),
        ("vision_zero_figures_openrlhf", ["method_settings.clue_steps=0"], 2 * 4),
    ],
)
def test_a_step_has_room_for_all_answers_that_are_trained_on(name, changes, answers):
    found = given(load_recipe(name, changes))
    assert found["rollout.batch_size"] == ["16"]
    assert found["rollout.n_samples_per_prompt"] == [str(answers)]  # by which OpenRLHF counts its updates
    assert found["train.batch_size"] == [str(16 * answers // 2)]


@hypothesis.given(strategies.integers(1, 2000), strategies.integers(0, 2000), strategies.sampled_from([1, 2, 4]))
def test_openrlhf_warms_up_for_as_many_updates_as_the_recipe_says(steps, warm, minibatches):
    policy = dataclasses.replace(RECIPE.policy, steps=steps, minibatches=minibatches)
    optimiser = dataclasses.replace(RECIPE.optimiser, warmup_steps=warm)
    (ratio,) = given(dataclasses.replace(RECIPE, policy=policy, optimiser=optimiser))["actor.lr_warmup_ratio"]
    updates = steps * minibatches
    assert math.ceil(updates * float(ratio)) == min(updates, warm * minibatches)


def test_async_is_never_asked_for():
    assert not [name for name in given(RECIPE) if "async" in name]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["openrlhf.gpus=0"], "gpus must be at least 1"),
        (["openrlhf.colocate=true", "openrlhf.engines=2"], "engines x tensor_parallel must be nodes x gpus"),
        (["openrlhf.zero_stage=4"], "zero_stage"),
        (["openrlhf.gpu_memory_utilization=0.0"], "gpu_memory_utilization"),
        (["openrlhf.colour=1"], "unknown key 'colour'"),
    ],
)
def test_an_impossible_machine_is_refused(changes, said):
    with pytest.raises(UsageError, match=said):
        load_recipe("mm_upt_figures_openrlhf", changes)


def test_gpus_are_counted():
    apart = OpenRlhfSettings(gpus=2, engines=3, tensor_parallel=2, colocate=False)
    assert apart.gpus_needed(reference=True) == 2 + 2 + 6
    assert apart.gpus_needed(reference=False) == 2 + 6
    assert OpenRlhfSettings(nodes=2, gpus=8, engines=16).gpus_needed(reference=True) == 16


def test_items_are_those_of_the_local_trainer(tmp_path, tiny):
    batches = training_prompts(RECIPE.prompts, RECIPE.seed)
    assert write_items(RECIPE, batches, tiny, tmp_path) == 1, "picture"
    items = [item for step in range(3) for item in batches(step, 4)]
    kept = read_items(tmp_path)
    assert [one.to_json() for one in kept] == [item.to_json() for item in items]
    assert [one.images[0].read() for one in kept] == [item.images[0].read() for item in items]


@pytest.mark.parametrize("limits", [(), ("prompts.min_pixels=2000", "prompts.max_pixels=9000")])
def test_openrlhf_reads_what_the_local_trainer_shows(tmp_path, tiny, limits):
    """Whatever decoder and scaling it has, its learner and its engine see the pixels that the local trainer's model sees."""
    data = write_set(tmp_path / "set")
    changes = ("prompts.suite='geometry3k'", f"prompts.data='{data}'", "policy.prompts=35", "policy.minibatches=1")
    recipe = load_recipe("mm_upt_figures_openrlhf", [*changes, "policy.steps=2", *limits])
    batches = training_prompts(recipe.prompts, recipe.seed)
    assert write_items(recipe, batches, tiny, tmp_path / "out") == 2, "pictures"
    made = set((tmp_path / "out" / "images").iterdir())
    vlm, ask, items = VisionLanguageModel.load(tiny), asking(recipe), read_items(tmp_path / "out")
    prompts = RenderedPrompts(tiny, tmp_path / "out")
    assert len(items) == 70
    shown = set()
    for item in items:
        prompt = ask(item)
        text, images = prompts.rendered(prompt)
        assert text == vlm.chat.text(prompt)
        assert text.count("<|im_end|>") == 1
        assert text.count("<|image_pad|>") == len(images) == len(prompt.images)
        shown |= {Path(path).parent.name for path in images}
        pictures = []
        for path in images:
            with PilImage.open(path) as picture:
                pictures.append(picture.convert("RGB"))
        if pictures:
            seen = vlm.image_processor(images=pictures, return_tensors="pt")["pixel_values"]
            assert torch.equal(seen, vlm.encode([prompt])["pixel_values"]), item
    assert shown == ({"images"} if limits else {"images", "set"}), "a plain picture stays where it is"
    assert set((tmp_path / "out" / "images").iterdir()) == made, "none is made while it trains"
    assert all(image.read() for item in items for image in item.images)


def test_limits_that_the_bases_own_would_overrule_are_refused(tmp_path, tiny):
    data = write_set(tmp_path / "set")
    changes = ("prompts.suite='geometry3k'", f"prompts.data='{data}'", "prompts.max_pixels=40000")
    recipe = load_recipe("mm_upt_figures_openrlhf", changes)
    with pytest.raises(UsageError, match=r"image train-34-0 would have .* scales what it reads to from 784 to 12544"):
        write_items(recipe, training_prompts(recipe.prompts, recipe.seed), tiny, tmp_path / "out")


def test_a_plan_is_read_as_it_was_written(tmp_path):
    for rollouts in (None, RolloutPlan("/items", single_node=True, files={"reward_file": {"sha256": "a"}})):
        plan = Plan("openrlhf.cli.x", ("--a", "1"), RECIPE, "/base", str(tmp_path / "events"), 3, 7, 5, rollouts)
        plan.write(tmp_path / "plan.json")
        assert Plan.read(tmp_path / "plan.json") == plan


def test_events_are_read_once_and_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    write_event(str(path), phase="loading")
    reader = Tail(path, METRICS_LINE_BYTES)
    assert list(reader.new()) == [{"phase": "loading"}]
    with path.open("a") as file:
        file.write('{"step": 1, "met')
    assert list(reader.new()) == []
    with path.open("a") as file:
        file.write('rics": {}}\n')
    assert list(reader.new()) == [{"step": 1, "metrics": {}}]


def test_weights_from_elsewhere_become_a_whole_checkpoint(tmp_path, tiny):
    weights = tmp_path / "global_step2_hf"
    weights.mkdir()
    for name in ("config.json", "model.safetensors"):
        (weights / name).write_bytes((tiny / name).read_bytes())
    with TrainingFolder(tmp_path / "training", RECIPE, tiny, resume=False) as folder:
        assert folder.last_step() == 0
        folder.adopt_checkpoint(2, weights, tiny)
        assert folder.last_step() == 2
    path = tmp_path / "training" / "checkpoints" / "step-000002"
    check_whole(path)
    assert (path / COMPLETE).exists()
    assert not weights.exists()


def test_states_are_set_back_to_the_last_kept_checkpoint(tmp_path):
    states = tmp_path / "_actor"
    for step in (2, 3, 4):
        (states / f"global_step{step}").mkdir(parents=True)
    for step in (2, 4):
        (states / f"global_step{step}" / "metric.json").touch()
    (states / "latest").write_text("global_step4")
    (tmp_path / "global_step4_hf").mkdir()
    with pytest.raises(UsageError, match="no state for step 3"):  # its save was interrupted
        rewind(states, tmp_path, 3)
    rewind(states, tmp_path, 2)
    assert sorted(path.name for path in states.iterdir()) == ["global_step2", "latest"]
    assert (states / "latest").read_text() == "global_step2"
    assert not (tmp_path / "global_step4_hf").exists()
    rewind(states, tmp_path, 0)
    assert not states.exists()


def test_a_disk_without_room_for_states_is_told(tmp_path, tiny, monkeypatch):
    numbers, states = parameters(tiny), tmp_path / "states"
    for there, wanted in ((0, 16), (1, 16), (2, 2)):
        (states / f"global_step{there}").mkdir(parents=True)
        shutil.rmtree(states / "global_step0", ignore_errors=True)
        assert needed(states, numbers) == wanted * numbers, there
    shutil.rmtree(states)
    usage = shutil.disk_usage(tmp_path)
    everything = numbers * (3 * 2 + 2 * 14 + 2)  # three checkpoints, two states, and the weights at the end
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=everything))
    check_states_room(tmp_path, None, 3, states, tiny)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=everything - 1))
    with pytest.raises(StoreError, match=r"the training \(3 checkpoints\) needs .* MB are free"):
        check_states_room(tmp_path, None, 3, states, tiny)


def test_a_dry_run_prints_the_command_and_writes_nothing(cli, tmp_path):
    done = cli("train", "mm_upt_figures_openrlhf", "--out", tmp_path / "out", "--dry-run")
    assert done.code == 0
    words = shlex.split(done.out.replace("\\\n", " "), comments=True)
    assert words[:3] == ["python", "-m", "openrlhf.cli.train_ppo_ray"]
    assert "--rollout.n_samples_per_prompt" in words
    assert not (tmp_path / "out").exists()


def test_a_dry_run_says_what_the_judge_is_asked(cli, tmp_path):
    done = cli("train", "actor_judge_mmr1", "--base", "MODEL", "--out", tmp_path / "out", "--dry-run")
    first, second = done.out.splitlines()[:2]
    assert first.startswith(
        "# judge base on 4 GPUs: 4,096 judgements a step, 675,840 in all, of up to 1,024 tokens each"
    )
    assert second == "# those that cannot be read are asked for again, up to 2 times"
    assert "# judge" not in cli("train", "mm_upt_mmr1", "--base", "MODEL", "--out", tmp_path / "out", "--dry-run").out


def test_a_dry_run_says_what_a_game_draws(cli, tmp_path):
    done = cli("train", "vision_zero_mmr1", "--base", "MODEL", "--out", tmp_path / "out", "--dry-run")
    assert done.out.startswith(
        "# vision_zero: a step of 64 items asks up to 1,792 prompts, draws up to 3,584 answers, and trains on up to 2,048\n"
    )


def test_a_dry_run_of_stages_says_what_is_asked_and_prints_a_command_each(cli, tmp_path):
    out = tmp_path / "out"
    done = cli("train", "srlm_figures_openrlhf", "--base", "MODEL", "--out", out, "--dry-run")
    assert done.code == 0
    first, second = done.out.strip().split("\n\n")
    assert "MODEL is asked (vllm): 256 prompts of figures, up to 8 samples" in first
    assert "then DPO on 1 GPU, 40 steps of 16 examples" in first
    assert f"{out}/checkpoints/step-000040 is asked" in second
    words = shlex.split(second.replace("\\\n", " "), comments=True)
    assert words[:3] == ["python", "-m", "openrlhf.cli.train_dpo"]
    start = f"{out}/checkpoints/step-000040"
    for name in ("--model.model_name_or_path", "--ref.model_name_or_path"):
        assert words[words.index(name) + 1] == start
    assert words[words.index("--model.beta") + 1] == "0.1"
    assert words[words.index("--train.batch_size") + 1] == "8"  # 16 examples in 2 minibatches
    assert words[words.index("--ckpt.save_steps") + 1] == "40"  # every 20 steps of 2 updates
    assert not out.exists()


@pytest.mark.parametrize(
    ("recipe", "change", "said"),
    [
        (
            "evolmm_figures_openrlhf",
            "openrlhf.micro_train=7",
            "policy.prompts x 9 / minibatches = 72 answers, and must be",
        ),
        ("sft_figures_openrlhf", "openrlhf={nodes=2,engines=2}", "train on one node"),
        ("sft_figures_openrlhf", "openrlhf.micro_train=12", "is 16, and must be a multiple of openrlhf.micro_train"),
        ("mm_upt_figures_openrlhf", "openrlhf.micro_train=48", "minibatches = 64 answers, and must be a multiple of"),
        (
            "mm_upt_geometry3k",
            "openrlhf.micro_rollout=7",
            "= 5120 answers, and must be a multiple of openrlhf.micro_roll",
        ),
        ("sft_figures_openrlhf", "openrlhf.student='oracle'", "student must be one of: vllm, transformers"),
        ("sft_figures_openrlhf", "policy.accumulate=2", "set openrlhf.micro_train instead"),
    ],
)
def test_what_openrlhf_can_not_train_is_refused_before_anything_starts(cli, tmp_path, recipe, change, said):
    done = cli("train", recipe, "--set", change, "--out", tmp_path / "out", "--dry-run")
    assert done.code == 2
    assert said in done.err


def test_the_rows_of_a_stage_are_its_batches_in_order(tmp_path):
    items = training_prompts(RECIPE.prompts, RECIPE.seed)(0, 6)
    prompt = FIGURES.protocol("strict").prompt
    made = [
        *(Preference(item.id, prompt(item), f"right {item.id}", "wrong") for item in items[:5]),
        Preference("text", Prompt(("Only a text.",), "Be brief.", Rendering(max_pixels=9)), "right text", "wrong"),
    ]
    fitting = Fitting("prefer", Dpo(), Path("start"), made, 20, 3, tmp_path)
    paths = FitPaths(Path("start"), tmp_path)
    write_rows(fitting, RECIPE, paths)
    rows = [json.loads(line) for line in paths.rows.read_text().splitlines()]
    parts = [part for step in range(3) for part in fitting.batch(made, step, 4, RECIPE.seed)]
    assert [row["responses"] for row in rows] == [[part.chosen, part.rejected] for part in parts]
    read = [read_prompt(row) for row in rows]
    assert read == [part.prompt for part in parts]
    assert [[image.read() for image in one.images] for one in read] == [
        [image.read() for image in part.prompt.images] for part in parts
    ]


def test_without_openrlhf_it_says_how_to_get_it(cli, tmp_path):
    import importlib.util

    if importlib.util.find_spec("openrlhf"):
        pytest.skip("OpenRLHF is installed here")
    done = cli("train", "mm_upt_figures_openrlhf", "--out", tmp_path / "out")
    assert done.code == 2
    assert install("openrlhf") in done.err


def test_the_documented_dry_run_is_what_is_printed(cli):
    done = cli("train", "mm_upt_geometry3k", "--base", "Qwen2.5-VL-7B-Instruct", "--out", "training", "--dry-run")
    shown = re.sub(r"\S+(?=/trainers/openrlhf/agent\.py)", "...", done.out)
    assert done.code == 0
    assert shown in (ROOT / "docs" / "training.md").read_text()


@pytest.fixture
def following(tmp_path, tiny):
    """Follows a process in the place of OpenRLHF's; returns what that told and the training folder."""

    def follow(command, events=(), silence=60):
        own = tmp_path / "training" / "openrlhf"
        own.mkdir(parents=True)
        (own / "log.txt").write_text("RuntimeError: the pipe broke\n")
        (own / "events.jsonl").touch()
        for event in events:
            write_event(str(own / "events.jsonl"), **event)
        process = subprocess.Popen(command)
        try:
            with TrainingFolder(tmp_path / "training", RECIPE, tiny, resume=False) as folder:
                ProcessMonitor(folder, own, tiny, 3, 3, process, silence, lambda *told: None).to_the_end()
        finally:
            process.kill()
            process.wait()

    return follow


def test_a_training_that_falls_silent_is_given_up(following):
    with pytest.raises(EngineError, match="no sign of life for 1 s while handing the weights"):
        following(["sleep", "60"], [{"phase": "handing the weights"}], silence=1)


def test_what_a_training_ended_of_is_told_as_it_was_raised(following):
    told = {"error": "policy_loss is not finite at step 3 (items q1)", "kind": "DivergedError"}
    with pytest.raises(DivergedError, match="not finite at step 3"):
        following(["false"], [told])


def test_of_several_errors_the_first_is_told(following):
    told = [{"error": "an example is too long", "kind": "DataError"}, {"error": "lost peer", "kind": "RuntimeError"}]
    with pytest.raises(DataError, match="too long"):
        following(["false"], told)


def test_a_foreign_error_is_openrlhfs(following):
    with pytest.raises(EngineError, match="OpenRLHF ended while drawing answers: out of memory; see"):
        following(["false"], [{"phase": "drawing answers"}, {"error": "out of memory", "kind": "OutOfMemoryError"}])


def test_a_process_that_dies_without_a_word_is_quoted_from_its_log(following):
    with pytest.raises(EngineError, match="the pipe broke"):
        following(["false"])
