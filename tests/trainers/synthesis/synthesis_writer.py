"""A model in memory that writes questions and answers them, for the tests of the synthesis.

Run as a script it is `proctor` with that model as the engine `writer`; its option is delay=SECONDS per reply.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor.harness.cli import main
from proctor.harness.engines.base import ENGINES
from proctor.harness.errors import EngineError
from proctor.harness.types import Prompt, Response
from proctor.trainers.recipe_settings import SynthesisSettings
from proctor.trainers.synthesis.run import Author, PromptBuilders, PromptSource, Synthesis, open_source
from proctor.trainers.synthesis.stored import SUITE

Write = Callable[[str, int], str]

SETTINGS = {
    "direct": "Ask!",
    "in_context": "Ask! After {question} = {answer}",
    "samples": 4,
    "per_image": 2,
    "max_tokens": 32,
}


def settings(**changes: object) -> SynthesisSettings:
    return SynthesisSettings(**{"how": "direct", **SETTINGS, **changes})  # type: ignore[arg-type]


def builders() -> PromptBuilders:
    prompt = SUITE.protocol("strict").prompt
    return PromptBuilders("strict", prompt, prompt, lambda prompt: prompt)


def numbered(text: str, sample: int) -> str:
    """A question of the sample's own."""
    return f"<question>What is the size of part number {sample} of it?</question>"


def agreed(text: str, sample: int) -> str:
    """The number that the question holds, whoever answers."""
    return rf"\boxed{{{(re.findall(r'[0-9]+', text) or [5])[0]}}}"


@dataclass
class Writer:
    """Writes `question(text, sample)` where it is asked for one, else `answer(text, sample)`; dies after `life` replies.

    `prompts` records what it was shown.
    """

    question: Write = numbered
    answer: Write = agreed
    life: int | None = None
    delay: float = 0.0
    weights: str = "w"
    name: str = "writer"
    prompts: list[Prompt] = field(default_factory=list)
    replies: int = 0

    def identity(self) -> dict[str, str]:
        return {"engine": "writer", "weights": self.weights}

    def versions(self) -> dict[str, str]:
        return {}

    def author(self) -> Author:
        return Author(self.identity(), lambda: self)

    def generate(self, requests, sampling) -> Iterator[Response]:
        for request in requests:
            self.prompts.append(request.prompt)
            text = request.prompt.parts[-1]
            assert isinstance(text, str)
            write = self.question if text.startswith("Ask") else self.answer
            for sample in request.samples:
                if self.replies == self.life:
                    raise EngineError("the engine died")
                self.replies += 1
                time.sleep(self.delay)
                yield Response(request.item_id, sample, write(text, sample), None, "stop")


def figures(count: int = 6) -> PromptSource:
    return open_source("figures", None, count, 7)


def synthesis(writer: Writer, source: PromptSource | None = None, seed: int = 0, **changes: object) -> Synthesis:
    return Synthesis(source or figures(), settings(**changes), writer.author(), builders(), seed)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def texts(prompts: list[Prompt]) -> list[str]:
    return [str(prompt.parts[-1]) for prompt in prompts]


def open_writer(target: str, options: Mapping[str, str]) -> Writer:
    return Writer(name=target, delay=float(options["delay"]))


if __name__ == "__main__":
    ENGINES.builtin["writer"] = "__main__:open_writer"  # type: ignore[index]
    sys.exit(main())
