"""Whole trainings on OpenRLHF through the real command line: Ray, vLLM, DeepSpeed, a judge's server, on a CPU."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from proctor.harness.engines.transformers import TransformersEngine, TransformersOptions
from proctor.harness.runs.checkpoints import COMPLETE, check_whole
from proctor.harness.settings import read_settings
from proctor.trainers.recipe import Recipe
from proctor.trainers.sampler import training_prompts
from proctor.trainers.tiny import BASE, TALKER

from ...trainers.mixed_set import write_set
from .conftest import Training

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CHANGES = (
    *("policy.steps=2", "policy.prompts=4", "checkpoint_every=1"),
    *("optimiser.warmup_steps=0", "optimiser.learning_rate=1e-3"),  # large, so that bf16 weights move at once
)
SMALL = tuple(part for change in CHANGES for part in ("--set", change))
DRIVER, ROLLOUTS, JUDGE = (
    "proctor.trainers.openrlhf.driver",
    "ray::Rollout",  # its own class or the one below it: Ray names both
    "vllm.entrypoints.openai.api_server",
)
OTHERS = {"recipe.openrlhf.micro_rollout": 2, "recipe.openrlhf.micro_train": 2, "recipe.policy.steps": 401}
OTHER_MACHINE = tuple(
    part for key, value in OTHERS.items() for part in ("--set", f"{key.removeprefix('recipe.')}={value}")
)
"""What a resume may change."""
ENDS_WITHIN = 120.0
"""Seconds in which a training ends, with a clear line, when one of its processes is killed."""


KINDS = ("transparent", "turned 6 JPEG", "16 bits", "CMYK", "animated GIF")
TELLING = """\
def score(group):
    with open(__file__ + ".seen", "a") as seen:
        print(group.item_id, file=seen)
    return [len(response) % 7 / 7 for response in group.responses]
