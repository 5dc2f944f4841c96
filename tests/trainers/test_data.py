"""Training sets: read in their published columns from parquet, JSONL and the hub, pinned, and without their labels."""

import dataclasses
import json
import re

import pytest

from proctor.benchmarks import lock as locks
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, UsageError
from proctor.harness.types import Image
from proctor.trainers.base import make_group
from proctor.trainers.data import PUBLISHED, TITLES, data_set, prompt
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import training_prompts

from .training_rows import NAMES, SECRET, drawing, encoded, rows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
datasets = pytest.importorskip("datasets")


@pytest.fixture
def write(tmp_path):
    """`write(name, label=..., file="train-00000-of-00001.parquet")`: a parquet file of a set's rows."""

    def put(name, label=SECRET, file="train-00000-of-00001.parquet", made=None):
        path = tmp_path / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows(name, label) if made is None else made), path)
        return path

    return put


def test_each_training_set_is_published_and_no_suite():
    assert set(TITLES) == set(PUBLISHED) == set(NAMES)
    assert not set(TITLES) & set(SUITES.names())
    assert data_set("chartqa") is SUITES.get("chartqa")
    with pytest.raises(UsageError, match="no suite is called 'geometry4k'"):
        data_set("geometry4k")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_label_is_in_the_items(name, write):
    items = data_set(name).load(write(name))
    assert [item.id for item in items] == [f"train-{number}" for number in range(len(items))]
    for item in items:
        assert (item.answer, item.answer_type, item.suite) == ("", "text", name)
        assert SECRET not in json.dumps(item.to_json())
        assert SECRET not in repr(dataclasses.astuple(item)).replace(repr([one.origin for one in item.images]), "")
    assert items == data_set(name).load(write(name, label="23"))
    names = [image.name for item in items for image in item.images]
    assert names == [image.name for item in data_set(name).load(write(name, label="23")) for image in item.images]


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_there_for_who_asks(name, write):
    with_labels, without = data_set(name, labels=True).load(write(name)), data_set(name).load(write(name))
    assert with_labels[0].answer == (f"{SECRET}°" if name == "geoqa" else SECRET)
    assert with_labels[0].answer_type == "number"
    for one, other in zip(with_labels, without, strict=True):
        assert dataclasses.replace(one, answer="", answer_type="text") == other
    if name == "mmr1":
        assert (with_labels[1].answer, with_labels[1].answer_type) == ("B", "choice")


@pytest.mark.parametrize("name", NAMES)
def test_prompts_of_a_recipe_have_labels_only_for_a_reward_that_needs_them(name, write):
    settings = PromptSettings(name, str(write(name)))
    blind, seeing = training_prompts(settings, 1)(0, 3), training_prompts(settings, 1, labels=True)(0, 3)
    assert [item.id for item in blind] == [item.id for item in seeing]
    assert {item.answer for item in blind} == {""}
    assert "" not in {item.answer for item in seeing}
    assert make_group(blind[0], ["a", "b"], needs_gold=False) == make_group(seeing[0], ["a", "b"], needs_gold=False)


def test_a_picture_stands_where_its_mark_does(write):
    items = data_set("mmr1").load(write("mmr1"))
    assert items[0].question == "Find x."
    assert [type(part) for part in prompt(items[0]).parts] == [Image, str]
    assert items[1].choices == ("3", "4")
    assert prompt(items[1]).parts[1].count("(A)") == 1
    parts = prompt(items[3]).parts
    assert [part if isinstance(part, str) else "*" for part in parts[:4]] == ["Compare", "*", "with", "*"]
    assert parts[4].startswith(": which is larger?\nPlease reason step by step")
    assert prompt(items[3]).images == items[3].images
    assert data_set("mmr1").protocol("strict").prompt(items[3]) == prompt(items[3])
    assert "<think>" in data_set("mmr1").protocol("self_judge").prompt(items[3]).parts[-1]


