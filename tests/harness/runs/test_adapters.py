"""An adapter's folder: which are taken, with which base model, and what identifies the two together."""

import json
import shutil

import pytest

from proctor.harness.errors import CheckpointError, UsageError
from proctor.harness.runs.adapters import AdaptedCheckpoint
from proctor.harness.runs.checkpoints import Checkpoint, check_whole


@pytest.fixture
def adapter(tiny, tmp_path):
    """A folder that has what is read of an adapter."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "base_model_name_or_path": str(tiny)}))
    shutil.copy(tiny / "model.safetensors", folder / "adapter_model.safetensors")
    return folder


def change(adapter, **settings):
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def test_its_identity_is_that_of_its_base_and_its_own(adapter, tiny):
    base = Checkpoint.read(tiny)
    found = AdaptedCheckpoint.read(adapter, None)
    assert (found.name, found.checkpoint, found.adapter.path) == ("adapter", base, adapter)
    assert found.identity() == {**base.identity(), "adapter": found.adapter.digest}
    change(adapter, lora_alpha=32)
    assert AdaptedCheckpoint.read(adapter, None).adapter.digest != found.adapter.digest


def test_the_base_can_be_elsewhere(adapter, tiny, tmp_path):
    change(adapter, base_model_name_or_path="Qwen/Qwen2.5-VL-7B-Instruct")
    with pytest.raises(CheckpointError, match=r"Qwen2.5-VL-7B-Instruct.*--engine-option base=DIR"):
        AdaptedCheckpoint.read(adapter, None)
    moved = shutil.copytree(tiny, tmp_path / "moved")
    assert AdaptedCheckpoint.read(adapter, str(moved)).checkpoint.path == moved


def test_a_checkpoint_is_one_without_an_adapter_and_has_no_base(tiny):
    assert AdaptedCheckpoint.read(tiny, None).identity() == Checkpoint.read(tiny).identity()
    with pytest.raises(UsageError, match=r"option base: .* is no adapter"):
        AdaptedCheckpoint.read(tiny, str(tiny))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"peft_type": "IA3"}, "'IA3' is not LORA"),
        ({"megatron_config": {"a": 1}, "megatron_core": "antigravity"}, "megatron_config is not for here"),
        ({"base_model_name_or_path": None}, "names no base model"),
    ],
)
def test_what_is_no_lora_is_refused(adapter, settings, told):
    change(adapter, **settings)
    with pytest.raises(CheckpointError, match=told):
        AdaptedCheckpoint.read(adapter, None)


def test_pickled_and_unfinished_weights_are_refused(adapter):
    weights = adapter / "adapter_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match="unfinished"):
        AdaptedCheckpoint.read(adapter, None)
    weights.rename(adapter / "adapter_model.bin")
    with pytest.raises(CheckpointError, match=r"no adapter_model.safetensors"):
        AdaptedCheckpoint.read(adapter, None)


def test_where_a_whole_checkpoint_is_needed_an_adapter_is_refused(adapter):
    with pytest.raises(CheckpointError, match="merge it"):
        check_whole(adapter)
