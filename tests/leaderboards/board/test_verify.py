"""Every kind of tampering with a board, each named by `board verify`; and a board that was left alone is reproduced."""

import dataclasses
import json
import os
import re
import shutil

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.examination import plan
from proctor.benchmarks.subset import Choice
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Sampling
from proctor.leaderboards.board import evidence
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.evidence import BOARD, EVIDENCE, EvidenceFolder
from proctor.leaderboards.board.verify import verify

from ..boards import SUITE, Forger, clean_tree, golds, hold_run, make_board, text


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A board of two models, made once."""
    from ...conftest import ScriptedModel

    with pytest.MonkeyPatch.context() as patch:
        clean_tree(patch)
        return make_board(tmp_path_factory.mktemp("made"), ScriptedModel)


@pytest.fixture
def board(made, tmp_path):
    """A copy of it to change."""
    shutil.copytree(made, tmp_path / "board")
    return tmp_path / "board"


@pytest.fixture
def forger(board):
    return Forger(board)


def named(board, pattern, rows=None):
    """Verification fails and says why; `rows` of the board are not reproduced."""
    report = verify(board)
    assert not report.verified
    told = [*report.problems, *(problem for row in report.rows for problem in row.problems)]
    assert any(re.search(pattern, problem) for problem in told), told
    assert not any("\n" in problem for problem in told)
    if rows is not None:
        assert {row.stated["model"] for row in report.rows if row.problems} == set(rows)
    return report


def test_a_board_that_was_left_alone_is_reproduced(board, cli):
    report = verify(board)
    assert report.verified, report.to_json()
    assert {row.stated["model"] for row in report.rows} == {"good", "poor"}
    done = cli("board", "verify", board)
    assert (done.code, done.out) == (0, "")
    assert f"{len(report.rows)} of {len(report.rows)} rows reproduced" in done.err
    assert cli("board", "verify", board, "-v").out.count("reproduced ") == len(report.rows)
    assert json.loads(cli("board", "verify", board, "--json").out)["verified"] is True


def test_an_edited_number(board, forger, cli):
    forger.edit(lambda row: {"score": "0.999999"}, lambda row: row["model"] == "poor" and row["metric"] == "accuracy")
    named(board, r"score is stated as 0\.999999, and the evidence gives 0\.714286", ["poor"])
    done = cli("board", "verify", board)
    assert done.code == 1
    assert done.out.count("NOT REPRODUCED") == 1


def test_an_edited_count(board, forger):
    forger.edit(lambda row: {"truncated": "1"}, lambda row: row["model"] == "poor")
    named(board, "truncated is stated as 1, and the evidence gives 0", ["poor"])


def test_a_renamed_model(board, forger):
    forger.edit(lambda row: {"model": "better"}, lambda row: row["model"] == "poor")
    named(board, "model is stated as better, and the evidence gives poor", ["better"])


def test_a_response_that_was_edited_in_place(board, forger):
    _, record = forger.record()
    file = board / EVIDENCE / f"{record.responses}.gz"
    other = forger.folder.put(forger.folder.read(record.responses).replace(b"none", b"nine"))
    file.write_bytes((board / EVIDENCE / f"{other}.gz").read_bytes())
    (board / EVIDENCE / f"{other}.gz").unlink()
    named(board, r"was changed: what is in it has another digest", ["poor"])


def test_a_response_that_was_edited_with_its_digests(board, forger):
    right = golds()
    responses = [{**one, "text": rf"\boxed{{{right[one['item_id']]}}}"} for one in forger.lines("responses")]
    forger.replace(responses=text(responses))
    named(board, "responses.jsonl", ["poor"])


def test_a_response_that_was_edited_with_all_digests(board, forger):
    right = golds()
    responses = [{**one, "text": rf"\boxed{{{right[one['item_id']]}}}"} for one in forger.lines("responses")]
    forger.reseal(forger.lines("items"), responses)
    report = named(board, r"score is stated as 0\.714286, and the evidence gives 1\.000000", ["poor"])
    assert any("recorded verdicts" in problem for row in report.rows for problem in row.problems)


def without_the_hard(forger):
    hard = sorted(golds())[0]
    items = [one for one in forger.lines("items") if one["item"]["id"] != hard]
    return items, [one for one in forger.lines("responses") if one["item_id"] != hard]


def test_a_removed_hard_item(board, forger):
    items, responses = without_the_hard(forger)
    forger.replace(items=text(items), responses=text(responses))
    named(board, "items.jsonl was changed", ["poor"])


def test_a_removed_hard_item_with_all_digests(board, forger):
    items, responses = without_the_hard(forger)
    forger.reseal(items, responses)
    kept = [one for one in forger.lines("verdicts") if one[0] in {line["item_id"] for line in responses}]
    forger.replace(verdicts=text(kept))
    report = named(board, "1 item of the bundled sample is missing: 1", ["poor"])
    told = [problem for row in report.rows for problem in row.problems]
    assert any("the run has 6 items, and no set of mathvision has so many" in problem for problem in told)


def test_duplicated_rows(board, forger):
    forger.write([*forger.rows, forger.rows[0]])
    named(board, f"2 rows say {SUITE} good strict accuracy")


def test_a_changed_gold(board, forger):
    items = forger.lines("items")
    items[0]["item"]["answer"] = "none"
    forger.reseal(items, forger.lines("responses"))
    named(board, "1 item differs from the bundled sample: 1; the first in its answer", ["poor"])
    named(board, "data is stated as", ["poor"])


def test_another_grader_version_is_recomputed_under_both(board, forger):
    verdicts = forger.lines("verdicts", "good")
    assert verdicts[0][2] is True
    verdicts[0][2] = False  # the grader of that time refused what today's accepts
    forger.replace("good", verdicts=text(verdicts), grader_version="0")
    forger.edit(lambda row: {"grader_version": "0"}, lambda row: row["model"] == "good")
    report = named(
        board, r"judged by protocol version \S+ and grader 0, and installed are .*; 1 answer \(1 \(sample 0\)\)"
    )
    stated = [row for row in report.rows if row.stated["model"] == "good" and row.stated["metric"] == "accuracy"]
    assert any("score is stated as 1.000000, and the recorded verdicts give 0.857143" in p for p in stated[0].problems)
    forger.edit(
        lambda row: {"score": "0.857143", "correct": "6"},
        lambda row: row["model"] == "good" and row["metric"] == "accuracy",
    )
    report = verify(board)
    stated = [row for row in report.rows if row.stated["model"] == "good" and row.stated["metric"] == "accuracy"]
    assert any("score 0.857143 becomes 1.000000" in problem for problem in stated[0].problems)


def test_another_grader_version_that_read_less_and_decided_alike(board, forger):
    """It found no answer where today's finds a wrong one."""
    verdicts = forger.lines("verdicts", "poor")
    place = next(n for n, one in enumerate(verdicts) if one[2] is False and one[3] is not None)
    verdicts[place][3] = None
    forger.replace("poor", verdicts=text(verdicts), grader_version="0")
    forger.edit(
        lambda row: {"grader_version": "0", "unparsed": str(int(row["unparsed"]) + 1)},
        lambda row: row["model"] == "poor",
    )
    report = verify(board)
    assert report.verified, [problem for row in report.rows for problem in row.problems]
    assert any("read again by those installed: what is stated is reproduced" in note for note in report.notes)


