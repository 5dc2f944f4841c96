"""What recipes made of a base: the table's numbers are those of the board, of the comparison, and of nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.harness.cli import main
from proctor.harness.errors import UsageError
from proctor.harness.runs.store import Manifest
from proctor.leaderboards.board.evidence import run_folders
from proctor.leaderboards.board.table import trained
from proctor.leaderboards.compare.compare import compare_arms, read_side_runs
from proctor.leaderboards.compare.recipe_table import HARMS, HELPS, UNDECIDED, recipe_table, recipes_as_markdown

DEMO = Path(__file__).parents[3] / "leaderboards" / "published" / "demo"


@pytest.fixture(scope="module")
def runs() -> Iterator[list[Path]]:
    with run_folders([DEMO]) as found:
        yield [path for path in found if Manifest.read(path).suite == "figures"]


def of_seeds(runs: list[Path], *seeds: int) -> list[Path]:
    """The base's run and the last ones of these seeds."""
    made = {path: trained(Manifest.read(path)) for path in runs}
    return [path for path, one in made.items() if one is None or (one.seed in seeds and one.step == 60)]


def test_a_row_is_the_mean_over_seeds_of_their_last_steps(runs: list[Path]) -> None:
    table = recipe_table(runs, "figures")
    [row] = table.rows
    assert (row.recipe, row.seeds, row.steps, row.word) == ("mm_upt_figures", (0, 1, 2), (60, 60, 60), HELPS)
    assert table.accuracy.value == pytest.approx(383 / 600)
    base, *_ = of_seeds(runs)
    ends = [path for path in of_seeds(runs, 0, 1, 2) if path != base]
    arms = [read_side_runs(str(path)).suites["figures"][0].scored for path in ends]
    assert row.accuracy.value == pytest.approx(sum(one.accuracy().estimate.value for one in arms) / 3)
    assert row.change.value == pytest.approx(row.accuracy.value - table.accuracy.value)


def test_the_difference_is_that_of_a_comparison(runs: list[Path]) -> None:
    table = recipe_table(of_seeds(runs, 1), "figures")
    base, end = sorted(of_seeds(runs, 1), key=lambda path: trained(Manifest.read(path)) is not None)
    whole = compare_arms(read_side_runs(str(base)), read_side_runs(str(end))).suites[0].difference
    assert table.rows[0].change == whole
    assert table.rows[0].p == whole.p


def test_one_seed_decides_nothing(runs: list[Path]) -> None:
    assert recipe_table(of_seeds(runs, 1), "figures").rows[0].word == UNDECIDED
    assert recipe_table(of_seeds(runs, 1, 2), "figures").rows[0].word == HELPS


def test_several_recipes_share_the_level_and_a_drop_is_harm(runs: list[Path], tmp_path: Path) -> None:
    """The base's run as what a bad recipe made of the best checkpoint: everything is turned round."""
    swapped = []
    for number, path in enumerate(of_seeds(runs, 0, 1, 2)):
        copy = tmp_path / str(number)
        copy.mkdir()
        for file in path.iterdir():
            (copy / file.name).symlink_to(file) if file.name != "run.json" else None
        record = json.loads((path / "run.json").read_text())
        made = record["environment"].pop("training", None)
        if made is None:
            record["environment"]["training"] = {"recipe": "undone", "seed": 0, "step": 1}
        elif made["seed"] != 0:
            record["environment"]["training"] = {"recipe": f"kept {made['seed']}", "seed": 0, "step": 60}
        (copy / "run.json").write_text(json.dumps(record))
        swapped.append(copy)
    table = recipe_table(swapped, "figures")
    by_name = {row.recipe: row for row in table.rows}
    assert set(by_name) == {"undone", "kept 1", "kept 2"}
    assert by_name["undone"].change.value < -0.3
    assert by_name["undone"].word == UNDECIDED  # one seed
    assert by_name["undone"].p == min(1, 3 * by_name["undone"].change.p)


