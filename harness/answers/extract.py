r"""The stated final answer of a response, found in one linear pass.

What counts, in this order: the last closed, non-empty, outermost \boxed after the thinking; an explicit "the answer is"; a
response that is short and is nothing but an answer. Boxes joined only by "or", "and" or conditions are one statement, not
several tries. Every response yields an `Extraction`; its answer is None where nothing is stated or the statement is a hedge.

Answers that are stated in words: "the answer is", "option B is correct", answer tags, a last line that is an option.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import NamedTuple

from .text import undress
from .types import MAX_BARE, MAX_BOXES, MAX_STATEMENT, Extraction, memo
from .vote import answer_key

_BOX = re.compile(r"\\(?:boxed|fbox)")
_TAGGED = re.compile(r"<(answer|conclusion)>([^<]{1,400})</\1>", re.IGNORECASE)
_GAP = r"[*_ \t]{0,6}"
_EXPLAINED = re.compile(r"\n\s{0,8}(?:because|since|explanation|reason).*", re.IGNORECASE | re.DOTALL)
_IS = r"(?:is|are|was|would be|should be|must be|will be)(?![a-z])"
_STATED = re.compile(
    rf"(?:answer{_GAP}(?:to (?:the|this|your) [^.\n:]{{1,60}}?)?{_GAP}(?::|：|=(?!\s?['\"\[(])|{_IS})"
    rf"|(?:correct|right|best|final) (?:answer|option|choice|letter)(?:(?! {_IS})[^.\n:]){{0,60}}?{_GAP}(?::|：| {_IS})"
    r"|答案\s?(?:是|为|:|：)|故选|应选|选择?\s?(?=[A-Z(（\\$])|####(?!#))",
    re.IGNORECASE,
)
_REVERSED = re.compile(
    r"(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer) \(?([A-Z])\)?|(?<![\w(])\(?([A-Z])\)?) is (?:therefore )?(?:the )?"
    r"(?:correct|right|best)? ?(?:answer|option|choice|correct)(?![a-z])"
)
_LAST_LINE = re.compile(r"\n[ \t]*\n[ \t*_]*(\(?[A-Z]\)?[*_]*\.?|(?:\([A-Z]\)|[A-Z]\))[ \t*_]+\S[^\n]{0,120})[ \t]*\Z")
_OPTION_LINE = re.compile(r"\n[ \t*_-]*\(?[A-Z][).][^\n]*\Z")
_NEXT_OPTION = re.compile(r"\s*\(?[B-Z][).]")
_PREAMBLE = re.compile(
    r"(?:[\s:：*_=]|\$\$(?=\s)|\\\[(?=\s)|(?:is|option|choice|the|letter|therefore|simply|thus)\s*[:：]\s|(?:option|choice|letter)\s+(?=[(\[]?[A-Z]\b)"
    r"|(?:option|choice)?\s*(?:letter)?\s+is\s)+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;]?\s+(?:because|since|as|so|which|where|due|given|for|but|by)\s|(?<=[^\s\d.])[.!?。！？](?=\s|$|[\"'”’])|(?<=\d)[.。](?=\s|$)"
    r"|</\w+>|\n|。|，因为|,\s*(?:because|since|as|so|which|therefore)\s",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*\*(?![\w(\\])|(?<![\w)}])\*\*|^[*_`\s]+|[*_`\s]+$")
_BLANK = " \t\r\n.,;:*_`$"
_UNOPENED = (("\\]", "\\["), ("\\)", "\\("), ("$$", "$$"), ("$", "$"))


class Statement(NamedTuple):
    """Where an answer is stated and what it is; the answer is None for a statement that was cut off."""

    at: int
    answer: str | None
    rule: str


def last_statement(text: str) -> Statement | None:
    """The last explicit statement of an answer in `text`, or None."""
    found = [
        statement for statement in (_tagged(text), _stated_in(text), _reversed(text), _last_line(text)) if statement
    ]
    return max(found, key=lambda statement: statement.at) if found else None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007 (only the last one counts)
        pass
    return found


def _tagged(text: str) -> Statement | None:
    found = _last(_TAGGED, text) if "<" in text else None
    answer = plain(_EXPLAINED.sub("", found.group(2))) if found else ""
    return Statement(found.start(), answer, "answer-tag") if found and answer.strip(_BLANK) else None


def _stated_in(text: str) -> Statement | None:
    found = _last(_STATED, text)
    if found is None:
        return None
    begin = found.end()
    skipped = _PREAMBLE.match(text, begin, begin + MAX_STATEMENT)
    begin = skipped.end() if skipped else begin
    statement = text[begin : begin + MAX_STATEMENT]
    cut = _CLAUSE.search(statement)
    if cut is None and begin + MAX_STATEMENT < len(text):
        return None
    if cut and cut.group() == "\n" and _NEXT_OPTION.match(statement, cut.end()):
        return None
    answer = plain(statement[: cut.start()] if cut else statement)
    if not answer.strip(_BLANK) or _BOX.search(answer):
        return Statement(found.start(), None, "none") if answer.strip(_BLANK) else None
    return Statement(found.start(), answer, "answer-is")


def _reversed(text: str) -> Statement | None:
    found = _last(_REVERSED, text)
    return Statement(found.start(), found.group(1) or found.group(2), "answer-is") if found else None


def _last_line(text: str) -> Statement | None:
    """An option alone in the last paragraph, unless it ends a list of options."""
    tail = text[-MAX_STATEMENT:].rstrip()
    found = _LAST_LINE.search(tail)
    if found is None or _OPTION_LINE.search("\n" + tail[: found.start()].rstrip()):
        return None
    return Statement(len(text) - len(text[-MAX_STATEMENT:]) + found.start(), plain(found.group(1)), "last-line")


def plain(text: str) -> str:
    """A statement without emphasis and without math delimiters that were opened outside of it."""
    text = _EMPHASIS.sub("", text)
    for closing, opening in _UNOPENED:
        if text.endswith(closing) and text.count(opening) == (closing == opening):
            text = text[: -len(closing)].rstrip(" .")
    return text.strip()


_BRACE = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_END_MARKS = ("</s>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<eos>", "<end_of_turn>")
_MAX_END_MARKS = 16
_SOLID = re.compile(r"[^\s$.,~]")
_FILLER = (
    r"(?:maybe|perhaps|possibly|probably|even|else|it|is|could|may|might|be|equals|equivalently|alternatively|just)"
)
_PLAIN_GAP = r"[\s$.,;:()\[\]*&\\-]"
_JOINT = re.compile(
    rf"{_PLAIN_GAP}*(?:(?:either|and/or|or|and|或者|或|和|与|以及)(?![a-z]){_PLAIN_GAP}*(?:{_FILLER}(?![a-z]){_PLAIN_GAP}*){{0,4}})?"
    rf"(?:[A-Za-z]\w{{0,3}}\s*=)?{_PLAIN_GAP}*",
    re.IGNORECASE,
)
_OR_JOINT = re.compile(r"(?<![a-z])or(?![a-z])|或", re.IGNORECASE)
_CONDITION = re.compile(
    r"[\s$,;]*(?:if|when|unless|otherwise|provided|assuming|depending|in case|where|for)\b[^.!?\n]{0,80}",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(r"[\s$,;]*(?:otherwise|if not|or else|else)\b", re.IGNORECASE)
_DRESSING = re.compile(r"\\(?:text|mathrm|textrm|quad|qquad|mbox)(?![A-Za-z])|[{}]")
_LONGEST_JOINT = 200
_NESTED_BOXES = 4
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)")
_MORE_SENTENCES = re.compile(r"[a-z\d)}]{3}[.!?]\s+\S+(?:\s+\S+){2}")
_REFUSAL = re.compile(
    r"(?:sorry,|unfortunately|as an ai|i(?:'m| am)? (?:sorry|unable|unsure|not sure|can ?not|can't|do not|don't|couldn't))\b"
    r"|(?:it is |it's )?(?:not possible|impossible) to (?:tell|say|see|answer)\b",
    re.IGNORECASE,
)
_CUT_OFF = re.compile(
    r"(?:[=(\[{<]|\s[+*/:-]|\b(?:and|or|so|then|is|are|the|of|because|that|with|we|equals|by|from))\Z"
)
_LEAD = re.compile(
    r"(?:(?:so|thus|hence|therefore|then|and)[\s,:]+)*(?:(?:it|this|that|they|there)(?:'s|\s+is|\s+are|\s+equals)\s+)?"
    r"(?=[\[(\\$\d.+-]|[A-H]\Z)",
    re.IGNORECASE,
)


def extract(response: str) -> Extraction:
    """Return the stated final answer of `response`, with the rule that found it and the reason."""
    return _remembered(response) if len(response) <= 2_000 else _extract(response)


def _extract(response: str) -> Extraction:
    text, problem = after_thinking(response)
    if problem:
        return Extraction(None, "none", problem)
    start = text.find("\\boxed")
    other = text.find("\\fbox")
    start = other if start < 0 else start
    if start >= 0:
        found = _boxed(text, start)
        if found is not None:
            return found
    return _stated(text) or _bare(text)


_remembered = memo(_extract)


def after_thinking(response: str) -> tuple[str, str]:
    """The text after the last </think>, and why there is none: "" or a reason."""
    closed = response.rfind("</think>")
    if response.rfind("<think>") > closed:
        return "", "the thinking was never closed"
    text = (response[closed + 8 :] if closed >= 0 else response).rstrip()
    for _ in range(_MAX_END_MARKS):
        if not text.endswith(_END_MARKS):
            break
        text = text[: text.rindex("<")].rstrip()
    return text, ""


def _spans(text: str, start: int) -> list[tuple[int, int, int]]:
    """(begin, content begin, content end) of the closed, outermost, non-empty boxes from `start` on, in order."""
    stack: list[tuple[int, int] | None] = []
    spans: list[tuple[int, int, int]] = []
    for found in _BRACE.finditer(text, start):
        mark = found.group()
        if mark == "{":
            stack.append(None)
        elif mark == "}":
            opened = stack.pop() if stack else None
            if opened is not None:
                begin, content = opened
                while spans and spans[-1][0] > begin:
                    spans.pop()
                if _SOLID.search(text, content, found.start()):
                    spans.append((begin, content, found.start()))
        elif len(mark) > 2:
            stack.append((found.start(), found.end()))
    return spans


def _boxed(text: str, start: int) -> Extraction | None:
    spans = _spans(text, start)
    if not spans:
        return None
    contents = [_content(text, spans[-1])]
    joints: list[str] = []
    if _OTHERWISE.match(text, spans[-1][2] + 1):
        return Extraction(None, "hedge", "the last box is one of several cases")
    for before, after in zip(spans[-2::-1], spans[:0:-1], strict=False):
        gap = _DRESSING.sub(" ", text[before[2] + 1 : min(after[0], before[2] + _LONGEST_JOINT)])
        if _CONDITION.fullmatch(gap):
            return Extraction(None, "hedge", "boxes joined by conditions")
        if not _JOINT.fullmatch(gap):
            break
        if len(contents) == MAX_BOXES:
            return Extraction(None, "hedge", "many boxes side by side")
        contents.append(_content(text, before))
        joints.append(gap)
    return _combined(contents[::-1], joints)


def _content(text: str, span: tuple[int, int, int]) -> str:
    """What is in a box, without the boxes directly inside of it."""
    content = text[span[1] : span[2]].strip()
    for _ in range(_NESTED_BOXES):
        nested = _spans(content, 0) if content.startswith(("\\boxed", "\\fbox")) else []
        if len(nested) != 1 or nested[0][0] != 0 or nested[0][2] != len(content) - 1:
            break
        content = content[nested[0][1] : -1].strip()
    return content


def _combined(contents: list[str], joints: list[str]) -> Extraction:
    if len(contents) == 1:
        return Extraction(contents[0], "boxed", "the last box")
    keys: set[Hashable] = {answer_key(content) for content in contents}
    if len(keys) == 1:
        return Extraction(contents[-1], "boxed", "the last of several equal boxes")
    joiner = " or " if any(_OR_JOINT.search(joint) for joint in joints) else ", "
    return Extraction(joiner.join(contents), "boxes", "several boxes joined into one statement")


def _stated(text: str) -> Extraction | None:
    found = last_statement(text)
    if found is None:
        return None
    if found.answer is None:
        return Extraction(None, "none", "the last statement holds a box that was never closed")
    return Extraction(found.answer, found.rule, "the last explicit statement of an answer")


def _bare(text: str) -> Extraction:
    bare = text.strip().strip("`").strip()
    if not bare:
        return Extraction(None, "none", "the response is empty")
    if _BARE_BOX.search(bare):
        return Extraction(None, "none", "no closed, non-empty box and no stated answer")
    if len(bare) > MAX_BARE or "\n" in bare:
        return Extraction(None, "none", "no box, no stated answer, and too long to be one")
    bare = undress(bare)
    if not bare:
        return Extraction(None, "none", "the response is punctuation")
    for pattern, problem in (
        (_REFUSAL.match, "a refusal"),
        (_MORE_SENTENCES.search, "prose"),
        (_CUT_OFF.search, "cut off"),
    ):
        if pattern(bare):
            return Extraction(None, "none", f"no box, no stated answer, and the short response is {problem}")
    return Extraction(
        bare[lead.end() :] if (lead := _LEAD.match(bare)) else bare, "bare", "a short response that is the answer"
    )
