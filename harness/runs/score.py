"""From stored responses to verdicts and metrics: fast, any time, under any protocol.

No model is asked, unless a protocol declares a step for a language model and a `JudgeModel` is given to take it.

Work that is spread over processes: scoring many runs on all cores.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

from ..answers import Extraction, Grade, before_cut_off
from ..answers.statements.thinking import NEVER_CLOSED, closes
from ..errors import DataError, StoreError
from ..profiles import PromptStyle
from ..registry import load_files, loaded_files
from ..stats.intervals import Estimate
from ..stats.metrics import Measure, Metric, accuracy, cluster, overall, sample_metrics
from ..types import Item, Json, Prompt, Response, Verdict
from .judging import Extractor, JudgeStep, Referee
from .store import Questions, RunReader, Sample


class Rules(Protocol):
    """A protocol: how an item is asked, where a response states its answer, and whether that is right."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever a verdict could."""
        ...

    def prompt(self, item: Item, /) -> Prompt:
        """What the model is shown."""
        ...

    def extract(self, text: str, item: Item, /) -> Extraction:
        """The stated final answer of a response."""
        ...

    def match(self, stated: Extraction, item: Item, /) -> Grade:
        """Whether the stated answer is right."""
        ...

    @property
    def extractor(self) -> Extractor | None:
        """The step that extracts by a language model what `match` could not decide."""
        ...

    @property
    def judge(self) -> JudgeStep | None:
        """The step that compares by a language model what `match` still could not decide."""
        ...

    @property
    def reads_thinking(self) -> bool:
        """True if `extract` is to see the thinking that a server keeps apart, as <think>...</think> before the text."""
        ...

    def __hash__(self) -> int:
        """Rules are kept by identity or value, and never change."""
        ...


@dataclass(frozen=True)
class StoredAnswers:
    """A run's questions with the last answer or error to each, read once and checked to have been asked for."""

    run: RunReader
    questions: Questions
    responses: tuple[Response, ...]

    @classmethod
    def read(cls, run: RunReader) -> StoredAnswers:
        """Of a run directory. Raises DataError if it is damaged, or holds an answer that was not asked for."""
        questions = run.questions()
        ids, samples = {one.item.id for one in questions.asked}, run.manifest.sampling.n
        responses = tuple(run.responses())
        for one in responses:
            if one.item_id not in ids or not 0 <= one.sample < samples:
                raise DataError(
                    f"{run.path}: holds an answer to {one.item_id!r} sample {one.sample}, which was not asked"
                )
        keys = ((one.item.id, sample) for one in questions.asked for sample in range(samples))
        if run.complete and any(
            key != (one and (one.item_id, one.sample)) for key, one in zip_longest(keys, responses)
        ):
            raise DataError(f"{run.path}: sealed, but its answers are not those to its questions in their order")
        return cls(run, questions, responses)

    @property
    def asked(self) -> tuple[Sample, ...]:
        """The items with their prompts."""
        return self.questions.asked

    def stated(self, response: Response, item: Item, rules: Rules) -> Extraction:
        """The final answer that a response states under the rules.

        One that was cut off at the token limit concludes nothing by its last sentence, and states nothing at all where the
        chat template opened a thinking, as the run's profile says, that it did not close.
        """
        text = response.text or ""
        apart = response.reasoning is not None and rules.reads_thinking and not text.lstrip().startswith("<think>")
        found = rules.extract(f"<think>{response.reasoning}</think>{text}" if apart else text, item)
        if not response.truncated:
            return found
        style = self.run.manifest.style
        all_thinking = style is not None and style.opens_thinking and not closes(text)
        return Extraction(None, "none", NEVER_CLOSED) if all_thinking else before_cut_off(found)

    def unanswered(self) -> Iterator[Response]:
        """An error for each question that has neither an answer nor an error, in the order of the items."""
        keys = ((one.item.id, sample) for one in self.asked for sample in range(self.run.manifest.sampling.n))
        return (Response(*key, None, "no answer") for key in keys if key not in self.by_key)

    @cached_property
    def by_key(self) -> Mapping[tuple[str, int], Response]:
        """The responses by item id and sample."""
        return {(one.item_id, one.sample): one for one in self.responses}


MISSING_AS_WRONG = "missing counted as wrong"
"""The status of a run that lacks answers, and whose score counts each of them as a wrong one."""


REFUSED = "refused"
"""The rule by which a refusal is wrong under every protocol."""


def states_nothing(verdict: Verdict) -> bool:
    """True for an answer that was judged, and in which no final answer was found."""
    return verdict.correct is not None and verdict.extracted is None and verdict.rule != "error"


