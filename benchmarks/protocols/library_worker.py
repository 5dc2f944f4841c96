"""The process in which a grading library judges untrusted answers; `library_process` runs this file by its path.

Its standard input is a socket: a JSON line {library, gold, response} comes in, and {correct, read}, {failed} or {missing}
goes out. math-verify and mathruler hand text to sympy, which evaluates it: it may hang, fill the memory, or run as code. So
nothing of this project is imported here, memory and computing time are limited, and no file can be written.
"""

from __future__ import annotations

import json
import logging
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

Judge = Callable[[str, str], tuple[bool | None, str | None]]
"""(gold, response) -> (verdict, what was read); no verdict where the gold cannot be read."""


def math_verify() -> Judge:
    """math-verify as lighteval has it: a box first, LaTeX and plain expressions; without its clock, whose end is "wrong"."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    config = (LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig())

    def judge(gold: str, response: str) -> tuple[bool | None, str | None]:
        golds, answers = (parse(text, config, parsing_timeout=None) for text in (f"${gold}$", response))
        read = answers[-1] if answers and isinstance(answers[-1], str) else None
        return bool(verify(golds, answers, timeout_seconds=None)) if golds else None, read

    return judge


def mathruler() -> Judge:
    """mathruler as EasyR1 has it."""
    from mathruler.grader import extract_boxed_content, grade_answer

    def judge(gold: str, response: str) -> tuple[bool | None, str | None]:
        content = extract_boxed_content(response)
        return bool(grade_answer(content, gold)), None if content == "None" else content

    return judge


LIBRARIES: dict[str, Callable[[], Judge]] = {"math_verify": math_verify, "mathruler": mathruler}


def limit(kind: int, value: int) -> None:
    """Lower a limit of this process, where the system has it."""
    hard = resource.getrlimit(kind)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def allow(cpu_seconds: int) -> None:
    """So much more computing ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + cpu_seconds)


class OutOfMemory:
    """Notices a MemoryError that a library catches and calls a wrong answer."""

    def __init__(self) -> None:
        self.seen = False

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """For sys.settrace: sees what is raised in any frame."""
        frame.f_trace_lines = False
        self.seen = self.seen or (event == "exception" and issubclass(argument[0], MemoryError))
        return self.trace


def judged(judge: Judge, gold: str, response: str) -> dict[str, Any]:
    """The reply to one question."""
    memory = OutOfMemory()
    try:
        sys.settrace(memory.trace)
        try:
            correct, read = judge(gold, response)
        finally:
            sys.settrace(None)
    except Exception as error:
        return {"failed": "memory" if memory.seen else type(error).__name__}
    return {"failed": "memory"} if memory.seen else {"correct": correct, "read": read}


def main(memory_bytes: int, cpu_seconds: int, wall_seconds: int) -> None:
    """Answer until the owner is gone."""
    logging.disable(logging.CRITICAL)
    for kind, value in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        limit(kind, value)
    judges: dict[str, Judge] = {}
    with os.fdopen(os.dup(0), "wb") as replies:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            library = request["library"]
            signal.alarm(wall_seconds + 1)  # if there is no owner any more to end it
            allow(wall_seconds)
            try:
                judge = judges.get(library) or judges.setdefault(library, LIBRARIES[library]())
            except ImportError as error:
                reply: dict[str, Any] = {"missing": str(error)}
            else:
                allow(cpu_seconds)
                reply = judged(judge, request["gold"], request["response"])
            signal.alarm(0)
            replies.write(json.dumps(reply).encode() + b"\n")
            replies.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
