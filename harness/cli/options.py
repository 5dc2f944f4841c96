"""Options that several commands share: one option means one thing everywhere.

A help text says what the option means; what it is where it is not given stands in parentheses at its end. A test holds all
commands to that.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engines.base import Engine
    from ..profiles import Profile
    from ..runs.judging import JudgeModel
    from ..types import Sampling

RUNS = Path("runs")
HUB = Path("hub")
JUDGE_SECONDS, JUDGE_ATTEMPTS = 120.0, 4
REGISTRIES = {
    "suite": "benchmarks.registry:SUITES",
    "protocol": "benchmarks.protocols.registry:PROTOCOLS",
    "engine": "harness.engines.base:ENGINES",
    "profile": "harness.profiles:PROFILES",
    "answer format": "harness.answers.formats:FORMATS",
    "reward": "trainers.rewards.registry:REWARDS",
    "advantage": "trainers.rewards.advantages:ADVANTAGES",
    "recipe": "trainers.recipe:RECIPES",
}
"""Where the names stand that an option takes, by what it is of."""


@dataclass(frozen=True)
class Verb:
    """What stands behind a command's name: its arguments, what it does with them for an exit code, and examples of it."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()


def offer(action: argparse.Action, names: Callable[[], Iterable[str]]) -> None:
    """Have --help and the shell's completion say which names an option knows; they are asked for only then."""
    action.completer = lambda **_: sorted(names())  # type: ignore[attr-defined]


def offer_names(action: argparse.Action, kind: str) -> None:
    """Offer the names of a registry; see `offer`."""

    def names() -> list[str]:
        module, _, registry = REGISTRIES[kind].partition(":")
        package = (__package__ or "").removesuffix(".harness.cli")
        found: list[str] = getattr(import_module(f"{package}.{module}"), registry).names()
        return found

    offer(action, names)


def add_out(parser: argparse.ArgumentParser, default: Path | None = None) -> None:
    """--out; required without a default."""
    shown = f" (default {default})" if default else ""
    parser.add_argument(
        "--out", type=Path, default=default, required=default is None, metavar="DIR", help=f"the folder to write{shown}"
    )


