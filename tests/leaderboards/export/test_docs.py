"""The examples of docs/export.md run as they stand, on a small board."""

import re
from pathlib import Path

import pytest

from proctor.leaderboards.board.build import build

pytest.importorskip("pandas")

DOCS = Path(__file__).parents[3] / "docs" / "export.md"


def test_the_examples_run(held, tmp_path, monkeypatch, capsys):
    runs = [held("base", "runs/base"), held("trained", "runs/trained", "w2")]
    build(runs, [None], tmp_path / "board", draft=True)
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(examples) == 3
    names = {}
    shown = []
    for example in examples:
        exec(example, names)
        shown.append(capsys.readouterr().out)
    assert re.search(r"base +0\.336", shown[0])
    assert re.search(r"trained mathvision 1 +0\.\d+ +61", shown[1])
    assert re.search(r"mathvision +0\.0 +304", shown[2])
