"""The command line: light help, one-line errors, exit codes, JSON alone on stdout, and the tiny checkpoint end to end."""

import importlib.util
import json
import os
import re
import shutil
import subprocess

import pytest

from proctor import evaluate
from proctor.benchmarks.base import SAMPLES
from proctor.harness.cli import HEADINGS, RENAMED
from proctor.harness.errors import DataError
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import RunReader
from proctor.trainers.tiny import BASE

VERBS = [name for commands in HEADINGS.values() for name in commands]
TINY = str(BASE)
HEAVY = ["torch", "transformers", "tokenizers", "safetensors", "numpy", "scipy", "rich", "PIL"]
REPORT = """
import sys
from proctor.harness.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as error:
    code = error.code or 0
print("MODULES", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(code)
"""


@pytest.fixture
def imported(start):
    """Runs a command in a process of its own; returns its exit code and the packages that it imported."""

    def run(*arguments):
        process = start("-c", REPORT, *arguments)
        out, err = process.communicate(timeout=120)
        assert b"MODULES" in out, err
        return process.returncode, set(out.decode().rpartition("MODULES")[2].split())

    return run


@pytest.fixture
def run_path(tmp_path, examine, scripted):
    """A complete run: three of four right."""
    run_eval(examine(), scripted(lambda i, k: r"\boxed{6}" if i == "q3" else r"\boxed{5}"), tmp_path / "stored")
    return tmp_path / "stored"


@pytest.fixture
def incomplete(tmp_path, examine, scripted):
    """A run in which one question failed."""
    run_eval(examine(), scripted(lambda i, k: ValueError("tired") if i == "q3" else r"\boxed{5}"), tmp_path / "partial")
    return tmp_path / "partial"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["eval", "--help"], ["score", "--help"], []])
def test_help_imports_nothing_heavy(imported, arguments):
    code, modules = imported(*arguments)
    assert code == (0 if arguments else 2)
    assert modules.isdisjoint(HEAVY)


def test_a_model_that_is_not_there_is_said_before_anything_heavy_is_imported(imported):
    code, modules = imported("eval", "--model", "/nope", "--suite", "figures")
    assert code == 2
    assert modules.isdisjoint({"torch", "transformers", "scipy"})


@pytest.mark.parametrize("arguments", [["score"], ["score", "--json"], ["board", "build", "--draft"]])
def test_scoring_stored_runs_imports_no_model_library(imported, run_path, arguments, tmp_path):
    if arguments[0] == "board":
        arguments = [*arguments, "--out", str(tmp_path / "board")]
    code, modules = imported(*arguments, str(run_path))
    assert code == 0
    assert modules.isdisjoint({"torch", "transformers", "tokenizers", "safetensors"})


def test_listing_suites_and_replaying_import_no_model_library(imported, run_path, tmp_path):
    for arguments in (
        ["suite", "list"],
        ["eval", "--engine", "replay", "--model", run_path, "--suite", "figures", "--limit", 1],
    ):
        _, modules = imported(*map(str, arguments), *(["--out", str(tmp_path / "out")] if "eval" in arguments else []))
        assert modules.isdisjoint({"torch", "transformers"})


def test_help_names_every_verb_and_what_it_does(cli):
    done = cli("--help")
    assert done.code == 0
    assert all(re.search(rf"^\s+{verb.split()[0]}\s+\w", done.out, re.MULTILINE) for verb in VERBS)
    for verb in VERBS:
        shown = cli(*verb.split(), "--help")
        assert shown.code == 0
        assert f"proctor {verb}" in shown.out


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_command_that_is_gone_names_its_new_one(cli, old, new):
    done = cli(old, "--json")
    assert done.code == 2
    names = " or ".join(f"`proctor {name}`" for name in new.split(" or "))
    assert done.err == f"`proctor {old}` is now {names}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nope"], ["eval"], ["eval", "--suite", "figures"], ["score"], ["eval", "--limit", "x"]]
)
def test_usage_errors_end_with_2(cli, arguments):
    done = cli(*arguments)
    assert done.code == 2
    assert done.err.startswith("proctor")
    assert done.err.count("\n") == 1
    assert re.search(r" \(see `proctor[ a-z]* --help`\)$", done.err)
    assert done.out == ""


def fails(done, code, *needles):
    """It ended with that code and said so on stderr (a line, or one for each problem of the data), with no trace."""
    assert done.code == code, done.err
    said = [line for line in done.err.splitlines() if line.startswith("proctor ")]
    assert len(said) == 1, done.err
    assert "Traceback" not in done.err
    assert "unexpected" not in said[0]
    assert done.out == ""
    for needle in needles:
        assert re.search(needle, done.err), done.err


