"""`proctor board export`: results for the hub, Every Eval Ever and model cards, and training curves for trackers."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EXIT_INCOMPLETE, EXIT_OK, UsageError, printable
from .named_suites import score_protocols
from .options import Verb, add, add_one

if TYPE_CHECKING:
    from ...leaderboards.board.table import Row
    from ...leaderboards.export.curves import Tracker


def _eval_results_arguments(parser: argparse.ArgumentParser) -> None:
    """Scores, and where to."""
    _add_model(parser)
    add_one(parser, "--out", required=True)
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="SUITE=ID",
        dest="tasks",
        help="the task that the suite's data set declares in its eval.yaml; may be repeated",
    )
    parser.add_argument("--source-url", metavar="URL", help="where the board or the responses are published")
    parser.add_argument("--source-name", metavar="NAME", help="what that is called")
    add(parser, "--json")


def _model_card_arguments(parser: argparse.ArgumentParser) -> None:
    """Scores, and the card."""
    _add_model(parser)
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="put it into this card, between markers (default: print it)"
    )
    parser.add_argument(
        "--model-index", action="store_true", help="with --into: also put the scores into the card's metadata"
    )
    add(parser, "--json")


# The words of Every Eval Ever's schema.
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")
AVAILABILITIES = ("open_weights", "closed_weights", "unknown")


def _every_eval_ever_arguments(parser: argparse.ArgumentParser) -> None:
    """Answers, whose they are, and where to."""
    _add_model(parser)
    add_one(parser, "--out", required=True)
    parser.add_argument(
        "--model-id", required=True, metavar="ORG/NAME", help="the model's id on the hub, or one like it"
    )
    parser.add_argument("--organization", required=True, metavar="NAME", help="who publishes these results")
    parser.add_argument(
        "--relationship", required=True, choices=RELATIONSHIPS, help="what the publisher is to the model's developer"
    )
    parser.add_argument(
        "--availability",
        choices=AVAILABILITIES,
        default="unknown",
        help="whether the weights are open (default unknown)",
    )
    add(parser, "--json")


def _add_model(parser: argparse.ArgumentParser) -> None:
    add(parser, "runs")
    add_one(parser, "--model-name", required=True)
    add(parser, "--score-protocol")


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("training", type=Path, metavar="TRAINING", help="a training directory")
    add(parser, "--runs", "--score-protocol", "--json")


def _tensorboard_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and the training."""
    add_one(parser, "--out", required=True)
    _add_training(parser)


def _project_arguments(parser: argparse.ArgumentParser) -> None:
    """The project of the tracker, and the training."""
    parser.add_argument("--project", required=True, metavar="NAME", help="the project that the run belongs to")
    _add_training(parser)


def _rows(args: argparse.Namespace) -> list[Row]:
    """The rows of what the arguments name."""
    from ...leaderboards.board.load_rows import load_rows

    return load_rows(args.runs, score_protocols(args))


def _eval_results(args: argparse.Namespace) -> int:
    """Write what can be published; exit code 3 if a run was left out for being incomplete, 2 if nothing is left."""
    from ...leaderboards.export.eval_results import ResultSource, eval_results, run_dates
    from .terminal import emit_json, log

    if args.source_name is not None and not args.source_url:
        raise UsageError("--source-name needs --source-url")
    source = ResultSource(args.source_url, args.source_name) if args.source_url else None
    tasks = dict(_task(text) for text in args.tasks)
    found = eval_results(args.model_name, _rows(args), dates=run_dates(args.runs), source=source, tasks=tasks)
    for line in found.left_out:
        log(printable(f"left out: {line}"))
    for line in found.uncertain:
        log(printable(line))
    if not found.files:
        raise UsageError(f"nothing of {args.model_name!r} can be published as a result on the hub")
    written = found.write(args.out)
    if args.json:
        emit_json({"files": [str(path) for path in written], "left_out": found.left_out, "uncertain": found.uncertain})
    else:
        print("\n".join(map(str, written)))
    return EXIT_INCOMPLETE if found.incomplete else EXIT_OK


def _task(text: str) -> tuple[str, str]:
    suite, equals, task = text.partition("=")
    if not (suite and equals and task):
        raise UsageError(f"a task must look like mathvista=ID, not {text!r}")
    return suite, task


