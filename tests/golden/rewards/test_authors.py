"""Rewards beside those of the authors' own code, on recorded responses: 15 models' answers to one item are a group.

`authors.json` holds what the classes below gave, run on the texts of each group; rewards are facts, the code is theirs:

    mm_upt        waltonfuture/MM-UPT at f51d7b6, verl/workers/reward/function.py, FunctionRewardManager: a digit a response
    actor_judge   OPPO-Mente-Lab/LLM-Self-Judge at 8126f58, verl/workers/reward_manager/verifier.py, VerifierRewardManager in
                  its mode "train", less the mean of the group, as its trainer takes it off; every 16th group of those
                  recorded, every 4th of those with a box

"recorded" are all responses, of which 31% have a box; "with a box" those alone, in groups of four or more. For Actor-Judge
what stands before a box was put between <think> and </think>, and a response was given the judge's score `judged`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proctor.harness.answers.formats import boxed
from proctor.trainers.base import Group
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.rewards.vote import count_votes

from ..protocols.records import FOLDER, records

pytestmark = pytest.mark.skipif(not (FOLDER / "mathvision").exists(), reason=f"no recorded responses at {FOLDER}")

AUTHORS = json.loads(Path(__file__).with_name("authors.json").read_text())
RECORDED, BOXED = "recorded", "with a box"
CODE = {"votes": "exact", "prior": "threshold", "clamp": True}
"""Actor-Judge as its code has it."""


@cache
def responses() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The options and all responses of each item."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records("mathvision"):
        found[record["id"]].append(record)
    return {
        name: (tuple(rows[0]["choices"] or ()), tuple(row["response"] or "" for row in rows))
        for name, rows in found.items()
    }


def judged(text: str) -> float:
    """A judge's score, out of the text's digest."""
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:4], 16) % 101 / 100


def thought(text: str) -> str:
    """The response with all before its box as its thinking."""
    if not boxed(text):
        return text
    before, box, rest = text.rpartition("\\boxed{")
    return f"<think>{before}</think>{box}{rest}"


def group(item: str, which: str, answer_format: str = "boxed") -> Group:
    """A recorded group."""
    choices, texts = responses()[item]
    if which == BOXED:
        texts = tuple(filter(boxed, texts))
    shown = tuple(map(thought, texts)) if answer_format == "think_boxed" else texts
    return Group(item, "", choices, (), shown, None, answer_format, tuple(map(judged, texts)))


def mm_upt(which: str, **settings: object) -> dict[str, tuple[Group, list[float], list[float]]]:
    """The groups in which majority voting pays otherwise than the authors' code: what it pays, and what they pay."""
    reward = open_reward("majority_vote", settings)
    pairs = {}
    for item, digits in AUTHORS["mm_upt"][which].items():
        shown, theirs = group(item, which), list(map(float, digits))
        if (ours := list(reward(shown, 0))) != theirs:
            pairs[item] = shown, ours, theirs
    return pairs


def actor_judge(which: str, **settings: object) -> float:
    """The share of groups in which Actor-Judge's reward, less its mean, is not the authors'."""
    reward = open_reward("actor_judge", settings)
    differ = []
    for item, theirs in AUTHORS["actor_judge"][which].items():
        row = np.array(reward(group(item, which, "think_boxed"), 0))
        differ.append(np.abs(row - row.mean() - theirs).max() > 5e-5)
    return float(np.mean(differ))


def test_exact_votes_pay_as_the_code_of_mm_upt_does_where_boxes_are_missing() -> None:
    assert len(AUTHORS["mm_upt"][RECORDED]) == 1504
    assert mm_upt(RECORDED, votes="exact") == {}


def test_among_boxes_exact_votes_differ_from_the_code_of_mm_upt_by_the_matcher_alone() -> None:
    differ = mm_upt(BOXED, votes="exact")
    assert (len(differ), len(AUTHORS["mm_upt"][BOXED])) == (60, 1283)  # 4.7%
    for _, ours, theirs in differ.values():  # a letter is its option, 12 cm is 12, Three is 3
        assert all(pays >= paid for pays, paid in zip(ours, theirs, strict=True))


def test_why_votes_by_meaning_differ_from_the_code_of_mm_upt() -> None:
    by_matcher = mm_upt(BOXED, votes="exact")
    causes: Counter[str] = Counter()
    for item, (shown, _, _) in mm_upt(BOXED).items():
        if count_votes(shown, "exact").tied:
            causes["a tie of texts, which the first one wins there"] += 1
        elif item in by_matcher:
            causes["a box that its grader does not find equal to the winner"] += 1
        else:
            causes["one answer in several spellings, which elect together here"] += 1
    assert sorted(causes.values()) == [17, 32, 563]  # of 1283: 47.7%


def test_by_meaning_no_missing_box_is_paid() -> None:
    """The code pays them in every recorded group: no box is the commonest answer of these fifteen models."""
    unpaid = 0
    for shown, ours, theirs in mm_upt(RECORDED).values():
        without = [k for k, text in enumerate(shown.responses) if not boxed(text)]
        assert not any(ours[k] for k in without)
        unpaid += any(theirs[k] for k in without)
    assert unpaid == 1504


@pytest.mark.parametrize("which", [RECORDED, BOXED])
def test_actor_judge_can_pay_as_its_code_does(which: str) -> None:
    assert actor_judge(which, **CODE) == 0


def test_what_of_actor_judge_differs_from_its_code() -> None:
    """In groups of so few a share above 0.85 is all of them, so that the threshold changes nothing."""
    shares = {
        name: round(actor_judge(BOXED, **settings), 3)
        for name, settings in {
            "by meaning": {},
            "by text": {"votes": "exact"},
            "by text, clamped": {"votes": "exact", "clamp": True},
        }.items()
    }
    assert shares == {"by meaning": 0.268, "by text": 0.003, "by text, clamped": 0.0}
