"""Random and mutated responses against the matcher: no exception, no verdict over the time limit, no broken partition.

    python tests/fuzz/answers.py [STRINGS] [SEED]

Prints every failure and one line of summary; the exit code is 1 if there was a failure. Strings are made of LaTeX, signs,
words, code and hostile fragments, and of mutated golds and answers of the policy cases.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from pathlib import Path

from proctor.harness.answers import classes, extract, grade

sys.path.insert(0, str(Path(__file__).parents[1] / "harness" / "answers"))
from hostile import HOSTILE
from policy_cases import CASES

LIMIT = 1.0
TYPES = (
    "number expression choice multichoice text list set tuple interval inequality equation assignment matrix ratio time "
    "date year relaxed:0.05 float:abs=0.001 float:round=2"
)
LATEX = (
    r"\frac \dfrac \sqrt \sqrt[3] \pm \mp \cup \cap \setminus \le \ge \ne \text{ \mathrm{ \pi \theta \sin \arccos \ln "
    r"\log_ \exp \infty \{ \} \left( \right) \begin{pmatrix} \end{pmatrix} \begin{array}{cc} \end{array} \\ \overline{ "
    r"\dot \in \mathbb{R} \binom \lfloor \rfloor \circ \% \$ \boxed{ \fbox{ \emptyset \angle \triangle \approx \mid"
)
SIGNS = (
    "{ } ( ) [ ] | ^ _ = < > <= >= != == ** , ; : . ... ! ? % $ + - * / ' \" & # @ ~ ` ° ½ ² ₁ √ ∛ ∞ ≤ ≥ ≠ ± ∪ ∈ "
    "π × ÷ − ， 。 、 （ ）"
)
WORDS = (
    "x y z e i n f( g( A B C D E 0 1 2 3 9 10 12 0.5 1e9 1,234 3.14 cm kg m/s hours degrees dollars cents percent 万 日 "
    "年 元 或 和 yes no none the answer is because option </think> <think> <answer> </answer> __import__( eval( lambda: if"
)
ODD = (
    *("\x00", "\ud800", "\u202e", "\u0301", "\u200b", "\ufeff", "\n", "\n\n", "\t", " "),
    *(" or ", " and ", "9**9**9", "9^{9^{9}}", "99999!"),
)


def fragments() -> tuple[list[str], list[str]]:
    """Pieces to put together, and whole strings to mutate."""
    pieces = [*LATEX.split(), *SIGNS.split(), *WORDS.split(), *ODD]
    whole = [text for case in CASES for text in (case.gold, *case.right, *case.wrong) if len(text) < 400]
    return pieces, whole + [text[:300] for text in HOSTILE.values()]


def invent(draw: random.Random, pieces: list[str], whole: list[str]) -> str:
    """One string."""
    if draw.random() < 0.45:
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 24)))
    else:
        text = draw.choice(whole)
        for _ in range(draw.randint(1, 5)):
            at = draw.randint(0, len(text))
            text = text[:at] + draw.choice((draw.choice(pieces), "")) + text[at + draw.randint(0, 3) :]
    return f"\\boxed{{{text}}}" if draw.random() < 0.5 else text


def check(one: str, other: str, kind: str, choices: tuple[str, ...] | None) -> None:
    """Raise if a verdict or a partition is not as it must be."""
    verdict = grade(one, other, kind, choices)
    stated = extract(one).answer
    assert verdict.rule
    assert not (verdict.correct and stated is None), "accepted without an answer"
    found = classes([stated, other, None, stated], choices)
    members = [index for group in found for index in group]
    assert len(members) == len(set(members)), "an answer in two classes"
    assert 2 not in members, "None has a vote"
    assert stated is None or any(0 in group and 3 in group for group in found), "an answer differs from itself"


def main(count: int, seed: int) -> int:
    """Check `count` strings; the number of failures."""
    draw = random.Random(seed)
    pieces, whole = fragments()
    kinds = TYPES.split()
    failures, worst, start = 0, 0.0, time.perf_counter()
    for n in range(count):
        one, other = invent(draw, pieces, whole), draw.choice(whole)
        kind, choices = draw.choice(kinds), draw.choice((None, None, ("1", "2", "x=3", "a square")))
        began = time.process_time()
        try:
            check(one, other, kind, choices)
        except Exception:
            failures += 1
            print(f"string {n}: {one!r} against {other!r} as {kind}\n{traceback.format_exc(limit=-3)}")
        taken = time.process_time() - began
        worst = max(worst, taken)
        if taken > LIMIT:
            failures += 1
            print(f"string {n}: {taken:.2f} s for {one!r} against {other!r} as {kind}")
    seconds = time.perf_counter() - start
    print(
        f"{count:,} strings, seed {seed}: {failures} failures, worst {worst * 1000:.0f} ms, {count / seconds:,.0f} strings/s"
    )
    return failures


if __name__ == "__main__":
    sys.exit(1 if main(*(int(word) for word in (sys.argv[1:] + ["100000", "0"][len(sys.argv) - 1 :]))) else 0)
