"""Data sets through `datasets`, from local folders of the hub's form; the lock file; what stops a run."""

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest

from proctor.benchmarks import lock as locks
from proctor.benchmarks.registry import SUITES
from proctor.benchmarks.sources import hub
from proctor.harness.errors import DataError, MissingExtraError, UsageError, install
from proctor.trainers.tiny import BASE

datasets = pytest.importorskip("datasets")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def published(suite):
    return SUITES.get(suite).published


ON_THE_HUB = [name for name in SUITES.names() if published(name).hub]


def publish(monkeypatch, suite, **changes):
    """Say otherwise how a suite is published."""
    found = SUITES.get(suite)
    found = dataclasses.replace(found, published=dataclasses.replace(found.published, **changes))
    monkeypatch.setattr(f"proctor.benchmarks.suites.{suite}.SUITE", found)


@pytest.fixture
def put_on_hub(tmp_path, monkeypatch, published_rows):
    """`put_on_hub(suite, change=None)`: a folder of the hub's form takes the place of the suite's data set."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)

    def put(suite, change=None):
        folder = tmp_path / "hub-sets" / suite
        splits = published_rows(suite)
        if change is not None:
            change(next(iter(splits.values())))
        for split, rows in splits.items():
            table = datasets.Dataset.from_list(rows)
            for column in table.column_names:
                picture = isinstance(rows[0][column], dict) and "bytes" in rows[0][column]
                if picture or column.startswith("choice_image_"):
                    table = table.cast_column(column, datasets.Image())
            (folder / "data").mkdir(parents=True, exist_ok=True)
            table.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
        config = published(suite).hub.config or "default"
        files = "".join(f"  - split: {split}\n    path: data/{split}-*\n" for split in splits)
        (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{files}---\n")
        here = dataclasses.replace(published(suite).hub, path=str(folder), splits=tuple(splits))
        publish(monkeypatch, suite, hub=here)
        return here

    return put


@pytest.mark.parametrize("suite", ON_THE_HUB)
def test_every_suite_is_pulled_and_read_as_it_is_bundled(suite, put_on_hub, essence, tmp_path):
    put_on_hub(suite)
    locked = locks.pull(SUITES.get(suite), locks.HUB_DATA, "main", tmp_path / "a.lock")
    items, bundled = locks.load_locked(SUITES.get(suite), locks.HUB_DATA, tmp_path / "a.lock"), SUITES.get(suite).load()
    whole = suite != "mathverse"
    assert [essence(item, whole) for item in items] == [essence(item, whole) for item in bundled]
    assert locked.items == len(items)
    assert (locked.revision, locked.config, locked.splits) == (
        "local",
        published(suite).hub.config,
        published(suite).hub.splits,
    )


def changed(rows):
    rows[1]["question"] = "Which other one?"
    rows[2]["id"] = "900"
    rows.append({**rows[0], "id": "901"})


def test_changed_data_stop_a_run_and_the_error_says_what_changed(put_on_hub, cli, tmp_path):
    put_on_hub("mathvision")
    assert cli("suite", "pull", "mathvision").code == 0
    assert cli("suite", "check", "mathvision", "--data", "hub", "--items", "7").code == 0
    put_on_hub("mathvision", changed)
    done = cli("eval", "--model", BASE, "--suite", "mathvision", "--data", "hub")
    assert done.code == 2
    (said,) = [line for line in done.err.splitlines() if line.startswith("proctor ")]  # the rest is progress
    assert "not those of proctor-data.lock: items 8, was 7; digest " in said
    assert "differing ids: '3' (gone), '2' (changed), '900' (new), '901' (new)" in said
    assert not list(tmp_path.rglob("run.json"))
    assert cli("suite", "pull", "mathvision").code == 0
    assert cli("suite", "check", "mathvision", "--data", "hub", "--items", "8").code == 0


def test_hub_data_must_be_pulled_first(put_on_hub, cli):
    put_on_hub("chartqa")
    done = cli("suite", "check", "chartqa", "--data", "hub")
    assert done.code == 2
    assert "pin it first with `proctor suite pull chartqa`" in done.err
    assert cli("suite", "check", "figures", "--data", "hub").code == 2


@pytest.fixture
def text_only(tmp_path, monkeypatch, published_rows):
    """MathVerse's Text Only items as a folder of the hub's form: a split of its own, sample_index from 1, no picture."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    (rows,) = published_rows("mathverse").values()
    about = {"problem_version": "Text Only", "image": ""}
    rows = [{**row, **about, "sample_index": str(number)} for number, row in enumerate(rows, 1)]
    folder = tmp_path / "text-only"
    datasets.Dataset.from_list(rows).to_parquet(folder / "testmini_text_only.parquet")
    files = "  - split: testmini_text_only\n    path: testmini_text_only.parquet\n"
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: testmini_text_only\n  data_files:\n{files}---\n")
    here = dataclasses.replace(published("mathverse").further["text_only"], path=str(folder))
    publish(monkeypatch, "mathverse", further={"text_only": here})
    return here


