"""`proctor` with one more engine, `instant`, which answers at once."""

import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import InstantModel
from proctor.harness.cli import main
from proctor.harness.engines.base import ENGINES


def open_engine(target: str, options: Mapping[str, str]) -> InstantModel:
    """Any name is the instant model's."""
    return InstantModel()


if __name__ == "__main__":
    ENGINES.builtin["instant"] = "__main__:open_engine"
    sys.exit(main())
