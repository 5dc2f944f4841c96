"""The simulation: groups are drawn, rewarded, turned into advantages, and every prompt's policy takes a step.

At each step every prompt draws a group of n answers and takes the softmax policy-gradient step on its own logits,

    theta_k <- theta_k + lr * (mean_i A_i (1[a_i = k] - pi_k) - kl * d KL(pi || pi_start) / d theta_k)

which in expectation is like a replicator equation: an answer gains mass by what it earns above the mean. Nothing is clipped,
and there is one update a step. The random numbers that draw groups do not depend on the reward, so that rewards are compared
on the same luck.

`page` shows the curves without scripts or network, with a table beside every chart.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from ...harness.report.charts import Series, legend, line_chart
from ...harness.report.charts import steps as steps_axis
from ...harness.report.document import COLOURS, document, table
from ...harness.settings import require
from ...harness.types import Json
from ..base import Reward
from ..rewards.advantages import Advantage, advantage
from .policy import Flags, Floats, GroupDraw, Prompts, ascend, draw_groups, kl_gradient, log_policy, start_logits
from .rewards import group_rewards

WATCHED: Mapping[str, str] = {
    "accuracy": "mass on right answers",
    "greedy_accuracy": "prompts whose most probable answer is right",
    "entropy": "entropy of the answers, in nats",
    "majority_share": "share of the group that gave the elected answer",
    "label_accuracy": "groups that elect a right answer",
    "distinct_answers": "answers in the group that differ",
    "no_signal_share": "groups whose rewards are all equal",
    "locked_wrong": "prompts with more than 95% of the mass on one answer that is wrong or none",
}
"""What is watched at each step, each a mean over prompts."""
LOCKED = 0.95
MOST_STEPS, MOST_ANSWERS, MOST_RATE = 10_000, 1_024, 100.0
DIFFICULTY = (
    ("never right", -1.0, 0.0),
    ("right up to 1/3", 0.0, 1 / 3),
    ("right up to 2/3", 1 / 3, 2 / 3),
    ("right more often", 2 / 3, 1 - 1e-9),
    ("always right", 1 - 1e-9, 1.0),
)
"""Kinds of prompts by the share of recorded responses that are right: above the first number, up to the second."""

Progress = Callable[[int, int], None]
"""Told (steps done, steps in all)."""


@dataclass(frozen=True)
class Settings:
    """How a simulation runs. `lr` is the step of the logits, no optimiser's learning rate: see docs/rewards.md."""

    steps: int = 100
    n: int = 16
    lr: float = 0.06
    kl: float = 0.0
    advantage: str = "group_norm"
    advantage_beta: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        rules = {
            f"steps must be from 1 to {MOST_STEPS}, not {self.steps}": 1 <= self.steps <= MOST_STEPS,
            f"n must be from 2 to {MOST_ANSWERS}, not {self.n}": 2 <= self.n <= MOST_ANSWERS,
            f"lr must be above 0 and at most {MOST_RATE:g}, not {self.lr}": 0 < self.lr <= MOST_RATE,
            f"kl must be from 0 to 1, not {self.kl}": 0 <= self.kl <= 1,
            f"the advantage's beta must be positive and finite, not {self.advantage_beta}": 0
            < self.advantage_beta
            < math.inf,
            f"seed must be 0 or more, not {self.seed}": self.seed >= 0,
        }
        require(rules.items())
        advantage(self.advantage, self.advantage_beta)

    def to_json(self) -> Json:
        """All settings."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Kind:
    """Prompts that are watched together, `chosen` (P,)."""

    name: str
    chosen: Flags

    @property
    def prompts(self) -> int:
        """How many there are."""
        return int(self.chosen.sum())


@dataclass(frozen=True)
class Simulation:
    """What became of the prompts under a reward: `curves` (steps + 1, kinds, WATCHED), the first row before any step."""

    kinds: Sequence[Kind]
    curves: Floats

    def curve(self, watched: str, kind: str = "all") -> Floats:
        """One of WATCHED over the steps, (steps + 1,), for the prompts of a kind."""
        place = [entry.name for entry in self.kinds].index(kind)
        curve: Floats = self.curves[:, place, list(WATCHED).index(watched)]
        return curve

    def to_json(self) -> Json:
        """By kind of prompts, their number and the curves of what is watched."""
        return {
            kind.name: {"prompts": kind.prompts, **{name: self.curve(name, kind.name).tolist() for name in WATCHED}}
            for kind in self.kinds
        }


def kinds(prompts: Prompts) -> list[Kind]:
    """All prompts, those that elect a right answer from all recorded responses and those that do not, and by difficulty."""
    recorded = (prompts.start * prompts.right).sum(axis=1)
    elected = prompts.elect_right(prompts.winners(prompts.sizes))
    all_kinds = [
        Kind("all", np.ones(len(prompts), np.bool_)),
        Kind("majority right", elected),
        Kind("majority wrong", ~elected),
        *(Kind(name, (recorded > above) & (recorded <= most)) for name, above, most in DIFFICULTY),
    ]
    return [kind for kind in all_kinds if kind.prompts]


def simulate(
    prompts: Prompts, reward: Reward, settings: Settings, progress: Progress = lambda done, total: None
) -> Simulation:
    """Train every prompt's policy by the reward. Raises UsageError, DataError for a reward that does not fit the groups."""
    earn = group_rewards(reward, prompts)
    weigh = advantage(settings.advantage, settings.advantage_beta)
    drawing, rewarding = (np.random.default_rng([settings.seed, stream]) for stream in range(2))
    watched = kinds(prompts)
    start = logits = start_logits(prompts)
    curves = np.zeros((settings.steps + 1, len(watched), len(WATCHED)))
    for step in range(settings.steps + 1):
        policy = np.exp(log_policy(logits))
        draw = draw_groups(policy, settings.n, prompts, drawing)
        rewards = earn(draw, rewarding)
        values = _watch(prompts, policy, draw, rewards)
        curves[step] = [values[kind.chosen].mean(axis=0) for kind in watched]
        logits = ascend(logits, draw, weighed(weigh, rewards), settings.lr)
        if settings.kl:
            logits -= settings.lr * settings.kl * kl_gradient(logits, start)
        progress(step, settings.steps)
    return Simulation(watched, curves)


