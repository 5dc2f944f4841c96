"""What every reader makes of a file: the answers that it holds to each item, and what it says of how they were made.

The answers of a file put to the items of a suite. Nothing is taken on trust: every problem is told, with its place.

What other tools store in the place of an answer that never came. Such a text is an error of the run, not an answer.

VLMEvalKit (open-compass/VLMEvalKit): vlmeval/api/base.py returns FAIL_MSG, alone or with a reason after it, once its
retries are used up; vlmeval/inference.py looks for FAIL_MSG anywhere in a prediction to find failures, and stores
"Failed to obtain answer: " with the exception where SKIP_ERR is set; it stores str(None) for nothing.

lmms-eval 0.7.3 (EvolvingLMMs-Lab/lmms-eval): the notices of `harness.engines.lmms_eval`; utils.sanitize_list stores
str(None) for nothing. Some of its models (simple/claude.py) return an empty text for a failure: that cannot be told from
an empty answer, and stays one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ...harness.engines.lmms_eval import is_failure, marked_text
from ...harness.errors import DataError, printable
from ...harness.runs.store import Sample
from ...harness.types import Item, Json, Prompt, Recorded, Response
from ..gold import published_gold
from ..items import Problems

SAMPLING = ("temperature", "top_p", "max_tokens", "seed")
"""The entries of a run's sampling that a file may say or leave unknown; `n` is counted."""


@dataclass(frozen=True)
class ImportedAnswer:
    """One stored answer: `text`, or what the tool stored in the place of one as `error`; never both, never neither."""

    text: str | None
    error: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    recorded: Recorded | None = None


@dataclass(frozen=True)
class ItemAnswers:
    """The answers to one item, and what the file says of the item.

    The item is that of `item_id`, or of one of `other_ids` where the data name items in another way; without an id, that of
    the number `row` (from 0) of the data set. `question` is the item's question as the file repeats it, `gold` its gold,
    `prompt` the text that the model was shown, which holds the question.
    """

    where: str
    answers: tuple[ImportedAnswer, ...]
    item_id: str | None = None
    row: int | None = None
    question: str | None = None
    prompt: str | None = None
    other_ids: tuple[str, ...] = ()
    gold: str | None = None


@dataclass(frozen=True)
class ImportSource:
    """A file of another tool: what it says of the model (None: nothing), the settings it is sure of, and its answers.

    `sampling` holds those of SAMPLING that are known; `about` is for the record only. A problem that leaves the rest
    readable stands in the place of its answers; one that does not is raised while they are read.
    """

    tool: str
    path: Path
    given: Iterable[ItemAnswers | DataError]
    model_name: str | None = None
    version: str | None = None
    sampling: Mapping[str, Json] = field(default_factory=dict)
    about: Mapping[str, Json] = field(default_factory=dict)


UNKNOWN_PROMPT = Prompt(("[not known: the file that was imported does not say what the model was shown]",))
"""Stands for a prompt that is not in the file. It is no protocol's, so every score of such a run is cross-prompt."""
PROTOCOL, FILE, UNKNOWN = "protocol", "file", "unknown"
ENOUGH = 100
"""So many prompts tell whose they are."""
MAX_SAMPLES = 1_000
"""Answers to one item; every item is expected to have as many as the one that has most."""
_NOT_TEXT = re.compile(r"<image\s*\d*>|\s+")


@dataclass(frozen=True)
class Attached:
    """Items with the prompts that they were asked by, as far as known, and the answers to them: samples 0 to n - 1.

    `prompt` is PROTOCOL where every answer was asked for by the protocol's, FILE where by another that the file says, and
    UNKNOWN.
    """

    asked: tuple[Sample, ...]
    responses: Mapping[tuple[str, int], Response]
    samples: int
    prompt: str