def test_several_pictures_before_the_text_need_no_marks(write):
    (row, *_) = rows("mmr1")
    row = {**row, "images": row["images"] * 2, "problem": "<image> <image>\nCompare."}
    (item,) = data_set("mmr1").load(write("mmr1", made=[row]))
    assert item.question == "Compare."
    assert len(prompt(item).images) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"problem": "<image><image>Find x."}, "has 2 <image> marks for 1 pictures"),
        ({"problem": "<image> "}, "column 'problem' is empty"),
        ({"problem": None}, "column 'problem' is missing or null"),
        ({"images": [{"bytes": None, "path": "../a.png"}]}, "lies outside the data folder"),
        ({"images": [{"bytes": b"<html>", "path": "a.png"}]}, "are no picture"),
    ],
)
def test_a_malformed_row_is_told_with_its_place(change, says, write):
    (row, *_) = rows("mmr1")
    with pytest.raises(DataError, match=rf"train.*\.parquet: row 1: .*{re.escape(says)}"):
        data_set("mmr1").load(write("mmr1", made=[{**row, **change}]))


def test_columns_that_are_not_there_are_told(write):
    with pytest.raises(DataError, match=r"columns missing: images, problem; there are: question"):
        data_set("geometry3k").load(write("geometry3k", made=[{"question": "Find x."}]))


@pytest.mark.parametrize("name", ["geometry3k", "geoqa"])
def test_a_copy_in_the_other_columns_gives_the_same_items(name, write):
    """MM-UPT trained on a copy of GeoQA with the columns of Geometry3K."""
    copies = [
        {"images": row["images"] if "images" in row else [row["image"]], "problem": row["problem"], "answer": "1"}
        for row in rows(name)
    ]
    assert data_set(name).load(write(name, made=copies)) == data_set(name).load(write(name))


def test_jsonl_needs_neither_ids_nor_labels(tmp_path):
    lines = []
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(encoded(drawing(number)))
        lines.append({"images": [f"{number}.png"], "problem": f"<image>Find x{number}."})
    lines[2] = {**lines[2], "id": "mine", "answer": SECRET}
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    items = data_set("mmr1").load(file)
    assert [item.id for item in items] == ["train-0", "train-1", "mine"]
    assert [item.question for item in items] == ["Find x0.", "Find x1.", "Find x2."]
    assert items[1].images[0].read() == (tmp_path / "1.png").read_bytes()
    with pytest.raises(DataError, match="column 'answer' is missing"):
        data_set("mmr1", labels=True).load(file)


@pytest.fixture
def put_on_hub(tmp_path, monkeypatch):
    """`put_on_hub(name, label)`: a folder of the hub's form takes the place of the training set."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)

    def put(name, label=SECRET):
        folder = tmp_path / "hub-sets" / name
        table = datasets.Dataset.from_list(rows(name, label))
        several = datasets.Sequence(datasets.Image())
        column, kind = ("image", datasets.Image()) if name == "geoqa" else ("images", several)
        table = table.cast_column(column, kind)
        (folder / "data").mkdir(parents=True, exist_ok=True)
        table.to_parquet(folder / "data" / "train-00000-of-00001.parquet")
        files = "  - split: train\n    path: data/train-*\n"
        (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n")
        here = dataclasses.replace(PUBLISHED[name].hub, path=str(folder))
        monkeypatch.setitem(PUBLISHED, name, dataclasses.replace(PUBLISHED[name], hub=here))

    return put


@pytest.mark.parametrize("name", NAMES)
def test_a_training_set_is_pinned_and_read_as_a_suite_is(name, put_on_hub, write, cli):
    put_on_hub(name)
    settings = PromptSettings(name, "hub")
    with pytest.raises(DataError, match=f"pin it first with `proctor suite pull {name}`"):
        training_prompts(settings, 0)
    assert cli("suite", "pull", name).code == 0
    (one,) = json.loads(cli("suite", "status", "--hub", "--json").out)
    assert (one["suite"], one["status"], one["splits"]) == (name, "unchanged", ["train"])
    assert SECRET not in json.dumps(one["contents"])
    local = data_set(name, labels=True).load(write(name))
    assert locks.load_locked(data_set(name, labels=True), locks.HUB_DATA) == local
    assert sorted(item.id for item in training_prompts(settings, 0)(0, len(local))) == [item.id for item in local]
    put_on_hub(name, label="23")
    for labels in (False, True):
        with pytest.raises(DataError, match=r"not those of proctor-data\.lock: digest"):
            training_prompts(settings, 0, labels=labels)
