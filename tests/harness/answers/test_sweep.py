"""Every option of the bundled samples, written in many ways: that option, and never another.

PROCTOR_TEST_DATA=FOLDER adds the items of that folder.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.answers.choices import resolve
from proctor.harness.answers.extract import extract
from proctor.harness.types import Item

WAYS = (
    "\\boxed{{{letter}}}", "\\boxed{{({letter})}}", "\\boxed{{\\text{{{letter}}}}}", "\\boxed{{\\textbf{{({letter})}}}}",
    "({letter})", "{letter}", "{letter}.", "**{letter}**", "({letter}) {text}", "{letter}. {text}", "{letter}: {text}",
    "{letter}) {text}", "**({letter}) {text}**", "\\boxed{{({letter})\\ {text}}}", "\\boxed{{\\text{{({letter})}} {text}}}",
    "Answer: {letter}", "Answer: ({letter}) {text}", "**Answer:** {letter}. {text}", "The answer is {letter}.",
    "The answer is ({letter}) {text}", "The correct option is {letter}.", "Option {letter} is correct.",
    "So the answer is option {letter}.", "<answer>{letter}</answer>", "<answer>({letter}) {text}</answer>",
    "We look closely.\n\n{letter}", "We look closely.\n\n({letter}) {text}", "### Final Answer\n\n{letter}",
    "**Final Answer**\n\n({letter}) {text}", "Therefore, the correct choice is ({letter}).",
    "答案是{letter}。", "故选：{letter}",
)  # fmt: skip


def items() -> Iterator[Item]:
    for name in SUITES.names():
        for item in SUITES.get(name).load():
            if item.choices and item.answer_type == "choice":
                yield item


@pytest.mark.parametrize("way", WAYS)
def test_an_option_written_in_this_way_is_that_option(way: str) -> None:
    refused, credited = [], []
    for item in items():
        for index, text in enumerate(item.choices):
            letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index]
            response = way.format(letter=letter, text=text.strip().replace("$", ""))
            stated = extract(response).answer
            chosen = resolve(stated, item.choices).letters if stated is not None else frozenset()
            if not chosen:
                refused.append((item.id, response))
            elif chosen != {letter}:
                credited.append((item.id, response, chosen))
    assert credited == []
    assert refused == []
