"""What the pages say of installing: from a checkout, with extras that there are."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_extras_are_installed_from_a_checkout_and_exist(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = page.read_text()
    assert "proctor[" not in text
    assert {name for one in re.findall(r"\"\.\[([\w,-]+)\]\"", text) for name in one.split(",")} <= {*extras}


def test_the_readme_says_how_to_install_without_the_demo():
    text = (ROOT / "README.md").read_text()
    assert 'python3 -m venv .venv && .venv/bin/pip install -c constraints/cpu.txt -e ".[local]"' in text
    assert '.venv/bin/pip install -e ".[local]"' in text
