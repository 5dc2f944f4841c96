"""What OpenRLHF's own functions make of our prompts: the tokens and pixels of the local trainer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from openrlhf.utils.utils import get_tokenizer
from openrlhf.utils.vlm_utils import process_prompt_with_images

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.lengths import PromptMeter
from proctor.trainers.openrlhf.fit import ExampleEncoder
from proctor.trainers.openrlhf.rows import RenderedPrompts, read_items, write_items
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


@pytest.mark.parametrize("limits", [(), LIMITS])
def test_learner_and_engine_are_given_the_local_trainers_tokens_and_pixels(data, tmp_path, limits):
    chosen = recipe(data, *limits)
    vlm, meter, processor = VisionLanguageModel.load(BASE), PromptMeter(BASE), get_tokenizer(str(BASE), None)
    ask, encoder, prompts = asking(chosen), ExampleEncoder(BASE), RenderedPrompts(BASE, tmp_path)
    write_items(chosen, training_prompts(chosen.prompts, chosen.seed), BASE, tmp_path)
    for item in read_items(tmp_path):
        prompt = ask(item)
        ids, inputs, pictures = process_prompt_with_images(processor, *prompts.rendered(prompt))
        wanted = vlm.encode([prompt])
        assert ids == wanted["input_ids"][0].tolist()
        assert len(ids) == meter.tokens(prompt)
        assert len(pictures) == len(prompt.images)
        if pictures:
            assert inputs["image_grid_thw"].tolist() == wanted["image_grid_thw"].tolist()
            assert torch.equal(encoder.encode(prompt, ["5"]).pictures["pixel_values"], wanted["pixel_values"])
            difference = (inputs["pixel_values"] - wanted["pixel_values"]).abs().max()
            assert difference < (1e-5 if limits else 0.1), "without limits OpenRLHF's processor scales, by torchvision"
