"""The rest of what `import proctor` gives: names, grades, comparisons, rewards."""

import subprocess
import sys

import pytest

import proctor
from proctor.harness.errors import IncompleteRunError, UsageError


def test_every_name_is_there_and_documented():
    for name in proctor.__all__:
        thing = getattr(proctor, name)
        if callable(thing):
            assert thing.__doc__
    assert {*proctor.__all__} <= {*dir(proctor)}
    assert proctor.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="has no attribute 'evalute'"):
        proctor.evalute  # noqa: B018


def test_a_grade_says_right_or_wrong_and_why():
    found = proctor.grade(r"so \boxed{0.5}", "1/2")
    assert found
    assert found.correct is True
    assert found.extracted == "0.5"
    assert not proctor.grade(r"so \boxed{0.6}", "1/2")
    assert proctor.grade("I take (B).", "B", choices=["cat", "dog"])
    assert proctor.grade("It is 5 cm.", 5, unit="cm")
    assert proctor.grade("The answer is yes.", "yes")
    assert proctor.extract(r"so \boxed{7}").answer == "7"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("5", "5", "numbr"), "unknown gold type 'numbr'"),
        ((None, "5"), "a response must be a text, not NoneType"),
        (("5", None), "a gold must be a text or a number, not NoneType"),
    ],
)
def test_a_wrong_call_of_grade_is_one_line(arguments, said):
    with pytest.raises(UsageError, match=said):
        proctor.grade(*arguments)


def answers(value: str):
    def answer(prompt):
        return f"It is {value}."

    return answer


def test_two_evaluations_are_compared_item_by_item(tmp_path):
    a, b = (proctor.evaluate(answers(value), "figures", limit=60, out=tmp_path / value) for value in "56")
    found = proctor.compare(a, b)
    assert found.difference == pytest.approx(b.accuracy - a.accuracy)
    low, high = found.interval
    assert low <= found.difference <= high
    assert 0 < found.p <= 1
    stored = proctor.compare(tmp_path / "5", str(tmp_path / "6") + "@answer")
    assert (stored.difference, stored.interval, stored.p) == (found.difference, found.interval, found.p)
    (row,) = found.to_frame().to_dict("records")
    assert (row["suite"], row["difference"], row["items"]) == ("figures", found.difference, 60)
    assert repr(found).startswith("<ModelComparison answer minus answer on figures: ")
    judged = proctor.compare(a, b, protocol="mm_upt")
    assert judged.found.suites[0].protocol == "mm_upt"


def test_what_cannot_be_compared_is_refused(tmp_path):
    one = proctor.evaluate(answers("5"), "figures", limit=3)
    with pytest.raises(UsageError, match="the items are not the same"):
        proctor.compare(one, proctor.evaluate(answers("5"), "figures", limit=2))
    with pytest.raises(IncompleteRunError, match="3 answers are missing"):
        proctor.compare(one, proctor.evaluate(lambda prompt: 1 / 0, "figures", limit=3))
    several = proctor.evaluate(answers("5"), "mathvista", out=tmp_path)
    proctor.evaluate(answers("5"), "wemath", out=tmp_path)
    found = proctor.compare(tmp_path, tmp_path)
    assert len(found.to_frame()) == 2
    with pytest.raises(UsageError, match="several suites were compared: mathvista, wemath"):
        found.difference  # noqa: B018
    assert proctor.compare(several, tmp_path, suites=["mathvista"]).difference == 0


def test_a_reward_scores_a_group():
    group = proctor.Group("q", "2 + 3?", (), (), (r"\boxed{5}", r"\boxed{5}", r"\boxed{6}"))
    assert proctor.load_reward("majority_vote")(group, 0) == [1, 1, 0]
    assert proctor.load_reward("majority_vote", votes="exact")(group, 0) == [1, 1, 0]
    with pytest.raises(UsageError, match="voats"):
        proctor.load_reward("majority_vote", voats="exact")
    reward: proctor.Reward = proctor.load_reward("frequency")
    assert reward.name == "frequency"


def test_the_package_is_the_command_line_too():
    done = subprocess.run([sys.executable, "-m", "proctor", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"proctor {proctor.__version__}\n"
    wrong = subprocess.run([sys.executable, "-m", "proctor", "evla"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "did you mean eval?" in wrong.stderr
