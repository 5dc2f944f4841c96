"""What of a profile changes a prompt: a system text, and the request that stands in the place of the boxed one.

It is kept with the run, so that the prompts can be derived again where the profile's file is not at hand.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from ..types import Image, Json, Prompt, digest

BOXED = "Please reason step by step, and put your final answer within \\boxed{}."
"""How a boxed answer is asked for at the end of a prompt: the suffix of MM-UPT (arXiv 2505.22453)."""

MAX_TEXT = 20_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Manner:
    """How prompts are changed for a model; `name` is the profile's.

    `system` None leaves the chat template its own. `instruction` replaces the request for a boxed answer; empty, there is no
    such request (the system text makes it); None leaves the protocol's. Raises ValueError for a text that can not be one.
    """

    name: str
    system: str | None = None
    instruction: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a profile's name is made of letters, digits, _, - and dots, unlike {self.name!r:.80}")
        if self.system is not None and not self.system.strip():
            raise ValueError("system must not be empty: leave it out for the chat template's own")
        if max(len(self.system or ""), len(self.instruction or "")) > MAX_TEXT:
            raise ValueError(f"system and instruction have at most {MAX_TEXT} characters")

    @property
    def label(self) -> str:
        """For tables: the name, and the start of the digest of the texts."""
        return f"{self.name}@{self.digest[:8]}"

    @property
    def digest(self) -> str:
        """SHA-256 of the texts."""
        return digest({"system": self.system, "instruction": self.instruction})

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt in this manner. Only a request for a boxed answer at its very end is replaced.

        Whatever else a prompt asks for (a letter, one word, JSON, a description) is what its maker reads out of the
        response: such a prompt gets the system text alone. A prompt's own system text stays.
        """
        system = self.system if prompt.system is None else prompt.system
        return dataclasses.replace(prompt, parts=self._requested(prompt), system=system)

    def _requested(self, prompt: Prompt) -> tuple[str | Image, ...]:
        *before, last = prompt.parts
        if self.instruction is None or not isinstance(last, str) or not last.endswith(BOXED):
            return prompt.parts
        text = last.removesuffix(BOXED) + self.instruction
        return (*before, text) if self.instruction else (*before, *filter(None, [text.rstrip("\n")]))

    def to_json(self) -> Json:
        """Everything, for a manifest."""
        return {**dataclasses.asdict(self), "digest": self.digest}

    @classmethod
    def from_json(cls, record: Json) -> Manner:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        names = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(record, dict) or {*record} != {*names, "digest"}:
            raise ValueError(f"a profile in a run has exactly the fields {', '.join(names)}, digest")
        if not isinstance(record["name"], str) or any(not isinstance(record[key], str | None) for key in names):
            raise ValueError("a profile in a run has a field that is no text")
        manner = cls(**{name: record[name] for name in names})
        if record["digest"] != manner.digest:
            raise ValueError("a profile in a run has another digest than its texts")
        return manner
