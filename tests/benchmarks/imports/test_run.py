"""`proctor import`: answers go out in other tools' schemas, come back as runs, and are judged the same."""

import csv
import io
import json

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.benchmarks.imports.run import read_import
from proctor.benchmarks.registry import SUITES
from proctor.harness.engines.lmms_eval import marked_text
from proctor.harness.errors import RunMismatchError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Sampling
from proctor.leaderboards.page.run_view import read_run_view

from .import_files import WRITERS, asked, lmms_eval_samples, say, vlmevalkit_rows, write_lines, write_tsv

NAME = "20260101_120000_samples_chartqa.jsonl"


@pytest.fixture
def ours(tmp_path, scripted):
    """Our own run of a suite: `ours(suite, said)`."""

    def run(suite, said):
        n = 1 if isinstance(next(iter(said.values())), str) else len(next(iter(said.values())))
        answer = (lambda name, k: said[name]) if n == 1 else (lambda name, k: said[name][k])
        path = tmp_path / "ours" / suite
        run_eval(plan(suite, "strict", Sampling(n=n)), scripted(say=answer), path)
        return path

    return run


def judged(path, protocol=None):
    return {(one.item_id, one.sample): one for one in score_run(path, protocol).verdicts}


def content(path):
    return {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.mark.parametrize("suite", ["mathvision", "wemath", "logicvista", "dynamath", "chartqa", "iconqa"])
def test_lmms_eval_there_and_back(cli, tmp_path, ours, suite):
    said = say(suite)
    path = ours(suite, said)
    answers = {one.item_id: one.text for one in RunReader(path).responses()}
    file = write_lines(tmp_path / f"d_samples_{suite}.jsonl", lmms_eval_samples(suite, answers))
    done = cli("import", file, "--suite", suite, "--model-name", "it", "--run", tmp_path / "back", "--json")
    assert (done.code, done.err) == (0, "")
    for protocol in ("strict", "official"):
        assert judged(tmp_path / "back", protocol) == judged(path, protocol)
    assert not score_run(tmp_path / "back").cross_prompt
    assert json.loads(done.out)[0]["status"] == "complete"


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_vlmevalkit_there_and_back(cli, tmp_path, ours, kind):
    if kind == "xlsx":
        pytest.importorskip("openpyxl", reason="needs openpyxl: pip install -e '.[data]'")
    path = ours("chartqa", say("chartqa"))
    answers = {one.item_id: one.text for one in RunReader(path).responses()}
    file = WRITERS[kind](tmp_path / f"some-model_ChartQA_TEST.{kind}", vlmevalkit_rows(answers))
    done = cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs")
    assert done.code == 0, done.err
    (back,) = (tmp_path / "runs").iterdir()
    assert back.name == f"some-model.chartqa.vlmevalkit.{RunReader(back).manifest.run_id}"
    assert judged(back, "strict") == judged(path)
    assert score_run(back).cross_prompt
    assert all(score_run(back, protocol).cross_prompt for protocol in ("official", "vlmevalkit"))
    assert cli("explain", path, back).code == 0
    assert cli("score", back, "--score-protocol", "strict,official").code == 0


def test_repeats_are_samples(cli, tmp_path, ours):
    said = {name: [text, "no", r"\boxed{2017}"] for name, text in say("chartqa").items()}
    path = ours("chartqa", said)
    file = write_lines(tmp_path / NAME, lmms_eval_samples("chartqa", said))
    assert cli("import", file, "--suite", "chartqa", "--run", tmp_path / "back").code == 0
    assert judged(tmp_path / "back") == judged(path)
    names = [metric.name for metric in score_run(tmp_path / "back").metrics]
    assert "pass@3" in names


def test_importing_again_changes_nothing_and_another_file_is_refused(cli, tmp_path):
    said = say("chartqa") | {"h1": "Failed to obtain answer via API."}
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(said))
    first = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "run")
    before = content(tmp_path / "run")
    again = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "run")
    assert first == again
    assert content(tmp_path / "run") == before
    write_tsv(file, vlmevalkit_rows(said | {"h2": "another answer"}))
    other = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "run")
    assert other.code == 2
    assert "model.file differ" in other.err
    assert content(tmp_path / "run") == before
    with pytest.raises(RunMismatchError):
        read_import(file, "chartqa", "strict").store(tmp_path / "run")


