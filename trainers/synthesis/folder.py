"""The folder of a synthesis.

begun.json       the identity (source, settings, model), which a continued synthesis must share
asked/           a run directory for each thing that was asked, with every raw reply (`methods.student`)
images/          the pictures, by their digests
questions.jsonl  the questions that were kept, as `stored` reads them, each with its source
rejected.jsonl   the others, each with the rule that rejected it
synthesis.json   counts by rule and the digest of questions.jsonl; written last, so its presence means complete
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.sources.jsonl import read_document
from ...harness.errors import DataError
from ...harness.files import write_atomic, write_json
from ...harness.folder import ClaimedFolder
from ...harness.jsonl import json_line
from ...harness.limits import QUESTIONS_BYTES
from ...harness.runs.provenance import environment, file_sha256
from ...harness.types import Image, Json

BEGUN, WHOLE, QUESTIONS, REJECTED = "begun.json", "synthesis.json", "questions.jsonl", "rejected.jsonl"
IMAGES, ASKED = "images", "asked"
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Synthesized:
    """A whole synthesis: how many questions were kept, what became of all, and the SHA-256 of questions.jsonl."""

    path: Path
    questions: int
    counts: Mapping[str, int]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> Synthesized:
        """Of a folder. Raises DataError if the synthesis there is not whole, or its questions were changed."""
        if not (path / WHOLE).is_file():
            raise DataError(f"{path} holds no whole synthesis: make one with `proctor synthesize`, or let it end")
        record = read_document(path / WHOLE, path)
        try:
            counts = {str(name): int(count) for name, count in record["counts"].items()}
            synthesized = cls(path, int(record["questions"]), counts, str(record["sha256"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{path / WHOLE} is damaged: {str(error)[:120]}") from error
        questions = path / QUESTIONS
        try:
            if questions.stat().st_size > QUESTIONS_BYTES:
                raise DataError(f"{questions} has more than {QUESTIONS_BYTES} bytes")
            changed = file_sha256(questions) != synthesized.sha256
        except OSError as error:
            raise DataError(f"cannot read {questions}: {error.strerror}") from error
        if changed:
            raise DataError(f"{questions} is not what {WHOLE} says: it was changed since; synthesize again elsewhere")
        return synthesized

    def to_json(self) -> Json:
        """All but the path."""
        return {"questions": self.questions, "counts": dict(self.counts), "sha256": self.sha256}


class SynthesisFolder(ClaimedFolder):
    """The one writer of a folder; a context manager that holds its lock.

    Raises RunLockedError if another process holds it, RunMismatchError if the folder is of another synthesis, UsageError if
    it holds other things.
    """

    def __init__(self, path: Path, identity: Mapping[str, Json], recorded: Mapping[str, Json]) -> None:
        super().__init__(path, "synthesis folder", "synthesizing there")
        self._record = {"identity": identity, **recorded, "environment": environment()}
        with self.released_by_errors():
            self.claim(BEGUN, self._record, "synthesis", "choose another folder")

    @property
    def whole(self) -> Synthesized | None:
        """What is there if it is whole."""
        return Synthesized.read(self.path) if (self.path / WHOLE).exists() else None

    def keep(self, image: Image) -> Image:
        """The same picture as a file of the folder, called by its path there. Raises DataError if it cannot be read."""
        suffix = Path(image.name).suffix.lower()
        name = f"{IMAGES}/{image.sha256}{suffix if suffix in SUFFIXES else '.png'}"
        file = self.path / name
        if not file.exists():
            write_atomic(file, image.read())
        return Image(image.sha256, name, file)

    def reject(self, rows: Iterable[Json]) -> None:
        """Write what was not kept."""
        write_atomic(self.path / REJECTED, map(json_line, rows))

    def finish(self, rows: Iterable[Json], counts: Mapping[str, int]) -> Synthesized:
        """Write the questions and then the mark that the synthesis is whole."""
        lines = list(map(json_line, rows))
        write_atomic(self.path / QUESTIONS, lines)
        synthesized = Synthesized(self.path, len(lines), counts, file_sha256(self.path / QUESTIONS))
        write_json(self.path / WHOLE, {**self._record, **synthesized.to_json()})
        return synthesized
