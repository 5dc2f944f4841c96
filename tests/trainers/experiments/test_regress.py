"""`proctor reward regress`: what it refuses, that it goes on where it was killed, and that nothing fails silently."""

import json
import signal

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.errors import DataError, DivergedError, RunLockedError, RunMismatchError, UsageError
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Sampling
from proctor.trainers.experiments.regress import ARMS, RegressionFolder, ab_test, identity
from proctor.trainers.rewards.registry import TRAINERS
from proctor.trainers.tiny import BASE

from .killing import kill_once

REWARDS = {"candidate": "ground_truth", "baseline": "random"}
SMALL = ("policy.steps=3", "policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=12")
COMMAND = [
    "reward",
    "regress",
    "ground_truth",
    "--baseline",
    "random",
    "--recipe",
    "mm_upt_figures",
    "--suite",
    "iconqa",
    "--data",
    "sample",
    "--seeds",
    "2",
]
COMMAND += [part for setting in (*SMALL, "checkpoint_every=1") for part in ("--set", setting)]
KILLED = ["-m", "proctor.harness.cli", *COMMAND]


def small(seeds=2, changes=(), candidate_changes=(), **rewards):
    return ab_test("mm_upt_figures", REWARDS | rewards, seeds, [*SMALL, *changes], candidate_changes)


def what(found, suite="iconqa"):
    return identity(found, BASE, [plan(suite, "strict", Sampling(max_tokens=12))], {"name": "transformers"})


def opened(folder, found=None):
    found = found or small()
    return RegressionFolder(folder, found, what(found))


def test_both_arms_have_one_recipe_but_for_the_reward_and_the_same_seeds(tmp_path):
    found = small(changes=["seed=5"])
    assert not found.differing
    with opened(tmp_path / "out", found) as folder:
        names = [one.name for one in folder.trainings()]
        recipes = [one.recipe for one in folder.trainings()]
    assert names == ["candidate-seed5", "baseline-seed5", "candidate-seed6", "baseline-seed6"]
    assert [(one.reward, one.seed) for one in recipes[:2]] == [("ground_truth", 5), ("random", 5)]
    assert small(candidate_changes=["policy.kl=0.5"]).differing == ["policy.kl"]
    assert not small(candidate="actor_judge").differing


def test_a_setting_of_a_reward_can_be_the_candidate():
    rewards = {"candidate": "majority_vote", "baseline": "majority_vote"}
    found = small(**rewards, candidate_changes=["reward_settings.votes=exact"])
    assert [found.recipes[arm].reward_settings["votes"] for arm in ARMS] == ["exact", "well_formed"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"candidate": "nope"}, "no reward is called 'nope'"),
        ({"changes": ["reward=frequency"]}, "leave reward= out of --set"),
        ({"candidate_changes": ["seed=4"]}, "both arms have the same seeds"),
        ({"changes": ["policy.stepz=4"]}, "unknown key 'stepz'"),
        ({"seeds": 0}, "from 1 to 100"),
    ],
)
def test_what_can_not_be_compared_is_refused(options, told):
    with pytest.raises(UsageError, match=told):
        small(**options)


def test_the_examination_is_of_the_drawn_suite_that_is_trained_on(cli, tmp_path):
    (tmp_path / "ids.txt").write_text("0000-angle\nnowhere\n")
    asked = ["reward", "regress", "ground_truth", "--baseline", "random", "--ids", tmp_path / "ids.txt"]
    trained = ["--recipe", "mm_upt_figures", "--set", "prompts.suite=gym", "--out", tmp_path / "out"]
    assert "ids.txt: 1 id is of no item of the data: nowhere" in cli(*asked, *trained).err
    assert "ids.txt: 2 ids are of no item" in cli(*asked, *trained, "--suite", "figures").err


def test_a_changed_setting_is_refused_by_its_name(tmp_path):
    with opened(tmp_path / "out"):
        pass
    for found, keys in (
        (small(candidate="frequency"), "candidate.recipe.reward"),
        (small(changes=["policy.kl=0.5"]), "baseline.recipe.policy.kl, candidate.recipe.policy.kl"),
    ):
        with pytest.raises(RunMismatchError, match=keys):
            opened(tmp_path / "out", found)
    found = small()
    with pytest.raises(RunMismatchError, match=r"examinations\.figures"):
        RegressionFolder(tmp_path / "out", found, what(found, "figures"))
    with opened(tmp_path / "out"):
        pass


def test_seeds_can_be_raised_but_not_dropped(tmp_path):
    with opened(tmp_path / "out", small(20)) as folder:
        assert folder.raised_from == ()
    with opened(tmp_path / "out", small(2)) as folder:  # nothing was decided with 20
        assert folder.raised_from == ()
        folder.decided()
    for _ in range(2):
        with opened(tmp_path / "out", small(3)) as folder:
            assert folder.raised_from == (2,)
            folder.decided()
    with pytest.raises(RunMismatchError, match="can only be raised"):
        opened(tmp_path / "out", small(2))


def test_a_second_process_is_told_to_wait(tmp_path):
    with opened(tmp_path / "out"), pytest.raises(RunLockedError, match="wait for it to end"):
        opened(tmp_path / "out")
    with opened(tmp_path / "out"):
        pass


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match=r"holds other files \(mine\.txt\)"):
        opened(tmp_path)
    assert [one.name for one in tmp_path.iterdir() if not one.name.startswith(".")] == ["mine.txt"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"identity": {}, "seeds": "3"}', "[" * 9999])
