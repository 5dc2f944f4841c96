"""What many tests share: the tiny checkpoint, a small examination, a scripted engine, two ways to run the command line."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import draw
from proctor.harness.errors import EngineError
from proctor.harness.runs.evaluate import Examination
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Item, Response, Sampling

# Before torch is imported: spinning threads starve each other, and so do the threads of workers side by side.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Shared machines stall: a time limit per example would fail at random.
settings.register_profile(
    "proctor", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("proctor")

# A shell that runs the tests in the background has them ignore interrupts, nohup hangups, and so would the processes that
# they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side (`-n`), those that share a module's fixture stay together, so that it is made once."""
    for item in items:
        known = getattr(item, "_fixtureinfo", None)
        shared = known and any(found[-1].scope == "module" for found in known.name2fixturedefs.values())
        if shared and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


RIGHT, WRONG = r"It is \boxed{5}.", r"It is \boxed{6}."


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The bundled checkpoint's folder."""
    from proctor.trainers.tiny import BASE

    return BASE


@pytest.fixture(scope="session")
def tiny_model(tiny):
    """The bundled checkpoint on the transformers engine, loaded once."""
    from proctor.harness.engines.transformers import TransformersEngine

    return TransformersEngine(tiny)


def small_items(count: int = 4) -> list[Item]:
    """Items whose right answer is 5: no picture, one, two, one, ...; two neighbours share a cluster."""
    pictures = [
        Image.of_bytes(figure.image, f"{n}.png") for n, figure in enumerate(islice(draw(9, "train"), count + 1))
    ]
    shown = [pictures[n : n + (0, 1, 2, 1)[n % 4]] for n in range(count)]
    return [
        Item(
            id=f"q{n}",
            suite="figures",
            question=f"How tall is bar A in figure {n}?",
            answer="5",
            answer_type="number",
            images=tuple(shown[n]),
            cluster=f"pair {n // 2}",
            meta={"task": "read", "tags": ("a", "b")},
        )
        for n in range(count)
    ]


@pytest.fixture
def examine() -> Callable[..., Examination]:
    """Makes a small examination: `examine(items=4, n=1, seed=0, ...)`; other names are fields of Sampling."""

    def make(items: int | list[Item] = 4, prompt: Callable[[Item], Any] = boxed_prompt, **sampling: Any) -> Examination:
        chosen = small_items(items) if isinstance(items, int) else items
        return Examination("figures", "strict", [Sample(item, prompt(item)) for item in chosen], Sampling(**sampling))

    return make


Say = Callable[[str, int], "str | Exception | Response"]


@dataclass
class ScriptedModel:
    """An engine in memory: `say(item id, sample)` is an answer, an exception to answer with an error, or a Response.

    An EngineError is raised instead. `flight` requests are pulled before the first is answered, and answered last first,
    so that answers come out of order as a real engine's do. `asked` records what was asked.
    """

    say: Say = lambda item_id, sample: RIGHT
    name: str = "scripted"
    weights: str = "w"
    flight: int = 1
    asked: list[tuple[str, int]] = field(default_factory=list)

    def identity(self):
        return {"engine": "scripted", "weights": self.weights}

    def versions(self):
        return {"scripted": "1"}

    def generate(self, requests, sampling):
        pending = iter(requests)
        while batch := list(islice(pending, self.flight)):
            for request in reversed(batch):
                for sample in reversed(request.samples):
                    self.asked.append((request.item_id, sample))
                    yield self._respond(request.item_id, sample)

    def _respond(self, item_id: str, sample: int) -> Response:
        said = self.say(item_id, sample)
        if isinstance(said, EngineError):
            raise said
        if isinstance(said, Exception):
            return Response(item_id, sample, None, str(said))
        if isinstance(said, Response):
            return said
        return Response(item_id, sample, said, None, "stop", 7, len(said))


@pytest.fixture
def scripted() -> type[ScriptedModel]:
    """The class of engines that say what a test tells them to."""
    return ScriptedModel


class Done(NamedTuple):
    """A command that ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys) -> Callable[..., Done]:
    """Runs `proctor ...` in this process."""
    from proctor.harness.cli import main

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as error:  # argparse
            code = int(error.code or 0)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def start() -> Any:
    """Starts `python ...` in a process of its own and ends it with the test; `proctor` is `-m proctor.harness.cli`."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
        process = subprocess.Popen([sys.executable, *map(str, arguments)], **options)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def cli_process(start) -> Callable[..., Done]:
    """Runs `proctor ...` in a process of its own to its end."""

    def run(*arguments: object, timeout: float = 300, **options: Any) -> Done:
        process = start("-m", "proctor.harness.cli", *arguments, **options)
        out, err = process.communicate(timeout=timeout)
        return Done(process.returncode, (out or b"").decode(), (err or b"").decode())

    return run


@pytest.fixture(scope="session")
def slow_cli() -> Path:
    """A script that is `proctor` with one engine more, `slow`: see its docstring."""
    return Path(__file__).parent / "slow_cli.py"
