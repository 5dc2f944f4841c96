"""What one sentence asserts: whether it asserts anything, and the value or the option that it gives.

"Therefore, the number of objects left is 7." gives 7; "Damon needs $24 to buy a steak." gives $24; "The missing piece is
option C." gives C. Questions, denials, doubts and suppositions give nothing, nor does a number that merely occurs.
"""

from __future__ import annotations

import re

from ..lexer import names
from ..units import CURRENCY_SIGNS
from .doubt import IF, REFUTED, rests_on_doubt

LONGEST = 600  # characters of a sentence that is looked at
VERDICT = r"[\s*_`>]{0,8}(yes|no|true|false)\b[*_`]{0,3}(?=[\s,.;:!—–-]|\Z)(?!,?\s(?:and|or|if|is)\b)"
"""A text that begins with one of these words, and gives them as an answer."""
_NUMBERS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_SIGN = rf"(?:\\?[{CURRENCY_SIGNS}])"
NUMBER = (
    rf"(?:(?:US|USD|RMB)?\s?{_SIGN}?\s?[-+−–±~≈]?\s?{_SIGN}?\s?\.?\d"
    r"|[-−]?\\(?:frac|dfrac|tfrac|sqrt|pi|left|text\{\s?\d|mathrm\{\s?\d|infty)"
    r"|[-−]?[√π∞½¼¾⅓⅔]|[(\[{]\s?[-−+]?\s?(?:\d|\\(?:frac|sqrt|infty|pi)|∞)"
    rf"|(?i:{_NUMBERS})(?![a-z]))"
)
_OPENING = r"(?:[*_`\"“]{0,4}(?:\\\(|\\\[|\${1,2})?\s?[*_`]{0,3})"
NOUN = (
    r"(?i:option|choice|answer|letter|figure|fig\.|picture|image|shape|diagram|graph|group|box|net|tile|pattern|drawing|band|"
    r"object|piece|panel|set|card|part|line|curve|point|block|cube|plot|table|chart|photo|sketch|symbol|square|circle|"
    r"triangle|path|route|container|glass|jar|bottle|map|view|solid|model|sequence|statement|column|row|item|number|"
    r"situation|case|pair|segment|angle|bar|flag|key|design|arrangement|position|illustration|puzzle)"
)
_ONE_LETTER = rf"{_OPENING}(?:{NOUN}s?\s{{1,2}}{_OPENING})?(?:\\text\{{\s?)?(?:[(\[]\s?[A-Z]\s?[)\]]|[A-Z](?![\w'’-]))"
_LETTER = rf"{_ONE_LETTER}(?:(?:\s?,\s?(?:(?:and|or)\s)?|\s(?:and|or|&)\s){_ONE_LETTER}){{0,8}}"
_HEDGES = (
    r"(?:(?i:exactly|only|just|about|approximately|approx\.?|around|roughly|therefore|thus|then|hence|simply|also|at|"
    r"equal to|equals|given by|clearly|indeed|actually|a total of|found to be|estimated (?:to be|at)|the|now|closest to|"
    r"(?:the )?(?:correct|right|best)|labell?ed|of|as|be|to be)\s{1,2}){0,4}"
)
_COPULA = re.compile(
    rf"(?:\b(?i:is|are|was|were|be|equals|equal|becomes|has been|totals)(?![\w'’])\s{{0,3}}[:：]?\s{{0,3}}"
    r"|\b(?i:gives|which leaves|yields)(?:\sus|\syou)?\s{1,2}|\b(?i:it|that)['’]s\s{1,2}"
    r"|\b(?i:is|are)\snot\s\S{1,12}(?:\s\S{1,12})?,?\sbut\s(?:rather\s)?|[=≈]\s{0,3}|\\approx\s{0,3}|是|为|等于|有|得)"
    rf"{_HEDGES}(?P<value>{_OPENING}{NUMBER}|{_LETTER})"
)
_COPULAS = frozenset(
    names("is are was were be equals equal becomes has totals gives which yields it that = ≈ \\approx 是 为 等 有 得")
)
"""What a copula begins with."""
_COPULA_SPOT = re.compile(r"[A-Za-z]+|[=≈是为等有得]|\\approx")
_VALUE = re.compile(rf"{_HEDGES}{_OPENING}{NUMBER}")
_VERB = re.compile(
    r"\b(?i:gives? (?:us|you)|leaves us with|"
    r"has|have|had|needs?|costs?|spends?|spent|pays?|paid|earns?|earned|makes?|made|gets?|got|takes?|took|gives?|gave|"
    r"contains?|shows?|reads?|leaves?|left|weighs?|measures?|sold|sells?|saves?|saved|receives?|received|owes?|holds?|"
    r"carry|carries|travell?(?:s|ed)?|scores?|scored|reaches|comes? to|amounts? to|adds? up to|results? in|obtain|find|"
    r"total|remains?|there (?:is|are|were|was|remain|must be|will be|would be)|(?:stands?|counts?) for|represents?|denotes?)"
    r"\s{1,2}"
    r"(?:(?i:an?|the)\s{1,2}(?:[a-z-]{2,20}\s{1,2}){1,3}of\s{1,2})?"
    rf"{_HEDGES}(?P<value>{_OPENING}{NUMBER})"
)
_IN = re.compile(rf"\b(?i:in|in the year)\s{{1,2}}{_HEDGES}(?P<value>{_OPENING}{NUMBER})")
_POINTS = re.compile(
    r"(?:\b(?i:corresponds? to|matches|belongs? to|replaced by|choose|select|pick|chose|selected|matching|(?:is|are|be) "
    rf"(?:shown|labell?ed|represented|given) (?:in|by|as|with)|answer)"
    r"|\b(?i:this|that|which)\sleaves(?:\sus)?(?:\swith)?"
    rf"(?=\s(?:(?:only|just|the)\s){{0,2}}(?:{NOUN}\s)?[^a-z]{{1,12}}(?:\sas\s(?:the|our)\s[^,;]{{1,40}})?\Z))"
    rf"\s{{1,2}}{_HEDGES}(?P<value>{_LETTER})"
)
_SAID = re.compile(
    r"\b(?i:is|are|was|were|be|equals|becomes)\s{1,2}(?:(?i:called|named|the|a|an|therefore|thus|labell?ed|:)\s{1,2}){0,2}"
    r"(?P<value>[^\s,;:][^,;:\n]{0,80})$"
)
_COUNTED = re.compile(
    rf"(?P<value>(?:\d[\d,]*(?:\.\d+)?|(?i:{_NUMBERS}))(?!\sof\s)(?:\s[a-z][a-z-]{{1,20}}){{1,3}})\s"
    r"(?:is|are|was|were|can\sbe|remain)\s"
    r"(?:visible|hidden|left(?:\sover)?|seen|shown|known|unknown|broken|eaten|taken|sold|drawn|missing|remaining|absent|present"
    r"|(?!indeed)[a-z-]{2,12}ed)"
)
LEAD = re.compile(
    r"(?:[\s*_#>–•✅☑✔]|-(?![\d.\\$])|\b(?i:so|thus|hence|therefore|then|finally|overall|consequently|accordingly|"
    r"in conclusion|in summary|in total|as a result|and|but|answer|conclusion|final answer|step \d{1,2})\b[\s,:*]*){1,8}"
)
CIRCUMSTANCE = re.compile(
    r"(?:(?:if|since|because|as|while|although|though|when|whenever|given|based on|according to|looking at|from|in|on|at|"
    r"after|before|by|for|with|using|following|of|among|between|to|once|during|over|under|considering|within|sure|yes|no|okay)\b"
    r"[^,;:]{0,200}[,:]|(?:因为|由于|根据|在|如图|从图)[^，,]{0,60}[，,])\s*",
    re.IGNORECASE,
)
FIRM = re.compile(
    r"[\s*_#>\-–•]{0,16}(?i:so|thus|hence|therefore|finally|overall|consequently|in conclusion|in summary|as a result|"
    r"in total|to answer (?:the|your) question|based on|accordingly|we (?:can )?conclude|this means|it follows|"
    r"所以|因此|综上|故)\b"
)
QUESTION = re.compile(r"[?？][\s*_)\"'”’]*\Z")
CONSIDERS = re.compile(
    r"[\s*_]{0,12}(?i:for example|e\.g\.|step \d|first|next|let|let's|let us|consider|note|recall|given|suppose|"
    r"now,|remember|we (?:need|are given|know|have to|must)|to (?:find|determine|solve|calculate|get)|option [A-Z]|"
    r"\(?[A-Z][).:])(?![a-z])"
)
_GIVEN = re.compile(r"[\s*_]{0,12}given\b[^,;:]{0,200},", re.IGNORECASE)
CLAUSE_END = re.compile(
    r"[;；，。!]|,(?!\d{3}(?!\d))(?=\s|$)|\.(?=\s|$)|\s\(|\s[—–-]\s(?!\d)|:\s(?:(?!\d)|(?<!\d:\s)(?<!\d\s:\s))"
    r"|\s(?i:which|because|since|when|while|where|if|so|than|to|for|on|from|with|after|before|between|among|that|as|by|but|"
    r"who|whose|meaning|and (?:the|it|this|so|that|has|have|its)|in (?:the|this|that|each|order|all|both)|at (?:the|an?)|"
    r"of the|in (?:1[5-9]|20)\d\d|"
    r"given|making|is|are|was|were|will|would|has|have)(?![\w'’-])"
)
_MARKED_TEXT = re.compile(r"[,;]\s|\s(?i:which|because|since|where|as it|as the)\s|\.(?=\s|$)|。")
_EMPHASIS = re.compile(r"\*{2,3}|__|`")
_LABEL = re.compile(r"[*_\s\"“$]{0,12}(?:[(\[]\s?[A-Z]\s?[)\]]|" + NOUN + r"|[A-Z](?![\w'’-]))")
_LONE_CAPITAL = re.compile(r"[A-Z](?![\w'’-])(?<![A-Za-z][A-Z])")
_UNABLE = re.compile(
    r"\b(?:unable to|not able to|can(?:no|'|’)t|cannot|impossible to|not possible to)\s(?:be\s)?"
    r"(?:answer|determine|tell|say|read|decide|conclude|give)",
    re.IGNORECASE,
)
_SO = re.compile(r"[,;]\s(?:and\s)?(?:so|thus|hence|therefore),?\s(?!that\b)")
_BRACKET = re.compile(r"[*_$\s]{0,4}(?:\\left\s?)?(?:\\[(\[]\s?)?\\?([(\[{])")
_CLOSES = {"(": ")]", "[": ")]", "{": "}"}
_LIST = re.compile(
    rf"{_OPENING}{NUMBER}[^\s,;]{{0,20}}(?:(?:\s?[,;](?!\d{{3}}(?!\d))\s?(?:(?:and|&|or)\s)?|\s(?:and|&|to|by)\s)"
    rf"{_OPENING}{NUMBER}[^\s,;]{{0,20}}){{1,12}}"
)
_SEPARATED = re.compile(r"[,;&]|\s(?:and|to|by)\s")
_AGAIN = re.compile(rf",\s(?:or|i\.e\.,?|that is,?|namely,?)\s(?P<value>{_OPENING}{NUMBER}[^,;]*)\Z")
_COMPUTED = re.compile(r"\d\S*\s(?:minus|plus|times|divided by|[-+−–×*/÷])\s")
_BECAUSE = re.compile(r",?\s(?:because|since)\s[^,;]*\Z")
_SUBJECT = re.compile(
    r"[A-Za-z]{3}|[^\x00-\x7f]|\\[a-z]|[A-Z]{2}"
    r"|\A[\s$(*\\]{0,6}[a-zA-Z]['′]?(?:_\w)?(?:\([a-z\d]\))?[\s$*)\\]{0,4}\Z"
)
_SEVERAL = re.compile(r"[=≈][^=≈]{1,60}(?:,|\b(?i:or|and)\b)")
_DIGIT = re.compile(r"\d")
_PRONOUN = re.compile(r"[\s*_]{0,12}(?i:this|that|these|those|it|they|there|here|what|i|we|you|he|she)\b")
_WORDS = 6


