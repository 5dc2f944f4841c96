"""Holding an examination: what is asked, what is stored, and every way in which it can end."""

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.harness.errors import DataError, EngineError, RunLockedError, StoreError
from proctor.harness.runs.evaluate import Examination, run_eval, stop_signals
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Response, Sampling


def texts(path):
    return {(one.item_id, one.sample): one.text for one in RunReader(path).responses()}


def journal(path):
    return (path / "responses.jsonl").read_bytes()


def test_every_question_is_asked_once_and_the_run_is_sealed(tmp_path, examine, scripted):
    model, done = scripted(lambda item_id, k: f"{item_id} {k}", flight=3), []
    outcome = run_eval(examine(5, n=2), model, tmp_path, done.append)
    wanted = {(f"q{n}", k): f"q{n} {k}" for n in range(5) for k in range(2)}
    assert sorted(model.asked) == sorted(wanted)
    assert texts(tmp_path) == wanted
    assert list(texts(tmp_path)) == list(wanted)  # in the order of the items, though the engine answered out of it
    assert (outcome.total, outcome.missing, outcome.stopped, outcome.errors) == (10, 0, False, [])
    assert outcome.complete
    assert RunReader(tmp_path).complete
    assert sum(done) == 10


def test_a_complete_run_asks_nothing(tmp_path, examine, scripted):
    run_eval(examine(), scripted(), tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    model, done = scripted(lambda item_id, k: pytest.fail("asked again")), []
    outcome = run_eval(examine(), model, tmp_path, done.append)
    assert outcome.complete
    assert model.asked == []
    assert sum(done) == 4
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_the_manifest_is_there_before_the_first_question(tmp_path, examine, scripted):
    def say(item_id, k):
        record = json.loads((tmp_path / "run.json").read_text())
        assert record["seal"] is None
        assert record["identity"]["model"] == {"engine": "scripted", "weights": "w"}
        assert len(RunReader(tmp_path).asked()) == 4
        return "fine"

    assert run_eval(examine(), scripted(say), tmp_path).complete


def test_errors_are_counted_and_retried_and_never_answers(tmp_path, examine, scripted):
    first = scripted(lambda item_id, k: ValueError("out of memory") if item_id in ("q1", "q3") else "fine")
    outcome = run_eval(examine(), first, tmp_path)
    assert (outcome.missing, outcome.complete) == (2, False)
    assert outcome.errors == ["item q1: out of memory", "item q3: out of memory"]
    assert not RunReader(tmp_path).complete
    assert texts(tmp_path) == {("q0", 0): "fine", ("q1", 0): None, ("q2", 0): "fine", ("q3", 0): None}

    second = scripted(lambda item_id, k: ValueError("still") if item_id == "q3" else "fine")
    assert run_eval(examine(), second, tmp_path).missing == 1
    assert second.asked == [("q1", 0), ("q3", 0)]

    third = scripted(lambda item_id, k: "fine")
    assert run_eval(examine(), third, tmp_path).complete
    assert third.asked == [("q3", 0)]
    run_eval(examine(), third, tmp_path / "uninterrupted")
    assert journal(tmp_path) == journal(tmp_path / "uninterrupted")


def test_only_the_missing_samples_of_an_item_are_asked(tmp_path, examine, scripted):
    run_eval(
        examine(2, n=4), scripted(lambda i, k: ValueError("no") if k in (1, 3) and i == "q1" else f"{k}"), tmp_path
    )
    model = scripted(lambda i, k: f"{k}")
    assert run_eval(examine(2, n=4), model, tmp_path).complete
    assert sorted(model.asked) == [("q1", 1), ("q1", 3)]
    assert texts(tmp_path) == {(i, k): str(k) for i in ("q0", "q1") for k in range(4)}


@pytest.mark.parametrize("flight", [1, 3])
@pytest.mark.parametrize("after", [1, 2, 4, 8])
def test_stopping_drains_what_is_in_flight_and_resuming_finishes(tmp_path, examine, scripted, flight, after):
    stop = threading.Event()
    model = scripted(lambda i, k: i, flight=flight)

    def count(done):
        if len(model.asked) >= after:
            stop.set()

    outcome = run_eval(examine(8), model, tmp_path / "stopped", count, stop)
    in_hand = min(8, -(-after // flight) * flight)
    assert outcome.stopped
    assert len(model.asked) == in_hand  # not one more question was asked than was in flight
    assert outcome.missing == 8 - in_hand
    assert len(texts(tmp_path / "stopped")) == in_hand
    assert RunReader(tmp_path / "stopped").complete == (in_hand == 8)
    assert run_eval(examine(8), scripted(lambda i, k: i), tmp_path / "stopped").complete
    run_eval(examine(8), scripted(lambda i, k: i, flight=5), tmp_path / "whole")
    assert journal(tmp_path / "stopped") == journal(tmp_path / "whole")


def test_stopped_before_the_start_asks_nothing(tmp_path, examine, scripted):
    stop = threading.Event()
    stop.set()
    model = scripted()
    outcome = run_eval(examine(), model, tmp_path, stop=stop)
    assert (model.asked, outcome.missing, outcome.stopped) == ([], 4, True)


@pytest.mark.parametrize("error", [EngineError("the GPU fell off"), KeyboardInterrupt(), MemoryError(), SystemExit(1)])
def test_whatever_ends_the_engine_what_was_answered_stays(tmp_path, examine, scripted, error):
    class Dies(scripted):
        def generate(self, requests, sampling):
            answers = super().generate(requests, sampling)
            yield next(answers)
            yield next(answers)
            raise error

    with pytest.raises(type(error)):
        run_eval(examine(), Dies(lambda i, k: i), tmp_path)
    assert texts(tmp_path) == {("q0", 0): "q0", ("q1", 0): "q1"}
    model = scripted(lambda i, k: i)
    assert run_eval(examine(), model, tmp_path).complete  # the lock is free again
    assert model.asked == [("q2", 0), ("q3", 0)]


@pytest.mark.parametrize("key", [("q9", 0), ("q0", 7)])
def test_an_answer_to_nothing_asked_ends_the_run_in_order(tmp_path, examine, scripted, key):
    strange = Response(*key, "hello")
    model = scripted(lambda i, k: strange if i == "q2" else "fine")
    with pytest.raises(StoreError, match="not asked"):
        run_eval(examine(), model, tmp_path)
    assert sorted(texts(tmp_path)) == [("q0", 0), ("q1", 0)]
    assert run_eval(examine(), scripted(lambda i, k: "fine"), tmp_path).complete


def test_an_engine_that_leaves_out_answers_leaves_the_run_incomplete(tmp_path, examine, scripted):
    class Lazy(scripted):
        def generate(self, requests, sampling):
            return (one for one in super().generate(requests, sampling) if one.item_id != "q2")

    outcome = run_eval(examine(), Lazy(), tmp_path)
    assert (outcome.missing, outcome.errors, outcome.stopped) == (1, [], False)
    assert not RunReader(tmp_path).complete


def test_an_engine_that_answers_twice_leaves_one_answer(tmp_path, examine, scripted):
    class Twice(scripted):
        def generate(self, requests, sampling):
            for one in super().generate(requests, sampling):
                yield Response(one.item_id, one.sample, "first thought")
                yield one

    assert run_eval(examine(), Twice(lambda i, k: "second thought"), tmp_path).complete
    assert journal(tmp_path).count(b"\n") == 4
    assert set(texts(tmp_path).values()) == {"second thought"}


def test_requests_are_pulled_only_as_they_are_needed(tmp_path, examine, scripted):
    model = scripted()

    def at_most_two_ahead(done):
        assert len(model.asked) <= len(journal(tmp_path).splitlines()) + 2

    run_eval(examine(8), model, tmp_path, at_most_two_ahead)


def test_two_at_once_one_wins(tmp_path, examine, scripted):
    def say(item_id, k):
        with pytest.raises(RunLockedError):
            run_eval(examine(), scripted(), tmp_path)
        return "fine"

    assert run_eval(examine(), scripted(say), tmp_path).complete


@given(
    failures=st.lists(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 1))), max_size=3), flight=st.integers(1, 4)
)
@settings(max_examples=30)
def test_whatever_fails_before_the_file_ends_the_same(tmp_path_factory, examine, scripted, failures, flight):
    path = tmp_path_factory.mktemp("run")
    for failing in failures:
        run_eval(
            examine(5, n=2),
            scripted(lambda i, k, f=failing: ValueError("no") if (int(i[1]), k) in f else f"{i}{k}", flight=flight),
            path,
        )
    run_eval(examine(5, n=2), scripted(lambda i, k: f"{i}{k}", flight=flight), path)
    whole = tmp_path_factory.mktemp("whole")
    run_eval(examine(5, n=2), scripted(lambda i, k: f"{i}{k}"), whole)
    assert journal(path) == journal(whole)
    assert json.loads((path / "run.json").read_text())["seal"] == json.loads((whole / "run.json").read_text())["seal"]


def test_the_examination_is_named_by_what_could_change_an_answer(examine, scripted):
    base = examine().manifest(scripted())
    assert base.run_id == examine().manifest(scripted(name="another name")).run_id
    assert base.run_id == examine(temperature=0).manifest(scripted()).run_id
    assert base.run_id != examine(temperature=1.0).manifest(scripted()).run_id
    assert base.run_id != examine().manifest(scripted(weights="x")).run_id


def test_sampling_written_as_integers_is_the_same_examination(examine, scripted):
    whole = examine(temperature=1, top_p=1).manifest(scripted())
    assert whole.run_id == examine(temperature=1.0, top_p=1.0).manifest(scripted()).run_id


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_handlers_are_put_back(tmp_path, name):
    import os
    import signal

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with stop_signals() as stop:
        os.kill(os.getpid(), signal.Signals[name])
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_hangup_that_is_ignored_stays_so():
    import signal

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals() as stop:
            signal.raise_signal(signal.SIGHUP)
        assert not stop.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_id_that_repeats_is_refused(examine):
    one = examine(1).asked[0]
    with pytest.raises(DataError, match="'q0' is used by more than one item"):
        Examination("figures", "strict", [one, one], Sampling())
