"""Multiple choice: which letters an answer singles out, by letter or by an option's text or value.

A letter in front of its own option's text is that letter, whatever else the text could be read as; in front of another
option's text, or of a value that is not its own, it is a contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from .compare import same, same_ratio
from .forms import Colon, Form, Items, Scalar, Words
from .positions import LETTERS, place_named
from .reading import EXPRESSION, QUANTITY, Style, read, read_worded
from .relations import relation
from .said_option import NOT_BUT, alike, words
from .statements.doubt import FAULT, not_ones_own
from .statements.sentence import FITS, NOUN, value_of
from .text import clean, number_in_words, ratio_signs, same_time, spelled, text_key, time_key, with_digits
from .types import MAX_ITEMS, UnreadableError
from .values import rational

_LEAD = (
    r"(?:(?:so|thus|hence|therefore),? |the (?:correct |final |right )?(?:answer|option|choice|letter)s? (?:is|are) "
    r"|所以|因此){0,2}"
    r"(?:(?:the )?(?:correct |final |right |best )?(?:options?|choices?|answers?|letters?|alternativa|opci[oó]n|op[cç][aã]o|"
    r"opzione|réponse|lettre|letra|antwort|选项|选择|选|答案|"
    r"[图図][形案片像]?|形状)"
    r"(?: is| are|是|为)? ?:? ?)?"
)
_ONE = re.compile(
    rf"{_LEAD}(?:(?:the )?(?P<noun>[A-Za-z][a-z]{{2,15}}) )?"
    r"[(\[{<'\"]{0,2} ?(?P<letter>[A-Za-z]) ?[)\]}>'\"]{0,2} ?[.:,!]?"
    r"(?: ?选?项)?(?: ?是?正确的?)?",
    re.IGNORECASE,
)
_GENERAL = frozenset(("option", "choice", "answer", "letter", "the"))
_NO_NOUNS = frozenset(("not", "but", "except", "unlike", "never", "beyond", "versus", "than", "wrong", "incorrect"))
_NOUN = re.compile(rf"(?:{NOUN})")
_MARKED = re.compile(
    rf"{_LEAD}(?:[(\[] ?([A-Za-z]) ?[)\]]|([A-Za-z]) ?(?=[).:,])|([A-Z])(?= - )|([A-Z])(?= (?i:which|that|because|with)\b))"
    r"(?P<sign>(?: ?[).:,]{1,2})?(?: -(?= ))?) ?(?P<rest>\S.*)",
    re.DOTALL,
)
_UNMARKED = re.compile(r"([A-Z])(?: |(?=\())(?P<rest>\S.*)", re.DOTALL)
_SMALL = re.compile(r"(?P<letter>[b-z]) (?P<rest>\S.*)", re.DOTALL)
_EQUATION = re.compile(r"(?:(?i:so|thus|hence|therefore),? )?(?P<equation>[A-Za-z] ?= ?[^=]{1,40})")
_NAMED = re.compile(rf"(?i:{NOUN}) \(?([A-Z])\)?(?: - |[ :.,]{{1,3}})(?P<rest>\S.*)", re.DOTALL)
_TRAILING = re.compile(r"(\S.{0,200}?)[ ,:-]{0,3}\(?(?:(?i:option|choice|answer) )?\(?([A-Z])\)", re.DOTALL)
_AND = r" ?(?:,|;|&|/|\+|\b(?:and|as well as|along with|together with|plus)\b|和|与|及| ) ?(?:and )?"
_MANY = re.compile(
    rf"(?:(?i:only|both|the|options?|choices?|answers?|letters?|{NOUN}s?|are) ?:? ?){{0,4}}"
    r"(?:\\?[(\[{])? ?[A-Za-z](?: ?[)\]])?"
    rf"(?>{_AND}(?:(?i:option|choice|{NOUN}) )?[(\[]? ?[A-Za-z](?: ?[)\]])?)+ ?(?:\\?[)\]}}])?"
    r"(?: (?i:only|match|fit|(?:are|is) (?:the )?(?:correct|right|true)(?: (?:options|choices|answers))?))?"
)
_GLOSS_BEHIND = re.compile(r" \([^()]{2,60}\)\Z")
_FUSED = re.compile(r"[A-Z]{2,26}|(?=[a-h]{2,8}\Z)a?b?c?d?e?f?g?h?")
_PAIR = re.compile(r"\(?([A-Z])\)? ?(,| or\b) ?\(?([A-Z])\)?")
_NOTED = re.compile(r"(?P<letter>[A-Z]) \((?P<note>[A-Z])\)")  # of options that are letters themselves
_LOOSE = re.compile(r"[\s,]+")  # 2006, 2007 and 2006  2007
_STOP = re.compile(r"[.;] ")
_ASIDE = re.compile(r"\((?P<inside>[^()]{3,200})\)[.!]?")
_ASIDE_WORDS = 3
_NOT_OTHER = re.compile(r"\((?:and |so )?not (?P<other>[^()]{1,40})\)[.!]?")
_LONE = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_LONGEST_NUMBER = 24  # characters of one that is written in a word
_LETTERS_ONLY = 160  # characters; a longer text is no list of letters
_PROSE_WORDS = 5
_AGAINST = re.compile(r"(?i:\b(?:or|wrong|incorrect|unless|if|but|instead|is not|isn't)\b)|[(\[][A-Z][)\]]|\b[A-Z]\)")
_SUPPOSED = re.compile(
    r"would (?:give|mean|need|require|be (?!(?:the |a )?(?:only |best )?(?:right|correct|best|answer|match|fit)))"
    r"|.*\b(?:too \w|(?:excluded|ruled out|eliminated)\b)",
    re.IGNORECASE,
)
"""What is said of an option that is looked at, not chosen: it would be the ratio of the sides."""
_ONLY = re.compile(r"\b(?:only|not|first|partly|almost|nearly)\b")
_DENIES = re.compile(r"\b(?:not|cannot|neither|nor|n't|never|no)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]{2,}")
_OTHER_LETTER = re.compile(r"\b[B-HJ-Z]\b")
_VERB = re.compile(
    r"(?:is|has|shows|matches|fits|contains|weighs|looks|represents|does|continues|completes|appears|comes|can|"
    r"will|belongs)\b"
)
_GLOSS = re.compile(r"(?P<text>\S.*?) \((?P<gloss>[^()]{2,80})\)", re.DOTALL)
_EXPLAINED = re.compile(r"(?P<text>[^,.;:]{1,80}?) ?(?:[,;:]|\.(?= )| -(?= )) ?(?P<rest>\S.{3,})", re.DOTALL)
_SAME_AS = re.compile(
    r"(?:which|that) (?:is|equals|gives|means|has)(?: the)? |i\.e\.,? |that is,? |namely,? |with (?:the |a )?"
    r"|(?:即|也就是|就是)",
    re.IGNORECASE,
)
_SYNONYMS = {
    "noneoftheabove": "noneofthese",
    "alloftheabove": "allofthese",
    "allofabove": "allofthese",
    "noneofabove": "noneofthese",
}
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_REMAINS = re.compile(r"\s*\n\s*\d{1,4}\s*\Z|(?<=[a-z}])\*(?=[A-Z]).{80,}?(?=\$?[.\s]*\Z)", re.DOTALL)
_PREFIX = 12  # characters of the key of an option's text that name it before its end


UNREAD = "no single option is singled out"


class Choice(NamedTuple):
    """The letters that an answer singles out, by which rule, and why; no letters when it singles out none."""

    letters: frozenset[str]
    rule: str
    reason: str


def _nothing(reason: str) -> Choice:
    return Choice(frozenset(), "choice", reason)


def without_remains(option: str) -> str:
    """An option's text without what a book's page left in it: the page's number in a line of its own, a long footnote."""
    return _REMAINS.sub("", option) if "\n" in option or "*" in option else option


