"""Suite and Protocol: what every benchmark file provides.

A protocol is {prompt, extract, match, version}: how an item is asked, how the stated answer is found in a response, and
when it counts as right. A suite is a set of items with its protocols; `load` reads local files, or the bundled sample.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..harness import answers, profiles
from ..harness.answers import Extraction, Grade
from ..harness.errors import UsageError
from ..harness.runs.judging import Extractor, JudgeStep
from ..harness.stats.metrics import Measure, overall
from ..harness.types import Item, Prompt
from . import errata
from .items import ImageFolder, Record, inline, read_items
from .sources.local import open_local

SAMPLES = Path(__file__).parent / "samples"
BOXED = profiles.BOXED


@dataclass(frozen=True)
class Protocol:
    """How one suite is asked and judged; `version` changes whenever a verdict or a prompt could.

    `extractor` is asked where `extract` finds nothing that `match` can decide, `judge` where `match` still does not.
    """

    name: str
    version: str
    prompt: Callable[[Item], Prompt]
    extract: Callable[[str, Item], Extraction]
    match: Callable[[Extraction, Item], Grade]
    extractor: Extractor | None = None
    judge: JudgeStep | None = None


@dataclass(frozen=True)
class Suite:
    """A benchmark: `parse` makes an item of one record of its files (raises DataError on a malformed one).

    `metrics` makes every number that the benchmark prints of a run's items and verdicts, `accuracy` first.
    """

    name: str
    title: str
    parse: Callable[[Record, ImageFolder], Item]
    protocols: Mapping[str, Protocol] = field(default_factory=dict)
    metrics: Measure = overall

    def load(self, data: Path | None = None) -> list[Item]:
        """The items of a local file or folder (`sources.local`; images relative to it), or of the bundled sample.

        Raises DataError that tells of every missing file or image, broken line, missing column and repeated id.
        """
        return read_items(open_local(self.name, data or SAMPLES / f"{self.name}.jsonl"), self.parse)

    def protocol(self, name: str) -> Protocol:
        """The protocol of that name. Raises UsageError, naming those there are."""
        try:
            return self.protocols[name]
        except KeyError:
            known = ", ".join(sorted(self.protocols))
            raise UsageError(f"suite {self.name} has no protocol {name!r}; it has: {known}") from None


def strict(prompt: Callable[[Item], Prompt], version: str = "1") -> Protocol:
    """The `strict` protocol: a boxed answer is asked for, and the strict matcher judges it by the item's gold type."""
    return Protocol(
        name="strict",
        version=f"{version}+grader{answers.GRADER_VERSION}+errata.{errata.DIGEST}",
        prompt=prompt,
        extract=lambda text, item: answers.extract(text),
        match=_match,
    )


def _match(stated: Extraction, item: Item) -> Grade:
    """The strict matcher by the corrected gold; no answer is right where the suite gives none."""
    item = errata.corrected(item)
    if not item.answer:
        return Grade(False, stated.answer, "no-gold", "the item has no gold answer, so no answer can be right")
    return answers.match(stated, item.answer, item.answer_type, item.choices or None, item.unit)


def lettered(choices: tuple[str, ...]) -> str:
    """Options as lines "(A) text"; an option that is only its own letter is not repeated."""
    lines = [
        f"({letter})" if text.strip() == letter else f"({letter}) {text}"
        for letter, text in zip(string.ascii_uppercase, choices, strict=False)
    ]
    return "\n".join(lines)


def boxed_text(question: str, choices: tuple[str, ...] = ()) -> str:
    """The question, its options unless it holds them itself, and the request for a boxed answer (MM-UPT's suffix)."""
    lines = [question.strip()]
    if choices and len(inline(question)) != len(choices):
        lines.append("Choices:\n" + lettered(choices))
    lines.append(BOXED)
    return "\n".join(lines)


def boxed_prompt(item: Item) -> Prompt:
    """Pictures, then the question with its options and the request for a boxed answer."""
    return Prompt((*item.images, boxed_text(item.question, item.choices)))
