"""Bounds in words with their signs: "x must be at least 3" as x ≥ 3, "greater than 2 but at most 5" as x > 2 and x ≤ 5."""

from __future__ import annotations

import re

_LONGEST = 120  # characters
_WORDED = re.compile(r"[a-z]{2} ")
_JOINT = re.compile(r",? (?P<word>and|but|or) (?:also )?(?:(?:is|must be) )?")
_DRESSED = re.compile(r"\\(?:text|mathrm|textrm|mbox)\s?\{([^{}]{0,60})\}|\\[,;!() ]|\$|\\(?=\[|\])")
_MORE, _LESS = "(?:greater|more|larger|bigger|higher) than", "(?:less|smaller|lower|fewer) than"
_SIGNS = {
    "≥": rf"at least|a minimum of|{_MORE} or equal to|equal to or {_MORE}",
    "≤": rf"at most|a maximum of|up to|{_LESS} or equal to|equal to or {_LESS}",
    ">": rf"(?:strictly )?{_MORE}|above|exceeds?",
    "<": rf"(?:strictly )?{_LESS}|below",
}
_OPPOSITE = {"≥": "<", "≤": ">", ">": "≤", "<": "≥"}
_BOUND = re.compile(
    r"(?P<not>not |no )?(?:"
    + "|".join(f"(?P<s{number}>{words})" for number, words in enumerate(_SIGNS.values()))
    + r"|(?P<between>(?:strictly )?between)) (?P<bound>\S(?:[^,;]{0,60}?\S)??(?:, inclusive)?)"
    r"(?=\Z|,? (?:and|but|or) (?:also )?(?:(?:is|must be) )?(?:not |no |strictly )?"
    r"(?:at|less|more|greater|larger|smaller|lower|higher|below|above|up)\b)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"(?:(?:so|thus|hence|therefore|then|this means|it follows that|we need|we get)[, ]{1,2}){0,2}"
    r"(?:[^.;]{0,80}\b(?:for|when|whenever|where) )?(?:all |every |any |the )?"
    r"(?:(?:real )?(?:values?|numbers?) (?:of |for )?)?(?P<name>[A-Za-z](?![A-Za-z])(?:_\{?\w\}?)?)? ?"
    r"(?:(?:that |which )?(?:(?:is|are|be|does|lies?|stays?|remains?|must|has to|have to|should|needs? to|can|will|may|"
    r"(?P<not>cannot|can't|can not))(?![a-z]) ?){1,2})?(?=\S)",
    re.IGNORECASE,
)


def with_signs(text: str, name: str | None) -> str:
    """The text with signs if it gives bounds in words, for the variable that it names or else `name`; else unchanged."""
    if len(text) > _LONGEST or not _WORDED.search(text):
        return text
    plain = " ".join(_DRESSED.sub(r" \1 ", text).split()).rstrip(" .")
    subject = _SUBJECT.match(plain)
    at = subject.end() if subject else 0
    named = (subject.group("name") if subject else None) or name or "x"
    links, joints = list[str](), set[str]()
    denied = subject is not None and subject.group("not") is not None
    while found := _BOUND.match(plain, at):
        if found.group("between") and (denied or found.group("not")):
            return text
        links.append(_link(named, found, denied))
        joint = _JOINT.match(plain, found.end())
        joints |= {"or" if joint.group("word") == "or" else "and"} if joint else set()
        at = joint.end() if joint else found.end()
    if not links or at != len(plain) or joints == {"and", "or"}:
        return text
    return f" {''.join(joints)} ".join(links)


def _link(name: str, found: re.Match[str], denied: bool) -> str:
    bound = found.group("bound")
    if found.group("between"):
        low, _, high = bound.partition(" and ")
        inclusive = high.endswith(("inclusive", "(inclusive)"))
        high = high.removesuffix("(inclusive)").removesuffix("inclusive").rstrip(", ")
        return f"{low} ≤ {name} ≤ {high}" if inclusive else f"{low} < {name} < {high}"
    sign = next(sign for number, sign in enumerate(_SIGNS) if found.group(f"s{number}"))
    sign = _OPPOSITE[sign] if denied != bool(found.group("not")) else sign
    return f"{name} {sign} {bound}"
