"""The language of a drawn question: English or Chinese, with equal chances."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .question import Language


@dataclass(frozen=True)
class Wording:
    """Says each thing in one language."""

    language: Language

    def __call__(self, english: str, chinese: str) -> str:
        """The text in this language."""
        return chinese if self.language == "zh" else english


def choose_wording(rng: random.Random) -> Wording:
    """One of the two, by a coin."""
    return Wording(rng.choice(("en", "zh")))
