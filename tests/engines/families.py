"""Tiny untrained checkpoints of many families of vision-language models, in Hugging Face format.

Each has its family's network, control tokens, processor files and form of chat, with drawn weights: enough to be loaded, to
encode prompts as the family wants it, and to answer something that depends on the picture. Sizes are such that vLLM's
attention on CPUs takes them (32 dimensions per head), and a picture of 224 x 224 pixels is less than 300 tokens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, processors
from transformers import (
    AutoModelForImageTextToText,
    InternVLConfig,
    LlavaOnevisionConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2VLConfig,
    Qwen3VLConfig,
)
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.llava_onevision.image_processing_pil_llava_onevision import LlavaOnevisionImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from proctor.trainers.tiny import BASE


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint's folder is written from.

    `processor` is processor_config.json: the processor's class and its numbers. `ends` are the tokens that end an answer.
    """

    config: PreTrainedConfig
    tokenizer: PreTrainedTokenizerFast
    image_processor: Any
    processor: Mapping[str, object]
    ends: Sequence[str]


def build(name: str, folder: Path, seed: int = 0) -> Path:
    """Write the checkpoint of family `name`, a key of FAMILIES, into `folder`, its weights drawn from `seed`."""
    checkpoint = FAMILIES[name]()
    torch.manual_seed(seed)
    model = AutoModelForImageTextToText.from_config(checkpoint.config)
    draw_weights(model, controls_from=min(checkpoint.tokenizer.added_tokens_decoder))
    model.generation_config.bos_token_id = checkpoint.tokenizer.bos_token_id
    model.generation_config.pad_token_id = checkpoint.tokenizer.pad_token_id
    model.generation_config.eos_token_id = checkpoint.tokenizer.convert_tokens_to_ids(list(checkpoint.ends))
    model.save_pretrained(folder)
    checkpoint.tokenizer.save_pretrained(folder)
    checkpoint.image_processor.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps(dict(checkpoint.processor), indent=2))
    return folder


@torch.no_grad()
def draw_weights(model: PreTrainedModel, controls_from: int) -> None:
    """Draw matrices that keep the size of what they are applied to, so that both picture and words reach the answer.

    Tokens from `controls_from` on are improbable, so that greedy answers are words and do not end at once.
    """
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.normal_(0, parameter[0].numel() ** -0.5)
    words = model.get_input_embeddings()
    if not hasattr(words, "embed_scale"):
        words.weight.normal_()
    model.get_output_embeddings().weight[controls_from:] *= 0.1


# Tokenizers and chat templates


def tokenizer(
    controls: Sequence[str],
    template: str,
    eos: str,
    pad: str,
    bos: str | None = None,
    prepends_bos: bool = False,
    **named: str,
) -> PreTrainedTokenizerFast:
    """The byte-level BPE of the tiny model with a family's control tokens; those `named` become attributes of it.

    With `prepends_bos` it puts `bos` before every text, as the tokenizers of Llama and Gemma do.
    """
    stored = json.loads((BASE / "tokenizer.json").read_text())
    backend = Tokenizer.from_str(json.dumps({**stored, "added_tokens": []}))
    every = dict.fromkeys([*controls, *named.values()])
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in every])
    if prepends_bos and bos:
        backend.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, backend.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        extra_special_tokens=list(controls),
        chat_template=template,
        model_max_length=4096,
        **named,
    )


def content(image: str, text: str = "{{ part['text'] }}") -> str:
    """A template's part that writes one message's content: a text, or pictures and texts in their order."""
    return (
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        f"{{% if part['type'] == 'image' %}}{image}{{% elif part['type'] == 'text' %}}{text}{{% endif %}}"
        "{% endfor %}{% endif %}"
    )


def chatml(image: str, default_system: str = "", opening: str = "") -> str:
    """Qwen's chat: a system prompt that is there by itself, and `opening` at the start of an answer."""
    system = f"<|im_start|>system\n{default_system}<|im_end|>\n" if default_system else ""
    return (
        f"{{% if messages[0]['role'] != 'system' %}}{system}{{% endif %}}"
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        f"{content(image)}<|im_end|>\n{{% endfor %}}"
        f"{{% if add_generation_prompt %}}<|im_start|>assistant\n{opening}{{% endif %}}"
    )


# Configurations


def language(tokenizer: PreTrainedTokenizerFast, **family: object) -> dict[str, Any]:
    """A language model's settings: those that all families share, and the `family`'s own."""
    return {
        "vocab_size": -(-len(tokenizer) // 64) * 64,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
        **family,
    }


def tower(**family: object) -> dict[str, Any]:
    """A vision tower's settings under their usual names."""
    return {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "patch_size": 14,
        **family,
    }


def ids(tokenizer: PreTrainedTokenizerFast, **tokens: str) -> dict[str, int]:
    """A configuration's settings of token ids, from the tokens."""
    return {setting: tokenizer.convert_tokens_to_ids(token) for setting, token in tokens.items()}


# Qwen

QWEN_CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
QWEN_ENDS = ("<|im_end|>", "<|endoftext|>")
QWEN_VISION = {
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
}
QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"


def qwen_tokenizer(template: str, *controls: str, **named: str) -> PreTrainedTokenizerFast:
    """The tokenizer of the families that build on Qwen."""
    return tokenizer((*QWEN_CONTROLS, *controls), template, eos="<|im_end|>", pad="<|endoftext|>", **named)


def qwen_pictures(patch: int) -> Qwen2VLImageProcessorPil:
    """Pictures as patches, two by two to a token, as many as they have room for: at most 16 tokens."""
    token = (2 * patch) ** 2
    return Qwen2VLImageProcessorPil(patch_size=patch, size={"shortest_edge": 4 * token, "longest_edge": 16 * token})


def mrope(**more: object) -> dict[str, object]:
    """Rotary positions in time, height and width."""
    return {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6], **more}


