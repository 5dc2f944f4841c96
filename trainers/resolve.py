"""A recipe with everything spelled out that it leaves to defaults, all its names looked up."""

from __future__ import annotations

from .advantages import advantage
from .methods.base import StagedMethod
from .methods.registry import open_method, with_settings
from .prompts import asking
from .recipe import Recipe
from .registry import open_reward, resolved


def whole(recipe: Recipe) -> Recipe:
    """Every setting of its method, and, where a reward can be read, of that and its judge, as a training stores them.

    A reward's own file is executed. Raises UsageError for a method, reward, advantage, suite, protocol, model or setting that
    there is none of.
    """
    advantage(recipe.advantage, recipe.advantage_beta)
    asking(recipe)
    method, reward = open_method(recipe), open_reward(recipe.reward, recipe.reward_settings)
    recipe = with_settings(recipe, method)
    return recipe if isinstance(method, StagedMethod) else resolved(recipe, reward)
