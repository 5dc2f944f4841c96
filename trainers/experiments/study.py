"""A study as one TOML file: which models and trainings are asked which suites, how, and what is compared with what.

    [suites]                              # name = data: "sample", "hub", a file or a folder
    figures = "sample"
    mathvision = "hub"

    [examine]                             # or several [[examine]], each with settings of its own
    protocols = ["strict", "official"]

    [models]                              # name = a folder, or a table with the engine
    base = "checkpoints/base"

    [trainings.mm_upt]
    recipe = "mm_upt_figures"
    base = "base"
    seeds = [0, 1, 2]
    set.policy.steps = 20

    [compare]                             # candidate = baseline, or several
    mm_upt = "base"

A file is read strictly, and its paths are relative to it. `extends` names others that it is laid over, key by key; a list
takes the place of a list. Nothing is looked up or opened here: see `study_plan`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...benchmarks.lock import HUB_DATA, LOCK
from ...benchmarks.subset import Choice
from ...harness.engines.base import names_function
from ...harness.errors import UsageError, did_you_mean
from ...harness.settings import read_settings, read_table, require, require_name
from ...harness.user_file import anchored, in_file

SAMPLE = "sample"
"""What a suite's data are called that are bundled with it."""
FINAL, ALL = "final", "all"
MOST_SEEDS = 100


@dataclass(frozen=True)
class StudySuite:
    """Where a suite's items are, "sample", "hub" ("hub:NAME"), a file or a folder, and which of them are asked.

    All are, or the first `limit`, or a `sample` of whole clusters drawn by `sample_seed`, or those that the file `ids` names.
    """

    data: str
    limit: int | None = None
    sample: int | None = None
    sample_seed: int = 0
    ids: str | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.limit, self.sample, self.ids) if one is not None]
        require([("limit, sample and ids exclude each other", len(given) < 2)])

    @property
    def choice(self) -> Choice:
        """Which items are asked. Raises UsageError for a number below 1, DataError for ids that cannot be read."""
        if self.ids is not None:
            return Choice.of_file(Path(self.ids))
        return Choice.first(self.limit) if self.sample is None else Choice.sample(self.sample, self.sample_seed)

    @property
    def path(self) -> Path | None:
        """As --data has it; None for the bundled sample."""
        return None if self.data == SAMPLE else Path(self.data)


@dataclass(frozen=True)
class StudyExamination:
    """How the suites are asked: `suites` () are all of the study.

    The first of `protocols` asks; one whose prompt is another asks again, one whose prompt is the same only judges. What of
    the sampling is not said is the profile's of a model, or the default. Each of `seeds` is a run of its own.
    """

    protocols: tuple[str, ...] = ("strict",)
    suites: tuple[str, ...] = ()
    samples: int = 1
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    stop: tuple[str, ...] | None = None
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        require(
            [
                ("protocols must name one at least", bool(self.protocols)),
                (f"seeds must be from 1 to {MOST_SEEDS} different numbers", _different(self.seeds)),
                (
                    "several seeds need a temperature above 0: greedy answers are the same for all",
                    len(self.seeds) < 2 or self.temperature != 0,
                ),
            ]
        )


@dataclass(frozen=True)
class StudyModel:
    """A checkpoint folder, a model of the hub, a function FILE.py:NAME, or what its engine calls it, and how it is asked."""

    model: str
    engine: str = "transformers"
    engine_options: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 1
    ray: str | None = None
    profile: str | None = None

    @property
    def is_function(self) -> bool:
        """True for a function of a file, which is executed."""
        return names_function(self.engine, self.model)

    @property
    def options(self) -> dict[str, str]:
        """As --engine-option has them."""
        return {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in self.engine_options.items()
        }


@dataclass(frozen=True)
class StudyTraining:
    """A training by a recipe for each of its seeds, and which of its checkpoints are examined.

    `base` is a model of the study, another training, whose final checkpoint with the same seed is meant, or, with a slash in
    it, a folder or a model of the hub. None is the bundled checkpoint of the recipe. `set` changes the recipe, as --set does.
    Checkpoints are asked as the base is, where nothing else is said.
    """

    recipe: str
    base: str | None = None
    seeds: tuple[int, ...] = (0,)
    set: Mapping[str, Any] = field(default_factory=dict)
    examine: str = FINAL
    engine: str | None = None
    engine_options: Mapping[str, Any] | None = None
    workers: int | None = None
    ray: str | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        require(
            [
                (f"examine must be {FINAL} or {ALL}, not {self.examine!r:.40}", self.examine in (FINAL, ALL)),
                (f"seeds must be from 1 to {MOST_SEEDS} different numbers", _different(self.seeds)),
                ("set.seed has no effect: name seeds", "seed" not in self.set),
            ]
        )

    @property
    def changes(self) -> list[str]:
        """As --set has them."""
        return [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in _flat(self.set)]


