"""The command line, and the composition root: the one room that may import every other.

HEADINGS names the file of each command. Its VERBS says what the command's arguments are and what it does; it is imported
when the command is asked for, and imports what it needs when it runs, so that `proctor --help` stays light.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from types import FrameType
from typing import Any, NoReturn

from ..errors import (
    EXIT_CHECK_FAILED,
    EXIT_INCOMPLETE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_UNVERIFIABLE,
    EXIT_USAGE,
    ProctorError,
    UsageError,
    did_you_mean,
    printable,
)
from ..links import links_followed
from ..signals import ending_signals
from .named_suites import resolve_paths
from .options import Verb, add
from .other_tools_words import in_our_words
from .terminal import log

HEADINGS: dict[str, dict[str, tuple[str, str]]] = {
    "start here": {
        "demo": ("demo", "run the main job on this machine: evaluate, train without labels, make a leaderboard"),
        "run": ("run", "run a study: models, trainings, suites and comparisons in one file, to a verified board"),
    },
    "evaluate a model": {
        "eval": ("eval", "ask a model every question of a suite, and score the answers"),
        "score": ("eval", "score stored runs again, under any protocol"),
        "import": ("eval", "make a run of the answers that another tool stored, to score and compare them"),
        "grade": ("grade", "judge answers by the strict matcher"),
        "compare": ("compare", "compare two models or trainings item by item, or be a gate for continuous integration"),
        "explain": ("compare", "say why two scores differ, answer by answer"),
        "show": ("show", "make one self-contained page: leaderboard, charts, training curves, every answer"),
    },
    "train a model": {
        "train": ("train", "train a model by a recipe"),
        "watch": ("train", "evaluate every checkpoint of a folder as soon as it is complete, but not the base"),
        "iterate": ("iterate", "train round after round, each from the last, until the scores no longer improve"),
        "synthesize": ("train", "have a model write questions about pictures, to train on without labels"),
    },
    "try a reward": {
        "reward check": (
            "reward",
            "test a reward's contract: length, bounds, order, seed, equal answers, labels, speed",
        ),
        "reward record": ("reward", "draw groups of answers from a model and store them, with a judge's scores"),
        "reward bench": ("reward_bench", "put rewards side by side on recorded groups, with errors"),
        "reward simulate": ("reward_bench", "simulate what training by each reward would do to recorded answers"),
        "reward predict": ("reward_predict", "say what a training by each reward will do to a base, before it is run"),
        "gym make": ("gym", "make a base whose mistakes are known, to try rewards on"),
        "reward regress": ("reward_regress", "train with a reward and with a baseline, and say which ends better"),
    },
    "publish results": {
        "board build": ("board", "make a leaderboard of stored runs, with the evidence of every row"),
        "board verify": ("board", "recompute every row of a board from its evidence"),
        "board recipes": ("board", "show each recipe's accuracy over its seeds, beside the untrained model's"),
        "board site": (
            "board",
            "write a board as a static site: leaderboard, models, suites, comparisons, answers, feed",
        ),
        "board export eval-results": ("board_export", "write scores as .eval_results/*.yaml of a model on the hub"),
        "board export every-eval-ever": (
            "board_export",
            "write runs with their answers in the schema of Every Eval Ever",
        ),
        "board export model-card": ("board_export", "write scores as a section of a model's README.md"),
        "board export tensorboard": ("board_export", "write a training and its scores as TensorBoard's event files"),
        "board export wandb": ("board_export", "write a training and its scores as a run of Weights & Biases"),
        "board export trackio": ("board_export", "write a training and its scores as a run of Trackio"),
    },
    "reproduce the papers": {
        "paper table": ("paper", "print a paper's table beside what stored runs gave, or list the tables"),
        "paper check": ("paper", "recompute the printed averages, and compare rows that are printed twice"),
        "paper plan": ("paper_plan", "say of every row what it takes, what it would cost, and how far it is"),
        "paper run": ("paper_run", "train and evaluate what a row is of"),
    },
    "see what there is": {
        "list": ("list", "list the suites, rewards, engines, ... that there are, or what a folder of runs holds"),
        "suite list": ("suite", "list the suites"),
        "suite check": ("suite", "check that golds are accepted, corrupted ones refused, and nothing is missing"),
        "suite pull": ("suite", "read a suite's data and pin them in the lock file"),
        "suite status": ("suite", "say what is pinned, and whether local data are still the same"),
        "suite export lmms-eval": ("suite", "write suites as a folder of tasks for lmms-eval's --include_path"),
    },
}
"""The file and the summary of each command, in the order and under the headings of `proctor --help`."""
NOUNS = {
    "reward": "say whether a reward is sound, and better than another",
    "gym": "make bases whose mistakes are known, to try rewards on",
    "board": "make, verify and publish leaderboards",
    "board export": "write scores for the hub and model cards, and training curves for trackers",
    "paper": "print the papers' tables beside what stored runs gave; plan and run their rows",
    "suite": "list the suites, check and pin their data",
    "suite export": "write suites for another harness",
}
RENAMED = {
    "suites": "suite list",
    "data": "suite pull or suite status",
    "check": "suite check",
    "verify": "board verify",
    "regress": "reward regress",
    "check-reward": "reward check",
    "export": "board export or suite export",
}
"""What commands that are gone are called now."""
EXIT_CODES = f"""\
exit codes:
  {EXIT_OK}    done
  {EXIT_CHECK_FAILED}    a check failed: a wrong answer, a regression, a row that is not reproduced
  {EXIT_USAGE}    the request or its data are wrong; the error is one line that says what to do
  {EXIT_INCOMPLETE}    incomplete: run the same command again to go on
  {EXIT_UNVERIFIABLE}    unverifiable: rows of a board that neither their suite nor named data can prove
  {EXIT_INTERRUPTED}  interrupted; what was finished is stored

