"""Where a checkpoint came from: read from a training's folder, marked where settings were changed, recorded with runs."""

import json
import shutil
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan, run_path, score_run
from proctor.harness.errors import DataError
from proctor.harness.runs.checkpoints import COMPLETE
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.runs.store import Manifest
from proctor.harness.types import Sampling
from proctor.leaderboards.board.table import rows
from proctor.trainers.provenance import Provenance, TrainingRecord, provenance_of
from proctor.trainers.recipe import load_recipe
from proctor.trainers.resolve import resolve
from proctor.trainers.training import TrainingFolder


@pytest.fixture
def trained(tmp_path, tiny):
    """Makes a training's folder with one checkpoint as the trainers do, and gives the checkpoint's path."""

    def make(name: str = "mm_upt_figures", *changes: str, step: int = 7) -> Path:
        folder = tmp_path / "training"
        recipe = load_recipe(name, changes)
        with TrainingFolder(folder, resolve(recipe), tiny, False):
            pass
        checkpoint = folder / "checkpoints" / f"step-{step:06d}"
        shutil.copytree(tiny, checkpoint)
        (checkpoint / COMPLETE).touch()
        return checkpoint

    return make


@pytest.mark.parametrize("name", ["mm_upt_figures", "actor_judge_figures", "mm_upt_geometry3k", "actor_judge_geoqa"])
def test_a_bundled_recipe_is_known_whatever_the_seed_and_the_machine(name, trained):
    checkpoint = trained(name, "seed=3", "checkpoint_every=1", "openrlhf.gpus=2", "openrlhf.engines=2")
    assert provenance_of(checkpoint) == Provenance(name, 3, 7)
    assert provenance_of(str(checkpoint)) == Provenance(name, 3, 7)


def test_a_changed_recipe_does_not_pass_for_the_bundled_one(trained):
    checkpoint = trained("mm_upt_figures", "reward=random", "policy.steps=5")
    assert provenance_of(checkpoint) == Provenance(
        "mm_upt_figures (changed: policy.steps, reward, reward_settings.votes)", 0, 7
    )


def test_settings_are_told_apart_by_their_digest_and_by_what_is_learned_alone(trained, tmp_path):
    def settings(*changes: str) -> str:
        shutil.rmtree(tmp_path / "training", ignore_errors=True)
        found = provenance_of(trained("lmsi_figures", *changes))
        assert found is not None
        return found.settings

    first = settings()
    assert first == settings("seed=4", "checkpoint_every=7", "collect.least=2", "openrlhf.gpus=2", "openrlhf.engines=2")
    assert len({first, settings("optimiser.learning_rate=0.5"), settings("optimiser.learning_rate=0.25")}) == 3


def test_a_training_of_before_a_setting_was_known_is_still_that_of_its_recipe(trained):
    checkpoint = trained("mm_upt_figures")
    file = checkpoint.parent.parent / "training.json"
    record = json.loads(file.read_text())
    for key in ("synthesis", "method", "method_settings", "collect"):
        del record["identity"]["recipe"][key]
    file.write_text(json.dumps(record))
    assert provenance_of(checkpoint) == Provenance("mm_upt_figures", 0, 7)


def test_a_long_list_of_changes_is_cut(trained):
    changes = [f"optimiser.{key}=0.5" for key in ("learning_rate", "weight_decay", "max_grad_norm")]
    checkpoint = trained("mm_upt_figures", *changes, "policy.clip=0.5", "policy.kl=0.5")
    found = provenance_of(checkpoint)
    assert found is not None
    assert found.recipe.count(",") == 4
    assert found.recipe.endswith(", ...)")


def test_another_recipe_has_its_own_name(trained):
    assert provenance_of(trained("mm_upt_figures", "name=mine")) == Provenance("mine", 0, 7)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/tmp/x.toml", "<b>|$(x)"])
def test_a_name_is_never_a_path(name, trained):
    checkpoint = trained("mm_upt_figures", f'name="{name}"')
    found = provenance_of(checkpoint)
    assert found is not None
    assert found.recipe == name


def test_other_models_have_none(trained, tiny, tmp_path):
    checkpoint = trained()
    other = checkpoint.with_name("best")
    shutil.copytree(checkpoint, other)
    shutil.copytree(checkpoint, tmp_path / "step-000007")
    strangers = (tiny, "org/model", "x" * 5000, "a\0b", other, tmp_path / "step-000007", checkpoint.parent, tmp_path)
    assert [provenance_of(one) for one in strangers] == [None] * len(strangers)
    (tmp_path / "training" / "training.json").unlink()
    assert provenance_of(checkpoint) is None


