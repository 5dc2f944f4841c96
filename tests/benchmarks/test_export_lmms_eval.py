"""The folder of tasks for lmms-eval, and the functions that lmms-eval calls, without lmms-eval."""

import json
import math
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.benchmarks import export_lmms_eval
from proctor.benchmarks.examination import plan
from proctor.benchmarks.export_lmms_eval import UTILS, item_of, prompt_of, rules_of, to_row, write_folder
from proctor.benchmarks.protocols.base import BOXED
from proctor.benchmarks.registry import SUITES
from proctor.harness.answers import extract
from proctor.harness.engines.lmms_eval import FAILURES
from proctor.harness.errors import DataError, MissingExtraError, install
from proctor.harness.runs.evaluate import Examination
from proctor.harness.runs.store import Sample
from proctor.harness.types import Image, Prompt, Sampling

pq = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")

SUITES_OF_BENCHMARKS = [name for name in SUITES.names() if name != "figures"]


def questions(suite, protocol="strict"):
    return plan(suite, protocol, Sampling(max_tokens=77))


def rows(folder, name):
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("export") / "tasks"
    write_folder(out, [questions(suite) for suite in SUITES_OF_BENCHMARKS])
    return out


@pytest.fixture(scope="module")
def docs(folder):
    return [row for suite in SUITES_OF_BENCHMARKS for row in rows(folder, f"proctor_{suite}")]


def test_the_folder_holds_a_task_for_each_suite(folder):
    expected = {f"proctor_{suite}.{kind}" for suite in SUITES_OF_BENCHMARKS for kind in ("yaml", "parquet")}
    assert {file.name for file in folder.iterdir()} == {*expected, "utils.py"}
    names = [re.search(r"^task: (.+)$", file.read_text(), re.MULTILINE)[1] for file in sorted(folder.glob("*.yaml"))]
    assert names == [f"proctor_{suite}" for suite in SUITES_OF_BENCHMARKS]


def test_a_task_is_configured_to_leave_answers_alone(folder):
    text = (folder / "proctor_mathvision.yaml").read_text()
    for line in (
        "tag: proctor",
        "    test: proctor_mathvision.parquet",
        "output_type: generate_until",
        "  until: []",
        "  max_new_tokens: 77",
        "  temperature: 0",
        "  do_sample: false",
        'reasoning_tags: "none"',
        "  - metric: proctor_strict",
        "  - metric: proctor_unparsed",
        "  - metric: proctor_unscored",
    ):
        assert f"\n{line}\n" in text, line
    assert str(folder) not in text
    assert json.dumps(SUITES.get("mathvision").protocol("strict").version) in text


def test_every_function_that_a_task_names_is_there(folder):
    named = {name for file in folder.glob("*.yaml") for name in re.findall(r"!function utils\.(\w+)", file.read_text())}
    module = {}
    exec(compile((folder / "utils.py").read_text(), "utils.py", "exec"), module)
    assert all(callable(module[name]) for name in named)
    assert named == set(export_lmms_eval.__all__)
    assert UTILS.count("proctor.") == 1


def test_the_same_items_give_the_same_bytes(folder, tmp_path):
    write_folder(tmp_path, [questions(suite) for suite in reversed(SUITES_OF_BENCHMARKS)])
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_what_a_kill_left_half_written_is_swept_by_the_next_export(tmp_path, monkeypatch):
    def killed(*arguments):
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        monkeypatch.setattr(export_lmms_eval, "to_row", killed)
        write_folder(tmp_path, [questions("mathvision")])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".unfinished")]
    write_folder(tmp_path, [questions("mathvision")])
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_pictures_are_columns_that_the_library_datasets_knows_as_such(folder):
    schema = pq.read_schema(folder / "proctor_iconqa.parquet")
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    pictures = [name for name in schema.names if name.startswith("picture_")]
    assert len(pictures) == max(len(one.prompt.images) for one in questions("iconqa").asked) > 2
    assert all(features[name] == {"decode": False, "_type": "Image"} for name in pictures)
    assert list(features) == schema.names


@pytest.mark.parametrize("suite", SUITES_OF_BENCHMARKS)
def test_rows_are_the_questions(folder, suite):
    asked = questions(suite).asked
    found = rows(folder, f"proctor_{suite}")
    assert [item_of(row) for row in found] == [one.item for one in asked]
    assert [prompt_of(row).digest() for row in found] == [one.prompt.digest() for one in asked]
    for row, one in zip(found, asked, strict=True):
        assert row["id"] == one.item.id
        assert export_lmms_eval.doc_to_target(row) == one.item.answer
        assert len(export_lmms_eval.doc_to_visual(row)) == len(one.prompt.images)


