"""What is thinking in a response, by the marks that models put around it, and what is left without it."""

from __future__ import annotations

import pytest

from proctor.harness.answers import extract
from proctor.harness.answers.statements.thinking import NEVER_CLOSED, closes, opened_by

MARKS = [
    ("<think>", "</think>"),
    ("<THINK>", "</Think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<REASONING>", "</REASONING>"),
    ("<analysis>", "</analysis>"),
    ("<scratchpad>", "</scratchpad>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
]


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_only_what_follows_the_thinking_states_an_answer(opening, closing):
    assert extract(f"{opening}So the answer is \\boxed{{3}}.{closing}\\boxed{{4}}").answer == "4"
    assert extract(f"{opening}So the answer is 3.{closing}\n\nThe answer is 4.").answer == "4"
    assert extract(f"{opening}So the answer is \\boxed{{3}}.{closing}").answer is None
    unclosed = extract(f"{opening}So the answer is \\boxed{{3}}.")
    assert (unclosed.answer, unclosed.reason) == (None, NEVER_CLOSED)
    assert extract(f"So \\boxed{{3}}.{closing}\\boxed{{4}}").answer == "4"


def test_channels_of_which_a_server_left_the_names():
    assert extract("analysisWe count 3 bars.assistantfinalThe answer is 4.").answer == "4"


def test_a_box_in_tokens_of_its_own():
    assert extract("<think>It is 3.</think>It is <|begin_of_box|>12<|end_of_box|>.").answer == "12"


@pytest.mark.parametrize(("opening", "closing"), MARKS[:-1])
def test_whether_a_prompt_opens_and_a_response_closes(opening, closing):
    assert opened_by(f"<|im_start|>assistant\n{opening}\n") == opening
    assert opened_by(f"assistant\n{opening}\n\n{closing}\n\n") == ""
    assert opened_by(f"Write it between {opening} and {closing}.\nassistant\n") == ""
    assert opened_by(f"Begin with {opening}.\nassistant\n") == ""
    assert closes(f"We count.{closing}So 4")
    assert not closes(f"{opening}We count.")
    assert not closes("We count.")
