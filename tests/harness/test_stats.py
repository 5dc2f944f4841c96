"""Standard errors, intervals and paired tests: against textbook formulas, known values, invariances and a simulation."""

import dataclasses
import math
import random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from proctor.harness.stats import mcnemar, mean_of_means, paired_difference, proportion, ratio

RIGHTS = st.lists(st.booleans().map(float), min_size=1, max_size=40)
VALUES = st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=40)


@st.composite
def clustered(draw, values=VALUES, smallest=1):
    """Values with the names of their clusters."""
    drawn = draw(values)
    assume(len(drawn) >= smallest)
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=len(drawn), max_size=len(drawn)))
    return drawn, names


def close(one, other):
    """Equal estimates but for rounding; NaN equals NaN."""
    pairs = zip(dataclasses.astuple(one), dataclasses.astuple(other), strict=True)
    return all(a == b or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (a != a and b != b) for a, b in pairs)


@given(clustered())
@example(([1.0, 0.9999999999999999], ["a", "b"]))
def test_the_interval_contains_the_mean_and_stays_between_0_and_1(data):
    estimate = proportion(*data)
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.high <= 1
    assert estimate.n == len(data[0])
    assert estimate.clusters == len(set(data[1]))
    assert estimate.value == pytest.approx(sum(data[0]) / len(data[0]))


@given(clustered(), st.randoms())
def test_the_order_of_the_values_does_not_matter(data, rng):
    pairs = list(zip(*data, strict=True))
    rng.shuffle(pairs)
    values, names = zip(*pairs, strict=True)
    assert close(proportion(values, names), proportion(*data))


@given(clustered())
def test_the_names_of_the_clusters_do_not_matter(data):
    values, names = data
    assert close(proportion(values, [f"cluster {ord(name) * 7}" for name in names]), proportion(values, names))


@given(clustered(values=RIGHTS), st.integers(2, 5))
def test_duplicates_inside_their_clusters_do_not_shrink_the_error(data, times):
    """Asking the same questions again is no evidence."""
    values, names = data
    once, more = proportion(values, names), proportion(values * times, names * times)
    assert more.value == pytest.approx(once.value)
    assert more.stderr == pytest.approx(once.stderr, abs=1e-12, nan_ok=True)
    uncapped = not once.value * (1 - once.value) > once.n * once.stderr**2  # fewer effective answers than answers
    if uncapped:
        assert (more.low, more.high) == (pytest.approx(once.low, abs=1e-6), pytest.approx(once.high, abs=1e-6))


@given(values=st.lists(st.booleans().map(float), min_size=2, max_size=60))
def test_without_clusters_it_is_the_textbook_standard_error(values):
    estimate = proportion(values, [str(n) for n in range(len(values))])
    textbook = stats.sem(values)  # sample standard deviation over root n
    assert estimate.stderr == pytest.approx(float(textbook), abs=1e-12)


def test_clustered_error_by_hand():
    """Clusters (1, 1), (0, 1), (0,): mean 0.6, sums of residuals 0.8, -0.2, -0.6, so SE^2 = 3/2 * 1.04 / 25."""
    estimate = proportion([1, 1, 0, 1, 0], ["a", "a", "b", "b", "c"])
    assert estimate.value == pytest.approx(0.6)
    assert estimate.stderr == pytest.approx(math.sqrt(1.5 * 1.04 / 25))
    assert (estimate.n, estimate.clusters) == (5, 3)


def test_fully_correlated_clusters_count_as_one_observation_each():
    """Ten clusters of ten equal answers know as much as ten answers."""
    rights = [1.0] * 6 + [0.0] * 4
    many = proportion([v for v in rights for _ in range(10)], [str(n) for n in range(10) for _ in range(10)])
    few = proportion(rights, [str(n) for n in range(10)])
    assert close(dataclasses.replace(many, n=10), few)
    ignoring = proportion([v for v in rights for _ in range(10)], [str(n) for n in range(100)])
    assert many.stderr > 3 * ignoring.stderr


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_right_or_all_wrong_still_has_an_interval_that_narrows_with_clusters(value):
    widths = []
    for count in (2, 5, 50, 500):
        estimate = proportion([value] * count, [str(n) for n in range(count)])
        assert estimate.stderr == 0
        widths.append(estimate.high - estimate.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.9
    assert 0 < widths[-1] < 0.02


def test_one_cluster_or_none_knows_nothing_of_its_error():
    one = proportion([1, 0, 1], ["a", "a", "a"])
    assert math.isnan(one.stderr)
    assert (one.value, one.low, one.high, one.clusters) == (pytest.approx(2 / 3), 0, 1, 1)
    none = proportion([], [])
    assert math.isnan(none.value)
    assert (none.low, none.high, none.n) == (0, 1, 0)


@pytest.mark.parametrize(("share", "clusters", "size"), [(0.5, 40, 5), (0.8, 30, 3), (0.3, 100, 2)])
def test_the_interval_covers_the_truth_about_95_times_in_100(share, clusters, size):
    """Each cluster has a difficulty of its own, so its answers go together; ignoring that would cover far less."""
    rng = random.Random(1)
    covered, naive, runs = 0, 0, 800
    for _ in range(runs):
        values, names = [], []
        for cluster in range(clusters):
            chance = rng.betavariate(share, 1 - share)
            values += [float(rng.random() < chance) for _ in range(size)]
            names += [str(cluster)] * size
        estimate = proportion(values, names)
        covered += estimate.low <= share <= estimate.high
        alone = proportion(values, [str(n) for n in range(len(values))])
        naive += alone.low <= share <= alone.high
    assert 0.93 <= covered / runs <= 0.985
    assert naive / runs < 0.93


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (10, 2, 158 / 4096), (8, 1, 20 / 512)],
)
def test_mcnemar_against_binomial_sums_by_hand(gained, lost, p):
    assert mcnemar(gained, lost) == pytest.approx(p)
    assert mcnemar(lost, gained) == pytest.approx(p)


