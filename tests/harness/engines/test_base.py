"""An engine of a file is given only what it says that it takes, so that no run states what never happened."""

import json

import pytest

PARROT = """
from proctor.harness.types import Response

class Parrot:
    takes = {takes}
    def __init__(self, target, options): self.name = target
    def identity(self): return {{}}
    def versions(self): return {{}}
    def generate(self, requests, sampling):
        for one in requests:
            text = f"{{sampling.top_k}} {{one.prompt.rendering.template}}"
            yield from (Response(one.item_id, k, text) for k in one.samples)
"""
SHAPED = ("--top-k", "5", "--chat-template-kwarg", "enable_thinking=false")


def asked(cli, tmp_path, takes, *more):
    file = tmp_path / "parrot.py"
    file.write_text(PARROT.format(takes=takes))
    where = ("--engine", f"{file}:Parrot", "--model", "x", "--out", tmp_path / "runs")
    return cli("eval", "--suite", "figures", "--limit", "2", *where, *more)


@pytest.mark.parametrize(
    ("takes", "left"),
    [("()", "top_k"), ("('chat_template_kwargs',)", "top_k"), ("('top_k', 'stop')", "chat_template_kwargs")],
)
def test_what_an_engine_would_leave_out_is_refused(cli, tmp_path, takes, left):
    done = asked(cli, tmp_path, takes, *SHAPED)
    assert done.code == 2
    assert f"does not take {left}: leave it out, or ask by another engine" in done.err


def test_what_it_takes_it_is_given(cli, tmp_path):
    done = asked(cli, tmp_path, "('top_k', 'chat_template_kwargs')", *SHAPED)
    assert done.code == 0, done.err
    (run,) = (tmp_path / "runs").iterdir()
    texts = {json.loads(line)["text"] for line in (run / "responses.jsonl").read_text().splitlines()}
    assert texts == {"5 (('enable_thinking', False),)"}
    identity = json.loads((run / "run.json").read_text())["identity"]
    assert identity["sampling"]["top_k"] == 5
    assert identity["profile"]["name"] == "own"
    assert identity["profile"]["rendering"] == {"chat_template_kwargs": {"enable_thinking": False}}


def test_what_shapes_nothing_is_no_part_of_a_run(cli, tmp_path):
    done = asked(cli, tmp_path, "()", "--top-k", "0", "--min-p", "0", "--repetition-penalty", "1")
    assert done.code == 0, done.err
    (run,) = (tmp_path / "runs").iterdir()
    sampling = json.loads((run / "run.json").read_text())["identity"]["sampling"]
    assert sampling.keys() == {"n", "temperature", "top_p", "max_tokens", "seed"}
