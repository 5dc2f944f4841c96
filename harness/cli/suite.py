"""`proctor suite list`, `check`, `pull`, `status`, `export`: what can be asked, and are its data sound and pinned?"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError
from ..report.text import counted
from .named_suites import HUB, SAMPLE, data_of, one_score_protocol, suite_names, suites_with_sample
from .options import CHOICE, Verb, add, add_json, add_one, offer_names

if TYPE_CHECKING:
    from ...benchmarks.check import SuiteReport
    from ..types import Item


def _list(args: argparse.Namespace) -> int:
    """List the suites with their protocols and the size of their sample; of one that has none or is broken, say so."""
    from rich.table import Table

    from ...benchmarks.registry import find_suites
    from .terminal import emit_json, log, show_table

    found = list(find_suites())
    if args.json:
        emit_json(
            [
                {
                    "name": one.name,
                    "title": one.suite and one.suite.title,
                    "protocols": sorted(one.suite.protocols) if one.suite else [],
                    "bundled_items": one.items,
                    "problem": one.problem,
                }
                for one in found
            ]
        )
        return EXIT_OK
    table = Table("suite", "title", "protocols", "bundled items")
    for one in found:
        title, protocols = (one.suite.title, ", ".join(sorted(one.suite.protocols))) if one.suite else ("", "")
        table.add_row(one.name, title, protocols, "none" if one.items is None else str(one.items))
    show_table(table)
    for one in found:
        if one.problem:
            log(one.problem)
    return EXIT_OK


SHOWN = 20


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    """Suite, data, protocol, count."""
    suite = parser.add_argument("suite", metavar="SUITE", help="a suite's name")
    offer_names(suite, "suites")
    add_one(parser, "--score-protocol", shown="default strict")
    parser.add_argument(
        "--items", type=int, metavar="N", help="so many items must be there (default: a published count)"
    )
    parser.add_argument(
        "--contamination",
        metavar="NAME[=DATA]",
        help="which items are also in this training set or suite, read from the hub or from DATA: geometry3k, geoqa=DIR",
    )
    add(parser, "--data", "--follow-links", "--lock", "--json")


def _check(args: argparse.Namespace) -> int:
    """Check, and report; a failed check ends with exit code 1, malformed data with 2."""
    from ...benchmarks.check import CHECKS, check_suite
    from ...benchmarks.lock import load_locked
    from ...benchmarks.registry import SUITES
    from .terminal import emit_json, log, show_table

    suite = SUITES.get(args.suite)
    protocol = suite.protocol(one_score_protocol(args) or "strict")
    data = data_of(args, [args.suite])[args.suite]
    items = load_locked(suite, data, args.lock)
    published = tuple(suite.published.sizes.values()) if data else ()
    report = check_suite(suite, protocol, items, published if args.items is None else (args.items,))
    if args.contamination:
        _check_contamination(report, items, args)
    found = report.to_json()
    if args.json:
        emit_json(found)
        return EXIT_OK if report.passed else EXIT_CHECK_FAILED
    from rich.table import Table

    title = f"{suite.title}, {protocol.name}, {counted(len(items), 'item')}"
    table = Table("check", "what is asked", "times asked", "failed", title=title)
    for name, outcome in found["checks"].items():
        made, failed = (str(outcome[key]) if outcome["made"] else "not asked" for key in ("made", "failed"))
        table.add_row(name, CHECKS[name], made, failed if outcome["made"] else "")
    show_table(table)
    if report.errata:
        print(f"errata that hold: {', '.join(report.errata)}")
    for failure in report.failures[:SHOWN]:
        log(f"{failure.check}: {failure.item_id or suite.name}: {failure.found}")
    if len(report.failures) > SHOWN:
        log(f"... and {len(report.failures) - SHOWN} more; --json shows all")
    return EXIT_OK if report.passed else EXIT_CHECK_FAILED


def _check_contamination(report: SuiteReport, items: Sequence[Item], args: argparse.Namespace) -> None:
    """Add the check that no item is in the training set."""
    from ...benchmarks.lock import HUB_DATA, load_locked
    from ...trainers.contamination import Fingerprints, contamination
    from ...trainers.data import data_set

    name, _, data = args.contamination.partition("=")
    training = load_locked(data_set(name), Path(data) if data else HUB_DATA, args.lock)
    found = contamination(items, Fingerprints.of(training)).found
    report.made["overlap"] = 0
    for item in items:
        how = " and ".join(found.get(item.id, ()))
        report.add("overlap", [f"its {how} is in {args.contamination}" if how else None], item.id)


def _pull_arguments(parser: argparse.ArgumentParser) -> None:
    """The suite, and which of its data."""
    parser.add_argument(
        "suite", metavar="SUITE", help="a suite's name, or that of a training set: geometry3k, geoqa, mmr1"
    )
    parser.add_argument(
        "--revision", default="main", metavar="NAME", help="a branch, tag or commit of the hub (default main)"
    )
    add_one(parser, "--data", shown="default: hub")
    add(parser, "--lock", "--json")


def _status_arguments(parser: argparse.ArgumentParser) -> None:
    """What to read again."""
    parser.add_argument(
        "--hub", action="store_true", help="read the sets of the hub again too (what is not cached is downloaded)"
    )
    add(parser, "--lock", "--json")


def _pull(args: argparse.Namespace) -> int:
    from ...benchmarks.lock import on_hub, pull
    from ...trainers.data import data_set
    from .terminal import emit_json, log

    suite = data_set(args.suite)
    if any(text.rpartition("=")[2] == SAMPLE for text in args.data):
        raise UsageError("a bundled sample comes with this package and needs no pinning")
    data = data_of(args, [args.suite])[args.suite] or HUB
    published = on_hub(suite, data)
    if published is not None and published.uncertain:
        log(f"not confirmed against the published files: {published.uncertain}")
    locked = pull(suite, data, args.revision, args.lock)
    if args.json:
        emit_json(locked.to_json())
    else:
        where = f"{locked.name}@{locked.revision}" if locked.revision else locked.name
        print(
            f"{locked.suite}: {counted(locked.items, 'item')} of {where}, digest {locked.digest[:12]}, in {args.lock}"
        )
    return EXIT_OK


def _status(args: argparse.Namespace) -> int:
    from rich.table import Table

    from ...benchmarks.lock import read_lock, status
    from ...trainers.data import data_set
    from .terminal import emit_json, show_table

    locked = [one for _, one in sorted(read_lock(args.lock).items())]
    sets = [(one, status(data_set(one.suite), one, args.lock, hub=args.hub)) for one in locked]
    unchanged = all(state in ("pinned", "unchanged") for _, state in sets)
    if args.json:
        emit_json([{**one.to_json(), "status": state} for one, state in sets])
        return EXIT_OK if unchanged else EXIT_CHECK_FAILED
    table = Table("suite", "name", "split", "revision", "items", "digest", "status", title=str(args.lock))
    for one, state in sets:
        splits, revision = ", ".join(one.splits), (one.revision or "")[:12]
        table.add_row(one.suite, one.name, splits, revision, str(one.items), one.digest[:12], state)
    show_table(table)
    return EXIT_OK if unchanged else EXIT_CHECK_FAILED


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, the suites, and how they ask."""
    add_one(parser, "--out", required=True)
    add_one(parser, "--suite", shown="default: all")
    add(parser, "--data", "--follow-links", "--lock", "--protocol", *CHOICE)
    add_one(parser, "--max-tokens", default=1024)
    add(parser, "--json")


