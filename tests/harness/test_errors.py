"""The hierarchy of errors, plugins by name, and what is recorded of the machine."""

import inspect
import json

import pytest

from proctor.harness import errors
from proctor.harness.engines.base import ENGINES
from proctor.harness.errors import DataError, ProctorError, UsageError, did_you_mean
from proctor.harness.registry import Registry
from proctor.harness.runs.provenance import environment, package_versions, source_state

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, ProctorError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_an_exit_code_and_all_but_bad_data_are_also_a_standard_one(kind):
    assert kind.exit_code in (1, 2, 3)
    standard = (ValueError, OSError, RuntimeError, ImportError, ArithmeticError)
    assert issubclass(kind, standard) is (kind not in (ProctorError, DataError))
    assert str(kind("what went wrong")) == "what went wrong"


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(UsageError, match=r"no engine is called 'vlm'; did you mean vllm\?"):
        ENGINES.get("vlm")
    with pytest.raises(UsageError):
        ENGINES.get("")


def test_plugins_are_imported_only_when_asked_for():
    registry = Registry("thing", "proctor.none", {"b": "no.such.module:x", "a": "json:dumps"})
    assert registry.names() == ["a", "b"]
    assert registry.get("a") is json.dumps
    with pytest.raises(ImportError):
        registry.get("b")


class Point:
    """An entry point of some package."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def load(self):
        return self.value


def test_an_installed_package_adds_a_name_but_takes_none_over(monkeypatch):
    registry = Registry("thing", "proctor.things", {"a": "json:dumps"})
    points = [Point("a", "impostor"), Point("b", "guest")]
    monkeypatch.setattr(
        "proctor.harness.registry.entry_points", lambda group: points if group == "proctor.things" else []
    )
    assert registry.names() == ["a", "b"]
    assert registry.get("b") == "guest"
    assert registry.get("a") is json.dumps


def test_the_environment_is_json_and_names_versions_and_source():
    recorded = json.loads(json.dumps(environment()))
    assert recorded["packages"]["proctor"]
    assert set(recorded["source"]) == {"commit", "dirty"}
    assert set(recorded["machine"]) == {"system", "processor", "cores"}


def test_packages_that_are_not_installed_are_left_out():
    assert package_versions(("proctor", "no-such-package-x")) == {"proctor": package_versions(("proctor",))["proctor"]}


def test_the_source_state_is_a_commit_or_nothing():
    commit, dirty = source_state()["commit"], source_state()["dirty"]
    assert (commit is None) == (dirty is None)
    assert commit is None or len(commit) == 40


@pytest.mark.parametrize(
    ("word", "known", "told"),
    [
        ("qwen3_vl", ["qwen2_5_vl_3b", "qwen3_5_4b", "qwen3_vl_8b_instruct", "qwen3_vl_8b_thinking"], "qwen3_vl_8b_"),
        ("Qwen3-VL", ["qwen2_5_vl_3b", "qwen3_vl_8b_instruct"], "did you mean qwen3_vl_8b_instruct?"),
        ("majority", ["majority_vote", "frequency"], "did you mean majority_vote?"),
        ("btach", ["batch", "device"], "did you mean batch?"),
        ("x", ["xylophone", "device"], "there are: xylophone, device"),
        ("MathVista", ["mathvista", "mathvision"], "did you mean mathvista?"),
    ],
)
def test_the_nearest_name_is_told(word, known, told):
    assert told in did_you_mean(word, known)
