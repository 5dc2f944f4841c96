"""The hooks in OpenRLHF's own objects: the same rewards and advantages as the local trainer, and OpenRLHF's own parser."""

from __future__ import annotations

import dataclasses
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.errors import DataError, EngineError, UsageError
from proctor.trainers.local.clipping import k3, policy_loss
from proctor.trainers.openrlhf import hooks
from proctor.trainers.openrlhf.arguments import Paths, arguments
from proctor.trainers.openrlhf.plan import Plan, RolloutPlan
from proctor.trainers.openrlhf.rows import read_items, write_prompts
from proctor.trainers.recipe import PolicySettings, load_recipe
from proctor.trainers.resolve import recipe_files
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

N = 4
OWN = f"{Path(__file__).parents[2]}/trainers/rewards/reward_files/plurality.py:score"
"""A reward in a file of its own."""
CHANGES = ["policy.steps=1", "policy.prompts=2", f"sampling.n={N}", "policy.minibatches=1"]


def answers(count: int) -> list[str]:
    """Answers in groups of N: one group of two minds, one that agrees."""
    return [rf"It is \boxed{{{k}}}." for k in (5, 5, 6, 7, 1, 1, 1, 1)][:count]


@pytest.fixture
def trainer(tmp_path, monkeypatch) -> Any:
    """OpenRLHF's trainer with our hooks, without engines behind it."""

    def make(*changes: str) -> Any:
        recipe = load_recipe("mm_upt_figures_openrlhf", [*CHANGES, *changes])
        written = write_prompts(recipe, BASE, tmp_path)
        events = tmp_path / "events.jsonl"
        made = hooks.RewardingTrainer.__new__(hooks.RewardingTrainer)
        rollouts = RolloutPlan(str(written.items), single_node=True)
        made.plan = Plan("train_ppo_ray", (), recipe, str(BASE), str(events), 1, 1, rollouts=rollouts)
        made._items = read_items(written.items)
        made._pipeline = RewardPipeline.from_recipe(recipe, BASE)
        made.tokenizer = VisionLanguageModel.load(BASE, "cpu").tokenizer
        made.experience_maker = hooks.GroupAdvantages.__new__(hooks.GroupAdvantages)
        return made

    return make


def sample(trainer: Any, label: str, text: str) -> Any:
    """A rollout as OpenRLHF makes one: a prompt of three tokens, the answer's tokens, and the mask one place ahead."""
    prompt = torch.tensor([1, 1, 1])
    answer = torch.tensor(trainer.tokenizer(text)["input_ids"])
    mask = torch.cat([torch.zeros(2), torch.ones(len(answer))])[None]
    return SimpleNamespace(
        sequences=torch.cat([prompt, answer])[None],
        action_mask=mask,
        labels=[label],
        rewards=None,
        scores=None,
        info={},
        rollout_log_probs=None,
    )


def telling(one: Any, logprob: float) -> Any:
    """The rollout with the log-probabilities that OpenRLHF's engine gives: 0 for the prompt, one place ahead."""
    one.rollout_log_probs = logprob * one.action_mask
    return one


@pytest.mark.parametrize("reward", ["majority_vote", "frequency", "ground_truth", "random", OWN])
@pytest.mark.parametrize("advantage", ["group_norm", "dr_grpo", "log_softmax", "log_softmax_centred"])
def test_rewards_and_advantages_are_those_of_the_local_trainer(trainer, reward, advantage):
    made = trainer(f"reward={reward}", f"advantage={advantage}")
    labels = [label for label in made._items for _ in range(N)]
    samples = [sample(made, label, text) for label, text in zip(labels, answers(8), strict=True)]
    made._reward(samples, 0)

    local = RewardPipeline.from_recipe(
        load_recipe("mm_upt_figures", [*CHANGES, f"reward={reward}", f"advantage={advantage}"]), BASE
    )
    wanted = local.run(list(made._items.values()), answers(8), 0)
    assert [float(one.rewards[0]) for one in samples] == pytest.approx(np.concatenate(wanted.rewards).tolist())

    shuffled = [7, 0, 3, 1, 2, 6, 5, 4]
    experiences = [
        SimpleNamespace(index=[place], action_mask=samples[place].action_mask, info={}, rewards=None)
        for place in shuffled
    ]
    made.experience_maker.compute_advantages_and_returns(experiences)
    flat = np.concatenate(wanted.advantages)
    for place, experience in zip(shuffled, experiences, strict=True):
        mask = samples[place].action_mask.bool()
        assert experience.advantages[mask].tolist() == pytest.approx([flat[place]] * int(mask.sum()))
        assert not experience.advantages[~mask].any()
        assert torch.equal(experience.returns, experience.advantages)


def test_a_reward_sees_what_the_engine_tells_of_tokens(trainer):
    made = trainer("reward=confidence")
    labels = [label for label in made._items for _ in range(N)]
    samples = [sample(made, label, text) for label, text in zip(labels, answers(8), strict=True)]
    lengths = [int(one.action_mask.sum()) for one in samples]
    assert hooks.tokens_of(samples).lengths == tuple(lengths)
    with pytest.raises(UsageError, match="reward confidence needs token log-probabilities"):
        made._reward(samples, 0)
    told = [telling(one, -0.25 * (place + 1)) for place, one in enumerate(samples)]
    made._reward(told, 0)
    assert [float(one.rewards[0]) for one in told] == pytest.approx([-0.25 * (place + 1) for place in range(8)])
    made = trainer("reward=confidence", "reward_settings.per_token=false")
    made._reward(told, 0)
    wanted = [-0.25 * (place + 1) * length for place, length in enumerate(lengths)]
    assert [float(one.rewards[0]) for one in told] == pytest.approx(wanted)


