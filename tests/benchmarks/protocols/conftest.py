"""Shorthand for judging one response under one protocol."""

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.types import Item

META = {
    "mathvision": {},
    "mathvista": {"question_type": "free_form", "answer_type": "integer", "precision": None},
    "mathverse": {"question_type": "free"},
    "wemath": {},
    "logicvista": {},
    "dynamath": {"answer_type": "float"},
    "chartqa": {},
    "iconqa": {"task": "fill_in_blank"},
}


@pytest.fixture
def judged():
    """(suite, protocol, response, gold, **meta) to a grade; `choices`, `kind` and `question` make the item."""

    def judge(suite, protocol, response, gold, choices=(), kind="number", question="How many?", **meta):
        item = Item("1", suite, question, gold, kind, choices=tuple(choices), meta=META[suite] | meta)
        rules = SUITES.get(suite).protocol(protocol)
        return rules.match(rules.extract(response, item), item)

    return judge
