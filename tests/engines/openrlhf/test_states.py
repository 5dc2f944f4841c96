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

from proctor.harness.errors import UsageError
from proctor.trainers.openrlhf.states import check_loadable, rewind

from .conftest import environment

pytestmark = [pytest.mark.engine, pytest.mark.slow]


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Iterator[None]:
    """This process is all that there is of a learner."""
    with pytest.MonkeyPatch.context() as patch:
        group = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}
        for name, value in {**environment(), **group}.items():
            patch.setenv(name, value)
        patch.setattr(torch.cuda, "current_device", lambda: torch.device("cpu"))
        meeting = tmp_path_factory.mktemp("group") / "meeting"
        torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=0, world_size=1)
        yield
        torch.distributed.destroy_process_group()


@pytest.fixture
def engine(alone, request) -> Any:
    """A small model under a stage of ZeRO."""
    model = torch.nn.Linear(4, 4)
    zero = {"stage": getattr(request, "param", 2)}
    settings = {"train_batch_size": 1, "zero_optimization": zero, "bf16": {"enabled": True}}
    made, *_ = deepspeed.initialize(model=model, optimizer=torch.optim.AdamW(model.parameters()), config=settings)
    return made


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


@pytest.mark.parametrize(
    ("engine", "others"), [(0, (1, 2, 3)), (1, (0, 3)), (2, (0, 3)), (3, (0, 1, 2))], indirect=["engine"]
)
def test_a_state_that_cannot_be_loaded_is_known_before_anything_is(engine, strategy, tmp_path, others):
    strategy.save_ckpt(engine, str(tmp_path / "states"), "global_step1", max_num=2, max_mem=float("inf"))
    stage = engine.zero_optimization_stage()
    check_loadable(tmp_path / "states", 1, stage)
    for other in others:
        with pytest.raises(
            UsageError, match=f"saved with openrlhf.zero_stage = .*{stage}.*: not to be loaded with {other}"
        ):
            check_loadable(tmp_path / "states", 1, other)
    if stage:
        with pytest.raises(UsageError, match="saved by 1 GPUs, and cannot be loaded by 4: set"):
            check_loadable(tmp_path / "states", 4, stage)


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
