"""The losses of SFT and DPO, by hand: against plain log-probabilities of the bundled tiny model."""

import math

import pytest
import torch

from proctor.benchmarks.base import boxed_prompt
from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.local.log_probabilities import answer_logprobs
from proctor.trainers.local.losses import DpoLoss, SftLoss, response_tokens
from proctor.trainers.methods.base import Dpo, Example, Preference
from proctor.trainers.tiny import BASE

from ..methods.scripted_student import figures

ITEMS = figures(3)
PROMPTS = [boxed_prompt(item) for item in ITEMS]
LONG, SHORT = "A is 3, B is 4. 3+4=7. \\boxed{7}", "\\boxed{12}"


@pytest.fixture(scope="module")
def policy() -> VisionLanguageModel:
    return VisionLanguageModel.load(BASE)


def logprob(policy: VisionLanguageModel, prompt: object, text: str) -> tuple[float, int]:
    """Log-probability of one response alone, with its end token, and its number of tokens."""
    ids = torch.tensor([[*policy.tokenizer(text).input_ids, policy.tokenizer.eos_token_id]])
    with torch.no_grad():
        each, _ = answer_logprobs(policy, policy.encode([prompt]), ids, torch.ones_like(ids))  # type: ignore[list-item]
    return float(each.sum()), ids.shape[1]


def test_sft_is_the_mean_over_all_tokens_whatever_the_padding(policy: VisionLanguageModel) -> None:
    texts = [LONG, SHORT, LONG]
    examples = [Example("x", prompt, text) for prompt, text in zip(PROMPTS, texts, strict=True)]
    alone = [logprob(policy, prompt, text) for prompt, text in zip(PROMPTS, texts, strict=True)]
    loss = SftLoss(policy)
    summed, measured = loss(examples)
    tokens = sum(count for _, count in alone)
    assert int(loss.weight(examples)) == tokens
    assert summed.item() == pytest.approx(-sum(value for value, _ in alone), rel=1e-4)
    assert float(measured[0]) == pytest.approx(summed.item())


def test_dpo_starts_at_log_two_and_falls_where_the_chosen_one_is_likelier() -> None:
    pairs = [Preference("x", prompt, LONG, SHORT) for prompt in PROMPTS]
    policy, other = VisionLanguageModel.load(BASE), VisionLanguageModel.load(BASE)
    loss = DpoLoss(policy, Dpo(beta=0.5))
    loss.remember(pairs)
    summed, measured = loss(pairs)
    assert summed.item() / 3 == pytest.approx(math.log(2), abs=1e-5)
    assert float(measured[1]) == pytest.approx(0, abs=1e-3)
    summed.backward()
    with torch.no_grad():
        for parameter in policy.model.parameters():
            if parameter.grad is not None:
                parameter.sub_(1e-3 * parameter.grad)
                parameter.grad = None
    after, measured = loss(pairs)
    assert after.item() < summed.item()
    chosen = [logprob(policy, prompt, LONG)[0] - logprob(other, prompt, LONG)[0] for prompt in PROMPTS]
    rejected = [logprob(policy, prompt, SHORT)[0] - logprob(other, prompt, SHORT)[0] for prompt in PROMPTS]
    margins = [one - two for one, two in zip(chosen, rejected, strict=True)]
    assert float(measured[1]) == pytest.approx(sum(margins), rel=1e-3)
    assert float(measured[2]) == 3
    assert after.item() == pytest.approx(sum(math.log1p(math.exp(-0.5 * margin)) for margin in margins), rel=1e-3)


def test_the_regulariser_adds_the_chosen_ones_mean_loss() -> None:
    policy = VisionLanguageModel.load(BASE)
    value, tokens = logprob(policy, PROMPTS[0], LONG)
    pairs = [Preference("x", PROMPTS[0], LONG, SHORT)]
    loss = DpoLoss(policy, Dpo(beta=0.1, regulariser=2.0))
    loss.remember(pairs)
    summed, _ = loss(pairs)
    assert summed.item() == pytest.approx(math.log(2) - 2 * value / tokens, rel=1e-4)


def test_a_response_that_spells_out_a_pictures_token_holds_none(policy: VisionLanguageModel) -> None:
    ids, mask = response_tokens(policy, ["<|image_pad|> \\boxed{1}", "<|im_end|>"])
    media = torch.tensor(policy.media_ids)
    assert not torch.isin(ids, media).any()
    assert (ids == policy.tokenizer.eos_token_id).sum(1).tolist() == [1, 1]
    assert mask.sum(1).tolist() == [len(row[row != policy.tokenizer.pad_token_id]) for row in ids]