def test_a_version_that_is_only_claimed(board, forger):
    forger.edit(lambda row: {"grader_version": "99"}, lambda row: row["model"] == "good")
    named(board, "grader_version is stated as 99, and the evidence gives", ["good"])


def test_verdicts_that_the_answers_do_not_give(board, forger):
    verdicts = forger.lines("verdicts")
    changed = [[*one[:2], True, *one[3:]] for one in verdicts]
    forger.replace(verdicts=text(changed))
    named(board, r"2 answers \(.*\) are judged otherwise than the recorded verdicts say", ["poor"])


def test_a_removed_row(board, forger):
    forger.write([row for row in forger.rows if not (row["model"] == "poor" and row["metric"] == "accuracy")])
    named(board, f"a row was left out: {SUITE} poor strict accuracy$")


def test_all_rows_of_a_run_removed(board, forger):
    forger.write([row for row in forger.rows if row["model"] != "poor"])
    named(board, "of a run under strict has no row")


def test_missing_evidence(board, forger):
    _, record = forger.record()
    (board / EVIDENCE / f"{record.responses}.gz").unlink()
    named(board, "is missing", ["poor"])


def test_swapped_evidence(board, forger):
    good, poor = (forger.record(name)[0] for name in ("good", "poor"))
    forger.edit(lambda row: {"evidence": {good: poor, poor: good}[row["evidence"]]})
    named(board, "model is stated as good, and the evidence gives poor", ["good", "poor"])


