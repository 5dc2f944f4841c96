"""Each suite: what of its columns becomes what, how it asks, and how it refuses a broken record."""

import json

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.protocols.base import BOXED
from proctor.benchmarks.suites import chartqa, dynamath, iconqa, logicvista, mathverse, mathvision, mathvista, wemath
from proctor.harness.errors import DataError
from proctor.harness.types import Image

SUITES = {
    module.SUITE.name: module.SUITE
    for module in (mathvision, mathverse, mathvista, wemath, logicvista, dynamath, chartqa, iconqa)
}
META = {
    "mathvision": {"subject", "level", "question_type"},
    "mathverse": {"version", "subject", "subfield", "question_type"},
    "mathvista": {"question_type", "answer_type", "language", "source", "category", "task", "context", "grade", "skills"},
    "wemath": {"problem_id", "steps", "step", "knowledge_concepts"},
    "logicvista": {"skill", "broad_capability", "specific_capability", "gold_empty"},
    "dynamath": {"seed", "variant", "subject", "level"},
    "chartqa": {"split"},
    "iconqa": {"task", "label", "grade"},
}  # fmt: skip


def sample_row(suite, index=0):
    return json.loads((SAMPLES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()[index])


@pytest.fixture
def load(tmp_path):
    """Loads one record of a suite, a bundled one with changes (a key set to `...` is taken out)."""

    def load_changed(suite, index=0, /, **changes):
        row = {key: value for key, value in (sample_row(suite, index) | changes).items() if value is not ...}
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        for source in (SAMPLES / "images").glob(f"{suite}-*"):
            (images / source.name).write_bytes(source.read_bytes())
        (tmp_path / "data.jsonl").write_text("\n" + json.dumps(row) + "\n", encoding="utf-8")
        return SUITES[suite].load(tmp_path / "data.jsonl")[0]

    return load_changed


def shown(suite, item):
    """The prompt with pictures as their file's stem."""
    parts = SUITES[suite].protocol("strict").prompt(item).parts
    return [part.name.split("/")[-1].removesuffix(".png") if isinstance(part, Image) else part for part in parts]


@pytest.mark.parametrize("suite", SUITES)
def test_meta_serves_the_suites_metrics(suite):
    for item in SUITES[suite].load():
        assert META[suite] <= set(item.meta)
        for value in item.meta.values():
            assert value is None or isinstance(value, str | int | float | bool | tuple)
        json.dumps(item.to_json())


@pytest.mark.parametrize("suite", SUITES)
def test_columns_that_no_one_reads_are_ignored(load, suite):
    assert load(suite, response=None, licence="ours", suite=suite) == load(suite)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("column", ["id", "question", "answer", "image"])
def test_a_missing_column_is_named_with_file_and_line(load, suite, column):
    with pytest.raises(DataError, match=rf"data\.jsonl:2: .*'{column}'"):
        load(suite, **{column: ...})


@pytest.mark.parametrize(
    ("suite", "column", "value"),
    [
        ("mathvision", "level", "hard"),
        ("mathvision", "choices", "A, B"),
        ("mathvision", "subject", None),
        ("mathverse", "problem_version", "Audio Only"),
        ("mathverse", "answer_type", "essay"),
        ("mathverse", "answer", "E"),
        ("mathverse", "problem", "two"),
        ("mathverse", "subfield", ...),
        ("mathvista", "metadata", "none"),
        ("mathvista", "answer", "Perhaps"),
        ("mathvista", "answer_type", "number"),
        ("mathvista", "question_type", "open"),
        ("wemath", "choices", "12, 24"),
        ("wemath", "answer", "E"),
        ("wemath", "key", "4steps_1"),
        ("logicvista", "answer", "Z"),
        ("logicvista", "skill", "inductive"),
        ("dynamath", "seed_id", 1.5),
        ("dynamath", "variant", True),
        ("dynamath", "answer_type", "list"),
        ("chartqa", "split", "train"),
        ("iconqa", "task", "choose"),
        ("iconqa", "answer", "4"),
        ("iconqa", "answer", "-1"),
        ("iconqa", "answer", "²"),
        ("iconqa", "choice_images", None),
        ("iconqa", "choice_images", [1, None]),
    ],
)
def test_a_wrong_value_is_named_with_file_line_and_column(load, suite, column, value):
    with pytest.raises(DataError, match=rf"data\.jsonl:2: .*'{column}'") as caught:
        load(suite, **{column: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../secret.png", "outside"),
        ("/etc/hostname", "outside"),
        ("images/gone.png", "missing"),
        ("a\0b", "not a file"),
        ("a" * 5000, "not a file"),
    ],
)
def test_an_image_that_is_missing_or_outside_is_refused(load, suite, name, says):
    with pytest.raises(DataError, match=rf"data\.jsonl:2: image .*{says}"):
        load(suite, image=name)


def test_a_link_out_of_the_folder_is_refused(load, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "out.png").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="outside"):
        load("mathvision", image="images/out.png")