@pytest.mark.parametrize("suite", SUITES_OF_BENCHMARKS)
def test_messages_keep_the_order_of_texts_and_pictures(folder, suite):
    for row, one in zip(rows(folder, f"proctor_{suite}"), questions(suite).asked, strict=True):
        (message,) = export_lmms_eval.doc_to_messages(row)
        said = [part["text"] if part["type"] == "text" else part["url"].size for part in message["content"]]
        pictures = iter(picture.size for picture in export_lmms_eval.doc_to_visual(row))
        assert said == [next(pictures) if isinstance(part, Image) else part for part in one.prompt.parts]


def test_texts_need_no_pictures_and_mark_where_they_stand(folder):
    row = next(row for row in rows(folder, "proctor_iconqa") if row["picture_3"])
    without = {name: value for name, value in row.items() if not name.startswith("picture_")}
    text = export_lmms_eval.doc_to_text(without)
    shown = len(prompt_of(row).images)
    assert re.findall(r"<image \d+>", text) == [f"<image {n + 1}>" for n in range(shown)]
    first = rows(folder, "proctor_wemath")[0]
    assert "<image" not in export_lmms_eval.doc_to_text(first)
    assert export_lmms_eval.doc_to_text(first).endswith(BOXED)


def test_a_system_text_comes_first():
    (one, *_) = questions("wemath").asked
    asked = Sample(one.item, Prompt(one.prompt.parts, "Be brief."))
    row = to_row(asked, SUITES.get("wemath").protocol("strict"), 1)
    assert [message["role"] for message in export_lmms_eval.doc_to_messages(row)] == ["system", "user"]
    assert export_lmms_eval.doc_to_text(row).startswith("Be brief.\n\n")


def test_other_protocols_have_names_of_their_own(tmp_path):
    write_folder(tmp_path, [questions("mathvision", "mm_upt")])
    assert "\n  - metric: proctor_mm_upt\n" in (tmp_path / "proctor_mathvision_mm_upt.yaml").read_text()
    row = rows(tmp_path, "proctor_mathvision_mm_upt")[0]
    assert "proctor_mm_upt" in export_lmms_eval.process_results(row, [r"\boxed{1}"])


def test_another_version_of_the_protocol_is_told_before_anything_is_asked(docs):
    old = {**docs[0], "version": "0"}
    for ask in (export_lmms_eval.doc_to_text, export_lmms_eval.doc_to_messages, export_lmms_eval.doc_to_visual):
        with pytest.raises(DataError, match="write the tasks again"):
            ask(old)
    judged = export_lmms_eval.process_results(old, [r"\boxed{1}"])
    assert judged["proctor_unscored"] == {"count": 1}
    assert "write the tasks again" in judged["proctor_strict"]["error"]


def test_a_picture_that_can_not_be_decoded_is_told_at_once(tmp_path):
    asked = questions("wemath").asked
    broken = [
        Sample(one.item, Prompt((Image.of_bytes(b"no picture %d" % n, f"{n}.png"), "?")))
        for n, one in enumerate(asked[:2])
    ]
    examination = Examination("wemath", "strict", [*broken, *asked[2:]], Sampling())
    with pytest.raises(DataError, match=r"2 problems(.|\n)*0\.png(.|\n)*1\.png"):
        write_folder(tmp_path, [examination])
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=re.escape(install("data"))):
        write_folder(tmp_path, [questions("wemath")])


def test_text_that_no_utf8_has_is_kept_in_the_item_and_spelled_out_in_the_id(tmp_path):
    one = questions("wemath").asked[0]
    odd = Sample(replace(one.item, id="a\ud800", question="\ud800?"), Prompt((*one.prompt.images, "\ud800?")))
    write_folder(tmp_path, [Examination("wemath", "strict", [odd], Sampling())])
    (row,) = rows(tmp_path, "proctor_wemath")
    assert row["id"] == r"a\ud800"
    assert item_of(row) == odd.item
    assert prompt_of(row).digest() == odd.prompt.digest()


def verdict(row, text):
    judged = export_lmms_eval.process_results(row, [text])
    assert set(judged) == {"proctor_strict", "proctor_unparsed", "proctor_unscored"}
    return judged


responses = st.text() | st.builds(
    lambda a, b, c: f"{a}\\boxed{{{b}}}{c}", st.text(max_size=8), st.text(max_size=30), st.text(max_size=8)
)


