"""The estimate's arithmetic by hand, what is assumed, and the work of recipes."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.cli.paper_plan import PICTURES, work_of
from proctor.harness.errors import UsageError
from proctor.leaderboards.papers.cost import (
    Assumptions,
    Cost,
    StageWork,
    Work,
    assume,
    examination_cost,
    parameters,
    training_cost,
)
from proctor.trainers.recipe import load_recipe

ROUND = Assumptions(
    peak=1e15,
    utilisation=0.5,
    prefill=0.5,
    rate=1000,
    waiting=0.5,
    pixels=7840,
    question=90,
    response=50,
    answer=200,
    judging=25,
    judgement=10,
)
SEVEN = "someone/Some-2.5-VL-7B-Instruct"
PLAYED = StageWork("play", prompts=10, answers=80, max_tokens=40, learnt=80, passed=160, judgements=80)


def seconds(cost: Cost) -> dict[str, float]:
    return {part.name: part.gpu_hours * 3600 for part in cost.parts}


def test_a_training_by_hand() -> None:
    """A prompt has 90 + 7840 / 784 = 100 tokens, a response min(50, 40), a second 5e14 operations or 1000 tokens."""
    cost = training_cost(Work(1, (PLAYED,)), SEVEN, ROUND)
    assert seconds(cost) == pytest.approx(
        {
            "play: prompts": 2 * 7e9 * 10 * 100 / 5e14,
            "play: answers": 80 * 40 / 1000,
            "play: what is judged": 2 * 7e9 * 80 * 165 / 5e14,
            "play: judgements": 80 * 10 / 1000,
            "play: passes without gradients": 2 * 7e9 * 160 * 140 / 5e14,
            "play: passes with gradients": 8 * 7e9 * 80 * 140 / 5e14,
        }
    )
    assert cost.gpu_hours * 3600 == pytest.approx((0.028 + 3.2 + 0.3696 + 0.8 + 0.6272 + 1.2544) / 0.5)
    assert cost.tokens == 1000 + 3200 + 13200 + 800 + 22400 + 11200


def test_without_recomputation_a_pass_with_gradients_is_three_without() -> None:
    cost = training_cost(Work(1, (PLAYED,), recompute=False), SEVEN, ROUND)
    assert seconds(cost)["play: passes with gradients"] == pytest.approx(0.9408)
    assert cost.parts[-1].formula == "6 N D / (peak x utilisation)"


def test_stages_add_up_and_what_is_not_done_costs_nothing() -> None:
    sft = StageWork("sft", prompts=1, answers=4, max_tokens=100, learnt=16, passed=0)
    cost = training_cost(Work(2, (sft, PLAYED)), SEVEN, ROUND)
    alone = training_cost(Work(1, (sft,)), SEVEN, ROUND)
    assert [part.name for part in alone.parts] == ["sft: prompts", "sft: answers", "sft: passes with gradients"]
    assert cost.gpu_hours == pytest.approx(alone.gpu_hours + training_cost(Work(1, (PLAYED,)), SEVEN, ROUND).gpu_hours)


def test_an_examination_by_hand() -> None:
    cost = examination_cost(1000, 16384, SEVEN, ROUND)
    assert seconds(cost) == pytest.approx({"prompts": 2 * 7e9 * 1000 * 100 / 5e14, "answers": 200.0})
    assert cost.gpu_hours * 3600 == pytest.approx((2.8 + 200) / 0.5)
    assert cost.tokens == 300_000
    assert examination_cost(1000, 100, SEVEN, ROUND).tokens == 200_000  # no answer is longer than it may be


@pytest.mark.parametrize(
    ("hub", "billions"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", 7),
        ("Qwen/Qwen2.5-VL-3B-Instruct", 3),
        ("FanqingM/MM-Eureka-Qwen-7B", 7),
        ("russwang/ThinkLite-VL-7B", 7),
        ("a/b-1.5B", 1.5),
        ("a/b-0B", 9),
        ("a/b-7Bit", 9),
        ("", 9),
    ],
)
def test_parameters_are_read_off_the_name(hub: str, billions: float) -> None:
    assert parameters(hub, Assumptions(parameters=9e9)) == billions * 1e9


def test_half_the_parameters_write_twice_as_fast() -> None:
    large, small = (seconds(examination_cost(10, 100, f"a/b-{size}B", ROUND)) for size in (14, 7))
    assert large == pytest.approx({name: 2 * value for name, value in small.items()})


def test_the_work_of_the_published_majority_vote() -> None:
    """60 steps of 512 prompts with 10 responses, read by the policy and its reference; on 8 GPUs some hours."""
    work = work_of(load_recipe("mm_upt_geometry3k"))
    assert work == Work(60, (StageWork("grpo", 30720, 307200, 2048, 307200, 614400),))
    hours = training_cost(work, SEVEN, Assumptions()).gpu_hours
    assert hours == pytest.approx(61.3, abs=0.1)
    assert 4 < hours / 8 < 24


def test_the_work_of_other_recipes() -> None:
    (judged,) = work_of(load_recipe("actor_judge_geometry3k")).stages
    assert judged.judgements == judged.answers == 60 * 512 * 8
    (voted,) = work_of(load_recipe("ttrl_figures")).stages
    assert (voted.answers, voted.learnt, voted.passed) == (60 * 16 * 16, 60 * 16 * 8, 2 * 60 * 16 * 8)
    (asked,) = work_of(load_recipe("evolmm_geometry3k")).stages
    assert (asked.prompts, asked.answers, asked.learnt) == (809 * 20 * 2, 809 * 20 * 6, 809 * 20 * 6)
    (game,) = work_of(load_recipe("vision_zero_geometry3k")).stages
    assert (game.prompts, game.answers, game.learnt) == (281 * 64 * 28, 281 * 64 * 56, 281 * 64 * 32)
    (free,) = work_of(load_recipe("mm_upt_figures", ["policy.kl=0.0"])).stages
    assert free.passed == free.learnt
    assert not work_of(load_recipe("mm_upt_geometry3k", ["openrlhf.gradient_checkpointing=false"])).recompute


SIZES = ("policy.steps=3", "policy.prompts=16", "collect.prompts=100", "sampling.n=4")


def test_the_work_of_stages() -> None:
    """SFT learns examples, DPO two responses to each, which the stage's start reads too; SRLM judges each answer."""
    sft = work_of(load_recipe("mm_upt_figures", ['method="lmsi"', *SIZES]))
    assert [(one.prompts, one.answers, one.learnt, one.passed) for one in sft.stages] == [(100, 400, 48, 0)] * len(
        sft.stages
    )
    assert sft.steps == 3 * len(sft.stages)
    dpo = work_of(load_recipe("mm_upt_figures", ['method="srlm"', "method_settings.judgements=3", *SIZES]))
    assert {(one.answers, one.judgements, one.learnt, one.passed) for one in dpo.stages} == {(400, 1200, 96, 96)}


