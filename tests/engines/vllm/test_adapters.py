"""LoRA adapters: the answers of peft's own model, in the layers and merged, on transformers and on vLLM."""

from itertools import islice

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.engines import transformers, vllm
from proctor.harness.engines.generate import GeneratingModel
from proctor.harness.engines.loading import load_configuration, load_weights
from proctor.harness.engines.ray import open_replicas
from proctor.harness.errors import CheckpointError
from proctor.harness.types import Request, Sampling

from ..families import build

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GREEDY = Sampling(max_tokens=12)
FP32 = {"dtype": "float32"}
TARGETS = {
    "internvl": ["q_proj", "v_proj", "down_proj", "linear_1"],
    "qwen2_5_vl": ["q_proj", "v_proj", "down_proj", "qkv"],
}
"""Layers of language model, vision tower and projector, on the general path and on the fast one."""


def requests():
    items = [as_item(figure, f"f{n}") for n, figure in enumerate(islice(draw(4, "train"), 20))]
    return [Request(item.id, boxed_prompt(item)) for item in items]


def answers(model):
    return {one.item_id: one for one in model.generate(requests(), GREEDY)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """`folders(family)`: a base model, and an adapter that changes what it answers."""
    made = {}

    def of(name):
        if name not in made:
            root = tmp_path_factory.mktemp("adapters")
            base = build(name, root / "base")
            torch.manual_seed(0)
            config = LoraConfig(r=4, lora_alpha=16, target_modules=TARGETS[name], init_lora_weights=False)
            model = get_peft_model(load_weights(base, "cpu", "float32"), config)
            model.peft_config["default"].base_model_name_or_path = str(base)
            model.save_pretrained(root / "adapter")
            made[name] = base, root / "adapter"
        return made[name]

    return of


def own_answers(base, adapter):
    """What peft's model generates, an item at a time."""
    model = GeneratingModel.load(base, load_configuration(base))
    model.model = PeftModel.from_pretrained(model.model, adapter)
    return {request.item_id: model.answer(request, GREEDY)[0] for request in requests()}


@pytest.mark.parametrize("name", TARGETS)
def test_answers_are_those_of_peft_in_the_layers_and_merged(folders, name):
    base, adapter = folders(name)
    wanted = own_answers(base, adapter)
    plain = transformers.open_engine(str(base), FP32)
    changed = [wanted[item] != one for item, one in answers(plain).items()]
    assert sum(changed) > len(changed) // 2
    layered = open_replicas("transformers", str(adapter), FP32, 1, None)
    assert answers(layered) == wanted
    merged = transformers.open_engine(str(adapter), {**FP32, "merge_adapter": "true"})
    assert answers(merged) == wanted
    digest = layered.identity()["adapter"]
    assert layered.identity() == {**plain.identity(), "adapter": digest}
    assert merged.identity() == {**layered.identity(), "adapter_merged": True}


def test_answers_on_vllm_are_those_of_peft(folders):
    base, adapter = folders("internvl")
    engine = vllm.open_engine(str(adapter), {**FP32, "enforce_eager": "true"})
    assert answers(engine) == own_answers(base, adapter)
    layered = transformers.open_engine(str(adapter), FP32)
    shared = ("weights", "configuration", "adapter")
    assert [engine.identity()[key] for key in shared] == [layered.identity()[key] for key in shared]
    assert engine.name == "adapter"


def test_an_adapter_of_another_model_is_refused(folders, tmp_path):
    _, adapter = folders("internvl")
    other = build("qwen3_vl", tmp_path / "other")
    with pytest.raises(CheckpointError, match=r"cannot load|do not fit the base model"):
        transformers.open_engine(str(adapter), {**FP32, "base": str(other)})


@pytest.mark.parametrize("change", ["left out", "added"])
def test_tensors_that_are_missing_or_strange_are_told(folders, tmp_path, change):
    _, adapter = folders("internvl")
    tensors = load_file(adapter / "adapter_model.safetensors")
    name = next(iter(tensors))
    if change == "added":
        tensors[name.replace("layers.0", "layers.7")] = tensors[name].clone()
    else:
        del tensors[name]
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    with pytest.raises(CheckpointError, match="1 tensors do not fit the base model"):
        transformers.open_engine(str(tmp_path), FP32)
