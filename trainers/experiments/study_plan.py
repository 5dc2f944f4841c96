"""What a study asks: every examination of every model and checkpoint, and every training, before any of it is done.

What cannot be done as it is written (a suite whose data are not there, an unknown protocol, a recipe that cannot be read) is
a line of `problems`; the rest is planned all the same, so that everything wrong is told at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ...benchmarks.examination import asked_under, plan
from ...benchmarks.protocols.registry import PROTOCOLS
from ...benchmarks.registry import SUITES
from ...harness.engines.base import ENGINES
from ...harness.engines.own import FunctionExamination, load_function
from ...harness.errors import ProctorError, UsageError, did_you_mean
from ...harness.profiles import Profile, SamplingDefaults, load_profile
from ...harness.runs.evaluate import Examination
from ...harness.runs.hub_checkpoint import find_checkpoint
from ...harness.runs.store import identity_of
from ...harness.types import Sampling
from ...harness.user_file import in_file
from ..methods.base import StagedMethod
from ..methods.registry import open_method
from ..recipe import Recipe, load_recipe
from ..resolve import base_of, recipe_files, resolve
from ..tiny import BUNDLED
from .folder import Training
from .study import ALL, FINAL, Study, StudyExamination, StudyModel, StudyTraining, is_path

T = TypeVar("T")


@dataclass(frozen=True)
class Asking:
    """An examination, and the protocols that its answers are judged by: the one that asks, and those with the same prompt.

    `entry` is the number, from 1, of the [[examine]] that it is of.
    """

    examination: Examination
    protocols: tuple[str, ...]
    entry: int = 1

    @cached_property
    def answers(self) -> int:
        """How many answers are drawn."""
        return len(self.examination.asked) * self.examination.sampling.n


@dataclass(frozen=True)
class PlannedModel:
    """A model of the study; `target` is its folder, or what its engine calls it."""

    name: str
    settings: StudyModel
    target: str
    askings: tuple[Asking, ...]

    @property
    def folder(self) -> Path | None:
        """Its checkpoint; None for a model that only its engine has, or that is still to be fetched."""
        return local_checkpoint(self.target)


@dataclass(frozen=True)
class PlannedTraining:
    """One seed of a training. `base` is a checkpoint (`Path` of a hub name too), or the training whose final one it is.

    Its checkpoints are asked as `settings` say. `steps` is the step that it ends with.
    """

    name: str
    seed: int
    training: Training
    base: Path | PlannedTraining
    settings: StudyModel
    askings: tuple[Asking, ...]
    every: bool
    steps: int

    @property
    def base_folder(self) -> Path | None:
        """The checkpoint that it starts from; None while that is not trained or fetched yet."""
        if isinstance(self.base, Path):
            return local_checkpoint(str(self.base))
        return self.base.training.final_checkpoint()

    @property
    def first_base(self) -> Path:
        """The checkpoint that the first of the trainings started from, of which each is the next one's base."""
        return self.base if isinstance(self.base, Path) else self.base.first_base

    @property
    def checkpoints(self) -> int:
        """How many of its checkpoints are examined."""
        return -(-self.steps // self.training.recipe.checkpoint_every) if self.every else 1


@dataclass(frozen=True)
class StudyPlan:
    """All of a study, in the order in which it is done; `notes` are what a reader should know, `problems` what is wrong."""

    study: Study
    models: tuple[PlannedModel, ...]
    trainings: tuple[PlannedTraining, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def judged(self) -> list[tuple[str, str]]:
        """The suites with the protocols that judge them, each pair once."""
        subjects: list[PlannedModel | PlannedTraining] = [*self.models, *self.trainings]
        askings = (asking for one in subjects for asking in one.askings)
        return list(dict.fromkeys((one.examination.suite, name) for one in askings for name in one.protocols))


def plan_study(study: Study) -> StudyPlan:
    """Everything that the study asks; nothing is opened but its data. See the module's docstring for what is wrong in it."""
    planner = _Planner(study)
    models = tuple(planner.models())
    trainings = tuple(planner.trainings())
    return StudyPlan(study, models, trainings, tuple(planner.notes), tuple(planner.problems))


def final_step(recipe: Recipe) -> int:
    """The step of the last checkpoint: a staged method takes policy.steps in each of its stages."""
    method = open_method(recipe)
    return recipe.policy.steps * (len(list(method.stages)) if isinstance(method, StagedMethod) else 1)


def local_checkpoint(target: str) -> Path | None:
    """The folder of a checkpoint, or of a model of the hub that is in the cache; None for any other."""
    try:
        found = find_checkpoint(target, fetch=False)
    except ProctorError:
        return None
    return found if found.is_dir() else None


def target_of(model: StudyModel) -> str:
    """A model's folder, also of a bundled one that is named; else what its engine calls it."""
    return str(BUNDLED.get(model.model, model.model))


@dataclass
class _Planner:
    """Collects problems and notes, each once."""

    study: Study
    problems: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    _asked: dict[str | None, tuple[Asking, ...]] = field(default_factory=dict)
    _loaded: dict[str, Examination | None] = field(default_factory=dict)
    _trained: dict[tuple[str, int], PlannedTraining] = field(default_factory=dict)

    def models(self) -> Iterator[PlannedModel]:
        for name, model in self.study.models.items():
            self._trying(f"models.{name}", _check_model, model)
            askings = self._askings(f"models.{name}", model.profile)
            if model.is_function:
                askings = tuple(
                    dataclasses.replace(one, examination=FunctionExamination.of(one.examination)) for one in askings
                )
            yield PlannedModel(name, model, target_of(model), askings)

    def trainings(self) -> Iterator[PlannedTraining]:
        """Bases before what starts from them, and seed by seed, so that a study that is stopped has all of a seed."""
        order = self._in_order()
        rounds = max((len(self.study.trainings[name].seeds) for name in order), default=0)
        for depth in sorted(set(order.values())):
            for number in range(rounds):
                for name in (one for one in order if order[one] == depth):
                    seeds = self.study.trainings[name].seeds
                    if number < len(seeds):
                        found = self._trying(f"trainings.{name}", self._training, name, seeds[number])
                        if found is not None:
                            self._trained[name, found.seed] = found
                            yield found

    def _in_order(self) -> dict[str, int]:
        """How many trainings stand before each; those that start from each other in a circle are left out, and told."""
        found: dict[str, int] = {}
        for name in self.study.trainings:
            above = [name]
            while (base := self.study.trainings[above[-1]].base) in self.study.trainings:
                assert base is not None
                if base in above:
                    self.problems[f"trainings.{name}: starts from itself, by {' and '.join(above[1:]) or name}"] = None
                    break
                above.append(base)
            else:
                found[name] = len(above)
        return found

    def _training(self, name: str, seed: int) -> PlannedTraining:
        settings = self.study.trainings[name]
        named = load_recipe(settings.recipe, [*settings.changes, f"seed={seed}"])
        recipe = resolve(named)
        base = self._base(name, settings, seed, named)
        asked = self._asked_as(settings)
        _check_engine(asked.engine)
        training = Training(recipe, recipe_files(named), self.study.out / "trainings" / f"{name}-seed-{seed}")
        askings = self._askings(f"trainings.{name}", asked.profile)
        every = settings.examine == ALL
        if every and recipe.keep is not None:
            raise UsageError(f"keep = {recipe.keep} leaves not all checkpoints to examine: set examine = {FINAL!r}")
        return PlannedTraining(name, seed, training, base, asked, askings, every, final_step(recipe))

    def _base(self, name: str, settings: StudyTraining, seed: int, recipe: Recipe) -> Path | PlannedTraining:
        """Raises UsageError where none is named and none is bundled, and for a training that has no such seed."""
        if settings.base is None:
            try:
                return base_of(recipe)
            except UsageError as error:
                text = str(error).partition(" --base ")[0]
                raise UsageError(f"{text} name it in [models], and as base of this training") from error
        if is_path(settings.base):
            return Path(settings.base)
        if settings.base in self.study.models:
            return Path(target_of(self.study.models[settings.base]))
        seeds = self.study.trainings[settings.base].seeds
        wanted = seed if seed in seeds else seeds[0]
        if seed not in seeds and len(seeds) > 1:
            raise UsageError(f"seed {seed} is none of {settings.base}, which it starts from: give both the same seeds")
        if (settings.base, wanted) not in self._trained:
            raise UsageError(f"starts from {settings.base}, which cannot be trained")
        return self._trained[settings.base, wanted]

    def _asked_as(self, settings: StudyTraining) -> StudyModel:
        """How the checkpoints of a training are asked: as its base, but for what it says itself."""
        base = settings.base
        while base in self.study.trainings:
            assert base is not None
            above = self.study.trainings[base]
            settings = dataclasses.replace(
                settings,
                engine=settings.engine or above.engine,
                engine_options=settings.engine_options if settings.engine_options is not None else above.engine_options,
                workers=settings.workers or above.workers,
                ray=settings.ray or above.ray,
                profile=settings.profile or above.profile,
            )
            base = above.base
        of_base = self.study.models.get(base or "", StudyModel(""))
        options = settings.engine_options
        if options is None:
            options = {} if settings.engine else of_base.engine_options
        return dataclasses.replace(
            of_base,
            engine=settings.engine or of_base.engine,
            engine_options=options,
            workers=settings.workers or of_base.workers,
            ray=settings.ray or of_base.ray,
            profile=settings.profile or of_base.profile,
        )

    def _askings(self, where: str, profile: str | None) -> tuple[Asking, ...]:
        """What a model with that profile is asked."""
        if profile not in self._asked:
            loaded = None if profile is None else self._trying(where, load_profile, profile)
            found: dict[tuple[str, str, Sampling], Asking] = {}
            for number, entry in enumerate(self.study.examine, start=1):
                for one, names in self._entry(entry, loaded):
                    key = (one.suite, str(identity_of(one.asked)["prompts"]), one.sampling)
                    before = found.get(key, Asking(one, (), number))
                    found[key] = dataclasses.replace(
                        before, protocols=tuple(dict.fromkeys((*before.protocols, *names)))
                    )
            self._asked[profile] = tuple(found.values())
        return self._asked[profile]

    def _entry(self, entry: StudyExamination, profile: Profile | None) -> Iterator[tuple[Examination, tuple[str, ...]]]:
        """The examinations that one [[examine]] makes, suite by suite, with the protocols that judge each."""
        protocols = [self._trying("examine", _protocol, name) for name in entry.protocols]
        samplings = self._trying("examine", _samplings, entry, profile) or []
        for suite in entry.suites or self.study.suites:
            first = self._load(suite)
            if first is None:
                continue
            has = [name for name in protocols if name is not None and SUITES.get(first.suite).has_protocol(name)]
            for name in protocols:
                if name is not None and name not in has:
                    self._lacks(first.suite, name, entry)
            for examination, names in _by_prompt(first, has, profile):
                for sampling in samplings:
                    yield dataclasses.replace(examination, sampling=sampling), names

    def _lacks(self, suite: str, protocol: str, entry: StudyExamination) -> None:
        """Note that a suite has no such protocol; a problem if no suite has."""
        others = (self._load(one) for one in entry.suites or self.study.suites)
        if any(one is not None and SUITES.get(one.suite).has_protocol(protocol) for one in others):
            self.notes[f"{suite} has no protocol {protocol}: it is not asked or judged by it"] = None
        else:
            known = sorted(
                {name for one in self.study.suites if (found := self._load(one)) for name in _protocols(found)}
            )
            self.problems[f"examine: no suite here has a protocol {protocol!r:.60}{did_you_mean(protocol, known)}"] = (
                None
            )

    def _load(self, name: str) -> Examination | None:
        """The items of a suite, asked by its strict prompt; None if they cannot be read."""
        if name not in self._loaded:
            self._loaded[name] = self._trying(f"suites.{name}", _items, self.study, name)
        return self._loaded[name]

    def _trying(self, where: str, do: Callable[..., T], *given: Any) -> T | None:
        """What `do` gives; None, and a problem, if it raises."""
        try:
            return do(*given)
        except ProctorError as error:
            first, _, more = str(error).partition("\n")
            rest = f" (and {more.count(chr(10)) + 1} further lines)" if more else ""
            self.problems[f"{where}: {first}{rest}"] = None
            return None


def _items(study: Study, suite: str) -> Examination:
    """The items of a suite, asked by its strict prompt. Raises UsageError and DataError."""
    settings = study.suites[suite]
    return plan(SUITES.known_as(suite), "strict", Sampling(), settings.path, lock=study.lock, choice=settings.choice)


def _protocol(name: str) -> str:
    """The name that runs know a protocol by. Raises UsageError for a file that gives none."""
    return PROTOCOLS.known_as(name) if in_file(name) else name


def _protocols(examination: Examination) -> list[str]:
    return list(SUITES.get(examination.suite).protocols)


def _check_model(model: StudyModel) -> None:
    """Raises UsageError for an engine that there is not, and for a function that is none, or has options."""
    if not model.is_function:
        _check_engine(model.engine)
        return
    if model.engine_options or model.ray:
        raise UsageError("engine_options and ray have no effect on a function: leave them out")
    load_function(model.model)


def _check_engine(name: str) -> None:
    """Raises UsageError for an engine that there is not. One that is built in is imported when it is opened."""
    if name not in ENGINES.builtin:
        ENGINES.load(name)


def _by_prompt(
    first: Examination, protocols: Sequence[str], profile: Profile | None
) -> Iterator[tuple[Examination, tuple[str, ...]]]:
    """Examinations with different prompts, each with the protocols that have its prompt."""
    found: dict[str, tuple[Examination, list[str]]] = {}
    for name in protocols:
        asked = asked_under(first, name, profile)
        found.setdefault(str(identity_of(asked.asked)["prompts"]), (asked, []))[1].append(name)
    for examination, names in found.values():
        yield examination, tuple(names)


def _samplings(entry: StudyExamination, profile: Profile | None) -> list[Sampling]:
    """One for each seed. Raises DataError for a value out of range."""
    drawn = profile.sampling if profile else SamplingDefaults()
    given = {one.name: getattr(entry, one.name) for one in dataclasses.fields(drawn)}
    drawn = dataclasses.replace(drawn, **{name: value for name, value in given.items() if value is not None})
    return [drawn.sampling(entry.samples, seed) for seed in entry.seeds]
