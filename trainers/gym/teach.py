"""Makes the base of a condition: a bundled checkpoint is taught the condition's answers, then asked what it has learnt.

The folder is a checkpoint like any other. In its `gym.json` stand the condition, the checkpoint that it was made from, and
what its answers to questions of the training split were found to be.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean

import torch

from ...benchmarks.base import boxed_prompt
from ...benchmarks.drawn.question import DrawnQuestion
from ...harness import answers
from ...harness.answers.formats import last_box
from ...harness.answers.vote import vote
from ...harness.engines.vlm import VisionLanguageModel, draw_answers
from ...harness.errors import StoreError, UsageError
from ...harness.files import read_object, write_json
from ...harness.runs.checkpoints import Checkpoint
from ...harness.types import Json, Sampling, sample_seed
from ..base import Progress
from ..tiny import BUNDLED
from ..tiny.warmup import BATCH, optimising, supervised_loss
from .condition import Condition

CARD = "gym.json"
QUESTIONS, SAMPLES, AT_ONCE = 200, 16, 20
MAX_TOKENS = 64
_TEACHING, _MEASURING = 6_000_000, 7_000_000
"""Where the streams of questions begin: other ones than those of the bundled checkpoints and of trainings."""


def make_base(condition: Condition, out: Path, progress: Progress) -> Json:
    """Teach, measure and save; returns what stands in the card.

    Raises UsageError if `out` is there already, StoreError before anything is taught if it cannot be made.
    """
    if out.exists():
        raise UsageError(f"{out} is there already: name another folder, or remove it")
    whole = out.with_name(f".{out.name}.unfinished")
    try:
        shutil.rmtree(whole, ignore_errors=True)
        whole.mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"cannot make {out}: {error.strerror}") from error
    start = BUNDLED[condition.start]
    torch.manual_seed(condition.seed)
    vlm = VisionLanguageModel.load(start)
    teach(vlm, condition, progress)
    card = {
        "condition": _plain(condition),
        "start": Checkpoint.read(start).identity(),
        "measured": measure(vlm, condition),
    }
    vlm.save(whole)
    write_json(whole / CARD, card)
    whole.replace(out)
    return card


def made_base(condition: Condition, out: Path, progress: Progress) -> Json:
    """The card of the condition's base in `out`, which is made unless it is there.

    Raises UsageError if another condition's is there, DataError for a damaged card.
    """
    if not out.exists():
        return make_base(condition, out, progress)
    card = read_object(out / CARD)
    if card is None or card.get("condition") != _plain(condition):
        raise UsageError(f"{out} is not the base of condition {condition.name}: name another folder, or remove it")
    return card


def _plain(condition: Condition) -> Json:
    """As it is read again from a card."""
    plain: Json = json.loads(json.dumps(dataclasses.asdict(condition)))
    return plain


def teach(vlm: VisionLanguageModel, condition: Condition, progress: Progress) -> None:
    """Supervised steps of BATCH answers each, in place."""
    examples = condition.answers(condition.questions.draw(_TEACHING + condition.seed, "train", condition.tasks))

    def backward(_: int) -> float:
        batch = list(islice(examples, BATCH))
        prompts = [boxed_prompt(condition.questions.as_item(question, "x")) for question, _ in batch]
        loss = supervised_loss(vlm, prompts, [text for _, text in batch])
        loss.backward()
        return loss.item()

    for step, loss in enumerate(optimising(vlm, condition.steps, condition.learning_rate, backward), start=1):
        progress(step, condition.steps, f"loss {loss:.3f}")


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A question, its sampled responses, and whether each and the greedy one is right."""

    question: DrawnQuestion
    texts: tuple[str, ...]
    right: tuple[bool, ...]
    greedy: bool
    elects_right: bool
    majority: float


def measure(vlm: VisionLanguageModel, condition: Condition) -> Json:
    """Of QUESTIONS questions with SAMPLES answers each: shares of right answers and of wrong leads, in all and by task."""
    stream = condition.questions.draw(_MEASURING + condition.seed, "train", condition.tasks)
    questions = list(islice(stream, QUESTIONS))
    asked = [
        one
        for start in range(0, QUESTIONS, AT_ONCE)
        for one in _ask(vlm, condition, questions[start : start + AT_ONCE])
    ]
    tasks = sorted({one.question.task for one in asked})
    return {
        "questions": QUESTIONS,
        "samples": SAMPLES,
        "all": _summary(asked),
        "tasks": {task: _summary([one for one in asked if one.question.task == task]) for task in tasks},
    }


def _summary(asked: Sequence[_Asked]) -> Json:
    direct = [not text.partition("\\boxed")[0].strip() for one in asked for text in one.texts]
    return {
        "right": round(fmean(fmean(one.right) for one in asked), 4),
        "greedy": round(fmean(one.greedy for one in asked), 4),
        "leads_wrong": round(fmean(not one.elects_right for one in asked), 4),
        "majority": round(fmean(one.majority for one in asked), 4),
        "direct": round(fmean(direct), 4),
    }


def _ask(vlm: VisionLanguageModel, condition: Condition, questions: Sequence[DrawnQuestion]) -> list[_Asked]:
    items = [condition.questions.as_item(question, question.scene) for question in questions]
    inputs = vlm.encode(list(map(boxed_prompt, items)))
    seeds = [sample_seed(condition.seed, item.id + item.question, k) for item in items for k in range(SAMPLES)]
    sampled = Sampling(n=SAMPLES, temperature=1.0, max_tokens=MAX_TOKENS)
    with torch.no_grad():
        drawn = draw_answers(vlm, vlm.prefill(inputs, SAMPLES), sampled, seeds, vlm.media_ids)
        likeliest = draw_answers(
            vlm, vlm.prefill(inputs), Sampling(max_tokens=MAX_TOKENS), [0] * len(items), vlm.media_ids
        )
    texts, greedy = vlm.decode(drawn.ids, drawn.mask), vlm.decode(likeliest.ids, likeliest.mask)
    asked = []
    for place, (question, item) in enumerate(zip(questions, items, strict=True)):
        own = tuple(texts[place * SAMPLES : (place + 1) * SAMPLES])
        verdicts = [
            answers.match(answers.extract(text), item.answer, item.answer_type, item.choices or None, item.unit).correct
            is True
            for text in (*own, greedy[place])
        ]
        elected = vote(item.id, list(map(last_box, own)), item.choices)
        right = elected.winner is not None and verdicts[elected.winner[0]]
        asked.append(_Asked(question, own, tuple(verdicts[:-1]), verdicts[-1], right, elected.share))
    return asked
