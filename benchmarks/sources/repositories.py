"""Checkouts of the benchmarks' own repositories, in the layouts that their authors publish.

`--data` names the checkout or its data folder; a table of one file can also be named itself. Items have the ids that the
hub's layout gives them.

- MathVision, mathllm/MATH-V: data/test.jsonl; images/ stands beside data/, so the checkout is what to name. testmini.jsonl is
  read where it is named and images/ stands beside it.
- MathVista, lupantech/MathVista: data/testmini.json, an object by pid; data/images/.
- MathVerse, ZrrSkywalker/MathVerse: data/testmini.json, a list. testmini_text_only.json is read when it is named, and never
  with the other versions. Uncertain: whether images.zip unpacks into images/ or beside the JSON file; both are read.
- We-Math, We-Math/We-Math: data/testmini.json, a list; names of pictures start at data/ ("2steps/image/1-1.png").
- LogicVista, Yijia-Xiao/LogicVista: data/dataset.json, an object by id; data/images/. At commit 0b8cca25 its entries have
  `capability` in the place of `broad_capability` and `specific_capability`; that one is not read.
- DynaMath, DynaMath/DynaMath: "samples and result/10trials/trialN/dataset.json", an object by seed, with image/ beside it.
  Trial N is variant N; the hub's variants are taken to be the same draws, which is uncertain. What generate_json.py draws
  anew is not read.
- ChartQA, vis-nlp/ChartQA: "ChartQA Dataset/test/test_human.json" and test_augmented.json, lists; png/. An id is the split
  and the position in both, one after the other: test_human-0 to test_augmented-2499.
- IconQA, lupantech/IconQA with iconqa_data.zip unpacked in data/: iconqa_data/iconqa/test/TASK/ID/data.json with image.png
  and choice_N.png. iconqa_data/pid2skills.json, an object of lists by ID, gives the skills; its form is known from
  tools/sub_acc.py alone. Uncertain: whether the hub's question_id is this ID.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from ...harness.errors import DataError
from ..items import ImageFolder, Record, Source
from .jsonl import Entry, entries, read_document, read_jsonl
from .layout import KEY, ROW, SPLIT, Computed, Layout, arrange, as_int, missing_columns, word_list
from .published import HUB

Records: TypeAlias = Iterator[Record | DataError]


@dataclass(frozen=True)
class Checkout:
    """The tables of a repository, read one after another, as one set; the first is what the repository is known by.

    `places`: where their folder may lie below the folder that was named. `starts`: where names of pictures may start, from
    the folder of the table; there stands the folder `holds`.
    """

    tables: tuple[str, ...]
    layout: Layout
    places: tuple[str, ...] = ("data", "")
    starts: tuple[str, ...] = ("",)
    holds: str = "images"


def _trial(split: str, seed: str) -> str:
    return f"q{as_int(seed)}_v{_variant(split)}"


def _variant(split: str) -> int:
    found = re.fullmatch(r"trial(\d{1,3})/dataset", split)
    if not found:
        raise ValueError(f"{split!r:.60} names no trial")
    return int(found[1])


def _columns(*names: str) -> Layout:
    return {name: name for name in names}


CHECKOUTS: Mapping[str, Checkout] = {
    "mathvision": Checkout(("test.jsonl",), {**HUB["mathvision"].layout, "image": "image"}, starts=("..", "")),
    "mathvista": Checkout(("testmini.json",), {**HUB["mathvista"].layout, "image": "image"}),
    "mathverse": Checkout(
        ("testmini.json",), HUB["mathverse"].layout, starts=("images", ""), holds="images_version_1-4"
    ),
    "wemath": Checkout(("testmini.json",), HUB["wemath"].layout, holds="2steps"),
    "logicvista": Checkout(
        ("dataset.json",),
        {
            "id": KEY,
            **_columns("question", "answer"),
            "image": "imagename",
            "skill": Computed(word_list, "skill"),
            **{name: Computed(word_list, f"{name}?") for name in ("broad_capability", "specific_capability")},
        },
        starts=("images",),
        holds="",
    ),
    "dynamath": Checkout(
        tuple(f"trial{number}/dataset.json" for number in range(1, 11)),
        {
            "id": Computed(_trial, SPLIT, KEY),
            "seed_id": Computed(as_int, KEY),
            "variant": Computed(_variant, SPLIT),
            **_columns("question", "answer", "answer_type", "image", "subject", "level"),
        },
        places=("samples and result/10trials", "10trials", ""),
        holds="image",
    ),
    "chartqa": Checkout(
        ("test_human.json", "test_augmented.json"),
        {
            "id": Computed(lambda split, row: f"{split}-{row}", SPLIT, ROW),
            "question": "query",
            "answer": "label",
            "image": "imgname",
            "split": SPLIT,
        },
        places=("ChartQA Dataset/test", "test", ""),
        starts=("png",),
        holds="",
    ),
}

ICONQA = ("data/iconqa_data/iconqa/test", "iconqa_data/iconqa/test", "iconqa/test", "test", "")
ICONQA_TASKS = ("choose_img", "choose_txt", "fill_in_blank")
MAX_ITEM_BYTES = 2**20


def open_checkout(suite: str, path: Path) -> Source | None:
    """The items of a checkout, of its data folder, or of one named table; None if `path` is none of these.

    A folder is a checkout if the pictures are there too: tables without them often lie beside parquet files that have them.
    """
    if suite == "iconqa":
        test = _iconqa_place(path)
        return None if test is None else Source(str(path), ImageFolder(path), _iconqa(path, test))
    checkout = CHECKOUTS.get(suite)
    if checkout is None:
        return None
    if path.is_file():
        tables = (path.name,) if len(checkout.tables) == 1 and _is_table(path, checkout) else ()
        return _source(checkout, path, path.parent, tables, "") if tables else None
    place = _place(checkout, path)
    if place is None or _start(checkout, path, PurePosixPath(place, checkout.tables[0])) is None:
        return None
    return _source(checkout, path, path, checkout.tables, place)


def lacking(suite: str, folder: Path) -> str | None:
    """What a folder lacks that has the table of a checkout, but not its pictures; None for any other folder."""
    checkout = CHECKOUTS.get(suite)
    place = _place(checkout, folder) if checkout else None
    if checkout is None or place is None:
        return None
    table = PurePosixPath(place, checkout.tables[0])
    wanted = [str(PurePosixPath(start, checkout.holds)) for start in checkout.starts]
    return f"the pictures of {folder / table} are missing: put the folder {' or '.join(wanted)} beside it"


def _place(checkout: Checkout, folder: Path) -> str | None:
    return next((place for place in checkout.places if _is_table(folder / place / checkout.tables[0], checkout)), None)


def _is_table(path: Path, checkout: Checkout) -> bool:
    """True for a file of the table's suffix; JSON lines must have `options`, which the project's own columns do not."""
    try:
        if path.suffix != PurePosixPath(checkout.tables[0]).suffix or not path.is_file():
            return False
        if path.suffix == ".json":
            return True
        first = next(read_jsonl(path), None)
    except (DataError, OSError):  # whoever reads it as a plain file says what is wrong
        return False
    return isinstance(first, Record) and "options" in first and "choices" not in first


def _start(checkout: Checkout, root: Path, table: PurePosixPath) -> PurePosixPath | None:
    """The folder below `root` where a table's names of pictures start; None if it is not there."""
    for start in checkout.starts:
        found = PurePosixPath(os.path.normpath(table.parent / start))
        if ".." not in found.parts and (root / found / checkout.holds).is_dir():
            return found
    return None


