"""Connections to a server: bytes out, bytes in, in bounded time and size. The one file that needs httpx.

What a server's bytes mean: a completion, a list of models, or why there is no answer. Nothing here is trusted.
"""

from __future__ import annotations

import json
import logging
import math
import re
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from weakref import WeakSet

import httpx

from ..limits import HTTP_REPLY_BYTES, HTTP_WAIT_SECONDS, REASONING_CHARACTERS
from ..types import Json

CONNECT_SECONDS = 15.0

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address, and some hold a key in their path


@dataclass(frozen=True)
class HttpReply:
    """What the server said; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class NoResponse:
    """Why nothing whole came back. `connected` if the server had the question, so that it may have answered it."""

    message: str
    connected: bool = True
    timed_out: bool = False


class UnreadableReplyError(Exception):
    """The reply is longer than HTTP_REPLY_BYTES, or packed in a way that was not asked for; says which."""


class ConnectionPool:
    """A pool of connections for many threads. `timeout` in seconds bounds each request from the moment it is sent.

    Redirects are not followed. `close` wakes the threads that wait for a reply: they get a Silence.
    """

    def __init__(self, connections: int, timeout: float) -> None:
        self._timeout = timeout
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._closed = False
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS), pool=None),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            headers={"accept-encoding": "identity", "accept": "application/json"},
            follow_redirects=False,
        )

    def send(self, method: str, url: str, key: str | None, payload: bytes | None = None) -> HttpReply | NoResponse:
        """One request, one reply. Raises UnreadableReplyError."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        if payload is not None:
            headers["content-type"] = "application/json"
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream(
                method, url, content=payload, headers=headers, extensions={"trace": self._trace}
            ) as response:
                body = self._read(response, deadline)
                return HttpReply(response.status_code, dict(response.headers), body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            return NoResponse(f"no connection: {error}", connected=False)
        except httpx.TimeoutException:
            return NoResponse(f"no answer within {self._timeout:g} s", timed_out=True)
        except (httpx.HTTPError, OSError) as error:
            return NoResponse(f"the connection broke: {error}")
        except RuntimeError:  # httpx, about a client that was closed meanwhile
            if not self._closed:
                raise
            return NoResponse("closed", connected=False)

    def close(self) -> None:
        """Close all connections, also those that are in use."""
        with self._lock:
            self._closed = True
            for one in self._sockets:
                _shut_down(one)
        self._client.close()

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        """The body as it is sent: nothing is unpacked, for few bytes could become any number."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            raise UnreadableReplyError(f"the answer is packed ({encoding:.40}), which was not asked for")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > HTTP_REPLY_BYTES:
                raise UnreadableReplyError(f"the answer is larger than {HTTP_REPLY_BYTES} bytes")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the reply came too slowly")
        return bytes(body)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each socket that is opened: only shutting it down wakes a thread that waits for it."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            opened = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._sockets.add(opened)
                if self._closed:
                    _shut_down(opened)


def _shut_down(one: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)  # not SSLSocket's own, which another thread may be inside of


ENDED: Mapping[str | None, str | None] = {
    "stop": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    None: None,
}
"""The finish reasons of whole answers, in any case: OpenAI's, text-generation-inference's, Anthropic's and Google's.

Any other (abort, error, content_filter, tool_calls) means there is no answer.
"""
TEXTS = ("text", "output_text")
"""Types of the parts of a content that are its text; others (thinking, images) are not."""

REFUSED = frozenset({"content_filter", "refusal", "safety", "prohibited_content"})
"""The finish reasons of refusals, in any case: OpenAI's, Anthropic's and Google's."""
REFUSED_CODES = frozenset({"content_filter", "content_policy_violation"})
"""The codes of errors by which OpenAI and Azure refuse a question itself."""

OPTIONAL_FIELDS = ("max_tokens", "temperature", "top_p")
"""What a request can do without: OpenAI's reasoning models refuse them, and take max_completion_tokens for the first."""
NEUTRAL: Mapping[str, Json] = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""What vLLM and SGLang would otherwise take from the checkpoint's generation_config.json."""
TAKE_NEUTRAL = ("vllm", "sglang")
"""Who must own a served model for these fields to be known."""
_NOT_TAKEN = re.compile(r"unsupported|not supported|not support ", re.IGNORECASE)

FATAL_STATUS = frozenset({401, 403, 404})
AGAIN_STATUS = frozenset({408, 425, 429})
BUSY_STATUS = frozenset({429, 503})
SHOWN = 300
NAME_CHARACTERS = 200


@dataclass(frozen=True)
class Completion:
    """A whole answer. `finish_reason` is "stop" or "length", or None, like the token counts, where the server is silent.

    `reasoning` is the thinking that the server keeps apart from the text, at most REASONING_CHARACTERS of it. `model` and
    `fingerprint` are what the server says that answered, at most NAME_CHARACTERS of each.
    """

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning: str | None = None
    model: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Fault:
    """Why there is no answer. `fatal` if no further request can succeed: key refused, no such model, budget spent.

    `refusal`: what the server said where it refused so often that it would go on to. `tokens` are those of the prompt and the
    reply, where the server counted them nevertheless.
    """

    message: str
    fatal: bool = False
    refusal: str | None = None
    tokens: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Failure:
    """One attempt's end without an answer.

    `again`: it may go better next time, not before `wait` seconds if the server said so. `busy`: the server has too much
    to do. `silent`: nothing that speaks HTTP answered. `lost`: it may have been answered, and billed, unseen. `refusal`:
    what was said by a model that would not answer, or a filter that did not let it. `unsupported`: which of OPTIONAL_FIELDS
    the model does not take. `tokens`: those of the prompt and of what was said.
    """

    message: str
    fatal: bool = False
    again: bool = False
    wait: float | None = None
    busy: bool = False
    silent: bool = False
    lost: bool = False
    refusal: str | None = None
    unsupported: str | None = None
    tokens: tuple[int | None, int | None] = (None, None)


def read_completion(body: bytes) -> Completion | Failure:
    """The completion in the body of a 200, or a Failure that says what is wrong with it.

    An error at any level is a failure, whatever stands beside it. A model that thought until its tokens ran out has given an
    empty answer that was cut off.
    """
    value = parse(body)
    if value is None:
        return Failure(f"the answer is no JSON: {excerpt(body)}", again=True)
    try:
        found = [value] if "choices" not in value else [value, value["choices"][0], value["choices"][0]["message"]]
        error = next((one["error"] for one in found if one.get("error") is not None), None)
        if error is not None:
            said = error.get("message") if isinstance(error, dict) else error
            return Failure(f"the server answered with an error: {said!s:.200}", again=True)
        choice, message = found[1:]
        reason = choice.get("finish_reason")
        if (refusal := _refusal(message, reason)) is not None:
            said, tokens = f"the server refuses to answer: {refusal}", _tokens(value.get("usage"))
            return Failure(said, again=True, lost=True, refusal=refusal, tokens=tokens)
        content = message["content"]
    except (LookupError, TypeError, ValueError, AttributeError):
        return Failure(f"the answer is no chat completion: {explanation(body)}")
    answer = _answer(content, reason, value.get("usage"), _reasoning(message))
    if isinstance(answer, Failure):
        return answer
    return replace(answer, model=_name(value.get("model")), fingerprint=_name(value.get("system_fingerprint")))


def _name(value: Json) -> str | None:
    return value[:NAME_CHARACTERS] if isinstance(value, str) and value else None


def _answer(content: Json, reason: Json, usage: Json, thought: str | None) -> Completion | Failure:
    """The completion of these parts of a reply, if they are those of a whole answer."""
    ended = reason.lower() if isinstance(reason, str) else reason
    if not isinstance(ended, str | None) or ended not in ENDED:
        return Failure(f"the answer was not finished: finish_reason is {reason!r:.40}")
    text = _text(content, cut_off=ENDED[ended] == "length")
    if text is None:
        return Failure(f"the answer has no text: content is {content!r:.40}, finish_reason {reason!r}")
    return Completion(text, ENDED[ended], *_tokens(usage), thought)


def _refusal(message: Mapping[str, Json], reason: Json) -> str | None:
    """What a message or a part of its content says in place of an answer; else the reason, if it tells of a refusal."""
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    told = [message.get("refusal"), *(part.get("refusal") for part in parts if part.get("type") == "refusal")]
    refused = isinstance(reason, str) and reason.lower() in REFUSED
    return next(
        (one for one in told if isinstance(one, str) and one), f"finish_reason is {reason}" if refused else None
    )


def _text(content: Json, *, cut_off: bool) -> str | None:
    """The text of a content: itself, or its parts of text in order; empty for none if the answer was cut off."""
    if content is None and cut_off:
        return ""
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) and part.get("type") in TEXTS else None for part in content]
        texts = [part for part in parts if isinstance(part, str)]
        return "".join(texts) if texts or cut_off else None
    return content if isinstance(content, str) else None


