"""What the demo prints as next commands are commands that the command line takes."""

import shlex
from pathlib import Path

from proctor.harness.cli import parse
from proctor.harness.cli.demo import closing_commands


def test_every_hint_parses_as_it_is_printed():
    commands = closing_commands(Path("demo"), Path("demo/mm_upt_figures-seed0"), ".venv/bin/proctor")
    words = [shlex.split(one, comments=True) for one in commands]
    assert {one[0] for one in words} == {".venv/bin/proctor"}
    assert [parse(one[1:]).command for one in words] == ["board verify", "score", "compare", "demo", "train"]
