"""Data sets of the hub at a pinned revision, through `datasets` (the extra `data`). No code of a data set is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...harness.errors import DataError, MissingExtraError, install
from ..items import ImageFolder, Record, Source
from .parquet import columns_to_read, row_record
from .published import HubSet

if TYPE_CHECKING:
    import datasets

COMMIT = re.compile(r"[0-9a-f]{40}")
LOCAL = "local"
"""The revision of a folder on this machine, which has none."""


def resolve_revision(published: HubSet, revision: str) -> str:
    """The commit (40 hex digits) that a branch, tag or commit of a data set is; LOCAL for a folder on this machine.

    Raises DataError if the hub cannot be asked or knows no such revision, MissingExtraError without `datasets`.
    """
    if COMMIT.fullmatch(revision):
        return revision
    if Path(published.path).is_dir():
        return LOCAL
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise _no_extra() from error
    try:
        commit = HfApi().dataset_info(published.path, revision=revision).sha
    except Exception as error:  # also what its HTTP client raises where there is no network
        raise _refused(published, revision, error) from error
    if not commit or not COMMIT.fullmatch(commit):
        raise DataError(f"{published.path}: the hub names no commit for revision {revision!r:.60}")
    return commit


def open_hub(published: HubSet, revision: str) -> Source:
    """The records of a data set at a commit, or of a local folder of the same form.

    Raises DataError for a revision that is not pinned; reading raises it if the data set cannot be loaded.
    """
    if not (COMMIT.fullmatch(revision) or (revision == LOCAL and Path(published.path).is_dir())):
        raise DataError(f"{published.path}: revision {revision!r:.60} is no commit; pin one with `proctor suite pull`")
    name = f"{published.path}@{revision[:12]}"
    return Source(name, ImageFolder(None), _records(published, revision, name))


def _records(published: HubSet, revision: str, name: str) -> Iterator[Record | DataError]:
    for split in published.splits:
        loaded = _load(published, split, revision)
        columns = columns_to_read(f"{name} {split}", published.layout, list(loaded.column_names))
        rows = loaded if columns is None else loaded.select_columns(columns)
        for number, row in enumerate(_encoded(rows)):
            yield row_record(row, published.layout, f"{name} {split}: row {number + 1}", number, split)


def _load(published: HubSet, split: str, revision: str) -> datasets.Dataset:
    try:
        from datasets import Dataset, load_dataset
        from datasets.exceptions import DatasetsError
    except ImportError as error:
        raise _no_extra() from error
    # a folder has no revision that its cached form could be known by, so it is read anew
    anew = {"download_mode": "force_redownload", "verification_mode": "no_checks"}
    pinned: dict[str, Any] = anew if revision == LOCAL else {"revision": revision}
    try:
        loaded = load_dataset(published.path, name=published.config, split=split, **pinned)
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        raise _refused(published, revision, error) from error
    if not isinstance(loaded, Dataset):
        raise DataError(f"{published.path}: split {split!r} is not one table")
    return loaded


def _encoded(rows: datasets.Dataset) -> datasets.Dataset:
    """The same rows with pictures as their encoded bytes, never decoded."""
    from datasets import Image

    for column, feature in rows.features.items():
        if isinstance(feature, Image):
            rows = rows.cast_column(column, Image(decode=False))
        elif isinstance(getattr(feature, "feature", None), Image):  # a list of pictures
            rows = rows.cast_column(column, type(feature)(Image(decode=False)))
    return rows


def _no_extra() -> MissingExtraError:
    return MissingExtraError(f"to read the hub, install the extra `data`: {install('data')}")


def _refused(published: HubSet, revision: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return DataError(f"{published.path}: cannot load revision {revision:.40} from the hub: {reason}")
