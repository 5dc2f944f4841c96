"""Each cause by an example of it, and that real differences are named."""

import re

import pytest

from proctor.benchmarks.examination import read_answers, score_answers
from proctor.benchmarks.registry import SUITES
from proctor.harness.runs.evaluate import Examination, run_eval
from proctor.harness.runs.store import Sample
from proctor.harness.types import Item, Prompt, Response, Sampling
from proctor.leaderboards.compare.difference_causes import CAUSES, UNEXPLAINED, ProtocolReading, cause_of
from proctor.leaderboards.compare.explain import Side, explain

from ...golden.protocols.records import FOLDER, item, records

OPTIONS = ("$8 \\mathrm{~kg}$", "$9 \\mathrm{~kg}$")
CHARTQA = {"suite": "chartqa"}


def cause(response, gold, kind="number", protocols=("strict", "official"), **fields):
    """The cause for a response of a MathVision item, or of the suite that is named."""
    suite = fields.pop("suite", "mathvision")
    about = Item(fields.pop("id", "0"), suite, "How many?", gold, kind, **fields)
    readings = []
    for name in protocols:
        rules = SUITES.get(suite).protocol(name)
        stated = rules.extract(response, about)
        readings.append(ProtocolReading(rules, stated, rules.match(stated, about)))
    verdicts = [one.grade.correct for one in readings]
    assert verdicts[0] != verdicts[1], verdicts
    found = cause_of(readings[0], readings[1], about, truncated=False)
    assert cause_of(readings[1], readings[0], about, truncated=False) == found
    return found


def test_extraction_is_what_changes_with_the_reading():
    assert cause(r"\boxed{\textbf{(B)}\ 9}", "B", "choice", choices=OPTIONS) == "extraction"


def test_letter_is_an_option_by_its_text():
    assert cause(r"\boxed{9}", "B", "choice", choices=OPTIONS) == "letter"


def test_unit():
    assert cause(r"\boxed{108 \text{ cm}^2}", "108") == "unit"
    assert cause("39°", "39") == "unit"


def test_rounding():
    assert cause(r"\boxed{\frac{1}{55}}", r"\frac{1}{60}") == "rounding"
    assert cause("2000", "2015", **CHARTQA) == "rounding"


def test_form():
    assert cause("Three", "3") == "form"


CLOSING = "First we count the bars.\nThere are three, and two more.\nWe add them up: 3 + 2 = 5"


@pytest.mark.parametrize(
    ("finish_reason", "verdicts", "causes"),
    [("length", (False, True), ["truncation"]), ("stop", (True, True), [])],
)
def test_what_only_the_last_sentence_of_a_cut_off_response_states_is_truncation(
    tmp_path, scripted, finish_reason, verdicts, causes
):
    item = Item("0", "mathvision", "How many?", "5", "number")
    examination = Examination("mathvision", "strict", [Sample(item, Prompt(("How many?",)))], Sampling())
    model = scripted(lambda i, k: Response(i, k, CLOSING, finish_reason=finish_reason))
    run_eval(examination, model, tmp_path / "run")
    answers = read_answers(tmp_path / "run")
    by_strict, by_official = (Side(answers, score_answers(answers, name)) for name in ("strict", "official"))
    assert (by_strict.scored.verdicts[0].correct, by_official.scored.verdicts[0].correct) == verdicts
    assert [one.name for one in explain(by_strict, by_official).causes] == causes


def test_judge_is_a_verdict_that_a_language_model_owes():
    assert cause(r"\boxed{8}", "7", protocols=("strict", "vlmevalkit")) == "judge-needed"


def test_nothing_stated_is_told_from_another_reading():
    assert cause("Seven", "Seven", "text", suite="chartqa", protocols=("mm_upt", "official")) == "nothing-stated"


def test_containment():
    about = {"suite": "dynamath", "meta": {"answer_type": "text"}}
    assert cause("not yes.", "yes", "text", **about) == "containment"


def test_guess():
    about = {
        "choices": ("surplus", "shortage"),
        "meta": {"question_type": "multi_choice", "answer_type": "text", "precision": None},
    }
    assert cause("", "A", "choice", suite="mathvista", **about) == "guess"


def test_gold():
    from proctor.benchmarks.gold import ERRATA

    erratum = next(one for one in ERRATA if (one.suite, one.id) == ("mathvision", "2828"))
    response = rf"\boxed{{{erratum.correction}}}"
    about = {"id": erratum.id, "meta": {"published_answer": erratum.published}}
    assert cause(response, erratum.published, **about) == "gold"


def test_every_cause_has_a_meaning():
    assert all(re.fullmatch(r"[a-z-]+", name) and meaning for name, meaning in CAUSES.items())


@pytest.mark.skipif(not (FOLDER / "mathvision").exists(), reason=f"no recorded responses at {FOLDER}")
@pytest.mark.parametrize("suite", ["mathvision", "chartqa", "iconqa"])
def test_at_least_95_percent_of_the_differences_on_recorded_responses_are_named(suite):
    strict, official = (SUITES.get(suite).protocol(name) for name in ("strict", "official"))
    found = []
    for record in records(suite):
        about, response = item(record), str(record["response"])
        readings = []
        for rules in (strict, official):
            stated = rules.extract(response, about)
            readings.append(ProtocolReading(rules, stated, rules.match(stated, about)))
        if readings[0].grade.correct != readings[1].grade.correct:
            found.append(cause_of(readings[0], readings[1], about, truncated=False))
    assert len(found) > 20
    assert found.count(UNEXPLAINED) <= 0.05 * len(found)