@dataclass(frozen=True)
class StudyJudge:
    """The language model that a protocol may ask; without a `url` only kept replies count. `replies` None is in `out`."""

    model: str
    url: str | None = None
    replies: str | None = None


@dataclass(frozen=True)
class Study:
    """The whole; `compare` maps each candidate to its baselines, and is empty for: every training with its base."""

    out: Path
    suites: Mapping[str, StudySuite]
    examine: tuple[StudyExamination, ...] = field(default_factory=lambda: (StudyExamination(),))
    models: Mapping[str, StudyModel] = field(default_factory=dict)
    trainings: Mapping[str, StudyTraining] = field(default_factory=dict)
    compare: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    judge: StudyJudge | None = None
    lock: Path = LOCK
    title: str = ""

    def __post_init__(self) -> None:
        require(
            [
                ("[suites] must name a suite", bool(self.suites)),
                ("[models] or [trainings] must name something to examine", bool(self.models or self.trainings)),
            ]
        )
        for kind, names in (("models", self.models), ("trainings", self.trainings)):
            for name in names:
                require_name(f"{kind}.{name}", name)
        both = [name for name in self.models if name in self.trainings]
        require([(f"{name!r} is a model and a training: call one of them otherwise", False) for name in both])
        for number, entry in enumerate(self.examine, start=1):
            for suite in entry.suites:
                self._known(suite, self.suites, f"examine {number}: suites")
        for name, training in self.trainings.items():
            if training.base is not None and not is_path(training.base):
                self._known(training.base, self.subjects, f"trainings.{name}: base")
        for candidate, baselines in self.compare.items():
            for one in (candidate, *baselines):
                self._known(one, self.subjects, f"compare.{candidate}")

    @staticmethod
    def _known(name: str, known: Mapping[str, Any], where: str) -> None:
        if name not in known:
            raise UsageError(f"{where}: {name!r:.60} is none of this study{did_you_mean(name, list(known))}")

    @property
    def subjects(self) -> dict[str, StudyModel | StudyTraining]:
        """Models and trainings by name."""
        return {**self.models, **self.trainings}

    @property
    def comparisons(self) -> Iterator[tuple[str, str]]:
        """Baseline and candidate of each comparison."""
        pairs = self.compare or {
            name: (one.base,)
            for name, one in self.trainings.items()
            if one.base is not None and one.base in self.subjects
        }
        for candidate, baselines in pairs.items():
            yield from ((baseline, candidate) for baseline in baselines)

    @property
    def runs(self) -> Path:
        """The folder of all runs."""
        return self.out / "runs"

    @property
    def replies(self) -> Path:
        """Where the judge's replies are kept."""
        named = self.judge.replies if self.judge else None
        return Path(named) if named else self.out / "judge.jsonl"


def load_study(path: Path, out: Path | None = None) -> Study:
    """The study in a file. `out` is where it writes: by default the file's own `out`, else a folder called as the file.

    Raises UsageError, in one line, for a file that cannot be read, an unknown key, a value of the wrong kind, and a name of
    nothing in the study.
    """
    table = _laid_over_others(path, ())
    return read_settings(Study, {**table, **({"out": out} if out else {})}, f"study {path.name}")


