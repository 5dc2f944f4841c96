"""A model of somebody's own Python: a function from a prompt to a text, or an object that is an engine.

It runs in this process. What it raises is told in one line, and of a function it is an error of that item alone. The model is
named by the digest of its source where that is known (`own_source`), else by digits that no other evaluation has.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..images import decode
from ..jsonl import json_line
from ..limits import RUN_LINE_BYTES
from ..own_source import source_of
from ..registry import Origin
from ..runs.evaluate import Examination
from ..runs.store import Manifest
from ..types import Item, Json, Prompt, Request, Response, Sampling, sample_seed
from ..user_file import UserFile, describe_error, in_file, shown_value
from .base import Engine, GivenEngine, taken

TAKES = "(prompt), (prompt, images) or (item)"
_BY_NAME = ("prompt", "images", "item", "seed")


class FunctionEngine:
    """A function that answers one prompt at a time, called by so many threads (1: this one).

    Its parameters say what it gets: `prompt` the text, and so does a first parameter of any other name; `images` a list of
    PIL pictures; `item` the item, without its gold and its categories, some of which are golds too; `seed` a whole number of
    its own for each sample. `items` are those that it may be asked for. Raises UsageError for a function that takes anything
    else.
    """

    def __init__(self, function: Callable[..., Any], items: Iterable[Item], workers: int = 1) -> None:
        if workers < 1:
            raise UsageError(f"a function needs at least one thread to call it, not {workers}")
        self.name = _name(function)
        self._function, self._workers = function, workers
        self._items = {item.id: dataclasses.replace(item, answer="", meta={}) for item in items}
        self._named, self._first = _parameters(function, self.name)
        self._source = source_of(function)

    def identity(self) -> Mapping[str, Json]:
        """Its name and its source."""
        return {"engine": "function", "function": self.name, "source": dict(self._source)}

    def versions(self) -> Mapping[str, str]:
        """Nothing is known."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """An answer or an error for each sample, in the order of the requests.

        Raises UsageError for a prompt with a rendering: a function has no chat template and no image processor.
        """
        requests = taken(f"function {self.name}", (), requests)
        calls = ((request, sample, sampling.seed) for request in requests for sample in request.samples)
        if self._workers == 1:
            yield from (self._answer(*one) for one in calls)
            return
        pool = ThreadPoolExecutor(self._workers)
        try:
            waiting: deque[Future[Response]] = deque()
            waiting.extend(pool.submit(self._answer, *one) for one in islice(calls, 2 * self._workers))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(self._answer, *one) for one in islice(calls, 1))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, request: Request, sample: int, seed: int) -> Response:
        """What the function says, or an error of one line for whatever it raises and for what is no text."""
        try:
            given = self._given(request, sample_seed(seed, request.item_id, sample))
            found = self._function(*[given["prompt"]] * self._first, **{name: given[name] for name in self._named})
        except (Exception, SystemExit) as error:
            return Response(request.item_id, sample, None, f"{self.name}: {describe_error(error, self._function)}")
        if not isinstance(found, str):
            return Response(request.item_id, sample, None, f"{self.name}: gave {shown_value(found)}, not a text")
        answer = Response(request.item_id, sample, str(found))
        if len(json_line(answer.to_json())) > RUN_LINE_BYTES:
            return Response(request.item_id, sample, None, f"{self.name}: gave a text of {len(found)} characters")
        return answer

    def _given(self, request: Request, seed: int) -> Mapping[str, Any]:
        return {
            "prompt": _text(request.prompt),
            "images": [decode(image) for image in request.prompt.images] if "images" in self._named else [],
            "item": self._items[request.item_id],
            "seed": seed,
        }


class OwnEngine(GivenEngine):
    """An engine that is an object of this process; the source of its class is part of its identity."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, Origin(engine.name, type(engine).__qualname__, "this process"))
        self._source = source_of(type(engine).generate)

    def identity(self) -> Mapping[str, Json]:
        """What it says of itself, and its source."""
        return {**super().identity(), "source": dict(self._source)}


