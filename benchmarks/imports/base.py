"""What every reader makes of a file: the answers that it holds to each item, and what it says of how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...harness.errors import DataError
from ...harness.types import Json

SAMPLING = ("temperature", "top_p", "max_tokens", "seed")
"""The entries of a run's sampling that a file may say or leave unknown; `n` is counted."""


@dataclass(frozen=True)
class Answer:
    """One stored answer: `text`, or what the tool stored in the place of one as `error`; never both, never neither."""

    text: str | None
    error: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Given:
    """The answers to one item, and what the file says of the item.

    The item is that of `item_id`, or without one that of the number `row` (from 0) of the data set. `question` is the
    item's question as the file repeats it, `prompt` the text that the model was shown, which holds the question.
    """

    where: str
    answers: tuple[Answer, ...]
    item_id: str | None = None
    row: int | None = None
    question: str | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class Source:
    """A file of another tool: what it says of the model (None: nothing), the settings it is sure of, and its answers.

    `sampling` holds those of SAMPLING that are known; `about` is for the record only. A problem that leaves the rest
    readable stands in the place of its answers; one that does not is raised while they are read.
    """

    tool: str
    path: Path
    given: Iterable[Given | DataError]
    model_name: str | None = None
    version: str | None = None
    sampling: Mapping[str, Json] = field(default_factory=dict)
    about: Mapping[str, Json] = field(default_factory=dict)
