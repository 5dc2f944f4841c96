"""The steps of a study in the order in which they are done: what each takes, and how much of it is done already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.lock import HUB_DATA, read_lock
from ...harness.errors import ProctorError
from ...harness.report.text import counted
from ...harness.runs.checkpoints import find_checkpoints
from ...harness.runs.provenance import weights_digest
from ...harness.types import Json
from .known_model import KnownModel
from .preflight import to_fetch
from .speed import Estimate, Speeds
from .study import Study, StudyModel
from .study_folder import answered, known_models, model_key, stored_run
from .study_plan import Asking, PlannedModel, PlannedTraining, StudyPlan, local_checkpoint

RUNS = Path("runs")
"""Where `proctor eval` puts runs: speeds are read there too."""


@dataclass(frozen=True)
class StudyStep:
    """One step in words; `command` is what a person has to do for it first, if anything.

    `answers` are drawn in it, `left` of them are not there yet, in `runs` examinations; `estimate` is of those, None where
    nothing was measured.
    """

    what: str
    done: bool
    command: str = ""
    runs: int = 0
    items: int = 0
    answers: int = 0
    left: int = 0
    estimate: Estimate | None = None

    def to_json(self) -> Json:
        """For machines."""
        estimate = self.estimate
        return {
            "what": self.what,
            "done": self.done,
            "command": self.command or None,
            "runs": self.runs,
            "items": self.items,
            "answers": self.answers,
            "left": self.left,
            "tokens": None if estimate is None else round(estimate.tokens),
            "seconds": None if estimate is None else round(estimate.seconds, 1),
        }


def study_steps(plan: StudyPlan) -> list[StudyStep]:
    """All steps; what cannot be read of what is done counts as not done."""
    steps = _Steps(plan, Speeds.of((plan.study.runs, RUNS)))
    return [*steps.pulls(), *steps.downloads(), *steps.work(), *steps.ending()]


@dataclass(frozen=True)
class _Steps:
    plan: StudyPlan
    speeds: Speeds

    def pulls(self) -> Iterator[StudyStep]:
        """The data of the hub, of suites and of trainings, and whether the lock file has them."""
        study = self.plan.study
        wanted = {(name, suite.data): study.lock for name, suite in study.suites.items()}
        for one in self.plan.trainings:
            prompts = one.training.recipe.prompts
            if prompts.data is not None:
                wanted.setdefault((prompts.suite, prompts.data), study.lock)
        for (name, data), lock in wanted.items():
            if data.partition(":")[0] == str(HUB_DATA):
                further = "" if data == str(HUB_DATA) else f" --data {data}"
                yield StudyStep(f"pull {name} ({data})", pinned(lock, name), f"proctor suite pull {name}{further}")

    def downloads(self) -> Iterator[StudyStep]:
        """Models of the hub that are not in its cache; a study fetches them itself."""
        for target in to_fetch(self.plan):
            name, _, revision = target.partition("@")
            yield StudyStep(
                f"fetch {target}", False, f"hf download {name}{f' --revision {revision}' if revision else ''}"
            )

    def work(self) -> Iterator[StudyStep]:
        """Examinations and trainings."""
        for model in self.plan.models:
            yield self._examination(model.name, model, [model.target])
        for one in self.plan.trainings:
            called, recipe = f"{one.name}, seed {one.seed}", one.training.recipe
            base = one.base.name if isinstance(one.base, Path) else f"{one.base.name}, seed {one.base.seed}"
            final = _final(one)
            yield StudyStep(f"train {called}: {recipe.name}, to step {one.steps}, from {base}", final is not None)
            there = find_checkpoints(one.training.folder) if one.every else [final]
            yield self._examination(called, one, [str(path) for path in there if path is not None])

    def ending(self) -> Iterator[StudyStep]:
        """What is made of the runs."""
        study = self.plan.study
        if study.judge is not None:
            yield StudyStep(f"judge: {study.judge.model} is asked what protocols leave to a language model", False)
        pairs = [f"{candidate} against {baseline}" for baseline, candidate in study.comparisons]
        compared = f"; compare {', '.join(pairs)}" if pairs else ""
        yield StudyStep(f"make the board, verify it{compared}; make the page", False)

    def _examination(self, called: str, subject: PlannedModel | PlannedTraining, targets: Sequence[str]) -> StudyStep:
        """The step that examines a model, or the checkpoints of a training, of which `targets` are known."""
        askings, settings = subject.askings, subject.settings
        times = subject.checkpoints if isinstance(subject, PlannedTraining) else 1
        given, complete = 0, 0
        for target in targets:
            known = self._known(target, settings, called if isinstance(subject, PlannedModel) else None)
            for asking in askings:
                count, sealed = _answered(self.plan.study, asking, known)
                given, complete = given + count, complete + sealed
        answers, runs = times * sum(one.answers for one in askings), times * len(askings)
        suites = ", ".join(dict.fromkeys(one.examination.suite for one in askings)) or "nothing"
        by = ", ".join(dict.fromkeys(name for one in askings for name in one.protocols))
        which = f" ({counted(times, 'checkpoint')})" if isinstance(subject, PlannedTraining) else ""
        return StudyStep(
            f"examine {called}{which} on {suites}, by {by}",
            bool(runs) and complete == runs,
            runs=runs,
            items=times * sum(len(one.examination.asked) for one in askings),
            answers=answers,
            left=max(0, answers - given),
            estimate=self._estimate(subject, answers - given),
        )

    def _known(self, target: str, settings: StudyModel, name: str | None) -> KnownModel | None:
        try:
            found = known_models(self.plan.study.out).get(model_key(target, settings))
        except ProctorError:
            return None
        return found and KnownModel(name or found.name, found.described)

    def _estimate(self, subject: PlannedModel | PlannedTraining, left: int) -> Estimate | None:
        """By what the same model was measured at, or the base of a training; the answers that are there are taken evenly."""
        which = _which(subject)
        total = sum(one.answers for one in subject.askings)
        if which is None or not total:
            return None
        parts = [
            self.speeds.estimate(
                subject.settings.engine,
                which,
                one.examination.suite,
                one.answers,
                one.examination.sampling.max_tokens,
            )
            for one in subject.askings
        ]
        known = [one for one in parts if one is not None]
        if len(known) < len(parts):
            return None
        share = max(0, left) / total
        return Estimate(share * sum(one.tokens for one in known), share * sum(one.seconds for one in known))


def _which(subject: PlannedModel | PlannedTraining) -> str | None:
    """The weights by which a speed is known, or the name of a model that only its engine has."""
    if isinstance(subject, PlannedModel) and subject.folder is None:
        return subject.target
    base = subject.folder if isinstance(subject, PlannedModel) else local_checkpoint(str(subject.first_base))
    try:
        return None if base is None else weights_digest(base)
    except ProctorError:
        return None


def _final(one: PlannedTraining) -> Path | None:
    try:
        return one.training.final_checkpoint()
    except ProctorError:
        return None


def _answered(study: Study, asking: Asking, known: KnownModel | None) -> tuple[int, bool]:
    try:
        return answered(stored_run(study.runs, asking, known))
    except ProctorError:
        return 0, False


def pinned(lock: Path, suite: str) -> bool:
    """True if a lock file has data of the hub for the suite."""
    try:
        return any(name == suite and one.revision is not None for (name, _), one in read_lock(lock).items())
    except ProctorError:
        return False
