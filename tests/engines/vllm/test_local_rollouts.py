"""The local trainer with rollouts by vLLM: whole trainings, and an engine that draws by what is examined."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from operator import ne
from pathlib import Path

import pytest

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import SUITE
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.errors import EngineError
from proctor.harness.types import Prompt, Request, Sampling
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SMALL = (
    *("policy.prompts=4", "policy.minibatches=2", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=1"),
    *("optimiser.warmup_steps=0", "optimiser.learning_rate=2e-3"),  # large, so that answers change at once
    *("reward='random'", "policy.train_vision=true"),
    *("rollouts.engine='vllm'", "rollouts.enforce_eager=true"),
)
GREEDY = Sampling(n=1, temperature=0.0, max_tokens=40)


def metrics(training: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (training / "metrics.jsonl").read_text().splitlines()]


def test_a_training_draws_by_vllm_and_is_resumed(cli, tmp_path):
    out = tmp_path / "training"
    options = [part for change in SMALL for part in ("--set", change)]
    done = cli("train", "mm_upt_figures", *options, "--set", "policy.steps=2", "--out", out)
    assert done.code == 0, done.err
    refused = cli(
        "train", "mm_upt_figures", *options, "--set", "rollouts.engine=transformers", "--out", out, "--resume"
    )
    assert refused.code == 2
    assert "rollouts.engine" in refused.err
    more = "policy.steps=3", "rollouts.gpu_memory_utilization=0.2"
    resumed = cli(
        "train",
        "mm_upt_figures",
        *options,
        *(part for one in more for part in ("--set", one)),
        "--out",
        out,
        "--resume",
    )
    assert resumed.code == 0, resumed.err
    steps = metrics(out)
    assert [one["step"] for one in steps] == [1, 2, 3]
    assert all(abs(one["vllm_kl"]) < 1e-3 for one in steps), steps
    assert all(one["grad_norm"] > 0 and one["response_length"] > 1 for one in steps)
    assert len({one["kl"] for one in steps}) == 3
    assert [path.name for path in sorted((out / "checkpoints").iterdir())] == [f"step-00000{k}" for k in (1, 2, 3)]
    assert not (out / "rollouts").exists()


@pytest.mark.parametrize("more", [[], ["lora.rank=4", "optimiser.learning_rate=3e-2"]], ids=["whole", "adapters"])
def test_after_an_update_the_engine_answers_as_the_saved_checkpoint(tmp_path, more):
    recipe = load_recipe("mm_upt_figures", [*SMALL, *more])
    training = PolicyGradient(recipe, Grpo(), BASE, "cpu", tmp_path / "training")
    engine = training.engine
    assert engine is not None
    asked = [(item.id, boxed_prompt(item)) for item in islice(SUITE.load(), 20)]

    def drawn(prompts: list[Prompt]) -> list[str]:
        answers = engine.draw(prompts, GREEDY, lambda place, ids, mask: None)
        return training.policy.decode(answers.ids, answers.mask)

    def examined(checkpoint: Path) -> list[str | None]:
        told = TransformersEngine(checkpoint).generate([Request(*one) for one in asked], GREEDY)
        texts = {one.item_id: one.text for one in told}
        return [texts[name] for name, _ in asked]

    try:
        settings = engine.settings
        engine.settings = replace(settings, most_vllm_kl=1e-12)
        with pytest.raises(EngineError, match=r"do not agree: vllm_kl is .* more than rollouts.most_vllm_kl = 1e-12"):
            training.step(0)
        engine.settings = settings
        assert drawn([prompt for _, prompt in asked]) == examined(BASE)
        for step in range(2):
            found = training.step(step)
            assert abs(found["vllm_kl"]) < 1e-3
            training.learner.opened.checkpoint().save(tmp_path / str(step))
            assert drawn([prompt for _, prompt in asked]) == examined(tmp_path / str(step))
            assert [path.name for path in (tmp_path / "training" / "rollouts").iterdir()] == [str(step + 2)]
        one, two = examined(tmp_path / "0"), examined(tmp_path / "1")
        assert sum(map(ne, one, examined(BASE))) > 4
        assert sum(map(ne, two, one)) > 4
    finally:
        training.close()


def test_an_answer_depends_on_seed_step_and_place_alone(tmp_path):
    recipe = load_recipe("mm_upt_figures", SMALL)
    training = PolicyGradient(recipe, Grpo(), BASE, "cpu", tmp_path / "training")
    prompts = [boxed_prompt(item) for item in islice(SUITE.load(), 6)]
    order: list[int] = []

    def answered(place: int, texts: tuple[str, ...]) -> None:
        order.append(place)

    try:
        one = training._draw("rollout", 0, prompts, 4, answered)
        again = training._draw("rollout", 0, prompts[:3], 4, answered)
        other = training._draw("rollout", 1, prompts, 4, answered)
    finally:
        training.close()
    assert sorted(order[:6]) == list(range(6))
    assert list(again.texts) == list(one.texts)[:3]
    assert other.texts != one.texts
    assert one.answers.mask.sum(1).max() <= 24
    media = training.policy.media_ids
    assert not any((one.answers.ids == token).any() for token in media)
