"""Recorded groups: stored runs with several samples per item, as rewards see them and labels score them.

`plan_groups` says what to ask so that a run holds groups of a training's prompts; `read_groups` reads such a run; `judge_run`
has its responses scored by a judge. Golds are kept with the run, for measuring: `RecordedGroup.group` decides what of them a
reward sees.

Judge scores are stored in RUN/judge.jsonl:

    {"format": 1, "judge": ..., "settings": ..., "answer_format": ..., "responses": ...}    the header
    {"item": "0001-sum", "scores": [0.85, null, ...]}                                       one line per item

The header says who judged and how, and holds the digest of the sealed responses; scores of other responses are refused. The
file is only appended to, and a line torn by a crash is cut off. A score is null where the judge gave none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from ..benchmarks.base import Suite
from ..benchmarks.drawn.suite import drawn_suite
from ..benchmarks.examination import plan, read_answers
from ..benchmarks.gold import corrected
from ..benchmarks.lock import LOCK, load_locked, on_hub
from ..benchmarks.subset import ALL, FIRST, Choice
from ..harness.answers.formats import FORMATS
from ..harness.engines.base import Engine, tells
from ..harness.errors import (
    DataError,
    EngineError,
    IncompleteRunError,
    UsageError,
)
from ..harness.folder import check_identity, lock_file
from ..harness.jsonl import Journal, Line, json_line, read_lines
from ..harness.limits import JUDGE_LINE_BYTES
from ..harness.runs.evaluate import Examination
from ..harness.runs.score import StoredAnswers
from ..harness.runs.store import Sample
from ..harness.stats import metrics
from ..harness.types import Item, Json, Sampling, canonical_json, sample_seed
from .base import Group, Reward, are_right, gold_of, make_group, needs_judge, stated
from .data import TITLES, data_set
from .judge import Judge
from .recipe import PromptSettings
from .recipe_settings import JudgeSettings
from .sampler import training_prompts
from .tokens import GroupTokens, lacking, seen_by

FILE = "judge.jsonl"
FORMAT = 1

ItemScores: TypeAlias = tuple[float | None, ...]


def header(judge: Json, settings: Json, answer_format: str, responses: str) -> Json:
    """The first line: the judge's identity, how it was asked, the form that a response must have, and what was judged."""
    return {
        "format": FORMAT,
        "judge": judge,
        "settings": settings,
        "answer_format": answer_format,
        "responses": responses,
    }


