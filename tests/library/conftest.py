"""A faulty server, as the tests of engines have it; and no suite that an earlier test made known."""

import pytest

from proctor.harness import registry

from ..harness.conftest import serve

__all__ = ["serve"]


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch):
    monkeypatch.setattr(registry, "_LOADED", {})
