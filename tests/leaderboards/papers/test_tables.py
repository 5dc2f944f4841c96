"""The papers' tables: nothing is lost of the data, every column is one of a suite, recipes resolve, sums are checked."""

import csv
import dataclasses
import json
import os
from pathlib import Path

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import UsageError
from proctor.leaderboards.papers import tables
from proctor.leaderboards.papers.tables import AVERAGE, PAPERS, Average, Library, Table, check_table, load_papers
from proctor.trainers.recipe import load_recipe

DATA = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
TRANSCRIBED = {
    "mm_upt/1": "mmupt_table1",
    "mm_upt/2": "mmupt_table2_synthesis",
    "mm_upt/3": "mmupt_table3_models",
    "mm_upt/6": "mmupt_table6_vqa",
    "self_judge/1": "selfjudge_table1",
}
GOLDEN = Path(__file__).parents[2] / "golden" / "papers" / "mm_upt_1.txt"
LIBRARY = load_papers(PAPERS.folder)
TABLES = LIBRARY.tables


def test_no_table_and_no_cell_is_missing() -> None:
    folder = DATA.parent / "papers"
    if not folder.is_dir():
        pytest.skip(f"no transcribed tables at {folder}")
    assert {file.stem for file in folder.glob("*.csv")} == set(TRANSCRIBED.values())
    for name, stem in TRANSCRIBED.items():
        with (folder / f"{stem}.csv").open(newline="") as file:
            printed = [{key: value for key, value in one.items() if value} for one in csv.DictReader(file)]
        ours = [{key: value for key, value in (one.labels | one.cells).items() if value} for one in TABLES[name].rows]
        assert ours == printed, name


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_columns_are_metrics_of_suites_over_whole_sets(name: str) -> None:
    table = TABLES[name]
    assert table.columns
    for column in table.columns:
        suite = SUITES.get(column.suite)
        assert suite.protocol(column.protocol)
        assert column.metric in {metric.name for metric in suite.metrics([], [])}
        assert column.items == max(SUITES.get(column.suite).published.sizes.values())
    keys = {column.key for column in table.columns}
    for row in table.rows:
        assert row.cells.keys() <= keys | {AVERAGE}
        assert row.cells
    assert (table.average is None) == (name == "mm_upt/6")
    assert table.average is None or set(table.average.of) == keys


def test_the_two_papers_mean_other_numbers_by_the_same_suite() -> None:
    """We-Math 62.87 is plain accuracy, 37.1 the strict score; no row of the two papers is compared."""
    (plain,) = (one for one in TABLES["mm_upt/1"].columns if one.suite == "wemath")
    (strict,) = (one for one in TABLES["self_judge/1"].columns if one.suite == "wemath")
    assert (plain.metric, strict.metric) == ("accuracy", "score_strict")
    assert {one.protocol for one in TABLES["mm_upt/1"].columns} == {"mm_upt_judged"}
    assert {one.protocol for one in TABLES["self_judge/1"].columns} == {"vlmevalkit"}


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_every_trained_row_has_a_recipe_that_resolves(name: str) -> None:
    for row in TABLES[name].rows:
        assert (row.recipe == "") == (row.labels["method"] == "base")
        if row.recipe:
            assert load_recipe(row.recipe).prompts.suite == row.labels["training_data"].lower()


def changed(name: str, number: int, key: str, value: str) -> Library:
    """The tables with one cell changed."""
    table = TABLES[name]
    row = table.rows[number]
    other = dataclasses.replace(row, cells={**row.cells, key: value})
    rows = (*table.rows[:number], other, *table.rows[number + 1 :])
    return dataclasses.replace(LIBRARY, tables={**TABLES, name: dataclasses.replace(table, rows=rows)})


def test_the_one_wrong_average_is_found_and_known() -> None:
    report = check_table(LIBRARY)
    assert report.passed
    assert report.findings == (
        "mm_upt/3, Qwen2.5-VL-3B, base: the average is printed as 39.00, but its cells average 40.00",
    )
    assert (report.averages, report.repeated) == (41, 20)


