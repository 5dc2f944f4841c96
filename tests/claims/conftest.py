"""Whole trainings, each made once for all tests that examine it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.trainers.recipe import load_recipe
from proctor.trainers.tiny import BASE


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`trained(recipe, *changes, base=BASE)`: the folder of that training. Tests write nothing into it."""
    made: dict[str, Path] = {}

    def folder(name: str, *changes: str, base: Path = BASE) -> Path:
        from proctor.trainers.local.train import train  # heavy, and not in every environment that these tests run in

        recipe = load_recipe(name, changes)
        key = f"{base} {recipe}"
        if key not in made:
            out = tmp_path_factory.mktemp("trained")
            train(recipe, base, out, False, lambda done, total, note: None)
            made[key] = out
        return made[key]

    return folder
