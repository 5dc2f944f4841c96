"""Log-probabilities in chunks of the vocabulary's logits, and of some answers each to several prompts."""

import pytest
import torch

from proctor.benchmarks.base import boxed_prompt
from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.trainers.local import log_probabilities
from proctor.trainers.local.log_probabilities import answer_logprobs
from proctor.trainers.local.losses import response_tokens
from proctor.trainers.local.recomputation import recompute_layers
from proctor.trainers.tiny import BASE

from ..methods.scripted_student import figures

PROMPTS = [boxed_prompt(item) for item in figures(3)]
TEXTS = [
    "A is 3, B is 4. 3+4=7. \\boxed{7}",
    "\\boxed{12}",
    "2+2=4 \\boxed{4}",
    "\\boxed{1}",
    "5 \\boxed{5}",
    "\\boxed{0}",
]


@pytest.fixture
def policy() -> VisionLanguageModel:
    vlm = VisionLanguageModel.load(BASE)
    vlm.model.train()
    return vlm


def told(policy: VisionLanguageModel, counts: list[int]) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Log-probabilities and entropies of the first answers, and the gradients of a weighted sum of both."""
    ids, mask = response_tokens(policy, TEXTS[: sum(counts)])
    inputs = policy.encode(PROMPTS[: len(counts)])
    logprobs, entropies = answer_logprobs(policy, inputs, ids, mask, 0.7, counts=counts)
    policy.model.zero_grad()
    ((logprobs + 0.3 * entropies) * mask).sum().backward()
    gradients = {name: one.grad.clone() for name, one in policy.model.named_parameters() if one.grad is not None}
    return (logprobs * mask).detach(), (entropies * mask).detach(), gradients


def test_chunks_give_the_values_and_gradients_of_all_logits_at_once(
    policy: VisionLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(policy, [2, 2, 2])
    monkeypatch.setattr(log_probabilities, "LOGITS", 6 * policy.model.lm_head.out_features * 3)
    held = []
    plain = log_probabilities.logprobs_of_logits

    def watched(logits: torch.Tensor, ids: torch.Tensor, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
        held.append(logits.numel())
        return plain(logits, ids, temperature)

    monkeypatch.setattr(log_probabilities, "logprobs_of_logits", watched)
    chunked = told(policy, [2, 2, 2])
    assert max(held) <= log_probabilities.LOGITS
    assert len(held) > 8
    for one, other in zip(whole[:2], chunked[:2], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)
    scale = max(float(gradient.abs().max()) for gradient in whole[2].values())
    for name, gradient in whole[2].items():
        torch.testing.assert_close(gradient / scale, chunked[2][name] / scale, rtol=1e-6, atol=1e-6)


def test_unequal_numbers_of_answers_are_those_of_each_prompt_alone(policy: VisionLanguageModel) -> None:
    ids, mask = response_tokens(policy, TEXTS[:4])
    with torch.no_grad():
        together, _ = answer_logprobs(policy, policy.encode(PROMPTS[:2]), ids, mask, counts=[3, 1])
        first, _ = answer_logprobs(policy, policy.encode(PROMPTS[:1]), ids[:3], mask[:3])
        second, _ = answer_logprobs(policy, policy.encode(PROMPTS[1:2]), ids[3:], mask[3:])
    apart = torch.cat([first, second])
    torch.testing.assert_close(together * mask, apart * mask, rtol=1e-4, atol=1e-4)


def test_layers_run_again_give_the_same_bits_and_are_run_again(policy: VisionLanguageModel) -> None:
    kept = told(policy, [3, 1, 2])
    recompute_layers(policy.model)
    runs = []
    layer = policy.model.model.language_model.layers[0]
    layer.mlp.register_forward_pre_hook(lambda *_: runs.append(None))
    again = told(policy, [3, 1, 2])
    assert len(runs) == 4  # prompts and answers, each once forwards and once for the backward pass
    assert all(torch.equal(one, other) for one, other in zip(kept[:2], again[:2], strict=True))
    assert kept[2].keys() == again[2].keys()
    assert all(torch.equal(gradient, again[2][name]) for name, gradient in kept[2].items())
