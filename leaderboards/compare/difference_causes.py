"""Why two protocols judge one response differently: each cause has a test that could fail, tried in a fixed order.

The tests are counterfactual. A difference is put down to extraction if a matcher changes its mind when it is given what
the other protocol read; to a unit if the refusing matcher accepts the answer without its unit; and so on. Where no test
succeeds the difference is unexplained, and counted as such.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...benchmarks.gold import corrected, erratum_of, published_gold
from ...benchmarks.protocols.arithmetic import evaluated
from ...benchmarks.protocols.second_opinion import NO_VERDICT
from ...harness.answers import Extraction, Grade, answer_key, match
from ...harness.runs.score import Rules
from ...harness.types import Item

UNEXPLAINED = "unexplained"
CAUSES: Mapping[str, str] = {
    "missing": "one of the runs has no answer, or an engine's error",
    "prompt": "asked by another prompt, the model answered differently",
    "response": "asked by the same prompt, the model answered differently",
    "judge-needed": "a language model should have decided on one side, and none did",
    "judge": "a language model decided",
    "library": "a grading library gave no verdict: out of time or memory, or it failed",
    "gold": "the gold is a known error, which one protocol corrects",
    "truncation": "the response was cut off, and one protocol finds no final answer in it",
    "guess": "one protocol takes the nearest option where none is named",
    "nothing-stated": "one protocol finds no final answer stated in the response, and the other does",
    "extraction": "the protocols read different final answers out of the response",
    "letter": "the same option, named in a way that one protocol does not take",
    "unit": "the same number; its unit is refused by one protocol, or ignored",
    "rounding": "numbers that differ, and are equal when rounded as one protocol does",
    "containment": "one protocol is content if the answer contains the gold, or is contained in it",
    "form": "the same answer in a form that one protocol does not read",
    UNEXPLAINED: "no test explains it",
}
RELATIVE_ROUNDING = 0.05
PLACES = 2

_NUMBER_THEN_UNIT = re.compile(
    r"(?P<value>[-+]?[$€£]?\s*[-+]?\d[\d,.\s/^*{}\\a-z()]*?)\s*"
    r"(?P<unit>\\?%|°|\^\{?\\?circ\}?|\\(?:text|mathrm|mbox)\s*\{[^{}]*\}|\{?[A-Za-z.]+\}?)(?:[\^²³]\{?\d?\}?)?[.\s]*",
    re.DOTALL,
)


@dataclass(frozen=True)
class ProtocolReading:
    """One protocol's view of a response: what it read, and its verdict. `by_model`: a language model took part."""

    rules: Rules
    stated: Extraction
    grade: Grade

    def of(self, stated: Extraction, item: Item) -> bool | None:
        """The verdict of its matcher on what another protocol read."""
        return self.rules.match(stated, item).correct


@dataclass(frozen=True)
class _Difference:
    """A response that one protocol accepts and the other refuses."""

    accepts: ProtocolReading
    refuses: ProtocolReading
    item: Item
    truncated: bool

    @property
    def answer(self) -> str:
        """What the accepting protocol read."""
        return self.accepts.stated.answer or ""

    def would_accept(self, answer: str) -> bool:
        """Whether the refusing matcher accepts an answer."""
        return self.refuses.of(Extraction(answer, "counterfactual", "put in by the explanation"), self.item) is True


def cause_of(left: ProtocolReading, right: ProtocolReading, item: Item, *, truncated: bool) -> str:
    """The name (of CAUSES) of why two protocols differ on one response of an item."""
    if NO_VERDICT in (left.grade.rule, right.grade.rule):
        return "library"
    if left.grade.correct is None or right.grade.correct is None:
        return "judge-needed"
    accepts, refuses = (left, right) if left.grade.correct else (right, left)
    difference = _Difference(accepts, refuses, item, truncated)
    return next((cause for cause, test in _TESTS.items() if test(difference)), UNEXPLAINED)


def _by_language_model(one: _Difference) -> bool:
    sides = (one.accepts, one.refuses)
    return any(side.stated.rule == "language model" or side.grade.rule == "judged" for side in sides)


