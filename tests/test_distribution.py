"""The wheel works by itself: built, installed into a fresh environment, used there."""

import json
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.harness.errors import install
from proctor.harness.runs.evaluate import run_eval

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("distribution")
    source = folder / "source"  # a copy, so that no earlier build's leftovers get in
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "dist", "tests", "*.egg-info"))
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv")
    bin_folder = folder / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install", "--quiet", "--no-compile"]
    install = [*pip, "-c", str(ROOT / "constraints" / "cpu.txt"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return bin_folder


def test_wheel_shows_help_and_holds_the_tiny_model(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([installed / "proctor", "--help"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "Evaluate and train" in done.stdout
    find = "from proctor.trainers.tiny import BASE; print((BASE / 'model.safetensors').is_file())"
    done = subprocess.run([installed / "python", "-c", find], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "True"


def test_wheel_scores_a_stored_run_without_torch(installed: Path, tmp_path: Path, examine, scripted) -> None:
    run_eval(examine(), scripted(), tmp_path / "run")
    command = [installed / "proctor", "score", "run", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    (scored,) = json.loads(done.stdout)
    assert scored["complete"]
    assert scored["correct"] == scored["total"] == 4
    torch = subprocess.run([installed / "python", "-c", "import torch"], capture_output=True, cwd=tmp_path)
    assert torch.returncode != 0


def test_wheel_is_a_library(installed: Path, tmp_path: Path) -> None:
    """A function is evaluated with nothing installed but what the wheel needs; pandas is asked for by name."""
    program = tmp_path / "program.py"
    program.write_text(
        "import proctor\n"
        "def answer(prompt: str) -> str:\n    return 'It is 5.'\n"
        "found = proctor.evaluate(answer, 'mathvista', out='runs')\n"
        "share: float = found.accuracy\n"
        "right: bool | None = proctor.grade('5', 5).correct\n"
        "print(share, right, proctor.__version__)\n"
        "try:\n    proctor.load_runs('runs')\n"
        "except proctor.ProctorError as error:\n    print(error)\n"
    )
    done = subprocess.run([installed / "python", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    scores, missing = done.stdout.splitlines()
    assert scores.endswith(" True 0.1.0")
    assert install("boards") in missing
    check = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--no-incremental"]
    check += ["--python-executable", str(installed / "python"), program]
    done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    program.write_text("import proctor\nproctor.grade('5', gold=None)\nproctor.evaluate('x', 'figures').acuracy\n")
    done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert "arg-type" in done.stdout
    assert "acuracy" in done.stdout


EXTRAS = {
    "adapters": "peft",
    "boards": "pandas, yaml, huggingface_hub",
    "completion": "argcomplete",
    "data": "datasets, openpyxl, pyarrow",
    "quantised": "bitsandbytes",
    "ray": "ray",
    "second-opinion": "math_verify, mathruler.grader",
    "show": "vl_convert",
    "trl": "trl, datasets",
    "local": "torch, transformers",
}
"""What each extra is there for; openrlhf, trackers and vllm have environments of their own, in which their tests run."""
WITH_TORCH = ("adapters", "quantised", "trl", "local")
"""Those that bring torch, gigabytes of it: tried in turn in one environment, which the first finds empty."""


@pytest.fixture(scope="module")
def fresh(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`fresh(extra)`: the folder of programs of an environment of the wheel alone, or of what else brings torch."""
    made: dict[str, Path] = {}

    def environment(extra: str) -> Path:
        name = "torch" if extra in WITH_TORCH else extra
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name)
            shutil.copytree(installed.parent, made[name] / "venv", symlinks=True)
        return made[name] / "venv" / "bin"

    return environment


@pytest.mark.nightly
@pytest.mark.parametrize("extra", EXTRAS)
def test_the_line_that_an_error_gives_installs_an_extra(
    installed: Path, fresh: Callable[[str], Path], tmp_path: Path, extra: str
) -> None:
    """The command is taken from where the wheel is alone, and run in a fresh environment."""
    bin_folder = fresh(extra)
    print_line = f"from proctor.harness.errors import install; print(install({extra!r}))"
    done = subprocess.run([installed / "python", "-c", print_line], capture_output=True, text=True, check=True)
    program, command, *wanted = shlex.split(done.stdout)
    assert (program, command) == ("pip", "install")
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints" / "cpu.txt"), *wanted], check=True, capture_output=True)
    subprocess.run([bin_folder / "python", "-c", f"import {EXTRAS[extra]}"], check=True, cwd=tmp_path)


def test_every_extra_is_tried() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {*declared} - {"dev", "openrlhf", "trackers", "vllm"} == {*EXTRAS}
