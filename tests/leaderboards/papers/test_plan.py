"""The plan has every printed row, says truly how far each is, and `paper run` does what it prints."""

import csv
import dataclasses
import io
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from proctor.benchmarks.suites import figures
from proctor.harness.cli import build_parser
from proctor.harness.cli.paper_plan import work_of
from proctor.harness.errors import UsageError
from proctor.harness.folder import lock_folder
from proctor.harness.runs.store import Manifest
from proctor.leaderboards.papers import tables
from proctor.leaderboards.papers.cost import Assumptions
from proctor.leaderboards.papers.fill import Filled, fill
from proctor.leaderboards.papers.plan import FORMATS, Known, PlannedTraining, State, make_plan, total
from proctor.leaderboards.papers.tables import PAPERS, find_row, load_papers, places
from proctor.trainers import provenance, recipe
from proctor.trainers.local.policy_gradient import PolicyGradient
from proctor.trainers.provenance import look_at_training
from proctor.trainers.recipe import RECIPES, load_recipe
from proctor.trainers.resolve import resolve
from proctor.trainers.tiny import TALKER

from .paper_tables import HUB, RECIPE, Runs, small_table, write_table
from .test_tables import DATA, TRANSCRIBED

LIBRARY = load_papers(PAPERS.folder)
PLACES = [place for table in LIBRARY.tables.values() for place in places(table)]
WRITTEN = [one for one in PLACES if not one.row.recipe or one.row.recipe in RECIPES]
HOSTILE = ["=HYPERLINK(1)", "a|b", "</td><script>", "two\nlines \x1b[31m"]


@pytest.fixture(scope="module")
def planned() -> dict[str, Any]:
    """The rows of the bundled papers' plan by name, as --json has them."""
    rows = make_plan(LIBRARY.tables.values(), Known({}), Assumptions())
    return {one.place.id: one.to_json() for one in rows}


def test_no_row_of_the_papers_is_missing(planned) -> None:
    folder = DATA.parent / "papers"
    if not folder.is_dir():
        pytest.skip(f"no transcribed tables at {folder}")
    assert len(planned) == len(PLACES) == 43
    for name, stem in TRANSCRIBED.items():
        with (folder / f"{stem}.csv").open(newline="") as file:
            printed = [{key: value for key, value in one.items() if value} for one in csv.DictReader(file)]
        rows = sorted((one for one in planned.values() if one["table"] == name), key=lambda one: one["number"])
        assert [{k: v for k, v in (one["labels"] | one["printed"]).items() if v} for one in rows] == printed


def test_every_row_has_a_recipe_or_is_a_model_as_it_is() -> None:
    """Fails while a row of a paper cannot be trained."""
    missing = sorted({one.row.recipe for one in PLACES if one not in WRITTEN})
    assert missing == []


@pytest.mark.parametrize("place", WRITTEN, ids=lambda one: one.id)
def test_every_row_says_what_it_would_run(place, cli, tmp_path, monkeypatch) -> None:
    """Without a base, data or a GPU; each command is one that the command line takes."""
    monkeypatch.chdir(tmp_path)
    done = cli("paper", "run", place.id, "--dry-run")
    assert (done.code, done.err) == (0, "")
    lines = done.out.partition("\n\n")[0].splitlines()
    words = [shlex.split(line) for line in lines if not line.startswith("#")]
    given = [build_parser().parse_args(one[1:]) for one in words if one[0] == "proctor"]
    suites = list(dict.fromkeys(column.suite for column in place.table.columns))
    set_to_train_on = bool(place.row.recipe)
    pulls = ["suite pull"] * (len(suites) + set_to_train_on)
    assert [one.command for one in given] == [*pulls, *["train"] * set_to_train_on, "eval", "paper table"]
    assert [one.suite for one in given[: len(pulls)]][set_to_train_on:] == suites
    folder = place.row.hub.rpartition("/")[2]
    assert words[len(pulls)] == ["hf", "download", place.row.hub, "--local-dir", folder]
    asked, table = given[-2:]
    assert (asked.suite, asked.data) == (",".join(suites), ["hub"])
    assert asked.protocol == place.table.columns[0].protocol
    assert (asked.max_tokens, asked.temperature) == (16384, place.table.paper.temperature or 0.0)
    assert (asked.engine, asked.workers) == ("vllm", 8)
    assert (table.table, table.runs) == (place.table.name, [asked.out])
    assert any(line.startswith("# ") and "leaves answers to a language model" in line for line in lines)
    if place.row.recipe:
        train = given[-3]
        assert (train.recipe, str(train.base), train.resume) == (place.row.recipe, folder, True)
        assert Path(asked.model).parent.parent == train.out
        assert done.out.partition("\n\n")[2]
    else:
        assert asked.model == folder
    assert not list(tmp_path.iterdir())


