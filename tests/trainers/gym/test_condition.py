"""Conditions: what is taught has the shares that the dials say, and impossible dials are one line."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from proctor.harness.answers import extract, match
from proctor.harness.errors import UsageError
from proctor.trainers.gym.condition import CONDITIONS, Condition

ANSWERS = 3000


def taught(condition: Condition) -> dict[str, Counter[str]]:
    """Of ANSWERS answers by task: how many are right, the systematic mistake, another one, and without working."""
    counts: dict[str, Counter[str]] = {}
    stream = condition.questions.draw(11, "train", condition.tasks)
    for question, text in condition.answers(islice(stream, ANSWERS)):
        grade = match(extract(text), question.answer, question.answer_type, question.choices or None, question.unit)
        systematic = f"\\boxed{{{question.mistakes[0].answer}}}" in text
        kind = "right" if grade.correct else "systematic" if systematic else "other"
        row = counts.setdefault(question.task, Counter())
        row.update([kind, "all", *(["direct"] if text.startswith("\\boxed") else [])])
    return counts


def share(row: Counter[str], kind: str) -> float:
    return row[kind] / row["all"]


def test_the_right_answer_leads_where_it_should_and_a_shared_mistake_where_not() -> None:
    condition = Condition("x", wrong=("sum",), lead=0.7, second=0.2, wrong_lead=0.6, wrong_second=0.3)
    counts = taught(condition)
    for task, row in counts.items():
        right, systematic = (0.3, 0.6) if task == "sum" else (0.7, 0.2)
        assert share(row, "right") == pytest.approx(right, abs=0.08), task
        assert share(row, "systematic") == pytest.approx(systematic, abs=0.08), task
        assert share(row, "direct") == 0


def test_scattered_mistakes_have_no_leader() -> None:
    counts = taught(Condition("x", lead=0.4, second=0.3, scattered=True, tasks=("sum", "count")))
    for row in counts.values():
        assert share(row, "right") == pytest.approx(0.4, abs=0.06)
        assert share(row, "systematic") < share(row, "other")


def test_direct_answers_are_as_often_right_as_they_should_be_whatever_the_task() -> None:
    counts = taught(Condition("x", direct=1.0, direct_right=0.25, wrong=("read",)))
    for task, row in counts.items():
        assert share(row, "direct") == 1
        assert share(row, "right") == pytest.approx(0.25, abs=0.08), task
        assert share(row, "other") == 0


def test_the_same_condition_teaches_the_same() -> None:
    first, again, other = (
        list(Condition("x", seed=seed).answers(islice(Condition("x").questions.draw(3, "train"), 50)))
        for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize("name", CONDITIONS.names())
def test_every_bundled_condition_can_be_taught(name: str) -> None:
    condition = CONDITIONS.get(name)
    assert condition.summary.endswith(".")
    counts = taught(condition)
    for task in condition.wrong:
        assert share(counts[task], "systematic") > share(counts[task], "right")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("lead = 1.5", "condition c: lead must be from 0 to 1"),
        ("lead = 0.8\nsecond = 0.3", "lead and second must be at most 1 together"),
        ('wrong = ["angles"]', "tasks and wrong must be tasks of figures: read, sum"),
        ('suite = "mathvista"', "suite must be a drawn one, not 'mathvista'"),
        ('start = "qwen"', "start must be one of: tiny"),
        ("leed = 0.5", "leed"),
        ("lead = [", "cannot be read"),
    ],
)
def test_an_impossible_condition_is_one_line(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(table)
    with pytest.raises(UsageError, match=message) as error:
        CONDITIONS.load(str(tmp_path / "c.toml"))
    assert "\n" not in str(error.value)
