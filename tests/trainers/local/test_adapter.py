"""LoRA in the local trainer: what is trained, what the reference is, and checkpoints like any other."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.errors import MissingExtraError, UsageError
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local.log_probabilities import answer_logprobs
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.local.train import train
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.tiny import BASE
from proctor.trainers.training import STATE

SMALL = [
    *["policy.prompts=2", "policy.minibatches=1", "sampling.n=3", "sampling.max_tokens=16", "checkpoint_every=1"],
    *["optimiser.warmup_steps=0", "optimiser.learning_rate=1e-3", "lora.rank=4"],
]


def recipe(*changes: str, name: str = "mm_upt_figures") -> Recipe:
    return load_recipe(name, [*SMALL, *changes])


def silent(done: int, total: int, note: str) -> None:
    pass


def logprobs(vlm: VisionLanguageModel, training: PolicyGradient) -> torch.Tensor:
    inputs = vlm.encode([training.player.prompt(item) for item in training.prompts(0, 2)])
    ids = torch.tensor(vlm.tokenizer(["\\boxed{7}", "\\boxed{9}"]).input_ids)
    with torch.no_grad():
        return answer_logprobs(vlm, inputs, ids, torch.ones_like(ids))[0]


def test_without_peft_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"\[lora\] needs peft: "):
        train(recipe(), BASE, tmp_path / "out", False, silent)


def test_openrlhf_does_not_take_it() -> None:
    with pytest.raises(UsageError, match=r"\[lora\] is not for the trainer openrlhf"):
        load_recipe("mm_upt_geometry3k", ["lora.rank=8"])


class TestWithPeft:
    @pytest.fixture(autouse=True)
    def _peft(self) -> None:
        pytest.importorskip("peft", reason="the extra `adapters` is not installed")

    def test_only_adapters_are_trained_and_the_reference_is_the_base(self) -> None:
        training = PolicyGradient(recipe(), Grpo(), BASE, "cpu")
        base = VisionLanguageModel.load(BASE)
        before = logprobs(training.policy, training)
        torch.testing.assert_close(before, logprobs(base, training))  # without effect at first
        assert all(".lora_" in name and ".visual." not in name for name in training.learner.trained)
        assert len(training.learner.trained) == 2 * 7 * 4  # A and B of seven linear layers in each of four layers
        training.step(0)
        changed = logprobs(training.policy, training)
        assert not torch.allclose(changed, before)
        with training.reference() as reference:
            assert reference is training.policy  # no second copy of the weights
            assert torch.equal(logprobs(reference, training), before)
        assert torch.equal(logprobs(training.policy, training), changed)
        assert training.step(1)["grad_norm"] > 0  # still trained after the reference was asked

    def test_a_checkpoint_is_the_policy_merged_and_in_the_bases_precision(self, tmp_path: Path) -> None:
        training = PolicyGradient(recipe(), Grpo(), BASE, "cpu")
        training.step(0)
        merged = training.learner.opened.checkpoint()
        torch.testing.assert_close(
            logprobs(merged, training), logprobs(training.policy, training), rtol=1e-4, atol=1e-4
        )
        merged.save(tmp_path)
        assert load_file(tmp_path / "model.safetensors").keys() == load_file(BASE / "model.safetensors").keys()

    @pytest.mark.parametrize(
        "changes", [[], ["lora.dropout=0.2", "local.gradient_checkpointing=true", "local.micro_tokens=200"]]
    )
    def test_resumed_it_ends_with_the_same_bytes(self, changes: list[str], tmp_path: Path) -> None:
        one = recipe("policy.steps=2", *changes)

        def stop_at_one(done: int, total: int, note: str) -> None:
            if done == 1:
                raise KeyboardInterrupt

        train(one, BASE, tmp_path / "whole", False, silent)
        with pytest.raises(KeyboardInterrupt):
            train(one, BASE, tmp_path / "cut", False, stop_at_one)
        train(one, BASE, tmp_path / "cut", True, silent)
        whole, cut = (tmp_path / name / "checkpoints" / "step-000002" for name in ("whole", "cut"))
        check_whole(whole)
        assert weights_digest(whole) == weights_digest(cut) != weights_digest(BASE)
        assert (whole / STATE).read_bytes() == (cut / STATE).read_bytes()

    def test_half_precision_with_vision_and_chosen_targets(self, tmp_path: Path) -> None:
        VisionLanguageModel.load(BASE, dtype="bfloat16").save(tmp_path / "base")
        changes = ["policy.train_vision=true", 'lora.targets=["q_proj","qkv"]', "lora.alpha=4"]
        training = PolicyGradient(recipe(*changes), Grpo(), tmp_path / "base", "cpu")
        names = {name.partition(".lora_")[0].rpartition(".")[2] for name in training.learner.trained}
        assert names == {"q_proj", "qkv"}
        assert any(".visual." in name for name in training.learner.trained)
        assert {master.dtype for master in training.learner.weights.masters.values()} == {torch.float32}
        assert training.step(0)["grad_norm"] > 0
        assert training.learner.opened.checkpoint().model.dtype == torch.bfloat16

    def test_a_target_that_is_not_there_is_named_with_those_that_are(self) -> None:
        with pytest.raises(UsageError, match=r"lora\.targets: the model has no linear layer 'query': down_proj, "):
            PolicyGradient(recipe('lora.targets=["query"]'), Grpo(), BASE, "cpu")

    def test_the_stages_of_a_method_each_go_on_from_the_merged_one_before(self, tmp_path: Path) -> None:
        changes = ["policy.steps=2", "collect.prompts=8", "collect.least=1", "sampling.n=4", "sampling.max_tokens=48"]
        train(recipe(*changes, name="sft_figures"), BASE, tmp_path, False, silent)
        check_whole(tmp_path / "checkpoints" / "step-000002")
