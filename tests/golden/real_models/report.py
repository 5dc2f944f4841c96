"""Writes the pictures and the tables of docs/real_models.md from the numbers in docs/real_models.

    python tests/golden/real_models/report.py

What stands between the markers of a suite is replaced; the words around them are kept.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import chart
from scores import PUBLISHED

from proctor.leaderboards.compare.difference_causes import CAUSES

FOLDER = chart.FOLDER
PAGE = FOLDER.with_suffix(".md")

Row = Mapping[str, str]


def rows(name: str) -> list[Row]:
    """The lines of a file of numbers."""
    with (FOLDER / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def suite_part(suite: str) -> str:
    """The tables of a suite in markdown."""
    return "\n".join((*_ranking(suite), "", *_causes(suite)))


def _ranking(suite: str) -> Iterator[str]:
    scores: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows("scores"):
        if row["suite"] == suite:
            scores[row["model"]][row["protocol"]] = row
    places = {(row["protocol"], row["model"]): row for row in rows("places") if row["suite"] == suite}
    nearest = {row["better"]: row for row in rows("neighbours") if (row["suite"], row["protocol"]) == (suite, "strict")}
    yield "| | model | published | official | vlmevalkit | strict | math_verify | places left | next: p |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for (protocol, model), place in places.items():
        if protocol == "strict":
            before = places.get((PUBLISHED, model))
            move = f" (was {before['place']})" if before and before["place"] != place["place"] else ""
            left = place["best"] if place["best"] == place["worst"] else f"{place['best']} to {place['worst']}"
            cells = (f"{place['place']}{move}", model, *_scores(scores[model]), left, _next(nearest.get(model)))
            yield f"| {' | '.join(cells)} |"


def _scores(found: Mapping[str, Row]) -> tuple[str, ...]:
    """The cells of a model's scores."""
    strict = found["strict"]
    interval = f"({100 * float(strict['low']):.1f} to {100 * float(strict['high']):.1f})"
    before = [_cell(found.get(name)) for name in (PUBLISHED, "official", "vlmevalkit")]
    return (*before, f"**{_cell(strict)}** {interval}", _cell(found.get("math_verify")))


def _next(pair: Row | None) -> str:
    """The adjusted p of a model and the next one, with a star where it tells them apart."""
    return "" if pair is None else f"{pair['p_holm']}{' *' if pair['apart'] == '1' else ''}"


def _cell(row: Row | None) -> str:
    """A score in percent; where answers have no verdict, what it is at least and at most; nothing where that says nothing."""
    if row is None:
        return ""
    if row["score"]:
        return f"{100 * float(row['score']):.1f}"
    right, unscored, answers = (int(row[name]) for name in ("right", "unscored", "answers"))
    if unscored > answers / 2:
        return f"({answers - unscored} decided)"
    return f"{100 * right / answers:.1f} to {100 * (right + unscored) / answers:.1f}"


def _causes(suite: str) -> Iterator[str]:
    counted: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row in rows("causes"):
        if row["suite"] == suite and row["cause"] != "judge-needed":
            key = (row["left"], row["right"], row["cause"])
            for name in ("gained", "lost", "no_verdict"):
                counted[key][name] += int(row[name])
    yield "| from, to | cause | only the second accepts | only the first accepts | undecided | meaning |"
    yield "|---|---|---|---|---|---|"
    pairs = list(dict.fromkeys(key[:2] for key in counted))
    ordered = sorted(counted.items(), key=lambda one: (pairs.index(one[0][:2]), -sum(one[1].values())))
    for (left, right, cause), found in ordered:
        shown = "published" if left == PUBLISHED else left
        cells = (found["gained"], found["lost"], found["no_verdict"])
        yield f"| {shown}, {right} | {cause} | {' | '.join(map(str, cells))} | {CAUSES[cause]} |"


def filled(page: str) -> str:
    """The page with the tables of each suite that it has markers for."""

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}\n{suite_part(found[2])}\n{found[4]}"

    return re.sub(r"(<!-- table (\w+) -->)(.*?)(<!-- end -->)", part, page, flags=re.DOTALL)


def main() -> None:
    """Draw, and fill in."""
    chart.main()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
