"""Items from local files: JSONL with images beside it. Files are untrusted: paths stay in the folder, sizes are limited."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..harness.errors import DataError
from ..harness.types import Image, Item

MAX_LINE_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Record(Mapping[str, Any]):
    """One line of a data file, which knows where it stands, so that errors can say it."""

    fields: Mapping[str, Any]
    where: str

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def error(self, message: str) -> DataError:
        """A DataError that names the file and line."""
        return DataError(f"{self.where}: {message}")

    def text(self, key: str) -> str:
        """A column that must be there and be text (a number is taken as written)."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            present = ", ".join(sorted(self.fields))
            raise self.error(f"column {key!r} must be text, found {value!r:.60}; columns: {present:.300}")
        return str(value)

    def optional_text(self, key: str) -> str | None:
        """A column that may be missing or null."""
        return None if self.fields.get(key) is None else self.text(key)

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """A column that must be one of the texts in `allowed`."""
        value = self.text(key)
        if value not in allowed:
            raise self.error(f"column {key!r} must be one of {', '.join(allowed)}; found {value!r:.60}")
        return value

    def nested(self, key: str) -> Record:
        """A column that must be an object, as a record of its own."""
        value = self.fields.get(key)
        if not isinstance(value, dict):
            raise self.error(f"column {key!r} must be an object, found {value!r:.60}")
        return Record(value, f"{self.where}: in column {key!r}")

    def integer(self, key: str) -> int:
        """A column that must be an integer."""
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"column {key!r} must be an integer, found {value!r:.60}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A column that is a list of texts; missing or null is an empty one."""
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
            raise self.error(f"column {key!r} must be a list of texts, found {value!r:.60}")
        return tuple(str(v) for v in value)


@dataclass(frozen=True)
class ImageFolder:
    """The folder that image paths are relative to; nothing outside it can be read."""

    root: Path

    def image(self, record: Record, name: str) -> Image:
        """The picture `name`. Raises DataError if it is missing or outside the folder."""
        try:
            path = (self.root / name).resolve()
            exists = path.is_file()
        except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a null byte
            raise record.error(f"image {name!r:.60} is not a file name") from None
        if not path.is_relative_to(self.root.resolve()):
            raise record.error(f"image {name!r} lies outside the data folder {self.root}")
        if not exists:
            raise record.error(f"image {name!r} is missing: put it at {self.root / name}")
        return Image.of_file(path, name)


Parse: TypeAlias = Callable[[Record, ImageFolder], Item]


def read_records(path: Path) -> Iterator[Record]:
    """The lines of a JSONL file. Raises DataError for a missing file or a line that is not a JSON object."""
    try:
        lines = path.open("rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    with lines:
        number = 0
        while line := lines.readline(MAX_LINE_BYTES + 1):
            number += 1
            where = f"{path}:{number}"
            if len(line) > MAX_LINE_BYTES:
                raise DataError(f"{where}: the line is longer than {MAX_LINE_BYTES} bytes")
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: not valid JSON ({error})") from error
            if not isinstance(fields, dict):
                raise DataError(f"{where}: a line must be a JSON object")
            yield Record(fields, where)


def read_items(path: Path, parse: Parse) -> list[Item]:
    """All items of a JSONL file, in its order. Raises DataError, also when an id repeats or there is no item."""
    folder = ImageFolder(path.parent)
    items: dict[str, Item] = {}
    for record in read_records(path):
        item = parse(record, folder)
        if item.id in items:
            raise record.error(f"id {item.id!r} was already used in this file")
        items[item.id] = item
    if not items:
        raise DataError(f"{path}: no items in the file")
    return list(items.values())
