"""What protocols ask a language model, how strictly its replies are read, and what it changes in a score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.examination import plan, score_run
from proctor.benchmarks.protocols import language_model
from proctor.benchmarks.registry import SUITES
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.judging import JudgeModel, ReplyBook
from proctor.harness.types import Item, Sampling
from proctor.harness.untrusted_text import FENCE_LENGTH

ITEM = Item("1", "mathvision", "Which?", "B", "choice", choices=("cat", "dog"))
VALUE = language_model.extractor(language_model.VALUE, language_model.verbatim)
LETTER = language_model.extractor(language_model.LETTER, language_model.letter, none="Z")
LETTERS = language_model.extractor(language_model.LETTERS, language_model.letters)
WITH_STEPS = [
    (suite, rules)
    for suite in SUITES.names()
    for rules in SUITES.get(suite).protocols.values()
    if rules.extractor or rules.judge
]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("Answer: 5", "5"),
        ("answer: x = 5", "x = 5"),
        ("**Answer:** 5", "5"),
        ("**Answer: 5**", "5"),
        ("<think>Answer: 7</think>\n\nAnswer: 5\n", "5"),
        ("Answer: none", ""),
        ("Answer: None.", ""),
        ("5", None),
        ("The answer is 5", None),
        ("Answer: 5\nI hope this helps.", None),
        ("Answer:", None),
        ("Answer: " + "9" * 501, None),
        ("", None),
    ],
)
def test_an_extraction_is_one_last_line_in_the_form_asked_for(reply, answer):
    stated = VALUE.read(reply, ITEM)
    assert (None if stated is None else stated.answer) == answer


@pytest.mark.parametrize(
    ("reply", "one", "several"),
    [
        ("Answer: B", "B", "B"),
        ("Answer: (b).", "B", "B"),
        ("Answer: A, C", None, "A, C"),
        ("Answer: a and c", None, "A, C"),
        ("Answer: dog", None, None),
        ("Answer: none", "Z", ""),
    ],
)
def test_letters_are_letters(reply, one, several):
    found = [step.read(reply, ITEM) for step in (LETTER, LETTERS)]
    assert [None if stated is None else stated.answer for stated in found] == [one, several]


@pytest.mark.parametrize(
    ("reply", "correct"),
    [("Verdict: 1", True), ("0", False), ("so\nVerdict: 0", False), ("Verdict: 10", None), ("yes", None), ("", None)],
)
def test_a_verdict_is_zero_or_one(reply, correct):
    assert language_model.judge().read(reply) is correct


@given(st.text(max_size=300))
def test_no_reply_is_an_error(reply):
    for step in (VALUE, LETTER, LETTERS):
        step.read(reply, ITEM)
    language_model.judge().read(reply)


@pytest.mark.parametrize(("suite", "rules"), WITH_STEPS, ids=[f"{s}-{r.name}" for s, r in WITH_STEPS])
def test_a_question_shows_what_the_step_needs(suite, rules):
    for item in SUITES.get(suite).load():
        full = item.question or str(item.meta.get("question_for_eval") or "(in the picture)")
        if rules.extractor:
            prompt = rules.extractor.prompt("It is ABRACADABRA.", item)
            assert "ABRACADABRA" in prompt
            assert full.strip() in prompt
        if rules.judge:
            prompt = rules.judge.prompt("ABRACADABRA", item)
            assert "ABRACADABRA" in prompt
            assert str(item.meta.get("published_answer") or item.answer) in prompt


def test_only_the_end_of_a_long_response_is_shown():
    assert len(VALUE.prompt("x" * 10**6 + "END", ITEM)) < 2 * language_model.MAX_RESPONSE


@pytest.mark.parametrize("suite", ["mathverse", "mathvista", "logicvista"])
def test_official_is_complete_with_a_language_model_and_not_without(suite, tmp_path, scripted):
    """The scripted judge extracts the gold, and takes an answer for right if it is the gold."""
    examination = plan(suite, "official", Sampling())
    assert run_eval(examination, scripted(lambda i, k: "I would say that it is so."), tmp_path / "run").complete
    alone = score_run(tmp_path / "run")
    assert alone.unscored == len(alone.items)
    assert not alone.complete

    referee = JudgeModel(
        "judge", ReplyBook(tmp_path / "replies.jsonl"), _Knows([one.item for one in examination.asked])
    )
    judged = score_run(tmp_path / "run", judge_model=referee)
    assert judged.complete
    assert judged.accuracy().estimate.value == 1.0
    assert judged.referee == "judge"
    assert judged.refereed >= len(judged.items)
    offline = score_run(tmp_path / "run", judge_model=JudgeModel("judge", ReplyBook(tmp_path / "replies.jsonl")))
    assert offline.verdicts == judged.verdicts


class _Knows:
    """A judge that finds the item by its question in the prompt, and says the gold."""

    def __init__(self, items):
        self.items = items

    def ask_all(self, bodies):
        from proctor.harness.engines.http_client import Completion

        for key, body in bodies:
            prompt = body["messages"][0]["content"]
            item = next(one for one in self.items if language_model._question(one) in prompt)
            gold = str(item.meta.get("published_answer") or item.answer)
            reply = "Verdict: 1" if "Verdict" in prompt else f"Answer: {gold or 'none'}"
            yield key, Completion(reply, "stop", 1, 1)


@given(st.text(alphabet="=\n x<|>", max_size=80))
def test_what_is_shown_can_not_close_its_fence(text):
    lines = language_model.judge().prompt(text, ITEM).splitlines()
    (first, last) = [n for n, line in enumerate(lines) if set(line) == {"="} and len(line) >= FENCE_LENGTH][
        :: max(1, sum(set(line) == {"="} and len(line) >= FENCE_LENGTH for line in lines) - 1)
    ]
    assert last == len(lines) - 1
    assert lines[first] == lines[last]
    assert all(len(line) < len(lines[first]) for line in lines[first + 1 : last] if set(line) == {"="})
    assert "<|" not in "\n".join(lines[first:])
