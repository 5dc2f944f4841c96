"""`proctor score` and `proctor board build`: several protocols at once, partial scores, damaged runs, a judge on a server."""

import csv
import json
import re
import shutil

import pytest

from proctor.benchmarks.examination import plan
from proctor.benchmarks.registry import SUITES
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Sampling

from ...faulty_server import FaultyServer, Reply, completion

RIGHT = r"\boxed{5}"
ITEMS = len(SUITES.get("mathverse").load())


@pytest.fixture
def runs(tmp_path, examine, scripted):
    """A complete run and an incomplete one."""
    run_eval(examine(), scripted(lambda i, k: RIGHT), tmp_path / "runs" / "whole")
    run_eval(examine(), scripted(lambda i, k: ValueError("no") if i == "q0" else RIGHT), tmp_path / "runs" / "part")
    return tmp_path / "runs"


@pytest.fixture
def mathverse(tmp_path, scripted):
    """A complete run of MathVerse's sample, asked by its official prompt."""
    run_eval(plan("mathverse", "official", Sampling()), scripted(lambda i, k: "I say so."), tmp_path / "mathverse")
    return tmp_path / "mathverse"


def test_names_are_shown_as_they_are(cli, examine, scripted, tmp_path):
    name = ":smile: [red]x[/red]\nforged\x1b[2K"
    run_eval(examine(), scripted(name=name), tmp_path / "run")
    for arguments in (("board", "build", "--draft", "--out", tmp_path / "board"), ("score", "--metrics")):
        done = cli(*arguments, tmp_path / "run")
        assert done.out.count(":smile: [red]x[/red]\\nforged\\x1b[2K") >= 1
        assert not {"\x1b", "\U0001f604"} & {*done.out}


def test_what_is_passed_over_in_a_folder_is_said(cli, mathverse, tmp_path):
    folder = tmp_path / "some"
    (folder / "old").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    shutil.copytree(mathverse, folder / "old" / "run")
    done = cli("score", folder)
    assert (done.code, f"no run directories in {folder}: {folder / 'old'} holds 1: name that" in done.err) == (2, True)
    shutil.copytree(mathverse, folder / "run")
    done = cli("score", folder)
    assert f"not looked at in {folder}: notes.txt, old (1 runs in {folder / 'old'})" in done.err


def test_several_protocols_at_once(cli, mathverse):
    done = cli("score", mathverse, "--score-protocol", "strict,official,mm_upt", "--json")
    found = {one["protocol"]: one for one in json.loads(done.out)}
    assert list(found) == ["strict", "official", "mm_upt"]
    assert {name: one["cross_prompt"] for name, one in found.items()} == {
        "strict": True,
        "official": False,
        "mm_upt": True,
    }
    assert found["official"]["status"] == "incomplete"
    assert (found["official"]["score"], found["official"]["unscored"]) == (None, ITEMS)
    assert done.code == 3


def test_an_incomplete_run_has_a_score_only_when_asked_for_and_marked(cli, runs, tmp_path):
    done = cli("score", runs / "part", "--json")
    assert (json.loads(done.out)[0]["score"], done.code) == (None, 3)
    done = cli("score", runs / "part", "--partial", "--json")
    (found,) = json.loads(done.out)
    assert (found["score"], found["status"], found["complete"], done.code) == (1.0, "partial", False, 3)
    assert all(one["score"] is not None for one in found["metrics"])
    shown = cli("score", runs / "part", "--partial", "--metrics").out
    assert "partial: 1 missing" in shown
    cli("board", "build", runs / "part", "--partial", "--draft", "--out", tmp_path / "board")
    rows = list(csv.DictReader((tmp_path / "board" / "board.csv").open()))
    assert {(row["status"], row["score"]) for row in rows} == {("partial", "1.000000")}


def test_a_damaged_run_is_told_and_the_others_are_scored(cli, runs):
    (runs / "part" / "items.jsonl").write_text("{}\n")
    done = cli("score", runs, "--json")
    assert done.code == 2
    assert [one["run"] for one in json.loads(done.out)] == [str(runs / "whole")]
    assert done.err.count("\n") == 1
    assert "left out" in done.err


def test_a_judge_that_takes_no_temperature_is_asked_without(cli, mathverse, tmp_path):
    def say(body, before):
        refused = next((name for name in ("max_tokens", "temperature") if name in body), None)
        if refused:
            said = f"Unsupported parameter: '{refused}' is not supported with this model."
            return Reply(400, {"error": {"message": said}})
        asks = "Verdict" in body["messages"][0]["content"]
        return Reply(body=completion("Verdict: 1" if asks else "Answer: 5"))

    options = ["--judge-model", "tiny", "--judge-replies", tmp_path / "replies.jsonl"]
    server = FaultyServer(say)
    try:
        done = cli("score", mathverse, "--judge-url", server.url, *options, "--json")
    finally:
        server.close()
    (found,) = json.loads(done.out)
    assert (done.code, found["score"], found["unscored"]) == (0, 1.0, 0)
    assert server.seen[-1]["max_completion_tokens"] == 1024


