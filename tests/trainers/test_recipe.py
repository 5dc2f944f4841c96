"""Recipes are read strictly."""

from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.trainers.recipe import RECIPES, load_recipe


@pytest.mark.parametrize("name", sorted(file.stem for file in RECIPES.glob("*.toml")))
def test_every_bundled_recipe_loads(name: str) -> None:
    assert load_recipe(name).name == name


def test_changes_are_applied_with_their_types() -> None:
    recipe = load_recipe("mm_upt_figures", ["policy.steps=7", "reward=random", "optimiser.learning_rate=1", "seed=3"])
    assert (recipe.policy.steps, recipe.reward, recipe.optimiser.learning_rate, recipe.seed) == (7, "random", 1.0, 3)
    assert recipe.policy.prompts == load_recipe("mm_upt_figures").policy.prompts


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("policy.stepz=7", "unknown key 'stepz'"),
        ("policy.steps=many", "must be int"),
        ("policy.steps=true", "must be int"),
        ("policy.steps=0", "at least 1"),
        ("policy.minibatches=3", "multiple of minibatches"),
        ("sampling.n=1", "group of one"),
        ("sampling.temperature=0", "greedy"),
        ("sampling.top_p=2", "top_p"),
        ("optimiser.betas=[0.9]", "betas"),
        ("reward.name=1", "is no section"),
        ("nonsense", "must look like"),
        ("policy.minibatches=0", "at least 1"),
        ("policy.kl=nan", "finite"),
        ("optimiser.learning_rate=inf", "finite"),
        ("optimiser.weight_decay=-1", "negative"),
    ],
)
def test_a_bad_setting_is_one_clear_line(change: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        load_recipe("mm_upt_figures", [change])
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="mm_upt_figures"):
        load_recipe("mm_upd")


def test_a_broken_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("reward = ")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        load_recipe(str(file))
