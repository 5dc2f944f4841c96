"""Profiles: one TOML file per model, read strictly. A third party's is named by the path of its file.

What of a profile changes a prompt: a system text, the request that stands in the place of the boxed one, and what the model's
chat template and image processor are told.

It is kept with the run, so that the prompts can be derived again where the profile's file is not at hand.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..answers.formats import FORMATS
from ..errors import DataError, UsageError
from ..limits import TEMPLATE_CHARACTERS
from ..registry import FileRegistry
from ..settings import read_settings, read_table
from ..types import Image, Json, Prompt, Rendering, Sampling, digest

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."
"""How a boxed answer is asked for at the end of a prompt: the suffix of MM-UPT (arXiv 2505.22453)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class PromptStyle:
    """How prompts are changed for a model; `name` is the profile's.

    `system` None leaves the chat template its own. `instruction` replaces the request for a boxed answer; empty, there is no
    such request (the system text makes it); None leaves the protocol's. `opens_thinking` tells that the model's chat template
    opens a thinking, so that an answer that was cut off before it closed one is all thinking. `rendering` is what template
    and image processor are told. Raises ValueError for a text that cannot be one.
    """

    name: str
    system: str | None = None
    instruction: str | None = None
    opens_thinking: bool = False
    rendering: Rendering = field(default_factory=Rendering)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a profile's name is made of letters, digits, _, - and dots, unlike {self.name!r:.80}")
        if self.system is not None and not self.system.strip():
            raise ValueError("system must not be empty: leave it out for the chat template's own")
        if max(len(self.system or ""), len(self.instruction or "")) > TEMPLATE_CHARACTERS:
            raise ValueError(f"system and instruction have at most {TEMPLATE_CHARACTERS} characters")

    @property
    def label(self) -> str:
        """For tables: the name, and the start of the digest of the texts."""
        return f"{self.name}@{self.digest[:8]}"

    @property
    def digest(self) -> str:
        """SHA-256 of the texts, and of what is said of the template and told to it."""
        return digest({"system": self.system, "instruction": self.instruction, **self._more})

    @property
    def _more(self) -> Json:
        """What profiles of before did not have, as far as it is set."""
        rendering = self.rendering.to_json()
        opening = {"opens_thinking": True} if self.opens_thinking else {}
        return {**opening, **({"rendering": rendering} if rendering else {})}

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt in this manner. Only a request for a boxed answer at its very end is replaced.

        Whatever else a prompt asks for (a letter, one word, JSON, a description) is what its maker reads out of the
        response: such a prompt gets the system text alone. A prompt's own system text stays.
        """
        system = self.system if prompt.system is None else prompt.system
        return dataclasses.replace(prompt, parts=self._requested(prompt), system=system, rendering=self.rendering)

    def _requested(self, prompt: Prompt) -> tuple[str | Image, ...]:
        *before, last = prompt.parts
        if self.instruction is None or not isinstance(last, str) or not last.endswith(BOXED):
            return prompt.parts
        text = last.removesuffix(BOXED) + self.instruction
        return (*before, text) if self.instruction else (*before, *filter(None, [text.rstrip("\n")]))

    def to_json(self) -> Json:
        """Everything, for a manifest."""
        texts = {"name": self.name, "system": self.system, "instruction": self.instruction}
        return {**texts, **self._more, "digest": self.digest}

    @classmethod
    def from_json(cls, record: Json) -> PromptStyle:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        names = ("name", "system", "instruction")
        if not isinstance(record, dict) or {*record} - {"opens_thinking", "rendering"} != {*names, "digest"}:
            raise ValueError(f"a profile in a run has exactly the fields {', '.join(names)}, digest")
        if not isinstance(record["name"], str) or any(not isinstance(record[key], str | None) for key in names):
            raise ValueError("a profile in a run has a field that is no text")
        opens = record.get("opens_thinking", False)
        if not isinstance(opens, bool):
            raise ValueError("a profile in a run has an opens_thinking that is not true or false")
        try:
            rendering = Rendering.from_json(record.get("rendering", {}))
        except DataError as error:
            raise ValueError(f"a profile in a run has a rendering that is none: {error}") from error
        style = cls(**{name: record[name] for name in names}, opens_thinking=opens, rendering=rendering)
        if record["digest"] != style.digest:
            raise ValueError("a profile in a run has another digest than its texts")
        return style


@dataclass(frozen=True)
class PictureSize:
    """The pixels that the checkpoint's image processor scales a picture to, as its makers set them; for the record."""

    min_pixels: int
    max_pixels: int