def test_a_reward_that_was_edited_after_the_start_is_refused(trainer, tmp_path, monkeypatch):
    own = tmp_path / "own.py"
    own.write_text("def score(group): return [0.0 for _ in group.responses]\n")
    made = trainer(f"reward={own}:score")
    rollouts = dataclasses.replace(made.plan.rollouts, files=recipe_files(made.plan.recipe))
    plan = dataclasses.replace(made.plan, rollouts=rollouts)
    own.write_text("def score(group): return [1.0 for _ in group.responses]\n")
    monkeypatch.setattr(Plan, "current", lambda: plan)
    with pytest.raises(DataError, match="a file that the recipe names was changed since the training was started"):
        hooks.RewardingTrainer("pretrain")


@pytest.mark.parametrize(("off", "agrees"), [(0.02, True), (0.2, False), (-0.2, False), (float("nan"), False)])
def test_an_engine_that_draws_by_other_probabilities_is_told_before_anything_is_learned(trainer, off, agrees):
    made = trainer().experience_maker
    made.advantages_by_place, made.most_vllm_kl = [0.5, -0.5], 0.1
    mask = torch.tensor([[0.0, 1, 1, 1], [0, 0, 1, 1]])
    learner = torch.tensor([[-9.0, -1, -2, -3], [-9, -9, -1, -4]])
    engine = torch.where(mask.bool(), learner + off, torch.zeros(()))
    experience = SimpleNamespace(
        index=[0, 1], action_mask=mask, action_log_probs=learner, rollout_log_probs=engine, info={}
    )
    if agrees:
        made.compute_advantages_and_returns([experience])
    else:
        with pytest.raises(EngineError, match="learner and rollout engine do not agree: vllm_kl is"):
            made.compute_advantages_and_returns([experience])
        assert not hasattr(experience, "advantages")


def test_broken_groups_are_told(trainer):
    made = trainer()
    first, second = made._items
    with pytest.raises(DataError, match="not in whole groups of 4"):
        made._reward([sample(made, first, "5")] * 3, 0)
    with pytest.raises(DataError, match="not in whole groups of 4"):
        made._reward([sample(made, first, "5")] * 3 + [sample(made, second, "5")], 0)


def test_openrlhfs_own_parser_takes_the_command_line(monkeypatch, tmp_path):
    import openrlhf.utils

    class ParsedError(Exception):
        pass

    def stop(args: Any) -> None:
        raise ParsedError(args)

    monkeypatch.setattr(openrlhf.utils, "get_strategy", stop)
    monkeypatch.setattr("ray.is_initialized", lambda: True)
    for name in ("mm_upt_figures_openrlhf", "actor_judge_figures_openrlhf"):
        recipe = load_recipe(name)
        paths = Paths(BASE, tmp_path / "prompts.jsonl", tmp_path)
        given = arguments(recipe, recipe.openrlhf, paths, pictures=1, resume=True)
        monkeypatch.setattr(sys, "argv", ["train_ppo_ray", *given])
        with pytest.raises(ParsedError) as parsed:
            runpy.run_module("openrlhf.cli.train_ppo_ray", run_name="__main__")
        args = parsed.value.args[0]
        assert args.rollout.n_samples_per_prompt == recipe.sampling.n
        assert args.actor.adam.lr == recipe.optimiser.learning_rate
        assert args.algo.kl.use_loss
        assert not args.train.async_enable
        assert args.actor.eps_clip_low_high == (0.2, 0.2)

    recipe = load_recipe("mm_upt_figures_openrlhf", ["policy.clip_high=0.3", "policy.dual_clip=3"])
    given = arguments(recipe, recipe.openrlhf, paths, pictures=1, resume=False)
    monkeypatch.setattr(sys, "argv", ["train_ppo_ray", *given])
    with pytest.raises(ParsedError) as parsed:
        runpy.run_module("openrlhf.cli.train_ppo_ray", run_name="__main__")
    assert parsed.value.args[0].actor.eps_clip_low_high == [0.2, 0.3]
    assert parsed.value.args[0].actor.dual_clip == 3


@pytest.mark.parametrize("policy", [PolicySettings(), PolicySettings(clip=0.1, clip_high=0.3, dual_clip=3.0)])
def test_both_trainers_have_the_same_loss_of_a_token(policy):
    from openrlhf.models.loss import PolicyLoss
    from openrlhf.models.utils import compute_approx_kl

    drawn = torch.Generator().manual_seed(0)
    new, old = (torch.randn(8, 16, generator=drawn, dtype=torch.float64) * 20 for _ in range(2))
    advantages = torch.randn(8, 1, generator=drawn, dtype=torch.float64).expand(8, 16)
    high = policy.clip if policy.clip_high is None else policy.clip_high
    theirs = PolicyLoss(policy.clip, high, policy.dual_clip)(new, old, advantages, torch.ones(8, 16))[0]
    ours, _ = policy_loss(new - old, advantages, policy)
    assert torch.allclose(ours.mean(), theirs, rtol=1e-12)
    k3_of_theirs = compute_approx_kl(new, old, kl_estimator="k3")
    assert torch.allclose(k3(new - old), k3_of_theirs.double(), atol=1e-4)
