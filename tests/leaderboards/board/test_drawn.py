"""Answers that contradict, or hardly fit, the sampling that their run states."""

import json

import pytest

from proctor.harness.types import Response

from ..boards import clean_tree, hold_run


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    clean_tree(monkeypatch)


def board(tmp_path, cli, scripted, say, **sampling):
    """Builds a board of the answers, and verifies it."""
    hold_run(tmp_path / "runs", scripted(say), **sampling)
    built = cli("board", "build", tmp_path / "runs", "--out", tmp_path / "board", "--draft")
    report = cli("board", "verify", tmp_path / "board", "--json")
    return built, json.loads(report.out), report.code


def test_more_tokens_than_the_limit_that_the_row_states(tmp_path, cli, scripted):
    def say(item, k):
        return Response(item, k, r"\boxed{1}", None, "stop", 5, 12)

    built, report, code = board(tmp_path, cli, scripted, say, max_tokens=7)
    assert "the run states max_tokens 7, and 7 answers have more tokens: the first of item" in built.err
    assert code == 1
    assert all("more tokens" in row["problems"][0] for row in report["rows"])


def test_as_many_tokens_as_the_limit_are_fine(tmp_path, cli, scripted):
    def say(item, k):
        return Response(item, k, r"\boxed{1}", None, "length", 5, 7)

    _, report, code = board(tmp_path, cli, scripted, say, max_tokens=7)
    assert (code, any("tokens" in note for note in report["notes"])) == (0, False)


def test_answers_cut_off_early_and_greedy_ones_that_differ_are_noted(tmp_path, cli, scripted):
    def say(item, k):
        return Response(item, k, rf"\boxed{{{k}}}", None, "length", 5, 6)

    _, report, code = board(tmp_path, cli, scripted, say, max_tokens=7, n=2)
    assert code == 0
    notes = "\n".join(report["notes"])
    assert "14 answers are marked as cut off with fewer tokens than the stated max_tokens 7" in notes
    assert "the run states greedy answers, and those to 7 items differ between samples" in notes
