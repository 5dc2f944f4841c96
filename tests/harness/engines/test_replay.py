"""The replay engine: stored answers again, said of them what is stored, and errors for what is not stored."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.engines.replay import ReplayEngine, open_engine
from proctor.harness.errors import DataError, UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import Manifest, RunReader
from proctor.harness.types import Sampling
from proctor.leaderboards.board.evidence import BOARD
from proctor.leaderboards.board.table import read_csv

from ...leaderboards.boards import clean_tree, hold_run

DRAWN = {"n": 2, "temperature": 1.0, "top_p": 0.9, "max_tokens": 77, "seed": 5}


def texts(path):
    return [(one.item_id, one.sample, one.text) for one in RunReader(path).responses()]


@pytest.fixture
def run(tmp_path, scripted):
    """A run of mathvision's sample, drawn in a way that is no default."""
    model = scripted(lambda item, k: rf"\boxed{{{k}}}", name="asked", weights="w")
    return hold_run(tmp_path / "runs", model, **DRAWN)


def replay(cli, run, out, *options):
    return cli("eval", "--engine", "replay", "--model", run, "--suite", "mathvision", "--run", out, *options)


def test_a_replay_is_the_run_that_it_replays(run, tmp_path, cli):
    assert replay(cli, run, tmp_path / "again").code == 0
    before, now = Manifest.read(run), Manifest.read(tmp_path / "again")
    assert now.identity == before.identity
    assert now.seal == before.seal
    assert {**now.environment, "replayed": None} == {**before.environment, "replayed": None}
    assert texts(tmp_path / "again") == texts(run)


def test_a_replay_of_a_replay_is_one_of_the_original(run, tmp_path, cli):
    assert replay(cli, run, tmp_path / "again", "--limit", 3).code == 0
    assert replay(cli, tmp_path / "again", tmp_path / "third", "--limit", 2).code == 0
    first, third = Manifest.read(run), Manifest.read(tmp_path / "third")
    assert third.identity["model"] == first.identity["model"]
    assert third.sampling == Sampling(**DRAWN)
    assert third.environment["replayed"]["run_id"] == first.run_id


def test_a_replay_inherits_which_items_were_asked(tiny, tmp_path, cli):
    asked = ("--model", tiny, "--suite", "figures", "--max-tokens", 2)
    for name, options in (("first", ("--limit", 3)), ("drawn", ("--sample", 3, "--sample-seed", 1))):
        assert cli("eval", *asked, *options, "--run", tmp_path / name).code == 0
        again = cli(
            "eval", "--engine", "replay", "--model", tmp_path / name, "--suite", "figures", "--run", tmp_path / "again"
        )
        assert again.code == 0
        before, now = (Manifest.read(tmp_path / run) for run in (name, "again"))
        assert (now.identity, now.environment["subset"]) == (before.identity, before.environment["subset"])
        shutil.rmtree(tmp_path / "again")
    more = ("eval", "--engine", "replay", "--model", tmp_path / "first", "--suite", "figures", "--limit", 5)
    done = cli(*more, "--run", tmp_path / "more")
    assert (done.code, "2 of 5 answers missing" in done.err) == (3, True)
    fewer = cli(*more[:-1], 2, "--run", tmp_path / "fewer")
    assert (fewer.code, "figures (first 2 of 600)" in fewer.out) == (0, True)


def test_a_run_of_other_data_is_asked_its_own_items(tmp_path, cli, examine, scripted):
    run_eval(examine(4), scripted(), tmp_path / "run")
    command = ("eval", "--engine", "replay", "--model", tmp_path / "run", "--suite", "figures")
    assert cli(*command, "--run", tmp_path / "again").code == 0
    assert Manifest.read(tmp_path / "again").run_id == Manifest.read(tmp_path / "run").run_id
    pictures = [sorted(path.name for path in (tmp_path / run / "images").iterdir()) for run in ("run", "again")]
    assert pictures[0] == pictures[1]


def test_in_the_folder_of_the_run_it_is_the_run(run, tmp_path, cli):
    before = sorted(path.name for path in run.parent.iterdir())
    shown = cli("eval", "--engine", "replay", "--model", run, "--suite", "mathvision", "--out", run.parent)
    assert (shown.code, str(run) in shown.out) == (0, True)
    assert sorted(path.name for path in run.parent.iterdir()) == before


