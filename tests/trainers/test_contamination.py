"""Which items of a suite were trained on: fingerprints, their file, and what runs and leaderboards record of them."""

import dataclasses
import json
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.examination import plan, run_path, score_run
from proctor.benchmarks.suites.figures import as_item, draw
from proctor.harness.errors import DataError
from proctor.harness.runs.checkpoints import COMPLETE
from proctor.harness.runs.evaluate import run_eval
from proctor.harness.runs.store import Manifest
from proctor.harness.types import Image, Item, Sampling
from proctor.leaderboards.board.table import rows
from proctor.trainers.contamination import (
    MIN_QUESTION,
    NEAR_BITS,
    TRAINED_ON,
    Fingerprints,
    contamination,
    image_fingerprint,
    question_print,
    trained_on,
    write_fingerprints,
)
from proctor.trainers.provenance import TrainingRecord

from .training_rows import drawing, encoded

LONG = "In the figure, AB is a diameter of the circle O and C lies on the circle. How large is angle ACB?"


def item(item_id: str, *pictures: bytes, question: str = "Find x.") -> Item:
    images = tuple(Image.of_bytes(data, f"{item_id}-{number}") for number, data in enumerate(pictures))
    return Item(item_id, "mmr1", question, "", "text", images)


def bits_between(one: PilImage.Image, other: bytes) -> int:
    first, second = image_fingerprint(Image.of_bytes(encoded(one), "a")), image_fingerprint(Image.of_bytes(other, "b"))
    assert first is not None
    assert second is not None
    return (first ^ second).bit_count()


COPIES = {
    "smaller": lambda one: encoded(one.resize((168, 168), PilImage.Resampling.LANCZOS)),
    "larger": lambda one: encoded(one.resize((400, 400), PilImage.Resampling.BILINEAR)),
    "jpeg": lambda one: encoded(one, "JPEG", quality=50),
    "smaller jpeg": lambda one: encoded(one.resize((160, 160)), "JPEG", quality=70),
    "webp": lambda one: encoded(one, "WEBP", quality=60),
    "gif": lambda one: encoded(one, "GIF"),
    "transparent": lambda one: encoded(transparent(one)),
}


def transparent(picture: PilImage.Image) -> PilImage.Image:
    pixels = np.asarray(picture.convert("RGBA")).copy()
    pixels[..., 3] = np.where(pixels[..., :3].min(-1) > 250, 0, 255)
    return PilImage.fromarray(pixels)


@pytest.mark.parametrize("kind", COPIES)
def test_copies_look_the_same(kind):
    near = [bits_between(drawing(seed), COPIES[kind](drawing(seed))) <= NEAR_BITS for seed in range(40)]
    assert sum(near) == 40


def test_different_drawings_do_not():
    looks = [image_fingerprint(Image.of_bytes(encoded(drawing(seed)), "a")) for seed in range(150)]
    pairs = [(a ^ b).bit_count() for place, a in enumerate(looks) for b in looks[:place]]
    assert min(pairs) > NEAR_BITS


def test_the_test_set_of_the_figures_is_not_found_among_what_training_draws():
    """They are of one family, so that a few look alike; none is the same."""
    found = contamination(
        [one.item for one in plan("figures", "strict", Sampling()).asked], Fingerprints.of(figures(300))
    ).to_json()
    assert found["picture"] == found["question"] == 0
    assert found["near_picture"] < 0.03 * found["items"]


def test_what_can_not_be_seen_looks_like_nothing():
    for data in (encoded(PilImage.new("RGB", (60, 60), "white")), b"no picture", encoded(drawing(1))[:80]):
        assert image_fingerprint(Image.of_bytes(data, "a")) is None
        blank = item("a", data)
        assert not contamination(
            [item("b", encoded(PilImage.new("RGB", (80, 50), "white")))], Fingerprints.of([blank])
        ).found
        assert contamination([blank], Fingerprints.of([blank])).found == {"a": ("picture",)}


@pytest.mark.parametrize(
    "other",
    [
        LONG.upper(),
        f"<image>{LONG}",
        f"  {LONG[:-1]} ",
        LONG.replace(" ", "\n"),
        LONG.replace("O ", "$O$ "),
        LONG.replace("AB", "\uff21\uff22"),  # full width
    ],
)
def test_a_question_is_known_in_another_spelling(other):
    assert question_print(other) == question_print(LONG) is not None


def test_another_question_is_another():
    assert question_print(LONG.replace("ACB", "ABC")) != question_print(LONG)
    plus = "Solve for x where the sides of the triangle are x+3 and 2x-5 long."
    assert question_print(plus) != question_print(plus.replace("+", "-"))
    assert question_print("Find x.") is None
    assert question_print("x" * (MIN_QUESTION - 1)) is None


@given(st.text())
def test_any_text_has_a_print_or_none(text):
    found = question_print(text)
    assert found is None or len(found) == 16
    assert question_print(f"<image>\n{text}") == found


