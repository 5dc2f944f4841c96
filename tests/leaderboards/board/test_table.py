"""The leaderboard's bytes, its columns, and the paired difference between two runs."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan, run_path, score_run
from proctor.harness.cli import main
from proctor.harness.engines.transformers import TransformersEngine
from proctor.harness.errors import UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.stats.metrics import overall
from proctor.harness.types import Sampling
from proctor.leaderboards.board.evidence import BOARD
from proctor.leaderboards.board.table import read_csv, rows, to_csv
from proctor.leaderboards.compare.compare import compare
from proctor.trainers.tiny import BASE


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two examinations of the tiny model, greedy and sampled."""
    root = tmp_path_factory.mktemp("runs")
    model = TransformersEngine(BASE)
    for sampling in (Sampling(max_tokens=40), Sampling(n=2, temperature=1.0, max_tokens=40)):
        examination = plan("figures", "strict", sampling, limit=30)
        assert run_eval(examination, model, run_path(root, examination, model)).complete
    return root


def board(runs: Path, out: Path) -> list[dict[str, str]]:
    assert main(["board", "build", str(runs), "--draft", "--out", str(out)]) == 0
    return list(csv.DictReader(io.StringIO((out / BOARD).read_text())))


def test_same_runs_same_bytes(runs: Path, tmp_path: Path) -> None:
    board(runs, tmp_path / "a")
    board(runs, tmp_path / "b")
    assert (tmp_path / "a" / BOARD).read_bytes() == (tmp_path / "b" / BOARD).read_bytes()
    scored = [score_run(path) for path in sorted(runs.iterdir())]
    table = [row for one in scored for row in rows(one)]
    assert to_csv(table) == to_csv(reversed(table))
    stated = [dataclasses.replace(row, evidence="") for row in read_csv(tmp_path / "a" / BOARD)]
    assert stated == sorted(table)


def test_a_row_says_everything(runs: Path, tmp_path: Path) -> None:
    table = board(runs, tmp_path / "board")
    assert {one["samples"] for one in table} == {"1", "2"}
    for one in (one for one in table if one["metric"] == "accuracy"):
        assert one["status"] == "complete"
        assert int(one["total"]) == int(one["n"]) == 30 * int(one["samples"])
        assert int(one["items"]) == 30
        assert float(one["score"]) == pytest.approx(int(one["correct"]) / int(one["total"]), abs=1e-6)
        assert float(one["ci_low"]) < float(one["score"]) < float(one["ci_high"])
        assert 1 < int(one["clusters"]) <= 30
        for key in ("weights", "configuration", "data", "images", "prompts", "responses"):
            assert len(one[key]) == 64, key
        assert any(path.name.endswith(one["run_id"]) for path in runs.iterdir())


def test_every_metric_has_a_row_and_accuracy_is_first(runs: Path, tmp_path: Path) -> None:
    table = board(runs, tmp_path / "board")
    tasks = [f"accuracy/task={task}" for task in ("count", "difference", "read", "sum", "tallest")]
    assert [one["metric"] for one in table if one["samples"] == "1"] == ["accuracy", *tasks]
    assert [one["metric"] for one in table if one["samples"] == "2"] == [
        "accuracy",
        *tasks,
        "avg@2",
        "maj@2",
        "pass@2",
    ]
    assert {one["n"] for one in table if one["metric"] == "pass@2"} == {"30"}
    assert {one["correct"] for one in table if one["metric"] == "pass@2"} == {""}


def test_an_undefined_metric_is_blank_not_zero(runs: Path) -> None:
    nothing = rows(
        dataclasses.replace(score_run(min(runs.iterdir())), measure=lambda items, verdicts: overall(items, []))
    )
    first = nothing[0]
    assert (first.metric, first.status, first.n) == ("accuracy", "complete", 0)
    assert (first.score, first.stderr, first.ci_low, first.ci_high) == ("", "", "", "")


def test_paired_difference_of_a_run_with_itself_is_nothing(runs: Path) -> None:
    scored = score_run(min(runs.iterdir()))
    difference = compare(scored, scored)
    assert (difference.value, difference.gained, difference.lost, difference.p) == (0, 0, 0, 1)


def test_other_items_can_not_be_compared(runs: Path, tmp_path: Path) -> None:
    model = TransformersEngine(BASE)
    examination = plan("figures", "strict", Sampling(max_tokens=40), limit=10)
    run_eval(examination, model, tmp_path / "run")
    with pytest.raises(UsageError, match="same items"):
        compare(score_run(min(runs.iterdir())), score_run(tmp_path / "run"))


@pytest.mark.parametrize("name", ['=HYPERLINK("http://example.org")', "+1-800", "-x", "@sum", "'=x"])
def test_a_name_that_a_spreadsheet_would_run_is_text_and_reads_back(runs: Path, tmp_path: Path, name: str) -> None:
    """A category's name, behind a `/`, is safe as it is; numbers stay numbers."""
    made = [dataclasses.replace(row, model=name, temperature="-0.8") for row in rows(score_run(min(runs.iterdir())))]
    (tmp_path / BOARD).write_bytes(to_csv(made))
    with (tmp_path / BOARD).open(newline="") as file:
        seen = list(csv.DictReader(file))
    assert {(one["model"], one["temperature"]) for one in seen} == {(f"'{name}", "-0.8")}
    assert read_csv(tmp_path / BOARD) == sorted(made)
