"""How many requests are on the wire at once: more while answers come, half when the server pushes back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

START = 8


class ClosedError(Exception):
    """Nobody waits for answers any more."""


class Flow:
    """Additive increase, multiplicative decrease: each answer adds one until the first push-back, then one per round.

    `most` bounds it. A push-back halves the limit, once for all requests that were on the wire together, and may ask
    for a pause in which nothing is sent.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(START, most))
        self._active = 0
        self._pushed_back_at = -math.inf
        self._paused_until = 0.0
        self._closed = False
        self._condition = threading.Condition()

    @property
    def limit(self) -> int:
        """The most requests on the wire now."""
        return int(self._limit)

    @contextmanager
    def slot(self) -> Iterator[float]:
        """Waits until one more request may be sent; gives the time at which it is. Raises ClosedError."""
        with self._condition:
            while not self._closed:
                pause = self._paused_until - time.monotonic()
                if pause <= 0 and self._active < self.limit:
                    break
                self._condition.wait(pause if pause > 0 else None)
            if self._closed:
                raise ClosedError
            self._active += 1
        try:
            yield time.monotonic()
        finally:
            with self._condition:
                self._active -= 1
                self._condition.notify_all()

    def answered(self) -> None:
        """An answer came."""
        with self._condition:
            step = 1.0 if self._pushed_back_at == -math.inf else 1.0 / self._limit
            self._limit = min(self._limit + step, self._most)
            self._condition.notify_all()

    def push_back(self, sent_at: float, pause: float) -> None:
        """The request sent at that time was too much; nothing more is sent for `pause` seconds."""
        with self._condition:
            now = time.monotonic()
            self._paused_until = max(self._paused_until, now + pause)
            if sent_at >= self._pushed_back_at:
                self._limit = max(1.0, self._limit / 2)
                self._pushed_back_at = now

    def rest(self, seconds: float) -> None:
        """Wait. Raises ClosedError."""
        with self._condition:
            if self._condition.wait_for(lambda: self._closed, seconds):
                raise ClosedError

    def close(self) -> None:
        """Send no more; who waits is woken."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
