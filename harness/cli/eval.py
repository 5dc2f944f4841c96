"""`proctor eval`, `score`, `import`: ask a model, judge stored runs again, make a run of what another tool stored."""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, DataError, IncompleteRunError, UsageError, printable
from .named_models import check_model, open_engine, open_judge_model, open_profile, sampling
from .named_suites import choice_of, data_of, one_suite, score_protocols, suite_names
from .options import ENGINE, RUNS, Verb, add, add_judge_model, add_one, add_questions, add_sampling, add_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..engines.base import Engine
    from ..engines.replay import ReplayEngine
    from ..profiles import Profile
    from ..runs.evaluate import Examination, RunOutcome
    from ..runs.score import ScoredRun
    from ..types import Json, Sampling


REPLAY = "replay"
"""The engine that asks nobody: what an option does not say is as in the stored run."""


def _eval_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, suites, data, sampling, and where the runs go."""
    add_one(parser, "--model", required=True)
    add_questions(parser)
    add_style(parser)
    add_one(parser, "--out", default=RUNS)
    add(parser, "--run", *ENGINE)
    add_sampling(parser)
    add(parser, "--json")


def _eval(args: argparse.Namespace) -> int:
    """Ask, store, score, and say how it went."""
    plans, models = _open_for_eval(args)

    from ...benchmarks.examination import run_path, score_run
    from .terminal import emit_json, log, scores_table, show_table

    paths = [args.run_dir or run_path(args.out, *one) for one in zip(plans, models, strict=True)]
    outcomes = eval_all(plans, models, paths)
    scored = [score_run(outcome.path) for outcome in outcomes]
    if args.json:
        emit_json(list(map(to_json, scored)))
    else:
        show_table(scores_table(scored))
        for outcome in outcomes:
            print(outcome.path)
    for outcome in outcomes:
        if not outcome.complete:
            first = f" First error: {printable(outcome.errors[0])}" if outcome.errors else ""
            log(
                f"{outcome.path}: {outcome.missing} of {outcome.total} answers missing; run the same command again.{first}"
            )
    if any(outcome.stopped for outcome in outcomes):
        return EXIT_INTERRUPTED
    return EXIT_OK if all(outcome.complete for outcome in outcomes) else EXIT_INCOMPLETE


def _open_for_eval(args: argparse.Namespace) -> tuple[list[Examination], list[Engine]]:
    """What is asked, and the engine of each examination."""
    function = open_function(args)
    if function is None and args.engine != REPLAY:
        check_model(args, args.model)

    from ...benchmarks.examination import run_path
    from ...trainers.provenance import TrainingRecord
    from .terminal import log, log_idle

    suites = suite_names(args)
    if len(suites) > 1 and args.run_dir:
        raise UsageError("--run belongs to one suite: ask for one suite at a time")
    if args.engine == REPLAY:
        replayed = open_replay(args)
        plans = replay_suites(args, suites, replayed)
        if replayed.stored.seal is None and Path(args.model).resolve() in {
            (args.run_dir or run_path(args.out, one, replayed)).resolve() for one in plans
        }:
            raise UsageError(f"{args.model} would be asked its own missing answers: name another place with --out")
        return plans, [replayed] * len(plans)
    profile = open_profile(args)
    plans = plan_suites(args, suites, sampling(args, profile), profile)
    if function is None:
        log_idle(plans, args.given)
    else:
        return ask_function(function, plans, args.workers, sorted(args.given & _NOT_OF_FUNCTIONS))
    model = open_engine(args, args.model)
    return TrainingRecord.read(args.model, log).put_into(plans), [model] * len(plans)


def plan_suites(
    args: argparse.Namespace,
    suites: Sequence[str],
    drawn: Sampling,
    profile: Profile | None = None,
    *,
    demanded: bool = False,
) -> list[Examination]:
    """What is asked of the suites, as --data, --lock, --protocol and the options that choose items say.

    With `demanded`, --data must say of which items, where a bundled sample only imitates them. Raises UsageError and
    DataError.
    """
    from ...benchmarks.examination import plan

    choice, data = choice_of(args, suites), data_of(args, suites, demanded=demanded)
    return [
        plan(suite, args.protocol, drawn, data[suite], lock=args.lock, profile=profile, choice=choice)
        for suite in suites
    ]


def open_replay(args: argparse.Namespace) -> ReplayEngine:
    """The stored run that is to answer. Raises UsageError for several workers, and for a run that cannot be replayed."""
    from ..engines.replay import ReplayEngine

    model = open_engine(args, args.model) if args.workers == 1 and args.ray is None else None
    if not isinstance(model, ReplayEngine):
        raise UsageError(f"--engine {REPLAY} reads a stored run in this process: leave --workers and --ray out")
    return model


def replay_suites(args: argparse.Namespace, suites: Sequence[str], model: ReplayEngine) -> list[Examination]:
    """What is asked of a stored run: as it was asked, of its items, or of those that the options say.

    Raises UsageError for an option that says otherwise than the run, which asks nobody.
    """
    from ...benchmarks.replayed import replay

    model.check_suites(suites)
    for name in {field.name for field in dataclasses.fields(model.stored.sampling)} | {"samples"}:
        if name in args.given:
            model.check_drawn({"samples": "n"}.get(name, name), getattr(args, name))
    protocol = args.protocol if "protocol" in args.given else None
    data, choice = data_of(args, suites), choice_of(args, suites)
    chosen = choice if args.given & {"limit", "sample", "ids"} else None
    return [
        replay(model, data[suite], lock=args.lock, protocol=protocol, profile=open_profile(args), choice=chosen)
        for suite in suites
    ]


_SHAPING = ("temperature", "top_p", "max_tokens", "top_k", "min_p", "presence_penalty", "repetition_penalty", "stop")
_NOT_OF_FUNCTIONS = frozenset((*_SHAPING, "engine_option", "ray"))
"""Options, by the attributes that hold them, that a function knows nothing of."""


def open_function(args: argparse.Namespace) -> Any:
    """The function that --model names, whose file is executed; None if it names anything else. Raises UsageError."""
    from ..engines.base import names_function

    if not names_function(args.engine, args.model):
        return None
    from ..engines.own import load_function

    return load_function(args.model)


def ask_function(
    function: Any, plans: Sequence[Examination], workers: int, given: Sequence[str] = ()
) -> tuple[list[Examination], list[Engine]]:
    """What a function is asked, and the engine of each, which knows the items of that alone.

    Raises UsageError for options that were `given` and have no effect on a function.
    """
    from ..engines.own import FunctionEngine, FunctionExamination, engine_of

    models = [engine_of(function, [one.item for one in plan.asked], workers) for plan in plans]
    if not all(isinstance(one, FunctionEngine) for one in models):
        return [*plans], models
    if given:
        named = f"--{given[0].replace('_', '-')}"
        raise UsageError(f"{named} has no effect on a function, which draws its answers itself: leave it out")
    return [FunctionExamination.of(plan) for plan in plans], models


def eval_all(plans: Sequence[Examination], models: Sequence[Engine], paths: Sequence[Path]) -> list[RunOutcome]:
    """Hold several examinations, each of its model, a progress bar each; stops after the first that was told to stop."""
    from ...benchmarks.subset import shown_examination
    from ..engines.own import FunctionExamination
    from ..runs.evaluate import run_eval, stop_signals
    from .terminal import log, log_greedy_samples, log_stopping, progress_bars

    log_greedy_samples([one.sampling for one in plans if not isinstance(one, FunctionExamination)])
    outcomes = []
    told: dict[str, str] = {}
    with progress_bars() as bars, stop_signals(log_stopping) as stop:
        for examination, model, path in zip(plans, models, paths, strict=True):
            total = len(examination.asked) * examination.sampling.n
            task = bars.add_task(f"{model.name}: {shown_examination(examination)}", total=total, note="")
            outcome = run_eval(examination, model, path, partial(bars.advance, task), stop)
            outcomes.append(outcome)
            for name in outcome.other_models:
                told[name] = (
                    f"asked for {printable(model.name)}, the server says that {printable(name)} answers: see run.json"
                )
            if outcome.stopped:
                break
    for line in told.values():
        log(line)
    return outcomes


def examine(args: argparse.Namespace, plans: Sequence[Examination], runs: Mapping[str, Path], checkpoint: Path) -> None:
    """Hold those examinations of a checkpoint that are not complete in their folders, `runs` by suite.

    Raises KeyboardInterrupt when told to stop, IncompleteRunError for answers that could not be had.
    """
    from ...trainers.provenance import TrainingRecord
    from ..runs.provenance import weights_digest
    from .terminal import log

    weights = weights_digest(checkpoint)
    todo = [one for one in plans if not _holds(runs[one.suite], weights)]
    if not todo:
        return
    model = open_engine(args, str(checkpoint))
    asked = TrainingRecord.read(checkpoint, log).put_into(todo)
    for outcome in eval_all(asked, [model] * len(asked), [runs[one.suite] for one in asked]):
        if outcome.stopped:
            raise KeyboardInterrupt
        if not outcome.complete:
            first = f"; first error: {printable(outcome.errors[0])}" if outcome.errors else ""
            raise IncompleteRunError(
                f"{outcome.path}: {outcome.missing} of {outcome.total} answers missing; run the same command again{first}"
            )


def _holds(run: Path, weights: str) -> bool:
    """True if the run is complete and of these weights, so that no model need be opened."""
    from ..files import RUN_FILE
    from ..runs.store import RunReader

    if not (run / RUN_FILE).is_file():
        return False
    stored = RunReader(run)
    model = stored.manifest.identity.get("model", {})
    return stored.complete and model.get("weights") == weights


def _score_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs and protocols."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directories, or folders of them")
    add(parser, "--score-protocol", "--partial", "--count-missing-as-wrong")
    add_judge_model(parser)
    parser.add_argument("--verdicts", type=Path, metavar="FILE", help="also write every verdict to FILE as JSON lines")
    parser.add_argument("--metrics", action="store_true", help="show every metric of the suite (always in --json)")
    add(parser, "--json")


def _score(args: argparse.Namespace) -> int:
    """Score each run; incomplete ones end with exit code 3, damaged ones are named and left out, and end with 2."""
    from ..files import write_output
    from ..types import canonical_json
    from .terminal import emit_json, metrics_table, scores_table, show_table

    scored, damaged = score_all(args)
    if args.verdicts:
        lines = (
            canonical_json(
                {"run_id": one.run.manifest.run_id, "protocol": one.rules.name, **verdict.to_json()}
            ).encode()
            + b"\n"
            for one in scored
            for verdict in one.verdicts
        )
        write_output(args.verdicts, lines)
    if args.json:
        emit_json(list(map(to_json, scored)))
    elif scored:
        show_table(scores_table(scored))
        for one in scored if args.metrics else ():
            show_table(metrics_table(one))
    log_unscored(scored)
    if damaged:
        return DataError.exit_code
    return EXIT_OK if all(one.complete for one in scored) else EXIT_INCOMPLETE


def to_json(scored: ScoredRun) -> Json:
    """A score for machines, with which items of the suite were asked."""
    from ...benchmarks.subset import which_of

    return {**scored.to_json(), "asked": which_of(scored.run.manifest)}


def log_unscored(scored: Sequence[ScoredRun]) -> None:
    """Say of each score whose answers lack a verdict how many there are, and why the first does."""
    from .terminal import log

    for one in scored:
        if one.unscored:
            first = next(verdict for verdict in one.verdicts if verdict.correct is None and verdict.rule != "error")
            hint = "" if one.referee or first.rule != "judge-needed" else "; name a model with --judge-model"
            log(
                f"{one.run.path}, {one.rules.name}: {one.unscored} answers have no verdict; the first "
                f"({first.item_id}): {first.rule}: {first.reason}{hint}"
            )


def score_all(args: argparse.Namespace) -> tuple[list[ScoredRun], int]:
    """The runs that the arguments name under the protocols that they name, and how many were damaged and left out."""
    from ...benchmarks.examination import find_runs, not_looked_at, score_under
    from .terminal import log

    judge_model = open_judge_model(args)
    protocols: list[str | None] = [*score_protocols(args)] or [None]
    scored: list[ScoredRun] = []
    damaged = 0
    for path in find_runs(args.runs):
        try:
            scored += score_under(
                path, protocols, judge_model, partial=args.partial, missing_as_wrong=args.count_missing_as_wrong
            )
        except DataError as error:
            log(f"proctor {args.command}: {error}; left out")
            damaged += 1
    for line in not_looked_at(args.runs):
        log(printable(line))
    return scored, damaged


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, its suite and data, and where the run goes."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="samples of lmms-eval (.jsonl of --log_samples), a result of VLMEvalKit (.xlsx, .tsv or .json), or the "
        "benchmark's own output",
    )
    add_one(parser, "--suite", required=True)
    add(parser, "--data", "--follow-links", "--lock")
    parser.add_argument(
        "--from",
        dest="tool",
        choices=("lmms-eval", "vlmevalkit", "benchmark"),
        help="the tool (default: what the content shows)",
    )
    add_one(parser, "--model-name", shown="default: what the file says")
    add_one(
        parser,
        "--protocol",
        default=None,
        shown="default: the one whose prompt the file shows, else vlmevalkit for VLMEvalKit and official for others",
    )
    parser.add_argument(
        "--only-answered", action="store_true", help="leave out the items that the file does not have (recorded)"
    )
    add(parser, "--count-missing-as-wrong")
    add_one(parser, "--out", default=RUNS)
    add(parser, "--run")
    add_judge_model(parser)
    add(parser, "--json")


def _import(args: argparse.Namespace) -> int:
    """Read, store and score. Nothing is written unless every answer in the file belongs to an item."""
    from ...benchmarks.examination import score_run
    from ...benchmarks.imports.run import read_import
    from .terminal import emit_json, log, scores_table, show_table

    suite = one_suite(args)
    found = read_import(
        args.file,
        suite,
        args.protocol,
        data_of(args, [suite])[suite],
        lock=args.lock,
        tool=args.tool,
        model_name=args.model_name,
        only_answered=args.only_answered,
        missing_as_wrong=args.count_missing_as_wrong,
    )
    outcome = found.store(args.run_dir or found.path(args.out))
    scored = score_run(outcome.path, args.protocol, open_judge_model(args))
    if args.json:
        emit_json([to_json(scored)])
    else:
        show_table(scores_table([scored]))
        print(outcome.path)
    log_unscored([scored])
    if found.model.name == "unknown":
        log(f"{args.file} does not say which model answered: import it with --model-name, by which tables call it")
    if outcome.missing:
        errors = f", {len(outcome.errors)} of them failures that the tool stored" if outcome.errors else ""
        first = f". First: {printable(outcome.errors[0])}" if outcome.errors else ""
        counted = args.count_missing_as_wrong
        then = "they are counted as wrong" if counted else "--count-missing-as-wrong gives a score nevertheless"
        missing = f"{outcome.missing} of {outcome.total} answers are missing in {args.file}"
        log(f"{outcome.path}: {missing}{errors}{first}; {then}")
    return EXIT_OK if scored.complete else EXIT_INCOMPLETE


VERBS = {
    "eval": Verb(
        _eval_arguments,
        _eval,
        (
            "proctor eval --model DIR --suite figures",
            "proctor eval --model NAME --engine openai --engine-option url=http://localhost:8000/v1 --suite mathvision",
        ),
    ),
    "score": Verb(
        _score_arguments,
        _score,
        (
            "proctor score runs --metrics",
            "proctor score runs --score-protocol strict,official --json",
        ),
    ),
    "import": Verb(
        _import_arguments,
        _import,
        (
            "proctor import samples.jsonl --suite mathvision --data items.jsonl",
            "proctor import result.xlsx --suite chartqa --data hub --model-name my-model",
        ),
    ),
}