@given(text=responses, pick=st.integers(0, 10_000))
def test_the_judgement_is_that_of_the_protocol(docs, text, pick):
    row = docs[pick % len(docs)]
    item, rules = item_of(row), rules_of(row)
    grade = rules.match(rules.extract(text, item), item)
    judged = verdict(row, text)
    assert judged["proctor_strict"]["score"] == float(grade.correct)
    assert judged["proctor_unparsed"]["count"] == (grade.extracted is None)
    assert judged["proctor_unscored"]["count"] == 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(doc=anything, results=anything)
def test_nothing_that_it_is_given_makes_it_raise(doc, results):
    assert export_lmms_eval.process_results(doc, results)["proctor_unscored"] == {"count": 1}


@given(results=anything, damage=anything, column=st.sampled_from(["item", "protocol", "version", "prompt"]))
def test_damaged_rows_are_not_scored(docs, results, damage, column):
    judged = export_lmms_eval.process_results({**docs[0], column: damage}, [r"\boxed{1}"])
    assert judged["proctor_unscored"] == {"count": int(column != "prompt")}
    judged = export_lmms_eval.process_results(docs[0], results)
    fine = isinstance(results, list | dict) and len(results) == 1 and isinstance(next(iter(results)), str)
    assert judged["proctor_unscored"] == {
        "count": int(not fine and not (isinstance(results, str) and len(results) == 1))
    }


@given(text=responses)
def test_an_answer_states_the_same_without_space_around_it(text):
    """lmms-eval takes the space around a response away."""
    assert extract(text.strip()).answer == extract(text).answer


def test_failed_requests_and_undecided_answers_are_not_wrong(docs, monkeypatch):
    failed = f"{FAILURES[0]} after 5 retries] gone"
    assert "score" not in verdict(docs[0], failed)["proctor_strict"]
    rules = rules_of(docs[0])

    def undecided(stated, item):
        return replace(rules.match(stated, item), correct=None, reason="a judge is needed")

    monkeypatch.setattr(export_lmms_eval, "rules_of", lambda row: replace(rules, match=undecided))
    judged = verdict(docs[0], r"\boxed{1}")
    assert judged["proctor_strict"] == {"id": docs[0]["id"], "error": "a judge is needed"}
    assert judged["proctor_unscored"] == {"count": 1}


def test_aggregation_leaves_out_what_was_not_scored(docs):
    texts = [rf"\boxed{{{item_of(row).answer}}}" if n % 3 else FAILURES[0] for n, row in enumerate(docs)]
    judged = [export_lmms_eval.process_results(row, [text]) for row, text in zip(docs, texts, strict=True)]
    scored = [one["proctor_strict"]["score"] for one in judged if "score" in one["proctor_strict"]]
    assert export_lmms_eval.accuracy([one["proctor_strict"] for one in judged]) == sum(scored) / len(scored)
    assert (
        export_lmms_eval.count([one["proctor_unscored"] for one in judged])
        == len(docs) - len(scored)
        == -(-len(docs) // 3)
    )
    assert math.isnan(export_lmms_eval.accuracy([{"error": "x"}]))
    assert math.isnan(export_lmms_eval.accuracy([]))


def test_threads_judge_as_one(docs):
    texts = [rf"\boxed{{{item_of(row).answer}}}" for row in docs] * 5
    work = list(zip(docs * 5, texts, strict=True))
    alone = [export_lmms_eval.process_results(row, [text]) for row, text in work]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda pair: export_lmms_eval.process_results(pair[0], [pair[1]]), work)) == alone
    assert export_lmms_eval.accuracy([one["proctor_strict"] for one in alone]) > 0.5


def test_command_line(cli, tmp_path):
    done = cli("suite", "export", "lmms-eval", "--out", tmp_path, "--suite", "wemath,figures", "--limit", 3, "--json")
    assert done.code == 0
    assert json.loads(done.out) == {"folder": str(tmp_path), "tasks": {"proctor_wemath": 3, "proctor_figures": 3}}
    done = cli("suite", "export", "lmms-eval", "--out", tmp_path, "--suite", "wemath", "--limit", 2)
    assert f"--include_path {tmp_path} --tasks proctor" in done.out
    data = ["--data", tmp_path / "items.jsonl"]
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path, *data).code == 2
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path, "--suite", "none").code == 2
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path, "--suite", "wemath", "--protocol", "none").code == 2
    (tmp_path / "file").write_text("")
    assert cli("suite", "export", "lmms-eval", "--out", tmp_path / "file", "--suite", "wemath").code == 3
