"""The simulation against what is known in closed form, and what must hold for any prompts."""

import math
from collections import Counter
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.harness.answers.vote import vote
from proctor.harness.errors import DataError, UsageError
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.simulation.policy import Prompts, ascend, draw_groups, kl_gradient, log_policy, start_logits
from proctor.trainers.simulation.rewards import group_rewards
from proctor.trainers.simulation.simulate import Settings, Simulation, simulate

from .recorded_groups import recorded

ANSWERS = st.lists(st.sampled_from(["5", "6", "7", "8", None]), min_size=2, max_size=9)
REWARDS = st.sampled_from(["majority_vote", "frequency", "ground_truth", "random"])


def course(prompts: Prompts, reward: str, **chosen: object) -> Simulation:
    return simulate(prompts, open_reward(reward, {}), Settings(**chosen))


def two_answers(right: int, wrong: int, count: int) -> Prompts:
    return Prompts.from_groups([recorded(*["5"] * right, *["6"] * wrong)] * count)


def root(function, low: float, high: float) -> float:
    """Where a rising function is 0."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return low


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_prompts_are_the_recorded_answers() -> None:
    prompts = Prompts.from_groups([recorded("6", "5", None, "5.0", "6", "6"), recorded("7", "7")])
    assert prompts.start.tolist() == [[3 / 6, 2 / 6, 1 / 6], [1, 0, 0]]
    assert prompts.right.tolist() == [[0, 1 / 2, 0], [0, 0, 0]]  # the label is "5", to the letter, in these groups
    assert prompts.silent.tolist() == [[False, False, True], [False, False, False]]
    assert sorted(prompts.members[0]) == [0, 1, 2, 3, 4, 5]
    assert set(prompts.members[0][:3]) == {0, 4, 5}


@given(ANSWERS)
def test_a_tie_falls_as_in_the_vote(stated: list[str | None]) -> None:
    prompts = Prompts.from_groups([recorded(*stated)])
    elected = prompts.winners(prompts.sizes)[0]
    winner = vote("q", stated).winner
    if winner is None:
        assert elected == -1
    else:
        first = prompts.first[0, elected]
        assert set(winner) == set(prompts.members[0, first : first + prompts.sizes[0, elected]].tolist())


def test_ground_truth_follows_its_ode() -> None:
    """With r - mean and two answers the logits' gap z moves by dz/dt = 2 lr p (1 - p) (n - 1)/n, so z + sinh z is linear."""
    n, lr, steps = 64, 0.1, 200
    found = course(two_answers(4, 12, 500), "ground_truth", n=n, lr=lr, steps=steps, advantage="dr_grpo")
    z0 = math.log(4 / 12)
    for step in (50, 100, 200):
        target = z0 + math.sinh(z0) + lr * step * (n - 1) / n
        expected = sigmoid(root(lambda z, target=target: z + math.sinh(z) - target, -20, 20))
        assert found.curve("accuracy")[step] == pytest.approx(expected, abs=0.006)


def test_a_normalised_advantage_follows_its_own() -> None:
    """Divided by the spread, dz/dt = 2 lr sqrt(p (1 - p)) for large groups, so 2 sinh(z / 2) is linear."""
    lr, steps = 0.05, 100
    found = course(two_answers(4, 12, 300), "ground_truth", n=256, lr=lr, steps=steps)
    z0 = math.log(4 / 12)
    for step in (25, 50, 100):
        expected = sigmoid(2 * math.asinh(math.sinh(z0 / 2) + lr * step / 2))
        assert found.curve("accuracy")[step] == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("right", [3, 8, 10])
def test_a_step_of_majority_vote_has_the_drift_of_the_binomial(right: int) -> None:
    n, prompts = 5, two_answers(right, 16 - right, 5_000)
    logits = start_logits(prompts)
    draw = draw_groups(np.exp(log_policy(logits)), n, prompts, np.random.default_rng(0))
    rewards = group_rewards(open_reward("majority_vote", {}), prompts)(draw, np.random.default_rng(1))
    moved = ascend(logits, draw, rewards - rewards.mean(axis=1, keepdims=True), 1.0) - logits
    is_right = prompts.right[0].argmax()
    p = right / 16
    drift = sum(
        comb(n, c) * p**c * (1 - p) ** (n - c) * (1 if c > n / 2 else -1) * (c / n) * (1 - c / n) for c in range(n + 1)
    )
    assert moved[:, is_right].mean() == pytest.approx(drift, abs=4 * moved[:, is_right].std() / math.sqrt(5_000))


