"""`proctor` with one more engine, `slow`, for tests that interrupt it; run as a script.

`--model NAME` is any name. Options: delay=SECONDS per answer, flight=N requests in hand at once, size=BYTES of each
answer, fail=K to answer every K-th item with an error. What it answers depends on the item and sample alone.
"""

import hashlib
import sys
import time
from itertools import islice

from proctor.harness.cli import main
from proctor.harness.engines.base import ENGINES
from proctor.harness.types import Response


class SlowModel:
    """Answers a digit that is drawn from the item's id."""

    def __init__(self, name, options):
        self.name = name
        self.delay = float(options.get("delay", 0))
        self.flight = int(options.get("flight", 1))
        self.size = int(options.get("size", 0))
        self.fail = int(options.get("fail", 0))

    def identity(self):
        return {"engine": "slow", "weights": self.name, "size": self.size}

    def versions(self):
        return {}

    def generate(self, requests, sampling):
        pending = iter(requests)
        count = 0
        while batch := list(islice(pending, self.flight)):
            for request in reversed(batch):
                for sample in request.samples:
                    count += 1
                    time.sleep(self.delay)
                    if self.fail and count % self.fail == 0:
                        yield Response(request.item_id, sample, None, "the engine is tired")
                        continue
                    digit = hashlib.sha256(f"{request.item_id} {sample}".encode()).digest()[0] % 10
                    yield Response(request.item_id, sample, "." * self.size + f"\\boxed{{{digit}}}", None, "stop")


if __name__ == "__main__":
    ENGINES.builtin["slow"] = "__main__:SlowModel"
    sys.exit(main())
