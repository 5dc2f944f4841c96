"""Runs that were forged before they came onto a board, with every digest made to fit: what can still be seen."""

import pytest

from proctor.harness.errors import DataError, ProctorError
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.evidence import BOARD, EVIDENCE, EvidenceFolder
from proctor.leaderboards.board.verify import verify

from ..boards import Forger, clean_tree, forge, hold_run, make_board


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    clean_tree(monkeypatch)


@pytest.fixture
def run(tmp_path, scripted):
    return hold_run(tmp_path / "runs", scripted(lambda item, k: r"\boxed{8}"))


def items_more(identity, items, responses, seal):
    return {"items": 3040}


def items_no_integer(identity, items, responses, seal):
    return {"items": float(len(items))}


def other_pictures_digest(identity, items, responses, seal):
    return {"images": "0" * 64}


def second_thoughts(identity, items, responses, seal):
    responses += [{**one, "text": r"\\boxed{10}"} for one in responses]
    seal["count"] = len(responses)


def reversed_answers(identity, items, responses, seal):
    responses.reverse()


def wrong_count(identity, items, responses, seal):
    seal["count"] = 99


def an_item_twice(identity, items, responses, seal):
    items.append(items[0])


@pytest.mark.parametrize(
    "change",
    [
        items_more,
        items_no_integer,
        other_pictures_digest,
        second_thoughts,
        reversed_answers,
        wrong_count,
        an_item_twice,
    ],
)
def test_a_run_that_contradicts_itself_is_damaged(run, tmp_path, change):
    forge(run, change)
    with pytest.raises(DataError):
        build([run], [None], tmp_path / "board", draft=True)


def golds_changed_and_an_id_renamed(identity, items, responses, seal):
    for one in items:
        one["item"]["answer"] = "8"
    items[-1]["item"]["id"] = responses[-1]["item_id"] = "zzz"


def hints(identity, items, responses, seal):
    for one in items:
        one["prompt"]["parts"].append("Hint: the answer is 8.")


def other_pictures_shown(identity, items, responses, seal):
    for one in items:
        for part in one["prompt"]["parts"]:
            if isinstance(part, dict):
                part["sha256"] = "1" * 64


def hints_of_a_file(identity, items, responses, seal):
    hints(identity, items, responses, seal)
    identity["model"]["prompt"] = "file"


def another_protocols_prompt(identity, items, responses, seal):
    identity["protocol"] = "official"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (golds_changed_and_an_id_renamed, "1 item is not in the bundled sample: zzz"),
        (hints, "the prompts are not those of protocol strict"),
        (hints_of_a_file, "an imported file's prompts asked, and it is no import"),
        (other_pictures_shown, "the prompts are not those of protocol strict"),
        (another_protocols_prompt, "the prompts are not those of protocol official"),
    ],
)
def test_a_forged_run_is_seen_by_build_or_verify(run, tmp_path, change, told):
    forge(run, change)
    built = build([run], ["strict"], tmp_path / "board", draft=True)
    report = verify(tmp_path / "board")
    assert not report.verified
    assert told in " ".join([*built.problems, *(problem for row in report.rows for problem in row.problems)])


def test_one_run_under_two_names_and_names_alike(scripted, tmp_path):
    paths = [
        hold_run(tmp_path / place, scripted(name=name, weights=weights))
        for place, name, weights in (
            ("a", "base", "w"),
            ("b", "super", "w"),
            ("c", "base ", "v"),
            ("d", "base", "u"),
        )
    ]
    problems = " ".join(build(paths, [None], tmp_path / "board").problems)
    assert "stands under several names: base, super" in problems
    assert "names that look the same: 'base', 'base '" in problems
    assert "the model base has several weights: u, w" in problems


def test_many_lines_of_verdicts_are_not_read(tmp_path, scripted):
    forger = Forger(make_board(tmp_path, scripted))
    forger.replace(verdicts=b"[]\n" * 100_000)
    report = verify(forger.board)
    assert any("holds more than 7 lines" in problem for row in report.rows for problem in row.problems)


def test_a_second_stream_in_a_file_of_evidence(tmp_path, scripted):
    board = make_board(tmp_path, scripted)
    file = min((board / EVIDENCE).iterdir())
    file.write_bytes(file.read_bytes() * 2)
    assert any("something follows its end" in problem for row in verify(board).rows for problem in row.problems)


def test_a_board_without_rows_is_not_verified(tmp_path, scripted):
    board = make_board(tmp_path, scripted)
    lines = (board / BOARD).read_text().splitlines()
    (board / BOARD).write_text(lines[0] + "\n")
    assert "the board has no rows" in verify(board).problems


def test_a_failed_build_leaves_the_published_board_as_it_was(tmp_path, scripted, run):
    board = make_board(tmp_path, scripted)
    before = EvidenceFolder(board / EVIDENCE).digests()
    (run / "responses.jsonl").write_text("{}\n")
    with pytest.raises(ProctorError):
        build([*sorted((tmp_path / "runs").iterdir()), run], [None], board)
    assert EvidenceFolder(board / EVIDENCE).digests() == before
    assert verify(board).verified


def test_a_build_mends_damaged_evidence(tmp_path, scripted):
    board = make_board(tmp_path, scripted)
    for file in (board / EVIDENCE).iterdir():
        file.write_bytes(b"x")
    build(sorted((tmp_path / "runs").iterdir()), [None], board, draft=True)
    assert verify(board).verified


def test_own_data_that_can_not_be_read_are_bad_input(tmp_path, scripted, cli):
    done = cli("board", "verify", make_board(tmp_path, scripted), "--data", "mathvision=nowhere.jsonl")
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_items_of_which_nothing_is_known_are_told(tmp_path, scripted, cli, monkeypatch):
    board = make_board(tmp_path, scripted)
    monkeypatch.setattr("proctor.leaderboards.board.known_items._load", _few)
    assert "were not compared with the benchmark's" in cli("board", "verify", board).err


def _few(suite, data, lock):
    return {}


_few.cache_clear = lambda: None


def test_a_name_with_a_line_break_is_spelled_out(tmp_path, scripted):
    path = hold_run(tmp_path / "runs", scripted(name="a\rb\nc\x1b[31m"))
    (row, *_) = build([path], [None], tmp_path / "board", draft=True).rows
    assert row.model == r"a\rb\nc\x1b[31m"
    assert verify(tmp_path / "board").verified