def test_a_further_set_is_asked_apart(text_only, put_on_hub, cli):
    put_on_hub("mathverse")
    assert cli("suite", "pull", "mathverse").code == 0
    done = cli("suite", "check", "mathverse", "--data", "hub:text_only")
    assert done.code == 2
    assert "pin it first with `proctor suite pull mathverse --data hub:text_only`" in done.err
    assert cli("suite", "pull", "mathverse", "--data", "hub:text_only").code == 0
    main, apart = json.loads(cli("suite", "status", "--json").out)
    assert {main["name"], apart["name"]} == {published("mathverse").hub.path, f"{text_only.path}:text_only"}
    items = locks.load_locked(SUITES.get("mathverse"), Path("hub:text_only"))
    assert [item.id for item in items] == [f"text-only-{number}" for number in range(1, 11)]
    assert all(item.meta["version"] == "Text Only" and not item.images for item in items)
    assert not {item.id for item in items} & {item.id for item in SUITES.get("mathverse").load()}


@pytest.mark.parametrize(
    ("suite", "data", "says"),
    [
        ("mathverse", "hub:vision", r"no further set 'vision' on the hub; it has: hub:text_only"),
        ("mathverse", "hub:", "no further set ''"),
        ("iconqa", "hub:text_only", "it has: none"),
    ],
)
def test_an_unknown_further_set_is_refused(suite, data, says, cli):
    done = cli("suite", "pull", suite, "--data", data)
    assert done.code == 2
    assert re.search(says, done.err)


def test_status_reads_the_hub_again_when_asked(put_on_hub, cli, monkeypatch):
    put_on_hub("mathvision")
    cli("suite", "pull", "mathvision")
    for arguments, said in ((), "pinned"), (("--hub",), "unchanged"):
        (one,) = json.loads(cli("suite", "status", "--json", *arguments).out)
        assert one["status"] == said
    put_on_hub("mathvision", changed)
    assert cli("suite", "status").code == 0
    done = cli("suite", "status", "--hub", "--json")
    assert done.code == 1
    assert "'900' (new)" in json.loads(done.out)[0]["status"]
    elsewhere = dataclasses.replace(published("mathvision").hub, path="elsewhere/MathVision")
    publish(monkeypatch, "mathvision", hub=elsewhere)
    (one,) = json.loads(cli("suite", "status", "--hub", "--json").out)
    assert "on the hub any more" in one["status"]


def test_skills_of_the_hub_are_read(put_on_hub, tmp_path):
    put_on_hub("iconqa", lambda rows: [row.update(skills=["counting"]) for row in rows])
    locks.pull(SUITES.get("iconqa"), locks.HUB_DATA, "main", tmp_path / "a.lock")
    items = locks.load_locked(SUITES.get("iconqa"), locks.HUB_DATA, tmp_path / "a.lock")
    assert {item.meta["skills"] for item in items} == {("counting",)}


def test_columns_that_the_hub_has_no_more_are_told_once(put_on_hub, tmp_path):
    put_on_hub("wemath", lambda rows: [row.pop("option") for row in rows])
    with pytest.raises(DataError, match=r"columns missing: option; there are: ID") as caught:
        locks.pull(SUITES.get("wemath"), locks.HUB_DATA, "main", tmp_path / "a.lock")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.lock").exists()


def test_a_revision_must_be_a_commit():
    with pytest.raises(DataError, match="is no commit; pin one with `proctor suite pull`"):
        hub.open_hub(published("mathvision").hub, "main")
    with pytest.raises(DataError, match="is no commit"):
        hub.open_hub(published("mathvision").hub, hub.LOCAL)
    assert hub.resolve_revision(published("mathvision").hub, COMMIT) == COMMIT


