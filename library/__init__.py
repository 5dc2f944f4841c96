"""proctor as a library: docs/library.md shows each of these. A name is imported when it is used.

import proctor
proctor.grade(r"so \\boxed{0.5}", "1/2").correct
proctor.evaluate(lambda prompt: "It is 5.", "figures").accuracy
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .benchmarks.base import ImageFolder, Record, Suite
    from .comparison import ModelComparison, compare
    from .evaluation import Evaluation, evaluate, score
    from .grading import grade
    from .harness.answers import GOLD_TYPES, Extraction, Grade, extract
    from .harness.engines.base import Engine
    from .harness.errors import ProctorError
    from .harness.types import Image, Item, Prompt, Request, Response, Sampling, Verdict
    from .leaderboards.board.dataframe import load as load_runs
    from .leaderboards.board.dataframe import load_verdicts
    from .rewards import load_reward
    from .suites import load_suite
    from .trainers.base import Group, Reward

    __version__: str

__all__ = [
    "GOLD_TYPES",
    "Engine",
    "Evaluation",
    "Extraction",
    "Grade",
    "Group",
    "Image",
    "ImageFolder",
    "Item",
    "ModelComparison",
    "ProctorError",
    "Prompt",
    "Record",
    "Request",
    "Response",
    "Reward",
    "Sampling",
    "Suite",
    "Verdict",
    "__version__",
    "compare",
    "evaluate",
    "extract",
    "grade",
    "load_reward",
    "load_runs",
    "load_suite",
    "load_verdicts",
    "score",
]

_PLACES = {
    ".benchmarks.base": ("ImageFolder", "Record", "Suite"),
    ".comparison": ("ModelComparison", "compare"),
    ".evaluation": ("Evaluation", "evaluate", "score"),
    ".grading": ("grade",),
    ".harness.answers": ("GOLD_TYPES", "Extraction", "Grade", "extract"),
    ".harness.engines.base": ("Engine",),
    ".harness.errors": ("ProctorError",),
    ".harness.types": ("Image", "Item", "Prompt", "Request", "Response", "Sampling", "Verdict"),
    ".leaderboards": ("load_verdicts",),
    ".rewards": ("load_reward",),
    ".suites": ("load_suite",),
    ".trainers.base": ("Group", "Reward"),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """What stands in `__all__`, imported from its place (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("proctor")
    if name == "load_runs":
        return import_module(".leaderboards", __name__).load
    if name == "rewards":
        return import_module(".rewards", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
