"""README and the documentation use the words of docs/glossary.md, and none of those that these replaced."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

REPLACED = {
    r"\bhold(s|ing)? (an|the|its|their|each) (examination|evaluation)s?": "evaluate",
    r"\b(examination|evaluation|run)s? (is|are|was|were) held\b": "was made, is evaluated",
    r"\bis told\b|\bare told\b|\bto be told\b": "is reported, is named",
    r"\bannounce[sd]?\b": "report",
    r"\blessons?\b": "stage input",
    r"\bfindings\b": "stage output",
    r"\breferees?\b": "judge model",
    r"\bmanners?\b": "prompt style",
    r"\bassess(es|ed|ing|or|ment)?\b": "reward",
    r"\btrainings? of ours\b": "training",
    r"\bcourses?\b(?<!of course)": "simulation",
    r"\bdynamics\b": "simulation",
    r"\bcampaigns?\b": "experiment",
    r"\bconte(st|nder)s?\b": "A/B test, arm",
    r"\bballots?\b": "vote",
    r"\bcrews?\b": "worker pool",
    r"\bfleets?\b": "replicas",
    r"\bexams?\b": "evaluation",
    r"\bpictured\b": "one item per image",
    r"\bBlindlyCalled\b|\bSeeingSft\b|\bSightFrozen\b|\bInOrder\b": "VisionForwardHook and the like",
    r"\bcan not\b": "cannot",
    r"\bthat there (is|are) none of\b": "unknown",
}
"""Words of earlier versions, as patterns, with what is said today."""

STORED = re.compile(r"`[^`\n]*`")
"""Names of stored columns, keys and options stay as they are; they stand in backquotes."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_uses_a_word_that_was_replaced(page: Path) -> None:
    text = STORED.sub("``", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE))
    used = [
        f"{match[0]!r}: say {instead}"
        for pattern, instead in REPLACED.items()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]
    assert not used


def rows() -> list[str]:
    """The words of the glossary, one for each that a row explains."""
    names = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    return [word.strip() for name in names if name not in ("word", "---") for word in name.split(",")]


def test_the_glossary_explains_each_word_once() -> None:
    assert len(rows()) > 60
    assert len(rows()) == len(set(rows()))


@pytest.mark.parametrize("kind", ["suite", "protocol", "engine", "reward", "advantage", "method", "trainer", "recipe"])
def test_the_glossary_explains_what_can_be_added(kind: str) -> None:
    assert kind in rows()
