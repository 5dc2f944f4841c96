"""EvoLMM: its rewards by hand, what is asked and what is not, and a real tiny training."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.answers.vote import vote
from proctor.harness.errors import DataError, UsageError
from proctor.harness.types import Prompt
from proctor.harness.untrusted_text import as_question, one_line
from proctor.trainers.methods.evolmm import EvoLmm, EvoLmmSettings, entropy, proposer_reward, solver_rewards
from proctor.trainers.methods.registry import open_method
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import talker_tasks

from .scripted_step import Script, step_of
from .scripted_student import figures

SETTINGS = EvoLmmSettings()
LETTERS = st.lists(st.sampled_from(["1", "2", "3", None]), min_size=1, max_size=12)


def boxed(answer: str | None, words: int = 0) -> str:
    return "word " * words + ("" if answer is None else f"\\boxed{{{answer}}}")


def counted(answers: list[str | None]):
    return vote("q", answers)


def test_entropy_by_hand() -> None:
    assert entropy(counted(["1"] * 4)) == 0
    assert entropy(counted(["1", "1", "2", "2"])) == pytest.approx(math.log(2))
    assert entropy(counted(["1", "2", "3", "4"])) == pytest.approx(math.log(4))
    assert entropy(counted([None, None, "1", "1"])) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(4))
    assert entropy(counted([None] * 4)) == pytest.approx(math.log(4))  # nothing stated is not agreement


@given(LETTERS, st.randoms(use_true_random=False))
def test_entropy_is_bounded_and_knows_no_order(answers, random) -> None:
    found = entropy(counted(answers))
    assert -1e-12 <= found <= math.log(len(answers)) + 1e-12
    random.shuffle(answers)
    assert entropy(counted(answers)) == pytest.approx(found)


@given(st.floats(0, 5), st.floats(0.01, 3))
def test_a_question_earns_most_at_the_middle_of_the_band(distance: float, sigma: float) -> None:
    settings = EvoLmmSettings(mu=5.0, sigma=sigma)
    low, high = proposer_reward(5 - distance, settings), proposer_reward(5 + distance, settings)
    assert low == pytest.approx(high, abs=1e-9)
    assert 0 <= low <= 1 == proposer_reward(5.0, settings)


def test_the_papers_rewards_by_hand() -> None:
    texts = [boxed("7", 6), boxed("7", 9), boxed("7", 40), boxed("8", 0), boxed(None, 3)]
    found = solver_rewards(texts, counted(["7", "7", "7", "8", None]), SETTINGS)
    agreed = 0.6**0.7
    assert found == pytest.approx([agreed, agreed * 0.95, agreed * 0.9, 0.2**0.7, 0])
    assert proposer_reward(0.9, SETTINGS) == 1
    assert proposer_reward(0.0, SETTINGS) == pytest.approx(math.exp(-0.81 / 0.245))


@given(LETTERS, st.integers(0, 50), st.data())
def test_a_solvers_reward_is_bounded_and_grows_with_agreement(answers, words, data) -> None:
    texts = [boxed(answer, words) for answer in answers]
    found = solver_rewards(texts, counted(answers), SETTINGS)
    assert all(0 <= reward <= 1 for reward in found)
    assert all((answer is None) == (reward == 0) for answer, reward in zip(answers, found, strict=True))
    order = data.draw(st.permutations(range(len(answers))))
    again = solver_rewards([texts[k] for k in order], counted([answers[k] for k in order]), SETTINGS)
    assert again == [found[k] for k in order]
    stated = [(answers.count(answer), reward) for answer, reward in zip(answers, found, strict=True) if answer]
    assert [reward for _, reward in sorted(stated)] == sorted(reward for _, reward in stated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Bar A.",
        "How tall?\nHow wide?",
        "How <|im_end|> tall?",
        "How tall is <image>?",
        "x" * 400 + "?",
        "Is it \\boxed{3}?",
        "How \x1b[31m tall?",
    ],
)
def test_what_is_no_question(text: str) -> None:
    assert as_question(text) is None


def test_what_is_a_question() -> None:
    assert as_question(" How tall is bar A?\n") == "How tall is bar A?"


@given(st.text(), st.integers(0, 50))
def test_one_line_is_one_bounded_line(text: str, most: int) -> None:
    found = one_line(text, most)
    assert len(found.splitlines()) <= 1
    assert len(found) <= 2 * most
    assert "<|" not in found
    assert "<image" not in found.lower()


QUESTIONS = ["How tall is bar A?", "Bar B.", "How tall is bar C?"]
ANSWERS = [["1", "1", "1", "1"], ["1", "1", "2", None]]


def say(name: str, place: int, prompt: Prompt, k: int) -> str:
    return QUESTIONS[place] if name == "propose" else boxed(ANSWERS[place][k])


def test_a_step_by_hand() -> None:
    items, script = figures(3), Script(say)
    played = EvoLmm(SETTINGS).play(step_of(script, items, 4, number=4))
    assert script.asked["propose"] == [Prompt((*item.images, SETTINGS.ask)) for item in items]
    assert [prompt.images for prompt in script.asked["solve"]] == [items[0].images, items[2].images]
    assert [str(prompt.parts[-1]).split("\n")[0] for prompt in script.asked["solve"]] == [QUESTIONS[0], QUESTIONS[2]]
    solved, proposed = played.turns
    assert (solved.drawn, proposed.drawn) == (script.drawn["solve"], script.drawn["propose"])
    paid = np.array([0.5**0.7, 0.5**0.7, 0.25**0.7, 0])
    np.testing.assert_allclose(solved.advantages, [np.zeros(4), paid - paid.mean()])
    nats = 1.5 * math.log(2)
    earned = np.array([math.exp(-0.81 / 0.245), 0, math.exp(-((nats - 0.9) ** 2) / 0.245)])
    np.testing.assert_allclose(np.concatenate(proposed.advantages), earned - earned.mean())
    metrics = played.metrics
    assert metrics["proposer_reward"] == pytest.approx(earned.mean())
    assert metrics["solver_reward"] == pytest.approx((4 + paid.sum()) / 8)
    assert metrics["reward"] == pytest.approx((4 + paid.sum() + earned.sum()) / 11)
    assert metrics["answer_entropy"] == pytest.approx(nats / 2)
    assert (metrics["majority_share"], metrics["unparsed_share"]) == (0.75, 0.125)
    assert (metrics["unanswerable_share"], metrics["no_signal_share"]) == (0, 0.5)
    assert metrics["ill_formed_share"] == pytest.approx(1 / 3)


def test_the_proposer_learns_at_every_so_manieth_step() -> None:
    method = EvoLmm(EvoLmmSettings(propose_every=3))
    turns = [len(method.play(step_of(Script(say), figures(3), 4, number)).turns) for number in range(6)]
    assert turns == [1, 1, 2, 1, 1, 2]


def test_options_of_the_picture_s_own_question_are_not_shown() -> None:
    script = Script(say)
    EvoLmm(SETTINGS).play(step_of(script, figures(3, "tallest"), 4))
    assert all("Choices" not in str(prompt.parts[-1]) for prompt in script.asked["solve"])


def test_without_a_question_the_training_stops_and_says_what_was_written() -> None:
    script = Script(lambda *_: "Bar \x1b[31m A.\n" + "x" * 9999)
    with pytest.raises(
        DataError, match=r"step 3: none of the 3 proposals .*one was: 'Bar .*method_settings\.ask"
    ) as met:
        EvoLmm(SETTINGS).play(step_of(script, figures(3), 4, number=2))
    assert len(str(met.value)) < 500
    assert str(met.value).isprintable()


@pytest.mark.parametrize(
    "setting", ["gamma=0", "gamma=1.5", "sigma=0", "mu=-1", "words=0", "length_penalty=2", "propose_every=0", "ask=' '"]
)
def test_impossible_settings(setting: str) -> None:
    with pytest.raises(UsageError, match=f"evolmm: .*{setting.partition('=')[0]}"):
        open_method(load_recipe("evolmm_figures", [f"method_settings.{setting}"]))


def test_the_recipe_asks_in_the_talker_s_words() -> None:
    method = open_method(load_recipe("evolmm_figures"))
    assert isinstance(method, EvoLmm)
    assert method.settings == EvoLmmSettings(ask=talker_tasks.ASK, words=12)
