"""One hierarchy of errors, each with the exit code that the command line ends with.

Most classes also inherit the standard type that a caller would catch; DataError does not, so that a reader of a file can
turn the parsers' ValueError into one without catching its own. A message is one line for a person: what is wrong,
where, and what to do.
"""

import re
import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, requires

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_INCOMPLETE = 3
EXIT_UNVERIFIABLE = 4
EXIT_INTERRUPTED = 130
MANY = 16
"""More names are not told in one line."""
BEGINNING, BEGUN = 3, 2
"""Characters of a word that names may begin with, and how many such names are told."""


def printable(text: str) -> str:
    """One line for a terminal: newlines, control characters and the like are spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: str, known: Sequence[str], most: int = 1, listing: str = "", lead: str = "there are") -> str:
    """How the error for an unknown word goes on: with the nearest known ones, at most so many, else with all there are.

    Those that begin with the word are nearest; case, "-" and "_" make no difference. Where they are many, they are what the
    command `listing` shows.
    """
    plain = {_plain(one): one for one in reversed(known)}
    begun = [name for one, name in plain.items() if len(word) >= BEGINNING and one.startswith(_plain(word))]
    near = [plain[one] for one in get_close_matches(_plain(word), plain, n=most)]
    found = sorted(begun, key=lambda name: (len(name), name))[: max(most, BEGUN)] or near
    if found:
        return f"; did you mean {' or '.join(found)}?"
    if listing and len(known) > MANY:
        return f"; the {len(known)} there are: `{listing}`"
    return f"; {lead}: {', '.join(known) or 'none'}"


def install(extra: str) -> str:
    """The command that installs what an extra of this package needs, wherever the package itself came from."""
    try:
        needed = requires("proctor") or []
    except PackageNotFoundError:
        needed = []
    named = [one.partition(";") for one in needed]
    wanted = [
        name.strip() for name, _, marker in named if re.search(rf"""extra *== *['"]{re.escape(extra)}['"]""", marker)
    ]
    return f"pip install {shlex.join(wanted)}" if wanted else f"pip install -e '.[{extra}]'"


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_")


class ProctorError(Exception):
    """Base of all errors that are for a person to read; `exit_code` is what the command line ends with."""

    exit_code = EXIT_USAGE


class UsageError(ProctorError, ValueError):
    """A request that cannot be carried out as written: an unknown name, an impossible setting."""


class DataError(ProctorError):
    """Items or images that are missing, malformed, or changed since their digest was taken."""


class CheckpointError(ProctorError, ValueError):
    """A checkpoint that cannot be examined: files missing, unfinished or malformed."""


class MissingExtraError(ProctorError, ImportError):
    """A heavy optional package that the request needs is not installed."""


class RunMismatchError(ProctorError, ValueError):
    """The run directory holds answers to another examination; names the keys that differ."""


class RunLockedError(ProctorError, BlockingIOError):
    """Another process is writing to the run or training directory."""

    exit_code = EXIT_INCOMPLETE


class StoreError(ProctorError, OSError):
    """The store could not be written or read: no space, no permission, a damaged journal."""

    exit_code = EXIT_INCOMPLETE


class IncompleteRunError(ProctorError, RuntimeError):
    """The run has questions without an answer; resuming it asks them again."""

    exit_code = EXIT_INCOMPLETE


class DivergedError(ProctorError, ArithmeticError):
    """A training whose loss or gradient is no finite number any more."""

    exit_code = EXIT_CHECK_FAILED


class EngineError(ProctorError, RuntimeError):
    """An engine could not start or died; what it had answered is stored."""

    exit_code = EXIT_INCOMPLETE


class NonFiniteOutputError(EngineError):
    """A model whose output is no finite number: its weights are damaged, or its training diverged."""
