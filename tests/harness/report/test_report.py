"""The parts of a page: whole, escaped, readable without seeing its charts, and drawn for any numbers."""

import math
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.report.charts import Series, doublings, ends, legend, line_chart, share_of_axis, steps, ticks
from proctor.harness.report.document import COLOURS, DASHES, STYLE, Html, document, table

HOSTILE = "</style></title>\"'><script>alert(1)</script>\x1b\u202e\ud800"
VOID = {"meta"}


class Elements(HTMLParser):
    """The elements of a page with their attributes; they close in order."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attrs for tag, attrs in self.found if tag == name]


def test_a_document_is_whole_runs_nothing_and_looks_well_in_the_dark():
    text = "".join(document(HOSTILE, ["<p>", "body</p>"], ".own { color: var(--good); }"))
    read = Elements(text)
    assert not read.all("script")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.encode("utf-8")
    assert text.startswith("<!doctype html>\n")
    assert "<p>body</p></main>" in text
    assert len(read.all("style")) == len(read.all("h1")) == len(read.all("title")) == 1
    assert any("default-src 'none'" in meta.get("content", "") for meta in read.all("meta"))
    assert text.index(".own") > text.index("prefers-color-scheme: dark")


def test_every_colour_has_a_value_in_light_and_in_dark():
    light, dark = STYLE.split("prefers-color-scheme: dark", 1)
    used = set(re.findall(r"var\(--(\w+)\)", STYLE)) | {"good", "bad"}
    assert used == set(re.findall(r"--(\w+):", light)) == set(re.findall(r"--(\w+):", dark))


def test_a_table_says_what_its_headings_head_and_escapes_its_cells():
    rows = [[HOSTILE, "1", HOSTILE], ["plain", Html("<b>2</b>"), "words"]]
    text = table(HOSTILE, ["name", HOSTILE, "told"], rows, texts=("told",))
    read = Elements(text)
    assert not read.all("script")
    assert [one["scope"] for one in read.all("th")] == ["col"] * 3 + ["row"] * 2
    assert [one.get("class") for one in read.all("td")] == [None, "text"] * 2
    assert len(read.all("b")) == len(read.all("caption")) == 1
    (frame,) = read.all("div")
    assert frame["role"] == "region"
    assert frame["tabindex"] == "0"
    assert frame["aria-label"].startswith("</style>")


def test_html_joined_with_text_is_text_again():
    assert "&lt;b&gt;" in table("c", ["a", "b"], [["x", Html("<b>") + HOSTILE]])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="longer"):
        table("c", ["a", "b"], [["x"]])


def test_a_chart_has_a_name_and_a_description_and_escapes_them():
    lines = [Series(HOSTILE, 0, [0, 1], [0.0, 1.0]), Series("other", 1, [0, 1], [1.0, 0.5])]
    read = Elements(line_chart(HOSTILE, lines, steps(1), (0.0, 1.0)) + legend([HOSTILE, "other"]))
    assert not read.all("script")
    chart, *keys = read.all("svg")
    assert chart["role"] == "img"
    assert chart["aria-label"].startswith("</style>")
    assert len(read.all("desc")) == 1
    assert len(read.all("title")) == 2
    assert [key["aria-hidden"] for key in keys] == ["true", "true"]
    drawn = [one["class"] for one in read.all("polyline")]
    assert drawn == ["line s0 d0", "line s1 d1"]
    assert [one["class"] for one in read.all("line") if one["class"].startswith("line")] == drawn


def test_looks_differ_in_dash_from_their_neighbours_and_repeat_late():
    looks = re.findall(r'class="(line [^"]*)"', legend(["x"] * (COLOURS * DASHES)))
    assert len(set(looks)) == COLOURS * DASHES
    assert all(one.split()[2] != other.split()[2] for one, other in pairwise(looks))


def test_a_gap_parts_a_line_and_a_lone_value_is_a_dot():
    line = Series("x", 0, range(6), [0.0, 1.0, None, 0.5, None, None])
    read = Elements(line_chart("t", [line], steps(5), (0.0, 1.0)))
    assert [len(one["points"].split()) for one in read.all("polyline")] == [2]
    assert len(read.all("circle")) == 1


def test_doublings_are_equally_far_apart_and_intervals_are_drawn_at_their_values():
    line = Series("x", 4, [2, 4, 8], [0.5, 0.5, 0.5], [(0.25, 0.75), None, (0.0, 1.0)])
    read = Elements(line_chart("t", [line], doublings([2, 4, 8]), (0.0, 1.0)))
    (path,) = read.all("polyline")
    first, second, third = (float(point.split(",")[0]) for point in path["points"].split())
    assert second - first == pytest.approx(third - second, abs=0.11)
    thin = [one for one in read.all("line") if one["class"].startswith("thin")]
    short, long = (abs(float(one["y1"]) - float(one["y2"])) for one in thin)
    assert long == pytest.approx(2 * short, abs=0.21)


@pytest.mark.parametrize("last", [0, 1, 3, 700])
def test_an_axis_of_steps_marks_its_ends(last):
    marked = dict(steps(last).ticks)
    assert marked[last] == f"step {last}"
    assert 0 in marked
    assert len(marked) == min(last, 4) + 1


FINITE = st.floats(-1e300, 1e300).filter(lambda value: value == 0 or abs(value) > 1e-300)


@given(st.lists(FINITE | st.just(math.nan), min_size=1, max_size=9))
def test_axes_hold_any_values_and_have_round_ticks(values):
    low, high = ends(values)
    known = [value for value in values if not math.isnan(value)]
    assert low <= min([0.0, *known]) <= max([0.0, *known]) <= high
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 8
    assert all(-1e-6 <= share_of_axis(mark, low, high) <= 1 + 1e-6 for mark in marks)
    assert len({f"{mark:g}" for mark in marks}) == len(marks)


def test_by_hand():
    assert ends([math.nan]) == (0.0, 1.0)
    assert ticks(0.0, 1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(-1.0, 4.0) == [-1, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("huge", [1.7e308, -1.7e308])
def test_the_largest_numbers_are_drawn(huge):
    drawn = line_chart("t", [Series("x", 0, [0, 1], [huge, -huge])], steps(1), (-abs(huge), abs(huge)))
    assert "nan" not in drawn
    assert "inf" not in drawn
