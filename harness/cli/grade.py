"""`proctor grade`: judge answers by the strict matcher, one with its reasons or a file of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import EXIT_CHECK_FAILED, EXIT_OK, DataError, UsageError
from ..jsonl import lines_of
from ..limits import RUN_LINE_BYTES
from ..types import Json
from .options import Verb, add


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """One answer, a file of cases, or a file of groups."""
    parser.add_argument("--gold", metavar="TEXT", help="the right answer")
    parser.add_argument(
        "--type", default="number", dest="gold_type", metavar="NAME", help="the gold's type (default number)"
    )
    parser.add_argument("--choices", nargs="+", metavar="TEXT", help="the options' texts in order, for a choice")
    parser.add_argument("--unit", metavar="TEXT", help="the unit that the question asks for")
    parser.add_argument("--question", metavar="TEXT", help="the question, for answers that say it again as a statement")
    parser.add_argument("--response", metavar="TEXT", help="the model's whole response")
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--cases", type=Path, metavar="FILE", help="JSON lines of gold, gold_type, choices, response")
    files.add_argument("--votes", type=Path, metavar="FILE", help="JSON lines of id and answers: what votes together")
    add(parser, "--json")


def _run(args: argparse.Namespace) -> int:
    """Print one explained verdict (exit code 1 if wrong), or a JSON line for each line of a file."""
    if args.cases or args.votes:
        judge = judge_case if args.cases else judge_group
        for result in judged_lines(args.cases or args.votes, judge):
            print(result)
        return EXIT_OK
    if args.gold is None or args.response is None:
        raise UsageError("give --gold and --response, or --cases FILE, or --votes FILE")
    return explain(args)


def explain(args: argparse.Namespace) -> int:
    """Show what was extracted, how both answers are read, and the verdict."""
    from ..answers import answer_key, check_gold_type, extract, match
    from .terminal import emit_json

    try:
        check_gold_type(args.gold_type)
    except ValueError as error:
        raise UsageError(str(error)) from error
    stated = extract(args.response)
    grade = match(stated, args.gold, args.gold_type, args.choices, args.unit, question=args.question or "")
    stages = {
        "stated answer": stated.answer,
        "found by": f"{stated.rule}: {stated.reason}",
        "its key": repr(answer_key(stated.answer, args.choices)),
        "gold": f"{args.gold} ({args.gold_type})",
        "gold's key": repr(answer_key(args.gold, args.choices)),
        "decided by": f"{grade.rule}: {grade.reason}",
        "verdict": "right" if grade.correct else "wrong",
        "grader": grade.version,
    }
    if args.json:
        emit_json({"correct": grade.correct, "rule": grade.rule, "reason": grade.reason, "stages": stages})
    else:
        for name, value in stages.items():
            print(f"{name:14} {value}")
    return EXIT_OK if grade.correct else EXIT_CHECK_FAILED


def judged_lines(path: Path, judge: Callable[[Json, int], dict[str, Json]]) -> Iterator[str]:
    """One JSON line for each line of the file, whatever the line holds. Raises DataError if the file cannot be read."""
    import json

    try:
        with path.open("rb") as file:
            for line in lines_of(file, str(path), RUN_LINE_BYTES):
                try:
                    record = line.value()
                except DataError:
                    record = None
                yield json.dumps(judge(record, line.number))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def judge_case(record: Json, number: int) -> dict[str, Json]:
    """{id, correct, extracted, rule, reason} of a case; a malformed one is wrong by the rule "bad-line"."""
    from ..answers import grade

    case_id = _line_id(record, number)
    problem = _case_problem(record)
    if problem:
        return {"id": case_id, "correct": False, "extracted": None, "rule": "bad-line", "reason": problem}
    try:
        found = grade(
            record["response"],
            record["gold"],
            record["gold_type"],
            record.get("choices"),
            record.get("unit"),
            question=record.get("question") or "",
        )
    except ValueError as error:
        return {"id": case_id, "correct": False, "extracted": None, "rule": "bad-line", "reason": str(error)}
    fields = ("correct", "extracted", "rule", "reason", "version")
    return {"id": case_id, **{name: getattr(found, name) for name in fields}}


def judge_group(record: Json, number: int) -> dict[str, Json]:
    """{id, classes} of a group: lists of indexes of equal answers; a malformed one has classes null and a reason."""
    from ..answers import classes

    group_id = _line_id(record, number)
    answers = record.get("answers") if isinstance(record, dict) else None
    if not isinstance(answers, list) or not all(answer is None or isinstance(answer, str) for answer in answers):
        return {"id": group_id, "classes": None, "reason": "a group needs answers: a list of texts and nulls"}
    choices = record.get("choices")
    if not _texts_or_none(choices):
        return {"id": group_id, "classes": None, "reason": "choices must be a list of texts"}
    return {"id": group_id, "classes": classes(answers, choices)}


def _line_id(record: Json, number: int) -> Json:
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str | int) else number


def _case_problem(record: Json) -> str:
    if not isinstance(record, dict):
        return "not a JSON object"
    for name in ("gold", "gold_type", "response"):
        if not isinstance(record.get(name), str):
            return f"{name} must be text"
    if not _texts_or_none(record.get("choices")):
        return "choices must be a list of texts"
    for name in ("unit", "question"):
        if not isinstance(record.get(name), str | None):
            return f"{name} must be text"
    return ""


def _texts_or_none(value: Json) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(text, str) for text in value))


VERBS = {
    "grade": Verb(
        _add_arguments,
        _run,
        (
            r"proctor grade --gold 1/2 --response 'so \boxed{0.5}'",
            "proctor grade --cases cases.jsonl",
        ),
    ),
}
