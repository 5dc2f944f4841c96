"""What counts as the stated final answer of a response."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract

STATED = [
    # boxes
    ("So \\[\\boxed{5}\\]", "5", "boxed"),
    ("\\boxed{3}. Wait, that is wrong. \\boxed{4}", "4", "boxed"),
    ("\\boxed{4} is it, since \\boxed{}", "4", "boxed"),
    ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}", "boxed"),
    ("\\boxed{\\boxed{7}}", "7", "boxed"),
    ("\\boxed {8}", "8", "boxed"),
    ("\\fbox{9}", "9", "boxed"),
    ("\\boxed{\\{1,2\\}}", "\\{1,2\\}", "boxed"),
    ("\\boxed{\\left\\{1\\right.}", "\\left\\{1\\right.", "boxed"),
    ("<think>\\boxed{3}</think>\\boxed{4}", "4", "boxed"),
    ("a</think>\\boxed{3}</think> b \\boxed{4}", "4", "boxed"),
    ("stray } brace \\boxed{6}", "6", "boxed"),
    ("open { brace \\boxed{6}", "6", "boxed"),
    ("\\boxed{1} and then {\\boxed{2}", "2", "boxed"),
    ("\\boxed{5} \\boxed{5}", "5", "boxed"),
    ("\\boxed{\\frac12} or \\boxed{0.5}", "0.5", "boxed"),
    ("first \\boxed{12}. The answer is 13.", "12", "boxed"),
    ("\\boxed{3 ... \\boxed{4}", "4", "boxed"),
    ("\\boxed{7}</s>", "7", "boxed"),
    ("It is $\\boxed{27}$, not $\\boxed{26}$.", "27", "boxed"),
    ("It is \\(\\boxed{27}\\) rather than \\(\\boxed{26}\\).", "27", "boxed"),
    ("It is not $\\boxed{26}$ but $\\boxed{27}$.", "27", "boxed"),
    ("So $\\boxed{27}$ is correct.", "27", "boxed"),
    ("So $\\boxed{26}$ is wrong. The answer is 27.", "27", "answer-is"),
    ("We have \\boxed{pV = c}.\n\nAnswer: A. it rises", "A. it rises", "answer-is"),
    ("We have \\boxed{pV = c}, so the correct option is (A) it rises.", "(A) it rises", "answer-is"),
    # several boxes in one statement
    ("\\boxed{3} or \\boxed{4}", "3 or 4", "boxes"),
    ("either \\boxed{3} or maybe \\boxed{4}", "3 or 4", "boxes"),
    ("\\boxed{A} and \\boxed{C}", "A, C", "boxes"),
    ("\\boxed{A} \\boxed{B} \\boxed{C}", "A, B, C", "boxes"),
    ("x=\\boxed{3} or x=\\boxed{-3}", "3 or -3", "boxes"),
    ("$\\boxed{3}\\text{ or }\\boxed{4}$", "3 or 4", "boxes"),
    ("$\\boxed{3},\\quad\\boxed{4}$", "3, 4", "boxes"),
    ("\\boxed{3}, and the width is \\boxed{4}", "4", "boxed"),
    # statements in words
    ("We add. The answer is 5.", "5", "answer-is"),
    ("The answer is 5.0.", "5.0", "answer-is"),
    ("**Answer:** (B)", "(B)", "answer-is"),
    ("Final answer: $x=3$", "$x=3$", "answer-is"),
    ("Some steps.\n\nThe final answer is:\n\n42", "42", "answer-is"),
    ("the answer is A because B is wrong", "A", "answer-is"),
    ("The answer is A, since a triangle has three sides.", "A", "answer-is"),
    ("A triangle has three sides, so the answer is C", "C", "answer-is"),
    ("The answer is 3. No, the answer is 4.", "4", "answer-is"),
    ("The correct option is C.", "C", "answer-is"),
    ("The correct option that fits the pattern is **C**.", "C", "answer-is"),
    ("Option B is the correct answer.", "B", "answer-is"),
    ("The answer to the question is (B) no.", "(B) no", "answer-is"),
    ("So, the answer is \\text{A}.\\]", "\\text{A}", "answer-is"),
    ("所以答案是12。", "12", "answer-is"),
    ("<think>so 4</think>The answer is 5.", "5", "answer-is"),
    ("work\n#### 18", "18", "answer-is"),
    ("<answer>C</answer>", "C", "answer-tag"),
    ("text <CONCLUSION> B </CONCLUSION>", "B", "answer-tag"),
    ("The pattern turns by a right angle each time.\n\nD", "D", "last-line"),
    ("It is an even number each time.\n\n(C) 12 cm", "(C) 12 cm", "last-line"),
    # bare answers
    ("42", "42", "bare"),
    ("  (B) 12 cm \n", "(B) 12 cm", "bare"),
    ("**7**", "7", "bare"),
    ("x_1=3, x_2=-3", "x_1=3, x_2=-3", "bare"),
    ("no.", "no", "bare"),
    ("```42```", "42", "bare"),
    ("It is 14.", "14", "bare"),
    ("So, it's B", "B", "bare"),
    ("**→ 150 g**", "150 g", "bare"),
    ("=> B", "B", "bare"),
    ("Don't know", "Don't know", "bare"),
    ("Sep. 2015", "Sep. 2015", "bare"),
    ("65+", "65+", "bare"),
    ("It is raining", "It is raining", "bare"),
]

NOT_STATED = [
    ("Is the shaded area A = 36π ≈ 113.1?", "none"),
    ("Is Norway the longest?", "none"),
    ("", "none"),
    ("   \n", "none"),
    ("<think>so \\boxed{4} hmm", "none"),
    ("<think>\\boxed{4}</think>", "none"),
    ("<think>a</think>\\boxed{1}<think>again", "none"),
    ("\\boxed{}", "none"),
    ("\\boxed{ \n }", "none"),
    ("\\boxed{$ $}", "none"),
    ("so it is \\boxed{42", "none"),
    ("The answer is $\\boxed{42", "none"),
    ("First this.\nThen that.\nThen 12 remain.", "none"),
    ("a very long sentence " * 20, "none"),
    ("So \\boxed{26} is incorrect, since the side is 5. Hence \\boxed{", "none"),
    ("So $\\boxed{26}$ is clearly wrong. Let us redo the", "none"),
    ("So $\\boxed{26}$ cannot be right, as the side is 5.", "none"),
    ("So it is not \\boxed{26}.", "none"),
    ("\\boxed{Yes} if true, \\boxed{No} otherwise", "hedge"),
    ("\\boxed{3} when x>0 and \\boxed{4}", "hedge"),
    ("$\\boxed{3}\\text{ if }x>0, \\boxed{4}$", "hedge"),
    (".", "none"),
    ("I do not know.", "none"),
    ("I'm sorry, but I cannot see the figure.", "none"),
    ("It is impossible to tell from the picture.", "none"),
    ("A is 3, B is 4. 3+4=", "none"),
    ("First I look at the picture. The bars are hard to read, so I start again from", "none"),
    ("The two angles are equal, so that x is", "none"),
    ("\\boxed{3} if x>0, \\boxed{4} if x<0, else nothing", "hedge"),
    ("\\boxed{1} or " * 100 + "\\boxed{2}", "hedge"),
    ("Which one?\n\n(A) 1\n(B) 2\n(C) 3", "none"),
    ("Which is it?\n\nA) 23\nB) 33\nC) 42\n\nD", "none"),
]


@pytest.mark.parametrize(("response", "answer", "rule"), STATED)
def test_stated_answers(response: str, answer: str, rule: str) -> None:
    found = extract(response)
    assert (found.answer, found.rule) == (answer, rule)
    assert found.reason


@pytest.mark.parametrize(("response", "rule"), NOT_STATED)
def test_responses_without_an_answer(response: str, rule: str) -> None:
    found = extract(response)
    assert (found.answer, found.rule) == (None, rule)
    assert found.reason
