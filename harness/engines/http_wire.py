"""Connections to a server: bytes out, bytes in, in bounded time and size. The one file that needs httpx."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import httpx

MAX_REPLY_BYTES = 16 * 2**20
CONNECT_SECONDS = 15.0


@dataclass(frozen=True)
class Reply:
    """What the server said; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Silence:
    """Why nothing whole came back. `connected` if the server had the question, so that it may have answered it."""

    message: str
    connected: bool = True
    timed_out: bool = False


class TooLargeError(Exception):
    """The reply is longer than MAX_REPLY_BYTES."""


class Line:
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

    def send(self, method: str, url: str, key: str | None, payload: bytes | None = None) -> Reply | Silence:
        """One request, one reply. Raises TooLargeError."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        if payload is not None:
            headers["content-type"] = "application/json"
        deadline = time.monotonic() + self._timeout
        try:
            with self._client.stream(
                method, url, content=payload, headers=headers, extensions={"trace": self._trace}
            ) as response:
                body = self._read(response, deadline)
                return Reply(response.status_code, dict(response.headers), body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            return Silence(f"no connection: {error}", connected=False)
        except httpx.TimeoutException:
            return Silence(f"no answer within {self._timeout:g} s", timed_out=True)
        except (httpx.HTTPError, OSError) as error:
            return Silence(f"the connection broke: {error}")
        except RuntimeError:  # httpx, about a client that was closed meanwhile
            if not self._closed:
                raise
            return Silence("closed", connected=False)

    def close(self) -> None:
        """Close all connections, also those that are in use."""
        with self._lock:
            self._closed = True
            for one in self._sockets:
                _shut_down(one)
        self._client.close()

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise TooLargeError
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
