"""LogicVista: logical reasoning on pictures, answered by one or several letters.

Paper: arXiv 2407.04973. 448 items: inductive 107, deductive 93, numerical 95, spatial 79, mechanical 74.
Apache-2.0 (repository); the pictures come from aptitude-test sites.

Columns: id, question, answer, image, and the lists skill, broad_capability, specific_capability.

- One letter is a `choice`, several are a `multichoice` without order. Options that stand in the question are
  read from it, so that an option's text is understood, but the question is shown as it is. Options "from 1, 2,
  3, 4, and 5" with a letter as gold (v1_190) are named A to E. A gold digit (v1_20) is a `number`.
- An empty gold (v1_382) loads, is marked `gold_empty`, and no answer to it is right; leave it out for scores
  over 447.

Metrics: accuracy (over 448), accuracy_with_gold (over 447, without the empty gold), and by skill, broad_capability
and specific_capability (an item counts under each of its labels).

The official rules are eval/extract_accuracy_new.py of Yijia-Xiao/LogicVista, commit 0b8cca25. GPT-4 reads a list of letters
out of every response that is not empty; the lists of letters, in lower case and sorted, must be equal. Only an empty response
and a lone character that can be no choice are settled without it. The prompt is this project's own, so scores under it are
not comparable with the paper's. At that commit the repository holds the items, recorded responses and scripts that judge
them, but none that asks a model under test: what it was told besides the question, and whether it saw solved examples, cannot
be reproduced. The script's one text is for GPT-4, and shows it the question and the response, without examples. The prompt
here asks for letters alone; the recorded responses often reason first. Defects that belong to it: v1_382 has an empty gold,
which an empty response meets; v1_20's gold is the digit 3; a response "F" or "G" is taken for no choice, though these are
golds too.

Repository: Yijia-Xiao/LogicVista, data/dataset.json, an object by id; data/images/. At commit 0b8cca25 its entries have
`capability` in the place of `broad_capability` and `specific_capability`; that one is not read. Whether the `index` of
VLMEvalKit's TSV is an item's published id is uncertain, and not assumed.
"""

from __future__ import annotations

import re

from ...harness.answers import Extraction, Grade
from ...harness.types import Item, Prompt
from ..base import SAMPLES, Suite
from ..gold import published_gold
from ..items import ImageFolder, Record, gold_letters, inline
from ..metrics import by_category, overall, together, where
from ..protocols import language_model, vlmevalkit
from ..protocols.base import Protocol, asked, judge_needed, rule_grade, undecided
from ..sources.layout import KEY, Computed, first_of_two, same, word_list
from ..sources.published import HubSet, Published, VLMEvalKitSet
from ..sources.repositories import TableCheckout

LABELS = ("skill", "broad_capability", "specific_capability")
NO_CHOICE = "ZZZZZ"
_ASKS = "Answer with only the letter, or the letters separated by commas, of the correct choice or choices."
_BY_NUMBER = re.compile(r"\bfrom (1, 2(?:, \d)*,? and \d)\b")


def parse(record: Record, folder: ImageFolder) -> Item:
    """An item of one record. Raises DataError on a malformed one."""
    question = record.text("question")
    choices = inline(question) or _numbered(question)
    answer, answer_type = _gold(record, choices)
    item_id = record.text("id")
    return Item(
        id=item_id,
        suite="logicvista",
        question=question,
        answer=answer,
        answer_type=answer_type,
        images=(folder.image(record, record.text("image")),),
        choices=choices,
        cluster=item_id,
        meta={
            "skill": record.texts("skill"),
            "broad_capability": record.texts("broad_capability"),
            "specific_capability": record.texts("specific_capability"),
            "gold_empty": not answer,
        },
    )


def _numbered(question: str) -> tuple[str, ...]:
    matched = _BY_NUMBER.search(question)
    return tuple(re.findall(r"\d", matched[1])) if matched else ()