def _laid_over_others(path: Path, above: Sequence[Path]) -> dict[str, Any]:
    """The tables of a file and of those that it extends, as one."""
    table = read_table(path, "study")
    extends = table.pop("extends", [])
    others = [extends] if isinstance(extends, str) else extends
    if not isinstance(others, list) or not all(isinstance(one, str) for one in others):
        raise UsageError(f"study {path.name}: extends must name a file, or a list of them, not {extends!r:.60}")
    above = [*above, path.resolve()]
    whole: dict[str, Any] = {}
    for other in others:
        file = path.parent / other
        if file.resolve() in above:
            raise UsageError(f"study {path.name}: extends {other}, which extends it in turn")
        whole = _merged(whole, _laid_over_others(file, above))
    whole.pop("out", None)  # two studies never write to one folder
    return {"out": (path.parent / path.stem), **_merged(whole, _normal(table, path.parent, f"study {path.name}"))}


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key, what is in `over` first."""
    found = dict(under)
    for key, value in over.items():
        below = found.get(key)
        found[key] = _merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return found


SHORT = {"suites": "data", "models": "model", "trainings": "recipe"}
"""What a text stands for in the place of a table."""


def _normal(table: Mapping[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """The long form of a file's table, with the paths in it made absolute from its folder."""
    found = dict(table)
    for section, key in SHORT.items():
        if isinstance(entries := found.get(section), dict):
            found[section] = {
                name: {key: value} if isinstance(value, str) else value for name, value in entries.items()
            }
    if isinstance(found.get("compare"), dict):
        found["compare"] = {
            name: [value] if isinstance(value, str) else value for name, value in found["compare"].items()
        }
    if isinstance(found.get("examine"), dict):
        found["examine"] = [found["examine"]]
    for key in ("out", "lock"):
        if key in found:
            if not isinstance(found[key], str) or not found[key]:
                raise UsageError(f"{where}: {key} must be a path, not {found[key]!r:.60}")
            found[key] = folder / found[key]
    return _anchored(found, folder)


def _anchored(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """With absolute paths of data, checkpoints, recipes, profiles, the judge's replies, and files of one's own."""

    def each(section: str, change: Any) -> None:
        if isinstance(entries := table.get(section), dict):
            table[section] = {name: change(one) if isinstance(one, dict) else one for name, one in entries.items()}

    def changed(one: dict[str, Any], **how: Any) -> dict[str, Any]:
        return {key: how[key](value) if key in how and isinstance(value, str) else value for key, value in one.items()}

    def own(text: str) -> str:
        return anchored(text, folder)

    def owns(value: Any) -> Any:
        return [own(one) if isinstance(one, str) else one for one in value] if isinstance(value, list) else value

    each("suites", lambda one: changed(one, data=lambda text: _data(text, folder), ids=lambda text: str(folder / text)))
    each("models", lambda one: changed(one, model=lambda text: _model(text, folder), engine=own, profile=own))
    each(
        "trainings",
        lambda one: (
            changed(one, recipe=own, base=lambda text: _base(text, folder), engine=own, profile=own)
            | _own_changes(one, folder)
        ),
    )
    if isinstance(table.get("suites"), dict):
        table["suites"] = {own(name): one for name, one in table["suites"].items()}
    if isinstance(table.get("examine"), list):
        table["examine"] = [
            {**one, **{key: owns(one[key]) for key in ("protocols", "suites") if key in one}}
            if isinstance(one, dict)
            else one
            for one in table["examine"]
        ]
    if isinstance(table.get("judge"), dict):
        table["judge"] = changed(table["judge"], replies=lambda text: str(folder / text))
    return table


def _own_changes(training: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The changes of a recipe with the paths of one's own files made absolute."""
    changes = training.get("set")
    if not isinstance(changes, dict):
        return {}
    return {
        "set": {key: anchored(value, folder) if isinstance(value, str) else value for key, value in changes.items()}
    }


def _data(text: str, folder: Path) -> str:
    named = text == SAMPLE or text.partition(":")[0] == str(HUB_DATA)
    return text if named else str(folder / text)


def is_path(base: str) -> bool:
    """True for a base that is a checkpoint's path, or a model of the hub; names of a study have no slash."""
    return "/" in base


def _base(text: str, folder: Path) -> str:
    return _model(text, folder) if is_path(text) else text


def _model(text: str, folder: Path) -> str:
    """A folder or a Python file that is there, from the file's; else the text, for an engine may know it by that."""
    path = folder / Path(text).expanduser()
    if text and path.is_dir():
        return str(path)
    place = in_file(text)
    return anchored(text, folder) if place and (folder / place[0].expanduser()).is_file() else text


def _flat(changes: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; a section may be written as a table or with dots."""
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _different(seeds: Sequence[int]) -> bool:
    return 1 <= len(seeds) <= MOST_SEEDS and len(set(seeds)) == len(seeds)
