"""Draws the bundled samples: a few items of our own per suite, in the suite's own columns, with their pictures.

They show the form of each suite and its every answer type; they are no benchmark. Run
`python -m proctor.benchmarks.samples.make.draw` to write them anew; the same pixels come out each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ...base import SAMPLES
from . import pictures as draw
from .pictures import Sheet

Row: TypeAlias = dict[str, Any]
Sample: TypeAlias = tuple[list[Row], Mapping[str, Sheet]]

NEITHER = "No correct answer"
YEARS = {"2018": 12, "2019": 18, "2020": 9}


def table(suite: str, columns: str, *rows: tuple[Any, ...]) -> list[Row]:
    """Rows under column names; the column `picture` becomes `image`, the path of that picture."""
    named = [dict(zip(columns.split(), row, strict=True)) for row in rows]
    return [row | {"image": path(suite, row.pop("picture"))} for row in named]


def path(suite: str, picture: str) -> str:
    """Where a picture of a suite lies in the samples' folder."""
    return f"images/{suite}-{picture}.png"


# fmt: off
def mathvision() -> Sample:
    """Free answers of four shapes, options as texts and as letters, and a picture of several marked parts."""
    rows = table(
        "mathvision", "id picture question choices answer subject level",
        ("1", "bars", "What is bar A plus bar B?\n<image1>", [], "10", "arithmetic", 1),
        ("2", "sides", "<image1>\nHow long is the side with the question mark?",
         ["$4$", "$5$", "$\\sqrt{7}$", "$6$", "$7$"], "B", "metric geometry - length", 2),
        ("3", "shapes", "Which shape has exactly four corners?\n<image1>", list("ABCDE"), "B", "counting", 1),
        ("4", "diagonal", "Both short sides of the right triangle\n<image1>\nare 2 cm long. How long is $d$, in cm?",
         [], "$2\\sqrt{2}$", "metric geometry - length", 3),
        ("5", "point", "Give the coordinates of $P$.\n<image1>", [], "(3,-2)", "analytic geometry", 2),
        ("6", "squares", "What is the ratio of blue squares to white squares?\n<image1>", [], "1:3", "counting", 2),
        ("7", "parts", "How many dots do <image1> and <image2> have together? Choose a label in <image3>.", [], "C",
         "logic", 2),
    )
    squares = Sheet.blank(200, 60)
    for k in range(4):
        squares.box(20 + 40 * k, 10, 60 + 40 * k, 50, fill=None if k else draw.BLUE)
    parts = draw.stacked(
        draw.written("<image1>:", below=draw.dots(3)),
        draw.written("<image2>:", below=draw.dots(5, draw.RED)),
        draw.written("<image3>:", "(A) 5  (B) 7  (C) 8", below=Sheet.blank(140, 4)),
    )
    return rows, {
        "bars": draw.bars((3, 7, 5)),
        "sides": draw.right_triangle(4, 3, "?"),
        "shapes": draw.polygons((3, 4, 5, 6, 0), "ABCDE"),
        "diagonal": draw.right_triangle(2, 2, "d"),
        "point": draw.plane({"P": (3, -2)}),
        "squares": squares,
        "parts": parts,
    }