@st.composite
def pairs(draw):
    """Item scores of two models on the same items, and the items' clusters."""
    count = draw(st.integers(1, 25))
    scores = st.sampled_from([0.0, 0.25, 0.5, 1.0]) if draw(st.booleans()) else st.sampled_from([0.0, 1.0])
    ids = [f"i{n}" for n in range(count)]
    before, after = ({i: draw(scores) for i in ids} for _ in range(2))
    single = draw(st.booleans())
    return before, after, {i: i if single else draw(st.sampled_from("abcd")) for i in ids}


@given(pairs())
def test_a_paired_difference_is_antisymmetric(data):
    before, after, clusters = data
    one, other = paired_difference(before, after, clusters), paired_difference(after, before, clusters)
    assert one.value == pytest.approx(-other.value)
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))
    assert (one.gained, one.lost) == (other.lost, other.gained)
    assert one.p == pytest.approx(other.p)
    assert one.stderr == pytest.approx(other.stderr, nan_ok=True)
    assert -1 <= one.low <= one.value + 1e-12
    assert one.value - 1e-12 <= one.high <= 1
    assert 0 <= one.p <= 1
    mean = (sum(after.values()) - sum(before.values())) / len(before)
    assert one.value == pytest.approx(mean)


@given(pairs(), st.randoms())
def test_a_paired_difference_does_not_depend_on_order(data, rng):
    before, after, clusters = data
    ids = list(before)
    rng.shuffle(ids)
    shuffled = paired_difference({i: before[i] for i in ids}, {i: after[i] for i in reversed(ids)}, clusters)
    assert close(shuffled, paired_difference(before, after, clusters))


def test_a_model_compared_with_itself_differs_by_nothing():
    scores = {f"i{n}": float(n % 2) for n in range(10)}
    same = paired_difference(scores, scores, {i: i for i in scores})
    assert (same.value, same.p, same.gained, same.lost) == (0, 1, 0, 0)
    clustered_same = paired_difference(scores, scores, {i: i[-1] + "x" * (int(i[1:]) % 2) for i in scores})
    assert clustered_same.p == 1


def test_pairing_is_tighter_than_two_intervals():
    """Two models that are right on the same items but for a few."""
    rng = random.Random(3)
    before = {f"i{n}": float(rng.random() < 0.5) for n in range(400)}
    after = before | dict.fromkeys([i for i, v in before.items() if not v][:12], 1.0)
    found = paired_difference(before, after, {i: i for i in before})
    alone = [proportion(list(m.values()), list(m)) for m in (before, after)]
    assert found.value == pytest.approx(0.03)
    assert (found.gained, found.lost) == (12, 0)
    assert found.p == pytest.approx(2 * 0.5**12)
    assert alone[0].high > alone[1].low  # the two intervals overlap
    assert found.low > 0


def test_the_t_test_for_clusters_against_scipy():
    """Clusters of equal size: the clustered test is the one-sample t test on the clusters' means."""
    rng = random.Random(5)
    before = {f"{c}-{k}": rng.choice([0, 0.5, 1]) for c in range(12) for k in range(3)}
    after = {i: min(1.0, v + rng.choice([0, 0, 0.5])) for i, v in before.items()}
    clusters = {i: i.split("-")[0] for i in before}
    found = paired_difference(before, after, clusters)
    means = [sum(after[f"{c}-{k}"] - before[f"{c}-{k}"] for k in range(3)) / 3 for c in range(12)]
    reference = stats.ttest_1samp(means, 0)
    assert found.p == pytest.approx(float(reference.pvalue))
    assert found.stderr == pytest.approx(float(stats.sem(means)))
    interval = reference.confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(interval.low, abs=0.04), pytest.approx(interval.high, abs=0.04))