def test_options_are_passed_on(cli) -> None:
    options = ["--seed", 3, "--set", "openrlhf.gpus=4", "--set", "openrlhf.engines=4", "--out", "there"]
    engine = ["--engine", "vllm", "--engine-option", "batch=8", "--workers", 2, "--ray", "auto"]
    done = cli("paper", "run", "1:20", "--base", "a/b c", *options, *engine, "--dry-run")
    assert done.code == 0, done.err
    lines = [shlex.split(line) for line in done.out.partition("\n\n")[0].splitlines()]
    train, evaluation = (next(one for one in lines if one[1] == verb) for verb in ("train", "eval"))
    assert shlex.join(train) == (
        "proctor train mm_upt_geometry3k --base 'a/b c' --out there/trainings/mm_upt_geometry3k-seed-3 --seed 3 --resume "
        "--set openrlhf.gpus=4 --set openrlhf.engines=4"
    )
    assert shlex.join(evaluation).endswith("--engine vllm --engine-option batch=8 --workers 2 --ray auto")
    assert "--actor.num_gpus_per_node 4" in done.out


def test_names() -> None:
    assert len({one.id for one in PLACES}) == len(PLACES)
    assert find_row(LIBRARY, "1:11").id == "mm_upt/1/lmsi_geometry3k"
    assert find_row(LIBRARY, "mm_upt/1:1") == find_row(LIBRARY, "1/base") == find_row(LIBRARY, "mm_upt/1/base")
    assert find_row(LIBRARY, "self_judge/1/actor_judge_mmr1").number == 3
    assert [one.id for one in places(LIBRARY.table("3")) if not one.row.recipe] == [
        "mm_upt/3/base_qwen2_5_vl_7b",
        "mm_upt/3/base_mm_eureka_7b",
        "mm_upt/3/base_thinklite_vl_7b",
        "mm_upt/3/base_qwen2_5_vl_3b",
    ]