def test_an_import_that_was_cut_short_goes_on(tmp_path):
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa")))
    found = read_import(file, "chartqa", "strict")
    found.store(tmp_path / "whole")
    found.store(tmp_path / "cut")
    journal = tmp_path / "cut" / "responses.jsonl"
    record = json.loads((tmp_path / "cut" / "run.json").read_text())
    (tmp_path / "cut" / "run.json").write_text(json.dumps({**record, "seal": None}))
    journal.write_bytes(journal.read_bytes()[: -len(journal.read_bytes()) // 2])
    assert found.store(tmp_path / "cut").complete
    assert journal.read_bytes() == (tmp_path / "whole" / "responses.jsonl").read_bytes()


def test_failures_and_gaps_leave_the_run_incomplete(cli, tmp_path):
    said = say("chartqa") | {"h1": "Failed to obtain answer via API."}
    rows = [row for row in vlmevalkit_rows(said) if row["index"] != "h3"]
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", rows)
    done = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "run", "--json")
    (scored,) = json.loads(done.out)
    assert (done.code, scored["missing"], scored["errors"], scored["score"]) == (3, 2, 1, None)
    assert "2 of 8 answers are missing" in done.err
    assert "1 of them failures" in done.err
    only = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "only", "--json", "--only-answered")
    (scored,) = json.loads(only.out)
    assert (only.code, scored["missing"], scored["errors"]) == (3, 1, 1)
    identity = RunReader(tmp_path / "only").manifest.identity
    assert identity["model"]["only_answered"] == {"items": 7, "of": 8}
    assert identity["items"] == 7


def test_a_file_is_scored_by_the_protocol_of_its_tool(tmp_path):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    shown = write_lines(tmp_path / NAME, lines)
    assert read_import(shown, "chartqa").examination.protocol == "strict"
    for line, one in zip(lines, asked("chartqa"), strict=True):
        line["input"] = marked_text(SUITES.get("chartqa").protocol("official").prompt(one.item))
    found = read_import(write_lines(tmp_path / "other.jsonl", lines), "chartqa")
    assert (found.examination.protocol, found.model.attached.prompt) == ("official", "protocol")
    lines[0]["input"] += " Be brief."
    found = read_import(write_lines(tmp_path / "none.jsonl", lines), "chartqa")
    assert (found.examination.protocol, found.model.attached.prompt) == ("official", "file")
    table = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa")))
    assert read_import(table, "chartqa").examination.protocol == "vlmevalkit"


def test_compare_says_first_that_two_imported_runs_end_their_answers_differently(cli, tmp_path):
    said = {one.item.id: rf"\boxed{{{one.item.answer}}}" for one in asked("chartqa")}
    for name, answers in (
        ("boxes", said),
        (
            "hums",
            dict.fromkeys(
                said, "Let me look at the chart first. The bars show rain by year, so we read them off one by one"
            ),
        ),
    ):
        file = write_tsv(tmp_path / f"{name}_ChartQA_TEST.tsv", vlmevalkit_rows(answers))
        assert cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs").code == 0
    runs = [f"{tmp_path / 'runs'}@{name}" for name in ("boxes", "hums")]
    done = cli("compare", *runs, "--score-protocol", "strict")
    assert done.code == 0, done.err
    assert done.out.splitlines()[2:5] == [
        "chartqa: A was asked by an unknown prompt, and is judged by strict",
        "chartqa: B was asked by an unknown prompt, and is judged by strict",
        "chartqa: strict finds nothing stated in 0 of 8 answers of A (0.0%) and 8 of 8 answers of B (100.0%): they end their "
        "answers differently, and that is part of the difference below",
    ]
    found = json.loads(cli("compare", *runs, "--score-protocol", "strict", "--json").out)["suites"][0]
    assert [(found[arm]["states_nothing"], found[arm]["answers"]) for arm in "ab"] == [(0, 8), (8, 8)]
    (run,) = (tmp_path / "runs").glob("hums*")
    told = cli("explain", run, "--score-protocol", "strict,official").out
    assert "asked by an unknown prompt" in told
    assert "asked by the prompt of strict" not in told
    shown = " ".join(cli("score", run, "--score-protocol", "strict").out.split())
    assert "unknown prompt" in shown


