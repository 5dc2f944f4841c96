"""A question of yes or no that a sentence says again as a statement: "The pizza is not split in half." says no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .lexer import names
from .said_option import words

LONGEST = 400  # characters of a question, and of a sentence
_SENTENCE_END = re.compile(r"(?<=[.!?:])['\"]?\s+|\n")
_PICTURE = (
    r"(?:(?:given|provided|above|bar|line|pie|food|box|scatter|shown|displayed)\s){0,2}(?:image|picture|figure|graph|chart|photo|"
    r"diagram|plot|table|scene|drawing|map|web|pictograph|pictogram|screenshot)s?"
)
_CIRCUMSTANCE = re.compile(
    r"\A\s*(?:based on|according to|in|from|on|looking at|as (?:shown|seen) in)\s(?:the|this|that)\s"
    rf"{_PICTURE}(?:\sprovided)?(?:,\s|\s(?=we can see that\b))"
    r"|(?:,\s|\s)(?:based on|according to|in|from|on|as (?:shown|seen) in)\s(?:the|this)\s"
    rf"{_PICTURE}(?:\sprovided)?\s*[.?]?\s*\Z"
    r"|\A\s*(?:(?:we|i|one|you) can (?:clearly )?see that|it (?:is clear|can be seen) that|this means that)\s"
    r"|\samong\sall(?:\sof)?(?:\s(?:the|these|those))?\s[a-z]{3,12}\Z"
    r"|\sby\s(?:about|around|roughly|nearly)?\s?[a-z\d.]{1,12}(?:\s[a-z]{1,12})?\Z",
    re.IGNORECASE,
)
"""Words around a statement that change nothing of it: in this food web, we can see that, among all of the boxes."""
_REASON = re.compile(r",\s(?:as|since|because|so|and|which|[a-z]{3,12}ing)\b|\s(?:because|since)\b|[;:]\s")
_TAKES_BACK = re.compile(
    r"\b(?:wrong|false|incorrect|untrue|opposite|only|unless|if|guess\w*|mistake\w*|but|however|except|claims?|says?|said|"
    r"not (?:so|true|right|correct|the case))\b|n['’]t (?:so|true|right|correct)\b",
    re.IGNORECASE,
)
"""What may not stand behind a statement and its reason."""
_QUANTIFIED = re.compile(
    r"(?:some|one|two|three|four|five|several|many|most|all|both|every|each|any|at|an?|few|half|\d+)\b", re.IGNORECASE
)
"""The beginning of a subject of which something may hold and not hold."""
_SHORT = re.compile(r"(?<!\bca)(?<!\bwo)n['’]t\b", re.IGNORECASE)
_SUBJECT = 6  # words that a pronoun may stand for
_BE = frozenset(names("is are was were"))
_DO = frozenset(names("do does did"))
_OTHERS = frozenset(names("can could will would has have had should"))
_VERBS = _BE | _DO | _OTHERS
_DETERMINERS = frozenset(names("the this that these those"))
_NEXT = frozenset(names("next beside near of my your"))
_FEW = 3  # words of a thing that a pronoun stands for
_PRONOUNS = frozenset(names("it this that these those he she they"))
_DROPPED = frozenset(
    names("the a an this that these those also clearly indeed actually definitely thus so hence therefore . , \" '")
)


def yes_or_no(question: str, sentence: str) -> str:
    """ "yes" where the sentence says what the question asks, "no" where it denies that or says the opposite; else "".

    The words have to be the question's, in its order, but for articles and the verb's place.
    """
    question = question.strip(" '\"\n")
    last = _SENTENCE_END.split(question)[-1]
    if len(last) > LONGEST or len(sentence) > LONGEST or not last.endswith("?") or sentence.rstrip().endswith("?"):
        return ""
    asked = _plain(last.rstrip("? "))
    if asked and asked[0] not in _VERBS and ", " in last:
        asked = _plain(last.rpartition(", ")[2].rstrip("? "))
    head, *_ = _REASON.split(sentence.strip(" *_\n."))
    if len(asked) < 3 or asked[0] not in _VERBS or "or" in asked or _TAKES_BACK.search(sentence, len(head)):
        return ""
    before = words(question[: -len(last)])
    context = frozenset(_keys(before)) if before else None
    for statement in _statements(_plain(head), asked[0]):
        same = _same(asked[1:], statement, context)
        if same is not None and not (statement.denied and _QUANTIFIED.match(head.strip(" *_"))):
            return ("no" if statement.denied else "yes") if same else ("" if statement.denied else "no")
    return ""


def _plain(text: str) -> list[str]:
    for _ in range(2):
        text = _CIRCUMSTANCE.sub(" ", text)
    said = words(_SHORT.sub(" not", text))
    return [part for word in said for part in (("can", "not") if word == "cannot" else (word,))]


class _Statement(NamedTuple):
    """What a sentence says before its verb and behind it, and whether it denies it; `whole` where the verb is in it."""

    subject: list[str]
    predicate: list[str]
    denied: bool
    whole: bool = False


def _statements(said: Sequence[str], verb: str) -> Iterator[_Statement]:
    """The sentence with its verb taken out: for each place where that may stand."""
    family = next(one for one in (_BE, _DO, frozenset((verb,))) if verb in one)
    if family is _DO and "not" not in said:
        yield from (_Statement([*said[:at]], [*said[at:]], False, True) for at in range(1, min(_SUBJECT, len(said))))
    for at, word in enumerate(said):
        if word in family and at:
            denied = said[at + 1 : at + 2] in (["not"], ["no"])
            yield _Statement([*said[:at]], [*said[at + 1 + denied :]], denied)


def _same(asked: list[str], said: _Statement, context: frozenset[str] | None) -> bool | None:
    """True for the same, False for what cannot be true as well: one word is the opposite, or the two of a "than" swapped."""
    if asked[0] in _PRONOUNS and _meant(said.subject, context):
        behind = _same_words(_keys(asked[1:]), said._replace(subject=[]))
        if behind is not None:
            return behind
    return _same_words(_keys(asked), said)


def _meant(subject: Sequence[str], context: frozenset[str] | None) -> bool:
    """True for what a pronoun of the question may stand for: what is named before it, or where nothing is, any one thing."""
    named = [word for word in subject if word not in _DROPPED and word not in _PRONOUNS]
    if context is not None:
        return context.issuperset(map(_key, named))
    return bool(subject) and subject[0] in _DETERMINERS and len(named) <= _FEW and _NEXT.isdisjoint(subject)


def _same_words(asked: list[str], statement: _Statement) -> bool | None:
    subject = _keys(statement.subject)
    said = [*subject, *_keys(statement.predicate)]
    if not asked or len(asked) != len(said):
        return None
    differ = [at for at, (one, other) in enumerate(zip(asked, said, strict=True)) if one != other]
    if len(differ) > 1:
        return False if _compared(asked) == _compared(said, swapped=True) else None
    if not differ:
        return True
    pair = frozenset((asked[differ[0]], said[differ[0]]))
    return False if differ[0] == len(subject) and pair in (_OPPOSITE_VERBS if statement.whole else _OPPOSITES) else None


def _compared(said: list[str], swapped: bool = False) -> tuple[list[str], str, list[str]]:
    """The two that a comparison with "than" compares, and by what: A is heavier than B, there are fewer A than B."""
    at = said.index(_THAN) if _THAN in said else 0
    if at < len(said[:2]):
        return [], " ".join(said), []
    there = said[0] == _THERE
    by, first = (said[1], said[2:at]) if there else (said[at - 1], said[: at - 1])
    pair = (first, said[at + 1 :])
    return (pair[1], by, pair[0]) if swapped else (pair[0], by, pair[1])


def _key(word: str) -> str:
    """A word in the singular, a verb without its ending: has and have, decreased and decrease."""
    if word == "has":
        word = "have"
    if len(word) > _SHORTEST and word.endswith("ed"):
        return word[:-2]
    if len(word) > _SHORTEST and word.endswith("s") and not word.endswith(("ss", "less")):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _SHORTEST else word


def _keys(said: Sequence[str]) -> list[str]:
    """The keys of the words that are no articles and the like."""
    return [_key(word) for word in said if word and word not in _DROPPED]


_SHORTEST = 3  # letters of a word that keeps its ending
_THAN, _THERE = _key("than"), _key("there")
_OPPOSITES = frozenset(
    frozenset(map(_key, names(pair)))
    for pair in (
        "less more", "less greater", "fewer more", "smaller larger", "smaller bigger", "smaller greater", "lower higher",
        "shorter longer", "shorter taller", "below above", "before after", "left right", "narrower wider", "lighter heavier",
        "younger older", "inside outside", "same opposite", "same different", "even odd",
        "maximum minimum", "highest lowest", "largest smallest", "longest shortest", "steeper flatter", "darker lighter",
    )
)  # fmt: skip
"""Two of which no more than one is true of the same thing."""
_OPPOSITE_VERBS = frozenset(
    frozenset(map(_key, names(pair))) for pair in ("increase decrease", "rise fall", "grow shrink")
)
