"""From records to items. Records are untrusted: paths stay in the data folder, and every problem is told at once.

What reads a file or the hub is in `sources`; a source yields records, which a suite's `parse` turns into items.

Options of multiple-choice questions as suites write them: a list, one string, or inside the question.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ..harness.errors import DataError, printable
from ..harness.links import advice, is_inside
from ..harness.report.text import counted, first_of
from ..harness.types import Image, Item

MAX_PROBLEMS = 20
"""So many different problems of a data set are told one by one; the rest are counted."""
MAX_PLACES = 3
"""So many further places of one problem are named."""
_PLACED = re.compile(r"(?P<file>.*?)(?P<row>: row |:)(?P<number>\d+): (?P<what>.*)", re.DOTALL)


@dataclass(frozen=True)
class Record(Mapping[str, Any]):
    """One line of a data file, which knows where it stands, so that errors can say it.

    `pictures` are the encoded pictures that the source holds itself, by the names that the columns give them.
    """

    fields: Mapping[str, Any]
    where: str
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def error(self, message: str) -> DataError:
        """A DataError that names the file and line."""
        return DataError(printable(f"{self.where}: {message}"))

    def text(self, key: str) -> str:
        """A column that must be there and be text (a number is taken as written)."""
        value = self._column(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.error(f"column {key!r} must be text, found {value!r:.60}")
        return str(value)

    def _column(self, key: str) -> Any:
        if key not in self.fields:
            raise self.error(f"column {key!r} is missing; there are: {', '.join(sorted(self.fields)):.300}")
        if self.fields[key] is None:
            raise self.error(f"column {key!r} is missing or null")
        return self.fields[key]

    def optional_text(self, key: str) -> str | None:
        """A column that may be missing or null."""
        return None if self.fields.get(key) is None else self.text(key)

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """A column that must be one of the texts in `allowed`."""
        value = self.text(key)
        if value not in allowed:
            raise self.error(f"column {key!r} must be one of {', '.join(allowed)}; found {value!r:.60}")
        return value

    def nested(self, key: str) -> Record:
        """A column that must be an object, as a record of its own."""
        value = self._column(key)
        if not isinstance(value, dict):
            raise self.error(f"column {key!r} must be an object, found {value!r:.60}")
        return Record(value, f"{self.where}: in column {key!r}")

    def integer(self, key: str) -> int:
        """A column that must be an integer."""
        value = self._column(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"column {key!r} must be an integer, found {value!r:.60}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A column that is a list of texts; missing or null is an empty one."""
        value = self.fields.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(v, str | int | float) for v in value):
            raise self.error(f"column {key!r} must be a list of texts, found {value!r:.60}")
        return tuple(str(v) for v in value)


@dataclass(frozen=True)
class ImageFolder:
    """The folder that image paths are relative to; nothing outside it can be read, but by links that are followed (`links`).

    None: there is no such folder.
    """

    root: Path | None

    def image(self, record: Record, name: str) -> Image:
        """The picture `name`: the record's own, or a file. Raises DataError if it is missing or outside the folder."""
        if name in record.pictures:
            return Image.of_bytes(record.pictures[name], name)
        if self.root is None:
            raise record.error(f"image {name!r:.60} is missing: the data hold its name, but not its bytes")
        try:
            path = self.root / name
            inside, exists = is_inside(path, self.root), path.is_file()
        except (OSError, RuntimeError, ValueError):  # too long, a loop of links, a null byte
            raise record.error(f"image {name!r:.60} is not a file name") from None
        if not inside:
            raise record.error(f"image {name!r} lies outside the data folder {self.root}{advice()}")
        if not exists:
            raise record.error(f"image {name!r} is missing: put it at {path}")
        return Image.of_file(path.resolve(), name)


Parse: TypeAlias = Callable[[Record, ImageFolder], Item]


@dataclass(frozen=True)
class Source:
    """Records in their order, and the folder of their pictures.

    A problem that leaves the rest readable is yielded in the place of its record; one that does not is raised.
    """

    name: str
    folder: ImageFolder
    records: Iterable[Record | DataError]


@dataclass
class Problems:
    """The problems of a data set: each different one once with its places, the first MAX_PROBLEMS of them in words."""

    name: str
    count: int = 0
    untold: int = 0
    _places: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    _texts: dict[tuple[str, ...], str] = field(default_factory=dict)

    def add(self, problem: DataError, kind: str = "") -> None:
        """Take note of one. Those of one `kind` are told once, in the words of the first."""
        self.count += 1
        placed = _PLACED.fullmatch(str(problem))
        same = (placed["file"], placed["row"], kind or placed["what"]) if placed else (str(problem),)
        if same not in self._texts and len(self._texts) == MAX_PROBLEMS:
            self.untold += 1
            return
        self._texts.setdefault(same, str(problem))
        self._places.setdefault(same, []).append(placed["number"] if placed else "")

    def error(self) -> DataError:
        """A DataError that tells them all; a single problem stays one line, wherever it occurs."""
        texts = [self._text(same) for same in self._texts]
        if self.untold:
            texts.append(f"... and {self.untold} more")
        head = [] if len(texts) == 1 else [f"{self.count} problems in {self.name}:"]
        return DataError("\n".join([*head, *texts]))

    def _text(self, same: tuple[str, ...]) -> str:
        _, *others = self._places[same]
        if not others or len(same) == 1:
            return self._texts[same]
        further = counted(len(others), "further row" if "row" in same[1] else "further line")
        return f"{self._texts[same]}; the same on {further} ({first_of(others, MAX_PLACES)})"


