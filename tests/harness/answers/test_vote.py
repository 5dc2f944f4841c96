"""Voting: authored groups, and the laws of an equivalence relation."""

from __future__ import annotations

import itertools
import random

import pytest

from proctor.harness.answers import answer_key, classes

from .vote_groups import GROUPS, Group

ROLLOUTS = 16


def rollouts(group: Group) -> list[tuple[str, int]]:
    """Sixteen answers with the index of their true class; the first class has the majority."""
    first = [(answer, 0) for answer in group.classes[0]]
    others = [(answer, index) for index, spellings in enumerate(group.classes[1:], start=1) for answer in spellings]
    filling = itertools.islice(itertools.cycle(first), max(0, ROLLOUTS - len(first) - len(others)))
    return [*first, *others, *filling]


def partition(labels: list[int]) -> list[list[int]]:
    return sorted([index for index, label in enumerate(labels) if label == wanted] for wanted in set(labels))


@pytest.mark.parametrize("group", GROUPS, ids=[group.classes[0][0] for group in GROUPS])
def test_every_group_has_its_true_classes_in_any_order(group: Group) -> None:
    answers = rollouts(group)
    for seed in range(4):
        shuffled = random.Random(seed).sample(answers, len(answers))
        found = classes([answer for answer, _ in shuffled], group.choices)
        assert found == partition([label for _, label in shuffled])


def test_there_are_a_hundred_groups() -> None:
    assert len(GROUPS) >= 100


def test_rewards_of_the_majority_are_those_of_the_truth() -> None:
    misrewarded = 0
    for group in GROUPS:
        answers = rollouts(group)
        winner = max(classes([answer for answer, _ in answers], group.choices), key=len)
        truth = max(partition([label for _, label in answers]), key=len)
        misrewarded += len(set(winner) ^ set(truth))
    assert misrewarded == 0


def test_none_is_in_no_class() -> None:
    assert classes([None, "5", None, "5.0", "", "  "]) == [[1, 3]]
    assert classes([None] * 9 + ["12"] * 7) == [list(range(9, 16))]
    assert classes([]) == []
    assert answer_key(None) is None


def test_a_short_form_joins_the_most_frequent_full_form() -> None:
    assert classes(["12 cm", "12", "12 kg", "12 cm"]) == [[0, 1, 3], [2]]
    assert classes(["12 cm", "12", "12 kg"]) == [[0], [1], [2]], "with as many of each, it joins neither"
    assert classes(["x=3", "3", "y=3", "y=3"]) == [[0], [1, 2, 3]]


def test_letters_are_one_with_the_texts_of_the_options() -> None:
    assert classes(["B", "12", "A", "(B) 12", "10"], ("10", "12")) == [[0, 1, 3], [2, 4]]
    assert classes(["B", "12"]) == [[0], [1]]


def test_keys_are_hashable_and_the_same_in_every_call() -> None:
    for answer in ("5", r"\sqrt{2}", "x+1", r"\{1,2\}", "yes", r"\begin{pmatrix}1&2\end{pmatrix}", "9**9**9"):
        assert hash(answer_key(answer)) == hash(answer_key(answer))
        assert answer_key(answer) is not None


@pytest.mark.parametrize(
    ("answers", "partition"),
    [
        (["x=1", "1 cm"], [[0, 1]]),
        (["x=1", "1 cm", "1"], [[0, 1, 2]]),
        (["x=1", "1 cm", "1 kg"], [[0], [1], [2]]),
        (["x=1", "y=1", "1 cm", "1"], [[0], [1], [2], [3]]),
        (["x=1", "1 cm", "1 cm", "1 kg", "1"], [[0, 1, 2, 4], [3]]),
    ],
)
def test_a_name_and_a_unit_that_are_left_out_in_turn(answers: list[str], partition: list[list[int]]) -> None:
    assert classes(answers) == partition
