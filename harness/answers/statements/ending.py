"""The end of a response: its last sentences, without what comes after the end.

An appendix (a note, a check, the reasons, a table, courtesies) does not count, nor do questions that the model goes on to ask
itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from .doubt import COUNTERFACTUAL, THEN, only_supposed
from .preparation import UNABLE
from .remark import is_remark
from .sentence import NOUN, VERDICT
from .statement import BLANK

_TAIL = 600  # characters in which the last sentences are
_APPENDIX = re.compile(
    r"[\s*_#>(-]{0,16}(?:note\b|verification|verify|(?:(?:cross|double|sanity|quick|final)[- ])?check(?:ing|s)?\b[: .]|"
    r"test[: ]|as a (?:\w+ )?check|(?:to|we can|we) (?:verify|check|confirm|double)|indeed\b|proof\b|"
    r"(?:plug|substitut)[a-z]{2,7}\b[^.\n=]{0,40}?\bback\b|"
    r"let(?: me|'s|’s) (?:verify|check|double)|explanation|reason(?:ing)?\b[: ]|rationale|"
    r"justification|here(?:'s|’s| is| are)\b|this is because|because\b|"
    r"this (?:answer|conclusion|option|choice|statement|matches|is consistent|result)|to (?:calculate|find|determine) |"
    r"appendix\b|(?:keep|bear) in mind\b|remember\b|espero\b|ich hoffe\b|j'espère\b|si quieres\b|let me know|i "
    r"hope|hope this|image:|!\[|\|)"
    r"|\s*```",
    re.IGNORECASE,
)
_REASONED = re.compile(r"Because\s[^,.;\n]{1,160},\s(?:we|i|the|it|there|this|that|they|each|an?|you)\b", re.IGNORECASE)
"""A reason with what follows from it, which is no appendix: "Because the angle is obtuse, we read 128°"."""
_REASONS = ("This is because", "That is because", "Because ", "The reason is", "The reason for")
_CONCLUDES = re.compile(
    r"(?:^|[.!?]\s{1,3}|\n[ \t]{0,8})[*_]{0,3}(?:so|thus|hence|therefore|in conclusion|overall|consequently|accordingly)\b",
    re.IGNORECASE,
)
_OWN_QUESTION = re.compile(
    r"\n[ \t]{0,8}(?:\*\*)?(?:question|human|user|problem|q|exercise|example)(?:\*\*)?\s?\d{0,3}\s?:", re.IGNORECASE
)
_ASKED_FIRST = re.compile(
    r"\s*[*_]{0,3}Q(?:uestion)?[*_]{0,3}:[*_]{0,3}\s[^\n]{1,400}\n\s{0,4}[*_]{0,3}A[*_]{0,3}:[*_]{0,3}[ \t]"
    r"(?![^\0]*\n\W{0,4}B[).:])"
)
"""The question said again, and the mark of its answer, which is no option's: "Q: How many? A: 18"."""
_SECTION = re.compile(r"\s{0,8}\*\*[A-Z][A-Za-z ]{2,30}(?::\*\*|\*\*\s?:)")
_HEADING = re.compile(
    r"\n\s{0,4}(?:#{1,6}\s{0,2}|\*\*)(?:verification|check|proof|notes?|explanation|appendix|reasoning|"
    r"justification|details)\b"
    r"(?:[^\n]{0,40}\n|:?\*\*:?[ \t])",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def before_own_questions(text: str) -> str:
    """The text up to a question that the model asks itself; all of it where it begins with one, or has one as a section.

    What stands behind "A:" where it begins with "Q:" and the question.
    """
    asked = _ASKED_FIRST.match(text)
    text = text[asked.end() :] if asked else text
    found = _OWN_QUESTION.search(text)
    if found is None or not text[: found.start()].strip() or ("**" in found.group() and _SECTION.match(text)):
        return text
    return text[: found.start()]


def without_appendix(text: str) -> str:
    """The text without the paragraphs at its end, and the sentences, that explain or check what was said before them."""
    headed = _HEADING.search(text)
    if headed and text[: headed.start()].strip() and not _CONCLUDES.search(text, headed.end()):
        text = text[: headed.start()]
    while True:
        last = _last_paragraph(text)
        appended = last and _APPENDIX.match(text, last) and text[:last].strip()
        if not appended or _CONCLUDES.search(text, last) or _NAMES_OPTION.search(text, last):
            break
        text = text[:last]
    for words in _REASONS:
        at = text.find(words, last)
        reason = at > 0 and text[:at].rstrip().endswith((".", "!", "*")) and not _REASONED.match(text, at)
        if reason and not _CONCLUDES.search(text, at):
            return text[:at]
    return text


def _last_paragraph(text: str) -> int:
    """Where the last paragraph begins."""
    end = len(text.rstrip())
    while (at := text.rfind("\n", 0, end)) >= 0:
        end = at
        while end and text[end - 1].isspace():
            end -= 1
        breaks = [found.end() for found in _PARAGRAPH.finditer(text, end, at + 1)]
        if breaks:
            return breaks[-1]
    return 0


_NO_WORDS = BLANK + "-\\][)("
_PLEASANTRY = re.compile(
    r"[\s*_>#-]{0,16}(?:i hope|hope (?:this|that)|let me know|do you (?:have|want|need)|is there anything|feel free|"
    r"if you (?:have|need|want|would)|"
    r"(?:what an? )?(?:great|good|nice|interesting|excellent) (?:question|puzzle|problem|one)\b[^,;]{0,30}\Z|"
    r"you['’]re welcome|happy to help|please (?:let|feel|note|ask)|thank|good luck|have fun|enjoy\b|keep (?:it "
    r")?up|(?:great|good|nice) (?:job|work)|well done|happy (?:learning|studying)|"
    r"(?:apologies|sorry) for\b[^\d]*\Z|espero|would you like|don't hesitate|"
    r"(?:(?:quick|sanity|double|final)[- ])?(?:check(?:ing)?|verification|proof):\s"
    r"(?![^\n]*\b(?:so|thus|hence|therefore|wrong|but|not|answer)\b)|"
    r"note[: ]|(?:because|since)\b[^,]*\Z|this is because|explanation|this (?:answer|matches|is consistent|result))",
    re.IGNORECASE,
)
_NAMES_OPTION = re.compile(rf"\bmatches\s(?:the\s)?[*_(]{{0,3}}(?:{NOUN}\s)?[*_(]{{0,3}}[A-Z](?![\w'’])")
_ASIDE = re.compile(
    r"\s*\((?!(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer:?)\s)?[A-Z]\)|[\s\d.,;/π√∞+−^{-]*(?:\)|"
    r"\\))[^()]*(?:\([^()]*\)[^()]*)*\)[.\s]*"
)
_SHORT = re.compile(r"(?<![A-Za-z])(?:i\.e|e\.g|cf|vs|approx|resp|figs?|eqs?)\Z", re.IGNORECASE)
_NUMBER = re.compile(r"\bno\.\s\d", re.IGNORECASE)
_SHORT_ENDS = "egfsxpqEGFSXPQ"
_LONGEST_SHORT = 7
_END = re.compile(
    r"[.!?。！？\n](?:(?<=[.!?])[*_\"”’)]{0,3}[ \t]+"
    r"(?:(?=[A-Z(\"“*$\\\[#>-])|(?<=[a-z]{3}[.!?]\s)(?=\d))|(?<=[。！？])|(?<=\n)\n*)"
)
_CUT_OFF = re.compile(
    r"(?:[=(\[{<,]|\s[+*/:-]|\b(?:and|or|so|then|is|are|the|of|because|that|with|we|equals|by|from|as|an|for|than|"
    r"which|when|if|where|but|its|would|will|could|can|must|should|has|have|was|were|be|been|this|these|those|"
    r"(?:to|is|equals|be) (?:the )?(?:option|choice|answer|value|letter|figure|number)))\Z"
)


_WOULD = re.compile(r"\bwould be\b")
_LONGEST_CUT = 12  # characters of what a text breaks off with
_CUT_NOUNS = (
    "option",
    "choice",
    "answer",
    "value",
    "result",
    "number",
    "letter",
    "correct",
    "final",
    "right",
    "following",
)
_CUT_BEFORE_NAME = re.compile(
    r"\b(?:to|is|are|us|equals|be|means|gives|that|as)\s(?:that\s)?(?:the\s)(?:(?:final|correct|right|following|numerical)\s?){0,2}"
    r"(?:option|choice|answer|value|result|number|letter)?\Z"
)
"""What only names the answer that was to follow: "which leads to the option"."""
_LONGEST_NAMING = 48  # characters


def breaks_off(text: str) -> bool:
    """True for a text that ends before its sentence does."""
    names = text.endswith(_CUT_NOUNS) and _CUT_BEFORE_NAME.search(text, max(0, len(text) - _LONGEST_NAMING))
    return bool(names) or _CUT_OFF.search(text, max(0, len(text) - _LONGEST_CUT)) is not None


@dataclass(frozen=True)
class Ending:
    """The response up to its end, and its last sentences there; `goes_on` tells of a text behind it that breaks off."""

    body: str
    goes_on: bool = False

    @cached_property
    def _with_remarks(self) -> list[str]:
        """The last sentences, without the courtesies and asides behind them."""
        found = [one for one in sentences_of(self.body[-_TAIL:]) if one.strip(_NO_WORDS)]
        while found and (_is_pleasantry(found[-1]) or _ASIDE.fullmatch(found[-1])):
            found.pop()
        return found

    @cached_property
    def sentences(self) -> list[str]:
        """The last ones, also without the remarks behind them."""
        found = [*self._with_remarks]
        while len(found) > 1 and is_remark(found[-1]):
            found.pop()
        while len(found) > 1 and _WOULD.search(found[-1]) and any(map(UNABLE.search, found[:-1])):
            found.pop()
        while len(found) > 1 and THEN.match(found[-1]) and only_supposed(found[-2], found[-1]):
            found.pop()
        while len(found) > 1 and COUNTERFACTUAL.match(found[-1]):
            found.pop()
        return found

    def only(self) -> str:
        """The last sentence, where it is the only one; else ""."""
        return self.sentences[0] if len(self._with_remarks) == 1 and len(self.body) <= _TAIL else ""

    @property
    def closed(self) -> str:
        """The response up to its last sentence that is no courtesy, aside or remark."""
        if not self.sentences:
            return self.body
        return self.body[: self.body.rfind(self.sentences[-1]) + len(self.sentences[-1])]

    @property
    def start(self) -> int:
        """Where the last sentences begin."""
        return max(0, len(self.body) - _TAIL)

    @cached_property
    def cut_off(self) -> bool:
        """True if the last sentence breaks off."""
        return breaks_off(self.sentences[-1].rstrip())

    def said(self) -> tuple[str, ...]:
        """The last sentence, unless it is one of a list, and the first line where it says yes or no or judges a statement."""
        verdicts = map(_FIRST_VERDICT.match, (*self.sentences[:-3:-1], self.body))
        first = next(filter(None, verdicts), None)
        ended = self.sentences and not (
            self.goes_on or self.cut_off or _in_list(self.sentences) or _goes_round(self.sentences)
        )
        last = (self.sentences[-1].strip(),) if ended else ()
        return (*last, first.group().strip()) if first else last


def _is_pleasantry(sentence: str) -> bool:
    return _PLEASANTRY.match(sentence) is not None and not _NAMES_OPTION.search(sentence)


def ending_of(text: str) -> Ending:
    """Of a text without the questions that the model asks itself."""
    body = without_appendix(text)
    return Ending(body, len(body) < len(text) and breaks_off(text.rstrip()))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text; a full stop behind a capital letter, a stop or a short form (i.e., approx.) ends none."""
    pieces: list[str] = []
    start = 0
    for found in _END.finditer(text):
        at = found.start()
        if found.group()[0] == "." and at and _ends_none(text, at) and not _PLEASANTRY.match(text, found.end()):
            continue
        pieces.append(text[start : found.end()])
        start = found.end()
    return [*pieces, text[start:]]


_LONGEST_NAME, _LOOPED = 24, 6  # characters
_NAMED_BEFORE = re.compile(rf"\b{NOUN}\s[*_(]{{0,3}}(?P<letter>[A-Z])\)?[*_]{{0,2}}\Z")
_BEFORE_LETTER = re.compile(r"[a-z,]\s[*_(]{0,3}[A-Z][)*_]{0,3}\Z")
"""A letter that begins no line, and so is no option's mark: "We eliminate A, B and D. So C"."""
_ANOTHER_SENTENCE = re.compile(
    rf"[*_\"”)]{{0,3}}\s{{1,2}}(?:(?P<so>(?:So|Thus|Hence|Therefore),?\s"
    rf"(?=(?:it (?:is|must be)\s)?(?:(?i:{NOUN})\s)?\W{{0,3}}[A-Z]\W{{0,3}}(?:\Z|\n)))"
    rf"|(?i:{NOUN})\s\(?(?P<letter>[A-Z])(?![\w'’])"
    r"|(?:This|These|It|Its|However|While|Since|Because|So|Thus|Therefore|In|But)\s)"
)
"""What no option's text begins with, so that the letter before it ends a sentence: Figure B. Figure D shows ..."""


def _ends_none(text: str, at: int) -> bool:
    before = text[at - 1]
    if before == " " or (before.isupper() and not text[at - 2 : at - 1].isalpha()):
        another = _ANOTHER_SENTENCE.match(text, at + 1)
        if another and another.group("so") and _BEFORE_LETTER.search(text, max(0, at - _LONGEST_NAME), at):
            return False
        named = _NAMED_BEFORE.search(text, max(0, at - _LONGEST_NAME), at) if another else None
        return not (another and named and another.group("letter") != named.group("letter"))
    if before in "oO" and _NUMBER.match(text, at - 2) is not None:
        return True
    return before in _SHORT_ENDS and _SHORT.search(text, max(0, at - _LONGEST_SHORT), at) is not None


_LINE = re.compile(r"[ \t]*[^\s.!?。:：=]+(?:[ \t]+[^\s.!?。:：=]+){0,3}[ \t]*\n")
_ITEM = re.compile(r"[\s*_>]{0,8}(?:\(?[A-Z\d]{1,2}[.)]|[-•]|[*](?=\s))\s")


def _goes_round(sentences: list[str]) -> bool:
    """True for a response that says the same sentence again and again."""
    before = [one.strip() for one in sentences[-4:-1]]
    return len(before) > 1 and before[-1] in before[:-1] and before[-1].startswith(sentences[-1].strip()[:_LOOPED])


def _in_list(sentences: list[str]) -> bool:
    """True if the last sentence is an item of a list, or one of lines of a few words, of which another stands before it."""
    lines = len(sentences) > 1 and _LINE.fullmatch(sentences[-2]) and _LINE.fullmatch(sentences[-1].rstrip() + "\n")
    return bool(lines) or (bool(_ITEM.match(sentences[-1])) and any(_ITEM.match(one) for one in sentences[-3:-1]))


_FIRST_VERDICT = re.compile(
    rf"(?:{VERDICT}(?!\s*\.?\s*\d)|[\s*_`>]{{0,8}}(?:the|this)\s(?:given\s)?(?:statement|claim)\b)[^\n]{{0,400}}",
    re.IGNORECASE,
)
