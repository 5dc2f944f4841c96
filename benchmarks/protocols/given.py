"""Protocols that somebody else wrote: what their functions give is held to its kind.

A function that raises, or that gives something else than its kind, is an error of one line with its file and line.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ...harness.answers import Extraction, Grade
from ...harness.registry import Origin
from ...harness.types import Image, Prompt
from ...harness.user_file import Held, shown_value
from .base import Protocol


def given_protocol(protocol: Protocol, origin: Origin, what: str) -> Protocol:
    """The protocol with its functions held; the version of one in a file that a path named tells the file's content."""
    of_file = f"+file.{origin.file.sha256[:12]}" if origin.file else ""
    return dataclasses.replace(
        protocol,
        version=f"{protocol.version}{of_file}",
        prompt=Held(what, protocol.prompt, unfit_prompt),
        extract=Held(what, protocol.extract, _unfit_extraction),
        match=Held(what, protocol.match, _unfit_grade),
    )


def unfit_prompt(found: Any, *given: Any) -> str | None:
    """What is wrong with what a prompt's function gave; None if nothing is."""
    if not isinstance(found, Prompt) or not isinstance(found.system, str | None):
        return f"gave {shown_value(found)}, not a Prompt"
    if not all_are(found.parts, (str, Image)):
        return f"gave a Prompt whose parts are {shown_value(found.parts)}, not a tuple of texts and Images"
    return None


def _unfit_extraction(found: Any, *given: Any) -> str | None:
    fit = isinstance(found, Extraction) and isinstance(found.answer, str | None)
    fit = fit and isinstance(found.rule, str) and isinstance(found.reason, str)
    return (
        None if fit else f"gave {shown_value(found)}, not an Extraction of an answer (a text or None), rule and reason"
    )


def _unfit_grade(found: Any, *given: Any) -> str | None:
    fit = (
        isinstance(found, Grade) and isinstance(found.correct, bool | None) and isinstance(found.extracted, str | None)
    )
    fit = fit and isinstance(found.rule, str) and isinstance(found.reason, str)
    return None if fit else f"gave {shown_value(found)}, not a Grade whose `correct` is True, False or None"


def all_are(found: Any, kind: type | tuple[type, ...]) -> bool:
    """True for a tuple of that kind of thing."""
    return isinstance(found, tuple) and all(isinstance(one, kind) for one in found)
