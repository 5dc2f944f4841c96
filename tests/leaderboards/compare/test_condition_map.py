"""The verdict over several conditions, on rewards of which it is known what they do.

Their trainings are not run here: the answers of their last checkpoints stand on the published board of the gym, and go
through the decision as those of new trainings would.
"""

import json
from pathlib import Path

import pytest

from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Manifest, Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.board.evidence import run_folders
from proctor.leaderboards.compare.ab_test import Arm, judge_arms, read_side
from proctor.leaderboards.compare.condition_map import judge_map, page

from ...conftest import ScriptedModel

BOARD = Path(__file__).parents[3] / "leaderboards" / "published" / "gym"
SEEDS = range(5)


@pytest.fixture(scope="module")
def sides():
    """The judged runs of the board, by the model's name."""
    with run_folders([BOARD]) as folders:
        yield {Manifest.read(folder).model_name: read_side(folder) for folder in folders}


@pytest.fixture
def verdict(sides):
    """`verdict({"collapse": ("actor_judge_95", "majority_vote")})`: candidate and baseline by condition."""

    def ended(condition, reward, name, seeds):
        runs = {seed: sides[f"{condition}-{reward}-{seed}/step-000040"] for seed in seeds}
        return Arm(name, {seed: {"figures": side} for seed, side in runs.items()}, {})

    def judge(arms, failed=(), seeds=SEEDS):
        tests = {}
        for condition, (candidate, baseline) in arms.items():
            of_candidate = ended(condition, candidate, "candidate", seeds)
            if condition in failed:
                of_candidate = Arm("candidate", {}, dict.fromkeys(SEEDS, "the loss is gone"))
            base = {"figures": sides[condition]}
            tests[condition] = judge_arms(of_candidate, ended(condition, baseline, "baseline", seeds), base, 0.01)
        return judge_map(tests, {"collapse": 0.555, "all_right": 0.2})

    return judge


def words(result):
    return {one.name: one.word for one in result.conditions}


def test_a_reward_with_a_good_judge_is_better_on_every_condition(verdict):
    found = verdict(dict.fromkeys(("collapse", "all_right"), ("actor_judge_95", "majority_vote")))
    assert found.word == "better"
    assert words(found) == {"all_right": "better", "collapse": "better"}
    assert found.reasons == ("better on all_right, collapse", "taken together the differences point up, p 0.0002")
    assert not found.worse_somewhere


def test_what_no_condition_shows_by_itself_may_show_taken_together(verdict):
    good, bad = ("actor_judge_95", "majority_vote"), ("majority_vote", "actor_judge_95")
    for arms, word in ((good, "better taken together"), (bad, "worse taken together")):
        found = verdict(dict.fromkeys(("collapse", "all_right"), arms), seeds=(0, 1, 2))
        assert (found.word, set(words(found).values())) == (word, {"not distinguishable"})
        assert found.worse_somewhere == (arms == bad)
        assert found.together < 0.05 < min(one.p for one in found.conditions)
    alone = verdict({"collapse": good}, seeds=(0, 1, 2))
    assert (alone.word, alone.together) == ("not distinguishable", None)
    opposed = verdict({"collapse": good, "all_right": bad}, seeds=(0, 1, 2))
    assert opposed.word == "not distinguishable"


def test_a_reward_that_ends_below_the_baseline_is_worse(verdict):
    found = verdict(dict.fromkeys(("collapse", "all_right"), ("majority_vote", "actor_judge_95")))
    assert found.word == "worse"
    assert found.worse_somewhere


def test_a_reward_is_not_distinguishable_from_itself(verdict):
    found = verdict(dict.fromkeys(("collapse", "all_right"), ("majority_vote", "majority_vote")))
    assert found.word == "not distinguishable"
    assert [one.verdict.suites[0].change.difference.value for one in found.conditions] == [0, 0]


def test_a_reward_that_helps_only_where_the_vote_is_easy_is_better_in_part(verdict):
    """Its judge is right where most votes are, and a coin where they are not."""
    found = verdict({"collapse": ("actor_judge_50", "majority_vote"), "all_right": ("actor_judge_95", "majority_vote")})
    assert found.word == "better in part"
    assert found.reasons[:2] == ("better on all_right", "not distinguishable on collapse")


def test_better_here_and_worse_there_is_told_as_both(verdict):
    found = verdict(
        {"collapse": ("actor_judge_50", "actor_judge_95"), "all_right": ("actor_judge_95", "majority_vote")}
    )
    assert found.word == "better and worse"
    assert found.worse_somewhere


def test_a_condition_whose_trainings_fail_is_worse_and_not_compared(verdict):
    found = verdict(dict.fromkeys(("collapse", "all_right"), ("actor_judge_95", "majority_vote")), failed=["collapse"])
    assert words(found) == {"all_right": "better", "collapse": "worse"}
    assert not found.compared
    page(found, [], {"all_right": (), "collapse": ()})


def test_more_conditions_ask_more_of_each(verdict):
    alone = verdict({"all_right": ("actor_judge_95", "majority_vote")})
    both = verdict(dict.fromkeys(("collapse", "all_right"), ("actor_judge_95", "majority_vote")))
    assert both.conditions[0].p > alone.conditions[0].p  # the smaller p of the two, by Holm


def test_the_page_shows_the_map_and_every_condition(verdict):
    found = verdict(dict.fromkeys(("collapse", "all_right"), ("actor_judge_95", "majority_vote")))
    shown = b"".join(page(found, ["<note>"], {"all_right": (), "collapse": ()})).decode()
    assert "&lt;note&gt;" in shown
    for part in ("The map of conditions", "all_right (20%)", "collapse (56%)", "<summary>collapse: better</summary>"):
        assert part in shown
    json.dumps(found.to_json(), allow_nan=False)


def test_a_reward_that_pays_for_length_is_told_by_its_answers(tmp_path):
    """Right as often as the baseline's, and longer."""

    def side(name, before):
        asked = [Sample(Item(f"{n}", "figures", "How many?", "5", "number"), Prompt(("How many?",))) for n in range(60)]
        model = ScriptedModel(lambda i, k: rf"{before}\boxed{{{5 if int(i) % 2 else 6}}}", name, name)
        run_eval(Examination("figures", "strict", asked, Sampling()), model, tmp_path / name)
        return {"figures": read_side(tmp_path / name)}

    arms = {
        name: Arm(name, {seed: side(f"{name}-{seed}", before) for seed in (0, 1)}, {})
        for name, before in (("candidate", "That is, and so it is, and so it must be: "), ("baseline", "That is "))
    }
    test = judge_arms(arms["candidate"], arms["baseline"], side("base", ""), 0.01)
    found = judge_map({"short": test}, {"short": 0.35})
    assert found.word == "not distinguishable"
    assert (
        "on short the candidate's answers are 3.00 times as long as the baseline's: it may pay for length"
        in found.reasons
    )
    assert "3.00" in b"".join(page(found, [], {"short": ()})).decode()
