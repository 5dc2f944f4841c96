"""A synthesis from pictures to a folder of questions: what is shown, what is stored, and that nothing is lost or mixed."""

import hashlib
import json
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.harness.errors import (
    DataError,
    EngineError,
    IncompleteRunError,
    RunLockedError,
    RunMismatchError,
    UsageError,
)
from proctor.harness.runs.store import RunReader
from proctor.harness.types import Response
from proctor.trainers.recipe import PromptSettings
from proctor.trainers.sampler import training_prompts
from proctor.trainers.synthesis.folder import SynthesisFolder, Synthesized
from proctor.trainers.synthesis.run import PromptSource

from .synthesis_writer import Writer, figures, lines, synthesis, texts

WRITER = Path(__file__).parent / "synthesis_writer.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("synthesis") / "questions"
    synthesis(Writer()).run(path)
    return path


def test_every_question_knows_where_it_is_from(folder):
    found = json.loads((folder / "synthesis.json").read_text())
    identity = found["identity"]
    assert identity["source"] == figures().digest
    assert identity["model"] == {"engine": "writer", "weights": "w"}
    assert identity["settings"]["direct"] == "Ask!"
    assert (found["source"], found["questions"]) == ("figures", 12)
    assert found["sha256"] == hashlib.sha256((folder / "questions.jsonl").read_bytes()).hexdigest()
    assert found["counts"]["replies"] == found["counts"]["kept"] == 12
    replies = {(one.item_id, one.sample): one.text for one in RunReader(folder / "asked" / "questions").responses()}
    for row in lines(folder / "questions.jsonl"):
        assert row["question"] in replies[row["source"], row["sample"]]
        assert row["how"] == "direct"
        for name, sha256 in zip(row["images"], row["sha256"], strict=True):
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
        assert (row["majority"], row["share"], row["answered"]) == (str(row["sample"]), 1, 1)
    assert sorted(path.name for path in (folder / "asked").iterdir()) == ["answers", "questions"]
    assert all(RunReader(path).complete for path in (folder / "asked").iterdir())


