"""The nouns of an examination: frozen dataclasses on the standard library alone, with their JSON forms.

A `Suite` holds `Item`s; a protocol makes of each item a `Prompt`; an engine answers a `Request` with `Response`s; a
protocol makes of each response a `Verdict`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from .errors import DataError

Json: TypeAlias = Any
Meta: TypeAlias = Mapping[str, "str | int | float | bool | tuple[str, ...] | None"]


def canonical_json(value: Json) -> str:
    """The one JSON text of a value: sorted keys, no spaces, ASCII (so that any text has one). Digests are taken of it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Json) -> str:
    """SHA-256 (hex) of the canonical JSON of a value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_all(values: Iterable[Json]) -> str:
    """SHA-256 (hex) over the canonical JSON lines of a sequence of values."""
    total = hashlib.sha256()
    for value in values:
        total.update(canonical_json(value).encode() + b"\n")
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by the SHA-256 of its encoded bytes; `origin` is the file that holds them, or the bytes themselves."""

    sha256: str
    name: str
    origin: Path | bytes = field(compare=False, repr=False)

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> Image:
        """A picture held in memory, e.g. one that was drawn."""
        return cls(hashlib.sha256(data).hexdigest(), name, data)

    @classmethod
    def of_file(cls, path: Path, name: str) -> Image:
        """A picture in a file. Raises DataError if it cannot be read."""
        try:
            return cls(hashlib.sha256(path.read_bytes()).hexdigest(), name, path)
        except OSError as error:
            raise DataError(f"image {name}: cannot read {path}: {error.strerror}") from error

    def read(self) -> bytes:
        """The encoded bytes, unchanged. Raises DataError if the file changed since its digest was taken."""
        if isinstance(self.origin, bytes):
            return self.origin
        try:
            data = self.origin.read_bytes()
        except OSError as error:
            raise DataError(f"image {self.name}: cannot read {self.origin}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise DataError(f"image {self.name}: {self.origin} changed since the items were loaded")
        return data

    def to_json(self) -> Json:
        """Name and digest; the bytes stay where they are."""
        return {"name": self.name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a suite with its gold answer.

    `answer_type` is a gold type of `harness.answers`; `choices` are option texts in order, named A, B, C, ...; `cluster`
    names the items that stand or fall together (versions of one problem, questions on one picture) and is the unit of
    the clustered standard error; `meta` holds the suite's own categories.
    """

    id: str
    suite: str
    question: str
    answer: str
    answer_type: str
    images: tuple[Image, ...] = ()
    choices: tuple[str, ...] = ()
    unit: str | None = None
    cluster: str = ""
    meta: Meta = field(default_factory=dict)

    def to_json(self) -> Json:
        """All fields, images by name and digest."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fields["images"] = [image.to_json() for image in self.images]
        fields["choices"] = list(self.choices)
        fields["meta"] = {k: list(v) if isinstance(v, tuple) else v for k, v in self.meta.items()}
        return fields

    @classmethod
    def from_json(cls, record: Json, picture: Callable[[Json], Image]) -> Item:
        """The inverse of `to_json`, with the pictures that `picture` makes of their names and digests.

        Raises KeyError, TypeError, AttributeError or ValueError on any other shape.
        """
        fields = dict(record)
        fields["images"] = tuple(picture(image) for image in fields["images"])
        fields["choices"] = tuple(fields["choices"])
        fields["meta"] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields["meta"].items()}
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is shown: texts and pictures in order, as one user turn, after an optional system text."""

    parts: tuple[str | Image, ...]
    system: str | None = None

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures in their order of appearance."""
        return tuple(part for part in self.parts if isinstance(part, Image))

    def digest(self) -> str:
        """SHA-256 of the texts and the pictures' digests; names of files do not count."""
        parts = [{"image": p.sha256} if isinstance(p, Image) else {"text": p} for p in self.parts]
        return digest({"parts": parts, "system": self.system})


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. `temperature` 0 is greedy; `n` samples per item; `max_tokens` new tokens at most."""

    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 2048
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {
            "n": type(self.n) is int and self.n >= 1,
            "temperature": 0 <= self.temperature <= 100,
            "top_p": 0 < self.top_p <= 1,
            "max_tokens": self.max_tokens >= 1,
        }
        for name, fine in limits.items():
            if not fine:
                raise DataError(f"sampling: {name} = {getattr(self, name)} is out of range")
        for name in ("temperature", "top_p"):  # 1 and 1.0 (or -0.0 and 0.0) are one setting, so they have one digest
            object.__setattr__(self, name, abs(float(getattr(self, name))))

    @property
    def greedy(self) -> bool:
        """True if the most probable token is taken each time."""
        return self.temperature == 0

    def to_json(self) -> Json:
        """All fields."""
        return dataclasses.asdict(self)


def sample_seed(seed: int, item_id: str, sample: int) -> int:
    """A 64-bit seed for one sample of one item: the same in any batch, order, process or resumed run."""
    text = f"{seed}\x00{item_id}\x00{sample}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Request:
    """One item put to an engine: answer `prompt` once for each index in `samples`."""

    item_id: str
    prompt: Prompt
    samples: tuple[int, ...] = (0,)

    def seeds(self, sampling: Sampling) -> tuple[int, ...]:
        """The seed of each sample."""
        return tuple(sample_seed(sampling.seed, self.item_id, k) for k in self.samples)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What another tool said of an answer that it stored: the final answer that it read, and whether that is right.

    None is what it did not say. `by_model`: a language model took part, not rules alone.
    """

    extracted: str | None = None
    correct: bool | None = None
    by_model: bool = False

    def to_json(self) -> Json:
        """All fields."""
        return {"extracted": self.extracted, "correct": self.correct, "by_model": self.by_model}

    @classmethod
    def from_json(cls, record: Json) -> Recorded:
        """The inverse of `to_json`. Raises DataError on any other shape."""
        if isinstance(record, dict) and record.keys() == {"extracted", "correct", "by_model"}:
            found = cls(**record)
            fit = isinstance(found.extracted, str | None) and isinstance(found.correct, bool | None)
            if fit and isinstance(found.by_model, bool):
                return found
        raise DataError(f"what another tool recorded of a response cannot be {record!r:.80}")


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one sample of one item: `text` is None exactly when `error` is not.

    `finish_reason` is "stop" or "length" (cut off at max_tokens), or None when unknown; token counts are None when the
    engine does not tell them. `recorded` is what the tool that asked said of an imported answer.
    """

    item_id: str
    sample: int
    text: str | None
    error: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    recorded: Recorded | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.error is None):
            raise DataError(f"response {self.item_id}/{self.sample}: exactly one of text and error must be set")

    @property
    def truncated(self) -> bool:
        """True if the answer was cut off at the token limit."""
        return self.finish_reason == "length"

    def to_json(self) -> Json:
        """All fields; `recorded` only where there is something."""
        fields = {name: getattr(self, name) for name in RESPONSE_FIELDS}
        return fields if self.recorded is None else {**fields, RECORDED: self.recorded.to_json()}

    @classmethod
    def from_json(cls, record: Json) -> Response:
        """The inverse of `to_json`. Raises DataError on any other shape."""
        if not isinstance(record, dict) or record.keys() - {RECORDED} != RESPONSE_KEYS:
            raise DataError(f"a response needs exactly the fields {', '.join(RESPONSE_FIELDS)}")
        for name, types in RESPONSE_TYPES.items():
            if not isinstance(record[name], types) or isinstance(record[name], bool):
                raise DataError(f"a response's {name} cannot be {record[name]!r:.80}")
        if RECORDED in record:
            return cls(**{**record, RECORDED: Recorded.from_json(record[RECORDED])})
        return cls(**record)


RECORDED = "recorded"
RESPONSE_FIELDS = tuple(f.name for f in dataclasses.fields(Response) if f.name != RECORDED)
RESPONSE_KEYS = frozenset(RESPONSE_FIELDS)
RESPONSE_TYPES: Mapping[str, tuple[type, ...]] = {
    "item_id": (str,),
    "sample": (int,),
    "text": (str, type(None)),
    "error": (str, type(None)),
    "finish_reason": (str, type(None)),
    "prompt_tokens": (int, type(None)),
    "completion_tokens": (int, type(None)),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one response under one protocol.

    `correct` is None when it could not be judged (a judge was needed and gave no answer). `rule` names what decided,
    `reason` says why in words; `extracted` is the stated final answer, None if there was none.
    """

    item_id: str
    sample: int
    correct: bool | None
    extracted: str | None
    rule: str
    reason: str
    truncated: bool = False

    def to_json(self) -> Json:
        """All fields."""
        return dataclasses.asdict(self)