def weighed(weigh: Advantage, rewards: Floats) -> Floats:
    """The advantages (P, n) of rewards (P, n). One follows the order of its rewards: equal groups are weighed once."""
    order = np.argsort(rewards, axis=1, kind="stable")
    different, places = np.unique(np.take_along_axis(rewards, order, axis=1), axis=0, return_inverse=True)
    weighed = np.stack([weigh(row) for row in different])[places.reshape(-1)]
    advantages = np.empty_like(rewards)
    np.put_along_axis(advantages, order, weighed, axis=1)
    return advantages


def _watch(prompts: Prompts, policy: Floats, draw: GroupDraw, rewards: Floats) -> Floats:
    """The values of WATCHED for each prompt, (P, len(WATCHED)); answers that are equally probable count by their mean."""
    winners = prompts.winners(draw.counts)
    rows, n = np.arange(len(prompts)), draw.classes.shape[1]
    likeliest = policy >= policy.max(axis=1, keepdims=True) * (1 - 1e-12)
    is_right = prompts.right >= 0.5
    greedy = (likeliest & is_right).sum(axis=1) / likeliest.sum(axis=1)
    values = {
        "accuracy": (policy * prompts.right).sum(axis=1),
        "greedy_accuracy": greedy,
        "entropy": -(policy * np.log(np.where(policy > 0, policy, 1))).sum(axis=1),
        "majority_share": np.where(winners >= 0, draw.counts[rows, winners], 0) / n,
        "label_accuracy": prompts.elect_right(winners),
        "distinct_answers": ((draw.counts > 0) & ~prompts.silent).sum(axis=1),
        "no_signal_share": np.ptp(rewards, axis=1) == 0,
        "locked_wrong": ((policy > LOCKED) & ~is_right).any(axis=1),
    }
    return np.stack([values[name] for name in WATCHED], axis=1, dtype=np.float64, casting="unsafe")


SHOWN_STEPS = 5
MOST_POINTS = 400
MOST_CURVES = 2 * COLOURS
"""More curves in one chart could not be followed."""
_TITLE = "What training would do"


def page(run: str, settings: Settings, simulations: Mapping[str, Simulation]) -> str:
    """The page's HTML; `run` is the name of the recorded run."""
    return "".join(document(_TITLE, _sections(run, settings, simulations)))


def _sections(run: str, settings: Settings, simulations: Mapping[str, Simulation]) -> Iterator[str]:
    first = next(iter(simulations.values()))
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.to_json().items())
    yield (
        f"<p>{escape(run)}: a simulation of {first.kinds[0].prompts} prompts, each of "
        f"which starts from its recorded answers and learns from its own groups alone: {escape(chosen)}. What a training's "
        "shared network carries from prompt to prompt is not in it.</p>"
    )
    for name, meaning in WATCHED.items():
        curves = {reward: simulation.curve(name) for reward, simulation in simulations.items()}
        yield _section(name.replace("_", " "), meaning, curves)
    for kind in first.kinds[1:]:
        curves = {reward: simulation.curve("accuracy", kind.name) for reward, simulation in simulations.items()}
        yield _section(f"accuracy, {kind.name}", f"{kind.prompts} prompts that were so when recorded", curves)


def _section(name: str, meaning: str, curves: Mapping[str, Floats]) -> str:
    """A heading, the curves, and their values at some steps, the first and the last among them."""
    last = len(next(iter(curves.values()))) - 1
    steps = sorted({round(k * last / SHOWN_STEPS) for k in range(SHOWN_STEPS + 1)})
    rows = [[reward, *(f"{values[step]:.3f}" for step in steps)] for reward, values in curves.items()]
    return (
        f"<section><h2>{escape(name)}</h2><p>{escape(meaning)}</p><figure>{_chart(f'{name} over steps', curves)}</figure>"
        f"{table(f'{name} at steps', ['reward', *map(str, steps)], rows)}</section>"
    )


def _chart(title: str, curves: Mapping[str, Floats]) -> str:
    """The curves at some steps, evenly, the last one among them; the axis goes from 0 to 1, or to a whole number above."""
    last = len(next(iter(curves.values()))) - 1
    stride = -(-(last + 1) // MOST_POINTS)
    places = sorted({*range(0, last + 1, stride), last})
    lines = [
        Series(reward, look, places, [float(values[step]) for step in places])
        for look, (reward, values) in enumerate(curves.items())
    ]
    top = max(1, math.ceil(max(float(values.max()) for values in curves.values()) - 1e-9))
    return line_chart(title, lines, steps_axis(last), (0.0, float(top))) + legend(list(curves))
