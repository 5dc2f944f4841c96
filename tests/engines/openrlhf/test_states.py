"""DeepSpeed's states as OpenRLHF saves, rotates and loads them, with saves that were interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import deepspeed
import pytest
import torch
from openrlhf.utils.deepspeed import DeepspeedStrategy

from proctor.trainers.openrlhf.process import rewind

pytestmark = [pytest.mark.engine, pytest.mark.slow]


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def engine(surroundings, monkeypatch, tmp_path) -> Any:
    """A small model under DeepSpeed, alone."""
    for name, value in {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: torch.device("cpu"))
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    model = torch.nn.Linear(4, 4)
    settings = {"train_batch_size": 1, "zero_optimization": {"stage": 2}, "bf16": {"enabled": True}}
    made, *_ = deepspeed.initialize(model=model, optimizer=torch.optim.AdamW(model.parameters()), config=settings)
    yield made
    torch.distributed.destroy_process_group()


@pytest.fixture
def strategy() -> Any:
    args = SimpleNamespace(ds=SimpleNamespace(param_dtype="bf16"), train=SimpleNamespace(), local_rank=-1)
    return DeepspeedStrategy(args=args)


@contextmanager
def interruption(engine: Any) -> Iterator[None]:
    """Within it a save ends after the weights, before the optimiser's state."""

    def stop(*arguments: Any, **options: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_save_zero_checkpoint", stop)
        yield


def test_the_whole_state_outlives_two_interrupted_saves(engine, strategy, tmp_path):
    states, weights = tmp_path / "states" / "_actor", tmp_path / "states"

    def save(step: int) -> None:
        strategy.save_ckpt(engine, str(states), f"global_step{step}", max_num=2, max_mem=float("inf"),
                           client_state={"global_step": step})  # fmt: skip

    save(5)
    save(10)
    for _ in range(2):
        with interruption(engine), pytest.raises(Killed):
            save(15)
        assert (states / "global_step15").is_dir()
        rewind(states, weights, 10)
        path, told = strategy.load_ckpt(engine, str(states))
        assert Path(path).parent.name == "global_step10"
        assert told["global_step"] == 10
    save(15)
    assert sorted(path.name for path in states.iterdir() if path.is_dir()) == ["global_step10", "global_step15"]