def _gold(record: Record, choices: tuple[str, ...]) -> tuple[str, str]:
    raw = record.text("answer").strip()
    if not raw:
        return "", "choice"
    if re.fullmatch("[0-9]", raw) and not choices:
        return raw, "number"
    return gold_letters(record, raw.upper(), choices)


METRICS = together(
    overall,
    where("accuracy_with_gold", lambda item: not item.meta["gold_empty"]),
    by_category("skill"),
    by_category("broad_capability"),
    by_category("specific_capability"),
)


def official_prompt(item: Item) -> Prompt:
    """The question and the request for letters only."""
    return asked(item, f"{item.question}\n{_ASKS}")


def official_extract(text: str, item: Item) -> Extraction:
    """The letters as one text, separated by ", ", where no language model is needed."""
    entry = (text.split("ASSISTANT:")[1] if "ASSISTANT:" in text else text).strip()
    if not entry:
        return Extraction("", "empty", "an empty response is a list of one empty letter")
    letter, digit = entry.isalpha(), entry.isnumeric()
    if len(entry) == 1 and ((letter and entry.lower() not in "abcde") or not (letter or digit)):
        return Extraction(NO_CHOICE, "no choice", "a single character that names no choice")
    return judge_needed("LogicVista reads the letters with GPT-4")


def official_match(stated: Extraction, item: Item) -> Grade:
    """Equality of the sorted letters in lower case."""
    if stated.answer is None:
        return undecided(stated)
    return rule_grade(_sorted(stated.answer) == _sorted(published_gold(item)), stated, "letters")


def _sorted(letters: str) -> list[str]:
    return sorted(letters.lower().split(", "))


def _vlmevalkit_prompt(item: Item) -> Prompt:
    return asked(item, item.question)


def _vlmevalkit_extract(text: str, item: Item) -> Extraction:
    return judge_needed("VLMEvalKit reads LogicVista's letters with a language model")


def _vlmevalkit_match(stated: Extraction, item: Item) -> Grade:
    if stated.answer is None:
        return undecided(stated)
    letters = sorted(character for character in stated.answer.lower() if character.isalnum())
    return rule_grade(letters == sorted(item.answer.lower().split(", ")), stated, "letters")


_LETTERS = language_model.extractor(language_model.LETTERS, language_model.letters)

PUBLISHED = Published(
    sets={"all": 448},
    hub=HubSet(
        "lscpku/LogicVista",
        ("test",),
        {**same("id", "question", "answer", "image"), **{name: Computed(word_list, name) for name in LABELS}},
        uncertain="whether skill and the capabilities are lists or one text each: both are read",
    ),
    vlmevalkit=VLMEvalKitSet(
        ("LogicVista",),
        {
            "id": Computed(first_of_two, "id?", "index"),
            **same("question", "answer", "image"),
            **{name: Computed(word_list, f"{name}?") for name in LABELS},
        },
    ),
    checkout=TableCheckout(
        ("dataset.json",),
        {
            "id": KEY,
            **same("question", "answer"),
            "image": "imagename",
            "skill": Computed(word_list, "skill"),
            **{name: Computed(word_list, f"{name}?") for name in LABELS[1:]},
        },
        starts=("images",),
        holds="",
    ),
)

SUITE = Suite(
    name="logicvista",
    title="LogicVista",
    parse=parse,
    own_protocols=(
        Protocol(
            "official",
            f"1+logicvista-0b8cca25+{language_model.VERSION}",
            official_prompt,
            official_extract,
            official_match,
            extractor=_LETTERS,
        ),
        Protocol(
            vlmevalkit.NAME,
            vlmevalkit.WITH_STEPS,
            _vlmevalkit_prompt,
            _vlmevalkit_extract,
            _vlmevalkit_match,
            extractor=_LETTERS,
        ),
    ),
    metrics=METRICS,
    published=PUBLISHED,
    sample=SAMPLES / "logicvista.jsonl",
)
