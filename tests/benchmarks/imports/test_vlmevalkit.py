"""VLMEvalKit's result files: the three formats, failures told as answers, and files that mean harm."""

import pickle
import struct
import sys
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.examination import plan
from proctor.benchmarks.imports import sheet
from proctor.benchmarks.imports.base import UNKNOWN_PROMPT, attach
from proctor.benchmarks.imports.run import open_import
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError, MissingExtraError, ProctorError
from proctor.harness.types import Recorded, Sampling

from .import_files import WRITERS, asked, chartqa_tsv, say, vlmevalkit_rows, write_json, write_tsv, write_xlsx

STEM = "Qwen2-VL-7B-Instruct_ChartQA_TEST"


@pytest.fixture(params=sorted(WRITERS))
def kind(request):
    """The formats that are readable here."""
    if request.param == "xlsx":
        pytest.importorskip("openpyxl", reason="needs openpyxl: pip install -e '.[data]'")
    return request.param


@pytest.fixture
def attached(tmp_path):
    """Writes rows in a format and attaches them: `attached(kind, rows)`."""

    def attach_rows(kind, rows, suite="chartqa"):
        path = WRITERS[kind](tmp_path / f"{STEM}.{kind}", rows)
        return attach(open_import(path, SUITES.get(suite)), asked(suite))

    return attach_rows


def problem(attached, kind, rows, suite="chartqa"):
    with pytest.raises(DataError) as caught:
        attached(kind, rows, suite)
    return str(caught.value)


def test_predictions_are_answers_as_they_are(attached, kind):
    said = say("chartqa") | {"h1": "a\r\x01_x0041_\x0b" if kind == "xlsx" else "a\x01_x0041_\x0b", "h2": " \n "}
    found = attached(kind, vlmevalkit_rows(said)[::-1])
    assert {name: one.text for (name, _), one in found.responses.items()} == said
    assert {one.prompt for one in found.asked} == {UNKNOWN_PROMPT}
    assert (found.prompt, found.samples) == ("unknown", 1)


def test_items_of_the_data_set_and_its_results_are_the_same(tmp_path):
    data = chartqa_tsv(tmp_path / "ChartQA_TEST.tsv")
    items = plan("chartqa", "strict", Sampling(), data).asked
    path = write_tsv(tmp_path / f"{STEM}.tsv", vlmevalkit_rows(say("chartqa")))
    source = open_import(path, SUITES.get("chartqa"))
    assert len(attach(source, items).responses) == len(items)
    assert source.model_name == "Qwen2-VL-7B-Instruct"


def test_the_model_is_unknown_where_the_name_does_not_say_it(tmp_path):
    for name in ("result.tsv", "_ChartQA_TEST.tsv", "x_ChartQA.tsv"):
        path = write_tsv(tmp_path / name, vlmevalkit_rows(say("chartqa")))
        assert open_import(path, SUITES.get("chartqa")).model_name is None


@pytest.mark.parametrize(
    ("stem", "model"),
    [
        ("X_LogicVista_Rationale", "X"),
        ("X_LogicVista_Rationale_gpt4o-mini", "X"),
        ("X_LogicVista_gpt4o-mini", "X"),
        ("a_b_LogicVista", "a_b"),
        ("tuned_on_LogicVista_LogicVista", "tuned_on_LogicVista"),
        ("X_LogicVistas", None),
    ],
)
def test_the_model_stands_before_the_data_set_whatever_follows(tmp_path, stem, model):
    path = write_json(tmp_path / f"{stem}.json", [{"index": 0, "question": "?", "prediction": "A"}])
    assert open_import(path, SUITES.get("logicvista")).model_name == model


@pytest.mark.parametrize(
    "stored",
    [
        "Failed to obtain answer via API.",
        "Failed to obtain answer via API. ",
        "503: Failed to obtain answer via API.",
        "Failed to obtain answer via API.: Failed with all possible conversation turns.",
        "Failed to obtain answer: <class 'RuntimeError'> CUDA out of memory",
        "None",
        "nan",
        None,
    ],
)
def test_failures_are_errors_and_no_answers(attached, kind, stored):
    found = attached(kind, vlmevalkit_rows(say("chartqa") | {"h1": stored}))
    assert found.responses["h1", 0].text is None
    assert found.responses["h1", 0].error
    assert sum(one.error is not None for one in found.responses.values()) == 1


