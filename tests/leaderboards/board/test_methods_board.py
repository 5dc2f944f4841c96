"""The table of methods in the documentation is what the published board gives, and no method is left out of it."""

from pathlib import Path

import pytest

from proctor.leaderboards.board.evidence import run_folders
from proctor.leaderboards.compare.recipe_table import RecipeTable, recipe_table, recipes_as_markdown
from proctor.trainers.methods.registry import METHODS
from proctor.trainers.recipe import load_recipe

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def table() -> RecipeTable:
    with run_folders([ROOT / "leaderboards" / "published" / "methods"]) as runs:
        return recipe_table(runs, "figures")


def test_the_documentation_shows_the_board(table: RecipeTable) -> None:
    assert recipes_as_markdown(table) in (ROOT / "docs" / "methods.md").read_text()


def test_every_method_is_in_it_with_three_seeds(table: RecipeTable) -> None:
    assert set(METHODS.builtin) == {load_recipe(row.recipe).method for row in table.rows}
    assert {row.seeds for row in table.rows} == {(0, 1, 2)}
