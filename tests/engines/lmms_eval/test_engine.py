"""Models of the real lmms-eval sit our examinations, each in lmms-eval's own environment."""

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.harness.engines.lmms_eval import is_failure, open_engine
from proctor.harness.errors import EngineError, UsageError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import RunReader, Sample
from proctor.harness.types import Image, Prompt, Request, Sampling

pytestmark = [pytest.mark.slow, pytest.mark.engine]

FAILED = ("RAISE", "LOG ERROR", "LOG DEBUG")


@pytest.fixture(autouse=True)
def environment(lmms_eval_environment, monkeypatch):
    for name, value in lmms_eval_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def opened(lmms_eval_python):
    """`opened(model, model_args, **options)`: the engine with a model of lmms-eval."""

    def opening(model, model_args, **options):
        given = {"python": str(lmms_eval_python), "model_args": model_args, **options}
        return open_engine(model, {key: str(value) for key, value in given.items()})

    return opening


def answers(path):
    return {(one.item_id, one.sample): (one.text, one.error) for one in RunReader(path).responses()}


@pytest.mark.parametrize("interface", ["auto", "simple"])
def test_every_answer_comes_back_and_every_failure_is_an_error(canned, opened, tmp_path, interface):
    examination = plan("iconqa", "strict", Sampling(max_tokens=99))
    said = canned.prepare(examination.asked)
    failing = dict(zip([one.item.id for one in examination.asked], FAILED, strict=False))
    wanted = {**said, **failing}
    canned.answers.update({canned.key(one.prompt): wanted[one.item.id] for one in examination.asked})
    canned.write()
    model = opened("canned", canned.model_args, interface=interface, chunk=5)
    assert model.identity()["interface"] == {"auto": "chat", "simple": "simple"}[interface]
    assert set(model.versions()) == {"lmms-eval", "torch", "transformers"}
    outcome = run_eval(examination, model, tmp_path / "run")
    for (item_id, _), (text, error) in answers(tmp_path / "run").items():
        if item_id in failing:
            assert text is None
            assert "no answer to this one" in error if failing[item_id] == "RAISE" else "out of memory" in error
        else:
            assert (text is None) == is_failure(said[item_id])
            assert text is None or text == said[item_id]
    assert outcome.missing == len(outcome.errors) == len(FAILED) + sum(map(is_failure, said.values()))
    for record, prompt in canned.seen():
        texts = [canned.pixels(part) if isinstance(part, Image) else part for part in prompt.parts]
        assert record["shown"] == (texts if interface == "auto" else [record["shown"][0], *filter_pictures(texts)])
        assert record["options"] == {"until": [], "max_new_tokens": 99, "temperature": 0.0, "do_sample": False}


def filter_pictures(parts):
    return [part for part in parts if isinstance(part, list)]


