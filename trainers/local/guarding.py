"""The guard of a training in this process: asks the policy, keeps what it finds, and says when to stop."""

from __future__ import annotations

from dataclasses import replace

from ...harness.files import sweep_unfinished
from ..guard import Alarm, apply_rule, read_checks, write_alarm
from ..held_out import GreedyAnswer
from ..held_out_changes import GUARD, write_changes
from ..recipe_settings import STOP, GuardSettings
from ..training import TrainingFolder
from .policy_gradient import PolicyGradient


class Guard:
    """The guard of a training that goes on after `done` steps; without a section [guard] it never says anything.

    The base is asked when there are steps to come, unless its answers are stored. Raises DataError for damaged files.
    """

    def __init__(self, training: PolicyGradient, folder: TrainingFolder, done: int) -> None:
        self.training, self.folder = training, folder
        self.held_out = training.held_out
        self.alarm: Alarm | None = None
        self._before: list[GreedyAnswer] = []
        if self.held_out is None:
            return
        sweep_unfinished(folder.path / GUARD)
        self._checks = [check for check in read_checks(folder.path) if check.step <= done]
        self._look(self.held_out.settings)
        if done < training.recipe.policy.steps:
            with training.reference() as base:
                self._before = self.held_out.base_answers(folder.path, lambda asked: training.ask_greedily(base, asked))

    @property
    def stops(self) -> bool:
        """Whether it ends the training here."""
        return self.alarm is not None and self.alarm.stopped

    def check(self, step: int) -> dict[str, float]:
        """The metrics of a check after `step` steps; none where none is due. Raises EngineError as `HeldOut.check` does."""
        if self.held_out is None or step % self.held_out.settings.every:
            return {}
        now = self.training.ask_greedily(self.training.policy, self.held_out.prompts)
        check = self.held_out.check(step, self._before, now, self._checks)
        if check.changes is not None:
            write_changes(self.folder.path, step, check.changes)
        self._checks.append(check)
        self._look(self.held_out.settings)
        return check.metrics()

    def said(self, step: int) -> str | None:
        """The alarm, if it is of this step."""
        return str(self.alarm) if self.alarm is not None and self.alarm.check.step == step else None

    def _look(self, settings: GuardSettings) -> None:
        """Apply the rule to the checks so far, store what it says, and keep the checkpoint to go back to."""
        best, alarm = apply_rule(self._checks, settings)
        self.folder.guarded = best.step
        if alarm is not None:
            back = self.folder.last_checkpoint(best.step)
            name = None if back is None else back.path.name
            self.alarm = replace(alarm, checkpoint=name, stopped=settings.action == STOP)
        write_alarm(self.folder.path, self.alarm)
