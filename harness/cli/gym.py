"""`proctor gym make`: the base of a condition, whose mistakes are known, to try rewards on."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import EXIT_OK
from .options import Verb, add_json, add_one, offer_names

if TYPE_CHECKING:
    from ..types import Json


def _make_arguments(parser: argparse.ArgumentParser) -> None:
    """Which condition, and where its base goes."""
    condition = parser.add_argument(
        "condition",
        metavar="CONDITION",
        help="a bundled condition (proctor list conditions), or the path of a .toml file",
    )
    offer_names(condition, "conditions")
    add_one(parser, "--out", required=True)
    add_json(parser)


def _make(args: argparse.Namespace) -> int:
    """Teach and measure it; say what it does."""
    from rich.table import Table

    from ...trainers.gym.condition import CONDITIONS
    from ...trainers.gym.teach import make_base
    from .terminal import emit_json, log, progress_bars, show_table

    condition = CONDITIONS.load(args.condition)
    with progress_bars() as bars:
        task = bars.add_task(f"teach {condition.name}", total=condition.steps, note="")
        card = make_base(
            condition, args.out, lambda done, total, note: bars.update(task, completed=done, total=total, note=note)
        )
    if args.json:
        emit_json(card)
        return EXIT_OK
    measured: Json = card["measured"]
    table = Table("task", "right", "greedy", "majority wrong", "share of the majority", "direct")
    for name, row in [("all", measured["all"]), *measured["tasks"].items()]:
        table.add_row(name, *(f"{row[key]:.0%}" for key in ("right", "greedy", "leads_wrong", "majority", "direct")))
    show_table(table)
    log(f"{args.out}: {measured['questions']} questions with {measured['samples']} answers each; train it with --base")
    return EXIT_OK


VERBS = {
    "gym make": Verb(
        _make_arguments,
        _make,
        ("proctor gym make collapse --out bases/collapse", "proctor gym make mine.toml --out bases/mine --json"),
    ),
}
