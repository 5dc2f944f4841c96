"""A small printed table of the suite `figures`, and the runs that fill it."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.leaderboards.papers.tables import Average, Column, Paper, PrintedRow, Table

RECIPE = "mm_upt_figures"
WRITTEN: Mapping[str, int] = {RECIPE: 60}
RIGHT, WRONG = r"\boxed{5}", r"\boxed{6}"
PAPER = Paper("paper", "0000.00000", "A paper", temperature=0.2, max_tokens=64)
FIGURES = Column("figures", "Figures", "figures", "strict", "accuracy", 4)
READING = Column("reading", "Reading", "figures", "strict", "accuracy/task=read", 4)
HUB = "Qwen/Qwen2.5-VL-7B-Instruct"


def small_table(**labels: str) -> Table:
    """A row of the base, one that is trained, one whose recipe is not written; two columns and their average."""
    rows = (
        PrintedRow(
            {"model": "M-7B", "method": "base", **labels},
            {"figures": "50.00", "reading": "50.0", "avg": "50.00"},
            "",
            HUB,
        ),
        PrintedRow({"model": "M-7B", "method": "voted", **labels}, {"figures": "99.00", "avg": "99.00"}, RECIPE, HUB),
        PrintedRow({"model": "M-7B", "method": "other", **labels}, {"figures": "60.00"}, "sft_figures", HUB),
    )
    return Table(PAPER, 1, "Small", (FIGURES, READING), rows, Average(("figures", "reading"), 2))


def write_table(folder: Path) -> None:
    """The small table as files like those of the papers, with numbers that are consistent."""
    folder.mkdir()
    (folder / "papers.toml").write_text(
        """
known = []
[papers.paper]
arxiv = "0000.00000"
title = "A paper"
protocol = "strict"
[papers.paper.columns]
figures = { title = "Figures", suite = "figures", metric = "accuracy", items = 4 }
[papers.paper.tables.1]
title = "Small"
"""
    )
    with (folder / "paper_1.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["model", "method", "figures", "recipe"],
                ["Qwen2.5-VL-7B", "base", "50.00", ""],
                ["Qwen2.5-VL-7B", "voted", "99.00", RECIPE],
            ]
        )


class Runs:
    """Makes runs of the small table: `right` of four items are answered rightly."""

    def __init__(self, folder: Path, examine: Callable[..., Examination], engine: Callable[..., Any]) -> None:
        self.folder, self.examine, self.engine = folder, examine, engine

    def hold(self, right: Sequence[int], name: str = "training/step", training: Any = None, **sampling: Any) -> Path:
        """One run, complete unless an answer is missing (None)."""
        sampling = {"temperature": 0.2, "max_tokens": 64} | sampling
        items = sampling.pop("items", 4)
        examination = self.examine(items, **sampling)
        if training is not None:
            examination = dataclasses.replace(examination, recorded={"training": training})
        path = self.folder / f"run {len(list(self.folder.glob('run *')))}"
        say = {f"q{n}": RIGHT if n in right else WRONG for n in range(items)}
        model = self.engine(say=lambda item, sample: say[item], name=name, weights=str(path))
        run_eval(examination, model, path)
        return path

    def base(self, right: Sequence[int] = (0, 1), name: str = HUB, **options: Any) -> Path:
        """A run of the base."""
        return self.hold(right, name, **options)

    def trained(
        self, right: Sequence[int], seed: int = 0, step: int = 60, recipe: str = RECIPE, **options: Any
    ) -> Path:
        """A run of a checkpoint."""
        return self.hold(right, training={"recipe": recipe, "seed": seed, "step": step}, **options)
