"""From names to an examination: a suite's items under a protocol, its run directory, and its score."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..harness.engines.base import Engine
from ..harness.errors import UsageError
from ..harness.files import RUN_FILE
from ..harness.profiles import Profile, PromptStyle
from ..harness.report.text import first_of
from ..harness.runs.evaluate import Examination
from ..harness.runs.judging import JudgeModel
from ..harness.runs.score import Rules, ScoredRun, StoredAnswers, score
from ..harness.runs.store import RunReader, Sample
from ..harness.types import Item, Json, Sampling
from .base import Suite
from .lock import LOCK, load_locked, on_hub
from .protocols.recorded import NAME as RECORDED
from .protocols.recorded import recorded_replies, recorded_rules
from .registry import SUITES
from .subset import SUBSET, Choice

NAMED = 5
"""So many files that are passed over are named."""


def plan(
    suite: str,
    protocol: str,
    sampling: Sampling,
    data: Path | None = None,
    limit: int | None = None,
    *,
    lock: Path = LOCK,
    profile: Profile | None = None,
    choice: Choice | None = None,
) -> Examination:
    """What to ask: the items of `data` (or the bundled ones), the first `limit` or a `choice`, by the protocol's prompt.

    With a profile the prompts are put as its model wants them. Data that the lock file names must be as it has them. What is
    left out is recorded with the run.

    Raises UsageError for an unknown suite or protocol, DataError for bad data.
    """
    choice = choice or Choice.first(limit)
    loaded = SUITES.get(suite)
    loaded.protocol(protocol)
    items = load_locked(loaded, data, lock)
    bundled = data is None and loaded.imitates
    style = None if profile is None else profile.style
    record = choice.record(items, bundled=bundled)
    chosen = choice.choose(items)
    return plan_items(suite, protocol, sampling, chosen, root=root_of(loaded, data), style=style, subset=record)


def plan_items(
    suite: str,
    protocol: str,
    sampling: Sampling,
    items: Sequence[Item],
    *,
    root: Path | None,
    style: PromptStyle | None = None,
    subset: Json = None,
) -> Examination:
    """What to ask: these items, whose pictures' names are relative to `root`; `subset` is the record of which they are."""
    rules = SUITES.get(suite).protocol(protocol)
    prompts = (rules.prompt(item) for item in items)
    samples = list(map(Sample, items, prompts if style is None else map(style.applied, prompts)))
    recorded = {} if subset is None else {SUBSET: subset}
    return Examination(suite, protocol, samples, sampling, root, recorded, style)


def asked_under(examination: Examination, protocol: str, profile: Profile | None = None) -> Examination:
    """The items of an examination, asked by the prompt of another protocol. Raises UsageError for an unknown one."""
    prompt = SUITES.get(examination.suite).protocol(protocol).prompt
    style = None if profile is None else profile.style
    items = [one.item for one in examination.asked]
    samples = [Sample(item, prompt(item) if style is None else style.applied(prompt(item))) for item in items]
    return dataclasses.replace(examination, protocol=protocol, asked=samples, style=style)


def root_of(suite: Suite, data: Path | None) -> Path | None:
    """The folder that names of pictures are relative to; the hub and what is drawn have none."""
    if data is None:
        return suite.sample and suite.sample.parent
    if on_hub(suite, data) is not None:
        return None
    return data if data.is_dir() else data.parent


def run_path(root: Path, examination: Examination, model: Engine) -> Path:
    """Where this examination of this model is kept: asking again resumes, any change goes elsewhere."""
    run_id = examination.manifest(model).run_id
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model.name).strip("-.")[:60] or "model"
    return root / f"{name}.{examination.suite}.{examination.protocol}.{run_id}"


def score_run(
    path: Path,
    protocol: str | None = None,
    judge_model: JudgeModel | None = None,
    *,
    partial: bool = False,
    missing_as_wrong: bool = False,
) -> ScoredRun:
    """The verdicts on a stored run, under the protocol that asked or another one; see `score_under` for the rest."""
    return score_under(path, [protocol], judge_model, partial=partial, missing_as_wrong=missing_as_wrong)[0]