def figures(*more, model=TINY):
    return ["eval", "--model", model, "--suite", "figures", *more]


BAD_COMMANDS = {
    "missing model": (figures(model="nowhere"), r"nowhere: no such checkpoint folder"),
    "empty model": (figures(model=""), r"config\.json"),
    "unknown suite": (
        ["eval", "--model", TINY, "--suite", "mathvison"],
        r"no suite is called 'mathvison'; did you mean mathvision",
    ),
    "empty suite": (["eval", "--model", TINY, "--suite", "figures,"], r"holds an empty name"),
    "unknown engine": (figures("--engine", "vlm"), r"no engine is called 'vlm'; did you mean vllm\?"),
    "unknown protocol": (figures("--protocol", "lax"), r"no protocol 'lax'; it has: .*strict"),
    "engine option without a value": (figures("--engine-option", "batch"), r"must look like batch=64"),
    "unknown engine option": (
        figures("--engine-option", "speed=9"),
        r"no option 'speed'; it has: base, batch, device, dtype",
    ),
    "bad engine option": (figures("--engine-option", "batch=many"), r"option batch must be"),
    "limit 0": (figures("--limit", "0"), r"limit must be at least 1"),
    "limit -3": (figures("--limit", "-3"), r"limit must be at least 1"),
    "temperature -1": (figures("--temperature", "-1"), r"temperature = -1\.0 is out of range"),
    "temperature nan": (figures("--temperature", "nan"), r"temperature = nan"),
    "top-p 0": (figures("--top-p", "0"), r"top_p = 0"),
    "top-p 2": (figures("--top-p", "2"), r"top_p = 2"),
    "no samples": (figures("--samples", "0"), r"n = 0"),
    "no tokens": (figures("--max-tokens", "0"), r"max_tokens = 0"),
    "data for a drawn suite": (figures("--data", "x.jsonl"), r"drawn, not read"),
    "missing data": (
        ["eval", "--model", TINY, "--suite", "mathvision", "--data", "no/such.jsonl"],
        r"cannot read no/such\.jsonl",
    ),
    "a data set of the hub as data": (
        ["eval", "--model", TINY, "--suite", "mathvista", "--data", "lmms-lab/MathVista"],
        r"lmms-lab/MathVista: no such file or folder; the hub's AI4Math/MathVista is asked by `--data hub`, once `proctor "
        r"suite pull SUITE` has pinned it$",
    ),
    "a misspelt sample": (
        ["eval", "--model", TINY, "--suite", "mathvista", "--data", "sampel"],
        r"sampel: no such file or folder; did you mean sample\?$",
    ),
    "a name of another tool as data": (
        ["eval", "--model", TINY, "--suite", "mathvista", "--data", "MathVista_MINI"],
        r"MathVista_MINI: no such file or folder; data are a \.jsonl, .* `sample` or `hub`$",
    ),
    "a folder that is no checkpoint": (
        figures(model="."),
        r"\.: holds no config\.json: no checkpoint in Hugging Face format$",
    ),
    "a file of a checkpoint": (
        figures(model=f"{TINY}/config.json"),
        rf"config\.json: is a file of a checkpoint: name its folder, {TINY}$",
    ),
    "a folder of checkpoints": (
        figures(model=str(BASE.parent)),
        rf"holds no config\.json: no checkpoint in Hugging Face format; it holds checkpoints, like {BASE.parent}/",
    ),
    "a folder as data": (["eval", "--model", TINY, "--suite", "mathvision", "--data", "."], r"\.: no \.jsonl, "),
    "one data file for two suites": (
        ["eval", "--model", TINY, "--suite", "figures,mathvision", "--data", "d"],
        "--data must be SUITE=DATA with a suite of figures, mathvision",
    ),
    "replay of nothing": (figures("--engine", "replay", model="nowhere"), r"nowhere is no run directory"),
    "score nothing": (["score", "nowhere"], r"nowhere: no such run directory"),
    "score an empty folder": (["score", "."], r"no run directories in \.: hold one with `proctor eval`"),
    "board of nothing": (["board", "build", "nowhere"], r"nowhere: no such run directory"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_a_mistake_is_one_line_that_says_what_to_do(cli, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, needle = BAD_COMMANDS[name]
    fails(cli(*arguments), 2, needle)
    assert not list(tmp_path.rglob("run.json"))


def test_a_mistake_in_a_real_process(cli_process, tmp_path):
    fails(cli_process(*figures("--engine", "replay", model="nowhere"), cwd=tmp_path), 2, "nowhere is no run directory")


def test_debug_shows_the_trace(cli_process, cli, tmp_path):
    done = cli_process("--debug", *figures("--engine", "replay", model="nowhere"), cwd=tmp_path)
    assert done.code != 0
    assert "Traceback" in done.err
    assert "DataError" in done.err
    with pytest.raises(DataError, match="out of range"):
        cli("--debug", *figures("--temperature", "-1"))


@pytest.fixture
def data(tmp_path):
    """A copy of a bundled sample to damage: (file, its lines)."""
    folder = tmp_path / "data"
    shutil.copytree(SAMPLES / "images", folder / "images")
    shutil.copy(SAMPLES / "mathvision.jsonl", folder / "items.jsonl")
    return folder / "items.jsonl"


def damage_line(file, number, change):
    lines = file.read_bytes().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    file.write_bytes(b"".join(lines))


BAD_DATA = {
    "a broken line": (lambda f: damage_line(f, 2, lambda line: line[:20] + b"\n"), r"items\.jsonl:2: not valid JSON"),
    "a line that is a list": (lambda f: damage_line(f, 3, lambda line: b"[1]\n"), r"items\.jsonl:3: a line must be"),
    "a missing column": (lambda f: damage_line(f, 1, lambda line: b'{"id": "1"}\n'), r"items\.jsonl:1: column"),
    "an id twice": (lambda f: f.write_bytes(f.read_bytes() * 2), r"already used"),
    "an empty file": (lambda f: f.write_bytes(b""), "no items"),
    "not UTF-8": (lambda f: damage_line(f, 1, lambda line: b"\xff\xfe" + line), r"items\.jsonl:1: not valid JSON"),
    "deep nesting": (lambda f: damage_line(f, 1, lambda line: b"[" * 10**6 + b"\n"), r"items\.jsonl:1: not valid JSON"),
    "a huge number": (
        lambda f: damage_line(f, 1, lambda line: b"1" * 10**5 + b"\n"),
        r"items\.jsonl:1: not valid JSON",
    ),
    "a missing image": (
        lambda f: shutil.rmtree(f.parent / "images"),
        r"items\.jsonl:1: image .* is missing: put it at",
    ),
    "an image outside": (
        lambda f: damage_line(f, 1, lambda line: line.replace(b"images/", b"../../../etc/")),
        r"lies outside the data folder|is missing",
    ),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_is_one_line_with_its_place(cli, data, name, tmp_path):
    change, needle = BAD_DATA[name]
    change(data)
    fails(cli("eval", "--model", TINY, "--suite", "mathvision", "--data", data, "--out", tmp_path / "out"), 2, needle)


def test_a_checkpoint_without_its_processor(cli, tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "copy")
    (tmp_path / "copy" / "preprocessor_config.json").unlink()
    fails(cli(*figures(model=tmp_path / "copy")), 2, "no image processor .*: copy it from the base model")


@pytest.mark.parametrize("option", ["device=toaster", "dtype=int8", "batch=0"])
def test_a_bad_option_of_the_real_engine(cli, tiny, tmp_path, option):
    fails(cli(*figures("--engine-option", option, "--out", tmp_path, model=tiny)), 2)


def test_scores_of_a_stored_run(cli, run_path):
    done = cli("score", run_path)
    assert done.code == 0
    assert "75.0" in done.out
    assert "3/4" in done.out
    assert done.err == ""


def test_every_metric_is_shown_when_asked_for(cli, run_path, incomplete):
    assert "accuracy/" not in cli("score", run_path).out
    done = cli("score", run_path, "--metrics")
    assert done.code == 0
    assert "accuracy/task=read" in done.out
    done = cli("score", incomplete, "--metrics")
    assert done.code == 3
    assert "accuracy/task=read" in done.out
    assert "100.0" not in done.out


def test_an_incomplete_run_has_no_score_and_ends_with_3(cli, incomplete, run_path, tmp_path):
    for command in (["score", incomplete], ["score", incomplete, run_path]):
        done = cli(*command)
        assert done.code == 3
        assert "incomplete: 1 missing" in done.out
        assert "100.0" not in done.out
    done = cli("board", "build", incomplete, run_path, "--draft", "--out", tmp_path / "board")
    assert done.code == 3
    assert "the run has 1 engine errors" in done.err
    lines = (tmp_path / "board" / "board.csv").read_text().splitlines()[1:]
    table = [line.split(",") for line in lines if line.split(",")[3] == "accuracy"]
    assert sorted(row[5] for row in table) == ["complete", "incomplete"]
    assert all((row[11] == "") == (row[5] == "incomplete") for row in (line.split(",") for line in lines))


@pytest.mark.parametrize("damage", ["responses.jsonl", "items.jsonl", "run.json"])
def test_a_forged_run_is_not_scored(cli, run_path, damage):
    file = run_path / damage
    file.write_bytes(file.read_bytes().replace(b"5", b"6"))
    fails(cli("score", run_path), 2, damage.replace(".", r"\."))


def test_json_is_alone_on_stdout(cli, run_path, incomplete, tmp_path):
    for command, code in (
        (["score", run_path, "--json"], 0),
        (["score", incomplete, "--json"], 3),
        (["suite", "list", "--json"], 0),
        (["eval", "--engine", "replay", "--model", incomplete, "--suite", "figures", "--json"], 3),
        (["eval", "--engine", "replay", "--model", run_path, "--suite", "figures", "--limit", 2, "--json"], 0),
    ):
        done = cli(*command, *(["--out", tmp_path / "out"] if command[0] == "eval" else []))
        assert done.code == code, done.err
        assert isinstance(json.loads(done.out), list)


def test_a_run_in_which_everything_failed_still_prints_json(cli, tmp_path, examine, scripted):
    failed = tmp_path / "failed"
    run_eval(examine(), scripted(lambda i, k: ValueError("tired")), failed)
    done = cli("eval", "--engine", "replay", "--model", failed, "--suite", "figures", "--out", tmp_path, "--json")
    (result,) = json.loads(done.out)
    assert done.code == 3
    assert (result["score"], result["total"], result["complete"]) == (None, 0, False)
    assert "tired" in done.err


def test_functions_of_one_name_are_told_apart_by_their_files(cli, tmp_path):
    for name, text in (("a", "5"), ("b", "6")):
        (tmp_path / f"{name}.py").write_text(f"def answer(prompt):\n    return '{text}'\n")
        spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        evaluate(module.answer, "figures", limit=2, out=tmp_path / "runs")
    done = cli("score", tmp_path / "runs")
    assert "answer (of a.py) " in done.out
    assert "answer (of b.py) " in done.out
    assert "{" not in done.out


def test_verdicts_are_written_one_a_line(cli, run_path, tmp_path):
    assert cli("score", run_path, "--verdicts", tmp_path / "verdicts.jsonl").code == 0
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert [(v["item_id"], v["correct"]) for v in verdicts] == [("q0", True), ("q1", True), ("q2", True), ("q3", False)]
    assert {v["run_id"] for v in verdicts} == {RunReader(run_path).manifest.run_id}


def test_names_from_files_can_not_control_the_terminal(cli, tmp_path, examine, scripted):
    name = "[red]\x1b[31mevil\x07[/red] [bold"
    run_eval(examine(), scripted(lambda i, k: r"\boxed{5}", name=name), tmp_path)
    done = cli("score", tmp_path)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\x07" not in done.out
    assert "[red]" in done.out


def test_the_tiny_checkpoint_is_examined_end_to_end(cli, tiny, tmp_path):
    command = figures("--limit", 10, "--max-tokens", 48, "--out", tmp_path / "runs", model=tiny)
    first = cli(*command)
    assert first.code == 0, first.err
    (run,) = (tmp_path / "runs").iterdir()
    assert str(run) in first.out
    assert re.fullmatch(r"base\.figures\.strict\.[0-9a-f]{16}", run.name)
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}

    again = cli(*command, "--json")
    assert again.code == 0
    (result,) = json.loads(again.out)
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    assert (result["complete"], result["total"], result["run"]) == (True, 10, str(run))
    assert result["correct"] > 0
    (scored,) = json.loads(cli("score", tmp_path / "runs", "--json").out)
    assert scored == result

    assert cli(*command, "--temperature", 1).code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2  # other sampling, other run
    fails(cli(*command, "--temperature", 1, "--run", run), 2, r"sampling\.temperature differ")


def test_several_suites_at_once(cli, tiny, tmp_path):
    done = cli(
        "eval",
        "--model",
        tiny,
        "--suite",
        "figures,mathvision",
        "--limit",
        2,
        "--max-tokens",
        8,
        "--out",
        tmp_path,
        "--json",
    )
    assert done.code == 0, done.err
    assert [one["suite"] for one in json.loads(done.out)] == ["figures", "mathvision"]


def test_a_file_where_runs_should_go_is_3(cli, run_path, tmp_path):
    (tmp_path / "file").write_text("mine")
    command = ["eval", "--engine", "replay", "--model", run_path, "--suite", "figures", "--limit", 1]
    fails(cli(*command, "--out", tmp_path / "file"), 3, "cannot open run directory")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_is_full_or_closed_is_no_trace(start, run_path, stream):
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        process = start("-m", "proctor.harness.cli", "score", run_path, **{stream: full})
        out, err = process.communicate(timeout=60)
    if stream == "stdout":
        assert process.returncode not in (0, None)
    else:
        assert process.returncode == 0
    assert b"Traceback" not in (out or b"") + (err or b"")


def test_a_reader_that_goes_away_leaves_no_trace(start, run_path):
    read, write = os.pipe()
    os.close(read)
    process = start("-m", "proctor.harness.cli", "score", run_path, "--json", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"Traceback" not in err


@pytest.mark.engine
def test_json_of_a_real_evaluation_is_alone_on_stdout(cli_process, tiny, tmp_path):
    done = cli_process(*figures("--limit", 3, "--max-tokens", 8, "--json", model=tiny), cwd=tmp_path)
    assert done.code == 0, done.err
    assert json.loads(done.out)[0]["total"] == 3
    assert "Traceback" not in done.err


def test_the_installed_command_is_this_one(run_path):
    command = shutil.which("proctor") or pytest.skip("proctor is not on the path")
    done = subprocess.run([command, "score", run_path, "--json"], capture_output=True, check=True)
    assert json.loads(done.stdout)[0]["correct"] == 3


def test_a_run_never_goes_into_a_folder_that_holds_other_files(cli, tiny, tmp_path):
    own = tmp_path / "items.jsonl"
    own.write_text("mine\n")
    done = cli("eval", "--model", tiny, "--suite", "iconqa", "--limit", 1, "--max-tokens", 2, "--run", tmp_path)
    assert done.code == 2
    assert "holds other files (items.jsonl)" in done.err
    assert own.read_text() == "mine\n"


def test_control_characters_of_data_do_not_reach_the_terminal(cli, tiny, tmp_path):
    record = {
        "id": "1",
        "question": "q",
        "choices": [],
        "answer": "1",
        "level": 1,
        "subject": "s",
        "image": "a\x1b[31m\nb",
    }
    data = tmp_path / "items.jsonl"
    data.write_text(json.dumps(record))
    done = cli("eval", "--model", tiny, "--suite", "mathvision", "--data", data)
    assert done.code == 2
    assert "\x1b" not in done.err
    assert "a\\x1b[31m\\nb" in done.err


def test_watching_nothing_once_is_told(cli, tiny, tmp_path):
    for folder, hint in ((tmp_path / "none", "no checkpoints"), (tiny, "proctor eval")):
        done = cli("watch", folder, "--suite", "iconqa", "--data", "sample", "--once", "--out", tmp_path / "runs")
        assert done.code == 2
        assert hint in done.err


def test_boards_pages_and_tables_are_printed_as_json(cli, run_path, tmp_path):
    built = json.loads(cli("board", "build", run_path, "--draft", "--out", tmp_path / "board", "--json").out)
    assert built["board"] == str(tmp_path / "board")
    assert {row["suite"] for row in built["rows"]} == {"figures"}
    page = tmp_path / "page.html"
    assert json.loads(cli("show", run_path, "--html", page, "--json").out) == {"page": str(page), "without_score": []}
    cells = json.loads(cli("paper", "table", "1", "--json").out)
    assert "printed" in cells[0]
    assert "mm_upt/1" in {table["name"] for table in json.loads(cli("paper", "table", "--json").out)}
    card = json.loads(
        cli("board", "export", "model-card", run_path, "--model-name", built["rows"][0]["model"], "--json").out
    )
    assert card["card"] is None
    assert "figures" in card["section"]


@pytest.mark.parametrize("wrong", [("--set", "reward=majorty"), ("--set", "policy.stepps=2"), ("--base", "nosuch")])
def test_what_cannot_be_trained_is_told_in_one_line_without_a_bar(cli, tmp_path, wrong):
    done = cli("train", "mm_upt_figures", "--out", tmp_path / "out", *wrong)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("proctor train: ")


def test_a_misspelled_suite_of_data_is_named(cli, tmp_path):
    done = cli("eval", "--model", TINY, "--suite", "figures", "--data", "figurs=items.jsonl")
    assert (done.code, "no suite here is called 'figurs'; write figures=DATA" in done.err) == (2, True)