def read_judgements(path: Path) -> tuple[Json, dict[str, ItemScores]]:
    """The header, and the scores by item id; a torn last line is left out.

    Raises DataError for a file that holds anything else, FileNotFoundError if there is none.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    head, scores = _read(path)
    if head is None:
        raise DataError(f"{path} is empty: remove it and judge the run again")
    return head, scores


def _read(path: Path) -> tuple[Json, dict[str, ItemScores]]:
    """Header (None in an empty file) and scores."""
    head: Json = None
    scores: dict[str, ItemScores] = {}
    for line in read_lines(path, JUDGE_LINE_BYTES):
        if line.torn:
            break
        if line.number == 1:
            head = _head(line)
        else:
            item, row = _row(line)
            if item in scores:
                raise DataError(f"{line.where}: item {item!r:.80} was judged before")
            scores[item] = row
    return head, scores


def _head(line: Line) -> Json:
    header_row = line.value()
    try:
        ours = header_row["format"] == FORMAT and set(header_row) == set(header(None, None, "", ""))
        canonical_json(header_row)  # a header is compared in this form, which not every value has
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{line.where}: no header of a judge's scores ({str(error)[:80]}); remove the file") from error
    if not ours:
        raise DataError(f"{line.where}: a header that this version does not know; remove the file and judge again")
    return header_row


def _row(line: Line) -> tuple[str, ItemScores]:
    record = line.value()
    try:
        item, row = record["item"], tuple(record["scores"])
        valid = isinstance(item, str) and all(map(_is_score, row))
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{line.where}: no line of scores ({str(error)[:80]}); remove the file and judge again"
        ) from error
    if not valid:
        raise DataError(
            f"{line.where}: a score is neither null nor a number from 0 to 1; remove the file and judge again"
        )
    return item, row


def _is_score(value: Json) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value <= 1)  # false for NaN as well


class JudgementWriter:
    """The one writer of a file of scores; a context manager that holds its lock. `scores` is what it has already.

    Raises RunMismatchError if the file belongs to other responses, or to another judge; RunLockedError if another process
    is judging; DataError for a damaged file; StoreError if it cannot be written.
    """

    def __init__(self, path: Path, head: Json) -> None:
        self.path = path
        self.scores: dict[str, ItemScores] = {}
        self._lock = lock_file(path.with_name(f".{path.name}.lock"), path, "scores", "judging this run")
        try:
            self._open(head)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, head: Json) -> None:
        stored: Json = None
        if self.path.exists():
            stored, self.scores = _read(self.path)
        if stored is not None:
            advice = "judge as before, or remove the file"
            check_identity(stored, head, f"{self.path} holds other scores", advice)
        self._journal = Journal(self.path, JUDGE_LINE_BYTES)
        if stored is None:
            self._journal.append(json_line(head))

    def __enter__(self) -> JudgementWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._journal.close()
        finally:
            self._lock.release()

    def add(self, rows: Mapping[str, Sequence[float | None]]) -> None:
        """Append the scores of items that have none yet. Raises StoreError, and leaves the file whole, if that fails."""
        new = {item: tuple(row) for item, row in rows.items() if item not in self.scores}
        for item, row in new.items():
            self._journal.append(json_line({"item": item, "scores": list(row)}))
            self.scores[item] = row


@dataclass(frozen=True)
class RecordedGroup:
    """The n responses to one item, and which of them the strict matcher finds right by the item's label.

    `judge_scores` are there if the run was judged, `tokens` holds what the engine told. Labels are for measuring: a reward
    sees only what `group` gives it.
    """

    item: Item
    responses: tuple[str, ...]
    correct: tuple[bool, ...]
    judge_scores: tuple[float | None, ...] | None = None
    answer_format: str = "boxed"
    tokens: GroupTokens = field(default_factory=GroupTokens)

    @property
    def cluster(self) -> str:
        """What the item stands or falls with."""
        return metrics.cluster(self.item)

    @property
    def well_formed(self) -> tuple[bool, ...]:
        """Whether each response has the answer format."""
        return self._unlabelled.well_formed

    def group(self, reward: Reward) -> Group:
        """What that reward sees: a label, scores, and what is known of tokens only if it declares to need them."""
        visible = self._labelled if reward.needs_gold else self._unlabelled
        if seen := seen_by(reward, self.tokens):
            visible = dataclasses.replace(visible, **seen)
        return dataclasses.replace(visible, judge_scores=self.judge_scores) if needs_judge(reward) else visible

    @cached_property
    def _unlabelled(self) -> Group:
        return make_group(self.item, self.responses, needs_gold=False, answer_format=self.answer_format)

    @cached_property
    def _labelled(self) -> Group:
        return make_group(self.item, self.responses, needs_gold=True, answer_format=self.answer_format)


def read_groups(run: Path, answer_format: str = "boxed") -> list[RecordedGroup]:
    """The groups of a complete run with n >= 2 samples per item, in the order of its items.

    `answer_format` is a name of FORMATS, or the path of one. A judge's scores come from judge.jsonl in the run directory,
    where there is one. Raises DataError for a damaged run or one whose items have no labels, UsageError for one sample per
    item, IncompleteRunError for a run or a judgement that was interrupted.
    """
    FORMATS.load(answer_format)
    answers = read_answers(run)
    judged = _judgements(answers, answer_format)
    n = answers.run.manifest.sampling.n
    return [
        dataclasses.replace(
            _recorded(item, responses, GroupTokens.of_responses([answers.by_key[item.id, k] for k in range(n)])),
            judge_scores=None if judged is None else judged[item.id],
            answer_format=answer_format,
        )
        for item, responses in recorded_groups(answers)
    ]


UNTOLD = "a run does not hold: record it with `proctor reward record --tokens`, by an engine that tells of tokens"


def lacking_tokens(reward: Reward, groups: Sequence[RecordedGroup]) -> list[str]:
    """What the reward needs to know of tokens and some of these groups do not tell, by what it is called."""
    return list(dict.fromkeys(missing for one in groups for missing in lacking(reward, one.tokens)))


def recorded_groups(answers: StoredAnswers) -> list[tuple[Item, tuple[str, ...]]]:
    """The items of a complete run with the n >= 2 responses to each. Raises UsageError and IncompleteRunError."""
    run, n = answers.run.path, answers.run.manifest.sampling.n
    if n < 2:
        raise UsageError(f"{run} has one sample per item, which is no group: record it with --samples 8 or more")
    texts = {key: response.text for key, response in answers.by_key.items() if response.text is not None}
    missing = len(answers.asked) * n - len(texts)
    if missing or not answers.run.complete:
        raise IncompleteRunError(f"{run} is incomplete: {missing} answers missing; record it again to go on")
    return [(sample.item, tuple(texts[sample.item.id, k] for k in range(n))) for sample in answers.asked]


def _recorded(item: Item, responses: tuple[str, ...], tokens: GroupTokens) -> RecordedGroup:
    item = corrected(item)
    if not item.answer:
        raise DataError(f"item {item.id} of suite {item.suite} has no label, so nothing can be measured on it")
    said = stated(responses, tokens.truncated)
    return RecordedGroup(item, responses, are_right(said, gold_of(item), item.question, item.choices), tokens=tokens)


def _judgements(answers: StoredAnswers, answer_format: str) -> dict[str, ItemScores] | None:
    """The scores of every item of a complete run, checked to be of its responses; None without a file of them."""
    file = answers.run.path / FILE
    try:
        head, scores = read_judgements(file)
    except FileNotFoundError:
        return None
    manifest = answers.run.manifest
    if head["responses"] != (manifest.seal or {}).get("responses"):
        raise DataError(f"{file} holds the scores of other responses: remove it, and judge this run")
    if head["answer_format"] != answer_format:
        raise UsageError(f"{file} was judged with answer format {head['answer_format']!r:.40}, not {answer_format!r}")
    ids = {sample.item.id for sample in answers.asked}
    if any(item not in ids or len(row) != manifest.sampling.n for item, row in scores.items()):
        raise DataError(f"{file} does not fit the run: scores of other items or another number of them; remove it")
    if len(scores) < len(ids):
        raise IncompleteRunError(
            f"{file} has scores of {len(scores)} of {len(ids)} items: record again with the same judge to go on, or remove it"
        )
    return scores


DRAWN = 600
"""So many questions of a drawn suite's training split, where no limit says otherwise."""
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
    choice: Choice | None = None,
) -> Examination:
    """What to ask: a suite's items, those of a training set with their labels, or drawn questions of the training split.

    Raises UsageError for a sampling that makes no groups, for an unknown suite or protocol, and for `training` with
    a suite that is not drawn; DataError for bad data.
    """
    if sampling.n < 2 or sampling.greedy:
        raise UsageError("a group needs --samples 2 or more and a --temperature above 0: greedy answers do not differ")
    if training and (drawn_suite(suite) is None or data is not None):
        raise UsageError("only drawn suites have a training split; name a training set's own file with --data")
    if not training and suite not in TITLES:
        return plan(suite, protocol, sampling, data, limit, lock=lock, choice=choice)
    choice = choice or Choice.first(limit)
    if training and choice.rule not in (ALL, FIRST):
        raise UsageError("questions of the training split are drawn without end: --limit says how many")
    source = data_set(suite, labels=True)
    rules = source.protocol(protocol)
    items = (
        training_prompts(PromptSettings(suite), sampling.seed)(0, choice.n or DRAWN)
        if training
        else choice.choose(load_locked(source, data, lock))
    )
    samples = [Sample(item, rules.prompt(item)) for item in items]
    return Examination(suite, protocol, samples, sampling, _root(source, data))


