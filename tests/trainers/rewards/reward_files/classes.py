"""A reward as a class, with settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Settings:
    most: int = 100


@dataclass(frozen=True)
class Short:
    settings: Settings = field(default_factory=Settings)
    name: ClassVar[str] = "short"
    needs_gold: ClassVar[bool] = False
    equal_answers_alike: ClassVar[bool] = False

    def __call__(self, group, seed):
        return [float(len(response) <= self.settings.most) for response in group.responses]
