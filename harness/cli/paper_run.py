"""`proctor paper run`: train and examine what a row of a paper's table is of, as a study of this one row.

    OUT/trainings/RECIPE-seed-N/    the training directory
    OUT/runs/                       the examinations of its final checkpoint, or of the model as it is

What is done is not done again, and what was interrupted goes on. It ends in the table.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_INCOMPLETE, EXIT_OK, EXIT_USAGE, DataError, UsageError, printable
from .named_suites import HUB, data_of
from .options import ENGINE, Verb, add, add_judge_model, add_one

if TYPE_CHECKING:
    from ...leaderboards.papers.tables import Column, PaperRow
    from ...trainers.experiments.study import Study
    from ...trainers.recipe import Recipe
    from ..profiles import Profile

OUT = Path("papers")
MACHINES = "openrlhf."
"""How settings begin that do not make another recipe: they say what the machines are like."""
GPUS = 8
"""On so many a model of the papers is examined, with vLLM, unless something else is asked for."""
Command = list[str]
"""The words of a command line."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which row, from what, to where."""
    parser.add_argument(
        "row", metavar="ROW", help="like mm_upt/1/mm_upt_geoqa or mm_upt/1:21; see `proctor paper plan`"
    )
    add_one(parser, "--base", shown="default: the folder that the row's model would be downloaded to")
    add_one(parser, "--out", default=OUT)
    add_one(parser, "--seed", default=None, shown="default: the recipe's")
    add_one(parser, "--set", shown="e.g. openrlhf.gpus=4; others make another recipe, which fills no row")
    add_one(parser, "--data", shown="default: the hub, or a suite's bundled sample")
    add(parser, "--follow-links", "--lock", "--dry-run")
    for name in ENGINE:
        if name == "--engine":
            add_one(parser, name, default=None, shown="default: vllm for the papers' models, transformers for others")
        elif name == "--workers":
            add_one(parser, name, default=None, shown=f"default: {GPUS} with vllm, else 1")
        else:
            add(parser, name)
    add_judge_model(parser)


