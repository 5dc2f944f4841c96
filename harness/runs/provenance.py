"""Where a result came from: digests of checkpoints, versions of packages, state of the source tree, the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import CheckpointError
from ..types import Json, digest

CONFIGURATION_FILES = (
    "config.json",
    "model.safetensors.index.json",
    "adapter_config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "processor_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
)
PACKAGES = ("proctor", "numpy", "pillow", "torch", "transformers", "tokenizers", "safetensors")


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_digest(checkpoint: Path) -> str:
    """SHA-256 over the names and contents of a checkpoint's safetensors files. Raises CheckpointError if there is none."""
    try:
        files = sorted(checkpoint.glob("*.safetensors"))
        if not files:
            raise CheckpointError(f"{checkpoint}: no *.safetensors file: not a checkpoint in Hugging Face format")
        if irregular := [file for file in files if not file.is_file()]:
            raise CheckpointError(f"{irregular[0]}: is no file")
        return digest({file.name: file_sha256(file) for file in files})
    except OSError as error:
        raise CheckpointError(f"{checkpoint}: cannot be read: {error.strerror}") from error


def configuration_digest(checkpoint: Path) -> str:
    """SHA-256 over the files beside the weights that change answers: config, index, tokenizer, template, processor."""
    present = [checkpoint / name for name in CONFIGURATION_FILES if (checkpoint / name).is_file()]
    return digest({file.name: file_sha256(file) for file in present})


def code_digest(checkpoint: Path) -> str:
    """SHA-256 over the Python files of a checkpoint, by their paths in it."""
    files = sorted(file for file in checkpoint.rglob("*.py") if file.is_file())
    return digest({str(file.relative_to(checkpoint)): file_sha256(file) for file in files})


def package_versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of those packages that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def source_state() -> Mapping[str, Json]:
    """Commit and dirtiness of the source tree that this code runs from; nulls where it is no git checkout."""
    folder = Path(__file__).resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    inside = commit is not None and _git(folder, "ls-files", "--error-unmatch", Path(__file__).name) is not None
    if not inside:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def environment() -> dict[str, Json]:
    """What is recorded, but not compared, with a run."""
    return {
        "python": platform.python_version(),
        "packages": package_versions(),
        "source": dict(source_state()),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
    }
