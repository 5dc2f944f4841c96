"""The steps that a protocol leaves to a language model: reading an answer out of a response, and comparing it with a gold.

A step is a prompt and a strict reader of the reply. The model is asked at temperature 0, with neutral values of what its
server would otherwise take from the checkpoint (`NEUTRAL`), and what it said is kept by content in a `ReplyBook`, with all
that was sent, so that a score can be recomputed without it. A reply that cannot be had or read is no
verdict: never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ..answers import Extraction, Grade
from ..engines.http_client import Completion, Fault
from ..engines.http_wire import NEUTRAL
from ..errors import DataError, EngineError
from ..jsonl import Line, append_shared, json_line, read_lines
from ..limits import JUDGE_LINE_BYTES
from ..types import Item, Json, digest

MAX_REPLY_TOKENS = 1024
BEGINNING = b'{"model":'
"""What each line of a book begins with: a line that does not was not written by one."""


@dataclass(frozen=True)
class Extractor:
    """Ask what final answer a response states. `read` gives None for a reply in another form than was asked for."""

    prompt: Callable[[str, Item], str]
    read: Callable[[str, Item], Extraction | None]


@dataclass(frozen=True)
class JudgeStep:
    """Ask whether a stated answer is right. `read` gives None for a reply in another form than was asked for."""

    prompt: Callable[[str, Item], str]
    read: Callable[[str], bool | None]


@dataclass(frozen=True)
class JudgeReply:
    """What the language model said to a prompt: `text` is None exactly when `error` is not."""

    text: str | None
    error: str | None = None


class Server(Protocol):
    """What answers chat completions; `harness.engines.http_client.Endpoint` is one."""

    def ask_all(self, bodies: Iterable[tuple[str, Mapping[str, Json]]], /) -> Iterator[tuple[str, Completion | Fault]]:
        """The answer to each body, under its key, in any order."""
        ...


def request_body(prompt: str, neutral: Mapping[str, Json] = MappingProxyType({})) -> Mapping[str, Json]:
    """The chat completion that asks a prompt: one user message, greedy, and the neutral values that its server takes."""
    asked = [{"role": "user", "content": prompt}]
    return {"messages": asked, "temperature": 0, "max_tokens": MAX_REPLY_TOKENS, **neutral}


class Referee(Protocol):
    """What takes a protocol's steps; `JudgeModel` is one."""

    @property
    def model(self) -> str:
        """Its name."""
        ...

    def extract(self, step: Extractor, cases: Sequence[tuple[str, Item]], /) -> list[Extraction | Grade]:
        """The answer that each (response, item) states."""
        ...

    def judge(self, step: JudgeStep, cases: Sequence[tuple[str, Item]], /) -> list[Grade]:
        """Whether each (stated answer, item) is right."""
        ...


