"""Second opinions: what math-verify and mathruler say of answers, whatever these do to them."""

import json
import os
import signal
import time
from importlib.metadata import PackageNotFoundError

import pytest

from proctor.benchmarks.protocols import library_process, second_opinion
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import UsageError, install
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Sampling
from proctor.leaderboards.compare.explain import CAUSES

from ...engines.processes import started_with

BOTH = "math_verify,mathruler"
ENDLESS = r"\boxed{9^{9^{9}}}"
"""math-verify evaluates it; mathruler leaves such powers alone."""
TOO_LARGE = r"\boxed{1<<99999999999}"
"""mathruler evaluates it, if the gold is no integer; math-verify has no shift."""


def number(gold):
    return Item("?", "mathvision", "How many?", gold, "number")


CHOICE = Item("?", "mathvision", "Which colour?", "B", "choice", choices=("red", "blue"))


@pytest.fixture(autouse=True)
def own_process(monkeypatch, tmp_path):
    """A process of the test's own, which is given up on soon, and is found by a variable of its environment."""
    monkeypatch.setattr(library_process, "LIBRARY_CPU_SECONDS", 2)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    end_process()
    yield
    end_process()


def end_process():
    library_process.opinion.cache_clear()
    while library_process._running:
        library_process._running.pop().close()


@pytest.fixture
def stored(tmp_path, scripted):
    """Stores a run of (item, response); the items' ids are q0, q1, ..."""

    def make(*answers, name="run"):
        items = [
            Item(f"q{n}", one.suite, one.question, one.answer, one.answer_type, choices=one.choices)
            for n, (one, _) in enumerate(answers)
        ]
        said = {item.id: response for item, (_, response) in zip(items, answers, strict=True)}
        prompt = SUITES.get("mathvision").prompt
        asked = [Sample(item, prompt(item)) for item in items]
        path = tmp_path / name
        run_eval(Examination("mathvision", "strict", asked, Sampling()), scripted(lambda i, k: said[i]), path)
        return path

    return make


@pytest.fixture
def verdicts(cli, tmp_path):
    """By protocol what a run's answers are judged to be, in their order, with the reasons."""

    def judge(run, protocols=BOTH):
        file = tmp_path / "verdicts.jsonl"
        cli("score", run, "--score-protocol", protocols, "--verdicts", file)
        found = {}
        for line in map(json.loads, file.read_text().splitlines()):
            found.setdefault(line["protocol"], []).append((line["correct"], line["reason"]))
        return found

    return judge


def only(found):
    return {name: [correct for correct, _ in each] for name, each in found.items()}


def test_what_the_libraries_say_is_the_verdict(stored, verdicts):
    run = stored(
        (number("0.5"), r"so \boxed{\frac{1}{2}}"),
        (number("5"), "The answer is 5."),
        (number("5"), r"\boxed{6}"),
        (CHOICE, r"\boxed{B}"),
        (CHOICE, r"\boxed{\text{blue}}"),
    )
    found = verdicts(run, f"strict,{BOTH}")
    assert only(found) == {
        "strict": [True, True, False, True, True],
        "math_verify": [True, True, False, True, False],
        "mathruler": [True, False, False, True, False],
    }
    assert found["mathruler"][1][1] == "mathruler reads nothing: there is no box"