def mathverse() -> Sample:
    """Two problems in five versions: one with options, one free with a dressed gold."""
    ask, area = "What is the size of angle $C$?", "Find the area of the circle. Give an exact value."
    full = {
        "triangle": f"In triangle $ABC$, angle $A$ is 40° and angle $B$ is 75°. {ask}",
        "circle": f"The circle with centre $O$ has a radius of 5 cm. {area}",
    }
    options = ["A:55°", "B:65°", "C:75°", "D:115°"]
    disc = "Area $=25 \\pi \\mathrm{~cm}^{2}$"
    rows = table(
        "mathverse", "id picture problem problem_version question choices answer_type answer",
        ("1", "triangle", 1, "Text Dominant", full["triangle"], options, "multiple_choice", "B"),
        ("2", "triangle-marked", 1, "Text Lite", ask, options, "multiple_choice", "B"),
        ("3", "triangle-marked", 1, "Vision Intensive", ask, options, "multiple_choice", "B"),
        ("4", "triangle-marked", 1, "Vision Dominant", ask, options, "multiple_choice", "B"),
        ("5", "triangle-asked", 1, "Vision Only", "", None, "free_form", "B"),
        ("6", "circle", 2, "Text Dominant", full["circle"], None, "free_form", disc),
        ("7", "circle-marked", 2, "Text Lite", area, None, "free_form", disc),
        ("8", "circle-marked", 2, "Vision Intensive", area, None, "free_form", disc),
        ("9", "circle-marked", 2, "Vision Dominant", area, None, "free_form", disc),
        ("10", "circle-asked", 2, "Vision Only", "", None, "free_form", disc),
    )
    for row in rows:
        shape, subfield = ("triangle", "Angle") if row["problem"] == 1 else ("circle", "Area")
        row |= {"subject": "Plane Geometry", "subfield": subfield, "question_for_eval": full[shape]}
    marked = draw.triangle(angles=("40°", "75°", ""))
    return rows, {
        "triangle": draw.triangle(),
        "triangle-marked": marked,
        "triangle-asked": draw.written("How big is angle C?", "(A) 55° (B) 65°", "(C) 75° (D) 115°", below=marked),
        "circle": draw.disc(""),
        "circle-marked": draw.disc("5 cm"),
        "circle-asked": draw.written("Find the area", "as an exact value.", below=draw.disc("5 cm")),
    }


def mathvista() -> Sample:
    """Options as texts, integers, floats of both precisions, a list, a unit, and a picture asked several times."""
    rows = table(
        "mathvista", "id picture question choices answer_type answer precision unit",
        ("1", "books", "Were more books read in 2019 than in 2018?", ["Yes", "No"], "text", "Yes", None, None),
        ("2", "books", "Which year has the fewest books?", ["2018", "2019", "2020"], "text", "2020", None, None),
        ("3", "bars", "What is bar A plus bar B?", None, "integer", "8", None, None),
        ("4", "milk", "How much milk was used on both days together?", None, "integer", "650", None, "g"),
        ("5", "books", "What is the average of the years 2019 and 2020?", None, "float", "13.5", 1, None),
        ("6", "slope", "How long is the side s?", None, "float", "4.47", 2, None),
        ("7", "books", "Which two years have the fewest books? List them in order of time.", None, "list",
         "[2018, 2020]", None, None),
    )
    for row in rows:
        geometry = "slope" in row["image"]
        row["question_type"] = "multi_choice" if row["choices"] else "free_form"
        row["metadata"] = {
            "language": "english",
            "source": "drawn",
            "category": "math-targeted-vqa" if geometry else "general-vqa",
            "task": "geometry problem solving" if geometry else "figure question answering",
            "context": "geometry diagram" if geometry else "bar chart",
            "grade": "elementary school",
            "skills": ["geometry reasoning"] if geometry else ["statistical reasoning", "arithmetic reasoning"],
        }
    return rows, {
        "books": draw.chart("Books read", YEARS),
        "bars": draw.bars((6, 2, 9)),
        "milk": draw.chart("Milk in g", {"Mon": 250, "Tue": 400}),
        "slope": draw.right_triangle(4, 2, "s"),
    }