def test_an_id_may_not_repeat(tmp_path):
    row = json.dumps(sample_row("chartqa") | {"image": "a.png"})
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "data.jsonl").write_text(f"{row}\n{row}\n")
    with pytest.raises(DataError, match=r"data\.jsonl:2: id 'h1'"):
        chartqa.SUITE.load(tmp_path / "data.jsonl")


def test_mathvision_places_the_picture_where_it_is_marked(load):
    assert shown("mathvision", load("mathvision", 0)) == [
        "What is bar A plus bar B?",
        "mathvision-bars",
        BOXED,
    ]
    assert shown("mathvision", load("mathvision", 3)) == [
        "Both short sides of the right triangle",
        "mathvision-diagonal",
        f"are 2 cm long. How long is $d$, in cm?\n{BOXED}",
    ]
    assert shown("mathvision", load("mathvision", 2)) == [
        "Which shape has exactly four corners?",
        "mathvision-shapes",
        f"Choices:\n(A)\n(B)\n(C)\n(D)\n(E)\n{BOXED}",
    ]


def test_mathvision_keeps_several_marks_because_the_picture_shows_them(load):
    picture, text = shown("mathvision", load("mathvision", 6))
    assert picture == "mathvision-parts"
    assert text.startswith("How many dots do <image1> and <image2> have")


def test_mathvision_options_and_letters(load):
    assert load("mathvision", 2, choices=["(A)", "(B)", "(C)"]).choices == ("A", "B", "C")
    lone = load("mathvision", 6)
    assert (lone.answer_type, lone.choices, lone.meta["question_type"]) == ("choice", (), "free")


def test_mathverse_versions(load):
    first, only = load("mathverse", 0), load("mathverse", 4)
    assert first.choices == ("55°", "65°", "75°", "115°")
    assert first.cluster == only.cluster == "problem 1"
    assert shown("mathverse", only)[1] == f"{mathverse.READ_THE_PICTURE}\n{BOXED}"
    free = load("mathverse", 5)
    assert (free.answer, free.answer_type) == ("25 \\pi \\mathrm{~cm}^{2}", "number")
    assert free.meta["published_answer"] == "Area $=25 \\pi \\mathrm{~cm}^{2}$"


def test_mathverse_text_only_needs_no_picture(load):
    changes = {"problem_version": "Text Only", "image": None, "choices": None, "problem": ...}
    question = "Which is it?\nChoices:\nA:40°\nB:60°"
    item = load("mathverse", 0, question=question, **changes)
    assert (item.images, item.choices, item.cluster) == ((), ("40°", "60°"), item.id)
    assert shown("mathverse", item) == [f"{question}\n{BOXED}"]
    nested = {"subject": "Plane Geometry", "subfield": "Angle"}
    item = load("mathverse", 0, metadata=nested, subject=..., subfield=..., answer="60°", question=question, **changes)
    assert (item.answer, item.meta["subfield"]) == ("B", "Angle")


def test_mathvista_types(load):
    assert load("mathvista", 1).answer == "C"
    assert load("mathvista", 1, choices=["2020", "2018", "2018"]).choices == ("2020", "2018")
    assert load("mathvista", 4).answer_type == "float:round=1"
    with pytest.raises(DataError, match="'precision'"):
        load("mathvista", 4, precision=None)
    unit = load("mathvista", 3)
    assert unit.unit == "g"
    assert "together? (Unit: g)\n" in shown("mathvista", unit)[1]


