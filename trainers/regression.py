"""A reward against a baseline as trainings: one recipe with either reward, the same seeds, one training at a time.

    regress.json       what is compared: the folder is never used for anything else, but more seeds may be added
    candidate-seed0/   a training directory for each reward and seed, with failed.json if the training diverged
    baseline-seed0/
    runs/              the examinations of the base and of every final checkpoint
    .lock              held by the one process at work

Whatever is finished stays; a training that was interrupted resumes from its last checkpoint. A training that diverged is
a result, not an accident: it is kept as failed, and begun again only if its folder is removed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..harness.errors import (
    CheckpointError,
    DataError,
    DivergedError,
    NonFiniteOutputError,
    RunMismatchError,
    UsageError,
)
from ..harness.files import lock_folder, write_atomic
from ..harness.provenance import configuration_digest, environment, weights_digest
from ..harness.run import Examination
from ..harness.store import differing_keys
from ..harness.types import Json, digest_all
from .base import Progress
from .recipe import Recipe, load_recipe
from .registry import TRAINERS, open_reward, resolved
from .reward_file import file_identity
from .reward_name import anchored

CANDIDATE, BASELINE = ARMS = ("candidate", "baseline")
MOST_SEEDS = 100
_MAX_BYTES = 2**20


@dataclass(frozen=True)
class Contest:
    """The two recipes by arm, the same but for the reward and what was changed for the candidate, and how many seeds.

    Seeds count up from the one in the recipes. `files` are the digests of rewards that stand in files of their own, by arm.
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


def contest(
    recipe: str,
    rewards: Mapping[str, str],
    seeds: int,
    changes: Sequence[str] = (),
    candidate_changes: Sequence[str] = (),
) -> Contest:
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
        recipes[arm], files[arm] = resolved(named, reward), file_identity(reward)
    if recipes[CANDIDATE].seed != recipes[BASELINE].seed:
        raise UsageError("both arms have the same seeds: --set seed=N sets the first one, --set-candidate can not")
    return Contest(recipes, files, seeds)


def identity(found: Contest, base: Path, examinations: Sequence[Examination], engine: Mapping[str, Json]) -> Json:
    """What a regression is made of: when any of it changes, what is stored belongs to another one."""
    return {
        **{arm: {"recipe": json.loads(json.dumps(found.recipes[arm].to_json())), **found.files[arm]} for arm in ARMS},
        "base": {"weights": weights_digest(base), "configuration": configuration_digest(base)},
        "engine": dict(engine),
        "examinations": {
            one.suite: {
                "protocol": one.protocol,
                "sampling": one.sampling.to_json(),
                "data": digest_all(asked.item.to_json() for asked in one.asked),
                "prompts": digest_all(asked.prompt.digest() for asked in one.asked),
            }
            for one in examinations
        },
    }


@dataclass(frozen=True)
class Training:
    """One training of an arm, with the seed of its recipe, in its folder; `file` as in `Contest.files`."""

    arm: str
    recipe: Recipe
    file: Mapping[str, Json]
    folder: Path

    @property
    def name(self) -> str:
        """The folder's name: arm and seed."""
        return self.folder.name

    def failure(self) -> str | None:
        """Why the training failed; None if it did not. Raises DataError for a damaged file."""
        found = _read(self.folder / "failed.json")
        return None if found is None else str(found.get("reason"))

    def final_checkpoint(self) -> Path | None:
        """The last checkpoint of a training that has ended; None before. Raises DataError and CheckpointError."""
        found = _read(self.folder / "finished.json")
        if found is None:
            return None
        name = found.get("last_checkpoint")
        if not isinstance(name, str) or Path(name).name != name:
            raise DataError(f"{self.folder / 'finished.json'} is damaged: it names no checkpoint")
        checkpoint = self.folder / "checkpoints" / name
        if not checkpoint.is_dir():
            raise CheckpointError(f"{checkpoint} is gone: remove {self.folder} to train again")
        return checkpoint

    def train(self, base: Path, progress: Progress) -> None:
        """Train to the end, or go on to it; a training that diverges is marked as failed.

        Raises RunMismatchError if the file of the reward was changed since the regression was begun.
        """
        if file_identity(open_reward(self.recipe.reward, self.recipe.reward_settings)) != self.file:
            raise RunMismatchError(f"{self.recipe.reward} was changed while trainings with it were going on")
        with self.failing():
            TRAINERS.get(self.recipe.trainer)(self.recipe, base, self.folder, True, progress)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Within it, a loss or an output that is no finite number any more marks the training as failed."""
        try:
            yield
        except (DivergedError, NonFiniteOutputError) as error:
            write_atomic(self.folder / "failed.json", (json.dumps({"reason": str(error)}) + "\n").encode())


class RegressionFolder:
    """The one process at work in a regression's folder; a context manager that holds its lock.

    Raises RunLockedError if another process holds it, RunMismatchError if it belongs to another regression.
    """

    def __init__(self, path: Path, found: Contest, what: Json) -> None:
        self.path = path
        self.runs = path / "runs"
        self._contest = found
        self._lock = lock_folder(path, "the folder", "at work there")
        try:
            self.raised_from = self._claim(what)
        except BaseException:
            self._lock.release()
            raise

    def _claim(self, what: Json) -> tuple[int, ...]:
        """The smaller numbers of seeds with which a verdict was made before."""
        file = self.path / "regress.json"
        stored = _read(file)
        if stored is None:
            others = sorted(one.name for one in self.path.iterdir() if not one.name.startswith("."))
            if others:
                raise UsageError(f"{self.path} holds other files ({others[0]}): choose a new or empty folder")
            stored = {"identity": what, "seeds": [], "environment": environment()}
        seeds = stored.get("seeds")
        if not isinstance(seeds, list) or not all(type(one) is int for one in seeds) or "identity" not in stored:
            raise DataError(f"{file} is damaged: it lacks what was compared, or the numbers of seeds")
        if keys := differing_keys(stored["identity"], what):
            raise RunMismatchError(
                f"{self.path} holds another regression: {', '.join(keys)} differ; choose another --out"
            )
        if max(seeds, default=0) > self._contest.seeds:
            raise RunMismatchError(
                f"{self.path} has a verdict with {max(seeds)} seeds, and all count: --seeds can only be raised"
            )
        self._stored = stored
        self._write(seeds)
        return tuple(one for one in seeds if one < self._contest.seeds)

    def _write(self, seeds: Sequence[int]) -> None:
        content = json.dumps({**self._stored, "seeds": list(seeds)}, indent=1) + "\n"
        write_atomic(self.path / "regress.json", content.encode())

    def decided(self) -> None:
        """Record that a verdict was made with so many seeds: from then on they can only be raised."""
        self._write([*self.raised_from, self._contest.seeds])

    def trainings(self) -> list[Training]:
        """All trainings, seed by seed, so that an interrupted regression has both arms."""
        first = self._contest.recipes[CANDIDATE].seed
        return [
            Training(
                arm,
                dataclasses.replace(self._contest.recipes[arm], seed=seed),
                self._contest.files[arm],
                self.path / f"{arm}-seed{seed}",
            )
            for seed in range(first, first + self._contest.seeds)
            for arm in ARMS
        ]

    def __enter__(self) -> RegressionFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def _read(file: Path) -> dict[str, Json] | None:
    """A small JSON object; None if there is no such file. Raises DataError for anything else."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES} bytes")
        found = json.loads(content)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file} is damaged: {str(error)[:120]}") from error
    return found
