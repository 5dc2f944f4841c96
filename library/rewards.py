"""Rewards by name or path, with their settings, and in the forms that other trainers call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grading import grade
from .harness.errors import MissingExtraError, UsageError, install
from .trainers.base import Reward
from .trainers.rewards.for_trl import TrlReward
from .trainers.rewards.for_verl import VerlReward
from .trainers.rewards.group_reward import Answered, GroupReward
from .trainers.rewards.registry import open_reward

if TYPE_CHECKING:
    from .trainers.rewards.for_openrlhf import OpenRlhfReward


def load_reward(name: str, **settings: object) -> Reward:
    """The reward of that name, or the one that mine.py:score names, whose file is executed.

    `settings` are those of a recipe's [reward_settings]. Raises UsageError for an unknown name, setting or value.
    """
    return open_reward(name, settings)


def for_trl(
    reward: str | Reward,
    *,
    num_generations: int | None = None,
    answer_format: str = "boxed",
    answer: str = "answer",
    answer_type: str | None = None,
    seed: int = 0,
    **settings: object,
) -> TrlReward:
    """A reward function for TRL's GRPOTrainer(reward_funcs=...), of texts and of conversations.

        trainer = GRPOTrainer(..., reward_funcs=for_trl("majority_vote", num_generations=8))

    `num_generations` is the trainer's; without it a group is a run of equal prompts. The columns `id` and `choices` (option
    texts) of the data set are read where they are there; `answer` names that of the labels, for a reward that needs them, and
    `answer_type` says how they are compared (None: "choice" where there are choices, else "number"). `settings` are the
    reward's own. Raises UsageError for an unknown reward, and for one that needs what TRL does not tell.
    """
    if num_generations is not None and num_generations < 2:
        raise UsageError(f"num_generations must be at least 2, not {num_generations}")
    paid = GroupReward(_opened(reward, settings), "TRL", answer_format, answer_type, seed, lengths=True)
    return TrlReward(paid, num_generations, answer)


def for_verl(
    reward: str | Reward,
    *,
    n: int,
    answer_format: str = "boxed",
    answer_type: str | None = None,
    seed: int = 0,
    **settings: object,
) -> VerlReward:
    """A reward function for verl's reward manager `batch`, which has whole batches. In a file of yours:

        compute_score = for_verl("majority_vote", n=8)

    and `custom_reward_function.path=FILE.py reward_model.reward_manager=batch reward_model.use_reward_loop=False` on verl's
    command line. `n` is actor_rollout_ref.rollout.n. A row's `extra_info` must have an `index`; rows whose `split` there is
    "test" or "val" are graded by their labels. The rest is as in `for_trl`, of which `choices` are in `extra_info`.
    """
    if n < 2:
        raise UsageError(f"n must be at least 2, not {n}")

    def right(one: Answered) -> float:
        return float(
            grade(one.response, one.gold or "", answer_type, one.choices or None, question=one.prompt).correct is True
        )

    return VerlReward(GroupReward(_opened(reward, settings), "verl", answer_format, answer_type, seed), n, right)


def for_openrlhf(
    reward: str | Reward,
    *,
    answer_format: str = "boxed",
    answer_type: str | None = None,
    seed: int = 0,
    **settings: object,
) -> OpenRlhfReward:
    """OpenRLHF's `reward_func(queries, prompts, labels)`, for versions and callers that give it whole groups.

    OpenRLHF 0.11 calls it for one response at a time, which is refused: `for_openrlhf_agent` is for that. The label is the
    right answer, read by rewards that need one. The rest is as in `for_trl`.
    """
    from .trainers.rewards.for_openrlhf import OpenRlhfReward

    return OpenRlhfReward(GroupReward(_opened(reward, settings), "OpenRLHF", answer_format, answer_type, seed))


def for_openrlhf_agent(
    reward: str | Reward,
    *,
    answer_format: str = "boxed",
    answer_type: str | None = None,
    seed: int = 0,
    **settings: object,
) -> type:
    """A class for a file that OpenRLHF is given as --train.agent_func_path: all responses to a prompt are rewarded together.

        AgentExecutor = for_openrlhf_agent("majority_vote")

    As `for_openrlhf`. Raises MissingExtraError where OpenRLHF is not installed.
    """
    try:
        from .trainers.rewards.for_openrlhf_agent import agent_executor
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"OpenRLHF is not here: {install('openrlhf')} ({error})") from error
    return agent_executor(GroupReward(_opened(reward, settings), "OpenRLHF", answer_format, answer_type, seed))


def _opened(reward: str | Reward, settings: dict[str, object]) -> Reward:
    return open_reward(reward, settings) if isinstance(reward, str) else reward
