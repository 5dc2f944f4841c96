"""Rewards of log-probabilities and entropies: by hand, and by their laws on any group."""

import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import UsageError
from proctor.harness.types import Item, TokenStatistics
from proctor.trainers.base import Group, make_group
from proctor.trainers.recipe import load_recipe
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.tiny import BASE
from proctor.trainers.tokens import GroupTokens, lacking, needed, seen_by

ITEM = Item("q1", "figures", "How tall is bar A?", "7", "number")
NAMES = {"confidence": "logprobs", "negative_entropy": "entropies"}


def group(**told: object) -> Group:
    n = len(next(iter(told.values())))
    return dataclasses.replace(make_group(ITEM, ["It is \\boxed{7}."] * n, needs_gold=False), **told)


def reward(name: str, rows: list[list[float]], **settings: object) -> list[float]:
    """Of log-probabilities, or of entropies, which are their magnitudes."""
    sign = -1 if NAMES[name] == "logprobs" else 1
    told = {NAMES[name]: tuple(tuple(sign * abs(one) + 0.0 for one in row) for row in rows)}
    return list(open_reward(name, settings)(group(**told), 0))


def test_by_hand() -> None:
    assert reward("confidence", [[1.0, 3.0], [0.5], []]) == [-2.0, -0.5, -2.0]  # no token: the group's lowest
    assert reward("confidence", [[1.0, 3.0], [0.5]], per_token=False) == [-4.0, -0.5]
    assert reward("negative_entropy", [[1.0, 3.0, 0.5], [0.0]]) == [-1.5, 0.0]
    assert reward("negative_entropy", [[], []]) == [0.0, 0.0]


def test_entropy_is_that_of_the_distribution() -> None:
    """RENT's reward of a response whose tokens were drawn from known distributions."""
    shares = [[0.5, 0.5], [0.25] * 4, [1.0]]
    entropies = tuple(-sum(p * math.log(p) for p in one) for one in shares)
    told = TokenStatistics.rounded(entropies=entropies).entropies
    (found,) = open_reward("negative_entropy", {})(group(entropies=(told,)), 0)
    assert found == pytest.approx(-(math.log(2) + math.log(4)) / 3, abs=1e-6)


numbers = st.floats(0, 60, allow_nan=False)
rows = st.lists(st.lists(numbers, max_size=6), max_size=8)


@given(st.sampled_from(sorted(NAMES)), rows, st.randoms(use_true_random=False))
def test_the_order_of_responses_does_not_matter(name: str, given_rows: list[list[float]], rng: random.Random) -> None:
    order = rng.sample(range(len(given_rows)), len(given_rows))
    found = reward(name, given_rows) if given_rows else []
    shuffled = reward(name, [given_rows[place] for place in order]) if given_rows else []
    assert shuffled == pytest.approx([found[place] for place in order])


@given(st.sampled_from(sorted(NAMES)), rows.filter(bool))
def test_rewards_are_finite_and_never_above_nothing(name: str, given_rows: list[list[float]]) -> None:
    found = reward(name, given_rows)
    assert len(found) == len(given_rows)
    assert all(math.isfinite(one) and one <= 0 for one in found)


@given(st.sampled_from(sorted(NAMES)), st.lists(numbers, min_size=1, max_size=6), st.integers(2, 5))
def test_a_response_said_several_times_over_earns_the_same_per_token(name: str, row: list[float], times: int) -> None:
    once, several = reward(name, [row, row * times])
    assert several == pytest.approx(once)


@given(st.lists(numbers.filter(lambda one: one > 1e-6), min_size=1, max_size=6), numbers.filter(lambda one: one > 1e-6))
def test_a_whole_responses_probability_falls_with_every_token(row: list[float], more: float) -> None:
    shorter, longer = reward("confidence", [row, [*row, more]], per_token=False)
    assert longer < shorter


@given(st.sampled_from(sorted(NAMES)), st.lists(numbers, min_size=1, max_size=6), st.integers(0, 5))
def test_more_certainty_at_any_token_is_worth_more(name: str, row: list[float], place: int) -> None:
    surer = list(row)
    surer[place % len(row)] /= 2
    before, after = reward(name, [row, surer])
    assert after >= before - 1e-12


@pytest.mark.parametrize("name", sorted(NAMES))
def test_without_what_it_needs_it_says_so(name: str) -> None:
    with pytest.raises(UsageError, match=f"reward {name}: item q1 has no token"):
        open_reward(name, {})(make_group(ITEM, ["5"], needs_gold=False), 0)


def test_a_reward_sees_only_what_it_declares() -> None:
    tokens = GroupTokens((1,), ((-0.5,),), ((0.2,),))
    assert seen_by(open_reward("confidence", {}), tokens) == {"logprobs": ((-0.5,),)}
    assert seen_by(open_reward("negative_entropy", {}), tokens) == {"entropies": ((0.2,),)}
    assert seen_by(open_reward("majority_vote", {}), tokens) == {}
    assert needed(open_reward("majority_vote", {})) == {}
    assert lacking(open_reward("confidence", {}), GroupTokens((1,))) == ["token log-probabilities"]


def test_every_reward_sees_which_responses_were_cut_off() -> None:
    tokens = GroupTokens.of([3, 2], [TokenStatistics()] * 2, [True, False])
    assert seen_by(open_reward("majority_vote", {}), tokens) == {"truncated": (True, False)}
    assert GroupTokens.of([3, 2], [TokenStatistics()] * 2, [False, False]).truncated is None


@pytest.mark.parametrize(
    ("response", "cut_off"),
    [
        ("We add the two rows.\n\nSo the sum is 5", 0.0),
        ("We add the two rows.\n\nThe answer is 5", 1.0),
        ("We add: \\boxed{5} is the", 1.0),
    ],
)
def test_the_last_sentence_of_a_response_that_was_cut_off_states_nothing(response: str, cut_off: float) -> None:
    recipe = load_recipe("ground_truth_figures", ["sampling.n=2", "policy.prompts=2"])
    pipeline = RewardPipeline.from_recipe(recipe, BASE)
    item = dataclasses.replace(ITEM, answer="5", answer_type="number")
    tokens = GroupTokens.of([9, 9], [TokenStatistics()] * 2, [True, False])
    found = pipeline.run([item], [response, response], 0, tokens)
    assert [row.tolist() for row in found.rewards] == [[cut_off, 1.0]]
    assert found.metrics["accuracy"] == (1.0 + cut_off) / 2


def test_the_pipeline_gives_each_group_its_own_and_refuses_what_it_has_not() -> None:
    recipe = load_recipe("confidence_figures", ["sampling.n=2", "policy.prompts=2"])
    pipeline = RewardPipeline.from_recipe(recipe, BASE)
    items = [ITEM, dataclasses.replace(ITEM, id="q2")]
    tokens = GroupTokens((1, 1, 2, 1), ((-1.0,), (-2.0,), (-3.0, -5.0), (0.0,)))
    found = pipeline.run(items, ["5"] * 4, 0, tokens)
    assert [row.tolist() for row in found.rewards] == [[-1.0, -2.0], [-4.0, 0.0]]
    with pytest.raises(
        UsageError, match="reward confidence needs token log-probabilities, which this method or trainer"
    ):
        pipeline.run(items, ["5"] * 4, 0)
