"""`proctor train` with the trainer trl: TRL's own loop on the bundled model, its pictures, our folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

pytest.importorskip("trl")

from proctor.harness.cli import main
from proctor.trainers.recipe import load_recipe
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.sampler import asking, training_prompts
from proctor.trainers.tiny import BASE
from proctor.trainers.trl.train import Groups, open_trainer

from .parity import policy, rollout

SMALL = ("policy.prompts=2", "sampling.n=4", "checkpoint_every=1", "trainer=trl")


def proctor_train(out: Path, steps: int, *more: str, recipe: str = "mm_upt_figures", resume: bool = False) -> int:
    changes = [part for change in (*SMALL, f"policy.steps={steps}", *more) for part in ("--set", change)]
    return main(["train", recipe, "--base", str(BASE), "--out", str(out), *changes, *(["--resume"] if resume else [])])


def weights(out: Path, step: int) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoints" / f"step-{step:06d}" / "model.safetensors")


def metrics(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_trl_is_shown_the_prompts_of_the_local_trainer() -> None:
    """The same tokens and the same patches, in the order of the recipe's prompts."""
    one = rollout()
    ours = [one.groups.policy.encode([one.groups._ask(one.groups.item(place))]) for place in range(4)]
    for place, inputs in enumerate(ours):
        row = place * one.recipe.sampling.n
        shown = one.batch["prompt_ids"][row][one.batch["prompt_mask"][row].bool()]
        assert shown.tolist() == inputs["input_ids"][0].tolist()
    patches = torch.cat([inputs["pixel_values"].repeat(one.recipe.sampling.n, 1) for inputs in ours])
    assert torch.equal(one.batch["pixel_values"], patches)


def test_trl_scales_pictures_as_the_recipe_says(tmp_path: Path) -> None:
    recipe = load_recipe("mm_upt_figures", [*SMALL, "prompts.min_pixels=20000", "prompts.max_pixels=40000"])
    pipeline = RewardPipeline.from_recipe(recipe, BASE)
    groups = Groups(pipeline, training_prompts(recipe.prompts, recipe.seed), policy())
    trainer = open_trainer(groups, BASE, tmp_path)
    ids, _, pictures = trainer._tokenize_prompts([groups.rows[0]["prompt"]])
    ours = groups.policy.encode([asking(recipe)(groups.item(0))])
    plain = groups.policy.encode([asking(load_recipe("mm_upt_figures"))(groups.item(0))])
    assert torch.equal(torch.as_tensor(pictures["pixel_values"]), ours["pixel_values"])
    assert list(ids[0]) == ours["input_ids"][0].tolist()
    assert len(plain["pixel_values"]) < len(ours["pixel_values"])


def test_a_training_and_one_that_was_interrupted_end_with_the_same_weights(tmp_path: Path) -> None:
    assert proctor_train(tmp_path / "whole", 2) == 0
    assert proctor_train(tmp_path / "parts", 1) == 0
    assert proctor_train(tmp_path / "parts", 2, resume=True) == 0
    whole, parts = weights(tmp_path / "whole", 2), weights(tmp_path / "parts", 2)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert any(not torch.equal(whole[name], one) for name, one in load_file(BASE / "model.safetensors").items())
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")
    watched = (
        "reward accuracy majority_share unparsed_share policy_loss kl entropy grad_norm learning_rate clipped_share"
    )
    first, second = metrics(tmp_path / "whole")
    assert {*watched.split(), "response_length", "truncated_share"} < {*first}
    assert (first["learning_rate"], second["learning_rate"]) == pytest.approx((6e-6, 1.2e-5))
    assert (tmp_path / "parts" / "finished.json").exists()


def test_the_advantages_are_the_recipes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With Actor-Judge's formula every advantage is below 0, which none of TRL's can be: so is the loss above."""
    assert proctor_train(tmp_path, 1, "policy.minibatches=1", "policy.kl=0", "advantage=log_softmax") == 0
    (only,) = metrics(tmp_path)
    assert only["policy_loss"] > 1


@pytest.mark.parametrize(
    ("recipe", "change", "message"),
    [
        ("sft_figures", "seed=1", "trainer trl has the method grpo alone, not sft: use trainer local"),
        ("ttrl_figures", "policy.train_on=2", "trains on all answers that are drawn"),
        ("mm_upt_figures", "lora.rank=4", "trainer trl trains all weights"),
        ("confidence_figures", "seed=1", "needs token log-probabilities, which trainer trl does not tell"),
        ("rent_figures", "seed=1", "needs token entropies, which trainer trl does not tell"),
        ("mm_upt_figures", "guard.every=1", "[guard] is the local trainer's"),
        ("mm_upt_figures", "rollouts.engine=vllm", "[rollouts] is the local trainer's"),
    ],
)
def test_what_trl_cannot_do_is_refused_in_one_line(
    recipe: str, change: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proctor_train(tmp_path / "out", 1, change, recipe=recipe) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists(), "nothing was begun"


def test_several_processes_and_several_gpus_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert proctor_train(tmp_path / "out", 1) == 2
    assert "trains on one GPU, and is started in 2 processes" in capsys.readouterr().err
    monkeypatch.delenv("WORLD_SIZE")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    assert proctor_train(tmp_path / "out", 1) == 2
    assert "trains on one GPU, and sees 8: start it once with CUDA_VISIBLE_DEVICES=0" in capsys.readouterr().err


def test_a_state_that_is_gone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proctor_train(tmp_path, 1) == 0
    (tmp_path / "trl" / "checkpoint-2" / "trainer_state.json").unlink()
    assert proctor_train(tmp_path, 2, resume=True) != 0
    assert "no state of TRL to resume from" in capsys.readouterr().err