def option_letters(choices: Sequence[str] | None) -> str:
    """The letters that name the options: as many as there are options, all of them where the options are not known."""
    return LETTERS[: len(choices)] if choices else LETTERS


def resolve(answer: str, choices: Sequence[str] | None) -> Choice:
    """Which letters `answer` singles out among `choices` (texts in order, or None where only letters are known)."""
    try:
        plain = spelled(answer)
    except UnreadableError:
        return _nothing("the answer is too long for a choice")
    letters = option_letters(choices)
    options = [without_remains(option) for option in (choices or ())[:MAX_ITEMS]]
    return (
        _letter_with_letter(plain, options)
        or _by_circled_number(answer, letters, options)
        or _by_letters(plain, letters, options)
        or _letter_with_text(plain, letters, options)
        or _letter_behind_text(plain, options)
        or _by_place(plain, options)
        or _by_one_text(answer, plain, options)
        or _several_texts(answer, options)
        or _small_letter(plain, letters, options)
        or _in_sentence(answer, plain, choices)
        or _nothing(UNREAD)
    )


def _letter_with_letter(plain: str, options: list[str]) -> Choice | None:
    """B (C), where C is the text of option B."""
    found = _NOTED.fullmatch(plain)
    if found is None or not _is_text(found["note"], options[LETTERS.index(found["letter"]) :][:1]):
        return None
    return Choice(frozenset(found["letter"]), "choice-letter", f"letter {found['letter']} with its own text")