@dataclass(frozen=True)
class SamplingDefaults:
    """How answers are drawn in an examination where nobody says otherwise; the fields are those of `Sampling`."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.sampling(1, 0)

    def sampling(self, n: int, seed: int) -> Sampling:
        """Of n answers to each item. Raises DataError for a value out of range."""
        return Sampling(n=n, seed=seed, **{one.name: getattr(self, one.name) for one in dataclasses.fields(self)})


@dataclass(frozen=True)
class Profile:
    """How a model wants to be asked. `name` is the file's, `title` the model's in the papers' tables.

    `hub` is its name on the hub, empty for a bundled checkpoint. `system`, `instruction` and `opens_thinking` are a
    `PromptStyle`'s, and so are `chat_template_kwargs`, `min_pixels` and `max_pixels`, its rendering; `pictures` tells for the
    record what the checkpoint does by itself. `answer_format` is the form that its responses have, a name of FORMATS.
    `source` says where each fact is from.
    """

    name: str
    title: str
    answer_format: str
    source: tuple[str, ...]
    hub: str = ""
    system: str | None = None
    instruction: str | None = None
    opens_thinking: bool = False
    chat_template_kwargs: Mapping[str, Any] = field(default_factory=dict)
    min_pixels: int | None = None
    max_pixels: int | None = None
    pictures: PictureSize | None = None
    sampling: SamplingDefaults = field(default_factory=SamplingDefaults)

    def __post_init__(self) -> None:
        _ = self.style
        if self.answer_format not in FORMATS:
            raise UsageError(f"answer_format must be one of: {', '.join(FORMATS.names())}")

    @property
    def style(self) -> PromptStyle:
        """What of it changes a prompt."""
        rendering = Rendering(tuple(self.chat_template_kwargs.items()), self.min_pixels, self.max_pixels)
        return PromptStyle(self.name, self.system, self.instruction, self.opens_thinking, rendering)

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt as this model wants it; see `PromptStyle.applied`."""
        return self.style.applied(prompt)


def load_profile(name: str) -> Profile:
    """A profile by name, bundled or of a package, or one in a .toml file by path.

    Raises UsageError for an unknown name, a file that is no profile, and one that is called as a bundled one.
    """
    path = Path(name)
    if name.endswith(".toml") and path.stem in profiles():
        raise UsageError(f"profile {path}: {path.stem} is the name of a bundled profile: give the file another name")
    if "/" in name and (named := [one.name for one in readable_profiles() if one.hub.casefold() == name.casefold()]):
        raise UsageError(f"no profile is called {name!r}; that of {name} is called {' or '.join(named)}")
    return PROFILES.load(name)


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, Profile]:
    """The bundled profiles by name, sorted."""
    return {name: _read(path, name) for name, path in PROFILES.members(PROFILES.folder).items()}


def readable_profiles() -> list[Profile]:
    """All profiles, bundled and of packages, but for those that cannot be read."""
    found = []
    for name in PROFILES.names():
        with suppress(UsageError):
            found.append(PROFILES.get(name))
    return found


def _read(path: Path, name: str) -> Profile:
    table = read_table(path, "profile")
    if "name" in table:
        raise UsageError(f"profile {path}: a profile is called as its file is: remove the key 'name'")
    return read_settings(Profile, {**table, "name": name}, f"profile {path}")


PROFILES: FileRegistry[Profile] = FileRegistry(
    kind="profile",
    group="proctor.profiles",
    folder=Path(__file__).parent,
    read=_read,
    summary=lambda path, name: f"how {_read(path, name).title} wants to be asked",
)
