"""Additions: as many items as a file has."""

from proctor.benchmarks.base import ImageFolder, Item, Record, Suite


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one line."""
    return Item(
        id=record.text("id"),
        suite="sums",
        question=record.text("question"),
        answer=record.text("answer"),
        answer_type="number",
    )


SUITE = Suite("sums", "Sums", parse)
