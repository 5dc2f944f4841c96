"""The contract of a reward: those that are shipped keep it, and each way to break it is found and named."""

import dataclasses
import json
import os
import signal
import time
from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.types import Item
from proctor.trainers.groups import RecordedGroup
from proctor.trainers.rewards import check_process
from proctor.trainers.rewards.base import RewardSpec, reward_spec, with_spec
from proctor.trainers.rewards.check import FIRST, SECOND, RewardReport, check_reward
from proctor.trainers.rewards.check_groups import GroupCase, generated_cases, recorded_cases
from proctor.trainers.rewards.registry import REWARDS, open_reward

FILES = Path(__file__).parent / "reward_files"
DOCS = Path(__file__).parents[3] / "docs" / "rewards.md"
GENERATED = generated_cases(0)


def checked(name: str, recorded: list[GroupCase] | None = None, **settings: object) -> RewardReport:
    return check_reward(open_reward(name, settings), recorded or [], seed=3)


def broken_in(report: RewardReport) -> set[str]:
    return {name for name, outcome in report.checks.items() if outcome.failures}


def first_failure(report: RewardReport, name: str) -> str:
    return report.checks[name].failures[0]


@pytest.mark.parametrize("name", REWARDS.names())
def test_a_shipped_reward_keeps_its_contract(name: str) -> None:
    report = checked(name)
    assert {name: outcome.failures for name, outcome in report.checks.items() if outcome.failures} == {}
    assert report.checks["speed"].made == 512


@pytest.mark.parametrize("name", ["majority_vote", "frequency", "actor_judge"])
def test_so_does_one_that_counts_exact_texts(name: str) -> None:
    assert checked(name, votes="exact").passed


def test_other_settings_have_other_bounds() -> None:
    assert reward_spec(open_reward("actor_judge", {})).bounds == (-0.5, 1.2)
    assert reward_spec(open_reward("actor_judge", {"clamp": True})).bounds == (0, 1)
    assert checked("actor_judge", clamp=True, prior="threshold").passed
    assert checked("entropy_gated", low=0.3, high=0.4).passed


SOUND = ["plurality.py:score", "plain.py:score", "plain.py:coin", "plain.py:graded", "plain.py:sure", "unsure.py:score"]


@pytest.mark.parametrize("function", SOUND)
def test_a_sound_reward_of_ones_own_passes(function: str) -> None:
    assert checked(f"{FILES / function}").passed


@pytest.mark.parametrize("name", ["plurality.py", "unsure.py"])
def test_the_documented_rewards_are_among_them(name: str) -> None:
    assert f"```python\n{(FILES / name).read_text()}```\n" in DOCS.read_text()


def test_every_check_is_documented() -> None:
    text = DOCS.read_text()
    assert all(name in text for name in (*FIRST, *SECOND, "speed"))


def test_one_that_declares_the_label_is_given_it() -> None:
    report = checked(f"{FILES}/plain.py:supervised")
    assert report.passed
    assert not report.checks["gold"].made
    assert not report.checks["hidden label"].made


BROKEN = {
    "wrong_length": ("length", "not a sequence of 0 numbers"),
    "no_sequence": ("length", "gave 1.0"),
    "no_numbers": ("length", "None"),
    "not_finite": ("finite", "not all are finite"),
    "first_is_best": ("order", "responses in another order"),
    "reads_logprobs": ("tokens", "reads group.logprobs, and does not declare needs_logprobs"),
    "reads_lengths": ("tokens", "reads group.lengths, and does not declare needs_lengths"),
    "reads_gold": ("gold", "does not declare needs_gold"),
    "digs_for_gold": ("hidden label", "the label leaks"),
    "needs_gold_silently": ("gold", "does not declare needs_gold"),
    "unbounded": ("bounds", "outside the declared 0 to 1"),
    "draws_without_the_seed": ("repeatable", "draw only from random.Random(seed)"),
    "draws_silently": ("seed", "declare random=True"),
    "remembers": ("repeatable", "with the same seed"),
    "sorts_in_place": ("group unchanged", "changes the group: responses"),
    "rewrites_answers": ("group unchanged", "changes the group: answers"),
    "likes_length": ("equal answers", "declare equal_answers_alike=False"),
    "forgets_absent_answers": ("runs", "TypeError"),
    "divides_by_the_group": ("runs", "ZeroDivisionError"),
}