def test_a_damaged_folder_is_told_in_one_line(tmp_path, content):
    (tmp_path / "regress.json").write_text(content)
    with pytest.raises(DataError, match="damaged") as caught:
        opened(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ['"../../etc"', "3", "null"])
def test_an_end_mark_that_names_no_checkpoint_is_damaged(tmp_path, name):
    with opened(tmp_path / "out") as folder:
        training = folder.trainings()[0]
        training.folder.mkdir()
        (training.folder / "finished.json").write_text(f'{{"last_checkpoint": {name}}}')
        with pytest.raises(DataError, match="names no checkpoint"):
            training.final_checkpoint()


def diverge(recipe, base, out, resume, progress):
    raise DivergedError("the loss is gone")


def test_a_training_that_diverges_is_kept_as_failed(tmp_path, monkeypatch):
    monkeypatch.setitem(TRAINERS.builtin, "local", f"{__name__}:diverge")
    with opened(tmp_path / "out") as folder:
        training = folder.trainings()[0]
        assert training.failure() is None
        training.train(BASE, lambda *_: None)
        assert training.failure() == "the loss is gone"


def test_a_reward_file_that_is_changed_meanwhile_is_refused(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def score(group):\n    return [0.0 for _ in group.responses]\n")
    found = small(candidate=f"{file}:score")
    with opened(tmp_path / "out", found) as folder:
        file.write_text("def score(group):\n    return [1.0 for _ in group.responses]\n")
        with pytest.raises(RunMismatchError, match="was changed while"):
            folder.trainings()[0].train(BASE, lambda *_: None)
    with pytest.raises(RunMismatchError, match=r"candidate\.reward_file"):
        opened(tmp_path / "out", small(candidate=f"{file}:score"))


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_to_the_same_weights_and_verdict(tmp_path, cli):
    whole = cli(*COMMAND, "--out", tmp_path / "whole", "--json")
    assert whole.code == 0
    out = tmp_path / "killed"
    kill_once(KILLED, out, "candidate-seed0/checkpoints/step-000001")
    kill_once(KILLED, out, "runs/candidate-seed0.iconqa/responses.jsonl")
    assert kill_once(KILLED, out, "baseline-seed1/metrics.jsonl", signal.SIGINT) == 130
    done = sorted(out.glob("*/finished.json"))
    assert done
    before = [(file, file.stat().st_mtime_ns) for file in done]
    again = cli(*COMMAND, "--out", out, "--json", "--html", tmp_path / "page.html")
    assert again.code == 0
    assert [(file, file.stat().st_mtime_ns) for file in done] == before
    for arm in ARMS:
        last = f"{arm}-seed1/checkpoints/step-000003"
        assert weights_digest(out / last) == weights_digest(tmp_path / "whole" / last)
    told, expected = (json.loads(one.out) for one in (again, whole))
    assert {**told, "out": ""} == {**expected, "out": ""}
    assert told["verdict"] == "not distinguishable"
    assert (tmp_path / "page.html").read_text().count("<svg") > 2
    third = cli(*COMMAND, "--out", out, "--require", "better")
    assert third.code == 1
    assert "NOT DISTINGUISHABLE" in third.out
    assert "train" not in third.err  # nothing was left to do
    changed = cli(*COMMAND, "--out", out, "--set", "policy.clip=0.3")
    assert changed.code == 2
    assert "policy.clip" in changed.err


@pytest.mark.engine
def test_a_diverging_candidate_is_worse_and_not_tried_again(tmp_path, cli):
    command = [*COMMAND, "--out", tmp_path / "out", "--set-candidate", "optimiser.learning_rate=1e20"]
    first = cli(*command)
    assert first.code == 1
    assert "2 of 2 trainings with candidate ground_truth failed" in first.out
    assert "WORSE" in first.out
    again = cli(*command, "--json")
    assert again.code == 1
    assert "train 1 of" not in again.err
    assert [one["seed"] for one in json.loads(again.out)["candidate"]["failed"]] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--margin", "0"], "--margin must be above 0"),
        (["--margin", "nan"], "--margin must be above 0"),
        (["--suite", "iconqa,iconqa"], "names a suite twice"),
        (["--suite", "iconqa,figures", "--data", "x.jsonl"], "--data must be SUITE=DATA"),
        (["--suite", "nope"], "no suite is called"),
        (["--recipe", "nope"], "no recipe is called 'nope'"),
        (["--base", "nowhere"], "nowhere"),
        (["--conditions", "al_right"], "did you mean all_right"),
        (["--conditions", "short,short"], "names a condition twice"),
        (["--conditions", "short", "--base", "tiny"], "leave out --recipe and --base, or --conditions"),
        (["--set", "prompts.suite=gym"], "condition all_right is of suite figures, and trained on is gym"),
    ],
)
def test_bad_arguments_end_with_2_before_anything_is_written(tmp_path, cli, arguments, told):
    done = cli("reward", "regress", "random", "--baseline", "random", "--out", tmp_path / "out", *arguments)
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "out").exists()