`proctor COMMAND --help` shows the arguments of a command, the names that they take, and examples."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Says of an option which names it takes, and keeps the lines of examples."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        names = getattr(action, "completer", None)
        if names is None:
            return action.help
        meaning, parenthesis, default = (action.help or "").rpartition(" (")
        shown = (
            f"{meaning if parenthesis else default}: {', '.join(names())}{parenthesis}{default if parenthesis else ''}"
        )
        return shown.replace("%", "%%")


class Parser(argparse.ArgumentParser):
    """A parser whose options are written in full, and whose errors name what is nearest to an unknown word."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": _Help, "allow_abbrev": False, **settings})
        self._words: list[str] = []

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(action, f"{value!r:.80} is not known{did_you_mean(str(value), known)}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            if action.type not in (int, float):
                raise
            kind = "a whole number" if action.type is int else "a number"
            raise argparse.ArgumentError(action, f"must be {kind}, not {arg_string!r:.80}") from None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does; the words are kept, for an error to speak of."""
        self._words = [*(args or ())]
        found: tuple[Any, list[str]] = super().parse_known_args(args, namespace)
        return found

    def error(self, message: str) -> NoReturn:
        """End with 2 and one line; where arguments are missing, a word that no argument takes goes first."""
        if "are required" in message:
            words = [
                word for word in self._words if word.startswith("--") and word.partition("=")[0] not in self._names
            ]
            if words:
                self.refuse(words)
            lacking = [one.option_strings[0] for one in self._actions if one.required and one.option_strings]
            lacking = [one for one in lacking if one not in {word.partition("=")[0] for word in self._words}]
            if lacking and not self._places and (alone := self._words_alone()):
                self._end(f"{alone[0]!r:.80} belongs to no option: say {lacking[0]} {alone[0]:.80}")
        self._end(message)

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with 2 for words that no argument takes; those of another tool are said in this one's words."""
        names = [*dict.fromkeys(word.partition("=")[0] for word in unknown if word.startswith("-"))]
        if not names:
            self._end(self._too_many(unknown))
        told = in_our_words(self._words, names, self._names)
        strange = [f"{name!r:.80} is not known{did_you_mean(name, self._names)}" for name in names if name not in told]
        self._end("; ".join([*told.values(), *strange[:1]]))

    def _end(self, message: str) -> NoReturn:
        log(f"{self.prog}: {printable(message)} (see `{self.prog} --help`)")
        sys.exit(EXIT_USAGE)

    @property
    def _names(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]

    @property
    def _places(self) -> list[argparse.Action]:
        return [action for action in self._actions if not action.option_strings]

    def _too_many(self, words: Sequence[str]) -> str:
        """What to say of words that are no options, where all arguments that are none have theirs."""
        takes = [str(one.metavar or one.dest) for one in self._places]
        if not takes or any(one.nargs is not None for one in self._places):
            return f"{words[0]!r:.80} belongs to no option"
        got = self._words_alone()
        return (
            f"takes {len(takes)} ({' and '.join(takes)}), and got {len(got)}: {', '.join(f'{one:.80}' for one in got)}"
        )

    def _words_alone(self) -> list[str]:
        """The words that are neither options nor values of any."""
        of_option = {option: action for action in self._actions for option in action.option_strings}
        found, room = [], 0.0
        for word in self._words:
            if word.startswith("-") and word != "-":
                action = of_option.get(word)
                room = 0 if action is None else {None: 1, "?": 1, 0: 0}.get(action.nargs, math.inf)
            elif room:
                room -= 1
            else:
                found.append(word)
        return found


