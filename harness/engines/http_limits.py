"""How many requests are on the wire at once: more while answers come, half when the server pushes back.

A limit on what may be spent at a server, held while answers are still on their way.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .http_wire import Completion

START = 8


class ClosedError(Exception):
    """Nobody waits for answers any more."""


class ConcurrencyLimiter:
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


MILLION = 1_000_000


@dataclass(frozen=True)
class Reservation:
    """What is set aside for one answer on its way: the most it may take."""

    tokens: int
    cost: float


class Budget:
    """The most requests, tokens (prompt and completion) and money that one process spends; prices are per million tokens.

    Retries count as requests. Before a question is asked, its `max_tokens` and the longest prompt seen so far are set
    aside, and a question for which not enough is left is not asked; so only a prompt longer than all before it can pass
    the limit. An answer whose bill never came (a timeout, a broken connection) is charged what was set aside for it.
    """

    def __init__(
        self,
        requests: int | None = None,
        tokens: int | None = None,
        cost: float | None = None,
        prompt_price: float = 0.0,
        completion_price: float = 0.0,
    ) -> None:
        self._limits = (requests, tokens, cost)
        self._prices = (prompt_price, completion_price)
        self._spent = [0, 0, 0.0]
        self._held: list[Reservation] = []
        self._longest_prompt: int | None = None
        self._lock = threading.Lock()

    @property
    def counts_tokens(self) -> bool:
        """True if tokens or money are limited, so that a question must say how long its answer may be."""
        return self._limits[1] is not None or self._limits[2] is not None

    def reserve(self, answer_tokens: int) -> Reservation | None:
        """Set aside one request and what its answer may take; None if not enough is left beside what is on its way."""
        with self._lock:
            if self.counts_tokens and self._longest_prompt is None and self._held:
                return None  # the first answer tells how long prompts are
            prompt = self._longest_prompt or 0
            hold = Reservation(prompt + answer_tokens, self._cost(prompt, answer_tokens))
            if not self._affords(hold):
                return None
            self._spent[0] += 1
            self._held.append(hold)
            return hold

    def again(self, hold: Reservation, lost: bool) -> bool:
        """Count one more request for the same answer, False if none is left; `lost` if the last one may be billed."""
        with self._lock:
            if lost:
                self._charge(hold)
            self._held.remove(hold)
            affordable = self._affords(hold)
            self._held.append(hold)
            if affordable:
                self._spent[0] += 1
            return affordable

    def settle(self, hold: Reservation, answer: Completion | None, lost: bool = False) -> None:
        """Replace what was set aside by what the answer took; without an answer, by nothing unless it was lost."""
        with self._lock:
            self._held.remove(hold)
            if answer is None:
                if lost:
                    self._charge(hold)
                return
            self._longest_prompt = max(self._longest_prompt or 0, answer.prompt_tokens or 0)
            if answer.prompt_tokens is None or answer.completion_tokens is None:
                self._charge(hold)
            else:
                taken = answer.prompt_tokens + answer.completion_tokens
                self._charge(Reservation(taken, self._cost(answer.prompt_tokens, answer.completion_tokens)))

    def __str__(self) -> str:
        """What is spent, of what may be."""
        with self._lock:
            named = zip(self._spent, self._limits, ("requests", "tokens", "of money"), strict=True)
            return ", ".join(
                f"{spent:,.10g} of {limit:,.10g} {name}" for spent, limit, name in named if limit is not None
            )

    def _cost(self, prompt: int, completion: int) -> float:
        return (prompt * self._prices[0] + completion * self._prices[1]) / MILLION

    def _charge(self, hold: Reservation) -> None:
        self._spent[1] += hold.tokens
        self._spent[2] += hold.cost

    def _affords(self, hold: Reservation) -> bool:
        wanted = (1, hold.tokens + sum(h.tokens for h in self._held), hold.cost + sum(h.cost for h in self._held))
        sums = zip(self._spent, wanted, self._limits, strict=True)
        return all(limit is None or spent + more <= limit for spent, more, limit in sums)
