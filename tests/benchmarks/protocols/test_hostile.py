"""No answer ends a score: under every protocol of every suite each has a verdict, or waits for a language model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.benchmarks.base import Protocol
from proctor.benchmarks.examination import plan, score_under
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import Extraction
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Item, Request, Response, Sampling

from ...harness.answers.hostile import HOSTILE

NUMBERS = (
    *(
        "9" * 5000,
        "nan",
        "inf",
        "-Infinity",
        "1e400",
        "-1e400",
        "1e-400",
        "1_000",
        "٣",
        "²",
        "½",
        "0x10",
        "1e400%",
        "5%%",
        "%",
    ),
    *(
        "0/0",
        "1/0",
        "10^{400}/7",
        "2^{-99999}",
        r"\frac{2^{2022}}{3}",
        r"\frac{1}{0}",
        "0^{-1}",
        r"\sqrt[0]{2}",
        r"\log 0",
    ),
    *(
        "(10^{300},2)",
        r"(\frac{10^{4000}}{3},2)",
        "[1e400,2]",
        "(nan,inf)",
        "3000!",
        r"\exp{1000}",
        r"\binom{1000}{500}",
    ),
)
FORMS = (
    "",
    "None",
    "\0",
    "[",
    "[[1], 2",
    "{",
    '{"short answer": 1e999}',
    '{"short answer": NaN}',
    '{"short answer": [1]}',
)
MARKS = (
    "Answer:",
    "<Answer>",
    "ASSISTANT:",
    "<think>",
    "</think>",
    "the answer is ",
    "(A",
    "A, B, , C",
    "is ",
    "=",
    "\\boxed{",
)
TEXTS = (*NUMBERS, *(f"\\boxed{{{number}}}" for number in NUMBERS), *FORMS, *MARKS, *HOSTILE.values())
PIECES = (
    *(r"\frac", r"\sqrt", r"\pi", r"\boxed{", r"\text{", r"\left(", r"\right)", r"\log", r"\sin", r"\binom", r"\cdot"),
    *(
        r"\infty",
        r"\circ",
        r"\%",
        r"\cup",
        r"\{",
        r"\}",
        "\\\\",
        "Answer:",
        "answer is ",
        "<think>",
        "</think>",
        " and ",
        "cm",
    ),
    *("A", "B", "cm", "1e400", "nan", "10", "\n", *"{}()[]^_20.-+*/xe%!:,=<|$'\" "),
)


class Says:
    """An engine that answers sample n of every item with the nth text."""

    name = "says"

    def identity(self) -> dict[str, str]:
        """Who answers."""
        return {"engine": "says"}

    def versions(self) -> dict[str, str]:
        """For the record."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """The texts in order."""
        for request in requests:
            yield from (Response(request.item_id, n, TEXTS[n], finish_reason="stop") for n in request.samples)


def kinds(suite: str) -> list[Item]:
    """An item of each type of gold that the bundled sample has."""
    return list({item.answer_type: item for item in reversed(SUITES.get(suite).load())}.values())


def judge(protocol: Protocol, text: str, item: Item) -> None:
    """All that a protocol does with a text: as a response, as what was extracted, and as a language model's reply."""
    stated = (protocol.extract(text, item), Extraction(text, "recorded", "recorded elsewhere"))
    grades = [protocol.match(one, item) for one in stated]
    if protocol.extractor is not None:
        protocol.extractor.prompt(text, item)
        read = [protocol.extractor.read(reply, item) for reply in (text, f"Answer: {text}")]
        grades += [protocol.match(one, item) for one in read if one is not None]
    if protocol.judge is not None:
        protocol.judge.prompt(text, item)
        assert protocol.judge.read(text) in (True, False, None)
    assert all(grade.correct in (True, False, None) for grade in grades)


@pytest.mark.parametrize("suite", ["dynamath", "mathvision", "mathvista"])
def test_a_run_of_hostile_answers_is_scored(suite, tmp_path):
    examination = plan(suite, "strict", Sampling(n=len(TEXTS), temperature=1.0), limit=1)
    run_eval(examination, Says(), tmp_path / "run")
    names = list(SUITES.get(suite).protocols)
    scored = score_under(tmp_path / "run", names)
    assert [one.rules.name for one in scored] == names
    assert all(len(one.verdicts) == len(TEXTS) and one.missing == 0 for one in scored)


@pytest.mark.parametrize("suite", SUITES.names())
def test_every_kind_of_gold_is_judged_against_hostile_answers(suite):
    for item in kinds(suite):
        for protocol in SUITES.get(suite).protocols.values():
            for text in (*NUMBERS, *FORMS, *MARKS):
                judge(protocol, text, item)


@pytest.mark.parametrize("suite", SUITES.names())
@given(text=st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
@settings(max_examples=8, deadline=None)
def test_no_answer_in_pieces_of_grammar_raises(suite, text):
    for item in kinds(suite):
        for protocol in SUITES.get(suite).protocols.values():
            judge(protocol, f"\\boxed{{{text}}}", item)
            judge(protocol, text, item)