def _every_eval_ever(args: argparse.Namespace) -> int:
    """Write the logs of complete runs; exit code 3 if one was left out for being incomplete, 2 if nothing is left."""
    from ...leaderboards.export.every_eval_ever import Publisher, evaluation_logs
    from .terminal import emit_json, log

    publisher = Publisher(args.model_id, args.organization, args.relationship, args.availability)
    found = evaluation_logs(args.runs, args.model_name, publisher, int(time.time()), score_protocols(args))
    for line in found.left_out:
        log(printable(f"left out: {line}"))
    if not found.files:
        raise UsageError(f"model {args.model_name!r} has no complete run: finish one before publishing its answers")
    written = [str(path) for path in found.write(args.out)]
    if args.json:
        emit_json({"files": written, "left_out": found.left_out})
    else:
        print("\n".join(written))
    return EXIT_INCOMPLETE if found.left_out else EXIT_OK


def _model_card(args: argparse.Namespace) -> int:
    """Print the section or put it into the card; exit code 3 if a run was left out for being incomplete."""
    from ...leaderboards.export.markdown import HEADLINE, rows_of, section, unpublishable
    from .terminal import emit_json, log

    if args.model_index and not args.into:
        raise UsageError("--model-index needs --into: the card whose metadata it is for")
    rows = _rows(args)
    text = section(args.model_name, rows)
    problems = [unpublishable(row) for row in rows_of(args.model_name, rows) if row.metric == HEADLINE]
    left_out = [problem for problem in problems if problem]
    for line in left_out:
        log(printable(f"left out: {line}"))
    code = EXIT_INCOMPLETE if left_out else EXIT_OK
    if args.into is None:
        if args.json:
            emit_json({"card": None, "section": text, "left_out": left_out})
        else:
            print(text, end="")
        return code
    from ...leaderboards.export.model_card import read_card, with_model_index, with_section, write_card

    name = str(args.into)
    card = with_section(read_card(args.into), text, name)
    if args.model_index:
        card = with_model_index(card, args.model_name, rows, name)
    write_card(args.into, card)
    if args.json:
        emit_json({"card": name, "section": text, "left_out": left_out})
    else:
        print(args.into)
    return code


def _tensorboard(args: argparse.Namespace) -> int:
    from ...leaderboards.export.tensorboard import TensorBoard

    return _track(args, TensorBoard(args.out))


def _wandb(args: argparse.Namespace) -> int:
    from ...leaderboards.export.wandb import WandB

    return _track(args, WandB(args.project))


def _trackio(args: argparse.Namespace) -> int:
    from ...leaderboards.export.trackio import Trackio

    return _track(args, Trackio(args.project))


def _track(args: argparse.Namespace, tracker: Tracker) -> int:
    """Hand a training's curves to a tracker, and say what was found."""
    from ...leaderboards.export.curves import EXAMINED, read_curves
    from .terminal import emit_json, log

    curves = read_curves(args.training, _rows(args) if args.runs else [])
    examined = [step for step, values in curves.points if any(name.startswith(EXAMINED) for name in values)]
    if args.runs and not examined:
        log(printable(f"no run is an examination of a checkpoint of {curves.name}, or of its base"))
    where = tracker.write(curves)
    if args.json:
        emit_json({"training": curves.name, "steps": len(curves.points), "examined": examined, "where": where})
    else:
        summary = f"{curves.name}: {len(curves.points)} steps, {len(examined)} of them examined; see {where}"
        print(printable(summary))
    return EXIT_OK


VERBS = {
    "board export eval-results": Verb(
        _eval_results_arguments,
        _eval_results,
        (
            "proctor board export eval-results board --model-name NAME --out repository",
            "proctor board export eval-results runs --model-name NAME --out repository --source-url https://example.org/board",
        ),
    ),
    "board export every-eval-ever": Verb(
        _every_eval_ever_arguments,
        _every_eval_ever,
        (
            "proctor board export every-eval-ever runs --model-name NAME --model-id ORG/NAME --organization ORG "
            "--relationship third_party --out datastore",
            "proctor board export every-eval-ever board --model-name NAME --model-id ORG/NAME --organization ORG "
            "--relationship first_party --availability open_weights --out datastore",
        ),
    ),
    "board export model-card": Verb(
        _model_card_arguments,
        _model_card,
        (
            "proctor board export model-card board --model-name NAME",
            "proctor board export model-card board --model-name NAME --into README.md --model-index",
        ),
    ),
    "board export tensorboard": Verb(
        _tensorboard_arguments,
        _tensorboard,
        (
            "proctor board export tensorboard training --runs runs --out events",
            "proctor board export tensorboard training --out events --json",
        ),
    ),
    "board export wandb": Verb(
        _project_arguments,
        _wandb,
        (
            "proctor board export wandb training --runs runs --project NAME",
            "proctor board export wandb training --project NAME --json",
        ),
    ),
    "board export trackio": Verb(
        _project_arguments,
        _trackio,
        (
            "proctor board export trackio training --runs runs --project NAME",
            "proctor board export trackio training --project NAME --json",
        ),
    ),
}
