"""Options that several commands share: one option means one thing everywhere.

A help text says what the option means; what it is where it is not given stands in parentheses at its end. A test holds all
commands to that, also for the options that only one of them has.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .other_tools_words import ENGINES as ENGINES_ELSEWHERE

if TYPE_CHECKING:
    from ...benchmarks.subset import Choice
    from ..engines.base import Engine
    from ..profiles import Profile
    from ..registry import Registry
    from ..runs.judging import JudgeModel
    from ..types import Sampling

RUNS = Path("runs")
HUB = Path("hub")
SAMPLE = "sample"
"""What `--data` says to ask a suite's bundled sample; a folder of that name is named ./sample."""
FOR_ALL = frozenset({str(HUB), SAMPLE})
"""What `--data` may say alone of all suites."""
JUDGE_SECONDS, JUDGE_ATTEMPTS = 120.0, 4
REGISTRIES = {
    "suites": "benchmarks.registry:SUITES",
    "protocols": "benchmarks.protocols.registry:PROTOCOLS",
    "engines": "harness.engines.base:ENGINES",
    "rewards": "trainers.rewards.registry:REWARDS",
    "advantages": "trainers.rewards.advantages:ADVANTAGES",
    "formats": "harness.answers.formats:FORMATS",
    "methods": "trainers.methods.registry:METHODS",
    "trainers": "trainers.rewards.registry:TRAINERS",
    "profiles": "harness.profiles:PROFILES",
    "recipes": "trainers.recipe:RECIPES",
    "papers": "leaderboards.papers.tables:PAPERS",
}
"""Where the registries stand, by the kinds that `proctor list` knows; each is imported when its names are asked for."""


