"""Recorded groups: what a reward sees of them, and a judge's scores that survive crashes and belong to one run."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proctor.harness.errors import (
    DataError,
    EngineError,
    IncompleteRunError,
    ProctorError,
    RunMismatchError,
    UsageError,
)
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Response, Sampling, TokenStatistics
from proctor.trainers.groups import DRAWN, FILE, judge_run, plan_groups, read_groups, with_tokens
from proctor.trainers.recipe_settings import JudgeSettings
from proctor.trainers.rewards.registry import open_reward

from .recorded_runs import SAMPLES, ScriptedJudge, boxed, record, say

SETTINGS = JudgeSettings()
ITEMS = 20


@pytest.fixture
def run(examine: Callable[..., Any], scripted: type, tmp_path: Path) -> Path:
    return record(examine(items=ITEMS, n=SAMPLES, temperature=1.0), scripted, tmp_path / "run")


def test_groups_are_the_samples_of_an_item_in_order(run: Path) -> None:
    groups = read_groups(run)
    assert [group.item.id for group in groups] == [f"q{n}" for n in range(ITEMS)]
    assert groups[1].responses == tuple(map(boxed, ("5", "6", "7", "5")))
    assert groups[1].correct == (True, False, False, True)
    assert [group.cluster for group in groups[:3]] == ["pair 0", "pair 0", "pair 1"]
    assert groups[0].judge_scores is None


def test_a_reward_sees_only_what_it_declares(run: Path) -> None:
    judge_run(run, ScriptedJudge(), SETTINGS)
    recorded = read_groups(run)[0]
    plain = recorded.group(open_reward("majority_vote", {}))
    assert plain.gold is None
    assert plain.judge_scores is None
    labelled = recorded.group(open_reward("ground_truth", {}))
    assert labelled.gold is not None
    assert labelled.gold.answer == "5"
    assert recorded.group(open_reward("judge_only", {})).judge_scores == (0.75, 0.75, 0.25, 0.25)


def test_one_sample_is_no_group(examine: Callable[..., Any], scripted: type, tmp_path: Path) -> None:
    path = record(examine(n=1), scripted, tmp_path / "run", lambda item, sample: boxed("5"))
    with pytest.raises(UsageError, match="one sample per item"):
        read_groups(path)


def test_an_incomplete_run_is_refused(examine: Callable[..., Any], scripted: type, tmp_path: Path) -> None:
    def says(item: str, sample: int) -> object:
        return RuntimeError("out of memory") if (item, sample) == ("q2", 1) else boxed("5")

    path = record(examine(n=2, temperature=1.0), scripted, tmp_path / "run", says)
    with pytest.raises(IncompleteRunError, match="1 answers missing"):
        read_groups(path)


def test_items_without_labels_measure_nothing(examine: Callable[..., Any], scripted: type, tmp_path: Path) -> None:
    import dataclasses

    from ..conftest import small_items

    items = [dataclasses.replace(item, answer="") for item in small_items(2)]
    path = record(examine(items=items, n=2, temperature=1.0), scripted, tmp_path / "run")
    with pytest.raises(DataError, match="no label"):
        read_groups(path)


@pytest.mark.parametrize(
    "text", ["", "\x00\x1b[31m", "\\boxed{" * 500, "9" * 20_000, "\ud800 <script>", "\\boxed{5}" * 200]
)
def test_hostile_texts_are_recorded_and_graded(
    text: str, examine: Callable[..., Any], scripted: type, tmp_path: Path
) -> None:
    path = record(examine(items=2, n=2, temperature=1.0), scripted, tmp_path / "run", lambda item, sample: text)
    [first, _] = read_groups(path)
    assert first.responses == (text, text)
    assert len(set(first.correct)) == 1


def test_scores_reach_their_responses(run: Path) -> None:
    assert judge_run(run, ScriptedJudge(), SETTINGS) == 0
    for group in read_groups(run):
        assert group.judge_scores == tuple(0.75 if right else 0.25 for right in group.correct)


def test_a_killed_judgement_ends_with_the_same_bytes(run: Path, tmp_path: Path) -> None:
    whole = shutil.copytree(run, tmp_path / "whole")
    straight = ScriptedJudge()
    judge_run(whole, straight, SETTINGS)
    with pytest.raises(EngineError):
        judge_run(run, ScriptedJudge(lives=1), SETTINGS)
    file = run / FILE
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 9  # header and the first eight groups
    with pytest.raises(IncompleteRunError, match="8 of 20"):
        read_groups(run)
    file.write_bytes(b"".join(lines[:6]) + lines[6][:9])  # five groups and a torn line
    told: list[int] = []
    again = ScriptedJudge()
    judge_run(run, again, SETTINGS, progress=told.append)
    assert told == [5, 3, 8, 4]
    assert again.seeds == straight.seeds
    assert file.read_bytes() == (whole / FILE).read_bytes()


@pytest.mark.parametrize("cut", [0, 5])
def test_a_torn_header_is_written_again(run: Path, cut: int) -> None:
    judge_run(run, ScriptedJudge(), SETTINGS)
    whole = (run / FILE).read_bytes()
    (run / FILE).write_bytes(whole[:cut])
    judge_run(run, ScriptedJudge(), SETTINGS)
    assert (run / FILE).read_bytes() == whole


def test_a_judged_run_is_not_judged_again(run: Path) -> None:
    judge_run(run, ScriptedJudge(), SETTINGS)
    again = ScriptedJudge(lives=0)
    assert judge_run(run, again, SETTINGS) == 0


def test_another_judge_is_refused(run: Path) -> None:
    judge_run(run, ScriptedJudge(), SETTINGS)
    with pytest.raises(RunMismatchError, match=r"judge\.judge"):
        judge_run(run, ScriptedJudge(name="other"), SETTINGS)
    with pytest.raises(RunMismatchError, match=r"settings\.temperature"):
        judge_run(run, ScriptedJudge(), JudgeSettings(temperature=0.5))
    with pytest.raises(RunMismatchError, match="answer_format"):
        judge_run(run, ScriptedJudge(), SETTINGS, "think_boxed")


def test_scores_of_other_responses_are_refused(
    run: Path, examine: Callable[..., Any], scripted: type, tmp_path: Path
) -> None:
    other = record(
        examine(items=ITEMS, n=SAMPLES, temperature=1.0), scripted, tmp_path / "other", lambda item, sample: boxed("5")
    )
    judge_run(other, ScriptedJudge(), SETTINGS)
    shutil.copy(other / FILE, run / FILE)
    with pytest.raises(DataError, match="other responses"):
        read_groups(run)
    with pytest.raises(RunMismatchError, match="responses"):
        judge_run(run, ScriptedJudge(), SETTINGS)


def test_a_failing_judge_stores_nothing_of_what_failed(run: Path) -> None:
    calls = iter(range(10**6))
    failing = ScriptedJudge(score_of=lambda text: 0.5 if next(calls) < 8 * SAMPLES else None)
    with pytest.raises(EngineError, match="scripted trouble"):
        judge_run(run, failing, SETTINGS)
    assert len((run / FILE).read_bytes().splitlines()) == 9


def test_a_few_failures_are_blank_and_counted(run: Path) -> None:
    calls = iter(range(10**6))
    assert judge_run(run, ScriptedJudge(score_of=lambda text: None if next(calls) % 16 == 3 else 0.5), SETTINGS) == 5
    assert read_groups(run)[0].judge_scores == (0.5, 0.5, 0.5, None)


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[1]",
        "null",
        "[" * 5000,
        '{"item": "q19", "scores": [1, 1, 1, 1.5]}',
        '{"item": "q19", "scores": [1, 1, 1, NaN]}',
        '{"item": "q19", "scores": [1, 1, 1, true]}',
        '{"item": "q19", "scores": [1, 1, 1, "1"]}',
        '{"item": "q19", "scores": [1, 1, 1]}',
        '{"item": "q19", "scores": 4}',
        '{"item": ["q19"], "scores": [1, 1, 1, 1]}',
        '{"item": "stranger", "scores": [1, 1, 1, 1]}',
        '{"item": "q0", "scores": [1, 1, 1, 1]}',
    ],
)
def test_damaged_scores_are_refused(run: Path, line: str) -> None:
    judge_run(run, ScriptedJudge(), SETTINGS)
    lines = (run / FILE).read_text().splitlines()
    (run / FILE).write_text("\n".join([*lines[:-1], line, ""]))
    with pytest.raises(DataError):
        read_groups(run)


NAN_HEAD = '{"format": 1, "judge": NaN, "settings": {}, "answer_format": "boxed", "responses": ""}'


@pytest.mark.parametrize("head", ["{}", "x", '{"format": 2}', "[]", '{"item": "q0", "scores": []}', NAN_HEAD])
def test_a_file_without_a_header_is_refused(run: Path, head: str) -> None:
    (run / FILE).write_text(head + "\n")
    with pytest.raises(DataError):
        read_groups(run)
    with pytest.raises(DataError):
        judge_run(run, ScriptedJudge(), SETTINGS)


def test_a_pipe_is_no_file_of_scores(run: Path) -> None:
    os.mkfifo(run / FILE)
    with pytest.raises(DataError, match="no file"):
        read_groups(run)


SAMPLING = Sampling(n=4, temperature=1.0, seed=3)


@pytest.mark.parametrize("suite", ["figures", "gym"])
def test_training_questions_are_no_test_questions(suite: str) -> None:
    train = plan_groups(suite, "strict", SAMPLING, training=True)
    assert len(train.asked) == DRAWN
    assert all(one.item.answer for one in train.asked)
    test = plan_groups(suite, "strict", SAMPLING)
    assert not {one.item.cluster for one in train.asked} & {one.item.cluster for one in test.asked}


def test_a_training_set_is_recorded_with_its_labels(tmp_path: Path) -> None:
    rows = [{"id": f"train-{n}", "problem": f"What is {n} + 1?", "images": [], "answer": str(n + 1)} for n in range(3)]
    file = tmp_path / "geometry3k.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plan = plan_groups("geometry3k", "strict", SAMPLING, file, 2, lock=tmp_path / "lock")
    assert [one.item.answer for one in plan.asked] == ["1", "2"]


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": Sampling(n=1, temperature=1.0)},
        {"sampling": Sampling(n=8)},
        {"suite": "nothing"},
        {"suite": "mathvista", "training": True},
        {"protocol": "nothing", "training": True},
        {"limit": 0},
        {"limit": 0, "training": True},
    ],
)
def test_plans_that_make_no_groups_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProctorError):
        plan_groups(**{"suite": "figures", "protocol": "strict", "sampling": SAMPLING} | change)


def test_record_refuses_bad_arguments(cli: Callable[..., Any], tmp_path: Path) -> None:
    command = ["reward", "record", "--model", tmp_path, "--run", tmp_path / "run"]
    for more, said in (
        ([], "--samples 2 or more"),
        (["--judge-set", "prompt=short"], "needs --judge"),
        (["--judge", "base", "--judge-set", "prompt=odd"], "prompt must be one of"),
        (["--answer-format", "odd"], "there are: boxed"),
    ):
        done = cli(*command, *more)
        assert done.code == 2
        assert said in done.err
        assert len(done.err.strip().splitlines()) == 1


@pytest.mark.slow
def test_kill_9_while_judging_loses_no_score(start: Callable[..., Any], tiny: Path, tmp_path: Path) -> None:
    def command(run: Path) -> list[object]:
        asked = ["--model", tiny, "--limit", 40, "--samples", 2, "--temperature", 1, "--max-tokens", 24]
        judged = ["--judge", "tiny_judge", "--judge-set", "prompt=short", "--judge-set", "max_tokens=112"]
        return ["-m", "proctor.harness.cli", "reward", "record", *asked, *judged, "--run", run]

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    start(*command(whole)).communicate(timeout=300)
    process = start(*command(killed))
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        if (killed / FILE).exists() and len((killed / FILE).read_bytes().splitlines()) > 8:
            process.kill()
        time.sleep(0.005)
    before = (killed / FILE).read_bytes()
    assert process.returncode == -signal.SIGKILL
    assert len(before) < len((whole / FILE).read_bytes())
    start(*command(killed)).communicate(timeout=300)
    after = (killed / FILE).read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert after == (whole / FILE).read_bytes()


@pytest.mark.engine
def test_the_tiny_model_is_recorded_judged_and_benched(cli: Callable[..., Any], tiny: Path, tmp_path: Path) -> None:
    run, page = tmp_path / "run", tmp_path / "bench.html"
    asked = ["--model", tiny, "--split", "train", "--limit", 8, "--samples", 4, "--temperature", 1, "--max-tokens", 48]
    judged = ["--judge", "tiny_judge", "--judge-set", "prompt=short", "--judge-set", "max_tokens=112"]
    record_it = ["reward", "record", *asked, *judged, "--run", run, "--json"]
    first = cli(*record_it)
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert told["groups"] == 8
    assert told["unscored"] < 8
    before = (run / FILE).read_bytes()
    assert cli(*record_it).code == 0
    assert (run / FILE).read_bytes() == before
    done = cli("reward", "bench", "--groups", run, "--json", "--html", page)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    by_label = {one["label"]: one["measures"] for one in found["rewards"]}
    assert by_label["ground_truth"]["false_reinforcement"]["value"] == 0
    assert {"actor_judge", "judge_only", "majority_vote", "random"} <= set(by_label)
    assert found["judge"]["unscored"] == told["unscored"]
    assert "<script" not in page.read_text()


def telling(item_id: str, sample: int) -> Response:
    told = TokenStatistics.rounded([-0.5 * (sample + 1)] * 3, [0.1 * (sample + 1)] * 3)
    return Response(item_id, sample, say(item_id, sample), None, "stop", 7, 3, tokens=told)


def telling_model(scripted):
    model = scripted(telling)
    model.tells = frozenset({"logprobs", "entropies"})
    return model


def test_what_an_engine_tells_of_tokens_reaches_rewards_that_need_it(examine, scripted, tmp_path) -> None:
    asked = with_tokens(examine(items=3, n=SAMPLES, temperature=1.0), telling_model(scripted))
    run_eval(asked, telling_model(scripted), tmp_path / "run")
    group = read_groups(tmp_path / "run")[0]
    assert group.tokens.lengths == (3, 3, 3, 3)
    assert group.group(open_reward("confidence", {})).logprobs == tuple((-0.5 * k,) * 3 for k in (1, 2, 3, 4))
    seen = group.group(open_reward("negative_entropy", {}))
    assert (seen.logprobs, seen.lengths) == (None, None)
    assert list(open_reward("negative_entropy", {})(seen, 0)) == pytest.approx([-0.1, -0.2, -0.3, -0.4])
    plain = group.group(open_reward("majority_vote", {}))
    assert (plain.logprobs, plain.entropies, plain.lengths) == (None, None, None)


def test_a_run_with_tokens_is_another_run(examine, scripted, tmp_path) -> None:
    plain = examine(items=2, n=2, temperature=1.0)
    asked = with_tokens(plain, telling_model(scripted))
    run_eval(plain, scripted(say), tmp_path / "run")
    with pytest.raises(RunMismatchError, match="tokens"):
        run_eval(asked, scripted(say), tmp_path / "run")


def test_groups_of_before_are_read_and_tell_only_how_long_they_are(run: Path) -> None:
    tokens = read_groups(run)[0].tokens
    assert tokens.lengths == tuple(len(boxed(answer)) for answer in ("5", "5", "6", "7"))
    assert (tokens.logprobs, tokens.entropies) == (None, None)


def test_an_engine_that_tells_nothing_is_refused(examine, scripted) -> None:
    with pytest.raises(UsageError, match="engine scripted does not tell log-probabilities or entropies of tokens"):
        with_tokens(examine(n=2, temperature=1.0), scripted())


@pytest.mark.engine
def test_tokens_are_recorded_and_benched_by_the_command_line(cli, tiny: Path, tmp_path: Path) -> None:
    drawn = ["--limit", 6, "--samples", 4, "--temperature", 1, "--max-tokens", 48]
    for name, more in (("run", ["--tokens"]), ("plain", [])):
        done = cli("reward", "record", "--model", tiny, *drawn, *more, "--run", tmp_path / name)
        assert done.code == 0, done.err
    texts = [[group.responses for group in read_groups(tmp_path / name)] for name in ("run", "plain")]
    assert texts[0] == texts[1]
    labels = {}
    for name in ("run", "plain"):
        done = cli("reward", "bench", "--groups", tmp_path / name, "--json")
        labels[name] = {one["label"] for one in json.loads(done.out)["rewards"]}
    assert labels["run"] - labels["plain"] == {"confidence", "negative_entropy"}
    for command in (["bench", "confidence"], ["simulate", "confidence", "--steps", 1]):
        done = cli("reward", *command, "--groups", tmp_path / "plain")
        assert done.code == 2
        assert "reward record --tokens" in done.err
    assert cli("reward", "simulate", "confidence", "--groups", tmp_path / "run", "--steps", 1, "--json").code == 0
    assert cli("reward", "check", "confidence", "--groups", tmp_path / "run").code == 0
    again = ["--engine", "replay", "--model", tmp_path / "run", *drawn, "--tokens", "--run", tmp_path / "again"]
    done = cli("reward", "record", *again)
    assert done.code == 0, done.err
    assert read_groups(tmp_path / "again")[0].tokens == read_groups(tmp_path / "run")[0].tokens