def _gold(one: _Difference) -> bool:
    """True if the verdict of one side changes with the corrected gold, or the gold is known to be wrong beyond repair."""
    erratum = erratum_of(one.item)
    if erratum is None:
        return False
    fixed = corrected(one.item)
    fixed = dataclasses.replace(fixed, meta={**fixed.meta, "published_answer": fixed.answer})
    sides = (one.accepts, one.refuses)
    return erratum.correction is None or any(side.of(side.stated, fixed) != side.grade.correct for side in sides)


def _truncation(one: _Difference) -> bool:
    return one.truncated and not all(side.stated.answer for side in (one.accepts, one.refuses))


def _guess(one: _Difference) -> bool:
    named = {gold.strip().lower() for gold in (one.item.answer, published_gold(one.item), *one.item.choices)}
    return one.accepts.grade.rule == "nearest option" and one.answer.strip("() .").lower() not in named


def _extraction(one: _Difference) -> bool:
    """True if the readings differ, and a matcher changes its mind when it is given the other's reading."""
    ours, theirs = one.accepts.stated, one.refuses.stated
    if _key(ours, one.item) == _key(theirs, one.item):
        return False
    return one.refuses.of(ours, one.item) is True or one.accepts.of(theirs, one.item) is False


def _nothing_stated(one: _Difference) -> bool:
    """True if the refusing side reads nothing, and would accept what the other reads, or another statement of it."""
    return one.refuses.stated.answer is None and one.accepts.stated.answer is not None


def _key(stated: Extraction, item: Item) -> object:
    return answer_key(stated.answer, item.choices or None)


def _letter(one: _Difference) -> bool:
    """True if a choice's letter alone, or its option's text, is what the refusing matcher would accept."""
    if not one.item.answer_type.endswith("choice"):
        return False
    texts = [text for letter, text in zip("ABCDEFGHIJ", one.item.choices, strict=False) if letter in one.item.answer]
    return any(one.would_accept(name) for name in (one.item.answer, published_gold(one.item), *texts))


def _unit(one: _Difference) -> bool:
    """True if the refusing matcher accepts the answer without its unit, or compares with a gold that has none."""
    answer, gold = _without_unit(one.answer), _without_unit(published_gold(one.item))
    if answer == one.answer.strip() and gold == published_gold(one.item).strip():
        return False
    return one.would_accept(answer) or _exactly_same(answer, gold)


def _without_unit(text: str) -> str:
    found = _NUMBER_THEN_UNIT.fullmatch(text.strip().strip("$"))
    return found["value"].strip().lstrip("$€£") if found else text.strip()


def _exactly_same(answer: str, gold: str) -> bool:
    """Equality of what two texts say, by the strict matcher."""
    return match(Extraction(answer, "counterfactual", ""), gold, "expression").correct is True


def _rounding(one: _Difference) -> bool:
    gold_text = published_gold(one.item)
    answer, gold = evaluated(one.answer), evaluated(gold_text)
    if answer is None or gold is None or _exactly_same(one.answer, gold_text):
        return False
    return round(answer, PLACES) == round(gold, PLACES) or abs(answer - gold) <= RELATIVE_ROUNDING * abs(gold)


def _containment(one: _Difference) -> bool:
    answer, gold = one.answer.strip().lower(), published_gold(one.item).strip().lower()
    return one.accepts.grade.rule.startswith("contained") and answer != gold and (gold in answer or answer in gold)


def _form(one: _Difference) -> bool:
    """True if the refusing matcher takes the gold itself, and the answer is equal to it by text or in meaning."""
    gold = published_gold(one.item)
    same = _squeezed(one.answer) == _squeezed(gold) or _exactly_same(one.answer, gold)
    return same and (one.would_accept(gold) or one.would_accept(one.item.answer))


def _squeezed(text: str) -> str:
    """Letters, digits and signs alone, in lower case."""
    return re.sub(r"\\(?:text|mathrm|mbox|left|right|[,;! ])|[\s${}()\[\].]", "", text).lower()


_TESTS: Mapping[str, Callable[[_Difference], bool]] = {
    "judge": _by_language_model,
    "gold": _gold,
    "truncation": _truncation,
    "guess": _guess,
    "nothing-stated": _nothing_stated,
    "extraction": _extraction,
    "letter": _letter,
    "unit": _unit,
    "rounding": _rounding,
    "containment": _containment,
    "form": _form,
}
