"""Passes of some tokens at a time: every answer once, none too large, and the update of one whole pass."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.base import boxed_prompt
from proctor.harness.errors import UsageError
from proctor.trainers.local.learner import Learner
from proctor.trainers.local.losses import DpoLoss, SftLoss
from proctor.trainers.local.micro_batches import Row, micro_batches
from proctor.trainers.local.policy_gradient import ClippedLoss, PolicyGradient
from proctor.trainers.methods.base import Dpo, Example, Preference
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

from ..methods.scripted_student import figures

SMALL = ["policy.prompts=4", "policy.minibatches=1", "sampling.n=4", "sampling.max_tokens=24"]
TEXTS = ["A is 3, B is 4. 3+4=7. \\boxed{7}", "\\boxed{12}", "2+2=4 \\boxed{4}", "\\boxed{1}"]
ROWS = st.lists(st.builds(Row, st.integers(0, 4), st.integers(1, 50), st.integers(1, 50)), max_size=30)


def tokens(rows: list[Row]) -> int:
    """Of a pass, padding counted."""
    prompts = len({row.prompt for row in rows}) * max(row.prompt_tokens for row in rows)
    return prompts + len(rows) * max(row.answer_tokens for row in rows)


@given(ROWS, st.integers(1, 400))
def test_all_rows_in_order_in_passes_that_fit_and_take_what_fits(rows: list[Row], most: int) -> None:
    batches = list(micro_batches(rows, most))
    assert [place for batch in batches for place in batch] == list(range(len(rows)))
    for batch in batches:
        held = [rows[place] for place in batch]
        assert len(held) == 1 or tokens(held) <= most
        if batch.stop < len(rows):
            assert tokens([*held, rows[batch.stop]]) > most


def gradients(learner: Learner) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in learner.trained.items()}


def assert_same_update(whole: tuple[dict, dict], parts: tuple[dict, dict]) -> None:
    """Metrics and gradients."""
    assert parts[0] == pytest.approx(whole[0], rel=1e-4, abs=1e-6)
    scale = max(float(gradient.abs().max()) for gradient in whole[1].values())
    for name, gradient in whole[1].items():
        torch.testing.assert_close(parts[1][name] / scale, gradient / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("micro_tokens", [1, 150, 600])
def test_grpo_in_passes_takes_the_step_of_one(micro_tokens: int) -> None:
    whole = PolicyGradient(load_recipe("mm_upt_figures", SMALL), Grpo(), BASE, "cpu")
    parts = PolicyGradient(
        load_recipe("mm_upt_figures", [*SMALL, f"local.micro_tokens={micro_tokens}"]), Grpo(), BASE, "cpu"
    )
    metrics = [training.step(0) for training in (whole, parts)]
    assert_same_update((metrics[0], gradients(whole.learner)), (metrics[1], gradients(parts.learner)))


def test_a_prompts_answers_are_parted_where_they_do_not_fit_together() -> None:
    training = PolicyGradient(load_recipe("mm_upt_figures", [*SMALL, "local.micro_tokens=150"]), Grpo(), BASE, "cpu")
    rollouts, _ = training.roll_out(0)
    loss = ClippedLoss(training.recipe, training.policy, rollouts)
    update = [part for parts in training.learner.passes([*_all(rollouts)], loss) for part in parts]
    answers = [(part.answers.prompt, k) for part in update for k in part.answers.answers]
    assert sorted(answers) == [(prompt, k) for prompt in range(4) for k in range(4)]
    assert any(len(part.answers.answers) < 4 for part in update)


def _all(rollouts):
    from proctor.trainers.local.given_answers import TurnAnswers

    return [TurnAnswers(0, one) for one in rollouts[0].given.of_prompts(range(4))]


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_staged_losses_in_passes_take_the_step_of_one(objective: str) -> None:
    prompts = [boxed_prompt(item) for item in figures(4)]
    found = []
    for changes in ([], ["local.micro_tokens=200"]):
        learner: Learner = Learner(load_recipe("mm_upt_figures", [*SMALL, *changes]), BASE, "cpu")
        if objective == "sft":
            data = [Example("x", prompt, text) for prompt, text in zip(prompts, TEXTS, strict=True)]
            loss = SftLoss(learner.policy)
        else:
            data = [Preference("x", prompt, text, "\\boxed{3}") for prompt, text in zip(prompts, TEXTS, strict=True)]
            loss = DpoLoss(learner.policy, Dpo(beta=0.5))
            loss.remember(data)
            with torch.no_grad():
                for weight in learner.trained.values():
                    weight.mul_(1.01)  # so that it is no longer the reference
        passes = list(learner.passes(data, loss))
        assert (len(passes) > 1) == bool(changes)
        found.append((learner.step(0, [data], loss), gradients(learner)))
    assert_same_update(*found)


def test_answers_drawn_in_parts_are_those_drawn_together() -> None:
    at_once = PolicyGradient(load_recipe("mm_upt_figures", SMALL), Grpo(), BASE, "cpu")
    in_parts = PolicyGradient(load_recipe("mm_upt_figures", [*SMALL, "local.draw_tokens=500"]), Grpo(), BASE, "cpu")
    inputs = [at_once.policy.encode([at_once.player.prompt(item)]) for item in at_once.prompts(0, 4)]
    assert len(list(in_parts._drawn_together(inputs, 4, 500))) > 1
    (one,), (two,) = (training.roll_out(0)[0] for training in (at_once, in_parts))
    assert torch.equal(one.given.ids, two.given.ids)
    assert torch.equal(one.mask, two.mask)


def test_micro_tokens_and_accumulate_are_not_for_one_recipe(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"local\.micro_tokens takes the place of policy\.accumulate"):
        load_recipe("mm_upt_figures", ["local.micro_tokens=100", "policy.accumulate=2"])
