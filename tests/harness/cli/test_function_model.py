"""`--model FILE.py:NAME`: a function of one's own file is asked as `evaluate(function)` asks it."""

import importlib.util
import json
import re
import sys

import pytest

import proctor

ANSWER = "def answer(prompt, images):\n    return '\\\\boxed{5}'\n"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Writes my.py into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(text=ANSWER, name="my.py"):
        (tmp_path / name).write_text(text)

    write()
    return write


def test_a_function_of_a_file_is_asked_as_evaluate_asks_it(mine, tmp_path, cli, monkeypatch):
    done = cli("eval", "--model", "my.py:answer", "--suite", "figures,mathvision", "--limit", "3", "--workers", "2")
    assert done.code == 0, done.err
    figures, _ = (line for line in done.out.splitlines() if line.startswith("runs/"))
    spec = importlib.util.spec_from_file_location("my_own", tmp_path / "my.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "my_own", module)
    spec.loader.exec_module(module)
    found = proctor.evaluate(module.answer, "figures", limit=3, out=tmp_path / "library")
    assert found.path.name == (tmp_path / figures).name
    assert (found.path / "responses.jsonl").read_bytes() == (tmp_path / figures / "responses.jsonl").read_bytes()
    model = json.loads((tmp_path / figures / "run.json").read_text())["identity"]["model"]
    assert (model["engine"], model["source"]["file"]) == ("function", "my.py")
    mine(ANSWER.replace("5", "6"))
    again = cli("eval", "--model", "my.py:answer", "--suite", "figures", "--limit", "3")
    assert figures not in again.out, "another file is another model"


def test_each_suite_gives_a_function_its_own_items(mine, tmp_path, cli):
    mine("def answer(item):\n    return f'{item.suite} {item.id}'\n")
    done = cli("eval", "--model", "my.py:answer", "--suite", "mathvision,mathverse", "--limit", "3")
    for path in (line for line in done.out.splitlines() if line.startswith("runs/")):
        lines = (tmp_path / path / "responses.jsonl").read_text().splitlines()
        assert all(path.split(".")[1] in json.loads(line)["text"] for line in lines)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "my.py:nothing"], "has no 'nothing'; there are: answer"),
        (["--model", "no.py:answer"], "cannot read model file"),
        (["--model", "my.py:answer", "--temperature", "1"], "--temperature has no effect on a function"),
        (["--model", "my.py:answer", "--engine-option", "batch=1"], "--engine-option has no effect on a function"),
        (["--model", "x", "--engine", "my.py:answer"], "no engine: name it with --model .*my.py:answer, without"),
    ],
)
def test_what_cannot_be_is_one_line(mine, cli, arguments, told):
    done = cli("eval", *arguments, "--suite", "figures", "--limit", "2")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert re.search(told, done.err), done.err


def test_an_engine_is_told_how_it_is_named(mine, cli):
    mine("class Parrot:\n    def generate(self, requests, sampling): ...\n")
    done = cli("eval", "--model", "my.py:Parrot", "--suite", "figures")
    assert done.code == 2
    assert "name it with --engine my.py:Parrot" in done.err


@pytest.mark.parametrize("option", ["--model", "--engine"])
def test_a_module_beside_the_file_is_told_with_what_to_do(mine, cli, tmp_path, option):
    mine("A = 1\n", "beside.py")
    mine(f"import beside\n{ANSWER}")
    named = ["--model", "my.py:answer"] if option == "--model" else ["--engine", "my.py:answer", "--model", "x"]
    done = cli("eval", *named, "--suite", "figures")
    assert done.code == 2
    assert f"begin the command with PYTHONPATH={tmp_path}" in done.err


def test_a_study_asks_a_function(mine, cli, tmp_path):
    text = (
        '[suites]\nfigures = { data = "sample", limit = 3 }\nmathvision = "sample"\n[models]\nmine = "my.py:answer"\n'
    )
    (tmp_path / "study.toml").write_text(text)
    planned = cli("run", "study.toml", "--dry-run")
    assert planned.code == 0, planned.err
    done = cli("run", "study.toml")
    assert done.code == 0, done.err
    assert "a draft" in done.out + done.err
    assert cli("board", "verify", "study/board").code == 0
    assert ": done" in cli("run", "study.toml", "--dry-run").out
    (tmp_path / "study.toml").write_text(text.replace("my.py:answer", "my.py:other"))
    assert "models.mine: model file" in cli("run", "study.toml").err