@pytest.mark.parametrize(
    ("average", "wrong"), [("49.47", False), ("49.46", False), ("49.48", True), ("49.45", True), ("50.47", True)]
)
def test_only_what_rounding_can_not_explain_is_wrong(average: str, wrong: bool) -> None:
    """The cells average 49.4675, and each may be off by 0.005, as may the average."""
    library = changed("mm_upt/1", 0, AVERAGE, average)
    alone = Library({"mm_upt/1": library.tables["mm_upt/1"]}, {})
    assert bool(check_table(alone).findings) == wrong


def test_a_row_that_is_printed_twice_must_be_the_same() -> None:
    report = check_table(changed("mm_upt/2", 1, "mathvista", "68.51"))
    assert report.unknown == [
        "Qwen2.5-VL-7B, MM-UPT, Geometry3K, original, mathvista: printed as 68.50 in mm_upt/1, as 68.51 in mm_upt/2"
    ]
    assert check_table(changed("mm_upt/2", 1, "mathvista", "68.5")).passed  # the same number


def test_a_known_finding_that_vanished_fails() -> None:
    report = check_table(changed("mm_upt/3", 6, AVERAGE, "40.00"))
    assert report.findings == ()
    assert not report.passed


def test_an_average_of_other_columns_is_not_compared() -> None:
    table = TABLES["mm_upt/2"]
    other = dataclasses.replace(table, average=Average(("mathvision", "mathverse"), 2))
    report = check_table(Library({"mm_upt/1": TABLES["mm_upt/1"], "mm_upt/2": other}, {}))
    assert not [one for one in report.findings if "printed as" in one and "avg:" in one]


def test_check_on_the_command_line(cli, monkeypatch) -> None:
    done = cli("paper", "check")
    assert (done.code, done.err) == (0, "")
    assert "39.00" in done.out
    assert "1.00 too low" in done.out
    assert json.loads(cli("paper", "check", "--json").out)["passed"] is True
    monkeypatch.setattr(tables, "open_library", lambda: changed("mm_upt/1", 3, AVERAGE, "60.00"))
    done = cli("paper", "check")
    assert done.code == 1
    assert "printed as 60.00" in done.out
    monkeypatch.setattr(tables, "open_library", lambda: changed("mm_upt/3", 6, AVERAGE, "40.00"))
    done = cli("paper", "check")
    assert done.code == 1
    assert "listed as known, but not found" in done.err


def test_names() -> None:
    assert LIBRARY.table("1") is LIBRARY.table("mm_upt/1")
    assert LIBRARY.table("self_judge/1").paper.arxiv == "2603.21289"
    assert LIBRARY.table("6").columns[0].items == 2500


@pytest.mark.parametrize("name", ["4", "self_judge/2", "", "../mm_upt/1", "\x1b[31m\n"])
def test_a_wrong_name_is_one_line_with_those_there_are(name: str, cli) -> None:
    with pytest.raises(UsageError, match="mm_upt/1, mm_upt/2, mm_upt/3, mm_upt/6, self_judge/1"):
        LIBRARY.table(name)
    done = cli("paper", "table", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


def test_list(cli) -> None:
    assert [one["name"] for one in json.loads(cli("paper", "table", "--json").out)] == list(TABLES)
    assert all(name in cli("paper", "table").out for name in TABLES)


def test_table_1_with_nothing_run(cli) -> None:
    done = cli("paper", "table", "1")
    assert (done.code, done.err) == (0, "")
    assert done.out == GOLDEN.read_text()


@pytest.mark.parametrize("name", TRANSCRIBED)
@pytest.mark.parametrize("form", ["text", "csv", "markdown", "latex"])
def test_every_printed_cell_is_in_every_format(name: str, form: str, cli) -> None:
    table: Table = TABLES[name]
    text = cli("paper", "table", name, "--format", form).out
    cells = [cell for row in table.rows for cell in row.cells.values()]
    assert all(text.count(cell) >= cells.count(cell) for cell in cells)
