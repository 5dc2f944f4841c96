"""The openai engine: what is sent to a server, what a run makes of what comes back, and what can be known beforehand."""

import base64
import csv
import dataclasses
import gzip
import hashlib
import io
import json
import threading
import time
from pathlib import Path

import pytest
from PIL import Image as PilImage

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.examination import plan
from proctor.harness.engines.http_address import shown_url
from proctor.harness.engines.openai import chat, data_url, open_engine
from proctor.harness.errors import CheckpointError, DataError, EngineError, UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.provenance import configuration_digest, weights_digest
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Image, Prompt, Rendering, Request, Sampling

from ...conftest import small_items
from ...faulty_server import Reply, completion

SECRET = "sk-very/secret+key=42"
FORMATS = {"PNG": "png", "JPEG": "jpeg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}


def opened(server, **options):
    return open_engine("tiny", {"url": server.url, "timeout": "5", "attempts": "2"} | options)


def said(body):
    """An answer that depends on everything that was asked."""
    return hashlib.sha256(repr(sorted(body.items())).encode()).hexdigest()


def parrot(body, before):
    return Reply(body=completion(f"{said(body)} \\boxed{{5}}"))


def answers(path):
    return {(one.item_id, one.sample): one for one in RunReader(path).responses()}


def encoded(kind):
    buffer = io.BytesIO()
    PilImage.new("RGB", (9, 7), (250, 10, 90)).save(buffer, kind)
    return buffer.getvalue()


def test_a_run_is_held_and_each_sample_is_its_own_question(serve, tmp_path, examine):
    server = serve(parrot)
    examination = examine(4, n=3, temperature=0.7, top_p=0.9, max_tokens=33, seed=5)
    outcome = run_eval(examination, opened(server), tmp_path / "run")
    assert outcome.complete
    assert len(server.seen) == 12
    assert len({body["seed"] for body in server.seen}) == 12
    for body in server.seen:
        assert 0 <= body["seed"] < 2**63
        assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.7, 0.9, 33)
    texts = {f"{said(body)} \\boxed{{5}}" for body in server.seen}
    assert {one.text for one in answers(tmp_path / "run").values()} == texts
    assert {one.finish_reason for one in answers(tmp_path / "run").values()} == {"stop"}


def test_greedy_asks_for_the_most_probable_token_without_a_seed(serve, tmp_path, examine):
    server = serve()
    run_eval(examine(1), opened(server), tmp_path / "run")
    (body,) = server.seen
    assert body["temperature"] == 0
    assert "seed" not in body


def test_seeds_do_not_depend_on_what_else_is_asked(serve, examine):
    server = serve()
    sampling = Sampling(n=3, temperature=1.0)
    prompt = examine(1).asked[0].prompt
    for samples in ((0, 1, 2), (1,)):
        list(opened(server).generate([Request("q", prompt, samples)], sampling))
    assert sorted(body["seed"] for body in server.seen[:3])
    assert server.seen[3]["seed"] in {body["seed"] for body in server.seen[:3]}


@pytest.mark.parametrize("kind", FORMATS)
def test_pictures_arrive_byte_for_byte(serve, tmp_path, kind):
    data = encoded(kind)
    file = tmp_path / "picture.dat"
    file.write_bytes(data)
    server = serve()
    prompt = Prompt((Image.of_file(file, "picture.dat"), "How wide?"))
    list(opened(server).generate([Request("q", prompt)], Sampling()))
    head, _, sent = server.seen[0]["messages"][0]["content"][0]["image_url"]["url"].partition(",")
    assert head == f"data:image/{FORMATS[kind]};base64"
    assert base64.b64decode(sent, validate=True) == data


