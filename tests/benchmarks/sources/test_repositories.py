"""Checkouts of the benchmarks' own repositories: small ones of exactly their layouts, made of the bundled samples."""

import json
import shutil
from contextlib import suppress
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.sources import jsonl
from proctor.benchmarks.sources.local import open_local
from proctor.benchmarks.sources.published import UNPUBLISHED
from proctor.harness.errors import DataError, UsageError


def sample_rows(suite):
    return [json.loads(line) for line in (SAMPLES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()]


class Folder:
    """A checkout that is being built."""

    def __init__(self, root):
        self.root = root

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return path

    def picture(self, name, sample):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / sample, self.root / name)


def mathvision(put, rows):
    entries = []
    for row in rows:
        put.picture(f"images/{row['id']}.png", row["image"])
        kept = {key: row[key] for key in ("id", "question", "answer", "level", "subject")}
        entries.append({**kept, "options": row["choices"], "solution": None, "image": f"images/{row['id']}.png"})
    put.write("data/test.jsonl", "".join(json.dumps(entry) + "\n" for entry in entries))
    put.write("data/testmini.jsonl", json.dumps(entries[0]) + "\n")


def mathvista(put, rows):
    entries = {}
    for row in rows:
        put.picture(f"data/images/{row['id']}.png", row["image"])
        keys = ("question", "choices", "unit", "precision", "answer", "question_type", "answer_type", "metadata")
        kept = {key: row[key] for key in keys}
        entries[row["id"]] = {**kept, "pid": row["id"], "image": f"images/{row['id']}.png"}
    put.write("data/testmini.json", entries)


def mathverse_entry(row, **changes):
    options = "\nChoices:\n" + "\n".join(row["choices"]) if row["choices"] else ""
    kinds = {"multiple_choice": "multi-choice", "free_form": "free-form"}
    about = {"split": "testmini", "source": "drawn", "subject": row["subject"], "subfield": row["subfield"]}
    return {"sample_index": row["id"], "problem_index": str(row["problem"]), "problem_version": row["problem_version"],
            "question": row["question"] + options, "answer": row["answer"], "question_type": kinds[row["answer_type"]],
            "metadata": about, "query_wo": "", "query_cot": "", **changes}  # fmt: skip


def mathverse(put, rows, start="images/"):
    entries = []
    for row in rows:
        name = f"images_version_1-4/image_{row['id']}.png"
        put.picture(f"data/{start}{name}", row["image"])
        entries.append(mathverse_entry(row, image=name))
    put.write("data/testmini.json", entries)
    text_only = {"sample_index": "1", "problem_version": "Text Only", "image": ""}
    put.write("data/testmini_text_only.json", [mathverse_entry(rows[0], **text_only)])


def wemath(put, rows):
    entries = []
    for number, row in enumerate(rows, 1):
        name = f"{row['problem_id'].partition('_')[0]}/image/{number}-1.png"
        put.picture(f"data/{name}", row["image"])
        entries.append({"ID": row["problem_id"], "split": "testmini", "knowledge concept": row["knowledge_concept"],
                        "question": row["question"], "option": row["choices"], "answer": row["answer"],
                        "image_path": name, "key": row["key"], "question number": number,
                        "knowledge concept description": ""})  # fmt: skip
    put.write("data/testmini.json", entries)


def logicvista(put, rows):
    entries = {}
    for row in rows:
        put.picture(f"data/images/{row['id']}.png", row["image"])
        lists = {name: row[name] for name in ("skill", "broad_capability", "specific_capability")}
        entries[row["id"]] = {"imagename": f"{row['id']}.png", "question": row["question"], "answer": row["answer"],
                              "reasoning": "", **lists, "imagesource": "drawn", "liscenced": "false"}  # fmt: skip
    put.write("data/dataset.json", entries)


def dynamath(put, rows):
    trials = {number: {} for number in range(1, 11)}
    for row in rows:
        here = f"samples and result/10trials/trial{row['variant']}"
        name = f"image/image{row['seed_id']}.png"
        put.picture(f"{here}/{name}", row["image"])
        kept = {key: row[key] for key in ("question", "answer", "answer_type", "subject", "level")}
        trials[row["variant"]][str(row["seed_id"])] = {**kept, "image": name}
    for number, entries in trials.items():
        put.write(f"samples and result/10trials/trial{number}/dataset.json", entries)


def chartqa(put, rows):
    for split in ("test_human", "test_augmented"):
        entries = []
        for row in rows:
            if row["split"] == split:
                name = PurePosixPath(row["image"]).name
                put.picture(f"ChartQA Dataset/test/png/{name}", row["image"])
                entries.append({"imgname": name, "query": row["question"], "label": row["answer"]})
        put.write(f"ChartQA Dataset/test/{split}.json", entries)


