"""The lmms_eval engine: any model of lmms-eval's registry answers, in an environment and a process of its own.

lmms-eval 0.7's requirements differ from this project's, so its models run under the interpreter that the option `python`
names (`lmms_eval_worker`). They are not held to this project's rules: some of them run code that comes with a checkpoint.

Greedy answers are asked for in chunks, each journalled when it is finished. Sampled ones are asked for one by one, each with
its own seed, so that a model that draws with torch, numpy or random gives the same in any order and after a resume.

What lmms-eval takes and gives where it has no type for it: marks of pictures in a text, and failures told as answers.

As in lmms-eval 0.7.3 (lmms_eval/models/simple/qwen2_5_vl.py; models/chat/openai.py, models/simple/diffusers_wm_base.py).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import DataError, EngineError, MissingExtraError, UsageError, printable
from ..images import decode
from ..runs.checkpoints import label
from ..runs.provenance import configuration_digest, weights_digest
from ..settings import option, read_options
from ..types import Image, Json, Prompt, Request, Response, Sampling, canonical_json
from .base import require_taken, taken

WHAT = "engine lmms_eval"
FAILURES = ("[LMMS_EVAL_REQUEST_FAILED", "[GENERATION_FAILED]")
"""How texts begin that some of lmms-eval's models return for an answer which never came."""


def is_failure(text: str) -> bool:
    """True if a text is lmms-eval's notice of a failure, not an answer."""
    return text.startswith(FAILURES)


def marked_text(prompt: Prompt) -> str:
    """The texts of a prompt as one, for models that put the pictures where they like, mostly first.

    Where a picture stands after a text, each picture is marked "<image 1>", "<image 2>", ..., as models that can
    interleave expect it.
    """
    kinds = [isinstance(part, Image) for part in prompt.parts]
    marked = kinds != sorted(kinds, reverse=True)
    texts, shown = [], 0
    for part in prompt.parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            shown += 1
            texts.append(f"<image {shown}>" if marked else "")
    return (f"{prompt.system}\n\n" if prompt.system else "") + "".join(texts)


PYTHON = Path(".venv/lmms-eval/bin/python")
WORKER = Path(__file__).with_name("lmms_eval_worker.py")
SECRETS = ("api_key", "access_token", "hf_token", "auth_token", "secret", "password")
DEFAULT_CHUNK = 16
TOLD_OF_LOG = 300
"""So many characters of what the process said last are told when it died."""