def test_an_item_is_found_by_each_of_its_marks():
    trained = [
        item("a", encoded(drawing(1))),
        item("b", encoded(drawing(2))),
        item("c", encoded(drawing(3)), question=LONG),
    ]
    asked = [
        item("same", encoded(drawing(1))),
        item("near", COPIES["smaller jpeg"](drawing(2))),
        item("text", encoded(drawing(4)), question=LONG),
        item("all", encoded(drawing(5)), encoded(drawing(3)), COPIES["jpeg"](drawing(1)), question=f"<image>{LONG}"),
        item("new", encoded(drawing(6))),
        item("blind"),
    ]
    found = contamination(asked, Fingerprints.of(trained))
    assert found.found == {
        "same": ("picture",),
        "near": ("near picture",),
        "text": ("question",),
        "all": ("picture", "near picture", "question"),
    }
    assert found.to_json() == {"items": 6, "overlapping": 4, "picture": 2, "near_picture": 2, "question": 2}


def test_nothing_was_trained_on_is_no_overlap():
    assert contamination([item("a", encoded(drawing(1)))], Fingerprints.of([])).to_json()["overlapping"] == 0


def test_the_file_is_compact_and_the_same_in_any_order(tmp_path):
    items = [item(str(n), encoded(drawing(n)), question=f"{LONG} {n}") for n in range(20)]
    found = Fingerprints.of(items)
    assert found.to_bytes() == Fingerprints.of([*reversed(items), *items]).to_bytes()
    assert len(found.to_bytes()) < 80 * len(items)
    (tmp_path / TRAINED_ON).write_bytes(found.to_bytes())
    assert Fingerprints.read(tmp_path / TRAINED_ON) == found
    assert b"circle" not in found.to_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "pictures": [], "looks": [], "questions": []}',
        '{"version": 1, "pictures": [], "looks": ["1"], "questions": []}',
        '{"version": 1, "pictures": [], "looks": [7], "questions": []}',
        '{"version": 1, "pictures": [[]], "looks": [], "questions": []}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_one_clear_line(text, tmp_path):
    (tmp_path / TRAINED_ON).write_text(text)
    (tmp_path / "config.json").touch()
    with pytest.raises(DataError, match=r"trained_on\.json is damaged") as caught:
        trained_on(tmp_path)
    assert "\n" not in str(caught.value)


def figures(count: int, seed: int = 5) -> list[Item]:
    return [as_item(figure, f"t{n}") for n, figure in enumerate(islice(draw(seed, "train"), count))]


@pytest.fixture
def training(tmp_path, tiny):
    """A training's folder with a checkpoint, which trained on the first two bundled items of ChartQA and on figures."""
    folder = tmp_path / "training"
    checkpoint = folder / "checkpoints" / "step-000001"
    shutil.copytree(tiny, checkpoint)
    (checkpoint / COMPLETE).touch()
    (folder / "finished.json").write_text("{}")
    charts = plan("chartqa", "strict", Sampling()).asked
    batch = [[charts[0].item, charts[1].item], figures(3)]
    write_fingerprints(folder, lambda step, size: batch[step][:size], 2, 2, tiny)
    return folder


def test_a_checkpoint_knows_its_training(training, tiny, tmp_path):
    found = trained_on(training / "checkpoints" / "step-000001")
    assert found is not None
    assert len(found.pictures) == 3  # the first two of ChartQA share theirs
    assert trained_on(str(training / "checkpoints" / "step-000001")) == found
    (tmp_path / "link").symlink_to(training / "checkpoints" / "step-000001")
    assert trained_on(tmp_path / "link") == found
    shutil.copytree(tiny, training / "runs" / "a" / "b" / "model")
    for stranger in (tiny, "org/model", "x" * 5000, "a\0b", training, training / "runs" / "a" / "b" / "model"):
        assert trained_on(stranger) is None


def test_a_training_knows_what_its_base_was_trained_on(training, tmp_path):
    write_fingerprints(
        tmp_path / "next", lambda step, size: figures(1, seed=8), 1, 1, training / "checkpoints" / "step-000001"
    )
    first, second = (Fingerprints.read(folder / TRAINED_ON) for folder in (training, tmp_path / "next"))
    assert first.pictures < second.pictures
    assert len(second.pictures) == len(first.pictures) + 1


def test_a_resumed_training_keeps_its_file(training, tiny):
    before = (training / TRAINED_ON).read_bytes()
    write_fingerprints(training, lambda step, size: pytest.fail("drawn again"), 2, 2, tiny)
    assert (training / TRAINED_ON).read_bytes() == before


def recorded_and_shown(run: Path) -> tuple[object, set[str]]:
    """What a run recorded, and what the leaderboard's rows say."""
    return Manifest.read(run).environment["overlap"], {row.contamination for row in rows(score_run(run))}


