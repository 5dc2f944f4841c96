"""Rows of suites that are not here: what cannot be verified is its own state, and what can be told still is."""

import json
import sys

import pytest

from proctor.benchmarks.examination import plan, run_path
from proctor.harness import registry
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Sampling
from proctor.leaderboards.board.build import build

from ...benchmarks.suites.third_party import NAME, OWN_RULES, example, install, uninstall, write_items
from ..boards import Forger, clean_tree, hold_run, text

EXTENDED = example() + OWN_RULES


@pytest.fixture(params=["strict", "words"])
def protocol(request):
    """One that every suite has, and the suite's own."""
    return request.param


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder in which the package of the suite is installed."""
    site = install(tmp_path / "site", EXTENDED)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    return site


@pytest.fixture
def data(tmp_path):
    return write_items(tmp_path / "data")


@pytest.fixture
def make(tmp_path, package, data, scripted, monkeypatch):
    """`make(protocol)`: a board of one run of the package's suite, two of six answers wrong, and one of MathVision."""
    clean_tree(monkeypatch)

    def make_board(protocol):
        model = scripted(lambda item, k: f"It is \\boxed{{{item}}} or {item}" if int(item) > 1 else "None", name="m")
        examination = plan(NAME, protocol, Sampling(), data)
        path = run_path(tmp_path / "runs", examination, model)
        run_eval(examination, model, path)
        hold_run(tmp_path / "runs", scripted(name="m"))
        built = build(sorted((tmp_path / "runs").iterdir()), [None], tmp_path / "board", draft=True)
        assert all("the bundled sample of mathvision" in problem for problem in built.problems)
        return tmp_path / "board"

    return make_board


def told(done):
    """Of each row of the package's suite: by metric, whether it is reproduced, and what is said."""
    rows = json.loads(done.out)["rows"]
    assert all(row["reproduced"] for row in rows if row["suite"] != NAME)
    return {row["metric"]: (row["reproduced"], " ".join(row["problems"])) for row in rows if row["suite"] == NAME}


def test_without_data_it_says_which_to_give_and_with_them_it_is_reproduced(make, protocol, data, cli):
    board = make(protocol)
    done = cli("board", "verify", board)
    assert done.code == 4
    assert "NOT REPRODUCED" not in done.out
    assert f"unverifiable    {NAME} m {protocol} accuracy and 2 further rows (-v names each)\n" in done.out
    every = cli("board", "verify", board, "-v").out
    assert f"unverifiable    {NAME} m {protocol} accuracy\n" in every
    assert f"give --data {NAME}=FILE: the evidence gives all of the row" in done.out
    assert "reproduced      mathvision m strict accuracy\n" in every
    assert "reproduced      mathvision" not in done.out
    assert "and 3 unverifiable" in done.err
    assert json.loads(cli("board", "verify", board, "--json").out)["verified"] is None
    done = cli("board", "verify", board, "--data", f"{NAME}={data}")
    assert (done.code, "unverifiable" in done.out) == (0, False)


def test_other_data_are_a_contradiction(make, protocol, data, cli):
    board = make(protocol)
    data.write_text(data.read_text().replace('"answer": "3"', '"answer": "33"'))
    done = cli("board", "verify", board, "--data", f"{NAME}={data}")
    assert done.code == 1
    assert "1 item differs from" in done.out


def test_without_the_suite_what_the_evidence_gives_is_told(make, protocol, package, cli):
    board = make(protocol)
    uninstall(package)
    done = cli("board", "verify", board, "--json")
    assert done.code == 4
    found = told(done)
    assert {reproduced for reproduced, _ in found.values()} == {None}
    assert set(found) == {"accuracy", "accuracy/kind=even", "accuracy/kind=odd"}
    start = f"install the package that has the suite '{NAME}', or give its file: --data FILE.py:NAME=DATA: "
    seen = {
        "strict": "judged again by strict, which is the same for every suite, the answers give these numbers",
        "words": "the recorded verdicts give these numbers, and were not made again",
    }[protocol]
    end = "; its prompts were not made again; its items were not compared with the benchmark's"
    assert found["accuracy"][1] == start + seen + end
    assert found["accuracy/kind=odd"][1].endswith("'accuracy/kind=odd' is the suite's own, and was not computed")