@dataclass(frozen=True)
class Verb:
    """What stands behind a command's name: its arguments, what it does with them for an exit code, and examples of it."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """What an argument means, and what it is where it is not given.

    Without a `metavar` it is a flag. `shown` is the remark in parentheses, unless that says the default; `kind` is of the
    registry whose names it takes, `dest` the attribute that holds it, unless that is called as the option is.
    """

    help: str
    metavar: str | None = None
    type: Callable[[str], Any] = str
    default: Any = None
    shown: str = ""
    kind: str = ""
    repeated: bool = False
    nargs: str | None = None
    choices: tuple[str, ...] | None = None
    dest: str | None = None


def engine_name(text: str) -> str:
    """The name of an engine; that of another tool is refused with the one here."""
    if text in ENGINES_ELSEWHERE:
        raise argparse.ArgumentTypeError(f"{text} is called {ENGINES_ELSEWHERE[text]} here")
    return text


_RUN = "run directories, folders of them, or boards"
_RECIPE = "a bundled recipe's name, or the path of a .toml file"
OPTIONS = {
    "runs": Option(_RUN, "RUN", Path, nargs="+"),
    "recipe": Option(_RECIPE, "RECIPE", kind="recipes"),
    "--recipe": Option(_RECIPE, "RECIPE", kind="recipes"),
    "--runs": Option(_RUN, "RUN", Path, [], "default: none", nargs="+"),
    "--run": Option("the run directory to write", "DIR", Path, shown="default: one in --out", dest="run_dir"),
    "--out": Option("the folder to write", "DIR", Path),
    "--html": Option("the page to write", "FILE", Path, shown="default: none"),
    "--json": Option("print the result as JSON on stdout"),
    "--format": Option("how to print it", "FORMAT"),
    "--examples": Option("examples to show of each kind", "N", int, 3),
    "--dry-run": Option("print what would be run, and run nothing"),
    # what is asked
    "--suite": Option("the suites", "NAME[,NAME]", kind="suites"),
    "--data": Option(
        "where the suite's items are: a .jsonl, .parquet or .tsv file, a folder, a checkout of the benchmark's repository, "
        "`hub`, a further set of the hub, like `hub:text_only` of mathverse, or `sample`, the bundled one; with SUITE= where "
        "there are several suites (`hub` or `sample` alone is for all that have no other), and may be repeated",
        "[SUITE=]DATA",
        shown="default: the bundled sample",
        repeated=True,
    ),
    "--follow-links": Option("let links in a data folder lead out of it"),
    "--lock": Option("the file that pins data", "FILE", Path, Path("proctor-data.lock")),
    "--protocol": Option(
        "the protocol that asks, and that scores where no other is named", "NAME", default="strict", kind="protocols"
    ),
    "--score-protocol": Option(
        "score by this protocol, or by each of several",
        "NAME[,NAME]",
        shown="default: the one that asked",
        kind="protocols",
    ),
    "--limit": Option("only the first N items", "N", int),
    "--sample": Option(
        "only N items or a few more: clusters of items that stand or fall together, drawn whole", "N", int
    ),
    "--sample-seed": Option("which clusters --sample draws", "S", int, 0),
    "--ids": Option("only the items that FILE names: an id a line, or JSON lines with `id`", "FILE", Path),
    "--profile": Option(
        "ask as this model wants to be asked, and draw answers as it says where no option does: a bundled profile or a "
        ".toml file; see docs/models.md",
        "NAME",
        shown="default: the protocol's prompt as it is",
        kind="profiles",
    ),
    "--system": Option("a system text", "TEXT", shown="default: the profile's, else the chat template's own"),
    "--chat-template-kwarg": Option(
        "an argument of the model's chat template, e.g. enable_thinking=false; may be repeated",
        "NAME=JSON",
        shown="default: the profile's",
        repeated=True,
        dest="template",
    ),
    "--min-pixels": Option("scale smaller pictures up to so many pixels", "N", int, shown="default: as the model does"),
    "--max-pixels": Option(
        "scale larger pictures down to so many pixels", "N", int, shown="default: as the model does"
    ),
    # who is asked, and how it answers
    "--model": Option(
        "a checkpoint folder, a bundled one (tiny, tiny_talker), a model of the hub like Qwen/Qwen2.5-VL-7B-Instruct or with "
        "@REVISION, or what the engine calls it; for engine replay a run; for `proctor eval` also a function of yours, "
        "FILE.py:NAME, which is executed",
        "MODEL",
    ),
    "--model-name": Option("the model's name on boards", "NAME"),
    "--engine": Option("what runs the model", "NAME", engine_name, default="transformers", kind="engines"),
    "--engine-option": Option(
        "an option of the engine, e.g. batch=64, device=cuda, dtype=bfloat16; may be repeated",
        "KEY=VALUE",
        repeated=True,
    ),
    "--workers": Option("so many engines side by side, through Ray", "N", int, 1),
    "--ray": Option("a running Ray cluster for them, e.g. auto", "ADDRESS", shown="default: this node"),
    "--samples": Option("answers drawn per item", "N", int, 1),
    "--temperature": Option("sampling temperature; 0 is greedy", "T", float, shown="default 0"),
    "--top-p": Option("nucleus of the distribution", "P", float, shown="default 1"),
    "--max-tokens": Option("length limit of an answer", "N", int, shown="default 1024"),
    "--top-k": Option("only the K most probable tokens; 0 for all", "K", int, shown="default 0"),
    "--min-p": Option("only tokens of at least this share of the most probable one's", "P", float, shown="default 0"),
    "--presence-penalty": Option("taken from the logits of tokens in the answer", "X", float, shown="default 0"),
    "--repetition-penalty": Option("divides the logits of tokens in prompt and answer", "X", float, shown="default 1"),
    "--stop": Option(
        "a text before which an answer ends; may be repeated", "TEXT", shown="default: none", repeated=True
    ),
    "--seed": Option("seed of all that is random", "N", int, 0),
    # scoring
    "--partial": Option("show the scores of incomplete runs too, marked as such"),
    "--count-missing-as-wrong": Option("score each missing answer as a wrong one, and say so in the row"),
    "--with": Option(
        "a suite or protocol of your own file, which stored runs name; may be repeated",
        "FILE.py:NAME",
        repeated=True,
        dest="extensions",
    ),
    "--judge-model": Option("its name; without it such answers are left unscored", "NAME"),
    "--judge-url": Option(
        "an OpenAI-compatible server, e.g. http://localhost:8000/v1; without it only kept replies count", "URL"
    ),
    "--judge-replies": Option("where its replies are kept", "FILE", Path, Path("proctor-judge.jsonl")),
    # training
    "--base": Option(
        "the checkpoint, or model of the hub, that training starts from",
        "DIR",
        Path,
        shown="default: the recipe's, if it is bundled",
    ),
    "--set": Option("change a setting; may be repeated", "KEY=VALUE", repeated=True, dest="changes"),
    "--training": Option(
        "a training directory, or a folder of them; may be repeated", "DIR", Path, shown="default: none", repeated=True
    ),
    # rewards
    "reward": Option("a reward by name, or FILE.py:FUNCTION, which is executed", "REWARD", kind="rewards"),
    "--baseline": Option("the reward to compare with", "REWARD", kind="rewards"),
    "--groups": Option("groups that `proctor reward record` stored; may be repeated", "RUN", Path, repeated=True),
    "--answer-format": Option("the form that a response should have", "NAME", default="boxed", kind="formats"),
}
SUITE_OPTIONS, PROTOCOL_OPTIONS = ("suite",), ("protocol", "score_protocol")
CHOICE = ("--limit", "--sample", "--sample-seed", "--ids")
ENGINE = ("--engine", "--engine-option", "--workers", "--ray")


def add(parser: argparse._ActionsContainer, *names: str) -> None:
    """Arguments that are as OPTIONS says."""
    for name in names:
        add_one(parser, name)


def add_one(
    parser: argparse._ActionsContainer, name: str, *, required: bool = False, **changed: Any
) -> argparse.Action:
    """An argument that is as OPTIONS says but for what is `changed`: its default, what the help says of it, its choices."""
    option = dataclasses.replace(OPTIONS[name], **changed)
    settings: dict[str, Any] = {"help": option.help}
    shown = option.shown if "shown" in changed or "default" not in changed else ""
    if not shown and option.default is not None:
        shown = f"default {option.default}"
    if option.metavar is None:
        settings["action"] = "store_true"
    else:
        settings |= {"type": option.type, "default": option.default}
        if option.repeated:
            settings |= {"action": "append", "default": []}
        settings |= {"choices": option.choices} if option.choices else {"metavar": option.metavar}
        settings |= {"nargs": option.nargs} if option.nargs else {}
    if name.startswith("-"):
        settings |= {"required": required} | ({"dest": option.dest} if option.dest else {})
    if shown and not required:
        settings["help"] += f" ({shown})"
    action = parser.add_argument(name, **settings)
    if option.kind:
        offer_names(action, option.kind)
    return action


def registry(kind: str) -> Registry[Any]:
    """The registry of a kind of REGISTRIES."""
    module, _, name = REGISTRIES[kind].partition(":")
    found: Registry[Any] = getattr(import_module(f"{(__package__ or '').removesuffix('.harness.cli')}.{module}"), name)
    return found


def offer_names(action: argparse.Action, kind: str) -> None:
    """Have --help and the shell's completion say which names of a registry an argument takes; it is read only then."""

    def names(**_: object) -> list[str]:
        return registry(kind).names()

    action.completer = names  # type: ignore[attr-defined]


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json, for a command that has no other argument."""
    add(parser, "--json")


def add_questions(parser: argparse._ActionsContainer, suite: str | None = None) -> None:
    """--suite, --data, --lock, --protocol, and which items: what a model is asked; `suite` is the default."""
    add_one(parser, "--suite", default=suite, required=suite is None)
    add(parser, "--data", "--follow-links", "--lock", "--protocol", *CHOICE)


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


def add_judge_model(parser: argparse.ArgumentParser) -> None:
    """--judge-model, --judge-url, --judge-replies."""
    group = parser.add_argument_group("the language model that a protocol may ask to extract or judge")
    add(group, "--judge-model", "--judge-url", "--judge-replies")


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--samples, --seed, and the options that are called as the fields of SamplingDefaults."""
    group = parser.add_argument_group("how answers are drawn")
    add(group, "--samples", "--temperature", "--top-p", "--max-tokens", "--seed")
    add(group, "--top-k", "--min-p", "--presence-penalty", "--repetition-penalty", "--stop")


