"""A third party's package that adds one thing of each kind goes through every command."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.suites import figures
from proctor.harness.cli.options import REGISTRIES
from proctor.trainers.tiny import BASE

ADDED = {
    "suites": "shapes",
    "protocols": "last_digit",
    "engines": "counter",
    "rewards": "brevity",
    "advantages": "signs",
    "formats": "spoken",
    "methods": "patient",
    "trainers": "careful",
    "profiles": "shapes_3b",
    "recipes": "shapes_brief",
    "conditions": "careless",
    "papers": "polygons",
}


def test_each_kind_is_listed_with_where_it_is_from(installed: Path, ok: Callable[..., str]) -> None:
    assert set(ADDED) == set(REGISTRIES)
    for kind, name in ADDED.items():
        rows = {row["name"]: row for row in json.loads(ok("list", kind, "--json"))}
        assert rows[name]["source"] == "package shapes 1.2", kind
        assert rows[name]["summary"], kind
        assert all(row["source"] == "built in" for other, row in rows.items() if other != name), kind


def test_scores_boards_and_pages(
    installed: Path, ok: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, more in (("right", 0), ("wrong", 1)):
        ok("eval", "--engine", "counter", "--model", target, "--engine-option", f"more={more}", "--suite", "shapes")
    scored = json.loads(ok("score", "runs", "--score-protocol", "strict,last_digit", "--json"))
    assert sorted((one["model"], one["protocol"], one["correct"]) for one in scored) == [
        ("right", "last_digit", 6),
        ("right", "strict", 6),
        ("wrong", "last_digit", 2),
        ("wrong", "strict", 2),
    ]
    listed = json.loads(ok("list", "runs", ".", "--json"))
    assert [(one["model"], one["suite"], one["complete"], round(one["score"], 3)) for one in listed] == [
        ("right", "shapes", True, 1.0),
        ("wrong", "shapes", True, 0.333),
    ]
    assert "shapes" in ok("suite", "list")
    ok("suite", "check", "shapes")
    ok("suite", "check", "mathvision")
    monkeypatch.setattr("proctor.harness.runs.score.MIN_TASKS", 99)  # a process takes seconds to start
    ok("board", "build", "runs", "--out", "board", "--score-protocol", "strict,last_digit", "--draft")
    assert json.loads(ok("board", "verify", "board", "--json"))["reproduced"] == 4
    assert json.loads(ok("compare", "runs@wrong", "runs@right", "--json"))
    run = next(iter(sorted((tmp_path / "runs").glob("wrong*"))))
    assert "last_digit" in ok("explain", run, "--score-protocol", "strict,last_digit")
    ok("show", "runs", "--score-protocol", "last_digit", "--html", "page.html")
    ok("suite", "export", "lmms-eval", "--suite", "shapes", "--out", "tasks")
    assert "polygons/1" in ok("paper", "table")
    assert "Sides" in ok("paper", "table", "polygons/1", "runs")
    assert "polygons/1" in ok("paper", "plan", "polygons/1")
    assert "shapes_brief" in ok("paper", "run", "polygons/1/shapes_brief", "--dry-run")


def test_a_training_by_its_recipe(installed: Path, ok: Callable[..., str], tmp_path: Path) -> None:
    data = f"prompts.data={installed / 'shapes.jsonl'}"
    ok("train", "shapes_brief", "--base", BASE, "--out", "training", "--set", data)
    assert (tmp_path / "training" / "careful.txt").exists()
    assert json.loads((tmp_path / "training" / "metrics.jsonl").read_text())["number"] == 0
    stored = json.loads((tmp_path / "training" / "training.json").read_text())["identity"]
    assert (stored["recipe"]["method"], stored["profile"]["name"]) == ("patient", "shapes_3b")
    ok(
        "watch",
        "training",
        "--suite",
        "shapes",
        "--protocol",
        "last_digit",
        "--profile",
        "shapes_3b",
        "--once",
        "--max-tokens",
        "8",
    )
    listed = json.loads(ok("list", "runs", ".", "--json"))
    assert [(one["kind"], one["complete"]) for one in listed] == [("run", True), ("training", True)]
    assert listed[0]["protocol"].startswith("last_digit+shapes_3b@")
    ok("board", "export", "tensorboard", "training", "--runs", "runs", "--out", "curves")
    ok("reward", "check", "brevity")


def test_the_demo_shows_its_suite_too(
    installed: Path, ok: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(figures, "SUITE", dataclasses.replace(figures.SUITE, test_size=6))
    for name in [name for name in SUITES.builtin if name not in ("figures", "chartqa")]:
        monkeypatch.delitem(SUITES.builtin, name)
    recipe = """extends = "mm_upt_figures"
[policy]
steps = 1
prompts = 2
minibatches = 1
[sampling]
n = 2
"""
    (tmp_path / "short.toml").write_text(recipe)
    assert "shapes" in ok("demo", "--recipe", "short.toml", "--out", "demo")
