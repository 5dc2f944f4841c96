"""Hostile text stays text in every format, and the reproduced column says what it should."""

import csv
import io
import re

import pytest

from proctor.harness.stats.seeds import SeedEstimate
from proctor.leaderboards.papers.fill import Filled, Reproduced
from proctor.leaderboards.papers.printed import FORMATS, as_csv, as_latex, as_markdown, as_text

from .paper_tables import WRITTEN, small_table

HOSTILE = [
    "=HYPERLINK(1)",
    "@cmd",
    "+1",
    "-1+1",
    "\t=1",
    "＝1",
    "a|b",
    "</td><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "`code` *b* _i_ # h",
    r"\input{/etc/passwd} & % $x$ ^~ #",
    r"\end{tabular}",
    "two\nlines\r\nand \x1b[31m more \u202e",
    "a,b\"c'",
]


def filled(label: str = "data") -> Filled:
    cells = {
        (0, "figures"): Reproduced(SeedEstimate(0.5, 0.01, 9, 0.25, 0.75), True, (0,), (None,), True, ("a" * 16,), ""),
        (1, "figures"): Reproduced(
            SeedEstimate(0.8, 0.01, 9, 0.7, 0.9),
            False,
            (0, 1, 2),
            (60, 60, 40),
            False,
            ("b", "c", "d"),
            "mm_upt_figures",
        ),
        (1, "reading"): Reproduced(
            SeedEstimate(1.0, 0.0, 9, 0.9, 1.0), None, (0,), (60,), True, ("e",), "mm_upt_figures"
        ),
    }
    return Filled(small_table(data=label), cells)


@pytest.mark.parametrize("label", HOSTILE)
def test_csv_has_no_formula_and_keeps_its_shape(label: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(filled(label), WRITTEN))))
    assert {len(row) for row in rows} == {len(rows[0])}
    for row in rows:
        assert not any(re.match(r"[=+\-@\t\r＝]", cell) for cell in row)
    assert all(row[3].removeprefix("'") == label for row in rows[1:])


@pytest.mark.parametrize("label", HOSTILE)
def test_markdown_has_no_markup_of_ours_only(label: str) -> None:
    plain, text = as_markdown(filled(), WRITTEN), as_markdown(filled(label), WRITTEN)
    assert len(text.splitlines()) == len(plain.splitlines())
    bars = re.compile(r"(?<!\\)(?:\\\\)*\|")
    assert [len(bars.findall(line)) for line in text.splitlines()] == [
        len(bars.findall(line)) for line in plain.splitlines()
    ]
    assert "<" not in text
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[`]", text)


@pytest.mark.parametrize("label", HOSTILE)
def test_latex_has_no_command_but_ours(label: str) -> None:
    plain, text = as_latex(filled(), WRITTEN), as_latex(filled(label), WRITTEN)
    assert len(text.splitlines()) == len(plain.splitlines())
    body = "\n".join(line for line in text.splitlines() if not line.startswith("% "))
    commands = {*re.findall(r"\\([A-Za-z]+)", body)}
    assert commands <= {
        "begin", "end", "hline", "textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar"
    }  # fmt: skip
    assert body.count(r"\end{tabular}") == 1
    count = re.compile(r"(?<!\\)&")
    assert {len(count.findall(line)) for line in body.splitlines() if "&" in line} == {9}
    assert not re.search(r"(?<!\\)[%$#_^~]|^\s*[\[*]", body, re.MULTILINE)


@pytest.mark.parametrize("label", HOSTILE)
def test_text_has_no_control_character(label: str) -> None:
    plain, text = as_text(filled(), WRITTEN), as_text(filled(label), WRITTEN)
    assert len(text.split("\n\n")[1].splitlines()) == len(plain.split("\n\n")[1].splitlines())
    assert all(line.isprintable() for line in text.split("\n"))


def test_what_stands_beside_a_printed_value() -> None:
    text = as_text(filled(), WRITTEN)
    assert "50.00  50.00 in " in text
    assert "25.00 to 75.00" in text
    assert "99.00  80.00* out, 3 seeds" in text
    assert "       100.00 " in text  # nothing is printed there
    assert "sft_figures (not written yet)" in text
    assert "seed 0 step 60 of 60, seed 1 step 60 of 60, seed 2 step 40 of 60" in " ".join(text.split())
    assert "| 99.00 | 80.00\\* out, 3 seeds (70.00 to 90.00) |" in as_markdown(filled(), WRITTEN)
    assert r"99.00 & 80.00{*} out, 3 seeds (70.00 to 90.00) &" in as_latex(filled(), WRITTEN)


def test_csv_says_all_of_a_cell() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(filled(), WRITTEN))))
    cell = next(row for row in rows if row["method"] == "voted" and row["column"] == "figures")
    told = {"printed": "99.00", "reproduced": "80.0000", "ci_low": "70.0000", "ci_high": "90.0000", "inside": "False"}
    told |= {"seeds": "0 1 2", "steps": "60 60 40", "drawn_as_printed": "False", "runs": "b c d", "written": "True"}
    told |= {"suite": "figures", "protocol": "strict", "metric": "accuracy", "items": "4", "recipe": "mm_upt_figures"}
    assert {key: cell[key] for key in told} == told
    blank = next(row for row in rows if row["method"] == "other")
    assert (blank["reproduced"], blank["written"]) == ("", "False")


def test_the_formats_of_the_command_line() -> None:
    from proctor.harness.cli.paper import FORMAT_NAMES

    assert tuple(FORMATS) == FORMAT_NAMES
