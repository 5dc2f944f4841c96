"""The process that runs OpenRLHF's own command line with our hooks in it: python -m proctor.trainers.openrlhf.driver PLAN.

For GRPO, Ray starts the other processes. For a stage's SFT or DPO this process starts itself again, once per GPU.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ...harness.engines.vllm_process import OWNER
from ...harness.errors import ProctorError, UsageError
from .plan import DRIVER, PLAN, Plan, RolloutPlan, write_event

RANK = "rank"
"""The argument of those that are started once per GPU."""
POLL_SECONDS = 1.0


def main() -> int:
    """Train as the plan says; exit code 1 after an error, which is told as an event."""
    path = Path(sys.argv[1]).resolve()
    plan = Plan.read(path)
    os.environ[PLAN] = str(path)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if not plan.rollouts and RANK not in sys.argv:
        return _start_ranks(path, plan.gpus)
    try:
        _install(path, plan)
        sys.argv = [plan.command.rpartition(".")[2], *plan.arguments]
        write_event(plan.events, phase="models are loading")
        runpy.run_module(plan.command, run_name="__main__", alter_sys=True)
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and not error.code:
            return 0
        cause = _cause(error)
        write_event(plan.events, error=f"{cause}" or type(cause).__name__, kind=type(cause).__name__)
        raise
    return 0


def _install(path: Path, plan: Plan) -> None:
    """Put the hooks of the plan's entry in their places."""
    if plan.rollouts:
        _start_ray(path, plan, plan.rollouts)
        from . import engine, hooks  # noqa: PLC0415 - import OpenRLHF, which wants Ray to be there

        engine.install()
        hooks.install()
    else:
        from . import fit  # noqa: PLC0415 - imports OpenRLHF

        fit.install()


def _start_ranks(path: Path, count: int) -> int:
    """As many of this process as there are GPUs, which find each other; the first to fail ends the others."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError  # noqa: PLC0415 - heavy
    from torch.distributed.run import main as run  # noqa: PLC0415

    try:
        run(["--standalone", "--nproc-per-node", str(count), "-m", DRIVER, str(path), RANK])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        print(f"Error: process {rank} of {count} ended with exit code {failure.exitcode}", file=sys.stderr)
        return 1
    return 0


def _start_ray(path: Path, plan: Plan, rollouts: RolloutPlan) -> None:
    """Connect to the cluster that RAY_ADDRESS names, or start one here. Raises UsageError if it has too few GPUs."""
    import ray  # noqa: PLC0415 - heavy

    variables = {PLAN: str(path), "TOKENIZERS_PARALLELISM": "false", "RAY_ENABLE_ZERO_COPY_TORCH_TENSORS": "1"}
    if rollouts.single_node:
        variables[OWNER] = str(plan.owner)
    address = os.environ.get("RAY_ADDRESS") or "local"  # without a name Ray would join whatever cluster runs here
    ray.init(address, runtime_env={"env_vars": variables}, log_to_driver=True)
    resources: Any = ray.cluster_resources
    available = int(resources().get("GPU", 0))
    if available < plan.gpus:
        raise UsageError(f"the recipe needs {plan.gpus} GPUs and Ray has {available}: change the section [openrlhf]")


def _cause(error: BaseException) -> BaseException:
    """What was raised first, in whichever process: Ray wraps it."""
    cause: Any = error
    while True:
        inner = getattr(cause, "cause", None)
        if not isinstance(inner, BaseException) or isinstance(cause, ProctorError):
            return cause  # type: ignore[no-any-return]
        cause = inner


def _end_with(parent: int) -> None:
    """End this process, and Ray's with it, when the one that started it is gone, even by kill -9."""
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