@pytest.mark.parametrize("kind", ["failure", "gap"])
def test_one_missing_answer_need_not_take_the_score(cli, tmp_path, kind):
    said = say("chartqa") | {"h1": "Failed to obtain answer via API."}
    rows = [row for row in vlmevalkit_rows(said) if kind == "failure" or row["index"] != "h1"]
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", rows)
    without = cli("import", file, "--suite", "chartqa", "--run", tmp_path / "without", "--json")
    assert (without.code, json.loads(without.out)[0]["score"]) == (3, None)
    assert "--count-missing-as-wrong" in without.err
    arguments = (
        "import",
        file,
        "--suite",
        "chartqa",
        "--run",
        tmp_path / "runs" / "counted",
        "--count-missing-as-wrong",
    )
    done = cli(*arguments, "--json")
    (scored,) = json.loads(done.out)
    assert (done.code, scored["status"], scored["missing"]) == (0, "missing counted as wrong", 1)
    assert scored["score"] == scored["correct"] / 8
    assert "counted as wrong" in done.err
    before = content(tmp_path / "runs")
    assert cli(*arguments).code == 0
    assert content(tmp_path / "runs") == before
    for protocol in ("strict", "official", "mm_upt"):
        assert judged(tmp_path / "runs" / "counted", protocol)["h1", 0].correct is False
    shown = cli("score", tmp_path / "runs")
    assert shown.code == 0
    assert "1 missing counted as wrong" in " ".join(shown.out.split())
    counted = cli("score", tmp_path / "without", "--count-missing-as-wrong", "--json")
    assert json.loads(counted.out)[0]["score"] == scored["score"]


def test_a_board_marks_missing_answers_that_count_as_wrong(cli, tmp_path):
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa") | {"h1": "None"}))
    done = cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs", "--count-missing-as-wrong")
    assert done.code == 0
    assert cli("board", "build", tmp_path / "runs", "--draft", "--out", tmp_path / "board").code == 0
    row = next(csv.DictReader(io.StringIO((tmp_path / "board" / "board.csv").read_text())))
    assert (row["status"], row["missing"]) == ("missing counted as wrong", "1")
    assert row["score"]
    assert "is stated" not in cli("board", "verify", tmp_path / "board").out
    assert cli("compare", *[tmp_path / "runs"] * 2).code == 0
    assert cli("show", tmp_path / "runs", "--html", tmp_path / "page.html").code == 0


def test_a_file_with_problems_writes_nothing(cli, tmp_path):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    file = write_lines(tmp_path / NAME, [*lines, lines[0], {"doc_id": 1}])
    done = cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs")
    assert done.code == 2
    assert done.err.count("\n") == 3
    assert not (tmp_path / "runs").exists()
    assert done.out == ""


def test_the_board_shows_what_was_imported(cli, tmp_path):
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa")))
    cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs", "--model-name", "My Model")
    assert cli("board", "build", tmp_path / "runs", "--draft", "--out", tmp_path / "board").code == 0
    row = next(csv.DictReader(io.StringIO((tmp_path / "board" / "board.csv").read_text())))
    assert row["engine"] == "import (vlmevalkit)"
    assert row["model"] == "My Model"
    assert (row["weights"], row["configuration"], row["samples"]) == ("unknown", "unknown", "1")
    assert "prompt=unknown" in row["engine_version"]
    assert "unknown=temperature,top_p,max_tokens,seed" in row["engine_version"]


def test_names_of_a_hostile_file_are_shown_on_one_line(cli, tmp_path):
    rows = vlmevalkit_rows(say("chartqa"))
    rows[0] |= {"index": "\x1b[31mred\n", "question": "?"}
    done = cli("import", write_tsv(tmp_path / "a.tsv", rows), "--suite", "chartqa", "--out", tmp_path / "runs")
    assert done.code == 2
    assert "\x1b" not in done.err
    assert done.err.count("\n") == 1


@pytest.fixture
def judged_elsewhere(cli, tmp_path):
    """MathVista's own output, imported: a letter that GPT read out of prose, and the verdicts of the script."""
    entries = {}
    for n, one in enumerate(asked("mathvista")):
        entries[one.item.id] = {
            "pid": one.item.id, "question": one.item.question, "query": f"Hint: ...\nQuestion: {one.item.question}",
            "response": f"Let me think aloud, number {n}. It looks to me as if I would take the first of them",
            "extraction": "A", "prediction": "", "true_false": n == 0}  # fmt: skip
    path = tmp_path / "output_gpt.json"
    path.write_text(json.dumps(entries, indent=2))
    done = cli("import", path, "--suite", "mathvista", "--out", tmp_path / "runs", "--json")
    (run,) = (tmp_path / "runs").iterdir()
    return done, run, len(entries)


