"""Boards, runs and verdicts as data frames: the published numbers, one type a column, and no pandas until it is wanted."""

import dataclasses
import json
import subprocess
import sys

import pytest

from proctor.benchmarks.examination import plan, score_run
from proctor.harness.errors import DataError, UsageError, install, printable
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Sampling
from proctor.leaderboards import load, load_verdicts
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.table import Row, read_csv, rows, to_csv

pd = pytest.importorskip("pandas")

HOSTILE = 'm\ud800<b>,"\n=1+1'


@pytest.fixture
def runs(tmp_path, examine, scripted):
    """Two runs of one model, greedy and with two samples; the last answer of the second is an engine's error."""
    right = scripted(name="model")
    run_eval(examine(), right, tmp_path / "runs" / "greedy")
    failing = scripted(
        lambda item, sample: RuntimeError("out of memory") if (item, sample) == ("q3", 1) else r"\boxed{6}", "model"
    )
    run_eval(examine(n=2, temperature=0.5), failing, tmp_path / "runs" / "sampled")
    return tmp_path / "runs"


def test_every_column_of_a_row_in_order_and_of_one_type(runs):
    frame = load(runs)
    assert list(frame.columns) == [field.name for field in dataclasses.fields(Row)]
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert {kinds[name] for name in ("score", "stderr", "ci_low", "ci_high", "temperature", "top_p")} == {"float64"}
    counts = ("correct", "total", "n", "clusters", "items", "errors", "missing", "contamination", "seed", "max_tokens")
    assert {kinds[name] for name in counts} == {"Int64"}
    assert kinds["git_dirty"] == "boolean"
    assert {kinds[name] for name in ("suite", "model", "status", "weights", "referee")} == {"string"}


def test_the_numbers_are_those_of_the_table(runs):
    frame = load(runs / "greedy")
    table = sorted(rows(score_run(runs / "greedy")))
    assert list(frame["metric"]) == [row.metric for row in table]
    assert list(frame["score"]) == [float(row.score) for row in table]
    assert list(frame["n"]) == [row.n for row in table]
    assert frame["contamination"].isna().all()


def test_an_incomplete_run_has_no_score_unless_it_is_asked_for(runs):
    assert load(runs / "sampled")["score"].isna().all()
    partial = load(runs / "sampled", partial=True)
    assert set(partial["status"]) == {"partial"}
    assert partial.loc[partial["metric"] == "accuracy", "score"].item() == 0


def test_a_board_is_as_published_by_folder_and_by_file(runs, tmp_path):
    board = tmp_path / "board"
    build([runs / "greedy"], [None], board, draft=True)
    folder, file, now = load(board), load(board / "board.csv"), load(runs / "greedy")
    pd.testing.assert_frame_equal(folder, file)
    pd.testing.assert_frame_equal(folder.drop(columns="evidence"), now.drop(columns="evidence"))
    (tmp_path / "doctored.csv").write_bytes(
        to_csv(dataclasses.replace(row, score="0.25") for row in read_csv(board / "board.csv"))
    )
    assert set(load(tmp_path / "doctored.csv")["score"]) == {0.25}


def test_several_places_make_one_frame(runs, tmp_path):
    build([runs / "greedy"], [None], tmp_path / "board", draft=True)
    assert len(load(tmp_path / "board", runs / "sampled")) == len(load(runs / "greedy")) + len(load(runs / "sampled"))


def test_a_mean_over_a_name_mixes_neither_two_models_nor_two_samplings(tmp_path, examine, scripted):
    asked = {
        "greedy": ({}, {"weights": "one"}),
        "drawn": ({"temperature": 0.5}, {"weights": "one"}),
        "other": ({}, {"weights": "two"}),
    }
    for name, (drawn, weights) in asked.items():
        run_eval(examine(**drawn), scripted(name="model", **weights), tmp_path / "runs" / name)
    for frame in (load(tmp_path / "runs"), load_verdicts(tmp_path / "runs")):
        assert set(frame["model"]) == {
            "model (temperature 0.0, weights one)",
            "model (temperature 0.5, weights one)",
            "model (temperature 0.0, weights two)",
        }
    assert set(load(tmp_path / "runs" / "drawn")["model"]) == {"model"}


