"""VLMEvalKit's TSV files: base64 pictures, references between rows, huge and hostile cells."""

import base64
import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.sources import tsv
from proctor.benchmarks.sources.layout import as_int, literal, text_list, word_list
from proctor.harness.errors import DataError


def sample_rows(suite):
    return [json.loads(line) for line in (SAMPLES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()]


def encoded(name):
    return base64.b64encode((SAMPLES / name).read_bytes()).decode()


def _mathvision(row):
    return {"index": row["id"], "question": row["question"], "choices": str(row["choices"]), "answer": row["answer"],
            "category": row["subject"], "level": row["level"], "image": encoded(row["image"])}  # fmt: skip


def _mathverse(row):
    about = {"subject": row["subject"], "subfield": row["subfield"]}
    kinds = {"multiple_choice": "multi-choice", "free_form": "free-form"}
    options = "\nChoices:\n" + "\n".join(row["choices"]) if row["choices"] else ""
    return {"index": row["id"], "sample_index": row["id"], "problem_index": row["problem"], "metadata": str(about),
            "problem_version": row["problem_version"], "question": row["question"] + options, "answer": row["answer"],
            "question_type": kinds[row["answer_type"]], "image": encoded(row["image"])}  # fmt: skip


def _mathvista(row):
    about = {**row["metadata"], "skills": str(row["metadata"]["skills"])}
    kept = {key: row[key] for key in ("question", "answer", "question_type", "answer_type", "precision", "unit")}
    return {"index": row["id"], **kept, **about, "choices": row["choices"] or "", "image": encoded(row["image"])}


def _wemath(row):
    cells = {part[0]: part[3:] for part in row["choices"].split("; ")}
    options = {letter: cells.get(letter, "") for letter in "ABCDEFGH"}
    return {"index": row["id"], "ID": row["problem_id"], "key": row["key"], "question": row["question"], **options,
            "answer": row["answer"], "knowledge concept": row["knowledge_concept"],
            "image": encoded(row["image"])}  # fmt: skip


def _logicvista(row):
    lists = {name: str(row[name]) for name in ("skill", "broad_capability", "specific_capability")}
    return {"index": row["id"], "question": row["question"], "answer": row["answer"], **lists,
            "image": encoded(row["image"])}  # fmt: skip


def _dynamath(row):
    return {"index": row["id"], "qid": row["seed_id"], "varid": row["variant"], "question": row["question"],
            "answer": row["answer"], "answer_type": row["answer_type"], "subject": row["subject"],
            "knowledge_level": row["level"], "image": encoded(row["image"])}  # fmt: skip


def _chartqa(row):
    return {"index": row["id"], "split": row["split"], "question": row["question"], "answer": row["answer"],
            "image": encoded(row["image"])}  # fmt: skip


AS_TSV = {"mathvision": _mathvision, "mathverse": _mathverse, "mathvista": _mathvista, "wemath": _wemath,
          "logicvista": _logicvista, "dynamath": _dynamath, "chartqa": _chartqa}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_rows(rows, name="set.tsv"):
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        (tmp_path / name).write_text(text.getvalue(), encoding="utf-8")
        return tmp_path / name

    return write_rows


@pytest.fixture
def charts():
    return [_chartqa(row) for row in sample_rows("chartqa")]


def load(path, suite="chartqa"):
    return SUITES.get(suite).load(path)


@pytest.mark.parametrize("suite", AS_TSV)
def test_a_tsv_gives_the_bundled_items(suite, write, essence):
    items = load(write([AS_TSV[suite](row) for row in sample_rows(suite)]), suite)
    bundled, whole_question = SUITES.get(suite).load(), suite != "mathverse"
    assert [essence(item, whole_question) for item in items] == [essence(item, whole_question) for item in bundled]
    assert [item.id for item in items] == [item.id for item in bundled]


def test_a_suite_without_a_tsv_says_so(write):
    with pytest.raises(DataError, match="no TSV of this suite"):
        load(write([{"index": "1"}]), "iconqa")


def test_a_short_image_is_another_row(write, charts):
    charts[3]["image"] = charts[0]["index"]
    items = load(write(charts))
    assert items[3].images[0].sha256 == items[0].images[0].sha256
    assert items[3].cluster == items[0].cluster


def test_an_image_path_is_read_from_the_folder_and_never_outside(write, charts, tmp_path):
    (tmp_path / "a.png").write_bytes((SAMPLES / sample_rows("chartqa")[0]["image"]).read_bytes())
    (tmp_path / "out.png").symlink_to("/etc/hostname")
    names = [
        "a.png",
        "['a.png']",
        "../../etc/passwd",
        "/etc/passwd",
        "out.png",
        "gone.png",
        "['a.png', 'b.png']",
        "x" * 5000,
    ]
    for row, name in zip(charts, names, strict=True):
        row["image_path"], row["image"] = name, ""
    with pytest.raises(DataError) as caught:
        load(write(charts))
    first, *told = str(caught.value).splitlines()
    assert first.startswith("6 problems in ")
    for line, says in zip(told, ("outside", "outside", "outside", "missing", "one picture", "not a file"), strict=True):
        assert says in line


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("!" * 100, "not base64"),
        (base64.b64encode(b"no picture " * 20).decode(), "no picture"),
        (encoded("images/chartqa-rain.png")[:-3] + "*", "not base64"),
        ("12", "does not come before"),
        ("", "column 'image'"),
        (str([encoded("images/chartqa-rain.png")] * 2), "one picture"),
    ],
)
def test_a_broken_picture_is_told_with_its_line(write, charts, image, says):
    charts[2]["image"] = image
    with pytest.raises(DataError, match=r"set\.tsv:4: .*" + says) as caught:
        load(write(charts))
    assert "\n" not in str(caught.value)


