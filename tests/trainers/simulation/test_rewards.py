"""Rewards on whole steps: the fast forms against the rewards themselves, and what is remembered of others."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.harness.errors import DataError, UsageError
from proctor.trainers.base import Group
from proctor.trainers.rewards.random import RandomReward
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.simulation.policy import Prompts, draw_groups
from proctor.trainers.simulation.rewards import AT_ONCE, PerGroupReward, group_rewards

from .recorded_groups import recorded

SCORES = st.one_of(st.none(), st.floats(0, 1))
JUDGED = st.lists(st.tuples(st.sampled_from(["5", "6", "7", None]), SCORES), min_size=2, max_size=8)
FAST = [
    ("majority_vote", {}),
    ("frequency", {}),
    ("ground_truth", {}),
    ("judge_only", {}),
    ("actor_judge", {}),
    ("actor_judge", {"prior": "threshold", "majority_threshold": 0.4, "clamp": True}),
]


def called(reward, prompts: Prompts) -> PerGroupReward:
    return PerGroupReward(reward, [one.group(reward) for one in prompts.groups], prompts)


@pytest.mark.parametrize(("name", "table"), FAST)
@settings(deadline=None, max_examples=30)
@given(groups=st.lists(JUDGED, min_size=1, max_size=3), n=st.integers(2, 9), seed=st.integers(0, 99))
def test_the_fast_form_is_the_reward(name: str, table: dict, groups, n: int, seed: int) -> None:
    made = [
        recorded(*(one for one, _ in group), name=f"q{k}", scores=[s for _, s in group])
        for k, group in enumerate(groups)
    ]
    prompts, reward = Prompts.from_groups(made), open_reward(name, table)
    fast, slow = group_rewards(reward, prompts), called(reward, prompts)
    assert not isinstance(fast, PerGroupReward)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        draw = draw_groups(prompts.start, n, prompts, rng)
        assert fast(draw, rng) == pytest.approx(slow(draw, rng), abs=1e-12)


def test_every_fast_form_is_tested() -> None:
    assert {type(open_reward(name, {})) for name, _ in FAST} | {RandomReward} == set(AT_ONCE)


def test_coins_are_fair_in_both_forms() -> None:
    prompts, reward = Prompts.from_groups([recorded("5", "6")] * 50), open_reward("random", {})
    for form in (group_rewards(reward, prompts), called(reward, prompts)):
        rng = np.random.default_rng(0)
        draws = [draw_groups(prompts.start, 8, prompts, rng) for _ in range(20)]
        rewards = np.stack([form(draw, rng) for draw in draws])
        assert set(np.unique(rewards)) == {0, 1}
        assert rewards.mean() == pytest.approx(0.5, abs=0.03)
        assert rewards.mean(axis=(0, 2)) == pytest.approx(0.5, abs=0.2)


def test_votes_by_text_are_called() -> None:
    prompts = Prompts.from_groups([recorded("1/2", "0.5", "0.5", "7")])
    assert isinstance(group_rewards(open_reward("majority_vote", {"votes": "exact"}), prompts), PerGroupReward)
    assert isinstance(group_rewards(open_reward("frequency", {"votes": "exact"}), prompts), PerGroupReward)


class Scripted:
    """A reward of one's own that counts its calls."""

    needs_gold = False
    name = "scripted"

    def __init__(self, give) -> None:
        self.give = give
        self.calls = 0

    def __call__(self, group: Group, seed: int) -> Sequence[float]:
        self.calls += 1
        return self.give(group, seed)


def rounds(reward: Scripted, count: int = 40) -> tuple[PerGroupReward, np.ndarray]:
    prompts = Prompts.from_groups([recorded("5", "6", "6", "5.0")])
    form, rng = called(reward, prompts), np.random.default_rng(0)
    return form, np.stack([form(draw_groups(prompts.start, 4, prompts, rng), rng) for _ in range(count)])


def test_what_depends_on_the_composition_alone_is_remembered() -> None:
    reward = Scripted(lambda group, seed: [float(answer in ("5", "5.0")) for answer in group.answers])
    form, _ = rounds(reward)
    assert not form.varies
    assert reward.calls <= 2 * 5  # 0 to 4 right ones among 4


@pytest.mark.parametrize(
    "give",
    [
        lambda group, seed: [random.Random(seed).random() for _ in group.responses],
        lambda group, seed: [float(k == 0) for k in range(len(group.responses))],
        lambda group, seed: [len(response) for response in group.responses],
    ],
    ids=["the seed", "the order", "the text"],
)
def test_what_depends_on_more_is_called_each_time(give) -> None:
    form, rewards = rounds(Scripted(give))
    assert form.varies
    assert form.reward.calls > 40
    assert np.array_equal(rounds(Scripted(give))[1], rewards)


@pytest.mark.parametrize(
    "given_back", [[1.0], [float("nan")] * 4, [float("inf")] * 4, [[1.0] * 4], [1.0, [2.0], 3.0, 4.0]]
)
def test_what_is_no_number_for_each_response_is_refused(given_back) -> None:
    with pytest.raises(DataError, match=r"reward scripted: gave .* for item q, not 4 finite numbers"):
        rounds(Scripted(lambda group, seed: given_back))


@pytest.mark.parametrize("name", ["actor_judge", "judge_only"])
def test_a_judge_reward_needs_judged_groups(name: str) -> None:
    with pytest.raises(UsageError, match="reward record --judge"):
        group_rewards(open_reward(name, {}), Prompts.from_groups([recorded("5", "6")]))


def test_labels_reach_only_rewards_that_need_them() -> None:
    seen = []
    rounds(Scripted(lambda group, seed: seen.append(group.gold) or [0.0] * len(group.responses)), 2)
    assert set(seen) == {None}