def _by_circled_number(answer: str, letters: str, options: list[str]) -> Choice | None:
    """③, and ③ 10 where 10 is the third option, as exams in Korea, Japan and China number them."""
    said = answer.strip(" $*_.。")
    place = _CIRCLED.find(said[:1]) + 1 if said else 0
    if not 0 < place <= len(letters) or any(_CIRCLED[0] in option for option in options):
        return None
    letter, rest = letters[place - 1], said[1:].strip(" .:,번")
    if rest and options and not _states_option(rest, letter, options):
        return _nothing(f"option number {place} with a text that is not its option's")
    return Choice(frozenset(letter), "choice-letter", f"option number {place}")


def _by_letters(plain: str, letters: str, options: list[str]) -> Choice | None:
    """One letter in any dressing, or several side by side or joined by "and"; None for other texts."""
    if len(plain) > _LETTERS_ONLY:
        return None
    found = _ONE.fullmatch(plain)
    if found is not None:
        letter, noun = found.group("letter").upper(), found.group("noun")
        named = letter in letters and (not noun or _names_letter(noun, plain, found.group("letter"), letters, options))
        return Choice(frozenset(letter), "choice-letter", f"letter {letter}") if named else None
    if _is_text(plain, options):
        return None
    pair = _PAIR.fullmatch(plain)
    if (
        pair is not None and pair[1] != pair[3] and {pair[1], pair[3]} <= set(letters)
    ):  # even if one is the other's text
        return _letters_together(plain, letters) or _nothing(f"letter {pair[1]} or {pair[3]}")
    marked = _MARKED.fullmatch(plain) if options else None
    if marked is not None and _states_option(marked.group("rest"), _letter_of(marked), options):
        return Choice(frozenset(_letter_of(marked)), "choice-letter", f"letter {_letter_of(marked)} with its own text")
    return _letters_together(plain, letters)


def _small_letter(plain: str, letters: str, options: list[str]) -> Choice | None:
    """A small letter with its own option's text: d 12."""
    found = _SMALL.fullmatch(plain)
    letter = found.group("letter").upper() if found else ""
    if found is None or letter not in letters or not _states_option(found.group("rest"), letter, options):
        return None
    return Choice(frozenset(letter), "choice-letter", f"letter {letter} with its own text")


def _letter_of(marked: re.Match[str]) -> str:
    return next(mark for mark in marked.groups() if mark).upper()


