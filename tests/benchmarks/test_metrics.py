"""Each suite's metrics on cases worked by hand, and what holds for all of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.metrics import by_category, overall, together, where
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.suites.dynamath import METRICS as dynamath
from proctor.benchmarks.suites.wemath import DOMAIN_OF, DOMAINS
from proctor.benchmarks.suites.wemath import METRICS as wemath
from proctor.harness.stats.intervals import mean_of_means, proportion, ratio
from proctor.harness.stats.metrics import accuracy
from proctor.harness.types import Item, Verdict

EIGHT = ("mathvision", "mathverse", "mathvista", "wemath", "logicvista", "dynamath", "chartqa", "iconqa")


def item(item_id, cluster="", **meta):
    return Item(item_id, "suite", "?", "1", "number", cluster=cluster, meta=meta)


def verdict(item_id, right, sample=0):
    return Verdict(item_id, sample, right, "1", "rule", "reason")


def by_name(measure, items, verdicts):
    return {metric.name: metric for metric in measure(items, verdicts)}


def values(metrics):
    return {name: metric.estimate.value for name, metric in metrics.items()}


# Categories


def test_categories_are_named_and_in_the_order_of_their_values():
    items = [item("a", level=10, subject="x/y"), item("b", level=2, subject="50%"), item("c", level=2, subject="x/y")]
    verdicts = [verdict("a", True), verdict("b", False), verdict("c", True)]
    metrics = together(overall, by_category("level"), by_category("level", "subject"))(items, verdicts)
    assert [(one.name, one.correct, one.total) for one in metrics] == [
        ("accuracy", 2, 3),
        ("accuracy/level=2", 1, 2),
        ("accuracy/level=10", 1, 1),
        ("accuracy/level=2/subject=50%25", 0, 1),
        ("accuracy/level=2/subject=x%2Fy", 1, 1),
        ("accuracy/level=10/subject=x%2Fy", 1, 1),
    ]


def test_an_item_counts_under_each_label_once_and_under_none_without_a_value():
    items = [
        item("a", skills=("p", "q", "p")),
        item("b", skills=("q",)),
        item("c", skills=()),
        item("d"),
        item("e", skills=None),
    ]
    verdicts = [verdict(one.id, one.id == "a") for one in items]
    metrics = by_category("skills")(items, verdicts)
    assert [(one.name, one.correct, one.total) for one in metrics] == [
        ("accuracy/skills=p", 1, 1),
        ("accuracy/skills=q", 1, 2),
    ]


def test_a_category_without_a_verdict_is_undefined():
    metric = by_category("level")([item("a", level=1)], [verdict("a", None)])[0]
    assert math.isnan(metric.estimate.value)
    assert (metric.correct, metric.total, metric.estimate.n, metric.estimate.clusters) == (0, 0, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans(), st.sampled_from("uvw")), max_size=30))
def test_categories_partition_the_items(rows):
    items = [item(str(n), cluster, kind=kind) for n, (kind, _, cluster) in enumerate(rows)]
    verdicts = [verdict(str(n), right) for n, (_, right, _) in enumerate(rows)]
    whole, parts = accuracy(items, verdicts), by_category("kind")(items, verdicts)
    assert sum(one.correct for one in parts) == whole.correct
    assert sum(one.total for one in parts) == whole.total
    for one in parts:
        inside = [(float(right), cluster) for kind, right, cluster in rows if one.name.endswith(f"={kind}")]
        assert one.estimate == proportion(*map(list, zip(*inside, strict=True)))


def test_every_sample_counts_in_a_category():
    metric = where("some", lambda one: one.id != "b")(
        [item("a"), item("b")], [verdict("a", True), verdict("a", False, 1), verdict("b", True)]
    )[0]
    assert (metric.name, metric.correct, metric.total) == ("some", 1, 2)


# The suites on their bundled samples


@pytest.mark.parametrize("name", [*EIGHT, "figures"])
def test_every_metric_of_a_suite_has_a_name_n_and_an_error(name):
    suite = SUITES.get(name)
    items = suite.load()
    metrics = suite.metrics(items, [verdict(one.id, n % 3 > 0) for n, one in enumerate(items)])
    names = [metric.name for metric in metrics]
    assert names[0] == min(names) == "accuracy"
    assert len(set(names)) == len(names) > 1
    assert metrics[0] == accuracy(items, [verdict(one.id, n % 3 > 0) for n, one in enumerate(items)])
    for metric in metrics:
        estimate = metric.estimate
        assert math.isnan(estimate.value) == (estimate.n == 0)
        assert (estimate.clusters > 1) == (not math.isnan(estimate.stderr))
        assert estimate.clusters <= estimate.n
        if estimate.n:
            assert 0 <= estimate.low <= estimate.value + 1e-12 <= estimate.high + 2e-12 <= 1 + 2e-12


@pytest.mark.parametrize("name", [*EIGHT, "figures"])
def test_without_verdicts_everything_is_undefined(name):
    suite = SUITES.get(name)
    for metric in suite.metrics(suite.load(), []):
        assert math.isnan(metric.estimate.value)
        assert metric.estimate.n == 0


def test_logicvista_and_mathverse_state_what_they_leave_out():
    logicvista = SUITES.get("logicvista").metrics
    items = [item("a", gold_empty=False, skill=("s",)), item("b", gold_empty=True, skill=("s",))]
    metrics = by_name(logicvista, items, [verdict("a", True), verdict("b", False)])
    assert (metrics["accuracy"].total, metrics["accuracy_with_gold"].total) == (2, 1)
    mathverse = SUITES.get("mathverse").metrics
    items = [item("a", version="Text Only"), item("b", version="Vision Only"), item("c", version="Text Lite")]
    metrics = by_name(mathverse, items, [verdict("a", True), verdict("b", False), verdict("c", True)])
    assert (metrics["accuracy"].correct, metrics["accuracy"].total) == (1, 2)
    assert (metrics["accuracy/version=Text Only"].correct, metrics["accuracy/version=Text Only"].total) == (1, 1)
    assert (metrics["accuracy_with_picture"].correct, metrics["accuracy_with_picture"].total) == (1, 2)
    assert metrics["accuracy/version=Vision Only"].estimate.value == 0


def test_mathverse_keeps_text_only_apart():
    mathverse = SUITES.get("mathverse").metrics
    about = {"subject": "s", "subfield": "f", "question_type": "free"}
    items = [item("a", version="Text Only", **about), item("b", version="Text Lite", **about)]
    verdicts = [verdict("a", True), verdict("b", False)]
    both = by_name(mathverse, items, verdicts)
    for name in ("accuracy", "accuracy/subject=s", "accuracy/subfield=f", "accuracy/question_type=free"):
        assert (both[name].correct, both[name].total) == (0, 1)
    assert both["accuracy/version=Text Only/subject=s"].correct == 1
    alone = by_name(mathverse, items[:1], verdicts[:1])
    assert (alone["accuracy"].correct, alone["accuracy/subject=s"].total) == (1, 1)
    assert alone["accuracy_with_picture"].total == 0


# We-Math


def problem(name, steps, composite, concepts=None):
    """Items and verdicts of a problem; `steps` and `composite` say which questions are right."""
    concepts = concepts or ["Translation"] * len(steps)
    about = [(str(n + 1), right, (concept,)) for n, (right, concept) in enumerate(zip(steps, concepts, strict=True))]
    about.append(("multi", composite, tuple(concepts)))
    items = [
        item(f"{name}|{step}", name, problem_id=name, steps=len(steps), step=step, knowledge_concepts=concept)
        for step, _, concept in about
    ]
    return items, [verdict(one.id, right) for one, (_, right, _) in zip(items, about, strict=True)]


def joined(*problems):
    return [one for items, _ in problems for one in items], [one for _, verdicts in problems for one in verdicts]


def test_wemath_by_hand():
    items, verdicts = joined(
        problem("ik", [True, False], False),
        problem("ig", [True, True], False),
        problem("cm", [True, True, True], True),
        problem("half", [False, True, False], True),
        problem("rm", [False, False], True),
    )
    metrics = by_name(wemath, items, verdicts)
    expected = {
        "accuracy": (1 + 2 + 4 + 2 + 1) / 17,
        "score_strict": (1 + 0.5) / 5,
        "score_loose": (2 + 0.5) / 5,
        "ik_rate": 1 / 5,
        "ig_rate": 1 / 5,
        "cm_rate_strict": 1 / 5,
        "cm_rate_loose": 2 / 5,
        "rm_rate_strict": 2 / 3,
        "rm_rate_loose": 1 / 3,
        "s1": 7 / 12,
        "s2": 1 / 3,
        "s3": 2 / 2,
    }
    assert {name: values(metrics)[name] for name in expected} == pytest.approx(expected)
    assert (metrics["rm_rate_strict"].correct, metrics["rm_rate_strict"].total) == (2, 3)
    assert metrics["score_strict"].estimate == proportion([0, 0.5, 1, 0, 0], ["ik", "ig", "cm", "half", "rm"])
    assert metrics["accuracy"].estimate.clusters == 5


def test_rote_memorization_is_undefined_where_no_composite_is_right():
    metrics = by_name(wemath, *joined(problem("a", [True, True], False), problem("b", [True, False], False)))
    for name in ("rm_rate_strict", "rm_rate_loose"):
        assert math.isnan(metrics[name].estimate.value)
        assert (metrics[name].estimate.n, metrics[name].correct, metrics[name].total) == (0, 0, 0)
    assert metrics["cm_rate_loose"].estimate.value == 0


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_problem_with_a_missing_question_has_no_outcome(missing):
    items, verdicts = joined(problem("a", [True, True], True), problem("b", [True, True], True))
    del verdicts[missing]
    metrics = by_name(wemath, items, verdicts)
    assert metrics["score_strict"].estimate.n == 1
    assert metrics["accuracy"].total == 5


def test_samples_are_outcomes_of_their_own_and_pooled():
    items, first = problem("a", [True, True], True)
    second = [verdict(one.id, right, 1) for one, right in zip(items, [True, False, True], strict=True)]
    metrics = by_name(wemath, items, first + second)
    assert values(metrics)["cm_rate_strict"] == values(metrics)["rm_rate_strict"] == 0.5
    assert (metrics["ik_rate"].total, metrics["ik_rate"].estimate.clusters) == (2, 1)


def test_a_domain_is_the_mean_of_its_concepts():
    items, verdicts = joined(
        problem("a", [True, False, True], True, ["Translation", "Translation", "Rotation"]),
        problem("b", [True, True], False, ["Translation", "Front-Back Position"]),
        problem("c", [False, True], False, ["Subtraction", "Rotation"]),
    )
    metrics = by_name(wemath, items, verdicts)
    assert values(metrics)["domain=Basic Transformations of Figures"] == pytest.approx((2 / 3 + 1) / 2)
    assert metrics["domain=Basic Transformations of Figures"].estimate.n == 5
    assert metrics["domain=Basic Transformations of Figures"].estimate.clusters == 3
    assert values(metrics)["domain=Position"] == 1
    assert math.isnan(values(metrics)["domain=Route Map"])
    assert metrics["s1"].total == 7  # a concept outside the tree is in no domain, but it is a question


def test_the_tree_has_12_domains_and_67_concepts():
    assert len(DOMAINS) == 12
    assert len(DOMAIN_OF) == sum(map(len, DOMAINS.values())) == 67


OUTCOMES = st.lists(st.tuples(st.lists(st.booleans(), min_size=2, max_size=3), st.booleans()), min_size=1, max_size=25)


@given(OUTCOMES)
def test_wemath_outcomes_exclude_one_another(drawn):
    metrics = by_name(wemath, *joined(*(problem(f"p{n}", *one) for n, one in enumerate(drawn))))
    for way in ("strict", "loose"):
        rm = metrics[f"rm_rate_{way}"]
        counted = [metrics[name].correct for name in ("ik_rate", "ig_rate", f"cm_rate_{way}")]
        assert sum(counted) + rm.correct == len(drawn)
        assert rm.total == counted[2] + rm.correct
        score = (counted[2] + counted[1] / 2) / len(drawn)
        assert metrics[f"score_{way}"].estimate.value == pytest.approx(score)
    assert values(metrics)["score_strict"] <= values(metrics)["score_loose"]


# DynaMath


def seed(name, rights, sample=0, variants=10):
    items = [
        item(f"{name}_{n}", f"seed {name}", seed=name, subject="algebra", level=f"level {name}")
        for n in range(variants)
    ]
    return items, [verdict(one.id, n < rights, sample) for n, one in enumerate(items)]


def test_dynamath_by_hand():
    metrics = by_name(dynamath, *joined(seed(1, 10), seed(2, 9), seed(3, 0), seed(4, 10)))
    assert values(metrics)["accuracy"] == 29 / 40
    assert values(metrics)["worst_case"] == 2 / 4
    assert values(metrics)["reasoning_robustness"] == pytest.approx((2 / 4) / (29 / 40))
    assert metrics["reasoning_robustness"].estimate == ratio(
        [1, 0, 0, 1], [1, 0.9, 0, 1], ["seed 1", "seed 2", "seed 3", "seed 4"]
    )
    assert metrics["accuracy"].estimate.clusters == metrics["worst_case"].estimate.clusters == 4
    assert (metrics["worst_case/subject=algebra"].correct, metrics["worst_case/subject=algebra"].total) == (2, 4)
    assert values(metrics)["worst_case/level=level 2"] == 0


def test_robustness_is_undefined_where_nothing_is_right():
    metrics = by_name(dynamath, *joined(seed(1, 0), seed(2, 0)))
    assert math.isnan(values(metrics)["reasoning_robustness"])
    assert metrics["reasoning_robustness"].estimate.n == 0
    assert values(metrics)["worst_case"] == 0


def test_a_seed_with_fewer_variants_has_no_worst_case():
    metrics = by_name(dynamath, *joined(seed(1, 9, variants=9), seed(2, 10)))
    assert metrics["worst_case"].total == 1
    assert metrics["accuracy"].total == 19


def test_samples_of_a_seed_are_not_mixed():
    items, first = seed(1, 10)
    second = seed(1, 5, sample=1)[1]
    metrics = by_name(dynamath, items, first + second)
    assert (metrics["worst_case"].correct, metrics["worst_case"].total) == (1, 2)
    assert values(metrics)["reasoning_robustness"] == pytest.approx(0.5 / 0.75)


def test_the_mean_of_means_of_one_concept_is_its_mean():
    given_values, clusters = [1.0, 0.0, 1.0, 1.0], ["a", "a", "b", "c"]
    one, other = mean_of_means(given_values, ["x"] * 4, clusters), proportion(given_values, clusters)
    assert one.value == other.value
    assert one.stderr == pytest.approx(other.stderr)
