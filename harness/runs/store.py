"""The run directory: one examination's questions and raw answers, safe against crashes, full disks and second writers.

    run.json         the manifest: identity (what must not change), environment (for the record), and the seal
    items.jsonl      every item with its gold and prompt, as asked
    responses.jsonl  append-only journal: one line per item and sample; nothing derived
    images/          pictures that were drawn, by digest; pictures from files stay where they are
    .lock            held by the one writer

A line torn by a crash is cut off on open. A failed question is a line with an error; its later answer supersedes it. When
every question is answered the run is sealed: the journal is put into the order of the items, one line each, and its
digest goes into the manifest. So an interrupted and resumed run ends with the same bytes as an uninterrupted one.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..errors import DataError, StoreError, printable
from ..files import RUN_FILE, check_regular, sweep_unfinished, sync_to_disk, write_atomic
from ..folder import ClaimedFolder, check_empty, check_identity
from ..jsonl import Journal, Line, json_line, parse_line, read_lines
from ..limits import RUN_FILE_BYTES, RUN_LINE_BYTES
from ..profiles import PromptStyle
from ..types import Image, Item, Json, Prompt, Rendering, Response, Sampling, digest, digest_all
from .provenance import file_sha256

FORMAT = 1
OWN_PROMPT, UNKNOWN_PROMPT = "file", "unknown"
"""Whose the prompt of imported answers is: no protocol's, as their file has it; or nobody knows."""


def in_words(prompted_by: str) -> str:
    """How a run was asked, by `Manifest.prompted_by`."""
    if prompted_by in (UNKNOWN_PROMPT, ""):
        return "asked by an unknown prompt"
    if prompted_by == OWN_PROMPT:
        return "asked by a prompt of no protocol, which the imported file has"
    return f"asked by the prompt of {prompted_by}"


REPLAYED = ("suite", "protocol", "profile", "sampling")
"""What an examination and the run whose answers it has must agree in."""


def origin_of(identity: Mapping[str, Json]) -> Mapping[str, Json]:
    """The identity of the run whose answers these are: that which a replay of before replayed, else the same one."""
    while isinstance(model := identity.get("model"), Mapping) and model.get("engine") == "replay":
        if not isinstance(inner := model.get("replayed"), Mapping) or not isinstance(inner.get("model"), Mapping):
            break
        identity = inner
    return identity


def misstated(identity: Mapping[str, Json]) -> list[str]:
    """In what a replay of before says otherwise of its answers than the run that they are from, a line each.

    Replays once stored what they were told to say. Those of now have the identity of what they replay.
    """
    origin = origin_of(identity)
    if origin is identity:
        return []
    differing = [name for name in REPLAYED if identity.get(name) != origin.get(name)]
    if identity.get("data") == origin.get("data") and identity.get("prompts") != origin.get("prompts"):
        differing.append("prompts")
    if origin["model"].get("prompt", "protocol") != "protocol":
        differing.append("the prompt, which is that of an imported file")
    return [f"the answers are from a run that differs in {name}" for name in differing]