def test_an_examination_records_the_overlap_and_the_board_shows_it(training, scripted, tmp_path):
    examination = plan("chartqa", "strict", Sampling())
    model = scripted()
    (seen,) = TrainingRecord.read(training / "checkpoints" / "step-000001", print).put_into([examination])
    (unknown,) = TrainingRecord.read("org/model", print).put_into([examination])
    assert run_path(tmp_path, seen, model) == run_path(tmp_path, unknown, model)  # no part of the identity
    for name, one in ("seen", seen), ("unknown", unknown), ("before", examination):
        run_eval(one, model, tmp_path / name)
    recorded, shown = recorded_and_shown(tmp_path / "seen")
    shared = recorded["overlapping"]
    assert recorded["items"] == len(examination.asked)
    assert recorded["picture"] >= 2
    assert shown == {str(shared)}
    assert recorded_and_shown(tmp_path / "unknown") == ("unknown", {""})
    assert {row.contamination for row in rows(score_run(tmp_path / "before"))} == {""}


def test_no_overlap_is_nought_and_not_blank(training, scripted, tmp_path, tiny):
    (training / TRAINED_ON).unlink()
    write_fingerprints(training, lambda step, size: [item("a", encoded(drawing(1)))], 1, 1, tiny)
    record = TrainingRecord.read(training / "checkpoints" / "step-000001", print)
    (one,) = record.put_into([plan("iconqa", "strict", Sampling())])
    run_eval(one, scripted(), tmp_path / "run")
    recorded, shown = recorded_and_shown(tmp_path / "run")
    assert (recorded["overlapping"], shown) == (0, {"0"})


def test_eval_and_watch_record_it(training, tiny, cli, tmp_path):
    common = ("--suite", "figures", "--max-tokens", "4", "--out", tmp_path / "runs")
    checkpoint = training / "checkpoints" / "step-000001"
    assert cli("eval", "--model", checkpoint, "--limit", "4", *common).code == 0
    assert cli("eval", "--model", tiny, "--limit", "5", *common).code == 0
    assert (
        cli(
            "watch",
            training,
            "--suite",
            "iconqa",
            "--data",
            "sample",
            "--max-tokens",
            "4",
            "--out",
            tmp_path / "watched",
            "--once",
        ).code
        == 0
    )
    told = {
        Manifest.read(run).identity["items"]: Manifest.read(run).environment["overlap"]
        for run in (tmp_path / "runs").iterdir()
    }
    assert told[4]["items"] == 4
    assert told[5] == "unknown"
    (watched,) = (tmp_path / "watched").iterdir()
    assert Manifest.read(watched).environment["overlap"]["items"] == Manifest.read(watched).identity["items"]


@pytest.fixture
def leaked(tmp_path, monkeypatch):
    """A training set in JSONL that holds the picture of ChartQA's first item, smaller, and new drawings."""
    monkeypatch.chdir(tmp_path)
    (first, *_) = plan("chartqa", "strict", Sampling()).asked
    with PilImage.open(SAMPLES / first.item.images[0].name) as picture:
        small = picture.convert("RGB").resize((picture.width * 3 // 4, picture.height * 3 // 4))
    pictures = [encoded(small, "JPEG", quality=80), encoded(drawing(1))]
    for number, data in enumerate(pictures):
        (tmp_path / f"{number}.png").write_bytes(data)
    lines = [{"images": [f"{number}.png"], "problem": "<image>Find x."} for number in range(2)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return first.item.id


def test_check_tells_what_was_trained_on(leaked, cli):
    done = cli("suite", "check", "chartqa", "--contamination", "mmr1=train.jsonl", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    told = {one["id"] for one in found["failures"] if one["check"] == "overlap"}
    assert leaked in told
    assert len(told) == found["checks"]["overlap"]["failed"] < found["checks"]["overlap"]["made"] == found["items"]
    assert "overlap" not in json.loads(cli("suite", "check", "chartqa", "--json").out)["checks"]
    assert cli("suite", "check", "iconqa", "--contamination", "mmr1=train.jsonl").code == 0
    done = cli("suite", "check", "chartqa", "--contamination", "mmr1=train.jsonl")
    assert f"overlap: {leaked}: its near picture is in mmr1=train.jsonl" in done.err


def test_check_against_data_that_were_never_pulled_says_how(leaked, cli):
    done = cli("suite", "check", "chartqa", "--contamination", "geometry3k")
    assert done.code == 2
    assert "pin it first with `proctor suite pull geometry3k`" in done.err


def test_recorded_entries_do_not_hide_the_environment(examine, scripted):
    examination = dataclasses.replace(examine(2), recorded={"python": "0", "overlap": "unknown"})
    environment = examination.manifest(scripted()).environment
    assert environment["python"] != "0"
    assert environment["overlap"] == "unknown"
