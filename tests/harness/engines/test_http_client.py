"""The client of OpenAI-compatible servers, against one that misbehaves, over real sockets."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.engines.http_client import Budget, Completion, Endpoint, Fault
from proctor.harness.engines.http_limits import START, ConcurrencyLimiter
from proctor.harness.engines.http_wire import (
    Failure,
    read_completion,
    read_error,
    read_models,
    retry_after,
)
from proctor.harness.errors import EngineError, UsageError
from proctor.harness.limits import HTTP_REPLY_BYTES

from ...faulty_server import ANSWER, Reply, completion

SECRET = "sk-very/secret+key=42"
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def client(server, **options):
    return Endpoint(server.url, "tiny", **({"timeout": 5, "attempts": 4, "backoff": 0.01} | options))


def bodies(count, **fields):
    return [(n, {"messages": [{"role": "user", "content": f"question {n}"}], **fields}) for n in range(count)]


def number(body):
    return int(body["messages"][0]["content"].split()[1])


def ask(endpoint, count=1, **fields):
    return dict(endpoint.ask_all(bodies(count, **fields)))


def threads():
    return [one for one in threading.enumerate() if one.name == "endpoint"]


def test_answers_come_with_their_finish_reason_and_counts(serve):
    server = serve(lambda body, before: Reply(body=completion(f"answer {number(body)}", "length", 11, 5)))
    assert ask(client(server), 3) == {n: Completion(f"answer {n}", "length", 11, 5) for n in range(3)}
    assert all(body["model"] == "tiny" for body in server.seen)


def test_answers_are_yielded_as_they_finish_and_bodies_pulled_when_there_is_room(serve):
    server = serve(lambda body, before: Reply(delay=0.3 if number(body) == 0 else 0))
    pulled = []

    def lazily():
        for key, body in bodies(50):
            pulled.append(key)
            yield key, body

    order = []
    for key, _ in client(server, concurrency=4).ask_all(lazily()):
        order.append(key)
        assert len(pulled) <= len(order) + 4
    assert sorted(order) == list(range(50))
    assert order[0] != 0
    assert not threads()


FLAWS = {
    "busy": lambda: Reply(429, {"error": {"message": "slow down"}}),
    "overloaded": lambda: Reply(503, b"no capacity"),
    "internal": lambda: Reply(500, b""),
    "reset": lambda: Reply(reset=True),
    "half sent": lambda: Reply(length=4000),
    "slow": lambda: Reply(delay=1.0),
    "dripping": lambda: Reply(drip=0.02),
}
PATIENCE = {"slow": 0.4, "dripping": 0.4}


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_passes_is_asked_again(serve, flaw):
    server = serve(lambda body, before: FLAWS[flaw]() if before == 0 else Reply())
    assert ask(client(server, timeout=PATIENCE.get(flaw, 5)))[0] == Completion(ANSWER, "stop", 7, 3)
    assert len(server.seen) >= 2


@pytest.mark.parametrize("flaw", FLAWS)
def test_what_does_not_pass_is_a_fault_after_the_attempts(serve, flaw):
    server = serve(lambda body, before: FLAWS[flaw]())
    fault = ask(client(server, timeout=PATIENCE.get(flaw, 5), attempts=2))[0]
    assert isinstance(fault, Fault)
    assert not fault.fatal
    assert "tried 2 times" in fault.message
    assert len(server.seen) <= 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(400, {"error": {"message": "maximum context length is 512 tokens"}}), "maximum context length"),
        (Reply(413, b"too large"), "413: too large"),
        (Reply(422, {"detail": "bad field"}), "422: bad field"),
        (Reply(200, {"choices": []}), "no chat completion"),
        (Reply(200, []), "no chat completion"),
        (Reply(200, completion(None)), "no text: content is None"),
        (Reply(200, completion(["a"])), "no text"),
        (Reply(200, completion("half an ans", "abort")), "not finished: finish_reason is 'abort'"),
        (Reply(200, completion("x", ["stop"])), "not finished"),
        (Reply(200, completion([{"type": "thinking", "text": "5"}])), "no text"),
        (Reply(200, completion(), {"Content-Encoding": "gzip"}), "packed (gzip), which was not asked for"),
        (Reply(200, completion(), {"Content-Encoding": "gzip, gzip"}), "packed (gzip, gzip)"),
        (Reply(200, b" " * (HTTP_REPLY_BYTES + 1)), "larger than"),
    ],
)
def test_what_is_no_answer_is_a_fault_at_once(serve, reply, said):
    server = serve(lambda body, before: reply)
    fault = ask(client(server))[0]
    assert isinstance(fault, Fault)
    assert said in fault.message
    assert fault.message.isprintable()
    assert not fault.fatal
    assert len(server.seen) == 1


def with_error(where: str, error: Any) -> dict[str, Any]:
    """An answer with an error beside it, at that level."""
    body = completion("It is")
    {"reply": body, "choice": body["choices"][0], "message": body["choices"][0]["message"]}[where]["error"] = error
    return body


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>hello</html>", "no JSON: <html>"),
        (b'{"choices": ' * 100_000, "no JSON"),
        (b'{"choices": [{"message": {"content": "5', "no JSON"),
        ({"error": {"message": "engine dead"}}, "engine dead"),
        (with_error("reply", {"message": "out of memory"}), "out of memory"),
        (with_error("reply", "out of memory"), "out of memory"),
        (with_error("choice", {"message": "worker lost", "code": 502}), "worker lost"),
        (with_error("message", {"message": "worker lost"}), "worker lost"),
        (with_error("message", {}), "answered with an error"),
    ],
)
def test_an_error_in_a_200_is_no_answer_and_is_asked_again(serve, body, said):
    server = serve(lambda asked, before: Reply(200, body) if before == 0 else Reply())
    assert ask(client(server))[0] == Completion(ANSWER, "stop", 7, 3)
    server = serve(lambda asked, before: Reply(200, body))
    fault = ask(client(server, attempts=2))[0]
    assert isinstance(fault, Fault)
    assert said in fault.message
    assert "tried 2 times" in fault.message
    assert len(server.seen) == 2


def refusing(**message: Any) -> Reply:
    """A message with a refusal in it."""
    body = completion(None)
    body["choices"][0]["message"] |= message
    return Reply(200, body)


REFUSALS = {
    "in words": (refusing(refusal="I cannot help."), "I cannot help."),
    "beside a text": (refusing(refusal="I cannot help.", content="It is 5"), "I cannot help."),
    "as a part": (refusing(content=[{"type": "refusal", "refusal": "No."}]), "No."),
    "a filter": (Reply(200, completion("It is", "content_filter")), "finish_reason is content_filter"),
    "without a content": (
        Reply(200, {"choices": [{"message": {}, "finish_reason": "content_filter"}]}),
        "finish_reason is content_filter",
    ),
    "Google's": (Reply(200, completion(None, "SAFETY")), "finish_reason is SAFETY"),
    "of the question": (Reply(400, {"error": {"message": "filtered", "code": "content_filter"}}), "filtered"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_asked_again_and_counts_where_it_repeats(serve, kind):
    reply, said = REFUSALS[kind]
    server = serve(lambda body, before: reply if before < 2 else Reply())
    assert ask(client(server))[0] == Completion(ANSWER, "stop", 7, 3)
    for attempts, least in ((8, 3), (2, 2), (1, 1)):
        server = serve(lambda body, before: reply)
        fault = ask(client(server, attempts=attempts))[0]
        assert isinstance(fault, Fault)
        assert (fault.refusal, fault.fatal, len(server.seen)) == (said, False, least)
    server = serve(lambda body, before: Reply(500) if before == 0 else reply)
    assert ask(client(server, attempts=2))[0].refusal is None


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS"])
def test_thinking_until_the_tokens_ran_out_is_an_empty_answer_that_was_cut_off(serve, reason):
    body = completion(None, reason)
    body["choices"][0]["message"]["reasoning_content"] = "Hmm, 4 or"
    server = serve(lambda asked, before: Reply(200, body))
    assert ask(client(server))[0] == Completion("", "length", 7, 3, "Hmm, 4 or")


@pytest.mark.parametrize("reason", ["end_turn", "STOP", "stop_sequence"])
def test_the_parts_of_a_text_are_joined(serve, reason):
    parts = [
        {"type": "thinking", "text": "no"},
        {"type": "text", "text": "It is "},
        {"type": "output_text", "text": "5."},
    ]
    server = serve(lambda asked, before: Reply(200, completion(parts, reason)))
    assert ask(client(server))[0] == Completion("It is 5.", "stop", 7, 3)


def test_an_empty_text_is_an_answer(serve):
    assert ask(client(serve(lambda body, before: Reply(body=completion("")))))[0] == Completion("", "stop", 7, 3)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, {"error": {"message": "no"}}),
        Reply(403, b"no"),
        Reply(404, {"message": "model gone"}),
        Reply(429, {"error": {"message": "pay first", "code": "insufficient_quota"}}),
        Reply(307, b"", {"Location": "http://elsewhere.example/v1"}),
    ],
)
def test_nothing_more_is_asked_when_nothing_can_succeed(serve, reply):
    server = serve(lambda body, before: Reply(delay=0.05) if number(body) < 3 else reply)
    results = ask(client(server, concurrency=2), 40)
    assert {n: type(results[n]) for n in range(3)} == dict.fromkeys(range(3), Completion)
    assert results[3].fatal
    assert len(results) == len(server.seen) <= 5


def test_redirects_are_not_followed(serve):
    other = serve(key=SECRET)
    server = serve(lambda body, before: Reply(307, b"", {"Location": f"{other.url}/chat/completions"}))
    assert "redirects" in ask(client(server))[0].message
    assert other.keys == []


def test_a_busy_servers_wait_holds_for_all_requests(serve):
    """Question 0 is told to wait while question 1 is still being answered: question 2 waits too."""
    both_are_there = threading.Event()

    def script(body, before):
        if number(body) == 0 and before == 0:
            both_are_there.wait(10)
            return Reply(429, b"", {"Retry-After": "1"})
        both_are_there.set()
        return Reply(delay=0.3)

    server = serve(script)
    results = ask(client(server, concurrency=2), 3)
    assert all(isinstance(one, Completion) for one in results.values())
    assert {number(body) for body in server.seen[:2]} == {0, 1}
    assert min(server.times[2:]) - max(server.times[:2]) >= 0.9


def test_a_wait_until_a_date_is_honoured_by_its_request(serve):
    def script(body, before):
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return Reply(500, b"", {"Retry-After": later}) if before == 0 else Reply()

    server = serve(script)
    assert isinstance(ask(client(server))[0], Completion)
    assert server.times[1] - server.times[0] >= 0.9


def test_retry_after_is_read_and_capped():
    cases = {"3": 3, "-5": 0, "1e9": 120, "inf": 120, "nan": None, "soon": None, "": None}
    assert {text: retry_after(text, NOW) for text in cases} == cases
    assert retry_after(None, NOW) is None
    assert retry_after("Mon, 06 May 2024 07:08:39 GMT", NOW) == 30
    assert retry_after("Mon, 06 May 2024 07:00:00 GMT", NOW) == 0
    assert retry_after("Mon, 06 May 2024 07:08:39", NOW) == 30


def test_concurrency_grows_up_to_its_bound(serve):
    server = serve(lambda body, before: Reply(delay=0.03))
    ask(client(server, concurrency=20), 150)
    assert START < server.most_active <= 20


def test_concurrency_falls_when_the_server_pushes_back(serve):
    most = 3

    def script(body, before):
        return Reply(delay=0.03) if server.active <= most else Reply(429, b"")

    server = serve(script)
    results = ask(client(server, concurrency=40, attempts=30), 80)
    assert all(isinstance(one, Completion) for one in results.values())
    assert len(server.seen) < 200


def test_flow_halves_once_for_requests_that_were_out_together():
    flow = ConcurrencyLimiter(64)
    for _ in range(24):
        flow.answered()
    assert flow.limit == START + 24
    sent = time.monotonic()
    for _ in range(10):
        flow.push_back(sent, 0)
    assert flow.limit == (START + 24) // 2
    flow.push_back(time.monotonic(), 0)
    assert flow.limit == (START + 24) // 4
    for _ in range(9):
        flow.answered()
    assert flow.limit == (START + 24) // 4 + 1


def test_waiting_for_a_slot_does_not_count_as_the_servers_time(serve):
    server = serve(lambda body, before: Reply(delay=0.2))
    results = ask(client(server, concurrency=1, timeout=0.6, attempts=1), 5)
    assert all(isinstance(one, Completion) for one in results.values())


def test_a_server_that_dies_ends_the_asking(serve):
    def script(body, before):
        if number(body) == 10:
            threading.Thread(target=server.close).start()
        return Reply(delay=0.05)

    server = serve(script)
    answered = []
    with pytest.raises(EngineError, match="the server is gone"):
        answered.extend(client(server, concurrency=4).ask_all(bodies(1000)))
    assert {type(result) for key, result in answered if key < 5} == {Completion}
    assert sum(isinstance(result, Fault) for _, result in answered) <= 8
    assert not threads()


def test_a_server_that_is_well_is_not_given_up_for_hard_questions(serve):
    server = serve(lambda body, before: Reply(reset=number(body) < 12))
    results = ask(client(server, attempts=2), 20)
    assert [n for n in range(20) if isinstance(results[n], Completion)] == list(range(12, 20))


def test_closing_breaks_off_what_is_in_flight(serve):
    server = serve(lambda body, before: Reply(delay=0 if number(body) == 0 else 30))
    asking = client(server, timeout=60).ask_all(bodies(20))
    assert next(asking)[0] == 0
    started = time.monotonic()
    asking.close()
    assert time.monotonic() - started < 2
    assert not threads()


def test_closing_does_not_wait_until_the_server_has_time(serve):
    server = serve(lambda body, before: Reply() if number(body) == 0 else Reply(429, b"", {"Retry-After": "60"}))
    asking = client(server).ask_all(bodies(20))
    assert next(asking)[0] == 0
    started = time.monotonic()
    asking.close()
    assert time.monotonic() - started < 2
    assert not threads()


def test_an_error_in_the_bodies_ends_the_threads(serve):
    def broken():
        yield from bodies(3)
        raise KeyError("q")

    with pytest.raises(KeyError):
        list(client(serve(lambda body, before: Reply(delay=30)), timeout=60).ask_all(broken()))
    assert not threads()


def test_when_bodies_end_those_in_flight_are_finished(serve):
    server = serve(lambda body, before: Reply(500, b"") if before == 0 else Reply(delay=0.1))
    assert all(isinstance(one, Completion) for one in ask(client(server), 6).values())


# --- budget


def test_what_is_broken_off_is_charged_since_it_may_be_billed(serve):
    def broken():
        yield from bodies(2, max_tokens=100)
        raise KeyError("q")

    budget = Budget(tokens=1000)
    server = serve(lambda body, before: Reply(delay=0 if number(body) == 0 else 30))
    with pytest.raises(KeyError):
        list(client(server, timeout=60, budget=budget).ask_all(broken()))
    assert str(budget) == "117 of 1,000 tokens"


def test_a_budget_of_requests_is_kept_exactly(serve):
    server = serve(lambda body, before: Reply(500, b"") if number(body) == 0 and before == 0 else Reply())
    results = ask(client(server, budget=Budget(requests=10)), 40)
    assert len(server.seen) == 10
    faults = [one for one in results.values() if isinstance(one, Fault)]
    assert len(results) - len(faults) == 9
    assert faults[0].fatal
    assert "10 of 10 requests" in faults[0].message


def test_a_budget_that_just_suffices_is_no_fault(serve):
    assert all(isinstance(one, Completion) for one in ask(client(serve(), budget=Budget(requests=5)), 5).values())


@pytest.mark.parametrize(
    "limits", [{"tokens": 500}, {"cost": 0.0005, "prompt_price": 1.0, "completion_price": 1.0}], ids=["tokens", "cost"]
)
def test_a_budget_of_tokens_or_money_is_not_passed(serve, limits):
    server = serve(lambda body, before: Reply(body=completion(prompt=20, tokens=10)))
    results = ask(client(server, budget=Budget(**limits)), 100, max_tokens=30)
    answered = [one for one in results.values() if isinstance(one, Completion)]
    taken = 30 * len(server.seen)
    assert 500 - 2 * 50 < taken <= 500
    assert len(answered) == len(server.seen)
    (fault,) = (one for one in results.values() if isinstance(one, Fault))
    assert fault.fatal
    assert "budget" in fault.message


def test_answers_without_a_bill_are_charged_in_full(serve):
    server = serve(lambda body, before: Reply(body={k: v for k, v in completion().items() if k != "usage"}))
    results = ask(client(server, budget=Budget(tokens=100)), 50, max_tokens=30)
    assert len(server.seen) == 3
    assert results[0] == Completion(ANSWER, "stop", None, None)


def test_answers_that_were_lost_are_charged(serve):
    server = serve(lambda body, before: Reply(reset=True))
    results = ask(client(server, attempts=50, budget=Budget(tokens=100)), 1, max_tokens=30)
    assert results[0].fatal
    assert len(server.seen) == 3
    server.seen.clear()
    results = ask(client(server, attempts=1, budget=Budget(tokens=100)), 5, max_tokens=30)
    assert results[3].fatal
    assert len(server.seen) == 3


def test_the_first_answer_tells_how_long_prompts_are(serve):
    server = serve(lambda body, before: Reply(body=completion(prompt=60, tokens=5)))
    ask(client(server, budget=Budget(tokens=100)), 9, max_tokens=5)
    assert len(server.seen) == 1


def test_a_question_that_waits_for_the_budget_is_not_asked_after_a_fatal_fault(serve):
    server = serve(lambda body, before: Reply(401, b"no"))
    assert list(ask(client(server, budget=Budget(tokens=100)), 9, max_tokens=5)) == [0]
    assert len(server.seen) == 1


def test_a_budget_lasts_over_several_askings(serve):
    server = serve()
    endpoint = client(server, budget=Budget(requests=5))
    assert len(ask(endpoint, 3)) == 3
    ask(endpoint, 9)
    assert len(server.seen) == 5


def test_a_budget_of_tokens_needs_to_know_how_long_answers_may_be(serve):
    with pytest.raises(UsageError, match="max_tokens"):
        ask(client(serve(), budget=Budget(tokens=100)))


# --- before anything is asked


def test_served_gives_the_models_entry(serve):
    server = serve()
    assert client(server).served()["root"] == "/models/tiny"
    assert client(server).version() == "9.9"
    server.version = Reply(500, b"")
    assert client(server).version() is None


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"data": [{"id": "other"}, {"id": "third"}]}, r"no model 'tiny'; it serves other, third"),
        ({"data": []}, "it serves nothing"),
        ({"models": []}, "does not speak OpenAI's protocol"),
        ({"data": [{"name": "tiny"}]}, "does not speak OpenAI's protocol"),
        (Reply(200, b"<html>"), "does not speak OpenAI's protocol"),
        (Reply(404, b"nope"), "404: nope.*ends with /v1"),
        (Reply(302, b"", {"Location": "https://login.example"}), "redirects to https://login.example"),
        (Reply(403, b"no entry"), "OPENAI_API_KEY is missing"),
        (Reply(reset=True), "is the server running"),
        (Reply(delay=0.5), "no answer within"),
        (Reply(200, b"x" * (HTTP_REPLY_BYTES + 1)), "larger than"),
    ],
)
def test_a_server_that_will_not_do_is_one_clear_line(serve, models, said):
    server = serve()
    server.models = models
    with pytest.raises(EngineError, match=said) as error:
        client(server, timeout=0.3 if said == "no answer within" else 10).served()
    assert str(error.value).isprintable()


def test_nothing_listens_there(serve):
    server = serve()
    server.close()
    with pytest.raises(EngineError, match=r"no connection: .*refused.*is the server running"):
        client(server).served()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://me:hunter2@host/v1", "holds credentials"),
        ("http://hunter2@host/v1", "holds credentials"),
        ("http://host/v1?key=hunter2", "holds a query"),
        ("http://host/v1#hunter2", "holds a query"),
        ("http://host:hunter2@/v1", "looks like"),
        ("http://me:hunter2@host:99999999/v1", "looks like"),
        ("ftp://host/v1", "looks like"),
        ("host:8000/v1", "looks like"),
        ("http://", "looks like"),
        ("http://[::1/v1", "looks like"),
        ("http://host/v1\n", "looks like"),
        ("http://host/v1/chat/completions", "before that"),
    ],
)
def test_urls_that_can_not_be_used(url, said):
    with pytest.raises(UsageError, match=said) as error:
        Endpoint(url, "tiny")
    assert "hunter2" not in str(error.value)
    assert str(error.value).isprintable()


# --- the key


def test_the_key_is_sent_and_never_shown(serve, monkeypatch):
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    server = serve(lambda body, before: Reply(400, {"error": {"message": f"x {SECRET} y " * 20}}), key=SECRET)
    endpoint = client(server, key_variable="MY_KEY")
    assert endpoint.served()["id"] == "tiny"
    fault = ask(endpoint)[0]
    assert SECRET not in fault.message
    assert SECRET[:6] not in fault.message  # not cut in two either
    assert set(server.keys) == {f"Bearer {SECRET}"}
    assert SECRET not in repr(vars(endpoint))


def test_a_refused_key_is_not_shown(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    server = serve(key="another")
    with pytest.raises(EngineError, match=r"OPENAI_API_KEY is refused: .*401.*Bearer .key.") as error:
        client(server).served()
    assert SECRET not in str(error.value)
    assert SECRET not in ask(client(server))[0].message


def test_a_key_that_no_header_can_carry_is_refused_unseen(monkeypatch):
    for key in ("se cret", "se\ncret", "secr\u00e9t"):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(UsageError, match="OPENAI_API_KEY holds no key") as error:
            Endpoint("http://host/v1", "tiny")
        assert key not in str(error.value)


def test_without_a_key_none_is_sent(serve):
    server = serve()
    ask(client(server))
    assert server.keys == [None]


# --- whatever the bytes are

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "finish_reason", "usage", "data", "id", "error"]), inner
        )
    ),
)


@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_no_bytes_break_the_reading(body):
    outcome = read_completion(body)
    assert isinstance(outcome, Failure | Completion)
    if isinstance(outcome, Completion):
        assert isinstance(outcome.text, str)
    read_models(body)
    assert isinstance(read_error(500, {}, body).message, str)


@given(JSON, JSON, JSON)
def test_only_text_with_a_known_end_is_an_answer(content, reason, tokens):
    outcome = read_completion(json.dumps(completion(content, reason, tokens, tokens)).encode())
    assert isinstance(outcome, Completion) == (
        isinstance(content, str) and reason in (None, "stop", "length", "eos_token")
    )


@given(st.text())
def test_no_retry_after_breaks(text):
    wait = retry_after(text, NOW)
    assert wait is None or 0 <= wait <= 120
