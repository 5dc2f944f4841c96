"""DynaMath: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest

from proctor.benchmarks.protocols.base import BOXED


@pytest.mark.parametrize(
    ("answer", "gold_type"),
    [("4:45", "time"), ("x = -1", "assignment"), ("(2, -4)", "tuple"), ("BS", "text"), ("275", "number")],
)
def test_texts_by_their_shape(load, answer, gold_type):
    assert load("dynamath", 2, answer=answer).answer_type == gold_type


def test_options_in_the_question(load, shown):
    item = load("dynamath", 1)
    assert item.choices == ("red", "green", "blue")
    assert shown("dynamath", item)[1] == f"{item.question}\n{BOXED}"
    assert load("dynamath", 1, question="Which? choice: (A) (B) (C)").choices == ()


@pytest.mark.parametrize(
    ("kind", "response", "gold", "correct"),
    [
        ("float", '{"solution": "x", "short answer": "2.5004"}', "2.5", True),
        ("float", '{"solution": "x", "short answer": "2.502"}', "2.5", False),
        ("float", 'Here: {"solution": "\\frac", "short answer": "2.5 cm"} ok', "2.5", True),
        ("float", '{"short answer": "0.5π"}', "1.571", True),
        ("float", '{"short answer": "$2.5"}', "2.5", False),
        ("float", '{"short answer": null}', "2.5", False),
        ("float", "[1]", "2.5", False),
        ("multiple choice", '{"short answer": "B"}', "B", True),
        ("multiple choice", '{"short answer": "(B) yes"}', "B", True),
        ("multiple choice", '{"short answer": "A/B"}', "B", True),  # either of them is right
        ("multiple choice", "B", "B", False),  # the last character is lost
        ("multiple choice", "so\nB.", "B", True),
        ("text", '{"short answer": "not yes"}', "yes", True),
        ("text", '{"short answer": ""}', "yes", False),
    ],
)
def test_official_rule(judged, kind, response, gold, correct):
    assert judged("dynamath", "official", response, gold, answer_type=kind).correct is correct


@pytest.mark.parametrize(
    "text", ["{" * 50_000 + "}", "[" * 50_000, '{"short answer": ' + "9" * 50_000 + "}", "{}", "}{"]
)
def test_official_hostile_json(judged, text):
    for protocol in ("official", "vlmevalkit"):
        assert judged("dynamath", protocol, text, "2.5").correct is not True


@pytest.mark.parametrize(
    ("kind", "response", "gold", "correct"),
    [
        ("float", '{"short answer": "2.5"}', "2.5", True),
        ("float", "2.5 cm", "2.5", True),
        ("float", "about 2.5", "2.5", None),
        ("multiple choice", '{"short answer": "b"}', "B", True),
        ("multiple choice", "(B)", "B", True),
        ("text", '{"short answer": ""}', "yes", True),  # the prediction stands in the gold
        ("text", '{"short answer": "not yes"}', "yes", False),
    ],
)
def test_vlmevalkit(judged, kind, response, gold, correct):
    assert judged("dynamath", "vlmevalkit", response, gold, answer_type=kind).correct is correct
