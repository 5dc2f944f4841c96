"""`proctor.evaluate` with functions, engines, checkpoints and servers; what is stored, and what is said where it fails."""

import importlib.util
import json
import re
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

import proctor
from proctor.harness.errors import EXIT_OK, IncompleteRunError, RunMismatchError, UsageError


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Imports a text as a module of its own file, as a user's would be."""

    def load(text: str, name: str = "mine") -> ModuleType:
        file = tmp_path / f"{name}.py"
        file.write_text(text)
        spec = importlib.util.spec_from_file_location(name, file)
        found = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, found)
        spec.loader.exec_module(found)
        return found

    return load


ASKED = """
def answer(prompt):
    assert "boxed" in prompt
    return "It is \\\\boxed{5}."
"""


def source(found):
    return found.scored.run.manifest.identity["model"]["source"]


def test_a_function_is_asked_stored_and_scored(module, tmp_path):
    found = proctor.evaluate(module(ASKED).answer, "figures", limit=30, out=tmp_path / "runs")
    assert found.complete
    assert not found.errors
    golds = [item.answer for item in proctor.load_suite("figures").load()[:30]]
    assert found.accuracy == golds.count("5") / 30
    low, high = found.interval
    assert 0 <= low <= found.accuracy <= high <= 1
    assert found.metrics["accuracy"] == found.accuracy
    assert found.stderr > 0
    assert re.fullmatch(
        r"<Evaluation answer on figures, strict: \d+\.\d% of 30 answers in \d+ clusters, 95% .*>", repr(found)
    )
    assert found.path.parent == tmp_path / "runs"


def test_the_stored_run_is_an_ordinary_one(module, tmp_path, cli):
    found = proctor.evaluate(module(ASKED).answer, "figures", limit=8, out=tmp_path / "runs")
    done = cli("score", tmp_path / "runs", "--json")
    assert done.code == EXIT_OK
    (scored,) = json.loads(done.out)
    assert (scored["model"], scored["score"]) == ("answer", found.accuracy)
    assert scored["interval"] == list(found.interval)
    stored = proctor.score(found.path, "mm_upt")
    assert (stored.protocol, stored.model) == ("mm_upt", "answer")
    frame = proctor.load_runs(tmp_path / "runs")
    assert frame.loc[0, "score"] == pytest.approx(found.accuracy, abs=1e-6)
    assert frame["temperature"].isna().all()  # how a function draws its answers is not known


def test_the_same_call_resumes_and_an_edited_function_does_not(module, tmp_path):
    text = "calls = []\ndef answer(prompt):\n    calls.append(prompt)\n    return 'It is 5.'\n"
    first = module(text)
    one = proctor.evaluate(first.answer, "figures", limit=4, out=tmp_path / "runs")
    again = proctor.evaluate(first.answer, "figures", limit=4, out=tmp_path / "runs")
    assert len(first.calls) == 4
    assert again.path == one.path
    edited = module(text.replace("5", "6"))
    other = proctor.evaluate(edited.answer, "figures", limit=4, out=tmp_path / "runs")
    assert other.path != one.path
    assert len(edited.calls) == 4


def test_a_function_is_known_by_its_file_only_where_that_is_what_runs(module, tmp_path):
    text = (
        "def answer(prompt):\n    return '5'\n"
        "def make(value):\n    def inner(prompt):\n        return value\n    return inner\n"
        "class Model:\n    def __call__(self, prompt):\n        return '5'\n    def ask(self, prompt):\n        return '5'\n"
    )
    found = module(text)
    known = source(proctor.evaluate(found.answer, "figures", limit=2))
    assert known["file"] == "mine.py"
    assert len(known["sha256"]) == 64
    hidden = {}
    exec("def answer(prompt):\n    return '5'\n", hidden)
    for function in (hidden["answer"], found.make("5"), found.Model(), found.Model().ask, partial(found.answer)):
        assert [*source(proctor.evaluate(function, "figures", limit=2))] == ["unknown"]
    Path(found.__file__).write_text(text.replace("'5'", "'6'"))  # what runs is not what the file holds now
    assert [*source(proctor.evaluate(found.answer, "figures", limit=2))] == ["unknown"]


