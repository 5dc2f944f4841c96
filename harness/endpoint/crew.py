"""Threads that ask, one question each at a time; they are hired when needed and end with the asking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from ..types import Json
from .budget import Hold
from .flow import ClosedError, Flow
from .wire import Completion, Fault

Key = TypeVar("Key")
Result: TypeAlias = Completion | Fault
Body: TypeAlias = Mapping[str, Json]

LEAVE_SECONDS = 30.0


class Crew(Generic[Key]):
    """`ask` puts one question, and gives its result and whether the server replied; it raises ClosedError to leave."""

    def __init__(self, ask: Callable[[Body, Hold], tuple[Result, bool]], flow: Flow) -> None:
        self.in_hand = 0
        self._ask = ask
        self._flow = flow
        self._questions: SimpleQueue[tuple[Key, Body, Hold] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Key, Result, bool] | BaseException] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def ask(self, key: Key, body: Body, hold: Hold) -> None:
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
