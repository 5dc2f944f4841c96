"""A judge behind a server is asked about an item's answers while those to others are drawn, and scores as it would later."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from proctor.harness.errors import EngineError
from proctor.harness.types import Prompt
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.methods.base import Drawn, Played, Step, Turn
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.methods.playing import Answered, StepPlayer
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.sampler import training_prompts
from proctor.trainers.tiny import BASE

from ...faulty_server import FaultyServer, Reply, completion
from .scripted_step import Said

N = 4
KEYS = ("answer_correctness", "reasoning_quality", "visual_grounding")
WAITS = 20.0
"""Seconds in which a judge that is asked at all is asked."""


def by_seed(body: Mapping[str, Any], before: int) -> Reply:
    """A score that depends on the question's seed, or at times none."""
    part = body["seed"] % 9
    return Reply(body=completion("hm" if part == 0 else json.dumps(dict.fromkeys(KEYS, part / 9))))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    serving = FaultyServer(by_seed)
    yield serving
    serving.close()


def judged_by(server: FaultyServer, *changes: str) -> Recipe:
    judge = (f"judge.url='{server.url}'", "judge.model='tiny'", "judge.prompt='full'")
    small = ("policy.steps=2", "policy.prompts=3", "policy.minibatches=1", f"sampling.n={N}", "sampling.max_tokens=16")
    return load_recipe("actor_judge_figures", [*judge, *small, *changes])


class Later:
    """As GRPO, but that it does not say what the answers are for."""

    needs_gold = False

    def play(self, step: Step) -> Played:
        drawn = step.draw("rollout", [step.prompt(item) for item in step.items], step.sampling.n)
        rewarded = step.reward(step.items, [text for row in drawn.texts for text in row], drawn)
        return Played([Turn(drawn, rewarded.advantages)], rewarded.metrics)


class Engine:
    """Gives the answers to the last prompt first, and those to the first once the judge was asked about others."""

    def __init__(self, server: FaultyServer, *, waits: bool = True) -> None:
        self.server, self.waits = server, waits

    def draw(self, name: str, prompts: Sequence[Prompt], n: int, answered: Answered, /) -> Said:
        rows = [tuple(f"{place} {k} \\boxed{{{k}}}" for k in range(n)) for place in range(len(prompts))]
        for place in reversed(range(len(prompts))):
            if place == 0 and self.waits:
                deadline = time.monotonic() + WAITS
                while not self.server.seen:
                    assert time.monotonic() < deadline, "nothing was judged before the last answers were there"
                    time.sleep(0.01)
            answered(place, rows[place])
        return Said(rows)


def played(method: Any, recipe: Recipe, engine: Engine) -> Played:
    player = StepPlayer(method, RewardPipeline.from_recipe(recipe, BASE))
    batch = training_prompts(recipe.prompts, recipe.seed)(1, 3)
    return player.play(1, batch, engine.draw, lambda drawn: None)


def test_the_judge_begins_before_the_last_answer_and_pays_the_same(server: FaultyServer) -> None:
    recipe = judged_by(server)
    beside = played(Grpo(), recipe, Engine(server))
    asked = server.seen[:]
    del server.seen[:]
    after = played(Later(), recipe, Engine(server, waits=False))
    assert beside.metrics == after.metrics
    assert beside.metrics["judge_score_std"] > 0
    for one, other in zip(beside.turns[0].advantages, after.turns[0].advantages, strict=True):
        assert one.tolist() == other.tolist()
    assert sorted(map(json.dumps, asked)) == sorted(map(json.dumps, server.seen))
    assert len(asked) >= 3 * N


def test_a_judge_that_fails_too_often_ends_the_step_as_ever(server: FaultyServer) -> None:
    server.script = lambda body, before: Reply(body=completion("hm"))
    with pytest.raises(EngineError, match=r"no score for 12 of the 12 responses of the last 1 steps.*'hm'"):
        played(Grpo(), judged_by(server, "judge.retries=1"), Engine(server))
    assert len(server.seen) == 2 * 3 * N


def test_a_step_that_fails_while_it_draws_leaves_the_judge(server: FaultyServer) -> None:
    server.script = lambda body, before: Reply(delay=0.2)

    class Breaking(Engine):
        def draw(self, name: str, prompts: Sequence[Prompt], n: int, answered: Answered, /) -> Drawn:
            super().draw(name, prompts, n, answered)
            raise ValueError("the engine died")

    with pytest.raises(ValueError, match="the engine died"):
        played(Grpo(), judged_by(server, "judge.concurrency=1"), Breaking(server))
    time.sleep(1.0)
    assert len(server.seen) <= 3


def test_the_local_trainer_learns_the_same_from_answers_that_are_judged_part_by_part(server: FaultyServer) -> None:
    recipe = judged_by(server, "local.draw_tokens=1")  # each prompt's answers alone
    one, other = (PolicyGradient(recipe, method, BASE, "cpu") for method in (Grpo(), Later()))
    assert [one.step(step) for step in range(2)] == [other.step(step) for step in range(2)]
