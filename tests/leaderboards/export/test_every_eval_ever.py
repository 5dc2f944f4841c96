"""Logs of Every Eval Ever: what is in them by hand, and that its own published schemas and checks take them."""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from proctor.benchmarks.examination import score_run
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Item, Prompt, Sampling
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.table import rows, to_csv

PUBLISHER = ("--model-id", "org/model-7b", "--organization", "We", "--relationship", "third_party")


def export(cli, source, out, *more, name="model"):
    return cli("board", "export", "every-eval-ever", source, "--model-name", name, *PUBLISHER, "--out", out, *more)


def read(out: Path):
    """The one log and its records."""
    (log,) = out.glob("data/*/*/*/*[0-9a-f].json")
    samples = log.with_name(f"{log.stem}_samples.jsonl")
    return json.loads(log.read_text()), [json.loads(line) for line in samples.read_text().splitlines()]


def test_a_log_has_every_metric_and_a_record_for_each_answer(held, cli, tmp_path):
    run = held()
    done = export(cli, run, tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["files"]) == 2
    log, records = read(tmp_path / "out")
    table = rows(score_run(run))
    assert [one["metric_config"]["metric_name"] for one in log["evaluation_results"]] == [row.metric for row in table]
    accuracy = log["evaluation_results"][0]
    assert accuracy["score_details"]["score"] == float(table[0].score)
    assert accuracy["score_details"]["uncertainty"]["confidence_interval"]["lower"] == float(table[0].ci_low)
    assert accuracy["source_data"]["hf_repo"] == "MathLLMs/MathVision"
    assert accuracy["source_data"]["samples_number"] == 304
    assert log["model_info"]["id"] == "org/model-7b"
    assert [one["sample_id"] for one in records] == [f"q{n}" for n in range(304)]
    assert sum(one["evaluation"]["is_correct"] for one in records) == table[0].correct
    assert {one["evaluation_result_id"] for one in records} == {accuracy["evaluation_result_id"]}
    assert {one["evaluation_id"] for one in records} == {log["evaluation_id"]}
    first = records[0]
    assert first["input"]["raw"] == "How many?"
    assert first["input"]["reference"] == ["5"]
    assert first["output"]["raw"] == [r"\boxed{5}"]
    assert first["answer_attribution"][0]["extracted_value"] == "5"
    assert first["metadata"]["meta.subject"] == "algebra"
    detail = log["detailed_evaluation_results"]
    content = (tmp_path / "out" / detail["file_path"]).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), 304) == (detail["checksum"], detail["total_rows"])


def test_a_board_says_the_same_and_writing_again_writes_the_same_files(held, cli, tmp_path):
    run = held()
    build([run], [None], tmp_path / "board", draft=True)
    for source, name in ((run, "a"), (run, "a"), (tmp_path / "board", "b")):
        assert export(cli, source, tmp_path / name).code == 0
    (log, records), (of_board, records_of_board) = read(tmp_path / "a"), read(tmp_path / "b")
    assert records == records_of_board
    assert {**log, "retrieved_timestamp": ""} == {**of_board, "retrieved_timestamp": ""}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--model-id", "model"), "must look like"),
        (("--model-id", "../etc/passwd"), "must look like"),
        (("--model-id", "org/.."), "must look like"),
        (("--organization", " "), "text on one line"),
        (("--model-name", "other"), "there are: 'model'"),
    ],
)
def test_what_cannot_be_written_is_refused(held, cli, tmp_path, changed, said):
    done = export(cli, held(), tmp_path / "out", *changed)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "out").exists()


def test_a_table_without_answers_is_refused(row, cli, tmp_path):
    (tmp_path / "board.csv").write_bytes(to_csv([row]))
    done = export(cli, tmp_path / "board.csv", tmp_path / "out")
    assert done.code == 2
    assert "has no answers" in done.err


def varied(scripted, folder: Path) -> Path:
    """A run of two answers to each of a few items with pictures, choices, other alphabets and answers that say nothing."""
    picture = Image("a.png", "0" * 64, b"not a picture, and never opened")
    items = [
        Item(
            "a", "mathvision", "¿Cuántos? \ud800", "A", "choice", choices=("one", "two"), meta={"tags": ["x"], "n": 3}
        ),
        Item("b", "mathvision", "How many?", "5", "number", images=(picture,), cluster="p"),
        Item("c", "mathvision", "And here?", "6", "number", images=(picture,), cluster="p"),
    ]
    asked = [Sample(one, Prompt((*one.images, one.question), system="Be brief.")) for one in items]
    say = lambda item, sample: ["", "I do not know", r"\boxed{A}", r"\boxed{5}"][(ord(item) + sample) % 4]  # noqa: E731
    run_eval(
        Examination("mathvision", "strict", asked, Sampling(n=2, temperature=0.7)), scripted(say, "model", "w"), folder
    )
    return folder


@pytest.mark.skipif(
    importlib.util.find_spec("every_eval_ever") is None,
    reason="needs the package every-eval-ever: make .venv/installed-dev",
)
@pytest.mark.parametrize("whole", [True, False])
def test_its_own_schemas_and_checks_take_it(held, scripted, cli, tmp_path, monkeypatch, whole):
    jsonschema = pytest.importorskip("jsonschema")
    from every_eval_ever.schema import get_schema_version, schema_json
    from every_eval_ever.validator.validation_core import validate_file

    from proctor.leaderboards.export.every_eval_ever import SCHEMA_VERSION

    assert get_schema_version() == SCHEMA_VERSION
    run = held() if whole else varied(scripted, tmp_path / "run")
    assert export(cli, run, tmp_path / "out", "--availability", "open_weights").code == 0
    log, records = read(tmp_path / "out")
    jsonschema.validate(log, schema_json("eval.schema.json"))
    for record in records:
        jsonschema.validate(record, schema_json("instance_level_eval.schema.json"))
    monkeypatch.chdir(tmp_path / "out")
    paths = sorted(Path().glob("data/*/*/*/*"))
    assert len(paths) == 2
    for path in paths:
        report = validate_file(
            path,
            repo_path=path.as_posix(),
            available_files={one.as_posix() for one in paths},
            read_repo_file=lambda name: Path(name).read_text(),
            run_semantic_checks=True,
        )
        assert report.valid, report.errors
        assert not report.errors
        assert not report.warnings, report.warnings
