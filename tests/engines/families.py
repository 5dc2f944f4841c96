"""Tiny untrained checkpoints of many families of vision-language models, in Hugging Face format.

Each has its family's network, control tokens, processor files and form of chat, with drawn weights: enough to be loaded, to
encode prompts as the family wants it, and to answer something that depends on the picture. Sizes are such that vLLM's
attention on CPUs takes them (32 or 64 dimensions per head), and a picture of 224 x 224 pixels is less than 300 tokens.

Not here, since their processors need torchvision even for pictures: Kimi K2.5, Pixtral and Mistral 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, processors
from transformers import (
    AutoModelForImageTextToText,
    Gemma3Config,
    Gemma4Config,
    Glm4vConfig,
    Glm4vMoeConfig,
    Idefics3Config,
    InternVLConfig,
    LlavaConfig,
    LlavaOnevisionConfig,
    MiniCPMV4_6Config,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2VLConfig,
    Qwen3_5Config,
    Qwen3VLConfig,
    SmolVLMConfig,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil
from transformers.models.llava_onevision.image_processing_pil_llava_onevision import LlavaOnevisionImageProcessorPil
from transformers.models.minicpmv4_6.image_processing_pil_minicpmv4_6 import MiniCPMV4_6ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

from proctor.trainers.tiny import BASE


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint's folder is written from.

    `processor` is processor_config.json: the processor's class and its numbers. `ends` are the tokens that end an answer.
    `published` are settings as published files have them, by part, where transformers writes what only it reads.
    `renamed` are beginnings of tensors' names, as transformers writes them and as published files and vLLM have them.
    """

    config: PreTrainedConfig
    tokenizer: PreTrainedTokenizerFast
    image_processor: Any
    processor: Mapping[str, object]
    ends: Sequence[str]
    published: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


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
    stored = json.loads((folder / "config.json").read_text())
    for part, settings in checkpoint.published.items():
        stored[part].update(settings)
    (folder / "config.json").write_text(json.dumps(stored, indent=2))
    if checkpoint.renamed:
        rename_tensors(folder / "model.safetensors", checkpoint.renamed)
    checkpoint.tokenizer.save_pretrained(folder)
    checkpoint.image_processor.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps(dict(checkpoint.processor), indent=2))
    return folder


def rename_tensors(file: Path, renamed: Mapping[str, str]) -> None:
    """Give the tensors whose names begin with a key of `renamed` its value for a beginning."""
    tensors = load_file(file)
    for before, after in renamed.items():
        tensors = {
            after + name.removeprefix(before) if name.startswith(before) else name: tensors[name] for name in tensors
        }
    save_file(tensors, file, metadata={"format": "pt"})


@torch.no_grad()
def draw_weights(model: PreTrainedModel, controls_from: int) -> None:
    """Draw matrices that keep the size of what they are applied to, so that both picture and words reach the answer.

    Tokens from `controls_from` on are improbable, so that greedy answers are words and do not end at once.
    """
    for parameter in model.parameters():
        if parameter.ndim > 1:  # a convolution's have four or five, experts' three: which expert, to, from
            parameter.normal_(0, (parameter.shape[-1] if parameter.ndim < 4 else parameter[0].numel()) ** -0.5)
    words, answers = model.get_input_embeddings(), model.get_output_embeddings()
    if words.weight is answers.weight:  # each token would be its own successor
        norm = model.model.language_model.norm.weight
        norm += torch.randint(2, norm.shape) * 2 - 2
    else:
        words.weight.normal_()
    answers.weight[controls_from:] *= 0.1


# Tokenizers and chat templates


def tokenizer(
    controls: Sequence[str],
    template: str,
    eos: str,
    pad: str,
    bos: str | None = None,
    prepends_bos: bool = False,
    readable: Sequence[str] = (),
    **named: str,
) -> PreTrainedTokenizerFast:
    """The byte-level BPE of the tiny model with a family's control tokens; those `named` become attributes of it.

    `readable` are tokens of the family that stay in decoded texts. With `prepends_bos` it puts `bos` before every text, as
    the tokenizers of Llama and Gemma do.
    """
    stored = json.loads((BASE / "tokenizer.json").read_text())
    backend = Tokenizer.from_str(json.dumps({**stored, "added_tokens": []}))
    every = dict.fromkeys([*controls, *named.values()])
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in every])
    backend.add_tokens([AddedToken(token, normalized=False) for token in readable])
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


