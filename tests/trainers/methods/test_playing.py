"""What a method says before its first step is what it does: the games are played, with texts as long as there can be."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from proctor.benchmarks.base import boxed_prompt
from proctor.harness.errors import UsageError
from proctor.harness.types import Prompt
from proctor.harness.untrusted_text import MOST_QUESTION_CHARACTERS
from proctor.trainers.lengths import without_too_long
from proctor.trainers.methods.base import Counts, PlayedMethod, counts, longest_prompts
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.methods.registry import open_method
from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import TALKER

from .scripted_step import Script, step_of
from .scripted_student import figures

N = 3


def say(name: str, place: int, prompt: Prompt, number: int) -> str:
    """The longest question or clue, and whatever is a vote and an answer."""
    longest = {"propose": "what " * (MOST_QUESTION_CHARACTERS // 5 - 1) + "on?", "clue": "seven " * 500}
    return longest.get(name, r"\boxed{1}")


def characters(prompts: Sequence[Prompt]) -> int:
    return max(sum(len(part) for part in prompt.parts if isinstance(part, str)) for prompt in prompts)


@pytest.mark.parametrize(
    ("name", "changes", "steps"),
    [
        ("evolmm_figures", ["method_settings.propose_every=2"], 2),
        ("evolmm_figures", ["method_settings.propose_every=2", "method_settings.solve='{question} Be brief.'"], 2),
        ("vision_zero_figures", ["method_settings.clue_steps=1", "method_settings.decision_steps=1"], 2),
        ("vision_zero_figures", ["method_settings.clue_steps=0", "method_settings.players=5"], 1),
        ("vision_zero_figures", ["method_settings.decision_steps=0", "method_settings.votes=2"], 1),
    ],
)
def test_no_step_does_more_and_one_does_as_much(name: str, changes: list[str], steps: int) -> None:
    method, items = open_method(load_recipe(name, changes)), figures(4)
    assert isinstance(method, PlayedMethod)
    done, longest = [], 0
    for number in range(steps):
        script = Script(say)
        played = method.play(step_of(script, items, N, number))
        prompts = sum(map(len, script.asked.values()))
        answers = sum(len(row) for drawn in script.drawn.values() for row in drawn.texts)
        learnt = sum(len(row) for turn in played.turns for row in turn.advantages)
        done.append((prompts, answers, learnt))
        longest = max(longest, *map(characters, script.asked.values()))
    said = counts(method, N)
    assert tuple(map(max, zip(*done, strict=True))) == tuple(
        4 * one for one in (said.prompts, said.answers, said.learnt)
    )
    before = max(characters(longest_prompts(method, item, boxed_prompt)) for item in items)
    assert longest <= before <= longest + 5


def test_a_method_that_says_nothing_draws_and_learns_what_the_recipe_says() -> None:
    (item,) = figures(1)
    assert counts(Grpo(), N) == Counts(1, N, N)
    assert longest_prompts(Grpo(), item, boxed_prompt) == [boxed_prompt(item)]


TALKATIVE = """\
from proctor.trainers.methods.base import Counts, longest_text
from proctor.harness.types import Prompt

class Talkative:
    needs_gold = False
    def counts(self, n):
        return Counts(2, 2 * n, 5 if n == 3 else n / 0)
    def longest_prompts(self, item, ask):
        return [Prompt((longest_text(70),))]
    def play(self, step):
        raise NotImplementedError
"""


def test_a_method_in_a_file_is_asked_too(tmp_path: Path) -> None:
    (tmp_path / "talkative.py").write_text(TALKATIVE)
    method = open_method(load_recipe("mm_upt_figures", [f"method='{tmp_path / 'talkative.py'}:Talkative'"]))
    assert isinstance(method, PlayedMethod)
    assert counts(method, N).learnt == 5
    assert [prompt.parts for prompt in longest_prompts(method, figures(1)[0], boxed_prompt)] == [("7" * 70,)]
    with pytest.raises(UsageError, match="division by zero"):
        counts(method, 4)


@pytest.mark.parametrize(("name", "tokens"), [("evolmm_figures", 400), ("vision_zero_figures", 900)])
def test_the_longest_that_a_game_may_become_is_measured_before_it_starts(name: str, tokens: int) -> None:
    recipe = load_recipe(name, ["policy.steps=1", f"prompts.max_tokens={tokens}"])
    with pytest.raises(
        UsageError, match=rf"16 of 16 prompts are too long: .*, more than {tokens} \(prompts.max_tokens\)"
    ):
        without_too_long(recipe, TALKER)
    plain = load_recipe("mm_upt_figures", ["policy.steps=1", f"prompts.max_tokens={tokens}"])
    assert without_too_long(plain, TALKER)[1].longest < tokens
