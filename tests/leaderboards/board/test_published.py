"""Every board that this repository publishes is reproduced from its evidence."""

from pathlib import Path

import pytest

from proctor.leaderboards.board.evidence import BOARD, is_board
from proctor.leaderboards.board.table import read_csv
from proctor.leaderboards.board.verify import verify

PUBLISHED = Path(__file__).parents[3] / "leaderboards" / "published"
BOARDS = sorted(path for path in PUBLISHED.iterdir() if path.is_dir())


def test_there_are_published_boards():
    assert BOARDS
    assert all(is_board(path) for path in BOARDS)


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.name)
def test_a_published_board_is_reproduced(board):
    report = verify(board)
    assert report.verified, [problem for row in report.rows for problem in row.problems] + list(report.problems)
    assert not [reason for row in report.rows for reason in row.withheld]


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.name)
def test_a_published_row_names_the_commit_that_made_it(board):
    for row in read_csv(board / BOARD):
        assert len(row.git_commit) == 40, row
        assert row.git_dirty == "False", row


@pytest.mark.parametrize("board", ["demo", "methods"])
def test_intervals_by_the_rule_of_before_are_reproduced_and_said(board):
    """These boards were written when intervals were Wilson's: their cells are still what the evidence gives."""
    assert any("interval by the rule of before" in note for note in verify(PUBLISHED / board).notes)
