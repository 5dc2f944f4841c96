"""From a recipe to the work that its estimate is made of: what its method draws, judges, reads and learns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...leaderboards.papers.cost import StageWork, Work
    from ...leaderboards.papers.tables import Table
    from ...trainers.methods.base import PlayedMethod, StagedMethod
    from ...trainers.recipe import Recipe
    from ...trainers.recipe_settings import SynthesisSettings

REPLIES_PER_ANSWER = ("judgements", "verdicts")
"""Settings by which a method says how many replies it asks for about each of its answers."""
PICTURES = 2101
"""Of Geometry3K (the card of hiyouga/geometry3k), for a synthesis that takes all pictures: the papers' are of that set."""


def written(tables: Iterable[Table]) -> dict[str, Work]:
    """Those of the tables' recipes that there are, with their work. Raises UsageError for one that cannot be read."""
    from ...trainers.recipe import RECIPES, load_recipe

    names = {row.recipe for table in tables for row in table.rows if row.recipe}
    return {name: work_of(load_recipe(name)) for name in sorted(names) if name in RECIPES}


def work_of(recipe: Recipe) -> Work:
    """What a training by the recipe does, whichever trainer it names."""
    from ...leaderboards.papers.cost import Work
    from ...trainers.methods.base import StagedMethod
    from ...trainers.methods.registry import open_method

    method = open_method(recipe)
    recompute = recipe.openrlhf is None or recipe.openrlhf.gradient_checkpointing
    stages = tuple(_staged(recipe, method) if isinstance(method, StagedMethod) else [_played(recipe, method)])
    before = () if recipe.synthesis is None else (_synthesis(recipe.synthesis),)
    return Work(recipe.policy.steps * len(stages), (*before, *stages), recompute)


def _synthesis(settings: SynthesisSettings) -> StageWork:
    """Questions for each picture, and the answers that filter them; in context, answers to the set's own question first."""
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.recipe_settings import IN_CONTEXT

    pictures, new = settings.images or PICTURES, settings.per_image
    own = settings.how == IN_CONTEXT
    answers = pictures * (new + new * settings.samples + own * settings.samples)
    return StageWork("synthesis", pictures * (1 + new + own), answers, settings.max_tokens, learnt=0, passed=0)


def _played(recipe: Recipe, method: PlayedMethod) -> StageWork:
    """Every answer is read by the policy before an update, and by the reference if the KL loss has a coefficient."""
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.base import needs_judge
    from ...trainers.rewards.registry import open_reward, resolved

    prompts = recipe.policy.steps * recipe.policy.prompts
    answers, learnt = prompts * recipe.sampling.n, prompts * (recipe.policy.train_on or recipe.sampling.n)
    reward = open_reward(recipe.reward, recipe.reward_settings)
    judge = resolved(recipe, reward).judge if needs_judge(reward) else None
    judgements = answers * judge.repeats if judge else 0
    passed = learnt * (2 if recipe.policy.kl > 0 else 1)
    return StageWork(recipe.method, prompts, answers, recipe.sampling.max_tokens, learnt, passed, judgements)


def _staged(recipe: Recipe, method: StagedMethod) -> Iterator[StageWork]:
    """A preference is two responses, which the model that the stage starts from reads too."""
    from ...leaderboards.papers.cost import StageWork
    from ...trainers.methods.base import Dpo

    prompts, examples = recipe.collect.prompts, recipe.policy.steps * recipe.policy.prompts
    answers = prompts * recipe.sampling.n
    settings = getattr(method, "settings", None)
    replies = sum(getattr(settings, name, 0) for name in REPLIES_PER_ANSWER)
    for number, stage in enumerate(method.stages, start=1):
        prefers = isinstance(stage.objective, Dpo)
        learnt, passed = (2 * examples, 2 * examples) if prefers else (examples, 0)
        name = f"{number} {stage.name}"
        yield StageWork(name, prompts, answers, recipe.sampling.max_tokens, learnt, passed, answers * replies)