def test_a_synthesis_is_work_without_steps() -> None:
    changes = ['synthesis.how="in_context"', "synthesis.per_image=2", "synthesis.samples=5"]
    work = work_of(load_recipe("mm_upt_geometry3k", changes))
    synthesis, played = work.stages
    assert (synthesis.prompts, synthesis.answers) == (PICTURES * 4, PICTURES * (5 + 2 + 10))
    assert (work.steps, played.name) == (60, "grpo")
    direct, _ = work_of(load_recipe("mm_upt_geometry3k", [*changes, 'synthesis.how="direct"'])).stages
    assert (direct.prompts, direct.answers) == (PICTURES * 3, PICTURES * 12)


@pytest.mark.parametrize(
    "change",
    ["rate=0", "rate=-1", "rate=inf", "rate=nan", "rate=fast", "utilisation=1.5", "waiting=1", "speed=3", "rate", "=3"],
)
def test_what_can_not_be_assumed(change: str, cli) -> None:
    with pytest.raises(UsageError):
        assume([change])
    done = cli("paper", "plan", "1", "--assume", change)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_assumptions_are_told_and_changed(cli) -> None:
    told = cli("paper", "plan", "--assumptions", "--assume", "rate=3000").out
    assert "rate = 3000: tokens per second and GPU" in told
    assert all(f"{field.name} = " in told for field in dataclasses.fields(Assumptions))
    assert all(one["meaning"] for one in json.loads(cli("paper", "plan", "--assumptions", "--json").out))
    slow, fast = (
        json.loads(cli("paper", "plan", "2", "--json", "--assume", f"rate={rate}").out) for rate in (1000, 4000)
    )
    assert slow["assumptions"]["rate"] == 1000
    assert slow["total"]["training_hours"] > fast["total"]["training_hours"]
    assert slow["total"]["tokens"] == fast["total"]["tokens"]


@given(st.integers(1, 10**6), st.integers(1, 20000), st.sampled_from(["rate", "peak", "utilisation", "prefill"]))
def test_faster_machines_never_cost_more(items: int, tokens: int, name: str) -> None:
    usual = Assumptions()
    fast = dataclasses.replace(usual, **{name: 1.1 * getattr(usual, name)})
    assert (
        examination_cost(items, tokens, SEVEN, fast).gpu_hours
        <= examination_cost(items, tokens, SEVEN, usual).gpu_hours
    )