"""
"""A reward that says which items it was asked about."""


def on_mixed_pictures(folder: Path) -> list[str]:
    """Changes of a recipe: two steps of four items each that see every item of a mixed set once, within limits of pixels."""
    data = write_set(folder / "set", KINDS)
    (folder / "telling.py").write_text(TELLING)
    changes = (
        *("prompts.suite='geometry3k'", f"prompts.data='{data}'", "prompts.last_batch='drop'"),
        *("prompts.min_pixels=1600", "prompts.max_pixels=9000", f"reward='{folder / 'telling.py'}:score'"),
    )
    return [part for change in changes for part in ("--set", change)]


@pytest.fixture(scope="module")
def ended(cluster, tmp_path_factory) -> Callable[[str], Training]:
    """`ended(recipe)`: a small training by it that came to a good end; each recipe's is made once.

    That of majority vote is on mixed pictures.
    """
    made: dict[str, Training] = {}

    def training(recipe: str) -> Training:
        if recipe not in made:
            folder = tmp_path_factory.mktemp(recipe)
            more = on_mixed_pictures(folder) if recipe.startswith("mm_upt") else []
            made[recipe] = Training(folder / "training", cluster, (recipe, *SMALL, *more))
            code, said = made[recipe].end()
            assert code == 0, said
        return made[recipe]

    return training


@pytest.mark.parametrize("recipe", ["mm_upt_figures_openrlhf", "actor_judge_figures_openrlhf"])
def test_two_steps_with_checkpoints_that_are_examined_once(ended, cli_process, tmp_path, recipe):
    training = ended(recipe)
    steps = training.metrics()
    assert [one["step"] for one in steps] == [1, 2]
    assert all(abs(one["vllm_kl"]) < 0.05 for one in steps), steps  # the second after an update
    for phase in ("generating", "scoring", "learning", "broadcasting"):
        assert all(one[f"seconds_{phase}"] > 0 for one in steps), phase
    if recipe.startswith("actor_judge"):
        assert all("judge_score" in one and one["judge_failed_share"] <= 0.2 for one in steps)
        assert training.has_ended(JUDGE)

    assert not any((training.out / "openrlhf" / name).exists() for name in ("states", "last"))
    paths = training.checkpoints()
    assert [path.name for path in paths] == ["step-000001", "step-000002"]
    before = load_file(BASE / "model.safetensors")
    for path in paths:
        assert (path / COMPLETE).exists()
        check_whole(path)
        TransformersEngine(path)
        after = load_file(path / "model.safetensors")
        assert before.keys() <= after.keys()  # a tied output layer is written too
        moved = [name for name in before if (before[name].to(after[name].dtype) != after[name]).any()]
        assert moved

    asked = "--suite", "iconqa", "--data", "sample", "--max-tokens", 40
    for _ in range(2):
        watched = cli_process("watch", training.out, *asked, "--once", "--out", tmp_path / "runs")
        assert watched.code == 0, watched.err
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == 2
    built = cli_process("board", "build", tmp_path / "runs", "--draft", "--out", tmp_path / "board")
    assert built.code == 0, built.err
    rows = list(csv.DictReader(io.StringIO((tmp_path / "board" / "board.csv").read_text())))
    assert {row["model"] for row in rows} == {"training/step-000001", "training/step-000002"}
    assert {row["status"] for row in rows} == {"complete"}


GAMES = {
    "vision_zero_figures_openrlhf": ("clue_steps=1", "decision_steps=1"),
    "evolmm_figures_openrlhf": ("propose_every=2",),
}
"""Of two steps one trains on fewer answers than the other: the votes, and answers without their questions."""


@pytest.mark.nightly
@pytest.mark.parametrize("recipe", GAMES)
def test_a_game_is_played_and_learnt(train, recipe):
    changes = [part for change in GAMES[recipe] for part in ("--set", f"method_settings.{change}")]
    training = train(recipe, *SMALL, *changes, "--set", "checkpoint_every=2")
    code, said = training.end()
    assert code == 0, said
    steps = training.metrics()
    assert [one["step"] for one in steps] == [1, 2]
    assert all(abs(one["vllm_kl"]) < 0.05 for one in steps), steps  # the second after an update
    assert all(one["seconds_generating"] > 0 and one["response_length"] > 1 and one["grad_norm"] > 0 for one in steps)
    if recipe.startswith("vision_zero"):
        assert [one["clue_stage"] for one in steps] == [1, 0]
        assert all(-1 <= one["suspicion"] <= 1 for one in steps)
    else:
        assert all(0 <= one["proposer_reward"] <= 1 and 0 < one["solver_reward"] <= 1 for one in steps)
    (path,) = training.checkpoints()
    before, after = load_file(TALKER / "model.safetensors"), load_file(path / "model.safetensors")
    assert any((before[name].to(after[name].dtype) != after[name]).any() for name in before)


def test_the_steps_are_the_local_trainers(ended):
    training = ended("mm_upt_figures_openrlhf")
    recipe = read_settings(Recipe, json.loads((training.out / "training.json").read_text())["identity"]["recipe"], "it")
    seen = training.out.with_name("telling.py.seen").read_text().split()
    batches = training_prompts(recipe.prompts, recipe.seed)
    for step in range(2):
        assert sorted(seen[4 * step : 4 * step + 4]) == sorted(item.id for item in batches(step, 4))
    assert len({*seen}) == 8, "each item once"


def test_a_checkpoint_answers_alike_in_vllm(ended):
    vllm_model = pytest.importorskip("proctor.harness.engines.vllm")
    from itertools import islice

    from proctor.benchmarks.base import boxed_prompt
    from proctor.benchmarks.suites.figures import SUITE
    from proctor.harness.types import Request, Sampling

    training = ended("mm_upt_figures_openrlhf")
    requests = [Request(item.id, boxed_prompt(item)) for item in islice(SUITE.load(), 20)]
    engines = (
        TransformersEngine(training.checkpoints()[0], TransformersOptions(dtype="float32")),
        vllm_model.open_engine(str(training.checkpoints()[0]), {"dtype": "float32", "enforce_eager": "true"}),
    )
    answers = [
        {one.item_id: one.text for one in engine.generate(iter(requests), Sampling(max_tokens=40))}
        for engine in engines
    ]
    assert answers[0] == answers[1]


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("titles", "recipe"),
    [((ROLLOUTS, DRIVER), "mm_upt_figures_openrlhf"), ((JUDGE,), "actor_judge_figures_openrlhf")],
    ids=["rollout engine, then driver", "judge"],
)
def test_a_killed_process_ends_the_training_in_time_and_it_resumes(train, titles, recipe):
    changes = ("policy.steps=400", "policy.prompts=4", "checkpoint_every=2", "judge.retries=0")
    arguments = [recipe, *(part for change in changes[: 3 + (JUDGE in titles)] for part in ("--set", change))]
    training = train(*arguments)
    training.wait_for_step(3)
    for title in titles:
        for process in training.processes(title):
            os.kill(process, signal.SIGKILL)
        code, said = training.end(timeout=ENDS_WITHIN)
        assert code in (1, 3), said
        assert len([line for line in said.splitlines() if line.startswith("proctor train:")]) == 1, said
        assert "Traceback" not in said
        kept = training.checkpoints()
        assert kept
        for path in kept:
            check_whole(path)
        assert training.has_ended(DRIVER)
        assert training.has_ended(JUDGE)

        recorded = training.metrics()[-1]["step"]  # may be past the checkpoint
        training = train(*arguments, *OTHER_MACHINE, "--resume")
        training.wait_for_step(max(recorded, int(kept[-1].name.removeprefix("step-"))) + 2)
        assert [one["step"] for one in training.metrics()] == list(range(1, len(training.metrics()) + 1))
    training.process.send_signal(signal.SIGTERM)
    code, said = training.end(timeout=ENDS_WITHIN)
    assert code == 130, said
    assert training.has_ended(DRIVER)

    resumes = [json.loads(line) for line in (training.out / "resumes.jsonl").read_text().splitlines()]
    assert [line["changed"] for line in resumes] == [OTHERS] * len(titles)
    for changed, said in (("openrlhf.gpus=2", "saved by 1 GPUs"), ("policy.steps=1", "steps already")):
        code, told = train(*arguments, *OTHER_MACHINE, "--set", changed, "--resume").end()
        assert (code, said in told) == (2, True), told


def test_a_judge_that_does_not_answer_is_told_before_ray_starts(train):
    training = train(
        "actor_judge_figures_openrlhf", *SMALL, "--set", "judge.url=http://127.0.0.1:9/v1", "--set", "judge.model=m"
    )
    code, said = training.end(timeout=60)
    assert code in (2, 3)
    assert "127.0.0.1:9" in said
    assert not (training.out / "openrlhf" / "log.txt").exists()


def test_more_gpus_than_there_are_is_one_line(train):
    code, said = train("mm_upt_figures_openrlhf", *SMALL, "--set", "openrlhf.engines=9").end(timeout=120)
    assert code == 2, said
    assert "needs 11 GPUs and Ray has 3" in said
