"""The nouns: what they refuse, and digests that tell different things apart."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import DataError
from proctor.harness.types import (
    Image,
    Item,
    Prompt,
    Request,
    Response,
    Sampling,
    TokenStatistics,
    canonical_json,
    digest,
    digest_all,
    sample_seed,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON)
def test_canonical_json_is_one_ascii_line_that_reads_back(value):
    text = canonical_json(value)
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text) == value


def test_the_order_of_keys_does_not_change_a_digest():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})
    assert digest_all(["a", "b"]) != digest_all(["ab"]) != digest_all(["a\nb"])


def test_not_a_number_has_no_digest():
    with pytest.raises(ValueError, match="float"):
        digest(float("nan"))


@pytest.mark.parametrize(
    "setting",
    [
        {"n": 0},
        {"n": -1},
        {"temperature": -0.001},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_p": 0},
        {"top_p": 1.0001},
        {"top_p": float("nan")},
        {"max_tokens": 0},
    ],
)
def test_sampling_out_of_range_is_refused_by_name(setting):
    with pytest.raises(DataError, match=f"sampling: {next(iter(setting))}"):
        Sampling(**setting)


def test_sampling_is_greedy_at_temperature_zero_only():
    assert Sampling().greedy
    assert Sampling(temperature=-0.0).greedy
    assert not Sampling(temperature=1e-9).greedy
    assert digest(Sampling(temperature=-0.0).to_json()) == digest(Sampling(temperature=0).to_json())


@given(st.integers(0, 3), st.text(max_size=3), st.integers(0, 30))
def test_seeds_differ_by_run_item_and_sample(seed, item, sample):
    found = sample_seed(seed, item, sample)
    assert 0 <= found < 2**64
    others = {sample_seed(seed + 1, item, sample), sample_seed(seed, item + "x", sample), sample_seed(seed, item, 31)}
    assert found not in others
    assert sample_seed(seed, item, sample) == found


def test_seeds_are_the_same_on_every_machine():
    assert sample_seed(0, "0000-read", 0) == 0xFC0EC88589F0D3A7
    assert sample_seed(1, "\ud800", 2) != sample_seed(1, "\ud801", 2)


def test_the_seeds_of_a_request_are_those_of_its_samples():
    sampling = Sampling(n=4, seed=5)
    whole = Request("q", Prompt(("?",)), (0, 1, 2, 3)).seeds(sampling)
    assert Request("q", Prompt(("?",)), (2,)).seeds(sampling) == (whole[2],)
    assert len(set(whole)) == 4


@pytest.mark.parametrize(("text", "error"), [(None, None), ("x", "y"), ("", "")])
def test_a_response_is_an_answer_or_an_error(text, error):
    with pytest.raises(DataError, match="exactly one"):
        Response("q", 0, text, error)


def test_an_empty_answer_is_an_answer():
    assert Response("q", 0, "").error is None


GOOD = Response("q", 0, "x", None, "stop", 1, 2).to_json()


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {**GOOD, "more": 1},
        {k: v for k, v in GOOD.items() if k != "error"},
        {**GOOD, "item_id": 3},
        {**GOOD, "sample": "0"},
        {**GOOD, "sample": True},
        {**GOOD, "sample": 0.0},
        {**GOOD, "text": 5},
        {**GOOD, "text": None},
        {**GOOD, "error": "and an answer"},
        {**GOOD, "finish_reason": 1},
        {**GOOD, "prompt_tokens": "many"},
    ],
)
def test_a_record_of_another_shape_is_no_response(record):
    with pytest.raises(DataError):
        Response.from_json(record)
    assert Response.from_json(GOOD).to_json() == GOOD


def test_a_picture_that_changed_since_it_was_read_is_refused(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"one")
    image = Image.of_file(file, "a.png")
    assert image.read() == b"one"
    file.write_bytes(b"two")
    with pytest.raises(DataError, match=r"a\.png.*changed"):
        image.read()
    file.unlink()
    with pytest.raises(DataError, match=r"a\.png: cannot read"):
        image.read()
    with pytest.raises(DataError, match="cannot read"):
        Image.of_file(tmp_path, "folder")


def test_a_picture_is_its_bytes_not_its_place(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert Image.of_file(tmp_path / "a", "a") == Image.of_bytes(b"x", "a")
    assert Image.of_bytes(b"x", "a") != Image.of_bytes(b"y", "a")


def test_prompts_differ_by_text_pictures_order_and_system_but_not_by_file_names():
    a, b = Image.of_bytes(b"a", "1.png"), Image.of_bytes(b"b", "2.png")
    prompts = [
        Prompt(("x", a)),
        Prompt((a, "x")),
        Prompt(("x", b)),
        Prompt(("x", a, a)),
        Prompt(("x",)),
        Prompt(("x", "")),
        Prompt(("x", a), "system"),
        Prompt(("x", a), ""),
        Prompt((a.sha256, "x")),
    ]
    assert len({prompt.digest() for prompt in prompts}) == len(prompts)
    assert Prompt(("x", Image.of_bytes(b"a", "renamed"))).digest() == Prompt(("x", a)).digest()
    assert prompts[3].images == (a, a)


def test_every_field_of_an_item_is_in_its_digest():
    image = Image.of_bytes(b"a", "1.png")
    item = Item("q", "s", "?", "5", "number", (image,), ("x", "y"), "cm", "c", {"level": 1, "tags": ("a",)})
    changes = {
        "id": "r",
        "suite": "t",
        "question": "!",
        "answer": "6",
        "answer_type": "text",
        "images": (),
        "choices": ("y", "x"),
        "unit": None,
        "cluster": "d",
        "meta": {"level": 2, "tags": ("a",)},
    }
    assert set(changes) == {field.name for field in dataclasses.fields(Item)}
    digests = {digest(dataclasses.replace(item, **{name: value}).to_json()) for name, value in changes.items()}
    assert len(digests | {digest(item.to_json())}) == len(changes) + 1


def test_token_statistics_come_back_as_they_were_stored():
    told = TokenStatistics.rounded([-0.12345678, 1e-9, -2], [0.5, -1e-9, 3.0000004])
    assert told == TokenStatistics((-0.123457, 0.0, -2.0), (0.5, 0.0, 3.0))
    response = Response("q", 0, "5", completion_tokens=3, tokens=told)
    assert Response.from_json(json.loads(json.dumps(response.to_json()))) == response
    only = Response("q", 0, "5", tokens=TokenStatistics(entropies=(1.0,)))
    assert only.to_json()["tokens"] == {"entropies": [1.0]}
    assert "tokens" not in Response("q", 0, "5").to_json()


@pytest.mark.parametrize(
    "tokens",
    [
        {},
        [],
        {"logprobs": [0.5]},
        {"logprobs": [-1, None]},
        {"logprobs": [-1], "entropies": [1, 2]},
        {"entropies": [-0.1]},
        {"entropies": [float("nan")]},
        {"logprobs": [True]},
        {"logprobs": [-1], "more": []},
    ],
)
def test_token_statistics_that_cannot_be_are_refused(tokens):
    record = Response("q", 0, "5").to_json()
    with pytest.raises(DataError, match="token"):
        Response.from_json({**record, "tokens": tokens})


def test_as_many_tokens_are_told_of_as_there_are():
    record = Response("q", 0, "5", completion_tokens=2, tokens=TokenStatistics((-1.0,))).to_json()
    with pytest.raises(DataError, match="2 tokens tells of 1"):
        Response.from_json(record)
