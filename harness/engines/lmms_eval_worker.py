"""A model of lmms-eval's registry behind two pipes; run as a script by the interpreter that has lmms-eval.

That interpreter need not have this project, so nothing of it is imported. Commands come on stdin and answers go to what was
stdout, a JSON object a line; everything that lmms-eval prints goes to stderr. When stdin ends, so does the process, and the
folder that is its argument is removed with the pictures in it.

{"open": {"model", "model_args", "interface", "batch_size", "device", "failures"}}
    -> {"interface", "versions"} or {"failed": "missing" | "unknown" | "broken", "message"}
{"ask": [{"text", "messages"}], "options": {...}, "seed": int | null}
    -> {"answers": [{"text", "tokens"} | {"error"}]}, in the order of what was asked

A message is one of lmms-eval's, with the path of a PNG file as the "url" of a picture.
"""

from __future__ import annotations

import copy
import json
import os
import queue
import random
import re
import shutil
import sys
import threading
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

TASK, SPLIT = "proctor", "test"
MAX_MESSAGE = 500
VERSIONS = ("lmms-eval", "torch", "transformers")
LOG_SAYS_FAILED = re.compile(r"\s*(?:\S+\s+){0,4}?(?:error|fail|failed|failure|exception)\b", re.IGNORECASE)
"""What a log message of a failure begins like, in models that log it below the level of an error."""


class Opened:
    """A model, and what it logs while it answers."""

    def __init__(
        self,
        *,
        model: str,
        model_args: str,
        interface: str,
        batch_size: int,
        device: str | None,
        failures: list[str],
    ) -> None:
        from lmms_eval.models import get_model
        from loguru import logger

        logger.remove()
        logger.add(lambda line: sys.stderr.write(str(line)), level="WARNING", format="{message}")
        logger.add(self._note, level=0, format="{message}")
        self.logged: list[tuple[str, str]] = []
        self.failures = tuple(failures)
        given = {"batch_size": batch_size, "device": device}
        self.lm: Any = get_model(model, interface == "simple").create_from_arg_string(model_args, given)
        self.interface = "simple" if self.lm.is_simple else "chat"

    def _note(self, line: Any) -> None:
        self.logged.append((line.record["level"].name, line.record["message"]))

    def answer(self, asked: list[dict[str, Any]], options: dict[str, Any]) -> list[dict[str, Any]]:
        """An answer or error for each; if anything fails, each is asked alone, so that it fails for itself only."""
        try:
            answers = self._generate(asked, options)
            failure = self._failure([one["text"] for one in answers])
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"[:MAX_MESSAGE]
        if not failure:
            return answers
        if len(asked) == 1:
            return [{"error": failure}]
        return [self.answer([one], options)[0] for one in asked]

    def _failure(self, texts: list[str]) -> str:
        """What was logged of a failure while these answers were made; nothing if they are answers.

        Many of lmms-eval's models log an exception and return an empty text, some only for those who debug. Models that
        return a notice of the failure instead have said which answers failed.
        """
        if any(text.startswith(self.failures) for text in texts):
            return ""
        errors = [message for level, message in self.logged if level in ("ERROR", "CRITICAL")]
        if "" in texts:
            errors += [message for _, message in self.logged if LOG_SAYS_FAILED.match(message)]
        return (errors[-1].strip() or "an error without words")[:MAX_MESSAGE] if errors else ""

    def _generate(self, asked: list[dict[str, Any]], options: dict[str, Any]) -> list[dict[str, Any]]:
        from lmms_eval.api.instance import Instance, unwrap_generation_output

        self.logged.clear()
        self.lm.task_dict[TASK] = {SPLIT: asked}
        instances = [
            Instance("generate_until", self._arguments(n, one["text"], options), 0, _metadata(n))
            for n, one in enumerate(asked)
        ]
        given = list(self.lm.generate_until(instances))
        if len(given) != len(asked):
            raise ValueError(f"the model gave {len(given)} answers to {len(asked)} questions")
        answers = []
        for output in given:
            text, counts = (None, None) if output is None else unwrap_generation_output(output)
            if not isinstance(text, str):
                raise TypeError(f"the model gave {type(output).__name__}, not a text")
            answers.append({"text": text, "tokens": getattr(counts, "output_tokens", None)})
        return answers

    def _arguments(self, number: int, text: str, options: dict[str, Any]) -> tuple[Any, ...]:
        options = copy.deepcopy(options)  # some models take entries out of it
        if self.interface == "simple":
            return (text, options, pictures_of, number, TASK, SPLIT)
        return (text, messages_of, options, number, TASK, SPLIT)


def _metadata(number: int) -> dict[str, Any]:
    return {"task": TASK, "doc_id": number, "repeats": 1, "split": SPLIT}


def messages_of(doc: dict[str, Any]) -> list[dict[str, Any]]:
    """The conversation, with its pictures opened."""
    return [{**message, "content": [_opened(part) for part in message["content"]]} for message in doc["messages"]]


def pictures_of(doc: dict[str, Any]) -> list[Any]:
    """The pictures of the conversation, in order."""
    return [part["url"] for message in messages_of(doc) for part in message["content"] if part["type"] == "image"]


def _opened(part: dict[str, Any]) -> dict[str, Any]:
    from PIL import Image

    if part["type"] != "image":
        return part
    with Image.open(part["url"], formats=("PNG",)) as picture:
        picture.load()
        return {"type": "image", "url": picture}


def open_model(command: dict[str, Any]) -> tuple[Opened | None, dict[str, Any]]:
    """The model and what is told of it, or None and why not."""
    try:
        from lmms_eval.models import get_model_manifest
    except ImportError as error:
        return None, {"failed": "missing", "message": str(error)}
    try:
        get_model_manifest(command["model"])
    except (KeyError, ValueError) as error:
        return None, {"failed": "unknown", "message": str(error)}
    try:
        opened = Opened(**command)
    except Exception as error:
        return None, {"failed": "broken", "message": f"{type(error).__name__}: {error}"}
    return opened, {"interface": opened.interface, "versions": _versions()}


def _versions() -> dict[str, str]:
    found = {}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def seed_all(seed: int) -> None:
    """Seed every generator that a model may draw from."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed % 2**63)


def commands(folder: str) -> queue.Queue[dict[str, Any]]:
    """The lines of stdin as they come; the process and the folder end with them, whatever it is doing."""
    received: queue.Queue[dict[str, Any]] = queue.Queue()

    def receive() -> None:
        for line in sys.stdin.buffer:
            received.put(json.loads(line))
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=receive, daemon=True).start()
    return received


def main(folder: str, out: TextIO) -> None:
    """Carry out commands until there are no more."""
    received = commands(folder)

    def say(record: dict[str, Any]) -> None:
        out.write(json.dumps(record) + "\n")
        out.flush()

    opened, told = open_model(received.get()["open"])
    say(told)
    while opened is not None:
        command = received.get()
        if command["seed"] is not None:
            seed_all(command["seed"])
        say({"answers": opened.answer(command["ask"], command["options"])})


if __name__ == "__main__":
    here = Path(__file__).resolve().parent  # whose modules are called like packages that are wanted here
    sys.path[:] = [place for place in sys.path if Path(place).resolve() != here]
    answers_to = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        main(sys.argv[1], answers_to)
    except Exception:
        traceback.print_exc()
        os._exit(1)  # an orderly end would wait for the thread that reads stdin
    os._exit(0)
