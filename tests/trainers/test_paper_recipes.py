"""The recipes of the papers' trainings, against the numbers that the papers and their code print."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proctor.harness.folder import differing_keys
from proctor.trainers.data import TITLES, data_set
from proctor.trainers.methods.evolmm import EvoLmm
from proctor.trainers.methods.registry import open_method
from proctor.trainers.methods.vision_zero import VisionZero
from proctor.trainers.openrlhf.train import OPENRLHF
from proctor.trainers.recipe import RECIPES, Recipe, load_recipe
from proctor.trainers.rewards.advantages import advantage
from proctor.trainers.rewards.registry import open_reward

ROWS = {"geometry3k": 2101, "geoqa": 8031, "mmr1": 5780}


@dataclass(frozen=True)
class Published:
    """What a paper's section on its settings says, or, where it is silent, its code."""

    rollouts: int
    temperature: float
    top_p: float
    response: int
    batch: int
    update_batch: int
    learning_rate: float
    weight_decay: float
    grad_norm: float
    clip: float
    kl: float
    episodes: int
    advantage: str


MM_UPT = Published(10, 0.7, 0.99, 2048, 512, 128, 1e-6, 0.01, 1.0, 0.2, 0.01, 15, "group_norm")
ACTOR_JUDGE = Published(8, 1.0, 1.0, 2048, 512, 128, 1e-6, 0.01, 1.0, 0.2, 0.01, 15, "log_softmax_centred")

TABLE = {
    **{f"mm_upt_{data}": (MM_UPT, "majority_vote", data) for data in ROWS},
    **{
        f"mm_upt_geometry3k_{model}": (MM_UPT, "majority_vote", "geometry3k")
        for model in ("3b", "mm_eureka", "thinklite")
    },
    **{f"mm_upt_geometry3k_{how}": (MM_UPT, "majority_vote", "geometry3k") for how in ("in_context", "direct")},
    **{f"ground_truth_{data}": (MM_UPT, "ground_truth", data) for data in ROWS},
    **{f"actor_judge_{data}": (ACTOR_JUDGE, "actor_judge", data) for data in ROWS},
}


CODE = {name for prefix in ("mm_upt", "actor_judge") for name in (f"{prefix}_{data}_code" for data in ROWS)}
"""Recipes as the authors' code has them, which differ from the text in what stands in docs/methods.md alone."""


def as_published(recipe: Recipe, episodes: int) -> Published:
    sampling, optimiser, policy = recipe.sampling, recipe.optimiser, recipe.policy
    return Published(
        sampling.n,
        sampling.temperature,
        sampling.top_p,
        sampling.max_tokens,
        policy.prompts,
        policy.prompts // policy.minibatches,
        optimiser.learning_rate,
        optimiser.weight_decay,
        optimiser.max_grad_norm,
        policy.clip,
        policy.kl,
        episodes,
        recipe.advantage,
    )


