"""Trainings of checkpoints in half precision: they learn as in float32, and a resumed one ends with the same bytes."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import Parameter

from proctor.harness.engines.vlm import VisionLanguageModel
from proctor.harness.runs.checkpoints import check_whole
from proctor.harness.runs.provenance import weights_digest
from proctor.trainers.local.log_probabilities import answer_logprobs
from proctor.trainers.local.master_weights import MasterWeights
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.local.train import train
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.sampler import asking
from proctor.trainers.tiny import BASE
from proctor.trainers.training import STATE

SMALL = [
    "policy.prompts=2",
    "policy.minibatches=1",
    "sampling.n=3",
    "sampling.max_tokens=16",
    "checkpoint_every=1",
    "optimiser.warmup_steps=0",
]
PAPERS = [*SMALL, "optimiser.learning_rate=1e-6"]


def recipe(*changes: str) -> Recipe:
    return load_recipe("mm_upt_figures", [*SMALL, *changes])


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny base in each precision."""
    folder = tmp_path_factory.mktemp("bases")
    for dtype in ("bfloat16", "float16"):
        VisionLanguageModel.load(BASE, dtype=dtype).save(folder / dtype)
    return {"float32": BASE, "bfloat16": folder / "bfloat16", "float16": folder / "float16"}


def moved(training: PolicyGradient, before: dict[str, torch.Tensor]) -> float:
    """The share of master weights that a training has changed."""
    now = training.learner.weights.masters
    changed = sum(int((now[name] != weight).sum()) for name, weight in before.items())
    return changed / sum(weight.numel() for weight in before.values())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_at_the_papers_rate_as_many_weights_move_as_in_float32(bases: dict[str, Path], dtype: str) -> None:
    shares = {}
    for name in ("float32", dtype):
        training = PolicyGradient(load_recipe("mm_upt_figures", PAPERS), Grpo(), bases[name], "cpu")
        before = {key: weight.detach().clone() for key, weight in training.learner.weights.masters.items()}
        for step in range(2):
            training.step(step)
        shares[name] = moved(training, before)
    assert shares[dtype] == pytest.approx(shares["float32"], abs=0.01)
    assert shares[dtype] > 0.95


def test_the_policy_that_answers_is_its_masters_rounded(bases: dict[str, Path]) -> None:
    training = PolicyGradient(recipe("optimiser.learning_rate=1e-4"), Grpo(), bases["bfloat16"], "cpu")
    vlm = training.policy
    inputs = vlm.encode(list(map(asking(training.recipe), training.prompts(0, 2))))
    ids = torch.tensor(vlm.tokenizer(["\\boxed{7}", "\\boxed{9}"]).input_ids)

    def logprobs() -> torch.Tensor:
        with torch.no_grad():
            return answer_logprobs(vlm, inputs, ids, torch.ones_like(ids))[0]

    before = logprobs()
    training.step(0)
    assert not torch.equal(logprobs(), before)
    for name, weight in training.learner.trained.items():
        assert weight.dtype == torch.bfloat16
        assert torch.equal(weight, training.learner.weights.masters[name].to(torch.bfloat16)), name


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_resumed_it_ends_with_the_same_weights_and_masters(bases: dict[str, Path], dtype: str, tmp_path: Path) -> None:
    one = recipe("policy.steps=2")

    def stop_at_one(done: int, total: int, note: str) -> None:
        if done == 1:
            raise KeyboardInterrupt

    train(one, bases[dtype], tmp_path / "whole", False, lambda done, total, note: None)
    with pytest.raises(KeyboardInterrupt):
        train(one, bases[dtype], tmp_path / "cut", False, stop_at_one)
    train(one, bases[dtype], tmp_path / "cut", True, lambda done, total, note: None)
    whole, cut = (tmp_path / name / "checkpoints" / "step-000002" for name in ("whole", "cut"))
    check_whole(whole)
    assert weights_digest(whole) == weights_digest(cut) != weights_digest(bases[dtype])
    assert (whole / STATE).read_bytes() == (cut / STATE).read_bytes()
    state, saved = load_file(whole / STATE), load_file(whole / "model.safetensors")
    assert {str(weight.dtype) for weight in saved.values()} == {f"torch.{dtype}"}
    masters = {name.removeprefix("master:"): value for name, value in state.items() if name.startswith("master:")}
    assert masters
    assert {value.dtype for value in state.values()} == {torch.float32}
    examined = dict(VisionLanguageModel.load(whole).model.named_parameters())
    assert all(torch.equal(examined[name], master.to(examined[name].dtype)) for name, master in masters.items())


def test_a_float32_training_has_no_second_copy(bases: dict[str, Path], tmp_path: Path) -> None:
    training = PolicyGradient(recipe(), Grpo(), BASE, "cpu")
    assert all(training.learner.weights.masters[name] is weight for name, weight in training.learner.trained.items())
    training.step(0)
    assert not [name for name in training.learner.state() if name.startswith("master:")]


def test_gradients_of_many_passes_are_summed_in_float32() -> None:
    weight = Parameter(torch.ones(1, dtype=torch.bfloat16))
    weights = MasterWeights({"w": weight})
    for part in [1.0, *[2**-10] * 512]:
        (weight * part).sum().backward()
    gradient = weights.masters["w"].grad
    assert weight.grad is None
    assert gradient is not None
    assert gradient.item() == 1.5  # in bfloat16 each of the small ones would be lost


@pytest.mark.parametrize(("dtype", "changes"), [("float32", []), ("bfloat16", []), ("bfloat16", ["lora.rank=4"])])
def test_the_room_that_a_state_takes_is_known_before(bases: dict[str, Path], dtype: str, changes: list[str]) -> None:
    training = PolicyGradient(recipe(*changes), Grpo(), bases[dtype], "cpu")
    expected = training.learner.state_bytes
    training.step(0)
    held = sum(value.numel() * value.element_size() for value in training.learner.state().values())
    assert expected == pytest.approx(held, rel=0.01)
