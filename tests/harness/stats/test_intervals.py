"""Standard errors, intervals and paired tests: against textbook formulas, known values, invariances and a simulation."""

import dataclasses
import itertools
import math
import random

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from proctor.harness.stats.intervals import (
    detectable_difference,
    holm,
    item_changes,
    mcnemar,
    mean_of_means,
    paired_difference,
    proportion,
    ratio,
    seeded_difference,
    sign_flips,
)

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
    binomial = once.value * (1 - once.value) / once.n
    if once.clusters > 1 and once.stderr**2 * (1 - 1 / once.clusters) > binomial:  # worth fewer answers than there are
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
    assert widths[0] > 0.8
    assert 0 < widths[-1] < 0.02


def test_all_or_none_is_clopper_and_pearsons_interval_of_the_clusters():
    """Four answers of a picture that go together know no more than one: 0 of 2 is 0 to 1 - sqrt(0.025)."""
    for count, size in ((2, 4), (5, 1), (12, 5)):
        names = [str(n) for n in range(count) for _ in range(size)]
        exact = stats.binomtest(0, count).proportion_ci(method="exact")
        none, every = proportion([0.0] * len(names), names), proportion([1.0] * len(names), names)
        assert (none.low, none.high) == (0, pytest.approx(exact.high))
        assert (every.low, every.high) == (pytest.approx(1 - exact.high), 1)
    assert proportion([0.0] * 8, list("aaaabbbb")).high == pytest.approx(1 - math.sqrt(0.025))


