"""How the matcher's verdicts compare with the recorded verdicts of the benchmarks' own rules, on real responses.

A recorded verdict is the verdict of a rule, not the truth. Run as a program this prints, for each suite, the agreement and
every class of disagreement, with who is right by hand where a disagreement has been reviewed:

    python tests/golden/answers/agreement.py [FOLDER]
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from proctor.harness.answers import grade

SUITES = ("mathvision", "mathvista", "logicvista", "chartqa", "iconqa")
FOLDER = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
REVIEWED = Path(__file__).with_name("reviewed.jsonl")
TYPES = {
    ("mathvision", "multiple_choice"): "choice",
    ("mathvista", "text"): "choice",
    ("mathvista", "integer"): "number",
    ("mathvista", "list"): "list",
    ("logicvista", "letters_unordered"): "multichoice",
    ("chartqa", "number"): "relaxed:0.05",
    ("chartqa", "text"): "text",
}


class Compared(NamedTuple):
    """One recorded response: `official` is the rule's verdict, `ours` is the matcher's; `key` identifies it."""

    suite: str
    key: str
    official: bool
    ours: bool
    rule: str

    @property
    def kind(self) -> str:
        """The class of a disagreement: who accepts, and by which rule the matcher decided."""
        return f"{'rule' if self.official else 'matcher'} accepts, {self.rule}"


def gold_type(record: dict[str, Any]) -> str:
    """The gold type of a record."""
    if record["answer_type"] == "float":
        return f"float:round={int(record['precision'])}"
    return TYPES.get(
        (record["suite"], record["answer_type"]), "expression" if record["answer_type"] == "expression" else "number"
    )


def compare(record: dict[str, Any]) -> Compared:
    """Grade one record."""
    kind = gold_type(record)
    choices = (record.get("choices") or None) if "choice" in kind else None
    verdict = grade(str(record["response"]), record["answer"], kind, choices)
    text = "\0".join(str(record.get(name)) for name in ("suite", "id", "model", "response"))
    key = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    rule = "nothing stated" if verdict.extracted is None else verdict.rule
    return Compared(record["suite"], key, bool(record.get("official_verdict")), verdict.correct, rule)


def records(suite: str, folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """The recorded responses of a suite."""
    with gzip.open(folder / suite / "golden_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def reviewed() -> dict[str, dict[str, str]]:
    """Disagreements that were read by hand: key to {"suite", "key", "right", "why"}; `right` is matcher or rule."""
    lines = REVIEWED.read_text(encoding="utf-8").splitlines()
    return {entry["key"]: entry for entry in map(json.loads, lines)}


def table(folder: Path = FOLDER) -> str:
    """The report as text."""
    by_hand = reviewed()
    lines = [f"{'suite':12}{'class':48}{'count':>7}{'share':>9}   by hand: matcher / rule right"]
    for suite in SUITES:
        compared = [compare(record) for record in records(suite, folder)]
        agreed = sum(c.official == c.ours for c in compared)
        lines.append(f"{suite:12}{'agreement':48}{agreed:7}{agreed / len(compared):9.2%}")
        counts = Counter(c.kind for c in compared if c.official != c.ours)
        judged: dict[str, Counter[str]] = defaultdict(Counter)
        for c in compared:
            if c.official != c.ours and c.key in by_hand:
                judged[c.kind][by_hand[c.key]["right"]] += 1
        for kind, count in counts.most_common():
            hand = judged[kind]
            lines.append(f"{'':12}{kind:48}{count:7}{count / len(compared):9.2%}   {hand['matcher']} / {hand['rule']}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
