"""Each suite: what of its columns becomes what, how it asks, and how it refuses a broken record."""

import json

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError

from .sample_rows import sample_row

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


@pytest.mark.parametrize("suite", META)
def test_meta_serves_the_suites_metrics(suite):
    for item in SUITES.get(suite).load():
        assert META[suite] <= set(item.meta)
        for value in item.meta.values():
            assert value is None or isinstance(value, str | int | float | bool | tuple)
        json.dumps(item.to_json())


@pytest.mark.parametrize("suite", META)
def test_columns_that_no_one_reads_are_ignored(load, suite):
    assert load(suite, response=None, licence="ours", suite=suite) == load(suite)


@pytest.mark.parametrize("suite", META)
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


@pytest.mark.parametrize("suite", META)
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
        SUITES.get("chartqa").load(tmp_path / "data.jsonl")


def test_mathvista_and_chartqa_cluster_by_picture():
    for suite in ("mathvista", "chartqa"):
        for item in SUITES.get(suite).load():
            assert item.cluster == item.images[0].sha256
