"""A reward in a file of one's own: how it is named, opened, trained with, and told when it fails."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from proctor.harness.errors import DataError, RunMismatchError, UsageError
from proctor.harness.types import Item
from proctor.harness.user_file import anchored, in_file
from proctor.trainers.base import Group, make_group
from proctor.trainers.local.train import train
from proctor.trainers.recipe import Recipe, load_recipe
from proctor.trainers.rewards.advantages import numbers
from proctor.trainers.rewards.base import FunctionReward, file_identity, rewards_of
from proctor.trainers.rewards.registry import open_reward
from proctor.trainers.tiny import BASE

FILES = Path(__file__).parent / "reward_files"
SMALL = ["policy.steps=2", "policy.prompts=4", "sampling.n=4", "sampling.max_tokens=24", "checkpoint_every=1"]


def group(*responses: str) -> Group:
    return make_group(Item("q1", "figures", "How tall?", "3", "number"), responses, needs_gold=False)


def write(folder: Path, source: str, name: str = "mine.py") -> str:
    (folder / name).write_text(source)
    return f"{folder / name}:score"


def silent(done: int, total: int, note: str) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("majority_vote", None),
        ("mine.py:score", (Path("mine.py"), "score")),
        ("a/b:c.py:score", (Path("a/b:c.py"), "score")),
        ("mine.py", (Path("mine.py"), "")),
        ("mine.txt:score", None),
    ],
)
def test_a_name_says_whether_it_is_a_file(name: str, found: tuple[Path, str] | None) -> None:
    assert in_file(name) == found


def test_a_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert anchored("majority_vote", Path()) == "majority_vote"
    assert anchored("a/mine.py:score", Path()) == f"{tmp_path}/a/mine.py:score"
    assert anchored("../mine.py:score", Path("a")) == f"{tmp_path}/mine.py:score"
    assert anchored("/x/mine.py:score", Path("a")) == "/x/mine.py:score"
    monkeypatch.setenv("HOME", "/home/me")
    assert anchored("~/mine.py:score", Path()) == "/home/me/mine.py:score"


def test_a_function_is_a_reward_with_what_it_declares() -> None:
    reward = open_reward(f"{FILES}/plurality.py:score", {})
    assert (reward.name, reward.needs_gold) == ("plurality.py:score", False)
    assert isinstance(reward, FunctionReward)
    assert reward.bounds == (0, 1)
    assert rewards_of(reward, group("\\boxed{3}", "\\boxed{3.0}", "\\boxed{4}"), 0).tolist() == [1, 1, 0]
    assert rewards_of(reward, group("\\boxed{3}", "\\boxed{4}"), 0).tolist() == [0, 0]


def test_the_seed_goes_to_a_function_that_asks_for_it(tmp_path: Path) -> None:
    reward = open_reward(
        write(tmp_path, "def score(group, weight=2.0, *, seed):\n    return [weight, float(seed)]\n"), {}
    )
    assert rewards_of(reward, group("a", "b"), 7).tolist() == [2, 7]


def test_a_class_has_settings() -> None:
    name = f"{FILES}/classes.py:Short"
    assert rewards_of(open_reward(name, {"most": 1}), group("a", "bb"), 0).tolist() == [1, 0]
    recipe = load_recipe("mm_upt_figures", [f"reward={name}"])
    assert recipe.spelled_out(reward=open_reward(recipe.reward, {})).reward_settings == {"most": 100}
    with pytest.raises(UsageError, match=r"reward classes\.py:Short: reward_settings: unknown key 'least'"):
        open_reward(name, {"least": 1})
    with pytest.raises(UsageError, match="has no settings; reward_settings holds: most"):
        open_reward(f"{FILES}/plain.py:score", {"most": 1})


def test_an_entry_point_may_name_a_function_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def score(group: Group) -> list[int]:
        return [len(text) for text in group.responses]

    point = SimpleNamespace(name="lengths", value="lengths:score", load=lambda: score)
    monkeypatch.setattr("proctor.harness.registry.entry_points", lambda group: [point])
    reward = open_reward("lengths", {})
    assert rewards_of(reward, group("a", "bb"), 0).tolist() == [1, 2]
    assert file_identity(reward) == {}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def score(group)\n    return []\n", r"mine\.py:1: SyntaxError: "),
        ("import math\nTABLE = math.sqrt(-1)\n", r"mine\.py:2: ValueError: "),
        ("import sys\n\nsys.exit(0)\n", r"mine\.py:3: SystemExit: 0"),
        ("def scores(group):\n    return []\n", "has no 'score'; there are: scores"),
        ("import math\nfrom math import sqrt\n", "has no 'score'; there are: none"),
        ("score = 3\n", "reward mine.py:score is no function and no class: 3"),
        ("def score():\n    return []\n", r"mine\.py:score must take \(group\) or \(group, seed\), not \(\)"),
        ("def score(group, dice):\n    return []\n", r"must take \(group\) or \(group, seed\), not \(group, dice\)"),
        ("def score(group): return []\nscore.random = 1\n", "random must be True or False"),
        ("x = '\0'", "mine.py"),
        ("class score:\n    def __init__(self):\n        raise KeyError('k')\n", r"mine\.py:3: KeyError: 'k'"),
        ("#" * 2**20 + "\n", "more than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_reward_is_one_clear_line(tmp_path: Path, source: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        open_reward(write(tmp_path, source), {})
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_missing_function_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read reward file .*nowhere\.py: No such file"):
        open_reward(f"{tmp_path}/nowhere.py:score", {})
    write(tmp_path, "def one(group): return []\ndef two(group): return []\n")
    with pytest.raises(UsageError, match=r"name yours, like mine\.py:one; there are: one, two"):
        open_reward(f"{tmp_path}/mine.py", {})


def test_an_exception_is_told_with_the_line_of_the_file_it_came_through(tmp_path: Path) -> None:
    source = (
        "import json\n\ndef helper(text):\n    return json.loads(text)\n\ndef score(group):\n    return [helper('{')]\n"
    )
    reward = open_reward(write(tmp_path, source), {})
    with pytest.raises(UsageError, match=r"reward mine\.py:score: .*/mine\.py:4: JSONDecodeError: ") as caught:
        reward(group("a"), 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("class B(BaseException):\n    pass\ndef score(group):\n    raise B('x\\ny')", r"r\.py:4: B: x y$"),
        ("def score(group):\n    raise GeneratorExit", r"r\.py:2: GeneratorExit: $"),
        (
            "class E(Exception):\n    def __str__(self):\n        raise ValueError\ndef score(group):\n    raise E",
            "cannot be shown",
        ),
        (
            "import torch\ndef score(group):\n    return torch.ones(2, requires_grad=True)",
            "gave tensor.* not 2 finite numbers$",
        ),
        ("import numpy as np\ndef score(group):\n    return np.ones((2, 30))", "gave array.* not 2 finite numbers$"),
        (
            "class V:\n    def __repr__(self):\n        raise KeyError\ndef score(group):\n    return V()",
            "that cannot be shown",
        ),
    ],
)
def test_whatever_a_reward_raises_or_gives_is_one_line(tmp_path: Path, source: str, told: str) -> None:
    (tmp_path / "r.py").write_text(source)
    reward = open_reward(f"{tmp_path / 'r.py'}:score", {})
    with pytest.raises((UsageError, DataError), match=told) as caught:
        rewards_of(reward, group("a", "b"), 0)
    assert "\n" not in str(caught.value)


def test_what_a_reward_prints_is_not_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.py").write_text("print('loaded')\ndef score(group):\n    print('called')\n    return [0, 1]")
    rewards_of(open_reward(f"{tmp_path / 'r.py'}:score", {}), group("a", "b"), 0)
    out, err = capsys.readouterr()
    assert (out, err.split()) == ("", ["loaded", "called"])


def test_a_pipe_and_a_tower_of_signs_are_no_reward(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(UsageError, match="is no regular file"):
        open_reward(f"{tmp_path / 'pipe.py'}:score", {})
    (tmp_path / "deep.py").write_text("x = " + "-" * 200_000 + "1")
    with pytest.raises(UsageError, match="is no Python"):
        open_reward(f"{tmp_path / 'deep.py'}:score", {})


def test_an_edited_file_is_read_again_and_leaves_no_compiled_copy(tmp_path: Path) -> None:
    name = write(tmp_path, "def score(group): return [1.0]\n")
    first = open_reward(name, {})
    stamp = (tmp_path / "mine.py").stat()
    write(tmp_path, "def score(group): return [2.0]\n")
    os.utime(tmp_path / "mine.py", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = open_reward(name, {})
    assert [rewards_of(one, group("a"), 0).tolist() for one in (first, second)] == [[1], [2]]
    assert file_identity(first) != file_identity(second)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize("given", [["1"], [None], 1.0, [[1.0]], [[1], [2, 3]], {"a": 1}, iter([1.0]), "1", [1j]])
def test_what_is_no_sequence_of_numbers_is_none(given: object) -> None:
    assert numbers(given) is None


@pytest.mark.parametrize("given", [[1.0], [True], (1,)])
def test_numbers_of_any_kind_are_taken(given: object) -> None:
    found = numbers(given)
    assert found is not None
    assert found.tolist() == [1.0]


def test_a_recipe_names_a_file_relative_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.toml").write_text('extends = "mm_upt_figures"\nreward = "mine.py:score"\n')
    monkeypatch.chdir(tmp_path)
    assert load_recipe("own/mine.toml").reward == f"{tmp_path}/own/mine.py:score"
    assert load_recipe("own/mine.toml", ["reward=mine.py:score"]).reward == f"{tmp_path}/mine.py:score"
    assert Recipe("r", reward="mine.py:score").reward == f"{tmp_path}/mine.py:score"
    (tmp_path / "own" / "alone.toml").write_text('reward = "mine.py:score"\n')
    (tmp_path / "other.toml").write_text('extends = "own/alone.toml"\n')
    assert load_recipe("other.toml").reward == f"{tmp_path}/own/mine.py:score"


ANSWERED = "def score(group):\n    return [0.0 if answer is None else 1.0 for answer in group.answers]\n"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reward's file and a finished training with it."""
    folder = tmp_path_factory.mktemp("own")
    name = write(folder, ANSWERED)
    recipe = load_recipe("mm_upt_figures", [*SMALL, f"reward={name}"])
    train(recipe, BASE, folder / "training", False, silent)
    return folder


