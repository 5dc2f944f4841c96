"""What questions are made about: a folder of pictures, or the items of a training set or suite without their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.items import ImageFolder, Problems, Record
from ...benchmarks.lock import HUB_DATA, LOCK, load_locked
from ...benchmarks.registry import SUITES
from ...harness.errors import DataError, UsageError
from ...harness.images import decode
from ...harness.limits import PICTURE_ASPECT, PICTURE_BYTES
from ...harness.types import Item, digest_all
from ..data import TITLES, UNLABELLED, data_set
from ..recipe import PromptSettings
from ..sampler import training_prompts, unlabelled
from .folder import SUFFIXES

DRAWN = 512
"""So many figures are drawn where no limit says how many."""


@dataclass(frozen=True)
class PromptSource:
    """Items in their order, without labels; `name` is for the record."""

    name: str
    items: Sequence[Item]

    @property
    def digest(self) -> str:
        """SHA-256 over the items, and through them over their pictures."""
        return digest_all(item.to_json() for item in self.items)


def open_source(name: str, data: Path | None, limit: int | None, seed: int, lock: Path = LOCK) -> PromptSource:
    """The first `limit` items of a training set or suite of that name, else the pictures of the folder `name`.

    Training sets are of the hub unless `data` says where, suites are the bundled sample; figures are drawn for training.
    Raises UsageError for neither, DataError for bad data or pictures.
    """
    if name == "figures" and data is None:
        return PromptSource(
            name, [unlabelled(item) for item in training_prompts(PromptSettings(), seed)(0, limit or DRAWN)]
        )
    if name in TITLES or name in SUITES.names():
        found = load_locked(data_set(name), data or (HUB_DATA if name in TITLES else None), lock)[:limit]
        return PromptSource(name, [unlabelled(item) for item in found])
    if data is not None:
        raise UsageError(f"--data belongs to a set by name, and {name!r:.80} is none: {_known()}")
    if not Path(name).is_dir():
        raise UsageError(f"{name!r:.80} is no folder of pictures, and no set: {_known()}")
    return PromptSource(name, _pictures(Path(name), limit))


def _known() -> str:
    return f"there are {', '.join((*TITLES, *SUITES.names()))}"


def _pictures(root: Path, limit: int | None) -> list[Item]:
    """The pictures of a folder and its subfolders, by name; hidden ones do not count. Raises DataError that tells of each
    that is too large, cannot be decoded or lies outside the folder.
    """
    names = sorted(_names(root))[:limit]
    if not names:
        raise DataError(f"{root}: no picture ({', '.join(SUFFIXES)}) in this folder")
    problems, items = Problems(str(root)), []
    for link in (path for path in root.rglob("*") if path.is_symlink() and path.is_dir()):
        problems.add(DataError(f"{link}: a link to a folder is not followed: name that folder, or remove the link"))
    for name in names:
        try:
            items.append(_picture(root, name))
        except DataError as problem:
            problems.add(problem)
    if problems.count:
        raise problems.error()
    return items


def _names(root: Path) -> Iterator[str]:
    for file in root.rglob("*"):
        name = file.relative_to(root)
        if file.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in name.parts) and file.is_file():
            yield name.as_posix()


def _picture(root: Path, name: str) -> Item:
    record = Record({}, str(root / name))
    if (root / name).stat().st_size > PICTURE_BYTES:
        raise record.error(f"the picture has more than {PICTURE_BYTES} bytes")
    image = ImageFolder(root).image(record, name)
    sides = decode(image).size
    if max(sides) > PICTURE_ASPECT * min(sides):
        raise record.error(f"the picture is too long and thin ({sides[0]} x {sides[1]})")
    answer, answer_type = UNLABELLED
    return Item(name, "pictures", "", answer, answer_type, images=(image,), cluster=name)