def test_every_problem_is_told_at_once_with_its_row(attached, kind):
    rows = vlmevalkit_rows(say("chartqa"))
    rows[1] |= {"index": "stranger", "question": "What is the capital of Spain?"}
    rows[2]["question"] = "What is the capital of France?"
    rows.append(dict(rows[0]))
    told = problem(attached, kind, rows).splitlines()
    assert told[0].startswith("3 problems")
    first = 1 if kind == "json" else 2
    last = first + len(rows) - 1
    for line, number, word in zip(
        told[1:], [first + 1, first + 2, last], ["no item", "another", "already"], strict=True
    ):
        assert word in line
        if kind != "tsv":  # a cell of several lines moves the lines below it
            assert f"row {number}: " in line


def test_items_that_the_data_name_otherwise_are_found_by_their_question(attached, kind):
    rows = vlmevalkit_rows(say("chartqa"))
    found = attached(kind, [row | {"index": n} for n, row in enumerate(rows)])
    assert {name: one.text for (name, _), one in found.responses.items()} == say("chartqa")


def test_an_id_stands_beside_the_index(attached, kind):
    """LogicVista's TSV has both, and so have its results."""
    said = say("logicvista")
    rows = [
        {"index": n, "id": one.item.id, "question": one.item.question, "answer": one.item.answer,
         "prediction": said[one.item.id]}
        for n, one in enumerate(asked("logicvista"))
    ]  # fmt: skip
    found = attached(kind, rows, "logicvista")
    assert {name: one.text for (name, _), one in found.responses.items()} == said


RECORDED = {
    "mathvision": ({"res": "C", "log": "Succeed"}, Recorded("C", None, True)),
    "mathvista": ({"res": "C", "log": "Prefetch succeed"}, Recorded("C", None, False)),
    "wemath": ({"hit": 1, "log": "Match Log: "}, Recorded(None, True, True)),
    "logicvista": ({"res": "AC", "log": "Succeed", "hit": 0}, Recorded("A, C", False, True)),
    "dynamath": ({"parse": "True", "extracted": "5.3", "correct": "True"}, Recorded("5.3", True, False)),
    "chartqa": ({"eval_gt": "['5']", "eval_match": "[True, False]", "eval_score": 0.5}, Recorded(None, True, False)),
    "mathverse": (
        {"extract": "14", "log_extract": "Succeed", "score": "False", "log_score": "Succeed"},
        Recorded("14", False, True),
    ),
}


@pytest.mark.parametrize("suite", RECORDED)
def test_what_its_evaluation_added_is_kept_for_every_suite(attached, kind, suite):
    added, expected = RECORDED[suite]
    one = asked(suite)[0].item
    whole = {  # the columns that each suite's id is made of
        "mathverse": {"sample_index": one.id, "problem_version": one.meta.get("version")},
        "wemath": dict(zip(("ID", "key"), one.id.split("|"), strict=False)),
        "dynamath": {"qid": 1, "varid": 1},
        "mathvista": {"question": f"Hint: Please answer.\nQuestion: {one.question}\nChoices:\n(A) 1"},
    }
    row = {"index": one.id, "question": one.question, **whole.get(suite, {}), "prediction": "said", **added}
    (found,) = attached(kind, [row], suite).responses.values()
    assert (found.item_id, found.text, found.recorded) == (one.id, "said", expected)


def test_a_step_that_failed_recorded_nothing(attached, kind):
    row = vlmevalkit_rows(say("chartqa"))[0]
    (found,) = attached(kind, [row | {"res": "", "log": "Try 0: ...\nAll 5 retries failed.\n"}]).responses.values()
    assert found.recorded is None


def test_missing_columns_are_told(attached, kind):
    rows = [
        {key: value for key, value in row.items() if key != "prediction"} for row in vlmevalkit_rows(say("chartqa"))
    ]
    if kind == "tsv":
        rows = [row | {"prediction_extra": ""} for row in rows]
    assert "columns missing: prediction" in problem(attached, kind, rows)


