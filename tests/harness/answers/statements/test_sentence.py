"""What one sentence asserts: a value, an option, a few words, or nothing."""

from __future__ import annotations

import pytest

from proctor.harness.answers.statements.doubt import denied
from proctor.harness.answers.statements.sentence import value_of

VALUES = [
    ("The number of tiles left is 7.", "7"),
    ("Nadia needs $24 for the paint.", "$24"),
    ("The missing tile is option C.", "option C"),
    ("The angle at the top is 35°.", "35°"),
    ("The rope gives us 12 meters.", "12 meters"),
    ("The shaded area equals $4\\pi$ square units.", "$4\\pi$ square units"),
    ("The tower is 1,250 feet tall.", "1,250 feet tall"),
    ("The temperature was -4 degrees.", "-4 degrees"),
    ("There are seven tiles on the floor.", "seven tiles"),
    ("The sum is 3 + 4 = 7.", "7"),
    ("The roots are 2 and 5.", "2 and 5"),
    ("The picture matches (B).", "(B)"),
    ("There are 3 shelves, each with 5 jars, so 15 jars.", "15 jars"),
    ("There are 3 shelves with 5 jars each, hence 15 in total.", "15 in total"),
    ("The first shelf holds 3 jars, therefore the shelves hold 15 jars.", "15 jars"),
    ("The angle is 180° minus 48°, or 132°.", "132°"),
    ("The angle is 180 - 48, i.e. 132°.", "132°"),
    ("The share is 24/60, or 40%.", "24/60, or 40%"),
    ("The angle is 48°, or 132°.", "48°, or 132°"),
    ("The ratio is 1 : 4.", "1 : 4"),
    ("There are 14 jars: 6 above and the rest below.", "14 jars"),
    ("The lid is five by six inches.", "five by six"),
    ("With ∠KOB = 40°, the whole angle measures 80 degrees.", "80 degrees"),
    ("Since the base is 4, the roof has 7 tiles.", "7 tiles"),
    ("Given that the base is 4, the number of tiles is 7.", "7"),
    ("So the number that is not a multiple of 3 is 7.", "7"),
    ("Therefore, the tile which does not belong here is (C).", "(C)"),
    ("So the town had 27 mills in 2010.", "27 mills"),
    ("So the moon stands for 7.", "7"),
    ("The fence needs 7 tiles because both ends have one.", "7 tiles"),
    ("The fence needs 7 tiles, since each of the two ends has one.", "7 tiles"),
    ("The cap costs ₩900.", "₩900"),
    ("小红有15元。", "15元"),
]

NOTHING = [
    ("a question", "Is the number of tiles 7?"),
    ("a denial", "The number of tiles is not 7."),
    ("doubt", "The number of tiles could be 7."),
    ("a condition", "If the floor is square, the number of tiles is 7."),
    ("a supposition", "Let us suppose the number of tiles is 7."),
    ("an earlier belief", "We first assumed that the number of tiles is 7."),
    ("an example", "For example, the number of tiles is 7."),
    ("a cut-off", "The number of tiles is 7..."),
    ("not able", "I cannot determine whether it is 7."),
    ("two numbers and a verb", "In 3 rooms Nadia needs $24 for the paint."),
    ("no number", "The floor has tiles."),
    ("a given", "Given that the number of tiles is 7."),
    ("a conclusion without a value", "There are 3 shelves, each with 5 jars, so we multiply."),
    ("a conclusion with two numbers", "There are 3 shelves of 5, so 15 jars are on the 3 shelves."),
    ("a number of the circumstance", "Since the base is 4, the roof is twice as large."),
    ("a denied clause behind that", "The number that we found is not 7."),
    ("a denied pronoun", "I think that is not 7."),
    ("Chinese denial", "瓷砖不是7块。"),
]


@pytest.mark.parametrize(("sentence", "value"), VALUES)
def test_the_value_that_a_sentence_gives(sentence: str, value: str) -> None:
    assert value_of(sentence) == value


@pytest.mark.parametrize(("kind", "sentence"), NOTHING)
def test_a_sentence_that_gives_no_value(kind: str, sentence: str) -> None:
    assert value_of(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("So the tallest tree is the oak.", "oak"),
        ("So the largest group is called mammals.", "mammals"),
        ("The tallest tree is the oak.", "oak"),
    ],
)
def test_the_few_words_that_a_sentence_ends_in(sentence: str, words: str) -> None:
    assert value_of(sentence) is None
    assert value_of(sentence, words=True) == words


@pytest.mark.parametrize(
    "sentence",
    [
        "So the tallest tree is not the oak.",
        "It is the oak.",
        "So the tallest tree is a tree that grew for a long time in the yard.",
    ],
)
def test_words_that_are_no_answer(sentence: str) -> None:
    assert value_of(sentence, words=True) is None


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("It is not true that ", True),
        ("If the floor is square, ", True),
        ("Perhaps ", True),
        ("We thought ", True),
        ("It is not 6, so ", False),
        ("There may be more; therefore ", False),
        ("Looking at the floor, ", False),
        ("We do not need the wall. But ", False),
    ],
)
def test_what_denies_what_follows(before: str, expected: bool) -> None:
    assert denied(before) is expected
