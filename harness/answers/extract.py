r"""The stated final answer of a response, found in one linear pass.

What counts, in this order: the last closed, non-empty, outermost \boxed after the thinking; an explicit "the answer is"; a
response that is short and is nothing but an answer. Boxes joined only by "or", "and" or conditions are one statement, not
several tries. Every response yields an `Extraction`; its answer is None where nothing is stated or the statement is a hedge.

Thinking is left out by its marks (`statements.thinking`); answers in words are read by `statements.statement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable

from .statements.beginning import first_line, first_option, first_phrase, first_sentence
from .statements.closing import closing_statement
from .statements.decimal_comma import has_comma, with_points, writes_commas
from .statements.doubt import CONDITION, DENIED_ELSEWHERE, may_doubt, not_ones_own
from .statements.ending import before_own_questions, breaks_off, ending_of
from .statements.last_line import last_line, lettered_line
from .statements.preparation import SUPPOSES_IN_CHINESE, prepares
from .statements.second_thought import correction, refuted, second_thought, standing
from .statements.sentence import DASHED, FIRM, said_alone, value_of
from .statements.signs import with_plain_signs
from .statements.statement import BLANK, LABELLED, MARK, Statement, last_statement, later_statement, plain
from .statements.thinking import after_thinking
from .text import undress, with_digits
from .types import MAX_BARE, MAX_BOXES, MAX_PROSE, Extraction, memo
from .vote import answer_key

_BRACE = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BOXES = ("\\boxed", "\\fbox")
_SOLID = re.compile(r"[^\s$.,~]")
_FILLER = (
    r"(?:maybe|perhaps|possibly|probably|even|else|it|is|could|may|might|be|equals|equivalently|alternatively|just)"
)
_PLAIN_GAP = r"[\s$.,;:()\[\]*&\\-]"
_JOINT = re.compile(
    rf"{_PLAIN_GAP}*(?:(?:either|and/or|or|and|或者|或|和|与|"
    rf"以及)(?![a-z]){_PLAIN_GAP}*(?:{_FILLER}(?![a-z]){_PLAIN_GAP}*){{0,4}})?"
    rf"(?:[A-Za-z]\w{{0,3}}\s*=)?{_PLAIN_GAP}*",
    re.IGNORECASE,
)
_OR_JOINT = re.compile(r"(?<![a-z])or(?![a-z])|或", re.IGNORECASE)
_CONDITION = re.compile(
    r"[\s$,;]*(?:if|when|unless|otherwise|provided|assuming|depending|in case|where|for)\b[^.!?\n]{0,80}",
    re.IGNORECASE,
)
_CASES = re.compile(
    r"(?=[^.!?\n]{0,120}\b(?:or|otherwise|and)\b)[^.!?\n]{0,60}\b(?:if|when|in case)\b[^.!?\n]{0,100}", re.IGNORECASE
)
_OTHERWISE = re.compile(r"[\s$,;]*(?:otherwise|if not|or else|else)\b", re.IGNORECASE)
_DRESSING = re.compile(r"\\(?:text|mathrm|textrm|quad|qquad|mbox)(?![A-Za-z])|[{}]")
_DENIED_BEFORE = re.compile(r"(?:\bnot|n[’']t|n[’']t be|rather than|instead of)\s[\s$\\(\[*]{0,6}\Z", re.IGNORECASE)
_DENIED_BEHIND = re.compile(
    r"[\s$\\)\]*]{0,8}\s(?:(?:is|was|would be|must be)\s(?:\w{2,12}ly\s|then\s|also\s)?"
    r"(?:wrong|incorrect|false|impossible|a mistake|an error|not\s(?!only\b)|too\s)"
    r"|(?:cannot|can't|can’t|can not) be\s|isn['’]t\s)"
    r"|[\s$\\)\]*]{0,8},\s(?:which|that|this) (?:is|was) (?:wrong|incorrect|false|not (?:right|correct|true))\b"
    r"|[\s$\\)\]*]{0,8}\s\((?:wrong|incorrect|false)\)|[\s$\\)\]*]{0,8}\s[-–—]\sno,\s",
    re.IGNORECASE,
)
_LOOK_BACK = 24  # characters before a box
_BEFORE_BOX = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "$\\([*"
_DENIAL_ENDS = frozenset("tenfTENF")
"""What stands between the words of `_DENIED_BEFORE` and the box, and the letters that they end in."""
_NOTHING_SAID = BLANK + "\\])"
_LONGEST_JOINT = 200
_NESTED_BOXES = 4
_BARE_BOX = re.compile(r"\\(?:boxed|fbox)")
_MORE_SENTENCES = re.compile(
    r"(?:[a-z\d)}]{3}|[A-Z]{3}|_[A-Za-z]{1,4}|[)}$%°*²³]\s?|\d(?!!)|\d\s[A-Za-z]{1,3})[.!?]\s+\S+(?:\s+\S+){2}"
)
_ONLY_ITEM = re.compile(r"\d{1,2}[.)]\s+(?=\(?[A-Z]\)?\.?\Z)")
_ARROW = re.compile(r"(?:[→⇒➜➔➡∴👉✅☑✔]\ufe0f?|=>|->)\s*")
_OF_AMERICA = re.compile(r"U\.S\.(?=\s[a-z])")
_EMPTY_BOX = re.compile(r"\\boxed\{\}")
_VERDICT = re.compile(r"[*_]{0,3}(?:yes|no|true|false)[*_]{0,3}[.!]\s", re.IGNORECASE)
_SHORT = "no box, no stated answer, and the short response is"
_ANOTHERS = re.compile(
    r"[\s*_]{0,6}(?:the\s)?(?:(?:next|second|third)[ -]best\b|(?:previous|former|alternate|alternative|runner-up|worst|"
    r"least likely|not the (?:correct|right)|hardly the|opposite of)\b[^:.\n]{0,40}?(?::|\bis\b)|(?:example )?answer format:)"
    r"[^.\n]{0,80}\.?\s*",
    re.IGNORECASE,
)
"""What is said to be another than the answer: the next best option is C."""
_REFUSAL = re.compile(
    r"(?:sorry,|unfortunately|as an ai|i(?:'m| am)? (?:sorry|unable|unsure|not sure|can ?not|can't|do not|don't|"
    r"couldn't))\b"
    r"|(?:it is |it's )?(?:not possible|impossible) to (?:tell|say|see|answer)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|would|will|should|what|which|how|who|where|when|why)\b(?:[^.!\n]|"
    r"\.(?=\d))*\?\Z",
    re.IGNORECASE,
)
_OWN_QUESTION = re.compile(r"[a-z]\?\s+\S")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_SENTENCE_WORDS = 3
_DASH = re.compile(DASHED)
_LEAD = re.compile(
    r"(?:(?:so|thus|hence|therefore|then|and)[\s,:]+)*(?:(?:it|this|that|they|there)(?:'s|\s+is|\s+are|\s+equals)\s+)?"
    r"(?=[\[(\\$\d.+-]|[A-H]\Z)",
    re.IGNORECASE,
)


_REASONS = {
    "answer-is": "the last explicit statement of an answer",
    "answer-tag": "the content of the last answer tag",
    "answer-field": "the answer field of a record",
    "last-line": "a last line that is only an answer",
    "sentence": "the value that the closing sentence gives",
    "first-sentence": "the value that the first sentence gives, with an explanation after it",
    "first-line": "a first line that is only an answer, with an explanation after it",
}


def extract(response: str) -> Extraction:
    """Return the stated final answer of `response`, with the rule that found it and the reason."""
    stated = _remembered(response) if len(response) <= 2_000 else _extract(response)
    comma = (stated.answer is not None and has_comma(stated.answer)) or any(map(has_comma, stated.sentences))
    if not comma or not writes_commas(response):
        return stated
    answer = with_points(stated.answer) if stated.answer else None
    return stated._replace(answer=answer, sentences=tuple(map(with_points, stated.sentences)))


_TAKEN_BACK = "the last statement of an answer was taken back"
_AT_THE_END = frozenset(("sentence", "first-sentence"))


def before_cut_off(stated: Extraction) -> Extraction:
    """What a response states that was cut off at the token limit: nothing that only its end could state."""
    if stated.rule not in _AT_THE_END:
        return stated._replace(sentences=(), line="") if stated.sentences or stated.line else stated
    return Extraction(None, "none", "the response was cut off, so that its last sentence concludes nothing")


def _extract(response: str) -> Extraction:
    text, problem = after_thinking(response)
    if problem:
        return Extraction(None, "none", problem)
    text = _EMPTY_BOX.sub("", text) if "ed{}" in text else text
    first_command = text.find("\\")
    start = text.find("\\boxed", first_command)
    start = text.find("\\fbox", first_command) if start < 0 else start
    if start >= 0:
        found = _boxed(text, start)
        if found is not None:
            return found
    if len(text) <= MAX_BARE and _ANOTHERS.fullmatch(text):
        return Extraction(None, "none", f"{_SHORT} of another than the answer")
    stated = _in_words(text[-MAX_PROSE:], boxed=start >= 0)
    line = lettered_line(text) if start < 0 else ""
    return stated._replace(line=line) if line else stated


def _in_words(text: str, boxed: bool) -> Extraction:
    """An answer that is stated in words; `boxed` tells of a box that was never closed, behind which nothing is concluded."""
    text = before_own_questions(with_plain_signs(text))
    text = _OF_AMERICA.sub("US", text) if "U.S. " in text else text
    explicit, ending = last_statement(text), ending_of(text)
    line = last_line(ending.body if explicit else ending.closed)
    if line is not None and (explicit is None or (line.at > explicit.at and line.answer != explicit.answer)):
        return _stated(standing(text, line))
    if explicit is not None and explicit.answer is not None:
        counts = second_thought(text, explicit.at) or explicit
        stands = standing(text, counts)
        return _stated(stands, () if counts.answer else ending.said(), rest=_rest(text, stands))
    bare = _bare(ending.only() or ending.body)
    if bare.answer is not None and explicit is None:
        several = bare.rule == "sentence" or _ends_in_mark(ending.sentences)
        if ending.only() or not several:
            return Extraction(bare.answer, bare.rule, bare.reason, ending.said())
    if boxed:
        return Extraction(None, "none", _TAKEN_BACK if explicit else bare.reason)
    stated = first_line(ending.body) or closing_statement(ending)
    closing = ending.sentences[-1] if ending.sentences else ""
    if stated is None and not (closing and ending.cut_off) and not FIRM.match(closing):
        stated = first_sentence(ending.body) or first_option(ending.body) or first_phrase(ending.body)
    if stated is not None:
        stands = standing(text, stated)
        body = ending.body if stands.answer and stated.rule == "sentence" else ""
        return _stated(stands, ending.said() if stands.answer else (), body)
    body = "" if explicit or not closing or ending.cut_off else ending.body
    return Extraction(None, "none", _TAKEN_BACK if explicit else bare.reason, ending.said(), body=body)


def _rest(text: str, stated: Statement) -> str:
    """What follows a stated answer in its line, where there are words in it."""
    at = text.find(stated.answer, stated.at) if stated.answer else -1
    rest = text[at + len(stated.answer or "") :].partition("\n")[0] if at >= 0 else ""
    return rest if len(rest) <= MAX_BARE and _WORD.search(rest) else ""


def _ends_in_mark(sentences: list[str]) -> bool:
    """True for a last sentence that concludes with nothing but an option: "We eliminate A, B and D. So C."."""
    found = value_of(sentences[-1]) if sentences and FIRM.match(sentences[-1]) else None
    return found is not None and MARK.match(found) is not None


_remembered = memo(_extract)


def _spans(text: str, start: int) -> list[tuple[int, int, int]]:
    """(begin, content begin, content end) of the closed, outermost, non-empty boxes from `start` on, in order."""
    brace, close = text.find("{", start), text.find("}", start)
    alone = 0 <= brace < close and text.find("{", brace + 1) < 0 and text[start:brace] in _BOXES
    if alone and text[close - 1] != "\\":
        return [(start, brace + 1, close)] if _SOLID.search(text, brace + 1, close) else []
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
    every = _spans(text, start)
    spans = [span for span in every if not _refuted(text, span)]
    if not spans:
        return _instead(text[every[-1][2] + 1 :][-MAX_PROSE:]) if every else None
    begin, end = spans[-1][1:]
    behind = text[end + 1 :][-MAX_PROSE:]
    content = text[begin:end]
    if behind.strip(_NOTHING_SAID):
        later = correction(behind, 0) or later_statement(behind, content) or refuted(behind, 0, content)
        if later is not None:
            return _stated(later)
        if _OTHERWISE.match(text, spans[-1][2] + 1):
            return Extraction(None, "hedge", "the last box is one of several cases")
    return _joined(text, spans)


def _joined(text: str, spans: list[tuple[int, int, int]]) -> Extraction:
    """The last box, with those before it that are joined to it."""
    contents = [_content(text, spans[-1])]
    if len(spans) == 1:
        return _combined(contents, [])
    joints: list[str] = []
    for before, after in zip(spans[-2::-1], spans[:0:-1], strict=False):
        gap = _DRESSING.sub(" ", text[before[2] + 1 : min(after[0], before[2] + _LONGEST_JOINT)])
        if _CONDITION.fullmatch(gap) or _CASES.fullmatch(gap):
            return Extraction(None, "hedge", "boxes joined by conditions")
        if not _JOINT.fullmatch(gap):
            break
        if len(contents) == MAX_BOXES:
            return Extraction(None, "hedge", "many boxes side by side")
        contents.append(_content(text, before))
        joints.append(gap)
    return _combined(contents[::-1], joints)


def _instead(rest: str) -> Extraction:
    """What is stated in words behind boxes that are denied."""
    found = last_statement(rest)
    return _stated(found) if found else Extraction(None, "none", _TAKEN_BACK)


def _refuted(text: str, span: tuple[int, int, int]) -> bool:
    """True for a box that its own sentence denies: "not \\boxed{3}", "\\boxed{3} is wrong"."""
    start = max(0, span[0] - _LOOK_BACK)
    may_deny = text[start : span[0]].rstrip(_BEFORE_BOX)[-1:] in _DENIAL_ENDS
    denied = may_deny and _DENIED_BEFORE.search(text, start, span[0]) is not None
    return denied or _DENIED_BEHIND.match(text, span[2] + 1) is not None


def _content(text: str, span: tuple[int, int, int]) -> str:
    """What is in a box, without the boxes directly inside of it."""
    content = text[span[1] : span[2]].strip()
    for _ in range(_NESTED_BOXES):
        if not content.startswith(_BOXES):
            break
        nested = _spans(content, 0)
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


def _stated(found: Statement, sentences: tuple[str, ...] = (), body: str = "", rest: str = "") -> Extraction:
    reason = _TAKEN_BACK if found.answer is None else _REASONS[found.rule]
    return Extraction(found.answer, found.rule, reason, sentences, body=body, rest=rest)


def _bare(text: str) -> Extraction:
    """A short response that is nothing but the answer."""
    bare = text.strip().strip("`").strip()
    problem = _no_answer(bare)
    bare = "" if problem else undress(bare)
    ended = text.rstrip().endswith((".", "!"))
    problem = problem or next(
        (reason for found, reason in _NO_ANSWERS if found(bare) and not (ended and found is _cut_off)), ""
    )
    if problem:
        return Extraction(None, "none", problem)
    bare = _ARROW.sub("", bare)
    numbered = _ONLY_ITEM.match(bare)
    bare = bare[numbered.end() :] if numbered else bare
    dash = _DASH.search(bare)
    if dash and len(bare[: dash.start()].split()) <= _SENTENCE_WORDS:
        bare = bare[: dash.start()]
    whole, lead = bare, _LEAD.match(bare)
    bare = bare[lead.end() :] if lead else bare
    if bare.startswith("**"):
        bare = plain(bare) or bare
    worded = not bare.isascii() or len(_WORD.findall(bare)) >= _SENTENCE_WORDS
    worded = worded and with_digits(bare) is None
    worded = worded and not text.rstrip().endswith(("...", "…"))
    given = (value_of(bare) or value_of(whole) or said_alone(whole)) if worded else None
    if given:
        return Extraction(plain(given), "sentence", _REASONS["sentence"])
    return Extraction(bare, "bare", "a short response that is the answer")


def _no_answer(bare: str) -> str:
    if not bare:
        return "the response is empty"
    if _BARE_BOX.search(bare):
        return "no closed, non-empty box and no stated answer"
    return "no box, no stated answer, and too long to be one" if len(bare) > MAX_BARE or "\n" in bare else ""


def _states_nothing(bare: str) -> bool:
    """True for a sentence that reports others, describes a mistake, goes on, or only mentions what is given."""
    if not bare.isascii() and (CONDITION.search(bare) or SUPPOSES_IN_CHINESE.match(bare)):
        return True
    return (prepares(bare) and not LABELLED.match(bare)) or (
        may_doubt(bare) and (not_ones_own(bare) or DENIED_ELSEWHERE.search(bare) is not None)
    )


def _cut_off(bare: str) -> bool:
    few_words = bare.replace(" ", "").isalpha() and len(bare.split()) <= _SENTENCE_WORDS  # an option: smaller than
    return breaks_off(bare) and not (few_words or LABELLED.match(bare))


_NO_ANSWERS: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda bare: not bare, "the response is punctuation"),
    (_OWN_QUESTION.search, f"{_SHORT} a question and more"),
    (_REFUSAL.match, f"{_SHORT} a refusal"),
    (_ASKS.match, f"{_SHORT} a question"),
    (
        lambda bare: _MORE_SENTENCES.search(bare) and not _VERDICT.match(bare) and not LABELLED.match(bare),
        f"{_SHORT} prose",
    ),
    (_states_nothing, f"{_SHORT} no statement of its own"),
    (_cut_off, f"{_SHORT} cut off"),
)
