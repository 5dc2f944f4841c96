"""The interval of several seeds and of an average of suites: against the formulas, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from proctor.harness.stats.intervals import proportion
from proctor.harness.stats.seeds import SeedEstimate, averaged, of_estimate, pooled


def seed(value: float, error: float = 0.01, freedom: float = 500) -> SeedEstimate:
    half = 1.96 * error
    return SeedEstimate(value, error**2, freedom, max(0.0, value - half), min(1.0, value + half))


def half(draw: SeedEstimate) -> float:
    return (draw.high - draw.low) / 2


def test_one_seed_keeps_its_score_interval() -> None:
    estimate = proportion([1.0] * 30 + [0.0] * 10, [str(n) for n in range(40)])
    draw = of_estimate(estimate)
    assert pooled([draw]) is draw
    assert (draw.low, draw.high) == (estimate.low, estimate.high)
    assert averaged([draw]) is draw


def test_equal_seeds_do_not_shrink_the_error_from_the_items() -> None:
    draw = pooled([seed(0.5)] * 3)
    assert half(draw) == pytest.approx(stats.t.ppf(0.975, 500) * 0.01)


def test_the_variance_is_the_items_plus_that_between_the_seeds_over_their_number() -> None:
    values, errors = [0.50, 0.53, 0.56], [0.010, 0.012, 0.011]
    draw = pooled([seed(value, error) for value, error in zip(values, errors, strict=True)])
    items, between = np.mean(np.square(errors)), np.var(values, ddof=1) / 3
    assert draw.value == pytest.approx(0.53)
    assert draw.variance == pytest.approx(items + between)
    freedom = (items + between) ** 2 / (items**2 / 500 + between**2 / 2)
    assert half(draw) == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(items + between))
    assert 2 < freedom < 500


def test_an_average_of_suites_adds_their_variances() -> None:
    draw = averaged([seed(0.2, 0.01), seed(0.4, 0.02)])
    assert draw.value == pytest.approx(0.3)
    assert draw.variance == pytest.approx((0.01**2 + 0.02**2) / 4)
    assert draw.high - draw.value == pytest.approx(draw.value - draw.low)


def test_without_any_variance_the_interval_is_no_point() -> None:
    certain = of_estimate(proportion([1.0] * 50, [str(n) for n in range(50)]))
    assert pooled([certain, certain]).low == certain.low < 1 == pooled([certain, certain]).high
    assert averaged([certain, certain]).low == certain.low


def test_of_one_cluster_nothing_is_known() -> None:
    unknown = of_estimate(proportion([1.0, 0.0], ["a", "a"]))
    for draw in (pooled([unknown, unknown]), averaged([unknown, seed(0.5)])):
        assert (draw.low, draw.high) == (0.0, 1.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2)), min_size=1, max_size=6), st.booleans())
def test_intervals_hold_their_value_and_stay_shares(seeds: list[tuple[float, float]], suites: bool) -> None:
    draw = (averaged if suites else pooled)([seed(*one) for one in seeds])
    assert 0 <= draw.low <= draw.value + 1e-12
    assert draw.value - 1e-12 <= draw.high <= 1


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Three trainings of one recipe on 300 items, some harder; the truth is the mean over items and trainings."""
    rng = np.random.default_rng(7)
    inside, rounds = 0, 400
    for _ in range(rounds):
        hard = rng.normal(0, 1, 300)
        training = rng.normal(0, 0.15, 3)
        logits = 0.3 + hard[None, :] + training[:, None]
        right = rng.random((3, 300)) < 1 / (1 + np.exp(-logits))
        names = [str(n) for n in range(300)]
        draw = pooled([of_estimate(proportion(one.astype(float).tolist(), names)) for one in right])
        inside += draw.low <= TRUTH <= draw.high
    assert 0.93 <= inside / rounds <= 0.995


_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
TRUTH = float(
    np.sum(_WEIGHTS / (1 + np.exp(-(0.3 + math.sqrt(1 + 0.15**2) * _POINTS)))) / math.sqrt(2 * math.pi)
)  # the mean of a logistic of a normal with the variances of items and trainings