def test_runs_that_differ_in_nothing_that_is_known_are_told_apart_by_their_ids(tmp_path, cli):
    for number in (1, 2):
        file = tmp_path / f"{number}.jsonl"
        lines = [{"id": one.item.id, "response": str(number)} for one in plan("mathvision", "strict", Sampling()).asked]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        cli("import", file, "--suite", "mathvision", "--model-name", "model", "--out", tmp_path / "runs")
    frame = load(tmp_path / "runs")
    assert set(frame["model"]) == {f"model [{run_id[:8]}]" for run_id in frame["run_id"]}
    assert frame["run_id"].nunique() == 2


def test_protocols_judge_runs_and_choose_rows_of_boards(scripted, tmp_path):
    run, board = tmp_path / "run", tmp_path / "board"
    run_eval(plan("chartqa", "strict", Sampling()), scripted(), run)
    build([run], ["strict", "official"], board, draft=True)
    judged = load(run, protocols=["strict", "official"])
    assert set(judged["protocol"]) == {"strict", "official"}
    pd.testing.assert_frame_equal(judged.drop(columns="evidence"), load(board).drop(columns="evidence"))
    assert set(load(board, protocols=["official"])["protocol"]) == {"official"}
    assert set(load_verdicts(board, protocols=["official"])["protocol"]) == {"official"}
    with pytest.raises(UsageError, match="no protocol 'nothing'"):
        load(run, protocols=["nothing"])


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *(
            ("score", text)
            for text in ("high", "nan", "5", "-3", "1.000001", "-0.1", "0_1", "0_1.0", "\u0663.0", "1e-1")
        ),
        *(("ci_low", "inf"), ("ci_low", "-0.000001"), ("ci_high", "1.5"), ("stderr", "-0.1"), ("stderr", " 0.1")),
        *(("seed", "1e3"), ("git_dirty", "yes"), ("temperature", "hot"), ("temperature", "1e999"), ("top_p", "0_1")),
        ("correct", 5),
    ],
)
def test_a_number_that_is_none_is_refused(runs, tmp_path, column, text):
    row = rows(score_run(runs / "greedy"))[0]
    (tmp_path / "board.csv").write_bytes(to_csv([dataclasses.replace(row, **{column: text})]))
    with pytest.raises(DataError, match=column):
        load(tmp_path / "board.csv")


def test_a_row_that_no_run_can_give_is_refused_with_its_place_whatever_is_chosen(runs, tmp_path):
    found = rows(score_run(runs / "greedy"))
    (tmp_path / "board.csv").write_bytes(to_csv([*found[1:], dataclasses.replace(found[0], score="5.000000")]))
    with pytest.raises(DataError, match=r"board\.csv, row \d: score is '5\.000000', not a number from 0 to 1"):
        load(tmp_path / "board.csv", protocols=["official"])


@pytest.mark.parametrize("text", ["0", "0.7", "1e-05", "0.00030000000000000003", "1.5e+22"])
def test_a_setting_is_read_as_it_was_written(runs, tmp_path, text):
    row = dataclasses.replace(rows(score_run(runs / "greedy"))[0], temperature=text)
    (tmp_path / "board.csv").write_bytes(to_csv([row]))
    assert load(tmp_path / "board.csv")["temperature"].item() == float(text)


