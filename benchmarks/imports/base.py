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
from pathlib import Path

from ...harness.engines.lmms_eval import is_failure, marked_text
from ...harness.errors import DataError, printable
from ...harness.runs.store import Sample
from ...harness.types import Item, Json, Prompt, Response
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


@dataclass(frozen=True)
class ItemAnswers:
    """The answers to one item, and what the file says of the item.

    The item is that of `item_id`, or without one that of the number `row` (from 0) of the data set. `question` is the
    item's question as the file repeats it, `prompt` the text that the model was shown, which holds the question.
    """

    where: str
    answers: tuple[ImportedAnswer, ...]
    item_id: str | None = None
    row: int | None = None
    question: str | None = None
    prompt: str | None = None


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
    is not found, comes twice, or has another question, and of a file without any.
    """
    by_id = {sample.item.id: sample for sample in samples}
    answered: dict[str, ItemAnswers] = {}
    problems = Problems(str(source.path))
    try:
        for answers in source.given:
            try:
                if isinstance(answers, DataError):
                    raise answers
                item = _item(answers, samples, by_id)
                if item.id in answered:
                    raise _problem(answers, f"item {item.id!r} was already answered at {answered[item.id].where}")
                _check_question(answers, item)
                if len(answers.answers) > MAX_SAMPLES:
                    raise _problem(answers, f"{len(answers.answers)} answers to one item, more than {MAX_SAMPLES}")
                answered[item.id] = answers
            except DataError as problem:
                problems.add(problem)
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


def _problem(answers: ItemAnswers, message: str) -> DataError:
    return DataError(printable(f"{answers.where}: {message}"))


def _item(answers: ItemAnswers, samples: Sequence[Sample], by_id: Mapping[str, Sample]) -> Item:
    if answers.item_id is not None:
        if answers.item_id not in by_id:
            raise _problem(
                answers, f"no item {answers.item_id!r:.60} in the data: name the data that were asked by --data"
            )
        return by_id[answers.item_id].item
    row = answers.row
    if row is None or not 0 <= row < len(samples):
        raise _problem(
            answers, f"no item in row {row} of the data, which have {len(samples)}: name those that were asked"
        )
    return samples[row].item


def _check_question(answers: ItemAnswers, item: Item) -> None:
    """Raise DataError if the file asks another question than the item does, or does not show that a row is the item."""
    question = _plain(item.question)
    asks: Callable[[str], bool] = question.__eq__
    text = answers.question
    if text is None:
        text, asks = answers.prompt, lambda text: question in text
    if text is not None and not asks(_plain(text)):
        raise _problem(
            answers, f"another question than that of item {item.id!r}: {item.question!r:.80}, not {text!r:.80}"
        )
    if answers.item_id is None and not (question and text):
        raise _problem(
            answers, f"nothing shows that row {answers.row} is item {item.id!r}: neither an id nor a question"
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
            ),
        )
        for sample, answer in enumerate(answers.answers)
    ]


VLMEVALKIT_ANYWHERE = "Failed to obtain answer via API"
VLMEVALKIT_START = "Failed to obtain answer"
NOTHING = ("None", "nan", "NaN")
"""What str() makes of null and of pandas' empty cell; both tools store it so."""
SHOWN = 200


def answer_of(stored: Json) -> ImportedAnswer:
    """The answer or the error that a stored value is. Raises ValueError for a value that is no text and not nothing."""
    if stored is None or (isinstance(stored, float) and math.isnan(stored)):
        return ImportedAnswer(None, "the file has no answer here (null)")
    if isinstance(stored, bool) or not isinstance(stored, str | int | float):
        raise ValueError(f"an answer must be a text, found {stored!r:.60}")
    text = str(stored)
    if text.strip() in NOTHING:
        return ImportedAnswer(None, f"the file has no answer here ({text.strip()})")
    if is_failure(text) or VLMEVALKIT_ANYWHERE in text or text.lstrip().startswith(VLMEVALKIT_START):
        return ImportedAnswer(None, printable(text.strip()[:SHOWN]))
    return ImportedAnswer(text)