def _letters_together(plain: str, letters: str) -> Choice | None:
    """AC; A, C; options A and C; both A and C; {A, C}."""
    if _FUSED.fullmatch(plain):
        named = list(plain.upper())
    elif _MANY.fullmatch(_GLOSS_BEHIND.sub("", plain)):
        plain = _GLOSS_BEHIND.sub("", plain)
        named = [letter.upper() for letter in _LONE.findall(plain)]
    else:
        return None
    if len(set(named)) != len(named) or not set(named) <= set(letters):
        return None
    return Choice(frozenset(named), "choice-letters", f"letters {', '.join(sorted(named))}")


def _names_letter(noun: str, plain: str, letter: str, letters: str, options: list[str]) -> bool:
    """Figure E is E where the options are letters or pictures, option E always, and no option's text reads like that."""
    if noun.lower() in _GENERAL or noun.lower() in _NO_NOUNS:
        return noun.lower() in _GENERAL
    if not letter.isupper() or any(text_key(option) == text_key(plain) for option in options):
        return False
    return _lettered(options, letters) or (bool(_NOUN.fullmatch(noun)) and not options)


def _lettered(options: list[str], letters: str) -> bool:
    """True where the options are pictures: their texts are absent or their own letters."""
    return all(
        not option.strip() or text_key(option) == name.lower() for option, name in zip(options, letters, strict=False)
    )


def option_key(text: str) -> str:
    """The words of an option; "none of the above" is "none of these"."""
    key = text_key(text)
    return _SYNONYMS.get(key, key)


def _keys(option: str) -> tuple[str, ...]:
    """The words of an option, also without a pronoun or a numeral's noun before them: It is rotated, Graph II."""
    key = option_key(option)
    numeral = _ROMAN.fullmatch(option.strip(" ."))
    return key, key.removeprefix("itis") or key, *([option_key(numeral.group("numeral"))] if numeral else ())


def _by_text(answer: str, options: list[str]) -> list[str]:
    """The letters of the options that the answer states, by words first and by value second."""
    numeral = _ROMAN.fullmatch(clean(answer).strip(" .")) if options and not any(map(str.isdigit, options[0])) else None
    for said in (answer, numeral.group("numeral")) if numeral else (answer,):
        key = option_key(said)
        exact = [letter for letter, option in zip(LETTERS, options, strict=False) if key in _keys(option)]
        if exact or not key:
            return exact
    related = relation(answer)
    return [
        letter
        for letter, option in zip(LETTERS, options, strict=False)
        if _same_value(option, answer) or _same_half_day(option, answer) or (related and related == relation(option))
    ]


_ROMAN = re.compile(rf"(?:{NOUN}|quadrant|stage|step|type|class|group) (?P<numeral>[IVX]{{1,5}})", re.IGNORECASE)


def _same_value(option: str, answer: str) -> bool:
    for style in (QUANTITY, EXPRESSION):
        known, found = _read_number(option, style), _read_number(answer, style)
        if isinstance(known, Scalar) and isinstance(found, Words):
            found = read_worded(answer, style)
        elif isinstance(found, Scalar) and isinstance(known, Words) and (counted := with_digits(option)):
            known = read_worded(counted, style)
        if isinstance(known, Colon) and " to " in answer:
            found = read(ratio_signs(answer), style)
        if not isinstance(known, Words) and _same_or_alternatives(known, found, answer):
            return True
    return False


def _read_number(answer: str, style: Style) -> Form:
    """The form of an answer or of an option; a number in words by its value."""
    worded = len(answer) <= _LONGEST_NUMBER and answer.replace("-", "").replace(" ", "").isalpha()
    number = number_in_words(answer) if worded else None
    return read(answer, style) if number is None else Scalar(rational(number))


def _same_half_day(option: str, answer: str) -> bool:
    """Equal times of day, at least one of which says which half: 2:45 P.M. and 2:45 pm, 2:45."""
    if ":" not in option or ":" not in answer:
        return False
    known, found = time_key(option), time_key(answer)
    return known is not None and found is not None and bool(known[3] or found[3]) and same_time(known, found)


