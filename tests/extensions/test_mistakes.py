"""Mistakes in a file of one's own, or in a package, are one line with the file and the line, and exit code 2."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.harness import registry

from ..conftest import Done

DOTS = """from proctor.benchmarks.base import Item, Protocol, Suite, boxed_prompt
from proctor.harness.answers import Extraction, Grade
from proctor.harness.types import Prompt, Response
def parse(record, folder):
    return Item(record.text("id"), "dots", record.text("question"), record.text("answer"), "number")
def extract(text, item):
    return Extraction("2", "all", "always 2")
def match(stated, item):
    return Grade(True, stated.answer, "all", "always right")
def prompt(item):
    return boxed_prompt(item)
class Engine:
    def __init__(self, name): self.name = name
    def identity(self):
        return {"name": self.name}
    def versions(self):
        return {}
    def generate(self, requests, sampling):
        yield from (Response(one.item_id, k, "2") for one in requests for k in one.samples)
def open_engine(target, options):
    return Engine(target)
PROTOCOL = Protocol("all", "1", prompt, extract, match)
SUITE = Suite("dots", "Dots", parse)
"""
ASK = ["eval", "--suite", "{}:SUITE", "--data", "dots.jsonl", "--engine", "{}:open_engine", "--model", "m"]
CHECK = ["suite", "check", "{}:SUITE", "--data", "dots.jsonl"]
BY_PROTOCOL = ["--protocol", "{}:PROTOCOL"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes dots.py with changes, and says how it is called."""
    monkeypatch.chdir(tmp_path)
    item = {"id": "1", "question": "How many dots?", "answer": "2"}
    (tmp_path / "dots.jsonl").write_text(json.dumps(item) + "\n")

    def write(old: str = "", new: str = "", name: str = "dots.py") -> str:
        assert old in DOTS
        (tmp_path / name).write_text(DOTS.replace(old, new, 1))
        return name

    return write


def refused(done: Done, *told: str) -> None:
    lines = [
        line for line in done.err.splitlines() if line.startswith("proctor ")
    ]  # a bar of progress may stand before it
    assert (done.code, len(lines), done.err.splitlines()[-1:]) == (2, 1, lines), done.err
    assert all(one in lines[0] for one in told), done.err


WRONG_WHEN_CALLED = {
    "parse raises": (CHECK, "return Item(", "return Item(None + ", "dots.py:5: TypeError"),
    "parse gives no item": (CHECK, "return Item(", "return (", "dots.py:4: gave ('1', 'dots'"),
    "bad answer type": (CHECK, '"number")', '"numbr")', "dots.py:4: gave an Item whose answer_type is an unknown gold"),
    "an answer that is no text": (CHECK, 'record.text("answer")', "2", "dots.py:4: gave an Item whose answer is 2"),
    "another suite": (CHECK, '"dots", record', '"other", record', "whose suite is 'other', not 'dots'"),
    "prompt gives a text": (
        ASK + BY_PROTOCOL,
        "return boxed_prompt(item)",
        "return 'x'",
        "dots.py:10: gave 'x', not a P",
    ),
    "prompt of one text": (ASK + BY_PROTOCOL, "return boxed_prompt(item)", "return Prompt('x')", "whose parts are 'x'"),
    "prompt takes nothing": (ASK + BY_PROTOCOL, "def prompt(item)", "def prompt()", "dots.py:10: TypeError"),
    "extract raises": (ASK + BY_PROTOCOL, 'return Extraction("2"', "return {}['x']  #", "dots.py:7: KeyError: 'x'"),
    "match raises": (ASK + BY_PROTOCOL, "return Grade(True", "return Grade(int('x')", "dots.py:9: ValueError"),
    "match gives no grade": (ASK + BY_PROTOCOL, "return Grade(True", "return (True", "dots.py:8: gave (True, '2'"),
    "no response": (
        ASK,
        "Response(one.item_id, k,",
        "(one.item_id, k,",
        "dots.py:18: gave ('1', 0, '2'), not a Response",
    ),
    "no responses": (ASK, "yield from", "return None #", "dots.py:18: gave None, not responses"),
    "no engine": (ASK, "return Engine(target)", "return None", "dots.py:20: gave None, which is no engine"),
    "no identity": (ASK, "return {", "return 3 #", "dots.py:14: gave 3, not a mapping"),
}


