"""CONTRIBUTING.md is whole: its files are written to a folder, and its commands are run there, in order."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w.]+)\n")


def blocks() -> list[tuple[str, str]]:
    """(language, text) of each block, in order."""
    return BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text())


def files() -> dict[str, str]:
    """The files by name; a block that begins with a comment of a file's name is that file."""
    found = {}
    for _, text in blocks():
        named = NAMED.match(text)
        if named:
            found[named[1]] = text[named.end() :] if named[1].endswith(".jsonl") else text
    return found


def commands() -> list[str]:
    return [
        line[2:]
        for language, text in blocks()
        if language == "console"
        for line in text.splitlines()
        if line.startswith("$ ")
    ]


@pytest.mark.engine
def test_every_block_runs_as_it_stands(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in files().items():
        Path(name).write_text(text)
    assert len(commands()) >= 8
    for command in commands():
        program, *words = shlex.split(command)
        if program == "python":
            subprocess.run([sys.executable, *words], check=True)
            continue
        assert program == "proctor"
        done = cli(*words)
        assert done.code == 0, f"{command}\n{done.out}\n{done.err}"


def test_every_file_that_it_points_to_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
