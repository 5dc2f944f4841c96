"""The commands that the campaign harms: what each writes, and what of it must be the same bytes however it went."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faulty_server import FaultyServer

CLI = ["-m", "proctor.harness.cli"]
ROOT = Path(__file__).parents[2]
SLOW = [str(ROOT / "tests" / "slow_cli.py")]
TINY = str(ROOT / "trainers" / "tiny" / "base")
MOST_PROCESSES, MOST_MEMORY = 2_000, 16 * 2**30
LONGEST = 600  # seconds of a command
SMALL = ("policy.steps=4", "policy.prompts=2", "sampling.n=2", "sampling.max_tokens=16", "checkpoint_every=2")
TRAIN = ("train", "mm_upt_figures", *(part for one in SMALL for part in ("--set", one)))


@dataclass(frozen=True)
class Victim:
    """A command that writes to the folder `out` under its working folder, and what of it must be the same bytes.

    `again` is what is added once it was begun; `files` are patterns below `out`.
    """

    name: str
    command: tuple[str, ...]
    files: tuple[str, ...]
    again: tuple[str, ...] = ()


def victims(server: FaultyServer, given: Path) -> Iterator[Victim]:
    """The commands; `given` holds what they read."""
    figures = ("--suite", "figures", "--limit")
    drawn = ("--samples", "2", "--temperature", "1", "--max-tokens", "16")
    journal = ("responses.jsonl", "items.jsonl")
    slow = ("--engine", "slow", "--model", "m", "--engine-option", "delay=0.005", "--engine-option", "flight=3")
    yield Victim("eval, a slow engine", (*SLOW, "eval", *slow, *figures, "60", *drawn, "--run", "out"), journal)
    served = ("--engine", "openai", "--model", "tiny", "--engine-option", f"url={server.url}")
    yield Victim("eval, a server", (*CLI, "eval", *served, *figures, "60", *drawn, "--run", "out"), journal)
    tiny = ("--model", TINY, "--engine-option", "batch=10")
    yield Victim("eval, transformers", (*CLI, "eval", *tiny, *figures, "16", *drawn, "--run", "out"), journal)
    yield Victim(
        "board build",
        (*CLI, "board", "build", str(given / "runs"), "--draft", "--out", "out"),
        ("board.csv", "evidence/*"),
    )
    yield Victim("import", (*CLI, "import", str(given / "answers.tsv"), "--suite", "chartqa", "--run", "out"), journal)
    few = ("--samples", "4", "--temperature", "1", "--max-tokens", "16")
    recorded = (*CLI, "reward", "record", *tiny, *figures, "10", *few, "--run", "out")
    yield Victim("reward record", recorded, ("*.jsonl",))
    written = (*CLI, "synthesize", "figures", "--how", "direct", "--model", "tiny_talker", "--limit", "8")
    yield Victim("synthesize", (*written, "--samples", "2", "--out", "out"), ("**/*.jsonl",))
    trained = ("**/metrics.jsonl", "**/*.safetensors")
    yield Victim("train", (*CLI, *TRAIN, "--out", "out"), trained, ("--resume",))
    asked = (*figures, "12", "--max-tokens", "16")
    watched = (*CLI, "watch", str(given / "training"), *asked, "--once", "--out", "out")
    yield Victim("watch", watched, ("**/responses.jsonl", "**/items.jsonl"))
    iterated = (*CLI, "iterate", *TRAIN[1:], *asked, "--rounds", "2", "--out", "out")
    yield Victim("iterate", iterated, (*trained, "**/responses.jsonl"))
    compared = (*CLI, "reward", "regress", "ground_truth", "--baseline", "majority_vote", "--recipe", TRAIN[1])
    compared = (*compared, "--base", TINY, *TRAIN[2:], *figures, "12", "--seeds", "1", "--out", "out")
    yield Victim("reward regress", compared, (*trained, "**/responses.jsonl"))


def prepare(given: Path) -> None:
    """What the commands read: three runs, a training, and a table of another tool."""
    start([*CLI, *TRAIN, "--out", "training"], given).wait()
    for name in ("a", "b", "c"):
        asked = ("eval", "--engine", "slow", "--model", name, "--suite", "figures", "--limit", "30")
        start([*SLOW, *asked, "--run", str(given / "runs" / name)], given).wait()
    from tests.benchmarks.imports.import_files import say, vlmevalkit_rows

    rows = vlmevalkit_rows(say("chartqa"))
    lines = ["\t".join(rows[0])]
    lines += ["\t".join(json.dumps(str(value))[1:-1].replace("\\", "") for value in row.values()) for row in rows]
    (given / "answers.tsv").write_text("\n".join(lines) + "\n")


def start(command: list[str], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Python with these arguments in a process group of its own, within limits of processes and memory."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=quiet,
        stdout=quiet,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    for what, most in ((resource.RLIMIT_NPROC, MOST_PROCESSES), (resource.RLIMIT_AS, MOST_MEMORY)):
        resource.prlimit(process.pid, what, (most, most))
    return process


def left(victim: Victim, folder: Path) -> dict[str, bytes]:
    """The files that must be the same."""
    out = folder / "out"
    found = {file for pattern in victim.files for file in out.glob(pattern) if file.is_file()}
    return {str(file.relative_to(out)): file.read_bytes() for file in found}


def resumed(victim: Victim, folder: Path) -> list[str]:
    """The command, as it goes on from what is there."""
    return [*victim.command, *(victim.again if (folder / "out").exists() else ())]


def told(code: int, said: bytes) -> str:
    """How a command ended, with the end of what it said."""
    return f"exit code {code}: {said.decode(errors='replace')[-300:]}"


def ended(victim: Victim, folder: Path, **environment: str) -> str:
    """Run to the end, from whatever is there: what went wrong, if anything."""
    process = start(resumed(victim, folder), folder, **environment)
    _, said = process.communicate(timeout=LONGEST)
    return "" if process.returncode in (0, 3) else told(process.returncode, said)


@dataclass(frozen=True)
class Whole:
    """How a command goes that nothing disturbs: in how long, and what it leaves, in all of so many bytes."""

    seconds: float
    files: Mapping[str, bytes]
    size: int
    problem: str

    @classmethod
    def of(cls, victim: Victim) -> Whole:
        """It is run once."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            begin = time.monotonic()
            problem = ended(victim, folder)
            seconds, files = time.monotonic() - begin, left(victim, folder)
            size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return cls(seconds, files, size, problem or ("" if files else "it left nothing"))

    def differs(self, victim: Victim, folder: Path) -> str:
        """What is not as it should be where the command has ended, if anything."""
        found = left(victim, folder)
        differing = sorted(name for name in found.keys() | self.files.keys() if found.get(name) != self.files.get(name))
        unfinished = [str(file) for file in folder.rglob("*.unfinished")]
        if differing:
            return f"{', '.join(differing[:3])} differ"
        return f"left: {', '.join(unfinished[:3])}" if unfinished else ""
