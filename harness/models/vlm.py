"""A vision-language checkpoint on torch: loading, encoding of prompts, and a prompt pass whose cache serves n answers.

The prompt pass (pictures included) runs once per prompt; its key-value cache is then repeated n times, so that n answers
cost one look at the picture. The same two passes, with gradients on, give a trainer the log-probabilities of answers.
"""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoints import check_whole
from ..errors import CheckpointError, DataError, MissingExtraError, ProctorError, UsageError
from ..types import Image, Prompt

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image as PilImage
    from PIL import UnidentifiedImageError
    from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer
    from transformers.cache_utils import DynamicCache
except ImportError as error:
    raise MissingExtraError(f"this needs torch and transformers: pip install 'proctor[local]' ({error})") from error

if TYPE_CHECKING:
    from torch import Tensor

MAX_PIXELS_DECODED = 64 * 2**20
MAX_LAYERS = 1000
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")  # none whose decoder starts another program
QWEN_FAMILY = ("qwen2_vl", "qwen2_5_vl")


@dataclass
class Prefix:
    """A batch of prompts after the prompt pass, R = prompts x repeat rows.

    `logits` (R, V) of the next token; `mask` (R, L) of the prompts, padded on the left; `next_position` (3 or 1, R) of the
    token that follows.
    """

    cache: Any
    logits: Tensor
    mask: Tensor
    next_position: Tensor