def _same_or_alternatives(known: Form, found: Form, answer: str) -> bool:
    """Equal forms; an option with a plus-minus sign is also the list of its two values, a ratio also a fraction."""
    if isinstance(known, Items) and isinstance(found, Items) and known.joiner == "or":
        return same(known, replace(found, joiner="or"))
    if isinstance(known, Colon) and isinstance(found, Scalar):
        return "." not in answer and same_ratio(known, found)
    return same(known, found)


def _letter_with_text(plain: str, letters: str, options: list[str]) -> Choice | None:
    """A letter with its option's text behind it, (E) 12 m, or with an explanation; they must not contradict each other."""
    for pattern in (_MARKED, _NAMED, _UNMARKED):
        found = pattern.fullmatch(plain)
        if found is not None:
            letter = _letter_of(found)
            if letter not in letters or _is_text(plain, options):
                return None
            return _with_aside(letter, found, options) or _weighed(letter, found, pattern, letters, options)
    return None


def _is_text(plain: str, options: list[str]) -> bool:
    key = option_key(plain)
    return any(option_key(option) == key for option in options)


def _weighed(
    letter: str, found: re.Match[str], pattern: re.Pattern[str], letters: str, options: list[str]
) -> Choice | None:
    rest = found.group("rest").strip()
    said = _SAME_AS.match(rest)
    told = rest[said.end() :] if said else rest
    if any(_states_option(text, letter, options) for text in dict.fromkeys((rest, told, _signed(found)))):
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} with its own text")
    thing = pattern is _NAMED and not _names_letter(found.string.split()[0], found.string, letter, letters, options)
    if thing or pattern is _UNMARKED:
        return None if thing else _unmarked(letter, rest, letters, options)
    first = _STOP.split(told, maxsplit=1)[0]
    others = _by_text(told, options) or _by_text(first, options) or _in_words(told, options)
    if others and letter not in others:
        return _nothing(f"letter {letter} with the text of option {', '.join(others)}")
    worded, apart = not _lettered(options, letters), _new_sentence(found)
    fits = pattern is _NAMED and not _SUPPOSED.match(rest) and FITS.match(" " + rest) is not None
    if fits and not (_OTHER_LETTER.search(rest) or _AGAINST.search(rest) or _ONLY.search(rest)):
        return Choice(frozenset(letter), "choice-letter", f"letter {letter}, which is said to fit")
    value = worded and any(isinstance(read(text, QUANTITY), Scalar) for text in (told, first))
    short = worded and len(rest.split()) < _PROSE_WORDS
    others_named = rest.replace(f"({letter})", "").replace(f"[{letter}]", "")
    against = not apart and (
        _AGAINST.search(others_named)
        or (pattern is _NAMED and _DENIES.search(rest))
        or (worded and _OTHER_LETTER.search(rest))
    )
    if (
        value
        or short
        or against
        or (fits and _ONLY.search(rest))
        or _SUPPOSED.match(rest)
        or (not apart and not_ones_own(rest))
    ):
        return _nothing(f"letter {letter} with a text that is not its option's")
    return Choice(frozenset(letter), "choice-letter", f"letter {letter} before a text")


def _with_aside(letter: str, found: re.Match[str], options: list[str]) -> Choice | None:
    """A letter with what stands in brackets behind it and takes nothing back: B. (D would be the price of two.)"""
    bracket = _ASIDE.fullmatch(found.group("rest").strip())
    aside = bracket.group("inside") if bracket else ""
    if _AGAINST.search(aside) or len(aside.split()) < _ASIDE_WORDS - aside.endswith("."):
        return None
    others = _by_text(aside, options) or _in_words(aside, options)
    if others and letter not in others:
        return None
    return Choice(frozenset(letter), "choice-letter", f"letter {letter} with an aside")


def _signed(found: re.Match[str]) -> str:
    """The text with a dash before it, which may be its minus sign."""
    sign = found.groupdict().get("sign") or ""
    return "-" + found.group("rest") if sign.endswith("-") else found.group("rest")