def test_a_judge_behind_a_server_is_asked_once(cli, mathverse, tmp_path):
    def say(body, before):
        prompt = body["messages"][0]["content"]
        return Reply(body=completion("Verdict: 1" if "Verdict" in prompt else "Answer: 5"))

    options = ["--judge-model", "tiny", "--judge-replies", tmp_path / "replies.jsonl"]
    server = FaultyServer(say)
    try:
        done = cli("score", mathverse, "--judge-url", server.url, *options, "--json")
        (found,) = json.loads(done.out)
        asked = len(server.seen)
        again = cli("score", mathverse, "--judge-url", server.url, *options, "--json")
        assert len(server.seen) == asked > 0
    finally:
        server.close()
    assert (done.code, found["score"], found["referee"], found["unscored"]) == (0, 1.0, "tiny", 0)
    assert again.out == done.out == cli("score", mathverse, *options, "--json").out
    assert {body["temperature"] for body in server.seen} == {0}


@pytest.mark.parametrize("owner", ["sglang", "somebody"])
def test_a_judge_is_sent_neutral_sampling_and_its_kept_replies_say_so(cli, mathverse, tmp_path, owner):
    """SGLang would otherwise take top_k 1 and the like from the checkpoint; replies of before are still known."""

    def say(body, before):
        asks = "Verdict" in body["messages"][0]["content"]
        return Reply(body=completion("Verdict: 1" if asks else "Answer: 5"))

    book = tmp_path / "replies.jsonl"
    options = ["--judge-model", "tiny", "--judge-replies", book]
    server = FaultyServer(say)
    server.models["data"][0]["owned_by"] = owner
    try:
        done = cli("score", mathverse, "--judge-url", server.url, *options, "--json")
    finally:
        server.close()
    neutral = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0} if owner == "sglang" else {}
    requests = [json.loads(line)["request"] for line in book.read_text().splitlines()]
    for body in (*server.seen, *requests):
        assert {name: body[name] for name in body if name in ("top_k", "min_p", "repetition_penalty")} == neutral
    assert done.code == 0
    assert done.out == cli("score", mathverse, *options, "--json").out


def test_a_judge_that_is_down_or_babbles_is_no_verdict(cli, mathverse, tmp_path):
    options = ["--judge-model", "tiny", "--judge-replies", tmp_path / "replies.jsonl"]
    server = FaultyServer(lambda body, before: Reply(body=completion("I would rather talk about the weather.")))
    try:
        done = cli("score", mathverse, "--judge-url", server.url, *options, "--json")
    finally:
        server.close()
    (found,) = json.loads(done.out)
    assert (done.code, found["score"], found["status"]) == (3, None, "incomplete")
    assert found["unscored"] == ITEMS


def test_a_server_needs_a_model(cli, mathverse):
    done = cli("score", mathverse, "--judge-url", "http://127.0.0.1:9/v1")
    assert (done.code, done.out) == (2, "")
    assert "--judge-model" in done.err


def test_why_answers_have_no_verdict_is_told(cli, mathverse, tmp_path):
    done = cli("score", mathverse, "--json")
    assert f"{ITEMS} answers have no verdict" in done.err
    assert "--judge-model" in done.err
    options = [
        "--judge-model",
        "m",
        "--judge-replies",
        tmp_path / "replies.jsonl",
        "--judge-url",
        "http://127.0.0.1:9/v1",
    ]
    done = cli("score", mathverse, *options)
    assert re.search(r"asking m \d+ questions", done.err)
    assert "extraction failed" in done.err


@pytest.mark.parametrize("names", [",", "strict,", ""])
def test_an_empty_protocol_name_is_refused_or_means_the_default(cli, runs, names):
    done = cli("score", runs / "whole", "--score-protocol", names)
    assert done.code == (2 if names else 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "{run}", "--verdicts", "{run}/responses.jsonl"),
        ("explain", "{run}", "--score-protocol", "strict,official", "--html", "{run}/items.jsonl"),
        ("show", "{run}", "--html", "{run}/run.json"),
    ],
)
def test_no_output_is_written_over_a_file_of_a_run(cli, mathverse, arguments):
    before = {file.name: file.read_bytes() for file in mathverse.iterdir() if file.is_file()}
    done = cli(*(one.format(run=mathverse) for one in arguments))
    assert done.code == 2
    assert "belongs to a stored run" in done.err
    assert {file.name: file.read_bytes() for file in mathverse.iterdir() if file.is_file()} == before
