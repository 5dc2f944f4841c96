"""A method that plays (GRPO is one) on OpenRLHF: write its items, serve its judge, run it, keep its checkpoints.

`openrlhf/` in the training directory holds the items, the plan, the events, DeepSpeed's states and the logs. OpenRLHF
runs in sync: its async mode builds its learner where our rewards cannot reach.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...harness.engines.base import Engine
from ...harness.engines.http_address import shown_url
from ...harness.engines.http_client import Endpoint
from ...harness.errors import UsageError
from ...harness.runs.checkpoints import Checkpoint
from ...harness.types import Json
from ..base import Progress, Reward, needs_judge
from ..base_checks import check_trainable
from ..contamination import write_fingerprints
from ..methods.base import PlayedMethod, counts
from ..methods.playing import answers_of_step, played_items
from ..recipe import Recipe
from ..recipe_settings import BASE_MODEL, TINY_MODEL, OpenRlhfSettings
from ..resolve import recipe_files
from ..rewards.registry import open_reward
from ..synthesis.preparation import prepare
from ..tiny import JUDGE
from ..tokens import needed, refuse_lacking
from ..training import TrainingFolder
from .arguments import FOLDER, Paths, arguments, shown
from .devices import Devices
from .plan import Plan, RolloutPlan
from .process import SERVED_NAME, ProcessMonitor, judge_server, started
from .rows import write_items
from .staged import open_student
from .states import check_loadable, check_states_room, rewind

COMMAND = "openrlhf.cli.train_ppo_ray"


@dataclass(frozen=True)
class PlayedTraining:
    """One training of a method that plays."""

    recipe: Recipe
    method: PlayedMethod
    settings: OpenRlhfSettings

    @classmethod
    def from_recipe(cls, recipe: Recipe, method: PlayedMethod, settings: OpenRlhfSettings) -> PlayedTraining:
        """Raises UsageError for batches that OpenRLHF would stumble over once the models are loaded."""
        training = cls(recipe, method, settings)
        training.check_batches()
        return training

    @property
    def answers(self) -> int:
        """How many a step trains on."""
        return answers_of_step(self.recipe, self.method)

    def train(self, base: Path, out: Path, resume: bool, progress: Progress) -> None:
        """Train to the recipe's end. Raises UsageError, CheckpointError, EngineError, StoreError, ..."""
        settings = self.settings
        recipe = _checked(self.recipe, self.method, settings, base)
        files = recipe_files(recipe)

        def open_model(checkpoint: Path) -> Engine:
            return open_student(checkpoint, settings)

        prepared = prepare(recipe, base, out, open_model, progress, room=settings.prompt_tokens)
        recipe, given_recipe = prepared.recipe, prepared.with_given_prompts(prepared.recipe)
        identity = {**_judge_identity(recipe, base), **prepared.identity}
        with TrainingFolder(out, given_recipe, base, resume, identity) as folder, ExitStack() as stack:
            own, steps = out / FOLDER, recipe.policy.steps
            prepared.lengths.write(out)
            items = played_items(recipe, self.method)
            write_fingerprints(out, items, steps, recipe.policy.prompts, base, anew=folder.extended)
            pictures = write_items(recipe, items, base, own)
            done = folder.last_step()
            paths = Paths(base.resolve(), own.resolve())
            if done >= steps:
                finish(folder, paths)
                return
            rewind(paths.states / "_actor", paths.states, done)
            check_loadable(paths.states / "_actor", settings.nodes * settings.gpus, settings.zero_stage)
            to_come = -(-steps // recipe.checkpoint_every) - done // recipe.checkpoint_every
            check_states_room(out, recipe.keep, to_come, paths.states / "_actor", base)
            devices = Devices.of(settings, reference=recipe.policy.kl > 0)
            devices.write(out)
            judged = stack.enter_context(_with_judge(recipe, settings, base, own, devices))
            words = arguments(recipe, settings, paths, answers=self.answers, pictures=pictures, resume=done > 0)
            plan = _plan(judged, settings, paths, words=words, files=files)
            process = stack.enter_context(started(paths.folder, plan, devices.environment(devices.training)))
            monitor = ProcessMonitor(
                folder, paths.folder, paths.base, steps, steps, process, settings.silence, progress
            )
            monitor.to_the_end()
            finish(folder, paths)

    def describe(self, base: Path, out: Path) -> str:
        """What model and judge are asked, and OpenRLHF's command line; nothing is written, nothing is started."""
        recipe, paths = self.recipe, Paths(base, out / FOLDER)
        words = arguments(recipe, self.settings, paths, answers=self.answers, pictures=1, resume=False)
        return "\n".join([*_judged(recipe, self.settings), self._asked(), shown(COMMAND, words)])

    def _asked(self) -> str:
        items, each = self.recipe.policy.prompts, counts(self.method, self.recipe.sampling.n)
        return (
            f"# {self.recipe.method}: a step of {items:,} items asks up to {items * each.prompts:,} prompts, draws up to "
            f"{items * each.answers:,} answers, and trains on up to {self.answers:,}"
        )

    def check_batches(self) -> None:
        """Raise UsageError for batches that cannot be divided among the GPUs."""
        recipe, settings, answers = self.recipe, self.settings, self.answers
        processes = settings.nodes * settings.gpus
        each = f"policy.prompts x {answers // recipe.policy.prompts}"
        update, part = answers // recipe.policy.minibatches, settings.micro_train * processes
        if update % part:
            raise UsageError(
                f"recipe: an update trains on {each} / minibatches = {update} answers, and must be a multiple of "
                f"openrlhf.micro_train x nodes x gpus, which is {part}"
            )
        if processes > 1 and answers % (settings.micro_rollout * processes):
            raise UsageError(
                f"recipe: a step trains on {each} = {answers} answers, and must be a multiple of "
                f"openrlhf.micro_rollout x nodes x gpus, which is {settings.micro_rollout * processes}"
            )


def finish(folder: TrainingFolder, paths: Paths) -> None:
    """Mark the training as ended, and delete what only a resume would have needed."""
    folder.finish()
    for rest in (paths.states, paths.last):
        shutil.rmtree(rest, ignore_errors=True)


def _judged(recipe: Recipe, settings: OpenRlhfSettings) -> Iterator[str]:
    """What a judge costs: the most that it is asked to write."""
    judge = recipe.judge
    if judge is None or not needs_judge(open_reward(recipe.reward, recipe.reward_settings)):
        return
    a_step = recipe.policy.prompts * recipe.sampling.n * judge.repeats
    tokens = a_step * recipe.policy.steps * judge.max_tokens
    where = (judge.url and shown_url(judge.url)) or (
        f"{settings.judge_gpus} GPUs" if settings.judge_gpus else "the CPU"
    )
    yield (
        f"# judge {judge.model} on {where}: {a_step:,} judgements a step, {a_step * recipe.policy.steps:,} in all, of up to "
        f"{judge.max_tokens:,} tokens each: at most {tokens:,};"
    )
    yield f"# those that cannot be read are asked for again, up to {judge.retries} times"


def _checked(recipe: Recipe, method: PlayedMethod, settings: OpenRlhfSettings, base: Path) -> Recipe:
    """The recipe with all settings spelled out. Raises what can be known before anything is started."""
    reward = open_reward(recipe.reward, recipe.reward_settings)
    recipe = dataclasses.replace(recipe.spelled_out(method=method, reward=reward), openrlhf=settings)
    _check_tokens(recipe, settings, reward)
    if not needs_judge(reward):
        recipe = dataclasses.replace(recipe, judge=None)
    elif recipe.judge and not recipe.judge.url and settings.nodes > 1:
        raise UsageError("recipe: on several nodes serve the judge yourself, and name it by judge.url and judge.model")
    check_trainable(base, settings.prompt_tokens + recipe.sampling.max_tokens)
    if recipe.judge and recipe.judge.url:
        Endpoint(recipe.judge.url, recipe.judge.model, attempts=1).served()  # raises EngineError
    _check_gpus(recipe, settings)
    return recipe


def _check_tokens(recipe: Recipe, settings: OpenRlhfSettings, reward: Reward) -> None:
    """Raise UsageError for a reward that needs to know of tokens what OpenRLHF does not tell.

    Its engine gives log-probabilities to correct for itself, of the distribution that was drawn from.
    """
    wanted = needed(reward)
    if "entropies" in wanted:
        refuse_lacking(reward.name, [wanted["entropies"]], 'OpenRLHF does not give: train with trainer = "local"')
    sampling = recipe.sampling
    drawn_from_the_model = sampling.temperature == 1 and sampling.top_p == 1 and not sampling.shaping
    if "logprobs" in wanted and not (settings.correct_engine and drawn_from_the_model):
        refuse_lacking(
            reward.name,
            [wanted["logprobs"]],
            "OpenRLHF gives only with openrlhf.correct_engine = true, sampling.temperature = 1 and sampling.top_p = 1; "
            'or train with trainer = "local"',
        )


def _check_gpus(recipe: Recipe, settings: OpenRlhfSettings) -> None:
    """What one node lacks is known at once; what a cluster has is seen when it is connected to."""
    if os.environ.get("RAY_ADDRESS"):
        return
    import torch  # noqa: PLC0415 - only to count

    needed = settings.gpus_needed(reference=recipe.policy.kl > 0) + settings.judge_gpus + settings.examine_gpus
    if (available := torch.cuda.device_count()) < needed:
        raise UsageError(
            f"the recipe needs {needed} GPUs and this machine has {available}: change the section [openrlhf], or set "
            "RAY_ADDRESS to a cluster's"
        )


def _judge_checkpoint(recipe: Recipe, base: Path) -> Path | None:
    """The checkpoint that is to be served as a judge; None without a judge, or with one that somebody else serves."""
    if recipe.judge is None or recipe.judge.url or recipe.judge.needs_gold:
        return None
    return {BASE_MODEL: base, TINY_MODEL: JUDGE}.get(recipe.judge.model, Path(recipe.judge.model))


def _judge_identity(recipe: Recipe, base: Path) -> Mapping[str, Json]:
    """What a resume must agree with beyond the recipe: who judges."""
    served = _judge_checkpoint(recipe, base)
    if served is None:
        return {}
    return {"judge": Checkpoint.read(served).identity()}


@contextmanager
def _with_judge(
    recipe: Recipe, settings: OpenRlhfSettings, base: Path, own: Path, devices: Devices
) -> Iterator[Recipe]:
    """The recipe with the URL of its judge, which is served while the block runs."""
    checkpoint = _judge_checkpoint(recipe, base)
    if checkpoint is None or recipe.judge is None:
        yield recipe
        return
    with judge_server(checkpoint, own / "judge.log", devices.environment(devices.judge), settings.judge_gpus) as url:
        yield dataclasses.replace(recipe, judge=dataclasses.replace(recipe.judge, model=SERVED_NAME, url=url))


def _plan(
    recipe: Recipe,
    settings: OpenRlhfSettings,
    paths: Paths,
    *,
    words: list[str],
    files: Mapping[str, Json],
) -> Plan:
    return Plan(
        command=COMMAND,
        arguments=tuple(words),
        recipe=recipe,
        base=str(paths.base),
        events=str(paths.folder / "events.jsonl"),
        gpus=settings.gpus_needed(reference=recipe.policy.kl > 0),
        owner=os.getpid(),
        rollouts=RolloutPlan(str(paths.folder), settings.nodes == 1, files),
    )
