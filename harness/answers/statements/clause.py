"""What a sentence concludes: its main clause, without the circumstances before it and the reasons after it.

"In 2018, so far as we see, the most rain fell in May, because of the storms." concludes "the most rain fell in May".
"""

from __future__ import annotations

import re

from .doubt import CONDITION, IF, doubts, may_doubt, not_ones_own, only_supposed
from .preparation import CONSIDERS, QUESTION, counted_behind, prepares
from .sentence import CIRCUMSTANCE, LEAD, LONGEST

_REASON = re.compile(
    r"[,;]?\s(?:because|since|due to|given that|whereas|while|so that|as (?:it|the|they|there|shown|seen|indicated|can|we)|"
    r"with an? |followed (?:closely )?by|right behind|ahead of)\b|，(?:因为|即|也)",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|consequently|we get|we have|mean(?:s|ing)(?: that)?|conclude that|it follows that|"
    r"(?<!anything )(?<!\ball )but|however)"
    r"\b(?! that)"
    r"|所以|因此|但是?|→|⇒|=>|\\(?:Rightarrow|rightarrow|implies|therefore)\b|\s->\s",
    re.IGNORECASE,
)
_ARROW = re.compile(r"→|⇒|=>|\s->\s")
_NOTE = re.compile(r"\s\((?![A-Z]\)|[^()]{0,12},)(?=[^()\\]*(?:[a-z]{3}|[^\x00-\x7f]{2})[^()\\]*\))[^()]{2,80}\)")
_ANOTHER = re.compile(r"\s\((?:not\s(?:the\s|in\s|option\s)?\W{0,3}(?:\d|[A-Z]\b)|(?:rather than|instead of|unlike)\b)")
"""A note on what the answer is not."""
_CODE = re.compile(
    r"\s*(?:print|return|def|import|for|while|elif|else|if)\b[^\n]*[(:]|.*(?:[=!]=|\w_\w)|\s*\w+\s=\s[\[\w\"']+\Z"
)
_SENTENCE = re.compile(r"(?<=[A-Z])\.\s+(?=[A-Z][a-z])")
_IMPERATIVE = re.compile(
    r"[\s*_]{0,8}(?:(?:now|next|then|first)\s)?(?:let|test|try|look|compare|consider|recall|note|remember|find|"
    r"calculate|compute|use|choose from|select from|"
    r"answer with|please|check|see|identify|determine|count|add|subtract|multiply|divide|imagine|suppose|"
    r"eliminate|exclude|cross out|discard|reject)\b",
    re.IGNORECASE,
)
FORMULA = re.compile(r"\$\$(.{1,300}?)\$\$|\\\[(.{1,300}?)\\\]|\$([^$]{1,300})\$|\\\((.{1,300}?)\\\)", re.DOTALL)
_BEHIND_COLON = re.compile(r"[a-z)%\d]:\s[*_]{0,3}(?P<value>[^:\n*]{1,80}?)[*_]{0,3}[.!]?[*_]{0,3}\Z")
_SEVERAL_WORDS = re.compile(r"\S\s+\S+\s+\S|(?i:\bit|\bthat)['’]s\s|[\u4e00-\u9fff]{3}")


def is_sentence(text: str) -> bool:
    """True for a text of several words, and for a formula alone."""
    return bool(_SEVERAL_WORDS.search(text) or FORMULA.fullmatch(text.strip()))


def main_clauses(sentence: str) -> list[str]:
    """What a sentence concludes, behind its last "so", "but" or arrow; none for a question or an instruction."""
    text = counted_behind(_SENTENCE.split(sentence.strip())[-1])
    behind = text.rpartition("; ")[2]
    text = behind if behind.count(" ") > 1 else text
    if len(text) > LONGEST or _CODE.match(text) or QUESTION.search(text) or text.endswith(("...", "…", ":", "：")):
        return []
    whole = _main(text)
    if only_supposed(text[: len(text) - len(whole)], whole):
        return []
    if CONSIDERS.match(text) or _IMPERATIVE.match(whole) or prepares(text):
        return []
    chain = len(_ARROW.findall(text)) > 1
    ends = [found.end() for found in _CONCLUDES.finditer(text) if not (chain and _ARROW.fullmatch(found.group()))]
    last = _main(text[ends[-1] :]) if ends else ""
    return [last] if last else [whole]


def behind_colon(sentence: str) -> str:
    """What stands behind the colon that a sentence ends with, "It bends while it rises: **concave down**"; "" for none."""
    found = _BEHIND_COLON.search(sentence.strip())
    return found.group("value") if found and not is_denied(found.group()) else ""


def _main(text: str) -> str:
    text = text.strip().rstrip(".。!！ ")
    for _ in range(3):
        lead = LEAD.match(text)
        text = _behind(text, lead) if lead else text
        circumstance = CIRCUMSTANCE.match(text)
        if circumstance is None or not text[circumstance.end() :].strip():
            break
        text = text[circumstance.end() :]
    text = _NOTE.sub(_unless_it_counts, text)
    cut = _REASON.search(text, 1)
    return (text[: cut.start()] if cut else text).strip(" ,;")


def _unless_it_counts(note: re.Match[str]) -> str:
    """A note in brackets, kept where it makes the statement depend on something or takes it back."""
    said = note.group()
    return said if IF.search(said) or (is_denied(said) and not _ANOTHER.match(said)) else ""


def _behind(text: str, lead: re.Match[str]) -> str:
    """The text behind its lead, with the emphasis that begins there."""
    rest = text[lead.end() :]
    return f"**{rest}" if lead.group().endswith("**") and "**" in rest else rest


def is_denied(words: str) -> bool:
    """True if the words around an answer deny or doubt it."""
    return may_doubt(words) and (doubts(words) or CONDITION.search(words) is not None or not_ones_own(words))
