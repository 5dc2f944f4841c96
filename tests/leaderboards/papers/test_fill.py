"""Which runs fill a printed table, which do not and why, and what several seeds and steps give."""

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.harness.profiles import PromptStyle
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import Manifest
from proctor.harness.stats.seeds import averaged, of_estimate, pooled
from proctor.harness.types import Sampling
from proctor.leaderboards.papers import tables
from proctor.leaderboards.papers.fill import fill
from proctor.leaderboards.papers.printed import FORMATS
from proctor.leaderboards.papers.tables import judged_by

from .paper_tables import HUB, RECIPE, WRITTEN, Runs, small_table, write_table

TABLE = small_table()


@pytest.fixture
def runs(tmp_path, examine, scripted) -> Runs:
    (tmp_path / "runs").mkdir()
    return Runs(tmp_path / "runs", examine, scripted)


def reasons(filled) -> list[str]:
    return [one.reason for one in filled.left_out]


def test_a_table_is_filled(runs) -> None:
    paths = [runs.base((0, 1)), runs.trained((0, 1, 2, 3))]
    filled = fill(TABLE, paths, WRITTEN)
    assert filled.left_out == ()
    assert set(filled.cells) == {(row, key) for row in (0, 1) for key in ("figures", "reading", "avg")}
    estimate = score_run(paths[0]).accuracy().estimate
    cell = filled.cells[0, "figures"]
    assert (cell.draw.value, cell.draw.low, cell.draw.high) == (0.5, estimate.low, estimate.high)
    assert (cell.seeds, cell.steps, cell.inside, cell.as_printed) == ((0,), (None,), True, True)
    assert filled.cells[1, "figures"].draw.value == 1
    assert (filled.cells[1, "figures"].steps, filled.cells[1, "reading"].inside) == ((60,), None)


@pytest.mark.parametrize("name", [HUB, "Qwen2.5-VL-7B-Instruct"])
def test_a_base_is_known_by_its_name_on_the_hub_or_its_folder(name, runs) -> None:
    assert (0, "figures") in fill(TABLE, [runs.base(name=name)], WRITTEN).cells


@pytest.mark.parametrize("name", [f"{HUB}-finetuned", "other/Qwen2.5-VL-7B-Instruct", "Qwen", "", HUB.upper()])
def test_another_model_is_not_the_base(name, runs) -> None:
    filled = fill(TABLE, [runs.base(name=name)], WRITTEN)
    assert not filled.cells
    assert reasons(filled) == ["no row of the table is of its recipe or model"]


def test_a_trained_checkpoint_is_never_the_base_whatever_its_name(runs) -> None:
    paths = [runs.trained((0,), recipe="mine", name=HUB), runs.hold((0,), HUB, training={"recipe": 7})]
    filled = fill(TABLE, paths, WRITTEN)
    assert not filled.cells
    assert len(filled.left_out) == 2


def test_a_row_is_filled_by_the_authors_code_where_only_that_was_followed(runs) -> None:
    code = f"{RECIPE}_code"
    written = {**WRITTEN, code: 30}
    theirs = runs.trained((0, 1, 2), recipe=code, step=30)
    filled = fill(TABLE, [theirs], written)
    assert (filled.cells[1, "figures"].draw.value, filled.cells[1, "figures"].recipe) == (0.75, code)
    assert f"| {code.replace('_', chr(92) + '_')} |" in FORMATS["markdown"](filled, written)
    assert "step 30 of 30" in FORMATS["text"](filled, written)
    both = fill(TABLE, [theirs, runs.trained((0,))], written)
    assert (both.cells[1, "figures"].draw.value, both.cells[1, "figures"].recipe) == (0.25, RECIPE)
    assert reasons(both) == [f"trained by {code}, and the row is filled by {RECIPE}"]
    assert fill(TABLE, [theirs], WRITTEN).cells == {}


@pytest.mark.parametrize(
    "training",
    [
        {"recipe": f"{RECIPE} (changed: reward)", "seed": 0, "step": 60},
        {"recipe": RECIPE, "seed": "0", "step": 60},
        {"recipe": RECIPE, "seed": True, "step": 60},
        {"recipe": [RECIPE], "seed": 0, "step": 60},
        {"recipe": RECIPE, "seed": 0},
        {"recipe": "sft_figures", "seed": 0, "step": 60},  # not written
        [RECIPE, 0, 60],
        "mm_upt_figures",
    ],
)
def test_only_the_rows_own_recipe_fills_it(training, runs) -> None:
    assert not fill(TABLE, [runs.hold((0,), training=training)], WRITTEN).cells


def test_what_is_not_whole_does_not_count(runs) -> None:
    part = runs.base(items=3)
    whole = runs.base()
    record = json.loads((whole / "run.json").read_text())
    (whole / "run.json").write_text(json.dumps({**record, "seal": None}))
    filled = fill(TABLE, [part, whole], WRITTEN)
    assert not filled.cells
    assert reasons(filled) == ["3 of 4 items"] * 2 + ["incomplete"] * 2  # for each of two columns


