"""A malformed data set is told of as a whole: each problem a line with its place, up to twenty, then a count."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.items import MAX_PROBLEMS, ImageFolder, Problems, Record, Source, read_items
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError
from proctor.harness.types import Item
from proctor.trainers.tiny import BASE


def write(path, rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "a.png").write_bytes((SAMPLES / "images" / "chartqa-rain.png").read_bytes())
    return [
        {"id": f"q{n}", "question": "Why?", "answer": "7", "split": "test_human", "image": "a.png"} for n in range(40)
    ]


def test_problems_of_every_kind_are_told_at_once(rows, tmp_path, cli, monkeypatch):
    del rows[1]["answer"]
    rows[2]["image"] = "gone.png"
    rows[3]["image"] = "../../etc/passwd"
    rows[4] = "{broken"
    rows[5] = "[1]"
    rows[6]["split"] = "train"
    rows[7]["id"] = "q0"
    path = write(tmp_path / "set.jsonl", rows)
    done = cli("eval", "--model", BASE, "--suite", "chartqa", "--data", path)
    assert done.code == 2
    first, *told = done.err.strip().splitlines()
    assert first == f"proctor eval: 7 problems in {path}:"
    assert [line.split(": ")[0] for line in told] == [f"{path}:{number}" for number in range(2, 9)]
    for line, says in zip(
        told,
        ("'answer'", "missing", "outside", "not valid JSON", "JSON object", "'split'", "already used"),
        strict=True,
    ):
        assert says in line


def test_many_problems_are_counted(rows, tmp_path):
    for number, row in enumerate(rows):
        row["answer"] = [number]
    with pytest.raises(DataError) as caught:
        SUITES.get("chartqa").load(write(tmp_path / "set.jsonl", rows))
    first, *told, last = str(caught.value).splitlines()
    assert (first, len(told), last) == (f"40 problems in {tmp_path / 'set.jsonl'}:", MAX_PROBLEMS, "... and 20 more")


def test_the_same_problem_of_many_lines_is_told_once(rows, tmp_path, cli):
    for row in rows[1:]:
        del row["answer"]
    path = write(tmp_path / "set.jsonl", rows)
    done = cli("suite", "check", "chartqa", "--data", path)
    told = f"{path}:2: column 'answer' is missing; there are: id, image, question, split"
    assert done.code == 2
    assert done.err == f"proctor suite check: {told}; the same on 38 further lines (3, 4, 5 and 35 more)\n"


def test_a_source_that_breaks_off_tells_what_it_had(rows):
    def records():
        yield DataError("x:1: one")
        raise DataError("x:2: no further")

    with pytest.raises(DataError, match="2 problems in x:\nx:1: one\nx:2: no further"):
        read_items(Source("x", ImageFolder(None), records()), SUITES.get("chartqa").parse)


def test_items_are_made_as_records_come():
    made = []

    def records():
        for number in range(3):
            assert len(made) == number
            yield Record({"id": str(number)}, f"x:{number}")

    def parse(record, folder):
        made.append(record)
        return Item(record.text("id"), "s", "q", "1", "number")

    assert [item.id for item in read_items(Source("x", ImageFolder(None), records()), parse)] == ["0", "1", "2"]


@given(st.integers(1, 100))
def test_a_report_has_a_line_for_each_problem_up_to_the_limit(count):
    problems = Problems("x")
    for number in range(count):
        problems.add(DataError(f"x:{number}: bad {number}"))
    lines = str(problems.error()).splitlines()
    shown = min(count, MAX_PROBLEMS)
    assert len(lines) == (1 if count == 1 else 1 + shown + (count > MAX_PROBLEMS))
