"""What the leaderboard says: seeds are one entry, ranks are ranges, and the headline claims no more than was shown."""

import json

import pytest

from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards.page.entries import default_baseline, entries, pairs_of
from proctor.leaderboards.page.headline import headline, references
from proctor.leaderboards.page.overview import lay_out
from proctor.leaderboards.page.run_view import read_run_view
from proctor.leaderboards.page.standing import Runs, standing

RIGHT, WRONG = r"\boxed{5}", r"\boxed{6}"


@pytest.fixture
def examined(tmp_path, scripted):
    """An examination of a model that has the first `right` of `count` items right, and of what training it is."""

    def make(name, right, count=60, suite="mathvision", **training):
        asked = [Sample(one, Prompt((one.question,))) for one in _items(suite, count)]
        path = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        say = scripted(lambda i, k: RIGHT if int(i) < right else WRONG, name, name)
        run_eval(Examination(suite, "strict", asked, Sampling()), say, path)
        if training:
            manifest = json.loads((path / "run.json").read_text())
            recorded = {"recipe": "taught", "step": 20, "base": "", "settings": "0" * 64, **training}
            manifest["environment"]["training"] = recorded
            (path / "run.json").write_text(json.dumps(manifest))
        return path

    return make


def _items(suite, count):
    return [Item(str(n), suite, f"How many? {n}", "5", "number", (), cluster=str(n)) for n in range(count)]


def told(paths):
    """Entries, their standing, and the sentences with the default baseline."""
    views = [read_run_view(path, []) for path in paths]
    grid = lay_out(views)
    found = entries(views, grid)
    base = default_baseline(found, pairs_of(found, grid))
    runs = Runs(views, grid, found)
    stands = standing(runs, "strict", [base])
    return found, stands, headline(stands, runs, grid, references(found, base))


def test_seeds_of_one_training_are_one_entry_with_their_spread(examined):
    paths = [examined("base", 20), *(examined(f"talk-seed{n}/step-20", 40 + n, seed=n) for n in range(3))]
    found, stands, _ = told(paths)
    assert [(one.name, one.seeds) for one in found] == [("base", ()), ("talk", (0, 1, 2))]
    cell = stands.cells[1, 0]
    assert (cell.right, cell.total, round(cell.value, 4)) == (123, 180, round(41 / 60, 4))
    assert cell.spread == pytest.approx(1 / 60, abs=1e-5)


@pytest.mark.parametrize("differs", [{"settings": "1" * 64}, {"step": 40}, {"recipe": "other"}, {"base": "2" * 64}])
def test_what_differs_in_more_than_the_seed_is_no_seed(examined, differs):
    found, _, _ = told([examined("a-seed0/step-20", 40, seed=0), examined("a-seed1/step-20", 41, seed=1, **differs)])
    assert [len(one.rows) for one in found] == [1, 1]


def test_models_that_cannot_be_told_apart_share_a_range_of_ranks(examined):
    _, stands, _ = told([examined("base", 10), examined("a", 50), examined("b", 51), examined("c", 11)])
    assert {entry: cell.ranks for (entry, _), cell in stands.cells.items()} == {
        0: (1, 2),
        1: (1, 2),
        2: (3, 4),
        3: (3, 4),
    }


def test_the_headline_says_what_was_shown_and_what_is_unknown(examined):
    _, _, said = told([examined("base", 10), examined("t/step-20", 50, seed=0)])
    assert said[0].startswith("t/step-20 raises base by 66.7 points on mathvision")
    assert said[0].endswith("(p < 0.001).")
    assert "It was trained with one seed: what another seed gives is unknown." in said
    assert "Whether t/step-20 had seen these items in training is unknown." in said


def test_a_difference_that_is_not_shown_is_not_claimed(examined):
    _, _, said = told([examined("base", 30), examined("t", 32)])
    assert said[0].startswith("t cannot be told from base on mathvision")
    assert "would likely show a difference of" in said[0]


def test_few_items_are_too_few(examined):
    _, stands, said = told([examined("base", 1, 4), examined("t", 3, 4)])
    assert "4 items are too few to tell" in said[0]
    assert stands.cells[0, 0].ranks == (1, 2)


def test_a_suite_that_tells_nothing_is_folded_and_not_averaged(examined):
    small = [examined(name, right, 6, "chartqa") for name, right in (("base", 1), ("t", 2))]
    _, stands, said = told([examined("base", 10), examined("t", 50), *small])
    assert (stands.telling, stands.averages) == ((0,), {})
    assert any("On the other 1 suite none is shown" in one for one in said)


def test_an_average_needs_every_suite(examined):
    large = [examined(name, right, 60, "chartqa") for name, right in (("base", 30), ("t", 40))]
    _, stands, _ = told([examined("base", 10), examined("t", 50), examined("u", 50), *large])
    assert stands.averages.keys() == {0, 1}
    assert stands.averages[1].value == pytest.approx((50 / 60 + 40 / 60) / 2)
    assert stands.averages[1].low < stands.averages[1].value < stands.averages[1].high
    assert stands.averages[1].ranks == (1, 1)


def test_one_model_alone_is_compared_with_nothing(examined):
    _, _, said = told([examined("base", 30)])
    assert said == [said[0]]
    assert "nothing can be compared" in said[0]


def test_of_many_entries_each_training_has_its_difference_to_its_own_base_whatever_is_offered(examined, monkeypatch):
    monkeypatch.setattr("proctor.leaderboards.page.standing.MOST_PAIRED", 3)
    bases = [examined("first", 10), examined("second", 30)]
    trained = [examined(f"{name}-vote-seed-0/step-000020", 50, seed=0, base=name) for name in ("first", "second")]
    views = [read_run_view(path, []) for path in (*bases, *trained)]
    grid = lay_out(views)
    found = entries(views, grid)
    its = {one.name: n for n, one in enumerate(found)}
    pairs = [(its["first-vote"], its["first"]), (its["second-vote"], its["second"])]
    assert all(found[after].base == before and found[after].seeds == (0,) for after, before in pairs)
    runs = Runs(views, grid, found)
    seen = set()
    for offered in ([], [0], [1], [0, 1, 2]):
        changes = standing(runs, "strict", offered).to_json(offered, found)["changes"]
        told = {(one["after"], one["before"]): one["adjusted"] for one in changes}
        seen.add(tuple(told[pair] for pair in pairs))
    assert len(seen) == 1


def test_trainings_that_differ_in_settings_alone_say_so(examined):
    found, _, _ = told(
        [examined("one-seed0/step-20", 40, seed=0), examined("two-seed0/step-20", 41, seed=0, settings="1" * 64)]
    )
    assert [(one.name, one.settings) for one in found] == [("one", "00000000"), ("two", "11111111")]
