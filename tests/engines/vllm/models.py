"""Every family of models on both engines: `make models`, or `python tests/engines/vllm/models.py FAMILY...`.

Each family's tiny checkpoint answers the same drawn figures on the transformers engine and on vLLM, both by `proctor eval` in
fp32. Prints how many answers are equal in text, tokens and finish reason, or why an engine does not start.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ITEMS = 20
TOKENS = 12
SECONDS = 600
ENGINES = {"transformers": ["dtype=float32"], "vllm": ["dtype=float32", "enforce_eager=true"]}


def main(names: list[str]) -> int:
    """Print the table; 1 if both engines give a family's answers, and some differ."""
    runpy.run_path(str(HERE / "conftest.py"))  # what vLLM needs on a machine without a GPU
    sys.path.insert(0, str(HERE.parent))
    import families

    print(f"{'family':<16} {'equal':>8} {'seconds':>8}  note", flush=True)
    differ = 0
    for name in names or families.FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            root, start = Path(folder), time.monotonic()
            families.build(name, root / name)
            notes = [note for engine in ENGINES if (note := examine(engine, root / name, root / engine))]
            equal, different = (0, "") if notes else compare(*(answers(root / engine) for engine in ENGINES))
            differ += not notes and equal != ITEMS
            seconds = time.monotonic() - start
            print(f"{name:<16} {equal:>3} of {ITEMS} {seconds:>8.0f}  {' | '.join(notes) or different}", flush=True)
    return min(differ, 1)


def examine(engine: str, checkpoint: Path, run: Path) -> str:
    """Have a checkpoint answer. Returns what went wrong, or nothing."""
    command = [sys.executable, "-m", "proctor.harness.cli", "eval", "--engine", engine, "--model", str(checkpoint)]
    asked = ["--suite", "figures", "--limit", str(ITEMS), "--max-tokens", str(TOKENS), "--run", str(run)]
    options = [word for option in ENGINES[engine] for word in ("--engine-option", option)]
    try:
        done = subprocess.run(
            [*command, *asked, *options], capture_output=True, text=True, timeout=SECONDS, env=os.environ
        )
    except subprocess.TimeoutExpired:
        return f"{engine}: not done in {SECONDS} seconds"
    return f"{engine}: {done.stderr.strip().splitlines()[-1][:300]}" if done.returncode else ""


def answers(run: Path) -> dict[str, dict[str, object]]:
    """The stored answers by item."""
    rows = map(json.loads, (run / "responses.jsonl").read_text().splitlines())
    return {row["item_id"]: row for row in rows}


def compare(one: dict[str, dict[str, object]], other: dict[str, dict[str, object]]) -> tuple[int, str]:
    """How many answers are equal, and the first that differs."""
    different = [item for item in one if one[item] != other.get(item)]
    shown = f"{one[different[0]]} | {other.get(different[0])}" if different else ""
    return len(one) - len(different), shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
