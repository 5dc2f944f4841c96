"""DeepSpeed's states, from which a training is resumed: `states/global_stepN/`, of which OpenRLHF keeps the newest two.

A state is written in parts, one per process of the learner, and its parts cannot be loaded by another number of them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ...harness.errors import UsageError
from ..keeping import check_room_for_all, parameters

KEPT = 2
"""States that OpenRLHF keeps: it drops the older one before it saves a third."""
SAVED = "metric.json"
"""What OpenRLHF writes into a state last."""
WEIGHTS, STATE = 2, 14
"""Bytes per number."""


def needed(states: Path, parameters: int) -> int:
    """Bytes that the next save takes beside what is there: of each number the weights' two, and of a state fourteen.

    A state has the weights in bf16 and, in fp32, weights and both moments.
    """
    full = sum(1 for _ in states.glob("global_step*")) >= KEPT
    return parameters * (WEIGHTS + (0 if full else STATE))


def rewind(states: Path, weights: Path, update: int) -> None:
    """Leave of DeepSpeed's states the one of the last checkpoint that was kept, and make it the latest.

    `states` holds DeepSpeed's states, `weights` those as OpenRLHF saves them. What an interrupted save left would be counted
    by OpenRLHF, which drops the oldest state before it saves: the only whole one. Raises UsageError if there is no state.
    """
    for unfinished in weights.glob("global_step*_hf"):
        shutil.rmtree(unfinished)
    if update == 0:
        shutil.rmtree(states, ignore_errors=True)
        return
    tag = f"global_step{update}"
    if not (states / tag / SAVED).is_file():
        raise UsageError(
            f"{states}: no state for step {update} to resume from (a finished training keeps none): choose another --out"
        )
    for state in states.iterdir():
        if state.is_dir() and state.name != tag:
            shutil.rmtree(state)
    (states / "latest").write_text(tag)


def check_loadable(states: Path, processes: int, zero_stage: int) -> None:
    """Raise UsageError if the latest state, where there is one, is not one of that many processes under that stage of ZeRO.

    Stages 1 and 2 read each other's states; how many processes wrote one matters to all but stage 0.
    """
    latest = states / "latest"
    if not latest.is_file():
        return
    files = [file.name for file in (states / latest.read_text()).glob("*_states.pt")]
    parts = sum(name.endswith("optim_states.pt") for name in files)
    whole = "mp_rank_00_model_states.pt" in files
    stored, wanted = (("0" if not parts else "1 or 2") if whole else "3"), ("0", "1 or 2", "1 or 2", "3")[zero_stage]
    if stored != wanted:
        raise UsageError(
            f"{states}: saved with openrlhf.zero_stage = {stored}: not to be loaded with {zero_stage}; set it back"
        )
    if parts and parts != processes:
        raise UsageError(
            f"{states}: saved by {parts} GPUs, and cannot be loaded by {processes}: set openrlhf.nodes x gpus to {parts}"
        )


def check_states_room(training: Path, keep: int | None, to_come: int, states: Path, base: Path) -> None:
    """Raise StoreError if the disk has no room for the checkpoints that are `to_come`, the states and the last weights."""
    numbers = parameters(base)
    there = sum(1 for _ in states.glob("global_step*"))
    beside = numbers * (STATE * max(0, min(KEPT, to_come) - there) + WEIGHTS)
    check_room_for_all(training, keep, to_come, numbers * WEIGHTS, beside)