def qwen2_vl() -> Checkpoint:
    """Qwen2-VL."""
    words = qwen_tokenizer(chatml(QWEN_PICTURE, "You are a helpful assistant."), *QWEN_VISION.values())
    config = Qwen2VLConfig(
        text_config=language(words, rope_parameters=mrope()),
        vision_config={"depth": 2, "embed_dim": 64, "num_heads": 2, "mlp_ratio": 2, "hidden_size": 128},
        **ids(words, **QWEN_VISION),
    )
    return Checkpoint(config, words, qwen_pictures(14), {"processor_class": "Qwen2VLProcessor"}, QWEN_ENDS)


def qwen2_5_vl() -> Checkpoint:
    """Qwen2.5-VL."""
    words = qwen_tokenizer(chatml(QWEN_PICTURE, "You are a helpful assistant."), *QWEN_VISION.values())
    vision = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2, "out_hidden_size": 128}
    config = Qwen2_5_VLConfig(
        text_config=language(words, rope_parameters=mrope()),
        vision_config={**vision, "fullatt_block_indexes": [1]},
        **ids(words, **QWEN_VISION),
    )
    return Checkpoint(config, words, qwen_pictures(14), {"processor_class": "Qwen2_5_VLProcessor"}, QWEN_ENDS)


def qwen3_vl() -> Checkpoint:
    """Qwen3-VL, whose vision tower feeds several layers of the language model."""
    words = qwen_tokenizer(chatml(QWEN_PICTURE), *QWEN_VISION.values())
    vision = {"depth": 3, "hidden_size": 64, "intermediate_size": 128, "num_heads": 2, "out_hidden_size": 128}
    config = Qwen3VLConfig(
        text_config=language(words, num_hidden_layers=3, head_dim=32, rope_parameters=mrope(mrope_interleaved=True)),
        vision_config={**vision, "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]},
        **ids(words, **QWEN_VISION),
    )
    pictures = qwen_pictures(16)
    pictures.image_mean = pictures.image_std = [0.5, 0.5, 0.5]
    return Checkpoint(config, words, pictures, {"processor_class": "Qwen3VLProcessor"}, QWEN_ENDS)


# InternVL and LLaVA


def internvl() -> Checkpoint:
    """InternVL3 in the form of transformers: tiles of 16 tokens, and an overview if there are several."""
    words = qwen_tokenizer(
        chatml("<IMG_CONTEXT>\n"),
        start_image_token="<img>",
        end_image_token="</img>",
        context_image_token="<IMG_CONTEXT>",
        video_token="<video>",
    )
    config = InternVLConfig(
        text_config={"model_type": "qwen2", **language(words)},
        vision_config=tower(image_size=[112, 112], patch_size=[14, 14]),
        image_seq_length=16,
        tie_word_embeddings=False,
        **ids(words, image_token_id="<IMG_CONTEXT>"),
    )
    pictures = GotOcr2ImageProcessorPil(size={"height": 112, "width": 112}, crop_to_patches=True, max_patches=4)
    return Checkpoint(
        config, words, pictures, {"processor_class": "InternVLProcessor", "image_seq_length": 16}, ["<|im_end|>"]
    )


def llava_onevision() -> Checkpoint:
    """LLaVA-OneVision: tiles and an overview of 36 tokens each, rows ended by a learnt vector; pictures come first."""
    template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }} "
        "{% if message['content'] is string %}{{ '\n' + message['content'] }}{% else %}"
        "{% for part in message['content'] if part['type'] == 'image' %}<image>{% endfor %}"
        "{% for part in message['content'] if part['type'] == 'text' %}{{ '\n' + part['text'] }}{% endfor %}{% endif %}"
        "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    words = qwen_tokenizer(template, "<image>", "<video>")
    grids = [[96, 96], [96, 192], [192, 96], [192, 192]]
    config = LlavaOnevisionConfig(
        text_config={"model_type": "qwen2", **language(words)},
        vision_config={
            "model_type": "siglip_vision_model",
            **tower(image_size=96, patch_size=16),
            "vision_use_head": False,
        },
        image_grid_pinpoints=grids,
        **ids(words, image_token_index="<image>", video_token_index="<video>"),
    )
    numbers = {"num_image_tokens": 36, "vision_feature_select_strategy": "full", "vision_aspect_ratio": "anyres_max_9"}
    return Checkpoint(
        config,
        words,
        LlavaOnevisionImageProcessorPil(size={"height": 96, "width": 96}, image_grid_pinpoints=grids),
        {"processor_class": "LlavaOnevisionProcessor", **numbers},
        ["<|im_end|>"],
    )


FAMILIES: Mapping[str, Callable[[], Checkpoint]] = {
    family.__name__: family for family in (qwen2_vl, qwen2_5_vl, qwen3_vl, internvl, llava_onevision)
}
