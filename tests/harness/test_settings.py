"""Options given as texts: what each kind of value can be, and how a person is told."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from proctor.harness.errors import UsageError
from proctor.harness.settings import option, read_options


@dataclass(frozen=True)
class Options:
    """One field of each kind."""

    name: str = "auto"
    kind: str = option("auto", choices=("auto", "int8"))
    batch: int = option(8, least=1, most=4096)
    limit: int | None = option(None, least=1)
    share: float | None = option(None, least=0.1, most=1)
    loud: bool = False
    folder: Path | None = None


def read(**texts):
    return read_options(Options, texts, "engine mine")


def test_texts_become_the_values_of_their_fields():
    texts = {"name": "7", "kind": "int8", "batch": "16", "limit": "3", "share": "5e-1", "loud": "true", "folder": "a/b"}
    assert read(**texts) == Options("7", "int8", 16, 3, 0.5, True, Path("a/b"))
    assert read() == Options()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("kind", "int4", "must be one of auto, int8, not 'int4'"),
        ("batch", "0", "must be a whole number from 1 to 4,096, not '0'"),
        ("batch", "4097", "must be a whole number"),
        ("batch", "\u0663", "must be a whole number"),
        ("batch", "9" * 5000, "must be a whole number"),
        ("limit", "1.0", "must be a whole number of at least 1"),
        ("share", "nan", r"must be a number from 0\.1 to 1, not 'nan'"),
        ("share", "0.05", "must be a number"),
        ("share", "half", "must be a number"),
        ("loud", "True", "must be true or false, not 'True'"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_those_that_can(name, text, said):
    with pytest.raises(UsageError, match=f"^option {name} {said}"):
        read(**{name: text})


def test_an_unknown_option_is_told_with_those_there_are():
    known = "batch, folder, kind, limit, loud, name, share"
    with pytest.raises(UsageError, match=f"^engine mine has no option 'x'; it has: {known}$"):
        read(x="3")
    with pytest.raises(UsageError, match=r"has no option 'batches'; did you mean batch\?$"):
        read(batches="3")
    with pytest.raises(UsageError, match=f"it has: {known}, body.KEY$"):
        read_options(Options, {"x": ""}, "engine mine", more=["body.KEY"])