@pytest.fixture
def icons(scripted, tmp_path):
    """A base's run of IconQA's sample, and a table of it by protocol: `figures` has `strict` alone."""
    examination = plan("iconqa", "strict", Sampling(temperature=0.2, max_tokens=64))
    run_eval(examination, scripted(name=HUB), tmp_path / "icons")
    column = dataclasses.replace(TABLE.columns[0], suite="iconqa", items=len(examination.asked))
    table = dataclasses.replace(TABLE, columns=(column,), average=None)
    return lambda protocol: fill(judged_by(table, protocol), [tmp_path / "icons"], WRITTEN)


def test_another_prompt_does_not_count(icons) -> None:
    assert set(icons("mm_upt").cells) == {(0, "figures")}  # the same prompt as that of `strict`
    filled = icons("self_judge")
    assert not filled.cells
    assert reasons(filled) == ["asked by another prompt than that of self_judge"]


def test_answers_without_a_verdict_do_not_count(icons) -> None:
    filled = icons("mm_upt_judged")
    assert not filled.cells
    assert "answers have no verdict under mm_upt_judged: name a judge with --judge-model" in reasons(filled)[0]


def imported(path: Path, **identity: Any) -> Path:
    """The run with entries of its identity changed, as a run of another tool's answers has them."""
    stored = Manifest.read(path)
    changed = Manifest({**stored.identity, **identity}, stored.environment, stored.seal)
    (path / "run.json").write_bytes(changed.to_bytes())
    return path


def test_imported_answers_to_an_unknown_prompt_do_not_count(runs) -> None:
    path = imported(runs.base(), model={"engine": "import", "prompt": "unknown"})
    assert "the prompt that its imported answers had is not that of the protocol" in reasons(
        fill(TABLE, [path], WRITTEN)
    )


def test_a_run_counts_in_the_manner_of_a_bundled_profile_alone(runs) -> None:
    ours, strange = (imported(runs.base(), profile=PromptStyle(name).to_json()) for name in ("qwen2_5_vl_7b", "mine"))
    assert (0, "figures") in fill(TABLE, [ours], WRITTEN).cells
    assert "asked in the manner of mine, which is no bundled profile" in reasons(fill(TABLE, [strange], WRITTEN))


def test_answers_that_nobody_knows_the_drawing_of_are_not_drawn_as_printed(runs) -> None:
    path = imported(runs.base(), sampling={"n": 1})
    assert not fill(TABLE, [path], WRITTEN).cells[0, "figures"].as_printed


def test_a_suite_without_a_column_does_not_count(runs) -> None:
    other = dataclasses.replace(
        TABLE, columns=(dataclasses.replace(TABLE.columns[0], suite="mathvista"),), average=None
    )
    assert reasons(fill(other, [runs.base()], WRITTEN)) == ["its suite is not in the table"]


def test_a_damaged_run_is_told_and_the_others_count(runs) -> None:
    good, bad = runs.base(), runs.trained((0,))
    with (bad / "responses.jsonl").open("a") as file:
        file.write("{}\n")
    filled = fill(TABLE, [bad, good], WRITTEN)
    assert {row for row, _ in filled.cells} == {0}
    assert filled.damaged == 1
    assert "was changed after the run was sealed" in reasons(filled)[0]


def test_the_last_step_counts_for_the_whole_row(runs) -> None:
    paths = [runs.trained((0,), step=40), runs.trained((0, 1, 2), step=60), runs.trained((0,), step=8)]
    filled = fill(TABLE, paths, WRITTEN)
    assert filled.cells[1, "figures"].draw.value == 0.75
    assert filled.cells[1, "figures"].steps == (60,)
    assert set(reasons(filled)) == {
        "of step 40; of the same seed, step 60 was examined",
        "of step 8; of the same seed, step 60 was examined",
    }


def test_an_incomplete_last_step_does_not_hide_the_one_before(runs) -> None:
    filled = fill(TABLE, [runs.trained((0,), step=40), runs.trained((0,), step=60, items=2)], WRITTEN)
    assert filled.cells[1, "figures"].steps == (40,)


def test_seeds_are_averaged_and_counted(runs) -> None:
    paths = [runs.trained((0, 1), seed=2), runs.trained((0, 1, 2), seed=0), runs.trained((0, 1, 2, 3), seed=1, step=20)]
    filled = fill(TABLE, paths, WRITTEN)
    cell = filled.cells[1, "figures"]
    draws = [of_estimate(score_run(paths[n]).accuracy().estimate) for n in (1, 2, 0)]
    assert (cell.seeds, cell.steps) == ((0, 1, 2), (60, 20, 60))
    assert cell.draw == pooled(draws)
    assert cell.draw.value == pytest.approx(0.75)
    reading = [of_estimate(score_run(paths[n]).metrics[1].estimate) for n in (1, 2, 0)]
    assert filled.cells[1, "avg"].draw == pooled([averaged(pair) for pair in zip(draws, reading, strict=True)])


