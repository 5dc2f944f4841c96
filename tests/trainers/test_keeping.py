"""`keep` and the room on the disk, through `proctor train` and `proctor watch`."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.runs.checkpoints import check_whole
from proctor.trainers.keeping import drop_superfluous, note_examined, parameters, stored_bytes
from proctor.trainers.tiny import BASE

SMALL = ("policy.prompts=4", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=1")


def arguments(*changes: str, recipe: str = "mm_upt_figures") -> list[str]:
    return ["train", recipe, *(part for change in (*SMALL, *changes) for part in ("--set", change))]


def kept(training: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("step-")) for path in (training / "checkpoints").iterdir())


def test_the_last_and_the_best_examined_are_kept(cli, tmp_path):
    training = tmp_path / "training"
    assert cli(*arguments("policy.steps=3", "keep=2"), "--out", training).code == 0
    assert kept(training) == [2, 3]
    asked = ("--suite", "figures", "--limit", 4, "--max-tokens", 8, "--out", tmp_path / "runs", "--once")
    watched = cli("watch", training, *asked)
    assert watched.code == 0, watched.err
    told = [json.loads(line) for line in (training / "examined.jsonl").read_text().splitlines()]
    assert {line["checkpoint"]: line["suite"] for line in told} == dict.fromkeys(
        ("step-000002", "step-000003"), "figures"
    )
    note_examined(training, "step-000002", "figures", 1.5)  # above all else
    longer = cli(*arguments("policy.steps=5", "keep=1"), "--out", training, "--resume")
    assert longer.code == 0, longer.err
    assert kept(training) == [2, 5]
    for path in (training / "checkpoints").iterdir():
        check_whole(path)
    assert json.loads((training / "finished.json").read_text()) == {"last_checkpoint": "step-000005"}


def test_what_a_stage_begins_with_is_kept(cli, tmp_path):
    changes = ("policy.steps=2", "collect.prompts=8", "collect.least=1", "keep=1")
    done = cli(*arguments(*changes, recipe="srlm_figures"), "--out", tmp_path / "training")
    assert done.code == 0, done.err
    assert kept(tmp_path / "training") == [2, 4]


@given(st.integers(1, 12), st.integers(1, 5), st.none() | st.integers(1, 12), st.integers(0, 15))
def test_after_any_number_of_checkpoints(count, keep, best, guarded):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        training = Path(folder)
        paths = [(step, training / "checkpoints" / f"step-{step:06d}") for step in range(1, count + 1)]
        for _, path in paths:
            path.mkdir(parents=True)
        if best is not None:
            note_examined(training, f"step-{best:06d}", "figures", 0.5)
        drop_superfluous(training, paths, keep, 100, guarded)
        last = set(range(max(1, count + 1 - keep), count + 1))
        assert set(kept(training)) == last | ({best, min(guarded, count)} & set(range(1, count + 1)))


def disk(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    """A disk with so many free bytes, from look to look; then as many as at the last."""
    usage, looks = shutil.disk_usage("."), iter(free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=next(looks, free[-1])))


def test_a_disk_without_room_is_told_before_a_step_is_taken(cli, tmp_path, monkeypatch):
    disk(monkeypatch, int(2.5 * stored_bytes(BASE)))
    done = cli(*arguments("policy.steps=3"), "--out", tmp_path / "training")
    assert done.code == 3
    assert "the training (3 checkpoints) needs" in done.err
    assert "are free: make room, or set keep" in done.err
    assert not (tmp_path / "training" / "metrics.jsonl").exists()


def test_a_disk_without_room_for_the_next_checkpoint_keeps_what_is_there(cli, tmp_path, monkeypatch):
    assert cli(*arguments("policy.steps=1"), "--out", tmp_path / "training").code == 0
    weights = stored_bytes(BASE)
    disk(
        monkeypatch, 4 * weights, int(1.5 * weights)
    )  # filled by somebody else while it trains: weights alone would go in
    done = cli(*arguments("policy.steps=2"), "--out", tmp_path / "training", "--resume")
    assert done.code == 3
    assert "checkpoint step-000002 needs" in done.err
    assert kept(tmp_path / "training") == [1]


def test_numbers_are_counted_by_the_heads_of_files():
    from safetensors.torch import load_file

    assert parameters(BASE) == sum(tensor.numel() for tensor in load_file(BASE / "model.safetensors").values())