def test_mathvista_and_chartqa_cluster_by_picture():
    for suite in ("mathvista", "chartqa"):
        for item in SUITES[suite].load():
            assert item.cluster == item.images[0].sha256


def test_wemath_moves_a_letter_up_with_its_option(load):
    item = load("wemath", choices="A. 4;B. 5 ;C. 6; F. No correct answer", answer="F")
    assert (item.answer, item.choices[3], item.meta["published_answer"]) == ("D", "No correct answer", "F")
    assert (item.cluster, item.meta["steps"], item.meta["step"]) == ("2steps_1", 2, "1")
    assert load("wemath", 6).meta["knowledge_concepts"][0] == "Area of Rectangles"


def test_logicvista_letters(load):
    assert load("logicvista", 1).answer == "B, D"
    assert load("logicvista", 5).answer_type == "number"
    question = "Select the correct answer from 1, 2, 3, 4, and 5"
    assert load("logicvista", 0, question=question).choices == ("1", "2", "3", "4", "5")


def test_logicvista_without_a_gold_loads_and_is_never_right(load):
    item = load("logicvista", answer="", question="")
    strict = logicvista.SUITE.protocol("strict")
    assert item.meta["gold_empty"] is True
    for text in ("", "A", "\\boxed{}", "\\boxed{A}", "\\boxed{\\text{}}"):
        grade = strict.match(strict.extract(text, item), item)
        assert (grade.correct, grade.rule) == (False, "no-gold")


def test_logicvista_does_not_repeat_options(load):
    assert shown("logicvista", load("logicvista", 2))[1].count("(B)") == 1


@pytest.mark.parametrize(
    ("answer", "gold_type"),
    [("4:45", "time"), ("x = -1", "assignment"), ("(2, -4)", "tuple"), ("BS", "text"), ("275", "number")],
)
def test_dynamath_texts_by_their_shape(load, answer, gold_type):
    assert load("dynamath", 2, answer=answer).answer_type == gold_type


def test_dynamath_options_in_the_question(load):
    item = load("dynamath", 1)
    assert item.choices == ("red", "green", "blue")
    assert shown("dynamath", item)[1] == f"{item.question}\n{BOXED}"
    assert load("dynamath", 1, question="Which? choice: (A) (B) (C)").choices == ()


@pytest.mark.parametrize(
    ("question", "gold", "gold_type"),
    [
        ("In which year is it lowest?", "2017", "year"),
        ("What 2 years are compared?", "2017", "year"),
        ("When did it peak?", "1990", "year"),
        ("Since when has it risen?", "1990", "year"),
        ("During which time did it rise?", "2009", "year"),
        ("What was the revenue in the year 2007?", "1812", "relaxed:0.05"),
        ("What was the revenue when sales peaked?", "1812", "relaxed:0.05"),
        ("In which year is it lowest?", "12", "relaxed:0.05"),
        ("How many bars are there?", "3", "number"),
        ("How many million users are there?", "3", "relaxed:0.05"),
        ("How many users are there?", "1038000", "relaxed:0.05"),
        ("What is the ratio?", "1.684722222", "relaxed:0.05"),
        ("What is the share?", "24%", "relaxed:0.05"),
        ("What is the lowest value?", "-3", "relaxed:0.05"),
        ("Which season?", "2019/20", "text"),
        ("Which age group?", "35 to 44", "text"),
        ("Which two countries?", "[Italy , 22]", "set"),
    ],
)
def test_chartqa_types(question, gold, gold_type):
    assert chartqa.gold_type(question, gold)[1] == gold_type


def test_iconqa_shows_option_pictures_after_their_letters(load):
    assert shown("iconqa", load("iconqa", 0)) == [
        "iconqa-mixed",
        "Which shape is a circle?\nChoices:",
        "(A)",
        "iconqa-shape-4",
        "(B)",
        "iconqa-shape-0",
        "(C)",
        "iconqa-shape-3",
        "(D)",
        "iconqa-shape-6",
        BOXED,
    ]
    assert load("iconqa", 0).answer == "B"
    assert shown("iconqa", load("iconqa", 2))[1].endswith(f"Choices:\n(A) triangles\n(B) squares\n{BOXED}")
