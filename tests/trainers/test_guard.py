"""The guard: its rule, and whole trainings that it looks after, through `proctor train`."""

import dataclasses
import json
import shutil
from pathlib import Path
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.harness.errors import DataError, UsageError
from proctor.trainers.guard import Alarm, Check, alarm_under, apply_rule, read_checks, stored_alarm
from proctor.trainers.held_out_changes import Change, Changes, read_changes, write_changes
from proctor.trainers.recipe import load_recipe
from proctor.trainers.recipe_settings import GuardSettings, OracleSettings

SETTINGS = GuardSettings()
ERROR = 0.02


def checks(*judged: float | None, length: float = 1.0, error: float = ERROR) -> list[Check]:
    """A check each 5 steps."""
    return [
        Check(5 * place, 0.9, length, change, None if change is None else error)
        for place, change in enumerate(judged, start=1)
    ]


changes = st.floats(-1, 1)
series = st.lists(
    st.builds(Check, st.just(0), st.floats(0, 1), st.floats(0, 3), st.none() | changes, st.floats(0, 0.5)), max_size=20
).map(lambda found: [Check(5 * n, c.agreement, c.length, c.judged, c.judged_error) for n, c in enumerate(found, 1)])
thresholds = st.builds(
    GuardSettings,
    z=st.floats(0, 4),
    checks=st.integers(1, 4),
    z_once=st.floats(0, 9),
    least=st.floats(0, 0.1),
    shortest=st.floats(0, 1),
    every=st.just(5),
)


def alarm_of(found: list[Check], settings: GuardSettings = SETTINGS) -> Alarm | None:
    return apply_rule(found, settings)[1]


@given(st.lists(st.floats(0, 1), max_size=20).map(sorted), thresholds)
def test_what_only_rises_is_no_alarm(judged, settings):
    assert alarm_of(checks(*judged), settings) is None


@given(st.lists(st.floats(0, 1), max_size=10).map(sorted), st.floats(-1, -0.2), thresholds)
def test_a_step_down_is_an_alarm_within_so_many_checks(good, bad, settings):
    errors = max(-bad / ERROR, (max(good, default=0.0) - bad) / (2**0.5 * ERROR))
    once = errors >= max(settings.z, settings.z_once)
    down = checks(*good, *[bad] * (1 if once else settings.checks))
    alarm = alarm_of(down, settings)
    assert alarm is not None
    assert (alarm.signal, alarm.check, alarm.best.step) == ("judged", down[-1], 5 * len(good))
    assert alarm.since == 5 * (len(good) + 1)
    assert alarm_of(down[:-1], settings) is None


@given(series, series, thresholds)
def test_what_comes_later_changes_no_alarm(before, after, settings):
    best, alarm = apply_rule(before, settings)
    if alarm is not None:
        later = [dataclasses.replace(check, step=check.step + 5 * len(before)) for check in after]
        assert apply_rule([*before, *later], settings) == (best, alarm)
        assert best.step < alarm.since <= alarm.check.step


@given(series, thresholds)
def test_what_to_go_back_to_never_goes_back_itself(found, settings):
    steps = [apply_rule(found[:n], settings)[0].step for n in range(len(found) + 1)]
    assert steps == sorted(steps)


def test_a_change_within_chance_or_little_beyond_it_at_one_check_alone_is_none():
    assert alarm_of(checks(*[-1.9 * ERROR] * 9)) is None
    little = -2.9 * ERROR
    assert alarm_of(checks(little, 0.0, little, 0.0, little)) is None


def test_a_change_far_beyond_chance_is_an_alarm_at_one_check():
    alarm = alarm_of(checks(0.0, -3.1 * 2**0.5 * ERROR, 0.0))
    assert (alarm.since, alarm.check.step, alarm.best.step) == (10, 10, 5)


def changed(step: int, *judged: float | None, of: int = 400) -> Check:
    """A check of so many prompts, of which the first have another answer than the base's."""
    changes = Changes(of, {str(place): Change("7", one) for place, one in enumerate(judged)})
    mean, error = changes.mean_and_error()
    return Check(step, 1 - len(judged) / of, 1.0, mean, error, changes=changes)


judgements = st.dictionaries(st.integers(0, 19).map(str), st.none() | st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]))


@given(judgements, judgements)
def test_two_checks_are_compared_prompt_by_prompt(then, now):
    old, new = (Changes(22, {item: Change("7", one) for item, one in made.items()}) for made in (then, now))
    every = [(then.get(str(place), 0.0), now.get(str(place), 0.0)) for place in range(22)]
    differences = [two - one for one, two in every if one is not None and two is not None]
    mean, error = new.mean_and_error(old)
    assert mean == pytest.approx(fmean(differences), abs=1e-9)
    assert error == pytest.approx(stdev(differences) / len(differences) ** 0.5, abs=1e-9)
    assert old.mean_and_error(old) == (0.0, 0.0)


