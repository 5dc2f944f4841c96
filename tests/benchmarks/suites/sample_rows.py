"""Records of the bundled samples."""

import json

from proctor.benchmarks.base import SAMPLES


def sample_row(suite, index=0):
    """The record at a place of a suite's sample."""
    return json.loads((SAMPLES / f"{suite}.jsonl").read_text(encoding="utf-8").splitlines()[index])