def _reasoning(message: Mapping[str, Json]) -> str | None:
    """What servers tell beside the content: vLLM and SGLang as `reasoning_content`, newer ones as `reasoning`."""
    for name in ("reasoning_content", "reasoning"):
        if isinstance(found := message.get(name), str) and found:
            return found[:REASONING_CHARACTERS]
    return None


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """What a status other than 200 means. Redirects are not followed: the key and the questions are for this host."""
    if 300 <= status < 400:
        where = headers.get("location", "elsewhere")
        return Failure(f"the server redirects to {where:.200}: give the address that answers", fatal=True)
    code = _error_code(body)
    spent = status == 429 and code == "insufficient_quota"
    refused = status == 400 and code in REFUSED_CODES
    return Failure(
        f"the server answered {status}: {explanation(body)}",
        fatal=status in FATAL_STATUS or spent,
        again=(status in AGAIN_STATUS or status >= 500 or refused) and not spent,
        wait=retry_after(headers.get("retry-after"), datetime.now(UTC)),
        busy=status in BUSY_STATUS,
        refusal=explanation(body) if refused else None,
        unsupported=unsupported_field(body) if status == 400 else None,
    )


def unsupported_field(body: bytes) -> str | None:
    """Which of OPTIONAL_FIELDS the body of a 400 names as not taken by the model, at all or with any value but its own."""
    value = parse(body)
    error = value.get("error") if isinstance(value, dict) else None
    said, named = (error.get("message"), error.get("param")) if isinstance(error, dict) else (None, None)
    if not isinstance(said, str) or not _NOT_TAKEN.search(said):
        return None
    return next((name for name in OPTIONAL_FIELDS if name == named or f"'{name}'" in said), None)


