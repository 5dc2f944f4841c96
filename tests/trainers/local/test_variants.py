"""Variants of self-training: a gate on the vote, more votes than are trained on, the test's own prompts, ablations."""

import json
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.suites.figures import SUITE as FIGURES
from proctor.harness.errors import UsageError
from proctor.harness.types import Item
from proctor.trainers.base import make_group
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.methods.base import Played, Turn
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.openrlhf.played import _checked
from proctor.trainers.recipe import PromptSettings, load_recipe
from proctor.trainers.rewards.entropy_gated import vote_entropy
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.sampler import training_prompts
from proctor.trainers.tiny import BASE

ITEM = Item("q1", "figures", "How tall is bar A?", "7", "number")
RECIPES = {
    "ttrl_figures": ("majority_vote", "group_norm"),
    "srt_figures": ("majority_vote", "dr_grpo"),
    "entropy_gated_figures": ("entropy_gated", "group_norm"),
    "confidence_figures": ("confidence", "group_norm"),
    "rent_figures": ("negative_entropy", "group_norm"),
    "frequency_figures": ("frequency", "log_softmax_centred"),
    "majority_figures": ("majority_vote", "log_softmax_centred"),
    "judge_only_figures": ("judge_only", "log_softmax_centred"),
    "actor_judge_group_norm_figures": ("actor_judge", "group_norm"),
}
SMALL = ["policy.steps=2", "policy.prompts=4", "sampling.max_tokens=24"]


def texts(*answers: str | None) -> list[str]:
    return ["" if answer is None else f"\\boxed{{{answer}}}" for answer in answers]


def gated(answers: list[str | None], **settings: float) -> list[float]:
    return list(open_reward("entropy_gated", settings)(make_group(ITEM, texts(*answers), needs_gold=False), 0))


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_resolves_and_dry_runs(name: str, cli) -> None:
    recipe = load_recipe(name)
    assert recipe.spelled_out(reward=open_reward(recipe.reward, recipe.reward_settings)).reward == RECIPES[name][0]
    RewardPipeline.from_recipe(recipe, BASE)
    done = cli("train", name, "--out", "nowhere", "--dry-run")
    assert done.code == 0
    shown = json.loads(done.out)
    assert (shown["reward"], shown["advantage"]) == RECIPES[name]
    assert not Path("nowhere").exists()


def test_entropy_of_a_vote() -> None:
    assert vote_entropy([]) == vote_entropy([1]) == vote_entropy([8]) == 0
    assert vote_entropy([1] * 8) == pytest.approx(1)
    assert vote_entropy([4, 4]) == pytest.approx(1 / 3)  # log 2 / log 8
    assert vote_entropy([2, 2]) == pytest.approx(1 / 2)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_entropy_lies_between_nothing_and_one(sizes: list[int]) -> None:
    assert -1e-12 <= vote_entropy(sizes) <= 1 + 1e-12


def test_the_gate_lets_a_vote_through_between_its_settings() -> None:
    clear, scattered, unanimous = ["3", "3", "3", "4"], ["1", "2", "3", "4"], ["3"] * 4
    assert gated(clear) == [1, 1, 1, 0]
    assert gated(scattered) == [0, 0, 0, 0]
    assert gated(scattered, high=1.0).count(1.0) == 1
    assert gated(unanimous) == [1, 1, 1, 1]
    assert gated(unanimous, low=0.1) == [0, 0, 0, 0]
    assert gated([]) == []


def test_absent_answers_are_uncertainty_and_never_win() -> None:
    assert gated(["3", "3", None, None, None, None, None, None]) == [1, 1, 0, 0, 0, 0, 0, 0]
    assert gated(["3", "3", None, None], high=0.4) == [0, 0, 0, 0]
    assert gated([None] * 4) == [0, 0, 0, 0]


@pytest.mark.parametrize("settings", [{"low": 0.5, "high": 0.5}, {"low": -0.1}, {"high": 1.1}, {"high": float("nan")}])
def test_a_gate_that_can_not_be_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="low and high must be in"):
        gated(["3"], **settings)


def test_all_vote_and_the_first_are_trained_on() -> None:
    pipeline = RewardPipeline.from_recipe(load_recipe("ttrl_figures", ["sampling.n=6", "policy.train_on=3"]), BASE)
    rewarded = pipeline.run([ITEM, ITEM], [*texts("3", "4", "4", "3", "3", "5"), *texts(*["7"] * 6)], 0)
    assert [row.tolist() for row in rewarded.rewards] == [[1, 0, 0, 1, 1, 0], [1] * 6]
    first, second = rewarded.advantages
    assert first == pytest.approx(np.array([2, -1, -1]) / np.sqrt(3), rel=1e-5)  # (r - 1/3) / std of 1, 0, 0
    assert second.tolist() == [0, 0, 0]