def iconqa(put, rows):
    for number, row in enumerate(rows):
        here = f"data/iconqa_data/iconqa/test/{row['task']}/{number + 8}"
        put.picture(f"{here}/image.png", row["image"])
        options = row["choices"]
        if row["task"] == "choose_img":
            options = [f"choice_{place}.png" for place in range(len(row["choice_images"]))]
            for name, sample in zip(options, row["choice_images"], strict=True):
                put.picture(f"{here}/{name}", sample)
        chosen = {} if row["task"] == "fill_in_blank" else {"choices": options}
        answer = row["answer"] if row["task"] == "fill_in_blank" else int(row["answer"])
        put.write(f"{here}/data.json", {"question": row["question"], **chosen, "answer": answer,
                  "ques_type": row["task"], "grade": row["grade"], "label": row["label"]})  # fmt: skip


LAYOUTS = {"mathvision": mathvision, "mathvista": mathvista, "mathverse": mathverse, "wemath": wemath,
           "logicvista": logicvista, "dynamath": dynamath, "chartqa": chartqa, "iconqa": iconqa}  # fmt: skip
DATA_FOLDERS = {"mathvista": "data", "mathverse": "data", "wemath": "data", "logicvista": "data",
                "dynamath": "samples and result/10trials", "chartqa": "ChartQA Dataset/test",
                "iconqa": "data/iconqa_data/iconqa/test"}  # fmt: skip
TABLES = {"mathvision": "data/test.jsonl", "mathvista": "data/testmini.json", "mathverse": "data/testmini.json",
          "wemath": "data/testmini.json", "logicvista": "data/dataset.json",
          "dynamath": "samples and result/10trials/trial2/dataset.json",
          "chartqa": "ChartQA Dataset/test/test_augmented.json"}  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    """`checkout(suite)`: a small checkout of the suite's repository."""

    def build(suite):
        put = Folder(tmp_path / "checkout")
        LAYOUTS[suite](put, sample_rows(suite))
        return put

    return build


def load(suite, path):
    return SUITES.get(suite).load(path)


def by_position(essence, items, whole=True):
    # records of the hub's order, in which splits or tasks come one after the other
    return sorted((essence(item, whole) for item in items), key=repr)


@pytest.mark.parametrize("suite", LAYOUTS)
def test_a_checkout_gives_the_bundled_items(suite, checkout, essence):
    items, bundled = load(suite, checkout(suite).root), SUITES.get(suite).load()
    whole = suite != "mathverse"
    assert by_position(essence, items, whole) == by_position(essence, bundled, whole)


@pytest.mark.parametrize("suite", sorted(set(LAYOUTS) - {"chartqa", "iconqa"}))  # whose samples have ids of their own
def test_ids_are_those_of_the_other_layouts(suite, checkout):
    assert {item.id for item in load(suite, checkout(suite).root)} == {item.id for item in SUITES.get(suite).load()}


def test_chartqa_counts_on_through_both_tables_as_the_hub_does(checkout):
    ids = [item.id for item in load("chartqa", checkout("chartqa").root)]
    human = sum(row["split"] == "test_human" for row in sample_rows("chartqa"))
    assert ids[0] == "test_human-0"
    assert ids[human] == f"test_augmented-{human}"
    hub = SUITES.get("chartqa").published.hub.layout["id"].make
    assert ids == [hub("human_test" if n < human else "augmented_test", n) for n in range(len(ids))]


@pytest.mark.parametrize(("suite", "data"), DATA_FOLDERS.items())
def test_the_data_folder_gives_the_same_items(suite, data, checkout, essence):
    root = checkout(suite).root
    assert [essence(one) for one in load(suite, root / data)] == [essence(one) for one in load(suite, root)]


@pytest.mark.parametrize("suite", LAYOUTS)
def test_pictures_are_named_from_the_folder_that_was_named(suite, checkout):
    root = checkout(suite).root
    for item in load(suite, root):
        for image in item.images:
            assert (root / image.name).read_bytes() == image.read()


@pytest.mark.parametrize("suite", ["mathvista", "mathverse", "wemath", "logicvista"])
def test_a_table_can_be_named_itself(suite, checkout):
    root = checkout(suite).root
    assert len(load(suite, root / TABLES[suite])) == len(load(suite, root))


def test_tables_that_are_one_set_together_can_not(checkout):
    for suite in ("dynamath", "chartqa"):
        with pytest.raises(UsageError, match=r"must be a \.jsonl"):
            load(suite, checkout(suite).root / TABLES[suite])


def test_mathverse_text_only_is_read_apart(checkout):
    put = checkout("mathverse")
    (item,) = load("mathverse", put.root / "data/testmini_text_only.json")
    assert (item.id, item.images, item.meta["version"]) == ("text-only-1", (), "Text Only")
    assert item.cluster == f"problem {sample_rows('mathverse')[0]['problem']}"
    assert item.id not in {one.id for one in load("mathverse", put.root)}