def test_parts_keep_their_order_and_the_system_text_comes_first():
    one, two = (Image.of_bytes(encoded(kind), "x") for kind in ("PNG", "JPEG"))
    messages = chat(Prompt(("a", one, "b", two, "c"), system="Be brief."))
    assert messages[0] == {"role": "system", "content": "Be brief."}
    assert messages[1]["role"] == "user"
    parts = [part.get("text") or part["image_url"]["url"] for part in messages[1]["content"]]
    assert parts == ["a", data_url(one), "b", data_url(two), "c"]
    assert len(messages) == 2


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"RIFF\0\0\0\0WAVE", b"\x89PN"])
def test_what_is_no_picture_is_said_so(data):
    with pytest.raises(DataError, match=r"image p\.png: cannot be decoded"):
        data_url(Image.of_bytes(data, "p.png"))


def test_one_items_trouble_is_its_own(serve, tmp_path, examine):
    """A picture that cannot be sent, a prompt that is too long, an answer without text: the others have answers."""
    items = small_items(8)
    bad = Image.of_bytes(b"no picture", "bad.png")
    prompts = {"q2": Prompt((bad, "?")), "q4": Prompt(("too long",)), "q5": Prompt(("null",)), "q7": Prompt((bad, "!"))}
    replies = {
        "too long": Reply(400, {"error": {"message": "maximum context length is 512 tokens"}}),
        "null": Reply(200, completion(None)),
    }

    def script(body, before):
        return replies.get(body["messages"][-1]["content"][0].get("text")) or Reply()

    examination = examine(items, prompt=lambda item: prompts.get(item.id) or boxed_prompt(item), n=2, temperature=1.0)
    outcome = run_eval(examination, opened(serve(script)), tmp_path / "run")
    assert outcome.missing == 8
    stored = answers(tmp_path / "run")
    assert len(stored) == 16
    errors = {item_id: one.error for (item_id, _), one in stored.items() if one.error}
    assert errors.keys() == prompts.keys()
    assert "bad.png" in errors["q2"]
    assert "400: maximum context length" in errors["q4"]
    assert "content is None" in errors["q5"]


def test_items_that_can_not_be_sent_are_told_of_wherever_they_stand(serve):
    bad, good = Prompt((Image.of_bytes(b"", "p.png"), "?")), Prompt(("?",))
    server = serve()
    for prompts in ([bad], [bad, good], [good, bad], [bad, good, bad]):
        asked = [Request(f"q{n}", prompt, (0, 1)) for n, prompt in enumerate(prompts)]
        told = list(opened(server).generate(asked, Sampling(n=2)))
        assert sorted((one.item_id, one.sample) for one in told) == [(r.item_id, k) for r in asked for k in (0, 1)]
        assert {one.item_id for one in told if one.error} == {r.item_id for r in asked if r.prompt is bad}
        assert told[0].error or bad not in prompts  # at once, not when everything else is answered


def test_a_kill_in_mid_run_and_a_resume_make_the_same_run(serve, tmp_path, examine):
    """The server dies; what it had answered stays, nothing is invented, and the resumed run has the same bytes."""
    examination = examine(40, n=2, temperature=1.0)
    whole = serve(parrot)
    assert run_eval(examination, opened(whole), tmp_path / "whole").complete
    port = whole.port
    whole.close()

    def dying(body, before):
        if len(dead.seen) == 25:
            threading.Thread(target=dead.close).start()
        time.sleep(0.02)
        return parrot(body, before)

    dead = serve(dying, port=port)
    with pytest.raises(EngineError, match="the server is gone"):
        run_eval(examination, opened(dead, concurrency="4"), tmp_path / "run")
    before = {key: one for key, one in answers(tmp_path / "run").items() if one.text is not None}
    assert 10 < len(before) < 80
    again = serve(parrot, port=port)
    assert run_eval(examination, opened(again), tmp_path / "run").complete
    assert len(again.seen) == 80 - len(before)
    journals = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("whole", "run")]
    assert journals[0] == journals[1]


def test_a_stop_finishes_what_is_in_flight_and_asks_no_more(serve, tmp_path, examine):
    stop = threading.Event()

    def script(body, before):
        if len(server.seen) == 5:
            stop.set()
        time.sleep(0.05)
        return parrot(body, before)

    server = serve(script)
    outcome = run_eval(examine(40), opened(server, concurrency="2"), tmp_path / "run", stop=stop)
    assert outcome.stopped
    assert len(server.seen) <= 8
    assert outcome.missing == 40 - len(server.seen)
    assert not outcome.errors