def test_a_training_stores_the_digest_of_its_reward(trained: Path) -> None:
    stored = json.loads((trained / "training" / "training.json").read_text())["identity"]
    assert stored["recipe"]["reward"] == f"{trained}/mine.py:score"
    assert len(stored["reward_file"]["sha256"]) == 64


def test_a_resume_with_an_edited_reward_is_refused(trained: Path) -> None:
    recipe = load_recipe("mm_upt_figures", [*SMALL, f"reward={trained}/mine.py:score"])
    train(recipe, BASE, trained / "training", True, silent)
    write(trained, ANSWERED + "# mended\n")
    with pytest.raises(RunMismatchError, match=r"reward_file\.sha256"):
        train(recipe, BASE, trained / "training", True, silent)


def test_a_reward_that_fails_while_training_is_told_with_line_and_step(tmp_path: Path) -> None:
    source = "def score(group):\n    if group.item_id == '1-2':\n        return group.nothing\n    return [0.0] * 4\n"
    recipe = load_recipe("mm_upt_figures", [*SMALL, f"reward={write(tmp_path, source)}"])
    with pytest.raises(
        UsageError, match=r"reward mine\.py:score: .*mine\.py:3: AttributeError: .*\(step 2\)"
    ) as caught:
        train(recipe, BASE, tmp_path / "training", False, silent)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "training" / "checkpoints" / "step-000001").is_dir()


