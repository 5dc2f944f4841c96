"""What OpenRLHF's own functions make of our rows: the tokens, pixels and order of the local trainer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from openrlhf.trainer.ppo_trainer import prepare_datasets
from openrlhf.utils.utils import get_tokenizer
from openrlhf.utils.vlm_utils import process_prompt_with_images

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.lengths import PromptMeter
from proctor.trainers.openrlhf import hooks
from proctor.trainers.openrlhf.arguments import Paths, arguments
from proctor.trainers.openrlhf.fit import ExampleEncoder
from proctor.trainers.openrlhf.order import SequentialStrategy
from proctor.trainers.openrlhf.rows import read_items, write_prompts
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.sampler import asking, training_prompts
from proctor.trainers.tiny import BASE

from ...trainers.mixed_set import write_set

pytestmark = [pytest.mark.engine, pytest.mark.slow]

LIMITS = ("prompts.min_pixels=1600", "prompts.max_pixels=9000")
STEPS, PROMPTS = 5, 10


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_set(tmp_path_factory.mktemp("set"))


def recipe(data: Path, *changes: str) -> Recipe:
    size = (f"policy.steps={STEPS}", f"policy.prompts={PROMPTS}", "policy.minibatches=1", "prompts.last_batch='drop'")
    return load_recipe(
        "mm_upt_figures_openrlhf", ["prompts.suite='geometry3k'", f"prompts.data='{data}'", *size, *changes]
    )


def rows(recipe: Recipe, folder: Path) -> Any:
    """OpenRLHF's loader of the prompts."""
    written = write_prompts(recipe, BASE, folder)
    given = arguments(recipe, recipe.openrlhf, Paths(BASE, written.prompts, folder), pictures=2, resume=False)
    named = {name.removeprefix("--"): value for name, value in pairwise(given)}
    section = SimpleNamespace(
        prompt_dataset=str(written.prompts), prompt_probs=None, max_samples=int(named["data.max_samples"]),
        prompt_split="train", input_template=None, dataloader_num_workers=0, input_key=named["data.input_key"],
        label_key=named["data.label_key"], image_key=named["data.image_key"],
        apply_chat_template="--data.apply_chat_template" in given,
    )  # fmt: skip
    strategy = SequentialStrategy.__new__(SequentialStrategy)
    strategy.seed, strategy.print, strategy.is_rank_0 = 0, lambda *told: None, lambda: True
    strategy.args = SimpleNamespace(
        data=section,
        use_ms=False,
        train=SimpleNamespace(seed=0, batch_size=PROMPTS, num_episodes=1, max_epochs=1),
        eval=SimpleNamespace(dataset=None),
        rollout=SimpleNamespace(n_samples_per_prompt=1),
    )
    return prepare_datasets(strategy, get_tokenizer(str(BASE), None))[0]


@pytest.mark.parametrize("limits", [(), LIMITS])
def test_learner_and_engine_are_given_the_local_trainers_tokens_and_pixels(data, tmp_path, limits):
    chosen = recipe(data, *limits)
    vlm, meter, processor = VisionLanguageModel.load(BASE), PromptMeter(BASE), get_tokenizer(str(BASE), None)
    ask, encoder = asking(chosen), ExampleEncoder(BASE)
    loader = rows(chosen, tmp_path)
    items = read_items(tmp_path / "items.jsonl")
    for _, (text,), (label,), (images,) in loader:
        prompt = ask(items[label])
        ids, inputs, pictures = process_prompt_with_images(processor, text, images)
        wanted = vlm.encode([prompt])
        assert ids == wanted["input_ids"][0].tolist()
        assert len(ids) == meter.tokens(prompt)
        assert len(pictures) == len(prompt.images)
        if pictures:
            assert inputs["image_grid_thw"].tolist() == wanted["image_grid_thw"].tolist()
            assert torch.equal(encoder.encode(prompt, ["5"]).pictures["pixel_values"], wanted["pixel_values"])
            difference = (inputs["pixel_values"] - wanted["pixel_values"]).abs().max()
            assert difference < (1e-5 if limits else 0.1), "without limits OpenRLHF's processor scales, by torchvision"


def test_rows_come_in_the_order_of_the_local_trainer_also_after_a_resume(data, tmp_path, monkeypatch):
    chosen = recipe(data)
    batches = training_prompts(chosen.prompts, chosen.seed)
    wanted = [item.id for step in range(STEPS) for item in batches(step, PROMPTS)]
    loader = rows(chosen, tmp_path)
    assert [labels[0] for _, _, labels, _ in loader] == wanted

    state = {"episode": 0, "global_step": 3, "total_consumed_prompts": 30, "data_loader_state_dict": {"of": "older"}}
    monkeypatch.setattr(hooks.PPOTrainer, "init_checkpoint_states", lambda trainer: state)
    resumed = hooks.RewardingTrainer.__new__(hooks.RewardingTrainer)
    resumed.plan, resumed.prompts_dataloader = SimpleNamespace(recipe=chosen), rows(chosen, tmp_path)
    states = resumed.init_checkpoint_states()
    assert (states["global_step"], states["data_loader_state_dict"]) == (3, {})
    assert [labels[0] for _, _, labels, _ in resumed.prompts_dataloader] == wanted[3 * PROMPTS :]
