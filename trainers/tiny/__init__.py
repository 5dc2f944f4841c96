"""The bundled tiny model: a real Qwen2.5-VL of about a million parameters that learns on two CPU cores."""

from collections.abc import Mapping
from pathlib import Path

BASE = Path(__file__).parent / "base"
"""The checkpoint that the demo trains: answers directly when greedy, and often works things out when sampled."""

JUDGE = Path(__file__).parent / "judge"
"""The checkpoint that scores responses to figures, by their style above all; it has seen labels and is no copy of BASE."""

TALKER = Path(__file__).parent / "talker"
"""The base taught further: it also describes, asks and verifies; what it does badly is in its README."""

GYM = Path(__file__).parent / "gym"
"""A base for eight tasks of the gym, in English and Chinese: it works them out. Its README says what else."""

BUNDLED: Mapping[str, Path] = {"tiny": BASE, "tiny_talker": TALKER, "tiny_gym": GYM}
"""Bundled checkpoints by the names of their profiles."""


def or_bundled(target: str) -> str:
    """The folder of the bundled checkpoint of that name; anything else as it is, and so a folder here that is called so."""
    return str(BUNDLED.get(target, target)) if not Path(target).exists() else target
