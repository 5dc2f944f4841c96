"""The language model's steps: kept replies, strict reading, and never a guess."""

import json
import multiprocessing
import os
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.answers import Extraction
from proctor.harness.engines.http_client import Completion, Fault
from proctor.harness.errors import DataError, EngineError, StoreError
from proctor.harness.runs.judging import MAX_REPLY_TOKENS, Extractor, JudgeModel, JudgeStep, ReplyBook, request_body
from proctor.harness.types import Item

ITEM = Item("q", "figures", "How many?", "5", "number")
EXTRACTOR = Extractor(
    lambda text, item: f"read {text}",
    lambda reply, item: Extraction(reply[7:], "language model", "") if reply.startswith("Answer:") else None,
)
JUDGE = JudgeStep(lambda answer, item: f"is {answer} {item.answer}", {"1": True, "0": False}.get)


@dataclass
class Server:
    """Says what `replies` has for a prompt; an exception is raised, a Fault ends the asking if it is fatal."""

    replies: dict[str, object]
    asked: list[str] = field(default_factory=list)

    def ask_all(self, bodies):
        for key, body in bodies:
            prompt = body["messages"][0]["content"]
            self.asked.append(prompt)
            said = self.replies[prompt]
            if isinstance(said, Exception):
                raise said
            yield key, Completion(said, "stop", None, None) if isinstance(said, str) else said
            if isinstance(said, Fault) and said.fatal:
                return


@pytest.fixture
def book(tmp_path):
    return ReplyBook(tmp_path / "replies.jsonl")


def test_a_question_is_greedy_and_holds_the_prompt():
    body = request_body("why?")
    assert body["temperature"] == 0
    assert body["messages"] == [{"role": "user", "content": "why?"}]


def test_a_reply_is_asked_for_once_and_kept(book):
    server = Server({"read five": "Answer: 5"})
    for _ in range(2):
        (stated,) = JudgeModel("judge", ReplyBook(book.path), server).extract(EXTRACTOR, [("five", ITEM)])
        assert stated == Extraction(" 5", "language model", "")
    assert server.asked == ["read five"]
    (offline,) = JudgeModel("judge", ReplyBook(book.path)).extract(EXTRACTOR, [("five", ITEM)])
    assert offline == stated


def test_equal_questions_are_asked_once(book):
    server = Server({"read five": "Answer: 5"})
    assert len(JudgeModel("judge", book, server).extract(EXTRACTOR, [("five", ITEM)] * 3)) == 3
    assert server.asked == ["read five"]


def test_another_model_is_asked_again(book):
    server = Server({"is 5 5": "1"})
    for model in ("small", "large"):
        JudgeModel(model, book, server).judge(JUDGE, [("5", ITEM)])
    assert server.asked == ["is 5 5"] * 2


@pytest.mark.parametrize(("reply", "correct"), [("1", True), ("0", False), ("yes", None), ("", None)])
def test_a_judge_is_read_strictly(book, reply, correct):
    (grade,) = JudgeModel("judge", book, Server({"is 5 5": reply})).judge(JUDGE, [("5", ITEM)])
    assert (grade.correct, grade.extracted) == (correct, "5")
    assert (grade.rule == "judging failed") is (correct is None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("I think it is 5.", "not in the form asked for"),
        (Fault("the server is too busy"), "too busy"),
        (EngineError("nothing listens there"), "nothing listens"),
        (Completion("Answer: 5", "length", None, None), f"cut off at {MAX_REPLY_TOKENS} tokens"),
    ],
    ids=["off-format", "fault", "gone", "cut off"],
)
def test_what_can_not_be_had_or_read_is_no_verdict(book, said, why):
    (grade,) = JudgeModel("judge", book, Server({"read five": said})).extract(EXTRACTOR, [("five", ITEM)])
    assert (grade.correct, grade.extracted, grade.rule) == (None, None, "extraction failed")
    assert why in grade.reason


def test_a_fatal_fault_leaves_the_rest_without_a_verdict_and_says_why(book):
    server = Server({"read a": Fault("the key was refused", fatal=True), "read b": "Answer: 1"})
    grades = JudgeModel("judge", book, server).extract(EXTRACTOR, [("a", ITEM), ("b", ITEM)])
    assert [grade.reason for grade in grades] == ["the key was refused"] * 2
    assert server.asked == ["read a"]


