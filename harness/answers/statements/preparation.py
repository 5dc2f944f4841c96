"""Sentences that give no answer yet: they ask, go on to something else, repeat what is given, or cannot tell."""

from __future__ import annotations

import re

from ..lexer import names
from .doubt import may_doubt, words_in

QUESTION = re.compile(r"[?？][\s*_)\"'”’]*\Z")
_CHINESE_CONSIDERS = (
    r"[\s*_]{0,4}(?:例如|比如|假[设如]|如果|若|[设令](?![^。]{0,200}(?:所以|因此|得|故|则))|"
    r"第\s?\d{1,3}\s?[题步章页问])"
)
SUPPOSES_IN_CHINESE = re.compile(_CHINESE_CONSIDERS)
CONSIDERS = re.compile(
    r"[\s*_]{0,12}(?i:for example|e\.g\.|see|step \d|first|next|let|let's|let us|consider|note|recall|given|suppose|"
    r"now,|remember|we (?:need|are given|know|have to|must)|to (?:find|determine|solve|calculate|get)|"
    r"option [A-Z](?!\s(?:fits|works|holds|matches|satisfies|meets|is it\b))|"
    r"\(?[A-Z][).:])(?![a-z])|" + _CHINESE_CONSIDERS
)
_ASKS = re.compile(
    r"[\s*_]{0,8}(?i:is|are|was|were|could|can|would|does|do|did|should)\s(?:it|this|that|these|those|they|there|we|"
    r"the answer|option|choice)\b"
)
"""The beginning of a question, also of one without its mark."""
_PREPARES = re.compile(
    r"\b(?:we|i)\s(?:(?:will|shall|should|can|could|now|then|next|first|also|have to|need to|must|may)\s|(?='ll|"
    r"’ll)){0,3}"
    r"(?:(?:'ll|’ll)\s)?(?:use|look at|consider|start(?!\s(?:at|with|from)\b.*\b(?:land|end|finish|arrive|get)\b)|begin|"
    r"proceed|note|recall|compare|check|try|test|examine|assume|"
    r"find the others)\b"
    r"|\A[\s*_]{0,8}(?:to (?:proceed|start|begin|to go on)|let(?:['’]s| us| me) (?!go with|choose|pick|say|take|"
    r"mark|select|answer)|"
    r"in the next step|try\s[a-z]\s?=|now (?:test|try|check|look at|compare|consider|use))\b"
    r"|\bso far\b(?! as)|\bstill (?:to be|have to|need to|has to)\b|\b(?:we|i) will need the\b|\b(?:in what "
    r"follows|in the next (?:step|part)|play an? (?:\w+\s)?role|can now "
    r"find|(?<!information )(?<!data )(?:is|are) (?:already )?given(?: as\b|(?=[.!\s]*\Z))|it is (?:given|known) that"
    r"|will be (?:needed|used|useful|important|helpful))\b"
    r"|\A[\s*_]{0,8}(?:the|this)\s(?:question|problem|task|exercise|text)\s(?:mentions|says|states|gives)\b"
    r"|\bas given\b(?=[.!\s]*\Z)|\A[\s*_]{0,8}(?:we|i) first\s[^,;]*\Z|\A[\s*_]{0,8}(?:try|start with|begin "
    r"with|using)\s[^,:=]*\Z"
    r"|\b(?:is|are) (?:labell?ed|marked|annotated) (?:with|as)\s\W{0,3}\d|\bto consider\b|"
    r"\bwould\s(?:still\s)?(?:take|need|require)\b[^.;]{0,30}\bmore\b"
    r"|\b(?:axis|axes|scale|ruler|grid)\b[^.;]{0,30}?\s(?:goes|go|runs?|extends?|ranges?|starts?|begins?|ends?|covers?|"
    r"(?:is|are) (?:labell?ed|marked|numbered|divided))\b"
    r"|\A[\s*_]{0,8}(?:the |our |these |all )?(?:answer )?(?:options|choices|candidates|alternatives|possibilities) "
    r"(?:are|were|include|given|listed)\b",
    re.IGNORECASE,
)
_PREPARING = frozenset(
    names(
        "options choices candidates alternatives possibilities "
        "first labeled labelled marked annotated using would axis axes scale ruler grid use look consider start "
        "begin proceed note recall check try test "
        "examine assume find go let step now "
        "need follows next "
        "far still compare role given known needed used useful important helpful mentions says states gives"
    )
)
_GIVEN = re.compile(r"[\s*_]{0,12}given\b[^,;:]{0,200},", re.IGNORECASE)
UNABLE = re.compile(
    r"\b(?:unable to|not able to|can(?:no|'|’)t|cannot|impossible to|not possible to)\s(?:be\s)?"
    r"(?:answer|determine|tell|say|read|decide|conclude|give|compute|calculate|find|found|work)",
    re.IGNORECASE,
)
_LEAST_COUNTING = 24  # characters in which "Let me count:" begins
_COUNTING = re.compile(
    r"[\s*_]{0,4}let(?: me|['’]s) (?:count|see)(?: (?:them|it|this|that|again|up|carefully|closely)){0,3}\s?"
    r"(?::|\.\.\.|…)\s(?:(?:[a-z\d]{1,8},\s){1,40}(?:[a-z\d]{1,8}\s)?(?:\.\.\.|…)\s?(?:so\s|that makes\s)?(?=[a-z\d]))?",
    re.IGNORECASE,
)


def counted_behind(sentence: str) -> str:
    """The sentence without the "Let me count:" that it begins with, and what is told off behind that."""
    found = _COUNTING.match(sentence) if "et" in sentence[:_LEAST_COUNTING] else None
    return sentence[found.end() :] if found else sentence


def prepares(sentence: str) -> bool:
    """True for a sentence that asks, goes on to something else, or repeats what is given."""
    sentence = counted_behind(sentence)
    if _ASKS.match(sentence):
        return True
    return not _PREPARING.isdisjoint(words_in(sentence)) and _PREPARES.search(sentence) is not None


def is_question(text: str) -> bool:
    """True for a text that ends with a question mark."""
    return ("?" in text or "？" in text) and QUESTION.search(text) is not None


def gives_nothing(sentence: str) -> bool:
    """True for a sentence that considers, prepares, or says that something cannot be told or computed."""
    if (CONSIDERS.match(sentence) and not _GIVEN.match(sentence)) or prepares(sentence):
        return True
    return may_doubt(sentence) and UNABLE.search(sentence) is not None
