"""The examples in the docstrings of what people extend are complete: they run as they stand."""

import dataclasses
import inspect
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from proctor.benchmarks import base as suites
from proctor.benchmarks.protocols import base as protocols
from proctor.harness.engines import base as engines
from proctor.harness.types import Item, Prompt, Request, Response, Sampling
from proctor.trainers import base as trainers
from proctor.trainers.base import Group
from proctor.trainers.methods import base as methods
from proctor.trainers.recipe import load_recipe

ITEM = Item("q1", "mysuite", "What is 1 + 1?", "2", "number")


def example(thing: type, module: Any) -> dict[str, Any]:
    """What the indented lines of a docstring define, with the names of the module that the thing stands in."""
    lines = inspect.getdoc(thing).splitlines()
    source = textwrap.dedent("\n".join(line for line in lines if line.startswith("    ") or not line.strip()))
    found = {**vars(module), "dataclasses": dataclasses}
    exec(compile(source, thing.__name__, "exec"), found)
    return found


def test_a_suite(tmp_path: Path) -> None:
    suite = example(suites.Suite, suites)["SUITE"]
    Image.new("RGB", (2, 2)).save(tmp_path / "one.png")
    (tmp_path / "items.jsonl").write_text('{"id": "q1", "question": "1 + 1?", "answer": "2", "image": "one.png"}\n')
    (item,) = suite.load(tmp_path / "items.jsonl")
    assert (item.suite, item.answer, len(item.images)) == ("mysuite", "2", 1)
    assert suite.protocol("strict").prompt(item).parts[1].startswith("1 + 1?")


def test_a_protocol() -> None:
    literal = example(protocols.Protocol, protocols)["LITERAL"]
    assert literal.match(literal.extract("So \\boxed{2}", ITEM), ITEM).correct is True
    assert literal.match(literal.extract("So 2", ITEM), ITEM).correct is False


def test_an_engine() -> None:
    parrot = example(engines.Engine, engines)["Parrot"]("hello", {})
    request = Request("q1", Prompt(("?",)), (0, 1))
    assert [one.text for one in parrot.generate([request], Sampling(n=2, temperature=1.0))] == ["hello", "hello"]
    assert parrot.identity() == {"says": "hello"}


def test_a_reward() -> None:
    score = example(trainers.Reward, trainers)["score"]
    assert score(Group("q1", "?", (), (), ("\\boxed{2}", ""))) == [1.0, 0.0]


def test_a_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []
    monkeypatch.setattr("proctor.trainers.local.train.train", lambda recipe, *rest: trained.append(recipe.policy.steps))
    example(trainers.Trainer, trainers)["longer"](load_recipe("mm_upt_figures"), Path(), Path(), False, print)
    assert trained == [120]


def test_a_method_of_stages() -> None:
    method = example(methods.StagedMethod, methods)["Short"]()
    assert isinstance(method, methods.StagedMethod)
    row = (Response("q1", 0, "It is \\boxed{2}."), Response("q1", 1, "2"))
    student = SimpleNamespace(ask=lambda name, asked, sampling: [row for _ in asked])
    given = methods.StageInput(0, [ITEM], lambda item: Prompt((item.question,)), Sampling(), student)
    assert [one.response for one in method.stages[0].make(given).data] == ["2"]


def test_a_method_that_plays() -> None:
    method = example(methods.PlayedMethod, methods)["Plain"]()
    assert isinstance(method, methods.PlayedMethod)
    drawn = SimpleNamespace(texts=[("1", "2")])
    rewarded = SimpleNamespace(advantages=[[1.0, -1.0]], metrics={"reward": 0.5})
    step = methods.Step(
        0,
        [ITEM],
        lambda item: Prompt((item.question,)),
        Sampling(n=2, temperature=1.0),
        0,
        lambda name, prompts, n, rewarded: drawn,
        lambda items, texts, drawn: rewarded,
    )
    played = method.play(step)
    assert (played.turns[0].advantages, played.metrics) == ([[1.0, -1.0]], {"reward": 0.5})
