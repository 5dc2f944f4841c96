"""What a training method is, apart from the trainer that runs it: how a model's own responses become something to learn.

There are two kinds:

- A *staged* method has `stages`. Each stage asks the student, makes examples or preferences of its responses, and trains on
  them (SFT or DPO). The student is the base in the first stage, then the checkpoint that the stage before ended with.
- A *played* method has `play`. At every step it draws responses and gives each an advantage (policy gradient); GRPO is one.

A method is a class without arguments, or a dataclass with one field `settings`, itself a dataclass that holds the recipe's
[method_settings]. A label reaches only a method that declares `needs_gold`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from ...harness.runs.store import Sample
from ...harness.types import Item, Prompt, Response, Sampling
from ..rewards.advantages import Array
from ..rewards.pipeline import StepRewards


@dataclass(frozen=True)
class Sft:
    """Supervised fine-tuning: the mean negative log-probability of the response's tokens."""


@dataclass(frozen=True)
class Dpo:
    """Direct preference optimisation (arXiv 2305.18290) with its beta, against the model that the stage starts from.

    `regulariser` times the mean negative log-probability of the chosen response's tokens is added (STIC, arXiv 2405.19716).
    """

    beta: float = 0.1
    regulariser: float = 0.0


@dataclass(frozen=True)
class Example:
    """A response to learn, for Sft. `item_id` names the item that it came from, for the record."""

    item_id: str
    prompt: Prompt
    response: str


@dataclass(frozen=True)
class Preference:
    """Two responses to one prompt, for Dpo."""

    item_id: str
    prompt: Prompt
    chosen: str
    rejected: str


TrainingData: TypeAlias = "Sequence[Example] | Sequence[Preference]"
Ask: TypeAlias = Callable[[Item], Prompt]
"""How an item is asked."""


class Student(Protocol):
    """The model as it is when a stage begins, on any engine."""

    def ask(self, name: str, samples: Sequence[Sample], sampling: Sampling) -> list[tuple[Response, ...]]:
        """sampling.n responses to each question, in order.

        They are stored as a run of that `name`, which no other call of the stage may have; what was answered before an
        interruption is not asked again. Item ids must be unique. Raises IncompleteRunError if an answer cannot be had.
        """
        ...


@dataclass(frozen=True)
class StageInput:
    """What a stage makes its data from.

    `number` counts the stages from 0; `items` have labels only for a method that needs them; `prompt` asks an item in the
    way of the recipe's protocol and model; `sampling` is the recipe's, with a seed of this stage; `judge_prompt` is the
    style of judge prompt (trainers.judge.TEMPLATES) that the recipe names.
    """

    number: int
    items: Sequence[Item]
    prompt: Callable[[Item], Prompt]
    sampling: Sampling
    student: Student
    answer_format: str = "boxed"
    judge_prompt: str = "full"


@dataclass(frozen=True)
class StageOutput:
    """The data that a stage made, with counts of what it was made of, e.g. {"prompts": 512, "without a majority": 31}.

    `data` is empty where nothing could be made; then `needed` says in a few words what the student would have to write.
    """

    data: TrainingData
    counts: Mapping[str, int]
    needed: str


@dataclass(frozen=True)
class Stage:
    """One stage: its name, the loss that is minimised, and the function that makes its data."""

    name: str
    objective: Sft | Dpo
    make: Callable[[StageInput], StageOutput]


@runtime_checkable
class StagedMethod(Protocol):
    """A method of stages. A complete one, `method = "mine.py:Short"` in a recipe or the entry point `proctor.methods`:

        class Short:
            needs_gold = False
            stages = property(lambda self: [Stage("short", Sft(), self.make)])
            def make(self, stage_input):
                samples = [Sample(item, stage_input.prompt(item)) for item in stage_input.items]
                rows = stage_input.student.ask("short", samples, stage_input.sampling)
                examples = [Example(sample.item.id, sample.prompt, min((r.text for r in row if r.text), key=len, default=""))
                            for sample, row in zip(samples, rows)]
                return StageOutput(examples, {"prompts": len(samples)}, "an answer")

    The student's answers are kept as a sealed run; `toolbox` has what most methods need of them.
    """

    @property
    def needs_gold(self) -> bool:
        """Whether its items must have labels."""
        ...

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages in order."""
        ...


class Drawn(Protocol):
    """n responses to each of B prompts, drawn from the policy."""

    @property
    def texts(self) -> Sequence[tuple[str, ...]]:
        """(B, n) texts."""
        ...


@dataclass(frozen=True)
class Turn:
    """Drawn responses with the advantages to train on: of each prompt's n responses the first m, (m,) per prompt."""

    drawn: Drawn
    advantages: Sequence[Array]


