"""Model cards: only what stands between our markers changes, hostile texts stay texts, and huggingface_hub reads it."""

import dataclasses
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from proctor.benchmarks.examination import score_run
from proctor.harness.errors import DataError, UsageError, printable
from proctor.harness.runs.evaluate import run_eval
from proctor.leaderboards.board.table import rows
from proctor.leaderboards.export.markdown import LONGEST, escaped, section

pytest.importorskip("huggingface_hub", minversion="1.4")
yaml = pytest.importorskip("yaml")

from huggingface_hub import ModelCard  # noqa: E402

from proctor.leaderboards.export.model_card import METADATA, SECTION, read_card, with_model_index, with_section  # noqa: E402

HOSTILE = (
    "a|b`c`*d*[e](http://f)<script>alert(1)</script>\n## <!-- proctor:results:end --> www.evil.example $x$ \u202e\ud800"
)


def test_the_section_says_score_interval_versions_and_digests(held, cli):
    run = held()
    done = cli("board", "export", "model-card", run, "--model-name", "model")
    assert done.code == 0
    first = rows(score_run(run))[0]
    interval = f"{100 * float(first.ci_low):.1f} to {100 * float(first.ci_high):.1f}"
    assert f"| mathvision | 304 (testmini) | accuracy | 33.6 | {interval} | 304 | strict |" in done.out
    for digest in (first.data, first.images, first.prompts, first.responses, first.run_id):
        assert digest in done.out
    assert f"grader {first.grader_version}, proctor {first.proctor_version}" in done.out
    assert "proctor score RUN --score-protocol PROTOCOL" in done.out
    assert "level" not in done.out  # no breakdowns


def test_what_is_no_published_set_is_said(row):
    assert "| 7 (no published set) |" in section("model", [dataclasses.replace(row, items=7)])
    part = dataclasses.replace(row, suite="mathverse", items=788)
    assert "| 788 (one version, a part) |" in section("model", [part])


def test_another_prompt_is_said_beside_the_score_and_in_the_metadata(row):
    other = dataclasses.replace(row, protocol="official")
    said = "official, asked by the prompt of strict"
    assert f"| 304 | {said} |" in section("model", [other])
    (entry,) = metadata(with_model_index("", "model", [other], "README.md"))[1]
    assert entry.metric_name == f"accuracy, protocol {said}, run {row.run_id}"
    assert "asked by" not in section("model", [row])
    assert "asked by an unknown prompt |" in section("model", [dataclasses.replace(row, prompt_protocol="")])


def test_what_is_no_regular_file_is_no_card(held, cli, tmp_path):
    run = held()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        done = cli("board", "export", "model-card", run, "--model-name", "model", "--into", tmp_path / name)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert "is no regular file: no model card" in done.err


def test_an_incomplete_run_has_no_place_in_a_card(row):
    with pytest.raises(UsageError, match="no complete run"):
        section("model", [dataclasses.replace(row, status="partial")])


def test_an_incomplete_run_beside_a_complete_one_is_said(held, testmini, scripted, cli, tmp_path):
    held()
    failing = scripted(lambda item, sample: RuntimeError("no memory"), "model")
    other = dataclasses.replace(testmini, sampling=dataclasses.replace(testmini.sampling, seed=1))
    run_eval(other, failing, tmp_path / "runs" / "broken")
    done = cli("board", "export", "model-card", tmp_path / "runs", "--model-name", "model")
    assert done.code == 3
    assert "left out: mathvision under strict: run" in done.err
    assert done.out.count("| mathvision |") == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_rest_of_the_card_stays_byte_for_byte(held, cli, tmp_path, newline):
    card = tmp_path / "README.md"
    before = "\ufeff---\nlicense: mit   # keep\ntags: [a,  b]\n---\n\n# Model\u2028\n\ttext  \n\n".replace(
        "\n", newline
    )
    card.write_bytes(before.encode())
    arguments = ("board", "export", "model-card", held(), "--model-name", "model", "--into", card)
    assert cli(*arguments).code == 0
    once = card.read_bytes().decode()
    assert once.startswith(before)
    assert once.endswith(SECTION.end + newline)
    assert newline == "\n" or "\n" not in once.replace("\r\n", "")
    card.write_bytes((once + "After.").encode())
    assert cli(*arguments).code == 0
    assert card.read_bytes().decode() == once + "After."


def test_a_new_score_replaces_the_old_one_in_place(row):
    old = with_section("# Model", section("model", [row]), "README.md") + "\nAfter."
    new = with_section(old, section("model", [dataclasses.replace(row, score="0.5")]), "README.md")
    assert "| 50.0 |" in new
    assert "| 33.6 |" not in new
    assert new.startswith("# Model\n\n" + SECTION.begin)
    assert new.endswith(SECTION.end + "\n\nAfter.")


def test_a_card_that_is_not_there_is_made(held, cli, tmp_path):
    assert (
        cli(
            "board", "export", "model-card", held(), "--model-name", "model", "--into", tmp_path / "new" / "README.md"
        ).code
        == 0
    )
    assert (tmp_path / "new" / "README.md").read_text().startswith(SECTION.begin)


@pytest.mark.parametrize(
    "card",
    [
        SECTION.begin,
        SECTION.end,
        SECTION.end + SECTION.begin,
        2 * (SECTION.begin + SECTION.end),
        SECTION.begin + SECTION.end + SECTION.end,
    ],
)
def test_broken_markers_are_refused(row, card):
    with pytest.raises(UsageError, match="once each, in order"):
        with_section(card, section("model", [row]), "README.md")