def test_what_an_option_says_as_the_run_does_is_fine(run, tmp_path, cli):
    options = ("--protocol", "strict", "--temperature", 1, "--max-tokens", 77, "--samples", 2, "--seed", 5)
    assert replay(cli, run, tmp_path / "again", *options).code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--protocol", "official"),
            "was asked by the prompt of strict, not by that of official: a replay asks nobody",
        ),
        (("--protocol", "mm_upt"), "not by that of mm_upt"),  # whose prompts are the same
        (("--protocol", "official", "--temperature", 1), "score .* --score-protocol official"),
        (("--temperature", 0.9), "temperature of the stored answers is 1.0, not 0.9: a replay draws nothing"),
        (("--top-p=1",), "top_p of the stored answers is 0.9, not 1.0"),
        (("--max-tokens", 7), "max_tokens of the stored answers is 77, not 7"),
        (("--seed", 0), "seed of the stored answers is 5, not 0"),
        (("--samples", 1), "samples of the stored answers is 2, not 1"),
        (("--profile", "qwen2_5_vl_7b"), "not by that of strict.qwen2_5_vl_7b@"),
        (("--suite", "figures"), "is of suite mathvision, not figures"),
        (("--workers", 2), "leave --workers and --ray out"),
    ],
)
def test_what_an_option_says_otherwise_is_refused_in_a_line(run, tmp_path, cli, options, told):
    done = replay(cli, run, tmp_path / "again", *options)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert re.search(told, done.err), done.err
    assert not (tmp_path / "again").exists()


def test_no_door_takes_answers_to_another_prompt(run, tmp_path):
    model = ReplayEngine(run)
    for examination in (
        plan("mathvision", "official", Sampling(**DRAWN)),
        plan("mathvision", "strict", Sampling(**{**DRAWN, "temperature": 0.5})),
    ):
        with pytest.raises(UsageError):
            run_eval(examination, model, tmp_path / "library")
        assert not (tmp_path / "library").exists()


def test_an_item_that_is_asked_otherwise_now_is_refused(run, tmp_path, cli):
    data = Path(shutil.copytree("benchmarks/samples", tmp_path / "data")) / "mathvision.jsonl"
    lines = [json.loads(line) for line in data.read_text().splitlines()]
    lines[1]["question"] += " Think twice."
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = replay(cli, run, tmp_path / "again", "--data", data)
    assert done.code == 2
    assert f"item {lines[1]['id']!r} was asked by another prompt" in done.err


def test_a_corrected_gold_is_no_other_question(run, tmp_path, cli):
    data = Path(shutil.copytree("benchmarks/samples", tmp_path / "data")) / "mathvision.jsonl"
    lines = [json.loads(line) for line in data.read_text().splitlines()]
    free = next(line for line in lines if not line["choices"])
    free["answer"] = "1"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert replay(cli, run, tmp_path / "again", "--data", data).code == 0
    assert Manifest.read(tmp_path / "again").identity["data"] != Manifest.read(run).identity["data"]


def test_what_the_run_does_not_hold_is_an_error(tmp_path, examine, scripted):
    run_eval(examine(2), scripted(lambda i, k: ValueError("tired") if i == "q1" else "fine"), tmp_path / "first")
    outcome = run_eval(examine(3), ReplayEngine(tmp_path / "first"), tmp_path / "second")
    assert outcome.missing == 2
    assert outcome.errors == ["item q1: tired", "item q2: the replayed run has no answer to it"]


def test_an_incomplete_run_is_not_asked_its_own_missing_answers(tmp_path, cli, scripted):
    model = scripted(lambda item, k: ValueError("tired"), name="asked", weights="w")
    run = hold_run(tmp_path / "runs", model)
    before = (run / "responses.jsonl").read_bytes()
    done = cli("eval", "--engine", "replay", "--model", run, "--suite", "mathvision", "--out", run.parent)
    assert (done.code, "its own missing answers" in done.err) == (2, True)
    assert (run / "responses.jsonl").read_bytes() == before


def test_a_board_of_a_replay_states_what_the_run_states(run, tmp_path, cli, monkeypatch):
    clean_tree(monkeypatch)
    replay(cli, run, tmp_path / "again")
    for name, path in (("one", run), ("two", tmp_path / "again")):
        cli("board", "build", path, "--out", tmp_path / name, "--draft")
    rows = [
        [dataclasses.replace(row, evidence="") for row in read_csv(tmp_path / name / BOARD)] for name in ("one", "two")
    ]
    assert rows[0] == rows[1]
    assert (rows[0][0].model, rows[0][0].weights, rows[0][0].temperature) == ("asked", "w", "1.0")


