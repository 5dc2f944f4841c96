"""`proctor iterate`: each round starts where the last improved, and killed anywhere it ends with the same files."""

import json
import signal
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.engines.base import ENGINES
from proctor.harness.errors import DataError, RunLockedError, RunMismatchError, UsageError
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Sampling
from proctor.trainers.experiments.iterate import Iteration, IterationFolder
from proctor.trainers.tiny import BASE

from . import improving_cli
from .killing import kill_once

SMALL = ("policy.steps=3", "policy.prompts=2", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=12")
TRAIN = [part for setting in (*SMALL, "checkpoint_every=1") for part in ("--set", setting)]
COMMAND = ["iterate", "mm_upt_figures", "--suite", "figures", "--limit", "30", "--max-tokens", "40", *TRAIN]
IMPROVING = [*COMMAND, "--rounds", "4", "--engine", "improving"]
KILLED = [improving_cli.__file__, *IMPROVING]


def small(rounds=2, changes=()):
    return Iteration.of("mm_upt_figures", [*SMALL, *changes], rounds)


def what(found, suites=("iconqa",), alpha=0.05):
    plans = [plan(suite, "strict", Sampling(max_tokens=12)) for suite in suites]
    return found.identity(BASE, plans, {"name": "transformers"}, {"alpha": alpha, "power": 0.8})


def opened(folder, found=None, **options):
    found = found or small()
    return IterationFolder(folder, found, what(found, **options))


def test_each_round_has_a_seed_and_a_folder_of_its_own(tmp_path):
    with opened(tmp_path / "out", small(changes=["seed=5"])) as folder:
        trainings = [folder.training(number) for number in (1, 2)]
    assert [(one.name, one.recipe.seed) for one in trainings] == [("round-1", 6), ("round-2", 7)]


@pytest.mark.parametrize(
    ("changes", "rounds", "told"),
    [
        (["policy.stepz=4"], 2, "unknown key 'stepz'"),
        (["reward=nope"], 2, "no reward is called 'nope'"),
        ([], 0, "--rounds must be from 1 to 100"),
        ([], 101, "--rounds must be from 1 to 100"),
    ],
)
def test_what_can_not_be_iterated_is_refused(changes, rounds, told):
    with pytest.raises(UsageError, match=told):
        small(rounds, changes)


def test_another_iteration_is_refused_by_what_differs(tmp_path):
    with opened(tmp_path / "out", suites=("iconqa", "figures")):
        pass
    for found, options, keys in (
        (small(changes=["policy.kl=0.5"]), {}, r"recipe\.policy\.kl"),
        (small(), {"suites": ("iconqa",)}, r"examinations\.figures"),
        (small(), {"suites": ("figures", "iconqa")}, "suites"),
        (small(), {"alpha": 0.01}, r"level\.alpha"),
    ):
        with pytest.raises(RunMismatchError, match=rf"another iteration: .*{keys}.* differ"):
            opened(tmp_path / "out", found, **{"suites": ("iconqa", "figures"), **options})


def test_rounds_can_be_raised_but_not_dropped(tmp_path):
    with opened(tmp_path / "out", small(2)):
        for number in (1, 2):
            (tmp_path / "out" / f"round-{number}").mkdir()
    with opened(tmp_path / "out", small(3)):
        pass
    with pytest.raises(RunMismatchError, match="has 2 rounds: --rounds can only be raised"):
        opened(tmp_path / "out", small(1))
    with opened(tmp_path / "out", small(2)):  # the lock was given back
        pass


def test_what_is_known_of_more_rounds_is_not_lost_while_fewer_are_found_again(tmp_path):
    with opened(tmp_path / "out") as folder:
        folder.record([{"round": 1}, {"round": 2}], {"round": 2})
    with opened(tmp_path / "out") as folder:
        folder.record([{"round": 1}], {"round": 1})
    found = json.loads((tmp_path / "out" / "iterate.json").read_text())
    assert (found["history"], found["best"]) == ([{"round": 1}, {"round": 2}], {"round": 2})


def test_a_second_process_is_told_to_wait(tmp_path):
    with opened(tmp_path / "out"), pytest.raises(RunLockedError, match="wait for it to end"):
        opened(tmp_path / "out")


def test_a_folder_with_other_files_and_a_file_in_its_place_are_refused(tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match=r"holds other files \(mine\.txt\)"):
        opened(tmp_path)
    with pytest.raises(UsageError, match=r"mine\.txt: it is no folder"):
        opened(tmp_path / "mine.txt")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"identity": {}, "environment": {}, "history": 3}'])
def test_a_damaged_folder_is_told_in_one_line(tmp_path, content):
    (tmp_path / "iterate.json").write_text(content)
    with pytest.raises(DataError, match="damaged") as caught:
        opened(tmp_path)
    assert "\n" not in str(caught.value)


def kept(out: Path):
    """What an iteration leaves: its record, the weights of every checkpoint, metrics and answers."""
    record = json.loads((out / "iterate.json").read_text())
    weights = {str(one.parent.relative_to(out)): weights_digest(one.parent) for one in out.glob("round-*/*/*/COMPLETE")}
    names = ["round-*/metrics.jsonl", "runs/*/responses.jsonl"]
    files = {str(one.relative_to(out)): one.read_bytes() for name in names for one in out.glob(name)}
    return {key: record[key] for key in ("identity", "history", "best")}, weights, files


