r"""The Actor-Judge paper's format (arXiv 2603.21289): <think>...</think>, then \boxed{...}.

A response in another format states no answer, as its reward has it (the paper's printed scores come from VLMEvalKit: see
`vlmevalkit`). The content of the box is compared by the matcher of `strict`. The wording of the request is ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ...harness import answers
from ...harness.answers import Extraction
from ...harness.types import Item, Prompt
from ..base import BOXED, Protocol
from .base import graded

FORMAT = (
    "Think first, and write your reasoning between <think> and </think>. "
    "Then put your final answer within \\boxed{}, after </think>."
)


def extract(text: str, item: Item) -> Extraction:
    """The content of the last box after the thinking; None where the format is broken."""
    body = text.strip()
    end = body.rfind("</think>")
    if not body.startswith("<think>") or end < 0:
        return Extraction(None, "format", "the response does not begin with <think>...</think>")
    if "\\boxed" not in body[end:]:
        return Extraction(None, "format", "nothing is boxed after </think>")
    return answers.extract(body[end + len("</think>") :])


def self_judge(boxed_prompt: Callable[[Item], Prompt]) -> Protocol:
    """The protocol for a suite: its boxed prompt with the request for thinking in the place of the boxed one."""

    def prompt(item: Item) -> Prompt:
        boxed = boxed_prompt(item)
        *before, last = boxed.parts
        if not isinstance(last, str) or not last.endswith(BOXED):
            raise ValueError("a boxed prompt ends with the request for a box")
        return dataclasses.replace(boxed, parts=(*before, last.removesuffix(BOXED) + FORMAT))

    return Protocol("self_judge", f"1+grader{answers.GRADER_VERSION}", prompt, extract, graded)
