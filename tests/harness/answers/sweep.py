"""Ways of writing an answer, and what is read of each: the options of an item, and golds that are no option."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from proctor.benchmarks.gold import corrected
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import grade
from proctor.harness.answers.choices import resolve, without_remains
from proctor.harness.types import Item

FOLDER = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
PUBLISHED = (
    "mathvision/items.jsonl", "mathvision/questions.jsonl.gz", "mathverse/items.jsonl", "mathverse/items_text_only.jsonl",
    "mathvista/items.jsonl", "mathvista/questions.jsonl", "wemath/items.jsonl", "logicvista/items.jsonl",
    "dynamath/items.jsonl", "chartqa/items.jsonl", "iconqa/items.jsonl",
)  # fmt: skip
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

OPTION_WAYS = (
    "\\boxed{{{letter}}}", "\\boxed{{({letter})}}", "\\boxed{{\\text{{{letter}}}}}", "\\boxed{{\\textbf{{({letter})}}}}",
    "({letter})", "{letter}", "{letter}.", "**{letter}**", "({letter}) {text}", "{letter}. {text}", "{letter}: {text}",
    "{letter}) {text}", "**({letter}) {text}**", "\\boxed{{({letter})\\ {text}}}", "\\boxed{{\\text{{({letter})}} {text}}}",
    "Answer: {letter}", "Answer: ({letter}) {text}", "**Answer:** {letter}. {text}", "The answer is {letter}.",
    "The answer is ({letter}) {text}", "The correct option is {letter}.", "Option {letter} is correct.",
    "So the answer is option {letter}.", "<answer>{letter}</answer>", "<answer>({letter}) {text}</answer>",
    "We look closely.\n\n{letter}", "We look closely.\n\n({letter}) {text}", "### Final Answer\n\n{letter}",
    "**Final Answer**\n\n({letter}) {text}", "Therefore, the correct choice is ({letter}).",
    "答案是{letter}。", "故选：{letter}", "**Correct Answer: {letter}. {text}**", "The answer is option {letter}: {text}.",
    "Therefore, the answer is **{letter}. {text}**", "The correct answer is {letter}: {text}.", "I choose {letter}. {text}",
    "So, the correct option is **({letter}) {text}**.", "We can rule out the rest. Therefore the answer is ({letter}).",
    "Final Answer: {letter}) {text}", "\\boxed{{{letter}. {text}}}", "\\boxed{{\\text{{{letter}. {text}}}}}",
    "Thus, option ({letter}) {text} is correct.", "Answer: **{letter}** - {text}", "<answer>{letter}. {text}</answer>",
    "Thus, the answer is:\n\n**{letter}. {text}**", "My answer: {letter} ({text})", "The best match is {letter}.",
    "因此，正确答案是 **{letter}. {text}**。", "答案：{letter}. {text}", "所以选{letter}。",
    "Hence, {letter} is the correct option.",
    '{{"answer": "{letter}"}}', "## Answer\n{letter}. {text}", "✅ **Answer: {letter}) {text}**",
    "The correct choice is **{letter}**: {text}", "So it's ({letter}) {text}.", "This matches option {letter}.",
    "The figure that completes the pattern is {letter}.", "Only option {letter} satisfies this.",
    "Therefore, option {letter} is the right one.",
)  # fmt: skip

FREE_WAYS = (
    "{gold}", "${gold}$", "**{gold}**", "{gold}.", "\\boxed{{{gold}}}", "$\\boxed{{{gold}}}$", "\\[\\boxed{{{gold}}}\\]",
    "\\boxed{{\\text{{{gold}}}}}", "So we get \\boxed{{{gold}}}.", "The answer is {gold}.", "The answer is ${gold}$.",
    "The answer is: {gold}", "The answer is **{gold}**.", "The answer is \\boxed{{{gold}}}.", "Answer: {gold}",
    "**Answer:** {gold}", "**Answer: {gold}**", "**Final Answer:** {gold}", "Final answer: ${gold}$",
    "### Final Answer\n\n{gold}", "**Final Answer**\n\n**{gold}**", "#### {gold}", "The final answer is {gold}.",
    "Therefore, the final answer is \\({gold}\\).", "Thus, the correct answer is {gold}.", "So the result is {gold}.",
    "So the result is **{gold}**.", "We look closely.\n\nSo the answer is {gold}.",
    "We look closely.\n\n{gold}", "We look closely.\n\n${gold}$", "We look closely.\n\n**{gold}**",
    "<answer>{gold}</answer>", "<think>We look closely.</think>\n\n<answer>{gold}</answer>",
    "<think>It is 0.</think>The answer is {gold}.", '{{"answer": "{json}"}}',
    '```json\n{{"reasoning": "We look closely.", "final_answer": "{json}"}}\n```',
    "答案是{gold}。", "答案：{gold}", "所以答案为{gold}。", "The answer is {gold}.\n\nI hope this helps!",
    "The answer is {gold}.\n\nNote: the picture is not to scale.", "I think it is 0. Wait, no. The answer is {gold}.",
)  # fmt: skip


class Refused(NamedTuple):
    """A writing of which nothing, or not the gold, was read."""

    item: str
    response: str
    reason: str


class Swept(NamedTuple):
    """How many writings were read, those that were credited to something else, and those that were refused."""

    writings: int
    credited: list[Refused]
    refused: list[Refused]


def bundled() -> list[Item]:
    """The items of the samples that come with the project."""
    return [corrected(item) for name in SUITES.names() for item in SUITES.get(name).load()]


def published(stand_ins: Path) -> list[Item]:
    """The items of the data folder, with stand-ins, written to `stand_ins`, for pictures that are not in it."""
    return [
        corrected(item)
        for path in PUBLISHED
        for item in SUITES.get(path.partition("/")[0]).load(_with_stand_ins(FOLDER / path, stand_ins / Path(path).stem))
    ]


def _with_stand_ins(path: Path, folder: Path) -> Path:
    """The file of items, or a copy of it where it has no pictures: all with one, which does not matter here."""
    if path.name == "items.jsonl" and (path.parent / "images").is_dir():
        return path
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode("utf-8")
    folder = folder / path.parent.name
    folder.mkdir(parents=True)
    (folder / "picture.png").write_bytes(b"picture")
    records = [{**json.loads(line), "image": "picture.png"} for line in text.splitlines()]
    copy = folder / "items.jsonl"
    copy.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return copy


def options(items: Iterable[Item]) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(item, letter, text, options) of all options, the same options once."""
    seen = set()
    for item in items:
        if item.choices and item.answer_type == "choice" and item.choices not in seen:
            seen.add(item.choices)
            for letter, text in zip(LETTERS, item.choices, strict=False):
                yield f"{item.suite} {item.id}", letter, _written(text), item.choices