def wemath() -> Sample:
    """A two-step problem with its three questions and a three-step problem with its four."""
    square, bent = "Perimeter of Squares", "Properties of Triangles"
    both, part, rest = "Area of Rectangles", "Area of Triangles", "Subtraction"
    rows = table(
        "wemath", "problem_id key picture question choices answer knowledge_concept",
        ("2steps_1", "2steps_1", "wire", "A wire forms the square shown. How long is the wire, in cm?",
         f"A. 12; B. 24; C. 36; D. {NEITHER}", "B", square),
        ("2steps_1", "2steps_2", "bent", "A wire of 24 cm forms the triangle shown, with equal sides. How long is a "
         "side, in cm?", f"A. 6;B. 8;C. 12; D. {NEITHER}", "B", bent),
        ("2steps_1", "2steps_multi", "wire", "The wire of the square shown is bent into a triangle with equal sides. "
         "How long is a side of the triangle, in cm?", f"A. 6; B. 7; C. 8; D. {NEITHER}", "C", f"{square};{bent}"),
        ("3steps_1", "3steps_1", "plot", "The rectangle is 8 m long and 5 m wide. What is its area?",
         f"A. 13 square meters;B. 26 square meters;C. 40 square meters; D. {NEITHER}", "C", both),
        ("3steps_1", "3steps_2", "plot", "The blue triangle has a base of 8 m and a height of 5 m. What is its area?",
         f"A. 20 square meters;B. 40 square meters;C. 10 square meters; D. {NEITHER}", "A", part),
        ("3steps_1", "3steps_3", "plot", "Of 40 square meters, 20 square meters are blue. How many square meters are "
         "white?", f"A. 60; B. 10; C. 30; D. {NEITHER}", "D", rest),
        ("3steps_1", "3steps_multi", "plot", "What is the area of the white part of the rectangle?",
         f"A. 20 square meters; B. 30 square meters; C. 40 square meters; D. {NEITHER}", "A",
         f"{both};{part};{rest}"),
    )
    for row in rows:
        row["id"] = f"{row['problem_id']}|{row['key']}"
    wire, plot, triangle = Sheet.blank(150, 150), Sheet.blank(220, 170), Sheet.blank(150, 150)
    wire.box(30, 20, 120, 110)
    wire.text(75, 128, "6 cm")
    triangle.ngon((75, 85), 60, 3)
    plot.box(48, 20, 208, 120)
    plot.polygon((48, 120), (208, 120), (128, 20), fill=draw.BLUE)
    plot.text(128, 140, "8 m")
    plot.text(22, 70, "5 m")
    return rows, {"wire": wire, "bent": triangle, "plot": plot}


def logicvista() -> Sample:
    """Letters alone, several letters, options in the question, and a digit."""
    rows = table(
        "logicvista", "id picture question answer skill broad_capability specific_capability",
        ("v1", "next", "After a triangle, a square and a pentagon comes a shape of six sides. Which of A, B, C, D?",
         "A", ["inductive"], ["diagram"], ["sequence pattern"]),
        ("v2", "corners", "Which of the shapes A to D have more than three corners?", "B, D", ["deductive"],
         ["diagram"], ["rule based pattern"]),
        ("v3", "apples", "Cem sold more apples than Ann. Select from A, B and C. (A) True (B)False (C)Insufficient "
         "Information", "B", ["deductive"], ["diagram and ocr"], ["chart"]),
        ("v4", "apples", "How many apples were sold in all? Select from A, B, C, and D. (A) 16 (B) 20 (C) 21 (D) 24",
         "B", ["numerical"], ["diagram and ocr"], ["chart"]),
        ("v5", "wheels", "Two wheels touch at their rims and do not slip. The left one turns clockwise. How does the "
         "right one turn? (A) Clockwise, (B) Counterclockwise, (C) It stands still", "B", ["mechanical"],
         ["diagram"], ["common sense mechanical"]),
        ("v6", "odd", "Which shape is not like the others? Select from 1-4", "3", ["spatial"], ["diagram"],
         ["rule based pattern"]),
    )
    wheels = Sheet.blank(200, 110)
    wheels.circle(55, 55, 45)
    wheels.circle(145, 55, 45)
    return rows, {
        "next": draw.polygons((6, 3, 0, 4), "ABCD"),
        "corners": draw.polygons((3, 4, 0, 6), "ABCD"),
        "apples": draw.chart("Apples sold", {"Ann": 7, "Ben": 9, "Cem": 4}),
        "wheels": wheels,
        "odd": draw.polygons((3, 3, 4, 3), "1234"),
    }


