"""`proctor data`: pin the data of a suite or a training set in the lock file, and see what is pinned."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import EXIT_CHECK_FAILED, EXIT_OK
from .options import add_data, add_json, add_lock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions `pull` and `status`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    pull = actions.add_parser("pull", help="read a set's data and write what was read into the lock file")
    pull.add_argument(
        "suite", help="a suite's name (see `proctor suites`), or that of a training set: geometry3k, geoqa, mmr1"
    )
    pull.add_argument("--revision", default="main", help="a branch, tag or commit of the hub (default main)")
    add_data(pull)
    add_json(pull)
    pull.set_defaults(data=Path("hub"))
    status = actions.add_parser("status", help="what the lock file names, and whether local data are still the same")
    status.add_argument(
        "--hub", action="store_true", help="read the sets of the hub again too (what is not cached is downloaded)"
    )
    add_lock(status)
    add_json(status)


def run(args: argparse.Namespace) -> int:
    """Pull, or say how the pinned data stand; changed data end with exit code 1."""
    return _pull(args) if args.action == "pull" else _status(args)


def _pull(args: argparse.Namespace) -> int:
    from ...benchmarks.lock import on_hub, pull
    from ...trainers.data import data_set
    from .terminal import emit_json, log

    suite = data_set(args.suite)
    published = on_hub(suite, args.data)
    if published is not None and published.uncertain:
        log(f"not confirmed against the published files: {published.uncertain}")
    locked = pull(suite, args.data, args.revision, args.lock)
    if args.json:
        emit_json(locked.to_json())
    else:
        where = f"{locked.name}@{locked.revision}" if locked.revision else locked.name
        print(f"{locked.suite}: {locked.items} items of {where}, digest {locked.digest[:12]}, in {args.lock}")
    return EXIT_OK


def _status(args: argparse.Namespace) -> int:
    from rich.table import Table

    from ...benchmarks.lock import read_lock, status
    from ...trainers.data import data_set
    from .terminal import emit_json, show_table

    locked = [one for _, one in sorted(read_lock(args.lock).items())]
    sets = [(one, status(data_set(one.suite), one, args.lock, hub=args.hub)) for one in locked]
    fine = all(said in ("pinned", "unchanged") for _, said in sets)
    if args.json:
        emit_json([{**one.to_json(), "status": said} for one, said in sets])
        return EXIT_OK if fine else EXIT_CHECK_FAILED
    table = Table("suite", "name", "split", "revision", "items", "digest", "status", title=str(args.lock))
    for one, said in sets:
        splits, revision = ", ".join(one.splits), (one.revision or "")[:12]
        table.add_row(one.suite, one.name, splits, revision, str(one.items), one.digest[:12], said)
    show_table(table)
    return EXIT_OK if fine else EXIT_CHECK_FAILED
