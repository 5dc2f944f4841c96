"""Which items are asked: chosen by a stated rule, recorded with the run, told in every table, and made again by verify."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.subset import Choice
from proctor.harness.errors import DataError, UsageError
from proctor.harness.runs.store import RunReader
from proctor.harness.stats.metrics import cluster
from proctor.harness.types import Item
from proctor.leaderboards.board.evidence import BOARD
from proctor.leaderboards.board.table import EARLIER_COLUMNS, read_csv, to_csv
from proctor.leaderboards.page.overview import lay_out
from proctor.leaderboards.page.run_view import read_run_view
from proctor.trainers.tiny import BASE

from ..leaderboards.boards import Forger, clean_tree, hold_run


def items(count=40):
    return [Item(f"q{n}", "mine", "?", "5", "number", cluster=f"c{n // 3}") for n in range(count)]


@pytest.fixture
def ask(cli, tiny, tmp_path):
    """`ask(*options)`: examines the tiny model on two tokens an answer, and gives what was shown and the run."""

    def run(*options, suite="figures"):
        place = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        done = cli("eval", "--model", tiny, "--suite", suite, "--max-tokens", 2, "--run", place, *options)
        return done, place

    return run


def asked(place):
    return [one.item.id for one in RunReader(place).asked()]


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (5, 0), (6, 1), (20, 7), (39, 2)])
def test_a_sample_is_of_whole_clusters_and_only_as_many_as_it_takes(n, seed):
    chosen = Choice.sample(n, seed).choose(items())
    drawn = {cluster(item) for item in chosen}
    assert chosen == [item for item in items() if cluster(item) in drawn]
    assert n <= len(chosen) <= n + 2


def test_a_sample_is_the_same_anywhere_holds_the_smaller_ones_and_differs_by_its_seed():
    assert [item.id for item in Choice.sample(4, 0).choose(items())] == ["q18", "q19", "q20", "q33", "q34", "q35"]
    ids = [{item.id for item in Choice.sample(n, 3).choose(items())} for n in (3, 9, 27)]
    assert ids[0] < ids[1] < ids[2]
    assert {item.id for item in Choice.sample(9, 4).choose(items())} != ids[1]
    assert Choice.sample(9, 3).choose(items()[::-1]) == Choice.sample(9, 3).choose(items())[::-1]


def test_all_items_are_no_subset():
    assert [choice.record(items()) for choice in (Choice.first(40), Choice.sample(99, 0), Choice.first(None))] == [
        None
    ] * 3


def test_every_command_that_asks_takes_the_choice(ask, tmp_path):
    ids = [one.id for one in SUITES.get("figures").load()][2:9:3]
    (tmp_path / "hard.txt").write_text("\n".join(reversed(ids)))
    (tmp_path / "hard.jsonl").write_text("".join(json.dumps({"id": one, "more": 1}) + "\n" for one in ids))
    shown = {}
    for options in (
        ("--limit", 3),
        ("--sample", 3, "--sample-seed", 5),
        ("--ids", tmp_path / "hard.txt"),
        ("--ids", tmp_path / "hard.jsonl"),
    ):
        done, place = ask(*options)
        assert done.code == 0, done.err
        shown[str(options[-1])] = (done.out, asked(place))
    assert "figures (first 3 of 600)" in shown["3"][0]
    assert re.search(r"figures \(sample of 3, seed 5: [345] of 600\)", shown["5"][0].replace("\n", " "))
    for name in ("hard.txt", "hard.jsonl"):
        out, found = shown[str(tmp_path / name)]
        assert (f"figures (3 ids of {name}@" in out, found) == (True, ids)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--limit", 0), "the limit must be at least 1"),
        (("--sample", 0), "a sample must have at least 1 item"),
        (("--sample", 3, "--limit", 3), "--limit and --sample each say which items are asked"),
        (("--sample-seed", 3), "--sample-seed needs --sample"),
        (("--ids", "nowhere"), "cannot read nowhere"),
        (("--ids", "ids.txt"), "ids.txt: 2 ids are of no item of the data: x, y"),
        (("--ids", "bad.jsonl"), r"bad.jsonl, line 1: the object has no `id`"),
        (("--ids", "empty.txt"), "names no id"),
    ],
)
def test_a_choice_that_is_none_is_one_line(ask, tmp_path, monkeypatch, options, told):
    monkeypatch.chdir(tmp_path)
    Path("ids.txt").write_text("x\ny\n")
    Path("bad.jsonl").write_text('{"name": "x"}\n')
    Path("empty.txt").write_text("\n")
    done, _ = ask(*options)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert told in done.err


def test_ids_belong_to_one_suite(cli, tmp_path):
    done = cli("eval", "--model", BASE, "--suite", "figures,mathvision", "--ids", tmp_path / "ids.txt")
    assert (done.code, "--ids belongs to one suite" in done.err) == (2, True)


def test_a_damaged_record_is_told(tmp_path, scripted):
    path = hold_run(tmp_path, scripted())
    manifest = RunReader(path).manifest
    for record in (3, {}, {"rule": "best", "of": 3, "data": "", "bundled": False}, {"rule": "all", "of": "3"}):
        from proctor.benchmarks.subset import asked_of

        with pytest.raises(DataError, match="damaged"):
            asked_of(dataclasses.replace(manifest, environment={"subset": record}))


def test_a_board_says_which_items_and_verify_makes_the_choice_again(ask, cli, tmp_path, monkeypatch):
    clean_tree(monkeypatch)
    _, place = ask("--sample", 4, "--sample-seed", 2)
    board = tmp_path / "board"
    refused = cli("board", "build", place, "--out", board)
    assert (refused.code, "the run asked the sample of 4, seed 2: " in refused.err) == (3, True)
    built = cli("board", "build", place, "--out", board, "--draft")
    assert "figures (sample of 4, seed 2" in built.out.replace("\n", " ")
    assert {row.subset for row in read_csv(board / BOARD)} == {f"sample of 4, seed 2: {len(asked(place))} of 600"}
    told = cli("board", "verify", board).out
    assert "and its items are others" not in told
    assert "missing" not in told


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 3},
        {"n": 1},
        {"rule": "first", "n": 4},
        {"of": 3},
        {"rule": "ids", "ids": "0" * 64, "file": "f", "n": 4},
    ],
)
def test_a_choice_that_was_not_made_is_seen(ask, cli, tmp_path, monkeypatch, change):
    clean_tree(monkeypatch)
    _, place = ask("--sample", 4, "--sample-seed", 2)
    record = json.loads((place / "run.json").read_text())
    record["environment"]["subset"] |= change
    (place / "run.json").write_text(json.dumps(record))
    cli("board", "build", place, "--out", tmp_path / "board", "--draft")
    done = cli("board", "verify", tmp_path / "board")
    assert (done.code, "and its items are others" in done.out) == (1, True), done.out


def test_a_sample_of_the_size_of_a_published_set_is_not_that_set(tmp_path, cli, scripted, monkeypatch):
    """MathVision's testmini has 304 items; 304 others of its test set are a subset nevertheless."""
    clean_tree(monkeypatch)
    lines = (SAMPLES / "mathvision.jsonl").read_text().splitlines()
    shutil.copytree(SAMPLES / "images", tmp_path / "images")
    many = [{**json.loads(lines[n % len(lines)]), "id": str(n)} for n in range(310)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(one) + "\n" for one in many))
    from proctor.benchmarks.examination import plan, run_path
    from proctor.harness.runs.evaluate import run_eval
    from proctor.harness.types import Sampling

    examination = plan("mathvision", "strict", Sampling(), tmp_path / "test.jsonl", 304)
    path = run_path(tmp_path / "runs", examination, scripted())
    run_eval(examination, scripted(), path)
    done = cli("board", "build", path, "--out", tmp_path / "board")
    assert (done.code, "asked the first 304 of 310" in done.err) == (3, True)
    cli("board", "build", path, "--out", tmp_path / "board", "--draft")
    out = ("--model-name", "scripted", "--out", tmp_path / "repository")
    exported = cli("board", "export", "eval-results", tmp_path / "board", *out)
    assert "of no whole set" in exported.err


