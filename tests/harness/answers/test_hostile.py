"""Responses made to be slow or to break out: a verdict for each, quickly, and nothing is executed."""

from __future__ import annotations

import gc
import time
import tracemalloc
from pathlib import Path

import pytest

from proctor.harness.answers import classes, extract, grade
from proctor.harness.answers.types import MEMO_SIZE, forget

from .attacks import Attack, attacks
from .hostile import HOSTILE

# An allowance for slow machines; the limit that the project sets itself is one second for each response in all.
SECONDS = 1.0


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_verdict_within_the_limit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    forget()
    start = time.process_time()
    assert not grade(HOSTILE[name], "1", "number").correct
    assert time.process_time() - start < SECONDS
    assert not grade(HOSTILE[name], "A", "choice", ("1", "2", "3", "4")).correct
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_vote_within_the_limit(name: str) -> None:
    start = time.process_time()
    assert len(classes([extract(HOSTILE[name]).answer, None, "a vote"])) <= 2
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    ("response", "gold", "gold_type"),
    [("9" * 5_000 + " March", "March 5, 2021", "date"), ("9" * 5_000 + "-" + "9" * 5_000, "[2007, 2008]", "list")],
)
def test_numbers_too_long_for_an_integer_are_no_dates_and_no_ranges(response: str, gold: str, gold_type: str) -> None:
    assert not grade(f"\\boxed{{{response}}}", gold, gold_type).correct


def test_a_list_of_groups_of_digits_is_read_once() -> None:
    """Its text looks like one number at each of its places, and is none."""
    answer = "603," * 3_500 + "60\\Bigl"
    start = time.process_time()
    assert len(classes([answer, "5", None])) <= 2
    assert time.process_time() - start < SECONDS / 3


@pytest.mark.parametrize("unit", ["A and ", "(A) and ", "A, and ", "A B ", "B; C, ", "A和", "A / "])
def test_letters_that_are_joined_without_end_are_read_once(unit: str) -> None:
    for count in (25, 40, 400):
        start = time.process_time()
        assert not grade(f"\\boxed{{{unit * count}x y}}", "A, C", "multichoice", ("1", "2", "3")).correct
        assert time.process_time() - start < SECONDS


def test_nested_sets_are_compared_once_at_each_depth() -> None:
    gold, other = ("\\{" * 29 + number + "\\}" * 29 for number in ("4", "5"))
    start = time.process_time()
    assert grade(f"\\boxed{{{gold}}}", gold, "set").correct
    assert not grade(f"\\boxed{{{other}}}", gold, "set").correct
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(("seed", "count"), [(0, 500), pytest.param(1, 20_000, marks=pytest.mark.nightly)])
def test_no_attack_raises_or_is_slow(seed: int, count: int) -> None:
    """An attack that took long is tried again, since the first time may have been that of the garbage collector."""

    def seconds(attack: Attack) -> float:
        start = time.process_time()
        grade(*attack)
        classes([extract(attack.response).answer, attack.gold, None], attack.choices)
        return time.process_time() - start

    slow = []
    for number, attack in enumerate(attacks(seed, count)):
        if seconds(attack) > SECONDS:
            forget()
            gc.collect()
            if seconds(attack) > SECONDS:
                slow.append((number, attack.response[:200]))
    assert slow == []


def test_extraction_takes_time_in_proportion_to_the_length() -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        extract(text)
        return time.process_time() - start

    for unit in ("\\boxed{", "\\boxed{1} or ", "The answer is ", "answer: x. ", "{}", "\n\n(A) "):
        short, long = (min(seconds(unit * n) for _ in range(3)) for n in (4_000, 32_000))
        assert long < 24 * short + 0.05, f"{unit!r}: {short:.4f} s, then {long:.4f} s for eight times as much"


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_memory_stays_bounded(count: int) -> None:
    """Of more answers than the memos hold; of fewer, each takes its share."""
    forget()
    gc.collect()
    tracemalloc.start()
    for n in range(count):
        grade(f"The answer is \\boxed{{{n} + x}}. " + "y" * 900, str(n), "expression")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    forget()
    assert peak < 120e6 * min(1, count / MEMO_SIZE)
