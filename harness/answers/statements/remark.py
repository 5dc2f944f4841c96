"""Sentences behind an answer that give none: remarks on it, and words about options or answers that are wrong."""

from __future__ import annotations

import re

from ..lexer import names
from .doubt import may_doubt, not_ones_own, words_in
from .sentence import NOUN

_REMARK = re.compile(
    r"[\s*_(]{0,8}(?:this|that|it|these|which|the (?:same )?(?:answer|result|value|estimate|reading|count|"
    r"calculation|labels?|"
    r"check|figure|total|sum|conclusion|method|numbers?|values|picture|diagram|others?|remaining|rest|other "
    r"(?:options?|choices|"
    r"answers|ones))|"
    r"(?:all|both|none) (?:of )?(?:the )?(?:others?|other (?:options?|choices|answers|ones|values))|everything|"
    r"all (?:values|counts)|"
    r"no (?:further|other|more)|i (?:added|counted|read|used|checked|estimated)|as (?:you can see|expected|"
    r"required|desired)|"
    r"done|q\.?e\.?d|easy|does that|keep in mind|remember|hopefully|here,? i)\b(?P<rest>[^\d=\n]*)\Z",
    re.IGNORECASE,
)
_FIRST = re.compile(r"[\s*_(]{0,8}([A-Za-z]+)")
_BEGINNINGS = frozenset(
    names(
        "this that it these which the all both none everything no i as done q qed easy does keep remember hopefully here"
    )
)
_ENDS = re.compile(r"[∎□■✓✅✔🙂😊!.\s]+")
_SAYS_SO = re.compile(
    r"(?:\W+\w+){0,7}?\W+(?:consistent|agrees?|match(?:es)?|fits?|confirms?|verif\w+|check(?:s|ed)?|approximat\w+|"
    r"estimates?d?|reliable|exact|"
    r"rounded|read|calculated|computed|obtained|found by|derived|determined|follows|comes from|based on|uses?d?|"
    r"makes? sense|"
    r"reasonable|expected|plausible|clear|correct as|what was asked|what we (?:want|need)\w*|it(?=\W*\Z)|looking "
    r"for|completes|ends|solution|"
    r"method|steps?|larger than|smaller than|(?:the|a) (?:ratio|sum|difference|average|product|quotient|result) of|"
    r"easiest|quick|simple|easy|right|units|labels?|bars?|picture|diagram|chart|graph|axis|figure|scale|work|"
    r"left out|ignored|needed|counted?|do not|does not|don['’]t|doesn['’]t|wrong|too|excluded|incorrect|not)\b"
    r"|\W*\Z",
    re.IGNORECASE,
)
_OPTIONS = re.compile(r"(?<![\w'’])[A-Z](?![\w'’])")
_WRONG = re.compile(
    r"[\s*_]{0,8}(?:options?\s|choices?\s|answers?\s|choosing\s|picking\s|selecting\s|only\s)?\(?[A-Z]\)?"
    r"(?:(?:,?\s(?:and|or)\s|,\s)\(?[A-Z]\)?){0,6}\s"
    r"(?:(?:is|are|was|were|would be|can be|must be)\s(?:(?:all|both|therefore|clearly|thus|also|then)\s){0,2}"
    r"(?:wrong|incorrect|false|too\s\w+|excluded|eliminated|ruled out|impossible|an?\s(?:\w+\s){0,2}(?:slip|trap|"
    r"error|mistake|"
    r"distractor)|the (?:usual|common|typical)\s\w+|not (?:correct|right|possible|valid|the answer|consistent|"
    r"suitable|it))|(?:cannot|can['’]t) be (?:right|correct|true|it)\b|(?:(?:does|do) not|doesn['’]t|don['’]t) "
    r"(?:fit|match|work|satisfy|hold|apply|agree|belong|make|meet|close|fold)\b|would (?!be (?:the )?(?:right|"
    r"correct|best))|results? from (?:forgetting|mixing|confusing)|forgets?|ignores?|misses|confuses|omits|neglects)",
    re.IGNORECASE,
)
"""What is said of options that are not chosen: "B forgets the square", "(A) and (C) are too large"."""
_UNLIKE = re.compile(
    rf"[\s*_]{{0,8}}(?:{NOUN}\s)?\(?[A-Z]\)?\s(?:shows|has|is|contains|looks|would)\s[^.]{{0,80}}?"
    r"(?:instead|,\s(?:so|which means) it (?:cannot|can['’]t|does not|doesn['’]t|is not|isn['’]t)\b)[^.]{0,60}\.?\Z"
)
"""What another option shows: "Figure D shows the mirror image instead"."""


_METHOD = re.compile(
    r"(?:this|that|it|which|the (?:answer|result|value|total|sum|number))\s(?:is|was|can be|has been)\s(?:\w{2,12}ly\s)?"
    r"(?:found|obtained|calculated|computed|derived|determined|reached|got(?:ten)?)\s(?:by|from|using|through|via|with)\b"
    r"[^=\n]*\Z",
    re.IGNORECASE,
)
"""How the answer was found, also with its numbers: "This is found by adding 3 + 4 + 7"."""


