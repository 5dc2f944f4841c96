"""Drawing tokens: the distribution of temperature and top-p, and random numbers that depend on the seed alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from proctor.harness.types import Sampling

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from proctor.harness.engines.drawing import (  # noqa: E402
    UNIFORM_BLOCK,
    AnswerDrawer,
    before_stop,
    choose,
    random_block,
    uniforms,
)

LOGITS = torch.tensor([2.0, 1.0, 0.5, 0.0, -1.0, -3.0])
DRAWS = 20_000


def counts(sampling, logits=LOGITS, draws=DRAWS):
    """How often each token is drawn."""
    uniform = uniforms([7], draws)[0]
    drawn = choose(logits.repeat(draws, 1), sampling, uniform)
    return np.bincount(drawn.numpy(), minlength=len(logits))


def nucleus(probabilities, top_p):
    """The fewest most probable tokens whose sum reaches top_p, renormalised: written the slow way."""
    kept, total = [0.0] * len(probabilities), 0.0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        if total >= top_p:
            break
        kept[token] = probabilities[token]
        total += probabilities[token]
    return np.array(kept) / sum(kept)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 100.0])
@pytest.mark.parametrize("top_p", [1.0, 0.95, 0.6, 0.1])
def test_tokens_are_drawn_by_temperature_and_nucleus(temperature, top_p):
    expected = nucleus(torch.softmax(LOGITS.double() / temperature, 0).tolist(), top_p) * DRAWS
    found = counts(Sampling(temperature=temperature, top_p=top_p))
    kept = expected > 0
    assert found[~kept].sum() == 0
    if kept.sum() > 1:
        assert stats.chisquare(found[kept], expected[kept]).pvalue > 1e-4
    else:
        assert found[kept] == DRAWS


def test_the_order_of_the_vocabulary_does_not_matter_to_the_distribution():
    flipped = counts(Sampling(temperature=1.0, top_p=0.7), LOGITS.flip(0))[::-1]
    expected = nucleus(torch.softmax(LOGITS.double(), 0).tolist(), 0.7) * DRAWS
    kept = expected > 0
    assert flipped[~kept].sum() == 0
    assert stats.chisquare(flipped[kept], expected[kept]).pvalue > 1e-4


def test_a_token_that_can_not_be_is_never_drawn():
    logits = torch.tensor([-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf])
    found = counts(Sampling(temperature=1.0), logits)
    assert found[[0, 2, 4]].sum() == 0
    for uniform in (0.0, 2**-24, 0.5, 1 - 2**-24):
        token = choose(logits[None], Sampling(temperature=1.0), torch.tensor([uniform]))
        assert token.item() in (1, 3)


@given(
    rows=st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=5, max_size=5), min_size=1, max_size=4),
    temperature=st.floats(1e-30, 100),
    top_p=st.floats(1e-6, 1),
    uniform=st.floats(0, 1, exclude_max=True, width=32),
)
def test_a_token_is_always_drawn_and_in_the_nucleus(rows, temperature, top_p, uniform):
    logits = torch.tensor(rows)
    drawn = choose(logits, Sampling(temperature=temperature, top_p=top_p), torch.full((len(rows),), uniform))
    for row, token in zip(logits.double(), drawn.tolist(), strict=True):
        chances = torch.softmax((row - row.max()) / temperature, 0)
        assert chances[chances > chances[token] + 1e-5].sum() < top_p + 1e-3
        assert chances[token] > 0 or top_p == 1


def test_greedy_takes_the_most_probable():
    assert choose(torch.stack([LOGITS, LOGITS.flip(0)]), Sampling(), None).tolist() == [0, 5]


def test_random_numbers_depend_on_the_seed_alone():
    together = uniforms([1, 2, 2**64 - 1], 50)
    assert together.shape == (3, 50)
    assert torch.equal(uniforms([2], 50)[0], together[1])
    assert torch.equal(uniforms([2], 20)[0], together[1, :20])
    assert not torch.equal(together[0], together[1])
    assert 0 <= together.min() <= together.max() < 1


def test_random_numbers_are_uniform_within_and_across_seeds():
    assert stats.kstest(uniforms([5], 20_000)[0], "uniform").pvalue > 1e-4
    assert stats.kstest(uniforms(range(20_000), 1)[:, 0], "uniform").pvalue > 1e-4


def test_the_next_block_of_an_answer_is_new():
    blocks = [random_block([3, 4], step, torch.device("cpu")) for step in (0, UNIFORM_BLOCK, 2 * UNIFORM_BLOCK)]
    assert len({tuple(block[row].tolist()) for block in blocks for row in range(2)}) == 6


def test_only_the_most_probable_tokens_are_drawn():
    chances = torch.softmax(LOGITS.double(), 0).numpy()
    for sampling, kept in {
        Sampling(temperature=1.0, top_k=3): 3,
        Sampling(temperature=1.0, min_p=0.2): int((chances >= 0.2 * chances.max()).sum()),
        Sampling(temperature=1.0, top_k=4, top_p=0.5): 1,
        Sampling(temperature=1.0, top_k=1): 1,
        Sampling(temperature=1.0, top_k=99): 6,
    }.items():
        expected = np.where(np.arange(6) < kept, chances, 0)
        found = counts(sampling)
        assert found[kept:].sum() == 0, sampling
        if kept > 1:
            assert stats.chisquare(found[:kept], expected[:kept] / expected.sum() * DRAWS).pvalue > 1e-4, sampling


class Letters:
    """A tokenizer whose tokens 0 to 5 are letters."""

    pad_token_id = 5

    def decode(self, ids, skip_special_tokens):
        return "".join("abcdef"[one] for one in ids)


def drawer(sampling, rows=1, room=99, prompts=None):
    return AnswerDrawer(Letters(), sampling, [0] * rows, end_ids=[4], room=torch.full((rows,), room), prompts=prompts)


def test_penalties_are_of_what_was_said():
    prompt = torch.tensor([[1]]), torch.tensor([[1]])
    one = drawer(Sampling(max_tokens=9, repetition_penalty=4.0), prompts=prompt)
    logits = torch.tensor([[1.0, 2.0, 0.8, 0.7, -1.0, -3.0]])
    assert [one.draw(logits).item() for _ in range(3)] == [0, 2, 3]  # 2.0 / 4 < 1.0: said in the prompt
    other = drawer(Sampling(max_tokens=9, presence_penalty=1.1), prompts=prompt)
    assert [other.draw(logits).item() for _ in range(3)] == [1, 0, 1]  # 2.0 - 1.1 > 0.8, but < 1.0


def test_an_answer_ends_where_a_stop_text_appears():
    one = drawer(Sampling(max_tokens=9, stop=("ba", "x")), rows=2)
    steps = [[0, 1], [1, 1], [0, 0], [2, 2]]
    for ids in steps:
        if not one.live.any():
            break
        one.draw(torch.nn.functional.one_hot(torch.tensor(ids), 6).float())
    drawn = one.drawn()
    assert drawn.mask.sum(1).tolist() == [3, 3]
    assert drawn.ended.tolist() == [True, True]
    assert before_stop("aba", ("ba", "x")) == "a"
    assert before_stop("abc", ()) == "abc"
