"""ChartQA: questions on charts, written by people (human) or generated from captions (augmented).

Paper: arXiv 2203.10244. Test has 1250 human and 1250 augmented items. No licence file in the repository; the
hub card says GPL-3.0, and the charts belong to their publishers.

Columns: id, question, answer, image, split (test_human, test_augmented).

The gold type follows from gold and question, because the suite's relaxed rule (5 percent) is meant for values
read off an axis:

- "[2003, 2004]" is a `set`: the 22 list golds name two years or two groups, in no order that the question
  asks for.
- A whole number from 1500 to 2100 is a `year`, exact, if the question asks for a year or a time: "which
  year", "what 2 years", "when ..." at its start. "What was the revenue in the year 2007?" does not, and stays
  relaxed.
- A whole number below 20 that answers "How many ...?" is a count, a `number`, exact: 5 percent of it is less
  than one whole. "How many million ..." and other amounts stay relaxed.
- Any other number is `relaxed:0.05`; the rest is `text`.

Questions on one chart form a cluster.

Metrics: accuracy, also by split (human, augmented).

The official rule is the relaxed accuracy of the paper's section 5.1, in the form that the field uses (pix2struct's
metrics.py). Right if both texts are numbers and differ by at most 5 percent of the gold, which
must not be 0; otherwise if the texts are equal in lower case. A number may end with a percent sign, which divides it by
100. Defects that belong to it: 2000 is right for the year 2015; "24%" against "24", "$25" against "25" and "Yes." fail; a
list gold must be repeated letter by letter.

VLMEvalKit has the same rule (vlmeval/dataset/utils/vqa_eval.py), but a list gold that Python reads, "[2003, 2004]", names
alternatives, of which one is enough. `vlmevalkit@2024` is its rule before commit 677e30a5 (2025-09-01), by which older scores
were computed: gold and response changed places, so the difference counts in parts of the response, which must not be 0.

Repository: vis-nlp/ChartQA, "ChartQA Dataset/test/test_human.json" and test_augmented.json, lists; png/. An id is the split
and the position in both, one after the other: test_human-0 to test_augmented-2499. Whether the `index` of VLMEvalKit's TSV
is that is uncertain, and not assumed."""

from __future__ import annotations

import re
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import SAMPLES, Suite
from ..gold import published, published_gold
from ..items import ImageFolder, Record
from ..metrics import by_category, overall, together
from ..protocols import vlmevalkit
from ..protocols.base import Protocol, asked, float_or_none, rule_grade
from ..sources.layout import ROW, SPLIT, Computed, renamed, same, text_list
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

