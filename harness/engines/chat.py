"""From a prompt to the model's text: a checkpoint's tokenizer, image processor and chat template, without its weights."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ..answers.statements.thinking import opened_by
from ..errors import CheckpointError, MissingExtraError, ProctorError
from ..limits import MODEL_LAYERS
from ..types import Image, Prompt
from ..untrusted_text import without_tokens

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

try:
    import torch
    from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer
except ImportError as error:
    raise MissingExtraError(f"this needs torch and transformers: pip install 'proctor[local]' ({error})") from error

QWEN_FAMILY = ("qwen2_vl", "qwen2_5_vl")
LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


_PROBE = Prompt((Image.of_bytes(b"", ""), "question"))


class ChatTemplate:
    """Makes of a prompt the text that the model reads, with one `image_token` where a picture is."""

    def __init__(self, tokenizer: Any, image_token: str) -> None:
        self._tokenizer = tokenizer
        self._image_token = image_token

    def text(self, prompt: Prompt) -> str:
        """The text of the prompt's turns, up to where the answer begins."""
        content = [
            {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": self._plain(part)}
            for part in prompt.parts
        ]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if prompt.system is not None:
            messages.insert(0, {"role": "system", "content": self._plain(prompt.system)})
        text: str = self._tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return text

    @cached_property
    def opening(self) -> str:
        """The mark of a thinking that the template opens for the model: the beginning of whatever it answers; else ""."""
        return opened_by(self.text(_PROBE))

    def _plain(self, text: str) -> str:
        """Text in which no control token of the model is spelled out: a question cannot forge a turn or a picture."""
        return without_tokens(text, self._tokenizer.all_special_tokens)

    def check(self, path: Path) -> None:
        """Raise CheckpointError unless the template shows the model a picture and a text."""
        try:
            text = self.text(_PROBE)
        except Exception as error:  # a template is a program that comes with the checkpoint
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(f"{path}: its chat template fails ({reason}): copy the base model's") from error
        if text.count(self._image_token) != 1 or "question" not in text:
            raise CheckpointError(f"{path}: its chat template leaves out pictures or text: copy the base model's")


@contextmanager
def as_checkpoint_error(path: Path) -> Iterator[None]:
    """Turns whatever a stranger's files make the loaders raise into one line, as a CheckpointError."""
    try:
        yield
    except ProctorError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:250]}"
        raise CheckpointError(f"cannot load {path}: {reason}") from error


def load_configuration(path: Path) -> Any:
    """The configuration of a checkpoint of the Qwen2-VL family.

    Raises CheckpointError for another architecture, or sizes far beyond the files': before memory is taken for them.
    """
    config = AutoConfig.from_pretrained(path, **LOCAL)
    if config.model_type not in QWEN_FAMILY:
        known = ", ".join(QWEN_FAMILY)
        raise CheckpointError(f"{path}: model type {config.model_type!r} is not supported here; supported: {known}")
    if max(config.text_config.num_hidden_layers, config.vision_config.depth) > MODEL_LAYERS:
        raise CheckpointError(f"{path}/config.json: more than {MODEL_LAYERS} layers")
    with torch.device("meta"):
        described = AutoModelForImageTextToText.from_config(config).num_parameters()
    stored = sum(file.stat().st_size for file in path.glob("*.safetensors"))
    if described > stored:  # less than a byte for each parameter
        raise CheckpointError(
            f"{path}/config.json: describes {described} parameters, but the files hold {stored} bytes"
        )
    return config


def load_processors(path: Path) -> tuple[Any, Any]:
    """The tokenizer and the image processor. Raises CheckpointError if the latter's sizes are impossible."""
    tokenizer = AutoTokenizer.from_pretrained(path, **LOCAL)
    image_processor = AutoImageProcessor.from_pretrained(path, backend="pil", **LOCAL)
    if min(image_processor.merge_size, image_processor.patch_size, image_processor.temporal_patch_size) < 1:
        raise CheckpointError(f"{path}/preprocessor_config.json: sizes must be at least 1")
    return tokenizer, image_processor