def with_tokens(examination: Examination, engine: Engine) -> Examination:
    """The same examination, whose answers are stored with what the engine tells of their tokens.

    Raises UsageError for an engine that tells nothing.
    """
    if not tells(engine):
        name = dict(engine.identity()).get("engine", engine.name)
        raise UsageError(f"engine {name} does not tell log-probabilities or entropies of tokens: leave --tokens out")
    return dataclasses.replace(examination, tokens=True)


def _root(suite: Suite, data: Path | None) -> Path | None:
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
    answers = read_answers(run)
    groups = recorded_groups(answers)
    seed = answers.run.manifest.sampling.seed
    how: Json = {name: getattr(settings, name) for name in SCORE_SETTINGS}
    head = header(
        judge.identity(), {**how, "seed": seed}, answer_format, (answers.run.manifest.seal or {})["responses"]
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
    groups = [make_group(item, responses, settings.needs_gold, answer_format) for item, responses in part]
    rows = judge.score(groups, seed)
    failed = sum(score is None for row in rows for score in row)
    requested = sum(sum(group.well_formed) for group in groups)
    if failed > settings.max_failed_share * requested:
        raise EngineError(
            f"the judge gave no score for {failed} of {requested} responses, more than max_failed_share = "
            f"{settings.max_failed_share:g} allows; last: {judge.trouble}; mend the judge and run the same again"
        )
    return {group.item_id: row for group, row in zip(groups, rows, strict=True)}
