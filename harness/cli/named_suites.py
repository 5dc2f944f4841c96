"""Which suites, items, data and protocols the arguments of a command name."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...benchmarks.subset import Choice
    from ..registry import Registry

HUB = Path("hub")
SAMPLE = "sample"
"""What `--data` says to ask a suite's bundled sample; a folder of that name is named ./sample."""
FOR_ALL = frozenset({str(HUB), SAMPLE})
"""What `--data` may say alone of all suites."""
SUITE_OPTIONS, PROTOCOL_OPTIONS = ("suite",), ("protocol", "score_protocol")


def choice_of(args: argparse.Namespace, suites: Sequence[str]) -> Choice:
    """Which items are asked. Raises UsageError for two ways of saying it, and for ids of several suites; DataError."""
    from ...benchmarks.subset import Choice
    from ..errors import UsageError

    ways = [name for name in ("--limit", "--sample", "--ids") if getattr(args, name[2:]) is not None]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} each say which items are asked: give one of them")
    if "sample_seed" in getattr(args, "given", ()) and args.sample is None:
        raise UsageError("--sample-seed needs --sample: how many items to draw")
    if args.ids is not None:
        if len(suites) > 1:
            raise UsageError("--ids belongs to one suite: ask for one suite at a time")
        return Choice.of_file(args.ids)
    return Choice.first(args.limit) if args.sample is None else Choice.sample(args.sample, args.sample_seed)


def suite_names(args: argparse.Namespace) -> list[str]:
    """The suites that --suite names; none if it is not given. Raises UsageError for one that is named twice."""
    from ..errors import UsageError

    suites = split_names(args.suite) if args.suite else []
    if len({*suites}) < len(suites):
        raise UsageError(f"--suite names a suite twice: {args.suite}")
    return suites


def suites_with_sample() -> list[str]:
    """The suites that are asked where none is named, by name; a line on stderr for each other one."""
    from ...benchmarks.registry import find_suites
    from .terminal import log

    found = list(find_suites())
    for one in found:
        if one.problem:
            log(f"left out: {one.problem}")
    return [one.name for one in found if one.items is not None]


def one_suite(args: argparse.Namespace) -> str:
    """The one suite that --suite names. Raises UsageError for several."""
    from ..errors import UsageError

    suites = suite_names(args)
    if len(suites) != 1:
        raise UsageError(f"`proctor {args.command}` is for one suite: name one with --suite")
    return suites[0]


def data_of(args: argparse.Namespace, suites: Iterable[str], *, demanded: bool = False) -> dict[str, Path | None]:
    """Where the items of each suite are by --data; None for a suite that it does not name, and for its bundled sample.

    `hub` or `sample` alone is for every suite that has no data of its own. With `demanded`, a suite whose sample only
    imitates a published original must be named. Raises UsageError for data of another suite, of no suite where there are
    several, for two of one suite, and for suites that are not on the hub, or have no sample.
    """
    named = _for_all(args.data, _named_data(args.data, list(suites)))
    if demanded:
        _demand(named)
    _check_samples(suite for suite, data in named.items() if data == SAMPLE)
    return {suite: None if data in (None, SAMPLE) else Path(data) for suite, data in named.items()}


def _named_data(given: Sequence[str], suites: Sequence[str]) -> dict[str, str | None]:
    """What --data says of each suite; a word that is for all is left out where there are several."""
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError
    from ..user_file import in_file

    found: dict[str, str | None] = dict.fromkeys(suites)
    for text in given:
        if text in FOR_ALL and len(found) > 1:
            continue
        suite, equals, data = text.partition("=")
        if equals and in_file(suite):
            suite = SUITES.known_as(suite)
        if not equals or suite not in found:
            if len(found) != 1:
                raise UsageError(f"--data must be SUITE=DATA with a suite of {', '.join(found)}; not {text!r:.80}")
            if equals and "/" not in suite and not Path(text).exists():
                raise UsageError(
                    f"--data {text!r:.80}: no suite here is called {suite!r:.60}; write {next(iter(found))}=DATA"
                )
            [suite], data = found, text
        if not data:
            raise UsageError(f"--data {text!r:.80} names no data: write {suite}=DATA")
        if found[suite] is not None:
            raise UsageError(f"--data names the data of {suite} twice")
        found[suite] = data
    return found


