"""What README, docs/library.md and the notebook say of the library runs as it stands there."""

import ast
import json
import re
from pathlib import Path

import pytest

from proctor.harness import registry

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "library.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch):
    monkeypatch.setattr(registry, "_LOADED", {})


@pytest.mark.parametrize("page", ["README.md", "docs/library.md"])
def test_every_python_block_runs_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((ROOT / page).read_text())
    assert blocks
    namespace = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, page, "exec"), namespace)


def test_every_cell_of_the_notebook_gives_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 8
    for number, cell in enumerate(cells):
        shown = [text for output in cell["outputs"] for text in [output.get("data", {}).get("text/plain")] if text]
        assert [value_of("".join(cell["source"]), namespace, number)] == (["".join(one) for one in shown] or [None])


def value_of(source, namespace, number):
    """The text of a cell's last expression; None for a cell without one."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, f"cell {number}", "exec"), namespace)
    value = None if last is None else eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), namespace)
    return None if value is None else repr(value)
