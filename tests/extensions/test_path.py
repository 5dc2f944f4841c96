"""The same things in a file of one's own, named by its path; and what a path may not do."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness import registry
from proctor.harness.errors import UsageError
from proctor.trainers.tiny import BASE

from ..conftest import Done

THINGS = ("careful", "Patient", "last_digit", "spoken", "brevity", "signs")


def test_scores_boards_and_pages(
    own: Path, ok: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = (
        "eval",
        "--suite",
        "own/mine.py:SUITE",
        "--engine",
        "own/mine.py:Counter",
        "--protocol",
        "own/mine.py:last_digit",
    )
    for model in ("right", "one", "two", "three"):
        ok(*ask, "--model", model, "--engine-option", f"more={int(model != 'right')}")
    manifest = json.loads(next((tmp_path / "runs").glob("right*/run.json")).read_text())["identity"]
    assert (manifest["suite"], manifest["protocol"]) == ("shapes", "last_digit")
    digest = sha256((own / "mine.py").read_bytes()).hexdigest()
    assert manifest["model"]["engine_file"] == {"sha256": digest}

    both = ("--with", "own/mine.py:SUITE", "--with", "own/mine.py:last_digit")
    scored = json.loads(ok("score", "runs", *both, "--score-protocol", "last_digit,strict", "--json"))
    assert sorted(one["correct"] for one in scored) == [2, 2, 2, 2, 2, 2, 6, 6]
    versions = {one["protocol"]: one["protocol_version"] for one in scored}
    assert versions["last_digit"] == f"1+file.{digest[:12]}"
    assert "file" not in versions["strict"]
    ok(
        "board", "build", "runs", "--out", "board", *both, "--draft"
    )  # four runs: processes that load the file themselves
    monkeypatch.setattr("proctor.harness.runs.score.MIN_TASKS", 99)
    assert json.loads(ok("board", "verify", "board", *both, "--json"))["reproduced"] == 4
    assert json.loads(ok("compare", "runs@one", "runs@right", *both, "--json"))
    run = next((tmp_path / "runs").glob("one*"))
    assert "last_digit" in ok("explain", run, *both, "--score-protocol", "strict,own/mine.py:last_digit")
    ok("show", "runs", *both, "--html", "page.html")
    ok("suite", "check", "own/mine.py:SUITE")
    assert "Sides" in ok("paper", "table", "own/papers:polygons/1", "runs", *both)


def test_a_stored_name_executes_nothing(own: Path, ok: Callable[..., str], cli: Callable[..., Done]) -> None:
    ok("eval", "--suite", "own/mine.py:SUITE", "--engine", "own/mine.py:Counter", "--model", "right")
    registry._LOADED.clear()
    done = cli("score", "runs")
    assert (done.code, "no suite is called 'shapes'" in done.err) == (2, True), done.err
    assert "no suite is called 'shapes'" in cli("list", "runs", "runs").out
    with pytest.raises(UsageError, match=r"no suite is called 'own/mine\.py:SUITE'"):
        SUITES.get("own/mine.py:SUITE")


def test_a_training_whose_every_part_is_in_a_file(own: Path, ok: Callable[..., str], cli: Callable[..., Done]) -> None:
    recipe = (own / "recipes" / "shapes_brief.toml").read_text().replace('"shapes"', '"mine.py:SUITE"')
    for thing in THINGS:
        recipe = recipe.replace(f'"{thing.lower()}"', f'"mine.py:{thing}"')
    recipe = recipe.replace('model = "shapes_3b"', 'model = "profiles/shapes_3b.toml"')
    (own / "mine.toml").write_text(recipe)
    profile = own / "profiles" / "shapes_3b.toml"
    profile.write_text(profile.read_text().replace('"spoken"', '"boxed"'))
    train = ("train", "own/mine.toml", "--base", BASE, "--out", "training", "--set", "prompts.data=own/shapes.jsonl")
    ok(*train)
    assert (own.parent / "training" / "careful.txt").exists()
    stored = json.loads((own.parent / "training" / "training.json").read_text())["identity"]
    digest = {"sha256": sha256((own / "mine.py").read_bytes()).hexdigest()}
    for key in ("trainer", "method", "suite", "protocol", "answer_format", "reward", "advantage"):
        assert stored[f"{key}_file"] == digest, key
    assert stored["recipe"]["advantage"] == f"{own}/mine.py:signs"

    (own / "mine.py").write_text((own / "mine.py").read_text() + "# changed\n")
    done = cli(*train, "--resume")
    assert (done.code, "advantage_file.sha256" in done.err) == (2, True), done.err


def test_names_that_are_taken_and_what_is_no_such_thing(
    own: Path, ok: Callable[..., str], cli: Callable[..., Done]
) -> None:
    (own / "other.py").write_text("from mine import SUITE\n")
    source = (own / "mine.py").read_text()
    (own / "taken.py").write_text(source.replace('Suite("shapes"', 'Suite("figures"'))
    (own / "again.py").write_text(source)
    ask = ("eval", "--engine", "own/mine.py:Counter", "--model", "right", "--suite")
    for suite, told in (
        ("own/taken.py:SUITE", "the name 'figures' is taken"),
        ("own/mine.py:Counter", "is no Suite"),
        ("own/mine.py:NONE", "has no 'NONE'; there are: Counter, Patient, SUITE, brevity"),
        ("own/mine.py:SUITE,own/again.py:SUITE", "two files give the suite 'shapes'"),
    ):
        done = cli(*ask, suite)
        assert (done.code, told in done.err, done.err.count("\n")) == (2, True, 1), done.err
    (own / "bad.py").write_text("def open_engine(target, options):\n    return options['no']\n")
    done = cli("eval", "--engine", "own/bad.py:open_engine", "--model", "m", "--suite", "figures")
    assert (done.code, "own/bad.py:2: KeyError: 'no'" in done.err) == (2, True), done.err
