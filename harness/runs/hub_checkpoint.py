"""Checkpoints by their names on the hub: found in huggingface_hub's cache, fetched into it, known by their commit.

What stands in the cache is used as it is, so that the same name stays the same model; OWNER/NAME@REVISION asks for another
commit, branch or tag.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from ..errors import CheckpointError, MissingExtraError, install

_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,100}))?", re.ASCII)
_FILES = ("*.json", "*.jinja", "*.model", "*.py", "*.safetensors", "*.txt")
"""What is fetched: nothing that would have to be unpickled."""


HUB_SECONDS = 15.0


class HubCommit(NamedTuple):
    """A commit of a model on the hub."""

    model: str
    commit: str


class NotFetchedError(CheckpointError):
    """A model of the hub that is not in the cache; whether the hub has it was not asked."""


def find_checkpoint(target: str, *, fetch: bool = True) -> Path:
    """The folder of a checkpoint that is named by its path, or as on the hub: OWNER/NAME or OWNER/NAME@REVISION.

    find_checkpoint("Qwen/Qwen2.5-VL-7B-Instruct")

    What is not in huggingface_hub's cache is fetched into it; without `fetch` NotFetchedError is raised. Raises
    CheckpointError, with what to do, for a path that is not there, and for a model that cannot be had.
    """
    path = Path(target).expanduser()
    if path.exists():
        return path
    named = _ID.fullmatch(target)
    if named is None or target.endswith(".toml") or (path.parent.is_dir() and path.parent != Path()):
        raise CheckpointError(f"{target}: no such checkpoint folder{_nearest(path)}")
    return _snapshot(named["id"], named["revision"], fetch)


def check_on_hub(target: str) -> None:
    """Ask the hub whether it has a model, OWNER/NAME or OWNER/NAME@REVISION; nothing is fetched. Raises CheckpointError."""
    named = _ID.fullmatch(target)
    if named is None:
        raise CheckpointError(f"{target}: no such checkpoint folder")
    try:
        from huggingface_hub import HfApi  # noqa: PLC0415 - takes a moment
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"{target}: a model of the hub needs huggingface_hub: {install('local')}") from error
    try:
        HfApi().model_info(named["id"], revision=named["revision"], timeout=HUB_SECONDS)
    except HfHubHTTPError as error:
        raise CheckpointError(f"{target} is no folder, and the hub refuses it: {_reason(error)}") from error
    except Exception as error:  # whatever the hub's client raises where there is no network
        raise CheckpointError(
            f"{target} is no folder, and not in the hub's cache, and the hub cannot be reached"
        ) from error


def hub_commit(folder: Path) -> HubCommit | None:
    """Which commit of the hub a folder of huggingface_hub's cache is; None for any other folder."""
    *_, model, snapshots, commit = ("", "", *folder.absolute().parts)
    if snapshots != "snapshots" or not model.startswith("models--"):
        return None
    return HubCommit(model.removeprefix("models--").replace("--", "/"), commit)


def _snapshot(model: str, revision: str | None, fetch: bool) -> Path:
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - takes a moment
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            f"{model}: no such folder, and a model of the hub needs huggingface_hub: {install('local')}"
        ) from error
    get = f"hf download {model}{f' --revision {revision}' if revision else ''}"
    try:
        found = Path(snapshot_download(model, revision=revision, local_files_only=True, allow_patterns=list(_FILES)))
        if any(found.glob("*.safetensors")):
            return found
    except LocalEntryNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{model}: the hub's cache cannot be read: {_reason(error)}") from error
    if not fetch:
        raise NotFetchedError(f"{model} is no folder, and not in the hub's cache: {get}")
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=list(_FILES)))
    except HfHubHTTPError as error:
        raise CheckpointError(f"{model} is no folder, and the hub refuses it: {_reason(error)}") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{model} is no folder, and not in the hub's cache, and the hub cannot be reached; where it can: {get}"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _nearest(path: Path) -> str:
    """The folder beside it that is called almost so, if there is one."""
    try:
        beside = [one.name for one in path.parent.iterdir() if one.is_dir()] if path.parent.is_dir() else []
    except OSError:
        beside = []
    close = get_close_matches(path.name, beside, n=1)
    return f"; did you mean {path.parent / close[0]}?" if close else ""