def test_mathverse_pictures_may_stand_beside_the_table(tmp_path):
    mathverse(Folder(tmp_path), sample_rows("mathverse"), start="")
    assert len(load("mathverse", tmp_path)) == 10


def test_iconqa_skills_come_from_their_own_file(checkout):
    put = checkout("iconqa")
    assert all("skills" not in item.meta for item in load("iconqa", put.root))
    skills = {str(number): ["counting", "scene"] for number in range(8, 30)}
    put.write("data/iconqa_data/pid2skills.json", skills)
    items = load("iconqa", put.root)
    assert {item.meta["skills"] for item in items} == {("counting", "scene")}
    suite = SUITES.get("iconqa")
    names = {metric.name: metric.total for metric in suite.metrics(items, [])}
    assert {"accuracy/skills=counting", "accuracy/skills=scene"} <= set(names)
    gone = next(item.id for item in items if item.meta["task"] == "choose_txt")
    del skills[gone]
    put.write("data/iconqa_data/pid2skills.json", skills)
    with pytest.raises(DataError, match=rf"{gone}/data\.json: pid2skills\.json has no skills of '{gone}'"):
        load("iconqa", put.root)
    put.write("data/iconqa_data/pid2skills.json", "[]")
    with pytest.raises(DataError, match=r"pid2skills\.json: must be an object"):
        load("iconqa", put.root)


def test_iconqa_tells_every_damaged_item(checkout):
    put = checkout("iconqa")
    test = put.root / "data/iconqa_data/iconqa/test"
    texts, blanks = sorted((test / "choose_txt").iterdir()), sorted((test / "fill_in_blank").iterdir())
    (texts[0] / "data.json").write_text("{")
    (texts[1] / "data.json").unlink()
    (blanks[0] / "data.json").write_text(json.dumps({"ques_type": "choose_txt"}))
    (blanks[1] / "image.png").unlink()
    picture = sorted((test / "choose_img").iterdir())[0] / "data.json"
    picture.write_text(picture.read_text().replace("choice_0.png", "../../../../../../../../etc/hostname"))
    with pytest.raises(DataError) as caught:
        load("iconqa", put.root)
    first, *told = str(caught.value).splitlines()
    assert first.startswith("5 problems in ")
    for line, says in zip(told, ("outside", "not valid JSON", "is missing", "'ques_type'", "is missing"), strict=True):
        assert says in line
        assert "data.json" in line


@pytest.mark.parametrize("suite", TABLES)
def test_a_missing_column_is_told_with_its_entry(suite, checkout):
    put = checkout(suite)
    path = put.root / TABLES[suite]
    if suite == "mathvision":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        del rows[1]["answer"], rows[2]["level"]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        found = json.loads(path.read_text())
        for entry in list(found.values() if isinstance(found, dict) else found)[:2]:
            del entry["label" if suite == "chartqa" else "answer"]
        path.write_text(json.dumps(found))
    with pytest.raises(DataError) as caught:
        load(suite, put.root)
    first, *told = str(caught.value).splitlines()
    assert first.startswith("2 problems in ")
    for line in told:
        assert "columns missing: " in line
        assert path.name in line


@pytest.mark.parametrize(
    "name", ["../../secret.png", "/etc/hostname", "link.png", "gone.png", "", "a\0b", "x" * 5000, 3]
)
def test_a_picture_must_be_a_file_of_the_folder(name, checkout):
    put = checkout("logicvista")
    (put.root / "data/images/link.png").symlink_to("/etc/hostname")
    path = put.root / TABLES["logicvista"]
    found = json.loads(path.read_text())
    first = next(iter(found))
    found[first]["imagename"] = name
    path.write_text(json.dumps(found))
    with pytest.raises(DataError, match=rf"dataset\.json: entry '{first}': ") as caught:
        load("logicvista", put.root)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("3", "must hold a list or an object"),
        ('{"v1_0": {}, "v1_0": {}}', "the key 'v1_0' is there twice"),
        ('{"v1_0": []}', "entry 'v1_0' must be a JSON object"),
        ("[null]", "entry 1 must be a JSON object"),
        ("{}", "no items"),
        ("1" * 10_000, "not valid JSON"),
    ],
)
def test_a_malformed_table_is_refused_in_one_line(text, says, checkout):
    put = checkout("logicvista")
    put.write(TABLES["logicvista"], text)
    with pytest.raises(DataError, match=says) as caught:
        load("logicvista", put.root)
    assert "\n" not in str(caught.value)


