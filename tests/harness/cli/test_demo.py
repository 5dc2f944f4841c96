"""What the demo prints at its end: commands that the command line takes, and words that say no more than the tests do."""

import shlex
from pathlib import Path

import pytest

from proctor.benchmarks.examination import score_run
from proctor.harness.cli import parse
from proctor.harness.cli.demo import closing_commands
from proctor.harness.cli.demo_findings import findings
from proctor.harness.runs.evaluate import run_eval


def test_every_hint_parses_as_it_is_printed():
    commands = closing_commands(Path("demo"), Path("demo/mm_upt_figures-seed0"), ".venv/bin/proctor")
    words = [shlex.split(one, comments=True) for one in commands]
    assert {one[0] for one in words} == {".venv/bin/proctor"}
    assert [parse(one[1:]).command for one in words] == ["board verify", "score", "compare", "demo", "train"]


@pytest.fixture
def scored(tmp_path, examine, scripted):
    """Scores of a model that answers the first so many items rightly, of forty."""

    def make(right, items=40):
        say = lambda item, sample: r"\boxed{5}" if int(item[1:]) < right else r"\boxed{6}"  # noqa: E731
        path = tmp_path / f"{right}-of-{items}"
        run_eval(examine(items), scripted(say, f"model-{right}", f"w{right}"), path)
        return score_run(path)

    return make


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (40, ("20 figures gained, 0 lost.", "That is a gain beyond chance.", "+50.0 points")),
        (21, ("1 figure gained, 0 lost.", "That is not distinguishable from chance.")),
        (0, ("0 figures gained, 20 lost.", "That is a loss beyond chance.")),
    ],
)
def test_the_words_say_what_the_tests_say(scored, after, words):
    small = scored(2, items=4)
    base, trained = {"figures": scored(20), "iconqa": small}, {"figures": scored(after), "iconqa": small}
    lines = "\n".join(findings(base, trained, 60, "majority_vote"))
    assert "The base answers 50.0% of 40 drawn figures right" in lines
    assert "After 60 steps of majority_vote" in lines
    assert "The 1 bundled sample has 4 items: it changed on none beyond chance." in lines
    for word in words:
        assert word in lines