def sampling(args: argparse.Namespace, profile: Profile | None = None) -> Sampling:
    """The sampling that the arguments ask for, else the profile's. Raises DataError for a value out of range."""
    from ..profiles import SamplingDefaults

    drawn = profile.sampling if profile else SamplingDefaults()
    given = {one.name: getattr(args, one.name) for one in dataclasses.fields(drawn)}
    changed = {name: value for name, value in given.items() if value is not None and value != []}
    return dataclasses.replace(drawn, **changed).sampling(args.samples, args.seed)


def add_style(parser: argparse.ArgumentParser) -> None:
    """--profile, and what may be set in the place of its settings."""
    group = parser.add_argument_group("how the model is spoken to")
    add(group, "--profile", "--system", "--chat-template-kwarg", "--min-pixels", "--max-pixels")


def open_profile(args: argparse.Namespace) -> Profile | None:
    """The profile that the arguments name, as they change it, or None if they say nothing.

    Raises UsageError, naming those there are, and DataError for what cannot be set.
    """
    from ..profiles import Profile, load_profile

    found = None if args.profile is None else load_profile(args.profile)
    given = {"system": args.system, "min_pixels": args.min_pixels, "max_pixels": args.max_pixels}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if args.template:
        told = dict(found.chat_template_kwargs) if found else {}
        changed["chat_template_kwargs"] = now = told | dict(map(_template_argument, args.template))
        if told.get("enable_thinking") is True and now["enable_thinking"] is False:
            changed["opens_thinking"] = False
    if not changed:
        return found
    if found is None:
        return Profile("own", "", "boxed", ("the command line",), **changed)
    return dataclasses.replace(found, name=f"{found.name}.changed", **changed)


