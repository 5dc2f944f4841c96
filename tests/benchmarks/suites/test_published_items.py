"""Published items, where a checkout has them: all load, and the strict protocol accepts every gold."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from proctor.benchmarks.gold import corrected
from proctor.benchmarks.registry import SUITES

DATA = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
COUNTS = {
    "mathvision": (304, 304),
    "mathverse": (200, 40),
    "mathvista": (65, 63),
    "wemath": (112, 34),
    "logicvista": (100, 100),
    "dynamath": (200, 20),
    "chartqa": (100, 99),
    "iconqa": (150, 150),
}
WITHOUT_PICTURES = ("chartqa", "logicvista")
NO_GOLD = {"logicvista": ["v1_382"]}


@pytest.fixture(scope="module", params=COUNTS)
def suite_and_items(request, tmp_path_factory):
    path = DATA / request.param / "items.jsonl"
    if not path.is_file():
        pytest.skip(f"no published items at {path}; set PROCTOR_TEST_DATA to their folder")
    if request.param in WITHOUT_PICTURES:
        path = with_blank_pictures(path, tmp_path_factory.mktemp(request.param))
    suite = SUITES.get(request.param)
    return suite, suite.load(path)


def with_blank_pictures(path, folder):
    """A copy of the items beside stand-ins for their pictures, a different one for each name."""
    text = path.read_text(encoding="utf-8")
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    for line in text.splitlines():
        picture = folder / json.loads(line)["image"]
        picture.parent.mkdir(exist_ok=True)
        picture.write_bytes(picture.name.encode())
    return folder / "items.jsonl"


def test_all_load_in_their_clusters(suite_and_items):
    suite, items = suite_and_items
    assert (len(items), len(Counter(item.cluster for item in items))) == COUNTS[suite.name]


def test_every_gold_is_accepted(suite_and_items):
    suite, items = suite_and_items
    strict = suite.protocol("strict")
    refused = [
        item.id
        for item in items
        if not strict.match(
            strict.extract(f"So the answer is \\boxed{{{corrected(item).answer}}}.", item), item
        ).correct
    ]
    assert refused == NO_GOLD.get(suite.name, [])


def test_an_unambiguous_option_text_is_accepted(suite_and_items):
    suite, items = suite_and_items
    strict = suite.protocol("strict")
    refused = []
    for item in items:
        if item.answer_type != "choice" or not item.choices:
            continue
        text = item.choices["ABCDEFGH".index(item.answer)]
        if len(text.strip("$. ")) > 1 and item.choices.count(text) == 1:
            grade = strict.match(strict.extract(f"So the answer is \\boxed{{{text}}}.", item), item)
            refused += [] if grade.correct else [(item.id, text, grade.reason)]
    assert refused == []


def test_silence_is_never_right(suite_and_items):
    suite, items = suite_and_items
    strict = suite.protocol("strict")
    assert not any(strict.match(strict.extract("", item), item).correct for item in items)


def test_prompts_show_every_picture_and_no_option_twice(suite_and_items):
    suite, items = suite_and_items
    for item in items:
        prompt = suite.protocol("strict").prompt(item)
        assert sorted(p.sha256 for p in prompt.images) == sorted(p.sha256 for p in item.images)
        text = "\n".join(part for part in prompt.parts if isinstance(part, str))
        assert text.count("Choices:\n(A)") <= 1
