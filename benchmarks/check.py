"""Does a suite judge as it should? Golds are accepted, corrupted golds refused, pictures open, the items are all there.

A check of the data and of the scorer at once: what it finds is a damaged file, a gold that no answer can match, or a rule
that lets a wrong answer pass.
"""

from __future__ import annotations

import io
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image as Picture

from ..harness.errors import DataError
from ..harness.limits import CHECKED_PIXELS
from ..harness.types import Image, Item, Json
from . import gold
from .base import Protocol, Suite

CHECKS = {
    "count": "is the number of items one that was named or published?",
    "ids": "is no id used twice in the set?",
    "golds": "is each gold accepted as an answer?",
    "corruptions": "is each wrong answer refused?",
    "images": "does each picture open?",
    "prompts": "has each prompt all pictures of its item?",
    "overlap": "is each item absent from the training set?",
}
"""What each check asks; the last is made only where a training set is named."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NUMERIC = re.compile("number|relaxed|float")


@dataclass(frozen=True)
class GoldFailure:
    """One thing that is wrong: what was checked, of which item (None: of the whole), and what was found."""

    check: str
    item_id: str | None
    found: str


@dataclass
class SuiteReport:
    """What was checked: how often each check was made, and all that failed."""

    suite: str
    protocol: str
    version: str
    items: int
    made: dict[str, int] = field(default_factory=lambda: {name: 0 for name in CHECKS if name != "overlap"})
    failures: list[GoldFailure] = field(default_factory=list)
    errata: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True if nothing failed."""
        return not self.failures

    def add(self, check: str, problems: Iterable[str | None], item_id: str | None = None) -> None:
        """Note the outcomes of a check: None for each that passed, what was found for each that did not."""
        for outcome in problems:
            self.made[check] += 1
            if outcome is not None:
                self.failures.append(GoldFailure(check, item_id, outcome))

    def to_json(self) -> Json:
        """All of it; checks with the number made and failed."""
        failed = Counter(failure.check for failure in self.failures)
        return {
            "suite": self.suite,
            "protocol": self.protocol,
            "version": self.version,
            "items": self.items,
            "passed": self.passed,
            "checks": {name: {"made": made, "failed": failed[name]} for name, made in self.made.items()},
            "errata": self.errata,
            "failures": [
                {"check": failure.check, "id": failure.item_id, "found": failure.found} for failure in self.failures
            ],
        }


def check_suite(suite: Suite, protocol: Protocol, items: Sequence[Item], expected: Sequence[int] = ()) -> SuiteReport:
    """All checks of a suite's items under a protocol; the count must be one of `expected`, unless that is empty."""
    report = SuiteReport(suite.name, protocol.name, protocol.version, len(items))
    if expected:
        report.add("count", [_count(len(items), expected)])
    repeated = [item_id for item_id, count in Counter(item.id for item in items).items() if count > 1]
    report.add("ids", [f"used more than once: {', '.join(repeated[:5])}" if repeated else None])
    opened: set[str] = set()
    for item in items:
        erratum = gold.erratum_of(item)
        if erratum is not None:
            report.errata.append(item.id)
        # only `strict` corrects a gold, and only there is it the corrected one that must be accepted
        judged = gold.corrected(item) if protocol.name == "strict" else item
        report.add("golds", _gold(protocol, judged, has_erratum=erratum is not None), item.id)
        report.add("corruptions", _corrupted(protocol, judged), item.id)
        report.add("images", (_opens(image, opened) for image in item.images), item.id)
        report.add("prompts", [_prompt(protocol, item)], item.id)
    return report


def corruptions(item: Item) -> Iterator[tuple[str, str]]:
    """Responses to an item that are wrong, each with the kind of its corruption."""
    yield "silence", ""
    yield "no answer", "I cannot tell."
    if item.answer_type in ("choice", "multichoice"):
        yield from _other_letters(item)
    elif item.answer:
        for kind, answer in _other_values(item.answer, item.answer_type):
            yield kind, _boxed(answer)


def _boxed(answer: str) -> str:
    return f"So the answer is \\boxed{{{answer}}}."


def _other_letters(item: Item) -> Iterator[tuple[str, str]]:
    gold = re.findall("[A-Z]", item.answer)
    letters = string.ascii_uppercase[: len(item.choices) or 5]
    others = [letter for letter in letters if letter not in gold]
    for letter in others:
        yield "another letter", _boxed(letter)
    if len(gold) > 1:
        yield "a letter dropped", _boxed(", ".join(gold[:-1]))
    if gold and others:
        yield "a letter added", _boxed(", ".join([*gold, others[0]]))
        yield "a hedge", f"The answer is {gold[0]} or {others[0]}."


def _other_values(gold: str, answer_type: str) -> Iterator[tuple[str, str]]:
    number = _NUMBER.search(gold)
    if number is None:
        yield "a word added", f"not {gold}"
        return
    changed = f"{2 * float(number[0]) + 3:g}"
    yield "a number changed", gold[: number.start()] + changed + gold[number.end() :]
    if _NUMERIC.match(answer_type) and re.fullmatch(r"-?[\d.,]+", gold) and re.search("[1-9]", gold):
        yield "the sign changed", gold[1:] if gold.startswith("-") else f"-{gold}"
        yield "a digit added", f"{gold.partition('.')[0]}7"


def _count(count: int, expected: Sequence[int]) -> str | None:
    if count in expected:
        return None
    return f"{count} items, expected {' or '.join(map(str, expected))}"


def _gold(protocol: Protocol, item: Item, has_erratum: bool) -> Iterator[str | None]:
    if not item.answer:
        yield None if has_erratum else "the gold is empty, and no erratum says so"
        return
    grade = protocol.match(protocol.extract(_boxed(item.answer), item), item)
    yield None if grade.correct else f"the gold {item.answer!r:.80} is refused: {grade.reason:.120}"


def _corrupted(protocol: Protocol, item: Item) -> Iterator[str | None]:
    for kind, response in corruptions(item):
        grade = protocol.match(protocol.extract(response, item), item)
        accepted = f"{kind}: {response!r:.80} is accepted for the gold {item.answer!r:.80}"
        yield accepted if grade.correct else None


def _opens(image: Image, opened: set[str]) -> str | None:
    if image.sha256 in opened:
        return None
    opened.add(image.sha256)
    try:
        with Picture.open(io.BytesIO(image.read())) as picture:
            if picture.width * picture.height > CHECKED_PIXELS:
                return f"{image.name!r:.60} has {picture.width} x {picture.height} pixels"
            picture.load()
    except DataError as error:
        return str(error)
    except Exception as error:  # decoders of damaged pictures raise whatever they like
        reason = str(error).partition(" <")[0]  # no address of an object in memory
        return f"{image.name!r:.60} does not open: {reason:.120}"
    return None


def _prompt(protocol: Protocol, item: Item) -> str | None:
    in_prompt = Counter(image.sha256 for image in protocol.prompt(item).images)
    missing = Counter(image.sha256 for image in item.images) - in_prompt
    return f"{missing.total()} of its pictures are not in the prompt" if missing else None