def _source(checkout: Checkout, named: Path, root: Path, tables: tuple[str, ...], place: str) -> Source:
    paths = [PurePosixPath(place, table) for table in tables]
    return Source(str(named), ImageFolder(root), _records(checkout, root, paths, place))


def _records(checkout: Checkout, root: Path, tables: list[PurePosixPath], place: str) -> Records:
    row = 0
    for table in tables:
        start = _start(checkout, root, table) or table.parent
        split = str(table.relative_to(place).with_suffix(""))
        for found in _entries(root, table):
            if isinstance(found, DataError):
                yield found
            else:
                where, key, columns = found
                entry = {**columns, KEY: key, ROW: row, SPLIT: split}
                yield _placed(_arranged(entry, checkout.layout, where), start)
            row += 1


def _entries(root: Path, table: PurePosixPath) -> Iterator[Entry | DataError]:
    path = root / table
    try:
        if path.suffix == ".json":
            yield from entries(path, root)
            return
        for record in read_jsonl(path):
            yield record if isinstance(record, DataError) else (record.where, None, dict(record.fields))
    except DataError as problem:  # the other tables can still be read
        yield problem


def _arranged(entry: Mapping[str, Any], layout: Layout, where: str) -> Record | DataError:
    absent = missing_columns(layout, set(entry))
    if absent:
        present = ", ".join(sorted(column for column in entry if not column.startswith("@")))
        return DataError(f"{where}: columns missing: {', '.join(absent)}; there are: {present:.300}")
    return arrange(entry, layout, where)


