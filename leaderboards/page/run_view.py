"""A stored run, reduced to what the page needs: verdicts as marks, metrics, and its answers packed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmarks.examination import read_answers, score_answers
from ...benchmarks.metrics import by_category
from ...benchmarks.protocols.recorded import NAME as RECORDED
from ...benchmarks.registry import SUITES
from ...harness.errors import UsageError
from ...harness.runs.judging import JudgeModel
from ...harness.runs.score import ScoredRun, StoredAnswers, states_nothing
from ...harness.runs.store import Manifest, Sample, in_words
from ...harness.stats.metrics import Metric
from ...harness.types import Image, Json, Response, Verdict
from .embed import packed

LONGEST_TEXT = 24_000
"""Characters of a response or prompt that the page holds; of a longer one it has the beginning and the end."""
LONGEST_NAME = 300
CHUNK = 2_500
"""Answers of a run that the page unpacks at a time."""
MOST_CATEGORIES = 30
RIGHT, WRONG, NO_VERDICT, ERROR, MISSING = range(5)
UNPARSED, TRUNCATED = 8, 16
_FIRST_MARK = ord("0")


@dataclass(frozen=True)
class Judged:
    """A run under one protocol. `marks` has a character for each item and sample, in their order: see `_mark`."""

    summary: Json
    metrics: Sequence[Json]
    marks: str
    item_scores: Mapping[str, float]
    complete: bool


@dataclass(frozen=True)
class RunView:
    """A run under several protocols, the one that asked first.

    `responses` are its packed answers and verdicts, `CHUNK` to a piece; none where they were put elsewhere. `number` tells
    them from those of other runs.
    """

    manifest: Manifest
    asked: tuple[Sample, ...]
    judged: Mapping[str, Judged]
    responses: tuple[str, ...]
    number: int = 0

    @property
    def data(self) -> tuple[str, str]:
        """The suite and the digest of its items: runs that share both asked the same."""
        return self.manifest.suite, str(self.manifest.identity["data"])

    @property
    def questions(self) -> tuple[str, str, str]:
        """The same with the digest of the prompts: runs that share all three put the same words to the model."""
        return (*self.data, str(self.manifest.identity["prompts"]))

    @property
    def complete(self) -> bool:
        """True if it has a score under the protocol that asked."""
        return next(iter(self.judged.values())).complete

    @property
    def lacks(self) -> str:
        """What keeps it from having that score, and what to do."""
        summary = next(iter(self.judged.values())).summary
        found = []
        if summary["missing"]:
            found.append(f"{summary['missing']} answers are missing: hold the examination again")
        if summary["unscored"]:
            found.append(
                f"{summary['unscored']} answers have no verdict under {self.manifest.protocol}: "
                "name a model with --judge-model"
            )
        return "; ".join(found)


def read_run_view(path: Path, further: Sequence[str], referee: JudgeModel | None = None) -> RunView:
    """A stored run under its own protocol and those of `further` that its suite has. Raises DataError, UsageError."""
    answers = read_answers(path)
    own = answers.run.manifest.protocol
    known = SUITES.get(answers.run.manifest.suite)
    names = dict.fromkeys([own, *(name for name in further if known.has_protocol(name) or name == RECORDED)])
    scored = {name: score_answers(answers, name, referee) for name in names}
    return RunView(
        answers.run.manifest,
        answers.asked,
        {name: _judged(one, answers) for name, one in scored.items()},
        tuple(packed(piece) for piece in _pieces(_responses(answers, scored))),
    )


def check_protocols(further: Sequence[str], views: Sequence[RunView]) -> None:
    """Raise UsageError for a protocol that none of the runs' suites has."""
    for name in further:
        if not any(name in one.judged for one in views):
            suites = ", ".join(sorted({one.manifest.suite for one in views}))
            raise UsageError(f"no suite of these runs ({suites}) has a protocol {name!r}")