def test_a_picture_may_stand_in_a_list(write, charts):
    charts[0]["image"] = str([charts[0]["image"]])
    assert load(write(charts))[0].images == load(write([_chartqa(row) for row in sample_rows("chartqa")]))[0].images


def test_big_fields_are_read_and_the_limit_of_csv_is_put_back(write, charts, monkeypatch):
    before = csv.field_size_limit()
    charts[0]["question"] = "Why? " * 60_000
    assert len(load(write(charts))[0].question) == 300_000
    assert csv.field_size_limit() == before
    monkeypatch.setattr(tsv, "MAX_FIELD", 200_000)
    with pytest.raises(DataError, match=r"set\.tsv:2: the line is longer"):
        load(write(charts))
    assert csv.field_size_limit() == before


def test_lines_are_counted_through_cells_of_several_lines(write, charts):
    charts[0]["question"] = "one\ntwo\nthree"
    charts[1]["split"] = "train"
    with pytest.raises(DataError, match=r"set\.tsv:5: column 'split'"):
        load(write(charts))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no items"),
        (b"index\tquestion\n1\tx\n", r":1: columns missing: answer, image, split; there are: index, question"),
        (b"index\tindex\tsplit\tquestion\tanswer\timage\n", r":1: columns repeat: index"),
        (b"index\tsplit\tquestion\tanswer\timage\n1\ttest_human\n", r":2: the row has 2 cells, the header 5"),
        (b"index\tsplit\tquestion\tanswer\timage\n1\t\xff\tq\ta\t\n", r":2: not UTF-8"),
        (b'index\tsplit\tquestion\tanswer\timage\n1\t"open', r"set\.tsv"),
    ],
)
def test_a_malformed_table_is_refused(tmp_path, text, says):
    (tmp_path / "set.tsv").write_bytes(text)
    with pytest.raises(DataError, match=says):
        load(tmp_path / "set.tsv")


def test_a_byte_order_mark_is_no_part_of_the_header(write, charts):
    path = write(charts)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load(path)) == 8


def test_texts_of_lists_are_read_and_never_evaluated():
    assert text_list("['a', \"b'c\"]") == text_list('["a", "b\'c"]') == ["a", "b'c"]
    assert text_list("nan") == text_list(None) == []
    assert word_list("inductive") == ["inductive"]
    assert word_list("['a', 'b']") == ["a", "b"]
    for hostile in ("__import__('os').getcwd()", "[" * 5000, "9**9**9", "[x for x in ()]", "[" + "1," * 20_000 + "]"):
        with pytest.raises(ValueError, match=r"."):
            literal(hostile)
    for value in ("3", 3, 3.0, "3.0"):
        assert as_int(value) == 3
    for value in ("3.5", True, "x", float("inf")):
        with pytest.raises((ValueError, OverflowError)):
            as_int(value)


@given(st.binary(max_size=400))
def test_any_bytes_are_items_or_a_data_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "set.tsv"
    path.write_bytes(b"index\tsplit\tquestion\tanswer\timage\n" + data)
    with pytest.raises(DataError):
        load(path)


@pytest.mark.parametrize("text", ["None", "NA", "nan", "none"])
def test_an_option_that_reads_like_nothing_is_a_text(write, text):
    row = _wemath(sample_rows("wemath")[0])
    row |= dict.fromkeys("ABCDEFGH", "") | {"A": "4", "B": text, "C": "5", "answer": "B"}
    (item,) = SUITES.get("wemath").load(write([row]))
    assert (item.choices, item.answer) == (("4", text, "5"), "B")


def test_vlmevalkits_mathvista_has_the_query_as_its_question(write):
    """Its TSV has neither language, grade, precision nor unit: hint and query say the last two."""
    base = {"skills": "['arithmetic reasoning']", "source": "s", "task": "t", "category": "c", "context": "x",
            "image": encoded(sample_rows("mathvista")[0]["image"])}  # fmt: skip
    rows = [
        {"index": "1", "id": "1", "question": "Hint: Please answer the question requiring a floating-point number with two "
         "decimal places and provide the final value, e.g., 1.23, 1.34, 1.45, at the end.\nQuestion: How old? (Unit: years)",
         "choices": "None", "answer": "1.25", "answer_option": "None", "question_type": "free_form", "answer_type": "float"},
        {"index": "2", "id": "2", "question": "Hint: Please answer with the correct option letter, e.g., A, "
         "B, at the end.\nQuestion: Which? (Unit: $)\nChoices:\n(A) None\n(B) two", "choices": "['None', 'two']",
         "answer": "None", "answer_option": "A", "question_type": "multi_choice", "answer_type": "text"},
    ]  # fmt: skip
    first, second = SUITES.get("mathvista").load(write([row | base for row in rows]))
    assert (first.id, first.question, first.unit, first.meta["precision"]) == ("1", "How old?", "years", 2)
    assert (first.meta["language"], first.meta["grade"], first.meta["task"]) == ("not given", "not given", "t")
    assert (second.question, second.unit, second.choices, second.answer) == (
        "Which? (Unit: $)",
        None,
        ("None", "two"),
        "A",
    )