def value_of(sentence: str, words: bool = False) -> str | None:
    """The number or the option that a sentence gives, or with `words` also the few words that it ends in; else None."""
    if len(sentence) > LONGEST or sentence.rstrip().endswith(("...", "…")) or QUESTION.search(sentence):
        return None
    if _UNABLE.search(sentence):
        return None
    concluded = _last(_SO, sentence, 0)
    if concluded is not None:
        return _alone(sentence[concluded.end() :]) or value_of(sentence[concluded.end() :], words)
    if CONSIDERS.match(sentence) and not _GIVEN.match(sentence):
        return None
    plain = _EMPHASIS.sub("", sentence).strip().rstrip(".。!* ")
    lead = LEAD.match(plain)
    at = lead.end() if lead else 0
    circumstance = CIRCUMSTANCE.match(plain, at)
    at = circumstance.end() if circumstance and plain[circumstance.end() :].strip() else at
    reason = _BECAUSE.search(plain, at + 1) if "because" in plain or "since" in plain else None
    plain = plain[: reason.start()] if reason else plain
    copula = _last_copula(plain, at)
    return (
        (_option(plain, at, copula) if _LONE_CAPITAL.search(plain, at) else None)
        or _number(plain, at, copula)
        or (_counted(plain, at) if FIRM.match(sentence) else None)
        or (_few_words(plain, at, bool(FIRM.match(sentence))) if words else None)
    )


