"""Recording groups: what to ask so that a run holds groups of a training's prompts, and having the answers judged.

Golds are kept with the run, for measuring; what a reward sees of them is `recorded`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..benchmarks.examination import plan, read_answers
from ..benchmarks.lock import LOCK, load_locked, on_hub
from ..harness.errors import EngineError, UsageError
from ..harness.run import Examination
from ..harness.store import Asked
from ..harness.types import Item, Json, Sampling, sample_seed
from .base import make_group
from .data import TITLES, data_set
from .judge.scoring import Judge
from .judge.settings import JudgeSettings
from .judgements import FILE, JudgementWriter, header
from .prompts import training_prompts
from .recipe import PromptSettings
from .recorded import drawn

FIGURES = "figures"
FIGURES_DRAWN = 600
"""So many figures of the training split, where no limit says otherwise."""
AT_ONCE = 8
"""Groups that are judged together; a judgement that was killed goes on with the first of these that is not whole."""
SCORE_SETTINGS = ("prompt", "temperature", "top_p", "max_tokens", "repeats", "retries")
"""The settings of a judge that can change a score."""


def plan_groups(
    suite: str,
    protocol: str,
    sampling: Sampling,
    data: Path | None = None,
    limit: int | None = None,
    *,
    training: bool = False,
    lock: Path = LOCK,
) -> Examination:
    """What to ask: a suite's items, those of a training set with their labels, or drawn figures of the training split.

    Raises UsageError for a sampling that makes no groups, for an unknown suite or protocol, and for `training` with
    anything but figures; DataError for bad data.
    """
    if sampling.n < 2 or sampling.greedy:
        raise UsageError("a group needs --samples 2 or more and a --temperature above 0: greedy answers do not differ")
    if training and (suite != FIGURES or data is not None):
        raise UsageError("only the figures are drawn from a training split; name a training set's own file with --data")
    if not training and suite not in TITLES:
        return plan(suite, protocol, sampling, data, limit, lock=lock)
    if limit is not None and limit < 1:
        raise UsageError(f"the limit must be at least 1, not {limit}")
    found = data_set(suite, labels=True)
    rules = found.protocol(protocol)
    items = (
        training_prompts(PromptSettings(), sampling.seed)(0, FIGURES_DRAWN if limit is None else limit)
        if training
        else load_locked(found, data, lock)[:limit]
    )
    asked = [Asked(item, rules.prompt(item)) for item in items]
    return Examination(suite, protocol, asked, sampling, _root(suite, data))


def _root(suite: str, data: Path | None) -> Path | None:
    """The folder that names of pictures are relative to; drawn ones and those of the hub have none."""
    if data is None or on_hub(suite, data) is not None:
        return None
    return data if data.is_dir() else data.parent


def judge_run(
    run: Path,
    judge: Judge,
    settings: JudgeSettings,
    answer_format: str = "boxed",
    progress: Callable[[int], None] = lambda judged: None,
) -> int:
    """Write the judge's scores of a complete run's responses to its judge.jsonl, and return how many it did not give.

    What is there already stays. `progress` is told how many more items have scores. Raises RunMismatchError for a file that
    belongs to other responses or another judge, EngineError when more than `max_failed_share` of what is judged together
    get no score: nothing of it is stored then, and the same call goes on there.
    """
    found = read_answers(run)
    groups = drawn(found)
    seed = found.run.manifest.sampling.seed
    asked: Json = {name: getattr(settings, name) for name in SCORE_SETTINGS}
    head = header(
        judge.identity(), {**asked, "seed": seed}, answer_format, (found.run.manifest.seal or {})["responses"]
    )
    with JudgementWriter(run / FILE, head) as book:
        progress(len(book.scores))
        for first in range(0, len(groups), AT_ONCE):
            part = groups[first : first + AT_ONCE]
            missing = sum(item.id not in book.scores for item, _ in part)
            if missing:
                book.add(_scores(part, judge, settings, answer_format, sample_seed(seed, "judge", first)))
                progress(missing)
        return sum(score is None for row in book.scores.values() for score in row)


def _scores(
    part: list[tuple[Item, tuple[str, ...]]], judge: Judge, settings: JudgeSettings, answer_format: str, seed: int
) -> dict[str, tuple[float | None, ...]]:
    groups = [make_group(item, responses, needs_gold=False, answer_format=answer_format) for item, responses in part]
    rows = judge.score(groups, seed)
    failed = sum(score is None for row in rows for score in row)
    asked = sum(sum(group.well_formed) for group in groups)
    if failed > settings.max_failed_share * asked:
        raise EngineError(
            f"the judge gave no score for {failed} of {asked} responses, more than max_failed_share = "
            f"{settings.max_failed_share:g} allows; last: {judge.trouble}; mend the judge and run the same again"
        )
    return {group.item_id: row for group, row in zip(groups, rows, strict=True)}