def test_a_training_on_some_of_the_votes() -> None:
    some = PolicyGradient(
        load_recipe("ttrl_figures", [*SMALL, "sampling.n=6", "policy.train_on=3"]), Grpo(), BASE, "cpu"
    )
    every = PolicyGradient(
        load_recipe("ttrl_figures", [*SMALL, "sampling.n=6", "policy.train_on=6"]), Grpo(), BASE, "cpu"
    )
    ([rolled], metrics), ([whole], all_metrics) = some.roll_out(0), every.roll_out(0)
    assert (len(rolled.given.ids), len(whole.given.ids)) == (4 * 3, 4 * 6)
    assert rolled.given.ids[3:6].tolist() == whole.given.ids[6:9].tolist()
    shared = ("reward", "majority_share", "response_length")
    assert [metrics[name] for name in shared] == [all_metrics[name] for name in shared]
    assert len(rolled.advantages) == 12
    assert some.step(0)["grad_norm"] > 0


def test_training_on_all_is_what_happens_without_the_setting() -> None:
    changes = [*SMALL, "sampling.n=4"]
    one = PolicyGradient(load_recipe("mm_upt_figures", changes), Grpo(), BASE, "cpu").step(0)
    other = PolicyGradient(load_recipe("mm_upt_figures", [*changes, "policy.train_on=4"]), Grpo(), BASE, "cpu").step(0)
    assert one == other


def test_test_prompts_are_the_items_of_the_examination() -> None:
    items = {item.id: item for item in FIGURES.load(None)}
    batches = training_prompts(load_recipe("ttrl_figures").prompts, 0)
    asked = [item for step in range(4) for item in batches(step, 150)]
    assert {item.id for item in asked} == set(items)
    assert all(item == items[item.id] for item in asked)
    assert [item.id for item in training_prompts(load_recipe("ttrl_figures").prompts, 1)(0, 9)] != [
        item.id for item in asked[:9]
    ]
    some = training_prompts(PromptSettings(tasks=("count",), split="test"), 0)(0, 20)
    assert {item.meta["task"] for item in some} == {"count"}


@pytest.mark.parametrize("name", ["confidence_figures", "rent_figures"])
def test_a_training_rewards_what_its_own_tokens_tell(name: str, monkeypatch) -> None:
    training = PolicyGradient(load_recipe(name, SMALL), Grpo(), BASE, "cpu")
    assert training.recipe.sampling.temperature == 1  # so that the metric is of the same distributions
    told = []
    run = training.pipeline.run
    monkeypatch.setattr(training.pipeline, "run", lambda *given: told.append(given[3]) or run(*given))
    metrics = training.step(0)
    (tokens,) = told
    means = [-fmean(row) for row in tokens.entropies] if name == "rent_figures" else list(map(fmean, tokens.logprobs))
    assert metrics["reward"] == pytest.approx(fmean(means))
    assert metrics["no_signal_share"] == 0
    assert metrics["response_length"] == pytest.approx(fmean(tokens.lengths))
    assert metrics["entropy"] == pytest.approx(sum(map(sum, tokens.entropies)) / sum(tokens.lengths), rel=1e-3)


class Silent:
    """A method that does not say what it drew."""

    needs_gold = False

    def play(self, step):
        drawn = step.draw("silent", [step.prompt(item) for item in step.items], step.sampling.n)
        rewarded = step.reward(step.items, [text for row in drawn.texts for text in row])
        return Played([Turn(drawn, rewarded.advantages)], rewarded.metrics)


def test_a_method_that_does_not_say_what_it_drew_is_told_so() -> None:
    with pytest.raises(
        UsageError, match="reward confidence needs token log-probabilities, which this method or trainer"
    ):
        PolicyGradient(load_recipe("confidence_figures", SMALL), Silent(), BASE, "cpu").step(0)
    PolicyGradient(load_recipe("mm_upt_figures", SMALL), Silent(), BASE, "cpu").step(0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["reward=negative_entropy"], "reward negative_entropy needs token entropies, which OpenRLHF does not give"),
        (["reward=confidence", "openrlhf.correct_engine=false"], "gives only with openrlhf.correct_engine = true"),
        (["reward=confidence", "sampling.temperature=0.7"], "sampling.temperature = 1"),
        (["reward=confidence", "sampling.top_p=0.9"], "sampling.top_p = 1"),
    ],
)
def test_openrlhf_refuses_a_reward_of_what_it_does_not_tell(changes: list[str], said: str) -> None:
    recipe = load_recipe("mm_upt_figures_openrlhf", changes)
    assert recipe.openrlhf
    with pytest.raises(UsageError, match=said):
        _checked(recipe, Grpo(), recipe.openrlhf, BASE)