@pytest.fixture
def improving(cli, monkeypatch):
    """Runs `proctor ...` in this process, with the engine that improves."""
    monkeypatch.setitem(ENGINES.builtin, "improving", f"{improving_cli.__name__}:ImprovingModel")
    return cli


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_to_the_same_files(tmp_path, improving):
    """In a training, in an examination, between the two, and in the second round."""
    code, out, err = improving(*IMPROVING, "--out", tmp_path / "whole", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [one["word"] for one in told["rounds"]] == ["improved", "improved", "no improvement"]
    killed = tmp_path / "killed"
    kill_once(KILLED, killed, "round-1/checkpoints/step-000002")
    kill_once(KILLED, killed, "round-1/finished.json")
    kill_once(KILLED, killed, "runs/round-1.figures/responses.jsonl")
    assert kill_once(KILLED, killed, "round-2/metrics.jsonl", signal.SIGINT) == 130
    code, out, err = improving(*IMPROVING, "--out", killed, "--json")
    assert code == 0, err
    assert kept(killed) == kept(tmp_path / "whole")
    assert json.loads(out)["rounds"] == told["rounds"]
    for number, start in ((1, BASE), (2, killed / told["rounds"][0]["checkpoint"])):
        identity = json.loads((killed / f"round-{number}" / "training.json").read_text())["identity"]
        assert identity["base"]["weights"] == weights_digest(start)
        assert identity["recipe"]["seed"] == number
    code, out, err = improving(*IMPROVING, "--out", killed)
    assert code == 0
    assert "train" not in err  # nothing was left to do
    assert f"best: round 2, {killed / told['rounds'][1]['checkpoint']}" in out


@pytest.mark.engine
def test_rounds_that_all_improved_can_be_followed_by_more(tmp_path, improving):
    command = [*COMMAND, "--engine", "improving", "--out", tmp_path / "out"]
    code, out, _ = improving(*command, "--rounds", "1")
    assert (code, "ended: all rounds improved; --rounds 2 goes on" in out) == (0, True)
    code, out, _ = improving(*command, "--rounds", "2", "--json")
    assert (code, len(json.loads(out)["rounds"])) == (0, 2)


@pytest.mark.engine
def test_a_model_that_breaks_later_leaves_the_best_round_before(tmp_path, improving):
    command = [*IMPROVING, "--engine-option", "breaks=2", "--out", tmp_path / "out"]
    code, out, err = improving(*command)
    assert code == 1, err
    assert "ended: round 2 diverged" in out
    assert f"best: round 1, {tmp_path / 'out' / 'round-1' / 'checkpoints' / 'step-000003'}" in out
    best = json.loads((tmp_path / "out" / "iterate.json").read_text())["best"]
    assert best == {"round": 1, "checkpoint": "round-1/checkpoints/step-000003"}


@pytest.mark.engine
def test_it_ends_at_the_first_round_without_an_improvement_and_keeps_the_base(tmp_path, cli):
    done = cli(*COMMAND, "--out", tmp_path / "out", "--set", "optimiser.learning_rate=1e-9")
    assert done.code == 0, done.err
    assert "no improvement that 30 items" in done.out
    assert f"best: the base, {BASE}" in done.out
    assert "of at most 2.5%" in done.out
    assert not (tmp_path / "out" / "round-2").exists()


@pytest.mark.engine
def test_a_training_that_diverges_ends_it_with_the_best_so_far(tmp_path, cli):
    command = [*COMMAND, "--out", tmp_path / "out", "--set", "optimiser.learning_rate=1e20"]
    first = cli(*command)
    assert first.code == 1
    assert "ended: round 1 diverged" in first.out
    assert "best: the base" in first.out
    again = cli(*command, "--json")
    assert again.code == 1
    assert "round 1: train" not in again.err  # not tried again
    told = json.loads(again.out)
    assert told["best"] == {"round": 0, "checkpoint": str(BASE)}
    assert told["rounds"][0]["failure"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--alpha", "0"], "--alpha must be from"),
        (["--power", "1"], "--power must be from"),
        (["--rounds", "0"], "--rounds must be from"),
        (["--limit", "0"], "the limit must be at least 1"),
        (["--suite", "iconqa,iconqa"], "names a suite twice"),
        (["--suite", "iconqa,figures", "--data", "x.jsonl"], "--data must be SUITE=DATA"),
        (["--suite", "nope"], "no suite is called"),
        (["--base", "nowhere"], "nowhere"),
    ],
)
def test_bad_arguments_end_with_2_before_anything_is_written(tmp_path, cli, arguments, told):
    done = cli("iterate", "mm_upt_figures", "--suite", "iconqa", "--out", tmp_path / "out", *arguments)
    assert done.code == 2
    assert told in done.err
    assert "\n" not in done.err.strip()
    assert not (tmp_path / "out").exists()