def test_a_link_to_a_checkpoint_is_that_checkpoint(trained, tmp_path):
    (tmp_path / "link").symlink_to(trained())
    assert provenance_of(tmp_path / "link") == Provenance("mm_upt_figures", 0, 7)


DAMAGED = {
    "empty": "",
    "list": "[]",
    "nothing": "{}",
    "no recipe": '{"identity": {}}',
    "a recipe's name alone": '{"identity": {"recipe": "mm_upt_figures"}}',
    "no seed": '{"identity": {"recipe": {"name": "a"}}}',
    "seed of another kind": '{"identity": {"recipe": {"name": "a", "seed": true}}}',
    "endless seed": f'{{"identity": {{"recipe": {{"name": "a", "seed": {"9" * 40}}}}}}}',
    "no name": '{"identity": {"recipe": {"name": "", "seed": 0}}}',
    "two lines": '{"identity": {"recipe": {"name": "a\\nb", "seed": 0}}}',
    "long name": f'{{"identity": {{"recipe": {{"name": "{"a" * 101}", "seed": 0}}}}}}',
    "deep": "[" * 100_000,
    "huge": " " * (2**20 + 1),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_said_and_nothing_is_recorded(kind, trained):
    checkpoint = trained()
    (checkpoint.parent.parent / "training.json").write_text(DAMAGED[kind])
    with pytest.raises(DataError, match=r"training\.json is damaged") as caught:
        provenance_of(checkpoint)
    assert "\n" not in str(caught.value)
    told: list[str] = []
    plans = [plan("figures", "strict", Sampling(), limit=1)]
    (recorded,) = TrainingRecord.read(checkpoint, told.append).put_into(plans)
    assert "training" not in recorded.recorded
    assert len(told) == 1


def test_an_examination_records_it_and_the_board_shows_it(trained, scripted, tmp_path, tiny):
    examination, model = plan("figures", "strict", Sampling(), limit=4), scripted()
    (known,) = TrainingRecord.read(trained("mm_upt_figures", "seed=2"), pytest.fail).put_into([examination])
    assert run_path(tmp_path, known, model) == run_path(tmp_path, examination, model)  # no part of the identity
    run_eval(known, model, tmp_path / "run")
    recorded = Manifest.read(tmp_path / "run").environment["training"]
    assert {key: recorded[key] for key in ("recipe", "seed", "step")} == {
        "recipe": "mm_upt_figures",
        "seed": 2,
        "step": 7,
    }
    assert recorded["base"] == weights_digest(tiny)
    assert {(one.recipe, one.training_seed, one.training_step) for one in rows(score_run(tmp_path / "run"))} == {
        ("mm_upt_figures", "2", "7")
    }


def test_eval_and_watch_record_it(trained, tiny, cli, tmp_path):
    checkpoint = trained()
    (checkpoint.parent.parent / "finished.json").write_text("{}")
    common = ("--suite", "iconqa", "--data", "sample", "--max-tokens", "4", "--out", tmp_path / "runs")
    assert cli("eval", "--model", checkpoint, "--limit", "2", *common).code == 0
    assert cli("eval", "--model", tiny, "--limit", "3", *common).code == 0
    assert cli("watch", checkpoint.parent.parent, "--once", *common).code == 0
    manifests = [Manifest.read(run) for run in (tmp_path / "runs").iterdir()]
    told = {one.identity["items"]: one.environment.get("training") for one in manifests}
    assert told.pop(3) is None
    assert [(one["recipe"], one["seed"], one["step"]) for one in told.values()] == [("mm_upt_figures", 0, 7)] * 2


def test_eval_of_a_checkpoint_of_a_damaged_training_says_so(trained, cli, tmp_path):
    checkpoint = trained()
    file = checkpoint.parent.parent / "training.json"
    file.write_text(json.dumps({"identity": {"recipe": {"name": "\u001b[31m", "seed": 0}}}))
    done = cli(
        "eval",
        "--model",
        checkpoint,
        "--suite",
        "figures",
        "--limit",
        "1",
        "--max-tokens",
        "4",
        "--out",
        tmp_path / "r",
    )
    assert done.code == 0
    assert "training.json is damaged" in done.err
    assert "\u001b[31m" not in done.err
