"""Asking a server: many questions at once, each again after what passes, until the budget or the server ends.

Threads that ask, one question each at a time; they are hired when needed and end with the asking.

The client of a server that speaks OpenAI's chat completions, whoever serves it; engines and judges ask through it.

`client` asks; `crew` has the threads, `transport` the connections, `flow` decides how many requests
are on the wire, `budget` what may be
spent, `wire` what the server's bytes mean.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ..errors import EngineError, UsageError, printable
from ..types import Json
from .http_address import checked_url, secrets_of, shown_url, without_secrets
from .http_limits import Budget, ClosedError, ConcurrencyLimiter, Reservation
from .http_wire import (
    OPTIONAL_FIELDS,
    SHOWN,
    Completion,
    Failure,
    Fault,
    neutral,
    parse,
    read_completion,
    read_error,
    read_models,
)

Key = TypeVar("Key")
Result: TypeAlias = Completion | Fault
Body: TypeAlias = Mapping[str, Json]

LEAVE_SECONDS = 30.0


class WorkerPool(Generic[Key]):
    """`ask` puts one question, and gives its result and whether the server replied; it raises ClosedError to leave."""

    def __init__(self, ask: Callable[[Body, Reservation], tuple[Result, bool]], flow: ConcurrencyLimiter) -> None:
        self.in_hand = 0
        self._ask = ask
        self._flow = flow
        self._questions: SimpleQueue[tuple[Key, Body, Reservation] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Key, Result, bool] | BaseException] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def ask(self, key: Key, body: Body, hold: Reservation) -> None:
        """Hand over one question."""
        self.in_hand += 1
        if self.in_hand > len(self._threads):
            thread = threading.Thread(target=self._work, name="endpoint", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._questions.put((key, body, hold))

    def next_result(self) -> tuple[Key, Result, bool]:
        """The next key that is done, its result, and whether the server replied. Raises what a thread died of."""
        result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        self.in_hand -= 1
        return result

    def dismiss(self) -> None:
        """Wait until every thread has ended: for those that still ask, close the flow and the connections first."""
        for _ in self._threads:
            self._questions.put(None)
        for thread in self._threads:
            thread.join(LEAVE_SECONDS)

    def _work(self) -> None:
        while (question := self._questions.get()) is not None:
            key, body, hold = question
            try:
                self._results.put((key, *self._ask(body, hold)))
            except ClosedError:
                return
            except BaseException as error:  # raised in the thread that waits for results
                self._results.put(error)
                return


if TYPE_CHECKING:
    from .http_wire import ConnectionPool, HttpReply


DEFAULT_KEY_VARIABLE = "OPENAI_API_KEY"
DEFAULT_TIMEOUT = 600.0
DEFAULT_ATTEMPTS = 8
DEFAULT_CONCURRENCY = 64
GLANCE_SECONDS = 20.0
LONGEST_BACKOFF = 30.0
REFUSALS = 3
"""So many refusals of one question are its answer; or `attempts`, where those are fewer."""
DEAD_AFTER = 3
"""Questions in a row to which no attempt brought any reply; then the server is looked at, and given up if it is gone."""


class Endpoint:
    """A server that speaks OpenAI's chat completions at `url` (".../v1"), asked for `model`.

    The key is read from the environment variable `key_variable` whenever it is needed, and neither kept nor shown.
    `timeout` (seconds) is one request's from the moment it is sent; each question gets `attempts` requests, the pause
    before the k-th again is about backoff * 2**k seconds; at most `concurrency` requests are on the wire. `unsupported` are
    those of OPTIONAL_FIELDS that the model does not take, which are then not sent (max_tokens as max_completion_tokens); None
    to learn them from what it refuses. `shown_url` is the address without what may be a key in its path. Raises UsageError
    for a URL or a key that cannot be used.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key_variable: str = DEFAULT_KEY_VARIABLE,
        timeout: float = DEFAULT_TIMEOUT,
        attempts: int = DEFAULT_ATTEMPTS,
        concurrency: int = DEFAULT_CONCURRENCY,
        budget: Budget | None = None,
        backoff: float = 0.5,
        unsupported: Iterable[str] | None = None,
    ) -> None:
        self.url = checked_url(url, key_variable)
        self.shown_url = shown_url(self.url)
        self._secrets = secrets_of(self.url)
        self.model = model
        self._key_variable = key_variable
        self._timeout = timeout
        self._attempts = attempts
        self._concurrency = concurrency
        self._budget = budget or Budget()
        self._backoff = backoff
        self._learns = unsupported is None
        self.unsupported = frozenset(unsupported or ())
        self._key()

    def served(self) -> Mapping[str, Json]:
        """The server's own entry of the model in its list (id, and e.g. root, owned_by).

        Raises EngineError, in one line, if nothing listens there, the key is refused, what listens speaks another
        protocol, or the model is not among those it serves.
        """
        reply = self._glance(f"{self.url}/models")
        if isinstance(reply, Fault):
            raise EngineError(f"{self.shown_url}: {reply.message}: is the server running, and the url right?")
        if reply.status in (401, 403):
            state = "refused" if self._key() else "missing"
            said = self._shown(read_error(reply.status, reply.headers, reply.body).message)
            raise EngineError(
                f"{self.shown_url}: the key in the environment variable {self._key_variable} is {state}: {said}"
            )
        models = read_models(reply.body) if reply.status == 200 else None
        if models is None:
            said = "no list of models" if reply.status == 200 else self._refusal(reply)
            raise EngineError(
                f"{self.shown_url}: does not speak OpenAI's protocol (GET /models: {said}): the url usually ends with /v1"
            )
        if self.model not in models:
            names = ", ".join(sorted(models)[:10]) or "nothing"
            raise EngineError(self._shown(f"{self.shown_url}: serves no model {self.model!r}; it serves {names}"))
        return models[self.model]

    def neutral(self) -> Mapping[str, Json]:
        """What turns off what the server would take from the checkpoint; nothing where it tells no list of models."""
        try:
            return neutral(self.served())
        except EngineError:
            return {}

    def version(self) -> str | None:
        """The server's version, where it tells one at /version beside /v1."""
        reply = self._glance(f"{self.url.removesuffix('/v1')}/version")
        value = parse(reply.body) if not isinstance(reply, Fault) and reply.status == 200 else None
        version = value.get("version") if isinstance(value, dict) else None
        return self._shown(version) if isinstance(version, str) else None

    def ask_all(self, bodies: Iterable[tuple[Key, Mapping[str, Json]]]) -> Generator[tuple[Key, Result], None, None]:
        """Ask every (key, chat-completions body without a model), and yield each key's answer or Fault as it comes.

        Bodies are pulled when there is room for them; when they end, those in flight are finished. After a fatal Fault
        no more is pulled, so bodies that come later get nothing. Raises EngineError if the server is gone. Closing the
        iterator breaks off what is in flight.
        """
        line, flow = self._open(self._concurrency, self._timeout), ConcurrencyLimiter(self._concurrency)
        crew: WorkerPool[Key] = WorkerPool(partial(self._ask, line, flow), flow)
        pending = iter(bodies)
        waiting: tuple[Key, Mapping[str, Json]] | None = None
        silent = 0
        try:
            while True:
                while crew.in_hand < flow.limit and (waiting := waiting or next(pending, None)):
                    hold = self._budget.reserve(self._answer_tokens(waiting[1]))
                    if hold is None:
                        break
                    crew.ask(*waiting, hold)
                    waiting = None
                if not crew.in_hand:
                    break
                key, result, reached = crew.next_result()
                if isinstance(result, Fault) and result.fatal:
                    pending = iter(())
                    waiting = None
                yield key, result
                silent = 0 if reached else silent + 1
                if silent >= DEAD_AFTER:
                    self._raise_if_gone(result)
                    silent = 0
            if waiting:
                yield (
                    waiting[0],
                    Fault(f"the budget allows no further request: spent are {self._budget}", fatal=True),
                )
        finally:
            flow.close()
            line.close()
            crew.dismiss()

    def _ask(
        self, line: ConnectionPool, flow: ConcurrencyLimiter, body: Mapping[str, Json], hold: Reservation
    ) -> tuple[Result, bool]:
        """One question, as often as it needs: the answer or Fault, and whether the server replied at all.

        Runs in the crew's threads. Raises ClosedError.
        """
        try:
            outcome, tries = self._try(line, flow, body, hold)
        except ClosedError:
            self._budget.settle(hold, None, lost=True)
            raise
        if isinstance(outcome, Completion):
            self._budget.settle(hold, outcome)
            return outcome, True
        self._budget.settle(hold, None, outcome.lost)
        tried = f" (tried {tries} times)" if tries > 1 else ""
        refusal = None if outcome.refusal is None else self._shown(outcome.refusal)
        return Fault(self._shown(outcome.message) + tried, outcome.fatal, refusal, outcome.tokens), not outcome.silent

    def _try(
        self, line: ConnectionPool, flow: ConcurrencyLimiter, body: Body, hold: Reservation
    ) -> tuple[Completion | Failure, int]:
        """Send until there is an answer or no use in going on: the last outcome, and how often it was sent.

        The outcome is a refusal only if there were as many as count for one.
        """
        refusals = 0
        for tries in count(1):
            with flow.slot() as sent_at:
                outcome = self._attempt(line, body)
            if isinstance(outcome, Completion):
                flow.answered()
                break
            if outcome.busy:
                flow.push_back(sent_at, outcome.wait or 0.0)
            if outcome.refusal is not None:
                refusals += 1
                if refusals >= min(REFUSALS, self._attempts):
                    break
                outcome = replace(outcome, refusal=None)
            if not outcome.again or tries >= self._attempts:
                break
            if not self._budget.again(hold, outcome.lost):
                spent = f"{outcome.message}; the budget allows no further request: spent are {self._budget}"
                outcome = replace(outcome, message=spent, fatal=True, lost=False)
                break
            pause = min(self._backoff * 2 ** min(tries - 1, 16), LONGEST_BACKOFF)
            flow.rest(max(pause * random.uniform(0.5, 1.0), outcome.wait or 0.0))  # noqa: S311
        return outcome, tries

    def _attempt(self, line: ConnectionPool, body: Body) -> Completion | Failure:
        """Send once; where the server refuses a field that can be left out, learn it and send without, or say how to."""
        while True:
            without = self.unsupported
            payload = json.dumps({"model": self.model, **_without(body, without)}).encode()
            outcome = self._send(line, payload)
            if isinstance(outcome, Completion) or outcome.unsupported is None or outcome.unsupported in without:
                return outcome
            names = without | {outcome.unsupported}
            if not self._learns:
                how = f"ask with --engine-option unsupported={','.join(sorted(names))}"
                return replace(outcome, message=f"{how}: {outcome.message}", fatal=True)
            self.unsupported |= names

    def _send(self, line: ConnectionPool, payload: bytes) -> Completion | Failure:
        from .http_wire import NoResponse, UnreadableReplyError  # noqa: PLC0415

        try:
            reply = line.send("POST", f"{self.url}/chat/completions", self._key(), payload)
        except UnreadableReplyError as error:
            return Failure(str(error))
        if isinstance(reply, NoResponse):
            return Failure(reply.message, again=True, busy=reply.timed_out, silent=True, lost=reply.connected)
        if reply.status == 200:
            return read_completion(reply.body)
        return read_error(reply.status, reply.headers, reply.body)

    def _glance(self, url: str) -> HttpReply | Fault:
        """One GET, not repeated."""
        from .http_wire import NoResponse, UnreadableReplyError  # noqa: PLC0415

        line = self._open(1, min(self._timeout, GLANCE_SECONDS))
        try:
            reply = line.send("GET", url, self._key())
        except UnreadableReplyError as error:
            return Fault(str(error))
        finally:
            line.close()
        return Fault(self._shown(reply.message)) if isinstance(reply, NoResponse) else reply

    def _raise_if_gone(self, result: Result) -> None:
        """Many questions in a row may each be too much for a server that is well: ask it for something easy."""
        glance = self._glance(f"{self.url}/models")
        if isinstance(glance, Fault):
            last = result.message if isinstance(result, Fault) else ""
            raise EngineError(
                f"{self.shown_url}: the server is gone ({last}): start it, and run the same command again"
            )

    def _answer_tokens(self, body: Mapping[str, Json]) -> int:
        tokens = body.get("max_tokens", body.get("max_completion_tokens"))
        if self._budget.counts_tokens and not isinstance(tokens, int):
            raise UsageError("a budget of tokens or money needs max_tokens in every question")
        return int(tokens or 0)

    def _refusal(self, reply: HttpReply) -> str:
        return self._shown(read_error(reply.status, reply.headers, reply.body).message)

    def _shown(self, text: str) -> str:
        """One short line for a person, with the key and what the url may hide taken out of it."""
        key = self._key()
        line = printable(" ".join(without_secrets(text.replace(key, "[key]") if key else text, self._secrets).split()))
        return line if len(line) <= SHOWN else line[: SHOWN - 3] + "..."

    def _key(self) -> str | None:
        key = os.environ.get(self._key_variable, "").strip()
        if not re.fullmatch(r"[\x21-\x7e]*", key):
            raise UsageError(
                f"the environment variable {self._key_variable} holds no key: it has spaces or odd characters"
            )
        return key or None

    def _open(self, connections: int, timeout: float) -> ConnectionPool:
        from .http_wire import ConnectionPool  # noqa: PLC0415  (httpx takes long to import; `proctor --help` does not need it)

        return ConnectionPool(connections, timeout)


def _without(body: Body, unsupported: frozenset[str]) -> Body:
    """The body for a model that does not take some of OPTIONAL_FIELDS."""
    sent = {name: value for name, value in body.items() if name not in unsupported}
    renamed = "max_tokens" in unsupported and "max_tokens" in body
    return {**sent, "max_completion_tokens": body["max_tokens"]} if renamed else sent


__all__ = ["OPTIONAL_FIELDS", "Budget", "Completion", "Endpoint", "Fault", "Result"]
