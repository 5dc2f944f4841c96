"""`proctor suites`: what can be asked."""

from __future__ import annotations

import argparse

from .options import add_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only --json."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the suites with their protocols and the size of their bundled sample."""
    from rich.table import Table

    from ...benchmarks.registry import SUITES
    from .terminal import emit_json, show_table

    rows = []
    for name in SUITES.names():
        suite = SUITES.get(name)
        rows.append((name, suite.title, sorted(suite.protocols), len(suite.load())))
    if args.json:
        emit_json([{"name": n, "title": t, "protocols": p, "bundled_items": c} for n, t, p, c in rows])
        return 0
    table = Table("suite", "title", "protocols", "bundled items")
    for name, title, protocols, count in rows:
        table.add_row(name, title, ", ".join(protocols), str(count))
    show_table(table)
    return 0
