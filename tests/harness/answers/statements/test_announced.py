"""Where an answer is announced, and where the same words announce none."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract, grade

ANNOUNCED = [
    ("The shelves hold 4 rows of 9. The answer is 36.", "36"),
    ("We halve the base.\n\nAnswer: 18 cm", "18 cm"),
    ("We halve the base.\n\n**Answer:** 18", "18"),
    ("We halve the base.\n\n### Final Answer\n\n18", "18"),
    ("Both legs are known.\n\nFinal result: 13", "13"),
    ("Both legs are known.\n\n#### 13", "13"),
    ("Both legs are known.\n\nAns. 13", "13"),
    ("The pattern turns by a right angle, so I choose (D).", "(D)"),
    ("The pattern turns by a right angle. The correct option is D.", "D"),
    ("The shaded part corresponds to option C.", "C"),
    ("The answer to the question about the ferry is 25 minutes.", "25 minutes"),
    ('The answer to "Is the ferry late?" is no.', "no"),
    ("So the answer to **“How many tiles are there?”** is 36.", "36"),
    ("观察图形,答案是12。", "12"),
    ("We halve the base.\n\n**Answer** → 18 cm", "18 cm"),
    ("We halve the base.\n\nAnswer => 18", "18"),
    ("We halve the base.\n\n🔢 **Final answer** ➡️ 18 cm", "18 cm"),
    ("We halve the base.\n\nAnswer - 18", "18"),
    ("We halve the base.\n\n**Answer** – (C)", "(C)"),
    ("The height is 8.\n\nThe answer is B\n\nIf it were 4, D would be closer.", "B"),
    ("The height is 8.\n\nAnswer: 24\n\nUnless the roof is curved, this holds.", "24"),
    ("每行有3个,共有4行。\n【答案】12", "12"),
    ("每行有3个,共有4行。\n[答案]:12个", "12个"),
    ("由于距离变大,像变小。选择:B", "B"),
    ("The height is 8. My best guess is (C).", "(C)"),
    ("The height is 8. I'd guess it's 12.", "12"),
    ("Might it be 24? No, the height is 8. I'm confident in B.", "B"),
    ("Might it be 24? No, the height is 8. I'll stick with B.", "B"),
    ("Adding both, the answer comes out as 12.", "12"),
    ("The answer is 45.\n\nExplanation: there are 10 points. Therefore the correct number of lines is 35.", "35"),
    ("每行有3个,共有4行。所以结果是 12。", "12"),
    ("縦と横を足す。答えは9.4 \\mathrm{cm}^{2}です。", "9.4 \\mathrm{cm}^{2}"),
    ("由勾股定理得斜边较长,故选 C。", "C"),
]

NOT_ANNOUNCED = [
    ("deny", "The answer is not 36."),
    ("a question", "Is the answer 36?"),
    ("a quoted question that is not answered", 'The answer to "Are there 36 tiles?" is not clear.'),
    ("a quoted question in a question", 'Is the answer to "Are there many tiles?" 36?'),
    ("a condition", "If the roof were flat, the answer would be 36, but it is sloped."),
    ("a condition in the next line", "The answer is 36\nif the roof is flat."),
    (
        "a dash inside a sentence",
        "We want the answer - the number of the 36 tiles - soon. It is these that we count.",
    ),
    ("doubt", "Perhaps the answer is 36."),
    ("a remark", "The answer is consistent with the figure."),
    ("how it was found", "The answer was found by adding the two columns."),
    ("others", "Many students think the answer is 36."),
    ("both of two", "The answer is either 36 or 63."),
    ("a heading without a value", "The roof has 36 tiles.\n\n## Final Answer\n"),
    ("taken back by a slip", "The answer is 36. No, I mis-added; the answer should be"),
    ("taken back by another slip", "The answer is 36. Sorry, I miscounted the rows: the answer is"),
    ("taken back by a misreading", "The answer is 36. I misread the plan. So the answer must be"),
    ("taken back", "The answer is 36. That is wrong."),
]

LATER = [
    ("the last of two", "The answer is 36.\n\nThe answer is 48.", "48"),
    ("a later denial leaves the first", "The answer is 36. The answer is not 48.", "36"),
    ("a remark leaves the first", "The answer is 36. The answer was found by adding.", "36"),
    ("the reason is left out", "The answer is 36 because there are 4 rows of 9.", "36"),
    ("reasons that break off leave it", "The answer is 36.\n\nHere we go through why:\n\n1. In A the rows are", "36"),
    ("what others say leaves the first", "The answer is 36. Some students say the answer is 40.", "36"),
]


@pytest.mark.parametrize(("text", "answer"), ANNOUNCED)
def test_what_is_announced_is_the_answer(text: str, answer: str) -> None:
    found = extract(text)
    assert (found.answer, found.rule) == (answer, "answer-is")


@pytest.mark.parametrize(("kind", "text"), NOT_ANNOUNCED)
def test_what_is_not_asserted_is_not_announced(kind: str, text: str) -> None:
    assert extract(text).rule != "answer-is"
    assert not grade(text, "36", "number").correct


@pytest.mark.parametrize(("kind", "text", "answer"), LATER)
def test_the_last_announcement_that_asserts_counts(kind: str, text: str, answer: str) -> None:
    assert extract(text).answer == answer