def test_a_spent_budget_ends_the_run_and_a_new_one_completes_it(serve, tmp_path, examine):
    server = serve(parrot)
    with pytest.raises(EngineError, match="10 of 10 requests; what was answered is stored"):
        run_eval(examine(16), opened(server, max_requests="10"), tmp_path / "run")
    assert len(server.seen) == 10
    assert sum(one.text is not None for one in answers(tmp_path / "run").values()) == 10
    assert run_eval(examine(16), opened(server, max_requests="10"), tmp_path / "run").complete
    assert len(server.seen) == 16


def test_the_key_is_nowhere_in_the_run(serve, tmp_path, examine, monkeypatch):
    monkeypatch.setenv("MY_KEY", SECRET)

    def leaky(body, before):
        if before == 0:
            return Reply(400, {"error": {"message": f"bad request by {SECRET}", "param": SECRET}}, {"x-key": SECRET})
        return Reply()

    server = serve(leaky, key=SECRET)
    outcome = run_eval(examine(4), opened(server, key_variable="MY_KEY"), tmp_path / "run")
    assert outcome.missing == 4
    assert all("[key]" in error and SECRET not in error for error in outcome.errors)
    for file in (tmp_path / "run").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    assert set(server.keys) == {f"Bearer {SECRET}"}


def test_a_key_in_the_path_is_nowhere_in_run_board_or_messages(serve, tmp_path, cli):
    """Neither where all goes well, nor where the server repeats the address in an error, redirects, or is gone."""
    key = "Sk0Hunter2"
    server = serve(lambda body, before: Reply(404, {"error": {"message": f"no route /v1/{key}/chat/completions"}}))
    server.root = f"/v1/{key}"
    asked = [
        "eval",
        "--engine",
        "openai",
        "--model",
        "tiny",
        "--suite",
        "figures",
        "--limit",
        "3",
        "--out",
        tmp_path / "runs",
    ]
    there = ["--engine-option", f"url={server.url}", "--engine-option", "attempts=1"]
    said = [cli(*asked, *there)]
    server.script = lambda body, before: Reply(301, b"", {"location": f"/v2/{key}/chat/completions"})
    said.append(cli(*asked, *there))
    server.script = lambda body, before: Reply()
    said.append(cli(*asked, *there))
    said.append(cli("board", "build", tmp_path / "runs", "--out", tmp_path / "board", "--draft"))
    said.append(cli(*asked, "--engine-option", f"url=host/{key}"))
    server.close()
    said.append(cli(*asked, *there))
    assert [one.code for one in said] == [3, 3, 0, 0, 2, 3]
    assert "[hidden " in said[0].err
    assert "[hidden " in said[1].err
    assert all(key not in one.out + one.err for one in said)
    (run,) = (tmp_path / "runs").iterdir()
    assert "[hidden " in RunReader(run).manifest.identity["model"]["url"]
    for file in tmp_path.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert key.encode() not in (gzip.decompress(data) if file.suffix == ".gz" else data), file


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://host.example/compatible-mode/v1beta/openai", "https://host.example/compatible-mode/v1beta/openai"),
        ("https://host.example/v1/KEY/openai", "https://host.example/v1/[hidden 5ca24005]/openai"),
        ("https://h/a%2FB9/v1", "https://h/[hidden f6b43ce7]/v1"),
    ],
)
def test_words_and_versions_of_an_address_are_shown_and_no_more(url, shown):
    assert shown_url(url) == shown