def _written(text: str) -> str:
    """An option as one would write it: without dollar signs, and without what some files have at its end."""
    return without_remains(text).replace("$", "").strip().rstrip("\\").strip()


def sweep_options(items: Iterable[Item], ways: Iterable[str] = OPTION_WAYS) -> Swept:
    """Every option in every way: that option, and never another."""
    swept = Swept(0, [], [])
    for name, letter, text, choices in options(items):
        for way in ways:
            response = way.format(letter=letter, text=text)
            judged = grade(response, letter, "choice", choices)
            swept = swept._replace(writings=swept.writings + 1)
            if not judged.correct:
                other = judged.extracted is not None and resolve(judged.extracted, choices).letters
                (swept.credited if other else swept.refused).append(Refused(name, response, judged.reason))
    return swept


def golds(items: Iterable[Item]) -> list[Item]:
    """Items whose gold is no option, the same gold once."""
    free = [item for item in items if not item.choices and item.answer_type not in ("choice", "multichoice")]
    return list({(item.answer, item.answer_type, item.unit): item for item in free}.values())


def neighbours(items: list[Item]) -> Iterator[tuple[Item, Item]]:
    """Each item with the next one of its type whose gold is not equal."""
    for at, item in enumerate(items):
        for other in (*items[at + 1 :], *items[:at]):
            if other.answer_type == item.answer_type and not _equal(item, other):
                yield item, other
                break


def _equal(one: Item, other: Item) -> bool:
    return any(
        grade(f"\\boxed{{{b.answer}}}", a.answer, a.answer_type, None, a.unit).correct
        for a, b in ((one, other), (other, one))
    )


def write(way: str, gold: str) -> str:
    """A gold in a way of writing."""
    return way.format(gold=gold, json=json.dumps(gold)[1:-1])


def sweep_golds(items: list[Item], ways: Iterable[str] = FREE_WAYS) -> Swept:
    """Every gold in every way: right; and the gold of its neighbour wrong."""
    swept = Swept(0, [], [])
    beside = {id(item): other for item, other in neighbours(items)}
    for item in items:
        for way in ways:
            response = write(way, item.answer)
            verdict = grade(response, item.answer, item.answer_type, None, item.unit)
            swept = swept._replace(writings=swept.writings + 1)
            if not verdict.correct:
                swept.refused.append(Refused(f"{item.suite} {item.id} {item.answer_type}", response, verdict.reason))
            other = beside.get(id(item))
            wrong = write(way, other.answer) if other else ""
            verdict = grade(wrong, item.answer, item.answer_type, None, item.unit)
            if verdict.correct:
                swept.credited.append(Refused(f"{item.suite} {item.id} {item.answer_type}", wrong, verdict.reason))
    return swept
