"""MathVista: mathematical questions on pictures from 31 sources.

Paper: arXiv 2310.02255. Hub: AI4Math/MathVista. Testmini has 1000 items: 540 choices given as text, 418
integers, 40 floats of precision 1 or 2, 2 lists. CC-BY-SA-4.0; the pictures keep the terms of their sources.

Columns: id, question, choices (list or null), answer, answer_type (text, integer, float, list), precision
(floats), unit, image, question_type (multi_choice, free_form), metadata (object with language, source,
category, task, context, grade, skills).

- A choice's gold is the option's text; it becomes the letter. An option that repeats an earlier one is left
  out, or two letters would name the gold (item 781 of testmini).
- An integer is matched exactly, a float after rounding to its precision, a list in order.
- A unit that the item states is asked for in the prompt. Questions on one picture form a cluster.

Metrics: accuracy, also by question_type, answer_type, language, source, category, task, context, grade and
skills (an item counts under each of its skills).

The official rules are build_query.py, extract_answer.py and calculate_score.py of lupantech/MathVista. A response that is an
option, or that Python reads as an integer or a float where one is asked for, is its own extraction; an empty response is
extracted as the empty text. For every other response the script asks GPT-4. An extraction is then normalised by the answer
type: a letter (in brackets or alone) names its option, any other text the option at the smallest edit distance; an integer
is what int() reads, a float is rounded to the item's precision; then the texts must be equal.

Integers: the verdicts that the benchmark published with its responses have "5.0" as no integer, as int(x) has it; that is
`official`, because a score is compared with the published ones. The script in the repository reads int(float(x)), so that
"5.0" is 5, and 5.9 as well: that is `official@2024` (commit e999481, 2024-11-28). Of the published runs llavar alone was
scored so. Where its language model found no answer, the published extractions read "None", compared as any other text.

Defects that belong to it: an empty extraction gets the option of the shortest text, so it can be right; "14 cm" and "1,200"
fail.

VLMEvalKit (vlmeval/dataset/utils/mathvista.py) compares the text "None" of its own with the gold of a list, so that no answer
to the two lists is right.

Repository: lupantech/MathVista, data/testmini.json, an object by pid; data/images/. VLMEvalKit's TSV has the whole query
("Hint: ...\\nQuestion: ...\\nChoices:\\n...") as its question, which says unit and precision, and neither language nor grade;
`index` is the pid.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import SAMPLES, Suite
from ..gold import published_choices
from ..items import LETTERS, ImageFolder, Record, gold_letters
from ..metrics import by_category, overall, together
from ..protocols import language_model, vlmevalkit
from ..protocols.base import Protocol, asked, boxed_prompt, judge_needed, lettered, rule_grade, undecided
from ..sources.layout import (
    Computed,
    Layout,
    as_int_or_none,
    blank,
    first_of_two,
    read_table,
    same,
    text_list,
    word_list,
)
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

CATEGORIES = ("language", "source", "category", "task", "context", "grade")
MAX_COMPARED = 2_000  # characters of an extraction that take part in the edit distance


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question_type = record.one_of("question_type", ("multi_choice", "free_form"))
    listed = record.texts("choices") if question_type == "multi_choice" else ()
    choices = tuple(dict.fromkeys(listed))
    answer, answer_type = _gold(record, choices)
    about = record.nested("metadata")
    image = folder.image(record, record.text("image"))
    unit = record.optional_text("unit")
    return Item(
        id=record.text("id"),
        suite="mathvista",
        question=record.text("question"),
        answer=answer,
        answer_type=answer_type,
        images=(image,),
        choices=choices,
        unit=unit,
        cluster=image.sha256,
        meta={
            "question_type": question_type,
            "answer_type": record.text("answer_type"),
            "precision": record.integer("precision") if answer_type.startswith("float") else None,
            **{name: about.text(name) for name in CATEGORIES},
            "skills": about.texts("skills"),
            **({} if listed == choices else {"published_choices": listed}),
        },
    )


def _gold(record: Record, choices: tuple[str, ...]) -> tuple[str, str]:
    answer = record.text("answer")
    kind = record.one_of("answer_type", ("text", "integer", "float", "list"))
    if choices:
        if answer not in choices:
            raise record.error(f"column 'answer' must be the text of one of the choices, found {answer!r:.60}")
        return gold_letters(record, answer, choices)
    if kind == "float":
        return answer, f"float:round={record.integer('precision')}"
    return answer, {"integer": "number"}.get(kind, kind)


def prompt(item: Item) -> Prompt:
    """The boxed prompt; a unit that the item states is named after the question."""
    if item.unit is None:
        return boxed_prompt(item)
    return boxed_prompt(dataclasses.replace(item, question=f"{item.question.strip()} (Unit: {item.unit})"))


METRICS = together(overall, *(by_category(key) for key in ("question_type", "answer_type", *CATEGORIES, "skills")))


_LETTER = re.compile(r"\(([a-zA-Z])\)")
_HINTS = {
    "multi_choice": "answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.",
    "integer": "answer the question requiring an integer answer and provide the final value, e.g., 1, 2, 3, at the end.",
    "float1": "answer the question requiring a floating-point number with one decimal place and provide the final value, "
    "e.g., 1.2, 1.3, 1.4, at the end.",
    "float2": "answer the question requiring a floating-point number with two decimal places and provide the final value, "
    "e.g., 1.23, 1.34, 1.45, at the end.",
    "list": "answer the question requiring a Python list as an answer and provide the final list, e.g., [1, 2, 3], "
    "[1.2, 1.3, 1.4], at the end.",
}


def official_gold(item: Item) -> str:
    """The gold as published: for a choice the option's text."""
    return item.choices[ord(item.answer) - ord("A")] if _is_choice(item) else item.answer


