"""Training on synthesized questions: by a recipe that synthesizes first, and on a folder; and the command line."""

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest

from proctor.harness.errors import EngineError, RunMismatchError, UsageError
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.contamination import trained_on
from proctor.trainers.local import train as local
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.openrlhf import played
from proctor.trainers.openrlhf.plan import Plan
from proctor.trainers.openrlhf.rows import RenderedPrompts, read_items
from proctor.trainers.provenance import provenance_of
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.recipe_settings import OpenRlhfSettings
from proctor.trainers.sampler import asking
from proctor.trainers.synthesis.folder import Synthesized
from proctor.trainers.synthesis.preparation import prepare
from proctor.trainers.tiny import BASE, TALKER
from proctor.trainers.tiny.talker_tasks import ASK, ASK_ANOTHER, fits

from .synthesis_writer import Writer

SMALL = [
    "policy.steps=2",
    "policy.prompts=4",
    "sampling.n=4",
    "sampling.max_tokens=24",
    "checkpoint_every=1",
    "synthesis.images=6",
    "synthesis.least=4",
]
RECIPES = ("mm_upt_figures_direct", "mm_upt_figures_in_context")


def recipe(*changes: str, name: str = RECIPES[0]) -> Recipe:
    return load_recipe(name, [*SMALL, *changes])


def silent(done: int, total: int, note: str) -> None:
    pass


@pytest.fixture
def writer(monkeypatch) -> Writer:
    """The model that the local trainer asks, in the place of its own."""
    found = Writer(question=lambda text, sample: f"How tall is bar {'ABC'[sample]}?")
    monkeypatch.setattr(local, "TransformersEngine", lambda path, device: found)
    return found


def test_a_recipe_trains_on_what_it_synthesized(writer, tmp_path):
    out = tmp_path / "out"
    local.train(recipe(), BASE, out, False, silent)
    questions = (out / "synthesis" / "questions.jsonl").read_text().splitlines()
    assert {json.loads(line)["question"] for line in questions} == {"How tall is bar A?", "How tall is bar B?"}
    identity = json.loads((out / "training.json").read_text())["identity"]
    assert identity["recipe"]["prompts"]["suite"] == "figures"
    assert identity["recipe"]["synthesis"]["images"] == 6
    assert identity["synthesized"] == json.loads((out / "synthesis" / "synthesis.json").read_text())["sha256"]
    last = out / "checkpoints" / "step-000002"
    assert weights_digest(last) != weights_digest(BASE)
    found = provenance_of(last)
    assert found is not None
    assert found.recipe.startswith("mm_upt_figures_direct (changed: ")
    assert "prompts.suite" not in found.recipe
    prints = trained_on(last)
    assert prints is not None
    assert {name[:16] for line in questions for name in json.loads(line)["sha256"]} >= prints.pictures


