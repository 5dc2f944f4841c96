"""What a board rests on: the manifest, items, answers and verdicts of every run, compressed, each named by its SHA-256.

A row names a record, and the record names the rest, so that whoever trusts a row's text can trust all that it was made of:

    record       the protocol and its versions, and the digests of what follows
    manifest     run.json, without the place of the data on the machine where the run was held
    items        items.jsonl;  responses: responses.jsonl, as the run directory has them
    verdicts     what the protocol said of each answer, a JSON array per line: the only derived part, for rows of rules
                 that are not installed any more
    replies      what a language model said, where the protocol asked one
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import re
import stat
import tempfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...benchmarks.examination import find_runs
from ...harness.answers import GRADER_VERSION
from ...harness.errors import DataError, StoreError
from ...harness.files import RUN_FILE, atomic_file, sweep_unfinished, sync_to_disk
from ...harness.limits import EVIDENCE_LINE_BYTES, EVIDENCE_PART_BYTES, EVIDENCE_RECORD_BYTES
from ...harness.runs.provenance import file_sha256
from ...harness.runs.score import ScoredRun
from ...harness.runs.store import Manifest
from ...harness.types import Verdict, canonical_json
from .table import read_csv

BOARD, EVIDENCE = "board.csv", "evidence"
_FORMAT = 1
_CHUNK = 2**20
_LEVEL = 5
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RunEvidence:
    """A run under one protocol: digests of its parts, and by which rules the verdicts were made."""

    manifest: str
    items: str
    responses: str
    verdicts: str
    protocol: str
    protocol_version: str
    grader_version: str
    referee: str = ""
    replies: str = ""

    @property
    def run(self) -> tuple[str, str, str]:
        """The digests of the parts that make a run directory."""
        return self.manifest, self.items, self.responses

    @property
    def parts(self) -> tuple[str, ...]:
        """The digests of all parts."""
        return (*self.run, self.verdicts, *filter(None, [self.replies]))

    def to_bytes(self) -> bytes:
        """Its one text."""
        return canonical_json({"format": _FORMAT, **dataclasses.asdict(self)}).encode() + b"\n"

    @classmethod
    def from_bytes(cls, text: bytes) -> RunEvidence:
        """The inverse of `to_bytes`. Raises ValueError for anything else."""
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
            raise ValueError("not a record of a run")
        if {*fields} != {field.name for field in dataclasses.fields(cls)}:
            raise ValueError("a record of a run with other fields")
        if not all(isinstance(value, str) for value in fields.values()):
            raise ValueError("a record of a run with a field that is no text")
        record = cls(**fields)
        if record.to_bytes() != text:
            raise ValueError("a record of a run that is not written as one")
        return record


class EvidenceFolder:
    """Compressed files in one folder, each named by the SHA-256 of what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _file(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise DataError(f"{digest!r:.80} is no digest of evidence: 64 hex digits")
        return self.path / f"{digest}.gz"

    def digests(self) -> set[str]:
        """What is in the folder. Raises DataError for a file that is no evidence."""
        try:
            names = [one.name for one in self.path.iterdir() if not one.name.startswith(".")]
        except OSError as error:
            raise DataError(f"cannot read {self.path}: {error.strerror}") from error
        for name in names:
            if not (name.endswith(".gz") and _DIGEST.fullmatch(name[:-3])):
                raise DataError(f"{self.path / name} is no evidence: remove it")
        return {name[:-3] for name in names}

    def keep_only(self, digests: Set[str]) -> None:
        """Remove all other evidence, and what a killed writer left. Raises StoreError if that fails."""
        sweep_unfinished(self.path)
        for digest in self.digests() - digests:
            file = self._file(digest)
            try:
                file.unlink()
            except OSError as error:
                raise StoreError(f"cannot remove {file}: {error.strerror}") from error

    def put(self, content: bytes | Path) -> str:
        """Keep the bytes, or a file's, and return their digest. Raises StoreError if that fails."""
        try:
            if isinstance(content, bytes):
                name = hashlib.sha256(content).hexdigest()
                self._keep(name, [content])
            else:
                name = file_sha256(content)
                with content.open("rb") as file:
                    self._keep(name, iter(lambda: file.read(_CHUNK), b""))
        except OSError as error:
            raise StoreError(f"cannot write evidence to {self.path}: {error.strerror or error}") from error
        return name

    def drop_damaged(self) -> None:
        """Remove evidence that is not what its name says, so that it is written again."""
        for digest in self.digests():
            try:
                deque(self._checked(digest, EVIDENCE_PART_BYTES), maxlen=0)
            except DataError:
                self.keep_only(self.digests() - {digest})

    def _keep(self, digest: str, pieces: Iterable[bytes]) -> None:
        target = self._file(digest)
        if target.exists():
            return
        with (
            atomic_file(target, sync_folder=False) as file,
            gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed,
        ):
            for piece in pieces:
                packed.write(piece)

    def sync(self) -> None:
        """Have the names of all that was put on the disk. Raises StoreError if that fails."""
        try:
            sync_to_disk(self.path)
        except OSError as error:
            raise StoreError(f"cannot write evidence to {self.path}: {error.strerror or error}") from error

    def read(self, digest: str, limit: int = EVIDENCE_PART_BYTES) -> bytes:
        """The bytes of that digest. Raises DataError if they are missing, changed, or more than `limit`."""
        return b"".join(self._checked(digest, limit))

    def unpack(self, digest: str, target: Path) -> None:
        """Write the bytes of that digest to a file. Raises DataError as `read` does, StoreError if there is no room."""
        try:
            with target.open("wb") as file:
                file.writelines(self._checked(digest, EVIDENCE_PART_BYTES))
        except OSError as error:
            raise StoreError(f"cannot unpack evidence to {target}: {error.strerror or error}") from error

    def lines(self, digest: str, most: int) -> Iterator[bytes]:
        """The lines of that digest, at most so many, read one by one. Raises DataError as `read` does."""
        rest, count = b"", 0
        for piece in self._checked(digest, EVIDENCE_PART_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            count += len(lines)
            if count > most or len(rest) > EVIDENCE_LINE_BYTES:
                raise DataError(
                    f"evidence {self._file(digest)} holds more than {most} lines, or longer ones than it may"
                )
            yield from lines
        if rest:
            raise DataError(f"evidence {self._file(digest)} ends within a line")

    def _checked(self, digest: str, limit: int) -> Iterator[bytes]:
        packed = self._file(digest)
        total, size = hashlib.sha256(), 0
        try:
            if not stat.S_ISREG(packed.stat().st_mode):
                raise DataError(f"evidence {packed} is no file")
            with packed.open("rb") as file:
                for piece in _decompressed(file):
                    size += len(piece)
                    if size > limit:
                        raise DataError(f"evidence {packed} holds more than {limit} bytes")
                    total.update(piece)
                    yield piece
        except FileNotFoundError:
            raise DataError(f"evidence {packed} is missing") from None
        except (zlib.error, EOFError) as error:
            raise DataError(f"evidence {packed} is damaged: {error}") from error
        except OSError as error:
            raise DataError(f"cannot read evidence {packed}: {error.strerror or error}") from error
        if total.hexdigest() != digest:
            raise DataError(f"evidence {packed} was changed: what is in it has another digest")


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    """The content of one gzip stream, never more than a chunk at a time."""
    stream = zlib.decompressobj(wbits=31)
    while not stream.eof:
        packed = stream.unconsumed_tail or file.read(_CHUNK)
        piece = stream.decompress(packed, _CHUNK)
        if not (packed or piece):
            raise EOFError("it ends too early")
        yield piece
    if stream.unused_data or file.read(1):
        raise EOFError("something follows its end")


def keep(folder: EvidenceFolder, scored: ScoredRun, replies: bytes = b"") -> str:
    """Put all that a scored run rests on into the folder, and return the digest of its record."""
    run, rules = scored.run, scored.rules
    record = RunEvidence(
        manifest=folder.put(without_place(run.manifest).to_bytes()),
        items=folder.put(run.path / "items.jsonl"),
        responses=folder.put(run.path / "responses.jsonl"),
        verdicts=folder.put(b"".join(map(_verdict_line, scored.verdicts))),
        protocol=rules.name,
        protocol_version=rules.version,
        grader_version=GRADER_VERSION,
        referee=scored.referee,
        replies=folder.put(replies) if replies else "",
    )
    return folder.put(record.to_bytes())


def without_place(manifest: Manifest) -> Manifest:
    """The manifest without the folder of the data, which is nobody else's business."""
    kept = {name: value for name, value in manifest.environment.items() if name != "data_root"}
    return dataclasses.replace(manifest, environment=kept)


def _verdict_line(one: Verdict) -> bytes:
    return (
        canonical_json([one.item_id, one.sample, one.correct, one.extracted, one.rule, one.truncated]).encode() + b"\n"
    )


def read_verdicts(folder: EvidenceFolder, record: RunEvidence, most: int) -> tuple[Verdict, ...]:
    """The recorded verdicts, at most so many, without their reasons. Raises DataError for damaged ones."""
    try:
        return tuple(map(_verdict, folder.lines(record.verdicts, most)))
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"evidence {record.verdicts}: damaged verdicts ({str(error)[:80]})") from error


def _verdict(line: bytes) -> Verdict:
    item_id, sample, correct, extracted, rule, truncated = json.loads(line)
    if not (isinstance(item_id, str) and isinstance(sample, int) and isinstance(rule, str)):
        raise ValueError("an impossible verdict")
    if correct not in (True, False, None) or not isinstance(extracted, str | None) or not isinstance(truncated, bool):
        raise ValueError("an impossible verdict")
    return Verdict(item_id, sample, correct, extracted, rule, "", truncated)


def read_record(folder: EvidenceFolder, digest: str) -> RunEvidence:
    """The record of that digest. Raises DataError if it is missing or is none."""
    try:
        return RunEvidence.from_bytes(folder.read(digest, EVIDENCE_RECORD_BYTES))
    except (ValueError, RecursionError) as error:
        raise DataError(f"evidence {digest}: {error}") from error


def unpack_run(folder: EvidenceFolder, record: RunEvidence, target: Path) -> None:
    """Write the run directory of a record; its pictures are not among the evidence."""
    target.mkdir(parents=True)
    for digest, name in zip(record.run, (RUN_FILE, "items.jsonl", "responses.jsonl"), strict=True):
        folder.unpack(digest, target / name)


def is_board(path: Path) -> bool:
    """True for a folder with a board in it."""
    return (path / BOARD).is_file()


@contextmanager
def run_folders(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The run directories among `paths` and directly under them; those of a board are unpacked while the block lasts.

    Raises UsageError if there is none, DataError for damaged evidence.
    """
    with tempfile.TemporaryDirectory(prefix="proctor-") as temporary:
        found: list[Path] = []
        for number, path in enumerate(paths):
            found += _unpack_all(path, Path(temporary) / str(number)) if is_board(path) else find_runs([path])
        yield found


def _unpack_all(board: Path, target: Path) -> list[Path]:
    """The run directories of a board, in the order of its rows."""
    folder = EvidenceFolder(board / EVIDENCE)
    records = [read_record(folder, one) for one in dict.fromkeys(row.evidence for row in read_csv(board / BOARD))]
    runs = {record.run: record for record in records}
    paths = [target / str(number) for number in range(len(runs))]
    for path, record in zip(paths, runs.values(), strict=True):
        unpack_run(folder, record, path)
    return paths
