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
"""

from __future__ import annotations

import re

from ...harness.types import Item
from ..base import Suite, boxed_prompt
from ..items import ImageFolder, Record, gold_letters, inline
from ..metrics import by_category, overall, together, where
from ..protocols import official_logicvista, vlmevalkit
from ..protocols.registry import protocols_of

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
    found = _BY_NUMBER.search(question)
    return tuple(re.findall(r"\d", found[1])) if found else ()


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

SUITE = Suite(
    name="logicvista",
    title="LogicVista",
    parse=parse,
    metrics=METRICS,
    protocols=protocols_of(boxed_prompt, official_logicvista.PROTOCOL, vlmevalkit.LOGICVISTA),
)
