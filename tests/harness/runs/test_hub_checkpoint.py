"""Models named as on the hub: found in huggingface_hub's cache, known by their commit, and one line for what is not there."""

import shutil
import subprocess
import sys

import pytest

from proctor.harness.errors import CheckpointError
from proctor.harness.runs.checkpoints import Checkpoint
from proctor.harness.runs.hub_checkpoint import find_checkpoint, hub_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tiny, tmp_path, monkeypatch):
    """A cache of the hub with the bundled checkpoint as somebody/tiny-vl, and no network."""
    root = tmp_path / "cache"
    snapshot = root / "models--somebody--tiny-vl" / "snapshots" / COMMIT
    blobs = root / "models--somebody--tiny-vl" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for file in tiny.iterdir():
        shutil.copy(file, blobs / file.name)
        (snapshot / file.name).symlink_to(f"../../blobs/{file.name}")
    refs = root / "models--somebody--tiny-vl" / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    monkeypatch.setenv("HF_HUB_CACHE", str(root))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(root), raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True, raising=False)
    return snapshot


def proctor(*arguments):
    return subprocess.run([sys.executable, "-m", "proctor.harness.cli", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("name", ["somebody/tiny-vl", f"somebody/tiny-vl@{COMMIT}"])
def test_a_model_in_the_cache_is_known_by_name_and_commit(cache, tiny, name):
    pytest.importorskip("huggingface_hub")
    checkpoint = Checkpoint.read(find_checkpoint(name))
    assert checkpoint.path == cache
    assert checkpoint.name == "somebody/tiny-vl"
    assert checkpoint.identity() == {**Checkpoint.read(tiny).identity(), "hub": f"somebody/tiny-vl@{COMMIT}"}


def test_a_model_of_the_hub_is_examined_by_its_name(cache, tmp_path):
    done = proctor(
        *("eval", "--model", "somebody/tiny-vl", "--suite", "figures", "--limit", "2", "--out", str(tmp_path / "runs"))
    )
    assert done.returncode == 0, done.stderr
    assert "somebody/tiny-vl" in done.stdout
    assert [one.name.startswith("somebody-tiny-vl.figures") for one in (tmp_path / "runs").iterdir()] == [True]


def test_what_cannot_be_had_is_said_with_the_command_that_gets_it(cache):
    for name, told in {
        "somebody/other": "hf download somebody/other$",
        "somebody/other@v2": "hf download somebody/other --revision v2$",
        "somebody/tiny-vl@v9": "hf download somebody/tiny-vl --revision v9$",
    }.items():
        with pytest.raises(CheckpointError, match=told):
            find_checkpoint(name)


@pytest.mark.parametrize(
    "name", ["/nope", "./nope/x", "nope", "a/b/c", "somebody/../x", "recipes/mine.toml", "~nobody/x"]
)
def test_a_path_that_is_not_there_is_no_model_of_the_hub(cache, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        find_checkpoint(name)


def test_the_folder_that_was_meant_is_named(tiny):
    with pytest.raises(CheckpointError, match=f"did you mean {tiny}"):
        find_checkpoint(f"{tiny}e")


def test_other_folders_are_no_commits(tiny, cache):
    assert hub_commit(tiny) is None
    assert hub_commit(cache.parent) is None
    assert hub_commit(cache).model == "somebody/tiny-vl"


@pytest.mark.parametrize("command", ["eval --suite figures --model", "train mm_upt_figures --out x --base"])
def test_a_wrong_path_is_said_before_torch_is_imported(command, tmp_path):
    code = (
        "import sys, proctor.harness.cli as cli\n"
        "try:\n    code = cli.main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        "print(code, sorted({'torch', 'transformers', 'pandas'} & {*sys.modules}))\n"
    )
    words = [sys.executable, "-c", code, *command.split(), "/nope"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "2 []\n"
    assert done.stderr.rstrip().endswith("/nope: no such checkpoint folder")