def score_under(
    path: Path,
    protocols: Sequence[str | None],
    judge_model: JudgeModel | None = None,
    *,
    partial: bool = False,
    missing_as_wrong: bool = False,
) -> list[ScoredRun]:
    """The verdicts on a stored run, read once, under several protocols (None: the one that asked).

    `judge_model` takes the steps that a protocol leaves to a language model; without one, what an imported file recorded of
    them counts under the protocol of its tool. `partial` allows metrics of an incomplete run; `missing_as_wrong` counts
    every missing answer as a wrong one.
    Raises DataError for a damaged run, UsageError for an unknown suite or protocol.
    """
    answers = read_answers(path)
    return [
        score_answers(answers, name, judge_model, partial=partial, missing_as_wrong=missing_as_wrong)
        for name in protocols
    ]


def read_answers(path: Path) -> StoredAnswers:
    """The answers of a stored run. Raises DataError if it is damaged."""
    return StoredAnswers.read(RunReader(path))


def score_answers(
    answers: StoredAnswers,
    protocol: str | None = None,
    judge_model: JudgeModel | None = None,
    *,
    partial: bool = False,
    missing_as_wrong: bool = False,
) -> ScoredRun:
    """The verdicts on answers that were read; see `score_under`."""
    manifest = answers.run.manifest
    suite = SUITES.get(manifest.suite)
    rules = rules_of(answers, suite, protocol or manifest.protocol)
    referee = judge_model or recorded_replies(answers, rules)
    return score(answers, rules, suite.metrics, referee, partial=partial, missing_as_wrong=missing_as_wrong)


def rules_of(answers: StoredAnswers, suite: Suite, protocol: str) -> Rules:
    """The suite's protocol of that name; `recorded` is the run's own.

    Raises UsageError for one that there is not, DataError for a run in which nothing is recorded.
    """
    return recorded_rules(answers) if protocol == RECORDED else suite.protocol(protocol)


def find_runs(paths: list[Path]) -> list[Path]:
    """The run directories among `paths` and directly under them, by name. Raises UsageError if there is none."""
    runs = []
    for path in paths:
        if (path / RUN_FILE).is_file():
            runs.append(path)
        elif path.is_dir():
            runs += sorted(child for child in path.iterdir() if (child / RUN_FILE).is_file())
        else:
            raise UsageError(f"{path}: no such run directory")
    if not runs:
        deeper = [f"{folder} holds {count}" for path in paths for folder, count in _deeper(path).items()]
        where = f"{', '.join(deeper[:NAMED])}: name that" if deeper else "hold one with `proctor eval`"
        raise UsageError(f"no run directories in {', '.join(map(str, paths))}: {where}")
    return runs


def not_looked_at(paths: Sequence[Path]) -> list[str]:
    """What lies in the folders among `paths` that is no run directory and was passed over, in a line for each folder."""
    lines = []
    for path in paths:
        if (path / RUN_FILE).is_file() or not path.is_dir():
            continue
        others = sorted(
            child.name for child in path.iterdir() if child.name[0] != "." and not (child / RUN_FILE).is_file()
        )
        deeper = {folder.relative_to(path).parts[0]: (folder, count) for folder, count in _deeper(path).items()}
        told = [f"{one} ({deeper[one][1]} runs in {deeper[one][0]})" if one in deeper else one for one in others]
        if told:
            lines.append(f"not looked at in {path}: {first_of(told, NAMED)}")
    return lines


def _deeper(path: Path) -> dict[Path, int]:
    """The folders that hold run directories, two or three steps under `path`, with how many."""
    found: Counter[Path] = Counter()
    for pattern in (f"*/*/{RUN_FILE}", f"*/*/*/{RUN_FILE}"):
        found.update(file.parent.parent for file in path.glob(pattern) if not (file.parent.parent / RUN_FILE).is_file())
    return dict(found)
