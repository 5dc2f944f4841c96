"""Every link between the project's own pages leads to a file, and to a heading of it where it names one."""

import re
import subprocess
import unicodedata
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")
OUTSIDE = re.compile(r"[a-z]+:")
MOST_LINES = 60


def pages() -> list[Path]:
    """Every page that is kept, or about to be."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    return [ROOT / name for name in found] or sorted(
        page for page in ROOT.rglob("*.md") if not {".venv", "build"} & {*page.relative_to(ROOT).parts}
    )


@cache
def anchors(page: Path) -> frozenset[str]:
    """What headings of a page are called in links: lower case, no punctuation, dashes for spaces."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)|`", r"\1", heading) for heading in headings]
    kept = [
        "".join(sign for sign in one.lower() if sign in " -_" or unicodedata.category(sign)[0] in "LN") for one in plain
    ]
    return frozenset(one.strip().replace(" ", "-") for one in kept)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if OUTSIDE.match(target):
            continue
        name, _, heading = unquote(target).partition("#")
        place = (page.parent / name) if name else page
        if not place.exists() or (heading and place.suffix == ".md" and heading not in anchors(place.resolve())):
            broken.append(target)
    assert not broken


def test_every_page_of_the_documentation_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in pages()
        for target in LINK.findall(FENCED.sub("", page.read_text()))
        if not OUTSIDE.match(target)
    }
    assert not [page for page in pages() if page.is_relative_to(ROOT / "docs") and page not in linked]


def test_readme_fits_on_a_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES
