"""The script for one card, run where there is none: its rows are measured or say why they are not."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def test_the_script_runs_to_its_end_and_measures_what_is_installed() -> None:
    done = subprocess.run([ROOT / "tests/gpu/one.sh"], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    first, *rows = done.stdout.splitlines()
    assert "tokens a step" in first
    told = {row[:16].strip(): row[17:] for row in rows}
    assert set(told) == {"vllm", "local, LoRA 64", "trl", "openrlhf"}
    assert re.fullmatch(r"[\d,]+ tokens/s", told["local, LoRA 64"])
    assert all(re.fullmatch(r"[\d,]+ tokens/s|not installed", rate) for name, rate in told.items() if name != "trl"), (
        told
    )