class ReplyBook:
    """What language models said, a JSON line each, found by model and request. Many processes may write to one.

    Raises DataError for a file that holds anything else; a last line that a crash tore is left out.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._replies: dict[str, str] = {}
        self._noted: dict[str, bytes] | None = None
        for line in read_lines(path, JUDGE_LINE_BYTES, missing_ok=True):
            if not _torn(line.text):
                self._keep(line)

    def _keep(self, line: Line) -> None:
        try:
            record = line.value()
            key, reply = _key(record["model"], record["request"]), record["reply"]
        except (DataError, ValueError, KeyError, TypeError, RecursionError) as error:
            problem = str(error).removeprefix(f"{line.where}: ")[:100]
            raise DataError(f"{line.where}: no kept reply ({problem}); mend or remove the line") from error
        if not isinstance(reply, str):
            raise DataError(f"{line.where}: the reply is not a text; mend or remove the line")
        self._replies[key] = reply

    def get(self, model: str, body: Mapping[str, Json]) -> str | None:
        """What that model said to that request, or None."""
        key = _key(model, body)
        reply = self._replies.get(key)
        if reply is not None and self._noted is not None:
            self._noted[key] = _line(model, body, reply)
        return reply

    @contextmanager
    def noting(self) -> Iterator[dict[str, bytes]]:
        """The lines of the replies that are read or added while the block lasts, by key."""
        noted: dict[str, bytes] = {}
        self._noted = noted
        try:
            yield noted
        finally:
            self._noted = None

    def add(self, model: str, body: Mapping[str, Json], reply: str) -> None:
        """Keep a reply, at once on the disk. Raises StoreError if that fails, ValueError for a reply that is too long."""
        line = _line(model, body, reply)
        if len(line) > JUDGE_LINE_BYTES:
            raise ValueError(f"a reply of {len(reply)} characters is too long to be kept")
        key = _key(model, body)
        self._replies[key] = reply
        if self._noted is not None:
            self._noted[key] = line
        append_shared(self.path, line, JUDGE_LINE_BYTES, _torn)


def _key(model: str, body: Json) -> str:
    return digest({"model": model, "request": body})


def _line(model: str, body: Mapping[str, Json], reply: str) -> bytes:
    return json_line({"model": model, "request": body, "reply": reply})


def _torn(line: bytes) -> bool:
    """True for the beginning of a kept reply, without its end."""
    if line.endswith(b"\n") or len(line) > JUDGE_LINE_BYTES or not BEGINNING.startswith(line[: len(BEGINNING)]):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


@dataclass
class JudgeModel:
    """A language model that takes a protocol's steps. Without a `server`, only what the book holds is known.

    `on_asking` is called with the number of questions before the server is asked, and `neutral` then gives what is sent
    beside them. A reply that is kept counts, whichever of the two forms of the request it is of.
    """

    model: str
    book: ReplyBook
    server: Server | None = None
    on_asking: Callable[[int], None] = lambda questions: None
    neutral: Callable[[], Mapping[str, Json]] = dict

    def extract(self, step: Extractor, cases: Sequence[tuple[str, Item]]) -> list[Extraction | Grade]:
        """The answer that each (response, item) states; a grade without a verdict where the reply cannot be had or read."""
        prompts = [step.prompt(text, item) for text, item in cases]
        replies = self.replies(dict.fromkeys(prompts))
        return [
            (reply.text is not None and step.read(reply.text, item)) or _unread("extraction", None, reply)
            for (_, item), reply in zip(cases, map(replies.__getitem__, prompts), strict=True)
        ]

    def judge(self, step: JudgeStep, cases: Sequence[tuple[str, Item]]) -> list[Grade]:
        """Whether each (stated answer, item) is right; without a verdict where the reply cannot be had or read."""
        prompts = [step.prompt(answer, item) for answer, item in cases]
        replies = self.replies(dict.fromkeys(prompts))
        grades = []
        for (answer, _), reply in zip(cases, map(replies.__getitem__, prompts), strict=True):
            correct = None if reply.text is None else step.read(reply.text)
            said = "judged to agree with the gold" if correct else "judged not to agree with the gold"
            grades.append(
                _unread("judging", answer, reply) if correct is None else Grade(correct, answer, "judged", said)
            )
        return grades

    def replies(self, prompts: Iterable[str]) -> dict[str, JudgeReply]:
        """The reply to each prompt; an error where there is none. New replies are kept as they come."""
        found: dict[str, JudgeReply] = {}
        unknown: list[str] = []
        for prompt in prompts:
            forms = (request_body(prompt, NEUTRAL), request_body(prompt))
            kept = next((said for body in forms if (said := self.book.get(self.model, body)) is not None), None)
            if kept is not None:
                found[prompt] = JudgeReply(kept)
            else:
                found[prompt] = JudgeReply(
                    None, f"{self.book.path} has no reply of {self.model}, and no server was named"
                )
                unknown.append(prompt)
        if self.server is not None and unknown:
            self.on_asking(len(unknown))
            neutral = self.neutral()
            found.update(self._ask(self.server, {prompt: request_body(prompt, neutral) for prompt in unknown}))
        return found

    def _ask(self, server: Server, bodies: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, JudgeReply]]:
        left = dict(bodies)
        why = "the server gave no answer"
        try:
            for prompt, answer in server.ask_all(bodies.items()):
                del left[prompt]
                if isinstance(answer, Fault):
                    why = answer.message
                yield prompt, self._reply(bodies[prompt], answer)
        except EngineError as error:
            why = str(error)
        yield from ((prompt, JudgeReply(None, why)) for prompt in left)

    def _reply(self, body: Mapping[str, Json], answer: Completion | Fault) -> JudgeReply:
        if isinstance(answer, Fault):
            return JudgeReply(None, answer.message)
        if answer.finish_reason == "length":
            return JudgeReply(None, f"its reply was cut off at {MAX_REPLY_TOKENS} tokens")
        try:
            self.book.add(self.model, body, answer.text)
        except ValueError as error:
            return JudgeReply(None, str(error))
        return JudgeReply(answer.text)


def _unread(step: str, answer: str | None, reply: JudgeReply) -> Grade:
    """No verdict, and why."""
    return Grade(
        None, answer, f"{step} failed", reply.error or f"the reply is not in the form asked for: {reply.text!r:.80}"
    )
