"""A text of the user's own that a recipe names by the path of a .txt file, with places to be filled in.

So that a training can ask, and be judged, in the very words of a paper's authors, which are theirs to publish. The file is
read once; its digest is part of the training's identity (`resolve.recipe_files`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..harness.errors import UsageError
from ..harness.limits import TEMPLATE_CHARACTERS
from ..harness.untrusted_text import check_template

SUFFIX = ".txt"


def read_text_file(name: str, places: Sequence[str] = ()) -> str:
    """The text, without blanks at its ends. Raises UsageError, also if it does not hold each of `places` once, as {place}."""
    text = _read(name).decode("utf-8", "replace").strip()
    check_template(name, text, places)
    return text


def text_sha256(name: str) -> str:
    """The digest of the file's bytes. Raises UsageError."""
    return hashlib.sha256(_read(name)).hexdigest()


@lru_cache(maxsize=16)
def _read(name: str) -> bytes:
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"there is no text file {path}")
    try:
        with path.open("rb") as file:
            return file.read(4 * TEMPLATE_CHARACTERS + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
