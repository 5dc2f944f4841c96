"""Whole responses as models end them, read from ending_cases.jsonl: what each kind states, and what it does not.

Each line has a kind, a gold with its type and options, and responses that state the gold (`right`) or do not (`wrong`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Endings(NamedTuple):
    """One gold with responses of one kind."""

    kind: str
    gold: str
    gold_type: str
    choices: tuple[str, ...] | None
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def _endings(line: str) -> Endings:
    fields = json.loads(line)
    return Endings(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


_FILE = Path(__file__).with_name("ending_cases.jsonl")
CASES = tuple(_endings(line) for line in _FILE.read_text(encoding="utf-8").splitlines())
