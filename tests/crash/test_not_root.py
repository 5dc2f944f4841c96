"""Without the rights of root: what may not be written or read ends a command in one line that names it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import proctor

SETPRIV = shutil.which("setpriv")
WITHOUT = [SETPRIV, "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
"""Root is a user like others where it has no capability to pass over the modes of files."""
pytestmark = pytest.mark.skipif(os.geteuid() == 0 and SETPRIV is None, reason="root may write anywhere without setpriv")


def command(*words):
    """Run `proctor` to its end; its exit code and what it said on stderr."""
    called = [*WITHOUT, sys.executable, "-m", "proctor", *map(str, words)]
    done = subprocess.run(called, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run and a board of it, a data file, and a folder that nobody may write into."""
    folder = tmp_path_factory.mktemp("made")
    said = proctor.evaluate(lambda item: r"\boxed{1}", "figures", limit=4, out=folder, progress=False)
    said.path.rename(folder / "run")
    assert command("board", "build", folder / "run", "--draft", "--out", folder / "board")[0] == 0
    (folder / "items.jsonl").write_text('{"id": "1", "question": "1 + 1?", "answer": "2"}\n')
    (folder / "closed").mkdir(mode=0o500)
    yield folder
    (folder / "closed").chmod(0o700)


WRITERS = {
    "eval": "eval --model tiny --suite figures --limit 1 --run {out}",
    "board build": "board build {made}/run --draft --out {out}",
    "board site": "board site {made}/board --out {out}",
    "show": "show {made}/run --html {out}",
    "reward record": "reward record --model tiny --suite figures --limit 1 --samples 2 --temperature 1 --run {out}",
    "train": "train mm_upt_figures --out {out}",
    "gym make": "gym make sure --out {out}",
}


@pytest.mark.parametrize("words", WRITERS.values(), ids=WRITERS)
def test_what_may_not_be_written_is_named_in_a_line(words: str, made: Path) -> None:
    out = made / "closed" / "out"
    code, said = command(*(word.format(made=made, out=out) for word in words.split()))
    assert code in (2, 3), said
    assert "Traceback" not in said
    if "usage:" not in said:
        assert "Permission denied" in said.splitlines()[-1]
        assert not out.exists()


READERS = {
    "a run's answers": ("run/responses.jsonl", "score {made}/run"),
    "a run's manifest": ("run/run.json", "score {made}/run"),
    "a board": ("board/board.csv", "board verify {made}/board"),
    "a data file": ("items.jsonl", "eval --model tiny --suite mathvision --data {made}/items.jsonl --run {made}/new"),
}


@pytest.mark.parametrize(("file", "words"), READERS.values(), ids=READERS)
def test_what_may_not_be_read_is_named_in_a_line(file: str, words: str, made: Path) -> None:
    (made / file).chmod(0)
    try:
        code, said = command(*(word.format(made=made) for word in words.split()))
    finally:
        (made / file).chmod(0o600)
    assert code not in (0, 1), said
    assert "Traceback" not in said
    assert "Permission denied" in said.splitlines()[-1]
    assert Path(file).name in said