def test_a_document_is_bounded_and_confined(tmp_path, monkeypatch):
    put = Folder(tmp_path / "in")
    path = put.write("a.json", [1, 2, 3])
    assert jsonl.read_document(path, put.root) == [1, 2, 3]
    assert jsonl.read_document(put.write("b.json", '[{"a": 1, "a": 2}]'), put.root) == [{"a": 2}]
    with pytest.raises(DataError, match="longer than 4 bytes"):
        jsonl.read_document(path, put.root, 4)
    (tmp_path / "out.json").write_text("{}")
    (put.root / "link.json").symlink_to(tmp_path / "out.json")
    (put.root / "loop.json").symlink_to(put.root / "loop.json")
    for name, says in (("link.json", "outside"), ("gone.json", "is missing"), ("loop.json", "cannot read|is missing")):
        with pytest.raises(DataError, match=says):
            jsonl.read_document(put.root / name, put.root)


def test_problems_of_all_tables_are_told(checkout):
    put = checkout("dynamath")
    trials = put.root / "samples and result/10trials"
    (trials / "trial4/dataset.json").unlink()
    (trials / "trial5/dataset.json").write_text("[")
    (trials / "trial6/dataset.json").write_text('{"one": {}}')
    with pytest.raises(DataError) as caught:
        load("dynamath", put.root)
    first, *told = str(caught.value).splitlines()
    assert first.startswith("3 problems in ")
    for line, says in zip(told, ("trial4/dataset.json is missing", "not valid JSON", "entry 'one'"), strict=True):
        assert says in line


def test_a_table_without_pictures_says_what_is_missing(checkout):
    put = checkout("mathverse")
    shutil.rmtree(put.root / "data/images")
    with pytest.raises(DataError, match=r"testmini\.json are missing: put the folder images/images_version_1-4 or "):
        load("mathverse", put.root)


def test_parquet_beside_a_table_without_pictures_is_read(tmp_path, published_rows):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    put = Folder(tmp_path / "hub")
    mathverse(put, sample_rows("mathverse"))
    shutil.rmtree(put.root / "data/images")
    pq.write_table(pa.Table.from_pylist(published_rows("mathverse")["testmini"]), put.root / "data/testmini.parquet")
    assert len(load("mathverse", put.root)) == 10


def test_a_plain_folder_stays_one(tmp_path):
    """A file of the project's own columns, of the name and at the place that a checkout has."""
    put = Folder(tmp_path)
    rows = sample_rows("mathvision")
    for row in rows:
        put.picture(f"data/{row['image']}", row["image"])
        put.picture(row["image"], row["image"])
    put.write("data/test.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    for path in (tmp_path, tmp_path / "data", tmp_path / "data/test.jsonl"):
        assert [item.id for item in load("mathvision", path)] == [row["id"] for row in rows]


def test_mathvision_named_as_a_file_never_loses_its_options(checkout, tmp_path):
    put = checkout("mathvision")
    with pytest.raises(DataError, match="missing"):
        load("mathvision", put.root / "data/testmini.jsonl")
    shutil.copy(put.root / "data/test.jsonl", put.root / "test.jsonl")
    assert any(item.choices for item in load("mathvision", put.root / "test.jsonl"))


def test_suites_without_a_repository_have_no_checkout(tmp_path):
    Folder(tmp_path).write("data/testmini.json", [])
    with pytest.raises(DataError, match="no checkout of the suite's repository"):
        open_local(UNPUBLISHED, tmp_path)


def test_the_lock_file_knows_a_checkout(checkout, cli, tmp_path, monkeypatch):
    put = checkout("wemath")
    monkeypatch.chdir(tmp_path)
    assert cli("suite", "pull", "wemath", "--data", put.root).code == 0
    assert json.loads(cli("suite", "status", "--json").out)[0]["status"] == "unchanged"
    path = put.root / TABLES["wemath"]
    path.write_text(path.read_text().replace("A. ", "A. 1", 1))
    assert "digest" in json.loads(cli("suite", "status", "--json").out)[0]["status"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("suite", [*TABLES, "iconqa"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_column_is_an_item_or_a_data_error(suite, data, checkout):
    put = checkout(suite)
    if suite == "iconqa":
        path = sorted(put.root.rglob("data.json"))[0]
        found = entry = json.loads(path.read_text())
    elif suite == "mathvision":
        path = put.root / TABLES[suite]
        found = entry = json.loads(path.read_text().splitlines()[0])
    else:
        path = put.root / TABLES[suite].replace("trial2", "trial1")
        found = json.loads(path.read_text())
        entry = next(iter(found.values() if isinstance(found, dict) else found))
    entry[data.draw(st.sampled_from(sorted(entry)))] = data.draw(VALUES)
    path.write_text(json.dumps(found))
    with suppress(DataError):
        assert load(suite, put.root)
