"""Training prompts of a suite's data: the lock file holds for them too; passes over them, and what is left out."""

import json
import random
import shutil
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.drawn.question import in_test_split
from proctor.benchmarks.drawn.suite import drawn_suite
from proctor.harness.errors import DataError, UsageError
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import held_out_items, source_items, training_prompts, unlabelled


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """`numbered(n)`: a set of n items."""
    folder = tmp_path_factory.mktemp("numbered")

    @cache
    def file(n):
        path = folder / str(n) / "train.jsonl"
        path.parent.mkdir()
        lines = [json.dumps({"problem": f"How much is {k}?", "images": [], "answer": "5"}) for k in range(n)]
        path.write_text("\n".join(lines) + "\n")
        return path

    return file


@pytest.fixture
def charts(tmp_path, monkeypatch):
    """A copy of a bundled sample in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SAMPLES / "images", tmp_path / "images")
    return shutil.copy(SAMPLES / "chartqa.jsonl", tmp_path / "chartqa.jsonl")


def test_data_that_the_lock_file_names_must_be_as_it_has_them(charts, cli):
    settings = PromptSettings("chartqa", str(charts))
    before = training_prompts(settings, 3)(0, 8)
    assert cli("suite", "pull", "chartqa", "--data", charts).code == 0
    assert training_prompts(settings, 3)(0, 8) == before
    charts.write_text(charts.read_text().replace("?", "!", 1))
    with pytest.raises(DataError, match=r"not those of proctor-data\.lock: digest .*differing ids: 'h1' \(changed\)"):
        training_prompts(settings, 3)


def test_the_hub_must_be_pinned_first(charts):
    with pytest.raises(DataError, match="pin it first with `proctor suite pull chartqa`"):
        training_prompts(PromptSettings("chartqa", "hub"), 3)


@given(n=st.integers(1, 40), size=st.integers(1, 45), seed=st.integers(0, 3), drop=st.booleans())
def test_a_pass_shows_each_item_once_and_its_rest_as_the_recipe_says(numbered, n, size, seed, drop):
    settings = PromptSettings("geometry3k", str(numbered(n)), last_batch="drop" if drop else "roll_over")
    batches, rounds = training_prompts(settings, seed), 5
    drawn = [[item.id for item in batches(step, size)] for step in range(rounds)]
    assert {len(batch) for batch in drawn} == {size}
    ids = [one for batch in drawn for one in batch]
    whole = n // size * size if drop and n >= size else n
    for start in range(0, len(ids), whole):
        one_pass = ids[start : start + whole]
        assert len({*one_pass}) == len(one_pass)


def test_rows_that_roll_over_are_drawn_as_ever(numbered):
    """What a training drew before there was a choice."""
    batches = training_prompts(PromptSettings("geometry3k", str(numbered(7))), 3)
    orders = [random.Random(f"3 {epoch}").sample(range(7), 7) for epoch in range(3)]
    wanted = [f"train-{place}" for order in orders for place in order]
    assert [item.id for step in range(5) for item in batches(step, 4)] == wanted[:20]


def test_items_are_left_out_by_their_ids(numbered):
    settings = PromptSettings("geometry3k", str(numbered(5)), left_out=("train-1", "train-4", "elsewhere-1"))
    assert sorted(item.id for item in training_prompts(settings, 0)(0, 3)) == ["train-0", "train-2", "train-3"]


@pytest.mark.parametrize("suite", ["figures", "gym"])
def test_a_drawn_suite_is_trained_on_without_data(suite):
    drawn = drawn_suite(suite)
    tasks = tuple(drawn.tasks)[1:4]
    settings = PromptSettings(suite, tasks=tasks)
    assert source_items(settings) is None
    batches = training_prompts(settings, 3)
    some = [item for step in range(5) for item in batches(step, 6)]
    assert {item.meta["task"] for item in some} == set(tasks)
    assert {item.suite for item in some} == {suite}
    assert not any(in_test_split(item.cluster) for item in some)
    assert batches(4, 6) == some[24:] != training_prompts(settings, 4)(4, 6)
    shown = unlabelled(some[0])
    assert (shown.answer, shown.cluster, shown.meta) == ("", shown.id, {})


def test_the_test_split_of_a_drawn_suite_is_what_an_examination_asks():
    tested = source_items(PromptSettings("gym", tasks=("area", "clock"), split="test"))
    assert tested == [item for item in drawn_suite("gym").load() if item.meta["task"] in ("area", "clock")]
    assert len(tested) > 50


def test_only_a_drawn_suite_has_a_test_split_to_train_on(charts):
    with pytest.raises(UsageError, match="must be train, for suite chartqa is not drawn"):
        training_prompts(PromptSettings("chartqa", str(charts), split="test"), 3)


def test_held_out_items_of_a_set_are_the_same_for_every_seed_and_never_trained_on(numbered):
    settings = PromptSettings("geometry3k", str(numbered(20)), left_out=("train-3",))
    apart = held_out_items(settings, 6)
    assert len(apart) == 6
    for seed in (0, 1):
        trained = {item.id for item in training_prompts(settings, seed, held_out=apart)(0, 13)}
        assert trained == {f"train-{n}" for n in range(20)} - {"train-3", *(item.id for item in apart)}
    with pytest.raises(UsageError, match=r"guard\.prompts = 10 holds out 10 of 19 items: set it to at most half"):
        held_out_items(settings, 10)


def test_held_out_items_of_a_drawn_suite_are_of_its_training_split_and_never_trained_on():
    settings = PromptSettings("figures", tasks=("count",))
    apart = held_out_items(settings, 8)
    assert {item.meta["task"] for item in apart} == {"count"}
    assert not any(in_test_split(item.cluster) for item in apart)
    assert held_out_items(PromptSettings("figures", tasks=("count",), split="test"), 8) == apart
    batch = training_prompts(settings, 0)(4, 9)
    without = training_prompts(settings, 0, held_out=[batch[2], batch[5]])(4, 7)
    left = [batch[place] for place in (0, 1, 3, 4, 6, 7, 8)]
    assert [item.images[0].sha256 for item in without] == [item.images[0].sha256 for item in left]
