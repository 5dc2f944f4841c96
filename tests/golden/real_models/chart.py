"""A ranking as a picture: for each model its published score and its score under `strict`, with the 95% interval.

    python tests/golden/real_models/chart.py [FOLDER]

reads scores.csv of FOLDER (docs/real_models) and writes SUITE.svg beside it for each suite of several models.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from proctor.harness.report.charts import drawing, ends, share_of_axis, ticks

FOLDER = Path(__file__).parents[3] / "docs" / "real_models"
WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM = 760, 22, 270, 24, 34, 30
STYLE = (
    "<style>svg{background:#fff;font:12px system-ui,sans-serif}text{fill:#1b1f24}.grid{stroke:#d5d9de}"
    ".interval{stroke:#1f6fb2;stroke-width:2}.strict{fill:#1f6fb2}"
    ".published{fill:#fff;stroke:#c2410c;stroke-width:2}.move{stroke:#c2410c;stroke-dasharray:2 3}</style>"
)

Scores = Mapping[str, Mapping[str, tuple[float, float, float]]]
"""Model -> protocol -> score and its interval, in percent."""


def read_scores(folder: Path) -> dict[str, Scores]:
    """The scores of each suite; those of answers without a verdict are not there."""
    found: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = defaultdict(lambda: defaultdict(dict))
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["score"]:
                low, value, high = (100 * float(row[name]) for name in ("low", "score", "high"))
                found[row["suite"]][row["model"]][row["protocol"]] = (value, low, high)
    return dict(found)


def chart(title: str, scores: Scores) -> str:
    """The SVG: a row for each model, the best under `strict` first."""
    names = sorted(scores, key=lambda name: -scores[name]["strict"][0])
    axis = ends(end for by_protocol in scores.values() for one in by_protocol.values() for end in one)
    size = (WIDTH, TOP + ROW * len(names) + BOTTOM)
    marks = [STYLE, *_axis(axis, size[1]), *_key()]
    for number, name in enumerate(names):
        marks += _row(name, scores[name], axis, TOP + ROW * number + ROW // 2)
    told = "; ".join(f"{name}: {scores[name]['strict'][0]:.1f}" for name in names)
    picture = drawing(title, size, marks, f"{title}. Strict: {told}.")
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)  # it stands alone


def _x(value: float, axis: tuple[float, float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * share_of_axis(value, *axis)


def _axis(axis: tuple[float, float], height: int) -> Iterator[str]:
    for tick in ticks(*axis):
        x = _x(tick, axis)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle">{tick:g}%</text>'


def _key() -> Sequence[str]:
    return (
        f'<circle class="published" cx="{LEFT + 6}" cy="14" r="4"/><text x="{LEFT + 16}" y="18">as published</text>',
        f'<line class="interval" x1="{LEFT + 130}" x2="{LEFT + 154}" y1="14" y2="14"/>'
        f'<circle class="strict" cx="{LEFT + 142}" cy="14" r="4"/>'
        f'<text x="{LEFT + 160}" y="18">strict, with its 95% interval</text>',
    )


def _row(name: str, scores: Mapping[str, tuple[float, float, float]], axis: tuple[float, float], y: int) -> list[str]:
    value, low, high = scores["strict"]
    marks = [
        f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>',
        f'<line class="interval" x1="{_x(low, axis):.1f}" x2="{_x(high, axis):.1f}" y1="{y}" y2="{y}"/>',
        f'<circle class="strict" cx="{_x(value, axis):.1f}" cy="{y}" r="4"/>',
    ]
    if "recorded" in scores:
        x = _x(scores["recorded"][0], axis)
        marks += [
            f'<line class="move" x1="{x:.1f}" x2="{_x(value, axis):.1f}" y1="{y}" y2="{y}"/>',
            f'<circle class="published" cx="{x:.1f}" cy="{y}" r="4"/>',
        ]
    return marks


def main(folder: Path = FOLDER) -> None:
    """Write a picture for each suite of several models."""
    for suite, scores in read_scores(folder).items():
        if len(scores) > 1:
            (folder / f"{suite}.svg").write_text(
                chart(f"{suite}: as published, and strict", scores) + "\n", encoding="utf-8"
            )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
