r"""The protocols that every suite has, over its boxed prompt.

`strict`: a boxed answer is asked for, any stated final answer counts, and the strict matcher compares it with the gold, known
errors of golds corrected. The others take the gold as published.

`mm_upt` (MM-UPT, arXiv 2505.22453): the content of the last box, by the strict matcher. The prompt is the question with
"Please reason step by step, and put your final answer within \boxed{}.", which is also that of `strict`; but what is not
boxed is no answer here. The paper samples at temperature 0.2 with up to 16,384 tokens and has Qwen2.5-32B-Instruct compare
answer and gold: so does `mm_upt_judged`, with whatever language model it is given.

`self_judge` (Actor-Judge, arXiv 2603.21289): <think>...</think>, then \boxed{...}. A response in another format states no
answer, as its reward has it (the paper's printed scores come from VLMEvalKit: see `vlmevalkit`). Thinking that a server keeps
apart from the text counts as written before it. The content of the box is compared by the strict matcher. The wording of the
request is ours.
"""

from __future__ import annotations

import dataclasses

from ...harness import answers
from ...harness.answers import Extraction, Grade
from ...harness.answers.statements.thinking import after_thinking
from ...harness.types import Item, Prompt
from .. import gold
from . import language_model
from .base import BOXED, AskItem, Protocol, graded, undecided

NAMES = ("strict", "mm_upt", "mm_upt_judged", "self_judge")
"""A suite's own protocols have other names: under these, every suite is judged alike."""
FORMAT = (
    "Think first, and write your reasoning between <think> and </think>. "
    "Then put your final answer within \\boxed{}, after </think>."
)


def common_protocols(prompt: AskItem) -> tuple[Protocol, ...]:
    """The protocols of NAMES for a suite with this boxed prompt."""
    judged_version = f"1+grader{answers.GRADER_VERSION}+{language_model.VERSION}"
    return (
        strict(prompt),
        Protocol("mm_upt", f"1+grader{answers.GRADER_VERSION}", prompt, last_box, graded),
        Protocol("mm_upt_judged", judged_version, prompt, last_box, _left_to_the_judge, judge=language_model.judge()),
        _self_judge(prompt),
    )


def strict(prompt: AskItem) -> Protocol:
    """The `strict` protocol alone."""
    version = f"1+grader{answers.GRADER_VERSION}+errata.{gold.ERRATA_DIGEST}"
    return Protocol("strict", version, prompt, lambda text, item: answers.extract(text), _match_corrected)


def _match_corrected(stated: Extraction, item: Item) -> Grade:
    return graded(stated, gold.corrected(item))


def last_box(text: str, item: Item) -> Extraction:
    """The content of the last box; no other statement counts."""
    if "\\boxed" not in text:
        return Extraction(None, "none", "nothing is boxed")
    return answers.extract(text)


def _left_to_the_judge(stated: Extraction, item: Item) -> Grade:
    return undecided(stated) if stated.answer else graded(stated, item)


def box_after_thinking(text: str, item: Item) -> Extraction:
    """The content of the last box after the thinking; None where the format is broken."""
    body = text.strip()
    answer, problem = after_thinking(body)
    if not body.startswith("<think>") or problem:
        return Extraction(None, "format", "the response does not begin with <think>...</think>")
    if "\\boxed" not in answer:
        return Extraction(None, "format", "nothing is boxed after </think>")
    return answers.extract(answer)


def _self_judge(boxed: AskItem) -> Protocol:
    """The request for thinking stands in the place of the boxed one; a prompt that does not end with that has it added."""

    def prompt(item: Item) -> Prompt:
        asked_boxed = boxed(item)
        *before, last = asked_boxed.parts
        if isinstance(last, str) and last.endswith(BOXED):
            return dataclasses.replace(asked_boxed, parts=(*before, last.removesuffix(BOXED) + FORMAT))
        return dataclasses.replace(asked_boxed, parts=(*asked_boxed.parts, FORMAT))

    version = f"2+grader{answers.GRADER_VERSION}"
    return Protocol("self_judge", version, prompt, box_after_thinking, graded, reads_thinking=True)