def _alone(clause: str) -> str | None:
    """A clause that is only a number and what is counted: "so 15 candles in total"."""
    plain = _EMPHASIS.sub("", clause).strip().rstrip(".。!* ")
    return plain if _VALUE.match(plain) and not CLAUSE_END.search(plain) else None


def _option(text: str, at: int, copula: re.Match[str] | None) -> str | None:
    for found in (_last(_POINTS, text, at), copula):
        if (
            found is not None
            and found.group()[0] not in "=≈\\"
            and _is_label(found.group("value"))
            and not rests_on_doubt(text, found.start())
        ):
            rest = text[found.start("value") :]
            cut = _MARKED_TEXT.search(rest, len(found.group("value")))
            if REFUTED.search(rest):
                return None
            return rest[: cut.start()] if cut else rest
    return None


def _number(text: str, at: int, found: re.Match[str] | None) -> str | None:
    if found is not None and found.group()[0] in "=≈" and _SEVERAL.search(text, at, found.start()):
        return None
    if found is None or _is_label(found.group("value")):
        found = _only(_VERB if _VERB.search(text, at) else _IN, text, at)
    if (
        found is None
        or not (FIRM.match(text) or _SUBJECT.search(text[at : found.start()]))
        or rests_on_doubt(text, found.start("value"))
    ):
        return None
    value = text[found.start("value") :]
    cut = CLAUSE_END.search(value, _bracket_end(value, len(found.group("value"))))
    if cut and IF.match(value, cut.start() + 1):
        return None
    listed = _LIST.match(value) if _SEPARATED.search(value) else None
    if listed is not None and (cut is None or cut.start() < listed.end()):
        return listed.group()
    again = _AGAIN.match(value, cut.start()) if cut else None
    if again is not None and _COMPUTED.search(value, 0, again.start()):
        return again.group("value")
    return value[: cut.start()] if cut else value


