"""`proctor run`: a study from its file to its board, page and comparisons; what is done is not done again."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import (
    EXIT_CHECK_FAILED,
    EXIT_INCOMPLETE,
    EXIT_OK,
    EXIT_UNVERIFIABLE,
    EXIT_USAGE,
    MissingExtraError,
    ProctorError,
    StoreError,
    printable,
)
from .eval import ask_function, eval_all
from .named_models import open_engine
from .options import Verb, add, add_one
from .run_plan import show_plan
from .train import train_to_end

if TYPE_CHECKING:
    from ...leaderboards.board.table import Row
    from ...leaderboards.board.verify import VerifyReport
    from ...leaderboards.compare.compare import Comparison
    from ...trainers.experiments.study import Study, StudyModel
    from ...trainers.experiments.study_folder import StudyFolder
    from ...trainers.experiments.study_plan import Asking, PlannedTraining, StudyPlan
    from ..engines.base import Engine
    from ..runs.evaluate import Examination
    from ..runs.judging import JudgeModel
    from ..types import Json, Request, Response, Sampling

EXAMPLES = 3
"""So many items that were gained and lost stand with each comparison in its file."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and whether to do it."""
    parser.add_argument("study", type=Path, metavar="STUDY", help="a study's .toml file; see docs/study.md")
    add_one(parser, "--out", shown="default: what the file says, else a folder beside it that is called as it is")
    add(parser, "--follow-links", "--dry-run", "--json")


def _run(args: argparse.Namespace) -> int:
    """Say what is wrong, or what would be done, or do it."""
    from ...trainers.experiments.study import load_study

    return run_study(load_study(args.study, args.out), dry_run=args.dry_run, as_json=args.json)


def run_study(study: Study, *, dry_run: bool = False, as_json: bool = False) -> int:
    """Examine and train what is not done yet, and end in board, comparisons and page.

    Nothing is begun if anything is wrong: each problem is a line on stderr, and the exit code is 2. 1 if a training diverged
    or a row of the board is not reproduced, 3 if something is incomplete.
    """
    from ...trainers.experiments.preflight import fetch, preflight
    from ...trainers.experiments.study_plan import plan_study
    from .terminal import emit_json, log

    plan = plan_study(study)
    problems = preflight(plan)
    if dry_run:
        show_plan(plan, problems, as_json=as_json)
    for problem in problems:
        log(printable(problem))
    if problems or dry_run:
        return EXIT_USAGE if problems else EXIT_OK
    for note in plan.notes:
        log(printable(note))
    if problems := fetch(plan, log):
        log("\n".join(problems))
        return EXIT_USAGE
    work = carry_out(plan)
    if work.incomplete:
        for line in work.incomplete:
            log(printable(line))
        log(f"incomplete: run the same command again to go on; {study.out} keeps what is done")
        return EXIT_INCOMPLETE
    ending = Ending(plan, work.examined, open_study_judge(study))
    if as_json:
        emit_json(ending.to_json())
    else:
        ending.show()
    for line in work.diverged:
        log(printable(line))
    return EXIT_CHECK_FAILED if work.diverged else ending.exit_code


def open_study_judge(study: Study) -> JudgeModel | None:
    """The language model that the study names, or None."""
    from .named_models import open_judge_model

    judge = study.judge
    if judge is None:
        return None
    return open_judge_model(
        argparse.Namespace(judge_model=judge.model, judge_url=judge.url, judge_replies=study.replies)
    )


@dataclass
class _CalledModel:
    """An open model under the name that the study gives it."""

    name: str
    model: Engine

    def identity(self) -> Mapping[str, Json]:
        """The model's own: a name is no part of it."""
        return self.model.identity()

    def versions(self) -> Mapping[str, str]:
        """The model's own."""
        return self.model.versions()

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The model's own."""
        return self.model.generate(requests, sampling)


@dataclass(frozen=True)
class ExaminedRun:
    """A complete run of a subject of the study, a model or a training; `final` unless it is of an earlier checkpoint."""

    subject: str
    asking: Asking
    path: Path
    final: bool


@dataclass
class StudyWork:
    """What came of the study: its complete runs, what is incomplete, and which trainings diverged, a line each."""

    examined: list[ExaminedRun] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    diverged: list[str] = field(default_factory=list)


