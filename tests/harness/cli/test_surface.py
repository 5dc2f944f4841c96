"""The surface of the command line: frozen in surface.txt, one meaning for each option, and examples that parse.

After a change that is wanted: python tests/harness/cli/test_surface.py > tests/harness/cli/surface.txt
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.harness.cli import HEADINGS, NOUNS, build_parser, parse

SURFACE = Path(__file__).parent / "surface.txt"
COMMANDS = [name for commands in HEADINGS.values() for name in commands]


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield name, parser
    for action in below:
        for word, one in action.choices.items():
            yield from commands(one, f"{name} {word}".strip())


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


def values(action: argparse.Action) -> str:
    """What is written after the option, as in a usage line."""
    if action.nargs == 0:
        return ""
    name = "|".join(action.choices) if action.choices else action.metavar or action.dest.upper()
    return {None: name, "?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}[action.nargs]


def surface() -> str:
    """A line for each argument of each command."""
    lines = []
    for name, parser in commands(build_parser()):
        lines.append(f"proctor {name}")
        for action in arguments(parser):
            word = " ".join((*action.option_strings, values(action))).strip()
            notes = [
                *(["required"] if action.required and action.option_strings else []),
                *(["repeated"] if isinstance(action, argparse._AppendAction) else []),
            ]
            lines.append(f"    {word}" + (f"  ({', '.join(notes)})" if notes else ""))
    return "\n".join(lines) + "\n"


def test_the_surface_is_the_frozen_one():
    assert surface() == SURFACE.read_text()


def test_an_option_means_the_same_in_every_command():
    """Up to the remark in parentheses at the end of its help, which says what it is where it is not given."""
    meanings = defaultdict(lambda: defaultdict(list))
    for name, parser in commands(build_parser()):
        for action in arguments(parser):
            for option in action.option_strings:
                kind = (type(action).__name__, action.type, action.metavar, action.nargs)
                choices = "" if option == "--format" else str(action.choices)
                meanings[option][(action.help.partition(" (")[0], *kind, choices)].append(name)
    assert {option: dict(found) for option, found in meanings.items() if len(found) > 1} == {}


def test_every_argument_says_what_it_is():
    for name, parser in commands(build_parser()):
        for action in arguments(parser):
            assert action.help, (name, action.dest)
            assert not action.help.startswith("default"), (name, action.dest)
            assert action.metavar or action.nargs == 0 or action.choices, (name, action.dest)


def examples() -> list[tuple[str, str]]:
    found = []
    for name, parser in commands(build_parser()):
        heading, *lines = parser.epilog.replace("%%", "%").splitlines()
        assert heading == "examples:"
        found += [(name, line.strip()) for line in lines]
    return found


def test_every_command_shows_examples():
    shown = [name for name, _ in examples()]
    assert {name for name in COMMANDS if shown.count(name) < 2} == set()


@pytest.mark.parametrize(("name", "line"), examples(), ids=lambda one: one)
def test_an_example_is_a_command_that_parses(name, line):
    proctor, *words = shlex.split(line)
    assert proctor == "proctor"
    assert parse(words).command == name


def documented() -> list[str]:
    """The commands in the code blocks of the documentation, without those that hold a shell's variables."""
    root = Path(__file__).parents[3]
    found = []
    for file in (*root.glob("*.md"), *(root / "docs").glob("*.md")):
        text = file.read_text().replace("\\\n", " ")
        for fenced, indented in re.findall(r"^```\w*\n(.*?)^```|^((?:    .*\n)+)", text, re.DOTALL | re.MULTILINE):
            for command in re.split(r"\n| && |; ", fenced or indented):
                if (words := re.fullmatch(r"(?:\w+=\S+ )?proctor (.*)", command.strip())) and "$" not in command:
                    found.append(words[1])
    return found


def test_every_documented_command_parses():
    commands = documented()
    assert len(commands) > 60
    for command in commands:
        if command.split()[0] not in ("--help", "COMMAND"):
            assert parse(shlex.split(command, comments=True)).command in COMMANDS, command


def test_help_of_a_noun_names_its_commands(cli):
    for noun in NOUNS:
        shown = cli(*noun.split(), "--help").out
        words = {name.removeprefix(f"{noun} ").split()[0] for name in COMMANDS if name.startswith(f"{noun} ")}
        assert all(f"\n    {word}" in shown for word in words), noun


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("eval", ["mathvision", "dynamath", "mm_upt_judged", "vllm", "replay", "qwen2_5_vl_7b"]),
        ("train", ["mm_upt_figures", "lmsi_figures", "majority_vote"]),
        ("reward bench", ["entropy_gated", "group_norm", "think_boxed"]),
        ("synthesize", ["direct", "in_context"]),
        ("import", ["lmms-eval", "vlmevalkit"]),
    ],
)
def test_help_lists_the_names_that_an_option_takes(cli, command, names):
    shown = cli(*command.split(), "--help").out
    assert all(name in shown for name in names)


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["scor"], "score"),
        (["suite", "chek"], "check"),
        (["eval", "--modle", "x", "--suite", "figures"], "--model"),
        (["eval", "--modle", "x", "--suite", "figures", "--model", "x"], "--model"),
        (["score", "runs", "--protocol", "strict"], "--score-protocol"),
        (["paper", "table", "1", "--format", "latx"], "latex"),
        (["eval", "--mod", "x", "--model", "x", "--suite", "figures"], "--model"),
    ],
)
def test_an_unknown_word_names_the_nearest(cli, words, nearest):
    done = cli(*words)
    assert (done.code, done.out) == (2, "")
    assert f"is not known; did you mean {nearest}?" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("proctor wat", ["watch "]),
        ("proctor suite pu", ["pull "]),
        ("proctor score runs --score-pro", ["--score-protocol "]),
        ("proctor eval --suite mathv", ["mathverse", "mathvision", "mathvista"]),
        ("proctor eval --engine transf", ["transformers "]),
    ],
)
def test_the_shell_completes_commands_options_and_names(typed, offered, tmp_path):
    pytest.importorskip("argcomplete")
    answer = tmp_path / "answer"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": typed, "COMP_POINT": str(len(typed)), "_ARGCOMPLETE_IFS": "\n"}
    environment = {**os.environ, **asked, "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}
    subprocess.run([sys.executable, "-m", "proctor.harness.cli"], env=environment, check=False, capture_output=True)
    assert answer.read_text().split("\n") == offered


if __name__ == "__main__":
    print(surface(), end="")
