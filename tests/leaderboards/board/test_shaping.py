"""A row states what shaped its answers, and is not believed where its evidence says otherwise."""

import csv
import json

import pytest

from ..boards import clean_tree


@pytest.fixture(autouse=True)
def known_code(monkeypatch):
    clean_tree(monkeypatch)


PARROT = """
from proctor.harness.types import Response

class Parrot:
    takes = ("top_k", "stop")
    def __init__(self, target, options): self.name = target
    def identity(self): return {}
    def versions(self): return {}
    def generate(self, requests, sampling):
        for one in requests:
            yield from (Response(one.item_id, k, "5", None, "stop", 9, 1) for k in one.samples)
"""


def test_what_shaped_answers_stands_in_the_row(cli, tmp_path):
    file = tmp_path / "parrot.py"
    file.write_text(PARROT)
    asked = ("eval", "--engine", f"{file}:Parrot", "--model", "x", "--suite", "figures", "--out", tmp_path / "runs")
    for shaped in ((), ("--top-k", "5", "--stop", "="), ("--top-k", "7")):
        done = cli(*asked, *shaped)
        assert done.code == 0, done.err
    built = cli("board", "build", tmp_path / "runs", "--out", tmp_path / "board")
    assert built.code == 0, built.err
    rows = list(csv.DictReader((tmp_path / "board" / "board.csv").read_text().splitlines()))
    assert {row["shaping"] for row in rows} == {"", '{"stop":["="],"top_k":5}', '{"top_k":7}'}
    assert cli("board", "verify", tmp_path / "board").code == 0


def test_a_row_that_states_another_is_not_reproduced(cli, tmp_path):
    file = tmp_path / "parrot.py"
    file.write_text(PARROT)
    done = cli("eval", "--engine", f"{file}:Parrot", "--model", "x", "--suite", "figures", "--out", tmp_path / "runs")
    assert done.code == 0, done.err
    assert cli("board", "build", tmp_path / "runs", "--out", tmp_path / "board").code == 0
    board = tmp_path / "board" / "board.csv"
    with board.open() as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["shaping"] = json.dumps({"top_k": 5})
    with board.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    verified = cli("board", "verify", tmp_path / "board")
    assert verified.code == 1
    assert "shaping is stated as" in verified.out + verified.err