@pytest.mark.parametrize(
    ("metric", "change", "says"),
    [
        ("accuracy", {"score": "0.999999"}, "score is stated as 0.999999"),
        ("accuracy/kind=odd", {"model": "other"}, "model is stated as other"),
        ("accuracy/kind=even", {"truncated": "5"}, "truncated is stated as 5"),
    ],
)
def test_a_forgery_is_seen_without_the_suite(make, protocol, package, cli, metric, change, says):
    board = make(protocol)
    uninstall(package)
    Forger(board).edit(lambda row: change, lambda row: (row["suite"], row["metric"]) == (NAME, metric))
    done = cli("board", "verify", board, "--json")
    assert done.code == 1
    found = told(done)
    assert says in found[metric][1]
    assert [reproduced for reproduced, _ in found.values()].count(False) == 1


def test_forged_verdicts_of_a_common_protocol_are_seen_without_the_suite(make, package, cli):
    board = make("strict")
    uninstall(package)
    forger = Forger(board)
    old = next(row["evidence"] for row in forger.rows if row["suite"] == NAME)
    forger.record = lambda model=None: (old, read_record(forger, old))
    verdicts = [[*one[:2], True, *one[3:]] for one in forger.lines("verdicts")]
    forger.replace(verdicts=text(verdicts))
    done = cli("board", "verify", board)
    assert done.code == 1
    assert "2 answers (0 (sample 0), 1 (sample 0)) are judged otherwise than the recorded verdicts say" in done.out


def read_record(forger, digest):
    from proctor.leaderboards.board.evidence import read_record

    return read_record(forger.folder, digest)


def test_a_suite_that_stands_in_a_file_can_be_named(make, package, data, cli, monkeypatch):
    monkeypatch.setattr(registry, "_LOADED", {})
    board = make("strict")
    uninstall(package)
    file = package.parent / "mine.py"
    file.write_text(EXTENDED)
    assert cli("board", "verify", board, "--data", f"{file}:SUITE={data}").code == 0


def test_a_suite_that_is_broken_is_to_be_mended(make, package, cli):
    board = make("strict")
    uninstall(package)
    install(package, "import nothing_of_that_name\n")
    done = cli("board", "verify", board)
    assert done.code == 4
    assert f"mend the suite '{NAME}' (" in done.out
    assert "nothing_of_that_name" in done.out


def test_a_protocol_that_is_gone_leaves_the_recorded_verdicts(make, package, data, cli):
    board = make("words")
    uninstall(package)
    install(package, EXTENDED.replace('Protocol("words"', 'Protocol("other"'))
    done = cli("board", "verify", board, "--json", "--data", f"{NAME}={data}")
    assert done.code == 4
    found = told(done)
    assert {said for _, said in found.values()} == {
        "install the package that has the protocol 'words', or name its file: --with FILE.py:NAME: "
        "the recorded verdicts give these numbers, and were not made again; its prompts were not made again"
    }
    Forger(board).edit(lambda row: {"score": "1.000000"}, lambda row: row["metric"] == "accuracy/kind=odd")
    done = cli("board", "verify", board, "--data", f"{NAME}={data}")
    assert done.code == 1
    assert "score is stated as 1.000000, and the evidence gives 0.666667" in done.out


def test_items_beyond_the_sample_are_unverifiable_for_every_suite(tmp_path, scripted, cli, monkeypatch):
    from ..boards import make_board

    clean_tree(monkeypatch)
    board = make_board(tmp_path, scripted)
    load = staticmethod(lambda suite, data, lock: {})
    monkeypatch.setattr(
        "proctor.leaderboards.board.known_items._load", type("", (), {"__call__": load, "cache_clear": int})()
    )
    done = cli("board", "verify", board)
    assert done.code == 4
    assert "give --data mathvision=FILE" in done.out
