"""Adapters on torch: in a model's layers, or merged into its weights. Needs peft."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import CheckpointError, MissingExtraError, install
from ..runs.provenance import CONFIGURATION_FILES
from .loading import load_weights


def adapt(model: Any, adapter: Path, merge: bool) -> Any:
    """The model with the adapter in its layers, or its weights changed by it.

    Raises CheckpointError for an adapter of another model, MissingExtraError without peft.
    """
    try:
        from peft import LoraConfig, PeftModel  # noqa: PLC0415 - few need it
    except ImportError as error:
        raise MissingExtraError(f"an adapter needs peft: {install('adapters')} ({error})") from error
    config = LoraConfig.from_pretrained(str(adapter))
    config.inference_mode = True
    adapted = PeftModel(model, config, low_cpu_mem_usage=True)  # no memory for ranks that the file does not have
    renamed = getattr(model, "_checkpoint_conversion_mapping", {})
    loading = adapted.load_adapter(
        adapter, "default", torch_device=str(model.device), low_cpu_mem_usage=True, key_mapping=renamed
    )
    if strange := sorted({*loading.missing_keys, *loading.unexpected_keys}):
        raise CheckpointError(
            f"{adapter}: {len(strange)} tensors do not fit the base model, e.g. {strange[0]}: is it another's adapter?"
        )
    return (adapted.merge_and_unload() if merge else adapted.get_base_model()).eval()


def merged_checkpoint(base: Path, adapter: Path, trust_remote_code: bool) -> TemporaryDirectory[str]:
    """A folder with the base's weights changed by the adapter, in the base's precision; it is removed with the object."""
    folder = TemporaryDirectory(prefix="proctor-merged-")
    model = load_weights(base, "cpu", "auto", trust_remote_code)
    adapt(model, adapter, merge=True).save_pretrained(folder.name)
    for file in base.iterdir():
        beside = file.name in CONFIGURATION_FILES or (trust_remote_code and file.suffix == ".py")
        if beside and not (Path(folder.name) / file.name).exists():
            shutil.copy(file, folder.name)
    return folder