class VisionLanguageModel:
    """Weights, tokenizer and image processor of one checkpoint of the Qwen2-VL family."""

    def __init__(self, model: Any, tokenizer: Any, image_processor: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.image_processor = image_processor
        self.tokenizer.padding_side = "left"
        self.image_token: str = tokenizer.convert_ids_to_tokens(model.config.image_token_id)
        self.merge = int(image_processor.merge_size) ** 2
        self.context: int = model.config.get_text_config().max_position_embeddings
        self.end_ids: list[int] = _end_ids(model, tokenizer)
        self.media_ids: list[int] = sorted({model.config.image_token_id, model.config.video_token_id})
        self._position_inputs = frozenset(inspect.signature(model.model.get_rope_index).parameters)

    @classmethod
    def load(cls, path: Path, device: str = "cpu", dtype: str = "auto") -> VisionLanguageModel:
        """Load from a folder in Hugging Face format, safetensors only.

        Raises CheckpointError with what is missing, UsageError for a device that there is none of.
        """
        check_whole(path)
        try:
            return cls._assemble(path, device, dtype)
        except ProctorError:
            raise
        except Exception as error:  # whatever a stranger's files make the loaders do
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:250]}"
            raise CheckpointError(f"cannot load {path}: {reason}") from error

    @classmethod
    def _assemble(cls, path: Path, device: str, dtype: str) -> VisionLanguageModel:
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        _check_configuration(path, AutoConfig.from_pretrained(path, **local))
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            path, dtype=dtype, use_safetensors=True, output_loading_info=True, **local
        )
        model, loading = loaded
        if missing := sorted(loading["missing_keys"]):  # they would be drawn at random
            raise CheckpointError(f"{path}: {len(missing)} tensors are not in the files, e.g. {missing[0]}")
        tokenizer = AutoTokenizer.from_pretrained(path, **local)
        image_processor = AutoImageProcessor.from_pretrained(path, backend="pil", **local)
        if min(image_processor.merge_size, image_processor.patch_size, image_processor.temporal_patch_size) < 1:
            raise CheckpointError(f"{path}/preprocessor_config.json: sizes must be at least 1")
        try:
            model.to(torch.device(device))
        except (RuntimeError, AssertionError) as error:
            raise UsageError(f"device {device!r} cannot be used: {' '.join(str(error).split())[:200]}") from error
        vlm = cls(model.eval(), tokenizer, image_processor)
        vlm._check_chat_template(path)
        return vlm

    def _check_chat_template(self, path: Path) -> None:
        """Raise CheckpointError unless the template shows the model a picture and a text."""
        try:
            text = self._text(Prompt((Image.of_bytes(b"", ""), "question")))
        except Exception as error:  # a template is a program that comes with the checkpoint
            reason = " ".join(str(error).split())[:200]
            raise CheckpointError(f"{path}: its chat template fails ({reason}): copy the base model's") from error
        if text.count(self.image_token) != 1 or "question" not in text:
            raise CheckpointError(f"{path}: its chat template leaves out pictures or text: copy the base model's")

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    def save(self, path: Path) -> None:
        """Write weights and processor files in Hugging Face format, complete enough for AutoProcessor."""
        self.model.save_pretrained(path)
        self.tokenizer.save_pretrained(path)
        self.image_processor.save_pretrained(path)

    def _pictures(self, images: Sequence[Image]) -> dict[str, Tensor]:
        decoded = [decode(image) for image in images]
        try:
            features = self.image_processor(images=decoded, return_tensors="pt")
        except ValueError as error:  # e.g. a picture that is too long and thin
            raise DataError(f"images {', '.join(image.name for image in images)}: {str(error)[:120]}") from error
        return {"pixel_values": features["pixel_values"], "image_grid_thw": features["image_grid_thw"]}

    def _text(self, prompt: Prompt) -> str:
        content = [
            {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": self._plain(part)}
            for part in prompt.parts
        ]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if prompt.system is not None:
            messages.insert(0, {"role": "system", "content": self._plain(prompt.system)})
        text: str = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        return text

    def _plain(self, text: str) -> str:
        """Text in which no control token of the model is spelled out: a question can not forge a turn or a picture.

        Code points that are no characters (lone surrogates) become question marks.
        """
        text = text.encode("utf-8", "replace").decode()
        for token in self.tokenizer.all_special_tokens:
            text = text.replace(token, token[0] + " " + token[1:])
        return text

    def encode(self, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        """Model inputs of a batch: input_ids and attention_mask (B, L), padded left, and the pictures' patches.

        Raises DataError if a picture can not be decoded or a prompt does not fit into the model's context.
        """
        images = [image for prompt in prompts for image in prompt.images]
        pictures = self._pictures(images) if images else {}
        counts = iter((pictures["image_grid_thw"].prod(-1) // self.merge).tolist() if images else [])
        texts = []
        for prompt in prompts:
            head, *rest = self._text(prompt).split(self.image_token)
            texts.append(head + "".join(self.image_token * next(counts) + piece for piece in rest))
        tokens = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        longest = tokens["input_ids"].shape[1]
        if longest >= self.context:
            raise DataError(f"a prompt has {longest} tokens, and the model's context only {self.context}")
        inputs = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"], **pictures}
        return {name: tensor.to(self.device) for name, tensor in inputs.items()}

    def join(self, batches: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """One batch of several encoded ones, padded on the left to the longest."""
        width = max(batch["input_ids"].shape[1] for batch in batches)
        padding = {"input_ids": self.tokenizer.pad_token_id, "attention_mask": 0}
        joined = {
            name: torch.cat([F.pad(batch[name], (width - batch[name].shape[1], 0), value=value) for batch in batches])
            for name, value in padding.items()
        }
        for name in ("pixel_values", "image_grid_thw"):
            if pictures := [batch[name] for batch in batches if name in batch]:
                joined[name] = torch.cat(pictures)
        return joined

    def decode(self, ids: Tensor, mask: Tensor) -> list[str]:
        """The texts of answers (R, T), without control tokens."""
        rows = zip(ids, mask.sum(1).tolist(), strict=True)
        texts: list[str] = self.tokenizer.batch_decode([row[:length] for row, length in rows], skip_special_tokens=True)
        return texts

    def prefill(self, inputs: Mapping[str, Tensor], repeat: int = 1) -> Prefix:
        """Run the prompts once, then stand each one `repeat` times in the batch (row = prompt x repeat + k)."""
        positions = self._positions(inputs)
        cache = DynamicCache(config=self.model.config)
        output = self.model(**inputs, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)
        prefix = Prefix(cache, output.logits[:, -1], inputs["attention_mask"], positions[..., -1] + 1)
        if repeat > 1:
            cache.batch_repeat_interleave(repeat)
            prefix.logits = prefix.logits.repeat_interleave(repeat, 0)
            prefix.mask = prefix.mask.repeat_interleave(repeat, 0)
            prefix.next_position = prefix.next_position.repeat_interleave(repeat, 1)
        return prefix

    def _positions(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Rotary positions (3, B, L): time, height and width for pictures, the same count in all three for text."""
        is_image = (inputs["input_ids"] == self.model.config.image_token_id).int()
        known = {**inputs, "mm_token_type_ids": is_image}
        positions: Tensor
        positions, _ = self.model.model.get_rope_index(
            **{name: tensor for name, tensor in known.items() if name in self._position_inputs}
        )
        return positions

    def extend(self, prefix: Prefix, ids: Tensor, mask: Tensor, start: int = 0) -> Tensor:
        """Logits (R, T, V) after feeding `ids` (R, T), the answer's tokens from `start` on.

        `mask` (R, start + T) marks the real tokens of the whole answer so far.
        """
        steps = torch.arange(start, start + ids.shape[1], device=ids.device)
        output = self.model(
            input_ids=ids,
            attention_mask=torch.cat([prefix.mask, mask.to(prefix.mask.dtype)], 1),
            position_ids=prefix.next_position[..., None] + steps,
            past_key_values=prefix.cache,
            use_cache=True,
        )
        logits: Tensor = output.logits
        return logits


def _check_configuration(path: Path, config: Any) -> None:
    """Raise CheckpointError for another architecture, or sizes far beyond the files': before memory is taken for them."""
    if config.model_type not in QWEN_FAMILY:
        known = ", ".join(QWEN_FAMILY)
        raise CheckpointError(f"{path}: model type {config.model_type!r} is not supported here; supported: {known}")
    if max(config.text_config.num_hidden_layers, config.vision_config.depth) > MAX_LAYERS:
        raise CheckpointError(f"{path}/config.json: more than {MAX_LAYERS} layers")
    with torch.device("meta"):
        described = AutoModelForImageTextToText.from_config(config).num_parameters()
    stored = sum(file.stat().st_size for file in path.glob("*.safetensors"))
    if described > stored:  # less than a byte for each parameter
        raise CheckpointError(
            f"{path}/config.json: describes {described} parameters, but the files hold {stored} bytes"
        )


def _end_ids(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the tokenizer's, and what the checkpoint's generation settings add (one or a list)."""
    configured = model.generation_config.eos_token_id
    added = configured if isinstance(configured, list) else [] if configured is None else [configured]
    return sorted({tokenizer.eos_token_id, *added})


def decode(image: Image) -> PilImage.Image:
    """An RGB picture. Raises DataError if the bytes are not a picture or it is too large."""
    try:
        picture: PilImage.Image = PilImage.open(io.BytesIO(image.read()), formats=FORMATS)
        if picture.width * picture.height > MAX_PIXELS_DECODED:
            raise DataError(f"image {image.name}: {picture.width} x {picture.height} pixels are too many")
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = PilImage.alpha_composite(PilImage.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
        return picture.convert("RGB")
    except UnidentifiedImageError as error:
        raise DataError(f"image {image.name}: cannot be decoded: no {', '.join(FORMATS)} picture") from error
    except (OSError, ValueError, SyntaxError, PilImage.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"image {image.name}: cannot be decoded ({str(error)[:120]})") from error


def uniforms(seeds: Sequence[int], length: int) -> Tensor:
    """Random numbers (len(seeds), length) in [0, 1): each row depends on its own seed alone, never on the batch."""
    rows = [np.random.Generator(np.random.Philox(key=seed)).random(length, np.float32) for seed in seeds]
    return torch.from_numpy(np.stack(rows))


__all__ = ["Prefix", "VisionLanguageModel", "decode", "uniforms"]