@pytest.mark.parametrize("suite", ["mathvision", "mathverse"])
def test_the_pinned_revision_is_what_is_asked_for(suite, monkeypatch):
    asked = []

    def load_dataset(*arguments, **options):
        asked.append((arguments, options))
        raise ConnectionError("no network\nhere")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    here = published(suite).hub
    source = hub.open_hub(here, COMMIT)
    with pytest.raises(DataError, match=f"cannot load revision {COMMIT} from the hub: no network here"):
        list(source.records)
    assert asked == [((here.path,), {"name": here.config, "split": here.splits[0], "revision": COMMIT})]


def test_a_branch_is_resolved_to_its_commit(monkeypatch):
    import huggingface_hub

    class Info:
        sha = COMMIT

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda self, path, revision: Info)
    assert hub.resolve_revision(published("chartqa").hub, "main") == COMMIT
    Info.sha = None
    with pytest.raises(DataError, match="names no commit for revision 'main'"):
        hub.resolve_revision(published("chartqa").hub, "main")


def test_without_datasets_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=re.escape(install("data"))):
        list(hub.open_hub(published("chartqa").hub, COMMIT).records)


@pytest.fixture
def local(tmp_path, monkeypatch):
    """A copy of a bundled sample, in the working directory."""
    import shutil

    from proctor.benchmarks.base import SAMPLES

    monkeypatch.chdir(tmp_path)
    shutil.copytree(SAMPLES / "images", tmp_path / "images")
    shutil.copy(SAMPLES / "chartqa.jsonl", tmp_path / "chartqa.jsonl")
    return tmp_path / "chartqa.jsonl"


def test_local_data_are_checked_once_they_are_in_the_lock(local, cli):
    suite = SUITES.get("chartqa")
    assert len(locks.load_locked(suite, local)) == 8
    assert cli("suite", "pull", "chartqa", "--data", local).code == 0
    assert len(locks.load_locked(suite, local)) == 8
    (said,) = json.loads(cli("suite", "status", "--json").out)
    assert (said["name"], said["status"], said["revision"]) == ("chartqa.jsonl", "unchanged", None)
    local.write_bytes(b"".join(reversed(local.read_bytes().splitlines(keepends=True))))
    with pytest.raises(DataError, match="the order of the items"):
        locks.load_locked(suite, local)
    done = cli("suite", "status")
    assert done.code == 1
    local.unlink()
    assert "cannot read" in json.loads(cli("suite", "status", "--json").out)[0]["status"]


def test_a_changed_picture_is_a_change(local, cli):
    cli("suite", "pull", "chartqa", "--data", local)
    picture = local.parent / json.loads(local.read_text().splitlines()[0])["image"]
    picture.write_bytes(picture.read_bytes() + b"\0")
    with pytest.raises(DataError, match=r"differing ids: 'h1' \(changed\)"):
        locks.load_locked(SUITES.get("chartqa"), local)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "data": []}', '{"version": 1, "data": [1]}', '{"version": 1, "data": [{}]}'],
)
def test_a_damaged_lock_is_refused(local, text):
    (local.parent / "proctor-data.lock").write_text(text)
    with pytest.raises(DataError, match=r"proctor-data\.lock: not a lock file") as caught:
        locks.load_locked(SUITES.get("chartqa"), local)
    assert "\n" not in str(caught.value)


def test_a_lock_comes_back_as_it_was_written(local):
    path = local.parent / "other.lock"
    locked = locks.pull(SUITES.get("chartqa"), local, "main", path)
    assert locks.read_lock(path) == {locked.key: locked}
    before = path.read_bytes()
    locks.write_lock(path, locks.read_lock(path))
    assert path.read_bytes() == before


def test_an_unknown_suffix_and_an_ambiguous_folder_are_refused(local):
    suite = SUITES.get("chartqa")
    with pytest.raises(UsageError, match=r"\.jsonl, \.parquet, \.tsv file or a folder"):
        suite.load(local.rename(local.with_suffix(".csv")))
    for name in ("a.jsonl", "b.jsonl"):
        (local.parent / name).write_text("")
    with pytest.raises(DataError, match=r"several data files: a\.jsonl, b\.jsonl; name one"):
        suite.load(local.parent)
