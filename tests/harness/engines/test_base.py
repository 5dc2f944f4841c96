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


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("enable_thinking=False", "write enable_thinking=false, or for a text 'enable_thinking=\"False\"'"),
        ("enable_thinking=True", "write enable_thinking=true"),
        ("effort=None", "write effort=null"),
        ("effort={'a': 1}", "is no JSON"),
        ("effort", "must look like"),
        ("tokenize=true", "is not for a prompt to set"),
    ],
)
def test_an_argument_of_the_template_that_only_looks_like_json_is_refused(cli, tmp_path, given, told):
    """A template would take any text for true."""
    done = asked(cli, tmp_path, "('chat_template_kwargs',)", "--chat-template-kwarg", given)
    assert done.code == 2
    assert told in done.err


def test_a_word_is_a_text_for_the_template(cli, tmp_path):
    done = asked(cli, tmp_path, "('chat_template_kwargs',)", "--chat-template-kwarg", "reasoning_effort=high")
    assert done.code == 0, done.err


def test_the_profile_of_a_model_is_found_by_its_name_on_the_hub(cli, tmp_path):
    done = asked(cli, tmp_path, "()", "--profile", "Qwen/Qwen2.5-VL-7B-Instruct")
    assert done.code == 2
    assert "is called qwen2_5_vl_7b" in done.err
