"""Iterated training: rounds, each from the checkpoint that the round before ended with.

    iterate.json   what is iterated, and what each round gave
    round-1/       a training directory for each round
    round-2/
    runs/          the evaluations of the base (round-0) and of each round's final checkpoint

MM-UPT (arXiv 2505.22453) calls training on a model's own votes a step towards continual self-improvement. Round k trains with
the recipe's seed + k, so figures are drawn anew and other prompts come in another order. The folder follows the rules of
every experiment (`folder`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...harness.errors import RunMismatchError, UsageError
from ...harness.runs.evaluate import Examination
from ...harness.types import Json
from ..methods.registry import open_method
from ..recipe import Recipe, load_recipe
from ..resolve import recipe_files
from ..rewards.registry import open_reward
from .folder import ExperimentFolder, Training, foundation

MOST_ROUNDS = 100


@dataclass(frozen=True)
class Iteration:
    """A recipe with all settings spelled out, the digests of the files that it names, and how many rounds there may be."""

    recipe: Recipe
    files: Mapping[str, Json]
    rounds: int

    @classmethod
    def of(cls, name: str, changes: Sequence[str], rounds: int) -> Iteration:
        """By the recipe of that name. Raises UsageError for unknown names and settings, and for impossible rounds."""
        if not 1 <= rounds <= MOST_ROUNDS:
            raise UsageError(f"--rounds must be from 1 to {MOST_ROUNDS}, not {rounds}")
        named = load_recipe(name, changes)
        reward = open_reward(named.reward, named.reward_settings)
        return cls(named.spelled_out(method=open_method(named), reward=reward), recipe_files(named), rounds)

    def identity(
        self, base: Path, examinations: Sequence[Examination], engine: Mapping[str, Json], level: Mapping[str, Json]
    ) -> Json:
        """What an iteration is made of, but for the number of rounds. `level` is that of the test that decides.

        The suites are named in order, for the first decides.
        """
        return {
            "recipe": json.loads(json.dumps(self.recipe.to_json())),
            **self.files,
            **foundation(base, examinations, engine),
            "suites": [examination.suite for examination in examinations],
            "level": dict(level),
        }


class IterationFolder(ExperimentFolder):
    """The one process at work in an iteration's folder; a context manager that holds its lock.

    Raises what ExperimentFolder does, and RunMismatchError if more rounds were begun there than there may be.
    """

    def __init__(self, path: Path, iteration: Iteration, what: Json) -> None:
        super().__init__(path, "iterate.json", "iteration", what, {"history": [], "best": {}})
        self._iteration = iteration
        with self.released_by_errors():
            begun = sum(1 for _ in path.glob("round-*"))
            if begun > iteration.rounds:
                raise RunMismatchError(f"{path} has {begun} rounds: --rounds can only be raised")

    def training(self, number: int) -> Training:
        """That of round `number`, from 1."""
        recipe = dataclasses.replace(self._iteration.recipe, seed=self._iteration.recipe.seed + number)
        return Training(recipe, self._iteration.files, self.path / f"round-{number}")

    def record(self, history: Sequence[Json], best: Mapping[str, Json]) -> None:
        """Keep what the rounds gave, one entry each, and which is best; of fewer rounds than are known nothing is kept."""
        if len(history) >= len(self._stored["history"]):
            self.write({"history": list(history), "best": dict(best)})
