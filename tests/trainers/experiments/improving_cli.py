"""`proctor` with one more engine, `improving`, for tests that iterate; run as a script.

It opens a checkpoint of round k of an iteration (the base is round 0) and answers right to the first 12 k of the bundled
figures, at most 24, slowly enough to be interrupted. Option: breaks=K, where the model of round K has no finite output.
"""

import re
import sys
import time
from pathlib import Path

from proctor.benchmarks.registry import SUITES
from proctor.harness.cli import main
from proctor.harness.engines.base import ENGINES
from proctor.harness.errors import NonFiniteOutputError
from proctor.harness.runs.provenance import weights_digest
from proctor.harness.types import Response


class ImprovingModel:
    """Right about more items in every round, up to the second."""

    def __init__(self, name, options):
        self.name = name
        self.weights = weights_digest(Path(name))
        found = re.search(r"round-(\d)/", name)
        self.round = int(found[1]) if found else 0
        self.breaks = int(options.get("breaks", -1))

    def identity(self):
        return {"engine": "improving", "weights": self.weights}

    def versions(self):
        return {}

    def generate(self, requests, sampling):
        known = {item.id: item.answer for item in SUITES.get("figures").load()[: 12 * min(self.round, 2)]}
        for request in requests:
            time.sleep(0.02)
            if self.round == self.breaks:
                raise NonFiniteOutputError(f"{self.name}: its output is no finite number")
            for sample in request.samples:
                yield Response(request.item_id, sample, f"\\boxed{{{known.get(request.item_id, -1)}}}", None, "stop")


if __name__ == "__main__":
    ENGINES.builtin["improving"] = "__main__:ImprovingModel"
    sys.exit(main())