def test_a_function_that_answers_nothing_is_told_why(module):
    found = proctor.evaluate(module("def answer(prompt):\n    pass\n").answer, "mathvista")
    assert "7 of 7 answers are missing; the first error: item " in repr(found)
    assert "answer: gave None, not a text>" in repr(found)


def test_answers_of_an_unknown_function_are_nobody_elses_and_not_publishable(module, tmp_path, cli):
    namespace = {}
    exec("def answer(prompt):\n    return '5'\n", namespace)
    runs = tmp_path / "runs"
    one, two = (proctor.evaluate(namespace["answer"], "mathvista", out=runs) for _ in range(2))
    assert one.path != two.path
    done = cli("board", "build", one.path, "--out", tmp_path / "board")
    assert "answered by code whose source is not known" in done.err
    assert not (tmp_path / "board" / "board.csv").exists()
    known = proctor.evaluate(module(ASKED).answer, "mathvista", out=tmp_path / "known")
    done = cli("board", "build", known.path, "--out", tmp_path / "board", "--draft")
    assert "source is not known" not in done.err


def test_what_a_function_gets_is_named_by_its_parameters(module):
    found = module(
        "got = []\n"
        "def pictures(question, images):\n    got.append((question, images))\n    return '5'\n"
        "def whole(item, seed):\n    got.append((item, seed))\n    return '5'\n"
    )
    proctor.evaluate(found.pictures, "figures", limit=1)
    question, (picture,) = found.got.pop()
    assert "boxed" in question
    assert picture.mode == "RGB"
    proctor.evaluate(found.whole, "figures", limit=1, samples=3)
    assert len({seed for _, seed in found.got}) == 3
    (item,) = {item.id: item for item, _ in found.got}.values()
    assert item.question
    assert item.images
    assert item.answer == ""
    assert item.meta == {}


def test_the_prompt_is_that_of_the_protocol_and_the_profile(module):
    found = module("got = []\ndef answer(prompt):\n    got.append(prompt)\n    return '5'\n")
    proctor.evaluate(found.answer, "figures", limit=1, profile="mm_eureka_7b")
    system = "You should first think"
    assert found.got[0].startswith("Solve the question") or system in found.got[0]


def test_a_function_is_not_said_to_be_shown_what_it_is_not(module):
    """A chat template's arguments and sizes of pictures are for models that have a template and an image processor."""
    with pytest.raises(UsageError, match="function answer does not take chat_template_kwargs"):
        proctor.evaluate(module(ASKED).answer, "figures", limit=1, profile="qwen3_5_4b")