def test_interrupted_anywhere_it_ends_with_the_same_weights(writer, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    local.train(recipe(), BASE, whole, False, silent)
    asked = writer.replies
    writer.replies, writer.life = 0, 20
    with pytest.raises(EngineError):
        local.train(recipe(), BASE, broken, False, silent)
    writer.life = None

    def stop(done: int, total: int, note: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.train(recipe(), BASE, broken, False, stop)
    assert writer.replies == asked
    with pytest.raises(UsageError, match="add --resume"):
        local.train(recipe(), BASE, broken, False, silent)
    local.train(recipe(), BASE, broken, True, silent)
    assert writer.replies == asked
    last = Path("checkpoints") / "step-000002"
    assert weights_digest(broken / last) == weights_digest(whole / last)
    moved = tmp_path / "moved"
    shutil.move(broken, moved)
    local.train(recipe(), BASE, moved, True, silent)


def test_another_base_or_recipe_does_not_go_on(writer, tmp_path):
    writer.life = 20
    with pytest.raises(EngineError):
        local.train(recipe(), BASE, tmp_path, False, silent)
    with pytest.raises(RunMismatchError, match=r"settings\.agreed"):
        local.train(recipe("synthesis.agreed=0.9"), BASE, tmp_path, True, silent)
    shutil.copytree(BASE, other := tmp_path / ".other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "note": 1}))
    with pytest.raises(RunMismatchError, match=r"model\.configuration"):
        local.train(recipe(), other, tmp_path, True, silent)


def test_a_training_without_questions_is_left_alone(writer, tmp_path):
    (tmp_path / "training.json").touch()
    with pytest.raises(UsageError, match="holds a training on other questions"):
        local.train(recipe(), BASE, tmp_path, True, silent)
    assert [path.name for path in tmp_path.iterdir()] == ["training.json"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("reward=ground_truth", "synthesized questions have no labels"),
        ("method=sft", "synthesized questions have no labels"),
        ("synthesis.how=both", "how must be one of"),
        ("synthesis.depth=3", "unknown key 'depth'"),
    ],
)
def test_what_can_not_be_is_refused(writer, tmp_path, change, complaint):
    with pytest.raises(UsageError, match=complaint):
        local.train(recipe(change), BASE, tmp_path, False, silent)
    assert not list(tmp_path.iterdir())


def test_images_must_be_said(writer, tmp_path):
    bare = load_recipe("mm_upt_figures", ["synthesis.how=direct"])
    with pytest.raises(UsageError, match=r"synthesis\.images must say"):
        local.train(bare, BASE, tmp_path, False, silent)


def test_a_recipe_without_synthesis_stays_as_it_is(tmp_path):
    plain = load_recipe("mm_upt_figures")
    found = prepare(plain, BASE, tmp_path, lambda path: pytest.fail("asked"), silent)
    assert found.recipe is plain
    assert found.with_given_prompts(plain) == plain
    assert found.identity == {}
    assert not list(tmp_path.iterdir())


def test_a_folder_is_trained_on_and_belongs_to_the_identity(writer, tmp_path):
    made = prepare(recipe(), BASE, tmp_path / "made", lambda path: writer, silent)
    folder = tmp_path / "made" / "synthesis"
    changes = ["policy.steps=1", *SMALL[1:5], "prompts.suite=synthesized", f"prompts.data={folder}"]
    local.train(load_recipe("mm_upt_figures", changes), BASE, tmp_path / "out", False, silent)
    identity = json.loads((tmp_path / "out" / "training.json").read_text())["identity"]
    assert identity["synthesized"] == made.identity["synthesized"]


def test_openrlhf_is_given_what_was_synthesized(writer, monkeypatch, tmp_path):
    monkeypatch.setattr(played, "open_student", lambda checkpoint, settings: writer)
    monkeypatch.setattr(played, "_check_gpus", lambda recipe, settings: None)
    plans: list[Plan] = []
    monkeypatch.setattr(played, "started", lambda folder, plan, environment: nullcontext(plans.append(plan)))
    monkeypatch.setattr(played, "ProcessMonitor", Mock())
    training = played.PlayedTraining(recipe("trainer=openrlhf"), Grpo(), OpenRlhfSettings())
    training.train(BASE, tmp_path, False, silent)
    identity = json.loads((tmp_path / "training.json").read_text())["identity"]
    assert identity["recipe"]["prompts"]["suite"] == "figures"
    assert identity["synthesized"] == Synthesized.read(tmp_path / "synthesis").sha256
    (plan,) = plans
    items, prompts = read_items(tmp_path / "openrlhf"), RenderedPrompts(BASE, tmp_path / "openrlhf")
    assert len(items) == 2 * 4
    for item in items:
        text, images = prompts.rendered(asking(plan.recipe)(item))
        assert "<|vision_end|>How tall is bar " in text
        assert all(Path(name).parent == tmp_path / "synthesis" / "images" for name in images)
    assert plan.recipe.prompts.suite == "synthesized"
    assert plan.recipe.synthesis is None


def test_a_dry_run_says_what_is_asked_first(cli, tmp_path):
    done = cli("train", "mm_upt_geometry3k_direct", "--out", tmp_path / "out", "--dry-run")
    assert done.code == 0
    assert "writes 1 x 2101 questions (direct) about the pictures of geometry3k" in done.out
    assert "openrlhf.cli.train_ppo_ray" in done.out


def test_the_figures_recipes_ask_as_the_talker_was_taught():
    direct, in_context = (load_recipe(name).synthesis for name in RECIPES)
    assert direct is not None
    assert in_context is not None
    assert (direct.how, direct.direct) == ("direct", ASK)
    assert (in_context.how, in_context.in_context) == ("in_context", ASK_ANOTHER)


@pytest.mark.engine
@pytest.mark.parametrize("name", RECIPES)
def test_the_tiny_talker_trains_on_questions_of_its_own(tmp_path, name):
    local.train(recipe("synthesis.images=12", name=name), TALKER, tmp_path, False, silent)
    rows = [json.loads(line) for line in (tmp_path / "synthesis" / "questions.jsonl").read_text().splitlines()]
    known = [
        row["question"]
        for row in rows
        if any(fits(row["question"], scene) for scene in ("bars 3 2 1", "bars 1 2 3", "grid ooooooooo"))
    ]
    assert len(known) >= 0.7 * len(rows) > 0
    assert weights_digest(tmp_path / "checkpoints" / "step-000002") != weights_digest(TALKER)


def test_the_command_makes_a_folder_and_finds_it_done(cli, tmp_path, monkeypatch):
    writer = Writer()
    monkeypatch.setattr("proctor.harness.cli.train.open_engine", lambda args, target: writer)
    command = ("synthesize", "figures", "--how", "direct", "--model", "w", "--out", tmp_path / "out", "--limit", 3)
    command += ("--per-image", 2, "--samples", 3, "--set", "direct=Ask!")
    done = cli(*command, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["questions"], found["counts"]["kept"]) == (6, 6)
    replies = writer.replies
    assert "6 questions in" in cli(*command).out
    assert writer.replies == replies == 3 * 2 + 6 * 3
    refused = cli(*command, "--temperature", 0.5)
    assert refused.code == 2
    assert "settings.temperature differ" in refused.err


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--set", "depth=3"), "unknown key 'depth'"),
        (("--limit", 0), "images must be at least 1"),
        (("--how", "both"), "there are: direct, in_context"),
        (("--profile", "nobody"), "no profile is called 'nobody'"),
    ],
)
def test_a_wrong_command_is_one_line(cli, tmp_path, more, complaint):
    done = cli("synthesize", "figures", "--how", "direct", "--model", "w", "--out", tmp_path / "out", *more)
    assert done.code == 2
    assert complaint in done.err
    assert len(done.err.splitlines()) == 1
