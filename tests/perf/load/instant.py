"""An engine that answers at once, rightly two times of three, in a text of usual length."""

import re
from collections.abc import Iterable, Iterator, Mapping

from proctor.harness.types import Request, Response, Sampling

THOUGHTS = (
    "Both numbers are written below each other and added from the right, place by place, with what is carried. " * 3
)


class Instant:
    """Adds the numbers of a question's first line."""

    name = "instant"

    def identity(self) -> Mapping[str, object]:
        """One engine."""
        return {"engine": "instant"}

    def versions(self) -> Mapping[str, str]:
        """No packages."""
        return {}

    def generate(self, requests: Iterable[Request], sampling: Sampling) -> Iterator[Response]:
        """A response to each sample, in order."""
        for request in requests:
            question = next(part for part in request.prompt.parts if isinstance(part, str)).splitlines()[0]
            total = sum(map(int, re.findall(r"\d+", question)))
            for sample in request.samples:
                said = total + (sample % 3 == 2)
                yield Response(request.item_id, sample, f"{THOUGHTS}\\boxed{{{said}}}", finish_reason="stop")


def open_engine(target: str, options: Mapping[str, str]) -> Instant:
    """No options."""
    return Instant()