def add_run_dir(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """--run."""
    shown = "" if required else " (default: one in --out, named by what is asked)"
    parser.add_argument(
        "--run", type=Path, required=required, metavar="DIR", dest="run_dir", help=f"the run directory to write{shown}"
    )


def add_runs(parser: argparse.ArgumentParser, nargs: str = "+") -> None:
    """The positional argument `runs`."""
    parser.add_argument(
        "runs", nargs=nargs, type=Path, metavar="RUN", help="run directories, folders of them, or boards"
    )


def add_runs_option(parser: argparse.ArgumentParser) -> None:
    """--runs."""
    parser.add_argument(
        "--runs",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="run directories, folders of them, or boards (default: none)",
    )


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--samples, --temperature, --top-p, --max-tokens, --seed."""
    group = parser.add_argument_group("how answers are drawn")
    add_samples(group, 1)
    add_temperature(group, "0")
    group.add_argument("--top-p", type=float, metavar="P", help="nucleus of the distribution (default 1)")
    add_max_tokens(group)
    add_seed(group)


def add_samples(parser: argparse._ActionsContainer, default: int, *, given_only: bool = False) -> None:
    """--samples; with `given_only` it is None where it is not given, for settings that know their default."""
    parser.add_argument(
        "--samples",
        type=int,
        default=None if given_only else default,
        metavar="N",
        help=f"answers drawn per item (default {default})",
    )


def add_temperature(parser: argparse._ActionsContainer, shown: str) -> None:
    """--temperature; `shown` is what the help calls the default."""
    parser.add_argument(
        "--temperature", type=float, metavar="T", help=f"sampling temperature; 0 is greedy (default {shown})"
    )


def add_max_tokens(parser: argparse._ActionsContainer, default: int | None = None) -> None:
    """--max-tokens; None stands for the profile's limit, or 1024."""
    parser.add_argument(
        "--max-tokens", type=int, default=default, metavar="N", help="length limit of an answer (default 1024)"
    )


def add_seed(parser: argparse._ActionsContainer, *, of_recipe: bool = False) -> None:
    """--seed; 0, or None for the recipe's own."""
    default = None if of_recipe else 0
    shown = "default: the recipe's" if of_recipe else "default 0"
    parser.add_argument("--seed", type=int, default=default, metavar="N", help=f"seed of all that is random ({shown})")


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
    action = parser.add_argument(
        "--profile",
        metavar="NAME",
        help="ask as this model wants to be asked, and draw answers as it says where no option does: a bundled profile or a "
        ".toml file; see docs/models.md (default: the protocol's prompt as it is)",
    )
    offer_names(action, "profile")


def open_profile(args: argparse.Namespace) -> Profile | None:
    """The profile that the arguments name, or None. Raises UsageError, naming those there are."""
    from ..profiles import load_profile

    return None if args.profile is None else load_profile(args.profile)


def add_model(parser: argparse.ArgumentParser) -> None:
    """--model."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="a checkpoint folder, or what the engine calls the model; for engine replay a run",
    )


def add_model_name(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """--model-name; required without a default."""
    parser.add_argument(
        "--model-name",
        required=default is None,
        metavar="NAME",
        help="the model's name on boards" + (f" (default: {default})" if default else ""),
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """--engine, --engine-option, --workers, --ray."""
    engine = parser.add_argument(
        "--engine", default="transformers", metavar="NAME", help="what runs the model (default transformers)"
    )
    offer_names(engine, "engine")
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


def add_questions(parser: argparse.ArgumentParser, suite: str | None = None) -> None:
    """--suite, --data, --lock, --protocol, --limit: what a model is asked; `suite` is the default."""
    add_suite(parser, suite)
    add_data(parser)
    add_protocol(parser)
    add_limit(parser)


def add_suite(parser: argparse.ArgumentParser, default: str | None = None, *, shown: str | None = None) -> None:
    """--suite; required unless there is a default, or what the help says of one, `shown`."""
    shown = shown or (f"default {default}" if default else None)
    action = parser.add_argument(
        "--suite",
        default=default,
        required=shown is None,
        metavar="NAME[,NAME]",
        help="the suites" + (f" ({shown})" if shown else ""),
    )
    offer_names(action, "suite")


def suite_names(args: argparse.Namespace) -> list[str]:
    """The suites that --suite names; none if it is not given. Raises UsageError for one that is named twice."""
    from ..errors import UsageError

    suites = split_names(args.suite) if args.suite else []
    if len({*suites}) < len(suites):
        raise UsageError(f"--suite names a suite twice: {args.suite}")
    return suites


def one_suite(args: argparse.Namespace) -> str:
    """The one suite that --suite names. Raises UsageError for several."""
    from ..errors import UsageError

    suites = suite_names(args)
    if len(suites) != 1:
        raise UsageError(f"`proctor {args.command}` is for one suite: name one with --suite")
    return suites[0]


def add_data(parser: argparse.ArgumentParser, default: str = "the bundled sample") -> None:
    """--data and --lock."""
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="[SUITE=]DATA",
        help="where the suite's items are: a .jsonl, .parquet or .tsv file, a folder, a checkout of the benchmark's "
        "repository, `hub`, or a further set of the hub, like `hub:text_only` of mathverse; with SUITE= where there are "
        f"several suites, and may be repeated (default: {default})",
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


def data_of(args: argparse.Namespace, suites: Iterable[str]) -> dict[str, Path | None]:
    """Where the items of each suite are by --data; None for a suite that it does not name.

    Raises UsageError for data of another suite, of no suite where there are several, and for two of one suite.
    """
    from ...benchmarks.registry import SUITES
    from ..errors import UsageError
    from ..user_file import in_file

    found: dict[str, Path | None] = dict.fromkeys(suites)
    for text in args.data:
        suite, equals, data = text.partition("=")
        if equals and in_file(suite):
            suite = SUITES.known_as(suite)
        if not equals or suite not in found:
            if len(found) != 1:
                raise UsageError(f"--data must be SUITE=DATA with a suite of {', '.join(found)}; not {text!r:.80}")
            [suite], data = found, text
        if not data:
            raise UsageError(f"--data {text!r:.80} names no data: write {suite}=DATA")
        if found[suite] is not None:
            raise UsageError(f"--data names the data of {suite} twice")
        found[suite] = Path(data)
    return found


def add_lock(parser: argparse.ArgumentParser) -> None:
    """--lock."""
    parser.add_argument(
        "--lock",
        type=Path,
        default=Path("proctor-data.lock"),
        metavar="FILE",
        help="the file that pins data (default proctor-data.lock)",
    )


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """--protocol."""
    action = parser.add_argument(
        "--protocol",
        default="strict",
        metavar="NAME",
        help="the protocol that asks, and that scores where no other is named (default strict)",
    )
    offer_names(action, "protocol")


def add_score_protocol(parser: argparse.ArgumentParser, shown: str = "default: the one that asked") -> None:
    """--score-protocol."""
    action = parser.add_argument(
        "--score-protocol", metavar="NAME[,NAME]", help=f"score by this protocol, or by each of several ({shown})"
    )
    offer_names(action, "protocol")


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


def add_limit(parser: argparse.ArgumentParser) -> None:
    """--limit."""
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N items")


def add_recipe(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """The positional argument `recipe`, or --recipe with a default."""
    what = "a bundled recipe's name, or the path of a .toml file"
    if default is None:
        offer_names(parser.add_argument("recipe", metavar="RECIPE", help=what), "recipe")
    else:
        action = parser.add_argument("--recipe", default=default, metavar="RECIPE", help=f"{what} (default {default})")
        offer_names(action, "recipe")


def add_base(parser: argparse.ArgumentParser, default: str = "the recipe's, if it is bundled") -> None:
    """--base."""
    parser.add_argument(
        "--base", type=Path, metavar="DIR", help=f"the checkpoint that training starts from (default: {default})"
    )


def add_changes(parser: argparse.ArgumentParser, example: str) -> None:
    """--set."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help=f"change a setting; may be repeated (e.g. {example})",
    )