def carry_out(plan: StudyPlan) -> StudyWork:
    """Examine the models, then train and examine, seed by seed; what fails does not keep the rest from being done.

    Raises KeyboardInterrupt when told to stop, StoreError where nothing can be stored, RunLockedError if another process is
    at work there.
    """
    from ...trainers.experiments.study_folder import StudyFolder

    with StudyFolder(plan.study.out) as folder:
        worker = _Worker(plan.study, folder)
        for model in plan.models:
            worker.examine(model.name, model.target, model.settings, model.askings, name=model.name)
        for training in plan.trainings:
            worker.train(training)
    return worker.work


@dataclass(frozen=True)
class _Worker:
    study: Study
    folder: StudyFolder
    work: StudyWork = field(default_factory=StudyWork)

    def train(self, planned: PlannedTraining) -> None:
        """Train to the end, and examine its checkpoints."""
        from ..runs.checkpoints import find_checkpoints

        training = planned.training
        called = f"{planned.name}, seed {planned.seed}"
        try:
            base = planned.base_folder
            if base is None:
                self.work.incomplete.append(f"{called}: its base is not trained")
                return
            train_to_end(training, base, f"{called}: train")
            final = training.final_checkpoint()
        except StoreError:
            raise
        except ProctorError as error:
            self.work.incomplete.append(f"{called}: {error}")
            return
        if (failure := training.failure()) is not None:
            self.work.diverged.append(f"{called} diverged: {failure}; remove {training.folder} to train again")
        elif final is not None:
            for checkpoint in find_checkpoints(training.folder) if planned.every else [final]:
                self.examine(
                    planned.name, str(checkpoint), planned.settings, planned.askings, final=checkpoint == final
                )

    def examine(
        self,
        subject: str,
        target: str,
        settings: StudyModel,
        askings: Sequence[Asking],
        *,
        name: str | None = None,
        final: bool = True,
    ) -> None:
        """Hold those examinations that are not complete; the model is opened once, and only if there are some."""
        try:
            paths = self._held(target, settings, askings, name)
        except StoreError:
            raise
        except ProctorError as error:
            self.work.incomplete.append(f"{subject}: {error}")
            return
        for asking, path in zip(askings, paths, strict=False):
            if path is not None:
                self.work.examined.append(ExaminedRun(subject, asking, path, final))

    def _held(
        self, target: str, settings: StudyModel, askings: Sequence[Asking], name: str | None
    ) -> list[Path | None]:
        """The runs of the examinations, held now where they are not complete; None for one that still is not."""
        from ...benchmarks.examination import run_path
        from ...trainers.experiments.known_model import KnownModel
        from ...trainers.experiments.study_folder import answered, model_key
        from ...trainers.experiments.study_plan import local_checkpoint
        from ...trainers.provenance import TrainingRecord
        from ..engines.own import load_function
        from .terminal import log

        runs, key = self.study.runs, model_key(target, settings)
        known = self.folder.models.get(key) if local_checkpoint(target) else None
        if known is not None:
            known = KnownModel(name or known.name, known.described)
            paths = [run_path(runs, one.examination, known) for one in askings]
            if all(answered(path)[1] for path in paths):
                return list(paths)
        plans: Sequence[Examination] = [one.examination for one in askings]
        if settings.is_function:
            plans, models = ask_function(load_function(target), plans, settings.workers)
        else:
            plans = TrainingRecord.read(target, log).put_into(plans)
            models = [_open(target, settings)] * len(plans)
        if name is not None:
            models = [_CalledModel(name, one) for one in models]
        if models:
            self.folder.learn(key, KnownModel(models[0].name, models[0].identity()))
        outcomes = eval_all(plans, models, [run_path(runs, *one) for one in zip(plans, models, strict=True)])
        del models
        _free_memory()
        if any(one.stopped for one in outcomes):
            raise KeyboardInterrupt
        for one in (one for one in outcomes if not one.complete):
            first = f"; first error: {one.errors[0]}" if one.errors else ""
            self.work.incomplete.append(f"{one.path}: {one.missing} of {one.total} answers missing{first}")
        return [one.path if one.complete else None for one in outcomes]


def _open(target: str, settings: StudyModel) -> Engine:
    options = [f"{name}={value}" for name, value in settings.options.items()]
    args = argparse.Namespace(engine=settings.engine, engine_option=options, workers=settings.workers, ray=settings.ray)
    return open_engine(args, target)


