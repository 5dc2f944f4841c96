"""What a study would do, for `proctor run --dry-run`: its steps, what they would take, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import printable
from ..report.text import counted

if TYPE_CHECKING:
    from ...trainers.experiments.study_plan import StudyPlan
    from ...trainers.experiments.study_steps import StudyStep
    from ..types import Json

HOUR, MINUTE = 3600, 60
MIB, GIB = 2**20, 2**30


def show_plan(plan: StudyPlan, problems: Sequence[str], *, as_json: bool = False) -> None:
    """Print the steps in order and what they would take; the problems are for the caller to tell."""
    from ...trainers.experiments.preflight import checkpoint_bytes
    from ...trainers.experiments.study_steps import study_steps
    from .terminal import emit_json

    steps = study_steps(plan)
    disk = sum(checkpoint_bytes(one) for one in plan.trainings)
    if as_json:
        emit_json(_to_json(plan, steps, disk, problems))
        return
    print(printable(f"into {plan.study.out}"))
    width = len(str(len(steps)))
    for number, step in enumerate(steps, start=1):
        for line in _lines(step, f"{number:{width}}  "):
            print(printable(line))
    for line in _totals(steps, disk):
        print(line)
    for note in plan.notes:
        print(printable(note))
    print(f"{counted(len(problems), 'problem')}: nothing is run" if problems else "nothing is missing")


def _lines(step: StudyStep, number: str) -> Iterator[str]:
    yield f"{number}{step.what}{': done' if step.done else ''}"
    indent = " " * len(number)
    if step.answers and not step.done:
        yield f"{indent}{_amount(step)}"
    if step.command and not step.done:
        yield f"{indent}{step.command}"


def _amount(step: StudyStep) -> str:
    there = f", {step.answers - step.left} of them there" if step.left < step.answers else ""
    took = (
        f"{_tokens(step.estimate.tokens)}, {duration(step.estimate.seconds)}"
        if step.estimate
        else "tokens and time unknown"
    )
    return (
        f"{counted(step.runs, 'run')}, {counted(step.items, 'item')}, {counted(step.answers, 'answer')}{there}; {took}"
    )


def _totals(steps: Sequence[StudyStep], disk: int) -> Iterator[str]:
    asked = [one for one in steps if one.answers]
    left = [one for one in asked if one.left]
    runs, items = sum(one.runs for one in asked), sum(one.items for one in asked)
    answers, missing = sum(one.answers for one in asked), sum(one.left for one in asked)
    counts = f"{counted(runs, 'run')}, {counted(items, 'item')}, {counted(answers, 'answer')}"
    yield f"in all {counts}, of which {missing} are not there yet"
    known = [one.estimate for one in left if one.estimate is not None]
    if known:
        part = (
            ""
            if len(known) == len(left)
            else f", without {counted(len(left) - len(known), 'examination')} of unknown speed"
        )
        tokens, seconds = sum(one.tokens for one in known), sum(one.seconds for one in known)
        yield f"about {_tokens(tokens)} in {duration(seconds)}, as earlier runs were measured{part}"
    elif left:
        yield "tokens and hours: unknown, for no earlier run of these models measured them"
    if any(one.what.startswith("train ") and not one.done for one in steps):
        yield f"trainings: hours unknown; their checkpoints need about {_size(disk)}"


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB // 10 else f"{count / MIB:.0f} MiB"


def _tokens(count: float) -> str:
    return f"{count / 1e6:.1f} M tokens" if count >= 1e6 else f"{count:,.0f} tokens"


def duration(seconds: float) -> str:
    """In the unit that fits: "12 s", "3 min", "7.5 h"."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def _to_json(plan: StudyPlan, steps: Sequence[StudyStep], disk: int, problems: Sequence[str]) -> Json:
    return {
        "out": str(plan.study.out),
        "steps": [one.to_json() for one in steps],
        "checkpoint_bytes": disk,
        "notes": list(plan.notes),
        "problems": list(problems),
    }
