"""Values as elements of a page that no text in them can break out of, and digests of the scripts that may run."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

from ...harness.types import Json

_LEVEL = 6


def packed(value: Json) -> str:
    """Base64 of gzip of the JSON of a value; the same value gives the same text. Lone surrogates become U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return base64.b64encode(gzip.compress(whole.encode(), _LEVEL, mtime=0)).decode()


def inert(name: str, base64_text: str) -> str:
    """A data element: browsers neither run nor parse what is in it, and base64 holds no character that could end it."""
    return f'<script type="application/octet-stream" id="{name}">{base64_text}</script>\n'


def script(code: str) -> tuple[str, str]:
    """An element that runs `code`, and the source expression that allows it in a Content-Security-Policy.

    Raises ValueError for code that a browser would read otherwise than it is written.
    """
    lowered = code.lower()
    if any(mark in lowered for mark in ("</script", "<script", "<!--", "\r", "\0")):
        raise ValueError("a script that cannot stand in a page unchanged")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return f"<script>{code}</script>\n", f"'sha256-{digest}'"