def hint(item: Item) -> str:
    """The hint for the item's answer type."""
    if _is_choice(item):
        return f"Hint: Please {_HINTS['multi_choice']}"
    kind = str(item.meta["answer_type"])
    return f"Hint: Please {_HINTS[kind if kind != 'float' else f'float{_precision(item)}']}"


def official_prompt(item: Item) -> Prompt:
    """Question with its unit, options, hint, and the start of a solution: the script's query without examples."""
    unit = f" (Unit: {item.unit})" if item.unit else ""
    options = [f"Choices:\n{lettered(published_choices(item))}"] if _is_choice(item) else []
    return asked(item, "\n".join([f"Question: {item.question}{unit}", *options, hint(item), "Solution:"]))


def official_extract(text: str, item: Item) -> Extraction:
    """The script's shortcuts; whatever they do not settle needs a language model."""
    if not text:
        return Extraction("", "empty", "an empty response is extracted as the empty text")
    if _is_choice(item) and text in published_choices(item):
        return Extraction(text, "option", "the response is an option")
    kind = item.meta["answer_type"]
    try:
        if kind == "integer":
            return Extraction(str(int(text)), "integer", "the response is an integer")
        if kind == "float":
            return Extraction(str(float(text)), "float", "the response is a number")
    except ValueError:
        pass
    return judge_needed("not settled by the script's shortcuts; it asks GPT-4 for the answer")


def official_match(stated: Extraction, item: Item) -> Grade:
    """Equality of the normalised extraction with the gold, as texts."""
    return _match(stated, item, int)


def _official_2024_match(stated: Extraction, item: Item) -> Grade:
    return _match(stated, item, lambda text: int(float(text)))


def _match(stated: Extraction, item: Item, integer: Callable[[str], int]) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    predicted = normalised(stated.answer, item, integer)
    rule = "nearest option" if _is_choice(item) else str(item.meta["answer_type"])
    return rule_grade(predicted == official_gold(item), stated, rule, f"read as {predicted!r:.80}")


def normalised(extraction: str, item: Item, integer: Callable[[str], int] = int) -> str | None:
    """What the script compares with the gold; None where a number was wanted and Python reads none."""
    if _is_choice(item):
        return _option(extraction.strip(), published_choices(item))
    try:
        if item.meta["answer_type"] == "integer":
            return str(integer(extraction))
        if item.meta["answer_type"] == "float":
            return str(round(float(extraction), _precision(item)))
    except (ValueError, OverflowError):
        return None
    return extraction


def _is_choice(item: Item) -> bool:
    return item.meta["question_type"] == "multi_choice"


def _precision(item: Item) -> int:
    return int(str(item.meta["precision"]))


def _option(extraction: str, options: tuple[str, ...]) -> str:
    lettered_as = _LETTER.findall(extraction)
    if lettered_as:
        extraction = lettered_as[0].upper()
    if len(extraction) == 1 and 0 <= ord(extraction) - ord("A") < len(options):
        return options[ord(extraction) - ord("A")]
    return nearest(extraction[:MAX_COMPARED], options)


@lru_cache(maxsize=8192)
def nearest(text: str, options: tuple[str, ...]) -> str:
    """The first option at the smallest edit distance."""
    return min(options, key=lambda option: edit_distance(text, option))


