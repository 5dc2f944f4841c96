"""Sentences that report others, suppose, describe a mistake or only go on: they state nothing."""

from __future__ import annotations

import pytest

from proctor.harness.answers import grade

STATE_NOTHING = [
    "Many students would say the answer is 7, which is a mistake.",
    "Most people say the answer is 7, but that is wrong.",
    "Tom says the answer is 7, but he forgot one.",
    "My friend thinks it is 7.",
    "Many people would answer 7.",
    "At first glance the answer is 7.",
    "It seems that the answer is 7, but I am not sure.",
    "The textbook claims that the answer is 7, which is false.",
    "A naive count gives 7.",
    "The typical mistake leads to 7.",
    "Forgetting the hidden cube gives 7.",
    "Without the hidden cube the count would be 7.",
    "One more side is needed; for example, with DE = 2 the area would be 7.",
    "It is not possible to compute the area. With DE = 2 it would be 7.",
    "Let us say the answer is 7.",
    "Assume for a moment that the answer is 7.",
    "The answer is anything but 7.",
    "It is false that the answer is 7.",
    "The answer is 7 only if the cube is solid.",
    "The old answer was 7.",
    "My first answer was 7, but I miscounted.",
    "We note that the angle of 7 degrees marked at the top will be needed in what follows.",
    "The angle of 7 degrees at the top is given.",
    "Now consider the angle of 7°.",
    "In the next step, the angle of 7 degrees is used.",
    "The question mentions an angle of 7 degrees.",
    "According to the textbook the answer is 7, but the diagram shows 4 more, so I obtain 11.",
    "Assuming that the hidden bar is as tall as its neighbour, the answer would be 7. That isn't supported by the chart.",
    "It would be wrong to conclude that 7 is the answer merely because it is the largest number.",
    "Could it be 8? The middle row suggests 7, while the columns suggest 9.",
    "很多同学会说答案是7，这是错的。",
    "有人认为答案是7。",
    "答案可能是7。",
    "假如边长是2，面积就是7。",
    "The number of cells shaded is not 7.",
    "例如，当边长为2时，面积是7。",
    "常见的错误答案是7。",
]

STATE_IT = [
    "Many students say 6, but the answer is 7.",
    'Since the question says "hidden", the answer is 7.',
    "Based on the chart, 12 people say so in May and 19 in June, so the difference is 7.",
    "I wasn't sure at first, but I count 7.",
    "I first got 5, but the right number is 7.",
    "The answer is 7, although 6 are visible.",
    "The answer is 7 rather than 6.",
    "排除错误的数法，答案是7。",
    "Therefore, the number of cells not shaded is 7.",
    "The number of cells that could NOT be shaded is 7.",
    "So the number of people not in the photo is 7.",
    "Therefore, the number of years where the share not at school is greater than the average is 7.",
]


@pytest.mark.parametrize("response", STATE_NOTHING)
def test_states_nothing(response: str) -> None:
    assert not grade(response, "7", "number").correct


@pytest.mark.parametrize("response", STATE_IT)
def test_states_it_all_the_same(response: str) -> None:
    assert grade(response, "7", "number").correct
