"""`proctor check`: are golds accepted, corrupted ones refused; do pictures open; are all items there, and none trained on?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK
from .options import add_data, add_json

if TYPE_CHECKING:
    from ...benchmarks.check import SuiteReport
    from ..types import Item

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Suite, data, protocol, count."""
    parser.add_argument("suite", help="a suite's name; see `proctor suites`")
    parser.add_argument("--protocol", default="strict", help="whose rules must hold (default strict)")
    parser.add_argument(
        "--items", type=int, metavar="N", help="so many items must be there (default: a published count)"
    )
    parser.add_argument(
        "--overlap",
        metavar="NAME[:DATA]",
        help="which items are also in this training set or suite, read from the hub or from DATA: geometry3k, geoqa:DIR",
    )
    add_data(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and report; a failed check ends with exit code 1, malformed data with 2."""
    from ...benchmarks.check import check_suite
    from ...benchmarks.lock import load_locked
    from ...benchmarks.registry import SUITES
    from .terminal import emit_json, log, show_table

    suite = SUITES.get(args.suite)
    protocol = suite.protocol(args.protocol)
    items = load_locked(suite, args.data, args.lock)
    published = tuple(suite.published.sizes.values()) if args.data else ()
    report = check_suite(suite, protocol, items, published if args.items is None else (args.items,))
    if args.overlap:
        _check_overlap(report, items, args)
    found = report.to_json()
    if args.json:
        emit_json(found)
        return EXIT_OK if report.passed else EXIT_CHECK_FAILED
    from rich.table import Table

    table = Table("check", "made", "failed", title=f"{suite.title}, {protocol.name}, {len(items)} items", min_width=48)
    for name, outcome in found["checks"].items():
        table.add_row(name, str(outcome["made"]), str(outcome["failed"]))
    show_table(table)
    if report.errata:
        print(f"errata that hold: {', '.join(report.errata)}")
    for failure in report.failures[:SHOWN]:
        log(f"{failure.check}: {failure.item_id or suite.name}: {failure.found}")
    if len(report.failures) > SHOWN:
        log(f"... and {len(report.failures) - SHOWN} more; --json shows all")
    return EXIT_OK if report.passed else EXIT_CHECK_FAILED


def _check_overlap(report: SuiteReport, items: Sequence[Item], args: argparse.Namespace) -> None:
    """Add the check that no item is in the training set."""
    from ...benchmarks.lock import HUB_DATA, load_locked
    from ...trainers.contamination import Fingerprints, contamination
    from ...trainers.data import data_set

    name, _, data = args.overlap.partition(":")
    training = load_locked(data_set(name), Path(data) if data else HUB_DATA, args.lock)
    found = contamination(items, Fingerprints.of(training)).found
    report.made["overlap"] = 0
    for item in items:
        how = " and ".join(found.get(item.id, ()))
        report.add("overlap", [f"its {how} is in {args.overlap}" if how else None], item.id)
