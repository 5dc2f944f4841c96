"""Explanations of two scores: the causes' effects add up to the difference, and nothing is left out silently."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks.examination import read_answers, score_answers
from proctor.harness.errors import DataError
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Response, Sampling
from proctor.leaderboards.compare.explain import Side, explain, page

RIGHT, WRONG = r"It is \boxed{5}.", r"\boxed{6}"
HOSTILE = "</pre><script>alert(1)</script>\x1b[31m"


def items(count):
    return [Item(f"q{n}", "mathvision", f"How many? {n} {HOSTILE}", "5", "number") for n in range(count)]


@pytest.fixture
def side(tmp_path, scripted):
    """Holds an examination in which `say` answers; the result judged under a protocol."""

    def make(say, protocol="strict", count=6, prompt="How many?", n=1, name="run", suite="mathvision"):
        asked = [Sample(item, Prompt((prompt,))) for item in items(count)]
        run_eval(Examination(suite, "strict", asked, Sampling(n=n)), scripted(say), tmp_path / name)
        answers = read_answers(tmp_path / name)
        return Side(answers, score_answers(answers, protocol))

    return make


def causes(left, right):
    return {one.name: (one.lost, one.gained, len(one.cases)) for one in explain(left, right).causes}


def test_nothing_differs(side):
    found = explain(side(lambda i, k: RIGHT), side(lambda i, k: RIGHT, "official"))
    assert (found.causes, found.differing, found.named, found.difference.value) == ((), 0, 1.0, 0.0)


def test_protocols_differ_on_one_run(side):
    said = {"q0": r"\boxed{5 \text{ cm}}", "q1": r"\boxed{5.001}", "q2": WRONG, "q3": "five"}
    left, right = (side(lambda i, k: said.get(i, RIGHT), protocol) for protocol in ("strict", "official"))
    assert causes(left, right) == {"unit": (1, 0, 1), "rounding": (0, 1, 1), "form": (1, 0, 1)}


def test_two_runs_differ_by_their_responses(side):
    left = side(lambda i, k: RIGHT if i != "q1" else WRONG, name="left")
    right = side(lambda i, k: RIGHT if i != "q0" else WRONG, name="right")
    assert causes(left, right) == {"response": (1, 1, 2)}
    asked_otherwise = side(lambda i, k: WRONG, name="other", prompt="Say how many.")
    assert causes(left, asked_otherwise) == {"prompt": (5, 0, 5)}


def test_a_cut_off_response_is_truncation(side):
    left = side(lambda i, k: RIGHT, name="left")
    right = side(lambda i, k: Response(i, k, "It is so that", None, "length"), name="right")
    assert causes(left, right) == {"truncation": (6, 0, 6)}


def test_what_one_run_lacks_is_missing_and_in_neither_score(side):
    left = side(lambda i, k: RIGHT, name="left")
    right = side(lambda i, k: ValueError("down") if i == "q0" else WRONG if i == "q1" else RIGHT, name="right")
    found = explain(left, right)
    assert {one.name: len(one.cases) for one in found.causes} == {"missing": 1, "response": 1}
    assert found.judged == 5
    assert found.difference.value == pytest.approx(-0.2)


def test_all_missing_is_no_difference(side):
    found = explain(side(lambda i, k: RIGHT, name="left"), side(lambda i, k: ValueError("down"), name="right"))
    assert (found.judged, found.difference) == (0, None)
    assert json.dumps(found.to_json(), allow_nan=False)
    assert page(found)


def test_other_items_or_other_counts_of_answers_are_refused(side):
    left = side(lambda i, k: RIGHT, name="left")
    with pytest.raises(DataError, match=r"did not ask the same items: 1 are in one only, e\.g\. 'q5'"):
        explain(left, side(lambda i, k: RIGHT, name="fewer", count=5))
    with pytest.raises(DataError, match=r"1 answers per item and .* 2"):
        explain(left, side(lambda i, k: RIGHT, name="more", n=2))


RESPONSES = st.sampled_from([RIGHT, WRONG, r"\boxed{5 \text{ cm}}", r"\boxed{5.001}", "five", "", "I give up"])


@given(said=st.lists(RESPONSES, min_size=4, max_size=4), other=st.lists(RESPONSES, min_size=4, max_size=4))
def test_the_effects_add_up_to_the_difference(tmp_path_factory, said, other):
    from ...conftest import ScriptedModel

    sides = []
    for name, texts, protocol in (("left", said, "strict"), ("right", other, "official")):
        path = tmp_path_factory.mktemp(name)
        asked = [Sample(item, Prompt(("How many?",))) for item in items(4)]
        run_eval(
            Examination("mathvision", "strict", asked, Sampling()),
            ScriptedModel(lambda i, k, t=texts: t[int(i[1])]),
            path,
        )
        answers = read_answers(path)
        sides.append(Side(answers, score_answers(answers, protocol)))
    found = explain(*sides)
    values = [side.scored.accuracy().estimate.value for side in sides]
    assert sum(cause.effect for cause in found.causes) == pytest.approx(values[1] - values[0])
    assert found.difference.value == pytest.approx(values[1] - values[0])


def test_the_page_is_whole_and_escaped(side):
    left, right = (
        side(lambda i, k: HOSTILE + r"\boxed{5 \text{ cm}}", protocol) for protocol in ("strict", "official")
    )
    text = b"".join(page(explain(left, right))).decode()
    assert "<script" not in text.replace(HOSTILE, "<script") or HOSTILE not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert not re.search(r"(?:src|href)\s*=\s*['\"](?!#)", text)
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")


def test_the_command_says_it_in_lines_json_and_a_page(side, cli, tmp_path):
    said = {"q0": HOSTILE + r"\boxed{5 \text{ cm}}", "q1": r"\boxed{5.001}"}
    run = side(lambda i, k: said.get(i, RIGHT)).answers.run.path
    done = cli("explain", run, "--score-protocol", "strict,official", "--html", tmp_path / "page.html")
    assert done.code == 0, done.err
    assert "+0.00 points" in done.out
    assert re.search(r"unit .*1 .*1 .*0 .*-16\.67", done.out)
    assert "\x1b" not in done.out
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    found = json.loads(cli("explain", run, "--score-protocol", "strict,official", "--json").out)
    assert {one["cause"]: one["effect"] for one in found["causes"]} == pytest.approx(
        {"unit": -1 / 6, "rounding": 1 / 6}
    )


@pytest.mark.parametrize(
    "arguments", [[], ["--score-protocol", "strict"], ["--score-protocol", "strict,official,mm_upt"]]
)
def test_one_score_can_not_be_compared_with_itself(side, cli, arguments):
    done = cli("explain", side(lambda i, k: RIGHT).answers.run.path, *arguments)
    assert done.code == 2
    assert "--score-protocol A,B" in done.err
