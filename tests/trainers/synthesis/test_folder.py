"""Where a synthesis begins and ends: folders of pictures and sets to ask about, and the folder that is trained on."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.harness.errors import DataError, UsageError
from proctor.harness.types import Image
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import training_prompts
from proctor.trainers.synthesis.run import PromptSource, open_source

from .synthesis_writer import Writer, figures, lines, synthesis


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("synthesis") / "questions"
    synthesis(Writer()).run(path)
    return path


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda path: (path / "questions.jsonl").write_bytes(b""), "was changed since"),
        (lambda path: (path / "synthesis.json").write_text("{}"), "is damaged"),
        (lambda path: (path / "questions.jsonl").unlink(), "cannot read"),
        (lambda path: [file.write_bytes(b"x") for file in (path / "images").iterdir()], "is not of its pictures"),
    ],
)
def test_a_changed_folder_is_not_trained_on(folder, tmp_path, damage, complaint):
    path = tmp_path / "changed"
    shutil.copytree(folder, path)
    damage(path)
    with pytest.raises(DataError, match=complaint):
        training_prompts(PromptSettings("synthesized", str(path)), 0)


def forged(folder: Path, path: Path, **changes: object) -> Path:
    """A folder whose first question is changed, with a seal that fits."""
    shutil.copytree(folder, path)
    first, *rest = lines(path / "questions.jsonl")
    content = "".join(json.dumps(row) + "\n" for row in ({**first, **changes}, *rest))
    (path / "questions.jsonl").write_text(content)
    seal = json.loads((path / "synthesis.json").read_text())
    (path / "synthesis.json").write_text(json.dumps({**seal, "sha256": hashlib.sha256(content.encode()).hexdigest()}))
    return path


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"question": "What is <|image_pad|>?"}, "holds control tokens"),
        ({"images": ["../../../etc/passwd"]}, "outside the data folder"),
        ({"images": 3}, "must be a list of texts"),
        ({"question": None}, "is missing or null"),
    ],
)
def test_a_forged_folder_is_not_trained_on(folder, tmp_path, changes, complaint):
    with pytest.raises(DataError, match=complaint):
        training_prompts(PromptSettings("synthesized", str(forged(folder, tmp_path / "forged", **changes))), 0)


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of three pictures in two folders, and other things."""
    root = tmp_path / "pictures"
    (root / "more").mkdir(parents=True)
    (root / ".hidden").mkdir()
    data = [item.images[0].read() for item in figures(3).items]
    for name, content in zip(("b.png", "A.PNG", "more/c.png"), data, strict=True):
        (root / name).write_bytes(content)
    (root / ".hidden" / "d.png").write_bytes(data[0])
    (root / "notes.txt").write_text("no picture")
    return root


def test_a_folder_of_pictures_is_a_source(pictures, tmp_path):
    source = open_source(str(pictures), None, None, 0)
    assert [item.id for item in source.items] == ["A.PNG", "b.png", "more/c.png"]
    assert len(open_source(str(pictures), None, 2, 0).items) == 2
    found = synthesis(Writer(), source).run(tmp_path / "out")
    shutil.rmtree(pictures)
    assert found.questions == len(training_prompts(PromptSettings("synthesized", str(found.path)), 0)(0, 6)) == 6


def test_all_bad_pictures_are_told_at_once(pictures, tmp_path):
    (pictures / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "outside.png").write_bytes((pictures / "b.png").read_bytes())
    (pictures / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DataError, match=r"(?s)2 problems.*bad\.jpg.*lies outside the data folder"):
        open_source(str(pictures), None, None, 0)


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("nowhere", None, "is no folder of pictures, and no set: there are geometry3k"),
        ("nowhere", Path("x"), "--data belongs to a set by name"),
        (".", None, "no picture"),
    ],
)
def test_a_source_must_be_something(tmp_path, monkeypatch, name, data, complaint):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UsageError, DataError), match=complaint):
        open_source(name, data, None, 0)


def test_a_drawn_suite_gives_questions_of_its_training_split():
    source = open_source("gym", None, 5, 0)
    drawn = training_prompts(PromptSettings("gym"), 0)(0, 5)
    assert [item.images for item in source.items] == [item.images for item in drawn]
    assert {item.answer for item in source.items} == {""}


def test_suites_and_training_sets_are_sources_without_labels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = open_source("mathvista", None, 3, 0)
    assert len(source.items) == 3
    assert {item.answer for item in source.items} == {""}
    with pytest.raises(DataError, match="proctor suite pull geometry3k"):
        open_source("geometry3k", None, None, 0)


def test_pictures_keep_no_name_that_is_a_path(tmp_path):
    item = figures(1).items[0]
    named = replace(item, images=(Image.of_bytes(item.images[0].read(), "../../evil.exe"),))
    synthesis(Writer(), PromptSource("mine", [named])).run(tmp_path / "out")
    (file,) = (tmp_path / "out" / "images").iterdir()
    assert file.suffix == ".png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