def test_identity_is_what_could_change_an_answer(serve, tiny):
    server = serve()
    model = opened(server, **{"checkpoint": str(tiny), "body.top_k": "-1", "concurrency": "3"})
    assert model.name == "tiny"
    assert model.identity() == {
        "engine": "openai",
        "model": "tiny",
        "weights": weights_digest(tiny),
        "configuration": configuration_digest(tiny),
        "body": {"top_k": -1},
    }
    assert model.versions()["server"] == "9.9"
    assert model.versions()["url"] == server.url
    assert "httpx" in model.versions()
    list(model.generate([Request("q", Prompt(("?",)))], Sampling()))
    assert server.seen[0]["top_k"] == -1
    server.models["data"][0] |= {"root": "/models/other", "created": 17}
    assert opened(server).identity() == {
        "engine": "openai",
        "url": server.url,
        "model": "tiny",
        "served": {"root": "/models/other"},
        "body": {},
    }


def test_vllm_is_told_not_to_change_the_distribution(serve):
    server = serve()
    assert open_engine("tiny", {"url": server.url}).extra == {}
    server.models["data"][0]["owned_by"] = "vllm"
    assert open_engine("tiny", {"url": server.url}).extra == {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    assert open_engine("tiny", {"url": server.url, "body.top_k": "5"}).extra["top_k"] == 5


def test_the_url_may_come_from_the_environment(serve, monkeypatch):
    with pytest.raises(UsageError, match="needs --engine-option url="):
        open_engine("tiny", {})
    server = serve()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/")
    assert open_engine("tiny", {}).identity()["url"] == server.url


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch": "3"}, "has no option 'batch'; it has: attempts, "),
        ({"concurrency": "0"}, "concurrency must be a whole number from 1 to 4,096, not '0'"),
        ({"concurrency": "1e3"}, "concurrency must be"),
        ({"attempts": "\u0663"}, "attempts must be"),
        ({"timeout": "nan"}, "timeout must be a number from 0.1 to 86,400"),
        ({"timeout": "soon"}, "timeout must be"),
        ({"max_requests": "-1"}, "max_requests must be"),
        ({"max_cost": "inf", "prompt_price": "1"}, "max_cost must be"),
        ({"max_cost": "5"}, "max_cost needs prompt_price"),
        ({"prompt_price": "5"}, "max_cost needs prompt_price"),
        ({"key_variable": "sk-hunter2"}, "key_variable must be the name of an environment variable$"),
        ({"body.top_k": "one"}, "body.top_k must be JSON"),
        ({"body.x": "NaN"}, "body.x must be JSON"),
        ({"body.temperature": "1"}, "body.temperature is not free"),
        ({"body.": "1"}, "is not free"),
        ({"url": "http://me:hunter2@host/v1"}, "holds credentials"),
    ],
)
def test_options_that_can_not_be_are_one_line(options, said):
    with pytest.raises(UsageError, match=said) as error:
        open_engine("tiny", {"url": "http://127.0.0.1:9/v1"} | options)
    assert str(error.value).isprintable()
    assert "hunter2" not in str(error.value)


def test_what_is_wrong_with_the_server_is_known_before_the_run(serve, tmp_path):
    server = serve()
    with pytest.raises(EngineError, match="serves no model 'huge'; it serves tiny"):
        open_engine("huge", {"url": server.url})
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        opened(server, checkpoint=str(tmp_path / "none"))
    server.close()
    with pytest.raises(EngineError, match="is the server running"):
        opened(server)


def test_from_the_command_line(serve, tmp_path, cli):
    server = serve(parrot)
    arguments = ("eval", "--engine", "openai", "--model", "tiny", "--suite", "figures", "--limit", "6")
    done = cli(*arguments, "--engine-option", f"url={server.url}", "--out", tmp_path)
    assert done.code == 0, done.err
    assert len(server.seen) == 6
    done = cli(*arguments, "--engine-option", "url=http://127.0.0.1:9/v1", "--out", tmp_path)
    assert done.code == 3
    assert len(done.err.strip().splitlines()) == 1
    assert "is the server running" in done.err


