"""The benchmarks' own outputs, in their real layouts with answers of our own."""

import csv
import json
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.imports.base import attach
from proctor.benchmarks.imports.own_outputs import forms
from proctor.benchmarks.imports.run import open_import
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, ProctorError
from proctor.harness.types import Recorded

from .import_files import asked, say, write_json, write_lines


def items(suite):
    return [one.item for one in asked(suite)]


def write_object(path, entries):
    """As json.dump with an indent: one object over many lines."""
    path.write_text(json.dumps(entries, indent=4))
    return path


def mathvision(folder, said):
    lines = [
        {"id": one.id, "model": "a-model", "response": said[one.id], "model_answer": "a", "correct": n % 2 == 0}
        for n, one in enumerate(items("mathvision"))
    ]
    return write_lines(folder / "GPT4V-CoT.jsonl", lines), "a-model", {"extracted": "a", "by_model": False}


def mathvista(folder, said):
    entries = {
        one.id: {"question": one.question, "image": "images/1.jpg", "choices": None, "unit": None, "precision": None,
                 "answer": one.answer, "question_type": "free_form", "answer_type": "text", "pid": one.id,
                 "metadata": {"split": "testmini"}, "query": f"Hint: ...\nQuestion: {one.question}",
                 "response": said[one.id], "error": "", "extraction": "5", "prediction": "5", "true_false": n % 2 == 0}
        for n, one in enumerate(items("mathvista"))
    }  # fmt: skip
    return write_object(folder / "output_a-model.json", entries), "a-model", {"extracted": "5", "by_model": True}


def mathverse(folder, said):
    rows = [
        {"sample_index": one.id.removeprefix("text-only-"), "problem_index": "1", "problem_version": one.meta["version"],
         "question": one.question, "image": "", "answer": one.answer, "question_type": "free-form", "metadata": {},
         "query_wo": "", "query_cot": "", "model_answer": said[one.id], "extraction": "14", "judgement": 1 - n % 2}
        for n, one in enumerate(items("mathverse"))
    ]  # fmt: skip
    return write_json(folder / "output_testmini.json", rows), "testmini", {"extracted": "14", "by_model": True}


def wemath(folder, said):
    rows = [
        {"ID": one.id.partition("|")[0], "split": "testmini", "knowledge concept": "", "question": one.question,
         "option": "", "answer": one.answer, "image_path": "", "key": one.id.partition("|")[2], "question number": 1,
         "knowledge concept description": "", "response": said[one.id]}
        for one in items("wemath")
    ]  # fmt: skip
    return write_json(folder / "GPT-4o.json", rows), None, None


def logicvista_csv(folder, said):
    path = folder / "A-Model-accuracy-results.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", "id", "reasoning skill", "capability", "true answer", "A-Model answer extracted",
                         "A-Model answer raw", "match?"])  # fmt: skip
        for n, one in enumerate(items("logicvista")):
            writer.writerow([n, one.id, "['inductive']", "['diagram']", "['c']", "['a', 'c']", said[one.id], 1 - n % 2])
    return path, "A-Model", {"extracted": "a, c", "by_model": True}


def logicvista_answers(folder, said):
    entries = {one.id: {"answer": said[one.id], "reasoning": "none"} for one in items("logicvista")}
    path = folder / "A-Model-answers.json"
    path.write_text(json.dumps(entries))  # in one line
    return path, "A-Model", None


def dynamath(folder, said):
    (folder / "trial1").mkdir()
    entries = {
        str(one.meta["seed_id"] if "seed_id" in one.meta else one.id[1:].partition("_")[0]): {
            "question": one.question, "subject": "", "knowledge level": "", "Ground truth": one.answer, "image": "",
            "response": {"solution": said[one.id], "short answer": "5"}, "result": "fail" if n % 2 else "correct"}
        for n, one in enumerate(item for item in items("dynamath") if item.id.endswith("_v1"))
    }  # fmt: skip
    return write_object(folder / "trial1" / "a-model.json", entries), None, {"extracted": "5", "by_model": False}


def chartqa(folder, said):
    rows = [
        {"imgname": "1.png", "query": one.question, "prediction": said[one.id], "answer": one.answer,
         "split": f"test_{one.meta['split']}"}
        for one in items("chartqa")
    ]  # fmt: skip
    return write_json(folder / "results.json", rows), None, None