def test_an_order_that_is_not_a_boards(board, forger):
    forger.write(forger.rows[::-1])
    named(board, "is not written as `board build` writes it", [])


def test_another_sampling_in_the_manifest(board, forger):
    manifest = forger.manifest()
    before = manifest.to_bytes()
    forger.replace(manifest=before.replace(b'"seed": 0', b'"seed": 1'))
    named(board, "its run_id does not belong to its identity", ["poor"])


def test_a_file_that_is_no_evidence(board):
    (board / EVIDENCE / "notes.txt").write_text("mine")
    named(board, "notes.txt is no evidence", [])


@pytest.mark.parametrize("cell", ["../../../etc/passwd", "", "0" * 63, "G" * 64])
def test_an_evidence_that_is_no_digest(board, forger, cell):
    forger.edit(lambda row: {"evidence": cell}, lambda row: row["model"] == "poor")
    named(board, "is no digest of evidence")


def test_a_bomb_is_not_unpacked(board, forger, monkeypatch):
    monkeypatch.setattr(evidence, "EVIDENCE_PART_BYTES", 1000)
    named(board, "holds more than 1000 bytes", ["good", "poor"])


@pytest.mark.parametrize("part", ["manifest", "items", "responses", "verdicts"])
@pytest.mark.parametrize(
    "content", [b"", b"[]\n", b"null\n", b'{"item": 1}\n', b"[" * 100_000, b"\xff\xfe\n", b'["1",0]\n']
)
def test_nonsense_as_evidence_is_told(board, forger, part, content):
    forger.replace(**{part: content})
    assert not verify(board).verified


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]", b'{"format":1}', b'{"format":2}', b"\x80", b"[" * 60_000])
def test_nonsense_as_a_record_is_told(board, forger, content):
    old, _ = forger.record()
    new = forger.folder.put(content)
    forger.edit(lambda row: {"evidence": new}, lambda row: row["evidence"] == old)
    named(board, "record|JSON|decode|expecting|Expecting|recursion|codec")


@pytest.mark.parametrize("damage", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"suite\n"])
def test_no_board_at_all_is_bad_input(board, cli, damage):
    (board / BOARD).write_bytes(damage)
    done = cli("board", "verify", board)
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_a_wrong_path_is_a_usage_error(cli, tmp_path):
    done = cli("board", "verify", tmp_path / "nowhere")
    assert done.code == 2
    assert re.search(r"nowhere/board.csv is no board: No such file", done.err)


@pytest.mark.parametrize("what", ["board", "evidence"])
def test_a_pipe_does_not_stop_the_verification(board, forger, cli, what):
    _, record = forger.record()
    file = board / BOARD if what == "board" else board / EVIDENCE / f"{record.items}.gz"
    file.unlink()
    os.mkfifo(file)
    assert cli("board", "verify", board).code == (2 if what == "board" else 1)


