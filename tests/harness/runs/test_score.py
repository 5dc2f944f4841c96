"""Scoring stored runs: failures are not wrong answers, incomplete runs say so, and clusters count."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from proctor.benchmarks.examination import find_runs, score_run
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, UsageError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.score import StoredAnswers, score
from proctor.harness.runs.store import Manifest, RunReader
from proctor.harness.stats.intervals import proportion
from proctor.harness.types import Prompt, Response, digest

RIGHT, WRONG = r"So it is \boxed{5}.", r"\boxed{6}"
STRICT = SUITES.get("figures").protocol("strict")


@pytest.fixture
def held(tmp_path, examine, scripted):
    """Holds an examination in which `say(item id, sample)` answers, and scores it."""

    def examine_and_score(say, items=4, **sampling):
        run_eval(examine(items, **sampling), scripted(say), tmp_path)
        return score_run(tmp_path)

    return examine_and_score


def test_right_answers_are_counted(held):
    scored = held(lambda i, k: RIGHT if i != "q3" else WRONG)
    metric = scored.accuracy()
    assert (metric.correct, metric.total, metric.estimate.value) == (3, 4, 0.75)
    assert scored.complete
    assert (scored.errors, scored.unscored, scored.missing, scored.unparsed, scored.truncated) == (0, 0, 0, 0, 0)
    assert [(v.item_id, v.correct) for v in scored.verdicts] == [
        ("q0", True),
        ("q1", True),
        ("q2", True),
        ("q3", False),
    ]


def test_a_failed_engine_is_not_a_wrong_answer(held):
    scored = held(lambda i, k: {"q0": RIGHT, "q1": WRONG}.get(i, ValueError("timeout")))
    metric = scored.accuracy()
    assert (metric.correct, metric.total) == (1, 2)
    assert (scored.errors, scored.missing, scored.unscored) == (2, 2, 0)
    assert not scored.complete
    assert [v.correct for v in scored.verdicts] == [True, False, None, None]
    assert [v.reason for v in scored.verdicts if v.rule == "error"] == ["timeout", "timeout"]
    assert scored.item_scores() == {"q0": 1.0, "q1": 0.0}


def test_error_text_that_holds_the_answer_earns_nothing(held):
    scored = held(lambda i, k: ValueError(RIGHT))
    assert scored.accuracy().total == 0
    assert scored.errors == 4


def test_an_empty_answer_is_wrong_and_unparsed_not_missing(held):
    scored = held(lambda i, k: "")
    assert scored.complete
    assert (scored.accuracy().correct, scored.accuracy().total, scored.unparsed) == (0, 4, 4)


def test_a_truncated_answer_is_scored_and_counted(held):
    scored = held(lambda i, k: Response(i, k, RIGHT if i == "q0" else "", None, "length"))
    assert scored.truncated == 4
    assert (scored.accuracy().correct, scored.accuracy().total, scored.unparsed) == (1, 4, 3)
    assert scored.complete


def test_an_unfinished_run_is_flagged(tmp_path, examine, scripted):
    class Stops(scripted):
        def generate(self, requests, sampling):
            yield next(super().generate(requests, sampling))

    run_eval(examine(), Stops(lambda i, k: RIGHT), tmp_path)
    scored = score_run(tmp_path)
    assert (scored.missing, scored.errors, scored.complete) == (3, 0, False)
    assert (scored.accuracy().correct, scored.accuracy().total) == (1, 1)
    assert scored.to_json()["complete"] is False


def test_every_sample_counts_and_an_item_has_its_mean(held):
    scored = held(lambda i, k: RIGHT if k < int(i[1]) else WRONG, n=4)
    assert (scored.accuracy().correct, scored.accuracy().total) == (0 + 1 + 2 + 3, 16)
    assert scored.item_scores() == {"q0": 0.0, "q1": 0.25, "q2": 0.5, "q3": 0.75}
    assert scored.accuracy().estimate.clusters == 2


def test_the_error_is_over_the_suites_clusters(held):
    scored = held(lambda i, k: RIGHT if int(i[1:]) % 4 < 2 else WRONG, items=16)  # pairs are right or wrong together
    estimate = scored.accuracy().estimate
    assert estimate == proportion([1, 1, 0, 0] * 4, [f"pair {n // 2}" for n in range(16)])
    assert estimate.clusters == 8
    assert estimate.stderr > proportion([1, 1, 0, 0] * 4, [str(n) for n in range(16)]).stderr * 1.3


def test_an_item_without_a_cluster_is_its_own(tmp_path, examine, scripted):
    examination = examine()
    asked = [dataclasses.replace(one, item=dataclasses.replace(one.item, cluster="")) for one in examination.asked]
    run_eval(dataclasses.replace(examination, asked=asked), scripted(lambda i, k: RIGHT), tmp_path)
    assert score_run(tmp_path).accuracy().estimate.clusters == 4


def test_the_order_of_answers_does_not_change_the_score(tmp_path, examine, scripted):
    for flight in (1, 4):
        run_eval(examine(), scripted(lambda i, k: RIGHT if i < "q2" else WRONG, flight=flight), tmp_path / str(flight))
    one, other = (score_run(tmp_path / str(flight)) for flight in (1, 4))
    assert one.verdicts == other.verdicts
    assert one.accuracy() == other.accuracy()


def test_the_metrics_are_the_suites_accuracy_first(held):
    scored = held(lambda i, k: RIGHT if i != "q3" else WRONG)
    assert [metric.name for metric in scored.metrics] == ["accuracy", "accuracy/task=read"]
    assert scored.metrics[0] == scored.accuracy()
    summary = scored.to_json()
    assert [one["metric"] for one in summary["metrics"]] == ["accuracy", "accuracy/task=read"]
    for key in ("score", "stderr", "interval", "correct", "total", "clusters"):
        assert summary["metrics"][0][key] == summary[key]
    assert summary["metrics"][0]["n"] == 4


def test_several_samples_add_their_metrics(held):
    metrics = {one.name: one for one in held(lambda i, k: RIGHT if k < int(i[1]) else WRONG, n=4).metrics}
    assert list(metrics)[2:] == ["avg@4", "pass@2", "pass@4", "maj@2", "maj@4"]
    assert metrics["avg@4"].estimate.value == metrics["accuracy"].estimate.value == 6 / 16
    assert metrics["pass@4"].estimate.value == 3 / 4
    assert metrics["pass@2"].estimate.value == pytest.approx((0 + 1 / 2 + 5 / 6 + 1) / 4)
    assert metrics["avg@4"].estimate.n == 4


def test_metrics_of_an_incomplete_run_have_no_score(held):
    for one in held(lambda i, k: RIGHT if i == "q0" else ValueError("no")).to_json()["metrics"]:
        assert (one["score"], one["stderr"], one["interval"]) == (None, None, None)
        assert (one["correct"], one["total"]) == (1, 1)


def test_items_of_another_suite_are_told(held, tmp_path):
    run = held(lambda i, k: RIGHT).run.path
    rewrite(run, suite="wemath")
    with pytest.raises(DataError, match="its items are not as suite wemath makes them"):
        score_run(run).to_json()


def test_judging_by_a_protocol_that_asks_otherwise_is_marked(held):
    scored = held(lambda i, k: RIGHT)
    assert not scored.cross_prompt
    answers = StoredAnswers.read(scored.run)
    assert not score(answers, dataclasses.replace(STRICT, name="lenient")).cross_prompt  # it asks the same
    other = score(answers, dataclasses.replace(STRICT, prompt=lambda item: Prompt((item.question,))))
    assert other.cross_prompt
    assert other.to_json()["cross_prompt"] is True


def test_an_answer_that_could_not_be_judged_is_neither_right_nor_wrong(held):
    rules = dataclasses.replace(
        STRICT, match=lambda stated, item: dataclasses.replace(STRICT.match(stated, item), correct=None, rule="judge")
    )
    scored = score(StoredAnswers.read(held(lambda i, k: RIGHT).run), rules)
    assert (scored.unscored, scored.accuracy().total, scored.complete, scored.missing) == (4, 0, False, 0)


def test_a_verdict_says_what_was_found(held):
    said = {"q0": Response("q0", 0, RIGHT, None, "length"), "q1": WRONG, "q2": ValueError("broken"), "q3": RIGHT}
    right, wrong, error, _ = held(lambda i, k: said[i]).verdicts
    assert (right.correct, right.extracted, right.truncated) == (True, "5", True)
    assert wrong.correct is False
    assert (error.correct, error.rule, error.reason, error.extracted) == (None, "error", "broken", None)


@pytest.mark.parametrize("say", [lambda i, k: RIGHT, lambda i, k: ValueError("no")], ids=["answered", "all failed"])
def test_the_summary_is_json_whatever_happened(held, say):
    summary = json.loads(json.dumps(held(say).to_json(), allow_nan=False))
    assert summary["missing"] == summary["errors"]
    assert summary["score"] == (1.0 if summary["complete"] else None)
    assert summary["run_id"] == RunReader(Path(summary["run"])).manifest.run_id


def test_the_summary_of_one_cluster_has_no_error(held):
    summary = held(lambda i, k: RIGHT, items=2).to_json()
    assert summary["stderr"] is None
    assert summary["interval"] == [0.0, 1.0]


def test_unknown_names_say_what_there_is(held, tmp_path):
    run = held(lambda i, k: RIGHT).run.path
    with pytest.raises(UsageError, match=r"no protocol 'nope'; it has: .*strict"):
        score_run(run, "nope")
    rewrite(run, suite="nope")
    with pytest.raises(UsageError, match=r"no suite is called 'nope'; there are: .*figures"):
        score_run(run)


def rewrite(path, environment=None, **identity):
    """Forge a run.json that is consistent in itself."""
    stored = Manifest.read(path)
    forged = Manifest({**stored.identity, **identity}, environment or stored.environment, stored.seal)
    (path / "run.json").write_bytes(forged.to_bytes())


def test_an_answer_to_an_unknown_item_can_not_stand_in_for_a_missing_one(tmp_path, examine, scripted):
    class Stops(scripted):
        def generate(self, requests, sampling):
            return (one for one in super().generate(requests, sampling) if one.item_id != "q3")

    run_eval(examine(), Stops(lambda i, k: RIGHT), tmp_path)
    journal = tmp_path / "responses.jsonl"
    honest = journal.read_bytes()
    for strange in (Response("q9", 0, RIGHT), Response("q0", 1, RIGHT), Response("q0", -1, RIGHT)):
        journal.write_bytes(honest + json.dumps(strange.to_json()).encode() + b"\n")
        with pytest.raises(DataError, match="not asked"):
            score_run(tmp_path)


def test_gold_answers_can_not_be_changed_after_the_run(held):
    run = held(lambda i, k: WRONG).run.path
    file = run / "items.jsonl"
    file.write_text(file.read_text().replace('"answer":"5"', '"answer":"6"'))
    with pytest.raises(DataError, match=r"items\.jsonl was changed"):
        score_run(run)


def test_a_run_is_found_by_its_path_or_its_folder(tmp_path, examine, scripted):
    for name in "ba":
        run_eval(examine(1), scripted(weights=name), tmp_path / "runs" / name)
    (tmp_path / "runs" / "not one").mkdir()
    assert [path.name for path in find_runs([tmp_path / "runs"])] == ["a", "b"]
    assert find_runs([tmp_path / "runs" / "b"]) == [tmp_path / "runs" / "b"]
    for nothing in (tmp_path / "nowhere", tmp_path / "runs" / "not one"):
        with pytest.raises(UsageError, match="run director"):
            find_runs([nothing])


def test_nothing_answered_is_not_a_score_of_zero(tmp_path, examine, scripted):
    run_eval(examine(), scripted(lambda i, k: ValueError("no")), tmp_path)
    assert math.isnan(score_run(tmp_path).accuracy().estimate.value)


def test_manifest_digests_are_those_of_the_items(examine, scripted):
    examination: Examination = examine()
    identity = examination.manifest(scripted()).identity
    assert identity["items"] == 4
    assert len({identity["data"], identity["prompts"], identity["images"], digest([])}) == 4
