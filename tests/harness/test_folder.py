"""Claimed folders: one process at a time, one undertaking for ever."""

import pytest

from proctor.harness.errors import DataError, RunLockedError, RunMismatchError, UsageError
from proctor.harness.folder import ClaimedFolder, is_locked


def claim(path, identity, **how):
    with ClaimedFolder(path, "the folder", "at work there") as folder:
        return folder.claim("what.json", {"identity": identity, "seeds": []}, "trial", "choose another --out", **how)


def test_a_folder_belongs_to_one_undertaking(tmp_path):
    first = claim(tmp_path / "a", {"recipe": {"seed": 1, "betas": (0.9, 0.99)}, "suite": "s"})
    assert claim(tmp_path / "a", {"recipe": {"seed": 1, "betas": [0.9, 0.99]}, "suite": "s"})["seeds"] == first["seeds"]
    with pytest.raises(
        RunMismatchError, match=r"a holds another trial: recipe\.seed, suite differ; choose another --out"
    ):
        claim(tmp_path / "a", {"recipe": {"seed": 2, "betas": (0.9, 0.99)}, "suite": "t"})
    free = claim(tmp_path / "a", {"recipe": {"seed": 2, "betas": (0.9, 0.99)}, "suite": "s"}, free=("recipe.seed",))
    assert free["identity"]["recipe"]["seed"] == 1


def test_a_folder_with_files_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"holds other files \(thesis\.tex\)"):
        claim(tmp_path, {})
    assert claim(tmp_path, {}, own=("thesis.tex",)) == {"identity": {}, "seeds": []}


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"identity": {}}', '{"identity": {}, "seeds": 3}', '{"seeds": []}']
)
def test_a_damaged_record_is_no_new_folder(tmp_path, content):
    (tmp_path / "what.json").write_text(content)
    with pytest.raises(DataError, match=r"what\.json is damaged"):
        claim(tmp_path, {})
    assert (tmp_path / "what.json").read_text() == content


def test_one_process_at_a_time(tmp_path):
    assert not is_locked(tmp_path)
    with ClaimedFolder(tmp_path, "the folder", "at work there") as folder:
        assert is_locked(tmp_path)
        with pytest.raises(RunLockedError, match="another process is at work there"):
            ClaimedFolder(tmp_path, "the folder", "at work there")
    assert not is_locked(tmp_path)
    again = ClaimedFolder(tmp_path, "the folder", "at work there")
    with pytest.raises(UsageError), again.released_by_errors():
        raise UsageError("no")
    assert not is_locked(folder.path)


def test_a_file_in_a_folders_place_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="it is no folder"):
        ClaimedFolder(tmp_path / "file", "the folder", "at work there")


STALLED = """
import sys, time
from pathlib import Path
from proctor.harness.files import write_atomic

def pieces():
    yield b"half"
    print("begun", flush=True)
    time.sleep(600)

write_atomic(Path(sys.argv[1]), pieces())
"""


def test_what_a_kill_left_half_written_is_swept_and_what_is_being_written_is_not(start, tmp_path):
    folder = tmp_path / "a"
    claim(folder, {})
    (folder / ".mine.settings").touch()
    writer = start("-c", STALLED, folder / "result.json")
    assert writer.stdout.readline() == b"begun\n"
    claim(folder, {})
    assert len(list(folder.glob(".result.json.*"))) == 1
    writer.kill()
    writer.wait()
    assert len(list(folder.glob(".result.json.*"))) == 1
    claim(folder, {})
    assert not list(folder.glob(".result.json.*"))
    assert (folder / ".mine.settings").exists()
