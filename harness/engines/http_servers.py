"""Several servers of one model, asked side by side: each pulls the next question when it has room for one."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from queue import SimpleQueue
from typing import Generic, TypeVar

from ..errors import ProctorError
from ..types import Json
from .http_client import Endpoint, Result

Key = TypeVar("Key")


def ask_servers(
    servers: Sequence[Endpoint], bodies: Iterable[tuple[Key, Mapping[str, Json]]]
) -> Generator[tuple[Key, Result], None, None]:
    """Each body's answer or Fault as it comes, like `Endpoint.ask_all`, from whichever server was free.

    A server that is gone takes no more, and the others go on; what it raised is raised at the end of all. Closing the
    iterator breaks off what is in flight.
    """
    if len(servers) == 1:
        yield from servers[0].ask_all(bodies)
        return
    shared = _Shared(bodies)
    for server in servers:
        threading.Thread(target=shared.work, args=(server,), name=server.shown_url, daemon=True).start()
    failed: BaseException | None = None
    running = len(servers)
    try:
        while running:
            found = shared.results.get()
            if isinstance(found, tuple):
                yield found
                continue
            running -= 1
            failed = failed or found
            if found and not isinstance(found, ProctorError):  # a bug, which no other server mends
                raise found
    finally:
        shared.closed = True
    if failed:
        raise failed


class _Shared(Iterator[tuple[Key, Mapping[str, Json]]], Generic[Key]):
    """The questions that the servers' threads pull until it is closed, and what comes of them.

    The last that a thread puts into `results` is what it died of, or None.
    """

    def __init__(self, bodies: Iterable[tuple[Key, Mapping[str, Json]]]) -> None:
        self._bodies = iter(bodies)
        self._lock = threading.Lock()
        self.closed = False
        self.results: SimpleQueue[tuple[Key, Result] | BaseException | None] = SimpleQueue()

    def __next__(self) -> tuple[Key, Mapping[str, Json]]:
        with self._lock:
            if self.closed:
                raise StopIteration
            return next(self._bodies)

    def work(self, server: Endpoint) -> None:
        """Have one server answer what it pulls."""
        end: BaseException | None = None
        try:
            with closing(server.ask_all(self)) as asked:
                for result in asked:
                    self.results.put(result)
                    if self.closed:
                        break
        except BaseException as error:  # raised in the thread that waits for results
            end = error
        self.results.put(end)
