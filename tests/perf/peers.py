"""What harnesses cost themselves: one examination with instant answers, held by this harness, lmms-eval and Inspect.

    python tests/perf/peers.py [ITEMS]

Each is called as its users call it, in a process of its own: from a data file to stored answers and a score. Questions
(text alone), prompts and answers are the same. lmms-eval runs the task that `proctor suite export` writes, so its judging is
this harness's too; Inspect compares texts by its `exact()`, which is less work. ITEMS are asked (20,000 unless told
otherwise), of Inspect, which is slower, a twentieth. A rate is that of the items beyond the first ten: a run of ten gives
the time to start, which is told apart. Each run is made twice, and the faster counts. CPU seconds are those of all threads.

A peer whose interpreter is not there is left out: `make perf-peers` makes both, or PROCTOR_LMMS_EVAL_PYTHON and
PROCTOR_INSPECT_PYTHON name them. No limit is set; the exit code is 1 if a harness finds another number of right answers
than there are.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import THOUGHTS
from proctor.benchmarks.examination import plan
from proctor.harness.types import Sampling

ROOT = Path(__file__).parents[2]
INSTANT = Path(__file__).parent / "instant"
SHIM = ROOT / "tests" / "engines" / "lmms_eval" / "path"
"""Lets lmms-eval be imported beside a torch for CPUs."""

ITEMS = 20_000
FEW = 10
TURNS = 2
TEXTS = [f"{THOUGHTS}\\boxed{{{number}}}" for number in range(3)]
GOLD = "0"


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds by the clock, CPU seconds, and the number of right answers that it found."""

    wall: float
    cpu: float
    right: int


Harness = Callable[[Path, Path], Cost]
"""Holds the examination of a folder by an interpreter: (python, folder) -> Cost."""


def run(command: Sequence[object], environment: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Seconds by the clock and CPU seconds of a command; its streams go to files of `folder`. Raises RuntimeError."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        start = time.perf_counter()
        process = subprocess.Popen([*map(str, command)], stdout=out, stderr=err, env=environment, cwd=folder)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} {command[1]} failed:\n{(folder / 'err').read_text()[-2000:]}")
    return wall, used.ru_utime + used.ru_stime


def by_proctor(python: Path, folder: Path) -> Cost:
    """`proctor eval` with an instant engine."""
    asked = ["--suite", "mathverse", "--data", folder / "items.jsonl", "--run", folder / "run", "--json"]
    script = INSTANT / "proctor_cli.py"
    took = run([python, script, "eval", "--engine", "instant", "--model", "instant", *asked], {}, folder)
    (scored,) = json.loads((folder / "out").read_text())
    return Cost(*took, scored["metrics"][0]["correct"])


def by_lmms_eval(python: Path, folder: Path) -> Cost:
    """`python -m lmms_eval` with an instant model, on the exported task."""
    exported = folder / "tasks"
    export = [sys.executable, "-m", "proctor.harness.cli", "suite", "export", "lmms-eval", "--suite", "mathverse"]
    run([*export, "--data", folder / "items.jsonl", "--out", exported], {}, folder)
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    environment = {**offline, "HF_HOME": str(folder / "hf"), "PYTHONPATH": f"{INSTANT}{os.pathsep}{SHIM}"}
    model = ["--model", "instant", "--model_args", f"texts={folder / 'texts.json'}", "--batch_size", "1"]
    task = [
        "--include_path",
        exported,
        "--tasks",
        "proctor_mathverse",
        "--output_path",
        folder / "log",
        "--log_samples",
    ]
    took = run([python, "-m", "lmms_eval", *model, *task], environment, folder)
    (file,) = (folder / "log").rglob("*_results.json")
    share = json.loads(file.read_text())["results"]["proctor_mathverse"]["proctor_strict,none"]
    return Cost(*took, round(share * len((folder / "items.jsonl").read_text().splitlines())))


def by_inspect(python: Path, folder: Path) -> Cost:
    """Inspect's `eval()` with its mock model."""
    asked = plan("mathverse", "strict", Sampling(), folder / "items.jsonl").asked
    right = TEXTS[int(GOLD)]
    lines = [
        json.dumps({"id": one.item.id, "input": "".join(map(str, one.prompt.parts)), "target": right}) for one in asked
    ]
    (folder / "questions.jsonl").write_text("\n".join(lines))
    script = INSTANT / "inspect_eval.py"
    took = run([python, script, folder / "questions.jsonl", folder / "texts.json", folder / "log"], {}, folder)
    return Cost(*took, int((folder / "out").read_text()))


def hold(by: Harness, python: Path, items: int) -> Cost:
    """One examination of so many items, in a folder that goes afterwards."""
    about = {"problem_version": "Text Only", "answer_type": "free_form", "subject": "s", "subfield": "f"}
    records = [
        {"id": str(n), "problem": n // 5, "question": f"How long is side {n}?", "choices": [], "answer": GOLD, **about}
        for n in range(items)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "items.jsonl").write_text("\n".join(map(json.dumps, records)))
        (folder / "texts.json").write_text(json.dumps(TEXTS))
        return by(python, folder)


def best(by: Harness, python: Path, items: int) -> Cost:
    """The least of several turns."""
    turns = [hold(by, python, items) for _ in range(TURNS)]
    return Cost(min(one.wall for one in turns), min(one.cpu for one in turns), turns[0].right)


def interpreter(variable: str, folder: str) -> Path:
    """The one that the variable names, or that of the environment in the folder."""
    named = os.environ.get(variable)
    return Path(named) if named else ROOT / ".venv" / folder / "bin" / "python"


def main(items: int) -> int:
    """Measure and print; exit code 1 if a harness counts wrongly."""
    harnesses = {
        "proctor": (by_proctor, Path(sys.executable), items),
        "lmms-eval": (by_lmms_eval, interpreter("PROCTOR_LMMS_EVAL_PYTHON", "lmms-eval"), items),
        "Inspect": (by_inspect, interpreter("PROCTOR_INSPECT_PYTHON", "inspect"), max(2 * FEW, items // 20)),
    }
    print(f"load average {' '.join(f'{load:.1f}' for load in os.getloadavg())}, {os.cpu_count()} CPUs")
    print(f"{'':10} {'items':>7} {'right':>7} {'start s':>8} {'whole s':>8} {'responses/s':>12} {'per CPU s':>10}")
    fine = True
    for name, (by, python, asked) in harnesses.items():
        if not python.is_file():
            print(f"{name:10} left out: no interpreter at {python}")
            continue
        few, whole = best(by, python, FEW), best(by, python, asked)
        rate, per_cpu = (asked - FEW) / (whole.wall - few.wall), (asked - FEW) / (whole.cpu - few.cpu)
        print(f"{name:10} {asked:7,} {whole.right:7,} {few.wall:8.1f} {whole.wall:8.1f} {rate:12,.0f} {per_cpu:10,.0f}")
        fine = fine and whole.right == len(range(0, asked, len(TEXTS)))
    print(f"load average {' '.join(f'{load:.1f}' for load in os.getloadavg())} afterwards")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS))
