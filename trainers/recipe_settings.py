"""The section [judge] of a recipe."""

from __future__ import annotations

from dataclasses import dataclass

from ...harness.settings import require

BASE_MODEL = "base"
TINY_MODEL = "tiny_judge"
PROMPTS = ("full", "short")


@dataclass(frozen=True)
class JudgeSettings:
    """Who judges, how its replies are drawn, and when a failing judge stops the training.

    `model` is "base" (a frozen copy of the starting model, as in Actor-Judge, arXiv 2603.21289), "tiny_judge" (the bundled
    one of the figures) or a checkpoint's folder; with a `url` it is the name under which a server has it, and the server's
    key is in the environment variable OPENAI_API_KEY. Each response is judged `repeats` times and the mean counts; a reply
    that can not be had or read is asked for again up to `retries` times. The training stops when more than
    `max_failed_share` of what was judged in the last `window` steps got no score. `batch` is the number of replies that an
    in-process judge draws at once; the `prompt` "short" is for a model that can not read long ones.
    """

    model: str = BASE_MODEL
    url: str | None = None
    prompt: str = "full"
    temperature: float = 1.0
    top_p: float = 0.9
    max_tokens: int = 1024
    repeats: int = 1
    retries: int = 2
    max_failed_share: float = 0.2
    window: int = 10
    batch: int = 32

    def __post_init__(self) -> None:
        rules = {
            "model must be named": bool(self.model),
            f"prompt must be one of: {', '.join(PROMPTS)}": self.prompt in PROMPTS,
            "temperature must be from 0 to 100": 0 <= self.temperature <= 100,
            "top_p must be above 0 and at most 1": 0 < self.top_p <= 1,
            "max_tokens, repeats, window and batch must be at least 1": min(
                self.max_tokens, self.repeats, self.window, self.batch
            )
            >= 1,
            "retries must not be negative": self.retries >= 0,
            "max_failed_share must be from 0 to 1": 0 <= self.max_failed_share <= 1,
            f"url needs model: the name that the server has for it, not {self.model!r}": self.url is None
            or self.model not in (BASE_MODEL, TINY_MODEL),
            "several repeats need a temperature above 0": self.repeats == 1 or self.temperature > 0,
        }
        require(rules.items())