def dynamath() -> Sample:
    """Three seeds, a float, a choice and a text, in three variants each."""
    rows: list[Row] = []
    pictures: dict[str, Sheet] = {}
    tallest = "Which bar is the tallest? choice: (A) red (B) green (C) blue"
    for n, heights, (hour, minute) in ((1, (3, 7, 6), (4, 30)), (2, (8, 2, 5), (7, 45)), (3, (1, 4, 9), (10, 15))):
        pictures |= {f"bars-{n}": draw.bars(heights), f"clock-{n}": draw.clock(hour, minute)}
        mean, letter = f"{sum(heights) / 3:.4f}", "ABC"[heights.index(max(heights))]
        rows += table(
            "dynamath", "id picture seed_id variant question answer_type answer subject level",
            (f"q1_v{n}", f"bars-{n}", 1, n, "What is the mean height of the three bars?", "float", mean,
             "statistics", "elementary school"),
            (f"q2_v{n}", f"bars-{n}", 2, n, tallest, "multiple choice", letter, "statistics", "elementary school"),
            (f"q3_v{n}", f"clock-{n}", 3, n, "What time is shown? Answer in the form __:__.", "text",
             f"{hour}:{minute}", "arithmetic", "elementary school"),
        )
    return rows, pictures


def chartqa() -> Sample:
    """Both splits; values read off, a year, a count, texts, and a pair of years."""
    rows = table(
        "chartqa", "id split picture question answer",
        ("h1", "test_human", "rain", "In which year was the least rain?", "2017"),
        ("h2", "test_human", "rain", "Which two years had the same rain?", "[2016, 2018]"),
        ("h3", "test_human", "rain", "How many bars are shown in the chart?", "4"),
        ("h4", "test_human", "rain", "What is the average rain of 2015 and 2016?", "675"),
        ("h5", "test_human", "pets", "Which pet is the most common?", "Cats"),
        ("h6", "test_human", "pets", "Are there more cats than dogs?", "Yes"),
        ("a1", "test_augmented", "pets", "What percentage of pets are fish?", "22"),
        ("a2", "test_augmented", "rain", "How much rain, in mm, fell in the year 2015?", "640"),
    )
    return rows, {
        "rain": draw.chart("Rain in mm", {"2015": 640, "2016": 710, "2017": 590, "2018": 710}),
        "pets": draw.chart("Pets", {"Cats": 41, "Dogs": 37, "Fish": 22}, unit="%"),
    }


def iconqa() -> Sample:
    """All three tasks; golds to fill in as numbers and as a word."""
    shapes = [path("iconqa", f"shape-{sides}") for sides in (4, 0, 3, 6)]
    groups = [path("iconqa", f"dots-{count}") for count in (4, 6)]
    rows = table(
        "iconqa", "id task picture question choices choice_images answer",
        ("i1", "choose_img", "mixed", "Which shape is a circle?", None, shapes, "1"),
        ("i2", "choose_img", "dots-5", "Which group has one more dot?", None, groups, "1"),
        ("t1", "choose_txt", "mixed", "Are there more triangles or more squares?", ["triangles", "squares"], None, "1"),
        ("t2", "choose_txt", "dots-7", "Is the number of dots even or odd?", ["even", "odd"], None, "1"),
        ("f1", "fill_in_blank", "dots-7", "How many dots are there?", None, None, "7"),
        ("f2", "fill_in_blank", "mixed", "How many squares are there?", None, None, "2"),
        ("f3", "fill_in_blank", "clock", "Answer with a time word. It is (_) past six.", None, None, "quarter"),
    )
    for row in rows:
        row |= {"grade": "grade1", "label": "S1"}
    pictures = {"mixed": draw.polygons((3, 4, 4)), "clock": draw.clock(6, 15)}
    pictures |= {f"shape-{sides}": draw.polygons((sides,)) for sides in (0, 3, 4, 6)}
    pictures |= {f"dots-{count}": draw.dots(count) for count in (4, 5, 6, 7)}
    return rows, pictures
# fmt: on


DRAWN: tuple[Callable[[], Sample], ...] = (
    mathvision,
    mathverse,
    mathvista,
    wemath,
    logicvista,
    dynamath,
    chartqa,
    iconqa,
)


def files() -> Iterator[tuple[str, bytes]]:
    """Every file of the samples: its path within their folder, and its bytes."""
    for suite in DRAWN:
        name = suite.__name__
        rows, pictures = suite()
        yield f"{name}.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        for picture, sheet in pictures.items():
            yield path(name, picture), sheet.png()


def write(folder: Path) -> None:
    """Write the samples into a folder."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for name, data in files():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    write(SAMPLES)