def test_an_imported_run_stays_one(tmp_path, cli):
    line = {"id": "1", "question": "What is 2 + 3?", "choices": [], "answer": "5"}
    items = [json.loads(line) for line in Path("benchmarks/samples/mathvision.jsonl").read_text().splitlines()]
    file = tmp_path / "model.jsonl"
    file.write_text("".join(json.dumps({"id": one["id"], "response": line["answer"]}) + "\n" for one in items))
    assert cli("import", file, "--suite", "mathvision", "--run", tmp_path / "imported").code == 0
    assert replay(cli, tmp_path / "imported", tmp_path / "again").code == 0
    before, now = Manifest.read(tmp_path / "imported"), Manifest.read(tmp_path / "again")
    assert now.identity == before.identity
    assert now.prompted_by == "unknown"
    done = replay(cli, tmp_path / "imported", tmp_path / "more", "--temperature", 0)
    assert (done.code, "temperature of the stored answers is not known" in done.err) == (2, True)
    cli("board", "build", tmp_path / "again", "--out", tmp_path / "board", "--draft")
    row = read_csv(tmp_path / "board" / BOARD)[0]
    assert (row.prompt_protocol, row.temperature, row.max_tokens, row.engine) == (
        "unknown",
        "",
        "",
        "import (benchmark)",
    )


def test_a_replay_of_before_is_read_as_what_it_replayed(run, tmp_path, cli):
    """As replays were stored that took whatever they were told: the stored identity within another one."""
    for name, protocol, drawn in (
        ("honest", "strict", DRAWN),
        ("laundered", "official", {**DRAWN, "temperature": 0.3}),
    ):
        laundered(run, tmp_path / name, protocol, drawn)
        cli("board", "build", tmp_path / name, "--out", tmp_path / f"board {name}", "--draft")
    (row, *_) = read_csv(tmp_path / "board laundered" / BOARD)
    assert (row.prompt_protocol, row.temperature) == ("strict", "1.0")
    done = cli("board", "verify", tmp_path / "board laundered")
    assert "the answers are from a run that differs in protocol" in done.out
    assert "the answers are from a run that differs in sampling" in done.out
    assert "differs in" not in cli("board", "verify", tmp_path / "board honest").out
    assert replay(cli, tmp_path / "honest", tmp_path / "again").code == 0
    assert Manifest.read(tmp_path / "again").identity == Manifest.read(run).identity
    done = replay(cli, tmp_path / "laundered", tmp_path / "more")
    assert (done.code, "misstates how its answers were got" in done.err) == (2, True)


def laundered(run, out, protocol, drawn):
    """Store a run as the replay engine did that believed what it was told."""

    class Before:
        name = "asked"

        def identity(self):
            stored = Manifest.read(run)
            return {"engine": "replay", "replayed": stored.identity, "seal": stored.seal}

        def versions(self):
            return {}

        def generate(self, requests, sampling):
            found = {(one.item_id, one.sample): one for one in RunReader(run).responses()}
            yield from (found[request.item_id, sample] for request in requests for sample in request.samples)

    run_eval(plan("mathvision", protocol, Sampling(**drawn)), Before(), out)


def test_other_answers_are_another_model(tmp_path, examine, scripted):
    for name, text in (("a", "x"), ("b", "y")):
        run_eval(examine(), scripted(lambda i, k, t=text: t, weights=name), tmp_path / name)
    assert ReplayEngine(tmp_path / "a").identity() != ReplayEngine(tmp_path / "b").identity()


def test_an_edited_run_is_not_replayed(tmp_path, examine, scripted):
    run_eval(examine(), scripted(), tmp_path)
    with (tmp_path / "responses.jsonl").open("ab") as journal:
        journal.write(b"\n")
    with pytest.raises(DataError, match="changed"):
        ReplayEngine(tmp_path)


def test_options_and_folders_that_are_no_runs_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no options"):
        open_engine(str(tmp_path), {"batch": "3"})
    with pytest.raises(DataError, match="no run directory"):
        open_engine(str(tmp_path), {})