def test_an_exception_is_an_error_of_that_item_alone_and_is_asked_again(module, tmp_path):
    found = module(
        "broken = True\n"
        "def answer(item):\n"
        "    if broken and item.id.startswith('0001'):\n"
        "        raise ValueError('no\\nidea')\n"
        "    return 'It is 5.'\n"
    )
    one = proctor.evaluate(found.answer, "figures", limit=3, out=tmp_path)
    assert not one.complete
    (error,) = one.errors
    assert re.fullmatch(r"item 0001-\w+: answer: .*mine\.py:4: ValueError: no idea", error)
    assert repr(one) == "<Evaluation answer on figures, strict: incomplete: 1 of 3 answers are missing>"
    for name in ("accuracy", "interval", "stderr", "metrics"):
        with pytest.raises(IncompleteRunError, match="1 of 3 answers are missing; the first error: item 0001"):
            getattr(one, name)
    assert list(one.to_frame()["correct"].isna()) == [False, True, False]
    found.broken = False
    two = one.resume()
    assert two.complete
    assert two.path == one.path
    with pytest.raises(UsageError, match="is a stored run"):
        proctor.score(two.path).resume()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "gave None, not a text"),
        ("return 5", "gave 5, not a text"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_what_is_no_text_is_an_error(module, body, said):
    found = proctor.evaluate(module(f"def answer(prompt):\n    {body}\n").answer, "figures", limit=1)
    assert said in found.errors[0]


def test_threads_give_the_same_run(module, tmp_path):
    text = (
        "import threading\nseen = set()\nmeet = threading.Barrier(4, timeout=20)\n"
        "def answer(item, seed):\n    seen.add(threading.get_ident())\n    meet.wait()\n    return f'It is {seed % 9}.'\n"
    )
    found = module(text)
    many = proctor.evaluate(found.answer, "figures", limit=8, out=tmp_path / "many", workers=4)
    assert len(found.seen) == 4
    alone = module(text.replace("    meet.wait()\n", "    0\n"))
    one = proctor.evaluate(alone.answer, "figures", limit=8, out=tmp_path / "one")
    assert (many.path / "responses.jsonl").read_bytes() == (one.path / "responses.jsonl").read_bytes()


def test_without_a_folder_the_run_goes_with_what_was_returned(module, tmp_path):
    found = proctor.evaluate(module(ASKED).answer, "figures", limit=2)
    path, kept = found.path, found.save(tmp_path / "runs")
    judged = proctor.score(found, "mm_upt")
    del found
    assert path.exists()  # what was judged again still holds it
    del judged
    assert not path.exists()
    assert proctor.score(kept).complete
    with pytest.raises(UsageError, match="is there already"):
        proctor.score(kept).save(tmp_path / "runs")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"temperature": 1.0}, "temperature has no effect on a function"),
        ({"engine": "vllm"}, "engine is for a model that is named by a text"),
        ({"url": "http://localhost"}, "url is for a model that is named by a text"),
        ({"workers": 0}, "at least one thread"),
        ({"suite": "figurs"}, "did you mean"),
        ({"suite": 5}, "a suite is a name, mine.py:SUITE or a Suite; not 5"),
        ({"protocol": "stric"}, "has no protocol"),
        ({"model": 5}, "a model is a function, an engine, a folder or a name; not 5"),
        ({"model": lambda a, b: ""}, r"must take \(prompt\), \(prompt, images\) or \(item\), not \(a, b\)"),
        ({"model": lambda *, seed: ""}, "must take"),
        ({"model": "http://localhost:8000/v1"}, "given as url="),
        ({"model": "name", "url": "http://localhost:8000/v1", "engine": "vllm"}, "url is for a server"),
        ({"model": "no/such/folder"}, "no/such/folder"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"data": "nowhere.jsonl"}, "nowhere.jsonl"),
    ],
)
def test_a_mistake_is_one_line(arguments, said):
    with pytest.raises(proctor.ProctorError, match=said) as caught:
        proctor.evaluate(**{"model": lambda prompt: "5", "suite": "figures", **arguments})
    assert "\n" not in str(caught.value)


def test_an_async_function_is_refused():
    async def answer(prompt):
        return ""

    with pytest.raises(UsageError, match="is async"):
        proctor.evaluate(answer, "figures", limit=1)


def test_an_engine_answers(scripted, tmp_path):
    said = scripted(lambda item_id, sample: r"It is \boxed{5}.")
    found = proctor.evaluate(said, "figures", limit=3, samples=2, out=tmp_path)
    assert len(said.asked) == 6
    assert found.model == "scripted"
    assert {"engine", "weights", "source"} == {*found.scored.run.manifest.identity["model"]}
    with pytest.raises(UsageError, match="this is one engine"):
        proctor.evaluate(said, "figures", limit=3, workers=2)


def test_a_half_engine_is_refused():
    class Half:
        name = "half"

        def identity(self):
            return {}

        def generate(self, requests, sampling):
            return []

    with pytest.raises(UsageError, match="no whole engine"):
        proctor.evaluate(Half(), "figures", limit=1)


