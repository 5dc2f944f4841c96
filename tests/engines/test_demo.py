"""`proctor demo` from start to end, and again after it was killed."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..benchmarks.suites.third_party import NAME, example, install

pytestmark = pytest.mark.slow

DEMO = [sys.executable, "-m", "proctor.harness.cli", "demo", "--out"]
SUITES = 9


def test_demo_ends_with_a_table_even_after_a_kill(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    site = install(tmp_path / "site", example())
    install(site, "import nothing_of_that_name\n", "broken")
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(site)}
    with subprocess.Popen([*DEMO, out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as first:
        deadline = time.monotonic() + 300
        while not list(out.glob("*/checkpoints/step-*")) and time.monotonic() < deadline:
            time.sleep(0.5)
        first.send_signal(signal.SIGKILL)
    assert list(out.glob("*/checkpoints/step-*"))
    done = subprocess.run([*DEMO, out], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert f"left out: suite {NAME} has no sample" in done.stderr
    assert "broken" in done.stderr
    for word in ("base", "step-000020", "figures", "board.csv", "What to try next", "95% interval"):
        assert word in done.stdout
    assert (out / "page.html").exists()
    assert (
        max(len(line) for line in done.stdout.partition("Leaderboard")[2].partition("leaderboard:")[0].splitlines())
        <= 80
    )
    found = done.stdout.partition("What was found")[2]
    assert "The base answers 63.8% of 600 drawn figures right" in found
    assert "That is a gain beyond chance." in found
    assert found.rstrip().endswith(str(out / "page.html"))
    hints = [line.strip() for line in done.stdout.partition("What to try next")[2].splitlines()[1:]]
    for hint, codes in zip(hints[:3], ((0, 1), (0,), (0,)), strict=True):  # uncommitted code cannot be published
        assert subprocess.run(hint, shell=True, capture_output=True).returncode in codes, hint
    with (out / "board" / "board.csv").open() as file:
        rows = list(csv.DictReader(file))
    models = {row["model"] for row in rows}
    assert len(models) >= 4
    assert sum(row["metric"] == "accuracy" for row in rows) == SUITES * len(models)
    assert {row["status"] for row in rows} == {"complete"}
    again = subprocess.run([*DEMO, out], capture_output=True, text=True)
    assert again.returncode == 0
