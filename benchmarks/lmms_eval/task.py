"""What lmms-eval calls for each question of a task, and for the whole: how it is asked, judged and counted.

The functions have lmms-eval's names and arguments (lmms-eval 0.7.3, its task configuration). A `doc` is a row of the data
file (`rows`), with its pictures or without. Judging is a pure function of row and response: any number of threads may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...harness.errors import printable
from ...harness.metrics import cluster
from ...harness.models.lmms_eval_forms import is_failure, marked_text
from ...harness.pictures import decode
from ...harness.types import Image, Prompt
from .rows import Row, item_of, prompt_of, rules_of

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

UNPARSED, UNSCORED = "proctor_unparsed", "proctor_unscored"

Judgement = dict[str, Any]


def metric_name(protocol: str) -> str:
    """The metric that is the share of right answers under a protocol."""
    return f"proctor_{protocol}"


def doc_to_messages(doc: Row) -> list[dict[str, Any]]:
    """The conversation for chat models: texts and pictures in the prompt's order.

    Raises DataError for a picture that can not be decoded, and where the installed protocol is another version.
    """
    prompt = _prompt(doc)
    content = [
        {"type": "image", "url": decode(part)} if isinstance(part, Image) else {"type": "text", "text": part}
        for part in prompt.parts
    ]
    system = [{"role": "system", "content": [{"type": "text", "text": prompt.system}]}] if prompt.system else []
    return [*system, {"role": "user", "content": content}]


def doc_to_visual(doc: Row) -> list[PilImage]:
    """The pictures for other models, in the prompt's order. Raises as `doc_to_messages` does."""
    return [decode(image) for image in _prompt(doc).images]


def doc_to_text(doc: Row) -> str:
    """The text for other models, with marks where pictures belong between texts.

    Raises DataError where the installed protocol is another version.
    """
    return marked_text(_prompt(doc))


def doc_to_target(doc: Row) -> str:
    """The gold answer as the suite publishes it, for logs."""
    return item_of(doc).answer


def process_results(doc: Row, results: Sequence[str]) -> dict[str, Judgement]:
    """The judgement on one response, by metric; never raises.

    The judgement has the item's `id`, and `score` (1.0 or 0.0) and the item's `cluster`, or else `error`: what could not be
    judged is no wrong answer. The two counts have `count` (0 or 1).
    """
    judgement = {"id": _column(doc, "id", ""), **_judge(doc, results)}
    unscored = "score" not in judgement
    return {
        metric_name(_column(doc, "protocol", "strict")): judgement,
        UNPARSED: {"count": int(not unscored and judgement["extracted"] is None)},
        UNSCORED: {"count": int(unscored)},
    }


def accuracy(judgements: Sequence[Judgement]) -> float:
    """The share of right answers among those that could be judged; NaN if none could."""
    scores = [one["score"] for one in judgements if "score" in one]
    return sum(scores) / len(scores) if scores else float("nan")


def count(judgements: Sequence[Judgement]) -> int:
    """How many were counted."""
    return sum(one["count"] for one in judgements)


def _prompt(doc: Row) -> Prompt:
    rules_of(doc)
    return prompt_of(doc)


def _column(doc: Row, name: str, otherwise: str) -> str:
    try:
        return str(doc[name])
    except Exception:  # lmms-eval repeats a call that raises, and then ends without any score
        return otherwise


def _judge(doc: Row, results: Sequence[str]) -> Judgement:
    try:
        (response,) = results
        if is_failure(response):
            return {"error": printable(response[:200])}
        item, rules = item_of(doc), rules_of(doc)
        grade = rules.match(rules.extract(response, item), item)
        if grade.correct is None:
            return {"error": printable(grade.reason)}
        return {
            "score": float(grade.correct),
            "cluster": cluster(item),
            "extracted": grade.extracted,
            "rule": grade.rule,
            "reason": grade.reason,
        }
    except Exception as error:  # see `_column`; the item is counted as unscored
        return {"error": printable(f"{type(error).__name__}: {error}"[:200])}


__all__ = [
    "accuracy",
    "count",
    "doc_to_messages",
    "doc_to_target",
    "doc_to_text",
    "doc_to_visual",
    "process_results",
]