class TestUnfitRuns:
    """Runs that own to what keeps them from being published: their rows are reproduced, with a note."""

    def notes(self, tmp_path, cli, run, protocol=None):
        build([run], [protocol], tmp_path / "board", draft=True)
        done = cli("board", "verify", tmp_path / "board")
        assert (done.code, done.out) == (0, "")
        rows = json.loads(cli("board", "verify", tmp_path / "board", "--json").out)["rows"]
        assert all(row["reproduced"] and row["not_publishable"] for row in rows)
        assert f"{len(rows)} of {len(rows)} rows reproduced" in done.err
        return done.err

    def test_errors(self, tmp_path, cli, scripted, monkeypatch):
        clean_tree(monkeypatch)
        run = hold_run(tmp_path / "runs", scripted(lambda item, k: ValueError("no") if item == "1" else r"\boxed{1}"))
        assert "rows: the run has 1 engine errors" in self.notes(tmp_path, cli, run)

    def test_a_dirty_tree(self, tmp_path, cli, scripted, monkeypatch):
        clean_tree(monkeypatch, dirty=True)
        run = hold_run(tmp_path / "runs", scripted())
        assert "by code with uncommitted changes" in self.notes(tmp_path, cli, run)

    def test_answers_without_a_verdict(self, tmp_path, cli, scripted, monkeypatch):
        clean_tree(monkeypatch)
        run = hold_run(tmp_path / "runs", scripted(lambda item, k: "I think it is five or six"), "mathverse")
        assert "answers without a verdict" in self.notes(tmp_path, cli, run, "official")

    @pytest.mark.parametrize("choice", [Choice.first(3), Choice.sample(3, 0)])
    def test_less_than_all_items(self, tmp_path, cli, scripted, monkeypatch, choice):
        clean_tree(monkeypatch)
        examination = plan(SUITE, "strict", Sampling(), choice=choice)
        run_eval(examination, scripted(), tmp_path / "run")
        words = "first 3 of 7" if choice.rule == "first" else "sample of 3, seed 0: 3 of 7"
        assert f"{words}, and not all of its data" in self.notes(tmp_path, cli, tmp_path / "run")

    def test_items_that_are_not_those_it_says_are_a_problem(self, tmp_path, cli, scripted, monkeypatch):
        clean_tree(monkeypatch)
        examination = plan(SUITE, "strict", Sampling(), choice=Choice.first(3))
        others = plan(SUITE, "strict", Sampling()).asked[2:5]
        run_eval(dataclasses.replace(examination, asked=others), scripted(), tmp_path / "run")
        build([tmp_path / "run"], [None], tmp_path / "board", draft=True)
        done = cli("board", "verify", tmp_path / "board")
        assert done.code == 1
        assert "NOT REPRODUCED" in done.out
        assert "and its items are others" in done.out

    def test_own_data_that_are_compared_are_of_no_set_and_reproduced(self, tmp_path, cli, scripted, monkeypatch):
        clean_tree(monkeypatch)
        samples = (SAMPLES / f"{SUITE}.jsonl").read_text().splitlines()
        shutil.copytree(SAMPLES / "images", tmp_path / "images")
        file = tmp_path / "own.jsonl"
        file.write_text("\n".join(samples[:3]) + "\n")
        run_eval(plan(SUITE, "strict", Sampling(), file), scripted(), tmp_path / "run")
        build([tmp_path / "run"], [None], tmp_path / "board", draft=True)
        done = cli("board", "verify", tmp_path / "board", "--data", file)
        assert done.code == 0
        assert "the run has 3 items, and no set of mathvision has so many" in done.err
        assert cli("board", "verify", tmp_path / "board").code == 1


def test_own_data_are_held_against_the_items(board, cli, tmp_path):
    samples = (SAMPLES / f"{SUITE}.jsonl").read_text().splitlines()
    shutil.copytree(SAMPLES / "images", tmp_path / "data" / "images")
    file = tmp_path / "data" / "own.jsonl"
    file.write_text("\n".join(samples) + "\n")
    assert cli("board", "verify", board, "--data", f"{SUITE}={file}").code == 0
    changed = json.loads(samples[0])
    changed["answer"] = "11"
    file.write_text("\n".join([json.dumps(changed), *samples[1:]]) + "\n")
    done = cli("board", "verify", board, "--data", f"{SUITE}={file}")
    assert done.code == 1
    assert "1 item differs from" in done.out
    assert "the first in its answer" in done.out
    assert cli("board", "verify", board, "--data", file).code == 1, "of a board of one suite the file alone says enough"
    assert cli("board", "verify", board, "--data", "nonsense").code == 2
    assert cli("board", "verify", board, "--data", f"nosuite={file}").code == 2
    assert (
        "no suite here is called 'nosuite'; write mathvision=DATA"
        in cli("board", "verify", board, "--data", f"nosuite={file.name}").err
    )


def test_evidence_is_written_once_and_named_by_its_content(tmp_path):
    folder = EvidenceFolder(tmp_path)
    name = folder.put(b"some text")
    before = (tmp_path / f"{name}.gz").stat().st_mtime_ns
    assert folder.put(b"some text") == name
    assert (tmp_path / f"{name}.gz").stat().st_mtime_ns == before
    assert folder.read(name) == b"some text"
    assert folder.digests() == {name}
