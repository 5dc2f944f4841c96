"""Models of other families on vLLM: the answers of the transformers engine, greedy and as a sampling's settings change them.

Two families here, grids of patches and tiles, since each start takes a while; `make models` tries them all.
"""

from types import SimpleNamespace

import pytest

from proctor.benchmarks.examination import plan
from proctor.harness.engines import transformers, vllm
from proctor.harness.errors import UsageError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.types import Request, Sampling

from ..families import build

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GREEDY = Sampling(max_tokens=12)
FIGURES = plan("figures", "strict", GREEDY, limit=20)


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """`engines(family)`: its checkpoint on both engines in fp32, transformers first; opened once."""
    opened = {}

    def of(name):
        if name not in opened:
            folder = str(build(name, tmp_path_factory.mktemp("families") / name))
            settings = {"dtype": "float32"}
            eager = {**settings, "enforce_eager": "true"}
            opened[name] = transformers.open_engine(folder, settings), vllm.open_engine(folder, eager)
        return opened[name]

    return of


def answers(model, sampling=GREEDY):
    requests = [Request(asked.item.id, asked.prompt) for asked in FIGURES.asked]
    return {one.item_id: one for one in model.generate(requests, sampling)}


@pytest.mark.parametrize("name", ["internvl", "qwen3_vl"])
def test_a_run_is_that_of_the_transformers_engine(name, engines, tmp_path):
    for model in engines(name):
        assert run_eval(FIGURES, model, tmp_path / model.identity()["engine"]).complete
    journals = [(tmp_path / kind / "responses.jsonl").read_bytes() for kind in ("transformers", "vllm")]
    assert journals[0] == journals[1]
    assert len({one.text for one in answers(engines(name)[1]).values()}) > 10


@pytest.mark.parametrize("narrowed", [{"top_k": 1}, {"min_p": 1.0}])
def test_where_one_token_is_left_it_is_the_most_probable(engines, narrowed):
    _, model = engines("internvl")
    hot = {"temperature": 1.0, "max_tokens": 12, "seed": 3}
    assert answers(model, Sampling(**hot, **narrowed)) == answers(model)
    assert answers(model, Sampling(**hot)) != answers(model)


@pytest.mark.parametrize("penalty", [{"repetition_penalty": 1.3}, {"presence_penalty": 2.0}])
def test_penalties_are_those_of_the_transformers_engine(engines, penalty):
    one, other = engines("internvl")
    penalised = answers(other, Sampling(max_tokens=12, **penalty))
    assert penalised == answers(one, Sampling(max_tokens=12, **penalty))
    assert penalised != answers(other)


def test_an_answer_ends_before_a_stop_text_as_on_the_transformers_engine(engines):
    one, other = engines("internvl")
    whole = answers(other)
    stop = next(letter for each in whole.values() for letter in each.text[3:5] if letter.isalpha())
    cut = answers(other, Sampling(max_tokens=12, stop=(stop, "never there")))
    assert cut == answers(one, Sampling(max_tokens=12, stop=(stop, "never there")))
    ended = [name for name, each in whole.items() if stop in each.text]
    assert ended
    for name in ended:
        assert cut[name].text == whole[name].text[: whole[name].text.index(stop)]
        assert (cut[name].finish_reason, cut[name].error) == ("stop", None)
        assert cut[name].completion_tokens < whole[name].completion_tokens


def test_a_model_whose_pictures_vllm_reads_otherwise_on_a_cpu_is_refused(tmp_path):
    """`make models` has Gemma 3 as a whole."""
    vllm._check_attention(tmp_path, SimpleNamespace(is_mm_prefix_lm=False))
    with pytest.raises(UsageError, match="use --engine transformers, or a GPU"):
        vllm._check_attention(tmp_path, SimpleNamespace(is_mm_prefix_lm=True))