@dataclass(frozen=True)
class Manifest:
    """What a run is. `identity` is compared on resume, `environment` only recorded, `seal` present when complete."""

    identity: Mapping[str, Json]
    environment: Mapping[str, Json]
    seal: Mapping[str, Json] | None = None

    @property
    def run_id(self) -> str:
        """Sixteen hex digits that name the examination: the same model, questions and sampling give the same id."""
        return digest(self.identity)[:16]

    @property
    def origin(self) -> Mapping[str, Json]:
        """The identity of the run whose answers these are; see `origin_of`."""
        return origin_of(self.identity)

    @property
    def suite(self) -> str:
        """The suite's name."""
        return str(self.identity["suite"])

    @property
    def protocol(self) -> str:
        """The protocol whose prompt was used."""
        return str(self.identity["protocol"])

    @property
    def style(self) -> PromptStyle | None:
        """In whose manner the prompts were put; None for the protocol's own."""
        found = self.identity.get("profile")
        return None if found is None else PromptStyle.from_json(found)

    @property
    def asked_by(self) -> str:
        """The protocol whose prompt was used; with a profile "PROTOCOL+NAME@DIGEST"."""
        return self.protocol if self.style is None else f"{self.protocol}+{self.style.label}"

    @property
    def prompted_by(self) -> str:
        """Whose prompt was used: `asked_by`, or OWN_PROMPT or UNKNOWN_PROMPT for imported answers that another asked for."""
        origin = self.origin
        if origin is not self.identity:
            return Manifest(origin, {}).prompted_by
        model = origin["model"]
        whose = model.get("prompt", "protocol") if isinstance(model, Mapping) else "protocol"
        return self.asked_by if whose == "protocol" else printable(str(whose))

    @property
    def sampling(self) -> Sampling:
        """How the answers were drawn."""
        return Sampling(**self.identity["sampling"])

    @property
    def missing_as_wrong(self) -> bool:
        """True for a run that was imported with its missing answers counted as wrong ones."""
        model = self.identity["model"]
        return isinstance(model, Mapping) and model.get("missing_as_wrong") is True

    @property
    def model_name(self) -> str:
        """What the model was called; for people, not part of the identity."""
        return str(self.environment.get("model_name") or "")

    def to_bytes(self) -> bytes:
        """The text of run.json."""
        record = {
            "format": FORMAT,
            "run_id": self.run_id,
            "identity": self.identity,
            "environment": self.environment,
            "seal": self.seal,
        }
        return (json.dumps(record, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest of a run directory. Raises DataError if it is not one."""
        file = path / RUN_FILE
        try:
            record = json.loads(_whole(file))
            if record["format"] != FORMAT:
                raise DataError(f"{file}: format {record['format']!r} is not known to this version")
            seal = None if record["seal"] is None else dict(record["seal"])
            manifest = cls(dict(record["identity"]), dict(record["environment"]), seal)
            named = bool(manifest.suite and manifest.asked_by and manifest.sampling)
            named = named and (manifest.origin is manifest.identity or bool(manifest.prompted_by))
            unchanged = named and record["run_id"] == manifest.run_id
        except OSError as error:
            raise DataError(f"{path} is no run directory: cannot read run.json ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
        if not unchanged:
            raise DataError(f"{file} was changed: its run_id does not belong to its identity")
        return manifest


@dataclass(frozen=True)
class Sample:
    """An item with the prompt that it was asked by."""

    item: Item
    prompt: Prompt

    def to_json(self) -> Json:
        """Both, pictures by name and digest."""
        parts = [part.to_json() if isinstance(part, Image) else part for part in self.prompt.parts]
        prompt = {"parts": parts, "system": self.prompt.system, **self.prompt.rendering_json}
        return {"item": self.item.to_json(), "prompt": prompt}


@dataclass(frozen=True, eq=False)
class Questions:
    """What a run asked: items with their prompts, the digest of each prompt, and what a manifest says of them all."""

    asked: tuple[Sample, ...]
    each: tuple[str, ...]
    identity: Mapping[str, Json]


def identity_of(asked: Sequence[Sample], prompts: Sequence[str] | None = None) -> dict[str, Json]:
    """What a manifest says of its questions; `prompts` are the digests of the prompts, where they are known."""
    return {
        "items": len(asked),
        "data": digest_all(one.item.to_json() for one in asked),
        "images": digest_all(sorted({image.sha256 for one in asked for image in one.prompt.images})),
        "prompts": digest_all(prompts if prompts is not None else [one.prompt.digest() for one in asked]),
    }


@lru_cache(maxsize=16)
def _questions(content: bytes, pictures: Path | None, root: Path) -> Questions:
    """The questions of the text of an items.jsonl; runs of one suite have the same. Raises DataError, by line."""
    found = []
    for number, line in enumerate(content.splitlines(), start=1):
        record = parse_line(line, f"line {number}", RUN_LINE_BYTES)
        try:
            found.append(_asked(record, pictures, root))
        except (DataError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"line {number}: damaged ({str(error)[:120]})") from error
    if len({one.item.id for one in found}) < len(found):
        raise DataError("an item's id is used twice")
    try:
        each = tuple(one.prompt.digest() for one in found)
        return Questions(tuple(found), each, identity_of(found, each))
    except (TypeError, ValueError):  # a value that no item has
        return Questions((), (), {})


def _asked(record: Json, pictures: Path | None, root: Path) -> Sample:
    item = Item.from_json(record["item"], lambda image: _image(image, pictures, root))
    parts = record["prompt"]["parts"]
    shown = tuple(part if isinstance(part, str) else _image(part, pictures, root) for part in parts)
    rendering = Rendering.from_json(record["prompt"].get("rendering", {}))
    return Sample(item, Prompt(shown, record["prompt"]["system"], rendering))


def _image(record: Json, pictures: Path | None, root: Path) -> Image:
    name, sha256 = str(record["name"]), str(record["sha256"])
    kept = pictures and pictures / f"{sha256}{Path(name).suffix}"
    return Image(sha256, name, kept if kept and kept.is_file() else root / name)


def _whole(file: Path) -> bytes:
    """The content of a file of a run. Raises DataError for a pipe or the like, or more than could be meant."""
    found = file.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > RUN_FILE_BYTES:
        raise DataError(f"{file} is no file, or has more than {RUN_FILE_BYTES} bytes")
    return file.read_bytes()


class RunReader:
    """A run directory to read from. Raises DataError if it is none or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = Manifest.read(path)

    @property
    def complete(self) -> bool:
        """True if every question has an answer."""
        return self.manifest.seal is not None

    def questions(self) -> Questions:
        """The items and prompts, pictures resolved to this directory or the data folder (not checked to exist).

        Raises DataError if they are not the ones that the manifest's digests are of.
        """
        file = self.path / "items.jsonl"
        pictures = self.path / "images"
        root = Path(str(self.manifest.environment.get("data_root") or "."))
        try:
            content = _whole(file)
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from error
        try:
            found = _questions(content, pictures if pictures.is_dir() else None, root)
        except DataError as error:
            raise DataError(f"{file}: {error}") from error
        identity = self.manifest.identity
        for name in ("data", "prompts", "images", "items"):
            if found.identity.get(name) != identity.get(name) or type(identity.get(name)) not in (str, int):
                raise DataError(f"{file} was changed: what run.json says of its {name} is not so")
        return found

    def asked(self) -> list[Sample]:
        """The items with their prompts; see `questions`."""
        return list(self.questions().asked)

    def responses(self) -> Iterator[Response]:
        """The last answer or error of each item and sample, in the journal's order of keys.

        Raises DataError if a sealed journal was changed, or has two answers to a question, or not as many as it says.
        """
        journal = self.path / "responses.jsonl"
        check_regular(journal)
        _check_seal(journal, self.manifest)
        last: dict[tuple[str, int], Response] = {}
        count = 0
        for line in read_lines(journal, RUN_LINE_BYTES):
            if line.torn:
                break
            record = line.value()
            try:
                response = Response.from_json(record)
            except DataError as error:
                raise DataError(f"{line.where}: {error}") from error
            last[response.item_id, response.sample] = response
            count += 1
        seal = self.manifest.seal
        if seal is not None and not len(last) == count == seal.get("count"):
            raise DataError(f"{journal}: a sealed run has one answer to each question, and as many as its seal says")
        yield from last.values()


class RunWriter(ClaimedFolder):
    """The one writer of a run directory; a context manager that holds its lock.

    Opening an existing directory resumes it. Raises RunLockedError if another process holds it, RunMismatchError if it
    belongs to another examination, StoreError if it cannot be written.
    """

    def __init__(self, path: Path, manifest: Manifest, asked: Sequence[Sample], samples: int) -> None:
        super().__init__(path, "run directory", "writing to it")
        self.manifest = manifest
        self._keys = [(one.item.id, sample) for one in asked for sample in range(samples)]
        self._wanted = frozenset(self._keys)
        self._lines: dict[tuple[str, int], tuple[int, int, bool]] = {}
        with self.released_by_errors():
            self._open(asked)

    def _open(self, asked: Sequence[Sample]) -> None:
        if (self.path / RUN_FILE).exists():
            stored = Manifest.read(self.path)
            if stored.run_id != self.manifest.run_id:
                holds = f"{self.path} holds another examination"
                check_identity(stored.identity, self.manifest.identity, holds, "choose another directory")
            _check_seal(self.path / "responses.jsonl", stored)
            self.manifest = stored
        else:
            if _size(self.path / "responses.jsonl"):
                raise DataError(
                    f"{self.path} holds answers, but no run.json that says to what: choose another directory"
                )
            questions = b"".join(json_line(one.to_json()) for one in asked)
            self._refuse_strangers(questions)
            self._store_pictures(asked)
            write_atomic(self.path / "items.jsonl", questions)
            (self.path / "responses.jsonl").touch()  # before the manifest: where that is, a journal is
            write_atomic(self.path / RUN_FILE, self.manifest.to_bytes())
        self._journal = Journal(self.path / "responses.jsonl", RUN_LINE_BYTES, self._index)

    def _refuse_strangers(self, questions: bytes) -> None:
        """Raise UsageError if the directory holds anything but what a run that was killed at once leaves behind."""
        items = self.path / "items.jsonl"
        own = {"images", "responses.jsonl"} | (
            {items.name} if items.exists() and items.read_bytes() == questions else set()
        )
        check_empty(self.path, own, "directory for the run")

    def _store_pictures(self, asked: Sequence[Sample]) -> None:
        for one in asked:
            for image in one.prompt.images:
                file = self.path / "images" / f"{image.sha256}{Path(image.name).suffix}"
                if isinstance(image.origin, bytes) and not file.exists():
                    write_atomic(file, image.origin, sync_folder=False)
        if (folder := self.path / "images").is_dir():
            sweep_unfinished(folder)  # of a process that was killed here
            sync_to_disk(folder)

    def _index(self, line: Line, begin: int) -> None:
        self._place(Response.from_json(line.value()), begin, len(line.text))

    def _place(self, response: Response, begin: int, length: int) -> None:
        self._lines[response.item_id, response.sample] = (begin, length, response.error is None)

    def close(self) -> None:
        """Put the journal on the disk."""
        self._journal.close()

    def missing(self) -> list[tuple[str, int]]:
        """The (item id, sample) pairs without an answer, in the order of the items; errors count as missing."""
        return [key for key in self._keys if not self._lines.get(key, (0, 0, False))[2]]

    def append(self, response: Response) -> None:
        """Add one answer or error. Raises StoreError, and leaves the journal whole, if it cannot be stored."""
        key = (response.item_id, response.sample)
        if key not in self._wanted:
            raise StoreError(f"{self.path}: the engine answered {key[0]!r} sample {key[1]}, which was not asked")
        line = json_line(response.to_json())
        if len(line) > RUN_LINE_BYTES:
            raise StoreError(f"{self.path}: the answer to {key[0]!r} has {len(line)} bytes, more than {RUN_LINE_BYTES}")
        self._place(response, self._journal.append(line), len(line))

    def note_answered_by(self, said: Mapping[str, Sequence[str]]) -> None:
        """Record what a server says that answered, `model` and `fingerprint`, beside what it said before."""
        recorded = self.manifest.environment
        before = recorded.get("answered_by")
        known = before if isinstance(before, Mapping) else {}
        lists = {what: names for what, names in known.items() if isinstance(names, list)}
        both = {
            what: [*(old := lists.get(what, [])), *(n for n in names if n not in old)] for what, names in said.items()
        }
        merged = {**known, **both}
        if merged != known:
            self.manifest = replace(self.manifest, environment={**recorded, "answered_by": merged})
            write_atomic(self.path / RUN_FILE, self.manifest.to_bytes())

    def seal(self, measured: Mapping[str, Json] | None = None) -> None:
        """Mark the run complete: put the journal in order, record its digest. Call when nothing is missing.

        `measured` is recorded: how many answers, with how many tokens, were given last, and in how many seconds.
        """
        journal = self.path / "responses.jsonl"
        offsets = [self._lines[key][0] for key in self._keys]
        if self.manifest.seal is not None:
            return
        if len(self._lines) != len(offsets) or offsets != sorted(offsets) or self._has_superseded_lines():
            write_atomic(journal, (self._line(key) for key in self._keys))
        else:
            self._journal.sync()
        seal = {"responses": _sha256(journal), "count": len(self._keys)}
        recorded = {**self.manifest.environment, **({"measured": dict(measured)} if measured else {})}
        self.manifest = Manifest(self.manifest.identity, recorded, seal)
        write_atomic(self.path / RUN_FILE, self.manifest.to_bytes())

    def _has_superseded_lines(self) -> bool:
        return sum(length for _, length, _ in self._lines.values()) != self._journal.end

    def _line(self, key: tuple[str, int]) -> bytes:
        offset, length, _ = self._lines[key]
        return self._journal.read(offset, length)


def _check_seal(journal: Path, manifest: Manifest) -> None:
    if manifest.seal is not None and _sha256(journal) != manifest.seal.get("responses"):
        raise DataError(f"{journal} was changed after the run was sealed: its digest is not the one in run.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