def own_engine(model: Any) -> Engine | None:
    """An object that is an engine, held to what it must give; None for one that is none. This package's are as they are."""
    if isinstance(model, type) or not all(callable(getattr(model, name, None)) for name in ("identity", "generate")):
        return None
    if not isinstance(getattr(model, "name", None), str) or not callable(getattr(model, "versions", None)):
        raise UsageError(f"{type(model).__name__} is no whole engine: it needs name, identity, versions and generate")
    engine: Engine = model
    return engine if type(model).__module__.partition(".")[0] == "proctor" else OwnEngine(engine)


@dataclasses.dataclass(frozen=True)
class FunctionExamination(Examination):
    """What a function is asked; how it draws its answers is its own affair, and not known."""

    @classmethod
    def of(cls, examination: Examination) -> FunctionExamination:
        """The same questions."""
        return cls(**{one.name: getattr(examination, one.name) for one in dataclasses.fields(examination)})

    def manifest(self, model: Engine) -> Manifest:
        """The manifest of this examination; of `sampling` only what a function is given is stored."""
        found = Examination.manifest(self, model)
        given = {"n": self.sampling.n, "seed": self.sampling.seed}
        return Manifest({**found.identity, "sampling": given}, found.environment)


def engine_of(model: Any, items: Iterable[Item], workers: int = 1) -> Engine:
    """The engine that an object is, or that asks a function, which may be asked these items. Raises UsageError."""
    if (found := own_engine(model)) is not None:
        if workers != 1:
            raise UsageError("workers are for a function, or for a model that is named by a text; this is one engine")
        return found
    if not callable(model):
        raise UsageError(f"a model is a function, an engine, a folder or a name; not {model!r:.80}")
    return FunctionEngine(model, items, workers)


def load_function(text: str) -> Any:
    """The function that FILE.py:NAME names; the file is executed, once in a process. Raises UsageError.

    Also for a class of engines, which --engine names.
    """
    path, name = in_file(text) or (Path(text), "")
    found = _executed(path.expanduser().absolute(), file_digest(path)).find(name)
    if isinstance(found, type) and callable(getattr(found, "generate", None)):
        raise UsageError(f"model {text} is an engine: name it with --engine {text}, and with --model what it opens")
    engine_of(found, ())
    return found


def file_digest(path: Path) -> str:
    """The SHA-256 (hex) of a file's bytes; empty for one that cannot be read."""
    try:
        return hashlib.sha256(path.expanduser().read_bytes()).hexdigest() if path.expanduser().is_file() else ""
    except OSError:
        return ""


@lru_cache
def _executed(path: Path, _digest: str) -> UserFile:
    return UserFile.execute(path, "model")


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _parameters(function: Callable[..., Any], name: str) -> tuple[list[str], bool]:
    """The parameters that are given by name, and whether a first one of another name is given the prompt."""
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(vars(type(function)).get("__call__")):
        raise UsageError(f"{name} is async: give a function that returns the text itself, and workers=N for N at once")
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # one that is not written in Python
        return [], True
    named = [one.name for one in known if one.name in _BY_NAME and one.kind is not one.POSITIONAL_ONLY]
    others = [one for one in known if one.name not in named and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    first = bool(others) and not {"prompt", "item"} & {*named} and others[0].kind is not others[0].KEYWORD_ONLY
    if any(one.default is one.empty for one in others[first:]) or not (
        first or {"prompt", "item", "images"} & {*named}
    ):
        raise UsageError(f"{name} must take {TAKES}, not {inspect.signature(function)}")
    return named, first


def _text(prompt: Prompt) -> str:
    """The texts of a prompt, a system text first."""
    texts = [part for part in prompt.parts if isinstance(part, str)]
    return "\n".join([*filter(None, [prompt.system]), *texts])
