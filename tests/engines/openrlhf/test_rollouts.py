"""A step on OpenRLHF beside the same step of the local trainer: its engines say what was drawn there."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker
from openrlhf.trainer.ppo_utils.samples_generator import SamplesGenerator
from openrlhf.utils.utils import get_tokenizer
from openrlhf.utils.vlm_utils import process_prompt_with_images

from proctor.harness.errors import DataError, UsageError
from proctor.harness.types import Prompt
from proctor.trainers.local.policy_gradient import DrawnAnswers, PolicyGradient, RolloutBatch
from proctor.trainers.methods.base import Played, PlayedMethod, Step, Turn
from proctor.trainers.methods.playing import Answered, StepPlayer, played_items
from proctor.trainers.methods.registry import open_method
from proctor.trainers.openrlhf import hooks, rollouts
from proctor.trainers.openrlhf.rollouts import DrawnSamples, Rollouts, tokens_of
from proctor.trainers.openrlhf.rows import RenderedPrompts, read_items, write_items
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.rewards.advantages import Array
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.tiny import BUNDLED

from ...faulty_server import FaultyServer, Reply, completion

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SMALL = ["policy.steps=2", "policy.prompts=3", "policy.minibatches=1", "sampling.n=2", "sampling.max_tokens=24"]
BOTH_STAGES = ("method_settings.clue_steps=1", "method_settings.decision_steps=1")
OWN = f"{Path(__file__).parents[2]}/trainers/rewards/reward_files/plurality.py:score"
"""A reward in a file of its own."""


@dataclass(eq=False)
class Reference:
    """What Ray gives for the responses to a prompt that are still to come."""

    responses: list[Any]


class LastFirst:
    """In the place of Ray: what was asked last is there first, and what was asked first once it `may_end`."""

    def __init__(self) -> None:
        self.may_end: Callable[[], None] = lambda: None

    def wait(self, pending: list[Reference], num_returns: int) -> tuple[list[Reference], list[Reference]]:
        assert num_returns == 1
        if len(pending) == 1:
            self.may_end()
        return pending[-1:], pending[:-1]

    @staticmethod
    def get(reference: Reference) -> list[Any]:
        return reference.responses


@dataclass
class Recorded(SamplesGenerator):  # type: ignore[misc]
    """OpenRLHF's generator, whose engines say what was drawn elsewhere, draw by draw."""

    tokenizer: Any
    draws: list[DrawnAnswers] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    args: Any = field(default_factory=lambda: SimpleNamespace(vllm=SimpleNamespace(enable_sleep=False)))

    def _dispatch_prompts_to_vllm(
        self, prompts: list[str], labels: list[str], *, images: Any, **told: Any
    ) -> list[Any]:
        drawn = self.draws[len(self.asked)]
        self.asked.append(prompts)
        assert told["n_samples_per_prompt"] == drawn.n
        said = iter(
            zip(drawn.answers.ids.tolist(), drawn.answers.mask.bool().tolist(), drawn.answers.ended, strict=True)
        )
        return [
            Reference([self._response(prompt, shown, *next(said)) for _ in range(drawn.n)])
            for prompt, shown in zip(prompts, images, strict=True)
        ]

    def _response(self, prompt: str, images: list[str], ids: list[int], mask: list[bool], ended: Any) -> Any:
        """What OpenRLHF's engine gives: the answer's log-probabilities are all -1."""
        before, pictures, _ = process_prompt_with_images(self.tokenizer, prompt, images)
        answer = [one for one, real in zip(ids, mask, strict=True) if real]
        return {
            "prompt": prompt,
            "label": "",
            "images": images,
            "mm_train_inputs": pictures,
            "observation_tokens": before + answer,
            "action_ranges": [(len(before), len(before) + len(answer))],
            "rollout_log_probs": [0.0] * len(before) + [-1.0] * len(answer),
            "truncated": not ended,
        }


