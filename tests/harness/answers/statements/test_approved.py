"""Options that are called right, and options about which only something is said."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract

APPROVED = [
    ("The legs differ by one. Option B is correct.", "B"),
    ("The legs differ by one. Option B is the correct answer.", "B"),
    ("The legs differ by one, so (B) is the right choice.", "(B)"),
    ("The legs differ by one. B is therefore the answer.", "B"),
    ("The legs differ by one. Figure B is the match.", "B"),
    ("Three of them break the rule; only option B remains.", "B"),
    ("Two of them hold. A and C are correct.", "A and C"),
    ("Two of them hold. Options A, C and D are correct.", "A, C and D"),
    ("A. 30° ✗\nB. 45° ✓\nC. 60° ✗", "B"),
    ("图中两条直线平行,选项B正确。", "B"),
    ("The legs differ by one. Thus, option (B) 105 is correct.", "(B) 105"),
    ("The legs differ by one. Option B. 105 is the right answer.", "B. 105"),
    ("Only one is left. The remaining option, B, is correct.", "B"),
    ("A: 30° – wrong, the sum is 170°.\nB: 40° – right, it fits.\nC: 50° – wrong, the sum is 190°.", "B"),
    ("The sum is 12. Therefore 3x + 2 is the answer.", "3x + 2"),
    ("The sum is 12. (3, 4) is the correct answer.", "(3, 4)"),
    ("Is it 5? No, 6 is the answer.", "6"),
    ("我们把它们相加。因此，\\frac{40}{9}是正确答案。", "\\frac{40}{9}"),
]

NOT_APPROVED = [
    ("deny", "The legs differ by one. Option B is not correct."),
    ("called wrong", "The legs differ by one. Option B is incorrect."),
    ("asked", "Which is it? Is it true that option B is correct?"),
    ("on a condition", "Option B is correct if the legs were equal."),
    ("doubt", "Perhaps option B is correct."),
    ("others", "Some students think option B is correct."),
    ("right as a direction", "Point B is right of the wall, and the wall is tall."),
    ("for another question", "Option B is correct for a scalene triangle."),
    ("two ticks", "A. 30° ✓\nB. 45° ✓\nC. 60° ✗"),
    ("none of them", "None of the options is correct."),
    ("an option with its text, on a condition", "Option (B) 105 is correct only if the legs are equal."),
    ("an option with its text, in doubt", "I doubt that option (B) 105 is correct."),
    ("a value called no answer", "The sum is 12. So 5 is not the answer."),
    ("two values", "The sum is 12. Then 5 or 6 is the answer."),
    ("a value in doubt", "The sum is 12. Maybe 5 is the answer."),
]


@pytest.mark.parametrize(("text", "letters"), APPROVED)
def test_options_that_are_called_right_are_the_answer(text: str, letters: str) -> None:
    found = extract(text)
    assert (found.answer, found.rule) == (letters, "answer-is")


@pytest.mark.parametrize(("kind", "text"), NOT_APPROVED)
def test_no_option_is_called_right(kind: str, text: str) -> None:
    found = extract(text)
    assert (found.answer or "").strip("()") != "B"
    assert found.rule != "answer-is"


def test_the_option_called_right_counts_among_those_called_wrong() -> None:
    text = "Option A is incorrect. Option C is the correct answer. Option D is incorrect."
    assert extract(text).answer == "C"