def test_a_stored_run_and_a_checkpoint_are_named_by_their_paths(module, tmp_path, tiny):
    one = proctor.evaluate(module(ASKED).answer, "figures", limit=3, out=tmp_path)
    with pytest.raises(UsageError, match=r"proctor.score\(run, protocol\) judges"):
        proctor.evaluate(one.path, "figures", limit=3, engine="replay")
    three = proctor.evaluate(tiny, "figures", limit=2, max_tokens=8, engine_options={"device": "cpu", "batch": 2})
    model = three.scored.run.manifest.identity["model"]
    assert model["engine"] == "transformers"
    assert model["weights"]
    assert three.scored.run.manifest.sampling.max_tokens == 8


def test_a_servers_model_is_asked_under_its_name(tmp_path, serve):
    server = serve()
    found = proctor.evaluate("tiny", "figures", limit=2, url=server.url, engine_options={"attempts": 1})
    assert found.model == "tiny"
    assert found.scored.run.manifest.identity["model"]["engine"] == "openai"


def test_a_suite_of_ones_own_code(module, tmp_path):
    text = (
        "from proctor import Item, Suite\n"
        "def parse(record, folder):\n"
        "    return Item(record.text('id'), 'sums', record.text('question'), record.text('answer'), 'number')\n"
        "SUITE = Suite('sums', 'Sums', parse)\n"
    )
    data = tmp_path / "sums.jsonl"
    data.write_text(
        '{"id": "1", "question": "2 + 3?", "answer": "5"}\n{"id": "2", "question": "4 + 4?", "answer": "8"}\n'
    )
    suite = module(text, "sums").SUITE
    found = proctor.evaluate(lambda prompt: "It is 5.", suite, data=data, out=tmp_path / "runs")
    assert (found.suite, found.accuracy) == ("sums", 0.5)
    assert len(proctor.load_runs(tmp_path / "runs")) == 1  # the process knows the suite by its name
    again = module(text.replace("'Sums'", "'Sums again'"), "sums").SUITE  # a cell that is run again
    assert proctor.evaluate(lambda prompt: "It is 8.", again, data=data).accuracy == 0.5
    taken = module(text.replace("'sums', 'Sums'", "'figures', 'Sums'"), "taken").SUITE
    with pytest.raises(UsageError, match="suite 'figures': there is one of that name"):
        proctor.evaluate(lambda prompt: "", taken, data=data)
    file = tmp_path / "named.py"
    file.write_text(text.replace("'sums'", "'named'"))
    assert proctor.load_suite(f"{file}:SUITE").load(data)[0].suite == "named"
    assert proctor.evaluate(lambda prompt: "It is 8.", f"{file}:SUITE", data=data).suite == "named"


def test_a_run_of_other_questions_is_refused_in_the_same_folder(module, tmp_path):
    found = proctor.evaluate(module(ASKED).answer, "figures", limit=2, out=tmp_path)
    other = proctor.evaluate(module(ASKED).answer, "figures", limit=3, out=tmp_path)
    assert found.path != other.path
    found.path.rename(other.path.with_name("kept"))
    other.path.rename(found.path)
    with pytest.raises(RunMismatchError):
        proctor.evaluate(module(ASKED).answer, "figures", limit=2, out=tmp_path)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"tasks": ["mathvista"]}, "tasks is called suite here"),
        ({"suite": "mathvista", "batch_size": 4}, 'batch_size is called engine_options={"batch": N} for a checkpoint'),
        ({"tasks": "mathvista", "log_samples": True}, "here; log_samples is no parameter here: every answer is stored"),
    ],
)
def test_a_parameter_of_another_library_is_named_as_here(given, line):
    with pytest.raises(proctor.ProctorError, match=re.escape(line)):
        proctor.evaluate(lambda prompt: "5", **given)
    with pytest.raises(TypeError, match="nothing"):
        proctor.evaluate(lambda prompt: "5", "figures", nothing=1)