@given(st.integers(2, 80).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_independent_answers_have_the_exact_interval(case):
    count, right = case
    found = proportion([1.0] * right + [0.0] * (count - right), [str(n) for n in range(count)])
    exact = stats.binomtest(right, count).proportion_ci(method="exact")
    assert (found.low, found.high) == (pytest.approx(exact.low), pytest.approx(exact.high))


def test_a_worse_score_never_has_a_better_bound():
    """600 of 600 and 599 of 600 among them: one answer more that is right takes neither end down."""
    rng = random.Random(8)
    for count, size in ((600, 1), (7, 1), (100, 5), (20, 5), (10, 5), (5, 4), (50, 2), (6, 50), (3, 40)):
        items = list(range(count * size))
        spread, shuffled = sorted(items, key=lambda n: n % size), rng.sample(items, len(items))
        for order in (items, spread, shuffled):
            values, names = [0.0] * len(items), [str(n // size) for n in items]
            ends = [(0.0, 0.0)]
            for n in order:
                values[n] = 1.0
                found = proportion(values, names)
                ends.append((found.low, found.high))
            for worse, better in itertools.pairwise(ends):
                assert better[0] >= worse[0] - 1e-9, (count, size)
                assert better[1] >= worse[1] - 1e-9, (count, size)


@given(clustered(values=RIGHTS))
def test_no_score_has_a_better_bound_than_all_right_or_a_worse_one_than_all_wrong(data):
    values, names = data
    assume(len(set(names)) > 1)
    found = proportion(values, names)
    assert found.low <= proportion([1.0] * len(values), names).low
    assert found.high >= proportion([0.0] * len(values), names).high


@pytest.mark.parametrize(("share", "clusters", "size"), [(0.99, 50, 1), (0.98, 100, 5), (0.9, 20, 5), (0.95, 10, 20)])
def test_the_interval_covers_the_truth_near_the_edge_though_half_of_the_clusters_go_together(share, clusters, size):
    rng = random.Random(1)
    names = [str(cluster) for cluster in range(clusters) for _ in range(size)]
    covered, runs = 0, 600
    for _ in range(runs):
        values = []
        for _ in range(clusters):
            alike = float(rng.random() < share)
            values += [alike] * size if rng.random() < 0.5 else [float(rng.random() < share) for _ in range(size)]
        found = proportion(values, names)
        covered += found.low <= share <= found.high
    assert covered / runs >= 0.94


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


def test_a_difference_over_few_clusters_has_no_interval():
    """Four pictures with a hundred questions each: how pictures differ is told by four numbers."""
    for count, told in ((1, False), (2, False), (4, False), (5, True)):
        items = {f"{c}-{k}": str(c) for c in range(count) for k in range(100)}
        before = {i: float(n % 3 == 0) for n, i in enumerate(items)}
        after = {i: float(n % 3 < 2) for n, i in enumerate(items)}
        found = paired_difference(before, after, items)
        assert found.clusters == count
        assert ((found.low, found.high) != (-1, 1)) == told
        assert found.detectable == math.inf


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


def test_equal_clusters_against_scipy():
    """Clusters of equal size: error and interval are those of a t test on the clusters' means."""
    rng = random.Random(5)
    before = {f"{c}-{k}": rng.choice([0, 0.5, 1]) for c in range(12) for k in range(3)}
    after = {i: min(1.0, v + rng.choice([0, 0, 0.5])) for i, v in before.items()}
    clusters = {i: i.split("-")[0] for i in before}
    found = paired_difference(before, after, clusters)
    means = [sum(after[f"{c}-{k}"] - before[f"{c}-{k}"] for k in range(3)) / 3 for c in range(12)]
    reference = stats.ttest_1samp(means, 0)
    assert found.stderr == pytest.approx(float(stats.sem(means)))
    interval = reference.confidence_interval(0.95)
    assert (found.low, found.high) == (pytest.approx(interval.low, abs=0.04), pytest.approx(interval.high, abs=0.04))
    assert found.p == pytest.approx(permutation_p(means))


def permutation_p(values):
    """scipy's own sign-flip test: exact where it can be."""
    exact = len(values) <= 14
    found = stats.permutation_test(
        (np.array(values),),
        lambda x, axis: np.mean(x, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf if exact else 20_000,
        rng=np.random.default_rng(7),
        vectorized=True,
    )
    return float(found.pvalue)


def unequal(rng, count):
    """Changes of items in clusters of one to five, mostly gains."""
    clusters = {f"{c}-{k}": str(c) for c in range(count) for k in range(rng.randint(1, 5))}
    before = {item: rng.choice([0.0, 0.5, 1.0]) for item in clusters}
    after = {item: min(1.0, max(0.0, value + rng.choice([-0.5, 0, 0, 0.5, 0.5]))) for item, value in before.items()}
    return before, after, clusters


@pytest.mark.parametrize("seed", range(5))
def test_the_clustered_error_is_that_of_a_clustered_regression(seed):
    """A regression of the changes on a constant alone; statsmodels multiplies by (n-1)/(n-1) = 1 more."""
    before, after, clusters = unequal(random.Random(seed), 25)
    found = paired_difference(before, after, clusters)
    items = sorted(before)
    changes = np.array([after[i] - before[i] for i in items])
    groups = np.array([int(clusters[i]) for i in items])
    fit = sm.OLS(changes, np.ones(len(items))).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert found.value == pytest.approx(float(fit.params[0]))
    assert found.stderr == pytest.approx(float(fit.bse[0]))
    assert found.clusters == len(set(groups))


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_against_statsmodels(gained, lost):
    reference = reference_mcnemar([[3, gained], [lost, 3]], exact=True)
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, float(reference.pvalue)))


@pytest.mark.parametrize("seed", range(8))
def test_few_clusters_are_enumerated_as_scipy_does(seed):
    rng = random.Random(seed)
    sums = [rng.choice([-2, -1, 0, 1, 2, 3]) / 2 for _ in range(rng.randint(2, 12))]
    assert sign_flips(sums) == pytest.approx(permutation_p(sums))


@pytest.mark.parametrize("seed", range(3))
def test_many_clusters_are_sampled_near_scipy_and_near_the_t_test(seed):
    rng = random.Random(seed)
    sums = [rng.gauss(0.15, 1) for _ in range(80)]
    assert sign_flips(sums) == pytest.approx(permutation_p(sums), abs=0.02)
    assert sign_flips(sums) == pytest.approx(float(stats.ttest_1samp(sums, 0).pvalue), abs=0.03)
    assert sign_flips([one + 3 for one in sums]) == 1 / 10_001  # never 0


SUMS = st.lists(st.integers(-4, 4).map(lambda n: n / 4), max_size=30)


@given(SUMS, st.randoms())
def test_sign_flips_know_neither_order_nor_direction_nor_what_did_not_change(sums, rng):
    p = sign_flips(sums)
    assert 0 < p <= 1
    shuffled = list(sums)
    rng.shuffle(shuffled)
    assert sign_flips(shuffled) == sign_flips([-one for one in sums]) == sign_flips([*sums, 0.0, 0.0]) == p


@settings(max_examples=8)  # the reference takes half a second
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_against_statsmodels(pvalues):
    assert holm(pvalues) == pytest.approx(list(multipletests(pvalues, method="holm")[1]))


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@pytest.mark.parametrize("degrees", [9, 30, 400])
def test_a_detectable_difference_is_seen_about_four_times_in_five(degrees):
    """statsmodels' power of the t test, by the noncentral t, at that effect."""
    count = degrees + 1
    effect = detectable_difference(1 / math.sqrt(count), degrees)  # deviation 1
    power = TTestPower().power(effect, count, 0.05)
    assert power == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("clusters", "size"), [(10, 5), (20, 5), (60, 1), (300, 1)])
def test_what_is_told_as_detectable_is_seen_at_least_four_times_in_five(clusters, size):
    """Told of two models that do not differ, and seen of two that differ by so much."""
    rng = np.random.default_rng(5)
    names = {f"{c}-{k}": str(c) for c in range(clusters) for k in range(size)}
    groups = np.repeat(np.arange(clusters), size)

    def compared(difference):
        shared = math.sqrt(0.2) * rng.standard_normal(clusters)[groups] + math.sqrt(0.3) * rng.standard_normal(
            len(groups)
        )
        sides = []
        for rate in (0.5 - difference / 2, 0.5 + difference / 2):
            own = math.sqrt(0.2) * rng.standard_normal(clusters)[groups] + math.sqrt(0.3) * rng.standard_normal(
                len(groups)
            )
            sides.append(dict(zip(names, (shared + own < stats.norm.ppf(rate)).astype(float).tolist(), strict=True)))
        return paired_difference(*sides, names)

    told = float(np.median([compared(0).detectable for _ in range(60)]))
    seen = [compared(told).p < 0.05 for _ in range(150)]
    assert np.mean(seen) >= 0.8 - 2 * math.sqrt(0.8 * 0.2 / len(seen))


def test_the_detectable_difference_is_that_of_the_paired_error_and_needs_eight_clusters():
    rng = random.Random(6)
    before = {f"i{n}": float(rng.random() < 0.5) for n in range(2000)}
    after = {i: v if rng.random() < 0.8 else 1 - v for i, v in before.items()}
    found = paired_difference(before, after, {i: i for i in before})
    assert found.detectable == pytest.approx(detectable_difference(found.stderr, 1999), rel=0.03)
    assert found.clusters_for(found.detectable) == pytest.approx(2000, abs=1)
    assert found.clusters_for(found.detectable / 2) == pytest.approx(8000, abs=1)
    assert found.clusters_for(0) is None
    few = {i: float(n % 2) for n, i in enumerate("abcdefg")}
    none = paired_difference(few, few, {i: i for i in few})
    assert none.detectable == math.inf
    assert none.clusters_for(0.1) is None


@given(pairs())
def test_items_that_did_not_change_add_no_evidence_for_a_change(data):
    before, after, clusters = data
    one = paired_difference(before, after, clusters)
    more = paired_difference(before | {"new": 1.0}, after | {"new": 1.0}, clusters | {"new": "new"})
    assert abs(more.value) <= abs(one.value) + 1e-12
    assert (more.gained, more.lost) == (one.gained, one.lost)
    if one.test == more.test:
        assert more.p == one.p


def test_rounding_is_no_change():
    before, after = [{"a": 1 / 3}, {"a": 2 / 3}, {"a": 0.0}], [{"a": 1 / 3}]
    assert item_changes(before, after) == {"a": 0.0}


def crossed(rng, shape, by_item, by_seed, alone):
    """Scores of seeds on items: an effect of the item, of the seed, and of both together; returns one map per seed."""
    seeds, items = shape
    table = 0.5 + by_item + by_seed * rng.standard_normal((seeds, 1)) + alone * rng.standard_normal((seeds, items))
    return [{f"i{n}": float(value) for n, value in enumerate(row)} for row in table]


@pytest.mark.parametrize(
    ("seeds", "by_seed", "alone"), [((3, 3), 0.03, 0.1), ((3, 3), 0.0, 0.2), ((5, 2), 0.02, 0.05), ((1, 4), 0.03, 0.1)]
)
def test_the_error_over_items_and_seeds_is_near_the_truth(seeds, by_seed, alone):
    """Crossed random effects of known variances, balanced: the mean squared standard error is the variance of the mean."""
    rng = np.random.default_rng(3)
    items, between, runs = 200, 0.1, 300
    clusters = {f"i{n}": f"i{n}" for n in range(items)}
    squares, covered = 0.0, 0
    for _ in range(runs):
        gain = between * rng.standard_normal(items)
        spreads = [by_seed if count > 1 else 0.0 for count in seeds]
        before = crossed(rng, (seeds[0], items), 0, spreads[0], alone)
        after = crossed(rng, (seeds[1], items), gain, spreads[1], alone)
        found = seeded_difference(before, after, clusters)
        squares += found.stderr**2
        covered += found.low <= 0 <= found.high
    several = [count for count in seeds if count > 1]
    truth = (between**2 + sum(alone**2 / count for count in seeds)) / items + sum(by_seed**2 / n for n in several)
    assert truth * 0.9 < squares / runs < truth * 1.45  # from above: the floors, and two items more
    assert covered / runs >= 0.92


def test_seeds_by_hand():
    """Two seeds a side whose scores differ by the seed alone: there is no error of items, and that of seeds is plain."""
    items = [f"i{n}" for n in range(1000)]
    sides = [[dict.fromkeys(items, value) for value in side] for side in ((0.50, 0.54), (0.60, 0.66))]
    found = seeded_difference(*sides, {i: i for i in items})
    assert found.value == pytest.approx(0.11)
    assert found.seeds.runs == (2, 2)
    assert found.seeds.deviations == (pytest.approx(0.04 / math.sqrt(2)), pytest.approx(0.06 / math.sqrt(2)))
    assert found.seeds.item_stderr == pytest.approx(0, abs=1e-9)
    assert found.stderr == pytest.approx(math.sqrt((0.04**2 + 0.06**2) / 4), rel=0.01)
    a, b = 0.0004, 0.0009  # Welch and Satterthwaite for two samples of two
    assert found.seeds.degrees == pytest.approx((a + b) ** 2 / (a**2 + b**2), rel=0.02)
    assert found.p == pytest.approx(
        float(stats.ttest_ind([0.60, 0.66], [0.50, 0.54], equal_var=False).pvalue), rel=0.02
    )
    assert found.test == "t"


def test_one_seed_a_side_is_a_paired_difference():
    before, after, clusters = unequal(random.Random(1), 20)
    assert seeded_difference([before], [after], clusters) == paired_difference(before, after, clusters)


def test_seeds_on_one_cluster_know_nothing_of_their_error():
    found = seeded_difference([{"a": 0.0}, {"a": 1.0}], [{"a": 1.0}], {"a": "a"})
    assert (found.value, found.p, found.detectable) == (0.5, 1, math.inf)
    assert math.isnan(found.stderr)


@given(pairs(), st.randoms(use_true_random=False))
def test_seeds_are_antisymmetric_and_in_no_order(data, rng):
    before, after, clusters = data
    first = [before, {i: float(rng.random() < 0.5) for i in before}]
    second = [after, {i: float(rng.random() < 0.5) for i in before}, before]
    one, other = seeded_difference(first, second, clusters), seeded_difference(second[::-1], first[::-1], clusters)
    assert one.value == pytest.approx(-other.value)
    assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))
    assert one.p == pytest.approx(other.p)
    assert 0 < one.p <= 1


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
