"""The tiny checkpoints of many families are whole, small, the same whenever they are built, and look at pictures."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

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


@pytest.mark.parametrize("name", ["llava", "idefics3", "gemma3"])  # the others' processors want torchvision for videos
def test_an_answer_depends_on_the_picture_and_does_not_end_at_once(name: str, tmp_path: Path) -> None:
    folder = build(name, tmp_path)
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Which colour is it?"}]}]
    text = processor.apply_chat_template(messages, add_generation_prompt=True)
    again = (processor.tokenizer.bos_token or "") in text
    answers = set()
    for colour in ("red", "blue"):
        inputs = processor(
            text=[text],
            images=[Image.new("RGB", (224, 160), colour)],
            add_special_tokens=not again,
            return_tensors="pt",
        )
        assert inputs["input_ids"].shape[1] < 300
        output = model.generate(
            **inputs, max_new_tokens=6, do_sample=False, output_logits=True, return_dict_in_generate=True
        )
        assert torch.isfinite(torch.stack(output.logits)).all()
        answers.add(tuple(output.sequences[0, inputs["input_ids"].shape[1] :].tolist()))
    assert len(answers) == 2
    assert {len(answer) for answer in answers} == {6}
