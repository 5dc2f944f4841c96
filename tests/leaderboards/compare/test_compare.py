"""`proctor compare`: who is compared, what is refused, and what is said of the difference."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, IncompleteRunError, UsageError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.stats.intervals import mcnemar
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.compare.changes import category_changes
from proctor.leaderboards.compare.compare import compare_arms, read_side_runs

from ...conftest import ScriptedModel

RIGHT, WRONG = r"It is \boxed{5}.", r"It is \boxed{6}."
HOSTILE = "[red]evil[/red]\x1b[31m\n{0}<b>\u2028\udc80"


def items(count, suite="mathvision", first=0, **changes):
    return [
        Item(
            id=f"q{n}",
            suite=suite,
            question=f"Question {n}?",
            answer="5",
            answer_type="number",
            meta={"level": 1 + n % 3, "subject": "even" if n % 2 == 0 else "odd", "tags": ("all", f"only {n}")},
            **changes,
        )
        for n in range(first, first + count)
    ]


@pytest.fixture
def make(tmp_path):
    """Holds a run: `make("base", right={"q0"}, ...)` answers right on these items alone, in each of `n` samples."""

    def run(name, right=(), asked=12, folder="runs", suite="mathvision", protocol="strict", say=None, **sampling):
        chosen = items(asked, suite) if isinstance(asked, int) else asked
        prompted = [Sample(item, Prompt((item.question,))) for item in chosen]
        path = tmp_path / folder / f"{len(list(tmp_path.rglob('run.json')))}.{suite}"
        model = ScriptedModel(say or (lambda i, k: RIGHT if i in right else WRONG), name, weights=f"{path}")
        run_eval(Examination(suite, protocol, prompted, Sampling(**sampling)), model, path)
        return path

    return run


def q(*numbers):
    return {f"q{n}" for n in numbers}


def compared(a, b, **options):
    return compare_arms(read_side_runs(str(a)), read_side_runs(str(b)), **options)


def test_b_minus_a_item_by_item(make):
    a, b = make("a", q(0, 1, 2)), make("b", q(1, 2, 3, 4, 5))
    (found,) = compared(a, b).suites
    assert found.scores == (pytest.approx(3 / 12), pytest.approx(5 / 12))
    assert found.difference.value == pytest.approx(2 / 12)
    assert [flip.item.id for flip in found.gained] == ["q3", "q4", "q5"]
    assert [flip.item.id for flip in found.lost] == ["q0"]
    assert found.difference.p == found.p_holm == pytest.approx(mcnemar(3, 1))
    assert (found.difference.test, found.difference.clusters) == ("McNemar", 12)
    gained = found.gained[0]
    assert (gained.before.verdict.extracted, gained.after.verdict.extracted, gained.gold) == ("6", "5", "5")


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=10),
    st.booleans(),
)
def test_swapping_the_arms_turns_every_sign(tmp_path_factory, rights, clustered):
    root = tmp_path_factory.mktemp("runs")
    asked = [
        dataclasses.replace(item, cluster=f"c{n // 2}" if clustered else "")
        for n, item in enumerate(items(len(rights)))
    ]
    for side, name in enumerate("ab"):
        right = {f"q{n}" for n, pair in enumerate(rights) if pair[side]}
        prompted = [Sample(item, Prompt((item.question,))) for item in asked]
        model = ScriptedModel(lambda i, k, right=right: RIGHT if i in right else WRONG, name, name)
        run_eval(Examination("mathvision", "strict", prompted, Sampling()), model, root / name)
    (one,), (other,) = (compared(root / x, root / y).suites for x, y in ("ab", "ba"))
    assert one.difference.value == pytest.approx(-other.difference.value)
    assert (one.difference.low, one.difference.high) == (
        pytest.approx(-other.difference.high),
        pytest.approx(-other.difference.low),
    )
    assert 0 < one.p_holm == other.p_holm <= 1
    assert [flip.item.id for flip in one.gained] == [flip.item.id for flip in other.lost]
    assert one.difference.detectable == pytest.approx(other.difference.detectable)
    by_category = {(c.key, c.value): c.difference.value for c in other.categories}
    assert {(c.key, c.value): pytest.approx(-c.difference.value) for c in one.categories} == by_category


def test_a_pattern_chooses_models_in_one_folder(make, tmp_path, cli):
    make("base", q(0)), make("mm/step-1", q(1)), make("mm/step-2", q(0, 1, 2))
    runs = tmp_path / "runs"
    (found,) = compared(f"{runs}@base", f"{runs}@mm*/step-2").suites
    assert found.difference.value == pytest.approx(2 / 12)
    done = cli("compare", f"{runs}@base", runs)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    for word in ("3 runs of mathvision", "base, mm/step-1, mm/step-2", f"{runs}@NAME", "--pool-seeds"):
        assert word in done.err
    with pytest.raises(UsageError, match="like nobody; there are base, mm/step-1, mm/step-2"):
        read_side_runs(f"{runs}@nobody")
    with pytest.raises(UsageError, match="no such run"):
        read_side_runs(f"{tmp_path}/nowhere@base")


def test_runs_of_one_name_are_named_by_their_folders(make, tmp_path, cli):
    first, second = make("base", q(0)), make("base", q(1), temperature=1.0)
    done = cli("compare", f"{tmp_path / 'runs'}@base", first)
    assert (done.code, done.err.count("\n")) == (2, 1)
    named = done.err.partition("all of base; choose one by its folder: ")[2].partition(", or say --pool-seeds")[0]
    assert sorted(named.split(", ")) == [str(first), str(second)]
    assert "@NAME" not in done.err


def test_a_bundled_sample_and_other_data_are_said_to_be_that(make, cli):
    sample = SUITES.get("mathvision").load()
    real = [dataclasses.replace(item, question=f"{item.question} Really?") for item in sample]
    a, b = make("a", asked=sample), make("b", asked=real)
    done = cli("compare", a, b)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"A ({a}) is of the bundled sample and B ({b}) is of {len(real)} items of " in done.err
    assert f"B ({a}) is of the bundled sample" in cli("compare", b, a).err
    assert cli("compare", a, make("c", asked=[*sample])).code == 0


def test_three_runs_are_too_many(cli):
    done = cli("compare", "a", "b", "c", "--examples", "1")
    assert (done.code, done.out) == (2, "")
    assert "takes 2 (A and B), and got 3: a, b, c (see" in done.err


def test_an_at_in_paths_and_names_is_no_pattern(make, tmp_path):
    make("a@main", q(0), folder="my@runs")
    runs = tmp_path / "my@runs"
    assert read_side_runs(str(runs)).suites.keys() == {"mathvision"}
    assert read_side_runs(f"{runs}@a@main").suites.keys() == {"mathvision"}
    with pytest.raises(UsageError, match="like a; there are a@main"):
        read_side_runs(f"{runs}@a")


def test_a_name_with_brackets_is_found_as_it_is_written(make, tmp_path):
    make("a[1]", q(0))
    assert read_side_runs(f"{tmp_path / 'runs'}@a[1]").suites


def test_missing_items_are_refused_and_named_or_compared_in_common(make, cli):
    a, b = make("a", q(0, 5), 10), make("b", q(5), items(10, first=2))
    with pytest.raises(UsageError) as refused:
        compared(a, b)
    text = str(refused.value)
    assert f"{a} lacks 2 of 12 (q10, q11)" in text
    assert f"{b} lacks 2 of 12 (q0, q1)" in text
    assert "--common compares the 8 that all have" in text
    (found,) = compared(a, b, common=True).suites
    assert (found.difference.n, found.left_out, found.difference.value) == (8, (2, 2), 0)
    assert "q0" not in [flip.item.id for flip in found.flips]
    done = cli("compare", a, b, "--common")
    assert "the 8 items that all have" in done.out
    said = json.loads(cli("compare", a, b, "--common", "--json").out)["suites"][0]
    assert (said["items"], said["missing_in_a"], said["missing_in_b"]) == (8, 2, 2)
    with pytest.raises(UsageError, match="not the same"):
        compared(a, make("c", (), items(3, first=50)), common=True)


def test_items_that_differ_under_one_id_are_an_error(make):
    changed = [dataclasses.replace(item, answer="6") if item.id == "q3" else item for item in items(12)]
    for common in (False, True):
        with pytest.raises(DataError, match=r"item q3 is not the same in all runs: answer differs$"):
            compared(make("a"), make("b", asked=changed), common=common)


def test_suites_must_be_on_both_sides_or_named(make, tmp_path, cli):
    for folder in "ab":
        make("m", q(0), folder=folder)
    make("m", q(0), folder="a", suite="wemath")
    a, b = tmp_path / "a", tmp_path / "b"
    with pytest.raises(UsageError, match="b has no run of wemath: name what to compare with --suite"):
        compared(a, b)
    done = cli("compare", a, b, "--suite", "mathvision", "--json")
    assert (done.code, [one["suite"] for one in json.loads(done.out)["suites"]]) == (0, ["mathvision"])
    assert cli("compare", a, b, "--suite", "wemath").code == 2
    assert "has no run of nosuch" in cli("compare", a, b, "--suite", "nosuch").err


def test_incomplete_runs_are_refused(make, cli):
    whole = make("a", q(0))
    part = make("b", say=lambda i, k: ValueError("down") if i == "q0" else RIGHT)
    with pytest.raises(IncompleteRunError, match="run of b on mathvision is incomplete: 1 answers are missing"):
        compared(whole, part)
    assert cli("compare", whole, part).code == 3
    done = cli("compare", whole, make("c", say=lambda i, k: "I say so."), "--score-protocol", "mm_upt_judged")
    assert done.code in (0, 3)


def test_answers_without_a_verdict_are_refused(make, cli):
    asked = items(4, "mathverse")
    one, other = (make(name, asked=asked, suite="mathverse", say=lambda i, k: "Maybe.") for name in "ab")
    done = cli("compare", one, other, "--score-protocol", "official")
    assert (done.code, done.out) == (3, "")
    assert "--judge-model" in done.err


def test_both_arms_are_judged_by_one_protocol(make, cli):
    a, b = make("a", q(0)), make("b", q(0), protocol="mm_upt")
    with pytest.raises(UsageError, match="under strict and mm_upt: name one with --score-protocol"):
        compared(a, b)
    done = cli("compare", a, b, "--score-protocol", "strict")
    assert done.code == 0
    assert "asked differently: protocol" in done.out
    assert cli("compare", a, b, "--score-protocol", "strict,mm_upt").code == 2


def test_clusters_and_samples_make_it_a_test_of_signs(make):
    asked = [dataclasses.replace(item, cluster=f"c{n // 4}") for n, item in enumerate(items(24))]
    a = make("a", asked=asked, say=lambda i, k: RIGHT if k == 0 else WRONG, n=2, temperature=1.0)
    b = make("b", asked=asked, say=lambda i, k: RIGHT if k < 2 else WRONG, n=3, temperature=1.0)
    (found,) = compared(a, b).suites
    assert (found.difference.test, found.difference.clusters, found.difference.n) == ("sign flips", 6, 24)
    assert found.difference.value == pytest.approx(1 / 6)
    assert found.difference.p == pytest.approx(2 / 2**6)
    assert found.asked_otherwise == ["sampling.n"]
    assert found.gained[0].change == pytest.approx(1 / 6)


def test_holm_over_the_suites(make, tmp_path):
    for name, right in (("a", q()), ("b", q(*range(9)))):
        make(name, right)
        make(name, right, suite="wemath")
    found = compared(f"{tmp_path / 'runs'}@a", f"{tmp_path / 'runs'}@b").suites
    assert [one.suite for one in found] == ["mathvision", "wemath"]
    assert [one.p_holm for one in found] == [pytest.approx(2 * mcnemar(9, 0))] * 2


def test_seeds_of_trainings(make, tmp_path, cli):
    for seed in range(3):
        make(f"grpo-{seed}", q(*range(6 + seed)), asked=30)
        make(f"sft-{seed}", q(*range(3 + seed)), asked=30)
    runs = tmp_path / "runs"
    done = cli("compare", f"{runs}@sft-*", f"{runs}@grpo-*", "--pool-seeds", "--json")
    (found,) = json.loads(done.out)["suites"]
    assert found["difference"] == pytest.approx(10.0)
    assert found["test"] == "t"
    assert found["seeds"]["runs"] == [3, 3]
    assert found["seeds"]["deviations"] == pytest.approx([100 / 30] * 2, abs=1e-5)
    assert [one["model"] for one in found["b"]["runs"]] == ["grpo-0", "grpo-1", "grpo-2"]
    assert (found["gained"], found["lost"]) == (5, 0)
    said = cli("compare", f"{runs}@sft-*", f"{runs}@grpo-*", "--pool-seeds").out
    assert "3 seeds; their scores have a standard deviation of 3.33" in said
    assert "degrees of freedom" in said
    make("base", q(0), asked=30)
    assert "A is one run, taken as it is" in cli("compare", f"{runs}@base", f"{runs}@grpo-*", "--pool-seeds").out


def test_one_setting_differs(make, tmp_path):
    make("s-0", q(0)), make("s-1", q(0), max_tokens=99)
    with pytest.raises(UsageError, match=r"not seeds of one thing: sampling\.max_tokens differs between"):
        read_side_runs(f"{tmp_path / 'runs'}@s-*", seeds=True)


def test_runs_that_are_no_seeds_of_one_thing_are_refused(make, tmp_path):
    make("s-0", q(0)), make("s-1", q(0), n=2, temperature=1.0)
    with pytest.raises(UsageError, match=r"not seeds of one thing: sampling\.n, sampling\.temperature differ"):
        read_side_runs(f"{tmp_path / 'runs'}@s-*", seeds=True)
    (tmp_path / "copies").mkdir()
    run = make("t", q(0), folder="other")
    for name in "ab":
        (tmp_path / "copies" / name).symlink_to(run)
    with pytest.raises(UsageError, match="the same run of mathvision twice"):
        read_side_runs(str(tmp_path / "copies"), seeds=True)


def test_seeds_with_other_items_are_compared_in_common(make, tmp_path):
    make("s-0", q(0)), make("s-1", q(0), 10)
    whole = make("base", (), folder="base")
    a, b = read_side_runs(str(whole)), read_side_runs(f"{tmp_path / 'runs'}@s-*", seeds=True)
    with pytest.raises(UsageError, match=r"lacks 2 of 12 \(q10, q11\); --common compares the 10"):
        compare_arms(a, b)
    (found,) = compare_arms(a, b, common=True).suites
    assert (found.difference.n, found.left_out) == (10, (0, 2))


def test_categories_have_few_values_that_items_share(make):
    (found,) = compared(make("a", q(0)), make("b", q(*range(0, 12, 2)))).suites
    said = {(one.key, one.value): one.difference for one in found.categories}
    assert {key for key, _ in said} == {"level", "subject"}  # tags: one for each item, and one that all share
    assert (said["subject", "odd"].value, said["subject", "odd"].n) == (0, 6)
    assert said["subject", "even"].value == pytest.approx(5 / 6)
    assert (found.categories[0].key, found.categories[0].value) == ("subject", "even")
    assert sum(said["level", level].n for level in "123") == 12


def test_a_key_with_many_values_or_measurements_is_no_category():
    many = [
        dataclasses.replace(one, meta={"page": n // 2, "size": 0.5 * (n % 2), "none": None})
        for n, one in enumerate(items(80))
    ]
    assert category_changes(many, lambda ids: pytest.fail("no category is measured")) == ()


def test_the_command_tells_it(make, cli):
    a, b = make("a", q(0, 1, 2)), make("b", q(1, 2, *range(3, 12)))
    done = cli("compare", a, b, "--examples", "1")
    assert done.code == 0, done.err
    for words in (
        "+66.7*",
        "McNemar",
        "gained: item q3, gold 5",
        "lost: item q0",
        "A reads 6: wrong",
        "B reads 5: right",
    ):
        assert words in done.out
    assert "subject=odd" in done.out
    quiet = cli("compare", a, b, "--examples", "0")
    assert "item q3" not in quiet.out


def test_the_json_has_a_stable_form(make, cli):
    found = json.loads(cli("compare", make("a", q(0)), make("b", q(1)), "--json").out)
    assert list(found) == ["format", "unit", "a", "b", "suites", "gate"]
    assert (found["format"], found["unit"], found["gate"]) == (1, "percentage points", None)
    difference = {
        "difference", "stderr", "interval", "items", "clusters", "gained", "lost", "p", "test", "detectable", "seeds",
    }  # fmt: skip
    (suite,) = found["suites"]
    assert set(suite) == difference | {
        "suite", "asked", "protocol", "a", "b", "missing_in_a", "missing_in_b", "asked_otherwise", "p_holm", "gained_ids",
        "lost_ids", "examples", "categories",
    }  # fmt: skip
    assert set(suite["categories"][0]) == difference | {"key", "value"}
    assert set(suite["examples"][0]) == {"id", "gold", "change", "a", "b"}
    assert set(suite["examples"][0]["a"]) == {"model", "sample", "correct", "read", "reason", "response_end"}


def test_hostile_names_and_answers_are_spelled_out(make, tmp_path, cli):
    asked = [
        dataclasses.replace(one, id=f"{HOSTILE}{one.id}", meta={"k": f"{HOSTILE}{n % 2}"})
        for n, one in enumerate(items(8))
    ]
    make(f"a{HOSTILE}", asked=asked, say=lambda i, k: HOSTILE + WRONG)
    make("b", asked=asked, say=lambda i, k: HOSTILE + RIGHT)
    runs = tmp_path / "runs"
    done = cli("compare", f"{runs}@a*", f"{runs}@b")
    assert done.code == 0, done.err
    assert "[red]evil[/red]" in done.out
    assert not {"\x1b", "\u2028", "\udc80"} & {*done.out}
    assert json.loads(cli("compare", f"{runs}@a*", f"{runs}@b", "--json").out)["suites"][0]["gained"] == 8
    refused = cli("compare", runs, runs)
    assert (refused.err.count("\n"), "\x1b" in refused.err) == (1, False)


def test_boards_are_compared_as_runs_are(make, tmp_path, cli):
    make("a", q(0)), make("b", q(0, 1, 2))
    runs, board = tmp_path / "runs", tmp_path / "board"
    built = cli("board", "build", runs, "--draft", "--out", board)
    assert (board / "board.csv").is_file(), built.err
    found = [json.loads(cli("compare", f"{x}@a", f"{y}@b", "--json").out) for x, y in ((runs, runs), (board, board))]
    assert found[0]["suites"] == found[1]["suites"]
    assert cli("compare", f"{runs}@a", f"{board}@b").code == 0
