"""A question of yes or no that a sentence says again as a statement: "The pizza is not split in half." says no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lexer import names
from .said_option import words

LONGEST = 400  # characters of a question, and of a sentence
_SENTENCE_END = re.compile(r"(?<=[.!?:])['\"]?\s+|\n")
_CIRCUMSTANCE = re.compile(
    r"(?:\A\s*|,\s|\s)(?:based on|according to|in|from|on|as (?:shown|seen) in)\s(?:the|this)\s(?:given\s|provided\s)?"
    r"(?:image|picture|figure|graph|chart|photo|diagram|plot|table)s?(?:\sprovided)?(?:,\s|\s*[.?]?\s*\Z)",
    re.IGNORECASE,
)
_REASON = re.compile(r",\s(?:as|since|because|so|and|which|but|while|where)\b|\s(?:because|since)\b|[;:]\s")
_SHORT = re.compile(r"(?<!\bca)(?<!\bwo)n['’]t\b", re.IGNORECASE)
_SUBJECT = 6  # words that a pronoun may stand for
_BE = frozenset(names("is are was were"))
_DO = frozenset(names("do does did"))
_OTHERS = frozenset(names("can could will would has have had should"))
_VERBS = _BE | _DO | _OTHERS
_PRONOUNS = frozenset(names("it this that these those he she they"))
_DROPPED = frozenset(
    names("the a an this that these those also clearly indeed actually definitely thus so hence therefore . , \" '")
)
_OPPOSITES = frozenset(
    frozenset(names(pair))
    for pair in (
        "less more", "less greater", "fewer more", "smaller larger", "smaller bigger", "smaller greater", "lower higher",
        "shorter longer", "shorter taller", "below above", "before after", "left right", "narrower wider", "lighter heavier",
    )
)  # fmt: skip


def yes_or_no(question: str, sentence: str) -> str:
    """ "yes" where the sentence says what the question asks, "no" where it denies that or says the opposite; else "".

    The words have to be the question's, in its order, but for articles and the verb's place.
    """
    last = _SENTENCE_END.split(question.strip(" '\"\n"))[-1]
    if len(last) > LONGEST or len(sentence) > LONGEST or not last.endswith("?") or sentence.rstrip().endswith("?"):
        return ""
    asked = _plain(last.rstrip("? "))
    if asked and asked[0] not in _VERBS and ", " in last:
        asked = _plain(last.rpartition(", ")[2].rstrip("? "))
    said = _plain(_REASON.split(sentence.strip(" *_\n."))[0])
    if len(asked) < 3 or not said or asked[0] not in _VERBS:
        return ""
    for statement, denied in _statements(said, asked[0]):
        same = _same(asked[1:], statement)
        if same is not None:
            return ("no" if denied else "yes") if same else ("" if denied else "no")
    return ""


def _plain(text: str) -> list[str]:
    said = words(_SHORT.sub(" not", _CIRCUMSTANCE.sub(" ", text)))
    return [part for word in said for part in (("can", "not") if word == "cannot" else (word,))]


def _statements(said: Sequence[str], verb: str) -> Iterator[tuple[list[str], bool]]:
    """What a statement says without its verb, and whether it denies it: for each place where the verb may stand.

    A mark stands where the verb was, by which a pronoun of the question takes the subject's place.
    """
    family = next(one for one in (_BE, _DO, frozenset((verb,))) if verb in one)
    if family is _DO and "not" not in said:
        yield from (([*said[:at], "", *said[at:]], False) for at in range(1, min(_SUBJECT, len(said))))
    for at, word in enumerate(said):
        if word in family and at:
            denied = said[at + 1 : at + 2] == ["not"]
            yield [*said[:at], "", *said[at + 1 + denied :]], denied


def _same(asked: list[str], said: list[str]) -> bool | None:
    """True for the same words, False for the same but for one that is the opposite; None for other words."""
    if asked[0] in _PRONOUNS and "" in said:
        behind = _same_words(_keys(asked[1:]), _keys(said[said.index("") + 1 :]))
        if behind is not None:
            return behind
    return _same_words(_keys(asked), _keys(said))


def _same_words(asked: list[str], said: list[str]) -> bool | None:
    differ = [{one, other} for one, other in zip(asked, said, strict=False) if one != other]
    if not asked or len(asked) != len(said) or len(differ) > 1:
        return None
    return None if differ and differ[0] not in _OPPOSITES else not differ


def _keys(said: Sequence[str]) -> list[str]:
    """Words without articles, in the singular; of verbs the stem: has, have."""
    kept = [word for word in said if word and word not in _DROPPED]
    kept = ["have" if word == "has" else word for word in kept]
    return [
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "less")) else word
        for word in kept
    ]
