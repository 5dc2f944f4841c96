"""Gold types by shape, options as the suites write them, and errata: what they correct, and how a row names them."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks import gold as gold_module
from proctor.benchmarks.gold import ERRATA, ERRATA_DIGEST, Erratum, corrected, erratum_of, published, read_errata, typed
from proctor.benchmarks.items import Record, bare, gold_letters, inline, split
from proctor.benchmarks.protocols.common import strict
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import check_gold_type
from proctor.harness.errors import DataError
from proctor.harness.types import Item


@pytest.mark.parametrize(
    ("gold", "answer", "gold_type"),
    [
        ("6", "6", "number"),
        ("7,364", "7,364", "number"),
        ("$2\\sqrt{2}$", "2\\sqrt{2}", "number"),
        ("$\\boxed{\\frac{16}{7}}$", "\\frac{16}{7}", "number"),
        ("\x0crac{36}{13}", "\\frac{36}{13}", "number"),
        ("{8}{5} \\pi", "\\frac{8}{5} \\pi", "number"),
        ("69{degrees}", "69{degrees}", "number"),
        ("35掳", "35°", "number"),
        ("$13 \\%$", "13 \\%", "number"),
        ("$1.45", "$1.45", "number"),
        ("Area $=25 \\pi \\mathrm{~cm}^{2}$", "25 \\pi \\mathrm{~cm}^{2}", "number"),
        ("S.A. of prism $=4.5 \\mathrm{~mm}^{2}$", "4.5 \\mathrm{~mm}^{2}", "number"),
        ("Weekly intake $=15.5$ Litres", "15.5 Litres", "number"),
        ("slope =-4", "-4", "number"),
        ("=\\frac{7}{4}", "\\frac{7}{4}", "number"),
        ("$h=30$", "h=30", "assignment"),
        ("$5=s$", "s=5", "assignment"),
        ("x = -1", "x=-1", "assignment"),
        ("$(x, y)=\\left(90^{\\circ}, 5\\right)$", "(90^{\\circ}, 5)", "tuple"),
        ("(3,-4)", "(3,-4)", "tuple"),
        ("(-2,1]", "(-2,1]", "interval"),
        ("$[-5,-3) \\cup(-3,5]$", "[-5,-3) \\cup(-3,5]", "interval"),
        ("[3, 2, 3, 3, 6]", "[3, 2, 3, 3, 6]", "list"),
        ("69, 51, 59", "69, 51, 59", "list"),
        ("-4.9\n-4.9", "-4.9, -4.9", "list"),
        ("f(x)=|x-3|", "f(x)=|x-3|", "equation"),
        ("$y \\leq 2 x+3$", "y \\leq 2 x+3", "inequality"),
        ("12x^2+144x+384 \\mathrm{m}^3", "12x^2+144x+384", "expression"),
        ("3 \\cos (2 \\pi x+4 \\pi)-6", "3 \\cos (2 \\pi x+4 \\pi)-6", "expression"),
        ("1:64", "1:64", "ratio"),
        ("04/12/2003", "04/12/2003", "date"),
        ("053 $^{\\circ}$ T", "053°T", "text"),
        ("S 23.5 ^\\circ W", "S 23.5° W", "text"),
        ("even", "even", "text"),
        ("o'clock", "o'clock", "text"),
        ("Q3", "Q3", "text"),
        ("domain: [-4,4] and range: [0,2]", "domain: [-4,4] and range: [0,2]", "text"),
    ],
)
def test_shape(gold, answer, gold_type):
    assert typed(gold) == (answer, gold_type)


def test_a_colon_is_a_time_where_the_suite_says_so():
    assert typed("4:45", colon="time") == ("4:45", "time")


@given(st.text(max_size=60))
def test_any_gold_gets_a_known_type(gold):
    answer, gold_type = typed(gold)
    check_gold_type(gold_type)
    assert isinstance(answer, str)


def test_a_gold_of_any_length_is_typed_at_once():
    assert typed("1" * 100_000)[1] == "text"


@given(st.integers(-(10**9), 10**9))
def test_integers_are_numbers(value):
    assert typed(f"${value}$") == (str(value), "number")


def test_bare_options_need_every_letter():
    assert bare(["A:40°", "B:60°"]) == ("40°", "60°")
    assert bare(["A. 053 ^\\circ T", "B. 082 ^\\circ T"]) == ("053 ^\\circ T", "082 ^\\circ T")
    assert bare(["(A)", "(B)", "(C)"]) == ("A", "B", "C")
    assert bare(["A and C", "B"]) == ("A and C", "B")
    assert bare(["A", "B", "D"]) == ("A", "B", "D")
    assert bare([]) == ()


def test_split_one_string():
    assert split("A. 2, 4;B. 4, 2;   C. 4AD; D. No correct answer") == {
        "A": "2, 4",
        "B": "4, 2",
        "C": "4AD",
        "D": "No correct answer",
    }
    gap = split("A. around point ;O.;B. around ;O.;C. No.; F. No correct answer")
    assert list(gap) == ["A", "B", "C", "F"]
    assert split("no options") == {}


@given(
    st.lists(st.text(st.sampled_from("abc 0123.,°"), min_size=1).map(str.strip).filter(bool), min_size=2, max_size=8)
)
def test_split_finds_what_was_joined(options):
    joined = ";".join(f"{letter}. {option}" for letter, option in zip("ABCDEFGH", options, strict=False))
    assert list(split(joined).values()) == options


@pytest.mark.parametrize(
    ("question", "options"),
    [
        ("Is it odd? choice: (A) Yes (B) No", ("Yes", "No")),
        ("Select from A, B and C. (A) True (B)False (C)Cannot say", ("True", "False", "Cannot say")),
        ("(A) A, (B) B, (C) All the same", ("A", "B", "All the same")),
        ("Which?\nA. Group 1\nB. Group 2", ("Group 1", "Group 2")),
        ("Which?\nA: [1, 4]\nB: [3, 7]\n", ("[1, 4]", "[3, 7]")),
        ("Which?\nChoices:\nA.$x$ up\nB.$x$ down", ("$x$ up", "$x$ down")),
        ("Which figure? choice: (A) (B) (C) (D)", ()),
        ("The points (A) and then (C). No options.", ()),
        ("(A) 1 (B) 2 (B) 3", ()),
        ("(A) same (B) same", ()),
        ("no letters", ()),
    ],
)  # fmt: skip
def test_inline_options(question, options):
    assert inline(question) == options


def test_gold_letters():
    record = Record({}, "x.jsonl:3")
    assert gold_letters(record, "C", ("1", "2", "3")) == ("C", "choice")
    assert gold_letters(record, "(B)", ()) == ("B", "choice")
    assert gold_letters(record, "A, C", ()) == ("A, C", "multichoice")
    assert gold_letters(record, "C\nD", ("1", "2", "3", "4")) == ("C, D", "multichoice")
    assert gold_letters(record, "False", ("True", "False")) == ("B", "choice")
    assert gold_letters(record, "B", ("B", "A")) == ("B", "choice")
    for gold in ("D", "", "maybe", "A or B"):
        with pytest.raises(DataError, match=r"x\.jsonl:3: column 'answer'"):
            gold_letters(record, gold, ("1", "2", "3"))


UNREACHABLE = {"2804", "2828", "2830", "2833", "2866", "2875", "2877", "2947"}


def as_loaded(erratum):
    if erratum.published == "positive":
        return Item(
            erratum.id, erratum.suite, "q", "A", "choice", choices=("positive", "negative", "zero", "undefined")
        )
    answer, kind = typed(erratum.published) if erratum.suite == "mathvision" else (erratum.published, "number")
    meta = published(erratum.published, answer)
    return Item(erratum.id, erratum.suite, "q", answer, kind, meta=meta)


def accepts(item, said):
    rules = strict(lambda item: None)
    return rules.match(rules.extract(f"So \\boxed{{{said}}}", item), item).correct


def test_the_known_errors_are_listed():
    assert {one.id for one in ERRATA if one.suite == "mathvision"} == UNREACHABLE | {"2925", "2957"}
    assert {one.id for one in ERRATA if one.suite == "mathvista"} == {"479", "950"}
    assert {one.id for one in ERRATA if one.suite == "logicvista"} == {"v1_20", "v1_382"}
    assert all(one.suite in SUITES.names() and one.reason and one.source for one in ERRATA)


@pytest.mark.parametrize("erratum", ERRATA, ids=lambda one: f"{one.suite}-{one.id}")
def test_strict_accepts_the_correction_and_keeps_the_published_gold(erratum):
    item = as_loaded(erratum)
    assert erratum_of(item) == erratum
    judged = corrected(item)
    assert erratum.published in (judged.meta.get("published_answer", judged.answer), *judged.choices)
    if erratum.correction is not None:
        assert judged.answer == erratum.correction
        assert accepts(item, erratum.correction)
    assert not accepts(item, "1017")


def test_a_correction_may_be_of_another_type():
    circle = next(as_loaded(one) for one in ERRATA if one.id == "2957")
    assert accepts(circle, "x^2 + y^2 = 13")
    assert accepts(circle, "y^2 = 13 - x^2")
    assert not accepts(circle, "13")


def test_an_erratum_changes_the_gold_of_strict_alone(monkeypatch):
    wrong = Erratum("figures", "f1", "4", "miscounted", "by hand", "5")
    monkeypatch.setitem(gold_module._BY_ITEM, ("figures", "f1"), wrong)
    item = Item("f1", "figures", "q", "4", "number")
    assert accepts(item, "5")
    assert not accepts(item, "4")
    assert item.answer == "4"
    assert corrected(item).meta["published_answer"] == "4"


def test_a_gold_that_the_suite_has_mended_since_is_left_alone(monkeypatch):
    wrong = Erratum("figures", "f1", "4", "miscounted", "by hand", "5")
    monkeypatch.setitem(gold_module._BY_ITEM, ("figures", "f1"), wrong)
    mended = Item("f1", "figures", "q", "6", "number")
    assert erratum_of(mended) is None
    assert corrected(mended) is mended
    assert corrected(dataclasses.replace(mended, suite="iconqa", answer="4")).answer == "4"


def test_the_version_of_strict_names_the_errata():
    assert len(ERRATA_DIGEST) == 8
    assert all(f"errata.{ERRATA_DIGEST}" in SUITES.get(name).protocol("strict").version for name in SUITES.names())


ENTRY = '[[erratum]]\nsuite = "a"\nid = "1"\npublished = "2"\nreason = "r"\nsource = "s"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ENTRY + ENTRY, "named twice"),
        (ENTRY + "correction = 3\n", "must be text"),
        (ENTRY + 'colour = "red"\n', "not a list of errata"),
        ('[[erratum]]\nsuite = "a"\n', "not a list of errata"),
        ("erratum = 3", "not a list of errata"),
        ("]", "not a list of errata"),
    ],
)
def test_a_malformed_list_is_refused(tmp_path, text, says):
    (tmp_path / "errata.toml").write_text(text)
    with pytest.raises(DataError, match=says):
        read_errata(tmp_path / "errata.toml")