@pytest.mark.parametrize("function", BROKEN)
def test_each_breach_is_found_and_named(function: str) -> None:
    broken, told = BROKEN[function]
    report = checked(f"{FILES}/broken.py:{function}")
    assert not report.passed
    assert broken in broken_in(report)
    assert told in first_failure(report, broken)


def test_a_failure_names_its_line() -> None:
    lines = (FILES / "broken.py").read_text().splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if "len(answer)) for answer" in text)
    report = checked(f"{FILES}/broken.py:forgets_absent_answers")
    assert f"broken.py:{line}: TypeError: " in first_failure(report, "runs")
    assert "one response without an answer: " in first_failure(report, "runs")


def test_only_what_is_broken_is_blamed() -> None:
    assert broken_in(checked(f"{FILES}/broken.py:first_is_best")) == {"order", "equal answers"}
    assert broken_in(checked(f"{FILES}/broken.py:unbounded")) == {"bounds"}
    assert broken_in(checked(f"{FILES}/broken.py:draws_silently")) == {"seed"}
    assert broken_in(checked(f"{FILES}/broken.py:digs_for_gold")) == {"hidden label", "equal answers"}


def test_a_slow_reward_is_told_what_it_would_take() -> None:
    report = check_reward(open_reward(f"{FILES}/broken.py:too_slow", {}), limit=0.1)
    assert broken_in(report) == {"speed"}
    assert report.checks["speed"].made < 512
    assert report.seconds > 5
    assert not any(report.checks[name].made for name in (*FIRST, *SECOND))


def test_copies_of_a_group_are_no_reach_for_its_label(tmp_path: Path) -> None:
    (tmp_path / "copies.py").write_text(
        "import dataclasses\n"
        "def score(group):\n"
        "    half = dataclasses.replace(group, responses=group.responses[:2])\n"
        "    assert half == dataclasses.replace(half) and repr(half)\n"
        "    return [0.0] * len(group.responses)\n"
    )
    assert checked(f"{tmp_path}/copies.py:score").passed


def recorded(count: int = 6) -> list[RecordedGroup]:
    responses = tuple(f"\\boxed{{{answer}}}" for answer in "3334")
    items = [Item(f"q{n}", "figures", "How tall?", "34"[n % 2], "number") for n in range(count)]
    return [
        RecordedGroup(item, responses, tuple(r == f"\\boxed{{{item.answer}}}" for r in responses)) for item in items
    ]


def test_a_lookup_by_item_is_found_on_recorded_groups(tmp_path: Path) -> None:
    labels = {one.item.id: one.item.answer for one in recorded()}
    (tmp_path / "cache.py").write_text(
        f"LABELS = {labels!r}\n"
        "def score(group):\n"
        "    return [float(answer == LABELS.get(group.item_id, '3')) for answer in group.answers]\n"
    )
    name = f"{tmp_path}/cache.py:score"
    alone, with_groups = checked(name), checked(name, recorded_cases(recorded(), 100, 0))
    assert alone.passed or broken_in(alone) <= {"equal answers"}
    assert "item id" in broken_in(with_groups)
    assert "another item id makes" in first_failure(with_groups, "item id")


def test_recorded_groups_are_spread_evenly() -> None:
    cases = recorded_cases(recorded(100), 10, 0)
    assert [case.name for case in cases] == [f"item q{n}" for n in range(0, 100, 10)]
    assert len(recorded_cases(recorded(11), 10, 0)) <= 10
    assert all(case.group.gold is None and case.golds[0] != case.golds[1] for case in cases)


def test_generated_groups_come_from_their_seed() -> None:
    assert [case.group for case in generated_cases(0)] == [case.group for case in GENERATED]
    assert [case.group for case in generated_cases(1)] != [case.group for case in GENERATED]
    assert all(case.golds[0] != case.golds[1] for case in GENERATED)


