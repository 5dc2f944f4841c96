"""Recipes are read strictly."""

from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.trainers.recipe import RECIPES, load_recipe


@pytest.mark.parametrize("name", RECIPES.names())
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
        ("policy.steps=many", "must be a whole number"),
        ("policy.steps=true", "must be a whole number"),
        ("policy.steps=0", "from 1 to"),
        ("policy.steps=1000000000", "from 1 to"),
        ("sampling.n=1000000000", "at most"),
        ("collect.prompts=1000000000", "from 1 to"),
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
        ("answer_format=xml", "answer_format must be one of: boxed, think_boxed"),
        ("advantage_beta=0", "advantage_beta"),
        ("reward_settings.t_h=inf", "finite"),
        ("reward_settings=1", "must be a table"),
        ("judge.modell=1", "unknown key 'modell'"),
        ("judge.retries=-1", "judge: retries"),
        ("policy.train_on=1", "policy.train_on must be at least 2"),
        ("policy.train_on=9", "at most sampling.n"),
        ("prompts.split=dev", "prompts.split must be train"),
    ],
)
def test_a_bad_setting_is_one_clear_line(change: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        load_recipe("mm_upt_figures", [change])
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="`proctor list recipes`"):
        load_recipe("mm_upd")


def test_a_broken_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("reward = ")
    with pytest.raises(UsageError, match=r"mine\.toml"):
        load_recipe(str(file))


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)


def test_a_recipe_is_laid_over_the_one_that_it_extends(tmp_path: Path) -> None:
    write(tmp_path, mine='extends = "mm_upt_figures"\nseed = 4\n[policy]\nsteps = 7\n')
    recipe, under = load_recipe(str(tmp_path / "mine.toml")), load_recipe("mm_upt_figures")
    assert (recipe.name, recipe.seed, recipe.policy.steps) == ("mine", 4, 7)
    assert recipe.policy.prompts == under.policy.prompts
    assert (recipe.sampling, recipe.optimiser) == (under.sampling, under.optimiser)


def test_a_path_to_extend_is_relative_to_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path, other="seed = 9")
    write(tmp_path / "inner", mine='extends = "../other.toml"')
    assert load_recipe(str(tmp_path / "inner" / "mine.toml")).seed == 9


def test_settings_of_a_reward_do_not_pass_to_another(tmp_path: Path) -> None:
    write(tmp_path, a='reward = "actor_judge"\n[reward_settings]\nt_h = 0.9\nt_l = 0.3\n')
    write(tmp_path, b='extends = "a.toml"\n[reward_settings]\nt_l = 0.2', c='extends = "a.toml"\nreward = "random"')
    assert load_recipe(str(tmp_path / "b.toml")).reward_settings == {"t_h": 0.9, "t_l": 0.2}
    assert load_recipe(str(tmp_path / "c.toml")).reward_settings == {}
    assert load_recipe(str(tmp_path / "a.toml"), ["reward=random"]).reward_settings == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('extends = "b.toml"', "itself extends another"),
        ('extends = "a.toml"', "itself extends another"),
        ('extends = "none.toml"', "there is no file .*none.toml"),
        ('extends = "mm_upt_figurez"', "mm_upt_figures"),
        ("extends = 3", "extends must name a recipe"),
        ('extends = "mm_upt_figures"\npolicy = 3', "policy must be"),
        ('extends = "mm_upt_figures"\n[reward]\nname = "x"', "no section"),
    ],
)
def test_chains_circles_and_nonsense_are_one_clear_line(text: str, told: str, tmp_path: Path) -> None:
    write(tmp_path, a=text, b='extends = "a.toml"')
    with pytest.raises(UsageError, match=told) as caught:
        load_recipe(str(tmp_path / "a.toml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["9" * 400, "[" * 3000, "nan", "1e300"])
def test_numbers_and_nesting_beyond_reason_are_refused(value: str) -> None:
    with pytest.raises(UsageError):
        load_recipe("mm_upt_figures", [f"policy.clip={value}"])