@dataclass
class Both:
    """A recipe's steps by the local trainer, and the same with what it drew by ours on OpenRLHF."""

    recipe: Recipe
    local: PolicyGradient
    ours: Rollouts
    engines: Recorded
    prompts: list[list[Prompt]] = field(default_factory=list)

    def step(self) -> tuple[list[RolloutBatch], dict[str, float], list[Any]]:
        """The local trainer's turns and metrics, and our samples."""
        self.engines.draws.clear()
        self.engines.asked.clear()
        self.prompts.clear()
        turns, metrics = self.local.roll_out(self.ours.step)
        samples, *_ = self.ours.generate_samples(max_len=4096)
        return turns, metrics, samples


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> LastFirst:
    order = LastFirst()
    monkeypatch.setattr(rollouts, "ray", order)
    return order


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: LastFirst) -> Callable[..., Both]:
    def make(name: str, *changes: str, method: PlayedMethod | None = None) -> Both:
        recipe = load_recipe(name, [*SMALL, *changes])
        base = BUNDLED[recipe.model]
        played: Any = method or open_method(recipe)
        local = PolicyGradient(recipe, played, base, "cpu")
        engines = Recorded(get_tokenizer(str(base), None))
        write_items(recipe, played_items(recipe, played), base, tmp_path)
        player = StepPlayer(played, RewardPipeline.from_recipe(recipe, base))
        ours = Rollouts(engines, player, read_items(tmp_path), RenderedPrompts(base, tmp_path), lambda phase: None)
        made = Both(recipe, local, ours, engines)
        draw = local._draw

        def recorded(name: str, step: int, prompts: Sequence[Prompt], n: int, answered: Answered) -> DrawnAnswers:
            made.prompts.append(list(prompts))
            engines.draws.append(draw(name, step, prompts, n, answered))
            return engines.draws[-1]

        monkeypatch.setattr(local, "_draw", recorded)
        return made

    return make