def _placed(record: Record | DataError, start: PurePosixPath) -> Record | DataError:
    """The record with its picture named from the folder that was named; a name that leaves the folder still does."""
    if isinstance(record, DataError) or not isinstance(record.fields.get("image"), str):
        return record
    return Record({**record.fields, "image": str(start / record.fields["image"])}, record.where)


def _iconqa_place(path: Path) -> PurePosixPath | None:
    for place in ICONQA:
        if any((path / place / task).is_dir() for task in ICONQA_TASKS):
            return PurePosixPath(place)
    return None


def _iconqa(root: Path, place: PurePosixPath) -> Records:
    try:
        skills = _iconqa_skills(root, place)
    except DataError as problem:
        yield problem
        skills = None
    for task in ICONQA_TASKS:
        try:
            ids = [entry.name for entry in (root / place / task).iterdir() if entry.is_dir()]
        except OSError as error:
            yield DataError(f"cannot read {root / place / task}: {error.strerror}")
            continue
        for item_id in sorted(ids, key=lambda name: (len(name), name)):  # numbers by size
            try:
                yield _iconqa_item(root, place / task / item_id, task, skills)
            except DataError as problem:
                yield problem


def _iconqa_skills(root: Path, place: PurePosixPath) -> Mapping[str, Any] | None:
    """Skills by id; None if the folder that was named holds no such file."""
    for folder in (place, *place.parents):
        path = root / folder / "pid2skills.json"
        if path.is_file():
            found = read_document(path, root)
            if not isinstance(found, dict):
                raise DataError(f"{path}: must be an object of lists by id")
            return found
    return None


def _iconqa_item(root: Path, folder: PurePosixPath, task: str, skills: Mapping[str, Any] | None) -> Record:
    path = root / folder / "data.json"
    found = read_document(path, root, MAX_ITEM_BYTES)
    if not isinstance(found, dict):
        raise DataError(f"{path}: must be a JSON object")
    if found.get("ques_type") != task:
        raise DataError(f"{path}: column 'ques_type' must be {task!r}, found {found.get('ques_type')!r:.60}")
    if skills is not None and not skills.get(folder.name):
        raise DataError(f"{path}: pid2skills.json has no skills of {folder.name!r:.60}")
    fields = {column: found.get(column) for column in ("question", "answer", "label", "grade")}
    options = found.get("choices")
    if task == "choose_img" and isinstance(options, list):
        options = [str(folder / name) if isinstance(name, str) else name for name in options]
    fields |= {"id": folder.name, "task": task, "image": str(folder / "image.png")}
    fields |= {"choose_img": {"choice_images": options}, "choose_txt": {"choices": options}}.get(task, {})
    if skills is not None:
        fields["skills"] = skills[folder.name]
    return Record(fields, str(path))