def _for_all(given: Sequence[str], named: dict[str, str | None]) -> dict[str, str | None]:
    """With the word that is for all suites which have no data of their own. Raises UsageError for two such words."""
    from ..errors import UsageError

    words = FOR_ALL.intersection(given) if len(named) > 1 else frozenset()
    if len(words) > 1:
        raise UsageError(f"--data {HUB} and --data {SAMPLE} are both for all suites: write SUITE={SAMPLE} for some")
    if str(HUB) in words:
        _check_on_hub(suite for suite, data in named.items() if data is None)
    word = next(iter(words), None)
    return {suite: word if data is None else data for suite, data in named.items()}


def _check_on_hub(suites: Iterable[str]) -> None:
    """Raise UsageError that names all suites that are not on the hub."""
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError

    lacking = [name for name in suites if SUITES.get(name).published.hub is None]
    if lacking:
        verb, them = ("is", "it") if len(lacking) == 1 else ("are", "them")
        other = f"name other data with --data {lacking[0]}=DATA, or leave {them} out of --suite"
        raise UsageError(f"--data hub: {', '.join(lacking)} {verb} not on the hub: {other}")


def _check_samples(suites: Iterable[str]) -> None:
    """Raise UsageError for a suite that has no bundled sample."""
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError

    for suite in suites:
        if suite not in SUITES or not SUITES.get(suite).has_sample:
            raise UsageError(f"--data {SAMPLE}: {suite} has no bundled sample: name its data with --data {suite}=DATA")


def _demand(named: Mapping[str, str | None]) -> None:
    """Raise UsageError for a suite without data whose bundled sample only imitates a published original."""
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError

    for name, data in named.items():
        suite = SUITES.get(name)
        if data is None and suite.imitates:
            real = HUB if suite.published.hub else "DATA"
            raise UsageError(
                f"say which items of {name} are asked: --data {name}={real}; the bundled sample of {len(suite.load())} items "
                f"only imitates it, and --data {name}={SAMPLE} takes it nevertheless"
            )


def score_protocols(args: argparse.Namespace) -> list[str]:
    """The protocols that --score-protocol names; none if it is not given."""
    return list(dict.fromkeys(split_names(args.score_protocol))) if args.score_protocol else []


def one_score_protocol(args: argparse.Namespace) -> str | None:
    """The protocol that --score-protocol names, or None. Raises UsageError for several."""
    from ..errors import UsageError

    protocols = score_protocols(args)
    if len(protocols) > 1:
        raise UsageError(f"`proctor {args.command}` scores by one protocol: name one with --score-protocol")
    return protocols[0] if protocols else None


def split_names(text: str) -> list[str]:
    """Names with commas between them. Raises UsageError for an empty one."""
    from ..errors import UsageError

    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise UsageError(f"{text!r} holds an empty name: write names with single commas between them")
    return found


def resolve_paths(args: argparse.Namespace) -> None:
    """Execute what paths name in the arguments, and put names in their place. Raises UsageError."""
    named = [getattr(args, option, None) for option in (*SUITE_OPTIONS, *PROTOCOL_OPTIONS)]
    if not args.extensions and not any(".py" in str(value) for value in named):
        return
    from ...benchmarks.extensions import learn
    from ...benchmarks.protocols.registry import PROTOCOLS
    from ...benchmarks.registry import SUITES

    for text in args.extensions:
        learn(text)
    for options, registry in ((SUITE_OPTIONS, SUITES), (PROTOCOL_OPTIONS, PROTOCOLS)):
        for option in options:
            if isinstance(value := getattr(args, option, None), str):
                setattr(args, option, _by_name(value, registry))


def _by_name(value: str, registry: Registry[Any]) -> str:
    """The value with the name of its thing in the place of each path."""
    from ..user_file import in_file

    return ",".join(registry.known_as(one.strip()) if in_file(one.strip()) else one for one in value.split(","))
