"""A question of yes or no that a sentence says again as a statement: "The pizza is not split in half." says no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lexer import names
from .said_option import words

LONGEST = 400  # characters of a question, and of a sentence
_SENTENCE_END = re.compile(r"(?<=[.!?:])['\"]?\s+|\n")
_PICTURE = (
    r"(?:[a-z]{3,12}\s){0,2}(?:image|picture|figure|graph|chart|photo|diagram|plot|table|scene|drawing|map|web|pictograph|"
    r"pictogram|screenshot)s?"
)
_CIRCUMSTANCE = re.compile(
    r"\A\s*(?:based on|according to|in|from|on|looking at|as (?:shown|seen) in)\s[^,;:?]{3,60},\s"
    r"|\A\s*from\s(?:the|this)\s[^,;:?]{3,40}\s(?=we can see that\b)"
    r"|(?:,\s|\s)(?:based on|according to|in|from|on|as (?:shown|seen) in)\s(?:the|this)\s"
    rf"{_PICTURE}(?:\sprovided)?\s*[.?]?\s*\Z"
    r"|\A\s*(?:(?:we|i|one|you) can (?:clearly )?see that|it (?:is clear|can be seen) that|this means that)\s"
    r"|\s(?:among|out of|of)\sall\b[^,;]{0,40}\Z|\sby\s(?:about|around|roughly|nearly|\d)[^,;]{0,40}\Z",
    re.IGNORECASE,
)
"""Words around a statement that change nothing of it: in this food web, we can see that, among all of the boxes."""
_REASON = re.compile(
    r",\s(?:as|since|because|so|and|which|but|while|where|[a-z]{3,12}ing)\b|\s(?:because|since)\b|[;:]\s"
)
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
    for _ in range(2):
        text = _CIRCUMSTANCE.sub(" ", text)
    said = words(_SHORT.sub(" not", text))
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
            denied = said[at + 1 : at + 2] in (["not"], ["no"])
            yield [*said[:at], "", *said[at + 1 + denied :]], denied


def _same(asked: list[str], said: list[str]) -> bool | None:
    """True for the same, False for what cannot be true as well: one word is the opposite, or the two of a "than" swapped."""
    if asked[0] in _PRONOUNS and "" in said:
        behind = _same_words(_keys(asked[1:]), _keys(said[said.index("") + 1 :]))
        if behind is not None:
            return behind
    return _same_words(_keys(asked), _keys(said))


def _same_words(asked: list[str], said: list[str]) -> bool | None:
    if not asked or len(asked) != len(said):
        return None
    differ = [{one, other} for one, other in zip(asked, said, strict=True) if one != other]
    if len(differ) > 1:
        return False if _compared(asked) == _compared(said, swapped=True) else None
    return None if differ and differ[0] not in _OPPOSITES else not differ


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
        "younger older", "increase decrease", "rise fall", "inside outside", "same opposite", "same different", "even odd",
        "maximum minimum", "highest lowest", "largest smallest", "longest shortest", "steeper flatter", "darker lighter",
    )
)  # fmt: skip
"""Two of which no more than one is true of the same thing."""
