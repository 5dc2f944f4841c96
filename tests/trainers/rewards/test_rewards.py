"""Votes, rewards and advantages on groups whose right result is plain."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.answers.formats import boxed as has_box
from proctor.harness.answers.formats import last_box, think_boxed
from proctor.harness.answers.vote import Vote, vote
from proctor.harness.errors import UsageError
from proctor.harness.types import Item
from proctor.trainers.base import Group, make_group
from proctor.trainers.recipe import load_recipe
from proctor.trainers.rewards.actor_judge import ActorJudgeSettings, modulation
from proctor.trainers.rewards.pipeline import group_metrics, judge_metrics
from proctor.trainers.rewards.registry import REWARDS, open_reward

UNFINISHED = (
    "First I look at the picture. " + "The bars are hard to read, so I start again from the left. " * 4 + "Then"
)
ITEM = Item("q1", "figures", "How tall is bar A?", "7", "number")


def boxed(*answers: str | None) -> list[str]:
    return [UNFINISHED if answer is None else f"So \\boxed{{{answer}}}" for answer in answers]


def group(*answers: str | None, gold: bool = False) -> Group:
    return make_group(ITEM, boxed(*answers), gold)


def poll(*answers: str | None) -> Vote:
    one = group(*answers)
    return vote(one.item_id, one.answers)


def reward(name: str, one: Group, seed: int = 0) -> list[float]:
    return list(REWARDS.get(name)()(one, seed))


def judged(answers: list[str | None], scores: list[float | None]) -> Group:
    return dataclasses.replace(group(*answers), judge_scores=tuple(scores))


def with_settings(name: str, one: Group, **settings: object) -> list[float]:
    return list(open_reward(name, settings)(one, 0))


def test_majority_is_rewarded() -> None:
    assert reward("majority_vote", group("7", "8", "7", "9")) == [1, 0, 1, 0]


def test_equal_forms_vote_together() -> None:
    assert reward("majority_vote", group("1/2", "0.5", "\\frac{1}{2}", "3", "3")) == [1, 1, 1, 0, 0]


def test_absent_answers_never_win() -> None:
    assert reward("majority_vote", group(None, None, None, "7")) == [0, 0, 0, 1]
    assert reward("majority_vote", group(None, None)) == [0, 0]
    assert poll(None, None).share == 0


def test_a_tie_is_told_and_falls_the_same_way_in_any_order() -> None:
    answers = ["3", "4", "4", "3", "5"]
    one = poll(*answers)
    assert one.tied
    winner = {answers[index] for index in one.winner or ()}
    random.Random(0).shuffle(answers)
    again = poll(*answers)
    assert {answers[index] for index in again.winner or ()} == winner


@given(st.lists(st.sampled_from(["1", "2", "3", None]), min_size=1, max_size=12), st.randoms())
def test_majority_vote_does_not_see_the_order(answers: list[str | None], rng: random.Random) -> None:
    order = list(range(len(answers)))
    rng.shuffle(order)
    before = reward("majority_vote", group(*answers))
    after = reward("majority_vote", group(*(answers[index] for index in order)))
    assert after == [before[index] for index in order]


def test_ground_truth_needs_and_uses_the_label() -> None:
    assert reward("ground_truth", group("7", "8", "7.0", None, gold=True)) == [1, 0, 1, 0]
    with pytest.raises(UsageError, match="no label"):
        reward("ground_truth", group("7"))


def test_the_control_depends_on_the_seed_alone() -> None:
    some, other = group(*["1"] * 64), group(*["2"] * 64)
    assert reward("random", some, 5) == reward("random", other, 5) != reward("random", some, 6)
    assert set(reward("random", some, 5)) == {0.0, 1.0}


@pytest.mark.parametrize("name", REWARDS.names())
def test_a_label_reaches_only_a_reward_that_declares_it(name: str) -> None:
    needs = REWARDS.get(name)().needs_gold
    groups = [make_group(dataclasses.replace(ITEM, answer=gold), boxed("7", "8"), needs) for gold in ("7", "8")]
    told = {"lengths": (2, 1), "logprobs": ((-0.5, -0.1), (-2.0,)), "entropies": ((0.7, 0.2), (1.1,))}
    groups = [dataclasses.replace(one, judge_scores=(1.0, 0.2), **told) for one in groups]
    if needs:
        assert groups[0].gold != groups[1].gold
    else:
        assert groups[0] == groups[1]
        assert reward(name, groups[0]) == reward(name, groups[1])


def test_what_is_watched_while_training() -> None:
    groups = [group("7", "7", "8", None), group("5", "5", "5", "5")]
    rewards = [np.array([1.0, 1, 0, 0]), np.ones(4)]
    metrics = group_metrics([ITEM, ITEM], groups, rewards)
    assert metrics["reward"] == 0.75
    assert metrics["no_signal_share"] == 0.5
    assert metrics["majority_share"] == 0.75
    assert metrics["distinct_answers"] == 1.5
    assert metrics["unparsed_share"] == 0.125
    assert metrics["accuracy"] == 0.25
    assert metrics["label_accuracy"] == 0.5
    assert metrics["bad_format_share"] == 0.125


def test_the_code_of_mm_upt_elects_by_text_and_takes_the_first_of_a_tie() -> None:
    two_forms = group("1/2", "0.5", "3", "3", "\\frac{1}{2}")
    assert reward("majority_vote", two_forms) == [1, 1, 0, 0, 1]
    assert with_settings("majority_vote", two_forms, votes="exact") == [0, 0, 1, 1, 0]
    for first, second in (("3", "4"), ("4", "3")):
        assert with_settings("majority_vote", group(first, second), votes="exact") == [1, 0]
    assert with_settings("majority_vote", group("0.5", "0.5", "1/2", "3"), votes="exact") == [1, 1, 1, 0]


def test_in_the_code_of_mm_upt_an_absent_answer_can_win() -> None:
    assert with_settings("majority_vote", group(None, None, "7"), votes="exact") == [1, 1, 0]
    assert reward("majority_vote", group(None, None, "7")) == [0, 0, 1]


def said(*texts: str, answer_format: str = "boxed") -> Group:
    return make_group(ITEM, texts, needs_gold=False, answer_format=answer_format)


JUNK = said(*["hello"] * 5, *["So \\boxed{5}"] * 3)


@pytest.mark.parametrize("name", ["majority_vote", "frequency", "entropy_gated"])
def test_junk_does_not_vote(name: str) -> None:
    paid = reward(name, JUNK)
    assert paid[:5] == [0] * 5
    assert len(set(paid[5:])) == 1
    metrics = group_metrics([ITEM], [JUNK], [np.array(paid)])
    assert (metrics["majority_share"], metrics["unparsed_share"], metrics["distinct_answers"]) == (3 / 8, 5 / 8, 1)


def test_junk_pays_actor_judge_only_the_penalty() -> None:
    paid = reward("actor_judge", dataclasses.replace(JUNK, judge_scores=(0.0,) * 5 + (0.7,) * 3))
    assert paid == pytest.approx([-0.5] * 5 + [3 / 8] * 3, abs=1e-3)


def test_where_no_box_wins_by_exact_text_no_box_is_paid() -> None:
    """In the code of MM-UPT "None" is the winner, which no boxed answer equals, whatever is said without a box."""
    group = said("the answer is 5", "I am not sure", "hm", "\\boxed{5}", "\\boxed{5}")
    assert with_settings("majority_vote", group, votes="exact") == [1, 1, 1, 0, 0]


def test_who_votes_is_a_setting() -> None:
    group = said("<think>2+3</think>\\boxed{5}", "\\boxed{5}", "the answer is 5", "hello", answer_format="think_boxed")
    shares = {
        votes: with_settings("frequency", group, votes=votes) for votes in ("well_formed", "boxed", "classes", "exact")
    }
    assert shares == {
        "well_formed": [0.25, 0, 0, 0],
        "boxed": [0.5, 0.5, 0, 0],
        "classes": [0.75, 0.75, 0.75, 0.25],
        "exact": [0.5, 0.5, 0.5, 0.5],
    }


FORMED = st.sampled_from(["\\boxed{1}", "\\boxed{2}", "\\boxed{0.5}", "so \\boxed{1/2}"])


@given(
    st.lists(FORMED, min_size=1, max_size=8),
    st.lists(st.text(max_size=9).map(lambda text: text.replace("\\", "")), max_size=8),
)
def test_what_is_not_well_formed_changes_nothing_between_the_others(texts: list[str], junk: list[str]) -> None:
    alone, crowded = reward("majority_vote", said(*texts)), reward("majority_vote", said(*texts, *junk))
    assert crowded == [*alone, *[0.0] * len(junk)]


def test_frequency_is_the_share_of_the_group() -> None:
    assert reward("frequency", group("1/2", "0.5", "3", None)) == [0.5, 0.5, 0.25, 0]


# g by hand: 1 + 0.2 sigmoid((s - 0.95)/0.02) - 0.2 sigmoid((0.4 - s)/0.05)
@pytest.mark.parametrize(
    ("score", "factor"),
    [
        (1.0, 1 + 0.2 * 0.9241418199787566),  # sigmoid(2.5); the other term is below 2e-6
        (0.95, 1.1),  # sigmoid(0)
        (0.7, 1 - 0.2 * 0.0024726231566347743),  # sigmoid(-6); sigmoid(-12.5) is below 4e-6
        (0.4, 0.9),  # sigmoid(0) on the other side
        (0.0, 1 - 0.2 * 0.9996646498695336),  # sigmoid(8)
        (None, 1.0),
    ],
)
def test_the_modulation_by_hand(score: float | None, factor: float) -> None:
    assert modulation(score, ActorJudgeSettings()) == pytest.approx(factor, abs=5e-6)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-300, 10), st.floats(1e-300, 10))
def test_the_modulation_is_bounded_and_rises(low: float, high: float, tau_h: float, tau_l: float) -> None:
    settings = ActorJudgeSettings(tau_h=tau_h, tau_l=tau_l)
    low, high = sorted((low, high))
    assert 0.8 <= modulation(low, settings) <= modulation(high, settings) + 1e-12 <= 1.2 + 1e-12


def test_actor_judge_by_hand() -> None:
    one = judged(["7", "7", "7", "8"], [0.95, 0.4, None, 0.95])
    assert reward("actor_judge", one) == pytest.approx([0.75 * 1.1, 0.75 * 0.9, 0.75, 0.25 * 1.1], abs=1e-5)


def test_bad_format_is_punished_and_clamping_is_a_choice() -> None:
    one = judged(["7", "7", None, "7"], [1.0, 1.0, 0.0, 0.7])
    free, clamped = reward("actor_judge", one), with_settings("actor_judge", one, clamp=True)
    assert free[2] == pytest.approx(-0.5, abs=1e-4)
    assert clamped[2] == 0
    everyone = judged(["7"] * 4, [1.0] * 4)
    assert reward("actor_judge", everyone)[0] > 1.1
    assert with_settings("actor_judge", everyone, clamp=True) == [1.0] * 4


def test_the_threshold_prior_is_the_majority_only_when_it_is_clear() -> None:
    clear, unclear = ["7"] * 7 + ["8"], ["7"] * 6 + ["8"] * 2
    neutral = [None] * 8
    assert with_settings("actor_judge", judged(clear, neutral), prior="threshold") == [1] * 7 + [0]
    assert with_settings("actor_judge", judged(unclear, neutral), prior="threshold") == [0.75] * 6 + [0.25] * 2
    assert reward("actor_judge", judged(clear, neutral)) == [0.875] * 7 + [0.125]


def test_judge_alone_fills_a_gap_with_the_groups_mean() -> None:
    assert reward("judge_only", judged(["7", "8", "9"], [1.0, None, 0.5])) == [1.0, 0.75, 0.5]
    assert reward("judge_only", judged(["7", "8"], [None, None])) == [0, 0]


@pytest.mark.parametrize("name", ["actor_judge", "judge_only"])
def test_a_group_that_was_not_judged_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="q1 was not judged"):
        reward(name, group("7", "8"))


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("actor_judge", {"lambda": 1}, "unknown key 'lambda'"),
        ("actor_judge", {"tau_h": 0}, "tau_h"),
        ("actor_judge", {"t_h": float("nan")}, "finite"),
        ("actor_judge", {"prior": "mean"}, "prior must be one of"),
        ("actor_judge", {"clamp": 1}, "must be true or false"),
        ("majority_vote", {"votes": "text"}, "votes must be one of"),
        ("random", {"votes": "exact"}, "has no settings"),
    ],
)
def test_bad_reward_settings_are_one_clear_line(name: str, settings: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        open_reward(name, settings)
    assert "\n" not in str(caught.value)


def test_a_resolved_recipe_spells_every_setting_out() -> None:
    recipe = load_recipe("mm_upt_figures", ["reward=actor_judge", "reward_settings.t_h=0.9"])
    whole = recipe.spelled_out(reward=open_reward(recipe.reward, recipe.reward_settings))
    assert whole.reward_settings["t_h"] == 0.9
    assert whole.reward_settings["tau_l"] == 0.05
    assert whole.judge is not None
    assert whole.judge.model == "base"
    plain = load_recipe("mm_upt_figures")
    assert plain.spelled_out(reward=open_reward(plain.reward, plain.reward_settings)).judge is None


@pytest.mark.parametrize(
    ("response", "box", "with_box", "with_thought"),
    [
        ("<think>a</think> so \\boxed{7}", "7", True, True),
        ("  <think>\\boxed{1}</think>\\boxed{\\frac{1}{2} }", "\\frac{1}{2}", True, True),
        ("so \\boxed{7}", "7", True, False),
        ("<think>\\boxed{7}</think> 7", "7", True, False),
        ("<think>a \\boxed{7}", "7", True, False),
        ("x <think>a</think>\\boxed{7}", "7", True, False),
        ("\\boxed{7", None, False, False),
        ("\\boxed{ }", "", False, False),
        ("7", None, False, False),
        ("", None, False, False),
    ],
)
def test_formats(response: str, box: str | None, with_box: bool, with_thought: bool) -> None:
    assert (last_box(response), has_box(response), think_boxed(response)) == (box, with_box, with_thought)


def test_what_is_watched_of_the_judge() -> None:
    groups = [judged(["7", "8", None], [1.0, 0.5, 0.0]), judged(["7", "7", "7"], [None, None, 0.0])]
    metrics = judge_metrics(groups)
    assert metrics["judge_score"] == pytest.approx(0.5)
    assert metrics["judge_score_std"] == pytest.approx(np.std([1.0, 0.5, 0.0]))
    assert metrics["judge_failed_share"] == 0.4