def _template_argument(text: str) -> tuple[str, Any]:
    """The name and the value of NAME=JSON; what is no JSON is a text, unless it only looks like one.

    Raises UsageError for Python's words and what begins as JSON does: a template takes any text for true.
    """
    import json

    from ..errors import UsageError

    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--chat-template-kwarg must look like enable_thinking=false, not {text!r:.80}")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        if value in PYTHON_WORDS or value[:1] in tuple('[{"-0123456789'):
            meant = PYTHON_WORDS.get(value, "JSON")
            raise UsageError(
                f"--chat-template-kwarg {name}={value:.60} is no JSON: write {name}={meant}, or for a text "
                f"'{name}={json.dumps(value)[:60]}'"
            ) from None
        return name, value


PYTHON_WORDS = {"True": "true", "False": "false", "None": "null", "TRUE": "true", "FALSE": "false", "": "JSON"}


def open_engine(args: argparse.Namespace, target: str) -> Engine:
    """The model behind `target`, on the engine that the arguments name. Raises UsageError and CheckpointError."""
    from ..engines.ray import ON_CHECKPOINTS, open_replicas
    from ..errors import UsageError

    if args.engine in ON_CHECKPOINTS:
        from ...trainers.tiny import or_bundled

        target = or_bundled(target)
    options = {}
    for option in args.engine_option:
        key, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"an engine option must look like batch=64, not {option!r}")
        options[key] = value
    return open_replicas(args.engine, target, options, args.workers, args.ray)


def check_model(args: argparse.Namespace, target: str) -> None:
    """Look whether the engine and the checkpoint are there, before items are read and packages imported.

    Raises UsageError for an unknown engine, CheckpointError for a folder that is none or not whole.
    """
    from contextlib import suppress

    from ..engines.base import ENGINES
    from ..engines.ray import ON_CHECKPOINTS
    from ..runs.checkpoints import check_whole
    from ..runs.hub_checkpoint import NotFetchedError, find_checkpoint

    if args.engine not in ENGINES.builtin:
        ENGINES.load(args.engine)
    if args.engine in ON_CHECKPOINTS:
        from ...trainers.tiny import or_bundled

        with suppress(NotFetchedError):
            check_whole(find_checkpoint(or_bundled(target), fetch=False))


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
    from ..user_file import UserFile, in_file

    place = in_file(text)
    if place is None:
        raise UsageError(f"--with must look like mine.py:SUITE, not {text!r:.80}")
    return SUITES if isinstance(UserFile.execute(place[0], "suite").find(place[1]), Suite) else PROTOCOLS


def _by_name(value: str, registry: Registry[Any]) -> str:
    """The value with the name of its thing in the place of each path."""
    from ..user_file import in_file

    return ",".join(registry.known_as(one.strip()) if in_file(one.strip()) else one for one in value.split(","))