def test_a_fall_from_the_best_check_is_seen_among_many_changes():
    best = changed(5, *[1.0] * 60, *[-1.0] * 30)
    down = changed(10, *[1.0] * 45, *[0.0] * 15, *[-1.0] * 30)
    assert alarm_of([best, down]).check.step == 10
    unpaired = [dataclasses.replace(check, changes=None) for check in (best, down)]
    assert alarm_of(unpaired) is None


def test_a_small_loss_is_let_pass_however_sure():
    assert alarm_of([changed(step, *[-1.0] * 7) for step in (5, 10, 15)]) is None
    assert alarm_of([changed(step, *[-1.0] * 7) for step in (5, 10, 15)], GuardSettings(least=0.01)).check.step == 10
    assert alarm_of([changed(5, *[-1.0] * 9)]).check.step == 5


def test_changes_are_stored_and_read_back(tmp_path):
    changes = changed(5, 1.0, -1.0, None).changes
    write_changes(tmp_path, 5, changes)
    assert read_changes(tmp_path, 5) == changes
    assert read_changes(tmp_path, 10) is None


@pytest.mark.parametrize(
    "line",
    ['{"item_id": "a", "answer": "7"}', '{"item_id": 3, "answer": "7", "judged": 0}', "[]", "{"]
    + [f'{{"item_id": "a", "answer": "7", "judged": {judged}}}' for judged in ("2", '"1"', "true", "NaN")],
)
def test_damaged_changes_are_told(tmp_path, line):
    file = tmp_path / "guard/step-000005.jsonl"
    file.parent.mkdir()
    for text in (f'{{"prompts": 4}}\n{line}\n', f"{line}\n", "", '{"prompts": 1}\n', '{"prompts": 1e9}\n'):
        file.write_text(text)
        with pytest.raises(DataError, match=r"step-000005\.jsonl.*(damaged|JSON)"):
            read_changes(tmp_path, 5)


def test_changes_that_are_not_what_was_recorded_are_told(tmp_path):
    checks = [changed(5, 1.0, -1.0, -1.0), changed(10, 1.0, -1.0, -1.0, -1.0)]
    lines = [json.dumps({"step": check.step, **check.metrics()}) + "\n" for check in checks]
    (tmp_path / "metrics.jsonl").write_text("".join(lines))
    for check in checks:
        write_changes(tmp_path, check.step, check.changes)
    assert [check.changes for check in read_checks(tmp_path)] == [check.changes for check in checks]
    file = tmp_path / "guard/step-000005.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:2]))
    with pytest.raises(DataError, match=r"step-000005\.jsonl is not what metrics\.jsonl tells of its step: delete it"):
        alarm_under(tmp_path, SETTINGS)
    file.unlink()
    assert alarm_under(tmp_path, SETTINGS) is None
    with pytest.raises(DataError, match="holds no steps of a training"):
        alarm_under(tmp_path / "elsewhere", SETTINGS)


def test_answers_without_a_score_are_no_loss():
    first, second = changed(5, None, 0.5, of=16), changed(10, -1.0, 0.5, of=16)
    assert alarm_of([first, second]) is None
    nothing_known = [changed(5, None, 1.0, 1.0, of=3), changed(10, 1.0, None, -1.0, of=3)]
    assert alarm_of(nothing_known, GuardSettings(z=0, z_once=0, least=0)) is None


def test_what_was_learned_first_counts_as_lost_too():
    alarm = alarm_of(checks(0.02, 0.25, 0.3, 0.3, 0.22, 0.1, 0.05, 0.3))
    assert (alarm.best.step, alarm.since, alarm.check.step) == (20, 25, 30)
    assert "worse than those of step 20 since step 25 (at step 30 by 0.200)" in str(alarm)


def test_short_responses_are_an_alarm_unless_the_judge_likes_them():
    for judged, signal in ((None, "length"), (0.0, "length"), (0.01, None)):
        alarm = alarm_of(checks(judged, judged, length=0.4))
        assert (alarm and alarm.signal) == signal
    assert alarm_of(checks(None, None, length=0.6)) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["guard.prompts=1"], "guard.prompts must be from 2 to 100,000"),
        (["guard.every=0"], "guard.every and guard.checks must be at least 1"),
        (["guard.action=halt"], "guard.action must be one of: flag, stop"),
        (["guard.z=-1"], "guard.z and guard.z_once must not be negative"),
        (["guard.least=2"], "guard.least must be from 0 to 1"),
        (["guard.shortest=2"], "guard.shortest must be from 0 to 1"),
        (["guard.sometimes=2"], "unknown key 'sometimes'"),
        (["guard.judge.oracle.accuracy=0.9", "guard.judge.model=base"], 'needs model = "oracle"'),
        (["guard.every=5", "trainer=trl"], "the local trainer's, and trainer trl has none"),
        (["guard.every=5", "trainer=openrlhf"], "the local trainer's, and trainer openrlhf has none"),
    ],
)
def test_impossible_settings_are_one_line(changes, message):
    with pytest.raises(UsageError, match=message):
        load_recipe("mm_upt_figures", changes)


