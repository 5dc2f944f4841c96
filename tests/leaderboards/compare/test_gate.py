"""The gate: which comparisons it lets through, what it says, and which files it refuses."""

import json
import os

import pytest

from proctor.harness.errors import DataError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.compare.gate import Limits

from ...conftest import ScriptedModel

COUNT = 100


@pytest.fixture
def arm(tmp_path):
    """Makes a folder of runs: `arm("a", mathvision=90)` answers the first 90 of 100 items right."""

    def make(name, **rights):
        for suite, right in rights.items():
            asked = [
                Sample(Item(f"{n}", suite, "How many?", "5", "number"), Prompt(("How many?",))) for n in range(COUNT)
            ]
            model = ScriptedModel(lambda i, k, right=right: rf"\boxed{{{5 if int(i) < right else 6}}}", name, name)
            run_eval(Examination(suite, "strict", asked, Sampling()), model, tmp_path / name / suite)
        return tmp_path / name

    return make


@pytest.fixture
def gate(tmp_path, cli):
    """Compares two folders behind a gate with this text."""

    def run(text, a, b, *options):
        file = tmp_path / "gate.toml"
        file.write_text(text)
        return cli("compare", a, b, "--gate", file, *options)

    return run


def test_a_regression_fails(arm, gate):
    a, b = arm("a", mathvision=90), arm("b", mathvision=70)
    done = gate("margin = 1.0", a, b)
    assert done.code == 1
    assert "FAILED  mathvision: -20.00 points, margin 1," in done.out
    found = json.loads(gate("margin = 1.0", a, b, "--json").out)["gate"]
    assert (found["passed"], found["alpha"]) == (False, 0.05)
    assert [(one["suite"], one["passed"], one["margin"]) for one in found["suites"]] == [("mathvision", False, 1.0)]
    assert found["suites"][0]["detectable"] > 0


def test_a_gain_passes(arm, gate):
    done = gate("margin = 1.0", arm("a", mathvision=70), arm("b", mathvision=90))
    assert (done.code, "passed  mathvision: +20.00 points" in done.out) == (0, True)


def test_a_drop_within_the_margin_passes(arm, gate):
    a, b = arm("a", mathvision=90), arm("b", mathvision=70)
    assert gate("margin = 20.5", a, b).code == 0
    assert gate("[margins]\nmathvision = 20.5", a, b).code == 0
    assert gate("margin = 50\n[margins]\nmathvision = 2", a, b).code == 1


def test_a_drop_that_may_be_an_accident_passes_and_what_was_not_seen_is_said(arm, gate):
    done = gate("margin = 1.0", arm("a", mathvision=90), arm("b", mathvision=87))
    assert done.code == 0
    assert "may be an accident: p is not below 0.05" in done.out
    assert "would likely not have been seen (to see 1 takes about" in done.out


def test_alpha_is_the_level_after_holm(arm, gate):
    a = arm("a", mathvision=90, wemath=90)
    b = arm("b", mathvision=84, wemath=90)  # p = 2 / 2^6 for mathvision, twice that after Holm
    assert gate("alpha = 0.05", a, b).code == 0
    assert gate("alpha = 0.07", a, b).code == 1
    assert gate("alpha = 0.05", a, b, "--suite", "mathvision").code == 1


def test_a_named_suite_that_is_missing_fails(arm, gate):
    a, b = arm("a", mathvision=90, wemath=90), arm("b", mathvision=90)
    done = gate("[margins]\nwemath = 1.0", a, b)
    assert done.code == 1
    assert "FAILED  wemath: was not compared" in done.out
    assert "passed  mathvision" in done.out
    assert gate("[margins]\nmathvison = 1.0", b, b).code == 1  # misspelt
    assert gate("margin = 1.0", a, b).code == 2  # not named: refused as ever


def test_the_defaults():
    assert Limits() == Limits(0.0, {}, 0.05)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("margn = 1.0", "unknown key 'margn'"),
        ("margin = -1.0", "margin must be a number from 0 to 100"),
        ("margin = nan", "margin must be"),
        ("margin = inf", "margin must be"),
        ("margin = true", "margin must be"),
        ("margin = '1'", "margin must be"),
        ("margins = 1.0", "margins must be a table"),
        ("[margins]\nmathvision = -2", "margins.mathvision must be"),
        ("[margins.mathvision]\nx = 1", "margins.mathvision must be"),
        ("alpha = 5", "alpha must be a number from 0.001 to 0.5"),
        ("alpha = 0", "alpha must be a number from 0.001 to 0.5"),
        ("alpha = 0.05\nalpha = 0.1", "not valid TOML"),
        ("margin = " + "[" * 5000, "not valid TOML"),
        ("margin", "not valid TOML"),
        ("margin = " + "9" * 6000, "not valid TOML"),
        ("margin = 0x" + "f" * 6000, "margin must be a number from 0 to 100, not a longer one"),
    ],
)
def test_files_that_are_no_gate_are_refused_in_one_line(tmp_path, cli, text, words):
    file = tmp_path / "gate.toml"
    file.write_text(text)
    done = cli("compare", "a", "b", "--gate", file)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert words in done.err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (2**20 + 1)])
def test_files_that_are_no_text_or_too_long_are_refused(tmp_path, content):
    file = tmp_path / "gate.toml"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"gate\.toml"):
        Limits.read(file)
    with pytest.raises(DataError, match="cannot read"):
        Limits.read(tmp_path / "nowhere.toml")


def test_what_is_no_regular_file_is_not_waited_for(tmp_path, cli):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        done = cli("compare", "a", "b", "--gate", tmp_path / name)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "is no regular file" in done.err
