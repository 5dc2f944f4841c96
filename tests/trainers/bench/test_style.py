"""How a reward goes with length and style: by hand, by scipy, and on rewards that pay for it."""

import dataclasses
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from proctor.harness.errors import UsageError
from proctor.trainers.bench.measures import correlation
from proctor.trainers.bench.page import page, style_sections
from proctor.trainers.bench.report import BenchReport, Entry, bench, subset
from proctor.trainers.bench.style import STYLES, correlations
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.rewards.advantages import group_norm
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.tokens import GroupTokens

from ..recorded_runs import recorded

LONG = "First I look at the picture.\n\nThen I count.\n"


def told(group: RecordedGroup, *lengths: int) -> RecordedGroup:
    rows = tuple((-1.0 / length,) * length for length in lengths)
    return dataclasses.replace(group, tokens=GroupTokens(lengths, rows))


def group(*texts: str, right: tuple[bool, ...] | None = None, item: str = "q") -> RecordedGroup:
    one = recorded(*["5"] * len(texts), item=item)
    return dataclasses.replace(one, responses=texts, correct=right or (True,) * len(texts))


def of(one: RecordedGroup, rewards: list[float]) -> tuple[dict[str, float], dict[str, float]]:
    """Over all pairs of one group, and over the equally right ones."""
    found = correlations([one], [np.array(rewards)])
    every, alike = ({name: row[0] for name, row in rows.items()} for rows in (found.all_pairs, found.equally_right))
    return every, alike


def test_by_hand() -> None:
    texts = ("5", LONG + "It is \\boxed{5}", "so 5, I think")
    every, alike = of(told(group(*texts, right=(True, True, False)), 1, 20, 6), [0.0, 1.0, 0.5])
    assert every["tokens"] == every["characters"] == 1
    assert every["lines"] == every["boxed"] == pytest.approx(2 / math.sqrt(2 * 3))
    assert alike["characters"] == alike["boxed"] == 1  # of the first two alone
    assert math.isnan(of(group("5", "55"), [1.0, 1.0])[0]["characters"])
    assert math.isnan(of(group("5", "55"), [1.0, 0.0])[0]["tokens"])  # nobody knows how many


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=10))
def test_it_is_kendalls_tau_b(drawn: list[tuple[int, float]]) -> None:
    lengths, rewards = [length for length, _ in drawn], [reward for _, reward in drawn]
    every, alike = of(group(*("x" * length for length in lengths)), rewards)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = kendalltau(lengths, rewards).statistic
    assert every["characters"] == pytest.approx(expected, nan_ok=True)
    assert alike["characters"] == pytest.approx(expected, nan_ok=True)  # all are right


def report(tmp_path, count: int = 30) -> BenchReport:
    """Groups of six lengths in three orders, every other response right, under three rewards."""
    (tmp_path / "likes.py").write_text("def score(group):\n    return [float(len(text)) for text in group.responses]\n")
    texts = ["x" * length + " \\boxed{5}" for length in range(6)]
    turned = [texts[n % 3 :] + texts[: n % 3] for n in range(count)]
    groups = [told(group(*turn, right=(True, False) * 3, item=f"q{n}"), *range(3, 9)) for n, turn in enumerate(turned)]
    names = {"long": f"{tmp_path / 'likes.py'}:score", "majority_vote": "majority_vote", "random": "random"}
    entries = [Entry(label, open_reward(name, {})) for label, name in names.items()]
    return bench(groups, entries, "majority_vote", ("group_norm", group_norm))


def test_a_reward_that_pays_for_length_is_seen_and_a_coin_is_not(tmp_path) -> None:
    long, vote, coin = report(tmp_path).results
    assert long.style["characters"].value == long.style_equally_right["characters"].value == 1
    assert long.style["characters"].excludes_zero
    assert long.style["tokens"].value < 1
    assert math.isnan(vote.style["characters"].value)  # all answers agree: no signal, so no correlation
    assert vote.style["characters"].undefined == 30
    assert not coin.style["characters"].excludes_zero


def test_it_is_in_the_report_and_on_the_page(tmp_path) -> None:
    found = report(tmp_path)
    (long, *_) = found.to_json()["rewards"]
    assert {*long["style"]} == {*long["style_equally_right"]} == {style.name for style in STYLES}
    assert long["style"]["characters"]["value"] == 1
    html = page(found, ["run"])
    for section in style_sections(found):
        assert f"<h2>{section.title}</h2>" in html
    assert all(style.title in html for style in STYLES)


def test_a_reward_that_needs_tokens_is_benched_where_they_are_told() -> None:
    groups = [told(recorded("5", "5", "6", item=f"q{n}"), 4, 2, 1) for n in range(5)]
    entries = [Entry(name, open_reward(name, {})) for name in ("confidence", "majority_vote")]
    found = bench(groups, entries, "majority_vote", ("group_norm", group_norm))
    assert found.results[0].style["tokens"].value == 1  # -1/4 each, then -1/2, then -1
    silent = [dataclasses.replace(one, tokens=GroupTokens((4, 2, 1))) for one in groups]
    with pytest.raises(
        UsageError, match="confidence needs token log-probabilities, which a run does not hold: record it"
    ):
        bench(silent, entries, "majority_vote", ("group_norm", group_norm))


def test_a_smaller_group_keeps_what_is_told_of_its_responses() -> None:
    one = subset(told(recorded("5", "6", "7"), 1, 2, 3), [2, 0])
    assert one.tokens == GroupTokens((3, 1), ((-1 / 3,) * 3, (-1.0,)))


def test_a_handful_of_groups_has_no_interval_and_none_leaves_the_scale() -> None:
    few = correlation(np.array([1.0, 1.0, np.nan]), ["a", "b", "c"])
    assert (few.value, few.groups, few.undefined) == (1.0, 2, 1)
    assert math.isnan(few.low)
    wild = correlation(np.array([1.0, -1.0, 1.0, -1.0, 1.0]), list("abcde"))
    assert wild.value == pytest.approx(0.2)
    assert (wild.low, wild.high) == (-1.0, 1.0)