FORMS = {
    "mathvision": (mathvision, "mathvision"),
    "mathvista": (mathvista, "mathvista"),
    "mathverse": (mathverse, "mathverse"),
    "wemath": (wemath, "wemath"),
    "logicvista csv": (logicvista_csv, "logicvista"),
    "logicvista answers": (logicvista_answers, "logicvista"),
    "dynamath": (dynamath, "dynamath"),
    "chartqa": (chartqa, "chartqa"),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_answer_finds_its_item_with_what_was_recorded(tmp_path, name):
    write, suite = FORMS[name]
    said = {**say(suite), **{one.id: "None" for one in items(suite)[:1]}}
    path, model, recorded = write(tmp_path, said)
    source = open_import(path, SUITES.get(suite))
    found = attach(source, asked(suite), only_answered=True)
    assert source.model_name == model
    assert found.responses
    for n, one in enumerate(found.responses.values()):
        if name == "dynamath":
            assert json.loads(one.text) == {"solution": said[one.item_id], "short answer": "5"}
        else:
            assert one.text == said[one.item_id]
        assert one.recorded == (recorded and Recorded(correct=n % 2 == 0, **recorded))
    if name != "dynamath":
        assert len(found.responses) == len(items(suite))


def test_the_variant_may_be_told_by_the_question_alone(tmp_path):
    path, *_ = dynamath(tmp_path, say("dynamath"))
    moved = path.rename(tmp_path / "report.json")
    found = attach(open_import(moved, SUITES.get("dynamath")), asked("dynamath"), only_answered=True)
    assert {one.item_id[-3:] for one in found.responses.values()} == {"_v1"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"results": {}, "configs": {}, "lmms_eval_version": "0.7"}', "the results file of lmms-eval"),
        ('[{"index": 1, "question": "?"}]', "nearest is a result of VLMEvalKit: columns missing: prediction"),
        ('{"id": "1"}\n{"id": "2"}\n', "nearest is MATH-V's outputs/*.jsonl: columns missing: response"),
        ('[{"ID": "1", "key": "2steps_1", "response": "A"}]', "an output of wemath"),
        ("PAR1", "name it with --data"),
        ("some words", "neither JSON"),
    ],
)
def test_another_file_is_refused_in_a_line_that_says_what_is_missing(tmp_path, content, told):
    (tmp_path / "file").write_text(content)
    with pytest.raises(DataError) as caught:
        attach(open_import(tmp_path / "file", SUITES.get("mathvision")), asked("mathvision"))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("latin.tsv", "index\tquestion\tprediction\n1\tC\xe4ts?\t5\n".encode("latin-1"), "UTF-8"),
        ("deep.json", b"[" * 100_000, "not valid JSON"),
        ("header.tsv", b"index\tquestion\tprediction\n", "holds no answers"),
        ("empty.json", b"[]", "holds no answers"),
        ("cut.xlsx", b"PK\x03\x04 and no more", "cut.xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_import(tmp_path / name, SUITES.get("chartqa"))
    assert told in str(caught.value)
    assert "known tool" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_answers_of_several_models_are_no_run(tmp_path):
    rows = [{"id": str(n), "response": "A", "model": name} for n, name in enumerate(("a", "a", "b"))]
    (tmp_path / "file.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"answers of several models \('a', 'b'\): import one file for each"):
        attach(open_import(tmp_path / "file.jsonl", SUITES.get("mathvision")), asked("mathvision"))


@pytest.mark.parametrize("option", [[], ["--data"]])
def test_a_pipe_is_no_file_and_nobody_waits_for_it(cli, tmp_path, option):
    os.mkfifo(tmp_path / "pipe.parquet")
    (tmp_path / "file.jsonl").write_text('{"id": "1", "response": "A"}\n')
    given = [tmp_path / "file.jsonl", "--data", tmp_path / "pipe.parquet"] if option else [tmp_path / "pipe.parquet"]
    done = cli("import", *given, "--suite", "mathvision", "--out", tmp_path / "runs")
    assert done.code == 2
    assert "pipe.parquet is no file" in done.err


def test_the_same_refusal_is_told_once_with_its_count(tmp_path):
    path = write_json(
        tmp_path / "results.json",
        [{"imgname": "", "query": f"Question {n}?", "prediction": "5", "split": "test_human"} for n in range(2500)],
    )
    with pytest.raises(DataError) as caught:
        attach(open_import(path, SUITES.get("chartqa")), asked("chartqa"))
    assert "\n" not in str(caught.value)
    assert "no item 'test_human-0' in the data, and none with its question" in str(caught.value)
    assert "the same on 2499 further rows" in str(caught.value)


NAMES = sorted({name for suite in SUITES.names() for form in forms(suite) for name in form.needs})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys([*NAMES, "extraction", "correct", "X answer raw"], VALUES))


@given(
    rows=st.lists(ROWS, max_size=3) | st.dictionaries(st.text(max_size=3), ROWS, max_size=3),
    suite=st.sampled_from(["mathvision", "mathvista", "mathverse", "wemath", "logicvista", "dynamath", "chartqa"]),
)
def test_no_rows_do_worse_than_an_error_for_people(tmp_path_factory, rows, suite):
    path = tmp_path_factory.mktemp("rows") / "file.json"
    path.write_text(json.dumps(rows, indent=1))
    with suppress(ProctorError):
        attach(open_import(path, SUITES.get(suite)), asked(suite))


@given(rows=st.lists(st.lists(VALUES.map(str), min_size=4, max_size=4), max_size=3))
def test_no_table_does_worse_than_an_error_for_people(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "file.csv"
    with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        csv.writer(file).writerows([["id", "X answer extracted", "X answer raw", "match?"], *rows])
    with suppress(ProctorError):
        attach(open_import(path, SUITES.get("logicvista")), asked("logicvista"))


@pytest.mark.parametrize(
    "suite", ["mathvision", "mathvista", "mathverse", "wemath", "logicvista", "dynamath", "chartqa"]
)
def test_rows_with_every_column_and_any_value_are_no_worse(tmp_path_factory, suite):
    @given(row=st.fixed_dictionaries(dict.fromkeys([*NAMES, "extraction", "correct", "X answer raw"], VALUES)))
    def holds(row):
        path = tmp_path_factory.mktemp("rows") / "file.json"
        path.write_text(json.dumps([row], indent=1))
        with suppress(ProctorError):
            attach(open_import(path, SUITES.get(suite), "benchmark"), asked(suite))

    holds()
