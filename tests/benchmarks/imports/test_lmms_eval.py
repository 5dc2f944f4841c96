"""lmms-eval's samples files: every shape of answers, items by id and by row, and what lies beside them."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.imports.base import UNKNOWN_PROMPT, attach
from proctor.benchmarks.imports.lmms_eval import open_lmms_eval
from proctor.benchmarks.imports.run import open_import, read_import
from proctor.benchmarks.registry import SUITES
from proctor.harness.engines.lmms_eval import FAILURES
from proctor.harness.errors import DataError, ProctorError
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Prompt, Recorded

from .import_files import asked, lmms_eval_samples, say, write_lines

NAME = "20260101_120000_samples_chartqa.jsonl"


@pytest.fixture
def attached(tmp_path):
    """Writes lines and attaches them: `attached(lines, suite="chartqa", **options)`."""

    def attach_lines(lines, suite="chartqa", **options):
        path = write_lines(tmp_path / NAME, lines)
        return attach(open_import(path, SUITES.get(suite)), asked(suite), **options)

    return attach_lines


def problem(attached, lines, suite="chartqa"):
    with pytest.raises(DataError) as caught:
        attached(lines, suite)
    return str(caught.value)


def texts(found):
    return {key: one.text for key, one in found.responses.items()}


@pytest.mark.parametrize("suite", ["mathvision", "wemath", "logicvista", "dynamath", "chartqa", "iconqa"])
def test_rows_are_items_where_their_question_is_shown(attached, suite):
    said = say(suite)
    found = attached(lmms_eval_samples(suite, said), suite)
    assert texts(found) == {(name, 0): text for name, text in said.items()}
    assert found.prompt == "protocol"
    assert [one.prompt for one in found.asked] == [one.prompt for one in asked(suite)]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"filtered_resps": "a"}, ["a"]),
        ({"filtered_resps": ["a"]}, ["a"]),
        ({"filtered_resps": "x", "resps": "a <think>"}, ["a <think>"]),
        ({"filtered_resps": "a", "resps": ["a", "b", "c"]}, ["a", "b", "c"]),
        ({"filtered_resps": ["a", "b"]}, ["a", "b"]),
        ({"filtered_resps": ["a", "b"], "resps": [["a"], ["b"]]}, ["a", "b"]),
        ({"filtered_resps": ["a"], "resps": [["a", "b"]]}, ["a", "b"]),
        ({"filtered_resps": ""}, [""]),
    ],
)
def test_the_shapes_of_answers(attached, stored, expected):
    (line, *_) = lmms_eval_samples("chartqa", say("chartqa"))
    found = attached([{**{key: value for key, value in line.items() if key != "filtered_resps"}, **stored}])
    assert [one.text for one in found.responses.values()] == expected
    assert [one.sample for one in found.responses.values()] == list(range(len(expected)))
    assert found.samples == len(expected)


def as_version(version, line, doc):
    """A line as that version dumps it: 0.3 keeps everything, 0.4 to 0.6 nest `resps`, 0.7 does not."""
    line = {key: value for key, value in line.items() if key != "token_counts"}
    said = line.pop("filtered_resps")
    if version == "0.3":
        hashes = {"doc_hash": "0" * 64, "prompt_hash": "0" * 64, "target_hash": "0" * 64}
        asked_by = {"doc": doc, "arguments": {"0": {"max_new_tokens": 16}, "1": "doc_to_visual", "2": line["doc_id"]}}
        return line | asked_by | hashes | {"resps": [[said]], "filtered_resps": [said]}
    if version == "0.7":
        return line | {"filtered_resps": said, "token_counts": [{"input_tokens": 7, "output_tokens": 3}]}
    return line | {"filtered_resps": [said.strip()], "resps": [[said]]}


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5", "0.6", "0.7"])
def test_each_version_gives_the_same_answers(attached, version):
    said = say("chartqa")
    docs = [
        {"question": one.item.question, "answer": one.item.answer, "type": "human_test"} for one in asked("chartqa")
    ]
    lines = [as_version(version, line, doc) for line, doc in zip(lmms_eval_samples("chartqa", said), docs, strict=True)]
    found = attached(lines)
    assert texts(found) == {(name, 0): text for name, text in said.items()}
    assert {one.recorded for one in found.responses.values()} == {Recorded(None, False, False)}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"llm_as_judge_eval": {"question_id": "1", "extraction": "5", "true_false": True}}, Recorded("5", True, True)),
        ({"gpt_eval_score": 1, "submission": {"extraction": "5", "true_false": False}}, Recorded("5", False, True)),
        ({"mathvision_standard_eval": {"response": ["a"], "scores": [True]}}, Recorded(None, True, False)),
        ({"relaxed_overall": 1.0}, Recorded(None, True, False)),
        ({"relaxed_overall": "who knows"}, None),
        ({"mathvision_standard_eval": {"scores": [True, False]}}, None),
    ],
)
def test_what_the_metrics_say_is_kept(attached, metrics, expected):
    (line, *_) = lmms_eval_samples("chartqa", say("chartqa"))
    del line["relaxed_overall"]
    (one,) = attached([line | metrics]).responses.values()
    assert one.recorded == expected


@pytest.mark.parametrize(
    "stored", [[], [["a", "b"], ["c", "d"]], {"a": 1}, True, [["a", False]], [[["a", "b"], ["c"]]]]
)
def test_answers_of_another_shape_are_problems(attached, stored):
    (line, *_) = lmms_eval_samples("chartqa", say("chartqa"))
    assert f"{NAME}:1" in problem(attached, [line | {"resps": stored}])


@pytest.mark.parametrize(
    "stored", [f"{FAILURES[0]} after 5 retries] gone", f"{FAILURES[1]} out of memory", "None", None]
)
def test_failures_are_errors_and_no_answers(attached, stored):
    (line, *_) = lmms_eval_samples("chartqa", say("chartqa"))
    (one,) = attached([line | {"filtered_resps": stored}]).responses.values()
    assert one.text is None
    assert one.error


def test_items_are_found_by_the_ids_that_metrics_hold(attached):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    ids = [one.item.id for one in asked("chartqa")]
    named = [line | {"doc_id": 0, "proctor_strict": {"id": name}} for line, name in zip(lines, ids, strict=True)]
    assert texts(attached(named[::-1])) == {(name, 0): text for name, text in say("chartqa").items()}
    (item,) = [one.item for one in asked("mathvista")][:1]
    vista = {"doc_id": 3, "filtered_resps": "5", "input": f"Hint: ...\nQuestion: {item.question}",
             "gpt_eval_score": {"question_id": item.id}}  # fmt: skip
    assert texts(attached([vista], "mathvista")) == {(item.id, 0): "5"}
    verse = [one.item for one in asked("mathverse")]
    lines = [
        {"doc_id": n, "filtered_resps": one.id, "input": f"Q: {one.question}",
         "submission": {"sample_index": one.id, "problem_version": one.meta["version"]}}
        for n, one in enumerate(verse) if one.meta["version"] != "Text Only"
    ]  # fmt: skip
    found = attached(lines[::-1], "mathverse")
    assert all(one.text == one.item_id for one in found.responses.values())
    assert found.responses


def test_a_doc_names_its_item_by_the_columns_of_the_hub(attached):
    items = [one.item for one in asked("wemath")]
    docs = [{"ID": one.id.split("|")[0], "key": one.id.split("|")[1], "question": one.question} for one in items]
    lines = [{"doc_id": 0, "doc": doc, "filtered_resps": [one.id]} for doc, one in zip(docs, items, strict=True)]
    found = attached(lines[::-1], "wemath")
    assert all(one.text == one.item_id for one in found.responses.values())
    assert found.prompt == "unknown"
    assert {one.prompt for one in found.asked} == {UNKNOWN_PROMPT}
    lines[1]["doc"]["question"] += " Not so."
    assert "another question" in problem(attached, lines, "wemath")


def test_every_problem_is_told_at_once_with_its_line(attached):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    lines[1]["input"] = "What is the capital of France?"
    lines[2]["doc_id"] = 99
    lines[3] = {"doc_id": 3, "input": "no answers"}
    lines[4]["proctor_strict"] = {"id": "stranger"}
    del lines[5]["input"]
    lines[6]["doc_id"] = True
    lines.append(lines[0])
    told = problem(attached, lines).splitlines()
    assert told[0].startswith("7 problems")
    words = [
        "another question",
        "no item in row 99",
        "not a sample",
        "no item 'stranger'",
        "nothing shows",
        "integer",
        "already",
    ]
    for line, (number, word) in zip(told[1:], zip([2, 3, 4, 5, 6, 7, 9], words, strict=True), strict=True):
        assert f"{NAME}:{number}: " in line
        assert word in line


def test_a_row_without_a_question_is_not_believed(attached):
    rows = [(n, one.item) for n, one in enumerate(asked("mathverse")) if not one.item.question.strip()]
    row, _ = rows[0]
    assert "nothing shows" in problem(attached, [{"doc_id": row, "filtered_resps": "5", "input": "Look."}], "mathverse")


def test_another_prompt_is_kept_as_the_file_has_it(attached):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    for line in lines:
        line["input"] = line["input"].partition("\n")[0] + "\nAnswer the question with a single word."
    found = attached(lines)
    assert found.prompt == "file"
    for line, one in zip(lines, found.asked, strict=True):
        assert one.prompt == Prompt((*one.item.images, line["input"]))


def test_repeats_that_differ_in_number_leave_answers_missing(attached):
    said = {name: ["a", "b"] for name in say("chartqa")}
    said["h1"] = "a"
    found = attached(lmms_eval_samples("chartqa", said))
    assert found.samples == 2
    assert ("h1", 1) not in found.responses
    assert len(found.responses) == 2 * len(said) - 1


def test_too_many_repeats_are_a_problem(attached):
    (line, *_) = lmms_eval_samples("chartqa", say("chartqa"))
    assert "more than 1000" in problem(attached, [line | {"resps": ["a"] * 1001}])


def test_halves_of_characters_are_kept(attached, tmp_path):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    text = json.dumps(lines[0] | {"filtered_resps": "\ud800"})
    (tmp_path / NAME).write_text(text)
    found = read_import(tmp_path / NAME, "chartqa", "strict", only_answered=True)
    assert found.store(tmp_path / "run").complete
    assert [one.text for one in RunReader(tmp_path / "run").responses()] == ["\ud800"]


def test_tokens_are_taken_where_they_belong_to_an_answer(attached):
    lines = lmms_eval_samples("chartqa", say("chartqa"))
    lines[0]["token_counts"] = [{"input_tokens": 7, "output_tokens": 3}]
    lines[1]["token_counts"] = [{"input_tokens": "7"}]
    lines[2] |= {"resps": ["a", "b"], "token_counts": [{"input_tokens": 7, "output_tokens": 3}]}
    found = [(one.prompt_tokens, one.completion_tokens) for one in attached(lines).responses.values()]
    assert found == [(7, 3)] + [(None, None)] * (len(found) - 1)


RESULTS = {
    "model_name": "some/model",
    "lmms_eval_version": "main@0123abcd",
    "config": {"model": "qwen2_5_vl", "model_args": "pretrained=some/model,key=secret", "gen_kwargs": None},
    "configs": {"chartqa": {"generation_kwargs": {"max_new_tokens": 16, "temperature": 0, "do_sample": False}}},
}


def test_the_results_beside_say_the_model_and_the_sampling(tmp_path):
    path = write_lines(tmp_path / NAME, lmms_eval_samples("chartqa", say("chartqa")))
    alone = read_import(path, "chartqa", "strict")
    assert alone.examination.manifest(alone.model).identity["sampling"] == {"n": 1}
    assert alone.model.name == "unknown"
    (tmp_path / "20260101_120000_results.json").write_text(json.dumps(RESULTS))
    found = read_import(path, "chartqa", "strict")
    manifest = found.examination.manifest(found.model)
    assert manifest.identity["sampling"] == {"n": 1, "temperature": 0.0, "max_tokens": 16}
    assert manifest.identity["model"]["unknown"] == ["sampling.top_p", "sampling.seed"]
    assert manifest.identity["model"]["tool_version"] == "main@0123abcd"
    assert found.model.name == "some/model"
    assert "secret" not in str(manifest)


@pytest.mark.parametrize(
    ("folder", "samples", "results", "expected"),
    [
        ("Qwen__Qwen2.5-VL-7B-Instruct", NAME, {}, "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("downloads", NAME, {}, "unknown"),
        ("a__b__c", NAME, {}, "unknown"),
        ("Qwen__Other", NAME, {"20260101_120000_results.json": {}}, "some/model"),
        ("downloads", NAME, {"20260101_130000_results.json": {}}, "some/model"),
        (
            "downloads",
            "samples_chartqa_2026-01-01T12-00-00.0.jsonl",
            {"results_2026-01-01T12-00-00.0.json": {}},
            "some/model",
        ),
        ("d", NAME, {"1_results.json": {}, "2_results.json": {"model_name": "another"}}, "unknown"),
        ("d", NAME, {"20260101_120000_results.json": {"model_name": ""}}, "some/model"),
        (
            "d",
            NAME,
            {
                "20260101_120000_results.json": {
                    "model_name": "",
                    "config": {"model_args": "model_version=gpt-4o,key=k"},
                }
            },
            "gpt-4o",
        ),
        (
            "d",
            NAME,
            {"20260101_120000_results.json": {"model_name": "", "config": {"model": "qwen2_5_vl", "model_args": ""}}},
            "qwen2_5_vl",
        ),
    ],
)
def test_the_model_is_named_by_the_results_or_the_folder(tmp_path, cli, folder, samples, results, expected):
    (tmp_path / folder).mkdir()
    path = write_lines(tmp_path / folder / samples, lmms_eval_samples("chartqa", say("chartqa")))
    for name, changed in results.items():
        (tmp_path / folder / name).write_text(json.dumps({**RESULTS, **changed}))
    done = cli("import", path, "--suite", "chartqa", "--run", tmp_path / "run")
    assert RunReader(tmp_path / "run").manifest.model_name == expected
    assert ("import it with --model-name" in done.err) == (expected == "unknown")


def test_two_models_that_nobody_named_have_no_board(tmp_path, cli):
    for number in (1, 2):
        said = {name: f"{text} {number}" for name, text in say("chartqa").items()}
        path = write_lines(tmp_path / f"{number}_samples_chartqa.jsonl", lmms_eval_samples("chartqa", said))
        cli("import", path, "--suite", "chartqa", "--run", tmp_path / "runs" / str(number))
    done = cli("board", "build", tmp_path / "runs", "--out", tmp_path / "board", "--draft")
    assert done.code == 2
    assert "of models that nobody named" in done.err
    assert "--model-name" in done.err
    assert not (tmp_path / "board" / "board.csv").exists()
    named = cli("import", path, "--suite", "chartqa", "--run", tmp_path / "runs" / "3", "--model-name", "known")
    assert named.code == 0
    parts = (tmp_path / "runs" / "1", tmp_path / "runs" / "3")
    assert cli("board", "build", *parts, "--out", tmp_path / "board", "--draft").code == 0


@pytest.mark.parametrize(
    ("gen_kwargs", "known"),
    [
        ("temperature=0.7,do_sample=True,top_p=0.9", {"temperature": 0.7, "top_p": 0.9, "max_tokens": 16}),
        ({"temperature": 0.7}, {"max_tokens": 16}),  # with do_sample false it says two things
        ({"temperature": "hot", "do_sample": True, "top_p": 0, "max_new_tokens": 0}, {}),
        ({"temperature": 10**400, "do_sample": None, "max_new_tokens": True}, {}),
        ("nonsense", {"temperature": 0.0, "max_tokens": 16}),
    ],
)
def test_only_settings_without_doubt_are_known(tmp_path, gen_kwargs, known):
    path = write_lines(tmp_path / NAME, lmms_eval_samples("chartqa", say("chartqa")))
    results = {**RESULTS, "config": {"gen_kwargs": gen_kwargs}}
    (tmp_path / "20260101_120000_results.json").write_text(json.dumps(results))
    assert open_lmms_eval(path, "chartqa", iter(())).sampling == known


@pytest.mark.parametrize("text", ["{", "[]", "3", "\x00"])
def test_damaged_results_are_an_error(tmp_path, text):
    path = write_lines(tmp_path / NAME, lmms_eval_samples("chartqa", say("chartqa")))
    (tmp_path / "20260101_120000_results.json").write_text(text)
    with pytest.raises(DataError, match=r"_results\.json"):
        read_import(path, "chartqa", "strict")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["doc_id", "doc", "resps", "filtered_resps", "input", "token_counts", "proctor_strict", "target", "submission"]


@given(
    lines=st.lists(st.dictionaries(st.sampled_from(FIELDS), json_values), min_size=1, max_size=3),
    suite=st.sampled_from(["chartqa", "mathverse", "wemath", "figures"]),
)
def test_no_line_does_worse_than_an_error_for_people(tmp_path_factory, lines, suite):
    path = write_lines_loosely(tmp_path_factory.mktemp("lines") / NAME, lines)
    with suppress(ProctorError):
        attach(open_import(path, SUITES.get(suite)), asked("chartqa"))


def write_lines_loosely(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
