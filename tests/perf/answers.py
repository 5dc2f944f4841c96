"""Accuracy and speed of the matcher, beside math-verify and mathruler where these are installed.

    python tests/perf/answers.py [CASES.jsonl]

The labelled cases are those of the file, or the shared ones, or where these are missing the label policy's. Prints the share
of right verdicts, of false accepts and of false rejects by category; and verdicts per second on one core: cold (all memos
empty, every pair met once) and with the memo. math-verify and mathruler are measured on those cases that they can be asked
(no options, at most 2,000 characters), each in a child process that is ended after a time limit, because they do not return
on some of them; those are not counted in how many times as fast this matcher is.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proctor.harness.answers import classes, extract, grade
from proctor.harness.answers.types import forget

SHARED = Path(os.environ.get("PROCTOR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
CASES = SHARED.parent / "answers" / "cases_public.jsonl"
POLICY = Path(__file__).parents[1] / "harness" / "answers" / "policy_cases.jsonl"
SECONDS_PER_PAIR = 5
Case = dict[str, Any]


def load(file: Path) -> list[Case]:
    """The labelled cases; of the label policy's file each right and each wrong answer, in a box."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [case for record in records for case in (_of_policy(record) if "right" in record else [record])]


def _of_policy(record: Case) -> list[Case]:
    return [
        {**record, "response": f"So it is $\\boxed{{{answer}}}$.", "expected": expected, "contested": False}
        for expected, answers in (("correct", record["right"]), ("wrong", record["wrong"]))
        for answer in answers
    ]


def ours(case: Case) -> bool:
    """The matcher's verdict."""
    return grade(case["response"], case["gold"], case["gold_type"], case["choices"], case.get("unit")).correct is True


def accuracy(cases: Sequence[Case]) -> None:
    """A table of right verdicts, false accepts and false rejects by category; contested cases apart."""
    rows: dict[str, Counter[str]] = {}
    for case in cases:
        expected, correct = case["expected"] == "correct", ours(case)
        outcome = "right" if expected == correct else "false accept" if correct else "false reject"
        for name in ("contested",) if case["contested"] else (case["category"], "all but contested"):
            rows.setdefault(name, Counter())[outcome] += 1
    print(f"{'category':24}{'cases':>7}{'right':>9}{'false accepts':>15}{'false rejects':>15}")
    for name, row in sorted(rows.items(), key=lambda item: (item[0] in ("all but contested", "contested"), item[0])):
        total = sum(row.values())
        print(f"{name:24}{total:7}{row['right'] / total:9.2%}{row['false accept']:15}{row['false reject']:15}")


def rate(name: str, count: int, work: Callable[[], object]) -> float:
    """Print how many verdicts per second `work`, which gives `count` verdicts, reaches; gives that number."""
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{name:60}{count / seconds:12,.0f} /s{1e6 * seconds / count:12.1f} us")
    return count / seconds


def typical(count: int) -> list[tuple[str, str, str, tuple[str, ...] | None]]:
    """Responses with boxed answers of the usual kinds, all of them different."""
    draw = random.Random(0)
    made: list[tuple[str, str, str, tuple[str, ...] | None]] = []
    for n in range(count):
        answer, gold, kind = (
            (str(draw.randint(1, 10**6)), "42", "number"),
            (f"{draw.random() * 1000:.3f}", "3.5", "number"),
            (f"\\frac{{{draw.randint(1, 10**5)}}}{{{draw.randint(2, 10**5)}}}", "\\frac{3}{4}", "number"),
            (draw.choice("ABCDE"), "B", "choice"),
            (f"{draw.randint(1, 10**6)}^\\circ", "60^\\circ", "number"),
        )[n % 5]
        reasoning = f"Step {n}. " + "By the angle bisector theorem the two sides are in the same ratio. " * 8
        options = ("1", "2", "3", "4", "5") if kind == "choice" else None
        made.append((f"{reasoning}\n\nTherefore, the answer is $\\boxed{{{answer}}}$.", gold, kind, options))
    return made


def in_prose(
    boxed: Sequence[tuple[str, str, str, tuple[str, ...] | None]],
) -> list[tuple[str, str, str, tuple[str, ...] | None]]:
    """The same answers at the end of 2,000 characters of prose, without a box, in four ways."""
    sentence = "We write the equation for the two sides, add them and divide by the common factor of the triangle. "
    ends = ("Therefore, the length is {}.", "So the answer is {}.", "**Answer:** {}", "The total is {}.")
    made = []
    for n, (text, gold, kind, options) in enumerate(boxed):
        answer = text.split("boxed{")[1].removesuffix("}$.")
        end = ends[n % 4].format(f"({answer})" if kind == "choice" else f"${answer}$")
        made.append((f"Step {n}. {sentence * 20}"[:1950] + "\n\n" + end, gold, kind, options))
    return made


