"""kill -9 in the middle of a training: resumed, it ends with the weights of one that was not killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local import train as training
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

pytestmark = pytest.mark.engine

SETTINGS = ["policy.steps=6", "policy.prompts=4", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=2"]
LAST = Path("checkpoints") / "step-000006"


def train(out: Path, *more: str) -> list[str]:
    changes = [part for setting in SETTINGS for part in ("--set", setting)]
    command = [sys.executable, "-m", "proctor.harness.cli", "train", "mm_upt_figures", "--out", str(out)]
    return [*command, *changes, *more]


def kill_once(out: Path, reached: str, *more: str) -> None:
    """Start (or resume) and kill as soon as `reached` exists under `out`."""
    with subprocess.Popen(train(out, *more), stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list(out.glob(reached)) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
    assert list(out.glob(reached)), errors


EARLY, WRITING, LATE = "metrics.jsonl", "checkpoints/*step-000002", "checkpoints/step-000004"


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([WRITING], id="while a checkpoint is written"),
        pytest.param([EARLY, WRITING, LATE], id="three times", marks=pytest.mark.slow),
    ],
)
def test_a_killed_training_ends_with_the_same_weights(moments: list[str], tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    training.train(load_recipe("mm_upt_figures", SETTINGS), BASE, whole, False, lambda done, total, note: None)
    for number, moment in enumerate(moments):
        kill_once(killed, moment, *["--resume"] * (number > 0))
    subprocess.run(train(killed, "--resume"), check=True, capture_output=True)
    assert weights_digest(killed / LAST) == weights_digest(whole / LAST)
    assert (killed / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
    names = sorted(path.name for path in (killed / "checkpoints").iterdir() if not path.name.startswith("."))
    assert names == ["step-000002", "step-000004", "step-000006"]
