"""A local file or folder as a source: the suffix says which reader, and pictures are relative to the folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from ...harness.errors import DataError, UsageError
from ...harness.files import check_regular
from ..items import ImageFolder, Record, Source
from .jsonl import read_jsonl
from .layout import ROW, SPLIT, Layout, arrange
from .parquet import read_parquet
from .published import Published
from .tsv import read_tsv

SUFFIXES = (".jsonl", ".parquet", ".tsv")
WORDS = ("sample", "hub")
"""What stands for data that are in no file."""


def open_local(published: Published, path: Path) -> Source:
    """The records of a .jsonl, .parquet or .tsv file, of a folder that holds one or parquet files as the hub has them, or
    of a checkout of the benchmark's own repository.

    Raises UsageError for what is not there and for another suffix, DataError for a folder without data or with several
    files to choose from.
    """
    checkout = published.checkout.open(path) if published.checkout else None
    if checkout is not None:
        return checkout
    hub = [one.layout for one in (published.hub, *published.further.values()) if one]
    vlmevalkit = published.vlmevalkit.layout if published.vlmevalkit else None
    if path.is_dir():
        files = _files_of(published, path)
        if files[0].suffix == ".parquet":
            return Source(str(path), ImageFolder(path), read_parquet(files, hub))
        return open_local(published, files[0])
    check_regular(path)
    folder = ImageFolder(path.parent)
    if path.suffix == ".jsonl":
        return Source(str(path), folder, _named(published.jsonl, path, read_jsonl(path)))
    if path.suffix == ".parquet":
        return Source(str(path), folder, read_parquet([path], hub))
    if path.suffix == ".tsv":
        return Source(str(path), folder, read_tsv(path, vlmevalkit))
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder{_meant(published, path)}")
    raise UsageError(f"{path}: data must be a {', '.join(SUFFIXES)} file or a folder of one, not {path.suffix!r}")


def _meant(published: Published, path: Path) -> str:
    """What somebody may have meant who names data that are not there."""
    beside: list[str] = []
    with suppress(OSError):
        beside = [one.name for one in path.parent.iterdir()]
    close = get_close_matches(path.name, [*(WORDS if path.parent == Path() else ()), *sorted(beside)], n=1)
    if close:
        return f"; did you mean {path.parent / close[0]}?"
    if len(path.parts) == 2 and published.hub:
        return (
            f"; the hub's {published.hub.path} is asked by `--data hub`, once `proctor suite pull SUITE` has pinned it"
        )
    words = "`sample` or `hub`" if published.hub else "`sample`"
    return f"; data are a {', '.join(SUFFIXES)} file or a folder of one, {words}"


def _named(layout: Layout | None, path: Path, records: Iterable[Record | DataError]) -> Iterator[Record | DataError]:
    """The records; with a layout, those without an `id` are rows of it, which have a split and a number."""
    for number, record in enumerate(records):
        if layout is None or isinstance(record, DataError) or "id" in record:
            yield record
        else:
            yield arrange({**record, ROW: number, SPLIT: path.stem.partition("-")[0]}, layout, record.where)


def _files_of(published: Published, folder: Path) -> list[Path]:
    """The data files of a folder: one, or the parquet files of the suite's splits in the order of the splits."""
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in SUFFIXES and file.is_file()]
    if not files:
        lacking = published.checkout.lacking(folder) if published.checkout else None
        none = f"{folder}: no {', '.join(SUFFIXES)} file in this folder, and no checkout of the suite's repository"
        raise DataError(lacking or none)
    if len(files) > 1 and all(file.suffix == ".parquet" for file in files):
        splits = published.hub.splits if published.hub else ()
        ranked = [(splits.index(split), file) for file in files if (split := file.stem.partition("-")[0]) in splits]
        if ranked:
            return [file for _, file in sorted(ranked)]
    elif len(files) == 1:
        return files
    names = ", ".join(str(file.relative_to(folder)) for file in files[:5])
    raise DataError(f"{folder}: several data files: {names}{', ...' if len(files) > 5 else ''}; name one of them")