def attach(source: ImportSource, samples: Sequence[Sample], *, only_answered: bool = False) -> Attached:
    """Find the item of each answer; `asked` has the items in the order of their data set, with a protocol's prompts.

    `only_answered` leaves out the items that the file does not have. Raises DataError that tells of every answer whose item
    is not found, comes twice, or has another question, and of a file without any; what is wrong with many is told once.
    """
    items = _Items(samples)
    answered: dict[str, ItemAnswers] = {}
    problems = Problems(str(source.path))
    try:
        for answers in source.given:
            if isinstance(answers, DataError):
                problems.add(answers)
                continue
            try:
                item = items.of(answers)
                if item.id in answered:
                    raise _ItemError("twice", f"item {item.id!r} was already answered at {answered[item.id].where}")
                if len(answers.answers) > MAX_SAMPLES:
                    raise _ItemError("many", f"{len(answers.answers)} answers to one item, more than {MAX_SAMPLES}")
                answered[item.id] = answers
            except _ItemError as problem:
                problems.add(DataError(printable(f"{answers.where}: {problem}")), problem.kind)
    except DataError as problem:  # the file cannot be read any further
        problems.add(problem)
    if problems.count:
        raise problems.error()
    if not answered:
        raise DataError(f"{source.path}: no answers in the file")
    chosen = [sample for sample in samples if not only_answered or sample.item.id in answered]
    prompts = [_prompt(answered.get(sample.item.id), sample) for sample in chosen]
    return Attached(
        tuple(Sample(sample.item, prompt) for sample, prompt in zip(chosen, prompts, strict=True)),
        {key: response for name, answers in answered.items() for key, response in _responses(name, answers)},
        max(len(answers.answers) for answers in answered.values()),
        _kind([pair for pair in zip(chosen, prompts, strict=True) if pair[0].item.id in answered]),
    )


def asked_by(
    given: Iterable[ItemAnswers | DataError], samples: Sequence[Sample], prompts: Mapping[str, Callable[[Item], Prompt]]
) -> str | None:
    """The first of the `prompts` that asked the answers whose prompt the file says; None if none did, or it says none."""
    items = _Items(samples)
    left = dict(prompts)
    shown = 0
    for answers in given:
        if isinstance(answers, DataError) or answers.prompt is None:
            continue
        try:
            item = items.of(answers)
        except _ItemError:
            continue
        shown += 1
        left = {name: ask for name, ask in left.items() if marked_text(ask(item)) == answers.prompt}
        if not left or shown == ENOUGH:
            break
    return next(iter(left), None) if shown else None


