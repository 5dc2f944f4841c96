"""MathVerse: 788 problems, each in five versions that move the content from the text into the picture.

Paper: arXiv 2403.14624. Hub: AI4Math/MathVerse. Testmini has 3940 items, 436 with options and 352 free per
version; 788 Text Only items stand apart, on the hub as a set of their own (`--data hub:text_only`). MIT
(repository), CC-BY-SA-4.0 (project site); many problems come from earlier geometry sets.

Columns: id, question, choices (list or null; or options in the question), answer, answer_type, image (null
for Text Only), problem (number), problem_version, and subject and subfield or an object `metadata` that holds
both; question_for_eval, if there, is the full question of any version.

- Options lose their letter prefix ("A:40°"). A gold can be several letters, a line each, or an option's text.
- A free gold loses the quantity's name ("Area $=...$") and gets its type from its shape. A lone letter
  (Vision Only, where the options are in the picture) is a `choice` without texts.
- A Vision Only question is empty: it stands in the picture.

Metrics: accuracy over the versions with a picture (3940 items of testmini: what papers print), also by subject,
subfield and question_type; and by version, and version and subject, where Text Only stands apart. If Text Only
was asked alone, all of them are of it, and accuracy_with_picture, else equal to accuracy, is undefined.

The official protocol has the prompts of the `query_cot` column, and leaves extraction and scoring to a language model:
evaluation/extract_answer_s1.py and score_answer_s2.py of ZrrSkywalker/MathVerse ask GPT for the answer and then GPT again
for 0 or 1; no rule decides anything. So every response is undecided until a language model takes both steps. Defects of the
scripts that are not repeated: the scorer reads a column that the data do not have, and shows an empty question for Vision
Only items, where `question_for_eval` should stand. VLMEvalKit does the same, and takes an extraction that is the gold's
very text without asking again.

Repository: ZrrSkywalker/MathVerse, data/testmini.json, a list. testmini_text_only.json is read when it is named, and never
with the other versions. Uncertain: whether images.zip unpacks into images/ or beside the JSON file; both are read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt, Verdict
from ..base import SAMPLES, Suite
from ..gold import published, published_gold, typed
from ..items import ImageFolder, Record, bare, gold_letters, inline
from ..metrics import Measure, Metric, by_category, overall, together, where
from ..protocols import language_model, vlmevalkit
from ..protocols.base import Protocol, asked, boxed_prompt, judge_needed, lettered, rule_grade, undecided
from ..sources.layout import Computed, Layout, as_int, blank, read_table, renamed
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

VERSIONS = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only", "Text Only")
READ_THE_PICTURE = "Answer the question that stands in the picture."
_FREE = "provide the final value, e.g., 1, 2.5, 300, at the end."
_CHOICE = "provide the correct option letter, e.g., A, B, C, D, at the end."


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    version = record.one_of("problem_version", VERSIONS)
    question = record.text("question")
    choices = bare(record.texts("choices")) or inline(question)
    raw = record.text("answer")
    with_options = record.one_of("answer_type", ("multiple_choice", "free_form")) == "multiple_choice"
    by_letter = with_options or re.fullmatch("[A-H]", raw.strip())
    answer, answer_type = gold_letters(record, raw, choices) if by_letter else typed(raw)
    about = record.nested("metadata") if "metadata" in record else record
    item_id = record.text("id")
    has_image = version != "Text Only" or record.get("image") is not None
    return Item(
        id=item_id,
        suite="mathverse",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),) if has_image else (),
        choices=choices,
        cluster=f"problem {record.integer('problem')}" if "problem" in record else item_id,
        meta={
            "version": version,
            "subject": about.text("subject"),
            "subfield": about.text("subfield"),
            "question_type": "choice" if by_letter else "free",
            "question_for_eval": record.optional_text("question_for_eval"),
            **published(raw, answer),
        },
    )


def prompt(item: Item) -> Prompt:
    """The boxed prompt; where the question stands in the picture, the text says so."""
    if item.question.strip():
        return boxed_prompt(item)
    return boxed_prompt(dataclasses.replace(item, question=READ_THE_PICTURE))


def _with_picture(item: Item) -> bool:
    return bool(item.meta["version"] != "Text Only")


def _apart(measure: Measure) -> Measure:
    """A measure that leaves Text Only out, unless nothing else was asked."""

    def measured(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
        chosen = [item for item in items if _with_picture(item)] or items
        ids = {item.id for item in chosen}
        return measure(chosen, [verdict for verdict in verdicts if verdict.item_id in ids])

    return measured


METRICS = together(
    _apart(overall),
    where("accuracy_with_picture", _with_picture),
    by_category("version"),
    _apart(together(by_category("subject"), by_category("subfield"), by_category("question_type"))),
    by_category("version", "subject"),
)


def official_prompt(item: Item) -> Prompt:
    """First reason, then answer; a question that stands in the picture is pointed to."""
    how = _CHOICE if item.meta.get("question_type") == "choice" else _FREE
    asks = f"first conduct reasoning, and then answer the question and {how}"
    if not item.question.strip():
        return asked(item, f"According to the question shown in the image, please {asks}")
    has_options = item.choices and len(inline(item.question)) != len(item.choices)
    options = f"\nChoices:\n{lettered(item.choices)}" if has_options else ""
    return asked(item, f"Please {asks}\nQuestion: {item.question}{options}")


def official_extract(text: str, item: Item) -> Extraction:
    """Nothing: extraction is a language model's part."""
    return judge_needed("MathVerse extracts every answer with a language model")


