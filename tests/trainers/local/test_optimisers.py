"""bitsandbytes in the local trainer: moments of 8 bits, weights of 4, and what is said where it is missing."""

import sys
from pathlib import Path

import pytest
import torch

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.errors import MissingExtraError
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.local.train import train
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE
from proctor.trainers.training import STATE

SMALL = [
    *["policy.steps=2", "policy.prompts=2", "policy.minibatches=1", "sampling.n=3", "sampling.max_tokens=16"],
    *["checkpoint_every=1", "optimiser.warmup_steps=0"],
]


def silent(done: int, total: int, note: str) -> None:
    pass


@pytest.mark.parametrize(
    ("changes", "package", "said"),
    [
        (
            ["optimiser.kind=adamw_8bit"],
            "bitsandbytes",
            r"optimiser\.kind adamw_8bit needs bitsandbytes: ",
        ),
        (["lora.four_bit=true"], "bitsandbytes", r"lora\.four_bit needs bitsandbytes: "),
    ],
)
def test_what_is_missing_is_named_with_how_to_get_it(
    changes: list[str], package: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=said):
        train(load_recipe("mm_upt_figures", [*SMALL, *changes]), BASE, tmp_path / "out", False, silent)


def test_flash_attention_that_is_not_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"local\.attention flash_attention_2 needs flash-attn"):
        train(
            load_recipe("mm_upt_figures", [*SMALL, "local.attention=flash_attention_2"]),
            BASE,
            tmp_path / "o",
            False,
            silent,
        )


@pytest.mark.parametrize("kind", ["adamw_8bit", "paged_adamw_8bit"])
def test_resumed_with_moments_of_8_bits_it_ends_with_the_same_bytes(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra `quantised` is not installed")
    one = load_recipe("mm_upt_figures", [*SMALL, f"optimiser.kind={kind}"])

    def stop_at_one(done: int, total: int, note: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    train(one, BASE, tmp_path / "whole", False, silent)
    with pytest.raises(KeyboardInterrupt):
        train(one, BASE, tmp_path / "cut", False, stop_at_one)
    train(one, BASE, tmp_path / "cut", True, silent)
    whole, cut = (tmp_path / name / "checkpoints" / "step-000002" for name in ("whole", "cut"))
    assert weights_digest(whole) == weights_digest(cut) != weights_digest(BASE)
    assert (whole / STATE).read_bytes() == (cut / STATE).read_bytes()


def test_weights_of_4_bits_are_trained_with_adapters_and_merged_into_whole_ones(tmp_path: Path) -> None:
    for package in ("bitsandbytes", "peft"):
        pytest.importorskip(package, reason="the extras `quantised` and `adapters` are not installed")
    base = tmp_path / "base"
    VisionLanguageModel.load(BASE, dtype="bfloat16").save(base)
    changes = [*SMALL, "policy.steps=2", "lora.four_bit=true", "lora.rank=4", "optimiser.learning_rate=1e-3"]
    training = PolicyGradient(load_recipe("mm_upt_figures", changes), Grpo(), base, "cpu")
    assert training.policy.model.model.language_model.layers[0].mlp.up_proj.base_layer.weight.dtype == torch.uint8
    train(load_recipe("mm_upt_figures", changes), base, tmp_path / "out", False, silent)
    last = tmp_path / "out" / "checkpoints" / "step-000002"
    check_whole(last)
    assert VisionLanguageModel.load(last).model.dtype == torch.bfloat16
    assert weights_digest(last) != weights_digest(base)
