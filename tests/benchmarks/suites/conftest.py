"""One record of a suite, changed; how it is shown; and one response judged under one protocol."""

import json

import pytest

from proctor.benchmarks.base import SAMPLES
from proctor.benchmarks.registry import SUITES
from proctor.harness.types import Image

from .sample_rows import sample_row


@pytest.fixture
def load(tmp_path):
    """Loads one record of a suite, a bundled one with changes (a key set to `...` is taken out)."""

    def load_changed(suite, index=0, /, **changes):
        row = {key: value for key, value in (sample_row(suite, index) | changes).items() if value is not ...}
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        for source in (SAMPLES / "images").glob(f"{suite}-*"):
            (images / source.name).write_bytes(source.read_bytes())
        (tmp_path / "data.jsonl").write_text("\n" + json.dumps(row) + "\n", encoding="utf-8")
        return SUITES.get(suite).load(tmp_path / "data.jsonl")[0]

    return load_changed


@pytest.fixture
def shown():
    """`shown(suite, item)`: the prompt with pictures as their file's stem."""

    def parts_shown(suite, item):
        parts = SUITES.get(suite).protocol("strict").prompt(item).parts
        return [part.name.split("/")[-1].removesuffix(".png") if isinstance(part, Image) else part for part in parts]

    return parts_shown