def test_a_bundled_sample_is_never_called_as_the_benchmark(ask, cli, tmp_path, monkeypatch):
    clean_tree(monkeypatch)
    name = "mathvision (bundled sample, 7 items)"
    done, place = ask(suite="mathvision")
    assert name in done.out.replace("\n", " ")
    assert name in cli("score", place).out
    again, other = ask("--data", "sample", suite="mathvision")
    assert (again.code, asked(other)) == (0, asked(place))
    refused = cli("board", "build", place, "--out", tmp_path / "board")
    assert (refused.code, "which imitates the benchmark" in refused.err) == (3, True)
    built = cli("board", "build", place, "--out", tmp_path / "board", "--draft")
    assert name in built.out
    verified = cli("board", "verify", tmp_path / "board")
    assert (verified.code, "of bundled samples, which imitate the benchmarks" in verified.err) == (0, True)
    assert "(bundled" in cli("compare", place, other).out
    assert lay_out([read_run_view(place, [])]).columns == [(name, 7)]
    limited, _ = ask("--limit", 3, suite="mathvision")
    assert "mathvision (bundled sample, first 3 of 7)" in limited.out.replace("\n", " ")


@pytest.mark.parametrize("columns", EARLIER_COLUMNS, ids=["without refused", "as at first"])
def test_a_copy_of_the_sample_and_a_board_of_before_are_known_by_their_items(ask, cli, tmp_path, monkeypatch, columns):
    clean_tree(monkeypatch)
    data = Path(shutil.copytree(SAMPLES, tmp_path / "data")) / "mathvision.jsonl"
    done, place = ask("--data", data, suite="mathvision")
    assert "mathvision (bundled sample, 7 items)" in done.out
    cli("board", "build", place, "--out", tmp_path / "board", "--draft")
    file = tmp_path / "board" / BOARD
    assert {row.refused for row in read_csv(file)} == {0}
    file.write_bytes(to_csv(read_csv(file), columns))
    assert ("subset" in file.read_text()) is ("subset" in columns)
    assert {row.refused for row in read_csv(file)} == {None}
    assert cli("board", "verify", tmp_path / "board").code == 0
    (row, *_) = read_csv(file)
    assert row.shown_suite == "mathvision (bundled sample, 7 items)"
    file.write_bytes(file.read_bytes().replace(b",strict,", b",official,", 1))
    assert cli("board", "verify", tmp_path / "board").code == 1


