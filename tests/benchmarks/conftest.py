"""Small files of exactly the published schemas, made of the bundled samples."""

import json

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.registry import SUITES
from proctor.harness.types import Item


def sample_rows(suite):
    """The records of a bundled sample."""
    return [json.loads(line) for line in (SAMPLES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()]


def struct(name):
    """A picture as the hub stores it."""
    return {"bytes": (SAMPLES / name).read_bytes(), "path": name.split("/")[-1]}


def _mathvision(row):
    kept = {key: row[key] for key in ("id", "question", "answer", "subject", "level")}
    return {
        **kept,
        "options": row["choices"],
        "image": row["image"],
        "decoded_image": struct(row["image"]),
        "solution": None,
    }


def _with_options(row):
    return row["question"] + ("\nChoices:\n" + "\n".join(row["choices"]) if row["choices"] else "")


def _mathverse(row):
    return {
        "sample_index": row["id"],
        "problem_index": str(row["problem"]),
        "problem_version": row["problem_version"],
        "question": _with_options(row),
        "image": struct(row["image"]),
        "answer": row["answer"],
        "question_type": {"multiple_choice": "multi-choice", "free_form": "free-form"}[row["answer_type"]],
        "metadata": {"split": "testmini", "source": "drawn", "subject": row["subject"], "subfield": row["subfield"]},
        "query_wo": "",
        "query_cot": "",
    }


def _mathvista(row):
    kept = {
        key: row[key] for key in ("question", "choices", "unit", "answer", "question_type", "answer_type", "metadata")
    }
    precision = None if row["precision"] is None else float(row["precision"])
    return {
        **kept,
        "pid": row["id"],
        "precision": precision,
        "image": row["image"],
        "decoded_image": struct(row["image"]),
    }


def _wemath(row):
    return {
        "ID": row["problem_id"],
        "split": "testmini",
        "knowledge concept": row["knowledge_concept"],
        "question": row["question"],
        "option": row["choices"],
        "answer": row["answer"],
        "image_path": struct(row["image"]),
        "key": row["key"],
        "question number": 1,
        "knowledge concept description": "",
    }


def _logicvista(row):
    return {**row, "image": struct(row["image"]), "reasoning": "", "imagesource": "drawn"}


def _dynamath(row):
    return {
        "id": str(row["seed_id"]),
        "question": row["question"],
        "image": row["image"],
        "decoded_image": struct(row["image"]),
        "ground_truth": row["answer"],
        "answer_type": row["answer_type"],
        "subject": row["subject"],
        "knowledge_level": row["level"],
    }


def _chartqa(row):
    kind = {"test_human": "human_test", "test_augmented": "augmented_test"}[row["split"]]
    return {"type": kind, "question": row["question"], "answer": row["answer"], "image": struct(row["image"])}


def _iconqa(row):
    options = row["choice_images"] or []
    pictures = [struct(name) for name in options] + [None] * (5 - len(options))
    answer, choices = row["answer"], ""
    if row["task"] == "choose_img":
        answer, choices = f"choice_{answer}.png", ",".join(f"choice_{n}.png" for n in range(len(options)))
    elif row["task"] == "choose_txt":
        answer, choices = row["choices"][int(answer)], ",".join(row["choices"])
    return {
        "question_id": row["id"],
        "question": row["question"],
        "choices": choices,
        "answer": answer,
        "query_image": struct(row["image"]),
        **{f"choice_image_{n}": picture for n, picture in enumerate(pictures)},
        "ques_type": row["task"],
        "label": row["label"],
        "grade": row["grade"],
        "skills": [],
    }


AS_PUBLISHED = {
    "mathvision": _mathvision,
    "mathverse": _mathverse,
    "mathvista": _mathvista,
    "wemath": _wemath,
    "logicvista": _logicvista,
    "dynamath": _dynamath,
    "chartqa": _chartqa,
    "iconqa": _iconqa,
}


@pytest.fixture
def published_rows():
    """`published_rows(suite)`: the rows of a sample in the hub's columns, by their split."""

    def rows(suite):
        split = SUITES.get(suite).published.hub.splits[0]
        found = {}
        for row in sample_rows(suite):
            name = f"sample_variant{row['variant']}" if suite == "dynamath" else split
            found.setdefault(name, []).append(AS_PUBLISHED[suite](row))
        return found

    return rows


@pytest.fixture
def essence():
    """What of an item does not depend on where it was read from: `essence(item, question=True)`."""

    def of(item, question=True):
        pictures = [image.sha256 for image in item.images]
        meta = {key: value for key, value in item.meta.items() if key != "question_for_eval"}
        told = (item.answer, item.answer_type, item.choices, item.unit, meta, pictures)
        return (item.question, *told) if question else told

    return of


META = {
    "mathvision": {},
    "mathvista": {"question_type": "free_form", "answer_type": "integer", "precision": None},
    "mathverse": {"question_type": "free"},
    "wemath": {},
    "logicvista": {},
    "dynamath": {"answer_type": "float"},
    "chartqa": {},
    "iconqa": {"task": "fill_in_blank"},
}


@pytest.fixture
def judged():
    """(suite, protocol, response, gold, **meta) to a grade; `choices`, `kind` and `question` make the item."""

    def judge(suite, protocol, response, gold, choices=(), kind="number", question="How many?", **meta):
        item = Item("1", suite, question, gold, kind, choices=tuple(choices), meta=META[suite] | meta)
        rules = SUITES.get(suite).protocol(protocol)
        return rules.match(rules.extract(response, item), item)

    return judge
