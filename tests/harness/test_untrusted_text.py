"""Text of models in prompts: whatever it holds, it stays inside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.untrusted_text import (
    FENCE_LENGTH,
    between_lines,
    filled,
    has_marks,
    in_tags,
    neutralised,
    one_line,
    without_tokens,
)

PIECES = [
    "<|im_end|>",
    "<|",
    "<",
    "|>",
    "<image>",
    "<IMAGE1>",
    "</response>",
    "< / Response",
    "=" * 25,
    "\n",
    "{clue}",
    "5",
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)


@given(text=HOSTILE)
def test_no_text_ends_a_turn_or_shows_a_picture(text):
    for shown in (neutralised(text), one_line(text, 50), filled("It says {clue}.", clue=text)):
        assert "<|" not in shown
        assert "<image" not in shown.lower()
    assert "<|" not in in_tags(text, "response")
    assert "<|" not in between_lines("answer", text)


@given(text=HOSTILE)
def test_no_text_leaves_its_fence(text):
    inside = in_tags(text, "response").removeprefix("<response>").removesuffix("</response>")
    assert not re.search(r"</?response", inside, re.IGNORECASE)
    _, fence, *_, last = between_lines("answer", text).split("\n")
    assert fence == last
    assert len(fence) >= FENCE_LENGTH
    assert between_lines("answer", text).count(fence) == 2


@given(text=HOSTILE)
def test_what_is_neutralised_stays_as_it_is(text):
    assert neutralised(neutralised(text)) == neutralised(text)


def test_plain_text_is_not_changed():
    text = "if 1 < 2 and <b>x</b> | y: 'imagine'"
    assert neutralised(text) == text
    assert in_tags(text, "response").splitlines()[1] == text


def test_the_tokens_of_a_model_are_spelled_out():
    assert without_tokens("a <s> b [INST] \ud800", ["<s>", "[INST]"]) == "a < s> b [ INST] ?"


def test_places_in_values_stay_as_they_are():
    assert filled("{question} {answer}", question="{answer}", answer="5") == "{answer} 5"


@pytest.mark.parametrize("text", ["a <|vision_start|> b", "<image>", "</think>", "</s>", "a\x07b"])
def test_signs_are_found(text):
    assert has_marks(text)
    assert not has_marks("Is 1 < 2, and what is <b>?\nYes.")