def test_a_model_that_dies_ends_the_run_which_goes_on_when_asked_again(
    canned, cli, lmms_eval_python, tmp_path, scripted
):
    asked = plan("dynamath", "strict", Sampling()).asked
    said = {one.item.id: rf"\boxed{{{one.item.answer}}}" if n % 2 else "none" for n, one in enumerate(asked)}
    canned.prepare(asked)
    canned.answers = {canned.key(one.prompt): said[one.item.id] for one in asked}
    canned.write()
    given = {"python": lmms_eval_python, "model_args": canned.model_args, "chunk": 2}
    options = [part for key, value in given.items() for part in ("--engine-option", f"{key}={value}")]
    command = ["eval", "--engine", "lmms_eval", "--model", "canned", "--suite", "dynamath", *options, "--run"]
    assert cli(*command, tmp_path / "whole").code == 0

    fatal = canned.key(asked[5].prompt)
    canned.answers[fatal] = "DIE"
    canned.write()
    (tmp_path / "alive").write_text("")
    done = cli(*command, tmp_path / "run")
    assert done.code == 3
    assert "lmms-eval's process ended with exit code 9" in done.err
    assert len(answers(tmp_path / "run")) == 4

    canned.answers[fatal] = said[asked[5].item.id]
    canned.write()
    assert cli(*command, tmp_path / "run").code == 0
    for name in ("responses.jsonl", "items.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    run_eval(plan("dynamath", "strict", Sampling()), scripted(say=lambda item, _: said[item]), tmp_path / "ours")
    assert score_run(tmp_path / "run").verdicts == score_run(tmp_path / "ours").verdicts


def test_kill_9_leaves_no_process_behind_and_the_run_goes_on(canned, start, lmms_eval_python, tmp_path, opened):
    examination = plan("dynamath", "strict", Sampling())
    said = canned.prepare(examination.asked)
    slow = canned.key(examination.asked[4].prompt)
    canned.answers[slow] = "SLEEP"
    canned.write()
    given = {"python": lmms_eval_python, "model_args": canned.model_args, "chunk": 2}
    options = [part for key, value in given.items() for part in ("--engine-option", f"{key}={value}")]
    asking = ["eval", "--engine", "lmms_eval", "--model", "canned", "--suite", "dynamath", "--max-tokens", 2048]
    process = start("-m", "proctor.harness.cli", *asking, *options, "--run", tmp_path / "run")
    record = wait_for(lambda: next((one for one, _ in canned.seen() if one["key"] == slow), None))
    process.kill()
    assert wait_for(lambda: ended(record["pid"]))
    assert {key[0] for key in answers(tmp_path / "run")} == set(list(said)[:4])

    canned.answers[slow] = said[examination.asked[4].item.id]
    canned.write()
    run_eval(examination, opened("canned", canned.model_args), tmp_path / "run")
    assert {key[0]: text for key, (text, _) in answers(tmp_path / "run").items()} == {
        item_id: None if is_failure(text) else text for item_id, text in said.items()
    }


def wait_for(look, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, ValueError):
            if found := look():
                return found
        time.sleep(0.2)
    raise AssertionError("waited in vain")


def ended(pid):
    """True if there is no such process, or nobody who asks how it ended."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_killed_process_is_an_engine_error(canned, opened):
    examination = plan("dynamath", "strict", Sampling())
    canned.prepare(examination.asked)
    model = opened("canned", canned.model_args)
    os.kill(model._worker._process.pid, 9)
    with pytest.raises(EngineError, match="ended by signal 9"):
        list(model.generate([], Sampling())) or run_eval(examination, model, canned.table.parent / "run")
    model._worker.close()
    assert not model._worker.folder.exists()


def test_models_that_can_not_be_opened(opened, tmp_path, canned):
    with pytest.raises(UsageError, match="has no model 'nobody'"):
        opened("nobody", "")
    with pytest.raises(EngineError, match=r"could not open canned: TypeError: .*unheard"):
        opened("canned", "unheard=1")


def test_a_broken_picture_is_an_error_of_its_item_alone(canned, opened, tmp_path):
    asked = list(plan("wemath", "strict", Sampling()).asked)
    canned.prepare(asked)
    asked[1] = Sample(asked[1].item, Prompt((Image.of_bytes(b"broken", "broken.png"), "?")))
    outcome = run_eval(
        Examination("wemath", "strict", asked, Sampling()), opened("canned", canned.model_args), tmp_path / "run"
    )
    assert [error for error in outcome.errors if "broken.png" in error]
    assert outcome.missing <= 2


@pytest.fixture(scope="module")
def figures():
    return plan("figures", "strict", Sampling(max_tokens=48), limit=60)


@pytest.fixture
def ours(figures, tiny_model, tmp_path):
    run_eval(figures, tiny_model, tmp_path / "ours")
    return tmp_path / "ours"


@pytest.fixture
def qwen(opened, tiny):
    """`qwen(model, **options)`: lmms-eval's model for Qwen2.5-VL with the tiny checkpoint and its sizes of pictures."""

    def opening(model, **options):
        return opened(
            model, f"pretrained={tiny},device_map=cpu,min_pixels=784,max_pixels=12544", device="cpu", **options
        )

    return opening


@pytest.mark.parametrize("batch_size", [1, 8])
def test_lmms_evals_own_model_gives_the_verdicts_of_our_engine(batch_size, qwen, figures, ours, tiny, tmp_path):
    engine = qwen("qwen2_5_vl_float32", chunk=20, batch_size=batch_size)
    assert {"weights", "configuration"} <= set(engine.identity())
    assert str(tiny) not in json.dumps(engine.identity())
    assert run_eval(figures, engine, tmp_path / "run").complete
    theirs, expected = score_run(tmp_path / "run"), score_run(ours)
    assert [one.correct for one in theirs.verdicts] == [one.correct for one in expected.verdicts]
    assert 0 < theirs.accuracy().correct < len(figures.asked)
    assert answers(tmp_path / "run") == answers(ours)


def test_its_bfloat16_is_ours(qwen, figures, tiny, tmp_path):
    from proctor.harness.engines.transformers import TransformersEngine, TransformersOptions

    assert run_eval(figures, qwen("qwen2_5_vl"), tmp_path / "run").complete
    run_eval(figures, TransformersEngine(tiny, TransformersOptions(dtype="bfloat16")), tmp_path / "ours")
    theirs, ours = answers(tmp_path / "run"), answers(tmp_path / "ours")
    same = [key for key in ours if theirs[key] == ours[key]]
    assert len(same) >= 0.9 * len(ours), f"{len(same)} of {len(ours)}"


def test_samples_depend_on_nothing_but_their_seeds(qwen, tmp_path):
    drawn = plan("figures", "strict", Sampling(n=3, temperature=1.0, max_tokens=24, seed=5), limit=4)
    engine = qwen("qwen2_5_vl_float32")
    assert run_eval(drawn, engine, tmp_path / "whole").complete
    whole = answers(tmp_path / "whole")
    assert len(set(whole.values())) > len(drawn.asked)
    requests = [(one.item, one.prompt) for one in reversed(drawn.asked)]
    backwards = list(engine.generate(_requests(requests), drawn.sampling))
    assert {(one.item_id, one.sample): (one.text, one.error) for one in backwards} == {
        key: answer for key, answer in whole.items() if key[1] != 1
    }


def _requests(questions):
    for item, prompt in questions:
        yield Request(item.id, prompt, (2, 0))