def add_groups(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """--groups."""
    parser.add_argument(
        "--groups",
        action="append",
        default=[],
        required=required,
        type=Path,
        metavar="RUN",
        help="groups that `proctor reward record` stored; may be repeated" + ("" if required else " (default: none)"),
    )


def add_answer_format(parser: argparse._ActionsContainer) -> None:
    """--answer-format."""
    action = parser.add_argument(
        "--answer-format", default="boxed", metavar="NAME", help="the form that a response should have (default boxed)"
    )
    offer_names(action, "answer format")


def add_training(parser: argparse.ArgumentParser) -> None:
    """--training."""
    parser.add_argument(
        "--training",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="a training directory, or a folder of them; may be repeated (default: none)",
    )


def add_baseline(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """--baseline; required without a default."""
    action = parser.add_argument(
        "--baseline",
        default=default,
        required=default is None,
        metavar="REWARD",
        help="the reward to compare with" + (f" (default {default})" if default else ""),
    )
    offer_names(action, "reward")


def add_examples(parser: argparse.ArgumentParser) -> None:
    """--examples."""
    parser.add_argument(
        "--examples", type=int, default=3, metavar="N", help="examples to show of each kind (default 3)"
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """--dry-run."""
    parser.add_argument("--dry-run", action="store_true", help="print what would be run, and run nothing")


def add_html(parser: argparse.ArgumentParser, default: Path | None = None) -> None:
    """--html."""
    shown = f"default {default}" if default else "default: none"
    parser.add_argument("--html", type=Path, default=default, metavar="FILE", help=f"the page to write ({shown})")


def add_format(parser: argparse.ArgumentParser, *names: str) -> None:
    """--format; the first is the default."""
    parser.add_argument("--format", choices=names, default=names[0], help=f"how to print it (default {names[0]})")


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")


def add_scoring(parser: argparse.ArgumentParser) -> None:
    """--score-protocol, --partial, and the language model that takes a protocol's steps."""
    add_score_protocol(parser)
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


def split_names(text: str) -> list[str]:
    """Names with commas between them. Raises UsageError for an empty one."""
    from ..errors import UsageError

    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise UsageError(f"{text!r} holds an empty name: write names with single commas between them")
    return found