def test_an_average_needs_every_column(runs) -> None:
    other = dataclasses.replace(TABLE.columns[1], suite="mathvista")
    table = dataclasses.replace(TABLE, columns=(TABLE.columns[0], other))
    assert set(fill(table, [runs.base()], WRITTEN).cells) == {(0, "figures")}


def test_of_two_runs_of_one_checkpoint_the_one_drawn_as_printed_counts(runs) -> None:
    greedy, printed = runs.trained((0,), temperature=0.0), runs.trained((0, 1))
    for paths in ([greedy, printed], [printed, greedy]):
        filled = fill(TABLE, paths, WRITTEN)
        assert filled.cells[1, "figures"].draw.value == 0.5
        assert filled.cells[1, "figures"].as_printed
        assert len(filled.left_out) == 1
        assert "is taken for the same cell and seed" in reasons(filled)[0]
    alone = fill(TABLE, [greedy], WRITTEN)
    assert not alone.cells[1, "figures"].as_printed


def test_the_same_run_twice_counts_once(runs) -> None:
    path = runs.trained((0,))
    filled = fill(TABLE, [path, path], WRITTEN)
    assert filled.cells[1, "figures"].seeds == (0,)
    assert filled.left_out == ()


def test_the_order_of_the_runs_does_not_matter(runs) -> None:
    paths = [runs.trained((0,), seed=seed, step=step) for seed in (0, 1) for step in (20, 60)] + [runs.base()]
    first, second = fill(TABLE, paths, WRITTEN), fill(TABLE, paths[::-1], WRITTEN)
    assert first.cells == second.cells


def test_on_the_command_line(runs, cli, tmp_path, monkeypatch) -> None:
    write_table(tmp_path / "papers")
    monkeypatch.setattr(tables, "PAPERS", dataclasses.replace(tables.PAPERS, folder=tmp_path / "papers"))
    runs.base((0, 1))
    for seed in (0, 1):
        runs.trained((0, 1, 2, 3), seed=seed)
    runs.base(name="\x1b[31mother")
    done = cli("paper", "table", "paper/1", tmp_path / "runs")
    assert done.code == 0
    assert "50.00  50.00 in" in done.out
    assert "99.00  100.00 in, 2 seeds" in done.out
    assert f"trained by {RECIPE}, seed 0 step 60 of 60, seed 1 step 60 of 60" in " ".join(done.out.split())
    assert "left out:" in done.err
    assert "\x1b" not in done.err
    rows = list(csv.DictReader(io.StringIO(cli("paper", "table", "paper/1", tmp_path / "runs", "--format", "csv").out)))
    assert [(one["reproduced"], one["inside"], one["seeds"], one["steps"]) for one in rows] == [
        ("50.0000", "True", "0", ""),
        ("100.0000", "True", "0 1", "60 60"),
    ]
    assert "figures, strict, accuracy, 4 items" in done.out
    assert "figures, strict, accuracy" in cli("paper", "table", "paper/1", "--score-protocol", "strict").out


def test_a_damaged_run_ends_with_2_and_an_unknown_protocol_is_one_line(runs, cli, tmp_path, monkeypatch) -> None:
    write_table(tmp_path / "papers")
    monkeypatch.setattr(tables, "PAPERS", dataclasses.replace(tables.PAPERS, folder=tmp_path / "papers"))
    path = runs.base()
    for runs_named in ([path], []):
        for name in ("nonsense", "official"):
            done = cli("paper", "table", "paper/1", *runs_named, "--score-protocol", name)
            assert (done.code, done.out) == (2, "")
            assert f"no suite of table paper/1 (figures) has a protocol {name!r}" in done.err
    (path / "run.json").write_text("{}")
    done = cli("paper", "table", "paper/1", path)
    assert done.code == 2
    assert "is damaged" in done.err
    assert "99.00" in done.out
    assert cli("paper", "table", "paper/1", tmp_path / "nowhere").code == 2


def test_a_name_makes_no_line_of_its_own(runs, cli, tmp_path, monkeypatch) -> None:
    write_table(tmp_path / "papers")
    monkeypatch.setattr(tables, "PAPERS", dataclasses.replace(tables.PAPERS, folder=tmp_path / "papers"))
    runs.base(name="other\nleft out: nothing at all\x1b[2K")
    done = cli("paper", "table", "paper/1", tmp_path / "runs")
    assert done.err.count("\n") == 1
    assert "other\\nleft out: nothing at all\\x1b[2K" in done.err


def test_a_board_fills_a_table(runs, cli, tmp_path, monkeypatch) -> None:
    write_table(tmp_path / "papers")
    monkeypatch.setattr(tables, "PAPERS", dataclasses.replace(tables.PAPERS, folder=tmp_path / "papers"))
    runs.base((0, 1))
    runs.trained((0, 1, 2))
    from_runs = cli("paper", "table", "paper/1", tmp_path / "runs").out
    made = cli("board", "build", tmp_path / "runs", "--draft", "--out", tmp_path / "board")
    assert made.code == 0, made.err
    done = cli("paper", "table", "paper/1", tmp_path / "board")
    assert (done.code, done.out) == (0, from_runs)
    assert "75.00 in" in done.out
