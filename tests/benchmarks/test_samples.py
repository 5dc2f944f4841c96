"""The bundled samples: they are what the script draws, they load, and their golds are accepted."""

import io
from collections import Counter

import pytest
from PIL import Image, ImageChops, ImageFont

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.protocols.base import BOXED
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.samples.make.draw import DRAWN, files

NAMES = [draw.__name__ for draw in DRAWN]
TYPES = {
    "mathvision": {"choice", "number", "tuple", "ratio"},
    "mathverse": {"choice", "number"},
    "mathvista": {"choice", "number", "float:round=1", "float:round=2", "list"},
    "wemath": {"choice"},
    "logicvista": {"choice", "multichoice", "number"},
    "dynamath": {"float:abs=0.001", "choice", "time"},
    "chartqa": {"year", "set", "number", "relaxed:0.05", "text"},
    "iconqa": {"choice", "number", "text"},
}
CLUSTERS = {"mathverse": [5] * 2, "wemath": [3, 4], "dynamath": [3] * 3, "mathvista": [1, 1, 1, 4], "chartqa": [3, 5]}


@pytest.mark.skipif(not hasattr(ImageFont, "load_default_imagefont"), reason="this Pillow has no fixed bitmap font")
def test_committed_files_are_what_the_script_draws():
    drawn = dict(files())
    on_disk = {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.jsonl")}
    on_disk |= {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.png")}
    assert on_disk == set(drawn)
    for name, data in drawn.items():
        kept = (SAMPLES / name).read_bytes()
        if name.endswith(".jsonl"):
            assert kept == data
            continue
        ours, theirs = (Image.open(io.BytesIO(encoded)).convert("RGB") for encoded in (data, kept))
        assert ours.size == theirs.size
        assert ImageChops.difference(ours, theirs).getbbox() is None, name


def test_samples_are_small():
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*.*")) < 400_000
    for path in SAMPLES.rglob("*.png"):
        with Image.open(path) as image:
            assert max(image.size) <= 336


@pytest.mark.parametrize("name", NAMES)
def test_sample_loads_with_every_answer_type(name):
    items = SUITES.get(name).load()
    assert 5 <= len(items) <= 12
    assert {item.answer_type for item in items} == TYPES[name]
    assert all(item.suite == name and item.images for item in items)
    clusters = sorted(Counter(item.cluster for item in items).values())
    assert clusters == CLUSTERS.get(name, [1] * len(items))


@pytest.mark.parametrize("name", NAMES)
def test_golds_are_accepted_and_silence_is_not(name):
    suite = SUITES.get(name)
    strict = suite.protocol("strict")
    for item in suite.load():
        answers = [item.answer]
        if item.answer_type == "choice" and item.choices:
            answers.append(item.choices["ABCDEFGH".index(item.answer)])
        for answer in answers:
            grade = strict.match(strict.extract(f"So it is\n$$\\boxed{{{answer}}}$$", item), item)
            assert grade.correct, (item.id, answer, grade.reason)
        for silent in ("", "\\boxed{}", "I cannot tell."):
            assert not strict.match(strict.extract(silent, item), item).correct


@pytest.mark.parametrize("name", NAMES)
def test_prompts_hold_every_picture_once_and_end_with_the_request(name):
    suite = SUITES.get(name)
    for item in suite.load():
        prompt = suite.protocol("strict").prompt(item)
        assert prompt.images == item.images
        assert prompt.parts[-1].endswith(BOXED)
        text = "\n".join(part for part in prompt.parts if isinstance(part, str))
        for letter in "ABCDEFGH"[: len(item.choices)]:
            assert text.count(f"({letter})") == 1