def test_a_card_that_is_no_text_is_refused(held, cli, tmp_path):
    (tmp_path / "README.md").write_bytes(b"\xff\xfe")
    done = cli("board", "export", "model-card", held(), "--model-name", "model", "--into", tmp_path / "README.md")
    assert done.code == 2
    assert "as text in UTF-8" in done.err
    with pytest.raises(DataError):
        read_card(tmp_path)


def test_hostile_texts_stay_texts(row):
    hostile = {
        field.name: HOSTILE for field in dataclasses.fields(row) if field.type == "str" and field.name != "status"
    }
    numbers = {"score": "0.5", "ci_low": "", "ci_high": "", "metric": "accuracy"}
    text = section(HOSTILE, [dataclasses.replace(row, **(hostile | numbers))])
    assert SECTION.end not in text
    assert "<" not in text
    assert "\u202e" not in text
    lines = text.splitlines()
    assert sum("50.0" in line for line in lines) == 1
    tokens = MarkdownIt().enable("table").parse(text)
    assert sum(token.type == "heading_open" for token in tokens) == 1
    assert not any(token.type == "html_block" for token in tokens)
    inlines = [token.children for token in tokens if token.type == "inline"]
    assert not {token.type for part in inlines for token in part} & {"link_open", "image", "html_inline", "code_inline"}
    cells = ["".join(token.content for token in part) for part in inlines]
    assert cells.count(printable(HOSTILE)) == 3  # suite, which items, and protocol
    assert with_section(with_section("", text, "x"), text, "x") == with_section("", text, "x")


def inline(text):
    """The tokens of one line of markdown, read by CommonMark with tables."""
    (paragraph,) = (one for one in MarkdownIt().enable("table").parse(f"a {text} z") if one.type == "inline")
    return paragraph.children


@given(st.text(max_size=LONGEST // 10) | st.text('`*_{}[]()#!|~$:@^="<>&\\\\.w\\n;x1- ', max_size=40))
def test_an_escaped_text_is_read_as_that_text(text):
    read = inline(escaped(text))
    assert {token.type for token in read} <= {"text", "text_special"}
    assert "".join(token.content for token in read) == f"a {printable(text)} z"


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_card_keeps_its_text(text):
    if SECTION.begin in text or SECTION.end in text:
        return
    once = with_section(text, "ours\n", "x")
    assert once.startswith(text)
    assert with_section(once, "ours\n", "x") == once
    assert with_section(once, "other\n", "x").startswith(text)


def metadata(card):
    data = ModelCard(card).data
    return data.model_name, data.eval_results


def test_the_metadata_are_what_huggingface_hub_reads(held, cli, tmp_path):
    card = tmp_path / "README.md"
    card.write_text("---\nlicense: mit   # keep\n---\n# Model\n")
    arguments = ("board", "export", "model-card", held(), "--model-name", "model", "--into", card, "--model-index")
    assert cli(*arguments).code == 0
    once = card.read_text()
    assert cli(*arguments).code == 0
    assert card.read_text() == once
    assert once.startswith(f"---\nlicense: mit   # keep\n{METADATA.begin}\nmodel-index:\n")
    name, (result,) = metadata(once)
    assert name == "model"
    assert (result.dataset_type, result.metric_type) == ("MathLLMs/MathVision", "accuracy")
    assert result.metric_value == pytest.approx(33.5526)
    assert ModelCard(once).data.license == "mit"
    untouched = re.sub(f"{METADATA.begin}.*?{METADATA.end}\n", "", once, flags=re.DOTALL)
    untouched = untouched.partition("\n" + SECTION.begin)[0]
    assert untouched == "---\nlicense: mit   # keep\n---\n# Model\n"


@pytest.mark.parametrize("before", ["", "# Model\n", "\ufeff# Model\r\n", "---\r\nlicense: mit\r\n---\r\nText"])
def test_metadata_of_any_card(row, before):
    once = with_model_index(before, "model", [row], "README.md")
    assert with_model_index(once, "model", [row], "README.md") == once
    assert metadata(once.removeprefix("\ufeff"))[0] == "model"
    assert once.endswith(before.removeprefix("\ufeff").rpartition("---\r\n")[2])
    other = with_model_index(once, "model", [dataclasses.replace(row, score="0.5")], "README.md")
    assert metadata(other.removeprefix("\ufeff"))[1][0].metric_value == 50


def test_metadata_of_another_origin_are_not_touched(row):
    with pytest.raises(UsageError, match="of another origin"):
        with_model_index("---\nmodel-index: []\n---\n", "model", [row], "README.md")


@pytest.mark.parametrize("before", ["---\n[a, b]\n---\n", "---\n{a: b}\n---\n", "---\na: 'b\n---\n", "---\n- a\n---\n"])
def test_metadata_that_can_not_be_read_are_not_touched(row, before):
    with pytest.raises(DataError, match="metadata"):
        with_model_index(before, "model", [row], "README.md")


def test_metadata_claim_only_whole_sets_of_the_hub(row):
    with pytest.raises(UsageError, match="no complete run of a whole set"):
        with_model_index("", "model", [dataclasses.replace(row, items=7)], "README.md")


def test_a_hostile_name_in_the_metadata(row):
    name = "x\n---\n# y: [z]\n<script>"
    hostile = dataclasses.replace(row, model=name)
    once = with_model_index("Text", name, [hostile], "README.md")
    assert metadata(once)[0] == name
    assert with_model_index(once, name, [hostile], "README.md") == once
    marked = dataclasses.replace(row, model=METADATA.end)
    with pytest.raises(UsageError, match="holds a marker"):
        with_model_index("Text", METADATA.end, [marked], "README.md")


def test_metadata_need_a_card(held, cli):
    assert cli("board", "export", "model-card", held(), "--model-name", "model", "--model-index").code == 2