def _new_sentence(found: re.Match[str]) -> bool:
    """B. The figure has six sides: what follows the letter is a sentence of its own."""
    rest = found.group("rest")
    return (
        (found.groupdict().get("sign") or "").strip() == "."
        and rest[:1].isupper()
        and len(rest.split()) >= _PROSE_WORDS
    )


def _in_words(rest: str, options: list[str]) -> list[str]:
    """The options that a sentence behind a letter gives the value of: A: the value of cos A is 0.8."""
    value = value_of(rest, words=True)
    return _by_text(value, options) if value else []


def _unmarked(letter: str, rest: str, letters: str, options: list[str]) -> Choice | None:
    """B (the right group), B has more, B 14: a letter without a mark."""
    pictures = _lettered(options, letters)
    against = _AGAINST.search(rest) or _OTHER_LETTER.search(rest) or _DENIES.search(rest) or FAULT.search(rest)
    denied = _NOT_OTHER.fullmatch(rest)
    if denied is not None and (_LONE.fullmatch(denied.group("other")) or _is_text(denied.group("other"), options)):
        return Choice(frozenset(letter), "choice-letter", f"letter {letter}, and not another")
    gloss = rest.startswith("(") and rest.endswith(")") and "(" not in rest[1:]
    if gloss and pictures and _WORD.search(rest) and not against:
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} with a note")
    if pictures and _VERB.match(rest) and not against:
        return Choice(frozenset(letter), "choice-letter", f"letter {letter} in a sentence about it")
    numeric = not options and rest[0] in "0123456789$£€-" and not _WORD.search(rest)
    return Choice(frozenset(letter), "choice-letter", f"letter {letter} with a number") if numeric else None


def _states_option(rest: str, letter: str, options: list[str]) -> bool:
    """True if the text after a letter is its option's, alone, in brackets, or with an explanation, or begins like it."""
    position = LETTERS.index(letter)
    if position >= len(options):
        return False
    inner = rest[1:-1] if rest.startswith("(") and rest.endswith(")") else rest
    own = option_key(options[position])
    if not own:
        return False
    for text in {rest, inner}:
        key = option_key(text)
        loose = _LOOSE.sub(" ", text).strip(), _LOOSE.sub(" ", options[position]).strip()
        if (
            key in (own, own + "s", own + "es", own.removeprefix("itis"))
            or _same_value(options[position], text)
            or loose[0] == loose[1]
            or _same_but_in_number(text, options[position])
        ):
            return True
        if own.startswith(key) and (len(key) >= _PREFIX or _begins(text, options[position])):
            return sum(option_key(option).startswith(key) for option in options) == 1
        if key.startswith(own) and _ends(key[len(own) :], text, own):
            return not any(len(other) > len(own) and key.startswith(other) for other in map(option_key, options))
    return False


def _same_but_in_number(text: str, option: str) -> bool:
    """True for the same words, one in the singular and one in the plural."""
    said, own = words(text), words(option)
    return len(said) == len(own) > 0 and all(map(alike, said, own))


def _begins(text: str, option: str) -> bool:
    """True if the words of a text, two or more, are those that the option begins with."""
    said, own = text.lower().strip(" .").split(), option.lower().split()
    return 1 < len(said) < len(own) and own[: len(said)] == said


def _ends(after: str, text: str, own: str) -> bool:
    """True if an option's text ends before `after`: at a stop, or after words or a formula with a word behind it."""
    if not after or after[0] in ".,;:!=(≈" or after.startswith(("-", "\\approx")):
        return bool(after[:1] not in ".," or not after[1:2].isdigit())
    return len(own) > 2 and after[0].isalpha() and own[-1].isdigit() is False and _at_word_end(text, own)


def _at_word_end(text: str, own: str) -> bool:
    """True if a word ends in `text` where the option's text does."""
    count = 0
    words = text.split()
    for word in words:
        count += len(text_key(word))
        if count >= len(own):
            return count == len(own)
    return False