def edit_distance(first: str, second: str) -> int:
    """Levenshtein's distance: insertions, deletions and substitutions, one each."""
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def _vlmevalkit_extract(text: str, item: Item) -> Extraction:
    if item.meta["question_type"] == "multi_choice":
        return vlmevalkit.chosen(text, published_choices(item))
    if item.meta["answer_type"] == "list":
        return Extraction(text.strip(), "list", "VLMEvalKit compares its own empty value with the gold of a list")
    if _vlmevalkit_equal(text, item):
        return Extraction(text.strip(), str(item.meta["answer_type"]), "the response is the gold")
    return judge_needed("the response is not the gold alone; a language model would look for the answer")


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    if item.meta["question_type"] == "multi_choice":
        return rule_grade(stated.answer == _option_letter(item), stated, "letter")
    return rule_grade(_vlmevalkit_equal(stated.answer, item), stated, str(item.meta["answer_type"]))


def _option_letter(item: Item) -> str:
    return LETTERS[published_choices(item).index(official_gold(item))]


def _vlmevalkit_equal(text: str, item: Item) -> bool:
    read = {"integer": int, "float": float}.get(str(item.meta["answer_type"]))
    if read is None:
        return False  # a list: what it compares is str(None)
    try:
        return bool(read(text) == read(item.answer))
    except ValueError:
        return False


_QUERY = re.compile(r"Hint:[^\n]*\n(?:Question:\s*)(?P<question>.*?)(?:\nChoices:\n.*)?", re.DOTALL)
_UNIT = re.compile(r"\s*\(Unit: (?P<unit>years|g)\)\Z")
"""The units that the benchmark has in a column of their own; any other one stands in its question."""
_PLACES = {"one decimal place": 1, "two decimal places": 2}
NOT_GIVEN = "not given"
"""A label that VLMEvalKit's TSV does not have."""


def _query(text: Any) -> tuple[str, str]:
    """The question of VLMEvalKit's TSV without hint and choices, and its hint; a question without a hint stays as it is."""
    found = _QUERY.fullmatch(str(text).strip())
    return (found["question"].strip(), str(text).partition("\n")[0]) if found else (str(text), "")


def _question_of_query(text: Any) -> str:
    question, hint = _query(text)
    return _UNIT.sub("", question) if hint else question


def _unit_of_query(unit: Any, text: Any) -> str | None:
    question, hint = _query(text)
    named = _UNIT.search(question) if hint else None
    return (named["unit"] if named else None) if blank(unit) else str(unit)


def _precision_of_query(precision: Any, text: Any) -> int | None:
    if not blank(precision):
        return as_int_or_none(precision)
    return next((places for words, places in _PLACES.items() if words in _query(text)[1]), None)


def _labels(skills: Any, *about: Any) -> dict[str, Any]:
    given = (NOT_GIVEN if blank(value) else value for value in about)
    return {**dict(zip(CATEGORIES, given, strict=True)), "skills": word_list(skills)}


_VALUE = language_model.extractor(language_model.VALUE, language_model.verbatim, none="None")

LAYOUT: Layout = {
    **same("question", "answer", "answer_type", "unit", "question_type"),
    "id": "pid",
    "choices": Computed(text_list, "choices"),
    "precision": Computed(as_int_or_none, "precision"),
    "image": "decoded_image",
    "metadata": Computed(read_table, "metadata"),
}

PUBLISHED = Published(
    sets={"testmini": 1000},
    hub=HubSet("AI4Math/MathVista", ("testmini",), LAYOUT),
    vlmevalkit=VLMEvalKitSet(
        ("MathVista_MINI",),
        {
            "id": Computed(first_of_two, "id?", "index"),
            **same("answer", "image", "question_type", "answer_type"),
            "question": Computed(_question_of_query, "question"),
            "choices": Computed(text_list, "choices"),
            "precision": Computed(_precision_of_query, "precision?", "question"),
            "unit": Computed(_unit_of_query, "unit?", "question"),
            "metadata": Computed(_labels, "skills", *(f"{name}?" for name in CATEGORIES)),
        },
    ),
    checkout=TableCheckout(("testmini.json",), {**LAYOUT, "image": "image"}),
    lmms_eval_ids={"id": "question_id"},  # of tasks/mathvista/utils.py
)

SUITE = Suite(
    name="mathvista",
    title="MathVista",
    parse=parse,
    prompt=prompt,
    own_protocols=(
        Protocol(
            "official",
            f"2+mathvista-published+{language_model.VERSION}",
            official_prompt,
            official_extract,
            official_match,
            extractor=_VALUE,
        ),
        Protocol(
            "official@2024",
            f"1+mathvista-e999481+{language_model.VERSION}",
            official_prompt,
            official_extract,
            _official_2024_match,
            extractor=_VALUE,
        ),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            official_prompt,
            _vlmevalkit_extract,
            _vlmevalkit_match,
            extractor=vlmevalkit.option_or_value(_is_choice),
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "mathvista.jsonl",
)
