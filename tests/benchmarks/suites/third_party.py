"""Suites of other packages, really installed: a module and a dist-info folder in a folder that Python imports from."""

import inspect
import json
import shutil
import sys
from pathlib import Path

from proctor.benchmarks.base import SAMPLES, Suite

NAME = "mysuite"
OWN_RULES = """
from dataclasses import replace
from proctor.benchmarks.metrics import by_category, overall, together
from proctor.harness.answers import Extraction, Grade
from proctor.benchmarks.protocols.base import Protocol, boxed_prompt

def extract(text, item):
    return Extraction(text.split()[-1] if text.split() else None, "last word", "the last word")

def match(stated, item):
    return Grade(stated.answer == item.answer, stated.answer, "text", "compared as text")

def tagged(record, folder):
    return replace(parse(record, folder), meta={"kind": "odd" if int(record.text("id")) % 2 else "even"})

WORDS = Protocol("words", "7", boxed_prompt, extract, match)
SUITE = replace(SUITE, parse=tagged, own_protocols=(WORDS,), metrics=together(overall, by_category("kind")))
"""


def example() -> str:
    """The suite that the docstring of Suite shows."""
    lines = inspect.cleandoc(Suite.__doc__ or "").split("\n\n")[1].splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines) + "\n"


def install(site: Path, text: str, name: str = NAME) -> Path:
    """Install a package with one module and one suite of its name; returns the folder to import from."""
    (site / f"{name}-1.0.dist-info").mkdir(parents=True)
    (site / f"{name}.py").write_text(text)
    (site / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (site / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[proctor.suites]\n{name} = {name}:SUITE\n")
    return site


def uninstall(site: Path, name: str = NAME) -> None:
    """Remove the package."""
    shutil.rmtree(site / f"{name}-1.0.dist-info")
    (site / f"{name}.py").unlink()
    shutil.rmtree(site / "__pycache__", ignore_errors=True)  # else a module of the same second and size is taken for it
    sys.modules.pop(name, None)


def write_items(folder: Path, count: int = 6) -> Path:
    """A file of the suite's items, whose golds are their numbers."""
    folder.mkdir(exist_ok=True)
    shutil.copy(next((SAMPLES / "images").glob("chartqa-*")), folder / "a.png")
    rows = [{"id": str(n), "question": f"What is {n}?", "answer": str(n), "image": "a.png"} for n in range(count)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "items.jsonl"