_CONSISTENT = re.compile(
    r"(?:this|that|it|which|the (?:answer|result|value|total|sum|number))\s(?:also\s|indeed\s|clearly\s)?"
    r"(?:agrees with|is (?:also\s)?(?:consistent|in (?:line|agreement|accordance)) with|is supported by|makes sense"
    r"|checks out|(?:fits|works|holds),?\s(?:since|because|as))\b[^=\n]*\Z"
    r"|(?:as a (?:quick\s|sanity\s|final\s)?check|(?:we|you|one) can (?:also\s)?(?:check|verify|confirm)"
    r"(?: (?:this|that|it))?)\s?[,:]"
    r"|这(?:个(?:结果|答案))?[与和][^。，]{1,40}(?:一致|相符|吻合)[。.]?\Z",
    re.IGNORECASE,
)
"""What agrees with the answer or checks it, also with numbers: This agrees with the two sides of 7 cm."""
_CONSISTENT_WORDS = frozenset(
    names("agrees consistent line agreement accordance supported sense checks fits works holds check verify confirm")
)


_UPHOLDS = re.compile(
    r"\b(?:(?:this|that|it|which) (?:changes nothing|makes no difference|(?:does|did) not (?:change|affect|matter)\b[^.;\d]*)"
    r"|the (?:choice|answer|result|conclusion) (?:still )?(?:stands|holds))[.!]?\Z",
    re.IGNORECASE,
)
"""The end of a sentence that leaves the answer as it is, whatever slip it tells of."""
_LEAVES = re.compile(rf"\bleav(?:es|ing)\b[^.;]{{0,24}}?(?:{NOUN}\s)?\(?\b[A-Z]\)?[.*_\s]{{0,4}}\Z")
"""A sentence that ends in the option that is left: "That eliminates B and C, leaving A"."""


def is_remark(sentence: str) -> bool:
    """True for a sentence that gives no answer and takes none back."""
    plain = sentence.strip(" \t\n*_")
    if (
        "题" in plain
        or _LEAVES.search(plain)
        or (not _FAULTS.isdisjoint(words_in(plain)) and _OF_THE_PROBLEM.search(plain))
    ):
        return False
    if _UNLIKE.match(plain) or _consistent(plain) or _UPHOLDS.search(plain):
        return True
    if may_doubt(plain) and (_WRONG.match(plain) or (not_ones_own(plain) and not _OWN_SLIP.search(plain))):
        return True
    first = _FIRST.match(plain)
    if first is None:
        return _ENDS.fullmatch(plain) is not None
    if _METHOD.match(plain):
        return True
    found = _REMARK.match(plain) if first.group(1).lower() in _BEGINNINGS else None
    rest = found.group("rest") if found else "A"
    return not _OPTIONS.search(rest) and _SAYS_SO.match(rest) is not None and not _TAKES_BACK.search(plain)


def _consistent(plain: str) -> bool:
    """True for what agrees with the answer or checks it, and names no option."""
    told = not plain.isascii() or not _CONSISTENT_WORDS.isdisjoint(words_in(plain))
    found = _CONSISTENT.match(plain) if told else None
    return found is not None and not (_OPTIONS.search(plain, found.end()) or _NAMED_OPTION.search(plain))


_NAMED_OPTION = re.compile(r"\b(?:option|choice|answer)\s\(?[A-Z]\b|\([A-Z]\)", re.IGNORECASE)
_OF_THE_PROBLEM = re.compile(
    r"\b(?:mistake|error|typo|wrong|incorrect|inconsistent|contradict\w*|misprint)\b[^.]{0,60}"
    r"\b(?:problem|question|given|options|choices|description|set-?up|information|statement|diagram)\b"
    r"|\b(?:problem|question|options|choices)\b[^.]{0,60}\b(?:mistake|error|typo|wrong|incorrect|inconsistent)\b",
    re.IGNORECASE,
)
"""A mistake of the question's own, behind which nothing is answered."""
_FAULTS = frozenset(
    names("mistake error typo wrong incorrect inconsistent contradict contradicts contradictory contradiction misprint")
)
_OWN_SLIP = re.compile(
    r"\b(?:I|we|my|our)\b[^.]{0,40}?(?:mistake|error|forgot|overlooked|miscounted|misread|thought|assumed)"
    r"|\b(?:the|this|that) (?:answer|result|value)? ?(?:above )?(?:is|was) (?:wrong|incorrect|a mistake|not)"
)
_TAKES_BACK = re.compile(
    r"\b(?:this|that|it|the (?:answer|result|value)|which)(?:['’]s| is| was| are)? (?:\w+ )?(?:wrong|incorrect|"
    r"not|impossible|a mistake|"
    r"an error|too)\b|\b(?:cannot|can['’]t|unable|unclear|unsure|enough|determine)\b",
    re.IGNORECASE,
)
