"""A step whose responses are written by the test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from proctor.benchmarks.base import boxed_prompt
from proctor.harness.types import Item, Prompt, Sampling
from proctor.trainers.methods.base import Step
from proctor.trainers.rewards.pipeline import StepRewards

Say = Callable[[str, int, Prompt, int], str]
"""(name of the draw, place of the prompt, the prompt, number of the response) -> the response."""


@dataclass(frozen=True)
class Said:
    """What was drawn."""

    texts: list[tuple[str, ...]]


@dataclass
class Script:
    """Draws what `say` says, and remembers the prompts by name of the draw."""

    say: Say
    asked: dict[str, list[Prompt]] = field(default_factory=dict)
    drawn: dict[str, Said] = field(default_factory=dict)

    def draw(self, name: str, prompts: Sequence[Prompt], n: int) -> Said:
        assert name not in self.asked, "a name gives the same random numbers again"
        self.asked[name] = list(prompts)
        self.drawn[name] = Said(
            [tuple(self.say(name, place, prompt, k) for k in range(n)) for place, prompt in enumerate(prompts)]
        )
        return self.drawn[name]


def _no_reward(items: Sequence[Item], texts: Sequence[str]) -> StepRewards:
    raise AssertionError("a game has rewards of its own")


def step_of(script: Script, items: Sequence[Item], n: int, number: int = 0, seed: int = 0) -> Step:
    """A step of these items that is drawn by the script."""
    return Step(number, items, boxed_prompt, Sampling(n, 1.0), seed, script.draw, _no_reward)
