"""Leaderboards of real models from the answers that others recorded of them, judged side by side.

    python tests/golden/real_models/table.py FOLDER [--out docs/real_models] [--suite NAME] [--runs FOLDER]

reads the records of FOLDER (`files.py` says in which form), imports a run for each model, judges it under every protocol, and
writes numbers alone: scores.csv, causes.csv, places.csv and neighbours.csv. Responses are kept only where --runs says.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from files import SUITES, import_models
from scores import PROTOCOLS, PUBLISHED, Judged, Pair, Ranking, Score, judge_run

ROOT = Path(__file__).parents[3]
OUT = ROOT / "docs" / "real_models"
RANKED = (PUBLISHED, "strict")
DIGITS = 4


@dataclass(frozen=True)
class Tables:
    """The lines of the four files."""

    scores: list[dict[str, Any]]
    causes: list[dict[str, Any]]
    places: list[dict[str, Any]]
    neighbours: list[dict[str, Any]]

    def write(self, out: Path) -> None:
        """A CSV file for each, in place of those of an earlier call."""
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in asdict(self).items():
            with (out / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)


def tables(judged: dict[str, dict[str, Judged]]) -> Tables:
    """The lines of what was judged, by suite and model."""
    found = Tables([], [], [], [])
    for suite, models in judged.items():
        for one in models.values():
            found.scores.extend(_score(score) for score in one.scores.values())
            found.causes.extend(asdict(cause) for cause in one.causes)
        for protocol in RANKED:
            ranking = Ranking(protocol, models)
            about = {"suite": suite, "protocol": protocol}
            found.places.extend({**about, **asdict(place)} for place in ranking.places())
            found.neighbours.extend({**about, **_pair(pair)} for pair in ranking.neighbours())
    return found


def _score(score: Score) -> dict[str, Any]:
    return {name: round(value, DIGITS) if isinstance(value, float) else value for name, value in asdict(score).items()}


def _pair(pair: Pair) -> dict[str, Any]:
    found = pair.difference
    shares = {"difference": found.value, "low": found.low, "high": found.high}
    return {
        "better": pair.better,
        "worse": pair.worse,
        **{name: round(value, DIGITS) for name, value in shares.items()},
        "gained": found.gained,
        "lost": found.lost,
        "p": f"{found.p:.2g}",
        "p_holm": f"{pair.p:.2g}",
        "apart": int(pair.apart),
    }


def judged_suite(folder: Path, suite: str, work: Path, protocols: Iterable[str] = PROTOCOLS) -> dict[str, Judged]:
    """Import the models of a suite, and judge each."""
    found = {}
    for name, run in import_models(folder, suite, work).items():
        found[name] = judge_run(name, run, tuple(protocols))
        print(f"{suite}: {name}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Read the arguments, and write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("PROCTOR_TEST_DATA"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--suite", choices=SUITES, action="append")
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--without", choices=PROTOCOLS, action="append", default=[])
    given = parser.parse_args()
    if given.folder is None:
        parser.error("name the folder of records, or set PROCTOR_TEST_DATA")
    protocols = [name for name in PROTOCOLS if name not in given.without]
    with tempfile.TemporaryDirectory() as work:
        place = given.runs or Path(work)
        judged = {suite: judged_suite(Path(given.folder), suite, place, protocols) for suite in given.suite or SUITES}
    tables(judged).write(given.out)


if __name__ == "__main__":
    main()
