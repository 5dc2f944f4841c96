"""A server's address: what may be one, and how it is shown and stored without the secrets that some carry in their paths."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

from ..errors import UsageError

_WORD = re.compile(r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}|v\d{1,2}(?:alpha|beta)?\d?")
"""What a step of a path may be and is no secret: a word, or the version of an interface."""
_SCHEME = re.compile(r"[A-Za-z]{1,10}://")


def secrets_of(url: str) -> list[str]:
    """The steps of a URL's path that may be keys, longest first: all but lower-case words, versions like v1beta, and one or
    two characters.
    """
    host_and_path = url[found.end() :] if (found := _SCHEME.match(url)) else url
    steps = [step for step in re.split(r"[/?#&=]", host_and_path)[1:] if len(step) > 2 and not _WORD.fullmatch(step)]
    return sorted({*steps, *map(unquote, steps)}, key=lambda step: (-len(step), step))


def without_secrets(text: str, secrets: list[str]) -> str:
    """The text with each of the secrets replaced by a mark that tells two of them apart."""
    for secret in secrets:
        text = text.replace(secret, f"[hidden {hashlib.sha256(secret.encode()).hexdigest()[:8]}]")
    return text


def shown_url(url: str) -> str:
    """The URL for people and for what is stored: as it is, but for steps of its path that may be keys."""
    return without_secrets(url, secrets_of(url))


def checked_url(url: str, key_variable: str) -> str:
    """The URL without a slash at its end. Raises UsageError, and does not show what may be a secret."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if fine and (parts.username is not None or parts.password is not None):
        raise UsageError(f"the url holds credentials (user:password@host): put the key into {key_variable} instead")
    if fine and (parts.query or parts.fragment):
        raise UsageError(
            f"the url holds a query (?...): put the key into {key_variable}, other settings into the options"
        )
    if not fine or not url.isprintable() or " " in url:
        shown = repr(shown_url(url)[:80]) if "@" not in url else "the one given"
        raise UsageError(f"a server's url looks like http://host:8000/v1, not {shown}")
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise UsageError("the url ends with /chat/completions: give the part before that, usually ending with /v1")
    return url.rstrip("/")
