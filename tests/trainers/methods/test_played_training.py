"""Real tiny trainings by methods that play: one that was interrupted loses nothing."""

from pathlib import Path

import pytest

from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local.train import train
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import TALKER

SMALL = ["policy.steps=2", "policy.prompts=4", "sampling.n=2", "sampling.max_tokens=24", "checkpoint_every=1"]
LAST = Path("checkpoints") / "step-000002"
BOTH_STAGES = ["method_settings.clue_steps=1", "method_settings.decision_steps=1"]


@pytest.mark.parametrize(
    ("recipe", "changes"),
    [("evolmm_figures", ["method_settings.propose_every=1"]), ("vision_zero_figures", BOTH_STAGES)],
)
def test_a_resumed_training_ends_the_same(recipe: str, changes: list[str], tmp_path: Path) -> None:
    played = load_recipe(recipe, [*SMALL, *changes])

    def die(done: int, total: int, note: str) -> None:
        raise KeyboardInterrupt

    train(played, TALKER, tmp_path / "whole", False, lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        train(played, TALKER, tmp_path / "cut", False, die)
    train(played, TALKER, tmp_path / "cut", True, lambda *_: None)
    ends = [weights_digest(tmp_path / out / LAST) for out in ("cut", "whole")]
    assert ends[0] == ends[1] != weights_digest(TALKER)
    assert (tmp_path / "cut" / "metrics.jsonl").read_bytes() == (tmp_path / "whole" / "metrics.jsonl").read_bytes()