SPLITS = {"test_human": "human", "test_augmented": "augmented"}
ASKS = "Answer the question using a single word or phrase."
TOLERANCE = 0.05
_NUMBER = re.compile(r"[-+]?[$€£¥]?\s*(?:\d[\d,]*\.?\d*|\.\d+)\s*%?")
_LIST = re.compile(r"\[.*,.*\]", re.DOTALL)
_ASKS_TIME = re.compile(
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}?(?:years?|time|decade|date)\b"
    r"|^\W*(?:(?:since|until|till|from|by|of)\s+)?when\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"^\W*how\s+many\b(?!\s+(?:hundred|thousand|million|billion|trillion|percent|percentage|points|dollars|euros|pounds|tons"
    r"|tonnes|hours|minutes|kilo\w*|metric|u\.?s\.?)\b)",
    re.IGNORECASE,
)


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question, raw = record.text("question"), record.text("answer")
    answer, answer_type = gold_type(question, raw)
    image = folder.image(record, record.text("image"))
    return Item(
        id=record.text("id"),
        suite="chartqa",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(image,),
        cluster=image.sha256,
        meta={"split": SPLITS[record.one_of("split", SPLITS)], **published(raw, answer)},
    )


def gold_type(question: str, gold: str) -> tuple[str, str]:
    """The gold without spaces around it, and its type by the module's rule."""
    plain = gold.strip()
    if _LIST.fullmatch(plain):
        return plain, "set"
    if not _NUMBER.fullmatch(plain):
        return plain, "text"
    if re.fullmatch(r"\d{4}", plain) and 1500 <= int(plain) <= 2100 and _ASKS_TIME.search(question):
        return plain, "year"
    if re.fullmatch(r"\d{1,2}", plain) and int(plain) < 20 and _COUNTS.search(question):
        return plain, "number"
    return plain, "relaxed:0.05"


def official_prompt(item: Item) -> Prompt:
    """The question and the request for one word or phrase."""
    return asked(item, f"{item.question}\n{ASKS}")


def official_extract(text: str, item: Item) -> Extraction:
    """The whole response without the spaces around it."""
    return Extraction(text.strip(), "whole", "the whole response")


def official_match(stated: Extraction, item: Item) -> Grade:
    """The relaxed rule."""
    return _relaxed(stated, published_gold(item), stated.answer or "")


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    grades = [_relaxed(stated, gold, stated.answer or "") for gold in _alternatives(published_gold(item))]
    return max(grades, key=lambda grade: bool(grade.correct))


def _vlmevalkit_2024_match(stated: Extraction, item: Item) -> Grade:
    grades = [_relaxed(stated, stated.answer or "", gold) for gold in _alternatives(published_gold(item))]
    return max(grades, key=lambda grade: bool(grade.correct))


def _alternatives(gold: str) -> list[str]:
    """The members of a gold that is a list to Python; any other gold alone."""
    try:
        return text_list(gold) if gold.startswith("[") else [gold]
    except ValueError:
        return [gold]


def _relaxed(stated: Extraction, target: str, other: str) -> Grade:
    """Whether `other` is within 5 percent of `target`, or the same text where one of them is no number or the target is 0."""
    value, wanted = _percent_or_number(other), _percent_or_number(target)
    if value is not None and wanted:
        return rule_grade(abs(value - wanted) / abs(wanted) <= TOLERANCE, stated, "within 5 percent")
    return rule_grade(other.lower() == target.lower(), stated, "text")


def _percent_or_number(text: str) -> float | None:
    if not text.endswith("%"):
        return float_or_none(text)
    value = float_or_none(text.rstrip("%"))
    return None if value is None else value / 100


_split = renamed(human_test="test_human", augmented_test="test_augmented")


def _split_of_m4(whose: Any) -> str:
    """0 or "human", 1 or "machine"."""
    return {"0": "test_human", "human": "test_human"}.get(str(whose), "test_augmented")


def _label_of_m4(label: Any) -> Any:
    """The label, which is a list of one text."""
    return label[0] if isinstance(label, list) and len(label) == 1 else label


PUBLISHED = Published(
    sets={"test": 2500},
    parts={"human or augmented": 1250},
    hub=HubSet(
        "lmms-lab/ChartQA",
        ("test",),
        {
            "id": Computed(lambda split, row: f"{_split(split)}-{row}", "type", ROW),
            **same("question", "answer", "image"),
            "split": Computed(_split, "type"),
        },
    ),
    further={
        "m4": HubSet(
            "HuggingFaceM4/ChartQA",
            ("test",),
            {
                "id": Computed(lambda whose, row: f"{_split_of_m4(whose)}-{row}", "human_or_machine", ROW),
                "question": "query",
                "answer": Computed(_label_of_m4, "label"),
                "image": "image",
                "split": Computed(_split_of_m4, "human_or_machine"),
            },
        )
    },
    vlmevalkit=VLMEvalKitSet(("ChartQA_TEST",), {"id": "index", **same("question", "answer", "image", "split")}),
    checkout=TableCheckout(
        ("test_human.json", "test_augmented.json"),
        {
            "id": Computed(lambda split, row: f"{split}-{row}", SPLIT, ROW),
            "question": "query",
            "answer": "label",
            "image": "imgname",
            "split": SPLIT,
        },
        places=("ChartQA Dataset/test", "test", ""),
        starts=("png",),
        holds="",
    ),
)

SUITE = Suite(
    name="chartqa",
    title="ChartQA",
    parse=parse,
    own_protocols=(
        Protocol("official", "1", official_prompt, official_extract, official_match),
        Protocol(vlmevalkit.NAME, vlmevalkit.VERSION, official_prompt, official_extract, _vlmevalkit_match),
        Protocol("vlmevalkit@2024", "1+vlmevalkit-70389f3e", official_prompt, official_extract, _vlmevalkit_2024_match),
    ),
    metrics=together(overall, by_category("split")),
    published=PUBLISHED,
    sample=SAMPLES / "chartqa.jsonl",
)