def speed(cases: Sequence[Case]) -> None:
    """Verdicts per second of the matcher."""
    responses = typical(20_000)
    forget()
    boxed = rate("typical boxed answers, cold", len(responses), lambda: [grade(*one) for one in responses])
    prose = in_prose(responses[:5_000])
    forget()
    worded = rate("the same in prose of 2,000 characters, cold", len(prose), lambda: [grade(*one) for one in prose])
    print(f"  an answer in prose costs {boxed / worded:.1f} typical boxed ones (limit: 3)")
    few = responses[:4_000]
    for one in few:
        grade(*one)
    rate("typical boxed answers, with the memo", 5 * len(few), lambda: [grade(*one) for _ in range(5) for one in few])
    plain = [case for case in cases if case["category"] not in ("safety", "injection")]
    forget()
    rate("labelled cases, cold", len(plain), lambda: [ours(case) for case in plain])
    rate("labelled cases, with the memo", 20 * len(plain), lambda: [ours(case) for _ in range(20) for case in plain])


def votes(cases: Sequence[Case]) -> None:
    """Seconds for the votes of 512 prompts with 16 answers each, cold."""
    draw = random.Random(1)
    pool = [answer for case in cases if (answer := extract(case["response"]).answer) and case["category"] != "safety"]
    radicals = [
        f"\\frac{{{draw.randint(1, 99)}\\sqrt{{{draw.randint(2, 999)}}}}}{{{draw.randint(2, 99)}}}" for _ in range(8192)
    ]
    for name, drawn in (
        ("labelled answers", [draw.choice(pool) for _ in range(8192)]),
        ("8,192 different radicals", radicals),
    ):
        forget()
        start = time.perf_counter()
        for at in range(0, 8192, 16):
            classes(drawn[at : at + 16])
        print(f"{f'votes, 512 prompts x 16 answers, {name}, cold':60}{time.perf_counter() - start:12.3f} s")


def math_verify(gold: str, response: str) -> bool:
    """math-verify as its documentation configures it, without its signal timeout."""
    from math_verify import parse, verify

    logging.disable(logging.WARNING)
    return bool(
        verify(parse(f"${gold}$", parsing_timeout=None), parse(response, parsing_timeout=None), timeout_seconds=None)
    )


def mathruler(gold: str, response: str) -> bool:
    """mathruler's grader on its own extraction of the box."""
    from mathruler.grader import extract_boxed_content, grade_answer

    return bool(grade_answer(extract_boxed_content(response), gold))


def _serve(function: Callable[[str, str], bool], pipe: Any) -> None:
    while True:
        gold, response = pipe.recv()
        start = time.perf_counter()
        try:
            verdict: bool | None = function(gold, response)
        except Exception:
            verdict = None
        pipe.send((verdict, time.perf_counter() - start))


def other(name: str, function: Callable[[str, str], bool], cases: Sequence[Case], ours_per_second: float) -> None:
    """Accuracy and cold speed of another grader, every pair in a child with a time limit; those over it are not counted."""
    if importlib.util.find_spec(function.__name__) is None:
        print(f"{name}: not installed")
        return
    context = multiprocessing.get_context("spawn")
    outcomes: Counter[str] = Counter()
    seconds, child, pipe = 0.0, None, None
    for case in cases:
        if child is None or pipe is None:
            pipe, theirs = context.Pipe()
            child = context.Process(target=_serve, args=(function, theirs), daemon=True)
            child.start()
            pipe.send(("1", "\\boxed{1}"))
            pipe.recv()
        pipe.send((case["gold"], case["response"]))
        if not pipe.poll(SECONDS_PER_PAIR):
            child.kill()
            child, pipe = None, None
            outcomes["over the time limit"] += 1
            continue
        verdict, taken = pipe.recv()
        seconds += taken
        right = verdict is not None and verdict == (case["expected"] == "correct")
        outcomes["right" if right else "false accept" if verdict else "false reject or error"] += 1
    if child is not None:
        child.kill()
    answered = len(cases) - outcomes["over the time limit"]
    label = f"{name}, {len(cases)} cases without options, cold"
    print(f"{label:60}{answered / seconds:12,.0f} /s{1e6 * seconds / answered:12.1f} us")
    print(f"  {outcomes['right'] / len(cases):.2%} right, {dict(outcomes)}")
    print(f"  this matcher is {ours_per_second * seconds / answered:.1f} times as fast as {name}")


def beside(cases: Sequence[Case]) -> None:
    """The three graders on the same cases."""
    fair = [c for c in cases if not c["contested"] and not c["choices"] and len(c["response"]) <= 2000]
    forget()
    label = f"this matcher, {len(fair)} cases without options, cold"
    per_second = rate(label, len(fair), lambda: [ours(case) for case in fair])
    print(f"  {sum(ours(case) == (case['expected'] == 'correct') for case in fair) / len(fair):.2%} right")
    other("math-verify", math_verify, fair, per_second)
    other("mathruler", mathruler, fair, per_second)


if __name__ == "__main__":
    labelled = load(Path(sys.argv[1]) if len(sys.argv) > 1 else CASES if CASES.exists() else POLICY)
    accuracy(labelled)
    speed(labelled)
    votes(labelled)
    beside(labelled)
