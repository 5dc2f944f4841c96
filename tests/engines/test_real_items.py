"""The tiny model sits the examinations of real benchmark items, from the first question to a score with an error."""

import json
import os
from pathlib import Path

import pytest

from proctor.harness.cli import main
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.slow

DATA = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.mark.parametrize("suite", ["mathvision", "mathverse", "mathvista", "wemath", "dynamath", "iconqa"])
def test_real_items(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = DATA / suite / "items.jsonl"
    if not items.is_file():
        pytest.skip(f"no real items at {items}; name their folder in PROCTOR_TEST_DATA")
    arguments = ["eval", "--model", str(BASE), "--suite", suite, "--data", str(items)]
    assert main([*arguments, "--max-tokens", "48", "--out", str(tmp_path), "--json"]) == 0
    (scored,) = json.loads(capsys.readouterr().out)
    assert scored["complete"]
    assert scored["total"] == len(items.read_text().splitlines())
    assert scored["interval"][0] <= scored["score"] <= scored["interval"][1]
    assert 0 <= scored["stderr"] < 0.1
    assert scored["interval"][0] < scored["interval"][1]