@pytest.mark.parametrize(
    "name", ["", "mm_upt/1", "1:0", "1:99", "4:1", "base", "mm_upt/1/lmsi_geometry", "x" * 10**5, "\x1b[31m\n"]
)
def test_an_unknown_row_is_one_line_with_near_ones(name: str, cli) -> None:
    with pytest.raises(UsageError, match="near ones: mm_upt/"):
        find_row(LIBRARY, name)
    done = cli("paper", "run", name, "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert len(done.err) < 500
    assert "\x1b" not in done.err


def test_near_names_are_near(cli) -> None:
    assert "mm_upt/1/lmsi_geometry3k" in cli("paper", "run", "mm_upt/1/lmsi_geometry").err


def test_what_is_in_several_tables_is_counted_once() -> None:
    rows = make_plan(LIBRARY.tables.values(), known("mm_upt_mmr1"), Assumptions())
    found = [one for one in rows if one.place.row.recipe == "mm_upt_mmr1"]
    assert [one.counted_with for one in found] == [None, *["mm_upt/1/mm_upt_mmr1"] * 2]
    alone = total(found)
    assert (alone.trainings, alone.unknown) == (1, 0)
    assert found[0].training is not None
    assert alone.training_hours == found[0].training.gpu_hours == total(rows).training_hours
    assert len({key for one in found for key in one.examination}) == 4 + 2 + 5
    assert alone.examination_hours == pytest.approx(sum(one.examination_hours for one in found))
    assert (total(rows).trainings, total(rows).unknown) == (29, 28)


def test_the_examinations_of_a_base_are_counted_once() -> None:
    rows = make_plan([LIBRARY.table(name) for name in "1236"], known(), Assumptions())
    base = [one for one in rows if one.place.system == HUB]
    assert [one.counted_with for one in base] == [None, *["mm_upt/1/base"] * 3]
    assert total(base).examination_hours == pytest.approx(base[0].examination_hours + base[3].examination_hours)
    assert total(base).trainings == 0


def known(*names: str, **more: Any) -> Known:
    """What is known if these recipes are written."""
    return Known({name: work_of(load_recipe(name)) for name in names}, **more)


def state(number: int, **more: Any) -> State:
    """The state of a row of the small table."""
    return make_plan([small_table()], known(RECIPE, **more), Assumptions())[number].state


def training(state: State, step: int = 60) -> PlannedTraining:
    return PlannedTraining("somewhere", 0, step, state)


def test_states_of_trainings() -> None:
    assert [state(number) for number in range(3)] == [State.NOT_RUN, State.NOT_RUN, State.NOT_WRITTEN]
    for one in (State.STOPPED, State.RUNNING, State.TRAINED):
        assert state(1, trainings={RECIPE: [training(one)]}) == one
        assert state(0, trainings={RECIPE: [training(one)]}) == State.NOT_RUN
    several = [training(one) for one in (State.STOPPED, State.TRAINED, State.RUNNING)]
    assert state(1, trainings={RECIPE: several}) == State.TRAINED


@pytest.fixture
def runs(tmp_path, examine, scripted) -> Runs:
    (tmp_path / "runs").mkdir()
    return Runs(tmp_path / "runs", examine, scripted)


def examined(*paths: Path) -> dict[str, Filled]:
    table = small_table()
    return {table.name: fill(table, paths, {RECIPE: 60})}


def test_only_the_final_checkpoint_counts_as_examined(runs) -> None:
    base, early, final = runs.base(), runs.trained((0,), step=40), runs.trained((0,), seed=1)
    assert state(0, runs=examined(base)) == State.EXAMINED
    assert state(1, runs=examined(base)) == State.NOT_RUN
    assert state(1, runs=examined(early), trainings={RECIPE: [training(State.TRAINED)]}) == State.TRAINED
    assert state(1, runs=examined(early, final)) == State.EXAMINED
    assert state(1, runs=examined(final), boards=examined(early)) == State.EXAMINED
    assert state(1, boards=examined(final)) == State.PUBLISHED


def test_every_printed_column_must_be_examined(runs) -> None:
    """Of one seed; a column that the row has no number in is not asked for."""
    table = small_table()
    other = dataclasses.replace(table.columns[1], suite="mathvista")
    table = dataclasses.replace(table, columns=(table.columns[0], other))
    filled = {table.name: fill(table, [runs.base(), runs.trained((0,))], {RECIPE: 60})}
    rows = make_plan([table], known(RECIPE, runs=filled), Assumptions())
    assert [one.state for one in rows] == [State.NOT_RUN, State.EXAMINED, State.NOT_WRITTEN]
    assert [len(one.examination) for one in rows] == [2, 1, 1]


@pytest.mark.parametrize("label", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_stays_text(label: str, form: str) -> None:
    table = small_table(data=label)
    text = FORMATS[form](make_plan([table], known(RECIPE), Assumptions()), Assumptions())
    if form == "csv":
        cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    if form == "markdown":
        assert "<script>" not in text
        assert "a|b" not in text
    if form != "csv":
        assert "\x1b" not in text
        assert "two\nlines" not in text


def training_folder(path: Path, name: str = RECIPE, step: int = 0, finished: bool = False, **changes: Any) -> Path:
    """A training directory without weights."""
    path.mkdir(parents=True)
    stored = resolve(load_recipe(name)).to_json() | changes
    (path / "training.json").write_text(json.dumps({"identity": {"recipe": stored, "base": {"weights": "0" * 64}}}))
    if step:
        (path / "checkpoints" / f"step-{step:06d}").mkdir(parents=True)
        (path / "checkpoints" / f"step-{step:06d}" / "config.json").write_text("{}")
    if finished:
        (path / "finished.json").write_text("{}")
    return path


def test_a_training_directory_says_how_far_it_is(tmp_path) -> None:
    found = look_at_training(training_folder(tmp_path / "a", step=40, seed=7))
    assert (found.recipe, found.seed, found.step, found.finished, found.running) == (RECIPE, 7, 40, False, False)
    with lock_folder(tmp_path / "a", "training directory", "training there"):
        assert look_at_training(tmp_path / "a").running
    assert not look_at_training(tmp_path / "a").running
    assert look_at_training(training_folder(tmp_path / "b", step=60, finished=True)).finished
    assert look_at_training(training_folder(tmp_path / "c", seed=1)).step == 0
    assert look_at_training(training_folder(tmp_path / "d", reward="random")).recipe == f"{RECIPE} (changed: reward)"


@pytest.fixture
def papers(tmp_path, monkeypatch) -> Path:
    """The papers are one with a small table."""
    write_table(tmp_path / "papers")
    monkeypatch.setattr(tables, "PAPERS", dataclasses.replace(tables.PAPERS, folder=tmp_path / "papers"))
    return tmp_path


def test_damaged_trainings_are_told_and_skipped(papers, cli) -> None:
    folder = papers / "trainings"
    training_folder(folder / "good", step=20)
    for number, content in enumerate(("", "{", "[]", '{"identity": {}}', "\x00" * 9)):
        (folder / f"bad{number}").mkdir()
        (folder / f"bad{number}" / "training.json").write_text(content)
    (folder / "empty").mkdir()
    training_folder(folder / "changed", step=60, finished=True, reward="random")
    done = cli("paper", "plan", "--training", folder)
    assert done.code == 2
    assert done.err.count("\n") == done.err.count("left out:") == 5
    assert "stopped (seed 0 step 20)" in done.out
    assert cli("paper", "plan", "--training", folder / "good").code == 0
    assert cli("paper", "plan", "--training", papers / "nowhere").code == 2


def test_damaged_runs_are_told_and_skipped(papers, runs, cli) -> None:
    bad = runs.base()
    runs.trained((0, 1))
    (bad / "run.json").write_text("{}")
    done = cli("paper", "plan", "--runs", papers / "runs")
    assert done.code == 2
    assert done.err.count("left out:") == 1
    assert "is damaged" in done.err
    rows = list(csv.DictReader(io.StringIO(cli("paper", "plan", "--runs", papers / "runs", "--format", "csv").out)))
    assert [one["state"] for one in rows] == ["not run", "examined"]


def test_a_row_without_a_recipe_or_without_a_base(papers, cli, tiny) -> None:
    with (papers / "papers" / "paper_1.csv").open("a") as file:
        file.write("Qwen2.5-VL-7B,none,99.00,no_such_recipe\n")
    done = cli("paper", "run", "paper/1/no_such_recipe", "--base", tiny)
    assert done.code == 2
    assert "its recipe no_such_recipe is not written yet" in done.err
    done = cli("paper", "run", "paper/1/base")
    assert done.code == 2
    assert f"hf download {HUB} --local-dir Qwen2.5-VL-7B-Instruct, then --base Qwen2.5-VL-7B-Instruct" in done.err
    done = cli("paper", "run", "paper/1/base", "--base", tiny)
    assert done.code == 2
    assert "name the folder Qwen2.5-VL-7B-Instruct" in done.err
    done = cli("paper", "run", "paper/1/base", "--set", "seed=3", "--dry-run")
    assert done.code == 2
    assert "--set has nothing to change" in done.err


@pytest.fixture
def short(papers, tiny, monkeypatch) -> Path:
    """The figures twin in three steps, 24 figures to examine, and the tiny model under the name of the table's."""
    text = (RECIPES.folder / f"{RECIPE}.toml").read_text()
    (papers / "recipes").mkdir()
    changed = text.replace("steps = 60", "steps = 3").replace("prompts = 16", "prompts = 4")
    (papers / "recipes" / f"{RECIPE}.toml").write_text(changed)
    for module in (recipe, provenance):
        monkeypatch.setattr(module, "RECIPES", dataclasses.replace(RECIPES, folder=papers / "recipes"))
    monkeypatch.setattr(figures, "SUITE", dataclasses.replace(figures.SUITE, test_size=24))
    described = (papers / "papers" / "papers.toml").read_text()
    described = described.replace("items = 4", "items = 24").replace('"strict"', '"strict"\nmax_tokens = 32')
    (papers / "papers" / "papers.toml").write_text(described)
    shutil.copytree(tiny, papers / "Qwen2.5-VL-7B-Instruct")
    return papers


@pytest.mark.engine
def test_a_row_is_run_and_the_plan_follows(short, cli) -> None:
    """Not run, stopped, trained, examined, published; what is done is not done again."""
    out = short / "out"
    base = ["--base", short / "Qwen2.5-VL-7B-Instruct", "--out", out]

    def states(*more: object) -> list[str]:
        done = cli("paper", "plan", "--training", out / "trainings", "--runs", out / "runs", *more, "--json")
        assert done.code == 0, done.err
        return [one["state"] for one in json.loads(done.out)["rows"]]

    for name in ("trainings", "runs"):
        (out / name).mkdir(parents=True)
    assert states() == ["not run", "not run"]
    done = cli("paper", "run", "paper/1/base", *base, "--engine", "transformers")
    assert done.code == 0, done.err
    assert states() == ["examined", "not run"]
    done = cli("paper", "run", f"paper/1/{RECIPE}", *base)
    assert done.code == 0, done.err
    assert states() == ["examined", "examined"]
    again = cli("paper", "run", f"paper/1/{RECIPE}", *base)
    assert again.code == 0
    assert "train" in done.err
    assert "train" not in again.err
    assert "Qwen2.5-VL-7B" in again.out  # the table
    shutil.copytree(TALKER, short / "elsewhere" / "Qwen2.5-VL-7B-Instruct")
    other = cli(
        "paper", "run", f"paper/1/{RECIPE}", "--base", short / "elsewhere" / "Qwen2.5-VL-7B-Instruct", "--out", out
    )
    assert (other.code, "holds another training: base.weights differ" in other.err) == (2, True)
    wrong = cli("paper", "run", f"paper/1/{RECIPE}", "--base", TALKER, "--out", out)
    assert (wrong.code, "name the folder Qwen2.5-VL-7B-Instruct" in wrong.err) == (2, True)
    (trained,) = (out / "trainings").iterdir()
    (trained / "finished.json").unlink()
    hidden = (out / "runs").rename(short / "hidden")
    (out / "runs").mkdir()
    assert states() == ["not run", "stopped"]
    (trained / "finished.json").write_text("{}")
    assert states() == ["not run", "trained"]
    assert cli("board", "build", hidden, "--draft", "--out", short / "board").code == 0
    assert states("--board", short / "board") == ["published", "published"]


@pytest.mark.engine
def test_an_interrupted_row_goes_on(short, cli, monkeypatch) -> None:
    """The training is resumed from its checkpoint, and its answers are those of the run that was not interrupted."""
    base = ["--base", short / "Qwen2.5-VL-7B-Instruct", "--out", short / "out"]
    row = f"paper/1/{RECIPE}"
    step = PolicyGradient.step

    def interrupted(self: PolicyGradient, number: int) -> Any:
        if number == 2:
            raise KeyboardInterrupt
        return step(self, number)

    monkeypatch.setattr(PolicyGradient, "step", interrupted)
    done = cli("paper", "run", row, *base)
    assert done.code == 130
    assert "the same command again" in done.err
    assert not (short / "out" / "runs").exists()
    monkeypatch.setattr(PolicyGradient, "step", step)
    assert cli("paper", "run", row, *base).code == 0
    (run,) = (short / "out" / "runs").iterdir()
    recorded = Manifest.read(run).environment["training"]
    assert (recorded["recipe"], recorded["seed"], recorded["step"]) == (RECIPE, 0, 3)


@pytest.mark.engine
def test_a_changed_recipe_fills_no_row(short, cli) -> None:
    base = ["--base", short / "Qwen2.5-VL-7B-Instruct", "--out", short / "out"]
    done = cli("paper", "run", f"paper/1/{RECIPE}", *base, "--set", "policy.steps=1", "--seed", 5)
    assert done.code == 0, done.err
    assert "policy.steps=1 makes another recipe of it: what comes of it fills no row" in done.err
    plan = cli("paper", "plan", "--training", short / "out" / "trainings", "--runs", short / "out" / "runs", "--json")
    assert [one["state"] for one in json.loads(plan.out)["rows"]] == ["not run", "not run"]