def rows_of(turns: Sequence[RolloutBatch]) -> list[tuple[list[int], list[int], float]]:
    """Tokens of the prompt and of the answer, and the advantage, of each answer that the local trainer learns."""
    found = []
    for turn in turns:
        for row, (ids, mask) in enumerate(zip(turn.given.ids, turn.mask.bool(), strict=True)):
            prompt = turn.given.inputs[row // turn.given.m]["input_ids"][0]
            found.append((prompt.tolist(), ids[mask].tolist(), float(turn.advantages[row])))
    return found


def row_of(sample: Any) -> tuple[list[int], list[int], float]:
    """The same of a sample."""
    answered = sample.action_mask[0].bool()
    begin = int(answered.int().argmax()) + 1
    return sample.sequences[0, :begin].tolist(), sample.sequences[0, 1:][answered].tolist(), float(sample.rewards)


GROUPS = [
    ("mm_upt_figures_openrlhf", f"reward={reward}", f"advantage={advantage}")
    for reward, advantage in [
        ("majority_vote", "group_norm"),
        ("frequency", "log_softmax"),
        ("ground_truth", "dr_grpo"),
        ("random", "log_softmax_centred"),
        (OWN, "group_norm"),
    ]
]
METHODS = [
    *GROUPS,
    ("mm_upt_figures_openrlhf", "sampling.n=4", "policy.train_on=2"),
    ("actor_judge_figures_openrlhf",),
    ("evolmm_figures_openrlhf", "method_settings.propose_every=2"),
    ("vision_zero_figures_openrlhf", *BOTH_STAGES),
]


@pytest.mark.parametrize(("name", "changes"), [(name, changes) for name, *changes in METHODS])
def test_a_method_gives_the_learner_what_it_gives_the_local_trainers(both, name: str, changes: list[str]) -> None:
    one = both(name, *changes)
    for _ in range(2):
        turns, metrics, samples = one.step()
        for asked, prompts in zip(one.engines.asked, one.prompts, strict=True):
            assert asked == [one.local.policy.chat.text(prompt) for prompt in prompts]
        wanted = rows_of(turns)
        assert len(wanted) <= len(samples) == one.ours._player.answers
        found = [row for place, sample in enumerate(samples) if not repeats(samples, place) for row in [row_of(sample)]]
        assert [row[:2] for row in found] == [row[:2] for row in wanted]
        assert [row[2] for row in found] == pytest.approx([row[2] for row in wanted])
        told = dict(one.ours.metrics)
        assert told.pop("seconds_generating") >= 0
        assert told == pytest.approx({key: value for key, value in metrics.items() if key != "entropy"})
    assert one.ours.generate_samples() == ([], None, 0, True), "all items were drawn"


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """A judge behind a server, whose scores depend on the question's seed."""
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    parts = ("answer_correctness", "reasoning_quality", "visual_grounding")
    server = FaultyServer(
        lambda body, before: Reply(body=completion(json.dumps(dict.fromkeys(parts, body["seed"] % 9 / 9))))
    )
    yield server
    server.close()


def test_the_judge_is_asked_before_the_last_answers_are_drawn(both, waiting, judge) -> None:
    one = both("actor_judge_figures_openrlhf", f"judge.url='{judge.url}'", "judge.model='tiny'", "judge.prompt='full'")
    before: list[int] = []

    def asked() -> None:
        deadline = time.monotonic() + 20
        while not judge.seen:
            assert time.monotonic() < deadline, "nothing was judged while answers were drawn"
            time.sleep(0.01)
        before.append(len(judge.seen))

    play = one.local.player.play
    one.local.player.play = lambda *given: [play(*given), judge.seen.clear(), setattr(waiting, "may_end", asked)][0]
    turns, metrics, samples = one.step()
    assert before
    assert [row_of(sample)[2] for sample in samples] == pytest.approx([row[2] for row in rows_of(turns)])
    assert one.ours.metrics["judge_score"] == metrics["judge_score"] > 0


def test_a_step_has_its_own_items_wherever_a_training_goes_on(both) -> None:
    one = both("mm_upt_figures_openrlhf")
    one.ours.step = 1
    turns, _, samples = one.step()
    assert list(map(row_of, samples)) == rows_of(turns)
    assert one.ours.batch == [item.id for item in one.local.prompts(1, 3)]
    assert one.ours.generate_samples() == ([], None, 0, True)


def repeats(samples: Sequence[Any], place: int) -> bool:
    """True of a sample that is the one before it, cut after the first token of its answer and without an advantage."""
    sample, before = samples[place], samples[place - 1]
    if place == 0 or sample.images != before.images or sample.action_mask.sum() != 1 or sample.rewards != 0:
        return False
    length = sample.sequences.shape[1]
    return (
        torch.equal(sample.sequences, before.sequences[:, :length]) and sample.mm_train_inputs is before.mm_train_inputs
    )


def test_a_step_of_fewer_answers_is_filled_up_evenly(both) -> None:
    one = both("vision_zero_figures_openrlhf", *BOTH_STAGES)
    one.step()
    _, _, samples = one.step()
    added = [place for place in range(len(samples)) if repeats(samples, place)]
    assert len(samples) == 3 * 3 * 2
    assert len(added) == 3 * 2, "there are two voters of three players"
    assert max(after - before for before, after in itertools.pairwise(added)) <= 4
    for place in added:
        sample = samples[place]
        assert sample.action_mask.shape[1] == sample.rollout_log_probs.shape[1] == sample.sequences.shape[1] - 1
        assert sample.attention_mask.shape == sample.sequences.shape
        assert float(sample.rollout_log_probs[sample.action_mask.bool()]) == -1.0


class Greedy:
    """Trains on more than it said, or on nothing."""

    needs_gold = False

    def __init__(self, times: int) -> None:
        self.times = times

    def play(self, step: Step) -> Played:
        drawn = step.draw("drawn", [step.prompt(item) for item in step.items], step.sampling.n)
        advantages: list[Array] = step.reward(step.items, [text for row in drawn.texts for text in row]).advantages
        return Played([Turn(drawn, advantages)] * self.times)


def test_more_answers_than_a_method_says_and_none_are_told(both) -> None:
    with pytest.raises(UsageError, match="trains on 12 answers of a step, more than the 6 that its counts allow"):
        both("mm_upt_figures_openrlhf", method=Greedy(2)).step()
    with pytest.raises(DataError, match="trains on no answer of a step"):
        both("mm_upt_figures_openrlhf", method=Greedy(0)).step()


def test_advantages_pass_the_learners_side_as_they_are(both) -> None:
    _, _, samples = both("mm_upt_figures_openrlhf").step()
    maker = RemoteExperienceMaker.__new__(hooks.GivenAdvantages)
    maker.args = SimpleNamespace(
        train=SimpleNamespace(dynamic_batch_enable=False), rollout=SimpleNamespace(micro_batch_size=4)
    )
    maker.tokenizer = SimpleNamespace(pad_token_id=0)
    batches = maker.compute_advantages_and_returns(maker.split_rollout_samples(samples))
    rows = [row for batch in batches for row in zip(batch.advantages, batch.action_mask.bool(), strict=True)]
    for (advantages, mask), sample in zip(rows, samples, strict=True):
        assert advantages[mask].tolist() == [float(sample.rewards)] * int(sample.action_mask.sum())
        assert not advantages[~mask].any()
    assert all(torch.equal(batch.returns, batch.advantages) for batch in batches)


def test_a_reward_sees_what_the_engine_tells_of_tokens(both) -> None:
    one = both("mm_upt_figures_openrlhf", "reward=confidence", "reward_settings.per_token=false", "advantage=dr_grpo")
    _, _, samples = one.step()
    lengths = torch.tensor([float(sample.action_mask.sum()) for sample in samples]).view(-1, 2)
    wanted = -lengths - (-lengths).mean(1, keepdim=True)
    assert [float(sample.rewards) for sample in samples] == pytest.approx(wanted.flatten().tolist())
    silent = DrawnSamples([[SimpleNamespace(action_mask=torch.ones(1, 3), rollout_log_probs=None)]], [("",)])  # type: ignore[list-item]
    told = tokens_of(silent)
    assert told is not None
    assert (told.lengths, told.logprobs) == ((3,), None)