def test_a_refusal_that_repeats_is_a_wrong_answer_and_the_run_is_complete(serve, tmp_path, cli):
    """It is counted apart, under every protocol, and has no part in what a language model is asked to judge."""
    refused = []

    def script(body, before):
        question = str(body["messages"])
        if not refused:
            refused.append(question)
        reply = completion(None if question in refused else "\\boxed{5}")
        reply["choices"][0]["message"]["refusal"] = "I cannot help.\x1b[2J" if question in refused else None
        return Reply(body=reply)

    server = serve(script)
    asked = ("eval", "--engine", "openai", "--model", "tiny", "--suite", "figures", "--limit", "6", "--out", tmp_path)
    done = cli(*asked, "--engine-option", f"url={server.url}", "--engine-option", "concurrency=1", "--json")
    assert done.code == 0, done.err
    assert len(server.seen) == 8
    (scored,) = json.loads(done.out)
    assert (scored["status"], scored["refused"], scored["missing"], scored["total"]) == ("complete", 1, 0, 6)
    (stored,) = (one for one in answers(Path(scored["run"])).values() if one.refusal is not None)
    assert (stored.text, stored.error) == ("", None)
    assert stored.refusal.startswith("I cannot help.")
    assert stored.refusal.isprintable()
    assert (stored.prompt_tokens, stored.completion_tokens) == (7, 3)
    assert cli(*asked, "--engine-option", f"url={server.url}").code == 0
    assert len(server.seen) == 8
    verdicts = tmp_path / "verdicts.jsonl"
    for protocol in ("strict", "mm_upt_judged"):
        done = cli("score", scored["run"], "--score-protocol", protocol, "--verdicts", verdicts, "--json")
        (again,) = json.loads(done.out)
        assert again["refused"] == 1
        (verdict,) = (one for one in map(json.loads, verdicts.read_text().splitlines()) if one["rule"] == "refused")
        assert verdict["correct"] is False
        assert "I cannot help." in verdict["reason"]
    assert "refused" in cli("score", scored["run"]).out
    cli("board", "build", scored["run"], "--out", tmp_path / "board", "--draft")
    assert {row["refused"] for row in csv.DictReader((tmp_path / "board" / "board.csv").open())} == {"1"}
    copy = cli(
        "eval",
        "--engine",
        "replay",
        "--model",
        scored["run"],
        "--suite",
        "figures",
        "--limit",
        "6",
        "--out",
        tmp_path / "copy",
    )
    assert copy.code == 0, copy.err


def test_another_model_than_asked_is_told_once_and_recorded(serve, tmp_path, cli):
    said = {"model": "tiny-2026-01-01", "system_fingerprint": "fp_1"}
    server = serve(lambda body, before: Reply(body=completion() | said))
    asked = ("eval", "--engine", "openai", "--model", "tiny", "--suite", "figures", "--limit", "6", "--engine-option")
    done = cli(*asked, f"url={server.url}", "--out", tmp_path / "runs")
    assert done.code == 0, done.err
    assert done.err.count("asked for tiny, the server says that tiny-2026-01-01 answers") == 1
    (run,) = (tmp_path / "runs").iterdir()
    assert RunReader(run).manifest.environment["answered_by"] == {"model": ["tiny-2026-01-01"], "fingerprint": ["fp_1"]}
    said |= {"model": "tiny", "system_fingerprint": None}
    assert "the server says" not in cli(*asked, f"url={server.url}", "--out", tmp_path / "other").err


def test_what_answered_is_kept_over_a_resume(serve, tmp_path, examine):
    said = {"model": "tiny-1"}

    def script(body, before):
        if len(server.seen) > 3 and said["model"] == "tiny-1":
            return Reply(400)
        return Reply(body=completion() | said)

    server = serve(script)
    assert run_eval(examine(6), opened(server), tmp_path / "run").missing == 3
    assert RunReader(tmp_path / "run").manifest.environment["answered_by"] == {"model": ["tiny-1"]}
    said["model"] = "tiny-2"
    assert run_eval(examine(6), opened(server), tmp_path / "run").complete
    assert RunReader(tmp_path / "run").manifest.environment["answered_by"] == {"model": ["tiny-1", "tiny-2"]}