class StepDraw(Protocol):
    """Draws responses from the policy."""

    def __call__(self, name: str, prompts: Sequence[Prompt], n: int, rewarded: Sequence[Item] = (), /) -> Drawn:
        """n responses to each prompt. `rewarded` are the prompts' items, if the texts are to be rewarded as they are.

        A judge behind a server is then asked about a prompt's responses while those to others are still drawn.
        """
        ...


class StepReward(Protocol):
    """From a step's responses to their rewards and advantages."""

    def __call__(self, items: Sequence[Item], texts: Sequence[str], drawn: Drawn | None = None, /) -> StepRewards:
        """n texts per item, and what was drawn if they are all of it."""
        ...


@dataclass(frozen=True)
class Step:
    """What a step is played with: items, and functions to draw responses and to reward them.

    `number` counts from 0; `draw(name, prompts, n)` draws n responses per prompt by random numbers of the seed, the step and
    that name (`StepDraw`); `reward(items, texts, drawn)` gives rewards and advantages of n texts per item by the recipe's
    reward. `drawn` is what was drawn, if the texts are all of it: only with it can a reward know of tokens. Items are without
    labels as in a stage_input; `reward` knows the labels of those of the step, for the reward that needs them.
    """

    number: int
    items: Sequence[Item]
    prompt: Ask
    sampling: Sampling
    seed: int
    draw: StepDraw
    reward: StepReward


@dataclass(frozen=True)
class Played:
    """What a step is trained on, and its metrics, "reward" among them (the mean)."""

    turns: Sequence[Turn]
    metrics: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class PlayedMethod(Protocol):
    """A method that plays. A complete one, which learns by the recipe's reward as GRPO does:

        class Plain:
            needs_gold = False
            def play(self, step):
                drawn = step.draw("plain", [step.prompt(item) for item in step.items], step.sampling.n, step.items)
                rewarded = step.reward(step.items, [text for row in drawn.texts for text in row], drawn)
                return Played([Turn(drawn, rewarded.advantages)], rewarded.metrics)

    Several turns are learnt from together. What a trainer has to know before the first step a method may say beside:

    - `counts(n)`: what a step does with an item (`Counts`), where n answers are drawn to a prompt; that of GRPO by default;
    - `longest_prompts(item, ask)`: the longest that it may make of an item, which `ask` asks as the recipe says; that is the
      default. A text that the model is yet to write stands in them as `longest_text`.
    """

    @property
    def needs_gold(self) -> bool:
        """Whether its items must have labels."""
        ...

    def play(self, step: Step) -> Played:
        """Draw responses, and give each an advantage."""
        ...


Method: TypeAlias = "StagedMethod | PlayedMethod"


@dataclass(frozen=True)
class Counts:
    """The most that a step does with an item: prompts asked, answers drawn to them, and answers that are trained on."""

    prompts: int
    answers: int
    learnt: int


def counts(method: PlayedMethod, n: int) -> Counts:
    """What a step of the method does with an item, where n answers are drawn to a prompt."""
    said: Callable[[int], Counts] | None = getattr(method, "counts", None)
    return Counts(1, n, n) if said is None else said(n)


def longest_prompts(method: PlayedMethod, item: Item, ask: Ask) -> Sequence[Prompt]:
    """The longest prompts that the method may make of an item."""
    said: Callable[[Item, Ask], Sequence[Prompt]] | None = getattr(method, "longest_prompts", None)
    return [ask(item)] if said is None else said(item, ask)


def longest_text(characters: int) -> str:
    """A text of so many characters that has more tokens than what is written: digits, most of which are a token each."""
    return "7" * characters
