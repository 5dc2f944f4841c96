"""Arguments that several verbs share, and what they mean."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engines.base import Engine
    from ..profiles import Profile
    from ..runs.judging import JudgeModel
    from ..types import Sampling

RUNS = Path("runs")
JUDGE_SECONDS, JUDGE_ATTEMPTS = 120.0, 4


@dataclass(frozen=True)
class Verb:
    """What stands behind a command's name: its arguments, and what it does with them, for an exit code."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--samples, --temperature, --top-p, --max-tokens, --seed."""
    group = parser.add_argument_group("how answers are drawn")
    group.add_argument("--samples", type=int, default=1, metavar="N", help="answers per item (default 1)")
    group.add_argument("--temperature", type=float, metavar="T", help="0 is greedy (the default)")
    group.add_argument("--top-p", type=float, metavar="P", help="nucleus of the distribution (default 1)")
    group.add_argument("--max-tokens", type=int, metavar="N", help="length limit of an answer (default 1024)")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the samples (default 0)")


def sampling(args: argparse.Namespace, profile: Profile | None = None) -> Sampling:
    """The sampling that the arguments ask for, else the profile's. Raises DataError for a value out of range."""
    from ..profiles import SamplingDefaults
    from ..types import Sampling

    drawn = profile.sampling if profile else SamplingDefaults()
    given = {name: getattr(args, name) for name in ("temperature", "top_p", "max_tokens")}
    drawn = dataclasses.replace(drawn, **{name: value for name, value in given.items() if value is not None})
    return Sampling(args.samples, drawn.temperature, drawn.top_p, drawn.max_tokens, args.seed)


def add_profile(parser: argparse.ArgumentParser) -> None:
    """--profile."""
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="ask as this model wants to be asked, and draw answers as it says where no flag does: a bundled profile or a "
        ".toml file; see docs/models.md (default: the protocol's prompt as it is)",
    )


def open_profile(args: argparse.Namespace) -> Profile | None:
    """The profile that the arguments name, or None. Raises UsageError, naming those there are."""
    from ..profiles import load_profile

    return None if args.profile is None else load_profile(args.profile)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """--engine and --engine-option."""
    parser.add_argument("--engine", default="transformers", help="what runs the model (default transformers)")
    parser.add_argument(
        "--engine-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the engine, e.g. batch=64, device=cuda, dtype=bfloat16; may be repeated",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="so many engines side by side, through Ray")
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="a running Ray cluster for them, e.g. auto (default: this node)"
    )


def open_engine(args: argparse.Namespace, target: str) -> Engine:
    """The model behind `target`, on the engine that the arguments name. Raises UsageError and CheckpointError."""
    from ..engines.ray import open_replicas
    from ..errors import UsageError

    options = {}
    for option in args.engine_option:
        key, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"an engine option must look like batch=64, not {option!r}")
        options[key] = value
    return open_replicas(args.engine, target, options, args.workers, args.ray)


def add_data(parser: argparse.ArgumentParser) -> None:
    """--data and --lock."""
    parser.add_argument(
        "--data",
        type=Path,
        help="a .jsonl, .parquet or .tsv file, a folder, a checkout of the benchmark's repository, `hub`, or a further set "
        "of the hub, like `hub:text_only` of mathverse (default: the bundled sample)",
    )
    add_lock(parser)


def suites_with_sample() -> list[str]:
    """The suites that are asked where none is named, by name; a line on stderr for each other one."""
    from ...benchmarks.registry import find_suites
    from .terminal import log

    found = list(find_suites())
    for one in found:
        if one.problem:
            log(f"left out: {one.problem}")
    return [one.name for one in found if one.items is not None]


def add_lock(parser: argparse.ArgumentParser) -> None:
    """--lock."""
    parser.add_argument(
        "--lock", type=Path, default=Path("proctor-data.lock"), metavar="FILE", help="default proctor-data.lock"
    )


def add_changes(parser: argparse.ArgumentParser, summary: str, metavar: str = "KEY=VALUE") -> None:
    """--set."""
    parser.add_argument("--set", action="append", default=[], metavar=metavar, dest="changes", help=summary)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")


def add_scoring(parser: argparse.ArgumentParser) -> None:
    """--protocol, --partial, and the language model that takes a protocol's steps."""
    parser.add_argument("--protocol", help="judge by this protocol, or by several: A,B (default: the one that asked)")
    parser.add_argument("--partial", action="store_true", help="show the scores of incomplete runs too, marked as such")
    add_judge_model(parser)


def add_judge_model(parser: argparse.ArgumentParser) -> None:
    """--judge-url, --judge-model, --judge-replies."""
    group = parser.add_argument_group("the language model that a protocol may ask to extract or judge")
    group.add_argument("--judge-model", metavar="NAME", help="its name; without it such answers are left unscored")
    group.add_argument(
        "--judge-url",
        metavar="URL",
        help="an OpenAI-compatible server, e.g. http://localhost:8000/v1; without it only kept replies count",
    )
    group.add_argument(
        "--judge-replies",
        type=Path,
        metavar="FILE",
        default=Path("proctor-judge.jsonl"),
        help="where its replies are kept (default proctor-judge.jsonl)",
    )


def open_judge_model(args: argparse.Namespace) -> JudgeModel | None:
    """The language model that the arguments name, or None. Raises UsageError for a server without a model."""
    from ..engines.http_client import Endpoint
    from ..errors import UsageError
    from ..runs.judging import JudgeModel, ReplyBook
    from .terminal import log

    if not args.judge_model:
        if args.judge_url:
            raise UsageError("--judge-url needs --judge-model: the name of the model that the server is asked for")
        return None
    book = ReplyBook(args.judge_replies)
    if not args.judge_url:
        return JudgeModel(args.judge_model, book)
    server = Endpoint(args.judge_url, args.judge_model, timeout=JUDGE_SECONDS, attempts=JUDGE_ATTEMPTS)
    return JudgeModel(
        args.judge_model, book, server, lambda count: log(f"asking {args.judge_model} {count} questions; Ctrl-C stops")
    )


def protocols(args: argparse.Namespace) -> list[str | None]:
    """The protocols that --protocol names; None stands for the one that asked."""
    return list(dict.fromkeys(names(args.protocol))) if args.protocol else [None]


def suite_names(args: argparse.Namespace) -> list[str]:
    """The suites that --suite names. Raises UsageError for one that is named twice, and for --data of several."""
    from ..errors import UsageError

    suites = [str(name) for name in names(args.suite)]
    if len({*suites}) < len(suites):
        raise UsageError(f"--suite names a suite twice: {args.suite}")
    if len(suites) > 1 and args.data:
        raise UsageError("--data belongs to one suite: name one suite")
    return suites


def names(text: str) -> list[str | None]:
    """Names with commas between them. Raises UsageError for an empty one."""
    from ..errors import UsageError

    found: list[str | None] = [name.strip() for name in text.split(",")]
    if not all(found):
        raise UsageError(f"{text!r} holds an empty name: write names with single commas between them")
    return found
