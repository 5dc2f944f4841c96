"""Second thoughts: "The answer is 4. Wait, let me recount. ... 3." """

from __future__ import annotations

import re

from .closing import closing_statement
from .ending import ending_of
from .last_line import last_line
from .sentence import FIRM
from .statement import Statement

_SECOND_THOUGHT = re.compile(
    r"(?:^|[.!?)]\s{1,3}|\n[ \t]{0,8}|\s[—–-]\s)[*_]{0,3}(?:wait|hold on|hmm|actually|oh|oops|no wait|on second thought|"
    r"let me (?:recount|redo|reconsider|re-?check|re-?calculate|re-?examine|correct))\b",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(
    r"\b(?:disregard|ignore|scratch|retract|forget)\b[^.\n]{0,30}\b(?:above|that|this|it|answer)\b"
    r"|\b(?:can't|can’t|cannot|not possible to|impossible to) (?:be )?(?:determine|tell|say|know|decide|conclude)",
    re.IGNORECASE,
)
_CONFIRMS = re.compile(
    r"\b(?:yes|correct|confirm\w*|indeed|stands|holds|same|right|consistent|verified|fine|ok)\b|[✓✅✔]\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_CONFIRMATION = re.compile(
    r"(?:consistent|correct|verified|confirmed|fine|ok|reasonable)\b|[^\n]*[✓✅✔]\W*$", re.IGNORECASE | re.MULTILINE
)
_ONLY_VALUE = re.compile(r"(?:^|[.!?]\s{1,3}|\n)[*_]{0,3}([-−]?\d[\d,]*(?:\.\d+)?|\(?[A-Z]\)?)[*_]{0,3}[.!]?\s*\Z")


def second_thought(text: str, at: int) -> Statement | None:
    """What a response says after it thinks again of what it stated at `at`: another answer, or one that is None, withdrawn.

    None where it does not think again, or confirms what it said.
    """
    found = _SECOND_THOUGHT.search(text, at)
    if found is None:
        return None
    rest = text[found.end() :]
    ending = ending_of(rest)
    value = _ONLY_VALUE.search(rest)
    alone = Statement(value.start(), value.group(1), "sentence") if value else None
    later = last_line(rest) or closing_statement(ending) or alone
    if later is not None and not _CONFIRMATION.match(later.answer or ""):
        return Statement(found.end() + later.at, later.answer, later.rule)
    other = ending.sentences and FIRM.match(ending.sentences[-1]) and not _CONFIRMS.search(rest)
    return Statement(found.end(), None, "none") if other or _WITHDRAWN.search(rest) else None
