"""The bundled tiny model: a real Qwen2.5-VL of about a million parameters that learns on two CPU cores."""

from pathlib import Path

BASE = Path(__file__).parent / "base"
"""The checkpoint that the demo trains: answers directly when greedy, and often works things out when sampled."""

JUDGE = Path(__file__).parent / "judge"
"""The checkpoint that scores responses to figures, by their style above all; it has seen labels and is no copy of BASE."""

TALKER = Path(__file__).parent / "talker"
"""The base taught further: it also describes, asks and verifies; what it does badly is in its README."""