def test_recorded_extractions_stand_for_a_language_model(judged_elsewhere, cli):
    done, run, count = judged_elsewhere
    (scored,) = json.loads(done.out)
    assert done.code == 0, done.err
    assert (scored["protocol"], scored["referee"], scored["refereed"]) == ("official", "recorded by benchmark", count)
    assert {one.extracted for one in score_run(run).verdicts} == {"A"}
    other = cli("score", run, "--score-protocol", "vlmevalkit")
    assert other.code == 3, "what one tool's model read is not what another's would have"
    named = cli("score", run, "--judge-model", "somebody", "--judge-replies", run.parent / "replies.jsonl")
    assert named.code == 3, "whoever names a model asks that one"


def test_recorded_verdicts_are_a_protocol_beside_ours(judged_elsewhere, cli, tmp_path):
    _, run, count = judged_elsewhere
    verdicts = judged(run, "recorded")
    assert [one.correct for one in verdicts.values()] == [n == 0 for n in range(count)]
    assert not score_run(run, "recorded").cross_prompt
    told = cli("explain", run, "--score-protocol", "recorded,official")
    assert told.code == 0, told.err
    assert "judged by recorded" in told.out
    assert cli("compare", run, run, "--score-protocol", "recorded").code == 0
    both = ("--score-protocol", "official,recorded")
    assert cli("board", "build", run, *both, "--draft", "--out", tmp_path / "board").code == 0
    assert "is stated as" not in cli("board", "verify", tmp_path / "board").out
    assert cli("show", run, *both, "--html", tmp_path / "page.html").code == 0


def test_a_run_without_recorded_verdicts_says_so(cli, ours):
    done = cli("score", ours("chartqa", say("chartqa")), "--score-protocol", "recorded")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "left out" in done.err
    assert "no verdicts of another tool are recorded" in done.err


def test_a_run_of_before_anything_was_recorded_still_opens(cli, tmp_path):
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa")))
    assert cli("import", file, "--suite", "chartqa", "--run", tmp_path / "run").code == 0
    for line in (tmp_path / "run" / "responses.jsonl").read_text().splitlines():
        assert "recorded" not in json.loads(line)
    assert "missing_as_wrong" not in (tmp_path / "run" / "run.json").read_text()
    assert cli("score", tmp_path / "run").code == 0


def test_mathverses_two_scripts_are_both_kept(cli, tmp_path):
    """Its first script has a model extract, its second one has it judge; no rule decides anything."""
    rows = [
        {"sample_index": one.item.id, "problem_index": "1", "problem_version": one.item.meta["version"],
         "question": one.item.question, "answer": one.item.answer, "question_type": "free-form",
         "model_answer": f"So it is {n}  cm, I think", "extraction": f"{n}  cm", "judgement": n % 2}
        for n, one in enumerate(asked("mathverse")) if one.item.meta["version"] != "Text Only"
    ]  # fmt: skip
    path = tmp_path / "output_model.json"
    path.write_text(json.dumps(rows, indent=2))
    done = cli("import", path, "--suite", "mathverse", "--only-answered", "--run", tmp_path / "run")
    assert done.code == 0, done.err
    told = {one.item_id: (one.extracted, one.correct) for one in score_run(tmp_path / "run").verdicts}
    assert told == {row["sample_index"]: (" ".join(row["extraction"].split()), row["judgement"] == 1) for row in rows}


def test_the_page_says_that_the_prompt_is_unknown(cli, tmp_path):
    file = write_tsv(tmp_path / "m_ChartQA_TEST.tsv", vlmevalkit_rows(say("chartqa")))
    assert cli("import", file, "--suite", "chartqa", "--out", tmp_path / "runs").code == 0
    (run,) = (tmp_path / "runs").iterdir()
    for judged_by in read_run_view(run, ["strict"]).judged.values():
        assert judged_by.summary["crossed"] == "asked by an unknown prompt"