def reasoning_model(body, before):
    """What OpenAI's reasoning models say."""
    for name in ("max_tokens", "temperature", "top_p"):
        if name in body:
            said = f"Unsupported parameter: '{name}' is not supported with this model."
            return Reply(400, {"error": {"message": said, "param": name, "code": "unsupported_parameter"}})
    assert body["max_completion_tokens"] > 0
    return Reply()


def test_a_model_that_takes_no_temperature_is_asked_without(serve, tmp_path, cli):
    server = serve(reasoning_model)
    server.models["data"][0]["owned_by"] = "openai"
    asked = ("eval", "--engine", "openai", "--model", "tiny", "--suite", "figures", "--limit", "6", "--out", tmp_path)
    done = cli(*asked, "--engine-option", f"url={server.url}")
    assert done.code == 0, done.err
    assert len(server.seen) == 3 + 1 + 6
    (run,) = tmp_path.iterdir()
    assert RunReader(run).manifest.identity["model"]["unsupported"] == ["max_tokens", "temperature", "top_p"]
    given = opened(server, unsupported="max_tokens,temperature,top_p")
    assert given.identity() == RunReader(run).manifest.identity["model"]
    assert len(server.seen) == 10
    server.models["data"][0]["owned_by"] = "me"
    done = cli(*asked, "--engine-option", f"url={server.url}")
    assert done.code == 3
    assert "ask with --engine-option unsupported=max_tokens" in done.err
    server.script = lambda body, before: Reply()
    server.models["data"][0]["owned_by"] = "openai"
    assert "unsupported" not in opened(server).identity()


def test_what_is_too_large_is_no_field_that_is_not_taken(serve):
    said = "max_tokens is too large: 99. This model supports at most 9 completion tokens"
    server = serve(lambda body, before: Reply(400, {"error": {"message": said, "param": "max_tokens"}}))
    (response,) = opened(server).generate([Request("q", Prompt(("?",)))], Sampling())
    assert "too large" in response.error


def test_several_servers_share_the_questions(serve, tmp_path, examine):
    first, second = (
        serve(lambda body, before: dataclasses.replace(parrot(body, before), delay=0.05)) for _ in range(2)
    )
    model = open_engine("tiny", {"url": f"{second.url}, {first.url}", "concurrency": "2"})
    outcome = run_eval(examine(40), model, tmp_path / "run")
    assert outcome.complete
    assert len(first.seen) + len(second.seen) == 40
    assert min(len(first.seen), len(second.seen)) >= 10
    assert model.identity()["url"] == ",".join(sorted((first.url, second.url)))


def test_where_a_known_checkpoint_is_served_does_not_matter(serve, tmp_path, examine, tiny):
    """The first server goes away in the middle; another one completes the run."""
    from_here, from_there = serve(parrot), serve(parrot)
    options = {"checkpoint": str(tiny), "attempts": "1"}
    stop = threading.Event()
    first = open_engine("tiny", {"url": from_here.url, "concurrency": "1", **options})
    outcome = run_eval(examine(12), first, tmp_path / "run", lambda done: stop.set() if done else None, stop)
    assert 0 < outcome.missing < 12
    from_here.close()
    from_there.models["data"][0]["root"] = "/elsewhere"
    assert run_eval(examine(12), open_engine("tiny", {"url": from_there.url, **options}), tmp_path / "run").complete


def test_a_server_that_is_gone_leaves_the_rest_to_the_others(serve, tmp_path, examine):
    def slow(body, before):
        time.sleep(0.05)
        return parrot(body, before)

    first, second = serve(parrot), serve(slow)
    model = open_engine("tiny", {"url": f"{first.url},{second.url}", "concurrency": "1", "attempts": "1"})
    first.close()
    with pytest.raises(EngineError, match="the server is gone"):
        run_eval(examine(40), model, tmp_path / "run")
    again = open_engine("tiny", {"url": second.url})
    answered = len((tmp_path / "run" / "responses.jsonl").read_text().splitlines())
    assert answered >= 30
    assert again.identity() != model.identity()


