"""Checkpoints on disk: which folders are some, and whether they are whole. Nothing is loaded or unpickled."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError, DataError
from ..files import check_regular
from ..limits import MIB, SAFETENSORS_HEADER_BYTES
from .hub_checkpoint import hub_commit
from .provenance import configuration_digest, weights_digest

COMPLETE = "COMPLETE"
"""A file of this name says that a checkpoint's writer is done with it."""

ADAPTER = "adapter_config.json"
"""A folder with a file of this name holds an adapter."""

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"

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
    shards = _shards(checkpoint)
    for shard in shards:
        check_safetensors(shard)
    _check_tied(checkpoint, shards)
    for files, what in ((TOKENIZER_FILES, "tokenizer"), (PROCESSOR_FILES, "image processor")):
        if not any((checkpoint / name).is_file() for name in files):
            wanted = " or ".join(files)
            raise CheckpointError(f"{checkpoint}: no {what} ({wanted}): copy it from the base model into this folder")


@dataclass(frozen=True)
class FolderState:
    """What the files of a checkpoint look like from outside: (name, inode, bytes, nanoseconds of its date) of each.

    Two states that are equal are of the same bytes, unless somebody hides it.
    """

    files: frozenset[tuple[str, int, int, int]]

    @classmethod
    def of(cls, checkpoint: Path) -> FolderState | None:
        """As it is now; None if a file went away while we looked."""
        try:
            found = [(path, path.stat()) for path in checkpoint.rglob("*")]
        except OSError:
            return None
        files = [(path, one) for path, one in found if stat.S_ISREG(one.st_mode)]
        return cls(
            frozenset(
                (str(path.relative_to(checkpoint)), one.st_ino, one.st_size, one.st_mtime_ns) for path, one in files
            )
        )

    @property
    def marked(self) -> bool:
        """True if there is a COMPLETE mark, and no file is newer than it."""
        marks = [date for name, _, _, date in self.files if name == COMPLETE]
        return bool(marks) and marks[0] >= self.newest

    @property
    def newest(self) -> int:
        """The last date of a file, in nanoseconds since 1970; 0 if there is none."""
        return max((date for *_, date in self.files), default=0)


def check_filled(checkpoint: Path) -> None:
    """Raise CheckpointError if a file of the weights has its length but not yet its content: a hole.

    Where the file system tells of none, there is none.
    """
    for file in _shards(checkpoint):
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            try:
                hole = os.lseek(stream.fileno(), 0, os.SEEK_HOLE)
            except OSError:
                continue
        if hole < size:
            raise CheckpointError(
                f"{file}: unfinished: nothing was written from byte {hole} on; if that is meant, make an empty file "
                f"{COMPLETE} beside it"
            )


def _shards(checkpoint: Path) -> list[Path]:
    """The files of the weights. Raises CheckpointError where they could be several: engines choose differently."""
    index, single = checkpoint / INDEX, checkpoint / SINGLE
    if not index.is_file():
        found = sorted(checkpoint.glob("*.safetensors"))
        if not found:
            raise CheckpointError(f"{checkpoint}: no *.safetensors file: not a checkpoint in Hugging Face format")
        if single in found and len(found) > 1:
            other = next(file.name for file in found if file != single)
            raise CheckpointError(
                f"{checkpoint}: holds {SINGLE} and {other}, and no index says which are its weights: remove one of them"
            )
        return found
    weights = read_json(index).get("weight_map")
    if not isinstance(weights, dict) or not all(isinstance(name, str) for name in weights.values()):
        raise CheckpointError(f"{index}: has no weight_map")
    names = sorted(set(weights.values()))
    for name in names:  # anything else would be loaded, but not be part of the weights' digest
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise CheckpointError(f"{index}: {name!r} is not a *.safetensors file of this folder")
    if single.exists() and names != [SINGLE]:
        raise CheckpointError(
            f"{checkpoint}: holds {SINGLE} beside the {len(names)} files of {INDEX}: remove the one or the others"
        )
    return [checkpoint / name for name in names]


def check_safetensors(file: Path) -> None:
    """Raise CheckpointError unless a file is whole: its header says where the last tensor ends."""
    begin, tensors = _read_header(file)
    size, wanted = file.stat().st_size, max((one.end for one in tensors.values()), default=begin)
    if wanted != size:
        raise CheckpointError(f"{file}: unfinished: {size} bytes of {wanted}")


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in a file, from byte to byte, and what its bytes mean."""

    file: Path
    begin: int
    end: int
    kind: str
    shape: tuple[int, ...]


def _read_header(file: Path) -> tuple[int, dict[str, _Tensor]]:
    """The byte at which the tensors of a safetensors file begin, and the tensors by name.

    Raises CheckpointError for a damaged header.
    """
    if file.exists() and not file.is_file():
        raise CheckpointError(f"{file}: is no file")
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > min(size, SAFETENSORS_HEADER_BYTES):
                raise ValueError(f"header of {length} bytes")
            header = json.loads(stream.read(length))
        found = {}
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = map(int, entry["data_offsets"])
                if not 0 <= begin <= end:
                    raise ValueError(f"a tensor from byte {begin} to {end}")
                shape = tuple(map(int, entry["shape"]))
                found[name] = _Tensor(file, 8 + length + begin, 8 + length + end, str(entry["dtype"]), shape)
        return 8 + length, found
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing, though the index names it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CheckpointError(f"{file}: unfinished or damaged ({str(error)[:100]})") from error


def _check_tied(checkpoint: Path, shards: list[Path]) -> None:
    """Raise CheckpointError if the configuration ties the last layer to the embeddings, and the files have another one.

    It would be read by nobody, though a training may have meant it.
    """
    config = read_json(checkpoint / "config.json")
    text = config.get("text_config")
    inner = text.get("tie_word_embeddings") if isinstance(text, dict) else None
    if config.get("tie_word_embeddings", inner) is not True:
        return
    found = {name: tensor for shard in shards for name, tensor in _read_header(shard)[1].items()}
    heads = [tensor for name, tensor in found.items() if name.endswith("lm_head.weight")]
    embeddings = [tensor for name, tensor in found.items() if name.endswith("embed_tokens.weight")]
    if len(heads) == len(embeddings) == 1 and not _same(heads[0], embeddings[0]):
        raise CheckpointError(
            f"{checkpoint}: config.json ties lm_head to the embeddings, but {heads[0].file.name} holds another lm_head: "
            "set tie_word_embeddings to false, or leave lm_head.weight out of the file"
        )


def _same(one: _Tensor, other: _Tensor) -> bool:
    """True if two tensors are equal, byte by byte."""
    if (one.kind, one.shape, one.end - one.begin) != (other.kind, other.shape, other.end - other.begin):
        return False
    with one.file.open("rb") as first, other.file.open("rb") as second:
        first.seek(one.begin)
        second.seek(other.begin)
        left = one.end - one.begin
        while left > 0:
            length = min(left, MIB)
            if first.read(length) != second.read(length):
                return False
            left -= length
    return True


def read_json(file: Path) -> dict[str, object]:
    """The JSON object in a file. Raises CheckpointError for anything else."""
    try:
        check_regular(file)
        value = json.loads(file.read_bytes())
    except DataError as error:
        raise CheckpointError(str(error)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{file}: cannot be read as JSON ({str(error)[:100]})") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{file}: is not a JSON object")
    return value
