"""The nouns of an examination: frozen dataclasses on the standard library alone, with their JSON forms.

A `Suite` holds `Item`s; a protocol makes of each item a `Prompt`; an engine answers a `Request` with `Response`s; a
protocol makes of each response a `Verdict`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
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
class Rendering:
    """What a model's own chat template and image processor are told beside a prompt; nothing leaves them their defaults.

    `template` holds arguments of the chat template by name, in order (e.g. enable_thinking); a picture is scaled to between
    `min_pixels` and `max_pixels` pixels by the image processor's own rule. Raises DataError for what cannot be one.
    """

    template: tuple[tuple[str, Json], ...] = ()
    min_pixels: int | None = None
    max_pixels: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "template", tuple(sorted((str(name), value) for name, value in self.template)))
        names = [name for name, _ in self.template]
        if len({*names}) < len(names) or not all(map(str.isidentifier, names)):
            raise DataError(f"chat_template_kwargs: names must be different identifiers, not {names!r:.80}")
        if taken := sorted({*names} & TEMPLATE_OWN):
            raise DataError(f"chat_template_kwargs: {taken[0]} is not for a prompt to set")
        try:
            canonical_json(dict(self.template))
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(f"chat_template_kwargs: no JSON ({str(error)[:80]})") from error
        for name in ("min_pixels", "max_pixels"):
            value = getattr(self, name)
            if value is not None and not (type(value) is int and 1 <= value <= MOST_PIXELS):
                raise DataError(f"{name} must be a whole number from 1 to {MOST_PIXELS}, not {value!r:.40}")
        if self.min_pixels is not None and self.max_pixels is not None and self.min_pixels > self.max_pixels:
            raise DataError(f"min_pixels ({self.min_pixels}) is more than max_pixels ({self.max_pixels})")

    @property
    def pixels(self) -> dict[str, int]:
        """The limits that are set, by name."""
        limits = {"min_pixels": self.min_pixels, "max_pixels": self.max_pixels}
        return {name: value for name, value in limits.items() if value is not None}

    def to_json(self) -> Json:
        """What is set; nothing for the defaults."""
        return {**({"chat_template_kwargs": dict(self.template)} if self.template else {}), **self.pixels}

    @classmethod
    def from_json(cls, record: Json) -> Rendering:
        """The inverse of `to_json`. Raises DataError on any other shape."""
        if not isinstance(record, dict) or record.keys() - {"chat_template_kwargs", "min_pixels", "max_pixels"}:
            raise DataError(f"a rendering cannot be {record!r:.80}")
        template = record.get("chat_template_kwargs", {})
        if not isinstance(template, dict):
            raise DataError(f"chat_template_kwargs cannot be {template!r:.80}")
        return cls(tuple(template.items()), record.get("min_pixels"), record.get("max_pixels"))


TEMPLATE_OWN = frozenset(
    {"conversation", "conversations", "messages", "chat_template", "tokenize", "return_dict", "return_tensors"}
    | {"add_generation_prompt", "continue_final_message", "processor_kwargs", "images", "sanitize_control_tokens"}
)
"""Arguments of `apply_chat_template` that the harness sets."""
MOST_PIXELS = 2**31


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is shown: texts and pictures in order, as one user turn, after an optional system text."""

    parts: tuple[str | Image, ...]
    system: str | None = None
    rendering: Rendering = Rendering()

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures in their order of appearance."""
        return tuple(part for part in self.parts if isinstance(part, Image))

    def with_images(self, change: Callable[[Image], Image]) -> Prompt:
        """The same prompt with each picture as `change` gives it."""
        parts = tuple(change(part) if isinstance(part, Image) else part for part in self.parts)
        return dataclasses.replace(self, parts=parts)

    def digest(self) -> str:
        """SHA-256 of the texts, the pictures' digests and the rendering; names of files do not count."""
        parts = [{"image": p.sha256} if isinstance(p, Image) else {"text": p} for p in self.parts]
        return digest({"parts": parts, "system": self.system, **self.rendering_json})

    @property
    def rendering_json(self) -> dict[str, Json]:
        """The rendering for a record, where it is not the model's own."""
        rendering = self.rendering.to_json()
        return {"rendering": rendering} if rendering else {}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn. `temperature` 0 is greedy; `n` samples per item; `max_tokens` new tokens at most.

    The order is vLLM's: penalties on the logits, the temperature, then what is kept of the distribution by `min_p` (of the
    most probable token's share), `top_k` (0: all) and `top_p`. `repetition_penalty` (1: none) is of tokens in prompt and
    answer, `presence_penalty` (0: none) of those in the answer. An answer ends before the first of the texts in `stop`.
    """

    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 2048
    seed: int = 0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stop", tuple(self.stop))
        limits = {
            "n": type(self.n) is int and self.n >= 1,
            "temperature": 0 <= self.temperature <= 100,
            "top_p": 0 < self.top_p <= 1,
            "max_tokens": self.max_tokens >= 1,
            "top_k": type(self.top_k) is int and self.top_k >= 0,
            "min_p": 0 <= self.min_p <= 1,
            "presence_penalty": -2 <= self.presence_penalty <= 2,
            "repetition_penalty": 0 < self.repetition_penalty <= 10,
            "stop": len(self.stop) <= MOST_STOPS
            and all(isinstance(one, str) and 0 < len(one) <= LONGEST_STOP for one in self.stop),
        }
        for name, fine in limits.items():
            if not fine:
                raise DataError(f"sampling: {name} = {getattr(self, name)!r:.80} is out of range")
        for name in ("temperature", "top_p", "min_p", "repetition_penalty"):  # 1 and 1.0 (or -0.0 and 0.0) are one
            object.__setattr__(self, name, abs(float(getattr(self, name))))  # setting, so they have one digest
        object.__setattr__(self, "presence_penalty", float(self.presence_penalty) or 0.0)

    @property
    def greedy(self) -> bool:
        """True if the most probable token is taken each time."""
        return self.temperature == 0

    @property
    def shaping(self) -> dict[str, Json]:
        """What beside temperature and top-p shapes answers, as far as it is not neutral."""
        values = {name: getattr(self, name) for name in SHAPING}
        found: dict[str, Json] = {name: value for name, value in values.items() if value != SHAPING[name]}
        return {**found, "stop": list(self.stop)} if self.stop else found

    def to_json(self) -> Json:
        """All fields; those of `shaping` only where they are not neutral."""
        return {**{name: getattr(self, name) for name in PLAIN_SAMPLING}, **self.shaping}


PLAIN_SAMPLING = ("n", "temperature", "top_p", "max_tokens", "seed")
SHAPING: Mapping[str, Json] = {"top_k": 0, "min_p": 0.0, "presence_penalty": 0.0, "repetition_penalty": 1.0}
"""The fields of `Sampling.shaping` but `stop`, with their neutral values."""
MOST_STOPS, LONGEST_STOP = 16, 200


def sample_seed(seed: int, item_id: str, sample: int) -> int:
    """A 64-bit seed for one sample of one item: the same in any batch, order, process or resumed run."""
    text = f"{seed}\x00{item_id}\x00{sample}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Request:
    """One item put to an engine: answer `prompt` once for each index in `samples`.

    With `tokens` each answer comes with what the engine can tell of its tokens (`Response.tokens`).
    """

    item_id: str
    prompt: Prompt
    samples: tuple[int, ...] = (0,)
    tokens: bool = False

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
class TokenStatistics:
    """What an engine tells of the tokens of a response, in their order, the end token among them; None where it does not.

    `logprobs` are natural logarithms of the probabilities that the model gave to the tokens, and `entropies` (nats) of its
    whole distributions at their places: the model's own, at temperature 1 and before top-p or anything else cuts it.
    """

    logprobs: tuple[float, ...] | None = None
    entropies: tuple[float, ...] | None = None

    @classmethod
    def rounded(
        cls, logprobs: Iterable[float] | None = None, entropies: Iterable[float] | None = None
    ) -> TokenStatistics:
        """With six decimals, and no rounding error above 0 or below it."""
        return cls(
            None if logprobs is None else tuple(min(0.0, round(one, TOKEN_DECIMALS)) + 0.0 for one in logprobs),
            None if entropies is None else tuple(max(0.0, round(one, TOKEN_DECIMALS)) for one in entropies),
        )

    @property
    def length(self) -> int | None:
        """How many tokens there are, if anything is told of them."""
        told = [one for one in (self.logprobs, self.entropies) if one is not None]
        return len(told[0]) if told else None

    def to_json(self) -> Json:
        """What is told."""
        told = {"logprobs": self.logprobs, "entropies": self.entropies}
        return {name: list(values) for name, values in told.items() if values is not None}

    @classmethod
    def from_json(cls, record: Json) -> TokenStatistics:
        """The inverse of `to_json`. Raises DataError on any other shape."""
        signs = {"logprobs": -1, "entropies": 1}
        if not isinstance(record, dict) or not record or record.keys() - signs.keys():
            raise DataError(f"what is told of a response's tokens cannot be {record!r:.80}")
        for name, values in record.items():
            if not isinstance(values, list) or not all(_is_number(one) and one * signs[name] >= 0 for one in values):
                raise DataError(f"a response's token {name} cannot be {values!r:.80}")
        if len({len(values) for values in record.values()}) > 1:
            raise DataError("a response has as many token log-probabilities as entropies")
        return cls(**{name: tuple(map(float, values)) for name, values in record.items()})


TOKEN_DECIMALS = 6


def _is_number(value: Json) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one sample of one item: `text` is None exactly when `error` is not.

    `finish_reason` is "stop" or "length" (cut off at max_tokens), or None when unknown; token counts are None when the
    engine does not tell them. `recorded` is what the tool that asked said of an imported answer; `reasoning` is the thinking
    that a server keeps apart from the text; `tokens` is what the engine told of each token, where it was asked to. `refusal`
    is what a server said that would not answer however often it was asked: then the text is empty.
    """

    item_id: str
    sample: int
    text: str | None
    error: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    recorded: Recorded | None = None
    reasoning: str | None = None
    tokens: TokenStatistics | None = None
    refusal: str | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.error is None):
            raise DataError(f"response {self.item_id}/{self.sample}: exactly one of text and error must be set")
        if self.refusal is not None and self.text != "":
            raise DataError(f"response {self.item_id}/{self.sample}: a refusal has an empty text")

    @property
    def truncated(self) -> bool:
        """True if the answer was cut off at the token limit."""
        return self.finish_reason == "length"

    def to_json(self) -> Json:
        """All fields; `recorded`, `reasoning`, `tokens` and `refusal` only where there is something."""
        fields = {name: getattr(self, name) for name in RESPONSE_FIELDS}
        if self.reasoning is not None:
            fields[REASONING] = self.reasoning
        if self.recorded is not None:
            fields[RECORDED] = self.recorded.to_json()
        if self.tokens is not None:
            fields[TOKENS] = self.tokens.to_json()
        if self.refusal is not None:
            fields[REFUSAL] = self.refusal
        return fields

    @classmethod
    def from_json(cls, record: Json) -> Response:
        """The inverse of `to_json`. Raises DataError on any other shape."""
        if not isinstance(record, dict) or record.keys() - OPTIONAL_FIELDS != RESPONSE_KEYS:
            raise DataError(f"a response needs exactly the fields {', '.join(RESPONSE_FIELDS)}")
        for name, types in RESPONSE_TYPES.items():
            if not isinstance(record[name], types) or isinstance(record[name], bool):
                raise DataError(f"a response's {name} cannot be {record[name]!r:.80}")
        for name in (REASONING, REFUSAL):
            if not isinstance(record.get(name), str | None):
                raise DataError(f"a response's {name} cannot be {record[name]!r:.80}")
        optional: dict[str, Any] = {}
        if RECORDED in record:
            optional[RECORDED] = Recorded.from_json(record[RECORDED])
        if TOKENS in record:
            optional[TOKENS] = tokens = TokenStatistics.from_json(record[TOKENS])
            if record["completion_tokens"] not in (None, tokens.length):
                raise DataError(f"a response of {record['completion_tokens']} tokens tells of {tokens.length}")
        return cls(**{**record, **optional})


RECORDED, REASONING, TOKENS, REFUSAL = "recorded", "reasoning", "tokens", "refusal"
OPTIONAL_FIELDS = frozenset({RECORDED, REASONING, TOKENS, REFUSAL})
RESPONSE_FIELDS = tuple(f.name for f in dataclasses.fields(Response) if f.name not in OPTIONAL_FIELDS)
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