def build_parser(asked: str | None = None) -> Parser:
    """The parser of all commands; with `asked`, the first word of a command, only that one has its arguments."""
    parser = Parser(
        prog="proctor",
        usage="proctor [--debug] COMMAND ...",
        description="Evaluate and train vision-language models on mathematics.\n\n" + "\n\n".join(_overview()),
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"proctor {version('proctor')}")
    parser.add_argument("--debug", action="store_true", help="show the trace of an error")
    levels: dict[str, Any] = {
        "": parser.add_subparsers(prog="proctor", metavar="COMMAND", required=True, help=argparse.SUPPRESS)
    }
    for commands in HEADINGS.values():
        for name, (file, summary) in commands.items():
            words = name.split()
            for depth in range(1, len(words)):
                noun, above = " ".join(words[:depth]), " ".join(words[: depth - 1])
                if noun not in levels:
                    group = levels[above].add_parser(
                        words[depth - 1], help=NOUNS[noun], description=_sentence(NOUNS[noun])
                    )
                    levels[noun] = group.add_subparsers(metavar="COMMAND", required=True, title="commands")
            command = levels[" ".join(words[:-1])].add_parser(words[-1], help=summary, description=_sentence(summary))
            if asked in (None, words[0]):
                verb: Verb = import_module(f".{file}", __package__).VERBS[name]
                verb.add_arguments(command)
                add(command, "--with")
                command.epilog = "\n  ".join(("examples:", *verb.examples)).replace("%", "%%")
                command.set_defaults(run=verb.run, command=name, parser=command)
    return parser


def _overview() -> Iterator[str]:
    """The commands under their headings; what stands below a noun's commands is named by the noun's --help."""
    for heading, commands in HEADINGS.items():
        shown = {}
        for name, (_, summary) in commands.items():
            command = " ".join(name.split()[:2])
            shown[command] = NOUNS.get(command, summary)
        yield "\n".join((f"{heading}:", *(f"  {name:16} {summary}" for name, summary in shown.items())))


def complete() -> None:
    """Answer the shell's question how a command goes on, and end; without the extra `completion` there is no answer."""
    try:
        import argcomplete
    except ImportError:
        sys.exit(EXIT_USAGE)
    argcomplete.autocomplete(build_parser())


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command, with `run`, what it does, `command`, its name, and `given`, the options that were written.

    Raises UsageError for an old name.
    """
    if words and words[0] == "help":
        words = [*words[1:], "--help"]
    asked = next((word for word in words if not word.startswith("-")), "")
    if asked in RENAMED:
        now = " or ".join(f"`proctor {name}`" for name in RENAMED[asked].split(" or "))
        raise UsageError(f"`proctor {asked}` is now {now}")
    args: argparse.Namespace
    args, unknown = build_parser(asked).parse_known_args(words)
    if unknown:
        args.parser.refuse(unknown)
    written = {word.partition("=")[0] for word in words}
    args.given = frozenset(one.dest for one in args.parser._actions if written.intersection(one.option_strings))
    return args


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one line on stderr, or a trace with --debug."""
    if "_ARGCOMPLETE" in os.environ:
        complete()
    try:
        args = parse(sys.argv[1:] if arguments is None else arguments)
    except UsageError as error:
        log(str(error))
        return error.exit_code
    try:
        with _terminable(), links_followed(followed=getattr(args, "follow_links", False)):
            resolve_paths(args)
            code: int = args.run(args)
            return code
    except KeyboardInterrupt:
        again = "the same command with --resume" if args.command == "train" else "the same command again"
        log(f"interrupted: what was finished is stored; run {again} to go on")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_INCOMPLETE
    except ProctorError as error:
        if args.debug:
            raise
        log(f"proctor {args.command}: {error}")
        return error.exit_code
    except Exception as error:
        if args.debug:
            raise
        kind = type(error).__name__
        log(f"proctor {args.command}: unexpected {kind}: {error} (add --debug before the command for the trace)")
        return EXIT_INCOMPLETE


@contextmanager
def _terminable() -> Iterator[None]:
    """While a command runs, SIGTERM and SIGHUP end it as Ctrl-C does.

    A command called from another thread keeps its handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = {number: signal.signal(number, interrupt) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