def test_nothing_to_load_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="name a board"):
        load()
    with pytest.raises(UsageError, match="no such run directory"):
        load(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no run directories"):
        load_verdicts(tmp_path)


def test_what_is_no_path_is_one_line():
    for load_any in (load, load_verdicts):
        for place in (3, None):
            with pytest.raises(UsageError, match=f"a place must be a path, not {type(place).__name__}$"):
                load_any(place)
        for places in ([], ["board"]):
            with pytest.raises(UsageError, match=r"not list; spread a list: load\(\*paths\)"):
                load_any(places)


def test_verdicts_of_a_file_are_refused_with_what_is_needed(runs, tmp_path):
    build([runs / "greedy"], [None], tmp_path / "board", draft=True)
    with pytest.raises(UsageError, match="name the board's folder, with its evidence"):
        load_verdicts(tmp_path / "board" / "board.csv")


def test_a_verdict_is_a_row_with_its_items_categories(runs):
    frame = load_verdicts(runs)
    assert len(frame) == 4 + 8
    assert list(frame.columns[:12]) == [
        "model", "suite", "protocol", "run_id", "item_id", "sample", "correct", "extracted", "rule", "reason",
        "truncated", "cluster",
    ]  # fmt: skip
    assert {name: str(frame[name].dtype) for name in ("sample", "correct", "truncated", "extracted")} == {
        "sample": "Int64",
        "correct": "boolean",
        "truncated": "boolean",
        "extracted": "string",
    }
    assert list(frame.columns[12:]) == ["meta.tags", "meta.task"]
    assert set(frame["meta.task"]) == {"read"}
    assert frame["meta.tags"].iloc[0] == ("a", "b")
    greedy = frame[frame["run_id"] == frame["run_id"].iloc[0]]
    assert greedy["correct"].all()
    assert list(greedy["cluster"]) == ["pair 0", "pair 0", "pair 1", "pair 1"]
    failed = frame[frame["rule"] == "error"]
    assert len(failed) == 1
    assert failed["correct"].isna().all()
    assert "out of memory" in failed["reason"].item()


def test_the_verdicts_give_the_score_of_the_table(runs):
    verdicts, table = load_verdicts(runs / "greedy"), load(runs / "greedy")
    assert verdicts["correct"].mean() == table.loc[table["metric"] == "accuracy", "score"].item()


def test_verdicts_of_a_board_come_from_its_evidence(runs, tmp_path):
    build([runs / "greedy"], [None], tmp_path / "board", draft=True)
    pd.testing.assert_frame_equal(load_verdicts(tmp_path / "board"), load_verdicts(runs / "greedy"))


def test_categories_keep_their_types_and_hostile_texts_arrive(tmp_path, scripted):
    metas = [
        {"task": HOSTILE, "level": 3, "hard": True, "share": 0.5, "mixed": 1, "huge": 2**80},
        {"task": None, "level": None, "hard": None, "share": None, "mixed": "one", HOSTILE: "x"},
    ]
    items = [
        Item(f"q{n}{HOSTILE}", "figures", "?", "5", "number", cluster=HOSTILE, meta={"task": "read", **meta})
        for n, meta in enumerate(metas)
    ]
    asked = [Sample(item, Prompt((item.question,))) for item in items]
    answer = f"\\boxed{{5}} {HOSTILE}"
    run_eval(
        Examination("figures", "strict", asked, Sampling()), scripted(lambda *_: answer, HOSTILE), tmp_path / "run"
    )
    frame = load_verdicts(tmp_path / "run")
    kinds = {name: str(frame[f"meta.{name}"].dtype) for name in ("task", "level", "hard", "share", "mixed", "huge")}
    assert kinds == {
        "task": "string",
        "level": "Int64",
        "hard": "boolean",
        "share": "float64",
        "mixed": "object",
        "huge": "object",
    }
    spelled = HOSTILE.replace("\ud800", "\\ud800")
    assert frame["model"].iloc[0] == load(tmp_path / "run")["model"].iloc[0] == printable(HOSTILE)
    assert frame[f"meta.{spelled}"].iloc[1] == "x"
    frame.to_csv(tmp_path / "verdicts.csv")


def test_pandas_is_imported_only_when_it_is_wanted():
    code = "import sys, proctor.leaderboards; print('pandas' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_without_pandas_there_is_one_clear_line():
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import proctor.leaderboards\n"
        "try: proctor.leaderboards.load('x')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert install("boards") in done.stdout
    assert done.stdout.count("\n") == 1


def test_other_names_are_not_there():
    import proctor.leaderboards

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = proctor.leaderboards.nothing