def test_numbers_are_read_as_they_are_meant(attached, kind):
    if kind == "tsv":
        pytest.skip("a TSV has texts alone")
    rows = vlmevalkit_rows(say("chartqa"))
    rows[0]["prediction"] = 7
    assert attached(kind, rows).responses["h1", 0].text == "7"
    rows[0]["prediction"] = True
    if kind == "json":
        assert "must be a text" in problem(attached, kind, rows)


def test_a_suite_without_a_layout_is_told(attached):
    assert "no data set of suite iconqa" in problem(attached, "tsv", vlmevalkit_rows(say("chartqa")), "iconqa")


class TestSheets:
    """.xlsx files."""

    @pytest.fixture(autouse=True)
    def _openpyxl(self):
        pytest.importorskip("openpyxl", reason="needs openpyxl: pip install -e '.[data]'")

    def test_a_formula_is_the_text_that_was_answered(self, tmp_path):
        said = say("chartqa") | {"h1": "=1+1"}
        path = write_xlsx(tmp_path / f"{STEM}.xlsx", vlmevalkit_rows(said), formulas=True)
        found = attach(open_import(path, SUITES.get("chartqa")), asked("chartqa"))
        assert {name: one.text for (name, _), one in found.responses.items()} == said

    def test_an_answer_that_fills_its_cell_was_cut_off(self, tmp_path):
        said = say("chartqa") | {"h1": "x" * sheet.MAX_CELL, "h2": "x" * (sheet.MAX_CELL - 1)}
        path = write_xlsx(tmp_path / f"{STEM}.xlsx", vlmevalkit_rows(said))
        found = attach(open_import(path, SUITES.get("chartqa")), asked("chartqa")).responses
        assert "cut off" in found["h1", 0].error
        assert found["h2", 0].text == said["h2"]

    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path):
        path = tmp_path / "bomb.xlsx"
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part,
        ):
            for _ in range(sheet.MAX_UNPACKED // 2**20 + 1):
                part.write(b" " * 2**20)
        assert path.stat().st_size < 2**20
        with pytest.raises(DataError, match="when unpacked"):
            list(sheet.read_sheet(path))

    def test_a_part_gives_no_more_than_it_declares(self, tmp_path):
        path = write_xlsx(tmp_path / "a.xlsx", vlmevalkit_rows(say("chartqa")))
        data = bytearray(path.read_bytes())
        at = 0
        while (at := data.find(b"PK\x01\x02", at)) >= 0:  # the central directory's sizes
            data[at + 24 : at + 28] = struct.pack("<I", 10)
            at += 4
        path.write_bytes(data)
        with pytest.raises(DataError, match="not a readable"):
            list(sheet.read_sheet(path))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_entities_are_refused(self, tmp_path, encoding):
        path = write_xlsx(tmp_path / "a.xlsx", vlmevalkit_rows(say("chartqa")))
        bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "boom">]><sst>&b;</sst>'
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(
                "xl/other.bin", " " * (2**20 - 60) + bomb if encoding == "utf-8" else bomb.encode(encoding)
            )
        with pytest.raises(DataError, match="document type"):
            list(sheet.read_sheet(path))

    @pytest.mark.parametrize(
        "cell", ['<c r="A99999999"><v>1</v></c>', '<c r="ZZZ2"><v>1</v></c>', '<c r="?"><v>1</v></c>']
    )
    def test_far_cells_do_not_fill_the_memory(self, tmp_path, cell, monkeypatch):
        monkeypatch.setattr(sheet, "MAX_ROWS", 1000)
        path = write_xlsx(tmp_path / "a.xlsx", [{"a": "b"}])
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist()}
        name = "xl/worksheets/sheet1.xml"
        number = "99999999" if "99999999" in cell else "2"
        parts[name] = parts[name].replace("</sheetData>", f'<row r="{number}">{cell}</row></sheetData>')
        with zipfile.ZipFile(path, "w") as archive:
            for part, text in parts.items():
                archive.writestr(part, text)
        with suppress(DataError):
            assert len(list(sheet.read_sheet(path))) <= 2

    @given(cut=st.integers(0, 4000), junk=st.binary(max_size=20))
    def test_damaged_archives_are_an_error_for_people(self, tmp_path_factory, cut, junk):
        path = write_xlsx(tmp_path_factory.mktemp("damaged") / "a.xlsx", vlmevalkit_rows(say("chartqa")))
        data = path.read_bytes()
        path.write_bytes(data[:cut] + junk + data[cut + len(junk) :])
        survives(path)

    @given(at=st.integers(0, 5000), junk=st.text(max_size=8), part=st.integers(0, 5))
    def test_damaged_parts_are_an_error_for_people(self, tmp_path_factory, at, junk, part):
        path = write_xlsx(tmp_path_factory.mktemp("damaged") / "a.xlsx", vlmevalkit_rows(say("chartqa")))
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name).decode() for name in archive.namelist()}
        name = sorted(parts)[part]
        at %= len(parts[name])
        parts[name] = parts[name][:at] + junk + parts[name][at + len(junk) :]
        with zipfile.ZipFile(path, "w") as archive:
            for one, text in parts.items():
                archive.writestr(one, text.encode("utf-8", "surrogatepass"))
        survives(path)


