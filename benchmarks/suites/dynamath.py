"""DynaMath: 501 seed questions drawn in 10 variants each, for the worst case over a seed's variants.

Paper: arXiv 2411.00836. Hub: DynaMath/DynaMath_Sample. 5010 items; per variant 296 floats, 174 choices, 31
texts. MIT badge in the repository, no licence file; some seeds derive from other sets.

Columns: id, question (which holds its options: "(A) yes (B) no", or a line each), answer, answer_type (float,
multiple choice, text), image, seed_id, variant, subject, level.

- A float is right within 0.001, a choice by letter or option text. A text gets its type from its shape (time,
  date, list, point, "x = 4", number, else the words themselves), and is then exact.
- The variants of a seed form a cluster.

Metrics, by the paper's section 4: `accuracy` is its average case. `worst_case` is the share of seeds that are right in all of
their 10 variants, and `reasoning_robustness` = worst case / average case, undefined where nothing is right. Both count only
seeds of which all 10 variants were judged: fewer variants would make a worst case that is easier. With several samples per
item, the k-th samples of a seed's variants are answered together, and the outcomes of all samples are pooled, in the
robustness too. Errors are clustered by seed. The worst case is a mean over seeds; the robustness is a ratio of two means over
seeds, and its error is the delta method's.

The official rules are evaluation/opensource_json_eval.py of DynaMath/DynaMath, commit 65a346ac. The response should be JSON
with the keys "solution" and "short answer"; where it is not, the last line without its last character is the short answer. A
float is right within 0.001 (its first word counts, and "2π" is understood), a choice by its letter or if the letter is among
the first three characters, a text if the gold stands anywhere in it. Defects that belong to it: the last line loses its last
character, so "B" alone fails; an answer "A or B" is right for A and for B; a text "not yes" is right for "yes"; a float with
a unit before it fails. Under VLMEvalKit's rules a text is right if it stands in the gold, so an empty one is.

Repository: DynaMath/DynaMath, "samples and result/10trials/trialN/dataset.json", an object by seed, with image/ beside it.
Trial N is variant N; the hub's variants are taken to be the same draws, which is uncertain. What generate_json.py draws anew
is not read.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.stats.intervals import ratio
from ...harness.stats.metrics import Metric, cluster, judged, overall, share
from ...harness.types import Item, Prompt, Verdict
from ..base import SAMPLES, Suite
from ..gold import published, published_gold, typed
from ..items import ImageFolder, Record, gold_letters, inline
from ..metrics import by_category, each_category, together
from ..protocols import language_model, vlmevalkit
from ..protocols.base import Protocol, asked, judge_needed, rule_grade, undecided
from ..sources.layout import KEY, SPLIT, Computed, as_int, same
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

VARIANTS = 10
MAX_JSON = 100_000
GUIDE = """
## Answer Instruction Please provide an answer to the question outlined above. Your response should adhere \
to the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' key can contain \
detailed steps needed to solve the question, and the 'short answer' key should provide a concise response. """
CHOICE = (
    "If the problem is a multiple choice problem, just provide the corresponing choice option, "
    "such as 'A', 'B', 'C', or 'D'."
)
FLOAT = "If the answer is a numerical value, format it as a three-digit floating-point number."
EXAMPLE = """

Example of expected JSON response format:

{
    "solution": "[Detailed step-by-step explanation]",
    "short answer": "[Concise Answer]"
}"""
TOLERANCE = 0.001


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question = record.text("question")
    kind = record.one_of("answer_type", ("float", "multiple choice", "text"))
    choices = inline(question) if kind == "multiple choice" else ()
    raw = record.text("answer")
    answer, answer_type = _gold(record, kind, raw, choices)
    seed = record.integer("seed_id")
    return Item(
        id=record.text("id"),
        suite="dynamath",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),),
        choices=choices,
        cluster=f"seed {seed}",
        meta={
            "seed": seed,
            "variant": record.integer("variant"),
            "subject": record.text("subject"),
            "level": record.text("level"),
            "answer_type": kind,
            **published(raw, answer),
        },
    )


