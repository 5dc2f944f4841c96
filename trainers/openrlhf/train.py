"""Train by a recipe on OpenRLHF: write its input, run it in processes of its own, follow what they tell, keep checkpoints.

The training directory is that of every trainer (`training`); `openrlhf/` in it holds the prompts, the plan, the events,
DeepSpeed's states and the logs. OpenRLHF runs in sync: its async mode builds its learner where our rewards can not reach.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...harness import errors
from ...harness.checkpoints import check_whole
from ...harness.endpoint import Endpoint
from ...harness.errors import EngineError, MissingExtraError, ProctorError, UsageError
from ...harness.provenance import configuration_digest, weights_digest
from ...harness.types import Json
from ..base import Progress, needs_judge
from ..judge.settings import BASE_MODEL, TINY_MODEL
from ..overlap import write_fingerprints
from ..recipe import Recipe
from ..registry import open_reward, resolved
from ..reward_file import file_identity
from ..tiny import JUDGE
from ..training import TrainingFolder
from .arguments import Paths, arguments
from .judge_server import SERVED_NAME, judge_server
from .plan import EventReader, Plan
from .prompts import WrittenPrompts, training_batches, write_prompts
from .settings import OpenRlhfSettings

TESTED = "0.11.2"
FOLDER = "openrlhf"
POLL_SECONDS = 0.5
STOP_SECONDS = 30.0
LAST_LINES = 4000


class OpenRlhfTrainer:
    """The trainer `openrlhf`."""

    def __call__(self, recipe: Recipe, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end. Raises UsageError, MissingExtraError, CheckpointError, EngineError, StoreError, ..."""
        recipe, settings, reward = _checked(recipe, base)
        identity = {**_judge_identity(recipe, base), **reward}
        with TrainingFolder(out, recipe, base, resume, identity) as folder, ExitStack() as stack:
            own = out / FOLDER
            write_fingerprints(out, training_batches(recipe), recipe.policy.steps, recipe.policy.prompts, base)
            written = write_prompts(recipe, own)
            last = folder.last_checkpoint()
            paths = Paths(base.resolve(), written.prompts.resolve(), own.resolve())
            _rewind(paths.states, last.step if last else 0)
            if last and last.step >= recipe.policy.steps:
                folder.finish()
                return
            environment = dict(os.environ)
            asked = stack.enter_context(_with_judge(recipe, settings, base, own, environment))
            given = arguments(recipe, settings, paths, pictures=written.pictures, resume=last is not None)
            plan = dataclasses.replace(_plan(asked, settings, paths, written, given), reward=reward)
            plan.write(own / "plan.json")
            driver = stack.enter_context(_driver(own, environment))
            _Following(folder, recipe, paths, driver, settings.silence, progress).to_the_end()
            folder.finish()

    def describe(self, recipe: Recipe, base: Path, out: Path) -> str:
        """The command line that OpenRLHF would be given; nothing is written and nothing is started."""
        settings = recipe.openrlhf or OpenRlhfSettings()
        paths = Paths(base, out / FOLDER / "prompts.jsonl", out / FOLDER)
        given = arguments(recipe, settings, paths, pictures=1, resume=False)
        return "python -m openrlhf.cli.train_ppo_ray \\\n  " + " \\\n  ".join(_pairs(given))


OPENRLHF = OpenRlhfTrainer()


def _pairs(given: list[str]) -> Iterator[str]:
    """An option with its values per line."""
    line: list[str] = []
    for part in given:
        if part.startswith("--") and line:
            yield shlex.join(line)
            line = []
        line.append(part)
    yield shlex.join(line)


