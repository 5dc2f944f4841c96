"""What is said of a checkpoint that was examined: its score, and the paired difference to the base of its training."""

import json
from pathlib import Path

from proctor.harness.cli.checkpoint_scores import CheckpointScores
from proctor.harness.runs.evaluate import run_eval
from proctor.trainers.recipe import load_recipe
from proctor.trainers.resolve import resolve

RIGHT, WRONG = r"It is \boxed{5}.", r"It is \boxed{6}."


def test_the_score_and_the_difference_to_the_base(tmp_path: Path, examine, scripted) -> None:
    training, runs = tmp_path / "training", tmp_path / "runs"
    training.mkdir()
    recipe = resolve(load_recipe("mm_upt_figures")).to_json()
    (training / "training.json").write_text(json.dumps({"identity": {"recipe": recipe, "base": {"weights": "0" * 64}}}))
    after = scripted(lambda item, sample: RIGHT, name="after", weights="1" * 64)
    before = scripted(lambda item, sample: WRONG if item in ("q0", "q1") else RIGHT, name="before", weights="0" * 64)
    done = run_eval(examine(20), after, runs / "after")
    scores = CheckpointScores(training, runs)
    assert list(scores.lines([done.path])) == [
        f"figures: 100.0% (69.2 to 100.0); no run of the base to compare with in {runs}"
    ]
    run_eval(examine(20), before, runs / "before")
    (line,) = CheckpointScores(training, runs).lines([done.path])
    assert line.startswith("figures: 100.0% (69.2 to 100.0), +10.0 points to the base (")
    assert line.endswith("), p = 1")
    (line,) = CheckpointScores(tmp_path / "elsewhere", runs).lines([done.path])
    assert line == "figures: 100.0% (69.2 to 100.0)"
