"""A row of MathVision's testmini, and a run of as many items, from a scripted engine."""

import pytest

from proctor.benchmarks.examination import score_run
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.board.table import rows

TESTMINI = 304


@pytest.fixture(scope="session")
def testmini():
    """An examination of made-up items, as many as MathVision's testmini has; a third of them are easy."""
    items = [
        Item(
            f"q{n}",
            "mathvision",
            "How many?",
            "5",
            "number",
            meta={"subject": "algebra", "level": 1 + n % 5},
        )
        for n in range(TESTMINI)
    ]
    return Examination("mathvision", "strict", [Sample(one, Prompt((one.question,))) for one in items], Sampling())


@pytest.fixture
def held(testmini, scripted, tmp_path):
    """Holds it: `held("model", "folder")` gives the run directory."""

    def hold_it(name="model", folder="runs/model", weights="w"):
        say = lambda item, sample: r"\boxed{5}" if int(item[1:]) % 3 == 0 else r"\boxed{6}"  # noqa: E731
        run_eval(testmini, scripted(say, name, weights), tmp_path / folder)
        return tmp_path / folder

    return hold_it


@pytest.fixture
def row(held):
    """The row of its accuracy."""
    return rows(score_run(held()))[0]