Seen: TypeAlias = Callable[[Record, Item], None]


def read_items(source: Source, parse: Parse, seen: Seen | None = None) -> list[Item]:
    """All items of a source, in its order; `seen` is told of each with its record.

    Raises DataError that tells of every record that cannot be an item or repeats an id, or that there is no item.
    """
    items: dict[str, Item] = {}
    problems = Problems(source.name)
    try:
        for record in source.records:
            if isinstance(record, DataError):
                problems.add(record)
                continue
            try:
                item = parse(record, source.folder)
                if item.id in items:
                    raise record.error(f"id {item.id!r} was already used in this data set")
                check_options(record, item.choices)
            except DataError as problem:
                problems.add(problem)
                continue
            items[item.id] = item
            if seen is not None:
                seen(record, item)
    except DataError as problem:  # the source cannot be read any further
        problems.add(problem)
    if problems.count:
        raise problems.error()
    if not items:
        raise DataError(f"{source.name}: no items in the data")
    return list(items.values())


LETTERS = string.ascii_uppercase
_IN_ONE_STRING = re.compile(r"(?:^|;)\s*([A-H])\s*[.:]\s*")
_IN_BRACKETS = re.compile(r"\(([A-H])\)")
_IN_A_ROW = re.compile(r"(?<!\S)([A-H])\)(?=\s*\S)")
_ON_LINES = re.compile(r"^[ \t]*([A-H])[ \t]*[.:)](?!\S*\))", re.MULTILINE)
_GOLD_LETTERS = re.compile(r"\(?[A-H]\)?(?:\s*[,\n]\s*\(?[A-H]\)?)*")


def check_options(record: Record, choices: Sequence[str]) -> None:
    """Raise DataError for more options than there are letters to name them."""
    if len(choices) > len(LETTERS):
        raise record.error(f"{len(choices)} options: at most {len(LETTERS)} have a letter, A to Z")


def bare(options: Sequence[str]) -> tuple[str, ...]:
    """Option texts without their own letters: "A. 12", "A:12" and "(A) 12" become "12", a lone "(A)" becomes
    "A".

    Options stay as they are unless each of them carries its own letter.
    """
    letters = [
        re.fullmatch(rf"\s*(?:\({letter}\)|{letter}\s*[.:)])\s*(.*)", option, re.DOTALL)
        for letter, option in zip(LETTERS, options, strict=False)
    ]
    if len(letters) < len(options) or not all(letters):
        return tuple(options)
    texts = [match[1].strip() for match in letters if match]
    return tuple(text or letter for letter, text in zip(LETTERS, texts, strict=False))


def split(text: str) -> dict[str, str]:
    """Options of one string such as "A. 4; B. 5; D. neither", by their letters, which must rise but may leave
    gaps."""
    marks: list[re.Match[str]] = []
    for mark in _IN_ONE_STRING.finditer(text):
        if mark[1] == "A" if not marks else mark[1] > marks[-1][1]:
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {mark[1]: text[mark.end() : end].strip(" ;\t\n") for mark, end in zip(marks, ends, strict=False)}


def inline(question: str) -> tuple[str, ...]:
    """Options that stand in the question itself: "... (A) yes (B) no", or a line each: "A. yes"; three or more may stand in
    a row: "A) 10 B) 12 C) 14".

    Empty unless the last run of letters from A up to the end of the question is clean: two or more options,
    each with a text of its own.
    """
    for pattern, least in ((_IN_BRACKETS, 2), (_ON_LINES, 2), (_IN_A_ROW, 3)):
        marks = list(pattern.finditer(question))
        starts = [k for k, mark in enumerate(marks) if mark[1] == "A"]
        marks = marks[starts[-1] :] if starts else []
        if len(marks) < least or "".join(mark[1] for mark in marks) != LETTERS[: len(marks)]:
            continue
        ends = [mark.start() for mark in marks[1:]] + [len(question)]
        texts = [question[mark.end() : end].strip(" ,;\t\n") for mark, end in zip(marks, ends, strict=True)]
        if all(texts) and len({text.casefold() for text in texts}) == len(texts):
            return tuple(texts)
    return ()


def gold_letters(record: Record, gold: str, choices: Sequence[str]) -> tuple[str, str]:
    """The letters that a gold answer names, "C" or "A, C", and their gold type, choice or multichoice.

    A gold that is an option's text names that option; without `choices` any letters from A to H are taken.
    Raises DataError if the gold names no option.
    """
    check_options(record, choices)
    plain = gold.strip()
    if plain in choices and plain not in LETTERS[: len(choices)]:
        return LETTERS[list(choices).index(plain)], "choice"
    letters = re.findall("[A-H]", plain) if _GOLD_LETTERS.fullmatch(plain) else []
    if not letters or (choices and max(letters) > LETTERS[len(choices) - 1]):
        raise _no_such_option(record, gold, choices)
    return ", ".join(letters), "choice" if len(letters) == 1 else "multichoice"


def _no_such_option(record: Record, gold: str, choices: Sequence[str]) -> DataError:
    named = ", ".join(choices) if choices else "letters A to H"
    return record.error(f"column 'answer' must name one of the options ({named:.120}), found {gold!r:.60}")
