"""How VLMEvalKit's rules find an option."""

import pytest

from proctor.benchmarks.protocols.vlmevalkit import inferred

OPTIONS = {"A": "cat", "B": "dog", "C": "horse"}


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("B", "B"),
        ("The answer is (B).", "B"),
        ("B is what I think the right one is", None),  # a letter counts only near the end
        ("A or B", None),
        ("the dog", "B"),
        ("cat or dog", None),
        ("dog " * 30, None),  # too long for a match by text
        ("The correct answer is **B**, for cats do not bark, and horses are larger", "B"),
        ("The answer is a dog, as the ears in the picture are those of one", "A"),  # the article is taken for it
        ("The answer is A or B", "A"),
        ("Z", "Z"),
        ("Cannot determine the answer", "Z"),
        ("", None),
    ],
)
def test_an_option_is_inferred(answer, option):
    assert inferred(answer, OPTIONS) == option


def test_vlmevalkit_choices(judged):
    for suite, meta in (("mathvision", {}), ("wemath", {}), ("mathvista", {"question_type": "multi_choice"})):
        about = {"choices": ("cat", "dog"), "kind": "choice"} | meta
        assert judged(suite, "vlmevalkit", "It is B", "B", **about).correct is True
        assert judged(suite, "vlmevalkit", "It is A", "B", **about).correct is False
        assert judged(suite, "vlmevalkit", "no idea", "B", **about).correct is None
