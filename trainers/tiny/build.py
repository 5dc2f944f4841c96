"""The tiny model's parts: tokenizer, image processor and an untrained network of the Qwen2.5-VL architecture.

Sizes follow what the engines ask for: 32 dimensions per head is the least that vLLM's CPU attention takes, and a picture
of 84 x 84 pixels is 9 tokens of 28 x 28.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from ...benchmarks.drawn.suite import DrawnSuite
from ...benchmarks.protocols.base import BOXED, boxed_prompt
from ...harness.engines.vlm import VisionLanguageModel

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] in ('image', 'image_url') %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def corpus(suite: DrawnSuite, count: int = 3000) -> list[str]:
    """Texts that a tokenizer learns its merges from: the suite's questions and worked answers."""
    texts = []
    for question in islice(suite.draw(0, "train"), count):
        texts += [str(boxed_prompt(suite.as_item(question, "x")).parts[-1]), question.solution.response()]
    return [*texts, BOXED, "system\nYou are a helpful assistant.\nuser\nassistant\n"]


def build_tokenizer(texts: Sequence[str], vocabulary: int) -> Qwen2Tokenizer:
    """A byte-level BPE of so many entries, learnt from the texts, with Qwen's control tokens and chat format."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Qwen2Tokenizer(vocab={character: index for index, character in enumerate(alphabet)}, merges=[])
    bpe = Tokenizer(models.BPE())
    bpe.normalizer = plain.backend_tokenizer.normalizer
    bpe.pre_tokenizer = plain.backend_tokenizer.pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(texts, trainer)
    learnt = json.loads(bpe.to_str())["model"]
    return Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(merge) for merge in learnt["merges"]],  # type: ignore[misc]
        eos_token="<|im_end|>",  # noqa: S106 - not a password
        pad_token="<|endoftext|>",  # noqa: S106
        unk_token="<|endoftext|>",  # noqa: S106
        additional_special_tokens=list(SPECIAL_TOKENS),
        chat_template=CHAT_TEMPLATE,
        model_max_length=4096,
    )


def build_network(tokenizer: Qwen2Tokenizer, seed: int) -> Qwen2_5_VLForConditionalGeneration:
    """An untrained network, its weights drawn from `seed`."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    token = {name: vocabulary[name] for name in SPECIAL_TOKENS}
    text = {
        "vocab_size": -(-len(tokenizer) // 8) * 8,
        "hidden_size": 128,
        "intermediate_size": 320,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10.0, "mrope_section": [4, 6, 6]},
        "bos_token_id": token["<|endoftext|>"],
        "eos_token_id": token["<|im_end|>"],
        "pad_token_id": token["<|endoftext|>"],
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": 2,
        "hidden_size": 96,
        "intermediate_size": 192,
        "num_heads": 4,
        "out_hidden_size": 128,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token["<|image_pad|>"],
        video_token_id=token["<|video_pad|>"],
        vision_start_token_id=token["<|vision_start|>"],
        vision_end_token_id=token["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    torch.manual_seed(seed)
    return Qwen2_5_VLForConditionalGeneration(config)


def build_tiny_model(tokenizer: Qwen2Tokenizer, seed: int) -> VisionLanguageModel:
    """Network, tokenizer and image processor, ready to be trained from scratch."""
    image_processor = Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=112 * 112)
    return VisionLanguageModel(build_network(tokenizer, seed), tokenizer, image_processor)