def test_a_score_asks_nothing_else_than_strict_and_names_the_versions(stored, cli):
    done = cli("score", stored((number("5"), r"\boxed{5}")), "--score-protocol", BOTH, "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert [(one["score"], one["cross_prompt"]) for one in found] == [(1.0, False)] * 2
    suite = SUITES.get("mathvision")
    assert "+math-verify0." in f"+{suite.protocol('math_verify').version}"
    assert all("+sympy1." in suite.protocol(name).version for name in BOTH.split(","))


@pytest.mark.parametrize("suite", SUITES.names())
def test_every_suite_has_both_and_is_asked_as_by_strict(suite):
    found = SUITES.get(suite)
    for name in BOTH.split(","):
        protocol = found.protocol(name)
        assert protocol.name == name
        item = found.load()[0] if found.has_sample else Item("1", suite, "How many?", "5", "number")
        assert protocol.prompt(item).digest() == found.protocol("strict").prompt(item).digest()


def test_what_hangs_or_fills_the_memory_has_no_verdict_and_those_after_it_have(stored, verdicts, cli):
    run = stored(
        (number("5"), r"\boxed{5}"),
        (number("5"), ENDLESS),
        (number(r"\frac{1}{3}"), TOO_LARGE),
        (number("5"), r"\boxed{6}"),
        (number("5"), r"\boxed{5}"),
    )
    found = verdicts(run)
    assert only(found) == {
        "math_verify": [True, None, False, False, True],
        "mathruler": [True, False, None, False, True],
    }
    assert found["math_verify"][1][1] == "math_verify gave no verdict within 2 s of computing"
    assert found["mathruler"][2][1] == "mathruler wanted more than 2 GiB of memory"
    done = cli("score", run, "--score-protocol", "math_verify", "--json")
    assert done.code == 3
    assert json.loads(done.out)[0]["unscored"] == 1
    assert "--judge-model" not in done.err


def test_one_that_neither_computes_nor_answers_is_given_up_on(stored, verdicts, monkeypatch, tmp_path):
    (tmp_path / "math_verify.py").write_text("import time\ntime.sleep(99)\n")
    monkeypatch.setattr(library_process, "LIBRARY_WALL_SECONDS", 1)
    found = verdicts(stored((number("5"), r"\boxed{5}")))
    assert found["math_verify"] == [(None, "math_verify gave no verdict within 1 s")]


def test_a_library_that_raises_or_ends_the_process_is_no_verdict(stored, verdicts, tmp_path):
    (tmp_path / "mathruler").mkdir()
    (tmp_path / "mathruler" / "__init__.py").touch()
    (tmp_path / "mathruler" / "grader.py").write_text(
        "import os\n"
        "def extract_boxed_content(text):\n"
        "    return text\n"
        "def grade_answer(answer, gold):\n"
        '    print(\'{"correct": true, "read": "5"}\', flush=True)\n'
        "    if answer == 'die':\n"
        "        os._exit(7)\n"
        "    if answer == 'raise':\n"
        "        raise KeyError(answer)\n"
        "    return answer == gold\n"
    )
    run = stored((number("5"), "die"), (number("5"), "raise"), (number("5"), "6"), (number("5"), "5"))
    assert verdicts(run, "mathruler")["mathruler"] == [
        (None, "mathruler broke off (exit status 7)"),
        (None, "mathruler raised KeyError"),
        (False, "mathruler takes it for unequal to the gold '5'"),
        (True, "mathruler takes it for equal to the gold '5'"),
    ]


def test_a_process_that_somebody_killed_is_replaced(stored, verdicts, tmp_path):
    assert only(verdicts(stored((number("5"), r"\boxed{5}"), name="first"), "mathruler"))["mathruler"] == [True]
    (killed,) = started_with(f"PYTHONPATH={tmp_path}", "library_worker")
    os.kill(killed, signal.SIGKILL)
    assert only(verdicts(stored((number("7"), r"\boxed{7}"), name="second"), "mathruler"))["mathruler"] == [True]


def test_a_very_long_response_is_not_asked_about(stored, verdicts, monkeypatch):
    monkeypatch.setattr(library_process, "LIBRARY_RESPONSE_CHARACTERS", 1000)
    found = verdicts(stored((number("5"), "x" * 1000 + r"\boxed{5}")), "mathruler")
    assert found["mathruler"] == [(None, "mathruler is not asked about 1,009 characters")]


def test_explain_says_where_strict_and_the_libraries_differ(stored, cli):
    run = stored(
        (number("5"), r"\boxed{5}"),
        (CHOICE, r"\boxed{\text{blue}}"),
        (number("5"), "The answer is 5."),
        (number("5"), ENDLESS),
    )
    found = json.loads(cli("explain", run, "--score-protocol", "strict,math_verify", "--json").out)
    assert {one["cause"]: one["count"] for one in found["causes"]} == {"letter": 1, "library": 1}
    found = json.loads(cli("explain", run, "--score-protocol", "strict,mathruler", "--json").out)
    assert {one["cause"]: one["count"] for one in found["causes"]} == {"letter": 1, "nothing-stated": 1}
    (case,) = next(one["examples"] for one in found["causes"] if one["cause"] == "nothing-stated")
    assert case["right"]["reason"] == "mathruler reads nothing: there is no box"
    done = cli("explain", run, "--score-protocol", "strict,math_verify", "--examples", "1")
    assert CAUSES["library"].split(":")[0] in " ".join(done.out.split())
    assert "math_verify: reads nothing: no verdict (math_verify gave no verdict within 2 s of computing)" in done.out


def test_runs_that_are_scored_side_by_side_leave_no_process_behind(stored, tmp_path, cli_process):
    runs = [stored((number("5"), rf"\boxed{{{n}}}"), name=f"run{n}") for n in (4, 5, 6, 7)]
    done = cli_process("board", "build", *runs, "--score-protocol", BOTH, "--draft", "--out", tmp_path / "board")
    assert done.code == 0, done.err
    rows = (tmp_path / "board" / "board.csv").read_text().splitlines()
    assert sum("+sympy" in row for row in rows) == 2 * len(runs)
    assert ended(tmp_path, 10)


def test_the_process_ends_with_an_owner_that_is_killed_while_it_computes(start, tmp_path):
    owner = start(
        "-c",
        "from proctor.benchmarks.protocols import library_process as it\n"
        "it.LIBRARY_CPU_SECONDS = 2\n"
        "print(it.opinion('mathruler', '5', '5').correct, flush=True)\n"
        f"it.opinion('math_verify', '5', {ENDLESS!r})\n",
    )
    owner.stdout.readline()
    time.sleep(0.5)
    assert started_with(f"PYTHONPATH={tmp_path}", "library_worker")
    owner.kill()
    assert ended(tmp_path, 20)


def ended(mark, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not started_with(f"PYTHONPATH={mark}"):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("name", ["math_verify", "mathruler"])
def test_without_the_libraries_a_line_says_what_to_install(stored, cli, monkeypatch, name):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(second_opinion, "version", missing)
    done = cli("score", stored((number("5"), r"\boxed{5}")), "--score-protocol", name)
    assert done.code == 2
    package = name.replace("_", "-")
    assert done.err.splitlines() == [f"proctor score: protocol {name} needs {package}: {install('second-opinion')}"]
    assert cli("list", "protocols").code == 0


def test_a_library_that_cannot_be_imported_is_a_line_too(stored, cli, tmp_path):
    (tmp_path / "math_verify.py").write_text("raise ImportError('no antlr here')")
    done = cli("score", stored((number("5"), r"\boxed{5}")), "--score-protocol", "math_verify")
    assert done.code == 2
    assert done.err.splitlines() == [
        f"proctor score: math_verify cannot be imported: {install('second-opinion')} (no antlr here)"
    ]


def test_a_suite_has_no_protocol_of_its_own_by_their_names():
    from proctor.benchmarks.base import Suite

    own = SUITES.get("mathvision").protocol("mathruler")
    with pytest.raises(UsageError, match="mathruler is what every suite has"):
        Suite("mine", "Mine", SUITES.get("mathvision").parse, own_protocols=(own,))
