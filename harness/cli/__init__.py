"""The command line, and the composition root: the one room that may import every other.

Each verb is a file with `add_arguments(parser)` and `run(args) -> exit code`; it imports what it needs when it runs, so that
`proctor --help` stays light.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, ProctorError

VERBS = {
    "demo": "run the main job on this machine: examine, train without labels, examine every checkpoint, make a table",
    "suites": "list the suites",
    "eval": "ask a model every question of a suite, and score the answers",
    "score": "score stored runs again",
    "train": "train a model by a recipe",
    "watch": "examine every checkpoint of a folder as soon as it is complete",
    "board": "make a leaderboard CSV of stored runs",
    "grade": "judge answers by the strict matcher",
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
        module = import_module(f".{name}", __package__)
        verb = verbs.add_parser(name, help=summary, description=summary.capitalize() + ".")
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one line on stderr, or a trace with --debug."""
    args = build_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        return run(args)
    except KeyboardInterrupt:
        print("interrupted: what was finished is stored; run the same command again to go on", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_INCOMPLETE
    except ProctorError as error:
        if args.debug:
            raise
        print(f"proctor {args.verb}: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if args.debug:
            raise
        kind = type(error).__name__
        print(
            f"proctor {args.verb}: unexpected {kind}: {error} (add --debug before the verb for the trace)",
            file=sys.stderr,
        )
        return EXIT_INCOMPLETE
