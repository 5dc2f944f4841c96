"""The table of real models: made of recorded answers where these are, and the numbers that are kept agree with themselves."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEPT = ROOT / "docs" / "real_models"
RECORDS = Path(os.environ.get("PROCTOR_TEST_DATA", ROOT.parent / "shared" / "data"))
NAMES = ("scores", "causes", "places", "neighbours")
NO_RECORDS = f"no recorded responses at {RECORDS}; name their folder in PROCTOR_TEST_DATA"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made(out: Path, *words: str) -> Path:
    """The tables of some records, by the script."""
    command = [sys.executable, HERE / "table.py", RECORDS, "--out", out, "--without", "math_verify", *words]
    subprocess.run(command, check=True, capture_output=True)
    return out


def test_the_records_of_a_suite_give_the_kept_numbers(tmp_path: Path) -> None:
    if not (RECORDS / "logicvista").exists():
        pytest.skip(NO_RECORDS)
    found = made(tmp_path, "--suite", "logicvista")
    for name in NAMES:
        kept = [row for row in rows(KEPT, name) if row["suite"] == "logicvista" and "math_verify" not in row.values()]
        assert rows(found, name) == kept, name


@pytest.mark.slow
def test_the_records_give_the_kept_numbers(tmp_path: Path) -> None:
    if not (RECORDS / "mathvision").exists():
        pytest.skip(NO_RECORDS)
    found = made(tmp_path)
    for name in NAMES:
        assert rows(found, name) == [row for row in rows(KEPT, name) if "math_verify" not in row.values()], name


def test_the_page_shows_the_kept_numbers_and_pictures() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import chart, report; page = report.PAGE.read_text();"
        "assert report.filled(page) == page;"
        "assert [] == [s for s, f in chart.read_scores(report.FOLDER).items() if len(f) > 1 and "
        "(report.FOLDER / f'{s}.svg').read_text() != chart.chart(f'{s}: as published, and strict', f) + '\\n']"
    )
    subprocess.run([sys.executable, "-c", code, HERE], check=True)


def test_causes_add_up_to_the_differences() -> None:
    """What only one of two protocols accepts, by causes, is the difference of what each accepts, where both judge all."""
    right = {(row["suite"], row["model"], row["protocol"]): row for row in rows(KEPT, "scores")}
    steps: dict[tuple[str, ...], int] = {}
    for row in rows(KEPT, "causes"):
        key = (row["suite"], row["model"], row["left"], row["right"])
        steps[key] = steps.get(key, 0) + int(row["gained"]) - int(row["lost"])
    checked = 0
    for (suite, model, left, second), step in steps.items():
        before, after = right[suite, model, left], right[suite, model, second]
        if before["score"] and after["score"]:
            assert int(after["right"]) - int(before["right"]) == step
            checked += 1
    assert checked > 50


def test_no_response_is_kept() -> None:
    assert {one.suffix for one in KEPT.iterdir()} == {".csv", ".svg"}
    texts = [value for name in NAMES for row in rows(KEPT, name) for value in row.values()]
    assert max(map(len, texts)) < 80
