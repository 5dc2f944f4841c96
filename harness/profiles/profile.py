"""Profiles: one TOML file per model, read strictly. A third party's is named by the path of its file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..errors import UsageError
from ..settings import read_settings
from ..types import Prompt, Sampling
from .manner import Manner

PROFILES = Path(__file__).parent
MAX_BYTES = 2**20
FORMS = ("boxed", "think_boxed")
"""Forms of response: a box; or <think>...</think>, then a box."""


@dataclass(frozen=True)
class PictureSize:
    """The pixels that the checkpoint's image processor scales a picture to, as its makers set them; for the record."""

    min_pixels: int
    max_pixels: int


@dataclass(frozen=True)
class SamplingDefaults:
    """How answers are drawn in an examination where nobody says otherwise."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024

    def __post_init__(self) -> None:
        Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)


@dataclass(frozen=True)
class Profile:
    """How a model wants to be asked. `name` is the file's, `title` the model's in the papers' tables.

    `hub` is its name on the hub, empty for a bundled checkpoint. `system` and `instruction` are a `Manner`'s,
    `answer_format` the form that its responses have, one of FORMS. `source` says where each fact is from.
    """

    name: str
    title: str
    answer_format: str
    source: tuple[str, ...]
    hub: str = ""
    system: str | None = None
    instruction: str | None = None
    pictures: PictureSize | None = None
    sampling: SamplingDefaults = field(default_factory=SamplingDefaults)

    def __post_init__(self) -> None:
        Manner(self.name, self.system, self.instruction)
        if self.answer_format not in FORMS:
            raise UsageError(f"answer_format must be one of: {', '.join(FORMS)}")

    @property
    def manner(self) -> Manner:
        """What of it changes a prompt."""
        return Manner(self.name, self.system, self.instruction)

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt as this model wants it; see `Manner.applied`."""
        return self.manner.applied(prompt)


def load_profile(name: str) -> Profile:
    """A bundled profile by name, or one in a .toml file by path.

    Raises UsageError for a name that there is none of, a file that is no profile, and one that is called as a bundled one.
    """
    if not name.endswith(".toml"):
        try:
            return profiles()[name]
        except KeyError:
            known = ", ".join(profiles())
            raise UsageError(f"no profile {name!r:.80}: give the path of a .toml file, or one of: {known}") from None
    path = Path(name)
    if path.stem in profiles():
        raise UsageError(f"profile {path}: {path.stem} is the name of a bundled profile: give the file another name")
    return _read(path)


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, Profile]:
    """The bundled profiles by name, sorted."""
    return {file.stem: _read(file) for file in sorted(PROFILES.glob("*.toml"))}


def _read(path: Path) -> Profile:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        table = tomllib.loads(content.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"profile {path}: cannot be read ({str(error)[:150]})") from error
    if "name" in table:
        raise UsageError(f"profile {path}: a profile is called as its file is: remove the key 'name'")
    return read_settings(Profile, {**table, "name": path.stem}, f"profile {path}")
