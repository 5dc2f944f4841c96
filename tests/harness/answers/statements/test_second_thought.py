"""Second thoughts: a response that thinks again of what it said, and one that only checks it."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract

SAID = "The answer is 12."

ANOTHER = [
    ("a recount", " Wait, let me recount. There are 11 dots in the frame.", "11"),
    ("a closing sentence", " Wait, one dot is outside. So there are 11 dots.", "11"),
    ("a last line", " Hmm, one dot is outside.\n\n11", "11"),
    ("only a value", " Actually, no. 11.", "11"),
    ("let me redo", "\n\nLet me redo this. So the frame has 11 dots.", "11"),
    ("hold on", " Hold on, one is outside. Therefore there are 11 dots.", "11"),
    ("oops", " Oops, one is outside. Therefore there are 11 dots.", "11"),
    ("an announcement", " Wait, one is outside. The answer is 11.", "11"),
]

WITHDRAWN = [
    ("disregarded", " Wait, please disregard the above."),
    ("ignored", " Actually, ignore that."),
    ("not to be determined", " Wait, the number cannot be determined from this picture."),
    (
        "a tick inside a sentence",
        " Wait, one dot is outside and the others ✓ are inside. So the number is smaller than that",
    ),
    ("another one without a value", " Hold on, the frame is larger. So the number is larger than that"),
]

THE_SAME = [
    ("confirmed", " Wait, let me recount. Yes, that is correct."),
    ("verified", " Let me re-check the rows: it is consistent."),
    ("a tick", " Actually, all dots are in the frame ✓"),
    ("a tick behind a sum", " Wait, let me recount: 7 + 5 = 12 ✓"),
    ("no second thought", " The waiter counted them as well."),
    ("inside a word", " The actuality of this count is nothing to us."),
    ("said again", " Wait, let me recount. There are 12 dots in the frame."),
    ("a courtesy", " I hope this helps."),
    ("before the answer", " It took a while to see."),
]


@pytest.mark.parametrize(("kind", "after", "answer"), ANOTHER)
def test_another_answer_after_a_second_thought_counts(kind: str, after: str, answer: str) -> None:
    found = extract(SAID + after).answer
    assert found is not None
    assert found.split()[0] == answer


@pytest.mark.parametrize(("kind", "after"), WITHDRAWN)
def test_an_answer_that_is_withdrawn_states_nothing(kind: str, after: str) -> None:
    assert extract(SAID + after).answer is None


@pytest.mark.parametrize(("kind", "after"), THE_SAME)
def test_an_answer_that_is_confirmed_stands(kind: str, after: str) -> None:
    found = extract(SAID + after).answer
    assert found is not None
    assert found.split()[0] == "12"
