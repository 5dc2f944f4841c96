"""The value or the option that the closing sentence gives, and closing sentences that give none."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract

WORK = "The fence has posts at both ends. We count the gaps between them.\n\n"

CLOSING = [
    ("a count", "So there are 11 posts in the fence.", "11 posts"),
    ("an equation", "Therefore, the length is 3 × 8 = 24.", "24"),
    ("money", "Thus Ana pays $35 for the wood.", "$35"),
    ("a verb of having", "Hence the fence has 11 posts.", "11 posts"),
    ("a formula", "Hence, $x = 9$.", "9"),
    ("an option", "So the missing post is option D.", "option D"),
    ("a reason after it", "So the fence needs 11 posts because both ends are posts.", "11 posts"),
    ("a pair", "So the corner is at (3, -2).", "(3, -2)"),
    ("what is left", "Posts A, C and D stand on the left. This leaves B.", "B"),
    ("what only is left", "That leaves us with only **option B**.", "option B"),
    ("what can be seen", "So 11 posts are visible.", "11 posts"),
    ("what can be seen in words", "Therefore eleven posts can be seen.", "eleven posts"),
    ("what is done with it", "Thus 11 more posts are needed.", "11 more posts"),
    ("a compliment after it", "Counting carefully, I get 11 posts in the fence. Great question!", "11 posts"),
    ("praise after it", "There are 11 posts in the fence. What a nice puzzle!", "11 posts"),
    ("in few words", "Therefore, the fastest runner is Maya.", "Maya"),
    ("Chinese", "所以一共有11根柱子。", "11根柱子"),
    ("what rows make", "There are 5 posts on each of the 2 sides, giving a total of **10** posts.", "10 posts"),
    ("what is left over", "Of the 20 posts 9 were sold, leaving 11.", "11"),
    ("what the count is brought to", "That brings the number of posts to 11.", "11"),
    ("what it is worth", "The hatched part is worth 21.", "21"),
    ("a verb of the past", "The county planted 5,000 trees in 2020.", "5,000 trees"),
    ("an option alone", "Therefore D.", "D"),
    ("an option in brackets", "(Option D)", "Option D"),
    ("an interval behind its name", "In interval notation that is $(-1, 3]$.", "$(-1, 3]$"),
]

FIRM_BEFORE = [
    ("a remark after it", "So the fence has 11 posts. The rest of the wood stays in the shed.", "11 posts"),
    ("two remarks after it", "Thus the gate is 4 m wide. It opens inward. It is painted green.", "4 m wide"),
]

NOTHING = [
    ("a question", "So are there 11 posts in the fence?"),
    ("a denial", "So the fence does not have 11 posts."),
    ("doubt", "So the fence might have 11 posts."),
    ("a condition", "So the fence has 11 posts if both ends have one."),
    ("two that are left", "This leaves B and D."),
    ("what is left out", "This leaves B out."),
    ("what is left in a state", "This leaves B unpainted."),
    ("asked what is left", "Which leaves B?"),
    ("what cannot be seen", "So 11 posts are not visible."),
    ("asked what can be seen", "So 11 posts are visible?"),
    ("a supposition", "Suppose the fence has 11 posts."),
    ("what others think", "Many students think the fence has 11 posts."),
    ("a cut-off", "So the number of posts is"),
    ("an error of the past", "I first thought the fence had 11 posts."),
    ("not able", "So I am unable to determine the number of posts, which would be 11 or 12."),
    ("a number that occurs", "The crew will come back on Friday the 11th."),
    ("no firm end in words", "A gate is a door."),
]


@pytest.mark.parametrize(("kind", "sentence", "answer"), CLOSING)
def test_what_the_closing_sentence_gives(kind: str, sentence: str, answer: str) -> None:
    found = extract(WORK + sentence)
    assert (found.answer, found.rule) == (answer, "sentence")


@pytest.mark.parametrize(("kind", "sentences", "answer"), FIRM_BEFORE)
def test_a_conclusion_before_the_last_sentence_counts(kind: str, sentences: str, answer: str) -> None:
    assert extract(WORK + sentences).answer == answer


@pytest.mark.parametrize(("kind", "sentence"), NOTHING)
def test_a_closing_sentence_that_gives_nothing(kind: str, sentence: str) -> None:
    assert extract(WORK + sentence).answer is None