def test_majority_vote_turns_at_one_half() -> None:
    options = {"n": 511, "lr": 0.2, "steps": 80}
    assert course(two_answers(9, 7, 60), "majority_vote", **options).curve("accuracy")[-1] > 0.95
    assert course(two_answers(7, 9, 60), "majority_vote", **options).curve("accuracy")[-1] < 0.05
    even = course(two_answers(8, 8, 600), "majority_vote", n=15, lr=0.2, steps=80).curve("accuracy")
    assert even[-1] == pytest.approx(0.5, abs=0.07)


def test_majority_vote_collapses_and_labels_do_not() -> None:
    groups = [recorded(*["5"] * right, *["6"] * (16 - right)) for right in (2, 4, 6, 10, 12, 14)] * 50
    prompts = Prompts.from_groups(groups)
    options = {"n": 16, "lr": 0.3, "steps": 150}
    voted, taught = course(prompts, "majority_vote", **options), course(prompts, "ground_truth", **options)
    assert voted.curve("entropy")[0] > 0.5
    assert voted.curve("entropy")[-1] < 0.05
    assert voted.curve("majority_share")[-1] > 0.99
    assert voted.curve("no_signal_share")[-1] > 0.85
    assert voted.curve("accuracy", "majority wrong")[-1] < 0.1
    assert voted.curve("locked_wrong", "majority wrong")[-1] > 0.85
    assert taught.curve("accuracy", "majority wrong")[-1] > 0.95
    assert taught.curve("locked_wrong")[-1] == 0


def test_a_judge_that_knows_frees_wrong_majorities() -> None:
    """With shares near one half, a factor of 0.8 to 1.2 on the frequency is enough to turn the drift."""
    stated = ["5"] * 7 + ["6"] * 9
    scores = [1.0] * 7 + [0.0] * 9
    prompts = Prompts.from_groups([recorded(*stated, scores=scores)] * 200)
    options = {"n": 16, "lr": 0.2, "steps": 80}
    assert course(prompts, "frequency", **options).curve("accuracy")[-1] < 0.25
    assert course(prompts, "actor_judge", **options).curve("accuracy")[-1] > 0.65


def test_a_coin_moves_nothing_on_average() -> None:
    found = course(two_answers(5, 11, 3000), "random", n=8, lr=0.2, steps=50).curve("accuracy")
    assert found[-1] == pytest.approx(found[0], abs=0.02)


def test_agreed_prompts_are_a_fixed_point() -> None:
    for reward in ("majority_vote", "frequency", "ground_truth", "random"):
        found = course(Prompts.from_groups([recorded("6", "6"), recorded("5", "5")]), reward, steps=20, lr=1.0)
        assert (found.curve("accuracy") == 0.5).all()
        assert (found.curve("entropy") == 0).all()


def test_the_pull_to_the_start_holds_the_policy_back() -> None:
    prompts = two_answers(4, 12, 200)
    free, held = (course(prompts, "ground_truth", lr=0.3, steps=200, kl=kl, n=8) for kl in (0.0, 1.0))
    assert free.curve("accuracy")[-1] > 0.97
    assert 0.3 < held.curve("accuracy")[-1] < free.curve("accuracy")[-1] - 0.05


def test_the_gradient_of_the_kl_is_that_of_differences() -> None:
    start, now = np.log([[0.5, 0.3, 0.2]]), np.array([[0.4, -0.3, 0.1]])

    def kl(logits) -> float:
        log = log_policy(logits)
        return float((np.exp(log) * (log - start)).sum())

    found = kl_gradient(now, start)
    for k in range(3):
        shift = 1e-6 * np.eye(3)[k]
        assert found[0, k] == pytest.approx((kl(now + shift) - kl(now - shift)) / 2e-6, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.lists(ANSWERS, min_size=1, max_size=4), REWARDS, st.floats(0.001, 100), st.integers(2, 9), st.integers(0, 99))
def test_mass_is_kept_and_seeds_decide(groups, reward: str, lr: float, n: int, seed: int) -> None:
    prompts = Prompts.from_groups([recorded(*stated) for stated in groups])
    options = {"steps": 6, "lr": lr, "n": n, "seed": seed}
    found, again = course(prompts, reward, **options), course(prompts, reward, **options)
    assert np.array_equal(found.curves, again.curves)
    assert np.isfinite(found.curves).all()
    assert (found.curve("accuracy") >= 0).all()
    assert (found.curve("accuracy") <= 1 + 1e-9).all()


