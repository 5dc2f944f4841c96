"""The recipes of the staged methods, against the papers' numbers and the talker's texts."""

from typing import Any

import pytest

from proctor.trainers.data import TITLES
from proctor.trainers.methods.base import Dpo, Sft, StagedMethod
from proctor.trainers.methods.registry import open_method
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.tiny import talker_tasks

METHODS = ("sft", "lmsi", "srlm", "stic", "genixer")


def opened(name: str) -> tuple[Recipe, StagedMethod, Any]:
    """The recipe, its method, and the method's settings."""
    recipe = load_recipe(name)
    method = open_method(recipe)
    assert isinstance(method, StagedMethod)
    return recipe, method, getattr(method, "settings", None)


@pytest.mark.parametrize("method", METHODS)
def test_figures_twins_train_the_talker_here(method: str) -> None:
    recipe, staged, _ = opened(f"{method}_figures")
    assert (recipe.trainer, recipe.model, recipe.prompts.suite) == ("local", "tiny_talker", "figures")
    assert staged.needs_gold == (method == "sft")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("data", sorted(TITLES))
def test_recipes_of_the_published_sets(method: str, data: str) -> None:
    recipe, staged, _ = opened(f"{method}_{data}")
    assert (recipe.trainer, recipe.model, recipe.method) == ("openrlhf", "qwen2_5_vl_7b", method)
    assert (recipe.prompts.suite, recipe.prompts.data) == (data, "hub")
    assert recipe.collect.prompts == {"geometry3k": 2101, "geoqa": 8031, "mmr1": 5780}[data]
    assert staged.needs_gold == (method == "sft")
    assert recipe.policy.train_vision


def test_the_figures_texts_are_those_of_the_talker() -> None:
    *_, stic = opened("stic_figures")
    assert (stic.well, stic.plainly, stic.badly, stic.described) == (
        talker_tasks.DESCRIBE,
        talker_tasks.DESCRIBE,
        talker_tasks.DESCRIBE_CARELESSLY,
        talker_tasks.DESCRIBED,
    )
    *_, genixer = opened("genixer_figures")
    assert (genixer.ask, genixer.verify) == (talker_tasks.ASK, talker_tasks.VERIFY)
    recipe, *_ = opened("srlm_figures")
    assert recipe.judge is not None
    assert recipe.judge.prompt == "short"


@pytest.mark.parametrize("data", sorted(TITLES))
def test_srlm_is_as_published(data: str) -> None:
    """As arXiv 2401.10020 has it."""
    recipe, staged, settings = opened(f"srlm_{data}")
    sampling, optimiser = recipe.sampling, recipe.optimiser
    assert (sampling.n, sampling.temperature, sampling.top_p) == (4, 0.7, 0.9)
    assert (settings.judgements, optimiser.learning_rate, recipe.policy.prompts) == (3, 1e-6, 16)
    assert [stage.objective for stage in staged.stages] == [Dpo(0.1)] * 2


@pytest.mark.parametrize("data", sorted(TITLES))
def test_others_draw_as_mm_upt_does(data: str) -> None:
    for method in ("sft", "lmsi", "stic", "genixer"):
        recipe, staged, _ = opened(f"{method}_{data}")
        assert recipe.sampling == load_recipe(f"mm_upt_{data}").sampling
        assert staged.stages[-1].objective == Sft()