def _is_label(value: str) -> bool:
    bare = value.lstrip('*_ \t\n"“$')
    return (bare[:1].isalpha() or bare[:1] in ("(", "[")) and _LABEL.match(value) is not None


def _bracket_end(value: str, at: int) -> int:
    """Where a list or a pair that begins the value ends, so that it is not cut at its commas."""
    bracket = _BRACKET.match(value)
    ends = [value.find(close, at) for close in _CLOSES[bracket.group(1)]] if bracket else []
    return max(at, min((end for end in ends if end >= 0), default=at))


def _only(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    """The match, where there is one only and no other number stands before it."""
    found = _last(pattern, text, at)
    if found is None or _DIGIT.search(text, at, found.start("value")):
        return None
    return found


def _counted(text: str, at: int) -> str | None:
    """What a whole conclusion counts: 5 cubes are visible."""
    found = _COUNTED.fullmatch(text, at)
    return found.group("value") if found else None


def _few_words(text: str, at: int, firm: bool) -> str | None:
    found = _SAID.search(text, at)
    if (
        found is None
        or not _SUBJECT.search(text[at : found.start()])
        or (not firm and _PRONOUN.match(text, at))
        or rests_on_doubt(text, len(text))
    ):
        return None
    value = found.group("value").strip()
    return value if len(value.split()) <= _WORDS and " is " not in value else None


def _last_copula(text: str, at: int) -> re.Match[str] | None:
    """The last verb or sign that gives a value; tried only where one of them stands."""
    for spot in reversed([*_COPULA_SPOT.finditer(text, at)]):
        found = _COPULA.match(text, spot.start()) if spot.group().lower() in _COPULAS else None
        if found is not None:
            return found
    return None


def _last(pattern: re.Pattern[str], text: str, at: int) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text, at):  # noqa: B007 (only the last one counts)
        pass
    return found
