"""Which items of a suite were trained on: pictures by their bytes and by their looks, questions by their text.

A training writes the fingerprints of its items into its folder; an examination of one of its checkpoints counts the suite's
items that have one of them, and says "unknown" of a model without such a file. What a model saw before (its pretraining)
is known to nobody here, so a count is of what the recorded trainings add.

The look of a picture is a 64-bit perceptual hash: which of the 64 lowest frequencies (of a DCT of the grey picture at 32 x
32, without the mean) are above their median. Most neighbouring cells of a line drawing are alike, so a hash of their
differences hardly tells drawings apart; frequencies do.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from ..harness.errors import DataError
from ..harness.files import write_atomic
from ..harness.images import decode
from ..harness.limits import FINGERPRINTS_BYTES
from ..harness.types import Image, Item, Json
from .sampler import Batches

TRAINED_ON = "trained_on.json"
NEAR_BITS = 4
"""Pictures whose hashes differ in at most so many of 64 bits look the same. Of 44,850 pairs of drawn triangles, circles and
lines none came nearer than 12; all of their copies, resized by 0.4 to 1.7 or re-encoded at quality 30 to 70, were within 4.
Drawings of one family can be as near without being the same: of the test pictures of `figures`, which training never draws,
about 1 in 100 is as near to one of 960 that it draws."""
MIN_QUESTION = 40
"""Shorter questions ("Find x.") are asked of many pictures: the same text says nothing."""

_VERSION = 1
_SIDE, _LOW = 32, 12
_FLAT = 2.0  # a spread of grey levels below this is a blank sheet, which looks like any other
_LEVELS_UP = 2  # a checkpoint lies in the training's folder, or in `checkpoints` in it
_PRINT = re.compile(r"[0-9a-f]{16}")
_DROPPED = re.compile(r"<image\d*>|\\left\b|\\right\b|\\[,;! ]|[\s$~]+")

_WAVES = np.cos(np.pi / (2 * _SIDE) * np.outer(np.arange(_LOW), 2 * np.arange(_SIDE) + 1))
_LOWEST = sorted(product(range(_LOW), repeat=2), key=lambda place: (sum(place), place))[1:65]


@lru_cache(maxsize=2**16)
def image_fingerprint(image: Image) -> int | None:
    """The 64-bit perceptual hash of a picture; None for one that is blank or cannot be decoded."""
    try:
        small = decode(image).convert("L").resize((_SIDE, _SIDE), PilImage.Resampling.LANCZOS)
    except DataError:
        return None
    grey = np.asarray(small, dtype=np.float64)
    if grey.std() < _FLAT:
        return None
    frequencies = _WAVES @ grey @ _WAVES.T
    low = np.array([frequencies[place] for place in _LOWEST])
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def question_print(question: str) -> str | None:
    """Sixteen hex digits of a question's text without case, spaces, marks of pictures and the last stop; None if short."""
    text = _DROPPED.sub("", unicodedata.normalize("NFKC", question).casefold()).rstrip(".?!:")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if len(text) >= MIN_QUESTION else None


@dataclass(frozen=True)
class Fingerprints:
    """What was trained on: pictures by 16 hex digits of their SHA-256 and by their looks, and questions."""

    pictures: frozenset[str]
    looks: frozenset[int]
    questions: frozenset[str]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Fingerprints:
        """Those of items, each of which may come more than once."""
        pictures: dict[str, int | None] = {}
        questions = set()
        for item in items:
            for image in item.images:
                if image.sha256[:16] not in pictures:
                    pictures[image.sha256[:16]] = image_fingerprint(image)
            questions.add(question_print(item.question))
        looks = frozenset(look for look in pictures.values() if look is not None)
        return cls(frozenset(pictures), looks, frozenset(question for question in questions if question is not None))

    def __or__(self, other: Fingerprints) -> Fingerprints:
        return Fingerprints(self.pictures | other.pictures, self.looks | other.looks, self.questions | other.questions)

    def to_bytes(self) -> bytes:
        """The text of TRAINED_ON: the same for the same items in any order."""
        looks = [f"{look:016x}" for look in sorted(self.looks)]
        record = {"pictures": sorted(self.pictures), "looks": looks, "questions": sorted(self.questions)}
        return (json.dumps({"version": _VERSION, **record}) + "\n").encode()

    @classmethod
    def read(cls, file: Path) -> Fingerprints:
        """The inverse of `to_bytes`. Raises DataError for a file that is no such file."""
        try:
            if file.stat().st_size > FINGERPRINTS_BYTES:
                raise ValueError(f"more than {FINGERPRINTS_BYTES} bytes")
            stored = json.loads(file.read_bytes())
            if stored["version"] != _VERSION:
                raise ValueError(f"version {stored['version']!r:.20}, not {_VERSION}")
            pictures, looks, questions = (frozenset(stored[key]) for key in ("pictures", "looks", "questions"))
            if not all(_PRINT.fullmatch(mark) for mark in pictures | looks | questions):
                raise ValueError("a fingerprint is not of 16 hex digits")
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
        return cls(pictures, frozenset(int(look, 16) for look in looks), questions)


