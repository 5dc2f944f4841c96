"""`proctor compare` and `proctor explain`: is B better than A, item by item; and why do two scores differ?"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError, printable
from ..report.text import counted, interval
from .named_models import open_judge_model
from .named_suites import one_score_protocol, score_protocols, suite_names
from .options import Verb, add, add_judge_model, add_one

if TYPE_CHECKING:
    from rich.table import Table

    from ...leaderboards.compare.changes import Flip
    from ...leaderboards.compare.compare import Comparison, SuiteComparison
    from ...leaderboards.compare.explain import DifferingAnswer, Explanation, Side
    from ...leaderboards.compare.gate import Gate
    from ..stats.intervals import Difference


PREVIEW = 90
CATEGORIES = 5


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    """The two arms, what of them is compared, and the gate."""
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a run directory, a folder of runs, or a board; with @PATTERN, the models of that name, e.g. runs@base",
        )
    add_one(parser, "--suite", shown="default: all, which both must have")
    add(parser, "--score-protocol")
    parser.add_argument(
        "--pool-seeds",
        action="store_true",
        help="several runs of a suite are trainings with several seeds of one thing",
    )
    parser.add_argument("--common", action="store_true", help="compare the items that all runs have, and say so")
    add(parser, "--examples")
    parser.add_argument("--gate", type=Path, metavar="FILE", help="a TOML file of margins; exit code 1 if B regressed")
    add_judge_model(parser)
    add(parser, "--json")


def _compare(args: argparse.Namespace) -> int:
    """Compare; nothing that is stored changes."""
    from ...leaderboards.compare.compare import compare_arms, read_side_runs
    from ...leaderboards.compare.gate import Limits, decide
    from .terminal import emit_json

    limits = Limits.read(args.gate) if args.gate else None
    protocol, suites = one_score_protocol(args), suite_names(args)
    judge_model = open_judge_model(args)
    a, b = (read_side_runs(source, protocol, judge_model, suites, seeds=args.pool_seeds) for source in (args.a, args.b))
    found = compare_arms(a, b, suites, common=args.common, optional=limits.margins if limits else ())
    gate = decide(found, limits) if limits else None
    if args.json:
        emit_json({**found.to_json(max(0, args.examples)), "gate": gate.to_json() if gate else None})
    else:
        show_comparison(found, gate, max(0, args.examples))
    return EXIT_OK if gate is None or gate.passed else EXIT_CHECK_FAILED


def show_comparison(found: Comparison, gate: Gate | None, examples: int) -> None:
    """The table of suites, then for each suite what is to be known, its categories, and examples."""
    from .terminal import show_table

    for line in _first_lines(found):
        print(printable(line))
    if found.suites:
        show_table(_suites_table(found))
    for one in found.suites:
        for line in _notes(one):
            print(printable(f"{one.suite}: {line}"))
    categories = _categories_table(found)
    if categories.row_count:
        show_table(categories)
    for one in found.suites:
        for flip in (*one.gained[:examples], *one.lost[:examples]):
            for line in _flip(one.suite, flip):
                print(printable(line))
    for decision in gate.decisions if gate else ():
        print(printable(f"{'passed' if decision.passed else 'FAILED'}  {decision.suite}: {decision.reason}"))


HABITS = 0.01
"""From such a difference of the shares on, the two sides end their answers in different ways."""


def _first_lines(found: Comparison) -> Iterator[str]:
    """Who is compared, and what must be known before a number is read."""
    for name, source in (("A", found.a), ("B", found.b)):
        yield f"{name}: {source}"
    for one in found.suites:
        yield from (f"{one.suite}: {line}" for line in _forms(one))


def _forms(one: SuiteComparison) -> Iterator[str]:
    """What a difference may be of beside what the models know: prompts, and how answers end."""
    from ..runs.store import in_words

    for name, prompts in zip("AB", one.prompted_by, strict=True):
        for whose in prompts:
            yield f"{name} was {in_words(whose)}, and is judged by {one.protocol}"
    a, b = one.silent
    if a.count or b.count:
        told = " and ".join(
            f"{side.count} of {side.of} answers of {name} ({100 * side.share:.1f}%)"
            for name, side in (("A", a), ("B", b))
        )
        habits = abs(a.share - b.share) >= HABITS
        end = ": they end their answers differently, and that is part of the difference below" if habits else ""
        yield f"{one.protocol} finds nothing stated in {told}{end}"


def _suites_table(found: Comparison) -> Table:
    """A few short columns for each suite, several numbers in a cell, to fit in 80 characters."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title="B minus A, percentage points",
        title_justify="left",
        caption=_LEGEND,
        caption_justify="left",
        box=box.HORIZONTALS,
        show_lines=True,
        pad_edge=False,
    )
    table.add_column("suite", overflow="fold")
    for name in (
        "items\nclusters",
        "A %\nB %",
        "B - A\n95% interval",
        "p\nHolm's p\ntest",
        "gained\nlost",
        "detect-\nable",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found.suites:
        change = one.difference
        table.add_row(
            Text(one.shown_suite),
            f"{change.n}\n{change.clusters}",
            "\n".join(f"{100 * score:.1f}" for score in one.scores),
            f"{100 * change.value:+.1f}{_marks(one.p_holm)}\n{_interval(change)}",
            f"{change.p:.2g}\n{one.p_holm:.2g}\n{change.test}",
            f"{change.gained}\n{change.lost}",
            f"{100 * change.detectable:.1f}" if math.isfinite(change.detectable) else "none",
        )
    return table


_LEGEND = (
    "* p < 0.05, ** p < 0.01, *** p < 0.001, after Holm's adjustment for all suites.\n"
    "detectable: the true difference that a test at 0.05 would show with a chance of 80%."
)


def _marks(p: float) -> str:
    return "*" * sum(p < level for level in (0.05, 0.01, 0.001))


def _interval(change: Difference) -> str:
    return interval(change.low, change.high, signed=True, clusters=change.clusters)


def _notes(one: SuiteComparison) -> Iterator[str]:
    """What a reader must know of how a suite was compared."""
    if any(one.left_out):
        yield (
            f"compared are the {one.difference.n} items that all have: A lacks {one.left_out[0]} items and B "
            f"{one.left_out[1]} that the other has"
        )
    if one.asked_otherwise:
        yield f"A and B were asked differently: {', '.join(one.asked_otherwise)}"
    seeds = one.difference.seeds
    if seeds is None:
        return
    for name, count, deviation in zip("AB", seeds.runs, seeds.deviations, strict=True):
        if count == 1:
            yield f"{name} is one run, taken as it is: what is said of it may not hold of its training with another seed"
        else:
            yield f"{name} has {count} seeds; their scores have a standard deviation of {100 * deviation:.2f}"
    yield (
        f"standard error {100 * one.difference.stderr:.2f} over items and seeds ({100 * seeds.item_stderr:.2f} over items "
        f"alone); interval and p are of a t with {seeds.degrees:.1f} degrees of freedom"
    )


def _categories_table(found: Comparison) -> Table:
    """The surest changes by category, a few for each suite."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    caption = f"Up to {CATEGORIES} changes of each suite, the largest against their (unadjusted) intervals first."
    table = Table(
        title="By category",
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=box.HORIZONTALS,
        pad_edge=False,
    )
    for name in ("suite", "category", "items", "B - A", "95% interval", "gained", "lost"):
        table.add_column(name, justify="left" if name in ("suite", "category") else "right", overflow="fold")
    for one in found.suites:
        for category in [some for some in one.categories if some.difference.value][:CATEGORIES]:
            change = category.difference
            table.add_row(
                Text(printable(one.suite)),
                Text(printable(_short(f"{category.key}={category.value}"))),
                str(change.n),
                f"{100 * change.value:+.1f}",
                _interval(change),
                str(change.gained),
                str(change.lost),
            )
    return table


def _flip(suite: str, flip: Flip) -> Iterator[str]:
    """An item in three lines: its gold, and what was read in an answer of each arm."""
    yield f"{suite}: {'gained' if flip.change > 0 else 'lost'}: item {flip.item.id}, gold {_short(flip.gold)}"
    for name, reading in (("A", flip.before), ("B", flip.after)):
        read = reading.verdict.extracted
        judged = "right" if reading.verdict.correct else "wrong"
        end = _short((reading.response.text or "")[-PREVIEW:])
        yield f"    {name} reads {'nothing' if read is None else _short(read)}: {judged}; its response ends: ...{end}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= PREVIEW else flat[:PREVIEW] + "..."


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    """One run under two protocols, or two runs."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="one run directory, or two of one suite")
    add_one(parser, "--score-protocol", shown="the left and the right one; default: the one that asked")
    add(parser, "--examples", "--html")
    add_judge_model(parser)
    add(parser, "--json")


def _explain(args: argparse.Namespace) -> int:
    """Explain; nothing that is stored changes."""
    from ...leaderboards.compare.explain import explain, page
    from ..files import write_output
    from .terminal import emit_json, show_table

    found = explain(*_sides(args))
    if args.html:
        write_output(args.html, page(found))
    if args.json:
        emit_json(found.to_json(max(0, args.examples)))
        return EXIT_OK
    print(_headline(found))
    if found.causes:
        show_table(_causes_table(found))
    for line in _cases(found, args.examples):
        print(printable(line))
    if args.html:
        print(args.html)
    return EXIT_OK


def _sides(args: argparse.Namespace) -> list[Side]:
    """The two scores to compare. Raises UsageError unless the arguments name two."""
    from ...benchmarks.examination import read_answers, score_answers
    from ...leaderboards.compare.explain import Side

    names: list[str | None] = [*score_protocols(args)] or [None]
    if len(args.runs) > 2 or len(names) > 2 or len(args.runs) * len(names) == 1:
        raise UsageError("name one run and --score-protocol A,B, or two runs (with no, one or two protocols)")
    judge_model = open_judge_model(args)
    answers = [read_answers(path) for path in args.runs]
    pairs = [(answers[side % len(answers)], names[side % len(names)]) for side in (0, 1)]
    return [Side(one, score_answers(one, name, judge_model)) for one, name in pairs]


def _headline(found: Explanation) -> str:
    """The two scores over the answers that both judge, and their difference."""
    left, right = (_named(side) for side in (found.left, found.right))
    lines = [f"left:  {left}", f"right: {right}"]
    if found.difference is None:
        return _printable_lines([*lines, "no answer has a verdict on both sides"])
    change = found.difference
    differing = "no answer is judged differently"
    if found.differing:
        differing = (
            f"{counted(found.differing, 'answer differs', 'answers differ')}, "
            f"{100 * found.named:.1f}% of the differences with a named cause"
        )
    lines.append(
        f"right minus left, over {counted(found.judged, 'answer')} that both judge: {100 * change.value:+.2f} points "
        f"(95% {interval(change.low, change.high, 2, signed=True, clusters=change.clusters)}, p {change.p:.2g}); {differing}"
    )
    return _printable_lines(lines)


def _printable_lines(lines: list[str]) -> str:
    """Lines for a terminal."""
    return "\n".join(map(printable, lines))


def _named(side: Side) -> str:
    from ...benchmarks.subset import suite_of
    from ..runs.store import in_words

    manifest = side.scored.run.manifest
    crossed = f", {in_words(manifest.prompted_by)}" if side.scored.cross_prompt else ""
    return f"{manifest.model_name}, {suite_of(manifest)}, judged by {side.rules.name}{crossed} ({side.scored.run.path})"


def _causes_table(found: Explanation) -> Table:
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


def _cases(found: Explanation, count: int) -> Iterator[str]:
    """The first cases of each cause, a few lines each."""
    for cause in found.causes:
        for case in cause.cases[: max(0, count)]:
            yield f"{cause.name}: item {case.item.id}, gold {_short(str(case.to_json()['gold']))}"
            for side, verdict, texts in (
                (found.left, case.left, (case.thinking[0], case.responses[0])),
                (found.right, case.right, (case.thinking[1], case.responses[1])),
            ):
                judged = {True: "right", False: "wrong", None: "no verdict"}[verdict.correct]
                read = "nothing" if verdict.extracted is None else _short(verdict.extracted)
                yield f"    {side.rules.name}: reads {read}: {judged} ({_short(verdict.reason)})"
                yield from _ending(case, *texts, side is found.left)


def _ending(case: DifferingAnswer, thinking: str, response: str, is_left: bool) -> Iterator[str]:
    """The end of a response and of the thinking kept apart from it, once where both sides judge the same one."""
    if is_left != case.same_response:
        if thinking:
            yield f"        thinking ends: ...{_short(thinking[-PREVIEW:])}"
        yield f"        response ends: ...{_short(response[-PREVIEW:])}"


VERBS = {
    "compare": Verb(
        _compare_arguments,
        _compare,
        (
            "proctor compare runs@base runs@training/step-000060",
            "proctor compare 'runs@sft-*' 'runs@grpo-*' --pool-seeds --gate gate.toml",
        ),
    ),
    "explain": Verb(
        _explain_arguments,
        _explain,
        (
            "proctor explain runs/RUN --score-protocol strict,official",
            "proctor explain runs/A runs/B --html why.html",
        ),
    ),
}