def _export(args: argparse.Namespace) -> int:
    """Write a task for each suite, and say how to run them."""
    from ...benchmarks.export_lmms_eval import TAG, write_folder
    from ..types import Sampling
    from .eval import plan_suites
    from .terminal import emit_json

    plans = plan_suites(args, suite_names(args) or suites_with_sample(), Sampling(max_tokens=args.max_tokens))
    written = write_folder(args.out, plans)
    if args.json:
        emit_json({"folder": str(args.out), "tasks": {one.task: one.items for one in written}})
        return EXIT_OK
    for one in written:
        print(f"{one.task}: {counted(one.items, 'item')}")
    folder = shlex.quote(str(args.out))
    print(f"run: python -m lmms_eval --include_path {folder} --tasks {TAG} --model NAME --model_args ...")
    return EXIT_OK


VERBS = {
    "suite list": Verb(
        add_json,
        _list,
        (
            "proctor suite list",
            "proctor suite list --json",
        ),
    ),
    "suite check": Verb(
        _check_arguments,
        _check,
        (
            "proctor suite check figures",
            "proctor suite check mathvision --data items.jsonl --contamination geometry3k",
        ),
    ),
    "suite pull": Verb(
        _pull_arguments,
        _pull,
        (
            "proctor suite pull mathvision",
            "proctor suite pull geometry3k --revision main",
        ),
    ),
    "suite status": Verb(
        _status_arguments,
        _status,
        (
            "proctor suite status",
            "proctor suite status --hub --json",
        ),
    ),
    "suite export lmms-eval": Verb(
        _export_arguments,
        _export,
        (
            "proctor suite export lmms-eval --out tasks",
            "proctor suite export lmms-eval --out tasks --suite mathvision --data items.jsonl --limit 100",
        ),
    ),
}
