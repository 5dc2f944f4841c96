"""Parquet files in the hub's schemas give the bundled items; broken ones are refused, all problems at once."""

import re

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.sources import parquet as reader
from proctor.harness.errors import DataError, MissingExtraError, install

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def write(tmp_path):
    def write_rows(rows, name="test.parquet"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path

    return write_rows


@pytest.mark.parametrize("suite", [name for name in SUITES.names() if SUITES.get(name).published.hub])
def test_a_folder_of_the_hubs_files_gives_the_bundled_items(suite, published_rows, write, tmp_path, essence):
    for split, rows in published_rows(suite).items():
        middle = max(1, len(rows) // 2)
        write(rows[:middle], f"data/{split}-00000-of-00002.parquet")
        write(rows[middle:], f"data/{split}-00001-of-00002.parquet")
    write([{"id": "other"}], "data/validation-00000-of-00001.parquet")
    items, bundled = SUITES.get(suite).load(tmp_path), SUITES.get(suite).load()
    whole = suite != "mathverse"  # there the hub has the options in the question
    assert [essence(item, whole) for item in items] == [essence(item, whole) for item in bundled]
    if suite != "chartqa":  # which has no ids
        assert [item.id for item in items] == [item.id for item in bundled]
    assert len({item.id for item in items}) == len(items)


def test_one_file_is_read_too(published_rows, write):
    path = write(published_rows("mathvision")["test"])
    assert len(SUITES.get("mathvision").load(path)) == 7


def test_another_data_set_of_the_same_benchmark_is_read_too(published_rows, write, essence):
    """HuggingFaceM4/ChartQA: a list of one label, and who asked as a number."""
    rows = published_rows("chartqa")["test"]
    human = {"human_test": 0, "augmented_test": 1}
    path = write(
        [
            {"image": r["image"], "query": r["question"], "label": [r["answer"]], "human_or_machine": human[r["type"]]}
            for r in rows
        ]
    )
    suite = SUITES.get("chartqa")
    assert [essence(item) for item in suite.load(path)] == [essence(item) for item in suite.load()]


def test_the_projects_own_columns_are_read_with_embedded_pictures(write, published_rows, essence):
    rows = published_rows("mathvision")["test"]
    own = [
        {
            **{k: r[k] for k in ("id", "question", "answer", "subject", "level")},
            "choices": r["options"],
            "image": r["decoded_image"],
        }
        for r in rows
    ]
    suite = SUITES.get("mathvision")
    assert [essence(item) for item in suite.load(write(own))] == [essence(item) for item in suite.load()]


def test_every_problem_is_told_with_its_row(write, published_rows):
    rows = published_rows("mathvision")["test"]
    rows[0]["decoded_image"] = {"bytes": None, "path": None}
    rows[1]["decoded_image"] = {"bytes": None, "path": "../secret.png"}
    rows[2]["decoded_image"] = {"bytes": b"<html>", "path": "c.png"}
    rows[3]["answer"] = None
    rows[5]["id"] = rows[4]["id"]
    path = write(rows)
    with pytest.raises(DataError) as caught:
        SUITES.get("mathvision").load(path)
    first, *told = str(caught.value).splitlines()
    assert first == f"5 problems in {path}:"
    for line, place, says in zip(
        told,
        (1, 2, 3, 4, 6),
        ("column 'image'", "outside the data folder", "no picture", "column 'answer'", "already used"),
        strict=True,
    ):
        assert line.startswith(f"{path}: row {place}: ")
        assert says in line


def test_a_missing_column_is_told_once(write):
    with pytest.raises(DataError, match=r"columns missing: ID, answer.*there are: question$") as caught:
        SUITES.get("wemath").load(write([{"question": "a"}, {"question": "b"}]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not parquet at all", None])
def test_a_damaged_file_is_one_line(write, published_rows, damage):
    path = write(published_rows("chartqa")["test"])
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    with pytest.raises(DataError, match=r"test\.parquet") as caught:
        SUITES.get("chartqa").load(path)
    assert "\n" not in str(caught.value)


def test_without_pyarrow_the_extra_is_named(write, published_rows, monkeypatch):
    path = write(published_rows("chartqa")["test"])
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=re.escape(install("data"))):
        SUITES.get("chartqa").load(path)


def test_values_take_the_types_of_json():
    assert reader.plain_value({"a": (1.5, float("nan")), "b": {"c": None}}) == {"a": [1.5, None], "b": {"c": None}}
    assert reader.plain_value({"bytes": None, "path": "a/b.png"}) == "a/b.png"
