"""What a command does with things of one's own: a path in the place of a name, and --with for what stored runs name.

A path is followed here, once, for the user wrote it. From then on everything goes by names, and a name never executes a file.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..user_file import UserFile, in_file

if TYPE_CHECKING:
    from ..registry import Registry

SUITE_OPTIONS, PROTOCOL_OPTIONS = ("suite",), ("protocol", "score_protocol")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--with."""
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        metavar="FILE.py:NAME",
        dest="extensions",
        help="a suite or protocol of your own file, which stored runs name; may be repeated",
    )


def resolve_paths(args: argparse.Namespace) -> None:
    """Execute what paths name in the arguments, and put names in their place. Raises UsageError."""
    named = [getattr(args, option, None) for option in (*SUITE_OPTIONS, *PROTOCOL_OPTIONS)]
    if not args.extensions and not any(".py" in str(value) for value in named):
        return
    from ...benchmarks.protocols.registry import PROTOCOLS
    from ...benchmarks.registry import SUITES

    for text in args.extensions:
        _known(text).known_as(text)
    for options, registry in ((SUITE_OPTIONS, SUITES), (PROTOCOL_OPTIONS, PROTOCOLS)):
        for option in options:
            if isinstance(value := getattr(args, option, None), str):
                setattr(args, option, _by_name(value, registry))


def _known(text: str) -> Registry[Any]:
    """The registry of what a path names. Raises UsageError for what is neither a suite nor a protocol."""
    from ...benchmarks.base import Suite
    from ...benchmarks.protocols.registry import PROTOCOLS
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError

    place = in_file(text)
    if place is None:
        raise UsageError(f"--with must look like mine.py:SUITE, not {text!r:.80}")
    return SUITES if isinstance(UserFile.execute(place[0], "suite").find(place[1]), Suite) else PROTOCOLS


def _by_name(value: str, registry: Registry[Any]) -> str:
    """The value with the name of its thing in the place of each path."""
    return ",".join(registry.known_as(one.strip()) if in_file(one.strip()) else one for one in value.split(","))
