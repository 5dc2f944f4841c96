"""`proctor suite check`: what passes, and that each kind of damage to data or scorer is found."""

import dataclasses
import json
import os
import re
from pathlib import Path

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.check import CHECKS, check_suite, corruptions
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import Grade
from proctor.harness.types import Image, Item

DATA = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = {"mathvision": 304, "mathverse": 200, "mathvista": 65, "wemath": 112, "dynamath": 200, "iconqa": 150}


def checked(items, suite="mathvision", protocol=None, expected=()):
    found = SUITES.get(suite)
    return check_suite(found, protocol or found.protocol("strict"), items, expected)


def failed(report):
    return [failure.check for failure in report.failures]


@pytest.mark.parametrize("suite", SUITES.names())
def test_the_bundled_items_pass(suite, cli):
    done = cli("suite", "check", suite, "--json")
    told = json.loads(done.out)
    assert done.code == 0, told["failures"]
    assert told["passed"]
    assert told["items"] == len(SUITES.get(suite).load())
    assert set(told["checks"]) == set(CHECKS) - {"overlap"}
    assert told["checks"]["golds"]["made"] == told["items"]
    assert told["checks"]["corruptions"]["made"] >= 3 * told["items"]


@pytest.mark.parametrize("suite", REAL)
def test_published_items_pass(suite, cli):
    path = DATA / suite / "items.jsonl"
    if not path.is_file():
        pytest.skip(f"no published items at {path}; set PROCTOR_TEST_DATA to their folder")
    done = cli("suite", "check", suite, "--data", path, "--items", REAL[suite], "--json")
    assert done.code == 0, json.loads(done.out)["failures"]


def test_options_that_are_letters_of_other_options_pass():
    """ "A, B" names two options even where B is the text of option A; "A. B" is one of them with its text."""
    colours = ("$\\text{B}$", "$\\text{G}$", "$\\text{O}$")
    item = dataclasses.replace(SUITES.get("mathvision").load()[2], choices=colours, answer="A")
    assert failed(checked([item])) == []
    strict = SUITES.get("mathvision").protocol("strict")
    grades = [
        strict.match(strict.extract(f"\\boxed{{{said}}}", item), item) for said in ("A. B", "(A) B", "A, B", "A or B")
    ]
    assert [grade.correct for grade in grades] == [True, True, False, False]


def test_a_failure_ends_with_exit_code_1_and_is_told(cli, tmp_path):
    done = cli("suite", "check", "mathvision", "--data", SAMPLES / "mathvision.jsonl")
    assert done.code == 1
    assert "count: mathvision: 7 items, expected 3040 or 304" in done.err
    told = json.loads(cli("suite", "check", "mathvision", "--items", "8", "--json").out)
    assert (told["passed"], told["checks"]["count"]) == (False, {"made": 1, "failed": 1})


def test_malformed_data_end_with_exit_code_2(cli, tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n{\n")
    done = cli("suite", "check", "mathvision", "--data", tmp_path / "a.jsonl")
    assert done.code == 2
    assert "2 problems" in done.err


def test_ids_must_be_unique():
    item = SUITES.get("mathvision").load()[0]
    assert failed(checked([item, item])) == ["ids"]


def test_an_empty_gold_needs_an_erratum():
    item = dataclasses.replace(SUITES.get("mathvision").load()[0], answer="", meta={})
    assert failed(checked([item])) == ["golds"]
    known = dataclasses.replace(item, suite="logicvista", id="v1_382")
    report = checked([known], "logicvista")
    assert (failed(report), report.errata) == ([], ["v1_382"])


@pytest.mark.parametrize("data", [b"", b"no picture", "truncated"])
def test_a_picture_that_does_not_open_is_found(data):
    item = SUITES.get("mathvision").load()[0]
    if data == "truncated":
        data = item.images[0].read()[:-60]
    broken = dataclasses.replace(item, images=(Image.of_bytes(data, "a.png"),))
    assert failed(checked([broken])) == ["images"]


def test_a_picture_of_absurd_size_is_not_decoded():
    from proctor.benchmarks.drawn.picture import encode_png

    np = pytest.importorskip("numpy")
    bomb = bytearray(encode_png(np.zeros((2, 2), np.uint8), [(0, 0, 0)]))
    import zlib

    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    item = dataclasses.replace(SUITES.get("mathvision").load()[0], images=(Image.of_bytes(bytes(bomb), "a.png"),))
    assert failed(checked([item])) == ["images"]


def test_a_prompt_without_its_picture_is_found():
    suite = SUITES.get("mathvision")
    blind = dataclasses.replace(
        suite.protocol("strict"), prompt=lambda item: type(suite.protocol("strict").prompt(item))(("q",))
    )
    assert failed(checked(suite.load()[:1], protocol=blind)) == ["prompts"]


def test_a_scorer_that_accepts_or_refuses_all_is_found():
    suite = SUITES.get("mathvision")
    rules = suite.protocol("strict")
    kind = dataclasses.replace(rules, match=lambda stated, item: Grade(True, "x", "all", "all"))
    strict = dataclasses.replace(rules, match=lambda stated, item: Grade(False, "x", "none", "none"))
    assert set(failed(checked(suite.load(), protocol=kind))) == {"corruptions"}
    assert set(failed(checked(suite.load(), protocol=strict))) == {"golds"}


@pytest.mark.parametrize(
    ("answer", "kind", "choices", "kinds"),
    [
        ("B", "choice", ("1", "2", "3"), {"another letter", "a letter added", "a hedge"}),
        ("A, C", "multichoice", (), {"another letter", "a letter dropped", "a letter added", "a hedge"}),
        ("12", "number", (), {"a number changed", "the sign changed", "a digit added"}),
        ("0", "number", (), {"a number changed"}),
        ("\\frac{3}{4}", "number", (), {"a number changed"}),
        ("even", "text", (), {"a word added"}),
        ("4:45", "time", (), {"a number changed"}),
        ("2003", "year", (), {"a number changed"}),
    ],
)
def test_kinds_of_corruption(answer, kind, choices, kinds):
    item = Item("1", "mathvision", "q", answer, kind, choices=choices)
    assert {name for name, _ in corruptions(item)} == kinds | {"silence", "no answer"}
    assert failed(checked([item])) == []


def test_each_check_says_what_it_asks(cli):
    said = cli("suite", "check", "figures").out
    for name, asked in CHECKS.items():
        assert (asked in said) == (name != "overlap")
    assert re.search(r"count .* not asked ", said)
