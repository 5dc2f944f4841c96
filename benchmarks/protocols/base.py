"""What a protocol is, the texts that prompts are made of, and the verdicts that a rule can or cannot give.

A protocol is {prompt, extract, match, version}: how an item is asked, how the stated answer is found in a response, and
when it counts as right.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ...harness import answers, profiles
from ...harness.answers import Extraction, Grade
from ...harness.errors import UsageError
from ...harness.runs.judging import Extractor, JudgeStep
from ...harness.settings import require_functions, require_name
from ...harness.types import Item, Prompt
from ...harness.user_file import shown_value
from ..items import inline

BOXED = profiles.BOXED
JUDGE_NEEDED = "judge-needed"

AskItem: TypeAlias = Callable[[Item], Prompt]
"""What makes the prompt of an item."""


@dataclass(frozen=True)
class Protocol:
    r"""How an item is asked and an answer judged; `version` changes whenever a verdict or a prompt could.

    A complete example, which asks for a box and takes only the very text of the gold:

        def extract(text: str, item: Item) -> Extraction:
            return Extraction(text.rpartition("\\boxed{")[2].partition("}")[0] or None, "box", "the last box")
        def match(stated: Extraction, item: Item) -> Grade:
            return Grade(stated.answer == item.answer, stated.answer, "text", "compared letter by letter")
        LITERAL = Protocol("literal", "1", boxed_prompt, extract, match)

    `extractor` is asked where `extract` finds nothing that `match` can decide, `judge` where `match` still does not. With
    `reads_thinking`, `extract` sees the thinking that a server keeps apart, as <think>...</think> before the text.
    """

    name: str
    version: str
    prompt: AskItem
    extract: Callable[[str, Item], Extraction]
    match: Callable[[Extraction, Item], Grade]
    extractor: Extractor | None = None
    judge: JudgeStep | None = None
    reads_thinking: bool = False

    def __post_init__(self) -> None:
        what = f"protocol {shown_value(self.name)}"
        require_name(what, self.name, edition=True)
        if not isinstance(self.version, str):
            raise UsageError(f"{what}: its version must be a text, not {shown_value(self.version)}")
        require_functions(what, self, "prompt", "extract", "match")


def lettered(choices: tuple[str, ...]) -> str:
    """Options as lines "(A) text"; an option that is only its own letter is not repeated."""
    lines = [
        f"({letter})" if text.strip() == letter else f"({letter}) {text}"
        for letter, text in zip(string.ascii_uppercase, choices, strict=False)
    ]
    return "\n".join(lines)


def boxed_text(question: str, choices: tuple[str, ...] = ()) -> str:
    """The question with its options, and the request for a boxed answer (MM-UPT's suffix)."""
    return f"{with_options(question, choices)}\n{BOXED}"


def with_options(question: str, choices: tuple[str, ...]) -> str:
    """The question, and its options unless it holds them itself."""
    question = question.strip()
    if not choices or len(inline(question)) == len(choices):
        return question
    return f"{question}\nChoices:\n{lettered(choices)}"


def boxed_prompt(item: Item) -> Prompt:
    """Pictures, then the question with its options and the request for a boxed answer."""
    return asked(item, boxed_text(item.question, item.choices))


def asked(item: Item, text: str) -> Prompt:
    """The pictures of an item, then one text."""
    return Prompt((*item.images, text))


def rule_grade(correct: bool, stated: Extraction, rule: str, compared: str = "") -> Grade:
    """A rule's verdict, with what was compared as the reason."""
    return Grade(correct, stated.answer, rule, compared or f"{'equal' if correct else 'not equal'} by the rule")


def undecided(stated: Extraction) -> Grade:
    """No verdict: the protocol would ask a language model here, and none was asked."""
    return Grade(None, stated.answer, JUDGE_NEEDED, stated.reason)


def judge_needed(reason: str) -> Extraction:
    """No extraction: the rules of the protocol leave this response to a language model."""
    return Extraction(None, JUDGE_NEEDED, reason)


def float_or_none(text: str) -> float | None:
    """`float(text)` where Python reads it."""
    try:
        return float(text)
    except ValueError:
        return None


def no_gold(stated: Extraction) -> Grade:
    """The verdict on any answer to an item without a gold."""
    return Grade(False, stated.answer, "no-gold", "the item has no gold answer, so no answer can be right")


def graded(stated: Extraction, item: Item) -> Grade:
    """The strict matcher by the item's gold type; no answer is right where the suite gives no gold."""
    if not item.answer:
        return no_gold(stated)
    return answers.match(
        stated, item.answer, item.answer_type, options(item) or None, item.unit, question=item.question
    )


def options(item: Item) -> tuple[str, ...]:
    """The texts of the item's options; where a question shows them in the picture alone, those of its full text.

    MathVerse's Vision Only items are asked without any text; `question_for_eval` says what stands in the picture.
    """
    full = item.meta.get("question_for_eval")
    return item.choices or (inline(full) if isinstance(full, str) else ())
