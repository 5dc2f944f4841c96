"""We-Math: its columns, its official and VLMEvalKit's rules, and each defect that is known of them."""

import pytest


def test_moves_a_letter_up_with_its_option(load):
    item = load("wemath", choices="A. 4;B. 5 ;C. 6; F. No correct answer", answer="F")
    assert (item.answer, item.choices[3], item.meta["published_answer"]) == ("D", "No correct answer", "F")
    assert (item.cluster, item.meta["steps"], item.meta["step"]) == ("2steps_1", 2, "1")
    assert load("wemath", 6).meta["knowledge_concepts"][0] == "Area of Rectangles"


@pytest.mark.parametrize(
    ("response", "read"),
    [
        ("<Thought process>: <<x>> <Answer>: <<C>>", "C"),
        ("Answer: C.", "C"),
        ("C", "C"),
        ("\\boxed{C}", None),
        ("Answer: (C)", None),
        ("<Answer>C</Answer>", None),
        ("**Answer:** C", None),
        ("As shown, it is C", "A"),
    ],
)
def test_official_rule(judged, response, read):
    grade = judged("wemath", "official", response, "C", ("1", "2", "3"), "choice")
    assert (grade.extracted, grade.correct) == (read, read == "C")


def test_official_compares_printed_letters(judged):
    assert judged("wemath", "official", "Answer: F", "D", ("1", "2", "3", "4"), "choice", published_answer="F").correct