def _free_memory() -> None:
    """Give a model's memory back, before the next one or a training needs it."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(frozen=True)
class Ending:
    """What a study ends in: the board, whether it is verified, the comparisons and the page; made when asked for."""

    plan: StudyPlan
    examined: Sequence[ExaminedRun]
    judge: JudgeModel | None

    @property
    def board(self) -> Path:
        """The folder of the board."""
        return self.plan.study.out / "board"

    @property
    def page_file(self) -> Path:
        """The page."""
        return self.plan.study.out / "page.html"

    @property
    def comparisons_file(self) -> Path:
        """The comparisons as JSON."""
        return self.plan.study.out / "comparisons.json"

    @cached_property
    def protocols(self) -> dict[Path, tuple[str, ...]]:
        """The protocols that judge each run."""
        found: dict[Path, tuple[str, ...]] = {}
        for one in self.examined:
            found[one.path] = tuple(dict.fromkeys((*found.get(one.path, ()), *one.asking.protocols)))
        return found

    @cached_property
    def built(self) -> tuple[Sequence[Row], Sequence[str]]:
        """The rows of the board, and why it cannot be published, if it cannot."""
        from ...leaderboards.board.build import build

        board = build(list(self.protocols), self.protocols, self.board, self.judge, draft=True)
        return board.rows, board.problems

    @cached_property
    def verified(self) -> VerifyReport:
        """Whether each row of the board follows from its evidence, and its items are those of the study's data."""
        from ...benchmarks.registry import SUITES
        from ...leaderboards.board.known_items import KnownItems
        from ...leaderboards.board.verify import verify

        self.built  # noqa: B018 - it must be there
        suites = {SUITES.known_as(name): one for name, one in self.plan.study.suites.items()}
        data = {name: one.path for name, one in suites.items() if one.path is not None}
        return verify(self.board, KnownItems(data, self.plan.study.lock))

    @cached_property
    def comparisons(self) -> list[tuple[str, Comparison | ProctorError]]:
        """A title and a comparison, or why there is none, for each pair, protocol, [[examine]] and seed of the sampling."""
        found: list[tuple[str, Comparison | ProctorError]] = []
        for baseline, candidate in self.plan.study.comparisons:
            arms = self._arm(baseline), self._arm(candidate)
            for key in (one for one in arms[0] if one in arms[1]):
                protocol, entry, seed = key
                more = f", examine {entry}" if len(self.plan.study.examine) > 1 else ""
                more += f", sampling seed {seed}" if len(self.plan.study.examine[entry - 1].seeds) > 1 else ""
                title = f"{candidate} against {baseline}, by {protocol}{more}"
                try:
                    found.append((title, self._compared((baseline, candidate), (arms[0][key], arms[1][key]), protocol)))
                except ProctorError as error:
                    found.append((title, error))
        return found

    def _compared(
        self, names: tuple[str, str], arms: tuple[Mapping[str, list[Path]], Mapping[str, list[Path]]], protocol: str
    ) -> Comparison:
        """B minus A on the suites that both were asked. Raises IncompleteRunError for answers without a verdict."""
        from ...leaderboards.compare.compare import compare_arms, side_of

        shared = [suite for suite in arms[0] if suite in arms[1]]
        a, b = (
            side_of(name, {suite: arm[suite] for suite in shared}, protocol, self.judge)
            for name, arm in zip(names, arms, strict=True)
        )
        return compare_arms(a, b, shared)

    def _arm(self, subject: str) -> dict[tuple[str, int, int], dict[str, list[Path]]]:
        """The runs of a subject's final checkpoints by protocol, [[examine]] and seed of the sampling, and then by suite."""
        found: dict[tuple[str, int, int], dict[str, list[Path]]] = {}
        for one in self.examined:
            if one.subject != subject or not one.final:
                continue
            examination = one.asking.examination
            for protocol in one.asking.protocols:
                key = (protocol, one.asking.entry, examination.sampling.seed)
                found.setdefault(key, {}).setdefault(examination.suite, []).append(one.path)
        return found

    def page(self) -> Path | None:
        """Write the page; None, and a line that says why, where it cannot be made."""
        from ...leaderboards.page.document import PageOptions
        from .show import write_page
        from .terminal import log

        study = self.plan.study
        names = dict.fromkeys(name for protocols in self.protocols.values() for name in protocols)
        trainings = [one.training.folder for one in self.plan.trainings]
        baselines = [name for name in dict.fromkeys(one for one, _ in study.comparisons) if name in study.models]
        options = PageOptions(
            study.title or study.out.name,
            list(names),
            [one for one in trainings if (one / "training.json").is_file()],
            baselines[:1],
        )
        try:
            write_page(self.page_file, list(self.protocols), options, self.judge)
        except MissingExtraError as error:
            log(f"no page: {error}")
            return None
        return self.page_file

    @cached_property
    def draft(self) -> Counter[str]:
        """Why the board cannot be published, each reason with the number of runs that it is of; empty if it can."""
        return Counter(problem.partition(": ")[2] or problem for problem in self.built[1])

    @cached_property
    def unproven(self) -> list[str]:
        """What the board says and its evidence does not give, a line each: not what makes it a draft."""
        known = {*self.draft, *self.built[1]}
        rows = ((row.name, [one for one in row.problems if one not in known]) for row in self.verified.rows)
        found = [f"{name}: {reasons[0]}" for name, reasons in rows if reasons]
        return [*found, *(one for one in self.verified.problems if one not in known)]

    @property
    def exit_code(self) -> int:
        """1 for a row that is not reproduced, 3 for a comparison that lacks something, 4 for rows that cannot be verified."""
        if self.unproven:
            return EXIT_CHECK_FAILED
        if any(isinstance(found, ProctorError) for _, found in self.comparisons):
            return EXIT_INCOMPLETE
        return EXIT_UNVERIFIABLE if self.verified.count(None) else EXIT_OK

    @property
    def _state(self) -> str:
        """How the board stands, in a few words."""
        total, unverifiable = len(self.verified.rows), self.verified.count(None)
        if self.unproven:
            return "NOT verified"
        if unverifiable:
            return f"{unverifiable} of {total} rows unverifiable"
        return (
            f"a draft; its {total} rows follow from its evidence"
            if self.draft
            else f"verified: {total} rows reproduced"
        )

    def show(self) -> None:
        """Print board, comparisons, whether the board is verified, and where everything is."""
        from .compare import show_comparison
        from .terminal import board_table, log, show_table

        show_table(board_table(self.built[0]))
        for title, found in self.comparisons:
            print(f"\n{printable(title)}")
            if isinstance(found, ProctorError):
                print(printable(f"no comparison: {found}"))
            else:
                show_comparison(found, None, 0)
        self._store_comparisons()
        page = self.page()
        for reason, count in self.draft.items():
            log(printable(f"the board is a draft: {reason}{f' ({count} times)' if count > 1 else ''}"))
        for line in self.unproven:
            log(printable(f"not reproduced: {line}"))
        if others := self._strangers():
            log(f"{others} runs in {self.plan.study.runs} are not of this study as it is now: not on its board")
        print(f"board:       {self.board} ({self._state})")
        if self.comparisons:
            print(f"comparisons: {self.comparisons_file}")
        if page is not None:
            print(f"page:        {page}")

    def to_json(self) -> Json:
        """For machines."""
        self._store_comparisons()
        page = self.page()
        return {
            "out": str(self.plan.study.out),
            "runs": [str(path) for path in self.protocols],
            "board": str(self.board),
            "draft": list(self.draft),
            "verified": not self.unproven and not self.verified.count(None),
            "rows": len(self.verified.rows),
            "unproven": self.unproven,
            "comparisons": self._comparisons_json(0),
            "page": None if page is None else str(page),
        }

    def _store_comparisons(self) -> None:
        from ..files import write_atomic

        if self.comparisons:
            text = json.dumps(self._comparisons_json(EXAMPLES), indent=1, allow_nan=False)
            write_atomic(self.comparisons_file, text.encode() + b"\n")

    def _comparisons_json(self, examples: int) -> list[Json]:
        return [
            {"title": title, **({"problem": str(one)} if isinstance(one, ProctorError) else one.to_json(examples))}
            for title, one in self.comparisons
        ]

    def _strangers(self) -> int:
        """How many runs in the folder are not of the study as it is now."""
        from ..files import RUN_FILE

        own = {path.name for path in self.protocols}
        return sum(one.parent.name not in own for one in self.plan.study.runs.glob(f"*/{RUN_FILE}"))


VERBS = {
    "run": Verb(
        _add_arguments,
        _run,
        (
            "proctor run study.toml --dry-run",
            "proctor run study.toml",
        ),
    ),
}
