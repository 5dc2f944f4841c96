"""Cells that no spreadsheet runs, and that read back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.report.csv_cells import from_cell, to_cell

HOSTILE = st.text(alphabet="=+-@'\t\r＝＠0.8e ax", max_size=8)


@given(st.one_of(st.text(), HOSTILE))
def test_every_text_reads_back_the_same(text: str) -> None:
    assert from_cell(to_cell(text)) == text


@given(HOSTILE)
def test_no_cell_but_a_number_begins_as_a_formula(text: str) -> None:
    cell = to_cell(text)
    if cell.startswith(tuple("=+-@\t\r＝＋－＠")):
        float(cell)


@pytest.mark.parametrize("text", ["", "Qwen/Qwen2.5-VL-7B", "-0.8", "-3e-05", "a=b", "it's", "'quoted'"])
def test_numbers_and_common_texts_stay_as_they_are(text: str) -> None:
    assert to_cell(text) == text


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x","y")', "+cmd|' /C calc'!A0", "-1+1", "+1", "@SUM(A1)", "\tx"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert to_cell(text) == f"'{text}"