def _gold(record: Record, kind: str, raw: str, choices: tuple[str, ...]) -> tuple[str, str]:
    if kind == "float":
        return raw, "float:abs=0.001"
    if kind == "multiple choice":
        return gold_letters(record, raw, choices)
    return typed(raw, colon="time")


def complete_seeds(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """For every seed and sample, its cluster and how many of its 10 variants are right."""
    answers: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for item, verdict in judged(items, verdicts):
        answers[cluster(item), verdict.sample].append(bool(verdict.correct))
    return [(seed, sum(outcomes)) for (seed, _), outcomes in answers.items() if len(outcomes) == VARIANTS]


def worst_case(items: Sequence[Item], verdicts: Sequence[Verdict], name: str = "worst_case") -> Metric:
    """The share of seeds with every variant right."""
    return share(name, [(seed, right == VARIANTS) for seed, right in complete_seeds(items, verdicts)])


def reasoning_robustness(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[Metric]:
    """Worst case over average case."""
    seeds = complete_seeds(items, verdicts)
    worst = [float(right == VARIANTS) for _, right in seeds]
    average = [right / VARIANTS for _, right in seeds]
    return [Metric("reasoning_robustness", ratio(worst, average, [seed for seed, _ in seeds]))]


METRICS = together(
    overall,
    lambda items, verdicts: [worst_case(items, verdicts)],
    reasoning_robustness,
    by_category("subject"),
    by_category("level"),
    by_category("answer_type"),
    each_category("subject", name="worst_case", of=worst_case),
    each_category("level", name="worst_case", of=worst_case),
)


def official_prompt(item: Item) -> Prompt:
    """The question and the JSON format, spelling of the script included."""
    wants = "Please answer in a floating-point number." if item.meta["answer_type"] == "float" else ""
    return asked(item, f"## Question\n{item.question}{wants}{GUIDE}{CHOICE} {FLOAT}{EXAMPLE}")


def official_extract(text: str, item: Item) -> Extraction:
    """The short answer of the JSON object, or of the last line."""
    body = _object(text)
    try:
        parsed: Any = json.loads(body[:MAX_JSON], strict=False)
    except (ValueError, RecursionError):
        return Extraction(body.split("\n")[-1][:-1], "last line", "not JSON: the last line without its last character")
    if not isinstance(parsed, dict):
        return Extraction(None, "none", "JSON, but not an object")
    return Extraction(str(parsed.get("short answer")), "json", "the key 'short answer'")


def _object(text: str) -> str:
    """From the first brace to the last without backslashes; the whole text where there is no such pair."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end <= start:
        return text
    return text[start : end + 1].replace("\\", "")


def official_match(stated: Extraction, item: Item) -> Grade:
    """By answer type, see the module."""
    if stated.answer is None:
        return rule_grade(False, stated, stated.rule, stated.reason)
    answer, gold, kind = stated.answer, published_gold(item), str(item.meta["answer_type"])
    if kind == "float":
        return rule_grade(within(number(answer), gold), stated, "float")
    if kind == "multiple choice":
        return rule_grade(answer == gold if len(answer) == 1 else gold in answer[:3], stated, "letter")
    return rule_grade(gold in answer, stated, "contained")


def number(text: str) -> float | None:
    """The number that the first word says, "2π" included; None for other words."""
    word = text if text.isdigit() else text.split(" ", maxsplit=1)[0]
    try:
        return float(word.split("π")[0]) * math.pi if "π" in word else float(word)
    except ValueError:
        return None


def within(value: float | None, gold: str) -> bool:
    """True if the value is at most 0.001 away from the gold."""
    return value is not None and abs(value - float(gold)) <= TOLERANCE


def _vlmevalkit_prompt(item: Item) -> Prompt:
    asks = {
        "multiple choice": "Provide the corresponing choice option in the 'short answer' key, such as 'A', 'B', 'C', or 'D'.",
        "float": "Format the answer as a three-digit floating-point number and provide it in the 'short answer' key.",
        "text": "Float numbers in the answer should be formatted as three-digit floating-point numbers.",
    }[str(item.meta["answer_type"])]
    text = f"## Question\n {item.question}{GUIDE}{asks}{EXAMPLE}"
    return asked(item, text)


def _vlmevalkit_extract(text: str, item: Item) -> Extraction:
    start, end = text.find("{"), text.rfind("}")
    body = (text[start : end + 1] if 0 <= start < end else text).replace("\\", "")
    kind = str(item.meta["answer_type"])
    try:
        parsed: Any = json.loads(body[:MAX_JSON], strict=False)
    except (ValueError, RecursionError):
        parsed = None
    short = parsed.get("short answer") if isinstance(parsed, dict) else None
    for source, answer in (("json", short), ("whole", body)):
        read = _read(answer, kind) if isinstance(answer, str) else None
        if read is not None:
            return Extraction(read, source, "the key 'short answer'" if source == "json" else "the whole response")
    return judge_needed("no answer of the wanted type is found by rule")


def _read(answer: str, kind: str) -> str | None:
    if kind == "float":
        value = number(answer)
        return None if value is None else str(value)
    if kind == "text":
        return answer
    if len(answer) == 1:
        return answer.upper()
    named = [letter for letter in "ABCDE" if letter in answer.upper()]
    return named[0] if len(named) == 1 else None


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    gold = published_gold(item)
    if item.meta["answer_type"] == "float":
        return rule_grade(within(number(stated.answer), gold), stated, "float")
    if item.meta["answer_type"] == "multiple choice":
        return rule_grade(stated.answer == gold, stated, "letter")
    return rule_grade(stated.answer.lower() in gold.lower(), stated, "contained in the gold")


def _read_reply(answer: str, item: Item) -> str | None:
    return _read(answer, str(item.meta["answer_type"]))


def _variant(seed: Any, variant: int) -> str:
    return f"q{as_int(seed)}_v{variant}"


def _variant_of(split: str) -> int:
    matched = re.search(r"variant(\d+)", split)
    if not matched:
        raise ValueError(f"the split {split!r:.60} names no variant")
    return int(matched[1])


def _trial_of(split: str) -> int:
    matched = re.fullmatch(r"trial(\d{1,3})/dataset", split)
    if not matched:
        raise ValueError(f"{split!r:.60} names no trial")
    return int(matched[1])


PUBLISHED = Published(
    sets={"ten variants": 5010},
    parts={"one variant": 501},
    hub=HubSet(
        "DynaMath/DynaMath_Sample",
        tuple(f"sample_variant{number}" for number in range(1, 11)),
        {
            "id": Computed(lambda seed, split: _variant(seed, _variant_of(split)), "id", SPLIT),
            "question": "question",
            "answer": "ground_truth",
            "answer_type": "answer_type",
            "image": "decoded_image",
            "seed_id": Computed(as_int, "id"),
            "variant": Computed(_variant_of, SPLIT),
            "subject": "subject",
            "level": "knowledge_level",
        },
    ),
    vlmevalkit=VLMEvalKitSet(
        ("DynaMath",),
        {
            "id": Computed(lambda seed, variant: _variant(seed, as_int(variant)), "qid", "varid"),
            **same("question", "answer", "answer_type", "image", "subject"),
            "seed_id": Computed(as_int, "qid"),
            "variant": Computed(as_int, "varid"),
            "level": "knowledge_level",
        },
    ),
    checkout=TableCheckout(
        tuple(f"trial{number}/dataset.json" for number in range(1, 11)),
        {
            "id": Computed(lambda split, seed: _variant(seed, _trial_of(split)), SPLIT, KEY),
            "seed_id": Computed(as_int, KEY),
            "variant": Computed(_trial_of, SPLIT),
            **same("question", "answer", "answer_type", "image", "subject", "level"),
        },
        places=("samples and result/10trials", "10trials", ""),
        holds="image",
    ),
)

SUITE = Suite(
    name="dynamath",
    title="DynaMath",
    parse=parse,
    own_protocols=(
        Protocol("official", "1+dynamath-65a346ac", official_prompt, official_extract, official_match),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            _vlmevalkit_prompt,
            _vlmevalkit_extract,
            _vlmevalkit_match,
            extractor=language_model.extractor(language_model.VALUE, _read_reply),
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "dynamath.jsonl",
)
