"""`proctor explain`: why two scores differ, answer by answer."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_OK, UsageError, printable
from .options import add_json, add_judge_model, open_judge_model
from .options import names as split_names

if TYPE_CHECKING:
    from rich.table import Table

    from ...leaderboards.compare.explain import DifferingAnswer, Explanation, Side

PREVIEW = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One run under two protocols, or two runs."""
    parser.add_argument("runs", nargs="+", type=Path, help="one run directory, or two of one suite")
    parser.add_argument(
        "--protocols", metavar="A,B", help="how the left and the right side judge (default: as each run was asked)"
    )
    parser.add_argument("--examples", type=int, default=3, metavar="N", help="examples of each cause (default 3)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with examples")
    add_judge_model(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Explain; nothing that is stored changes."""
    from ...leaderboards.compare.explain import explain
    from ...leaderboards.compare.explain_page import page
    from ..files import write_atomic
    from .terminal import emit_json, show_table

    found = explain(*_sides(args))
    if args.html:
        write_atomic(args.html, page(found))
    if args.json:
        emit_json(found.to_json(max(0, args.examples)))
        return EXIT_OK
    print(_headline(found))
    show_table(_table(found))
    for line in _examples(found, args.examples):
        print(printable(line))
    if args.html:
        print(args.html)
    return EXIT_OK


def _sides(args: argparse.Namespace) -> list[Side]:
    """The two scores to compare. Raises UsageError unless the arguments name two."""
    from ...benchmarks.examination import read_answers, score_answers
    from ...leaderboards.compare.explain import Side

    names: list[str | None] = split_names(args.protocols) if args.protocols else [None]
    if len(args.runs) > 2 or len(names) > 2 or len(args.runs) * len(names) == 1:
        raise UsageError("name one run and --protocols A,B, or two runs (with no, one or two protocols)")
    referee = open_judge_model(args)
    answers = [read_answers(path) for path in args.runs]
    pairs = [(answers[side % len(answers)], names[side % len(names)]) for side in (0, 1)]
    return [Side(one, score_answers(one, name, referee)) for one, name in pairs]


def _headline(found: Explanation) -> str:
    """The two scores over the answers that both judge, and their difference."""
    left, right = (_named(side) for side in (found.left, found.right))
    lines = [f"left:  {left}", f"right: {right}"]
    if found.difference is None:
        return _printable_lines([*lines, "no answer has a verdict on both sides"])
    change = found.difference
    lines.append(
        f"right minus left, over {found.judged} answers that both judge: {100 * change.value:+.2f} points "
        f"(95% {100 * change.low:+.2f} to {100 * change.high:+.2f}, p {change.p:.2g}); {found.differing} answers differ, "
        f"{100 * found.named:.1f}% of them with a named cause"
    )
    return _printable_lines(lines)


def _printable_lines(lines: list[str]) -> str:
    """Lines for a terminal."""
    return "\n".join(map(printable, lines))


def _named(side: Side) -> str:
    manifest = side.scored.run.manifest
    crossed = f", asked by the prompt of {manifest.protocol}" if side.scored.cross_prompt else ""
    return f"{manifest.model_name}, {manifest.suite}, judged by {side.rules.name}{crossed} ({side.scored.run.path})"


def _table(found: Explanation) -> Table:
    """A line for each cause."""
    from rich.table import Table

    table = Table(title="Why they differ", title_justify="left")
    table.add_column("cause")
    for name in ("answers", "right only left", "right only right", "no verdict", "effect, points"):
        table.add_column(name, justify="right")
    table.add_column("meaning", overflow="fold")
    for cause in found.causes:
        counts = cause.to_json(0)
        table.add_row(
            cause.name,
            str(counts["count"]),
            str(cause.lost),
            str(cause.gained),
            str(counts["no_verdict"]),
            f"{100 * cause.effect:+.2f}",
            counts["meaning"],
        )
    return table


def _examples(found: Explanation, count: int) -> Iterator[str]:
    """The first cases of each cause, a few lines each."""
    for cause in found.causes:
        for case in cause.cases[: max(0, count)]:
            yield f"{cause.name}: item {case.item.id}, gold {_short(str(case.to_json()['gold']))}"
            for side, verdict, response in (
                (found.left, case.left, case.responses[0]),
                (found.right, case.right, case.responses[1]),
            ):
                judged = {True: "right", False: "wrong", None: "no verdict"}[verdict.correct]
                read = "nothing" if verdict.extracted is None else _short(verdict.extracted)
                yield f"    {side.rules.name}: reads {read}: {judged} ({_short(verdict.reason)})"
                yield from _ending(case, response, side is found.left)


def _ending(case: DifferingAnswer, response: str, is_left: bool) -> Iterator[str]:
    """The end of a response, once where both sides judge the same one."""
    if is_left != (case.responses[0] == case.responses[1]):
        yield f"        response ends: ...{_short(response[-PREVIEW:])}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= PREVIEW else flat[:PREVIEW] + "..."