@pytest.mark.parametrize(
    ("clusters", "size", "gain", "loss"), [(200, 1, 0.02, 0.01), (30, 3, 0.2, 0.1), (60, 4, 0.0, 0.1)]
)
def test_the_interval_of_a_difference_covers_the_truth_about_95_times_in_100(clusters, size, gain, loss):
    """Items gain or lose; the items of a cluster mostly change together."""
    rng = random.Random(4)
    covered, runs = 0, 400
    for _ in range(runs):
        before, after, names = {}, {}, {}
        for cluster in range(clusters):
            shared = rng.random()
            for k in range(size):
                item = f"{cluster}-{k}"
                draw = shared if rng.random() < 0.7 else rng.random()
                change = 1 if draw < gain else -1 if draw > 1 - loss else 0
                before[item] = {1: 0.0, -1: 1.0, 0: 0.5}[change]
                after[item] = before[item] + change
                names[item] = str(cluster)
        found = paired_difference(before, after, names)
        covered += found.low <= gain - loss <= found.high
    assert 0.92 <= covered / runs <= 0.995


def test_no_change_seen_is_not_no_change_for_certain():
    widths = []
    for count in (5, 50, 500):
        scores = {f"i{n}": float(n % 2) for n in range(count)}
        same = paired_difference(scores, scores, {i: i for i in scores})
        assert same.low < 0 < same.high
        widths.append(same.high - same.low)
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("other", [{}, {"a": 1.0}, {"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1.0, "x": 0.0}])
def test_other_items_are_not_silently_left_out(other):
    scores = {"a": 0.0, "b": 1.0}
    with pytest.raises(ValueError, match="same items"):
        paired_difference(scores, other, {i: i for i in "abcx"})
    with pytest.raises(ValueError, match="same items"):
        paired_difference(other, scores, {i: i for i in "abcx"})


def test_the_paired_test_is_wrong_about_5_times_in_100_when_nothing_changed():
    rng = random.Random(2)
    hits, runs = 0, 400
    for _ in range(runs):
        clusters, before, after = {}, {}, {}
        for cluster in range(30):
            chance = rng.random()
            for k in range(3):
                item = f"{cluster}-{k}"
                clusters[item] = str(cluster)
                before[item], after[item] = (float(rng.random() < chance) for _ in range(2))
        hits += paired_difference(before, after, clusters).p < 0.05
    assert 0.02 <= hits / runs <= 0.08


def test_clusters_that_all_changed_alike_are_tested_by_their_signs():
    names = [f"{cluster}-{k}" for cluster in range(5) for k in range(2)]
    clusters = {name: name[0] for name in names}
    changed = paired_difference(dict.fromkeys(names, 0.0), dict.fromkeys(names, 1.0), clusters)
    assert changed.p == pytest.approx(2 / 2**5)


def test_nothing_can_not_be_compared():
    with pytest.raises(ValueError, match="at least one item"):
        paired_difference({}, {}, {})


UNITS = st.lists(
    st.tuples(
        st.floats(0, 1, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False), st.sampled_from("abcdefgh")
    ),
    min_size=1,
    max_size=40,
)


@given(clustered())
def test_a_ratio_to_ones_is_a_mean(data):
    values, names = data
    assert close(ratio(values, [1.0] * len(values), names), proportion(values, names))


@given(UNITS)
def test_a_ratio_stays_between_0_and_1(units):
    below, above, names = [min(a, b) for a, b, _ in units], [max(a, b) for a, b, _ in units], [c for _, _, c in units]
    estimate = ratio(below, above, names)
    if sum(above) == 0:
        assert math.isnan(estimate.value)
        assert (estimate.n, estimate.clusters) == (0, 0)
    else:
        assert 0 <= estimate.low <= estimate.value + 1e-9
        assert estimate.value - 1e-9 <= estimate.high <= 1


@given(clustered())
def test_groups_of_equal_size_and_their_means_are_one_mean(data):
    values, names = data
    doubled, groups = values * 2, ["g"] * len(values) + ["h"] * len(values)
    estimate = mean_of_means(doubled, groups, names * 2)
    assert estimate.value == pytest.approx(proportion(values, names).value)
    assert close(dataclasses.replace(estimate, n=0), dataclasses.replace(proportion(doubled, names * 2), n=0))


def bootstrap(estimator, rows, times=400):
    """The standard deviation of an estimate over samples of whole clusters; `rows` are by cluster."""
    rng, clusters = random.Random(5), list(rows)
    found = []
    for _ in range(times):
        drawn = [(*row, str(n)) for n in range(len(clusters)) for row in rows[rng.choice(clusters)]]
        found.append(estimator(*map(list, zip(*drawn, strict=True))).value)
    mean = sum(found) / times
    return math.sqrt(sum((value - mean) ** 2 for value in found) / (times - 1))


def test_the_delta_method_agrees_with_the_cluster_bootstrap():
    rng = random.Random(3)
    ratios, means = {}, {}
    for cluster in range(150):
        skill = rng.random()
        right = sum(rng.random() < skill**0.3 for _ in range(10))
        ratios[cluster] = [(float(right == 10), right / 10)]
        means[cluster] = [(float(rng.random() < skill), "x" if rng.random() < 0.2 else "y") for _ in range(3)]
    for estimator, rows in ((ratio, ratios), (mean_of_means, means)):
        flat = [(*row, str(cluster)) for cluster, found in rows.items() for row in found]
        estimate = estimator(*map(list, zip(*flat, strict=True)))
        assert estimate.stderr == pytest.approx(bootstrap(estimator, rows), rel=0.12)
