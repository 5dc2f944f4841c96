"""What the shared options mean once they are parsed: data by suite, names, and the kinds of names that help lists."""

from pathlib import Path

import pytest

from proctor.harness.cli import parse
from proctor.harness.cli.named_suites import data_of, one_suite, score_protocols, suite_names
from proctor.harness.cli.options import REGISTRIES, registry
from proctor.harness.errors import UsageError


def asked(*words: str):
    return parse(["eval", "--model", "x", "--suite", "figures,chartqa", *words])


@pytest.mark.parametrize(
    ("words", "suites", "found"),
    [
        ((), ["figures", "chartqa"], {"figures": None, "chartqa": None}),
        (("--data", "items.jsonl"), ["chartqa"], {"chartqa": "items.jsonl"}),
        (("--data", "chartqa=items.jsonl"), ["chartqa"], {"chartqa": "items.jsonl"}),
        (("--data", "./other=items.jsonl"), ["chartqa"], {"chartqa": "./other=items.jsonl"}),
        (("--data", "chartqa=a=b"), ["figures", "chartqa"], {"figures": None, "chartqa": "a=b"}),
        (("--data", "chartqa=a", "--data", "figures=b"), ["figures", "chartqa"], {"figures": "b", "chartqa": "a"}),
        (("--data", "hub"), ["mathvision", "chartqa"], {"mathvision": "hub", "chartqa": "hub"}),
        (("--data", "hub", "--data", "figures=b"), ["figures", "chartqa"], {"figures": "b", "chartqa": "hub"}),
    ],
)
def test_data_are_of_the_suite_that_is_named_or_of_the_only_one(words, suites, found):
    wanted = {suite: None if data is None else Path(data) for suite, data in found.items()}
    assert data_of(asked(*words), suites) == wanted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--data", "items.jsonl"), "must be SUITE=DATA with a suite of figures, chartqa; not 'items.jsonl'"),
        (("--data", "iconqa=items.jsonl"), "must be SUITE=DATA"),
        (("--data", "chartqa="), "names no data: write chartqa=DATA"),
        (("--data", "chartqa=a", "--data", "chartqa=b"), "the data of chartqa twice"),
        (("--data", "hub"), "--data hub: figures is not on the hub: name other data with --data figures=DATA"),
    ],
)
def test_data_of_no_suite_or_of_one_twice_are_refused(words, message):
    with pytest.raises(UsageError, match=message):
        data_of(asked(*words), ["figures", "chartqa"])


def test_names_stand_between_single_commas():
    assert suite_names(asked()) == ["figures", "chartqa"]
    with pytest.raises(UsageError, match="`proctor eval` is for one suite"):
        one_suite(asked())
    with pytest.raises(UsageError, match="names a suite twice"):
        suite_names(parse(["eval", "--model", "x", "--suite", "figures,figures"]))
    scored = parse(["score", "runs", "--score-protocol", "strict, official,strict"])
    assert score_protocols(scored) == ["strict", "official"]


@pytest.mark.parametrize("kind", REGISTRIES)
def test_every_kind_of_name_is_found(kind):
    assert registry(kind).names()