@pytest.mark.parametrize("case", WRONG_WHEN_CALLED)
def test_what_a_function_does_wrong_is_told_with_its_line(
    case: str, written: Callable[..., str], cli: Callable[..., Done]
) -> None:
    command, old, new, told = WRONG_WHEN_CALLED[case]
    name = written(old, new)
    refused(cli(*(word.format(name) for word in command)), told)


WRONG_AS_WRITTEN = {
    "metrics": ("parse)", 'parse, metrics=("level",))', "its metrics must be a function, not ('level',)"),
    "parse": ("parse)", '"parse")', "its parse must be a function, not 'parse'"),
    "prompt": ("parse)", "parse, prompt='x')", "its prompt must be a function, not 'x'"),
    "name": ('Suite("dots"', 'Suite("Dots!"', "its name must be of letters, digits"),
    "protocols": ("parse)", "parse, own_protocols=(extract,))", "own_protocols must hold Protocols, not <function"),
    "one protocol": ("parse)", "parse, own_protocols=PROTOCOL)", "own_protocols must be a tuple"),
    "a protocol's match": ("prompt, extract, match)", "prompt, extract, 'x')", "its match must be a function, not 'x'"),
}


@pytest.mark.parametrize("case", WRONG_AS_WRITTEN)
def test_what_is_no_suite_or_protocol_is_refused_when_it_is_loaded(
    case: str, written: Callable[..., str], cli: Callable[..., Done]
) -> None:
    old, new, told = WRONG_AS_WRITTEN[case]
    name = written(old, new)
    line = 22 if "Protocol" in DOTS[: DOTS.index(old)].splitlines()[-1] else 23
    refused(cli(*(word.format(name) for word in CHECK)), f"dots.py:{line}", told)


@pytest.fixture
def package(written: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs dots.py, changed, as a package that gives its suite, protocol and engine."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "given_dots", raising=False)
    information = tmp_path / "dots-3.1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: dots\nVersion: 3.1\n")

    def install(old: str = "", new: str = "", points: str = "") -> None:
        written(old, new, "given_dots.py")
        (information / "entry_points.txt").write_text(
            points
            or "[proctor.suites]\ndots = given_dots:SUITE\n[proctor.protocols]\nall = given_dots:PROTOCOL\n"
            "[proctor.engines]\ntwo = given_dots:open_engine\n"
        )

    return install


INSTALLED = ("--suite", "dots", "--data", "dots.jsonl", "--protocol", "all", "--engine", "two", "--model", "m")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return Item(", "return (", "given_dots.py:4: gave ('1', 'dots'"),
        ("return boxed_prompt(item)", "return 'x'", "given_dots.py:10: gave 'x', not a Prompt"),
        ("return Engine(target)", "return None", "given_dots.py:20: gave None, which is no engine"),
        (
            "parse)\n",
            "parse, metrics=3)\n",
            "given_dots.py:23: UsageError: suite 'dots': its metrics must be a function",
        ),
    ],
)
def test_a_package_is_told_of_likewise(
    old: str, new: str, told: str, package: Callable[..., None], cli: Callable[..., Done]
) -> None:
    package(old, new)
    refused(cli("eval", *INSTALLED), told)


READ = {
    "score": ("score", "runs", "--json"),
    "board build": ("board", "build", "runs", "--draft", "--out", "new"),
    "compare": ("compare", "runs@m", "runs@n"),
    "explain": ("explain", "RUN", "--score-protocol", "strict,all"),
    "show": ("show", "runs", "--html", "page.html"),
}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return Grade(True", "return Grade(int('x')", "broken.py:9: ValueError"),
        ("parse)\n", "parse, metrics=lambda items, verdicts: 1 / 0)\n", "broken.py:23: ZeroDivisionError"),
    ],
)
def test_commands_that_read_runs_tell_it_too(
    old: str, new: str, told: str, written: Callable[..., str], cli: Callable[..., Done]
) -> None:
    for model in ("m", "n"):
        done = cli(*(word.format(written()) for word in (*ASK, *BY_PROTOCOL)), "--model", model)
        assert done.code == 0, done.err
    registry._LOADED.clear()
    mine = (f"--with={written(old, new, 'broken.py')}:SUITE", "--with=broken.py:PROTOCOL")
    run = str(next(Path("runs").iterdir()))
    for name, command in READ.items():
        if "metrics" in new and name in ("compare", "explain"):
            continue  # they count answers alone
        refused(cli(*(run if word == "RUN" else word for word in command), *mine), told)
