"""The tiny checkpoints of many families are whole, small, and the same whenever they are built."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from .families import FAMILIES, build


@pytest.mark.parametrize("name", FAMILIES)
def test_a_checkpoint_is_whole_and_small_and_its_weights_come_from_the_seed(name: str, tmp_path: Path) -> None:
    folder = build(name, tmp_path / "one")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8_000_000
    _, loading = AutoModelForImageTextToText.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.decode(tokenizer("One third, 1/3.", add_special_tokens=False)["input_ids"]) == "One third, 1/3."
    assert AutoImageProcessor.from_pretrained(folder, backend="pil").to_dict()["image_processor_type"]

    def weights(seed: int) -> bytes:
        return (build(name, tmp_path / "again", seed) / "model.safetensors").read_bytes()

    first = (folder / "model.safetensors").read_bytes()
    assert weights(0) == first
    assert weights(1) != first