class _ItemError(Exception):
    """Why an answer has no item; those of one `kind` are told once."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Items:
    """The items of a data set, by what a file may say of them."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._in_order = [sample.item for sample in samples]
        self._by_id = {item.id: item for item in self._in_order}

    def of(self, answers: ItemAnswers) -> Item:
        """The item of these answers. Raises _ItemError if there is none, or its question is another one."""
        item = self._named(answers)
        if item is None:
            return self._asked(answers)
        _check_question(answers, item)
        return item

    def _named(self, answers: ItemAnswers) -> Item | None:
        """The item that the file names; None for one that it names otherwise than the data, but whose question it tells."""
        names = list(dict.fromkeys(name for name in (answers.item_id, *answers.other_ids) if name is not None))
        found = [self._by_id[name] for name in names if name in self._by_id]
        if len(found) > 1:
            found = _with_gold([item for item in found if _asks(answers, item)] or found[:1], answers)
        if len(found) > 1:
            ids = ", ".join(repr(item.id) for item in found)
            raise _ItemError("several", f"the answer may be of any of {ids}: name the data that were asked by --data")
        if found:
            return found[0]
        if names and not _plain(answers.question or ""):
            raise _ItemError(
                "no item", f"no item {names[0]!r:.60} in the data: name the data that were asked by --data"
            )
        if names:
            return None
        row = answers.row
        if row is None or not 0 <= row < len(self._in_order):
            count = len(self._in_order)
            raise _ItemError(
                "no row", f"no item in row {row} of the data, which have {count}: name those that were asked"
            )
        return self._in_order[row]

    def _asked(self, answers: ItemAnswers) -> Item:
        """The only item with the question, or with question and gold, that the file tells."""
        found = self._by_question.get(_plain(answers.question or ""), [])
        found = _with_gold(found, answers)
        if not found:
            named = f"no item {answers.item_id!r:.60} in the data, and none with its question"
            raise _ItemError("no item", f"{named}: name the data that were asked by --data")
        if len(found) > 1:
            raise _ItemError(
                "several",
                f"no item {answers.item_id!r:.60} in the data, and {len(found)} with its question: name the data that were "
                "asked by --data",
            )
        return found[0]

    @cached_property
    def _by_question(self) -> Mapping[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self._in_order:
            found.setdefault(_plain(item.question), []).append(item)
        return found


def _with_gold(items: list[Item], answers: ItemAnswers) -> list[Item]:
    """Of several items those that have the gold that the file tells; all where none has."""
    if len(items) < 2 or answers.gold is None:
        return items
    return [item for item in items if published_gold(item).strip() == answers.gold.strip()] or items


def _asks(answers: ItemAnswers, item: Item) -> bool:
    """False if the file says another question than the item's."""
    question = _plain(item.question)
    if answers.question is not None:
        return question == _plain(answers.question)
    return answers.prompt is None or question in _plain(answers.prompt)


def _check_question(answers: ItemAnswers, item: Item) -> None:
    """Raise _ItemError if the file asks another question than the item does, or does not show that a row is the item."""
    text = answers.prompt if answers.question is None else answers.question
    if not _asks(answers, item):
        raise _ItemError(
            "another question",
            f"another question than that of item {item.id!r}: {item.question!r:.80}, not {text!r:.80}",
        )
    if answers.item_id is None and not answers.other_ids and not (_plain(item.question) and text):
        raise _ItemError(
            "nothing shows",
            f"nothing shows that row {answers.row} is item {item.id!r}: neither an id nor a question",
        )


def _plain(question: str) -> str:
    """A question without marks of pictures and blanks, which tools write in their own ways."""
    return _NOT_TEXT.sub("", question)


def _prompt(answers: ItemAnswers | None, sample: Sample) -> Prompt:
    """What the model was shown: the text is the file's; the pictures are the item's, and stand where the protocol puts them
    if the text is the protocol's, else first."""
    if answers is None or answers.prompt is None:
        return UNKNOWN_PROMPT
    if answers.prompt == marked_text(sample.prompt):
        return sample.prompt
    return Prompt((*sample.item.images, answers.prompt))


def _kind(pairs: Sequence[tuple[Sample, Prompt]]) -> str:
    if any(prompt == UNKNOWN_PROMPT for _, prompt in pairs):
        return UNKNOWN
    return PROTOCOL if all(prompt.digest() == sample.prompt.digest() for sample, prompt in pairs) else FILE


def _responses(item_id: str, answers: ItemAnswers) -> list[tuple[tuple[str, int], Response]]:
    return [
        (
            (item_id, sample),
            Response(
                item_id,
                sample,
                answer.text,
                answer.error,
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                recorded=answer.recorded,
            ),
        )
        for sample, answer in enumerate(answers.answers)
    ]


VLMEVALKIT_ANYWHERE = "Failed to obtain answer via API"
VLMEVALKIT_START = "Failed to obtain answer"
NOTHING = ("None", "nan", "NaN")
"""What str() makes of null and of pandas' empty cell; both tools store it so."""
SHOWN = 200


def answer_of(stored: Json, nothing: Sequence[str] = NOTHING) -> ImportedAnswer:
    """The answer or the error that a stored value is; a text of `nothing` is none.

    Raises ValueError for a value that is no text and not nothing.
    """
    if stored is None or (isinstance(stored, float) and math.isnan(stored)):
        return ImportedAnswer(None, "the file has no answer here (null)")
    if isinstance(stored, bool) or not isinstance(stored, str | int | float):
        raise ValueError(f"an answer must be a text, found {stored!r:.60}")
    text = str(stored)
    if text.strip() in nothing:
        return ImportedAnswer(None, f"the file has no answer here ({text.strip()})")
    if is_failure(text) or VLMEVALKIT_ANYWHERE in text or text.lstrip().startswith(VLMEVALKIT_START):
        return ImportedAnswer(None, printable(text.strip()[:SHOWN]))
    return ImportedAnswer(text)