def _checked(recipe: Recipe, base: Path) -> tuple[Recipe, OpenRlhfSettings, Mapping[str, Json]]:
    """The recipe with all settings spelled out, and the identity of its reward's file.

    Raises what can be known before anything is started.
    """
    settings = recipe.openrlhf or OpenRlhfSettings()
    reward = open_reward(recipe.reward, recipe.reward_settings)
    recipe = dataclasses.replace(resolved(recipe, reward), openrlhf=settings)
    if recipe.policy.accumulate != 1:
        raise UsageError("recipe: policy.accumulate is the local trainer's: set openrlhf.micro_train instead")
    if recipe.policy.train_on is not None:
        raise UsageError("recipe: policy.train_on is the local trainer's: OpenRLHF trains on all sampling.n responses")
    if not needs_judge(reward):
        recipe = dataclasses.replace(recipe, judge=None)
    elif recipe.judge and not recipe.judge.url and settings.nodes > 1:
        raise UsageError("recipe: on several nodes serve the judge yourself, and name it by judge.url and judge.model")
    _check_installed()
    check_whole(base)
    if recipe.judge and recipe.judge.url:
        Endpoint(recipe.judge.url, recipe.judge.model, attempts=1).served()  # raises EngineError
    _check_gpus(recipe, settings)
    return recipe, settings, file_identity(reward)


def _check_installed() -> None:
    try:
        version = importlib.metadata.version("openrlhf")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtraError("trainer openrlhf needs OpenRLHF: pip install 'proctor[openrlhf]'") from error
    if version != TESTED:
        raise UsageError(
            f"OpenRLHF {version} is installed, and the hooks are made for {TESTED}: pip install openrlhf=={TESTED}"
        )


def _check_gpus(recipe: Recipe, settings: OpenRlhfSettings) -> None:
    """What one node lacks is known at once; what a cluster has is seen when it is connected to."""
    if os.environ.get("RAY_ADDRESS"):
        return
    import torch  # noqa: PLC0415 - only to count

    needed = settings.gpus_needed(reference=recipe.policy.kl > 0) + settings.judge_gpus
    if (there := torch.cuda.device_count()) < needed:
        raise UsageError(
            f"the recipe needs {needed} GPUs and this machine has {there}: change the section [openrlhf], or set "
            "RAY_ADDRESS to a cluster's"
        )


def _judge_checkpoint(recipe: Recipe, base: Path) -> Path | None:
    """The checkpoint that is to be served as a judge; None without a judge, or with one that somebody else serves."""
    if recipe.judge is None or recipe.judge.url:
        return None
    return {BASE_MODEL: base, TINY_MODEL: JUDGE}.get(recipe.judge.model, Path(recipe.judge.model))


def _judge_identity(recipe: Recipe, base: Path) -> Mapping[str, Json]:
    """What a resume must agree with beyond the recipe: who judges."""
    served = _judge_checkpoint(recipe, base)
    if served is None:
        return {}
    check_whole(served)
    return {"judge": {"weights": weights_digest(served), "configuration": configuration_digest(served)}}


@contextmanager
def _with_judge(
    recipe: Recipe, settings: OpenRlhfSettings, base: Path, own: Path, environment: dict[str, str]
) -> Iterator[Recipe]:
    """The recipe with the URL of its judge, which is served while the block runs; the last GPUs are the judge's."""
    checkpoint = _judge_checkpoint(recipe, base)
    if checkpoint is None or recipe.judge is None:
        yield recipe
        return
    theirs = dict(environment)
    if settings.judge_gpus:
        visible = environment.get("CUDA_VISIBLE_DEVICES", "").split(",")
        total = settings.gpus_needed(reference=recipe.policy.kl > 0) + settings.judge_gpus
        devices = visible if visible != [""] else [str(number) for number in range(total)]
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(devices[: -settings.judge_gpus])
        theirs["CUDA_VISIBLE_DEVICES"] = ",".join(devices[-settings.judge_gpus :])
    with judge_server(checkpoint, own / "judge.log", theirs, settings.judge_gpus) as url:
        yield dataclasses.replace(recipe, judge=dataclasses.replace(recipe.judge, model=SERVED_NAME, url=url))


