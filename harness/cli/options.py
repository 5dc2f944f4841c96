"""Options that several commands share: one option means one thing everywhere.

A help text says what the option means; what it is where it is not given stands in parentheses at its end. A test holds all
commands to that, also for the options that only one of them has.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .other_tools_words import ENGINES as ENGINES_ELSEWHERE

if TYPE_CHECKING:
    from ..registry import Registry

RUNS = Path("runs")
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
    "conditions": "trainers.gym.condition:CONDITIONS",
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
        "a checkpoint folder, a bundled one (tiny, tiny_gym, tiny_talker), a model of the hub like "
        "Qwen/Qwen2.5-VL-7B-Instruct or with @REVISION, or what the engine calls it; for engine replay a run; for "
        "`proctor eval` also a function of yours, FILE.py:NAME, which is executed",
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


def add_questions(parser: argparse._ActionsContainer, suite: str | None = None, shown: str | None = None) -> None:
    """--suite, --data, --lock, --protocol, and which items: what a model is asked.

    `suite` is the default; `shown` says in the help which it is where that depends.
    """
    add_one(parser, "--suite", default=suite, required=suite is None, shown=shown or f"default {suite}")
    add(parser, "--data", "--follow-links", "--lock", "--protocol", *CHOICE)


def add_judge_model(parser: argparse.ArgumentParser) -> None:
    """--judge-model, --judge-url, --judge-replies."""
    group = parser.add_argument_group("the language model that a protocol may ask to extract or judge")
    add(group, "--judge-model", "--judge-url", "--judge-replies")


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--samples, --seed, and the options that are called as the fields of SamplingDefaults."""
    group = parser.add_argument_group("how answers are drawn")
    add(group, "--samples", "--temperature", "--top-p", "--max-tokens", "--seed")
    add(group, "--top-k", "--min-p", "--presence-penalty", "--repetition-penalty", "--stop")


def add_style(parser: argparse.ArgumentParser) -> None:
    """--profile, and what may be set in the place of its settings."""
    group = parser.add_argument_group("how the model is spoken to")
    add(group, "--profile", "--system", "--chat-template-kwarg", "--min-pixels", "--max-pixels")
