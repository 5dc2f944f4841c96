"""GRPO in one process: its arithmetic, its metrics, and that a killed training loses nothing."""

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from proctor.harness.engines.vlm import VisionLanguageModel, draw_answers
from proctor.harness.errors import DataError, DivergedError, RunLockedError, RunMismatchError, UsageError
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Request, Response, Sampling
from proctor.trainers.base import Group
from proctor.trainers.judge import ModelJudge
from proctor.trainers.local.log_probabilities import answer_logprobs
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.local.train import train
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import PromptSettings, Recipe, load_recipe
from proctor.trainers.rewards.registry import REWARDS
from proctor.trainers.sampler import Batches, training_prompts
from proctor.trainers.tiny import BASE, JUDGE
from proctor.trainers.training import TrainingFolder

SMALL = ["policy.steps=4", "policy.prompts=4", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=2"]


def recipe(*changes: str) -> Recipe:
    return load_recipe("mm_upt_figures", [*SMALL, *changes])


def silent(done: int, total: int, note: str) -> None:
    pass


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("training") / "whole"
    train(recipe(), BASE, out, False, silent)
    return out


def metrics(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_a_training_leaves_what_it_promises(trained: Path) -> None:
    names = sorted(path.name for path in (trained / "checkpoints").iterdir())
    assert names == ["step-000002", "step-000004"]
    for name in names:
        check_whole(trained / "checkpoints" / name)
    digests = {weights_digest(trained / "checkpoints" / name) for name in names} | {weights_digest(BASE)}
    assert len(digests) == 3
    assert json.loads((trained / "finished.json").read_text()) == {"last_checkpoint": "step-000004"}
    assert any((trained / "tensorboard").iterdir())


def test_every_step_is_recorded(trained: Path) -> None:
    lines = metrics(trained)
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    watched = "reward reward_std majority_share distinct_answers no_signal_share label_accuracy accuracy entropy kl"
    rest = "response_length truncated_share clipped_share unparsed_share tied_share grad_norm policy_loss learning_rate"
    assert set(f"step {watched} {rest} bad_format_share".split()) == set(lines[0])
    assert all(math.isfinite(value) for line in lines for value in line.values())
    assert lines[0]["kl"] == pytest.approx(0, abs=1e-3)


def test_killed_between_checkpoints_it_ends_the_same(trained: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def die_at_three(done: int, total: int, note: str) -> None:
        if done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train(recipe(), BASE, tmp_path, False, die_at_three)
    with pytest.raises(UsageError, match="--resume"):
        train(recipe(), BASE, tmp_path, False, silent)
    train(recipe(), BASE, tmp_path, True, silent)
    last = Path("checkpoints") / "step-000004"
    assert weights_digest(tmp_path / last) == weights_digest(trained / last)
    assert metrics(tmp_path) == metrics(trained)


def test_with_a_judge_a_resumed_training_ends_the_same_and_another_judge_is_refused(tmp_path: Path) -> None:
    changes = [*SMALL, "judge.max_failed_share=1"]
    one = load_recipe("actor_judge_figures", changes)
    train(one, BASE, tmp_path / "whole", False, silent)

    def die_at_three(done: int, total: int, note: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(one, BASE, tmp_path / "cut", False, die_at_three)
    with pytest.raises(RunMismatchError, match=r"judge\.weights"):
        train(load_recipe("actor_judge_figures", [*changes, "judge.model=base"]), BASE, tmp_path / "cut", True, silent)
    train(one, BASE, tmp_path / "cut", True, silent)
    last = Path("checkpoints") / "step-000004"
    assert weights_digest(tmp_path / "cut" / last) == weights_digest(tmp_path / "whole" / last)
    assert metrics(tmp_path / "cut") == metrics(tmp_path / "whole")


def test_an_unfinished_checkpoint_is_not_taken_up(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / ".step-000002").mkdir(parents=True)
    (tmp_path / "checkpoints" / ".step-000002" / "model.safetensors").write_bytes(b"torn")
    train(recipe(), BASE, tmp_path, True, silent)
    last = Path("checkpoints") / "step-000004"
    assert weights_digest(tmp_path / last) == weights_digest(trained / last)


def test_seed_and_recipe_matter(trained: Path, tmp_path: Path) -> None:
    train(recipe("seed=1"), BASE, tmp_path / "other", False, silent)
    last = Path("checkpoints") / "step-000004"
    assert weights_digest(tmp_path / "other" / last) != weights_digest(trained / last)
    with pytest.raises(RunMismatchError, match=r"recipe\.policy\.kl"):
        train(recipe("policy.kl=0.5"), BASE, trained, True, silent)


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with TrainingFolder(tmp_path, recipe(), BASE, False), pytest.raises(RunLockedError, match="another process"):
        TrainingFolder(tmp_path, recipe(), BASE, True)


def test_accumulation_does_not_change_the_update() -> None:
    once = PolicyGradient(recipe(), Grpo(), BASE, "cpu")
    twice = PolicyGradient(recipe("policy.accumulate=2"), Grpo(), BASE, "cpu")
    first, second = once.step(0), twice.step(0)
    assert first["grad_norm"] == pytest.approx(second["grad_norm"], rel=1e-4)
    for name, weight in once.learner.trained.items():
        torch.testing.assert_close(weight.grad, twice.learner.trained[name].grad, rtol=1e-3, atol=1e-5)


def test_the_vision_tower_stays_as_it_is_unless_trained() -> None:
    training = PolicyGradient(recipe("optimiser.learning_rate=1e-3"), Grpo(), BASE, "cpu")
    training.step(0)
    before = VisionLanguageModel.load(BASE).model.state_dict()
    for name, weight in training.policy.model.state_dict().items():
        assert torch.equal(weight, before[name]) == (".visual." in name), name


class Nonsense:
    """A reward that is no number from step 3 on."""

    name = "nonsense"
    needs_gold = False

    def __call__(self, group: Group, seed: int) -> list[float]:
        wrong = group.item_id.startswith("2-1")
        return [math.nan if wrong else float(k) for k in range(len(group.responses))]


def test_a_reward_that_gives_nonsense_stops_the_training_and_keeps_what_was_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proctor.trainers.rewards.pipeline.open_reward", lambda name, table: Nonsense())
    with pytest.raises(DataError, match=r"nonsense: gave \[nan.* for item 2-1, .*\(step 3\)") as caught:
        train(recipe("checkpoint_every=1"), BASE, tmp_path, False, silent)
    assert "\n" not in str(caught.value)
    assert [path.name for path in sorted((tmp_path / "checkpoints").iterdir())] == ["step-000001", "step-000002"]
    check_whole(tmp_path / "checkpoints" / "step-000002")
    assert len(metrics(tmp_path)) == 2
    assert not (tmp_path / "finished.json").exists()


TRUE = '{"answer_correctness": 1, "reasoning_quality": 1, "visual_grounding": 1}'


class Chance:
    """An engine that judges by the seed alone, and sometimes not at all."""

    def identity(self) -> dict[str, str]:
        return {"engine": "chance"}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        for request in requests:
            for sample, seed in zip(request.samples, request.seeds(sampling), strict=True):
                text = TRUE.replace("1,", f"{seed % 11 / 10},") if seed % 5 else "no"
                yield Response(request.item_id, sample, text)


@pytest.mark.parametrize("reward", REWARDS.names())
def test_only_a_reward_that_declares_it_sees_a_label(
    reward: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trained on the same figures with all labels changed, the weights are the same unless the reward needs labels."""

    def unlabelled(settings: PromptSettings, seed: int, **given: Any) -> Batches:
        source = training_prompts(settings, seed, **given)
        return lambda step, size: [dataclasses.replace(item, answer="none") for item in source(step, size)]

    monkeypatch.setattr("proctor.trainers.rewards.pipeline.open_judge", lambda given, base: ModelJudge(Chance(), given))
    one = recipe("policy.steps=2", f"reward={reward}", "judge.retries=0", "judge.max_failed_share=1")
    train(one, BASE, tmp_path / "with", False, silent)
    monkeypatch.setattr("proctor.trainers.methods.playing.training_prompts", unlabelled)
    train(one, BASE, tmp_path / "without", False, silent)
    last = Path("checkpoints") / "step-000002"
    same = weights_digest(tmp_path / "with" / last) == weights_digest(tmp_path / "without" / last)
    assert same != REWARDS.get(reward).needs_gold
    shown = [metrics(tmp_path / name)[0] for name in ("with", "without")]
    assert shown[0]["accuracy"] > shown[1]["accuracy"] == 0  # the labels were different, and watched
    assert (shown[0]["reward"] == shown[1]["reward"]) == same


def test_a_training_stores_every_setting_and_its_judge(tmp_path: Path) -> None:
    one = load_recipe("actor_judge_figures", [*SMALL, "policy.steps=2", "reward_settings.t_h=0.9"])
    train(one, BASE, tmp_path, False, silent)
    stored = json.loads((tmp_path / "training.json").read_text())["identity"]
    assert stored["recipe"]["reward_settings"]["t_h"] == 0.9
    assert stored["recipe"]["reward_settings"]["tau_l"] == 0.05
    assert stored["judge"]["weights"] == weights_digest(JUDGE) != stored["base"]["weights"]
    assert {"judge_score", "judge_score_std", "judge_failed_share", "bad_format_share"} <= set(metrics(tmp_path)[0])


def test_log_probabilities_are_those_of_plain_forward_passes() -> None:
    """Prompts that run once, padded and with a shared cache, give what one unpadded pass per answer gives."""
    training = PolicyGradient(recipe(), Grpo(), BASE, "cpu")
    vlm = training.policy
    prompts = [training.player.prompt(item) for item in training.prompts(0, 3)]
    inputs = vlm.encode(prompts)
    with torch.no_grad():
        drawn = draw_answers(vlm, vlm.prefill(inputs, 2), Sampling(2, 1.0, 1.0, 24), range(6))
        found, entropy = answer_logprobs(vlm, inputs, drawn.ids, drawn.mask, temperature=0.7)
        for row in range(6):
            single = vlm.encode([prompts[row // 2]])
            ids = drawn.ids[row][drawn.mask[row]]
            whole = torch.cat([single["input_ids"], ids[None]], 1)
            kinds = (whole == vlm.model.config.image_token_id).int()
            logits = vlm.model(
                input_ids=whole,
                attention_mask=torch.ones_like(whole),
                mm_token_type_ids=kinds,
                pixel_values=single["pixel_values"],
                image_grid_thw=single["image_grid_thw"],
            ).logits[0, single["input_ids"].shape[1] - 1 : -1]
            expected = torch.log_softmax(logits / 0.7, -1)
            chosen = expected.gather(1, ids[:, None])[:, 0]
            torch.testing.assert_close(found[row][drawn.mask[row]], chosen, rtol=1e-3, atol=1e-4)
            spread = -(expected.exp() * expected).sum(-1)
            torch.testing.assert_close(entropy[row][drawn.mask[row]], spread, rtol=1e-3, atol=1e-3)


def test_a_training_that_diverges_stops_before_it_writes_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="not finite at step"):
        train(recipe("optimiser.learning_rate=1e30"), BASE, tmp_path, False, silent)
    assert not list(tmp_path.glob("checkpoints/step-000004"))
    for line in (tmp_path / "metrics.jsonl").read_text().splitlines() if (tmp_path / "metrics.jsonl").exists() else []:
        assert "NaN" not in line


def test_a_training_that_can_not_start_leaves_no_claim(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no reward is called"):
        train(recipe("reward=nope"), BASE, tmp_path / "out", False, silent)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.png").write_bytes(b"")
    with pytest.raises(UsageError, match=r"holds other files \(holiday\.png\)"):
        train(recipe(), BASE, tmp_path, False, silent)
    with pytest.raises(UsageError, match="no folder"):
        train(recipe(), BASE, tmp_path / "holiday.png", False, silent)


def test_strange_checkpoints_are_passed_over(tmp_path: Path) -> None:
    for name in ("step-best", "step-000002.bak", "step-1000000"):
        (tmp_path / "checkpoints" / name).mkdir(parents=True)
    with TrainingFolder(tmp_path, recipe(), BASE, False) as folder:
        assert folder.last_step() == 1_000_000  # by number, not by name


def test_items_that_changed_are_not_trained_on_by_a_resume(tmp_path: Path) -> None:
    def items(answer: str) -> None:
        rows = [{"id": f"q{n}", "problem": f"What is {n} plus {n}?", "images": [], "answer": answer} for n in range(4)]
        (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    changes = [*SMALL, "prompts.suite=geometry3k", f'prompts.data="{tmp_path}/x.jsonl"', "policy.steps=1"]
    for name, differs in (("mm_upt_figures", False), ("ground_truth_figures", True)):
        items("1")
        train(load_recipe(name, changes), BASE, tmp_path / name, False, silent)
        items("2")
        if differs:
            with pytest.raises(RunMismatchError, match="items"):
                train(load_recipe(name, changes), BASE, tmp_path / name, True, silent)
        else:  # a label that is not loaded is no part of an item
            train(load_recipe(name, changes), BASE, tmp_path / name, True, silent)