def survives(path):
    with suppress(ProctorError):
        attach(open_import(path, SUITES.get("chartqa")), asked("chartqa"))


def test_without_openpyxl_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    path = write_xlsx(tmp_path / "a.xlsx", vlmevalkit_rows(say("chartqa")))
    with pytest.raises(MissingExtraError, match="openpyxl"):
        attach(open_import(path, SUITES.get("chartqa")), asked("chartqa"))


class Harm:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return (sys.exit, ("unpickled",))


@pytest.mark.parametrize("name", ["a.pkl", "a.xlsx"])
def test_a_pickle_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps(Harm()))
    with pytest.raises(DataError, match="pickle"):
        open_import(tmp_path / name, SUITES.get("chartqa"))


@pytest.mark.parametrize("tool", [None, "lmms-eval", "vlmevalkit"])
@given(
    data=st.binary(max_size=200) | st.sampled_from([b"", b"[", b"{}", b"[[]]", b"[1e999, {}]", b"a\tprediction\n\t\t"])
)
def test_no_bytes_do_worse_than_an_error_for_people(tmp_path_factory, tool, data):
    path = tmp_path_factory.mktemp("bytes") / "file.json"
    for start in (b"", b"PK\x03\x04", b"[", b"{", b"index\tquestion\tprediction\n"):
        path.write_bytes(start + data)
        with pytest.raises(ProctorError):
            attach(open_import(path, SUITES.get("chartqa"), tool), asked("chartqa"))


CELLS = st.none() | st.integers() | st.text() | st.floats() | st.lists(st.none())
COLUMNS = ["index", "question", "prediction", "split"]


@given(rows=st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS), max_size=3))
def test_no_rows_do_worse_than_an_error_for_people(tmp_path_factory, rows):
    survives(write_json(tmp_path_factory.mktemp("rows") / "file.json", rows))


def test_it_must_be_a_file_of_the_tool_that_was_named(tmp_path):
    path = write_json(tmp_path / "a.json", vlmevalkit_rows(say("chartqa")))
    with pytest.raises(DataError, match="not a file of lmms-eval"):
        open_import(path, SUITES.get("chartqa"), "lmms-eval")
    for other in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError):
            open_import(other, SUITES.get("chartqa"))


def test_a_sheet_that_breaks_behind_good_rows_says_where(tmp_path, monkeypatch):
    pytest.importorskip("openpyxl", reason="needs openpyxl: pip install -e '.[data]'")
    path = write_xlsx(tmp_path / f"{STEM}.xlsx", vlmevalkit_rows(say("chartqa")))
    monkeypatch.setattr(sheet, "MAX_ROWS", 5)
    with pytest.raises(DataError, match="the sheet has more than 5 rows"):
        attach(open_import(path, SUITES.get("chartqa")), asked("chartqa"))


def test_a_run_keeps_the_name_that_its_answers_were_imported_under(cli, tmp_path):
    """Whoever gives another would find his run under the old one, and the new name nowhere."""
    file = write_json(tmp_path / f"{STEM}.json", vlmevalkit_rows(say("chartqa")))
    arguments = ("import", file, "--suite", "chartqa", "--run", tmp_path / "run", "--model-name")
    assert cli(*arguments, "A").code == 0
    other = cli(*arguments, "B")
    assert other.code == 2
    assert "holds this file as the answers of 'A', not of 'B'" in other.err
    assert cli(*arguments, "A").code == 0