def test_the_subset_of_a_row_cannot_be_edited(ask, cli, tmp_path, monkeypatch):
    clean_tree(monkeypatch)
    _, place = ask(suite="mathvision")
    cli("board", "build", place, "--out", tmp_path / "board", "--draft")
    Forger(tmp_path / "board").edit(lambda row: {"subset": ""})
    done = cli("board", "verify", tmp_path / "board")
    assert (done.code, "subset is stated as blank" in done.out) == (1, True)


@pytest.mark.parametrize(
    "command",
    [
        ("iterate", "mm_upt_figures", "--out", "out"),
        ("watch", "folder", "--once"),
        ("reward", "regress", "majority_vote", "--baseline", "random", "--recipe", "mm_upt_figures", "--out", "out"),
    ],
)
def test_what_decides_wants_its_items_named(cli, tmp_path, tiny, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny, tmp_path / "folder" / "step-000001")
    done = cli(*command, "--suite", "mathvision")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--data mathvision=hub" in done.err
    assert "--data mathvision=sample takes it nevertheless" in done.err
    both = cli(*command, "--suite", "figures,mathvision", "--data", "figures=sample")
    assert (both.code, "--data mathvision=hub" in both.err) == (2, True)


def test_watch_takes_the_sample_if_told_to(cli, tmp_path, tiny):
    shutil.copytree(tiny, tmp_path / "folder" / "step-000001")
    asked_for = ("--suite", "mathvision", "--data", "mathvision=sample", "--max-tokens", 2, "--out", tmp_path / "runs")
    assert cli("watch", tmp_path / "folder", "--once", *asked_for).code == 0


def test_a_suite_without_a_sample_has_none_to_name(cli):
    done = cli("synthesize", "geometry3k", "--how", "direct", "--model", "x", "--out", "y", "--data", "sample")
    assert (done.code, "geometry3k has no bundled sample" in done.err) == (2, True)
    with pytest.raises(UsageError, match="no item"):
        Choice(rule="ids", ids=("x",), file="f").choose(items(3))