def test_a_reward_without_a_label_gets_none_while_training(tmp_path: Path) -> None:
    source = "def score(group):\n    return [float(answer == group.gold.answer) for answer in group.answers]\n"
    recipe = load_recipe("mm_upt_figures", [*SMALL, f"reward={write(tmp_path, source)}"])
    with pytest.raises(UsageError, match=r"mine\.py:2: AttributeError: 'NoneType' object has no attribute 'answer'"):
        train(recipe, BASE, tmp_path / "training", False, silent)
    (tmp_path / "mine.py").write_text(source + "score.needs_gold = True\n")
    train(recipe, BASE, tmp_path / "labelled", False, silent)


def test_the_wrong_number_of_rewards_is_told(tmp_path: Path) -> None:
    recipe = load_recipe("mm_upt_figures", [*SMALL, f"reward={write(tmp_path, 'def score(group): return [1.0]')}"])
    with pytest.raises(DataError, match=r"reward mine\.py:score: gave \[1\.0\] for item 0-0, not 4 finite numbers"):
        train(recipe, BASE, tmp_path / "training", False, silent)


def test_the_command_trains_with_a_reward_by_path(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, ANSWERED)
    monkeypatch.chdir(tmp_path)
    small = [part for change in SMALL for part in ("--set", change)]
    done = cli("train", "mm_upt_figures", "--reward", "mine.py:score", *small, "--out", "own", "--json")
    assert done.code == 0
    assert json.loads(done.out)["recipe"]["reward"] == f"{tmp_path}/mine.py:score"
    shown = cli("train", "mm_upt_figures", "--reward", "mine.py:score", "--out", "x", "--dry-run")
    assert json.loads(shown.out)["reward"] == f"{tmp_path}/mine.py:score"
    bad = cli("train", "mm_upt_figures", "--reward", "nowhere.py:score", "--out", "bad")
    assert bad.code == 2
    assert "cannot read reward file" in bad.err


def test_settings_beside_a_named_reward_are_its_own(cli) -> None:
    done = cli("train", "actor_judge_figures", "--reward", "frequency", "--set", "reward_settings.votes=exact",
               "--out", "x", "--dry-run")  # fmt: skip
    found = json.loads(done.out)
    assert (found["reward"], found["reward_settings"]) == ("frequency", {"votes": "exact"})
