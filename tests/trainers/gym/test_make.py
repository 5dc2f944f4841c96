"""`proctor gym make`: a checkpoint that errs as it was taught, with a card that says so."""

import json
from pathlib import Path

import pytest

from proctor.harness.cli import main
from proctor.harness.errors import EXIT_USAGE

WRONG = """
summary = "Nothing but sums, all wrong."
tasks = ["sum"]
wrong = ["sum"]
wrong_lead = 1.0
wrong_second = 0.0
steps = 40
"""


@pytest.mark.slow
def test_a_base_errs_as_it_was_taught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sums.toml").write_text(WRONG)
    base = tmp_path / "base"
    assert main(["gym", "make", str(tmp_path / "sums.toml"), "--out", str(base), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card == json.loads((base / "gym.json").read_text())
    assert card["condition"]["wrong"] == ["sum"]
    measured = card["measured"]["all"]
    assert measured["right"] < 0.3
    assert measured["leads_wrong"] > 0.7
    asked = [
        "eval",
        "--model",
        str(base),
        "--suite",
        "figures",
        "--limit",
        "10",
        "--run",
        str(tmp_path / "run"),
        "--json",
    ]
    assert main(asked) == 0
    (report,) = json.loads(capsys.readouterr().out)
    tasks = {one["metric"]: one["score"] for one in report["metrics"]}
    assert tasks["accuracy/task=sum"] <= 0.5


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "base").mkdir()
    assert main(["gym", "make", "narrow", "--out", str(tmp_path / "base")]) == EXIT_USAGE
    assert "is there already" in capsys.readouterr().err


def test_an_unknown_condition_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gym", "make", "narow", "--out", str(tmp_path / "base")]) == EXIT_USAGE
    assert "narrow" in capsys.readouterr().err
