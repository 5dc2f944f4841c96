"""Loading of a stranger's checkpoint: its configuration, processors and weights, without trust in it."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, DataError, MissingExtraError, ProctorError, UsageError, install
from ..files import read_object
from ..limits import MODEL_LAYERS

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

try:
    import torch
    from transformers import (
        AutoConfig,
        AutoImageProcessor,
        AutoModelForImageTextToText,
        AutoProcessor,
        AutoTokenizer,
        BitsAndBytesConfig,
    )
    from transformers import __version__ as version
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils.logging import disable_progress_bar
except ImportError as error:
    raise MissingExtraError(f"this needs torch and transformers: {install('local')} ({error})") from error

disable_progress_bar()  # loading has none of its own to show

SHARED_PREFIX = ("qwen2_vl", "qwen2_5_vl")
"""The families whose prompt pass is shared by all answers to it, here and in the trainers; others run their `generate`."""


_ATTENTION = ("attn_implementation", "attn_implementation_internal")
_OWN_ATTENTION = re.compile(r"[a-z0-9_]{1,40}")


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


def load_configuration(path: Path, trust_remote_code: bool = False) -> Any:
    """The configuration of a checkpoint.

    Raises CheckpointError for what is no image-text-to-text model of the installed transformers, or of sizes far beyond the
    files': before memory is taken for them.
    """
    _check_attention(path, read_object(path / "config.json") or {})
    config = AutoConfig.from_pretrained(path, **_local(trust_remote_code))
    own_code = trust_remote_code and bool(getattr(config, "auto_map", None))
    if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING and not own_code:
        raise CheckpointError(
            f"{path}: model type {config.model_type!r} is no image-text-to-text model of transformers {version}: "
            "upgrade transformers, or serve it and use --engine openai"
        )
    _check_layers(path, config)
    if not own_code:
        with torch.device("meta"):
            described = AutoModelForImageTextToText.from_config(config).num_parameters()
        stored = sum(file.stat().st_size for file in path.glob("*.safetensors"))
        packed = 8 if getattr(config, "quantization_config", None) else 1  # parameters in a byte, at most
        if described > packed * stored:
            raise CheckpointError(
                f"{path}/config.json: describes {described} parameters, but the files hold {stored} bytes"
            )
    return config


def load_trainable_configuration(path: Path) -> Any:
    """The configuration of a checkpoint that the trainers can train. Raises CheckpointError for any other."""
    config = load_configuration(path)
    check_trainable(path, config)
    return config


def check_trainable(path: Path, config: Any) -> None:
    """Raise CheckpointError for the configuration in that folder if the trainers cannot train its model."""
    if config.model_type not in SHARED_PREFIX:
        known = ", ".join(SHARED_PREFIX)
        raise CheckpointError(f"{path}: model type {config.model_type!r} cannot be trained here; these can: {known}")
    _check_layers(path, config)


def load_weights(
    path: Path,
    device: str,
    dtype: str,
    trust_remote_code: bool = False,
    *,
    attention: str | None = None,
    four_bit: bool = False,
) -> Any:
    """The model in evaluation mode. Raises CheckpointError for missing tensors, UsageError for a device there is not.

    `attention` is one of transformers' implementations (None: its choice). With `four_bit` the weights of the language
    model's linear layers become bitsandbytes' NF4 (arXiv 2305.14314).
    """
    how: dict[str, Any] = {} if attention is None else {"attn_implementation": attention}
    if four_bit:
        how["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
            llm_int8_skip_modules=["model.visual", "lm_head"],
        )
    loaded: Any = AutoModelForImageTextToText.from_pretrained(
        path, dtype=dtype, use_safetensors=True, output_loading_info=True, **how, **_local(trust_remote_code)
    )
    model, loading = loaded
    if missing := sorted(loading["missing_keys"]):  # they would be drawn at random
        raise CheckpointError(f"{path}: {len(missing)} tensors are not in the files, e.g. {missing[0]}")
    try:
        model.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"device {device!r} cannot be used: {' '.join(str(error).split())[:200]}") from error
    return model.eval()


def load_processors(path: Path) -> tuple[Any, Any]:
    """Tokenizer and image processor of the Qwen2-VL family. Raises CheckpointError if the latter's sizes are impossible."""
    tokenizer = AutoTokenizer.from_pretrained(path, **_local())
    image_processor = AutoImageProcessor.from_pretrained(path, backend="pil", **_local())
    if min(image_processor.merge_size, image_processor.patch_size, image_processor.temporal_patch_size) < 1:
        raise CheckpointError(f"{path}/preprocessor_config.json: sizes must be at least 1")
    return tokenizer, image_processor


