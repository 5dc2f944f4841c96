"""Training prompts of a suite's data: the lock file holds for them too; passes over them, and what is left out."""

import json
import random
import shutil
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.base import SAMPLES
from proctor.harness.errors import DataError
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import training_prompts


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
