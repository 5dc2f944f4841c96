"""Checkpoints on disk: which folders are some, and whether they are whole. Nothing is loaded or unpickled."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError
from ..limits import SAFETENSORS_HEADER_BYTES
from .hub_checkpoint import hub_commit
from .provenance import configuration_digest, weights_digest

COMPLETE = "COMPLETE"
"""A file of this name says that a checkpoint's writer is done with it."""

ADAPTER = "adapter_config.json"
"""A folder with a file of this name holds an adapter."""

TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "tokenizer.model")
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint in Hugging Face format with the digests that identify it: read once, and handed on.

    base = Checkpoint.read(Path("models/Qwen2.5-VL-3B-Instruct"))
    base.name, base.identity()
    """

    path: Path
    weights: str
    configuration: str

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Of a folder, all of whose bytes are read. Raises CheckpointError, saying what is missing, unless it is whole."""
        check_whole(path)
        return cls(path, weights_digest(path), configuration_digest(path))

    @property
    def name(self) -> str:
        """A short name: the folder's own, after that of the training that wrote it."""
        return label(self.path)

    def identity(self) -> dict[str, str]:
        """The digests of weights and configuration; of a model of the hub also its name and commit."""
        found = {"weights": self.weights, "configuration": self.configuration}
        if commit := hub_commit(self.path):
            found["hub"] = f"{commit.model}@{commit.commit}"
        return found


def find_checkpoints(folder: Path) -> list[Path]:
    """The checkpoint folders directly under `folder` or its `checkpoints/`, by name; names with a dot are unfinished."""
    roots = [folder, folder / "checkpoints"]
    found = [child for root in roots if root.is_dir() for child in root.iterdir()]
    return sorted(child for child in found if not child.name.startswith(".") and (child / "config.json").is_file())


def label(checkpoint: Path) -> str:
    """A short name: the folder's own, after that of the training that wrote it; the hub's for a model of the hub."""
    if commit := hub_commit(checkpoint):
        return commit.model
    path = checkpoint.resolve()
    return f"{path.parent.parent.name}/{path.name}" if path.parent.name == "checkpoints" else path.name


def check_whole(checkpoint: Path) -> None:
    """Raise CheckpointError, saying what is missing, unless the folder holds a whole checkpoint with its processor."""
    if checkpoint.is_file() and (checkpoint.parent / "config.json").is_file():
        raise CheckpointError(f"{checkpoint}: is a file of a checkpoint: name its folder, {checkpoint.parent}")
    if not checkpoint.is_dir():
        raise CheckpointError(f"{checkpoint}: no such checkpoint folder")
    if not (checkpoint / "config.json").exists() and not (checkpoint / ADAPTER).exists():
        within = find_checkpoints(checkpoint)
        meant = f"; it holds checkpoints, like {within[-1]}" if within else ""
        raise CheckpointError(f"{checkpoint}: holds no config.json: no checkpoint in Hugging Face format{meant}")
    if (checkpoint / ADAPTER).exists():
        raise CheckpointError(f"{checkpoint}: holds an adapter: merge it into the base model's weights first")
    if "transformers_weights" in read_json(checkpoint / "config.json"):
        raise CheckpointError(f"{checkpoint}/config.json: transformers_weights redirects the weights: remove the entry")
    for shard in _shards(checkpoint):
        check_safetensors(shard)
    for files, what in ((TOKENIZER_FILES, "tokenizer"), (PROCESSOR_FILES, "image processor")):
        if not any((checkpoint / name).is_file() for name in files):
            wanted = " or ".join(files)
            raise CheckpointError(f"{checkpoint}: no {what} ({wanted}): copy it from the base model into this folder")


def still_being_written(checkpoint: Path, quiet: float) -> bool:
    """True if there is no COMPLETE mark and a file changed within the last `quiet` seconds."""
    if (checkpoint / COMPLETE).exists():
        return False
    try:
        newest = max(file.stat().st_mtime for file in (checkpoint, *checkpoint.rglob("*")))
    except OSError:
        return True  # a file went away while we looked
    return time.time() - newest < quiet


def _shards(checkpoint: Path) -> list[Path]:
    index = checkpoint / "model.safetensors.index.json"
    if not index.is_file():
        found = sorted(checkpoint.glob("*.safetensors"))
        if not found:
            raise CheckpointError(f"{checkpoint}: no *.safetensors file: not a checkpoint in Hugging Face format")
        return found
    weights = read_json(index).get("weight_map")
    if not isinstance(weights, dict) or not all(isinstance(name, str) for name in weights.values()):
        raise CheckpointError(f"{index}: has no weight_map")
    names = sorted(set(weights.values()))
    for name in names:  # anything else would be loaded, but not be part of the weights' digest
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise CheckpointError(f"{index}: {name!r} is not a *.safetensors file of this folder")
    return [checkpoint / name for name in names]


def check_safetensors(file: Path) -> None:
    """Raise CheckpointError unless a file is whole: its header says where the last tensor ends."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > min(size, SAFETENSORS_HEADER_BYTES):
                raise ValueError(f"header of {length} bytes")
            header = json.loads(stream.read(length))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        wanted = 8 + length + max(ends, default=0)
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing, though the index names it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CheckpointError(f"{file}: unfinished or damaged ({str(error)[:100]})") from error
    if wanted != size:
        raise CheckpointError(f"{file}: unfinished: {size} bytes of {wanted}")


def read_json(file: Path) -> dict[str, object]:
    """The JSON object in a file. Raises CheckpointError for anything else."""
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{file}: cannot be read as JSON ({str(error)[:100]})") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{file}: is not a JSON object")
    return value
