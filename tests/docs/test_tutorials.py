"""The tutorials run as they stand: their files are written to an empty folder, and their commands are given there in order.

Blocks of `console` are run by a shell. Blocks of `sh` need GPUs, a server or the network: their commands are parsed, no more.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.harness.cli import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
SLOW = {"published_row", "reward", "paper_row", "cluster"}
"""These open a model, or go through every recipe."""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w.]+)\n")
MOST_LINES = 90


def blocks(page: Path, *languages: str) -> list[str]:
    """The texts of the blocks of these languages, in order."""
    return [text for language, text in BLOCK.findall(page.read_text()) if language in languages]


def write_files(page: Path, folder: Path) -> None:
    """A block that begins with a comment of a file's name is that file."""
    for text in blocks(page, "python", "json", "toml"):
        if found := NAMED.match(text):
            body = text[found.end() :] if found[1].endswith(".jsonl") else text
            (folder / found[1]).write_text(body)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=[pytest.mark.slow] if page.stem in SLOW else []) for page in PAGES],
)
def test_every_command_runs_from_an_empty_folder(page: Path, tmp_path: Path) -> None:
    write_files(page, tmp_path)
    commands = [line[2:] for text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
    assert commands
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "WANDB_MODE": "offline"}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_need_gpus_are_spelled_right(page: Path) -> None:
    for text in blocks(page, "sh", "bash"):
        for line in text.splitlines():
            program, *words = shlex.split(line.replace("$head", "HEAD")) if line and line[0] not in "#" else [""]
            if program == "proctor":
                parse(words)
            elif program == "bash":
                assert (ROOT / words[0]).is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_takes_two_screens_at_most(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= MOST_LINES