def test_servers_of_different_models_are_refused(serve):
    first, second = serve(), serve()
    second.models["data"][0]["root"] = "/models/other"
    with pytest.raises(EngineError, match="does not serve what"):
        open_engine("tiny", {"url": f"{first.url},{second.url}"})
    with pytest.raises(UsageError, match="twice"):
        open_engine("tiny", {"url": f"{first.url},{first.url}"})


def test_what_shapes_answers_and_renders_prompts_is_sent(serve):
    server = serve()
    prompt = Prompt(("?",), None, Rendering((("enable_thinking", False),)))
    sampling = Sampling(top_k=20, min_p=0.1, presence_penalty=1.5, repetition_penalty=1.05, stop=("\n\n",))
    list(open_engine("tiny", {"url": server.url}).generate([Request("q", prompt)], sampling))
    assert server.seen[0].items() >= {**sampling.shaping, "chat_template_kwargs": {"enable_thinking": False}}.items()
    pixels = Request("q", Prompt(("?",), None, Rendering(max_pixels=9)))
    with pytest.raises(UsageError, match="only a vLLM server can be told"):
        list(open_engine("tiny", {"url": server.url}).generate([pixels], sampling))
    server.models["data"][0]["owned_by"] = "vllm"
    list(open_engine("tiny", {"url": server.url}).generate([pixels], Sampling()))
    assert server.seen[-1]["mm_processor_kwargs"] == {"max_pixels": 9}
    list(open_engine("tiny", {"url": server.url}).generate([pixels], Sampling(top_k=3)))
    assert (server.seen[-1]["top_k"], server.seen[-1]["min_p"]) == (3, 0.0)
    with pytest.raises(UsageError, match="top_k is set twice"):
        list(open_engine("tiny", {"url": server.url, "body.top_k": "5"}).generate([pixels], Sampling(top_k=3)))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_stored_beside_the_answer(serve, tmp_path, examine, field):
    def thinks(body, before):
        reply = completion("\\boxed{3}")
        reply["choices"][0]["message"][field] = "let me see" + "." * 300_000
        return Reply(body=reply)

    run_eval(examine(1), opened(serve(thinks)), tmp_path / "run")
    (stored,) = answers(tmp_path / "run").values()
    assert stored.text == "\\boxed{3}"
    assert stored.reasoning.startswith("let me see")
    assert len(stored.reasoning) == 200_000


def test_thinking_kept_apart_is_seen_by_self_judge_and_by_people(serve, tmp_path, cli):
    golds = {one.item.question: one.item.answer for one in plan("figures", "self_judge", Sampling(), limit=2).asked}

    def answer(body, before):
        text = body["messages"][0]["content"][-1]["text"]
        return completion(next(f"\\boxed{{{gold}}}" for question, gold in golds.items() if question in text))

    def thinks(body, before):
        reply = answer(body, before)
        reply["choices"][0]["message"]["reasoning_content"] = "two and three\x1b[2J"
        return Reply(body=reply)

    server = serve(thinks)
    asked = ["eval", "--engine", "openai", "--model", "tiny", "--suite", "figures", "--limit", "2"]
    options = ["--protocol", "self_judge", "--engine-option", f"url={server.url}"]
    assert cli(*asked, *options, "--run", tmp_path / "run").code == 0
    server.script = lambda body, before: Reply(body=answer(body, before))
    assert cli(*asked, *options, "--run", tmp_path / "without").code == 0
    counts = [json.loads(cli("score", tmp_path / name, "--json").out)[0]["unparsed"] for name in ("run", "without")]
    assert counts == [0, 2]
    explained = ("explain", tmp_path / "run", tmp_path / "without", "--score-protocol", "mm_upt,self_judge")
    done = cli(*explained, "--html", tmp_path / "why.html")
    (cause, *_) = json.loads(cli(*explained, "--json").out)["causes"]
    assert cause["examples"][0]["left"]["thinking"].startswith("two and three")
    assert "thinking" not in cause["examples"][0]["right"]
    assert "thinking ends: ...two and three" in done.out
    assert "\x1b" not in done.out
    assert "two and three" in (tmp_path / "why.html").read_text()