def neutral(served: Mapping[str, Json]) -> Mapping[str, Json]:
    """Fields of a request's body that turn off what a server would otherwise take from the checkpoint's configuration."""
    return NEUTRAL if served.get("owned_by") in TAKE_NEUTRAL else {}


def read_models(body: bytes) -> Mapping[str, Mapping[str, Json]] | None:
    """The entries of GET /models by id, or None if this is no such list."""
    value = parse(body)
    entries = value.get("data") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in entries
    ):
        return None
    return {one["id"]: one for one in entries}


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (seconds, or a date), at most HTTP_WAIT_SECONDS; None if it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), HTTP_WAIT_SECONDS)


def parse(body: bytes) -> Json:
    """The JSON value, or None."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def explanation(body: bytes) -> str:
    """The server's own words about an error, else the first of its bytes."""
    value = parse(body)
    if isinstance(value, dict):
        error = value.get("error")
        said = error.get("message") if isinstance(error, dict) else error or value.get("message") or value.get("detail")
        if isinstance(said, str) and said:
            return said
    return excerpt(body)


def excerpt(body: bytes) -> str:
    """The beginning of some bytes as text."""
    return body[: 4 * SHOWN].decode("utf-8", "replace").strip() or "(nothing)"


def _error_code(body: bytes) -> str | None:
    value = parse(body)
    error = value.get("error") if isinstance(value, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None


def _tokens(usage: Json) -> tuple[int | None, int | None]:
    """Those of the prompt and of the reply, as far as they are told."""
    counts = usage if isinstance(usage, dict) else {}
    return _count(counts, "prompt_tokens"), _count(counts, "completion_tokens")


def _count(usage: Mapping[str, Json], name: str) -> int | None:
    value = usage.get(name)
    return value if type(value) is int and 0 <= value < 2**53 else None
