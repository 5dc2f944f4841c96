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
    ("Chinese", "不对，漏算了角上的1个，应该是11。", "11"),
    ("in one sentence of Chinese", "等等，多算了1个，所以是11。", "11"),
    ("a Chinese correction", "更正：11。", "11"),
    ("only no", "不，是11。", "11"),
    ("counted again", "等一下，重新数一遍，总共11个。", "11个"),
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


CORRECTED = [
    ("an edit in italics", "\n\n*Edit: I forgot one row at the bottom, so the count should be 14.*", "14"),
    ("an edit in bold", "\n\n**Edit:** one row is missing. There are 14 dots.", "14"),
    ("a correction", "\n\n**Correction:** there is one more row, so the answer should be 14.", "14"),
    ("only a value", "\n\nCorrection: 14", "14"),
    ("a value and the former one", "\n\n*Edit: it should be 14, not 12.*", "14"),
    ("the former one first", "\n\nEdit: I previously said 13, but it should be 14.", "14"),
    ("an update", " Update: two more stand behind the frame, so there are 14 dots.", "14"),
    ("in words", "\n\nEdit: I missed some. There are fourteen dots.", "fourteen"),
    ("an option", "\n\nEdit: I misread the axis; it should be C.", "C"),
    ("an option alone", "\n\nUpdate: C", "C"),
    ("another text", "\n\nEdit: it should be blue.", "blue"),
    ("withdrawn", "\n\n*Edit: I overlooked one row at the bottom.*", None),
    ("of the explanation", "\n\n*Edit: fixed 2 typos.*", "12"),
    ("of the table", "\n\n*Edit: the year 2015 was added to the table.*", "12"),
    ("of what was said before", "\n\nEdit: my previous count was 11.", "12"),
    ("doubted", "\n\nUpdate: there might be 14 of them.", "12"),
    ("supposed", "\n\nUpdate: if you count the frame, there are 14.", "12"),
    ("confirmed", "\n\n*Edit: the answer above is still correct.*", "12"),
    ("no mark", "\n\nThe edition of the book has 14 dots on it.", "12"),
]


@pytest.mark.parametrize(("kind", "after", "answer"), CORRECTED)
@pytest.mark.parametrize("said", [SAID, r"\boxed{12}", r"So we get $$\boxed{12}.$$"])
def test_a_marked_correction_counts_before_what_it_corrects(
    said: str, kind: str, after: str, answer: str | None
) -> None:
    found = extract(said + after).answer
    assert (found and found.split()[0].rstrip(".")) == answer


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
