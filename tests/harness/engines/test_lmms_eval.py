"""The lmms_eval engine without lmms-eval: what it refuses, what it stores of its arguments, how its process ends."""

import subprocess
import sys

import pytest

from proctor.harness.engines.lmms_eval import FAILURES, WORKER, LmmsEvalWorker, is_failure, marked_text, open_engine
from proctor.harness.errors import EngineError, MissingExtraError, UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Image, Prompt

HERE = {"python": sys.executable}


def refused(options, error=UsageError, model="qwen2_5_vl"):
    with pytest.raises(error) as raised:
        open_engine(model, options)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_bad_options_are_one_line():
    assert "has: batch_size, chunk" in refused({"temperature": "1"})
    assert "chunk must be a whole number" in refused({**HERE, "chunk": "0"})
    assert "batch_size must be a whole number" in refused({**HERE, "batch_size": "many"})
    assert "interface must be" in refused({**HERE, "interface": "both"})


@pytest.mark.parametrize("name", ["api_key", "hf_token", "client_secret", "PASSWORD"])
def test_secrets_are_not_taken_since_they_would_be_stored(name):
    message = refused({**HERE, "model_args": f"model=x,{name}=hunter2"})
    assert "hunter2" not in message
    assert name in message


def test_arguments_that_only_look_like_secrets_are_taken(stand_in):
    assert stand_in("max_new_tokens=5,keyframes=2").identity()["model_args"] == ["max_new_tokens=5", "keyframes=2"]


def test_a_missing_interpreter_is_told_with_the_command_that_makes_it(tmp_path):
    message = refused({"python": str(tmp_path / "python")})
    assert "-m pip install lmms-eval" in message
    (tmp_path / "python").write_text("no program")
    assert "cannot run" in refused({"python": str(tmp_path / "python")})


def test_an_interpreter_without_lmms_eval_is_told_with_the_command_that_installs_it():
    message = refused(HERE, MissingExtraError)
    assert f"{sys.executable} -m pip install lmms-eval" in message


def test_the_process_ends_with_its_commands_and_takes_its_folder_with_it(tmp_path):
    (tmp_path / "folder").mkdir()
    done = subprocess.run([sys.executable, WORKER, tmp_path / "folder"], input=b"", timeout=60)
    assert done.returncode == 0
    assert not (tmp_path / "folder").exists()


def test_a_process_that_ends_is_told_with_its_last_words():
    worker = LmmsEvalWorker(sys.executable)
    with pytest.raises(EngineError, match=r"exit code 1 \(KeyError: 'open'\); run the same command again"):
        worker.call({"shut": 1})
    worker.close()
    assert not worker.folder.exists()


STAND_IN = """
import json, sys
def say(record): print(json.dumps(record), flush=True)
json.loads(sys.stdin.readline())
say({"interface": "chat", "versions": {"lmms-eval": "0"}})
for line in sys.stdin:
    command = json.loads(line)
    texts = [one["text"] for one in command["ask"]]
    say({"answers": [{"text": f"{command['seed']} {len(texts)} " + repr(command["options"]), "tokens": 3} for _ in texts]})
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """An engine whose process only says how it was asked."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr("proctor.harness.engines.lmms_eval.WORKER", script)

    def opened(model_args="", **options):
        return open_engine("model", {**HERE, "model_args": model_args, **options})

    return opened


def test_greedy_answers_come_in_chunks_and_sampled_ones_alone_with_their_seeds(stand_in, examine, tmp_path):
    model = stand_in(chunk="3")
    greedy = [one.text.split()[:2] for one in asked(model, examine(5), tmp_path / "greedy")]
    assert sorted(greedy) == [["None", "2"]] * 2 + [["None", "3"]] * 3
    sampled = examine(3, n=2, temperature=0.7, top_p=0.9, max_tokens=5)
    answers = asked(model, sampled, tmp_path / "sampled")
    assert len({one.text.split()[0] for one in answers}) == 6
    assert all(one.text.split()[1] == "1" and one.completion_tokens == 3 for one in answers)
    assert "'max_new_tokens': 5, 'temperature': 0.7, 'top_p': 0.9, 'until': []" in answers[0].text


def asked(model, examination, path):
    assert run_eval(examination, model, path).complete
    return list(RunReader(path).responses())


def test_token_counts_of_batches_are_not_taken(stand_in, examine, tmp_path):
    answers = asked(stand_in(batch_size="4"), examine(2), tmp_path / "run")
    assert [one.completion_tokens for one in answers] == [None, None]


def test_a_local_checkpoint_is_named_by_its_content(stand_in, tiny):
    model = stand_in(f"pretrained={tiny},max_pixels=9")
    identity = model.identity()
    assert identity["model_args"] == ["max_pixels=9"]
    assert {"weights", "configuration", "interface"} <= set(identity)
    assert model.name == "model base"
    elsewhere = stand_in("pretrained=org/name").identity()
    assert elsewhere["model_args"] == ["pretrained=org/name"]
    assert "weights" not in elsewhere


def test_texts_mark_pictures_only_where_they_stand_between_texts():
    image = Image.of_bytes(b"", "a")
    assert marked_text(Prompt((image, image, "which?"))) == "which?"
    assert marked_text(Prompt((image, "(A)", image, "(B)", image))) == "<image 1>(A)<image 2>(B)<image 3>"
    assert marked_text(Prompt(("only text",))) == "only text"
    assert marked_text(Prompt(("x", image), "Be brief.")) == "Be brief.\n\nx<image 1>"


def test_failures_are_told_by_their_beginning():
    assert all(is_failure(f"{sign} why") for sign in FAILURES)
    assert not is_failure("")
    assert not is_failure(f"it says {FAILURES[0]}")
