"""`proctor paper run`: train and examine what a row of a paper's table is of, by the commands that anyone could give.

    OUT/trainings/RECIPE-seed-N/    the training directory
    OUT/runs/                       the examinations of its final checkpoint, or of the model as it is

What is done is not done again, and what was interrupted goes on.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, DataError, UsageError
from .options import ENGINE, Verb, add, add_one

if TYPE_CHECKING:
    from ...leaderboards.papers.tables import PaperRow
    from ...trainers.recipe import Recipe
    from ..profiles import Profile

OUT = Path("papers")
MACHINES = "openrlhf."
"""How settings begin that do not make another recipe: they say what the machines are like."""
Command = list[str]
"""The words after `proctor`."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which row, from what, to where."""
    parser.add_argument(
        "row", metavar="ROW", help="like mm_upt/1/mm_upt_geoqa or mm_upt/1:21; see `proctor paper plan`"
    )
    add_one(parser, "--base", shown="default: the folder that the row's model would be downloaded to")
    add_one(parser, "--out", default=OUT)
    add_one(parser, "--seed", default=None, shown="default: the recipe's")
    add_one(parser, "--set", shown="e.g. openrlhf.gpus=4; others make another recipe, which fills no row")
    add(parser, "--dry-run", *ENGINE)


def _run(args: argparse.Namespace) -> int:
    """Train, then examine; the exit code of the first command that fails."""
    from ...leaderboards.papers.tables import find_row, open_library

    job = _Job.of(find_row(open_library(args.row), args.row), args)
    if args.dry_run:
        return job.describe()
    return job.run()


@dataclass(frozen=True)
class _Job:
    """A row with what was asked of it; `recipe` is None for a model as it is, `profile` that of the row's model."""

    place: PaperRow
    args: argparse.Namespace
    recipe: Recipe | None
    profile: Profile | None

    @classmethod
    def of(cls, place: PaperRow, args: argparse.Namespace) -> _Job:
        """Raises DataError for a recipe that is not written, UsageError for changes of none."""
        from ...trainers.recipe import RECIPES, load_recipe
        from ..profiles import profiles

        name = place.row.recipe
        if name and name not in RECIPES:
            raise DataError(f"row {place.id}: its recipe {name} is not written yet: choose another row")
        if args.changes and not name:
            raise UsageError(f"row {place.id} is a model as it is: --set has nothing to change")
        profile = next((one for one in profiles().values() if one.hub and one.hub == place.row.hub), None)
        return cls(place, args, load_recipe(name, args.changes) if name else None, profile)

    @property
    def seed(self) -> int:
        given: int | None = self.args.seed
        return given if given is not None else self.recipe.seed if self.recipe else 0

    @property
    def changed(self) -> list[str]:
        """The changes that make another recipe."""
        return [one for one in self.args.changes if not one.startswith(MACHINES)]

    @property
    def folder(self) -> Path:
        """The training directory."""
        out: Path = self.args.out
        return out / "trainings" / f"{self.place.row.recipe}-seed-{self.seed}"

    @property
    def base(self) -> Path:
        """The checkpoint that was named, else the folder that the model would be downloaded to."""
        named: Path | None = self.args.base
        return named or Path(self.place.row.hub.rpartition("/")[2] or "BASE")

    def describe(self) -> int:
        """Print the commands, and what the trainer would do."""
        for command in (*self._training(), *self._examinations()):
            print(shlex.join(["proctor", *command]))
        for command in self._training():
            print()
            _execute([*command, "--dry-run"])
        return EXIT_OK

    def run(self) -> int:
        """Do what is not done yet."""
        from .terminal import log

        self._check_base()
        if self.changed:
            log(f"{self.changed[0]} makes another recipe of it: what comes of it fills no row")
        training = [] if self._trained() else self._training()
        for command in (*training, *self._examinations()):
            log(shlex.join(["proctor", *command]))
            if code := _execute(command):
                return code
        runs = self.args.out / "runs"
        log(f"examined; put it beside the printed numbers with: proctor paper table {self.place.table.name} {runs}")
        return EXIT_OK

    def _check_base(self) -> None:
        """Raises UsageError without a base and for one whose folder has another name than the row's model, CheckpointError
        for one that is not whole.
        """
        from ..runs.checkpoints import check_whole, label

        hub = self.place.row.hub
        if self.args.base is None:
            get = f"hf download {hub} --local-dir {self.base}, then " if hub else ""
            raise UsageError(f"row {self.place.id} needs {hub or 'a checkpoint'}: {get}--base {self.base}")
        if hub and label(self.base) not in (hub, hub.rpartition("/")[2]):
            raise UsageError(f"{self.base}: row {self.place.id} is of {hub}: name the folder {hub.rpartition('/')[2]}")
        check_whole(self.base)

    def _trained(self) -> bool:
        """True if the very training has ended. Raises DataError for a damaged one, UsageError for one from another base."""
        from ...trainers.provenance import look_at_training
        from ..runs.provenance import weights_digest

        if self.recipe is None or self.changed or not (self.folder / "training.json").is_file():
            return False
        found = look_at_training(self.folder)
        if (found.recipe, found.seed) != (self.recipe.name, self.seed):
            return False
        if found.base != weights_digest(self.base):
            raise UsageError(f"{self.folder} holds a training from another base than {self.base}: choose another --out")
        return found.finished

    def _training(self) -> list[Command]:
        """The one command that trains; none for a model as it is."""
        if self.recipe is None:
            return []
        changes = (word for change in self.args.changes for word in ("--set", change))
        where = ("--base", str(self.base), "--out", str(self.folder))
        return [["train", self.recipe.name, *where, "--seed", str(self.seed), "--resume", *changes]]

    def _examinations(self) -> Iterator[Command]:
        """A command for each suite and protocol that the row has a printed number of; as the paper draws answers."""
        from ...benchmarks.registry import SUITES
        from ...leaderboards.papers.plan import UNSAID_TOKENS, asked_of

        paper = self.place.table.paper
        drawn = ["--temperature", str(paper.temperature or 0.0), "--max-tokens", str(paper.max_tokens or UNSAID_TOKENS)]
        style = ["--profile", self.profile.name] if self.profile else []
        for column in asked_of(self.place):
            data = ["--data", "hub"] if SUITES.get(column.suite).published.hub else []
            asked = ["--suite", column.suite, *data, "--protocol", column.protocol, *style]
            where = ["--seed", str(self.seed), "--out", str(self.args.out / "runs")]
            yield ["eval", "--model", str(self._examined()), *asked, *drawn, *where, *self._engine()]

    def _examined(self) -> Path:
        """The final checkpoint, or the model as it is."""
        from .paper_plan import work_of

        if self.recipe is None:
            return self.base
        return self.folder / "checkpoints" / f"step-{work_of(self.recipe).steps:06d}"

    def _engine(self) -> Iterator[str]:
        args = self.args
        yield from ("--engine", args.engine)
        for option in args.engine_option:
            yield from ("--engine-option", option)
        if args.workers > 1:
            yield from ("--workers", str(args.workers))
        if args.ray:
            yield from ("--ray", args.ray)


def _execute(command: Sequence[str]) -> int:
    """What `proctor` does with these words."""
    from . import parse

    args = parse(command)
    code: int = args.run(args)
    return code


VERBS = {
    "paper run": Verb(
        _add_arguments,
        _run,
        (
            "proctor paper run mm_upt/1:21 --dry-run",
            "proctor paper run mm_upt/1:21 --base Qwen2.5-VL-7B-Instruct --engine vllm",
        ),
    ),
}
