"""Same seed, same bytes: where docs/training.md says that it holds, and where it says that it does not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from proctor.trainers.local.train import train
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE

SMALL = ["policy.steps=2", "policy.prompts=2", "policy.minibatches=1", "sampling.n=3", "sampling.max_tokens=16"]


def trained(out: Path, *changes: str) -> Path:
    train(load_recipe("mm_upt_figures", [*SMALL, *changes]), BASE, out, False, lambda *_: None)
    return out


def contents(out: Path, folder: str) -> dict[str, bytes]:
    """Every file below a folder of a training."""
    root = out / folder
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def metrics(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("first") / "training")


def test_metrics_checkpoints_and_states_have_the_same_bytes(first: Path, tmp_path: Path) -> None:
    again = trained(tmp_path / "again")
    assert (again / "metrics.jsonl").read_bytes() == (first / "metrics.jsonl").read_bytes()
    found = contents(first, "checkpoints")
    assert found == contents(again, "checkpoints")
    assert {name.rpartition("/")[2] for name in found} >= {"model.safetensors", "state.safetensors", "COMPLETE"}


def test_files_for_tensorboard_have_not(first: Path, tmp_path: Path) -> None:
    again = trained(tmp_path / "again")
    assert contents(first, "tensorboard").keys() != contents(again, "tensorboard").keys()  # their names have the time


def test_layers_run_again_and_attention_that_is_named_do_not_change_them(first: Path, tmp_path: Path) -> None:
    other = trained(tmp_path / "other", "local.gradient_checkpointing=true", "local.attention=sdpa")
    assert contents(first, "checkpoints") == contents(other, "checkpoints")


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2 if before == 1 else 1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_other_threads_change_no_more_than_rounding(first: Path, tmp_path: Path) -> None:
    for one, other in zip(metrics(first), metrics(trained(tmp_path / "other")), strict=True):
        assert other == pytest.approx(one, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("change", ["local.micro_tokens=100", "local.attention=eager"])
def test_passes_by_tokens_and_another_attention_change_no_more_than_rounding(
    change: str, first: Path, tmp_path: Path
) -> None:
    for one, other in zip(metrics(first), metrics(trained(tmp_path / "other", change)), strict=True):
        assert other == pytest.approx(one, rel=1e-3, abs=1e-5)