@given(st.lists(ANSWERS, min_size=1, max_size=4), st.integers(0, 99), st.floats(0.01, 50))
def test_a_step_keeps_the_mass_and_fills_no_empty_class(groups, seed: int, rate: float) -> None:
    prompts = Prompts.from_groups([recorded(*stated) for stated in groups])
    rng = np.random.default_rng(seed)
    logits = start_logits(prompts)
    for _ in range(5):
        policy = np.exp(log_policy(logits))
        assert policy.sum(axis=1) == pytest.approx(1)
        assert (policy[prompts.start == 0] == 0).all()
        draw = draw_groups(policy, 5, prompts, rng)
        assert (draw.counts.sum(axis=1) == 5).all()
        logits = ascend(logits, draw, rng.normal(size=draw.classes.shape), rate)


@given(st.permutations(range(4)), st.integers(0, 99))
def test_names_of_classes_do_not_matter(order: list[int], seed: int) -> None:
    """A step on relabelled classes is the relabelled step."""
    rng = np.random.default_rng(seed)
    prompts = Prompts.from_groups([recorded("5", "6", "6", "7", "7", "7", "8")])
    logits = start_logits(prompts)
    draw = draw_groups(np.exp(log_policy(logits)), 8, prompts, rng)
    advantages = rng.normal(size=(1, 8))
    moved = ascend(logits, draw, advantages, 0.7)
    place = np.argsort(order)
    relabelled = type(draw)(place[draw.classes], draw.responses, draw.counts[:, order])
    assert ascend(logits[:, order], relabelled, advantages, 0.7) == pytest.approx(moved[:, order])


@settings(deadline=None, max_examples=30)
@given(ANSWERS, st.randoms(use_true_random=False), REWARDS)
def test_the_order_of_responses_does_not_matter(stated, random, reward: str) -> None:
    shuffled = random.sample(stated, len(stated))
    before, after = (
        course(Prompts.from_groups([recorded(*one)]), reward, steps=5, lr=1.0) for one in (stated, shuffled)
    )
    assert np.array_equal(before.curves, after.curves)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 7), st.integers(8, 15))
def test_other_answers_of_the_same_shares_go_the_same_way(few: int, many: int) -> None:
    """Odd groups of two answers have no tie, so nothing depends on what the answers are."""
    one = recorded(*["5"] * few, *["6"] * many)
    other = recorded(*["41"] * few, *["3/7"] * many, gold="41")
    curves = [
        course(Prompts.from_groups([each]), "majority_vote", steps=8, lr=1.0, n=7).curves for each in (one, other)
    ]
    assert np.array_equal(*curves)


def test_kinds_cover_the_prompts() -> None:
    stated = [["5"] * right + ["6"] * (6 - right) for right in range(7)]
    found = course(Prompts.from_groups([recorded(*one) for one in stated]), "majority_vote", steps=1)
    counts = {kind.name: kind.prompts for kind in found.kinds}
    assert counts["all"] == 7 == counts["majority right"] + counts["majority wrong"]
    assert [counts[name] for name in ("never right", "right up to 1/3", "right up to 2/3")] == [1, 2, 2]
    assert [counts[name] for name in ("right more often", "always right")] == [1, 1]


def test_groups_are_drawn_by_the_policy() -> None:
    prompts = Prompts.from_groups([recorded("5", "6", "6", "6")])
    draw = draw_groups(prompts.start, 4000, prompts, np.random.default_rng(0))
    shares = draw.counts[0] / 4000
    assert shares == pytest.approx(prompts.start[0], abs=0.03)
    drawn = Counter(draw.responses[0].tolist())
    assert {k: drawn[k] / 4000 for k in range(4)} == pytest.approx(dict.fromkeys(range(4), 0.25), abs=0.03)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": 10**9},
        {"n": 1},
        {"n": 10**6},
        {"lr": 0.0},
        {"lr": math.nan},
        {"lr": math.inf},
        {"kl": -1.0},
        {"kl": math.nan},
        {"advantage_beta": 0.0},
        {"advantage": "nope"},
        {"seed": -1},
    ],
)
def test_absurd_settings_are_refused_in_one_line(wrong: dict) -> None:
    with pytest.raises(UsageError) as told:
        Settings(**wrong)
    assert "\n" not in str(told.value)


def test_no_groups_and_single_responses_are_refused() -> None:
    with pytest.raises(DataError, match="no recorded groups"):
        Prompts.from_groups([])
    with pytest.raises(DataError, match="item q has 1 samples"):
        Prompts.from_groups([recorded("5")])
