"""The package `shapes` as it would be installed: a folder on the path, with its entry points beside it."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from proctor.harness import registry

from ..conftest import Done

PACKAGE = Path(__file__).parent / "shapes"

ENTRY_POINTS = """
[proctor.suites]
shapes = shapes.things:SUITE
[proctor.protocols]
last_digit = shapes.things:last_digit
[proctor.engines]
counter = shapes.things:Counter
[proctor.rewards]
brevity = shapes.things:brevity
[proctor.advantages]
signs = shapes.things:signs
[proctor.formats]
spoken = shapes.things:spoken
[proctor.methods]
patient = shapes.things:Patient
[proctor.trainers]
careful = shapes.things:careful
[proctor.profiles]
data = shapes.profiles
[proctor.recipes]
data = shapes.recipes
[proctor.conditions]
data = shapes.conditions
[proctor.papers]
data = shapes.papers
"""
SHAPES = ("triangle", "square", "pentagon", "hexagon", "heptagon", "octagon")


def draw_sample(folder: Path) -> None:
    """shapes.jsonl with its pictures."""
    lines = []
    for sides, name in enumerate(SHAPES, 3):
        with Image.new("RGB", (56, 56), "white") as picture:
            ImageDraw.Draw(picture).regular_polygon((28, 28, 24), sides, outline="black")
            picture.save(folder / f"{name}.png")
        item = {"id": name, "question": f"How many sides has the {name}?", "answer": str(sides), "image": f"{name}.png"}
        lines.append(json.dumps(item))
    (folder / "shapes.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the package is installed."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, site / "shapes", ignore=shutil.ignore_patterns("__pycache__"))
    draw_sample(site / "shapes")
    information = site / "shapes-1.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shapes\nVersion: 1.2\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a path named in a test before is not known."""
    monkeypatch.setattr(registry, "_LOADED", {})


@pytest.fixture
def ok(cli: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command in the test's folder, which must go well, and gives what it printed."""
    monkeypatch.chdir(tmp_path)
    clean = {"commit": None, "dirty": None}
    monkeypatch.setattr("proctor.harness.runs.provenance.source_state", lambda: clean)

    def run(*words: object) -> str:
        done = cli(*words)
        assert done.code == 0, (words, done.out, done.err)
        return done.out

    return run


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """mine.py, mine.toml and its sample in a folder of one's own, of which no package knows."""
    folder = tmp_path / "own"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__*__*"))
    (folder / "things.py").rename(folder / "mine.py")
    draw_sample(folder)
    return folder


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package can be imported in this process, and in those that it starts."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    for name in [name for name in sys.modules if name.partition(".")[0] == "shapes"]:
        monkeypatch.delitem(sys.modules, name)
    return site / "shapes"
