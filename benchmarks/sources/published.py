"""Where each suite is published, and the layouts of its files: one table for the hub, one for VLMEvalKit's TSV files.

Hub ids and columns are those that lmms-eval and the data cards name; TSV columns are those that VLMEvalKit's scorers read.
What could not be confirmed against the published file is said in `uncertain`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .layout import (
    ROW,
    SPLIT,
    Computed,
    Layout,
    as_int,
    as_int_or_none,
    blank,
    read_table,
    renamed,
    text_list,
    word_list,
)


@dataclass(frozen=True)
class Published:
    """A data set of the hub: `splits` are read in this order; `layout` also reads its parquet files."""

    path: str
    splits: tuple[str, ...]
    layout: Layout
    config: str | None = None
    uncertain: str = ""


def _same(*columns: str) -> Layout:
    return {column: column for column in columns}


def _joined(*parts: Any) -> str:
    return "|".join(str(part) for part in parts)


def _lettered(*options: Any) -> str:
    """Options from cells A, B, ... as We-Math writes them: "A. 4; B. 5"."""
    return "; ".join(f"{letter}. {text}" for letter, text in zip("ABCDEFGH", options, strict=True) if not blank(text))


def _variant(seed: Any, variant: int) -> str:
    return f"q{as_int(seed)}_v{variant}"


def _variant_of(split: str) -> int:
    found = re.search(r"variant(\d+)", split)
    if not found:
        raise ValueError(f"the split {split!r:.60} names no variant")
    return int(found[1])


def _iconqa_choices(task: str, choices: Any) -> list[str]:
    if task != "choose_txt":
        return []
    split = not isinstance(choices, list) and not str(choices).strip().startswith("[")
    return [one.strip() for one in str(choices).split(",")] if split else text_list(choices)


def _iconqa_answer(task: str, choices: Any, answer: Any) -> str:
    """The 0-based index of a choice, from "choice_1.png", "1" or the option's text."""
    plain = str(answer).strip()
    options = _iconqa_choices(task, choices)
    if task == "choose_img" and (found := re.fullmatch(r"choice_(\d)\.png", plain)):
        return found[1]
    return str(options.index(plain)) if plain in options else plain


def _mathverse_id(version: str, index: Any) -> Any:
    """The sample_index; Text Only counts its own from 1 again."""
    return f"text-only-{index}" if version == "Text Only" else index


def _split_and_row(split: str, row: int) -> str:
    return f"{split}-{row}"


def _either(first: Any, second: Any) -> Any:
    return second if first is None else first


def _if_any(picture: Any) -> Any:
    return None if blank(picture) else picture


def _present(*pictures: Any) -> list[Any]:
    return [picture for picture in pictures if picture is not None]


_MATHVERSE_TYPES = renamed(multi_choice="multiple_choice", free_form="free_form")
_MATHVERSE: Layout = {
    "id": Computed(_mathverse_id, "problem_version", "sample_index"),
    "question": "question",
    "answer": "answer",
    "answer_type": Computed(_MATHVERSE_TYPES, "question_type"),
    "image": Computed(_if_any, "image"),
    "problem": Computed(as_int, "problem_index"),
    "problem_version": "problem_version",
    "metadata": Computed(read_table, "metadata"),
    "question_for_eval": "question_for_eval?",
}
_CHARTQA_SPLITS = renamed(human_test="test_human", augmented_test="test_augmented")
_MATHVISTA_ABOUT = ("language", "source", "category", "task", "context", "grade")

HUB: Mapping[str, Published] = {
    "mathvision": Published(
        "MathLLMs/MathVision",
        ("test",),
        {
            **_same("id", "question", "answer", "subject"),
            "choices": Computed(text_list, "options"),
            "image": "decoded_image",
            "level": Computed(as_int, "level"),
        },
    ),
    "mathverse": Published("AI4Math/MathVerse", ("testmini",), _MATHVERSE, config="testmini"),
    "mathvista": Published(
        "AI4Math/MathVista",
        ("testmini",),
        {
            **_same("question", "answer", "answer_type", "unit", "question_type"),
            "id": "pid",
            "choices": Computed(text_list, "choices"),
            "precision": Computed(as_int_or_none, "precision"),
            "image": "decoded_image",
            "metadata": Computed(read_table, "metadata"),
        },
    ),
    "wemath": Published(
        "We-Math/We-Math",
        ("testmini",),
        {
            "id": Computed(_joined, "ID", "key"),
            "question": "question",
            "choices": "option",
            "answer": "answer",
            "image": "image_path",
            "problem_id": "ID",
            "key": "key",
            "knowledge_concept": "knowledge concept",
        },
    ),
    "logicvista": Published(
        "lscpku/LogicVista",
        ("test",),
        {
            **_same("id", "question", "answer", "image"),
            **{name: Computed(word_list, name) for name in ("skill", "broad_capability", "specific_capability")},
        },
        uncertain="whether skill and the capabilities are lists or one text each: both are read",
    ),
    "dynamath": Published(
        "DynaMath/DynaMath_Sample",
        tuple(f"sample_variant{number}" for number in range(1, 11)),
        {
            "id": Computed(lambda seed, split: _variant(seed, _variant_of(split)), "id", SPLIT),
            "question": "question",
            "answer": "ground_truth",
            "answer_type": "answer_type",
            "image": "decoded_image",
            "seed_id": Computed(as_int, "id"),
            "variant": Computed(_variant_of, SPLIT),
            "subject": "subject",
            "level": "knowledge_level",
        },
    ),
    "chartqa": Published(
        "lmms-lab/ChartQA",
        ("test",),
        {
            "id": Computed(lambda split, row: f"{_CHARTQA_SPLITS(split)}-{row}", "type", ROW),
            **_same("question", "answer", "image"),
            "split": Computed(_CHARTQA_SPLITS, "type"),
        },
    ),
    "iconqa": Published(
        "lmms-lab/ICON-QA",
        ("test",),
        {
            "id": "question_id",
            "question": "question",
            "answer": Computed(_iconqa_answer, "ques_type", "choices", "answer"),
            "image": "query_image",
            "task": "ques_type",
            "choices": Computed(_iconqa_choices, "ques_type", "choices"),
            "choice_images": Computed(_present, *(f"choice_image_{number}?" for number in range(5))),
            "label": "label?",
            "grade": "grade?",
            "skills": Computed(word_list, "skills?"),
        },
        uncertain="whether the test split holds answers (val does) and skills; options with a comma cannot be told apart",
    ),
}