def test_the_word_follows_the_adjusted_p_and_the_sign(runs: list[Path]) -> None:
    [row] = recipe_table(runs, "figures").rows
    turned = replace(row.change, value=-row.change.value)
    assert [replace(row, p=p).word for p in (0.049, 0.051)] == [HELPS, UNDECIDED]
    assert [replace(row, change=turned, p=p).word for p in (0.049, 0.051)] == [HARMS, UNDECIDED]


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (
            lambda path, made: made is not None,
            "no run is of the untrained model, .*: evaluate it into the same folder, `proctor eval --model BASE --suite",
        ),
        (lambda path, made: made is None, "no run records a training"),
    ],
)
def test_base_and_trainings_must_be_there(runs: list[Path], keep: object, told: str) -> None:
    some = [path for path in runs if keep(path, trained(Manifest.read(path)))]  # type: ignore[operator]
    with pytest.raises(UsageError, match=told):
        recipe_table(some, "figures")


def copied(run: Path, to: Path, **training: object) -> Path:
    """A run of the same answers whose checkpoint was made otherwise."""
    to.mkdir(parents=True)
    for file in run.iterdir():
        if file.name != "run.json":
            (to / file.name).symlink_to(file)
    record = json.loads((run / "run.json").read_text())
    record["environment"]["training"] = {
        "recipe": "r",
        "seed": 0,
        "step": 1,
        **record["environment"].get("training", {}),
        **training,
    }
    (to / "run.json").write_text(json.dumps(record))
    return to


def test_what_is_no_seed_of_the_same_is_no_seed(runs: list[Path], tmp_path: Path) -> None:
    base, one, two = sorted(of_seeds(runs, 0, 1), key=lambda path: trained(Manifest.read(path)) is not None)
    weights = Manifest.read(base).identity["model"]["weights"]
    some = [
        copied(one, tmp_path / "a", settings="a" * 64, base=weights),
        copied(two, tmp_path / "b", settings="b" * 64),
    ]
    table = recipe_table([base, *some], "figures")
    assert sorted(row.recipe for row in table.rows) == [f"mm_upt_figures #{letter * 8}" for letter in "ab"]
    assert {row.based for row in table.rows} == {True, False}
    assert "(no base recorded)" in recipes_as_markdown(table).replace("\\", "")
    other = copied(one, tmp_path / "c", base="c" * 64)
    with pytest.raises(UsageError, match="began with another model"):
        recipe_table([base, other], "figures")
    again = copied(one, tmp_path / "d", settings="a" * 64, base=weights)
    with pytest.raises(UsageError, match="both of mm_upt_figures, seed 0, step 60"):
        recipe_table([base, some[0], again], "figures")


def test_runs_that_were_asked_otherwise_are_refused(runs: list[Path], tmp_path: Path, tiny: Path) -> None:
    (base,) = of_seeds(runs)
    asked = ["--suite", "figures", "--max-tokens", "1", "--engine-option", "batch=300", "--out", str(tmp_path / "runs")]
    assert main(["eval", "--model", str(tiny), *asked]) == 0
    (short,) = (tmp_path / "runs").iterdir()
    with pytest.raises(UsageError, match=r"asked in another way than base: sampling\.max_tokens"):
        recipe_table([base, copied(short, tmp_path / "trained")], "figures")


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["board", "recipes", str(DEMO), "--suite", "figures", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["base"]["model"] == "base"
    assert [row["verdict"] for row in found["recipes"]] == ["helps"]
    assert main(["board", "recipes", str(DEMO), "--suite", "figures", "--format", "markdown"]) == 0
    with run_folders([DEMO]) as runs:
        assert capsys.readouterr().out == recipes_as_markdown(recipe_table(runs, "figures"))
    assert main(["board", "recipes", str(DEMO), "--suite", "nowhere"]) == 2
    assert "there are: chartqa, dynamath, figures" in capsys.readouterr().err
