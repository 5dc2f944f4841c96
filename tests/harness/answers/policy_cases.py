"""Cases of the label policy, written for these tests, read from policy_cases.jsonl: one gold in each line.

Answers stand as they would inside a box.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """A gold with right and wrong answers; `choices` are option texts, `unit` is the one that the question asks for."""

    category: str
    gold: str
    gold_type: str
    choices: tuple[str, ...] | None
    unit: str | None
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def _case(line: str) -> Case:
    fields = json.loads(line)
    return Case(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


_FILE = Path(__file__).with_name("policy_cases.jsonl")
CASES = tuple(_case(line) for line in _FILE.read_text(encoding="utf-8").splitlines())