class LmmsEvalWorker:
    """The process with the model. Pictures are handed to it as files of a folder that goes when it goes."""

    def __init__(self, python: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="proctor-lmms-eval-"))
        self._log = self.folder / "log"
        command = [str(python), str(WORKER), str(self.folder)]
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,  # a Ctrl-C here lets it finish what it is asked
                )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise UsageError(f"cannot run {python}: {error.strerror}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._commands, self._replies = self._process.stdin, self._process.stdout
        self.close = weakref.finalize(self, _end, self._process, self.folder)

    def call(self, command: Json) -> Json:
        """The reply to a command. Raises EngineError if the process died."""
        line = b""
        with suppress(BrokenPipeError):
            self._commands.write(canonical_json(command).encode() + b"\n")
            self._commands.flush()
            line = self._replies.readline()
        if line.endswith(b"\n"):
            return json.loads(line)
        code = self._process.wait()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        raise EngineError(f"lmms-eval's process ended {how}{self._last_words()}; run the same command again to go on")

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f" ({printable(said[-1])[-TOLD_OF_LOG:]})" if said else ""


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    with process, suppress(BrokenPipeError):  # its end closes the pipes
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


class LmmsEvalEngine:
    """A model of lmms-eval. `chunk` is the number of greedy answers asked for at once."""

    def __init__(
        self, model: str, python: Path, model_args: str = "", chunk: int = DEFAULT_CHUNK, **given: Any
    ) -> None:
        self._identity, self.name = _identity(model, model_args)
        self._batch_size = given["batch_size"]
        self._chunk = chunk
        self._worker = LmmsEvalWorker(python)
        opened = self._worker.call({"open": {"model": model, "model_args": model_args, "failures": FAILURES, **given}})
        if "failed" in opened:
            self._worker.close()
            raise _refusal(model, python, opened["failed"], printable(opened["message"]))
        self._identity["interface"] = opened["interface"]
        self._versions: dict[str, str] = opened["versions"]

    def identity(self) -> Mapping[str, Json]:
        """Engine, model, arguments and interface; for a local checkpoint the digests of its weights and configuration.

        A checkpoint that lmms-eval fetches by its name is known by that name alone.
        """
        return self._identity

    def versions(self) -> Mapping[str, str]:
        """lmms-eval, torch and transformers of its environment."""
        return self._versions

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """Answer in order, a chunk at a time. Raises EngineError if the process dies."""
        require_taken(WHAT, (), sampling.shaping)
        pending = iter(taken(WHAT, (), requests))
        while batch := list(islice(pending, max(1, self._chunk // sampling.n))):
            keys = [(request, n) for request in batch for n in range(len(request.samples))]
            size = self._chunk if sampling.greedy else 1
            for start in range(0, len(keys), size):
                yield from self._ask(keys[start : start + size], sampling)

    def _ask(self, keys: Sequence[tuple[Request, int]], sampling: Sampling) -> Iterator[Response]:
        asked: list[tuple[str, int]] = []
        documents: list[Json] = []
        for request, n in keys:
            try:
                documents.append(_document(request.prompt, self._worker.folder))
                asked.append((request.item_id, request.samples[n]))
            except DataError as error:
                yield Response(request.item_id, request.samples[n], None, str(error))
        if not documents:
            return
        request, n = keys[0]
        seed = None if sampling.greedy else request.seeds(sampling)[n]
        reply = self._worker.call({"ask": documents, "options": _options(sampling), "seed": seed})
        for (item_id, sample), answer in zip(asked, reply["answers"], strict=True):
            yield self._response(item_id, sample, answer)
        for picture in self._worker.folder.glob("*.png"):
            picture.unlink()

    def _response(self, item_id: str, sample: int, answer: Mapping[str, Any]) -> Response:
        error = answer.get("error")
        if error is None and is_failure(answer["text"]):
            error = answer["text"]
        if error is not None:
            return Response(item_id, sample, None, printable(error))
        tokens = answer["tokens"] if self._batch_size == 1 else None  # with more the padding is counted too
        return Response(item_id, sample, answer["text"], completion_tokens=tokens)


def _identity(model: str, model_args: str) -> tuple[dict[str, Json], str]:
    """The identity without the interface, and a name: that of the model and of its checkpoint."""
    arguments = [argument.strip() for argument in model_args.split(",") if argument.strip()]
    for argument in arguments:
        name = argument.partition("=")[0]
        if name.lower().endswith(SECRETS):
            raise UsageError(
                f"model_args must not hold {name}, it would be stored: set the variable that the model reads"
            )
    identity: dict[str, Json] = {"engine": "lmms_eval", "model": model, "model_args": arguments}
    named = next((one for one in arguments if one.startswith("pretrained=")), None)
    if named is None:
        return identity, model
    checkpoint = Path(named.removeprefix("pretrained="))
    if not checkpoint.is_dir():
        return identity, f"{model} {checkpoint}"
    identity["model_args"] = [one for one in arguments if one != named]
    identity["weights"] = weights_digest(checkpoint)
    identity["configuration"] = configuration_digest(checkpoint)
    return identity, f"{model} {label(checkpoint)}"


def _refusal(model: str, python: Path, why: str, message: str) -> Exception:
    if why == "missing":
        return MissingExtraError(f"{python} has no lmms-eval: {python} -m pip install lmms-eval ({message})")
    if why == "unknown":
        return UsageError(f"lmms-eval has no model {model!r}: {message}")
    return EngineError(f"lmms-eval could not open {model}: {message}")


def _document(prompt: Prompt, folder: Path) -> Json:
    """What the worker is told of a prompt. Raises DataError for a picture that cannot be decoded."""
    content = [
        {"type": "image", "url": _stored(part, folder)} if isinstance(part, Image) else {"type": "text", "text": part}
        for part in prompt.parts
    ]
    system = [{"role": "system", "content": [{"type": "text", "text": prompt.system}]}] if prompt.system else []
    return {"text": marked_text(prompt), "messages": [*system, {"role": "user", "content": content}]}


def _stored(image: Image, folder: Path) -> str:
    """A PNG file with the picture's pixels, as the other engines see them."""
    path = folder / f"{image.sha256}.png"
    if not path.exists():
        decode(image).save(path, compress_level=1)
    return str(path)


def _options(sampling: Sampling) -> Json:
    """lmms-eval's generation options; `until` is empty since a model may otherwise stop an answer at an empty line."""
    drawn = {"top_p": sampling.top_p} if not sampling.greedy else {}
    return {
        "until": [],
        "max_new_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "do_sample": not sampling.greedy,
        **drawn,
    }


@dataclass(frozen=True)
class LmmsEvalOptions:
    """lmms-eval's interpreter and its model's arguments, how many answers are asked for at once, and the interface."""

    python: Path = PYTHON
    model_args: str = ""
    chunk: int = option(DEFAULT_CHUNK, least=1, most=99_999)
    batch_size: int = option(1, least=1, most=99_999)
    device: str | None = None
    interface: str = option("auto", choices=("auto", "simple"))


def open_engine(target: str, options: Mapping[str, str]) -> LmmsEvalEngine:
    """Open the model that lmms-eval calls `target`. Options: `LmmsEvalOptions`.

    Raises UsageError for any other and for a model that lmms-eval does not know, MissingExtraError without lmms-eval,
    CheckpointError, EngineError if the model cannot be opened.
    """
    chosen = read_options(LmmsEvalOptions, options, "engine lmms_eval")
    if not chosen.python.is_file():
        make = f"python3 -m venv {PYTHON.parents[1]} && {PYTHON} -m pip install lmms-eval"
        raise UsageError(
            f"{chosen.python}: no such interpreter; name lmms-eval's by the option python, or make one: {make}"
        )
    given = {"batch_size": chosen.batch_size, "device": chosen.device, "interface": chosen.interface}
    return LmmsEvalEngine(target, chosen.python, chosen.model_args, chosen.chunk, **given)
