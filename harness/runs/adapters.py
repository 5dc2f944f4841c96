"""Adapters: folders with changes of another checkpoint's weights, as peft writes them. Nothing is loaded or unpickled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError, UsageError
from ..types import digest
from .checkpoints import ADAPTER, Checkpoint, check_safetensors, check_whole, label, read_json
from .hub_checkpoint import find_checkpoint
from .provenance import file_sha256

WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True)
class Adapter:
    """A folder with an adapter for the checkpoint in `base`, and the digest of its weights and configuration."""

    path: Path
    base: Path
    digest: str

    @classmethod
    def read(cls, path: Path, base: str | None) -> Adapter:
        """Of a folder; `base`, a folder or a name on the hub, replaces what it names. Raises CheckpointError."""
        found = find_base(path, base)
        return cls(path, found, digest({name: file_sha256(path / name) for name in (ADAPTER, WEIGHTS)}))


def find_base(path: Path, base: str | None) -> Path:
    """The folder of an adapter's base model: `base`, or what the adapter names. Nothing is fetched.

    Raises CheckpointError for an adapter that is not LoRA or not whole, and for a base model that is not here.
    """
    settings = read_json(path / ADAPTER)
    if settings.get("peft_type") != "LORA":
        raise CheckpointError(f"{path}/{ADAPTER}: peft_type {settings.get('peft_type')!r:.40} is not LORA: merge it")
    if settings.get("megatron_config"):  # peft would import the module that it names
        raise CheckpointError(f"{path}/{ADAPTER}: megatron_config is not for here: remove the entry")
    if not (path / WEIGHTS).is_file():
        raise CheckpointError(f"{path}: no {WEIGHTS}: weights in another format are not loaded")
    check_safetensors(path / WEIGHTS)
    named = base or settings.get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise CheckpointError(f"{path}: names no base model: give it with --engine-option base=DIR")
    try:
        return find_checkpoint(named, fetch=False)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: its base model: {error}; or give it with --engine-option base=DIR") from error


def check_model(path: Path, base: str | None) -> None:
    """Raise CheckpointError unless the folder holds a whole checkpoint, or a whole adapter of one. Takes no time."""
    check_whole(find_base(path, base) if (path / ADAPTER).is_file() else path)


@dataclass(frozen=True)
class AdaptedCheckpoint:
    """A whole checkpoint, changed by an adapter or as it is.

    model = AdaptedCheckpoint.read(Path("adapters/geometry"), base=None)
    model.checkpoint.path, model.adapter.path, model.identity()
    """

    checkpoint: Checkpoint
    adapter: Adapter | None = None

    @classmethod
    def read(cls, path: Path, base: str | None) -> AdaptedCheckpoint:
        """Of a folder with either; `base` is for an adapter alone. Raises CheckpointError and UsageError."""
        if not (path / ADAPTER).is_file():
            if base is not None:
                raise UsageError(f"option base: {path} is no adapter: it has no {ADAPTER}")
            return cls(Checkpoint.read(path))
        adapter = Adapter.read(path, base)
        return cls(Checkpoint.read(adapter.base), adapter)

    @property
    def name(self) -> str:
        """A short name: that of the adapter, if there is one."""
        return label(self.adapter.path) if self.adapter else self.checkpoint.name

    def identity(self) -> dict[str, str]:
        """The digests of weights, configuration and adapter."""
        return {**self.checkpoint.identity(), **({"adapter": self.adapter.digest} if self.adapter else {})}