def scaled_size(image_processor: Any, pixels: Mapping[str, int]) -> dict[str, int]:
    """The `size` of an image processor with these limits of pixels in the place of its own.

    Raises DataError if it scales pictures by another rule than Qwen2-VL's.
    """
    size = dict(getattr(image_processor, "size", None) or {})
    least, most = size.get("shortest_edge"), size.get("longest_edge")
    if not hasattr(image_processor, "merge_size") or least is None or most is None:
        kind = type(image_processor).__name__
        raise DataError(
            f"{kind} scales pictures by a rule of its own: min_pixels and max_pixels are not for this model"
        )
    return {"shortest_edge": pixels.get("min_pixels", least), "longest_edge": pixels.get("max_pixels", most)}


def load_processor(path: Path, config: Any, trust_remote_code: bool = False) -> Any:
    """A model's own processor of texts and pictures; where torchvision is missing, without its video part, if it has one."""
    try:
        return AutoProcessor.from_pretrained(path, **_local(trust_remote_code))
    except (ImportError, ValueError) as error:
        if "torchvision" not in str(error).lower() or type(config) not in PROCESSOR_MAPPING:
            raise
    kind: Any = PROCESSOR_MAPPING[type(config)]
    stored, _ = kind.get_processor_dict(path, **_local())
    accepted = {*inspect.signature(kind.__init__).parameters} - {"self", "args", "kwargs"}
    settings = {name: value for name, value in stored.items() if name in accepted and not isinstance(value, dict)}
    parts: dict[str, Any] = dict.fromkeys(kind.get_attributes(), _ABSENT)
    parts["tokenizer"] = AutoTokenizer.from_pretrained(path, **_local())
    parts["image_processor"] = AutoImageProcessor.from_pretrained(path, **_local())
    return _tolerant(kind)(**{"chat_template": None, **settings, **parts})


class _Absent:
    """Stands where a processor's part for videos or sounds would; nothing is set in it."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


_ABSENT = _Absent()


def _tolerant(kind: type[Any]) -> type[Any]:
    """The class of processors, but that a part may be absent."""

    def check_argument_for_proper_class(self: Any, name: str, argument: Any) -> Any:
        return None if argument is _ABSENT else kind.check_argument_for_proper_class(self, name, argument)

    return type(kind.__name__, (kind,), {"check_argument_for_proper_class": check_argument_for_proper_class})


def _check_layers(path: Path, config: Any) -> None:
    if max(_layers(config), default=0) > MODEL_LAYERS:
        raise CheckpointError(f"{path}/config.json: more than {MODEL_LAYERS} layers")


def _check_attention(path: Path, described: Mapping[str, Any]) -> None:
    """Raise CheckpointError for an attention that is no name of transformers: it would be fetched from the hub, and run."""
    for name, value in described.items():
        if name.endswith(_ATTENTION) and value is not None and not _OWN_ATTENTION.fullmatch(str(value)):
            raise CheckpointError(
                f"{path}/config.json: {name} is {str(value)[:80]!r}, code that would be fetched: remove it from the file"
            )
        if isinstance(value, dict):
            _check_attention(path, value)


def _layers(config: Any) -> Iterator[int]:
    """How many layers a configuration and its parts say there are."""
    for part in (config, *(getattr(config, name, None) for name in config.sub_configs)):
        for name in ("num_hidden_layers", "num_layers", "depth"):
            if isinstance(number := getattr(part, name, None), int):
                yield number


def _local(trust_remote_code: bool = False) -> dict[str, Any]:
    """Nothing from the network, and no code of the checkpoint's unless the user trusts it."""
    return {"local_files_only": True, "trust_remote_code": trust_remote_code}
