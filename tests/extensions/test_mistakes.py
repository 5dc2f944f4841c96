"""Mistakes in a file of one's own, or in a package, are one line with the file and the line, and exit code 2."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.harness import registry
from proctor.trainers.tiny import BASE

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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("eval --model x --engine openai --suite figurs", "no suite is called 'figurs'; did you mean figures?"),
        ("eval --model x --suite figures --engine vlm", "no engine is called 'vlm'; did you mean vllm?"),
        (f"eval --model {BASE} --suite figures --engine-option btach=4", "no option 'btach'; did you mean batch?"),
        ("train mm_upt_figurs --out x", "no recipe is called 'mm_upt_figurs'; did you mean mm_upt_figures or "),
        ("train zzz --out x", "there are: `proctor list recipes`"),
        ("train nope.toml --out x", "there is no file nope.toml"),
        ("train mm_upt_figures --out x --set policy.steps=four", "must be a whole number, not 'four'"),
        ("eval --model x --suite figures --limit four", "--limit: must be a whole number, not 'four'"),
        ("eval --model x --suite figures --top-p much", "--top-p: must be a number, not 'much'"),
    ],
)
def test_a_wrong_word_is_told_with_the_nearest(words: str, told: str, cli: Callable[..., Done]) -> None:
    done = cli(*words.split())
    refused(done, told)
    assert len(done.err) < 400


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("check-reward x", "`proctor check-reward` is now `proctor reward check`"),
        ("export", "is now `proctor board export` or `proctor suite export`"),
    ],
)
def test_an_old_name_tells_the_new_one(words: str, told: str, cli: Callable[..., Done]) -> None:
    done = cli(*words.split())
    assert (done.code, told in done.err) == (2, True), done.err


def test_help_is_a_word_too(cli: Callable[..., Done]) -> None:
    assert cli("help").out == cli("--help").out
    assert cli("help", "suite", "check").out == cli("suite", "check", "--help").out


def test_stored_runs_tell_how_to_name_the_file(written: Callable[..., str], cli: Callable[..., Done]) -> None:
    done = cli(*(word.format(written()) for word in (*ASK, *BY_PROTOCOL)))
    assert done.code == 0, done.err
    registry._LOADED.clear()
    refused(cli("score", "runs"), "no suite is called 'dots'", "--with FILE.py:NAME")
    refused(cli("score", "runs", "--with", "dots.py:SUITE"), "suite dots has no protocol 'all'", "--with FILE.py:NAME")


def test_a_taken_name_is_told_with_whose_it_is(
    package: Callable[..., None], written: Callable[..., str], cli: Callable[..., Done]
) -> None:
    package()
    refused(cli(*(word.format(written()) for word in CHECK)), "the name 'dots' is taken (package dots 3.1): give yours")


def listed(cli: Callable[..., Done], kind: str) -> dict[str, str]:
    done = cli("list", kind, "--json")
    assert done.code == 0, done.err
    return {row["name"]: row["summary"] for row in json.loads(done.out) if row["source"] == "package dots 3.1"}


def test_a_summary_is_of_the_own_thing(package: Callable[..., None], cli: Callable[..., Done]) -> None:
    documented = '"""Dots, counted."""; from proctor.benchmarks.base import Item,'
    package("from proctor.benchmarks.base import Item,", documented)
    assert [listed(cli, kind) for kind in ("suites", "protocols", "engines")] == [
        {"dots": "Dots"},
        {"all": "Dots, counted."},
        {"two": "Dots, counted."},
    ]
    sys.modules.pop("given_dots")
    package("def open_engine(target, options):", 'def open_engine(target, options):\n    """Opens two."""')
    assert (listed(cli, "engines"), listed(cli, "protocols")) == ({"two": "Opens two."}, {"all": "all"})


def test_a_recipe_without_a_comment_is_told_by_what_it_extends(
    package: Callable[..., None], cli: Callable[..., Done], tmp_path: Path
) -> None:
    package(points="[proctor.recipes]\ndata = own_recipes\ngone = no_such_package.recipes\n")
    (tmp_path / "own_recipes").mkdir()
    (tmp_path / "own_recipes" / "mine.toml").write_text('extends = "mm_upt_figures"\n')
    (tmp_path / "own_recipes" / "told.toml").write_text('\n# Longer.\nextends = "mm_upt_figures"\n')
    (tmp_path / "own_recipes" / "torn.toml").write_text("extends = \n")
    found = listed(cli, "recipes")
    assert (found["mine"], found["told"]) == ("mm_upt_figures, changed", "Longer.")
    assert all(found[name].startswith("broken: ") for name in ("torn", "gone"))


def test_malformed_entry_points_are_told_by_their_package(
    package: Callable[..., None], cli: Callable[..., Done]
) -> None:
    package(points="[proctor.suites]\ndots\n")
    assert listed(cli, "suites")["dots"].startswith("broken: its entry_points.txt cannot be read")
