"""The local trainer's losses beside TRL's own, on the same prompts, responses and rewards: values and gradients.

    python tests/trainers/trl/parity.py

Prints a row for each definition: TRL's option, both losses, and the largest difference of a gradient entry as a share of the
gradient's norm. The first row of each objective is what the trainers here use; the others are the differences of definition
that TRL's options switch.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer, GRPOTrainer, SFTConfig, SFTTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.types import Prompt
from proctor.trainers.local.given_answers import GivenAnswers, TurnAnswers
from proctor.trainers.local.losses import DpoLoss, SftLoss, response_tokens
from proctor.trainers.local.policy_gradient import ClippedLoss, RolloutBatch
from proctor.trainers.methods.base import Dpo, Example, Preference
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.rewards.advantages import advantage
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.sampler import asking, training_prompts
from proctor.trainers.tiny import BASE
from proctor.trainers.trl.train import Groups, open_trainer

CHANGES = ("policy.steps=1", "policy.prompts=4", "policy.minibatches=2", "sampling.n=4", "policy.kl=0.1")
SAID = (("2 + 3?", "\\boxed{5}", "It is \\boxed{6}"), ("Which is larger, 7 or 9?", "9 is larger: \\boxed{9}", "seven"))
NOISE = 0.3


@dataclass(frozen=True)
class Compared:
    """A loss in both, and the largest difference of a gradient entry, as a share of the gradient's norm."""

    theirs: float
    ours: float
    gradient: float


def gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of the trained weights, by name."""
    model.zero_grad()
    loss.backward()
    return {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}


def compared(theirs: tuple[Any, torch.Tensor], ours: tuple[Any, torch.Tensor]) -> Compared:
    """Two (model, loss) on equal weights."""
    one, two = gradients(*theirs), gradients(*ours)
    assert one.keys() == two.keys()
    norm = torch.stack([gradient.norm() for gradient in two.values()]).norm()
    gap = max(float((one[name] - two[name]).abs().max()) for name in one)
    return Compared(theirs[1].item(), ours[1].item(), gap / float(norm))


def shaken(model: Any) -> None:
    """Move the weights a little, in the same way each time: a policy that is no longer its reference."""
    drawn = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.01 * weight.abs().mean() * torch.randn(weight.shape, generator=drawn))


def policy() -> VisionLanguageModel:
    """The bundled base as the learner has it, its sight frozen."""
    vlm = VisionLanguageModel.load(BASE, "cpu", "float32")
    vlm.model.model.visual.requires_grad_(False)
    vlm.model.train()
    return vlm


@dataclass(frozen=True)
class Rollout:
    """TRL's trainer with a batch that it drew and rewarded, whose old and reference log-probabilities are moved."""

    recipe: Recipe
    groups: Groups
    trainer: Any
    batch: Mapping[str, Any]

    def theirs(self, **options: Any) -> tuple[Any, torch.Tensor]:
        """Its loss on all answers, under some of its options."""
        before = {name: getattr(self.trainer.args, name) for name in options}
        self._set(options)
        try:
            return self.trainer.model, self.trainer._compute_loss(self.trainer.model, dict(self.batch))
        finally:
            self._set(before)

    def _set(self, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            setattr(self.trainer.args, name, value)
            if hasattr(self.trainer, name):
                setattr(self.trainer, name, value)

    def ours(self) -> tuple[Any, torch.Tensor]:
        """The local trainer's loss on them."""
        vlm, recipe = policy(), self.recipe
        items = training_prompts(recipe.prompts, recipe.seed)(0, recipe.policy.prompts)
        inputs = [vlm.encode([asking(recipe)(item)]) for item in items]
        given = GivenAnswers(inputs, self.batch["completion_ids"], self.batch["completion_mask"], recipe.sampling.n)
        old, reference, gains = (
            self.batch[name] for name in ("old_per_token_logps", "ref_per_token_logps", "advantages")
        )
        loss = ClippedLoss(recipe, vlm, [RolloutBatch(given, old, reference, gains)])
        parts = [TurnAnswers(0, one) for one in given.of_prompts(range(len(inputs)))]
        return vlm.model, loss(parts)[0] / loss.weight(parts)


@cache
def rollout() -> Rollout:
    """Four prompts with pictures, four answers to each."""
    recipe = load_recipe("mm_upt_figures", CHANGES)
    pipeline = RewardPipeline.from_recipe(recipe, BASE)
    groups = Groups(pipeline, training_prompts(recipe.prompts, recipe.seed), policy())
    trainer = open_trainer(groups, BASE, Path(tempfile.mkdtemp()))
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    rows = [groups.rows[place] for place in range(recipe.policy.prompts) for _ in range(recipe.sampling.n)]
    batch = trainer._generate_and_score_completions(rows)
    drawn = torch.Generator().manual_seed(1)
    for name in ("old_per_token_logps", "ref_per_token_logps"):
        batch[name] = batch[name] + NOISE * torch.randn(batch[name].shape, generator=drawn)
    return Rollout(recipe, groups, trainer, batch)


GRPO: Mapping[str, Mapping[str, Any]] = {
    "GRPO: mean over tokens (loss_type bnpo)": {},
    "GRPO: mean over responses of their token means (loss_type grpo)": {"loss_type": "grpo"},
    "GRPO: sum over tokens / (responses x most tokens) (loss_type dr_grpo)": {"loss_type": "dr_grpo"},
    "GRPO: KL weighted by the ratio (use_bias_correction_kl, TRL's default)": {"use_bias_correction_kl": True},
    "GRPO: one ratio for a response (importance_sampling_level sequence)": {"importance_sampling_level": "sequence"},
}


def advantages(scale: str, name: str) -> Compared:
    """TRL's advantages of the rewards [1, 1, 0, 0] beside ours of that name: the first of each, and the largest gap."""
    one = rollout()
    rewards = torch.tensor([1.0, 1.0, 0.0, 0.0])
    one.trainer.scale_rewards = scale
    paid, one.trainer._calculate_rewards = one.trainer._calculate_rewards, lambda *_: rewards.repeat(4)[:, None]
    try:
        rows = [one.groups.rows[place] for place in range(4) for _ in range(4)]
        theirs = GRPOTrainer._generate_and_score_completions(one.trainer, rows)["advantages"][:4]
    finally:
        one.trainer._calculate_rewards, one.trainer.scale_rewards = paid, "none"
    ours = torch.from_numpy(advantage(name)(rewards.double().numpy())).to(theirs)
    return Compared(float(theirs[0]), float(ours[0]), float((theirs - ours).abs().max()))


def texts() -> Dataset:
    """Something for TRL's trainers to be opened with."""
    return Dataset.from_list([{"prompt": asked, "chosen": good, "rejected": bad} for asked, good, bad in SAID])


def ids(vlm: VisionLanguageModel, asked: str, said: str) -> tuple[list[int], list[int]]:
    """The local trainer's tokens of a prompt and of a response."""
    prompt = vlm.encode([Prompt((asked,))])["input_ids"][0].tolist()
    rows, mask = response_tokens(vlm, [said])
    return prompt, rows[0][mask[0].bool()].tolist()


def sft() -> Compared:
    """The mean negative log-probability of the responses' tokens."""
    vlm = policy()
    settings = SFTConfig(
        output_dir=tempfile.mkdtemp(), report_to=[], use_cpu=True, bf16=False, gradient_checkpointing=False
    )
    data = Dataset.from_list([{"prompt": asked, "completion": good} for asked, good, _ in SAID])
    trainer = SFTTrainer(model=policy().model, args=settings, processing_class=vlm.tokenizer, train_dataset=data)
    rows = [ids(vlm, asked, good) for asked, good, _ in SAID]
    width = max(len(prompt) + len(said) for prompt, said in rows)
    inputs = {
        "input_ids": torch.tensor([(p + s + [vlm.tokenizer.pad_token_id] * width)[:width] for p, s in rows]),
        "attention_mask": torch.tensor([([1] * len(p + s) + [0] * width)[:width] for p, s in rows]),
        "labels": torch.tensor([([-100] * len(p) + s + [-100] * width)[:width] for p, s in rows]),
    }
    trainer.model.train()
    theirs = trainer.model, trainer.compute_loss(trainer.model, inputs)
    loss, parts = SftLoss(vlm), [Example(asked, Prompt((asked,)), good) for asked, good, _ in SAID]
    return compared(theirs, (vlm.model, loss(parts)[0] / loss.weight(parts)))


def dpo(beta: float = 0.1) -> Compared:
    """The mean over pairs of -log sigmoid(beta x margin), of a policy that has left its reference."""
    vlm = policy()
    settings = DPOConfig(
        output_dir=tempfile.mkdtemp(), beta=beta, report_to=[], use_cpu=True, bf16=False, gradient_checkpointing=False
    )
    trainer = DPOTrainer(model=policy().model, args=settings, processing_class=vlm.tokenizer, train_dataset=texts())
    rows = [(*ids(vlm, asked, good), ids(vlm, asked, bad)[1]) for asked, good, bad in SAID]
    named = [dict(zip(("prompt_ids", "chosen_ids", "rejected_ids"), row, strict=True)) for row in rows]
    inputs = DataCollatorForPreference(vlm.tokenizer.pad_token_id)(named)
    loss = DpoLoss(vlm, Dpo(beta=beta))
    parts = [Preference(asked, Prompt((asked,)), good, bad) for asked, good, bad in SAID]
    loss.remember(parts)
    for model in (trainer.model, vlm.model):
        shaken(model)
    trainer.model.train()
    theirs = trainer.model, trainer._compute_loss(trainer.model, inputs, return_outputs=False)
    return compared(theirs, (vlm.model, loss(parts)[0] / loss.weight(parts)))


def table() -> dict[str, Callable[[], Compared]]:
    """The rows by what they compare."""
    grpo = {
        name: lambda options=options: compared(rollout().theirs(**options), rollout().ours())
        for name, options in GRPO.items()
    }
    return {
        **grpo,
        "GRPO: advantages r - mean (scale_rewards none) beside dr_grpo": lambda: advantages("none", "dr_grpo"),
        "GRPO: advantages / (std + 1e-4), ddof 1 (scale_rewards group) beside group_norm, + 1e-6": lambda: advantages(
            "group", "group_norm"
        ),
        "DPO: -log sigmoid(beta x margin), mean over pairs": dpo,
        "SFT: mean over the responses' tokens": sft,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print("| definition | TRL | here | difference of gradients |\n|---|---|---|---|")
    for what, compare in table().items():
        row = compare()
        print(f"| {what} | {row.theirs:.7f} | {row.ours:.7f} | {row.gradient:.1e} |")
