"""The exported tasks in the real lmms-eval: the same questions, and for the same answers the same scores."""

import json
import shutil

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.benchmarks.registry import SUITES
from proctor.harness.engines.lmms_eval import is_failure
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Image, Sampling

pytestmark = [pytest.mark.slow, pytest.mark.engine]

SUITES_ASKED = ("mathvision", "iconqa", "wemath", "dynamath", "chartqa")


def as_told(text):
    """The scripted engine's answer: lmms-eval's notice of a failure is an error."""
    return RuntimeError(text) if is_failure(text) else text


@pytest.fixture
def asked_by_both(cli, tmp_path, scripted, run_lmms_eval, canned):
    """`asked_by_both(*options)`: what lmms-eval measured, and the same answers as runs of our own."""

    def ask(*options):
        assert (
            cli("suite", "export", "lmms-eval", "--out", tmp_path / "first", "--suite", ",".join(SUITES_ASKED)).code
            == 0
        )
        folder = shutil.move(tmp_path / "first", tmp_path / "a moved folder")
        ours = {}
        for suite in SUITES_ASKED:
            examination = plan(suite, "strict", Sampling())
            said = canned.prepare(examination.asked)
            model = scripted(say=lambda item_id, sample, said=said: as_told(said[item_id]))
            run_eval(examination, model, tmp_path / "runs" / suite)
            ours[suite] = score_run(tmp_path / "runs" / suite)
        arguments = ["--tasks", "proctor", "--model", "canned", "--model_args", canned.model_args, "--batch_size", "1"]
        where = ["--include_path", folder, "--output_path", tmp_path / "out", "--log_samples"]
        run_lmms_eval("-m", "lmms_eval", *where, *arguments, *options, cwd=tmp_path)
        (results,) = (tmp_path / "out").rglob("*_results.json")
        return json.loads(results.read_text())["results"], ours

    return ask


@pytest.mark.parametrize("workers", [1, 8])
def test_scores_and_prompts_are_ours(asked_by_both, canned, workers, tmp_path):
    found, ours = asked_by_both("--process_docs_parallel", workers)
    for suite, scored in ours.items():
        theirs = found[f"proctor_{suite}"]
        assert theirs["proctor_strict,none"] == scored.accuracy().estimate.value, suite
        assert theirs["proctor_unparsed,none"] == scored.unparsed
        assert theirs["proctor_unscored,none"] == scored.errors
        assert 0 < theirs["proctor_strict,none"] < 1
    assert sum(scored.errors for scored in ours.values()) >= 2
    seen = list(canned.seen())
    assert len(seen) == sum(len(scored.items) for scored in ours.values())
    for record, prompt in seen:
        assert record["shown"] == [canned.pixels(part) if isinstance(part, Image) else part for part in prompt.parts]
        assert record["options"] == {"until": [], "max_new_tokens": 1024, "temperature": 0.0, "do_sample": False}
    for suite, scored in ours.items():
        (file,) = (tmp_path / "out").rglob(f"*_samples_proctor_{suite}.jsonl")
        verdicts = {one.item_id: one for one in scored.verdicts}
        logged = [json.loads(line)["proctor_strict"] for line in file.open()]
        assert len(logged) == len(verdicts)
        for judgement in logged:
            verdict = verdicts[judgement["id"]]
            assert judgement.get("score") == (None if verdict.correct is None else float(verdict.correct))
            assert judgement.get("extracted") == verdict.extracted


def test_models_without_messages_get_pictures_and_text(asked_by_both, canned):
    found, ours = asked_by_both("--force_simple")
    for suite, scored in ours.items():
        assert found[f"proctor_{suite}"]["proctor_strict,none"] == scored.accuracy().estimate.value
    for record, prompt in canned.seen():
        text, *pictures = record["shown"]
        assert pictures == [canned.pixels(image) for image in prompt.images]
        assert all(part in text for part in prompt.parts if isinstance(part, str))


def test_no_name_is_taken(run_lmms_eval):
    code = "from lmms_eval.tasks import TaskManager; print(*TaskManager().all_tasks, sep='\\n')"
    taken = set(run_lmms_eval("-c", code).split("\n"))
    assert len(taken) > 100
    assert not taken & {"proctor", *(f"proctor_{suite}" for suite in SUITES.names())}
