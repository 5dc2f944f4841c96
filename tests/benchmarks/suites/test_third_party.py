"""A suite of another package, really installed: it can be asked, and without a sample or broken it troubles no other."""

import json
import sys

import pytest

from proctor.benchmarks.registry import SUITES
from proctor.trainers.tiny import BASE

from .third_party import NAME, OWN_RULES, example, install, write_items

BROKEN = {
    "it cannot be imported": "import nothing_of_that_name\n",
    "it is no suite": "SUITE = 3\n",
    "it ends with another error": "SUITE = 1 / 0\n",
    "its protocol has a name of all": example() + OWN_RULES.replace('Protocol("words"', 'Protocol("strict"'),
}
WITH_BROKEN_SAMPLE = example() + (
    "from dataclasses import replace\nfrom pathlib import Path\n"
    "SUITE = replace(SUITE, sample=Path(__file__).with_name('items.jsonl'), parse=lambda record, folder: record['no such'])\n"
)


@pytest.fixture
def put(tmp_path, monkeypatch):
    """`put(text)`: install a package with the suite."""
    site = tmp_path / "site"
    monkeypatch.delitem(sys.modules, NAME, raising=False)

    def install_suite(text):
        install(site, text)
        monkeypatch.syspath_prepend(site)
        return site

    yield install_suite
    sys.modules.pop(NAME, None)


def listed(cli):
    done = cli("suite", "list", "--json")
    assert done.code == 0
    return {one["name"]: one for one in json.loads(done.out)}


def test_the_example_of_five_lines_is_a_suite(put, cli, tmp_path):
    assert len(example().splitlines()) <= 6
    put(example())
    data = write_items(tmp_path / "data")
    assert [item.answer for item in SUITES.get(NAME).load(data)] == list("012345")
    assert set(SUITES.get(NAME).protocols) == {"strict", "mm_upt", "mm_upt_judged", "self_judge"}
    done = cli("suite", "check", NAME, "--data", data)
    assert done.code == 0, done.err
    done = cli("eval", "--model", BASE, "--suite", NAME)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"suite {NAME} has no sample: name its data with --data" in done.err


def test_without_a_sample_it_is_listed_and_left_out_where_all_are_asked(put, cli, tmp_path):
    before = listed(cli)
    put(example())
    found = listed(cli)
    assert {name: one for name, one in found.items() if name != NAME} == before
    said = f"suite {NAME} has no sample: name its data with --data"
    assert (found[NAME]["title"], found[NAME]["bundled_items"], found[NAME]["problem"]) == ("My suite", None, said)
    assert said in cli("suite", "list").err
    done = cli("suite", "check", NAME)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err
    done = cli("suite", "export", "lmms-eval", "--out", tmp_path / "tasks", "--limit", 1)
    assert done.code == 0
    assert done.err.splitlines() == [f"left out: {said}"]
    assert len(list((tmp_path / "tasks").glob("*.yaml"))) == len(before)
    data = write_items(tmp_path / "data")
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path / "own", "--suite", NAME, "--data", data).code == 0


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_one_troubles_no_other(put, cli, tmp_path, text):
    before = listed(cli)
    put(text)
    found = listed(cli)
    assert {name: one for name, one in found.items() if name != NAME} == before
    assert found[NAME]["title"] is None
    assert NAME in found[NAME]["problem"]
    assert "\n" not in found[NAME]["problem"]
    done = cli("suite", "check", NAME)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path / "tasks", "--limit", 1).code == 0
    assert cli("suite", "check", "iconqa").code == 0


def test_a_broken_sample_troubles_no_other(put, cli, tmp_path):
    write_items(put(WITH_BROKEN_SAMPLE))
    assert "mysuite.py:8: KeyError: 'no such'" in listed(cli)[NAME]["problem"]
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path / "tasks", "--limit", 1).code == 0