def merging_tower(**family: object) -> dict[str, Any]:
    """A vision tower's settings under Qwen's names, which GLM has too."""
    return {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_heads": 2,
        "out_hidden_size": 128,
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
THINKING = ("<think>", "</think>")
QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"


def qwen_tokenizer(
    template: str, *controls: str, readable: Sequence[str] = (), **named: str
) -> PreTrainedTokenizerFast:
    """The tokenizer of the families that build on Qwen."""
    every = (*QWEN_CONTROLS, *controls)
    return tokenizer(every, template, eos="<|im_end|>", pad="<|endoftext|>", readable=readable, **named)


def qwen_pictures(patch: int, **family: Any) -> Qwen2VLImageProcessorPil:
    """Pictures as patches, two by two to a token, as many as they have room for: 4 to 16 tokens."""
    token = (2 * patch) ** 2
    size = {"shortest_edge": 4 * token, "longest_edge": 16 * token}
    return Qwen2VLImageProcessorPil(patch_size=patch, size=size, **family)


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
    config = Qwen2_5_VLConfig(
        text_config=language(words, rope_parameters=mrope()),
        vision_config=merging_tower(fullatt_block_indexes=[1]),
        **ids(words, **QWEN_VISION),
    )
    return Checkpoint(config, words, qwen_pictures(14), {"processor_class": "Qwen2_5_VLProcessor"}, QWEN_ENDS)


def qwen3_vl() -> Checkpoint:
    """Qwen3-VL, whose vision tower feeds several layers of the language model."""
    words = qwen_tokenizer(chatml(QWEN_PICTURE), *QWEN_VISION.values())
    config = Qwen3VLConfig(
        text_config=language(
            words,
            num_hidden_layers=3,
            head_dim=32,
            rope_parameters=mrope(mrope_interleaved=True),
            architectures=["Qwen3ForCausalLM"],  # published files have none; vLLM 0.29 on CPUs does not start without
        ),
        vision_config=merging_tower(depth=3, num_position_embeddings=64, deepstack_visual_indexes=[0, 1]),
        **ids(words, **QWEN_VISION),
    )
    pictures = qwen_pictures(16, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return Checkpoint(config, words, pictures, {"processor_class": "Qwen3VLProcessor"}, QWEN_ENDS)


def qwen3_5() -> Checkpoint:
    """Qwen3.5: linear attention in every other layer; it thinks unless `enable_thinking` is false."""
    silent = "enable_thinking is defined and not enable_thinking"
    opening = f"{{% if {silent} %}}<think>\n\n</think>\n\n{{% else %}}<think>\n{{% endif %}}"
    words = qwen_tokenizer(chatml(QWEN_PICTURE, opening=opening), *QWEN_VISION.values(), readable=THINKING)
    config = Qwen3_5Config(
        text_config=language(words, **linear_attention(), rope_parameters=mrope_of_a_quarter()),
        vision_config=merging_tower(num_position_embeddings=64),
        **ids(words, **QWEN_VISION),
    )
    pictures = qwen_pictures(16, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    return Checkpoint(config, words, pictures, {"processor_class": "Qwen3VLProcessor"}, QWEN_ENDS)


def linear_attention() -> dict[str, Any]:
    """A language model's settings of Qwen3.5's two kinds of layers."""
    return {
        "layer_types": ["linear_attention", "full_attention"],
        "head_dim": 64,
        "linear_num_key_heads": 1,
        "linear_num_value_heads": 2,
        "linear_key_head_dim": 128,
        "linear_value_head_dim": 128,
    }


def mrope_of_a_quarter() -> dict[str, object]:
    """Rotary positions of Qwen3.5, on a quarter of a head's dimensions."""
    return {**mrope(mrope_interleaved=True), "mrope_section": [3, 3, 2], "partial_rotary_factor": 0.25}


def minicpmv4_6() -> Checkpoint:
    """MiniCPM-V 4.6: an overview and up to four slices of four tokens each, before Qwen3.5's language model."""
    opening = (
        "{% if enable_thinking is defined %}"
        "{% if enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
    )
    words = qwen_tokenizer(
        chatml("<|image_pad|>\n", opening=opening),
        readable=THINKING,
        image_token="<|image_pad|>",
        video_token="<|video_pad|>",
        image_start_token="<image>",
        image_end_token="</image>",
        slice_start_token="<slice>",
        slice_end_token="</slice>",
        image_id_start_token="<image_id>",
        image_id_end_token="</image_id>",
    )
    config = MiniCPMV4_6Config(
        text_config={
            "model_type": "qwen3_5_text",
            **language(words, **linear_attention(), rope_parameters=mrope_of_a_quarter()),
        },
        vision_config=tower(image_size=112),
        image_size=112,
        insert_layer_id=0,
        **ids(words, image_token_id="<|image_pad|>", video_token_id="<|video_pad|>"),
    )
    pictures = MiniCPMV4_6ImageProcessorPil(scale_resolution=112, max_slice_nums=4)
    return Checkpoint(config, words, pictures, {"processor_class": "MiniCPMV4_6Processor"}, QWEN_ENDS)


# InternVL and LLaVA

PUBLISHED_TOWER = {"vision_tower.": "vision_tower.vision_model."}
"""transformers 5 leaves a part of the names out. It reads both; vLLM 0.29 reads the published ones only."""


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
        renamed=PUBLISHED_TOWER,
    )


def llava() -> Checkpoint:
    """LLaVA 1.5: one square of 64 tokens, roles in words, and a beginning that the tokenizer puts before every text."""
    template = (
        "{% for message in messages %}"
        "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}"
        "{% if message['content'] is string %}{{ message['content'] + ' ' }}{% else %}"
        "{% for part in message['content'] if part['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}"
        "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] + ' ' }}{% endfor %}{% endif %}"
        "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
    )
    controls = ("<unk>", "<s>", "</s>", "<image>", "<pad>")
    words = tokenizer(controls, template, eos="</s>", pad="<pad>", bos="<s>", prepends_bos=True)
    config = LlavaConfig(
        text_config={"model_type": "llama", **language(words)},
        vision_config={"model_type": "clip_vision_model", **tower(num_hidden_layers=3, image_size=112)},
        image_seq_length=64,
        **ids(words, image_token_index="<image>"),
    )
    numbers = {"patch_size": 14, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 112}, crop_size={"height": 112, "width": 112})
    processor = {"processor_class": "LlavaProcessor", **numbers}
    return Checkpoint(config, words, pictures, processor, ["</s>"], renamed=PUBLISHED_TOWER)


# Idefics 3 and SmolVLM

TILES = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
SMOL_TURNS = (
    "{% for message in messages %}{{ message['role'] | capitalize }}"
    "{% if message['content'][0]['type'] == 'image' %}:{% else %}{{ ': ' }}{% endif %}"
    f"{content('<image>')}<end_of_utterance>\n{{% endfor %}}{{% if add_generation_prompt %}}Assistant:{{% endif %}}"
)
SMOL_PICTURES = {
    "size": {"longest_edge": 192},
    "max_image_size": {"longest_edge": 64},
    "do_image_splitting": True,
}


def idefics3() -> Checkpoint:
    """Idefics 3: tiles of four tokens with their place among them; a beginning that template and tokenizer both write."""
    controls = ("<|begin_of_text|>", "<|end_of_text|>", "<fake_token_around_image>", "<image>", "<end_of_utterance>")
    words = tokenizer(
        (*controls, "<global-img>", *TILES),
        "<|begin_of_text|>" + SMOL_TURNS,
        eos="<end_of_utterance>",
        pad="<|end_of_text|>",
        bos="<|begin_of_text|>",
        prepends_bos=True,
    )
    config = Idefics3Config(
        text_config={"model_type": "llama", **language(words)},
        vision_config=tower(image_size=64, patch_size=16),
        scale_factor=2,
        **ids(words, image_token_id="<image>"),
    )
    return Checkpoint(
        config,
        words,
        Idefics3ImageProcessorPil(**SMOL_PICTURES),
        {"processor_class": "Idefics3Processor", "image_seq_len": 4},
        ["<end_of_utterance>", "<|end_of_text|>"],
    )


def smolvlm() -> Checkpoint:
    """SmolVLM2: tiles as in Idefics 3, and one beginning, written by the template."""
    words = tokenizer(
        ("<|endoftext|>", "<|im_start|>", "<video>", *TILES),
        "<|im_start|>" + SMOL_TURNS,
        eos="<end_of_utterance>",
        pad="<|endoftext|>",
        bos="<|im_start|>",
        fake_image_token="<fake_token_around_image>",
        image_token="<image>",
        global_image_token="<global-img>",
        end_of_utterance_token="<end_of_utterance>",
    )
    config = SmolVLMConfig(
        text_config={"model_type": "llama", **language(words)},
        vision_config=tower(image_size=64, patch_size=16),
        scale_factor=2,
        **ids(words, image_token_id="<image>"),
    )
    return Checkpoint(
        config,
        words,
        SmolVLMImageProcessorPil(**SMOL_PICTURES),
        {"processor_class": "SmolVLMProcessor", "image_seq_len": 4},
        ["<end_of_utterance>", "<|endoftext|>"],
    )


# Gemma


def gemma3() -> Checkpoint:
    """Gemma 3: 16 tokens a picture, which see each other; a beginning that template and tokenizer both write."""
    said = content("<start_of_image>", "{{ part['text'] | trim }}")
    template = (
        "{{ bos_token }}{% set first = namespace(text='') %}{% for message in messages %}"
        "{% if message['role'] == 'system' %}{% set first.text %}" + said + "{{ '\n\n' }}{% endset %}"
        "{% else %}<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
        "{{ first.text }}{% set first.text = '' %}" + said + "<end_of_turn>\n"
        "{% endif %}{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    )
    words = tokenizer(
        ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        template,
        eos="<eos>",
        pad="<pad>",
        bos="<bos>",
        prepends_bos=True,
        readable=["\n" * count for count in range(1, 5)],  # tokens of Gemma's vocabulary, which vLLM looks up
        image_token="<image_soft_token>",
        boi_token="<start_of_image>",
        eoi_token="<end_of_image>",
    )
    layers = ["sliding_attention", "full_attention"]
    config = Gemma3Config(
        text_config=language(
            words, layer_types=layers, head_dim=32, query_pre_attn_scalar=32, tie_word_embeddings=True
        ),
        vision_config={"model_type": "siglip_vision_model", **tower(image_size=112), "vision_use_head": False},
        mm_tokens_per_image=16,
        **ids(
            words,
            image_token_index="<image_soft_token>",
            boi_token_index="<start_of_image>",
            eoi_token_index="<end_of_image>",
        ),
    )
    return Checkpoint(
        config,
        words,
        Gemma3ImageProcessorPil(size={"height": 112, "width": 112}),
        {"processor_class": "Gemma3Processor", "image_seq_length": 16},
        ["<eos>", "<end_of_turn>"],
        renamed=PUBLISHED_TOWER,
    )


def gemma4() -> Checkpoint:
    """Gemma 4, of the larger kind: up to 70 tokens a picture, which see each other; it thinks if `enable_thinking`."""
    said = content("{{ '\n\n<|image|>\n\n' }}", "{{ part['text'] | trim }}")
    template = (
        "{{ bos_token }}{% set thinks = enable_thinking is defined and enable_thinking %}"
        "{% if thinks and messages[0]['role'] != 'system' %}<|turn>system\n<|think|>\n<turn|>\n{% endif %}"
        "{% for message in messages %}<|turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
        "{% if thinks and message['role'] == 'system' %}{{ '<|think|>\n' }}{% endif %}" + said + "<turn|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|turn>model\n"
        "{% if not thinks %}<|channel>thought\n<channel|>{% endif %}{% endif %}"
    )
    words = tokenizer(
        ("<pad>", "<eos>", "<bos>", "<|turn>", "<turn|>", "<|think|>", "<|channel>", "<channel|>", "<|video|>"),
        template,
        eos="<eos>",
        pad="<pad>",
        bos="<bos>",
        prepends_bos=True,
        image_token="<|image|>",
        boi_token="<|image>",
        eoi_token="<image|>",
        audio_token="<|audio|>",
        boa_token="<|audio>",
        eoa_token="<audio|>",
    )
    text = language(words, head_dim=32, global_head_dim=64, tie_word_embeddings=True)
    config = Gemma4Config(
        text_config={
            **text,
            "layer_types": ["sliding_attention", "full_attention"],
            "hidden_size_per_layer_input": 0,
            "vocab_size_per_layer_input": text["vocab_size"],
            "use_bidirectional_attention": "vision",
        },
        vision_config={**tower(patch_size=16, num_key_value_heads=2, head_dim=32), "position_embedding_size": 64},
        audio_config=None,
        **ids(
            words,
            image_token_id="<|image|>",
            boi_token_id="<|image>",
            eoi_token_id="<image|>",
            video_token_id="<|video|>",
            audio_token_id="<|audio|>",
            boa_token_id="<|audio>",
            eoa_token_index="<audio|>",
        ),
    )
    sound = {"feature_extractor": {"feature_extractor_type": "Gemma4AudioFeatureExtractor"}}
    return Checkpoint(
        config,
        words,
        Gemma4ImageProcessorPil(max_soft_tokens=70),
        {"processor_class": "Gemma4Processor", "image_seq_length": 70, **sound},
        ["<eos>", "<turn|>"],
        {
            "text_config": {"global_head_dim": 64},
            "vision_config": {
                "rope_parameters": {"rope_type": "default", "rope_theta": 100.0},
                "default_output_length": 70,
            },
        },
    )


# GLM

GLM_CONTROLS = ("<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
GLM_VISION = {
    "image_start_token_id": "<|begin_of_image|>",
    "image_end_token_id": "<|end_of_image|>",
    "video_start_token_id": "<|begin_of_video|>",
    "video_end_token_id": "<|end_of_video|>",
    "image_token_id": "<|image|>",
    "video_token_id": "<|video|>",
}
GLM_ENDS = ("<|endoftext|>", "<|user|>", "<|observation|>")
GLM_PICTURES = {"size": {"shortest_edge": 2 * 4 * 28 * 28, "longest_edge": 2 * 16 * 28 * 28}}


def glm_chat(after_user: str, opening: str) -> str:
    """GLM's chat: `after_user` ends what a user says, `opening` stands at the start of an answer."""
    return (
        "[gMASK]<sop>{% for message in messages %}<|{{ message['role'] }}|>\n"
        f"{content('<|begin_of_image|><|image|><|end_of_image|>')}"
        f"{{% if message['role'] == 'user' %}}{after_user}{{% endif %}}{{% endfor %}}"
        f"{{% if add_generation_prompt %}}<|assistant|>{opening}{{% endif %}}"
    )


def glm_tokenizer(template: str, *readable: str) -> PreTrainedTokenizerFast:
    """The tokenizer of the GLM-V families."""
    controls = (*GLM_CONTROLS, *GLM_VISION.values())
    return tokenizer(controls, template, eos="<|endoftext|>", pad="<|endoftext|>", readable=(*THINKING, *readable))


def glm_rope() -> dict[str, object]:
    """Rotary positions in time, height and width on half of a head's dimensions."""
    return {**mrope(), "mrope_section": [2, 3, 3], "partial_rotary_factor": 0.5}


def glm4v() -> Checkpoint:
    """GLM-4.1V, which thinks always."""
    words = glm_tokenizer(glm_chat("", "\n"), "<answer>", "</answer>")
    config = Glm4vConfig(
        text_config=language(words, rope_parameters=glm_rope()),
        vision_config=merging_tower(image_size=112),
        **ids(words, **GLM_VISION),
    )
    pictures = Glm4vImageProcessorPil(**GLM_PICTURES)
    return Checkpoint(config, words, pictures, {"processor_class": "Glm4vProcessor"}, GLM_ENDS)


def glm4v_moe() -> Checkpoint:
    """GLM-4.5V: experts in its second layer; it thinks unless `enable_thinking` is false."""
    silent = "enable_thinking is defined and not enable_thinking"
    template = glm_chat(
        f"{{% if {silent} %}}/nothink{{% endif %}}", f"{{% if {silent} %}}{{{{ '\n<think></think>' }}}}{{% endif %}}"
    )
    words = glm_tokenizer(template, "/nothink", "<|begin_of_box|>", "<|end_of_box|>")
    experts = {"n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 64}
    config = Glm4vMoeConfig(
        text_config=language(words, **experts, head_dim=32, rope_parameters=glm_rope()),
        vision_config=merging_tower(image_size=112),
        **ids(words, **GLM_VISION),
    )
    pictures = Glm4vImageProcessorPil(**GLM_PICTURES)
    published = {"text_config": {"use_qk_norm": False}}
    return Checkpoint(config, words, pictures, {"processor_class": "Glm4vProcessor"}, GLM_ENDS, published)


FAMILIES: Mapping[str, Callable[[], Checkpoint]] = {
    family.__name__: family
    for family in (
        qwen2_vl,
        qwen2_5_vl,
        qwen3_vl,
        qwen3_5,
        minicpmv4_6,
        internvl,
        llava_onevision,
        llava,
        idefics3,
        smolvlm,
        gemma3,
        gemma4,
        glm4v,
        glm4v_moe,
    )
}