def cut(text: str, longest: int = LONGEST_TEXT) -> Json:
    """A text, or [beginning, number of characters left out, end] of one that is too long."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return [text[:head], len(text) - longest, text[-(longest - head) :]]


def short(text: str) -> str:
    """A name or a stated answer, at a length that can be shown."""
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…"


def questions(asked: Sequence[Sample], number: Mapping[str, int]) -> Json:
    """What was asked, item by item; pictures by their `number`."""
    return [_question(one, number) for one in asked]


def _question(one: Sample, number: Mapping[str, int]) -> Json:
    item = one.item
    parts = [
        {"picture": number[part.sha256], "name": short(part.name)} if isinstance(part, Image) else cut(part)
        for part in one.prompt.parts
    ]
    labels = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in item.meta.items()}
    return {
        "id": short(item.id),
        "question": cut(item.question),
        "gold": short(item.answer),
        "type": short(item.answer_type),
        "unit": None if item.unit is None else short(item.unit),
        "choices": [short(text) for text in item.choices],
        "labels": [[short(name), short(str(value))] for name, value in labels.items() if value is not None],
        "system": None if one.prompt.system is None else cut(one.prompt.system),
        "parts": parts,
    }


def _keys(answers: StoredAnswers) -> Iterator[tuple[str, int]]:
    """(item id, sample) of all answers that the run should have."""
    samples = answers.run.manifest.sampling.n
    return ((one.item.id, sample) for one in answers.asked for sample in range(samples))


def _judged(scored: ScoredRun, answers: StoredAnswers) -> Judged:
    verdicts = {(one.item_id, one.sample): one for one in scored.verdicts}
    metrics = [_metric(one) for one in _metrics(scored) if scored.shown(one.estimate)]
    summary = {
        "score": metrics[0] if metrics else None,
        "status": scored.status,
        "crossed": in_words(scored.run.manifest.prompted_by) if scored.cross_prompt else "",
        "version": scored.rules.version,
        **{name: getattr(scored, name) for name in ("missing", "unscored", "unparsed", "truncated", "errors")},
    }
    marks = "".join(_mark(verdicts.get(key), answers.by_key.get(key)) for key in _keys(answers))
    return Judged(summary, metrics, marks, scored.item_scores(), scored.complete)


def _metrics(scored: ScoredRun) -> Iterator[Metric]:
    """The suite's metrics, then the accuracy by every further label whose values are few enough to draw."""
    yield from scored.metrics
    told = {one.name.split("=")[0] for one in scored.metrics}
    values: dict[str, set[str]] = defaultdict(set)
    for item in scored.items:
        for label, value in item.meta.items():
            values[label].update(value if isinstance(value, tuple) else () if value is None else [str(value)])
    for label, found in values.items():
        if (
            f"accuracy/{label}" not in told
            and 1 < len(found) <= MOST_CATEGORIES
            and len(found) * 2 <= len(scored.items)
        ):
            yield from by_category(label)(scored.items, scored.verdicts)


def _metric(metric: Metric) -> Json:
    estimate = metric.estimate
    measure, labels, category = _category(metric.name)
    return {
        "name": short(metric.name),
        "by": short(f"{measure} by {' and '.join(labels)}") if labels else "",
        "category": short(category),
        "value": _rounded(estimate.value),
        "stderr": _rounded(estimate.stderr) if estimate.clusters > 1 else None,
        "low": _rounded(estimate.low),
        "high": _rounded(estimate.high),
        "correct": metric.correct,
        "total": metric.total,
        "n": estimate.n,
    }


def _rounded(value: float) -> float:
    """Six digits, which the leaderboard has too: more would only differ between machines."""
    return round(value, 6)


def _category(name: str) -> tuple[str, list[str], str]:
    """ "accuracy/level=3/subject=algebra" as its measure, its labels, and the category in words."""
    measure, *parts = name.split("/")
    pairs = [part.partition("=") for part in parts]
    if not all(equals for _, equals, _ in pairs):
        return name, [], ""
    values = [value.replace("%2F", "/").replace("%25", "%") for _, _, value in pairs]
    return measure, [label for label, _, _ in pairs], ", ".join(values)


def _mark(verdict: Verdict | None, response: Response | None) -> str:
    """Right, wrong, no verdict, an error, or missing; plus whether no answer was stated, and whether it was cut off."""
    if verdict is None:
        return chr(_FIRST_MARK + MISSING)
    if verdict.rule == "error" and verdict.correct is None:
        return chr(_FIRST_MARK + ERROR)
    state = NO_VERDICT if verdict.correct is None else RIGHT if verdict.correct else WRONG
    cut_off = response is not None and response.truncated
    return chr(_FIRST_MARK + state + UNPARSED * states_nothing(verdict) + TRUNCATED * cut_off)


def _responses(answers: StoredAnswers, scored: Mapping[str, ScoredRun]) -> dict[str, Json]:
    """Columns over all items and samples: texts, errors, tokens, and under each protocol what was read and why."""
    found = [answers.by_key.get(key) for key in _keys(answers)]
    reasoning = [None if one is None or one.reasoning is None else cut(one.reasoning) for one in found]
    asked = [None if one is None else one.prompt_tokens for one in found]
    return {
        **({"reasoning": reasoning} if any(reasoning) else {}),
        **({"prompt_tokens": asked} if any(asked) else {}),
        "texts": [None if one is None or one.text is None else cut(one.text) for one in found],
        "errors": [None if one is None or one.error is None else short(one.error) for one in found],
        "tokens": [None if one is None else one.completion_tokens for one in found],
        "verdicts": {name: _verdicts(one, answers) for name, one in scored.items()},
    }


def _pieces(columns: dict[str, Json]) -> Iterator[Json]:
    """The same columns, so many answers at a time."""
    for start in range(0, len(columns["texts"]), CHUNK):
        part = slice(start, start + CHUNK)
        yield {
            **{name: column[part] for name, column in columns.items() if name != "verdicts"},
            "verdicts": {
                protocol: {name: column[part] for name, column in verdicts.items()}
                for protocol, verdicts in columns["verdicts"].items()
            },
        }


def _verdicts(scored: ScoredRun, answers: StoredAnswers) -> Json:
    columns: dict[str, list[str | None]] = defaultdict(list)
    verdicts = {(one.item_id, one.sample): one for one in scored.verdicts}
    for key in _keys(answers):
        one = verdicts.get(key)
        columns["read"].append(None if one is None or one.extracted is None else short(one.extracted))
        columns["rule"].append(None if one is None else short(one.rule))
        columns["reason"].append(None if one is None else short(one.reason))
    return columns
