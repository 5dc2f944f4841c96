"""A full disk, a limit on file sizes, and folders that cannot be written: non-zero exit, whole store, resumable."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.harness.errors import StoreError
from proctor.harness.files import write_atomic
from proctor.harness.runs.store import RunReader

from .small_disk import mount, unmount

ITEMS, SIZE = 12, 40_000


@pytest.fixture
def evaluate(start, slow_cli):
    """Runs `proctor eval` with answers of SIZE bytes to its end."""

    def run(path, flight=1, size=SIZE, **process):
        command = ["eval", "--engine", "slow", "--model", "m", "--suite", "figures", "--limit", ITEMS, "--run", path]
        options = ["--engine-option", f"size={size}", "--engine-option", f"flight={flight}"]
        process = start(slow_cli, *command, *options, **process)
        out, err = process.communicate(timeout=120)
        return process.returncode, out.decode(), err.decode()

    return run


@pytest.fixture
def small_disk(tmp_path):
    """A mounted file system of 300 kB; `small_disk.grow()` gives it room."""

    class Disk:
        path = tmp_path / "disk"

        def grow(self):
            assert mount(self.path, "remount,size=8m")

        def protect(self):
            assert mount(self.path, "remount,ro")

        def unprotect(self):
            assert mount(self.path, "remount,rw")

    disk = Disk()
    disk.path.mkdir()
    if not mount(disk.path, "size=300k"):
        pytest.skip("mounting a small file system needs privileges that this process has not")
    yield disk
    unmount(disk.path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, slow_cli):
    """The answers of a run that had room."""
    path = tmp_path_factory.mktemp("whole")
    command = ["eval", "--engine", "slow", "--model", "m", "--suite", "figures", "--limit", str(ITEMS)]
    size = ["--engine-option", f"size={SIZE}", "--run", str(path)]
    subprocess.run([sys.executable, str(slow_cli), *command, *size], check=True, capture_output=True)
    return (path / "responses.jsonl").read_bytes()


def answers(path):
    return [one.item_id for one in RunReader(path).responses()]


def no_leftovers(path):
    return not [file for file in path.rglob(".*.*") if file.is_file()]


def check_ended_in_order(code, err, path):
    assert code == 3, err
    assert "Traceback" not in err
    assert "unexpected" not in err
    stored = answers(path)
    assert 0 < len(stored) <= ITEMS
    journal = (path / "responses.jsonl").read_bytes()
    assert journal.endswith(b"\n")
    assert journal.count(b"\n") == len(stored)
    assert not RunReader(path).complete
    return stored


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * SIZE, resource.RLIM_INFINITY))


def test_a_journal_that_can_not_grow_stays_whole_and_resumes(evaluate, tmp_path, whole):
    path = tmp_path / "run"
    code, _, err = evaluate(path, preexec_fn=limit_file_size)
    assert len(check_ended_in_order(code, err, path)) == 4
    assert "make room and run the same command again" in err
    code, _, err = evaluate(path)
    assert code == 0, err
    assert (path / "responses.jsonl").read_bytes() == whole


def test_a_disk_that_fills_while_answers_come(evaluate, small_disk, whole):
    path = small_disk.path / "run"
    code, _, err = evaluate(path)
    check_ended_in_order(code, err, path)
    assert "No space left on device" in err
    small_disk.grow()
    code, _, err = evaluate(path)
    assert code == 0, err
    assert (path / "responses.jsonl").read_bytes() == whole


def test_a_disk_that_fills_while_the_run_is_sealed(evaluate, small_disk, tmp_path):
    path = small_disk.path / "run"
    size = 12_000  # all answers fit once, but not twice: putting them into order needs a second copy
    code, _, err = evaluate(path, flight=4, size=size)
    assert len(check_ended_in_order(code, err, path)) == ITEMS
    assert no_leftovers(path)
    small_disk.grow()
    code, _, err = evaluate(path, flight=4, size=size)
    assert code == 0, err
    assert evaluate(tmp_path / "whole", size=size)[0] == 0
    assert (path / "responses.jsonl").read_bytes() == (tmp_path / "whole" / "responses.jsonl").read_bytes()
    assert RunReader(path).complete


def test_a_disk_without_room_for_the_questions(evaluate, small_disk):
    (small_disk.path / "ballast").write_bytes(b"x" * 280_000)
    code, _, err = evaluate(small_disk.path / "run")
    assert code == 3, err
    assert "No space left" in err
    assert "Traceback" not in err
    (small_disk.path / "ballast").unlink()
    small_disk.grow()
    code, _, err = evaluate(small_disk.path / "run")
    assert code == 0, err


def test_a_read_only_disk_is_one_line_and_3(evaluate, small_disk):
    small_disk.protect()
    code, _, err = evaluate(small_disk.path / "run")
    assert code == 3, err
    assert "cannot open run directory" in err
    assert "Read-only file system" in err
    assert "Traceback" not in err
    small_disk.unprotect()


def test_a_file_in_the_way_is_one_line_and_2(evaluate, tmp_path):
    (tmp_path / "run").write_text("mine")
    code, _, err = evaluate(tmp_path / "run")
    assert code == 2, err
    assert "cannot open run directory" in err
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.parametrize("when", ["fsync", "replace", "in the data"])
def test_an_atomic_write_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch, when):
    file = tmp_path / "file"
    write_atomic(file, b"old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    def pieces():
        yield b"new"
        fail()

    if when == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    elif when == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match="No space left"):
        write_atomic(file, pieces() if when == "in the data" else b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_atomic_write_makes_folders_and_readable_files(tmp_path):
    file = tmp_path / "a" / "b" / "file"
    write_atomic(file, iter([b"one", b"", b"two"]))
    assert file.read_bytes() == b"onetwo"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(file.parent.iterdir()) == [file]
