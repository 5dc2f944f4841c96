"""avg@k, pass@k and maj@k: worked by hand, against enumeration, and under any order of the samples."""

import dataclasses
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.stats.intervals import proportion
from proctor.harness.stats.metrics import elected, pass_at, sample_metrics
from proctor.harness.types import Item, Verdict


def item(item_id="q", cluster="", choices=()):
    return Item(item_id, "suite", "?", "5", "number", cluster=cluster, choices=choices)


def votes(*answers, item_id="q", gold=("5",)):
    return [Verdict(item_id, n, answer in gold, answer, "rule", "reason") for n, answer in enumerate(answers)]


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_subsets_with_a_right_answer(case):
    samples, right, k = case
    subsets = list(combinations([n < right for n in range(samples)], k))
    assert pass_at(right, samples, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def by_name(items, verdicts, samples):
    return {metric.name: metric for metric in sample_metrics(items, verdicts, samples)}


def test_by_hand():
    items = [item("a"), item("b")]
    verdicts = votes("5", "6", "5", "7", item_id="a") + votes("6", "6", "5", "5.0", item_id="b", gold=("5", "5.0"))
    metrics = by_name(items, verdicts, 4)
    assert list(metrics) == ["avg@4", "pass@2", "pass@4", "maj@2", "maj@4"]
    assert metrics["avg@4"].estimate.value == 0.5
    assert metrics["pass@2"].estimate.value == pytest.approx(1 - 1 / 6)
    assert metrics["pass@4"].estimate.value == 1
    assert (metrics["maj@4"].correct, metrics["maj@4"].total) in {(1, 2), (2, 2)}  # b is tied
    assert metrics["pass@4"].correct is None
    assert {metric.estimate.n for metric in metrics.values()} == {2}


@pytest.mark.parametrize(("samples", "sizes"), [(2, [2]), (3, [2, 3]), (8, [2, 4, 8]), (6, [2, 4, 6])])
def test_the_sizes(samples, sizes):
    names = [metric.name for metric in sample_metrics([item()], votes(*["5"] * samples), samples)]
    assert names == [f"avg@{samples}", *(f"pass@{k}" for k in sizes), *(f"maj@{k}" for k in sizes)]


def test_errors_are_over_clusters():
    items = [item(str(n), f"pair {n // 2}") for n in range(6)]
    verdicts = [one for n in range(6) for one in votes("5", "5" if n < 2 else "6", item_id=str(n))]
    estimate = by_name(items, verdicts, 2)["avg@2"].estimate
    assert estimate == proportion([1, 1, 0.5, 0.5, 0.5, 0.5], [f"pair {n // 2}" for n in range(6)])


def test_an_item_with_an_unjudged_sample_is_left_out():
    verdicts = votes("5", "5", item_id="a") + votes("5", "5", item_id="b")
    verdicts[3] = dataclasses.replace(verdicts[3], correct=None)
    assert by_name([item("a"), item("b")], verdicts, 2)["pass@2"].estimate.n == 1


def test_equal_answers_vote_together_and_silence_does_not_vote():
    winner = elected(item(), votes("0.5", "6", r"\frac{1}{2}", None, None, None))
    assert winner is not None
    assert winner.extracted in {"0.5", r"\frac{1}{2}"}
    assert elected(item(), votes(None, None)) is None
    assert by_name([item()], votes(None, None), 2)["maj@2"].estimate.value == 0


def test_a_letter_and_its_option_vote_together():
    winner = elected(item(choices=("cat", "dog")), votes("A", "dog", "B"))
    assert winner is not None
    assert winner.extracted in {"dog", "B"}


@given(st.lists(st.sampled_from(["5", "5.0", "6", "7", None]), min_size=1, max_size=5))
def test_the_election_does_not_depend_on_the_order(answers):
    texts = {
        winner.extracted if (winner := elected(item(), votes(*order))) else None for order in permutations(answers)
    }
    assert len(texts) == 1


def test_ties_favour_no_answer():
    wins = sum(elected(item(f"q{n}"), votes("5", "6")).extracted == "5" for n in range(400))
    assert 150 < wins < 250
