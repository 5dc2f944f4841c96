"""Links in a data folder: refused where they lead out of it, followed where the user says so, for pictures and for files."""

import json
from pathlib import Path

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError
from proctor.harness.links import links_followed

FUNCTION = "def one(question, images):\n    return '\\\\boxed{' + str(len(images)) + '}'\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Items of MathVision whose folder of pictures is a link to another disk."""
    suite = SUITES.get("mathvision")
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a.png").write_bytes(suite.load()[0].images[0].read())
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "images").symlink_to(tmp_path / "disk")
    row = {
        "id": "1",
        "question": "How many?",
        "options": [],
        "image": "images/a.png",
        "answer": "1",
        "level": 1,
        "subject": "x",
    }
    (folder / "items.jsonl").write_text(json.dumps(row) + "\n")
    return folder / "items.jsonl"


def test_the_user_says_whether_they_are_followed(data: Path, cli) -> None:
    (data.parent / "mine.py").write_text(FUNCTION)
    ask = ("eval", "--model", f"{data.parent / 'mine.py'}:one", "--suite", "mathvision", "--data", str(data))
    ask += ("--out", str(data.parent / "runs"), "--json")
    refused = cli(*ask)
    assert refused.code == 2
    assert "lies outside the data folder" in refused.err
    assert "--follow-links" in refused.err
    done = cli(*ask, "--follow-links")
    assert done.code == 0, done.err
    assert json.loads(done.out)[0]["correct"] == 1


@pytest.mark.parametrize("here", [False, True])
def test_a_path_that_climbs_out_is_refused_all_the_same(here: bool, data: Path, monkeypatch) -> None:
    text = data.read_text()
    monkeypatch.chdir(data.parent)
    data = Path(data.name) if here else data
    for name in ("../disk/a.png", "images/../../disk/a.png", "/etc/hostname"):
        data.write_text(text.replace("images/a.png", name))
        with links_followed(followed=True), pytest.raises(DataError, match=r"lies outside the data folder [^(]*$"):
            SUITES.get("mathvision").load(data)


def test_links_are_followed_only_as_long_as_that_is_said(data: Path) -> None:
    with links_followed(followed=True):
        assert len(SUITES.get("mathvision").load(data)) == 1
    with pytest.raises(DataError, match="outside"):
        SUITES.get("mathvision").load(data)