_PROBLEMS: Layout = {"id": Computed(_split_and_row, SPLIT, ROW), **_same("problem", "images"), "answer": "answer?"}

TRAINING: Mapping[str, Published] = {
    "geometry3k": Published("hiyouga/geometry3k", ("train",), _PROBLEMS),
    "geoqa": Published(
        "leonardPKU/GEOQA_R1V_Train_8K",
        ("train",),
        {
            **_PROBLEMS,
            "images": Computed(_either, "images?", "image?"),
            "answer": Computed(_either, "answer?", "solution?"),
        },
        uncertain="the number of rows; image, problem and solution are the columns that its users read, and images, problem "
        "and answer, the columns of its copies, are read too",
    ),
    "mmr1": Published(
        "MMR1/MMR1-Math-RL-Data-v0",
        ("train",),
        _PROBLEMS,
        uncertain="columns and splits are those that its users read; the number of rows is known to three digits (5.78k)",
    ),
}
"""Sets to train on, which no suite asks (see `trainers.data`). Only what stands here is read: further columns of Geometry3K
(choices, ground_truth) hold its labels once more."""

HUB_SETS: Mapping[str, Mapping[str, Published]] = {
    "mathverse": {
        "text_only": Published("AI4Math/MathVerse", ("testmini_text_only",), _MATHVERSE, config="testmini_text_only")
    },
}
"""Further sets of a suite by name, which are asked apart: `--data hub:text_only`."""

VLMEVALKIT: Mapping[str, Layout] = {
    "mathvision": {
        "id": "index",
        **_same("question", "answer", "image"),
        "choices": Computed(text_list, "choices"),
        "subject": "category",
        "level": Computed(as_int, "level"),
    },
    "mathverse": _MATHVERSE,
    "mathvista": {
        "id": "index",
        **_same("question", "answer", "image", "question_type", "answer_type"),
        "choices": Computed(text_list, "choices"),
        "precision": Computed(as_int_or_none, "precision?"),
        "unit": Computed(lambda unit: None if blank(unit) else unit, "unit?"),
        "metadata": Computed(
            lambda skills, *about: {**dict(zip(_MATHVISTA_ABOUT, about, strict=True)), "skills": text_list(skills)},
            "skills",
            *_MATHVISTA_ABOUT,
        ),
    },
    "wemath": {
        "id": Computed(_joined, "ID", "key"),
        **_same("question", "answer", "image", "key"),
        "choices": Computed(_lettered, "A", "B", "C?", "D?", "E?", "F?", "G?", "H?"),
        "problem_id": "ID",
        "knowledge_concept": "knowledge concept",
    },
    "logicvista": {
        "id": "index",
        **_same("question", "answer", "image"),
        **{name: Computed(word_list, f"{name}?") for name in ("skill", "broad_capability", "specific_capability")},
    },
    "dynamath": {
        "id": Computed(lambda seed, variant: _variant(seed, as_int(variant)), "qid", "varid"),
        **_same("question", "answer", "answer_type", "image", "subject"),
        "seed_id": Computed(as_int, "qid"),
        "variant": Computed(as_int, "varid"),
        "level": "knowledge_level",
    },
    "chartqa": {"id": "index", **_same("question", "answer", "image", "split")},
}
"""IconQA has no TSV. Uncertain: `level` of MathVision's, `precision`, `unit` and the categories of MathVista's, and whether
an `index` is the item's published id (it is assumed for MathVision and MathVista, and not so for LogicVista and ChartQA)."""


def published_as(name: str) -> Published | None:
    """How the suite or training set of that name is published on the hub, if it is."""
    return HUB.get(name) or TRAINING.get(name)
