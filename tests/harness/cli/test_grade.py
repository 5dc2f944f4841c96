"""`proctor grade`: one answer explained, and files in which every line gets a verdict."""

import json

import pytest


def test_one_answer_is_explained_stage_by_stage(cli):
    done = cli("grade", "--gold", "1/2", "--response", r"so \boxed{0.5}")
    assert done.code == 0
    for word in ("stated answer", "boxed", "1/2 (number)", "right"):
        assert word in done.out
    assert cli("grade", "--gold", "1/2", "--response", r"so \boxed{0.6}").code == 1


def test_json_says_the_same(cli):
    done = cli(
        "grade", "--gold", "B", "--type", "choice", "--choices", "12", "14", "--response", r"\boxed{14}", "--json"
    )
    assert json.loads(done.out)["correct"] is True


@pytest.mark.parametrize("arguments", [[], ["--gold", "1"], ["--gold", "1", "--response", "1", "--type", "vector"]])
def test_bad_usage_is_one_line(cli, arguments):
    done = cli("grade", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_every_line_of_a_file_gets_a_verdict(cli, tmp_path):
    good = {"id": "a", "gold": "5", "gold_type": "number", "choices": None, "response": r"\boxed{5}"}
    lines = [
        json.dumps(good),
        json.dumps(good | {"id": "b", "response": r"\boxed{6}"}),
        "{not json",
        "[" * 100_000,
        json.dumps(good | {"gold_type": "vector"}),
        json.dumps(good | {"response": None}),
        json.dumps(good | {"choices": "A"}),
        "",
        '{"id": "s", "gold": "\\ud800", "gold_type": "text", "response": "\\\\boxed{\\ud800}"}',
        json.dumps(good | {"id": "z"}),
    ]
    file = tmp_path / "cases.jsonl"
    file.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    done = cli("grade", "--cases", file)
    assert done.code == 0
    verdicts = [json.loads(line) for line in done.out.splitlines()]
    assert len(verdicts) == len(lines) + 1
    assert [one["correct"] for one in verdicts][:2] == [True, False]
    assert verdicts[9]["id"] == "z"
    assert verdicts[9]["correct"]
    assert {one["rule"] for one in verdicts[2:8]} | {verdicts[10]["rule"]} == {"bad-line"}
    assert all({"id", "correct", "extracted", "rule", "reason"} <= set(one) for one in verdicts)


def test_groups_are_partitioned(cli, tmp_path):
    file = tmp_path / "groups.jsonl"
    groups = [
        {"id": "g", "answers": ["1/2", None, "0.5", "3"]},
        {"id": "h", "answers": [5]},
        {"id": "e", "answers": []},
    ]
    file.write_text("\n".join(json.dumps(group) for group in groups))
    results = [json.loads(line) for line in cli("grade", "--votes", file).out.splitlines()]
    assert results[0] == {"id": "g", "classes": [[0, 2], [3]]}
    assert results[1]["classes"] is None
    assert results[2]["classes"] == []


def test_a_missing_file_is_one_line(cli, tmp_path):
    done = cli("grade", "--cases", tmp_path / "none.jsonl")
    assert done.code == 2
    assert "none.jsonl" in done.err
