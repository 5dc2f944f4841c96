"""The hooks in OpenRLHF's own objects, its own parser, and its loss of a token beside the local trainer's."""

from __future__ import annotations

import runpy
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from proctor.harness.errors import DataError, EngineError
from proctor.trainers.local.clipping import k3, policy_loss
from proctor.trainers.openrlhf import hooks
from proctor.trainers.openrlhf.arguments import Paths, arguments
from proctor.trainers.openrlhf.plan import Plan, RolloutPlan
from proctor.trainers.recipe import PolicySettings, load_recipe
from proctor.trainers.resolve import recipe_files
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_a_reward_that_was_edited_after_the_start_is_refused(tmp_path, monkeypatch):
    own = tmp_path / "own.py"
    own.write_text("def score(group): return [0.0 for _ in group.responses]\n")
    recipe = load_recipe("mm_upt_figures_openrlhf", [f"reward={own}:score"])
    rollouts = RolloutPlan(str(tmp_path), single_node=True, files=recipe_files(recipe))
    plan = Plan("train_ppo_ray", (), recipe, str(BASE), str(tmp_path / "events.jsonl"), 1, 1, rollouts=rollouts)
    own.write_text("def score(group): return [1.0 for _ in group.responses]\n")
    monkeypatch.setattr(Plan, "current", lambda: plan)
    with pytest.raises(DataError, match="a file that the recipe names was changed since the training was started"):
        hooks.PlayedTrainer("pretrain")


def test_a_resumed_training_goes_on_behind_the_steps_that_were_done(monkeypatch):
    state = {"episode": 0, "global_step": 3, "total_consumed_prompts": 30, "data_loader_state_dict": {"of": "older"}}
    monkeypatch.setattr(hooks.PPOTrainer, "init_checkpoint_states", lambda trainer: state)
    resumed = hooks.PlayedTrainer.__new__(hooks.PlayedTrainer)
    resumed.samples_generator = SimpleNamespace(step=0)
    assert resumed.init_checkpoint_states() == {**state, "data_loader_state_dict": {}}
    assert resumed.samples_generator.step == 3


@pytest.mark.parametrize(("off", "agrees"), [(0.02, True), (0.2, False), (-0.2, False), (float("nan"), False)])
def test_an_engine_that_draws_by_other_probabilities_is_told_before_anything_is_learned(off, agrees):
    made = hooks.GivenAdvantages.__new__(hooks.GivenAdvantages)
    made.most_vllm_kl = 0.1
    mask = torch.tensor([[0.0, 1, 1, 1], [0, 0, 1, 1]])
    learner = torch.tensor([[-9.0, -1, -2, -3], [-9, -9, -1, -4]])
    engine = torch.where(mask.bool(), learner + off, torch.zeros(()))
    experience = SimpleNamespace(
        rewards=torch.tensor([0.5, -0.5]), action_mask=mask, action_log_probs=learner, rollout_log_probs=engine, info={}
    )
    if agrees:
        made.compute_advantages_and_returns([experience])
    else:
        with pytest.raises(EngineError, match="learner and rollout engine do not agree: vllm_kl is"):
            made.compute_advantages_and_returns([experience])
        assert not hasattr(experience, "advantages")


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
        paths, answers = Paths(BASE, tmp_path), recipe.policy.prompts * recipe.sampling.n
        given = arguments(recipe, recipe.openrlhf, paths, answers=answers, pictures=1, resume=True)
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
    given = arguments(recipe, recipe.openrlhf, paths, answers=answers, pictures=1, resume=False)
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
