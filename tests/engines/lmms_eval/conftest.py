"""lmms-eval lives in an environment of its own; tests run its interpreter, offline, with a canned model."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from proctor.harness.engines.lmms_eval import FAILURES, marked_text
from proctor.harness.images import decode

ROOT = Path(__file__).parents[3]
PATH = Path(__file__).parent / "path"


@pytest.fixture(scope="session")
def lmms_eval_python() -> Path:
    """The interpreter of the environment that has lmms-eval; skips where there is none."""
    named = os.environ.get("PROCTOR_LMMS_EVAL_PYTHON")
    python = Path(named) if named else ROOT / ".venv" / "lmms-eval" / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"no lmms-eval: no interpreter at {python}; `make .venv/lmms-eval/installed` makes it")
    return python


@pytest.fixture
def lmms_eval_environment(tmp_path) -> dict[str, str]:
    """Variables under which lmms-eval runs offline, finds the canned model, and keeps its caches in the test's folder."""
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        **offline,
        "HF_HOME": str(tmp_path / "hf"),
        "PYTHONPATH": str(PATH),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def run_lmms_eval(lmms_eval_python, lmms_eval_environment):
    """Runs `python ...` in lmms-eval's environment to its end, which must be a good one."""

    def run(*arguments: object, cwd: Path | None = None) -> str:
        command = [str(lmms_eval_python), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=lmms_eval_environment, timeout=600, cwd=cwd)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    return run


FORMS = [
    lambda gold: rf"It is \boxed{{{gold}}}.",
    lambda gold: r"\boxed{surely not}",
    lambda gold: r"<think>\boxed{7}</think> so" + "\n\n" + rf"\boxed{{\text{{ {gold} }}}}",
    lambda gold: "",
    lambda gold: rf"  $$\boxed {{ {gold} }}$$ " + "\n",
    lambda gold: "\\boxed{" * 3000 + gold,
    lambda gold: f"The answer is ({gold}).",
    lambda gold: f"{FAILURES[0]} after 5 retries] the server is gone",
    lambda gold: "I do not know. \x00 \u202e",
    lambda gold: rf"\boxed{{{gold}}} or \boxed{{9**9**9**9}}",
]


class Canned:
    """A table of answers of every kind for some questions, as files for the canned model."""

    def __init__(self, folder: Path) -> None:
        self.table, self.shown = folder / "table.json", folder / "shown.jsonl"
        self.answers: dict[str, str] = {}
        self.prompts = {}

    @staticmethod
    def pixels(image):
        picture = decode(image)
        return [*picture.size, hashlib.sha256(picture.tobytes()).hexdigest()]

    def key(self, prompt):
        return json.dumps([marked_text(prompt), *map(self.pixels, prompt.images)])

    def prepare(self, asked):
        """An answer for each question; returns them by item id."""
        said = {one.item.id: FORMS[n % len(FORMS)](one.item.answer) for n, one in enumerate(asked)}
        self.prompts.update({self.key(one.prompt): one.prompt for one in asked})
        self.answers.update({self.key(one.prompt): said[one.item.id] for one in asked})
        self.write()
        return said

    def write(self):
        self.table.write_text(json.dumps(self.answers))

    @property
    def model_args(self):
        return f"table={self.table},shown={self.shown},alive={self.table.parent / 'alive'}"

    def seen(self):
        """What the model noted, with the prompt that it was to be shown, as it would note it."""
        for line in self.shown.read_text().splitlines():
            record = json.loads(line)
            yield record, self.prompts[record["key"]]


@pytest.fixture
def canned(tmp_path) -> Canned:
    """The canned model's files."""
    return Canned(tmp_path)