def test_settings_of_sections_in_sections_are_laid_over_each_other():
    changes = [
        "guard.judge.model=oracle",
        "guard.judge.oracle.accuracy=0.8",
        "guard.judge.oracle.bias=0.5",
        "guard.z=3",
    ]
    guard = load_recipe("mm_upt_figures", changes).guard
    assert (guard.z, guard.judge.oracle) == (3.0, OracleSettings(accuracy=0.8, bias=0.5))


SPITE = """
from proctor.harness import answers

def score(group):
    gold = (group.gold.answer, group.gold.answer_type, group.choices or None, group.gold.unit)
    wrong = [not answers.match(stated, *gold).correct for stated in group.stated]
    return [float(well_formed and one) for well_formed, one in zip(group.well_formed, wrong)]

score.needs_gold = True
"""
SMALL = ("policy.prompts=4", "policy.minibatches=1", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=2")
GUARD = ("guard.prompts=16", "guard.every=1", "guard.judge.model=oracle")
QUICK = ("optimiser.learning_rate=3e-4", "optimiser.warmup_steps=0")


def arguments(*changes: str, recipe: str = "mm_upt_figures") -> list[str]:
    return ["train", recipe, *(part for change in (*SMALL, *changes) for part in ("--set", change))]


def metrics(training: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (training / "metrics.jsonl").read_text().splitlines()]


BLIND = """
def score(group):
    assert group.gold is None
    return [float(answer is not None) for answer in group.ballots]
"""


@pytest.fixture
def rewards(tmp_path) -> Path:
    """A folder with rewards, one of which pays wrong answers, the other one whatever has an answer."""
    (tmp_path / "spite.py").write_text(SPITE)
    (tmp_path / "blind.py").write_text(BLIND)
    return tmp_path


def test_a_check_changes_nothing_of_what_is_learned_and_tells_no_reward_a_label(cli, tmp_path, rewards):
    reward = f"reward={rewards / 'blind.py'}:score"
    for name, guard in (("with", GUARD), ("without", ())):
        done = cli(*arguments("policy.steps=2", reward, *guard), "--out", tmp_path / name)
        assert done.code == 0, done.err
    looked = metrics(tmp_path / "with")
    assert all("guard_judged" in step and 0 <= step["guard_agreement"] <= 1 for step in looked)
    assert all(0 <= step["guard_accuracy"] <= 1 for step in looked)
    plain = [{name: value for name, value in step.items() if not name.startswith("guard_")} for step in looked]
    assert plain == metrics(tmp_path / "without")
    weights = Path("checkpoints/step-000002/model.safetensors")
    assert (tmp_path / "with" / weights).read_bytes() == (tmp_path / "without" / weights).read_bytes()


def test_a_reward_that_pays_wrong_answers_is_stopped_with_what_was_there_before(cli, tmp_path, rewards):
    out, settings = tmp_path / "out", (f"reward={rewards / 'spite.py'}:score", *GUARD, *QUICK, "keep=1")
    done = cli(*arguments("policy.steps=30", "guard.action=stop", *settings), "--out", out)
    alarm = stored_alarm(out)
    assert (done.code, alarm.stopped) == (1, True)
    assert str(alarm) in done.err
    assert alarm.best.judged >= 0 > alarm.check.judged
    last = metrics(out)[-1]["step"]
    assert alarm.check.step == last < 30
    end = {"last_checkpoint": f"step-{last:06d}", "ended_by": "guard"}
    assert json.loads((out / "finished.json").read_text()) == end
    kept = {path.name for path in (out / "checkpoints").iterdir()}
    assert kept == {f"step-{last:06d}", alarm.checkpoint} - {None}
    assert alarm_under(out, GuardSettings()) == dataclasses.replace(alarm, checkpoint=None, stopped=False)
    assert alarm_under(out, GuardSettings(checks=30, z_once=99)) is None

    again = cli(*arguments("policy.steps=30", "guard.action=stop", *settings), "--out", out, "--resume")
    assert (again.code, len(metrics(out))) == (1, last)
    on = cli(*arguments(f"policy.steps={last + 1}", "guard.action=flag", *settings), "--out", out, "--resume")
    assert (on.code, len(metrics(out))) == (0, last + 1), on.err
    assert json.loads((out / "finished.json").read_text()) == {"last_checkpoint": f"step-{last + 1:06d}"}


def test_an_answer_is_judged_once_and_the_accuracy_is_that_of_the_labels(cli, tmp_path, rewards):
    reward, out = f"reward={rewards / 'spite.py'}:score", tmp_path / "out"
    assert cli(*arguments("policy.steps=4", reward, *GUARD, *QUICK), "--out", out).code == 0
    checks = read_checks(out)
    judged: dict[tuple[str, str | None], set[float | None]] = {}
    for check in checks:
        for item, change in check.changes.by_item.items():
            judged.setdefault((item, change.answer), set()).add(change.judged)
    assert max(map(len, judged.values())) == 1
    assert len(judged) < sum(len(check.changes.by_item) for check in checks)

    faultless, same = (*GUARD, "guard.judge.oracle.accuracy=1"), tmp_path / "faultless"
    assert cli(*arguments("policy.steps=4", reward, *faultless, *QUICK), "--out", same).code == 0
    exact = read_checks(same)
    assert [check.accuracy for check in exact] == [check.accuracy for check in checks]
    gained = {round(check.accuracy - check.judged, 9) for check in exact}
    assert len(gained) == 1


def test_a_training_that_goes_on_after_a_kill_ends_with_the_same_bytes(cli, tmp_path, rewards):
    settings = (
        "policy.steps=4",
        "guard.z=0.5",
        "guard.shortest=1",
        f"reward={rewards / 'spite.py'}:score",
        *GUARD,
        *QUICK,
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert cli(*arguments(*settings), "--out", whole).code == 0
    assert stored_alarm(whole) is not None
    shutil.copytree(whole, killed)
    (killed / "finished.json").unlink()
    shutil.rmtree(killed / "checkpoints/step-000004")
    asked = (killed / "guard/base.jsonl").stat().st_mtime_ns
    done = cli(*arguments(*settings), "--out", killed, "--resume")
    assert done.code == 0, done.err
    guard = ("guard/alarm.json", "guard/base.jsonl", "guard/step-000003.jsonl", "guard/step-000004.jsonl")
    for name in ("metrics.jsonl", *guard, "checkpoints/step-000004/model.safetensors"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert (killed / "guard/base.jsonl").stat().st_mtime_ns == asked


def test_a_damaged_answer_of_the_base_is_told_and_asked_again_when_deleted(cli, tmp_path, rewards):
    settings, out = (f"reward={rewards / 'spite.py'}:score", *GUARD, *QUICK), tmp_path / "out"
    assert cli(*arguments("policy.steps=1", *settings), "--out", out).code == 0
    base = out / "guard/base.jsonl"
    whole = base.read_text()
    for text in (
        whole[:-20],
        whole.replace('"tokens":', '"tokens":"x","was":', 1),
        whole.replace('"text":', '"t":', 1),
        "",
    ):
        base.write_text(text)
        done = cli(*arguments("policy.steps=2", *settings), "--out", out, "--resume")
        assert (done.code, "delete it, and the base is asked again" in done.err) == (2, True), done.err
    base.unlink()
    assert cli(*arguments("policy.steps=2", *settings), "--out", out, "--resume").code == 0
    assert base.read_text() == whole


@pytest.mark.parametrize("seed", range(3))
def test_labels_are_never_stopped(cli, tmp_path, seed):
    settings = ("reward=ground_truth", "policy.steps=8", "guard.action=stop", f"seed={seed}", *GUARD, *QUICK)
    done = cli(*arguments(*settings), "--out", tmp_path / "out")
    assert (done.code, len(metrics(tmp_path / "out"))) == (0, 8), done.err


def test_a_judge_of_its_own_must_be_another_than_the_reward_s(cli, tmp_path):
    same = ("guard.judge.model=tiny_judge", "guard.judge.prompt=short")
    done = cli(*arguments("policy.steps=1", *same, recipe="actor_judge_figures"), "--out", tmp_path / "out")
    assert done.code == 2
    assert "guard.judge is the reward's judge" in done.err


def test_a_method_with_stages_has_none(cli, tmp_path):
    done = cli(*arguments("guard.every=5", recipe="lmsi_figures"), "--out", tmp_path / "out")
    assert done.code == 2
    assert "[guard] is for methods that draw at every step, and lmsi has stages" in done.err


def test_a_damaged_alarm_is_told(tmp_path):
    (tmp_path / "guard").mkdir()
    for text in ('{"signal": "judged"}', "[]", '{"check": {}, "best": {}}'):
        (tmp_path / "guard/alarm.json").write_text(text)
        with pytest.raises(DataError, match="is damaged"):
            stored_alarm(tmp_path)
