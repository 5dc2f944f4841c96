"""A/B test of a reward against a baseline: one recipe with either reward, the same seeds, one training at a time.

    regress.json       what is compared: the folder is never used for anything else, but more seeds may be added
    candidate-seed0/   a training directory for each arm and seed
    baseline-seed0/
    runs/              the evaluations of the base and of every final checkpoint

The folder follows the rules of every experiment (`folder`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...harness.errors import DataError, RunMismatchError, UsageError
from ...harness.folder import differing_keys
from ...harness.runs.evaluate import Examination
from ...harness.types import Json
from ...harness.user_file import anchored
from ..recipe import Recipe, load_recipe
from ..resolve import recipe_files
from ..rewards.registry import open_reward
from .folder import ExperimentFolder, Training, foundation

CANDIDATE, BASELINE = ARMS = ("candidate", "baseline")
MOST_SEEDS = 100


@dataclass(frozen=True)
class ABTest:
    """The two recipes by arm, the same but for the reward and what was changed for the candidate, and how many seeds.

    Seeds count up from the one in the recipes. `files` are the digests of the files that each names, by arm.
    """

    recipes: Mapping[str, Recipe]
    files: Mapping[str, Mapping[str, Json]]
    seeds: int

    def __post_init__(self) -> None:
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise UsageError(f"the number of seeds must be from 1 to {MOST_SEEDS}, not {self.seeds}")

    @property
    def differing(self) -> list[str]:
        """The settings in which the recipes differ beside the reward, its own settings, and a judge that only one needs."""
        candidate, baseline = (self.recipes[arm].to_json() for arm in ARMS)
        keys = differing_keys(candidate, baseline)
        return [key for key in keys if key != "judge" and not key.startswith("reward")]


def ab_test(
    recipe: str,
    rewards: Mapping[str, str],
    seeds: int,
    changes: Sequence[str] = (),
    candidate_changes: Sequence[str] = (),
) -> ABTest:
    """The recipe of that name with each arm's reward, all settings spelled out; `changes` are made in both arms.

    Raises UsageError for unknown names and settings, and for changes of what an arm is made of: its reward, its seed.
    """
    own: Mapping[str, Sequence[str]] = {CANDIDATE: candidate_changes, BASELINE: ()}
    recipes, files = {}, {}
    for arm in ARMS:
        named = load_recipe(recipe, [f"reward={json.dumps(rewards[arm], ensure_ascii=False)}", *changes, *own[arm]])
        if named.reward != anchored(rewards[arm], Path()):
            raise UsageError("the rewards are REWARD and --baseline: leave reward= out of --set and --set-candidate")
        reward = open_reward(named.reward, named.reward_settings)
        recipes[arm], files[arm] = named.spelled_out(reward=reward), recipe_files(named)
    if recipes[CANDIDATE].seed != recipes[BASELINE].seed:
        raise UsageError("both arms have the same seeds: --set seed=N sets the first one, --set-candidate cannot")
    return ABTest(recipes, files, seeds)


def identity(test: ABTest, base: Path, examinations: Sequence[Examination], engine: Mapping[str, Json]) -> Json:
    """What a regression is made of: when any of it changes, what is stored belongs to another one."""
    return {
        **{arm: {"recipe": json.loads(json.dumps(test.recipes[arm].to_json())), **test.files[arm]} for arm in ARMS},
        **foundation(base, examinations, engine),
    }


@dataclass(frozen=True)
class ArmTraining(Training):
    """One training of an arm, with the seed of its recipe; `files` as in `ABTest.files`."""

    arm: str


class RegressionFolder(ExperimentFolder):
    """The one process at work in a regression's folder; a context manager that holds its lock.

    Raises RunLockedError if another process holds it, RunMismatchError if it belongs to another regression.
    """

    def __init__(self, path: Path, test: ABTest, what: Json) -> None:
        super().__init__(path, "regress.json", "regression", what, {"seeds": []})
        self._test = test
        with self.released_by_errors():
            self.raised_from = self._raised_from(self._stored["seeds"])

    def _raised_from(self, seeds: Sequence[Json]) -> tuple[int, ...]:
        """The smaller numbers of seeds with which a verdict was made before."""
        if not all(type(count) is int for count in seeds):
            raise DataError(f"{self._file} is damaged: it lacks the numbers of seeds")
        if max(seeds, default=0) > self._test.seeds:
            raise RunMismatchError(
                f"{self.path} has a verdict with {max(seeds)} seeds, and all count: --seeds can only be raised"
            )
        return tuple(count for count in seeds if count < self._test.seeds)

    def decided(self) -> None:
        """Record that a verdict was made with so many seeds: from then on they can only be raised."""
        self.write({"seeds": [*self.raised_from, self._test.seeds]})

    def trainings(self) -> list[ArmTraining]:
        """All trainings, seed by seed, so that an interrupted regression has both arms."""
        first = self._test.recipes[CANDIDATE].seed
        return [
            ArmTraining(
                dataclasses.replace(self._test.recipes[arm], seed=seed),
                self._test.files[arm],
                self.path / f"{arm}-seed{seed}",
                arm,
            )
            for seed in range(first, first + self._test.seeds)
            for arm in ARMS
        ]