def test_the_folder_is_a_training_set_that_can_be_moved(folder, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    found = training_prompts(PromptSettings("synthesized", str(moved)), 3)(0, 12)
    assert len({item.id for item in found}) == 12
    assert {item.answer for item in found} == {""}
    assert all(item.images[0].read() for item in found)
    assert training_prompts(PromptSettings("synthesized", str(moved / "questions.jsonl")), 3)(0, 12) == found


def test_direct_shows_the_picture_alone_and_each_once():
    source = figures(2)
    first, second = source.items
    twice = PromptSource("twice", [first, replace(second, images=first.images)])
    writer = Writer()
    assert len(synthesis(writer, twice)._usable()) == 1
    assert [(item.question, item.choices) for item in synthesis(writer, source)._usable()] == [("", ())] * 2


def test_direct_never_reads_a_question(tmp_path):
    writer = Writer()
    source = PromptSource("secret", [replace(item, question="SECRET?") for item in figures().items])
    synthesis(writer, source).run(tmp_path / "out")
    assert not any("SECRET" in text for text in texts(writer.prompts))


def test_in_context_shows_the_question_and_the_models_own_majority(tmp_path):
    items = [replace(item, question="How big is 7?", answer="999") for item in figures(2).items]

    def answer(text: str, sample: int) -> str:
        return r"\boxed{31}" if sample == 0 else r"\boxed{42}"

    writer = Writer(answer=answer)
    found = synthesis(writer, PromptSource("mine", items), how="in_context").run(tmp_path / "out")
    asked = [text for text in texts(writer.prompts) if text.startswith("Ask")]
    assert asked == ["Ask! After How big is 7? = 42"] * 2
    assert not any("999" in text for text in texts(writer.prompts))
    assert found.counts["originals without an answer"] == 0
    assert all(row["how"] == "in_context" for row in lines(tmp_path / "out" / "questions.jsonl"))


def test_options_are_shown_in_context_unless_they_say_nothing(tmp_path):
    letters, words = figures(2).items
    letters = replace(letters, question="Which bar?", choices=("A", "B", "C"))
    words = replace(words, question="<image>Which colour?", choices=("red", "blue"))
    writer = Writer(answer=lambda text, sample: r"\boxed{A}")
    synthesis(writer, PromptSource("mine", [letters, words]), how="in_context").run(tmp_path / "out")
    first, second = [text for text in texts(writer.prompts) if text.startswith("Ask")]
    assert first == "Ask! After Which bar? = A"
    assert second == "Ask! After Which colour?\nChoices:\n(A) red\n(B) blue = A"


def test_an_original_without_an_answer_is_left_out_and_counted(tmp_path):
    first, *rest = figures(3).items
    items = [replace(first, question="Unknowable?"), *(replace(item, question="How big is 7?") for item in rest)]

    def answer(text: str, sample: int) -> str:
        return "I cannot tell" if "Unknowable" in text else r"\boxed{3}"

    found = synthesis(Writer(answer=answer), PromptSource("mine", items), how="in_context").run(tmp_path / "out")
    assert found.counts["originals without an answer"] == 1
    assert found.counts["replies"] == 4


def test_a_template_is_filled_once(tmp_path):
    items = [replace(item, question="What is {answer}?") for item in figures(1).items]
    writer = Writer(answer=lambda text, sample: r"\boxed{5}")
    synthesis(writer, PromptSource("mine", items), how="in_context").run(tmp_path / "out")
    assert "Ask! After What is {answer}? = 5" in texts(writer.prompts)


@pytest.mark.parametrize("how", ["direct", "in_context"])
@pytest.mark.parametrize("lives", [(0, 1, 7), (13, 20), (31,)])
def test_an_interrupted_synthesis_ends_as_one_that_was_not(tmp_path, how, lives):
    source = PromptSource("mine", [replace(item, question="How big is 7?") for item in figures().items])
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    once = Writer()
    synthesis(once, source, how=how).run(whole)
    total = 0
    for life in lives:
        writer = Writer(life=life)
        with pytest.raises(EngineError):
            synthesis(writer, source, how=how).run(broken)
        assert not (broken / "synthesis.json").exists()
        total += writer.replies
    last = Writer()
    synthesis(last, source, how=how).run(broken)
    assert total + last.replies == once.replies
    for name in ("questions.jsonl", "rejected.jsonl"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    again = Writer()
    assert synthesis(again, source, how=how).run(broken).questions == 12
    assert again.replies == 0


def test_a_killed_synthesis_goes_on(start, tmp_path):
    def command(out: str, delay: float) -> list[object]:
        options = ["--engine", "writer", "--engine-option", f"delay={delay}", "--per-image", 2, "--set", "direct=Ask!"]
        out = str(tmp_path / out)
        return [
            WRITER,
            "synthesize",
            "figures",
            "--how",
            "direct",
            "--model",
            "w",
            "--out",
            out,
            "--limit",
            20,
            *options,
        ]

    assert start(*command("whole", 0)).wait(60) == 0
    for reached in ("questions", "answers"):
        killed = start(*command("killed", 0.02))
        journal = tmp_path / "killed" / "asked" / reached / "responses.jsonl"
        while not (journal.exists() and journal.stat().st_size) and killed.poll() is None:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(60) == -signal.SIGKILL
        assert not (tmp_path / "killed" / "synthesis.json").exists()
    assert start(*command("killed", 0)).wait(60) == 0
    for name in ("questions.jsonl", "rejected.jsonl"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_answer_that_can_not_be_had_stops_it(tmp_path):
    class Failing(Writer):
        def generate(self, requests, sampling):
            for request in requests:
                yield from (Response(request.item_id, k, None, "no memory") for k in request.samples)

    with pytest.raises(IncompleteRunError, match="no memory; the others are kept"):
        synthesis(Failing()).run(tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"writer": Writer(weights="other")}, "model.weights"),
        ({"agreed": 0.9}, "settings.agreed"),
        ({"source": figures(5)}, "source"),
        ({"seed": 1}, "seed"),
    ],
)
def test_another_synthesis_is_refused(folder, changes, differs):
    with pytest.raises(RunMismatchError, match=differs):
        synthesis(**{"writer": Writer(), **changes}).run(folder)


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(UsageError, match=r"holds other files \(thesis.doc\)"):
        synthesis(Writer()).run(tmp_path)


def test_one_writer_at_a_time(tmp_path):
    mine = synthesis(Writer())
    with SynthesisFolder(tmp_path, mine.identity(), {}), pytest.raises(RunLockedError, match="synthesizing there"):
        mine.run(tmp_path)


def test_too_little_is_told_by_rule(tmp_path):
    silent = Writer(
        question=lambda text, sample: "I see bars." if sample else "What is it about?",
        answer=lambda *_: "I cannot tell.",
    )
    with pytest.raises(DataError) as caught:
        synthesis(silent).run(tmp_path)
    told = str(caught.value)
    assert "0 questions were kept, fewer than least = 1: 6 items, 12 replies, 6 no question, 6 unanswered" in told
    assert "\n" not in told
    rules = [row["rule"] for row in lines(tmp_path / "rejected.jsonl")]
    assert sorted(rules) == ["no question"] * 6 + ["unanswered"] * 6
    assert not (tmp_path / "synthesis.json").exists()
    with pytest.raises(DataError, match="holds no whole synthesis"):
        Synthesized.read(tmp_path)


def test_in_context_needs_questions(tmp_path):
    source = PromptSource("pictures", [replace(item, question="") for item in figures().items])
    with pytest.raises(DataError, match="none of 6 items has a picture and a question"):
        synthesis(Writer(), source, how="in_context").run(tmp_path / "out")