def _by_one_text(answer: str, plain: str, options: list[str]) -> Choice | None:
    """Exactly one option's text or value, alone, with a note in brackets, or in front of an explanation."""
    by_text = _by_text(answer, options)
    if not by_text:
        by_text = _explained(plain, options)
    named = _EQUATION.fullmatch(plain.rstrip(" .")) if len(by_text) > 1 else None
    if named is not None:
        key = option_key(named.group("equation"))
        by_text = [letter for letter in by_text if option_key(options[LETTERS.index(letter)]) == key] or by_text
    if len(by_text) > 1:
        return _nothing(f"the text fits several options: {', '.join(by_text)}")
    return Choice(frozenset(by_text), "choice-text", f"the text of option {by_text[0]}") if by_text else None


def _explained(plain: str, options: list[str]) -> list[str]:
    """Options named before an explanation that names no other: Yes, because ...; False: the bars differ."""
    for pattern in (_GLOSS, _EXPLAINED):
        found = pattern.fullmatch(plain)
        if found is None:
            continue
        key = option_key(found.group("text"))
        named = [letter for letter, option in zip(LETTERS, options, strict=False) if option_key(option) == key]
        rest = (
            " "
            + " ".join(
                re.findall(r"\w+", (found.groupdict().get("rest") or found.groupdict().get("gloss") or "").lower())
            )
            + " "
        )
        others = (
            " " + " ".join(re.findall(r"\w+", option.lower())) + " " for option in options if option_key(option) != key
        )
        if named and key.isalpha() and not any(other in rest for other in others):
            return named
    return []


def _by_place(plain: str, options: list[str]) -> Choice | None:
    """Option 3, the third option; nothing for a number that is another option's value."""
    named = place_named(plain, len(options)) if len(options) > 1 else None
    if named is None:
        return None
    place, bare = named
    others = [letter for letter in _by_text(str(place), options) if letter != LETTERS[place - 1]] if bare else []
    if others:
        return _nothing(f"option number {place}, or option {others[0]}, which is {place}")
    return Choice(frozenset(LETTERS[place - 1]), "choice-letter", f"option number {place}")


def _letter_behind_text(plain: str, options: list[str]) -> Choice | None:
    """An option's text followed by its letter: 12 m (E)."""
    found = _TRAILING.fullmatch(plain)
    if found is None or _is_text(plain, options):
        return None
    if not _states_option(found.group(1), found.group(2), options):
        others = _by_text(found.group(1), options)
        return _nothing(f"letter {found.group(2)} behind the text of option {', '.join(others)}") if others else None
    return Choice(frozenset(found.group(2)), "choice-letter", f"letter {found.group(2)} behind its own text")


def _several_texts(answer: str, options: list[str]) -> Choice | None:
    """The texts of several options in a list."""
    form = read(answer, QUANTITY)
    if isinstance(form, Items) and form.joiner == "," and options and len(form.forms) <= len(options):
        pieces = re.split(r"[,;]|\band\b", clean(answer))
        found = [_by_text(piece, options) for piece in pieces if piece.strip()]
        letters = [letters[0] for letters in found if len(letters) == 1]
        if len(letters) == len(found) == len(set(letters)) > 1:
            return Choice(frozenset(letters), "choice-texts", f"the texts of options {', '.join(sorted(letters))}")
    return None


def _in_sentence(answer: str, plain: str, choices: Sequence[str] | None) -> Choice | None:
    """What a sentence gives: the area is 12."""
    instead = NOT_BUT.search(plain)
    value = instead.group("instead") if instead else value_of(answer, words=True)
    if not value or len(value) >= len(answer):
        return None
    chosen = resolve(value, choices)
    return chosen if chosen.letters else None


def letters_of_gold(gold: str, choices: Sequence[str] | None) -> frozenset[str]:
    """The letters of a gold answer: letters in any spelling, else the option with that text."""
    key = option_key(gold)
    texts = [letter for letter, option in zip(LETTERS, choices or (), strict=False) if option_key(option) == key]
    if len(texts) == 1 and len(key) > 1:
        return frozenset(texts)
    named = _by_letters(spelled(gold), option_letters(choices), [])
    return named.letters if named is not None else resolve(gold, choices).letters
