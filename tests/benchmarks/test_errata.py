"""Errata: what they correct, under which protocol, and how a row names them."""

import dataclasses

import pytest

from proctor.benchmarks import gold
from proctor.benchmarks.gold import ERRATA, ERRATA_DIGEST, corrected, erratum_of, published, read_errata, typed
from proctor.benchmarks.protocols.common import strict
from proctor.benchmarks.registry import SUITES
from proctor.harness.errors import DataError
from proctor.harness.types import Item

UNREACHABLE = {"2804", "2828", "2830", "2833", "2866", "2875", "2877", "2947"}


def as_loaded(erratum):
    answer, kind = typed(erratum.published) if erratum.suite == "mathvision" else (erratum.published, "number")
    meta = published(erratum.published, answer)
    return Item(erratum.id, erratum.suite, "q", answer, kind, meta=meta)


def accepts(item, said):
    rules = strict(lambda item: None)
    return rules.match(rules.extract(f"So \\boxed{{{said}}}", item), item).correct


def test_the_known_errors_are_listed():
    assert {one.id for one in ERRATA if one.suite == "mathvision"} == UNREACHABLE
    assert {one.id for one in ERRATA if one.suite == "logicvista"} == {"v1_20", "v1_382"}
    assert all(one.suite in SUITES.names() and one.reason and one.source for one in ERRATA)


@pytest.mark.parametrize("erratum", ERRATA, ids=lambda one: f"{one.suite}-{one.id}")
def test_strict_accepts_the_correction_and_keeps_the_published_gold(erratum):
    item = as_loaded(erratum)
    assert erratum_of(item) == erratum
    judged = corrected(item)
    assert judged.meta.get("published_answer", judged.answer) == erratum.published
    if erratum.correction is not None:
        assert judged.answer == erratum.correction
        assert accepts(item, erratum.correction)
    assert not accepts(item, "1017")


def test_an_erratum_changes_the_gold_of_strict_alone(monkeypatch):
    wrong = gold.Erratum("figures", "f1", "4", "miscounted", "by hand", "5")
    monkeypatch.setitem(gold._BY_ITEM, ("figures", "f1"), wrong)
    item = Item("f1", "figures", "q", "4", "number")
    assert accepts(item, "5")
    assert not accepts(item, "4")
    assert item.answer == "4"
    assert corrected(item).meta["published_answer"] == "4"


def test_a_gold_that_the_suite_has_mended_since_is_left_alone(monkeypatch):
    wrong = gold.Erratum("figures", "f1", "4", "miscounted", "by hand", "5")
    monkeypatch.setitem(gold._BY_ITEM, ("figures", "f1"), wrong)
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
