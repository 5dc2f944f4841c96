"""IconQA: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import json

import pytest
from PIL import Image

from proctor.benchmarks.protocols.base import BOXED


def test_shows_option_pictures_after_their_letters(load, shown):
    assert shown("iconqa", load("iconqa", 0)) == [
        "iconqa-mixed",
        "Which shape is a circle?\nChoices:",
        "(A)",
        "iconqa-shape-4",
        "(B)",
        "iconqa-shape-0",
        "(C)",
        "iconqa-shape-3",
        "(D)",
        "iconqa-shape-6",
        BOXED,
    ]
    assert load("iconqa", 0).answer == "B"
    assert shown("iconqa", load("iconqa", 2))[1].endswith(f"Choices:\n(A) triangles\n(B) squares\n{BOXED}")


@pytest.mark.parametrize(("response", "correct"), [("1", True), ("B", False), ("0", False), ("two", False)])
def test_official_choices_by_index(judged, response, correct):
    grade = judged("iconqa", "official", response, "B", ("one", "two"), "choice", task="choose_txt")
    assert grade.correct is correct


def test_official_texts(judged):
    assert judged("iconqa", "official", "7,364", "7364", published_answer="7,364").correct is True
    assert judged("iconqa", "official", "7364", "7364", published_answer="7,364").correct is False


def test_more_options_than_letters_are_the_error_of_their_line(cli, tmp_path):
    with Image.new("RGB", (8, 8)) as picture:
        picture.save(tmp_path / "a.png")
    line = {"id": "1", "task": "choose_txt", "question": "Which?", "image": "a.png", "answer": "29"}
    (tmp_path / "items.jsonl").write_text(json.dumps({**line, "choices": [f"number {n}" for n in range(30)]}) + "\n")
    done = cli("suite", "check", "iconqa", "--data", tmp_path / "items.jsonl")
    assert done.code == 2
    assert "items.jsonl:1: 30 options: at most 26 have a letter, A to Z" in done.err