def test_generated_groups_have_what_goes_wrong() -> None:
    sizes = {len(case.group.responses) for case in GENERATED}
    assert {0, 1, 2, 8, 64} <= sizes
    assert any(case.group.choices for case in GENERATED)
    assert any(set(case.group.answers) == {None} for case in GENERATED)
    assert any(len(response) >= 99_000 for case in GENERATED for response in case.group.responses)
    assert any(None in (case.group.judge_scores or ()) for case in GENERATED)


@pytest.mark.parametrize(
    "promise",
    [{"needs_gold": "no"}, {"random": 1}, {"bounds": (1, 0)}, {"bounds": (0, float("nan"))}, {"bounds": [0, 1]}],
)
def test_a_promise_of_the_wrong_kind_is_refused(promise: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(promise))):
        with_spec(**promise)  # type: ignore[arg-type]


def test_what_is_declared_is_read_back() -> None:
    @with_spec(bounds=(0, 2), depends_on_order=True)
    def score(group: object) -> list[float]:
        return []

    assert reward_spec(score) == RewardSpec(bounds=(0, 2), depends_on_order=True)
    assert reward_spec(object()) == RewardSpec()


def test_the_command_reports_and_ends_with_one_for_a_breach(cli) -> None:
    fine = cli("reward", "check", "majority_vote", "--set", "votes=exact")
    assert fine.code == 0
    assert "majority_vote keeps its contract" in fine.out
    bad = cli("reward", "check", f"{FILES}/broken.py:first_is_best")
    assert bad.code == 1
    assert "broken.py:first_is_best breaks its contract" in bad.out


HOSTILE = {
    "exits": "timed group 1: ended the process it runs in (exit code 0)",
    "forks": "os.fork: a reward may not start a process",
    "forks_natively": "started a process: a reward may not",
    "runs_a_command": "PermissionError: subprocess.Popen: a reward may not start a process",
    "loops": "timed group 1: no end after 2.5 s",
    "fills": "MemoryError: Unable to allocate 1.00 GiB",
}


@pytest.mark.parametrize("function", HOSTILE)
def test_one_that_ends_stops_copies_or_fills_its_process_is_a_finding(
    cli, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setattr(check_process, "REWARD_CALL_SECONDS", 2.0)
    timeout = 0.5 if function == "loops" else 60
    done = cli("reward", "check", f"{FILES}/hostile.py:{function}", "--timeout", timeout, "--json")
    found = json.loads(done.out)
    assert (done.code, found["passed"]) == (1, False)
    told = [failure for check in found["checks"].values() for failure in check["failures"]]
    assert HOSTILE[function] in told[0]
    assert "\n" not in told[0]


def test_one_that_exits_when_it_is_opened_is_refused(cli) -> None:
    done = cli("reward", "check", f"{FILES}/exits_when_opened.py:score")
    assert done.code == 2
    assert "opening it: ended the process it runs in (exit code 0)" in done.err


def test_its_process_ends_with_the_command(start) -> None:
    command = start("-m", "proctor.harness.cli", "reward", "check", f"{FILES}/hostile.py:loops")
    worker = int(command.stderr.readline())
    command.kill()
    stat = Path(f"/proc/{worker}/stat")
    for _ in range(600):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("still running")


def test_the_command_reports_as_json(cli) -> None:
    done = cli("reward", "check", f"{FILES}/plurality.py:score", "--json")
    found = json.loads(done.out)
    assert (done.code, found["passed"], found["reward"]) == (0, True, "plurality.py:score")
    assert found["declared"] == dataclasses.asdict(RewardSpec(bounds=(0, 1))) | {"bounds": [0, 1]}
    assert len(found["reward_file"]["sha256"]) == 64
    assert found["checks"]["order"] == {"made": found["checks"]["runs"]["made"], "failed": 0, "failures": []}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody"], "no reward is called 'nobody'"),
        (["majority_vote", "--set", "votes=loud"], "votes must be one of"),
        (["random", "--set", "votes=exact"], "has no settings"),
        (["majority_vote", "--timeout", "0"], "--timeout"),
        (["majority_vote", "--groups", "nowhere"], "nowhere"),
    ],
)
def test_a_bad_request_is_one_line(cli, arguments: list[str], told: str) -> None:
    done = cli("reward", "check", *arguments)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.strip().splitlines()) == 1