@dataclass(frozen=True)
class ScoredRun:
    """A run under one protocol. `missing` counts questions without any answer yet, errors included.

    `cross_prompt`: the questions were asked by another prompt than that of the protocol that judges. `measure` gives the
    suite's metrics, of which the first is `accuracy`; `referee` names the language model that took
    the protocol's steps, for `refereed` answers. With `partial`, the metrics of an incomplete run are those of what there is;
    with `missing_as_wrong` every missing answer has a verdict, which is wrong.
    """

    run: RunReader
    rules: Rules
    items: tuple[Item, ...]
    verdicts: tuple[Verdict, ...]
    missing: int
    cross_prompt: bool = False
    measure: Measure = overall
    referee: str = ""
    refereed: int = 0
    partial: bool = False
    missing_as_wrong: bool = False

    @property
    def complete(self) -> bool:
        """True if every question has an answer, or the missing ones are counted as wrong, and every answer a verdict."""
        return self.lacking == 0 and self.unscored == 0

    @property
    def lacking(self) -> int:
        """Missing answers that keep the run from being complete."""
        return 0 if self.missing_as_wrong else self.missing

    @property
    def status(self) -> str:
        """ "complete", "partial" (incomplete, and its metrics are shown nevertheless), "incomplete", or MISSING_AS_WRONG."""
        if self.complete:
            return MISSING_AS_WRONG if self.missing else "complete"
        return "partial" if self.partial else "incomplete"

    def shown(self, estimate: Estimate) -> bool:
        """True if a metric's estimate may be shown: it is defined, and its denominator does not lie unsaid."""
        return self.status != "incomplete" and not math.isnan(estimate.value)

    @cached_property
    def errors(self) -> int:
        """Engine failures: samples whose latest line is an error."""
        return sum(verdict.rule == "error" for verdict in self.verdicts)

    @cached_property
    def unscored(self) -> int:
        """Answers that could not be judged."""
        return sum(verdict.correct is None and verdict.rule != "error" for verdict in self.verdicts)

    @cached_property
    def unparsed(self) -> int:
        """Answers in which no final answer was stated."""
        return sum(map(states_nothing, self.verdicts))

    @cached_property
    def truncated(self) -> int:
        """Answers that were cut off at the token limit."""
        return sum(verdict.truncated for verdict in self.verdicts)

    @cached_property
    def refused(self) -> int:
        """Refusals, which are wrong and state no answer."""
        return sum(verdict.rule == REFUSED for verdict in self.verdicts)

    @cached_property
    def clusters(self) -> dict[str, str]:
        """The cluster of each item id."""
        return {item.id: cluster(item) for item in self.items}

    def accuracy(self) -> Metric:
        """The share of right answers among all judged ones, every sample counted, clustered by the suite's clusters."""
        return accuracy(self.items, self.verdicts)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric of the suite, `accuracy` first, then avg@k, pass@k and maj@k where items have several samples.

        Those of an incomplete run are of what there is: see `shown`. Raises DataError if the items lack a
        category that the suite's metrics need.
        """
        try:
            found = self.measure(self.items, self.verdicts)
        except (KeyError, TypeError) as error:
            raise _not_of_the_suite(self.run, error) from error
        samples = self.run.manifest.sampling.n
        return (*found, *(sample_metrics(self.items, self.verdicts, samples) if samples > 1 else ()))

    def item_scores(self) -> dict[str, float]:
        """Item id -> mean correctness over its samples, for items with a verdict."""
        by_item: dict[str, list[bool]] = defaultdict(list)
        for verdict in self.verdicts:
            if verdict.correct is not None:
                by_item[verdict.item_id].append(verdict.correct)
        return {item: sum(values) / len(values) for item, values in by_item.items()}

    def to_json(self) -> Json:
        """A summary for machines; `refused` only where there is a refusal."""
        manifest = self.run.manifest
        return {
            "run": str(self.run.path),
            "run_id": manifest.run_id,
            "model": manifest.model_name,
            "suite": manifest.suite,
            "protocol": self.rules.name,
            "protocol_version": self.rules.version,
            "cross_prompt": self.cross_prompt,
            "referee": self.referee or None,
            "refereed": self.refereed,
            "status": self.status,
            "complete": self.complete,
            **self._metric_json(self.accuracy()),
            "metrics": [self._metric_json(one) for one in self.metrics],
            "unparsed": self.unparsed,
            "truncated": self.truncated,
            **({"refused": self.refused} if self.refused else {}),
            "errors": self.errors,
            "unscored": self.unscored,
            "missing": self.missing,
        }

    def _metric_json(self, metric: Metric) -> Json:
        """A metric for machines; that of an incomplete run has no score, for its denominator would lie."""
        estimate = metric.estimate
        defined = self.shown(estimate)
        return {
            "metric": metric.name,
            "score": estimate.value if defined else None,
            "stderr": estimate.stderr if defined and estimate.clusters > 1 else None,
            "interval": [estimate.low, estimate.high] if defined else None,
            "correct": metric.correct,
            "total": metric.total,
            "n": estimate.n,
            "clusters": estimate.clusters,
        }


def score(
    answers: StoredAnswers,
    rules: Rules,
    measure: Measure = overall,
    referee: Referee | None = None,
    *,
    partial: bool = False,
    missing_as_wrong: bool = False,
) -> ScoredRun:
    """Judge every answer of a run, and measure by the suite's metrics; `referee` takes the steps that the rules declare.

    `missing_as_wrong` counts every missing answer as a wrong one; a run that was imported so always does.
    Raises DataError if the items lack what the suite's rules need.
    """
    by_id = {one.item.id: one.item for one in answers.asked}
    try:
        cross_prompt = crossed(answers.questions, rules, answers.run.manifest.style)
        grades = [
            None
            if one.text is None
            else Grade(False, None, REFUSED, f"refused: {one.refusal}")
            if one.refusal is not None
            else rules.match(answers.stated(one, by_id[one.item_id], rules), by_id[one.item_id])
            for one in answers.responses
        ]
    except (KeyError, TypeError) as error:
        raise _not_of_the_suite(answers.run, error) from error
    refereed = 0 if referee is None else _by_referee(grades, answers.responses, by_id, rules, referee)
    counted = missing_as_wrong or answers.run.manifest.missing_as_wrong
    verdicts = tuple(_verdict(one, grade, counted) for one, grade in zip(answers.responses, grades, strict=True))
    answered = sum(verdict.rule != "error" for verdict in verdicts)
    if counted:
        verdicts += tuple(_verdict(one, None, counted) for one in answers.unanswered())
    return ScoredRun(
        answers.run,
        rules,
        tuple(by_id.values()),
        verdicts,
        len(by_id) * answers.run.manifest.sampling.n - answered,
        cross_prompt,
        measure,
        referee.model if referee and refereed else "",
        refereed,
        partial,
        counted,
    )


@lru_cache(maxsize=64)
def crossed(questions: Questions, rules: Rules, style: PromptStyle | None) -> bool:
    """True if the rules ask any of the questions otherwise; with a style, if they do when their prompts are put in it."""
    asked = (rules.prompt(one.item) for one in questions.asked)
    wanted = asked if style is None else map(style.applied, asked)
    return any(prompt.digest() != each for prompt, each in zip(wanted, questions.each, strict=True))


def _not_of_the_suite(run: RunReader, error: Exception) -> DataError:
    return DataError(f"{run.path}: its items are not as suite {run.manifest.suite} makes them ({error})")


def _by_referee(
    grades: list[Grade | None],
    responses: Sequence[Response],
    items: Mapping[str, Item],
    rules: Rules,
    referee: Referee,
) -> int:
    """Decide in place what the rules left open: extraction where nothing is stated, then judging. Counts what was read."""
    taken = 0
    if rules.extractor:
        at = _open(grades, stated=False)
        texts = [(responses[n].text or "", items[responses[n].item_id]) for n in at]
        for n, (_, item), stated in zip(at, texts, referee.extract(rules.extractor, texts), strict=True):
            taken += isinstance(stated, Extraction)
            grades[n] = rules.match(stated, item) if isinstance(stated, Extraction) else stated
    if rules.judge:
        at = _open(grades, stated=True)
        stateds = [(grade.extracted or "", items[responses[n].item_id]) for n in at if (grade := grades[n]) is not None]
        for n, grade in zip(at, referee.judge(rules.judge, stateds), strict=True):
            taken += grade.correct is not None
            grades[n] = grade
    return taken


def _open(grades: Sequence[Grade | None], *, stated: bool) -> list[int]:
    """Where no rule decided, with or without a stated answer."""
    return [
        n
        for n, one in enumerate(grades)
        if one is not None and one.correct is None and (one.extracted is not None) is stated
    ]


def _verdict(response: Response, grade: Grade | None, missing_as_wrong: bool) -> Verdict:
    if grade is None:
        correct, reason = (False, ": counted as wrong") if missing_as_wrong else (None, "")
        why = f"{response.error or 'no answer'}{reason}"
        return Verdict(response.item_id, response.sample, correct, None, "error", why)
    return Verdict(
        response.item_id,
        response.sample,
        grade.correct,
        grade.extracted,
        grade.rule,
        grade.reason,
        response.truncated,
    )


Task = TypeVar("Task")
Result = TypeVar("Result")
MIN_TASKS = 4
"""Fewer are done at once here: a process takes half a second to start."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int | None = None
) -> Iterator[Result]:
    """`function` of each task, in their order, by so many processes (default: one per core).

    Function, tasks and results must be picklable. Raises what the function raises, StoreError if a process dies.
    """
    workers = min(workers or cores(), len(tasks))
    if workers < 2 or len(tasks) < MIN_TASKS:
        yield from map(function, tasks)
        return
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(loaded_files(), function))
    try:
        yield from pool.map(_work, tasks)
    except BrokenProcessPool as error:
        raise StoreError("a worker process died, perhaps for want of memory; try again with fewer at once") from error
    finally:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()  # they are idle, or what they do is not wanted any more: an interrupt does not wait for them
        pool.shutdown(wait=True, cancel_futures=True)


_given: list[Callable[[Any], Any]] = []
"""In a worker, the function of all of its tasks: sent once, for it may hold the items of whole suites."""


def _work(task: Any) -> Any:
    return _given[0](task)


def _begin(files: Mapping[tuple[str, str], tuple[str, str]], function: Callable[[Any], Any]) -> None:
    """Leave interrupts to the owner; and never look for cycles among a run's many small objects, which have none.

    `files` are those that the user named in the owner's command.
    """
    load_files(files)
    _given[:] = [function]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