@pytest.mark.parametrize("name", TABLE)
def test_settings_are_the_published_ones(name: str) -> None:
    published, reward, data = TABLE[name]
    recipe = load_recipe(name)
    episodes, rest = divmod(recipe.policy.steps, ROWS[data] // recipe.policy.prompts)
    assert rest == 0
    assert as_published(recipe, episodes) == published
    assert (recipe.reward, recipe.prompts.suite, recipe.prompts.data) == (reward, data, "hub")
    assert recipe.trainer == "openrlhf"
    assert (recipe.prompts.last_batch, recipe.prompts.too_long) == ("drop", "leave_out")
    shown = (None, None, 1024) if name.startswith("actor_judge") else (262_144, 1_204_224, 2048)
    assert (recipe.prompts.min_pixels, recipe.prompts.max_pixels, recipe.prompts.max_tokens) == shown
    assert recipe.policy.train_vision
    assert recipe.optimiser.warmup_steps == 0


@pytest.mark.parametrize("name", TABLE)
def test_its_parts_open(name: str) -> None:
    recipe = load_recipe(name)
    reward = open_reward(recipe.reward, recipe.reward_settings)
    assert reward.needs_gold == name.startswith("ground_truth")
    assert callable(advantage(recipe.advantage, recipe.advantage_beta))
    data_set(recipe.prompts.suite).protocol(recipe.protocol)
    assert recipe.spelled_out(reward=reward).reward == recipe.reward


@pytest.mark.parametrize("data", ROWS)
def test_games_have_the_numbers_of_their_authors_code(data: str) -> None:
    """Pictures and games in all, answers, tokens, rates: docs/methods.md has the lines."""
    evolmm, vision_zero = (load_recipe(f"{method}_{data}") for method in ("evolmm", "vision_zero"))
    for recipe in (evolmm, vision_zero):
        assert (recipe.trainer, recipe.prompts.suite, recipe.prompts.data) == ("openrlhf", data, "hub")
        assert recipe.prompts.too_long == "leave_out"
        OPENRLHF.describe(recipe, Path("base"), Path("out"))  # its batches can be divided among the GPUs
    assert evolmm.policy.steps * evolmm.policy.prompts == 16_180
    assert vision_zero.policy.steps == 40 * 450 // vision_zero.policy.prompts == 40 * 450 // (1 * 8 * 8)
    drawn = [(one.sampling.n, one.sampling.temperature, one.sampling.max_tokens) for one in (evolmm, vision_zero)]
    assert drawn == [(5, 1.0, 128), (8, 0.8, 1024)]
    rates = [(one.optimiser.learning_rate, one.optimiser.weight_decay, one.policy.kl) for one in (evolmm, vision_zero)]
    assert rates == [(1e-6, 0.01, 0.001), (1e-5, 0.0, 0.04)]
    assert [one.policy.train_vision for one in (evolmm, vision_zero)] == [False, True]
    solver, game = open_method(evolmm), open_method(vision_zero)
    assert isinstance(solver, EvoLmm)
    assert isinstance(game, VisionZero)
    rewards = solver.settings
    assert (rewards.gamma, rewards.mu, rewards.sigma, rewards.words, rewards.length_penalty) == (0.7, 0.9, 0.35, 6, 0.1)
    assert rewards.propose_every == 5
    assert (game.settings.players, game.settings.beta, game.settings.lam, game.settings.unsure) == (4, 0.1, 0.1, -0.5)
    assert game.settings.clue_steps == game.settings.decision_steps == 1


def test_every_recipe_of_grpo_on_a_published_set_is_in_the_table() -> None:
    recipes = [load_recipe(name) for name in RECIPES.names()]
    grpo = {recipe.name for recipe in recipes if recipe.method == "grpo" and recipe.prompts.suite in TITLES}
    assert grpo == {*TABLE, *CODE}


def test_the_code_differs_from_the_text_in_what_is_named() -> None:
    for name in CODE:
        text, code = load_recipe(name.removesuffix("_code")), load_recipe(name)
        both = [one.spelled_out(reward=open_reward(one.reward, one.reward_settings)).to_json() for one in (text, code)]
        changed = set(differing_keys(*map(as_json, both))) - {"name", "openrlhf.correct_engine", "openrlhf"}
        rewards = {f"reward_settings.{key}" for key in ("prior", "clamp", "votes", "unscored")}
        judge = {f"judge.{key}" for key in ("overall", "retries", "max_failed_share")}
        expected = {"seed", "policy.clip_high", "policy.dual_clip", "reward_settings.votes"}
        if name.startswith("actor_judge"):
            expected = {"seed", "policy.dual_clip"} | rewards | judge
        if name == "mm_upt_mmr1_code":
            expected |= {"policy.steps"}
        assert changed == expected
        assert code.openrlhf is not None
        assert not code.openrlhf.correct_engine


def as_json(settings: Any) -> Any:
    return json.loads(json.dumps(settings))


@pytest.mark.parametrize("data", ROWS)
def test_actor_judge_thinks_first_and_judges_by_a_frozen_copy(data: str) -> None:
    recipe = load_recipe(f"actor_judge_{data}")
    assert (recipe.answer_format, recipe.protocol) == ("think_boxed", "self_judge")
    judge = recipe.judge
    assert judge is not None
    assert (judge.model, judge.temperature, judge.top_p, judge.max_tokens, judge.repeats) == ("base", 1.0, 0.9, 1024, 1)
    settings = recipe.spelled_out(reward=open_reward(recipe.reward, recipe.reward_settings)).reward_settings
    said = {"t_h": 0.95, "t_l": 0.4, "tau_h": 0.02, "tau_l": 0.05, "lam_pos": 0.2, "lam_neg": 0.2}
    said |= {"g_min": 0.8, "g_max": 1.2, "format_penalty": 0.5}
    assert {key: settings[key] for key in said} == said
    assert recipe.advantage_beta == 1


@pytest.mark.parametrize(("data", "least", "most"), [("geoqa", 7680, 8191), ("mmr1", 5775, 5789)])
def test_steps_hold_for_what_is_known_of_the_rows(data: str, least: int, most: int) -> None:
    """GeoQA has about 8,000 rows, and MMR1 5.78 thousand."""
    for name in (f"mm_upt_{data}", f"ground_truth_{data}", f"actor_judge_{data}"):
        policy = load_recipe(name).policy
        assert {15 * (rows // policy.prompts) for rows in (least, ROWS[data], most)} == {policy.steps}