def write_fingerprints(
    folder: Path, batches: Batches, steps: int, prompts: int, base: Path, *, anew: bool = False
) -> None:
    """Write what `steps` steps of `prompts` prompts train on into a training's folder, with what `base` was trained on.

    A file that is there stays unless it is written `anew`: a training that is resumed to the same end trains on the same.
    Raises StoreError, and DataError for a damaged file of the base.
    """
    if (folder / TRAINED_ON).exists() and not anew:
        return
    fingerprints = Fingerprints.of(item for step in range(steps) for item in batches(step, prompts))
    before = trained_on(base)
    write_atomic(folder / TRAINED_ON, (fingerprints | before if before else fingerprints).to_bytes())


def trained_on(model: str | Path) -> Fingerprints | None:
    """The fingerprints in a checkpoint's folder or in that of the training that it lies in; None if there are none.

    Raises DataError for a damaged file.
    """
    try:
        checkpoint = Path(model).resolve()
        is_checkpoint = (checkpoint / "config.json").is_file()
    except (OSError, ValueError):  # a name on a server need not be one of a file
        return None
    if not is_checkpoint:
        return None
    for folder in (checkpoint, *checkpoint.parents[:_LEVELS_UP]):
        if (folder / TRAINED_ON).is_file():
            return Fingerprints.read(folder / TRAINED_ON)
    return None


@dataclass(frozen=True)
class Contamination:
    """How an item was found in training, by its id: "picture" (the same bytes), "near picture", "question"."""

    items: int
    found: Mapping[str, tuple[str, ...]]

    def to_json(self) -> Json:
        """Counts of items: all that were found, and how; one can be found by several of its marks."""
        ways = Counter(way for item in self.found.values() for way in item)
        return {
            "items": self.items,
            "overlapping": len(self.found),
            "picture": ways["picture"],
            "near_picture": ways["near picture"],
            "question": ways["question"],
        }


def contamination(items: Sequence[Item], trained: Fingerprints) -> Contamination:
    """Which of a suite's items have a fingerprint of those trained on."""
    looks = _rows(sorted(trained.looks))
    near = lru_cache(maxsize=None)(lambda image: _is_near(image_fingerprint(image), looks))

    def ways(item: Item) -> Iterator[str]:
        same = [image.sha256[:16] in trained.pictures for image in item.images]
        if any(same):
            yield "picture"
        if any(near(image) for image, same_bytes in zip(item.images, same, strict=True) if not same_bytes):
            yield "near picture"
        if question_print(item.question) in trained.questions:
            yield "question"

    ways_by_id = {item.id: tuple(ways(item)) for item in items}
    return Contamination(len(items), {item_id: how for item_id, how in ways_by_id.items() if how})


def _rows(looks: Sequence[int]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(look.to_bytes(8, "big") for look in looks), dtype=np.uint8).reshape(-1, 8)


def _is_near(look: int | None, looks: NDArray[np.uint8]) -> bool:
    if look is None or not len(looks):
        return False
    differing = np.unpackbits(looks ^ _rows([look]), axis=1).sum(axis=1)
    return bool(differing.min() <= NEAR_BITS)