def _plan(recipe: Recipe, settings: OpenRlhfSettings, paths: Paths, written: WrittenPrompts, given: list[str]) -> Plan:
    events = paths.folder / "events.jsonl"
    events.write_bytes(b"")
    return Plan(
        recipe=recipe,
        arguments=tuple(given),
        base=str(paths.base),
        items=str(written.items.resolve()),
        events=str(events),
        gpus=settings.gpus_needed(reference=recipe.policy.kl > 0),
        single_node=settings.nodes == 1,
        owner=os.getpid(),
    )


def _rewind(states: Path, step: int) -> None:
    """Make the last checkpoint that was kept DeepSpeed's latest state; what was begun after it is dropped.

    Raises UsageError if there is no state for it.
    """
    for unfinished in states.glob("global_step*_hf"):
        shutil.rmtree(unfinished)
    actor = states / "_actor"
    if step == 0:
        shutil.rmtree(actor, ignore_errors=True)
        return
    tag = f"global_step{step}"
    if not (actor / tag).is_dir():
        raise UsageError(f"{actor}: no state for step {step} to resume from: begin again with another --out")
    (actor / "latest").write_text(tag)


@contextmanager
def _driver(own: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """OpenRLHF in a process group of its own, which ends with the block."""
    command = [sys.executable, "-m", "proctor.trainers.openrlhf.driver", str(own / "plan.json")]
    with (own / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@dataclasses.dataclass
class _Following:
    """Keeps what a running training tells, and ends it when it falls silent."""

    folder: TrainingFolder
    recipe: Recipe
    paths: Paths
    driver: subprocess.Popen[bytes]
    silence: int
    progress: Progress
    phase: str = "starting"
    failure: Mapping[str, Json] | None = None
    step: int = 0

    def to_the_end(self) -> None:
        """Follow until the process ends. Raises what it ended of."""
        events = EventReader(self.paths.folder / "events.jsonl")
        heard = time.monotonic()
        while True:
            ended = self.driver.poll() is not None
            for event in events.new():
                heard = time.monotonic()
                self._take(event)
            if ended:
                break
            if time.monotonic() - heard > self.silence:
                raise EngineError(
                    f"no sign of life for {self.silence} s while {self.phase}: a dead engine is waited for without end; "
                    f"see {self._log}, and resume with --resume"
                )
            time.sleep(POLL_SECONDS)
        if self.failure or self.driver.returncode:
            raise self._error()
        if self.folder.last_step() < self.recipe.policy.steps:
            self.folder.adopt_checkpoint(self.recipe.policy.steps, self.paths.folder / "last", self.paths.base)

    @property
    def _log(self) -> Path:
        return self.paths.folder / "log.txt"

    def _take(self, event: Mapping[str, Json]) -> None:
        if "phase" in event:
            self.phase = str(event["phase"])
        elif "step" in event:
            self.step, metrics = int(event["step"]), event["metrics"]
            self.folder.record(self.step, metrics)
        elif "checkpoint" in event:
            self.folder.adopt_checkpoint(int(event["checkpoint"]), Path(event["path"]), self.paths.base)
        else:
            self.failure = event
        note = self.phase if not self.failure else "failed"
        self.progress(self.step, self.recipe.policy.steps, note)

    def _error(self) -> ProctorError:
        """What the training ended of, in one line."""
        failure = self.failure or {"error": self._last_words(), "kind": ""}
        kind = getattr(errors, str(failure["kind"]), None)
        message = " ".join(str(failure["error"]).split())[:500]
        if isinstance(kind, type) and issubclass(kind, ProctorError):
            return kind(message)
        return EngineError(f"OpenRLHF ended while {self.phase}: {message}; see {self._log}, and resume with --resume")

    def _last_words(self) -> str:
        """The last line of the log that speaks of an error, else how the process ended."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_LINES * 100))
            lines = log.read().decode(errors="replace").splitlines()
        told = [line for line in lines if "Error" in line or "error:" in line]
        return told[-1][-300:] if told else f"exit code {self.driver.returncode}"