def official_match(stated: Extraction, item: Item) -> Grade:
    """Undecided: scoring is a language model's part."""
    return undecided(stated)


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    same = stated.answer is not None and stated.answer.strip() == published_gold(item).strip()
    return rule_grade(True, stated, "text") if same else undecided(stated)


def _id(version: str, index: Any) -> Any:
    """The sample_index; Text Only counts its own from 1 again."""
    return f"text-only-{index}" if version == "Text Only" else index


def _if_any(picture: Any) -> Any:
    return None if blank(picture) else picture


LAYOUT: Layout = {
    "id": Computed(_id, "problem_version", "sample_index"),
    "question": "question",
    "answer": "answer",
    "answer_type": Computed(renamed(multi_choice="multiple_choice", free_form="free_form"), "question_type"),
    "image": Computed(_if_any, "image"),
    "problem": Computed(as_int, "problem_index"),
    "problem_version": "problem_version",
    "metadata": Computed(read_table, "metadata"),
    "question_for_eval": "question_for_eval?",
}
_DATASETS = (
    "",
    "_Vision_Only",
    "_Vision_Only_cot",
    "_Vision_Dominant",
    "_Vision_Intensive",
    "_Text_Lite",
    "_Text_Dominant",
)

PUBLISHED = Published(
    sets={"testmini": 3940},
    parts={"one version": 788},
    hub=HubSet("AI4Math/MathVerse", ("testmini",), LAYOUT, config="testmini"),
    further={
        "text_only": HubSet("AI4Math/MathVerse", ("testmini_text_only",), LAYOUT, config="testmini_text_only"),
    },
    vlmevalkit=VLMEvalKitSet(tuple(f"MathVerse_MINI{version}" for version in _DATASETS), LAYOUT),
    checkout=TableCheckout(("testmini.json",), LAYOUT, starts=("images", ""), holds="images_version_1-4"),
    lmms_eval_ids={"id": LAYOUT["id"]},  # of tasks/mathverse/utils.py
)

SUITE = Suite(
    name="mathverse",
    title="MathVerse",
    parse=parse,
    prompt=prompt,
    own_protocols=(
        Protocol(
            "official",
            f"1+mathverse-9f815056+{language_model.VERSION}",
            official_prompt,
            official_extract,
            official_match,
            extractor=vlmevalkit.VALUE,
            judge=language_model.judge(),
        ),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            official_prompt,
            official_extract,
            _vlmevalkit_match,
            extractor=vlmevalkit.VALUE,
            judge=language_model.judge(),
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "mathverse.jsonl",
)
