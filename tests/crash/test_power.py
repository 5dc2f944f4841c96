"""What a loss of power could take: every file is on the disk before its name is, and a journal before the seal on it.

The order of what is asked of the disk is written down while the real thing runs.
"""

import os
import time
from pathlib import Path

import pytest

from proctor.harness import jsonl
from proctor.harness.errors import StoreError
from proctor.harness.files import publish_folder, write_atomic
from proctor.harness.jsonl import Journal, append_shared
from proctor.harness.runs.evaluate import run_eval


@pytest.fixture
def disk(monkeypatch):
    """What is put on the disk and renamed, as ("sync" | "rename", path) in order."""
    events = []
    sync, replace = os.fsync, Path.replace

    def synced(handle):
        events.append(("sync", str(Path(f"/proc/self/fd/{handle}").readlink())))
        sync(handle)

    def renamed(self, target):
        events.append(("rename", str(self)))
        events.append(("named", str(target)))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    return events


def check_order(events):
    """Each renamed file was synced before, and its folder is afterwards, before anything in another folder is named."""
    for n, (what, path) in enumerate(events):
        if what == "rename":
            assert ("sync", path) in events[:n], path
            target = Path(events[n + 1][1])
            folder = events.index(("sync", str(target.parent)), n)
            between = [one for kind, one in events[n + 2 : folder] if kind == "named"]
            assert all(Path(one).parent == target.parent for one in between), between


@pytest.mark.parametrize("flight", [1, 3], ids=["answers in order", "answers out of order"])
def test_a_run_is_on_the_disk_before_its_seal(tmp_path, examine, scripted, disk, flight):
    run = tmp_path.resolve() / "run"
    assert run_eval(examine(4, n=2), scripted(flight=flight), run).complete
    check_order(disk)
    seal = max(n for n, event in enumerate(disk) if event == ("named", str(run / "run.json")))
    journal = str(run / "responses.jsonl")
    assert any(
        what == "sync" and Path(path).name.startswith(("responses.jsonl", ".responses.jsonl"))
        for what, path in disk[:seal]
    )
    first = disk.index(("sync", str(run.parent)))
    assert first < next(n for n, (_, path) in enumerate(disk) if path.startswith(journal))


def test_a_journal_is_put_on_the_disk_as_time_passes(tmp_path, disk, monkeypatch):
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    journal = Journal(tmp_path.resolve() / "journal.jsonl", 1000)
    for _ in range(10):
        journal.append(b"{}\n")
    assert disk == []
    now = jsonl.SYNC_SECONDS + 0.1
    for _ in range(10):
        journal.append(b"{}\n")
    assert disk == [("sync", str(journal.path))]
    journal.close()
    assert len(disk) == 2


def test_a_journal_whose_line_cannot_be_put_on_the_disk_is_whole_without_it(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal.jsonl", 1000)
    journal.append(b"1\n")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jsonl, "SYNC_SECONDS", -1.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="No space left"):
            journal.append(b"2\n")
    journal.append(b"3\n")
    journal.close()
    assert journal.path.read_bytes() == b"1\n3\n"


def test_a_kept_reply_and_a_file_are_on_the_disk(tmp_path, disk):
    place = tmp_path.resolve()
    append_shared(place / "book.jsonl", b"{}\n", 100, lambda line: False)
    assert ("sync", str(place / "book.jsonl")) in disk
    write_atomic(place / "file", b"x")
    check_order(disk)


def test_a_folder_is_named_when_all_in_it_is_on_the_disk(tmp_path, disk):
    place = tmp_path.resolve()
    (place / ".step" / "inner").mkdir(parents=True)
    (place / ".step" / "weights").write_bytes(b"w")
    (place / ".step" / "inner" / "state").write_bytes(b"s")
    publish_folder(place / ".step", place / "step")
    before = {Path(path) for _, path in disk[: disk.index(("rename", str(place / ".step")))]}
    assert before == {place / ".step", *(place / ".step" / name for name in ("weights", "inner", "inner/state"))}
    check_order(disk)
