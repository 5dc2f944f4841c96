"""Evaluation results: huggingface_hub reads back what the table says, and only whole published sets are claimed."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.examination import score_run
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, UsageError, install
from proctor.harness.runs.store import Manifest
from proctor.leaderboards.board.build import build
from proctor.leaderboards.board.table import rows, to_csv

pytest.importorskip("huggingface_hub", minversion="1.4")
yaml = pytest.importorskip("yaml")

from huggingface_hub import parse_eval_result_entries  # noqa: E402

from proctor.leaderboards.export.eval_results import ResultSource, eval_results  # noqa: E402

HOSTILE = "evil: [x]\n- dataset: {id: a/b}\n--- # <script>alert(1)</script> | ../../x \ud800 \u202e"


def read(content):
    (entry,) = parse_eval_result_entries(yaml.safe_load(content))
    return entry


def test_every_suite_of_the_hub_has_its_sets():
    for published in (SUITES.get(name).published for name in SUITES.names()):
        if published.hub is not None:
            assert published.sets
            assert set(published.hub.tasks) <= set(published.sets)
            assert len(set(published.sizes.values())) == len(published.sets) + len(published.parts)


def test_the_command_writes_what_the_hub_reads(held, cli, tmp_path):
    run = held()
    done = cli(
        "board", "export", "eval-results", run, "--model-name", "model", "--out", tmp_path / "repository", "--json"
    )
    assert done.code == 0
    (path,) = json.loads(done.out)["files"]
    assert path == str(tmp_path / "repository" / ".eval_results" / "mathvision.testmini.strict.yaml")
    entry = read(Path(path).read_text())
    first = rows(score_run(run))[0]
    assert (entry.dataset_id, entry.task_id) == ("MathLLMs/MathVision", "mathvision_testmini")
    assert entry.value == pytest.approx(100 * first.correct / first.total, abs=1e-4)
    assert entry.date == Manifest.read(run).environment["started"]
    assert entry.source_url is None
    for said in (f"protocol strict (version {first.protocol_version}, grader", "95% interval", f"n {first.n} in"):
        assert said in entry.notes
    for digest in (first.weights, first.data, first.responses, first.run_id):
        assert digest in entry.notes


def test_a_board_says_the_same_and_its_evidence_knows_the_date(held, cli, tmp_path):
    run = held()
    build([run], [None], tmp_path / "board", draft=True)
    for source, name in ((run, "a"), (tmp_path / "board", "b"), (tmp_path / "board" / "board.csv", "c")):
        assert (
            cli("board", "export", "eval-results", source, "--model-name", "model", "--out", tmp_path / name).code == 0
        )
    a, b, c = (read(next((tmp_path / name / ".eval_results").iterdir()).read_text()) for name in "abc")
    assert (a.value, a.date) == (b.value, b.date)
    assert (c.value, c.date) == (b.value, None)
    assert "evidence" in b.notes


def test_writing_again_changes_nothing(held, cli, tmp_path):
    run, out = held(), tmp_path / "repository"
    written = []
    for _ in range(2):
        cli("board", "export", "eval-results", run, "--model-name", "model", "--out", out)
        written.append({path.name: path.read_bytes() for path in (out / ".eval_results").iterdir()})
    assert written[0] == written[1]


def test_less_than_a_whole_set_is_refused(row):
    sample = dataclasses.replace(row, items=7)
    found = eval_results("model", [sample])
    assert not found.files
    assert "no whole set of MathLLMs/MathVision (test 3040, testmini 304)" in found.left_out[0]


def test_a_part_that_is_published_is_no_whole_set(row):
    part = dataclasses.replace(row, suite="mathverse", items=788)
    assert "no whole set of AI4Math/MathVerse" in eval_results("model", [part]).left_out[0]


def test_a_suite_that_is_not_on_the_hub_is_left_out_and_said(examine, scripted, cli, tmp_path):
    from proctor.harness.runs.evaluate import run_eval

    run_eval(examine(), scripted(name="model"), tmp_path / "run")
    done = cli("board", "export", "eval-results", tmp_path / "run", "--model-name", "model", "--out", tmp_path / "out")
    assert done.code == 2
    assert "left out: figures is not on the hub" in done.err
    assert "nothing of 'model' can be published" in done.err
    assert not (tmp_path / "out").exists()


def test_an_incomplete_run_is_left_out_with_exit_code_3(held, testmini, scripted, cli, tmp_path):
    from proctor.harness.runs.evaluate import run_eval

    held()
    failing = scripted(lambda item, sample: RuntimeError("no memory") if item == "q7" else r"\boxed{5}", "model")
    other = dataclasses.replace(testmini, sampling=dataclasses.replace(testmini.sampling, seed=1))
    run_eval(other, failing, tmp_path / "runs" / "broken")
    done = cli("board", "export", "eval-results", tmp_path / "runs", "--model-name", "model", "--out", tmp_path / "out")
    assert done.code == 3
    assert "is incomplete" in done.err
    assert len(list((tmp_path / "out" / ".eval_results").iterdir())) == 1


def test_a_partial_score_is_never_published(row):
    assert eval_results("model", [dataclasses.replace(row, status="partial")]).incomplete == 1


def test_two_runs_of_one_set_have_a_file_each(row):
    other = dataclasses.replace(row, run_id="f" * 16, score="0.5")
    found = eval_results("model", [row, other])
    assert sorted(found.files) == sorted(f"mathvision.testmini.strict.{one.run_id}.yaml" for one in (row, other))
    with pytest.raises(DataError, match="two rows"):
        eval_results("model", [row, row])


def test_only_the_headline_is_exported(row):
    other = dataclasses.replace(row, metric="accuracy/level=1")
    assert len(eval_results("model", [row, other]).files) == 1


def test_a_name_that_two_models_bear_is_refused(row):
    with pytest.raises(UsageError, match="2 models"):
        eval_results("model", [row, dataclasses.replace(row, weights="0" * 64)])
    with pytest.raises(UsageError, match="there are: 'model'"):
        eval_results("other", [row])


def test_a_task_that_is_not_known_is_said_and_can_be_named(row):
    vista = dataclasses.replace(row, suite="mathvista", items=1000)
    found = eval_results("model", [vista])
    assert "AI4Math/MathVista: task 'default' is a guess; --task mathvista=ID" in found.uncertain[0]
    named = eval_results("model", [vista], tasks={"mathvista": "testmini"})
    assert read(next(iter(named.files.values()))).task_id == "testmini"
    assert not named.uncertain


def test_the_source_is_in_the_entry_and_must_be_a_url(row, held, cli, tmp_path):
    entry = read(
        next(iter(eval_results("model", [row], source=ResultSource("https://a.example/b", "Board")).files.values()))
    )
    assert (entry.source_url, entry.source_name) == ("https://a.example/b", "Board")
    for bad in ("javascript:alert(1)", "https://a\nb", "ftp://x", ""):
        with pytest.raises(UsageError, match="http"):
            ResultSource(bad)
    arguments = ("board", "export", "eval-results", held(folder="x"), "--model-name", "model", "--out", tmp_path / "o")
    assert cli(*arguments, "--source-name", "Board").code == 2
    assert cli(*arguments, "--task", "mathvision").code == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--task", "zzz=1"), "no suite 'zzz' is on the hub, for a task"),
        (("--task", "figures=1"), "no suite 'figures' is on the hub"),
        (("--task", "mathvision=a\nleft out: b"), "must be an id without spaces, not 'a\\nleft out: b'"),
        (("--task", "mathvision=a\x1b[2K"), "must be an id without spaces"),
        (("--source-url", "https://a.example", "--source-name", "a\nb"), "must be text on one line"),
        (("--source-url", "https://a.example", "--source-name", "a\x1b[2K"), "must be text on one line"),
        (("--source-url", "https://a.example", "--source-name", ""), "must be text on one line"),
    ],
)
def test_a_task_or_source_that_can_not_be_is_one_line(held, cli, tmp_path, options, words):
    done = cli("board", "export", "eval-results", held(), "--model-name", "model", "--out", tmp_path / "out", *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert words in done.err
    assert not (tmp_path / "out").exists()


def test_a_run_id_makes_no_line_of_its_own(row, cli, tmp_path):
    forged = dataclasses.replace(row, run_id="x\nleft out: nothing\x1b[2K", status="incomplete", score="")
    (tmp_path / "board.csv").write_bytes(to_csv([row, forged]))
    for form in (("eval-results", "--out", tmp_path / "out"), ("model-card",)):
        done = cli("board", "export", *form, tmp_path / "board.csv", "--model-name", "model")
        assert (done.code, done.err.count("\n")) == (3, 1)
        assert "x\\nleft out: nothing\\x1b[2K" in done.err


@pytest.mark.parametrize("score", ["5", "-3", "0_1", "\u0663", "5.000000", "1e-1"])
def test_a_score_that_no_board_has_is_not_exported(row, cli, tmp_path, score):
    (tmp_path / "board.csv").write_bytes(to_csv([dataclasses.replace(row, score=score)]))
    for form in (("eval-results", "--out", tmp_path / "out"), ("model-card",)):
        done = cli("board", "export", *form, tmp_path / "board.csv", "--model-name", "model")
        assert (done.code, done.out) == (2, "")
        assert "score is" in done.err
    with pytest.raises(DataError, match="score is"):
        eval_results("model", [dataclasses.replace(row, score=score)])


def test_what_a_reader_must_know_is_in_the_notes(row):
    told = dataclasses.replace(row, contamination="12", referee="judge-7b", refereed=5, prompt_protocol="official")
    notes = read(next(iter(eval_results("model", [told]).files.values()))).notes
    for said in ("trained on 12 of the 304 items", "judge-7b judged 5 answers", "asked by the prompt of official"):
        assert said in notes


@given(st.text(max_size=60).map(lambda text: text + HOSTILE[: len(text)]) | st.just(HOSTILE))
def test_hostile_texts_stay_texts_and_names_stay_in_the_folder(text):
    row = _plain_row(model=text, protocol=text, run_id=text, engine=text, weights=text, protocol_version=text)
    found = eval_results(text, [row])
    ((name, content),) = found.files.items()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert not name.startswith(".")
    entry = read(content.decode())
    assert entry.dataset_id == "MathLLMs/MathVision"
    assert "\n" not in entry.notes


def _plain_row(**texts):
    from proctor.leaderboards.board.table import Row

    values = {one.name: "" if one.type == "str" else 1 for one in dataclasses.fields(Row)}
    values |= {"suite": "mathvision", "items": 304, "metric": "accuracy", "status": "complete", "score": "0.333333"}
    return Row(**(values | texts))


def test_a_doctored_board_is_refused(row, cli, tmp_path):
    (tmp_path / "board.csv").write_bytes(to_csv([dataclasses.replace(row, score="1e999")]))
    done = cli(
        "board", "export", "eval-results", tmp_path / "board.csv", "--model-name", "model", "--out", tmp_path / "out"
    )
    assert done.code == 2
    assert "score is '1e999', not a number" in done.err


def test_without_the_extra_there_is_one_clear_line(held, cli, tmp_path, monkeypatch):
    import sys

    run = held()
    monkeypatch.delitem(sys.modules, "proctor.leaderboards.export.eval_results")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    done = cli("board", "export", "eval-results", run, "--model-name", "model", "--out", tmp_path / "out")
    assert done.code == 2
    assert install("boards") in done.err
