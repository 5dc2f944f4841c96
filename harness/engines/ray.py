"""Several copies of an engine side by side, in Ray workers on one node or on many; this process alone writes the run.

Requests go to whichever worker is free, a chunk at a time, and answers come back one by one. An answer does not depend on
the worker that gives it, so a fleet's run is that of a single engine: same identity, same bytes when it is sealed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import EngineError, MissingExtraError, ProctorError, UsageError, install
from ..runs.adapters import check_model
from ..runs.hub_checkpoint import find_checkpoint
from ..types import Json, Request, Response, Sampling
from ..user_file import anchored
from .base import ENGINES, Engine, tells

CHUNK = 64
"""Requests that a worker is given at once."""
QUEUED = 2
"""Chunks that a worker has in hand, so that it does not wait for the next one."""
CONNECT_SECONDS = 10.0


_Description: TypeAlias = tuple[str, Mapping[str, Json], Mapping[str, str], frozenset[str]]


class ReplicaWorker:
    """An engine in a process of its own; Ray makes an actor of it."""

    model: Engine

    def open(self, engine: str, target: str, options: Mapping[str, str]) -> _Description:
        """Name, identity and versions of its engine, and what it tells of tokens.

        Raises what opening it raises; a constructor would hide that.
        """
        self.model = ENGINES.load(engine)(target, options)
        return self.model.name, dict(self.model.identity()), dict(self.model.versions()), tells(self.model)

    def answer(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[Response]:
        """The responses to a chunk."""
        for response in self.model.generate(iter(requests), sampling):  # noqa: UP028 - Ray sends values into this
            yield response  # generator, which `yield from` would pass on


class ReplicaPool:
    """`workers` copies of an engine. `address` is a running Ray cluster's ("auto", "ray://..."), else one is started here.

    Where the cluster has GPUs each worker gets as many as its engine spreads a model over. Raises MissingExtraError without
    Ray, UsageError for a fleet that the cluster has no room for, and whatever opening the engine raises.
    """

    def __init__(
        self, engine: str, target: str, options: Mapping[str, str], workers: int, address: str | None = None
    ) -> None:
        if workers < 1:
            raise UsageError(f"a fleet needs at least one worker, not {workers}")
        ray = _connect(address, workers)
        cluster = ray.cluster_resources()
        gpus = gpus_of(engine, options) if cluster.get("GPU", 0) else 0
        if cluster.get("CPU", 0) < workers:
            raise UsageError(f"{workers} workers need as many CPUs; the cluster has {cluster.get('CPU', 0):g}")
        if cluster.get("GPU", 0) < workers * gpus:
            raise UsageError(
                f"{workers} workers of {gpus} GPUs each need {workers * gpus}; the cluster has "
                f"{cluster['GPU']:g}: fewer --workers, or less tensor_parallel"
            )
        actor = ray.remote(ReplicaWorker).options(num_cpus=1, num_gpus=gpus)
        self._ray = ray
        self._workers = [actor.remote() for _ in range(workers)]
        self.name, self._identity, versions, self.tells = self._opened(engine, target, dict(options))
        self._versions = {**versions, "ray": ray.__version__, "workers": str(workers)}

    def _opened(self, engine: str, target: str, options: Mapping[str, str]) -> _Description:
        """What all workers say of themselves. Raises EngineError if they differ: their answers would be of two models."""
        with _told(self._ray):
            said = self._ray.get([worker.open.remote(engine, target, options) for worker in self._workers])
        if any(one[1] != said[0][1] for one in said):
            raise EngineError("the workers do not hold the same model: are their files the same on all nodes?")
        found: _Description = said[0]
        return found

    def identity(self) -> Mapping[str, Json]:
        """That of one engine."""
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """Those of one engine, Ray's, and the number of workers."""
        return self._versions

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Responses as any worker gives them. Raises EngineError if a worker dies; the others' answers are out by then."""
        pending = iter(requests)
        streams: dict[Any, int] = {}
        in_hand = [0] * len(self._workers)
        while True:
            for number, worker in enumerate(self._workers):
                while in_hand[number] < QUEUED and (chunk := [_carried(one) for one in islice(pending, CHUNK)]):
                    stream = worker.answer.options(num_returns="streaming").remote(chunk, sampling)
                    streams[stream] = number
                    in_hand[number] += 1
            if not streams:
                return
            (ready,), _ = self._ray.wait(list(streams), num_returns=1, fetch_local=True)
            try:
                with _told(self._ray):
                    yield self._ray.get(next(ready))
            except StopIteration:
                in_hand[streams.pop(ready)] -= 1


def _carried(request: Request) -> Request:
    """The request with its pictures' bytes in it: a worker may not see the files."""
    prompt = request.prompt.with_images(lambda image: dataclasses.replace(image, origin=image.read()))
    return dataclasses.replace(request, prompt=prompt)


def _connect(address: str | None, workers: int) -> Any:
    """Ray, connected to the cluster at `address`, or started here."""
    try:
        import ray  # noqa: PLC0415 - heavy, and not part of a plain installation
    except ImportError as error:
        raise MissingExtraError(f"several workers need Ray: {install('ray')}") from error
    if address and address != "auto":
        _check_that_something_listens(address)
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")  # of the other workers; the first one's is told
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or Ray warns of its own future default
        options: dict[str, Any] = {"address": address}
        if not address:  # one of its own, whatever else runs on this machine
            options = {"address": "local", "num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            where = f"a Ray cluster at {address!r}" if address else "Ray on this machine"
            raise EngineError(f"cannot reach {where}: {str(error)[:200]}") from error
    return ray


def _check_that_something_listens(address: str) -> None:
    """Raise EngineError at once where Ray would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise EngineError(f"cannot reach a Ray cluster at {address!r}: {error}") from error


@contextlib.contextmanager
def _told(ray: Any) -> Iterator[None]:
    """What went wrong in a worker, in one line."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ProctorError):
            raise error.cause from error
        raise EngineError(f"a worker failed: {str(error.cause)[:300]}") from error
    except ray.exceptions.RayActorError as error:
        raise EngineError("a worker died; what was answered is stored: run the same command again") from error


def gpus_of(engine: str, options: Mapping[str, str]) -> int:
    """GPUs that one copy of an engine takes where there are any, by the options that spread a model over several."""
    if engine in ("openai", "replay"):
        return 0
    spread = [options.get(name, "1") for name in ("tensor_parallel", "pipeline_parallel")]
    return prod(
        int(one) if one.isdecimal() and int(one) else 1 for one in spread
    )  # what is no number the engine refuses


ON_CHECKPOINTS = ("transformers", "vllm")
"""Engines that open a checkpoint's folder."""


def open_replicas(engine: str, target: str, options: Mapping[str, str], workers: int, address: str | None) -> Engine:
    """One engine in this process, or a fleet of several in Ray's; `engine` is a name, or the path of a file's."""
    engine = anchored(engine, Path())
    if engine in ON_CHECKPOINTS:  # before seconds go by for what is not there
        check_model(found := find_checkpoint(target), options.get("base"))
        target = str(found)
    if workers == 1 and address is None:
        return ENGINES.load(engine)(target, options)
    return ReplicaPool(engine, target, options, workers, address)
