r"""MM-UPT (arXiv 2505.22453): a boxed prompt and the content of the last box.

The prompt is the question with "Please reason step by step, and put your final answer within \boxed{}.", which is also
that of `strict`. The paper samples at temperature 0.2 with up to 16,384 tokens and has Qwen2.5-32B-Instruct compare
answer and gold: so does `mm_upt_judged`, with whatever language model it is given. Under `mm_upt` the matcher of
`strict` compares them in the judge's stead. What is not boxed is no answer for both, though an answer stated in words
is one under `strict`.
"""

from __future__ import annotations

from collections.abc import Callable

from ...harness import answers
from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import Protocol
from . import language_model
from .base import graded, undecided


def extract(text: str, item: Item) -> Extraction:
    """The content of the last box; no other statement counts."""
    if "\\boxed" not in text:
        return Extraction(None, "none", "nothing is boxed")
    return answers.extract(text)


def mm_upt(prompt: Callable[[Item], Prompt]) -> Protocol:
    """The protocol for a suite with this boxed prompt."""
    return Protocol("mm_upt", f"1+grader{answers.GRADER_VERSION}", prompt, extract, graded)


def mm_upt_judged(prompt: Callable[[Item], Prompt]) -> Protocol:
    """The same with a language model as the judge of every boxed answer."""
    version = f"1+grader{answers.GRADER_VERSION}+{language_model.VERSION}"
    return Protocol("mm_upt_judged", version, prompt, extract, _left_to_the_judge, judge=language_model.judge())


def _left_to_the_judge(stated: Extraction, item: Item) -> Grade:
    return undecided(stated) if stated.answer else graded(stated, item)
