"""A step whose judge is asked while answers are drawn, beside the same step judged when all are there.

    python tests/perf/judging.py

The judge is a server that takes a stated time for each reply; answers come a prompt at a time, at an even pace. All else is
the real thing: the recipe's reward, the judge's client and the wire.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from proctor.harness.types import Prompt
from proctor.trainers.methods.base import Drawn, Step
from proctor.trainers.methods.grpo import Grpo
from proctor.trainers.methods.playing import Answered, StepPlayer
from proctor.trainers.recipe import load_recipe
from proctor.trainers.rewards.pipeline import RewardPipeline
from proctor.trainers.sampler import training_prompts
from proctor.trainers.tiny import BASE
from tests.faulty_server import FaultyServer, Reply, completion
from tests.trainers.methods.scripted_step import Said

PROMPTS, N, CONCURRENCY = 32, 8, 8
REPLY_SECONDS, PROMPT_SECONDS = 0.5, 0.5
"""The judge's, for one reply; and between one prompt's answers and the next one's."""
SCORES = json.dumps(dict.fromkeys(("answer_correctness", "reasoning_quality", "visual_grounding"), 0.5))


def draw(name: str, prompts: Sequence[Prompt], n: int, answered: Answered, /) -> Drawn:
    """Answers as an engine would give them, if each prompt took it the stated time."""
    rows = [tuple(f"{place} {k} \\boxed{{{k}}}" for k in range(n)) for place in range(len(prompts))]
    for place, row in enumerate(rows):
        time.sleep(PROMPT_SECONDS)
        answered(place, row)
    return Said(rows)


class JudgedAfter(Grpo):
    """The same method, but that it does not say beforehand what its answers are for."""

    def play(self, step: Step) -> Any:
        """As GRPO."""
        whole = step.draw
        return super().play(Step(**{**vars(step), "draw": lambda name, prompts, n, rewarded: whole(name, prompts, n)}))


def main() -> None:
    """Print seconds of either way, and their ratio."""

    def reply(body: Mapping[str, Any], before: int) -> Reply:
        return Reply(body=completion(SCORES), delay=REPLY_SECONDS)

    server = FaultyServer(reply)
    judge = (f"judge.url='{server.url}'", "judge.model='tiny'", f"judge.concurrency={CONCURRENCY}")
    recipe = load_recipe("actor_judge_figures", [*judge, f"policy.prompts={PROMPTS}", f"sampling.n={N}"])
    batch = training_prompts(recipe.prompts, recipe.seed)(0, PROMPTS)
    print(
        f"{PROMPTS} prompts, {N} answers to each every {PROMPT_SECONDS} s; a judge of {REPLY_SECONDS} s a reply, "
        f"{CONCURRENCY} at a time"
    )
    seconds, metrics = [], []
    for name, method in (("after", JudgedAfter()), ("beside", Grpo())):
        player = StepPlayer(method, RewardPipeline.from_recipe(recipe, BASE))
        begin = time.perf_counter()
        metrics.append(player.play(0, batch, draw, lambda drawn: None).metrics)
        seconds.append(time.perf_counter() - begin)
        print(f"judged {name:6} {seconds[-1]:6.1f} s")
    if metrics[0] != metrics[1]:
        sys.exit("the two ways do not pay the same")
    print(f"ratio {seconds[0] / seconds[1]:.2f}")


if __name__ == "__main__":
    main()
