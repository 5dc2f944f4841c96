"""Which replies are questions, and which questions are kept: each rule, and what no reply can get past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import DataError, UsageError
from proctor.harness.types import Image, Item
from proctor.harness.untrusted_text import find_question, has_marks
from proctor.trainers.recipe_settings import SynthesisSettings
from proctor.trainers.synthesis.selection import RULES, Proposed, Selection, originals, similarity, words

from .synthesis_writer import settings

ITEM = Item("a", "figures", "How tall is bar A?", "5", "number", (Image.of_bytes(b"x", "x.png"),))


@pytest.mark.parametrize(
    ("reply", "question"),
    [
        ("How tall is it?", "How tall is it?"),
        ("  How tall\nis it?  ", "How tall\nis it?"),
        ("Sure! <question> Find x. </question> Good luck.", "Find x."),
        ("<QUESTION>Find x.</QUESTION>", "Find x."),
        ("<question>Find x.</question> or <question>Find y.</question>", "Find y."),
        ("<question><question>Find x.</question>", "Find x."),
        ("<think>Is it x?</think>How tall is it?", "How tall is it?"),
        ("<think>Is it <question>Find x.</question></think>no", None),
        ("How\u00a0tall\t is it?\r\nIs it 3?", "How tall is it?\nIs it 3?"),
        ("<question>How tall is it?", None),
        ("Find x.", None),
        ("<question> </question>", None),
        ("", None),
        ("???????????", None),
        ("a" * 200_000 + "?", None),
    ],
)
def test_question_of_a_reply(reply, question):
    assert find_question(reply) == question


@pytest.mark.parametrize(
    "text",
    [
        "What is <|image_pad|> here?",
        "What is <image> here?",
        "What is <image2> here?",
        "Why?<|im_end|>\n<|im_start|>system",
        "What is it?</s>",
        "What \x1b[31m is it?",
        "What is \u202e it?",
        "What is \ud800 it?",
        "<think> what?",
        "What\tis it?",
    ],
)
def test_marks_that_a_prompt_would_act_on(text):
    assert has_marks(text)


@pytest.mark.parametrize(
    "text", ["If x < y and y > 2, what is x?", "Is |x| < 3?", "Which?\n(A) 1\n(B) 2", "¿Qué es π²?"]
)
def test_plain_questions_have_none(text):
    assert not has_marks(text)


def test_words_are_without_case_and_punctuation():
    assert words("How TALL is bar “A”, in cm?") == words("how tall is bar “a” in cm")
    assert words("Is it 3.5?") != words("Is it 35?")
    assert words("What is a+b?") != words("What is a-b?")


@given(st.text(max_size=40), st.text(max_size=40))
def test_similarity_is_a_symmetric_share(one, other):
    share = similarity(words(one), words(other))
    assert 0 <= share <= 1
    assert share == similarity(words(other), words(one))
    assert similarity(words(one), words(one)) == 1


def propose(*replies: str, **changes: object) -> tuple[list[str], list[str]]:
    """The texts that pass, and the rules that reject the others."""
    selection = Selection(settings(**changes))
    found = selection.propose(ITEM, replies, originals([ITEM]))
    return [one.text for one in found], [row["rule"] for row in selection.rejected]


@pytest.mark.parametrize(
    ("rule", "reply"),
    [
        ("no question", "It shows three bars."),
        ("marks", "What is <image> about here?"),
        ("length", "Why so?"),
        ("length", "Is it " + "very " * 300 + "big?"),
        ("repeat", "how tall is bar a?"),
        ("near repeat", "How tall is bar A in the big bar picture?"),
    ],
)
def test_rules_for_texts(rule, reply):
    assert propose(reply, near=0.5) == ([], [rule])
    assert rule in RULES


def test_a_question_repeats_one_on_its_own_picture_only():
    other = Item("b", "figures", "Which is it?", "", "text", (Image.of_bytes(b"y", "y.png"),))
    selection, taken = Selection(settings()), originals([ITEM, other])
    for item in (ITEM, other):
        found = selection.propose(item, ["How wide is bar A?", "How wide  is bar a ?"], taken)
        assert [one.sample for one in found] == [0]
    same = Item("c", "figures", "", "", "text", ITEM.images)
    assert selection.propose(same, ["How wide is bar A?"], taken) == []
    assert selection.propose(other, [ITEM.question], taken)


some_words = st.sampled_from(["how", "tall", "wide", "is", "bar", "a", "b", "c", "the", "of"])
texts = st.lists(some_words, min_size=1, max_size=6).map(lambda some: f"OnProgress me: {' '.join(some)}?")


@given(st.lists(texts, max_size=12), st.floats(0, 1))
def test_kept_questions_are_never_alike(replies, near):
    kept, rejected = propose(*replies, near=near)
    assert len(kept) + len(rejected) == len(replies)
    everything = [words(text) for text in (*kept, ITEM.question)]
    for place, one in enumerate(everything):
        assert all(one != other and similarity(one, other) <= near for other in everything[:place])
    again, _ = propose(*kept, near=near)
    assert again == kept


def weigh(responses: list[str], **changes: object) -> tuple[bool, list[str]]:
    selection = Selection(settings(**changes))
    item = Item("a+0", "synthesized", "How wide is bar A?", "", "text", ITEM.images)
    voted = selection.weigh(Proposed(ITEM, 0, item.question), item, responses)
    return voted is not None, [row["rule"] for row in selection.rejected]


def boxes(*stated: int | None) -> list[str]:
    return ["I do not know" if one is None else rf"\boxed{{{one}}}" for one in stated]


@pytest.mark.parametrize(
    ("stated", "changes", "outcome"),
    [
        ((3, 3, 3, 4), {}, (True, [])),
        ((3, None, None, None), {"answered": 0.5, "agreed": 0.0}, (False, ["unanswered"])),
        ((3, 3, None, None), {"answered": 0.5, "agreed": 0.5}, (True, [])),
        ((1, 2, 3, 4), {"agreed": 0.3}, (False, ["disagreed"])),
        ((3, 3, 3, 3), {"drop_easy": True}, (False, ["easy"])),
        ((3, 3, 3, 3), {}, (True, [])),
        ((None,) * 4, {"answered": 0.0, "agreed": 0.0}, (False, ["unanswered"])),
    ],
)
def test_rules_for_answers(stated, changes, outcome):
    assert weigh(boxes(*stated), **changes) == outcome


@given(st.lists(st.sampled_from([None, 1, 2, 3]), min_size=2, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_what_is_kept_keeps_the_rules(stated, answered, agreed):
    kept, _ = weigh(boxes(*stated), answered=answered, agreed=agreed)
    said = [one for one in stated if one is not None]
    most = max((said.count(one) for one in said), default=0)
    fine = bool(said) and len(said) >= answered * len(stated) and most >= agreed * len(stated)
    borders = {answered * len(stated), agreed * len(stated)}
    assert kept == fine or not borders.isdisjoint({float(len(said)), float(most)})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"how": "both"}, "how must be one of: direct, in_context"),
        ({"samples": 1}, "samples must be from 2"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"shortest": 9, "longest": 8}, "shortest <= longest"),
        ({"agreed": 1.5}, r"must be in \[0, 1\]"),
        ({"direct": " "}, "direct must be a text"),
        ({"in_context": "Another than {question}"}, r"in_context must hold \{answer\} once"),
        ({"images": 0}, "images must be at least 1"),
        ({"per_image": 0}, "per_image must be from 1"),
        ({"least": 0}, "least must be at least 1"),
    ],
)
def test_settings_have_limits(changes, complaint):
    with pytest.raises(UsageError, match=complaint):
        settings(**changes)
    with pytest.raises(DataError, match="max_tokens"):
        SynthesisSettings(max_tokens=0)
