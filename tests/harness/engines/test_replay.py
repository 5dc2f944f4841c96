"""The replay engine: stored answers again, and errors for what is not stored."""

import pytest

from proctor.harness.engines.replay import ReplayEngine, open_engine
from proctor.harness.errors import DataError, UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader


def texts(path):
    return [(one.item_id, one.sample, one.text) for one in RunReader(path).responses()]


def test_a_stored_run_answers_as_it_did(tmp_path, examine, scripted):
    run_eval(examine(n=2), scripted(lambda i, k: f"{i} {k}"), tmp_path / "first")
    model = ReplayEngine(tmp_path / "first")
    assert model.name == "scripted"
    assert run_eval(examine(n=2), model, tmp_path / "second").complete
    assert texts(tmp_path / "second") == texts(tmp_path / "first")
    identities = [RunReader(tmp_path / name).manifest.identity for name in ("first", "second")]
    assert identities[1]["model"]["replayed"] == identities[0]
    assert identities[1]["model"]["engine"] == "replay"


def test_what_the_run_does_not_hold_is_an_error(tmp_path, examine, scripted):
    run_eval(examine(2), scripted(lambda i, k: ValueError("tired") if i == "q1" else "fine"), tmp_path / "first")
    outcome = run_eval(examine(3, n=2), ReplayEngine(tmp_path / "first"), tmp_path / "second")
    assert outcome.missing == 5
    assert outcome.errors[0] == "item q0: the replayed run has no answer to it"
    assert "item q1: tired" in outcome.errors


def test_other_answers_are_another_model(tmp_path, examine, scripted):
    for name, text in (("a", "x"), ("b", "y")):
        run_eval(examine(), scripted(lambda i, k, t=text: t), tmp_path / name)
    assert ReplayEngine(tmp_path / "a").identity() != ReplayEngine(tmp_path / "b").identity()


def test_an_edited_run_is_not_replayed(tmp_path, examine, scripted):
    run_eval(examine(), scripted(), tmp_path)
    with (tmp_path / "responses.jsonl").open("ab") as journal:
        journal.write(b"\n")
    with pytest.raises(DataError, match="changed"):
        ReplayEngine(tmp_path)


def test_options_and_folders_that_are_no_runs_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no options"):
        open_engine(str(tmp_path), {"batch": "3"})
    with pytest.raises(DataError, match="no run directory"):
        open_engine(str(tmp_path), {})
