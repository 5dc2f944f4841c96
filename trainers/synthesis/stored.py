"""The suite `synthesized`: the questions of a synthesis, to be trained on. They have no labels.

A line of questions.jsonl has `id`, `question`, `images` (paths in the folder) with their `sha256`, and where it is from:
`source` (the item's id there), `how`, `sample`, and the vote of the model's own answers, which is no label and is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.base import Suite
from ...benchmarks.items import ImageFolder, Record, inline, read_items
from ...benchmarks.sources.local import open_local
from ...benchmarks.sources.published import UNPUBLISHED
from ...harness.errors import UsageError
from ...harness.types import Image, Item
from ...harness.untrusted_text import has_marks
from .folder import QUESTIONS, Synthesized

NAME = "synthesized"


@dataclass(frozen=True)
class SynthesizedSuite(Suite):
    """Questions of a folder, which must be whole and unchanged."""

    def load(self, data: Path | None = None) -> list[Item]:
        """The items of a synthesis's folder, or of its questions.jsonl. Raises UsageError without one, and DataError."""
        if data is None:
            raise UsageError(f"the set {NAME} has no sample: name the folder of a synthesis as its data")
        folder = Synthesized.read(data.parent if data.name == QUESTIONS else data).path
        return read_items(open_local(UNPUBLISHED, folder / QUESTIONS), parse)


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one line. Raises DataError on a malformed one, and for a picture that is not the one asked about."""
    item_id, question = record.text("id"), record.text("question")
    if has_marks(question):
        raise record.error("column 'question' holds control tokens or marks of pictures")
    images = tuple(folder.image(record, name) for name in record.texts("images"))
    if tuple(image.sha256 for image in images) != record.texts("sha256"):
        raise record.error("column 'sha256' is not of its pictures")
    return new_item(item_id, question, images)


def new_item(item_id: str, question: str, images: tuple[Image, ...]) -> Item:
    """The item of a synthesized question."""
    return Item(
        id=item_id,
        suite=NAME,
        question=question,
        answer="",
        answer_type="text",
        images=images,
        choices=inline(question),
        cluster=item_id,
    )


SUITE = SynthesizedSuite(NAME, "Synthesized questions", parse)
