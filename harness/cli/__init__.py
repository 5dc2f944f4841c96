"""The command line, and the composition root: the one room that may import every other.

Each verb is a file with `add_arguments(parser)` and `run(args) -> exit code`; it imports what it needs when it runs, so that
`proctor --help` stays light.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from keyword import iskeyword
from types import FrameType

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, ProctorError
from .terminal import log

VERBS = {
    "demo": "run the main job on this machine: examine, train without labels, examine every checkpoint, make a table",
    "suites": "list the suites",
    "eval": "ask a model every question of a suite, and score the answers",
    "score": "score stored runs again",
    "import": "make a run of the answers that another tool stored, to score and compare them",
    "explain": "say why two scores differ, answer by answer",
    "compare": "compare two models or trainings item by item, with errors; or be a gate for continuous integration",
    "reward": "say whether a reward idea is sound, and better than another, before anything is trained",
    "synthesize": "have a model write questions about pictures, to train on without labels",
    "train": "train a model by a recipe",
    "regress": "train with a reward and with a baseline, several seeds each, and say which ends better",
    "iterate": "train round after round, each from the last, until the examination no longer improves",
    "watch": "examine every checkpoint of a folder as soon as it is complete",
    "board": "make a leaderboard of stored runs, with the evidence that proves it",
    "verify": "recompute every row of a board from its evidence",
    "paper": "print the papers' tables beside what stored runs gave, check their numbers, plan and run their rows",
    "data": "pin the data of a suite in the lock file, and see what is pinned",
    "check": "check that a suite accepts its golds, refuses corrupted ones, and has all its items and pictures",
    "show": "make one self-contained page to look at: leaderboard, charts, training curves, every answer",
    "grade": "judge answers by the strict matcher",
    "export": "write suites for another harness, and scores for the hub, model cards and trackers of experiments",
}


def build_parser() -> argparse.ArgumentParser:
    """All verbs with their arguments."""
    parser = argparse.ArgumentParser(
        prog="proctor", description="Examine and train vision-language models on mathematics."
    )
    parser.add_argument("--version", action="version", version=f"proctor {version('proctor')}")
    parser.add_argument("--debug", action="store_true", help="show the trace of an error")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, summary in VERBS.items():
        module = import_module(f".{name}_" if iskeyword(name) else f".{name}", __package__)
        verb = verbs.add_parser(name, help=summary, description=summary.capitalize() + ".")
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one line on stderr, or a trace with --debug."""
    args = build_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        with _terminable():
            return run(args)
    except KeyboardInterrupt:
        again = "the same command with --resume" if args.verb == "train" else "the same command again"
        log(f"interrupted: what was finished is stored; run {again} to go on")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_INCOMPLETE
    except ProctorError as error:
        if args.debug:
            raise
        log(f"proctor {args.verb}: {error}")
        return error.exit_code
    except Exception as error:
        if args.debug:
            raise
        kind = type(error).__name__
        log(f"proctor {args.verb}: unexpected {kind}: {error} (add --debug before the verb for the trace)")
        return EXIT_INCOMPLETE


@contextmanager
def _terminable() -> Iterator[None]:
    """While a command runs, SIGTERM ends it as Ctrl-C does. A command called from another thread keeps its handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
