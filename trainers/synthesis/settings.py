"""Settings of a synthesis: who is shown what, how much is drawn, and by which rules a question is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from ...harness.settings import require
from ...harness.types import Json, Sampling
from ..methods.templates import check_template

DIRECT, IN_CONTEXT = "direct", "in_context"
WAYS = (DIRECT, IN_CONTEXT)

DIRECT_TEXT = (
    "Look at the picture and write one mathematical question that can be answered from it. The question must say all that "
    "is needed beside the picture, and have exactly one short answer. Do not answer it. Write it between <question> and "
    "</question>."
)
IN_CONTEXT_TEXT = (
    "Here is a question about the picture, with an answer.\nQuestion: {question}\nAnswer: {answer}\n"
    "Write another mathematical question about the same picture, one that asks for something else. It must say all that is "
    "needed beside the picture, and have exactly one short answer. Do not answer it. Write it between <question> and "
    "</question>."
)
_MOST = 10_000


@dataclass(frozen=True)
class SynthesisSettings:
    """How questions are made, and which are kept.

    `how` is "direct" (the model sees the picture alone) or "in_context" (also the question that the set has, and the answer
    that most of its own `samples` answers state; never a label). `images` items are taken (None: all), and `per_image`
    questions drawn for each. The texts `direct` and `in_context` ask for a question; the latter holds {question} and {answer}
    once.

    Kept is a question of `shortest` to `longest` characters that repeats no other on its picture: the Jaccard similarity of
    its words to theirs is at most `near`. Of the model's `samples` answers to it a share of `answered` must state something,
    and the commonest of them a share of `agreed` of all; with `drop_easy` not all. Fewer than `least` questions are an error.

    `temperature`, `top_p` and `max_tokens` hold for everything that is drawn.
    """

    how: str = IN_CONTEXT
    images: int | None = None
    per_image: int = 1
    samples: int = 5
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 2048
    direct: str = DIRECT_TEXT
    in_context: str = IN_CONTEXT_TEXT
    shortest: int = 8
    longest: int = 1000
    near: float = 0.9
    answered: float = 0.5
    agreed: float = 0.3
    drop_easy: bool = False
    least: int = 1

    def __post_init__(self) -> None:
        require(self._rules())
        check_template("direct", self.direct)
        check_template("in_context", self.in_context, ("question", "answer"))
        self.sampling(1, 0)

    def _rules(self) -> Iterator[tuple[str, bool]]:
        yield f"how must be one of: {', '.join(WAYS)}", self.how in WAYS
        yield "images must be at least 1", self.images is None or self.images >= 1
        yield "per_image must be from 1 to 100", 1 <= self.per_image <= 100
        yield "samples must be from 2 to 1000: one answer agrees with itself", 2 <= self.samples <= 1000
        yield "temperature must be above 0: greedy answers do not differ", self.temperature > 0
        yield f"1 <= shortest <= longest <= {_MOST} must hold", 1 <= self.shortest <= self.longest <= _MOST
        shares = (self.near, self.answered, self.agreed)
        yield "near, answered and agreed must be in [0, 1]", all(0 <= share <= 1 for share in shares)
        yield "least must be at least 1", self.least >= 1

    def sampling(self, n: int, seed: int) -> Sampling:
        """How n replies are drawn. Raises DataError for a value out of range."""
        return Sampling(n, self.temperature, self.top_p, self.max_tokens, seed)

    def to_json(self) -> Json:
        """All fields."""
        return dataclasses.asdict(self)
