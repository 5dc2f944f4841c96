"""Predictions: their signs where the answer is known, and that what is shared between prompts decides."""

import dataclasses

import numpy as np
import pytest

from proctor.harness.types import Item
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.recipe import load_recipe
from proctor.trainers.rewards.advantages import advantage
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.simulation.policy import Prompts, log_policy, start_logits
from proctor.trainers.simulation.predict import ACROSS, Prediction, Training, predict
from proctor.trainers.simulation.shared import MOST, SharedLearner, kinds_of

from .recorded_groups import recorded

SHORT = Training(steps=20)


def of_task(group: RecordedGroup, task: str, name: str) -> RecordedGroup:
    item: Item = dataclasses.replace(group.item, id=name, meta={"task": task})
    return dataclasses.replace(group, item=item)


def groups(right: int, wrong: int, task: str = "read", count: int = 24) -> list[RecordedGroup]:
    """`count` prompts with so many right answers and so many of one wrong answer, each judged as it is."""
    stated = ["5"] * right + ["6"] * wrong
    scores = [1.0] * right + [0.0] * wrong
    return [of_task(recorded(*stated, scores=scores), task, f"{task} {k}") for k in range(count)]


def predicted(
    given: list[RecordedGroup], reward: str, weigh: str = "group_norm", training: Training = SHORT
) -> Prediction:
    return predict(given, open_reward(reward, {}), advantage(weigh, 1.0), training)


def test_voting_raises_accuracy_where_the_right_answer_leads_and_lowers_it_where_a_wrong_one_does() -> None:
    up, down = predicted(groups(6, 2), "majority_vote"), predicted(groups(2, 6), "majority_vote")
    assert up.low > up.start == 0.75
    assert (up.leads_wrong, up.lowers) == (0, 0)
    assert "will raise accuracy from 0.75 (0.00 of prompts lead wrong)" in str(up)
    assert down.high < down.start == 0.25
    assert (down.leads_wrong, down.lowers) == (1, 1)
    assert "will lower accuracy from 0.25 (1.00 of prompts lead wrong)" in str(down)


def test_a_coin_may_do_either() -> None:
    assert "may raise or lower" in str(predicted(groups(4, 4), "random"))


def test_labels_and_a_good_judge_raise_what_a_vote_lowers() -> None:
    given = groups(7, 9)
    assert predicted(given, "ground_truth").low > 7 / 16
    judged = predicted(given, "actor_judge", "log_softmax_centred")
    assert judged.end > 7 / 16 > predicted(given, "majority_vote").end


def test_what_is_shared_across_kinds_drags_the_minority_along() -> None:
    given = [*groups(14, 2, "read", 40), *groups(3, 5, "sum", 8)]
    alone = predicted(given, "majority_vote", training=dataclasses.replace(SHORT, across=0.0))
    dragged = predicted(given, "majority_vote", training=dataclasses.replace(SHORT, across=1.0))
    assert dragged.end > alone.end + 0.05


def test_the_scale_of_an_advantage_plays_no_part() -> None:
    given = groups(6, 2)
    plain, beta = (
        predict(given, open_reward("frequency", {}), advantage("log_softmax_centred", scale), SHORT)
        for scale in (1.0, 0.01)
    )
    assert plain.end == pytest.approx(beta.end, abs=0.02)


def test_a_training_is_as_large_as_its_recipe_says() -> None:
    recipe = load_recipe("gym", ["policy.steps=7", "policy.prompts=6", "policy.minibatches=3", "sampling.n=4"])
    assert Training.of(recipe) == Training(7, 3, 6, 4, recipe.optimiser.learning_rate)
    assert (
        predicted(groups(6, 2), "majority_vote", training=Training(steps=1)).end
        < predicted(groups(6, 2), "majority_vote").end
    )


def test_the_learner_keeps_its_logits_within_bounds() -> None:
    prompts = Prompts.from_groups(groups(4, 4))
    learner = SharedLearner(prompts.right, kinds_of(prompts), ACROSS)
    logits, own = start_logits(prompts), np.where(prompts.right > 0, 1.0, -1.0)
    for _ in range(500):
        logits = learner.step(logits, own, np.arange(len(prompts)), 5.0)
    assert np.isfinite(logits).all()
    assert np.ptp(logits, axis=1).max() <= MOST + 1e-9
    assert np.exp(log_policy(logits)).sum(1) == pytest.approx(1)