def _run(args: argparse.Namespace) -> int:
    """Train, examine, and print the table; the steps alone with --dry-run."""
    from ...leaderboards.papers.tables import find_row, open_library

    job = _Job.of(find_row(open_library(args.row), args.row), args)
    return job.describe() if args.dry_run else job.run()


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

    @property
    def engine(self) -> str:
        """The engine that is named, else vLLM for a model that is not bundled."""
        given: str | None = self.args.engine
        published = self.place.row.hub and (self.recipe is None or self.recipe.trainer == "openrlhf")
        return given or ("vllm" if published else "transformers")

    @property
    def workers(self) -> int:
        """As many as are named, else one for each GPU with vLLM, each of them with a copy of the model."""
        given: int | None = self.args.workers
        return given or (GPUS if self.engine == "vllm" and not self.args.ray and self.args.engine is None else 1)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that the row has a printed number of."""
        from ...leaderboards.papers.plan import asked_of

        return asked_of(self.place)

    @cached_property
    def data(self) -> dict[str, str]:
        """Where the items of each suite are, in the words of a study."""
        from ...benchmarks.registry import SUITES
        from ...trainers.experiments.study import SAMPLE

        named = data_of(self.args, dict.fromkeys(one.suite for one in self.columns))
        samples = {suite for suite in named if {SAMPLE, f"{suite}={SAMPLE}"}.intersection(self.args.data)}
        hubs = {suite for suite in named if SUITES.get(suite).published.hub} - samples
        return {suite: str(data or (HUB if suite in hubs else SAMPLE)) for suite, data in named.items()}

    @property
    def study(self) -> Study:
        """The row as a study."""
        from ...leaderboards.papers.plan import UNSAID_TOKENS
        from ...trainers.experiments.study import (
            Study,
            StudyExamination,
            StudyJudge,
            StudyModel,
            StudySuite,
            StudyTraining,
        )
        from ..settings import setting

        args, paper = self.args, self.place.table.paper
        examinations = tuple(
            StudyExamination(
                (protocol,),
                tuple(suites),
                temperature=paper.temperature or 0.0,
                max_tokens=paper.max_tokens or UNSAID_TOKENS,
                seeds=(self.seed,),
            )
            for protocol, suites in self._by_protocol().items()
        )
        options = dict(text.partition("=")[::2] for text in args.engine_option)
        profile = self.profile.name if self.profile else None
        base = StudyModel(str(self.base), self.engine, options, self.workers, args.ray, profile)
        changes = {key: value for key, value in map(setting, args.changes) if key != "seed"}
        trained = {
            recipe.name: StudyTraining(
                recipe.name,
                self._base_text(),
                (self.seed,),
                changes,
                engine=self.engine,
                engine_options=options,
                workers=self.workers,
                ray=args.ray,
                profile=profile,
            )
            for recipe in filter(None, [self.recipe])
        }
        return Study(
            args.out,
            {suite: StudySuite(data) for suite, data in self.data.items()},
            examinations,
            {} if trained else {self.base.name: base},
            trained,
            judge=StudyJudge(args.judge_model, args.judge_url, str(args.judge_replies)) if args.judge_model else None,
            lock=args.lock,
            title=self.place.id,
        )

    def _base_text(self) -> str:
        """With a slash in it, as a study has a base that is none of its models."""
        hub_name = not self.base.exists() and "/" in str(self.base)
        return str(self.base) if hub_name else str(self.base.absolute())

    def _by_protocol(self) -> dict[str, list[str]]:
        """The suites of the printed columns by protocol."""
        found: dict[str, list[str]] = {}
        for one in self.columns:
            found.setdefault(one.protocol, []).append(one.suite)
        return found

    def run(self) -> int:
        """Do what is not done yet; everything that is wrong is told before, a line each."""
        from ...trainers.experiments.preflight import fetch, preflight
        from ...trainers.experiments.study_plan import plan_study
        from .run import carry_out
        from .terminal import log

        plan = plan_study(self.study)
        problems = [*self._wrong_base(), *preflight(plan, judged_later=True)] or fetch(plan, log)
        for problem in problems:
            log(printable(problem))
        if problems:
            return EXIT_USAGE
        if self.changed:
            log(f"{self.changed[0]} makes another recipe of it: what comes of it fills no row")
        work = carry_out(plan)
        for line in (*work.incomplete, *work.diverged):
            log(printable(line))
        if work.incomplete or work.diverged:
            return EXIT_INCOMPLETE if work.incomplete else EXIT_CHECK_FAILED
        for note in self._unjudged():
            log(note)
        return _execute(self._table()[1:])

    def _wrong_base(self) -> Iterator[str]:
        """What is wrong with the base: that it is not named, or that its folder has another name than the row's model."""
        from ..runs.checkpoints import label

        hub = self.place.row.hub
        if self.args.base is None and not self.base.is_dir():
            get = f"hf download {hub} --local-dir {self.base}, then " if hub else ""
            yield f"row {self.place.id} needs {hub or 'a checkpoint'}: {get}--base {self.base}"
        elif hub and label(self.base) not in (hub, hub.rpartition("/")[2]):
            yield f"{self.base}: row {self.place.id} is of {hub}: name the folder {hub.rpartition('/')[2]}"

    def describe(self) -> int:
        """Print every step in order, as the command that a person could give, and what the trainer would do."""
        steps = [*self._pulls(), *self._download(), *self._training(), *self._examinations(), *self._judging()]
        for command in (*steps, self._table()):
            print(shlex.join(command))
        for note in self._unjudged():
            print(f"# {note}")
        for command in self._training():
            print()
            _execute([*command[1:], "--dry-run"])
        return EXIT_OK

    def _pulls(self) -> Iterator[Command]:
        """The data of the hub that the lock file does not have: those to train on, and those that are asked."""
        from ...trainers.experiments.study_steps import pinned

        prompts = self.recipe.prompts if self.recipe else None
        wanted = {prompts.suite: prompts.data} if prompts and prompts.data else {}
        for name, data in {**wanted, **self.data}.items():
            if data.partition(":")[0] == str(HUB) and not pinned(self.args.lock, name):
                further = [] if data == str(HUB) else ["--data", data]
                yield ["proctor", "suite", "pull", name, *further]

    def _download(self) -> Iterator[Command]:
        from ...trainers.experiments.study_plan import local_checkpoint

        hub = self.place.row.hub
        if hub and local_checkpoint(str(self.base)) is None:
            yield ["hf", "download", hub, *([] if str(self.base) == hub else ["--local-dir", str(self.base)])]

    def _training(self) -> list[Command]:
        """The one command that trains; none for a model as it is."""
        if self.recipe is None:
            return []
        changes = (word for change in self.args.changes for word in ("--set", change))
        where = ("--base", str(self.base), "--out", str(self.folder))
        return [["proctor", "train", self.recipe.name, *where, "--seed", str(self.seed), "--resume", *changes]]

    def _examinations(self) -> Iterator[Command]:
        """A command for each protocol of the printed columns, for all of its suites; as the paper draws answers."""
        from ...leaderboards.papers.plan import UNSAID_TOKENS

        paper = self.place.table.paper
        drawn = ["--temperature", str(paper.temperature or 0.0), "--max-tokens", str(paper.max_tokens or UNSAID_TOKENS)]
        style = ["--profile", self.profile.name] if self.profile else []
        for protocol, suites in self._by_protocol().items():
            asked = ["--suite", ",".join(suites), *self._data_options(suites), "--protocol", protocol, *style]
            where = ["--seed", str(self.seed), "--out", str(self.args.out / "runs")]
            yield ["proctor", "eval", "--model", str(self._examined()), *asked, *drawn, *where, *self._engine()]

    def _data_options(self, suites: Sequence[str]) -> list[str]:
        from ...trainers.experiments.study import SAMPLE

        if {self.data[suite] for suite in suites} == {str(HUB)}:
            return ["--data", str(HUB)]
        named = (f"{suite}={self.data[suite]}" for suite in suites if self.data[suite] != SAMPLE)
        return [word for one in named for word in ("--data", one)]

    def _judging(self) -> Iterator[Command]:
        """The command that has the judge asked what the protocols leave to it, if one is named."""
        if self._judge():
            protocols = ",".join(self._by_protocol())
            yield ["proctor", "score", str(self.args.out / "runs"), "--score-protocol", protocols, *self._judge()]

    def _unjudged(self) -> Iterator[str]:
        """A line for each protocol that needs a judge, if none is named."""
        from ...benchmarks.registry import SUITES

        for protocol, suites in self._by_protocol().items() if not self._judge() else ():
            rules = [SUITES.get(suite).protocol(protocol) for suite in suites]
            if any(one.extractor is not None or one.judge is not None for one in rules):
                yield f"{protocol} leaves answers to a language model: name it with --judge-model and --judge-url"

    def _judge(self) -> list[str]:
        args = self.args
        judge = ["--judge-model", args.judge_model] if args.judge_model else []
        judge += ["--judge-url", args.judge_url] if args.judge_url else []
        return [*judge, "--judge-replies", str(args.judge_replies)] if judge else []

    def _table(self) -> Command:
        """The command that prints the table."""
        return ["proctor", "paper", "table", self.place.table.name, str(self.args.out / "runs"), *self._judge()]

    def _examined(self) -> Path:
        """The final checkpoint, or the model as it is."""
        from ...trainers.experiments.study_plan import final_step

        if self.recipe is None:
            return self.base
        return self.folder / "checkpoints" / f"step-{final_step(self.recipe):06d}"

    def _engine(self) -> Iterator[str]:
        args = self.args
        yield from ("--engine", self.engine)
        for option in args.engine_option:
            yield from ("--engine-option", option)
        if self.workers > 1:
            yield from ("--workers", str(self.workers))
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
