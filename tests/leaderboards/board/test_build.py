"""`proctor board build`: what is published, what is refused, and that the same runs give the same bytes."""

import json
import multiprocessing
import os
import shutil
import signal

import pytest
from filelock import FileLock

from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, RunLockedError, UsageError
from proctor.harness.runs.judging import JudgeModel, ReplyBook
from proctor.leaderboards.board import build as board_module
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.evidence import BOARD, EVIDENCE, EvidenceFolder, read_record, run_folders
from proctor.leaderboards.board.table import read_csv
from proctor.leaderboards.board.verify import verify

from ...faulty_server import FaultyServer, Reply, completion
from ..boards import clean_tree, hold_run, make_board


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    clean_tree(monkeypatch)


@pytest.fixture
def runs(tmp_path, scripted):
    make_board(tmp_path / "made", scripted)
    return sorted((tmp_path / "made" / "runs").iterdir())


def content(folder):
    return {one.relative_to(folder): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_the_same_runs_give_the_same_bytes_in_any_order_and_anew(runs, tmp_path):
    build(runs, ["strict", "official"], tmp_path / "a", draft=True)
    build(runs[::-1], ["official", "strict"], tmp_path / "b", draft=True)
    build(runs, ["strict"], tmp_path / "c", draft=True)
    build(runs, ["strict", "official"], tmp_path / "c", draft=True)
    found = content(tmp_path / "a")
    assert found == content(tmp_path / "b") == content(tmp_path / "c")
    assert verify(tmp_path / "a").verified


def test_a_board_says_nothing_of_where_the_data_were(runs, tmp_path):
    build(runs, [None], tmp_path / "board", draft=True)
    folder = EvidenceFolder(tmp_path / "board" / EVIDENCE)
    texts = b"".join(map(folder.read, folder.digests()))
    assert b"data_root" not in texts
    assert str(tmp_path).encode() not in texts


def test_a_drawn_sample_is_drawn_once_for_all_runs(tmp_path, scripted, monkeypatch):
    """It takes half a second, which thousands of runs would each take."""
    suite = type(SUITES.get("figures"))
    runs = [hold_run(tmp_path / "runs", scripted(name=name, weights=name), "figures") for name in ("a", "b", "c")]
    SUITES.get("figures").__dict__.pop("sample_size", None)
    drawn = []
    load = suite.load
    monkeypatch.setattr(suite, "load", lambda self, data=None: drawn.append(self.name) or load(self, data))
    build(runs, [None], tmp_path / "board", draft=True)
    assert drawn == ["figures"]


def test_what_a_kill_left_of_evidence_is_swept_by_the_next_build(runs, tmp_path):
    build(runs, [None], tmp_path / "whole", draft=True)
    out = tmp_path / "board"
    (out / EVIDENCE).mkdir(parents=True)

    def killed():
        yield b"some of it"
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        EvidenceFolder(out / EVIDENCE)._keep("0" * 64, killed())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert len(list((out / EVIDENCE).iterdir())) == 1
    build(runs, [None], out, draft=True)
    assert content(out).keys() == content(tmp_path / "whole").keys()


def test_what_can_not_be_published_is_refused_and_the_old_board_stays(cli, runs, scripted, tmp_path, monkeypatch):
    out = tmp_path / "board"
    assert cli("board", "build", *runs, "--out", out, "--draft").code == 0
    before = content(out)
    clean_tree(monkeypatch, dirty=True)
    dirty = hold_run(tmp_path / "runs", scripted(name="dirty", weights="d"))
    failing = hold_run(tmp_path / "runs", scripted(lambda item, k: ValueError("no"), name="failing", weights="f"))
    done = cli("board", "build", *runs, dirty, failing, "--out", out)
    assert done.code == 3
    assert "held by code with uncommitted changes" in done.err
    assert "engine errors" in done.err
    assert "was not written" in done.err
    assert content(out) == before
    assert cli("board", "build", *runs, dirty, "--out", out, "--draft").code == 0
    assert {row.model for row in read_csv(out / BOARD)} == {"good", "poor", "dirty"}


def test_the_same_run_twice_and_different_items_are_refused(runs, tmp_path, examine, scripted):
    shutil.copytree(runs[0], tmp_path / "copy")
    refused = build([*runs, tmp_path / "copy"], [None], tmp_path / "board")
    assert any("2 rows say mathvision good strict accuracy" in problem for problem in refused.problems)
    assert not (tmp_path / "board" / BOARD).exists()
    assert EvidenceFolder(tmp_path / "board" / EVIDENCE).digests() == set()


def test_a_damaged_run_stops_the_build(runs, tmp_path):
    (runs[0] / "responses.jsonl").write_text("{}\n")
    with pytest.raises(DataError):
        build(runs, [None], tmp_path / "board", draft=True)
    assert not (tmp_path / "board" / BOARD).exists()


def test_a_folder_with_other_files_is_left_alone(runs, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match=r"holds other files \(made\)|thesis"):
        build(runs, [None], tmp_path, draft=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no folder"):
        build(runs, [None], tmp_path / "file", draft=True)


def test_one_builds_at_a_time(runs, tmp_path):
    (tmp_path / "board").mkdir()
    with FileLock(tmp_path / "board" / ".lock"), pytest.raises(RunLockedError, match="another process is building"):
        build(runs, [None], tmp_path / "board", draft=True)


def test_a_build_that_was_killed_is_built_again(runs, tmp_path, monkeypatch):
    build(runs, [None], tmp_path / "whole", draft=True)
    monkeypatch.setattr(board_module, "write_atomic", _die)
    process = multiprocessing.get_context("fork").Process(
        target=build, args=(runs, [None], tmp_path / "board"), kwargs={"draft": True}
    )
    process.start()
    process.join()
    assert process.exitcode == 9
    assert not (tmp_path / "board" / BOARD).exists()
    monkeypatch.undo()
    build(runs, [None], tmp_path / "board", draft=True)
    assert content(tmp_path / "board") == content(tmp_path / "whole")


def _die(*arguments):
    import os

    os._exit(9)


def test_many_runs_are_scored_by_many_processes_to_the_same_board(scripted, tmp_path):
    paths = [hold_run(tmp_path / "runs", scripted(name=f"m{n}", weights=f"w{n}")) for n in range(5)]
    build(paths, [None], tmp_path / "many", draft=True)
    for place in range(0, 5, 2):
        build(paths[place : place + 2], [None], tmp_path / f"few{place}", draft=True)
    few = sorted(row for place in range(0, 5, 2) for row in read_csv(tmp_path / f"few{place}" / BOARD))
    assert read_csv(tmp_path / "many" / BOARD) == few
    assert verify(tmp_path / "many").verified


def test_a_language_models_replies_are_evidence(scripted, tmp_path):
    """What a referee said is kept with the board, and no server is needed to verify it."""
    run = hold_run(tmp_path / "runs", scripted(lambda item, k: "I would say five", name="vague"), "mathverse")
    server = FaultyServer(lambda body, before: Reply(body=completion("Answer: 5" if before % 2 else "Verdict: 1")))
    try:
        from proctor.harness.engines.http_client import Endpoint

        book = ReplyBook(tmp_path / "replies.jsonl")
        referee = JudgeModel("tiny", book, Endpoint(server.url, "tiny", timeout=10, attempts=1))
        built = build([run], ["official"], tmp_path / "board", referee, draft=True)
    finally:
        server.close()
    (record,) = {row.evidence for row in built.rows}
    folder = EvidenceFolder(tmp_path / "board" / EVIDENCE)
    replies = folder.read(read_record(folder, record).replies)
    assert [json.loads(line)["model"] for line in replies.splitlines()].count("tiny") == len(replies.splitlines()) > 0
    told = [problem for row in verify(tmp_path / "board").rows for problem in row.problems]
    assert not any("stated as" in problem or "judged otherwise" in problem for problem in told)


def test_a_board_is_built_again_from_its_own_evidence(cli, runs, tmp_path):
    """After a change of the rules, say."""
    build(runs, [None], tmp_path / "board", draft=True)
    before = content(tmp_path / "board")
    assert cli("board", "build", tmp_path / "board", "--out", tmp_path / "board", "--draft").code == 0
    assert content(tmp_path / "board") == before
    official = ("--score-protocol", "official", "--out", tmp_path / "other", "--draft")
    assert cli("board", "build", tmp_path / "board", *official).code == 0
    assert {row.protocol for row in read_csv(tmp_path / "other" / BOARD)} == {"official"}


def test_a_board_can_be_read_as_runs(runs, tmp_path):
    build(runs, ["strict", "official"], tmp_path / "board", draft=True)
    with run_folders([tmp_path / "board", *runs]) as found:
        assert len(found) == 2 * len(runs)
        kept = sorted((path / "responses.jsonl").read_bytes() for path in found[: len(runs)])
        assert kept == sorted((path / "responses.jsonl").read_bytes() for path in runs)
    assert not found[0].exists()


def test_rows_of_another_protocol_than_asked_are_marked_where_they_are_shown(cli, runs, tmp_path):
    done = cli("board", "build", *runs, "--score-protocol", "strict,official", "--out", tmp_path / "board", "--draft")
    assert done.code == 0
    assert done.out.count("official, asked by the prompt of strict") == 1  # over the rows of both models


def test_a_rebuilt_board_says_what_it_replaces_and_what_it_no_longer_has(cli, runs, tmp_path):
    out = tmp_path / "board"
    assert "was rebuilt" not in cli("board", "build", *runs, "--out", out, "--draft").err
    rows = len(read_csv(out / BOARD))
    again = cli("board", "build", *runs, "--out", out, "--draft")
    assert f"was rebuilt: {rows} rows in place of {rows} rows\n" in again.err
    fewer = cli("board", "build", runs[0], "--out", out, "--draft")
    assert f"in place of {rows} rows; no longer in it: poor mathvision strict\n" in fewer.err


def test_a_table_that_is_no_board_of_ours_is_not_written_over(cli, runs, tmp_path):
    out = tmp_path / "board"
    out.mkdir()
    (out / BOARD).write_text("name,score\nme,1\n")
    done = cli("board", "build", *runs, "--out", out, "--draft")
    assert (done.code, "it is not written over: remove it, or choose another folder" in done.err) == (2, True)
    assert (out / BOARD).read_text() == "name,score\nme,1\n"