def test_a_fault_is_not_kept(book):
    server = Server({"read five": Fault("busy")})
    JudgeModel("judge", book, server).extract(EXTRACTOR, [("five", ITEM)])
    server.replies["read five"] = "Answer: 5"
    (stated,) = JudgeModel("judge", ReplyBook(book.path), server).extract(EXTRACTOR, [("five", ITEM)])
    assert isinstance(stated, Extraction)


def test_a_torn_last_line_is_cut_off_and_the_rest_kept(book):
    book.add("judge", request_body("a"), "1")
    whole = book.path.read_bytes()
    book.path.write_bytes(whole + whole[: len(whole) // 2])
    again = ReplyBook(book.path)
    assert again.get("judge", request_body("a")) == "1"
    again.add("judge", request_body("b"), "2")
    assert [json.loads(line)["reply"] for line in book.path.read_text().splitlines()] == ["1", "2"]


@pytest.mark.parametrize("line", ["{}", "[]", "not json", '{"model": "m", "request": {}, "reply": 5}'])
def test_a_damaged_line_is_told_with_its_place(book, line):
    book.add("judge", request_body("a"), "1")
    book.path.write_text(book.path.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"replies\.jsonl:2: "):
        ReplyBook(book.path)


def test_a_book_that_can_not_be_written_is_told(tmp_path):
    book = ReplyBook(tmp_path / "file" / "replies.jsonl")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        book.add("judge", request_body("a"), "1")


def _write(path, name, count):
    book = ReplyBook(path)
    for n in range(count):
        book.add("judge", request_body(f"{name}{n}"), "x" * 5000)


def test_two_writers_lose_nothing(tmp_path):
    path = tmp_path / "replies.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(path, name, 40)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    book = ReplyBook(path)
    assert all(book.get("judge", request_body(f"{name}{n}")) for name in "ab" for n in range(40))


def test_a_file_of_another_kind_is_left_alone(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"precious": "one line"}')
    with pytest.raises(DataError, match="no kept reply"):
        ReplyBook(path)
    assert path.read_text() == '{"precious": "one line"}'
    path.write_text('{"precious": "torn')
    with pytest.raises(DataError, match="no kept reply"):
        ReplyBook(path)
    for odd in (tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(DataError):
            ReplyBook(odd)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is no file"):
        ReplyBook(tmp_path / "pipe")


def test_a_last_line_without_its_newline_is_whole(book):
    book.add("judge", request_body("a"), "1")
    book.path.write_bytes(book.path.read_bytes().rstrip(b"\n"))
    again = ReplyBook(book.path)
    assert again.get("judge", request_body("a")) == "1"
    again.add("judge", request_body("b"), "2")
    assert [json.loads(line)["reply"] for line in book.path.read_text().splitlines()] == ["1", "2"]


def test_a_reply_that_is_too_long_to_be_kept_is_no_verdict(book):
    server = Server({"read five": "x" * 2**20 + "\nAnswer: 5"})
    (grade,) = JudgeModel("judge", book, server).extract(EXTRACTOR, [("five", ITEM)])
    assert (grade.rule, grade.correct) == ("extraction failed", None)
    assert "too long" in grade.reason
    assert not book.path.exists()


@given(cut=st.integers(0, 400), reply=st.text(max_size=50))
def test_wherever_a_crash_tears_the_last_line_the_others_stay(tmp_path_factory, cut, reply):
    book = ReplyBook(tmp_path_factory.mktemp("book") / "replies.jsonl")
    book.add("judge", request_body("a"), "1")
    whole = book.path.read_bytes()
    book.add("judge", request_body("b"), reply)
    line = book.path.read_bytes()[len(whole) :]
    book.path.write_bytes(whole + line[: min(cut, len(line) - 2)])
    again = ReplyBook(book.path)
    again.add("judge", request_body("c"), "3")
    final = ReplyBook(book.path)
    assert [final.get("judge", request_body(name)) for name in "abc"] == ["1", None, "3"]
