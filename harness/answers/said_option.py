"""What a sentence says to a reader who knows the options: "So you are less likely to pick blue." names blue.

The rules that read an answer without that knowledge come first; these read the closing sentence where they found nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .positions import LETTERS
from .statements.clause import behind_colon, is_denied, main_clauses
from .statements.doubt import FAULT, REFUTED, denied, not_ones_own
from .statements.sentence import ARTICLE, FITS, LONE_LETTER, NOUN, VERDICT
from .text import fold

_TEX = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\b|[${}*_`\"“”]|\\[()\[\],;! ]")
_MONTH = re.compile(r"\bMay\b(?!\s(?:be|have|not|I|we|you|it|the)\b)")
"""The month, which is not the verb: words are compared in lower case."""
_WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?|[^\w\s]")
_SPELLINGS = (
    ("can't", "cannot"), ("can’t", "cannot"), ("can not", "cannot"), (" degrees", "°"), (" degree ", "° "),
)  # fmt: skip
VERDICTS = frozenset(("yes", "no", "true", "false"))
_VERDICTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        VERDICT,
        r"(?:[^\n]{0,300}[,;]\s|[\s*_]{0,8})(?:(?:so|thus|hence|therefore|overall|in conclusion),?\s)?(?:the|this|that)\s"
        r"(?:given\s)?(?:statement|claim|assertion)\b[^\n]{0,300}?\b(?:is|are)\s"
        r"(?:(?:therefore|thus|hence|clearly|indeed|definitely|actually|also)\s)?"
        r"[*_\"]{0,3}(yes|no|true|false|correct|incorrect|wrong|not (?:true|correct))\b",
        r"(?:[^\n]{0,300}[,;]\s)?(?:and|so|thus|hence|therefore),?\s[*_]{0,3}(yes|no)[*_]{0,3}(?:[,.]|\Z)",
        r"[^\n]{0,300}:\s[*_]{0,3}(yes|no|true|false)[*_.!]{0,4}\Z",
        r"(?:[^\n]{0,200}\s)?(?:this is|it is|which is|it['’]s|that['’]s)\s[*_]{0,3}(true|false)[*_.]{0,4}\Z",
    )
)
"""Yes, no, true or false: at the beginning, of a statement, behind "so", behind a colon, at the end."""
_MARKED = r"[*_]{0,2}\(?[A-Z]\)?[*_]{0,2}"
_JUDGED = {"correct": "true", **dict.fromkeys(("incorrect", "wrong", "not true", "not correct"), "false")}
_NO_DENIAL = re.compile(r"\"[^\"]*\"|\bno\b", re.IGNORECASE)
_TOGETHER = re.compile(
    rf"(?:\A|\b(?i:{NOUN}s|only)\s)(?P<letters>{_MARKED}(?:,\s{_MARKED})*,?\sand\s{_MARKED})"
    r"(?:\s(?:are(?:\sthe|\sonly|\sboth){0,2}\s(?:true|correct|right|valid)(?:\s[a-z]{3,12})?|hold|apply))?\Z"
    rf"|\b[Bb]oth\s(?P<both>{_MARKED}\sand\s{_MARKED})\s(?:are|fit|match|work|show|satisfy)\b"
    rf"|\A(?:the\s)?[a-z]{{3,12}}s\s(?P<subjects>{_MARKED}(?:,\s{_MARKED})*,?\sand\s{_MARKED})\s[a-z]{{2,12}}\b"
)
_LEADING = re.compile(r"[\s*_]{0,8}\(?([A-Z])(?:\)|[.:]|\s-)\s")
_THAN = re.compile(r"(?<=\w)\s(?:than|compared (?:to|with))\s")
_NOUN_BEFORE = r"(?:(?:la|le|el|il|a|o|die|der|das)\s)?(?:(?i:option|choice|antwort|l['’]option|la opción)\s)?"
NOT_BUT = re.compile(
    rf"\b(?i:not|nicht|kein\w*|n['’]est pas|no es|non è|não é)\s{_NOUN_BEFORE}{_MARKED},?\s"
    rf"(?:but(?:\srather)?|sondern|mais|sino|ma|mas)\s{_NOUN_BEFORE}(?P<instead>{_MARKED})"
    r"[*_.!\s]{0,6}\Z"
)
"""Not A but C, nicht A, sondern C: what a sentence ends with."""
_NOT = re.compile(
    r"(?<=\w)[*_\"”]{0,3}(?:,\s(?:and\s)?not|\sand\snot|,?\sinstead\sof)\s(?!only|just|merely|necessarily|even)[^,;]{1,80}"
)
"""What is denied behind an option: a shortage, not a surplus."""
LONG_WORD = re.compile(r"[a-z]{3}")
_SEPARATING = frozenset(".,;:()~\\")
_STOPS = frozenset(".;:?!")
_BEGINS_CLAUSE = frozenset((*".;:", "is", "are", "so", "thus", "hence", "therefore", "that", "conclude", "means"))
_LEAST_ENDED, _LEAST_WHOLE = 4, 3  # words
_PARTLY = re.compile(
    r"\b(?:only|not|first|partly|almost|nearly|too|one of|some|ruled|eliminated|excluded|wrong|incorrect)\b"
)
_EXCLUDED = re.compile(r"\b(?:ruled? out|eliminated?|excluded?|rejected?|discarded?)\b", re.IGNORECASE)
_LEFT_OUT = re.compile(r"\b(?:excluded|eliminated|ruled out|left out|rejected|discarded|but one|opposite)\b[^:]{0,40}:")
_LEAST_LETTERED = 2  # options that are only their letters
_PRONOUNS = (["it", "is"], ["they", "are"], ["there", "is"], ["there", "are"])
"""What an option may begin with that a sentence replaces by its own subject: it is rotated."""
_RELATING = ("to", "than", "of", "as")
_IS = frozenset(("is", "are", "was", "were", "be", "called", "named"))
_NONE = "none"
_DASHES = ("- ", "– ", "— ")
_MARK_AT_END = re.compile(r"(?:\(|\b(?:[Oo]ption|[Cc]hoice)\s\(?)([A-Z])\)?[*_.]{0,4}\Z")
_ARTICLES = (["the"], ["a"], ["an"])
_SUPERLATIVE = re.compile(
    r"\A(?:is|are|has|have|would|will|shows?|gets?|comes?|lies?|reach(?:es)?)\b.*?\b(?:most|least|best|first|last|next|"
    r"more|less|fewer|[a-z]{3,12}(?:est|er))\b"
)
"""What is said of an option that a sentence begins with, where that answers: has the greatest slope, is taller."""
_FOREIGN = re.compile(r"[^\x00-\x7f]{1,40}")
MARK = re.compile(
    r"(?<![\w\\])[(\[](?:[Oo]ption\s)?([A-Z])[)\]]|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s\(?([A-Z])\)?(?![\w'’])"
)
SEVERAL = re.compile(r"\b(?:or|except|excluding|other than|respectively|both|either|neither)\b", re.IGNORECASE)


def words(text: str) -> list[str]:
    """A text as lower-case words, numbers and signs, without dressing."""
    plain = _TEX.sub(" ", fold(text))
    plain = (_MONTH.sub("Maius", plain) if "May" in plain else plain).lower()
    for written, meant in _SPELLINGS:
        plain = plain.replace(written, meant)
    return _WORD.findall(plain)


def option_said(sentence: str, options: Sequence[str]) -> str:
    """The only option that the sentence asserts, as its letter or its mark with what follows; "" where there is none."""
    instead = NOT_BUT.search(sentence)
    if instead is not None:
        return letter_in(instead.group("instead"))
    for clause in main_clauses(sentence) if not (REFUTED.search(sentence) or _LEFT_OUT.search(sentence)) else ():
        together = _TOGETHER.search(clause)
        letters = together and next(filter(None, together.groups()), "")
        if together and letters and not is_denied(clause[: together.start()] if together.group("letters") else clause):
            return letters.replace("*", "")
        found = (
            _by_end(sentence, options)
            or _by_mark(clause, len(options) or len(LETTERS))
            or _by_words(clause, options)
            or _that_fits(clause, sentence)
            or _by_letter(clause, options)
        )
        if found is not None:
            leading = _LEADING.match(sentence)
            other = leading is not None and len(found) == 1 and leading.group(1) != found
            return "" if found == _NONE or other else found
    return ""


def option_opened(sentence: str, options: Sequence[str]) -> str:
    """The option that an opening sentence ends its main clause with, or says of to be or have the most; else ""."""
    said = option_said(sentence, options)
    letter = letter_in(said)
    if not letter:
        return ""
    own = words(options[LETTERS.index(letter)].strip(" .?!")) if letter in LETTERS[: len(options)] else []
    for clause in main_clauses(sentence):
        ends = words(clause.partition(", ")[0])
        marked = _MARK_AT_END.search(clause.partition(", ")[0])
        before = words(clause[: marked.start()]) if marked else []
        if any(_all_alike(before[-len(other) :], other) for other in map(words, options) if other and other != own):
            return ""
        if (marked and marked.group(1) == letter) or (own and _all_alike(ends[-len(own) :], own)):
            return said
        begins = words(clause)[words(clause)[:1] in _ARTICLES :]
        if own and _all_alike(begins[: len(own)], own) and _SUPERLATIVE.search(" ".join(begins[len(own) :])):
            return said
    return ""


def letter_in(said: str) -> str:
    """The letter of an option that is named by its letter or its mark: B of "option (B) Lower half"; "" for none."""
    return next((one for one in said if one.isupper()), "")


def _all_alike(said: Sequence[str], option: Sequence[str]) -> bool:
    return len(said) == len(option) and all(map(alike, said, option))


def option_written(line: str, options: Sequence[str]) -> str:
    """The letter of a line that is a letter and exactly that option's text, also of one that denies; else ""."""
    mark, _, text = line.partition(" ")
    letter = mark.strip("(.:,)*_")
    at = LETTERS.find(letter) if letter else -1
    behind_dash = text[2:] if text.startswith(_DASHES) else text
    own = 0 <= at < len(options) and (_same_words(text, options[at]) or _same_words(behind_dash, options[at]))
    return letter if own else ""


def option_ended(text: str, options: Sequence[str]) -> str:
    """The letter of the longest option of several words that a text ends with as a clause of its own; else "".

    Other options must not stand before it, as in a list of them, nor what denies it.
    """
    said = _ended(words(text))
    texts = {letter: _ended(words(option)) for letter, option in zip(LETTERS, options, strict=False)}
    found = [letter for letter, own in texts.items() if len(own) >= _LEAST_ENDED and said[-len(own) :] == own]
    longest = max(found, key=lambda letter: len(texts[letter]), default="")
    before = said[: len(said) - len(texts.get(longest, ()))]
    marked = len(before) > 1 and before[-1] in _STOPS and len(before[-2]) == 1 and before[-2].isalpha()
    if not longest or marked or (before and before[-1] not in _BEGINS_CLAUSE):
        return ""
    apart = before if before[-1:] == ["."] else before[:-1]  # behind a full stop it is a sentence of its own
    last = before[max((at + 1 for at, word in enumerate(apart) if word in _STOPS), default=0) :]
    others = (own for letter, own in texts.items() if letter != longest and own)
    listed = any(_ended(before)[-len(own) :] == own for own in others)
    return "" if listed or is_denied(" ".join(last)) else longest


def _ended(said: list[str]) -> list[str]:
    """The words without the signs at their end."""
    while said and said[-1] in _SEPARATING:
        said = said[:-1]
    return said


def option_whole(text: str, options: Sequence[str]) -> str:
    """The letter of the only option of several words that a text is, whatever its commas; else ""."""
    named = [
        letter
        for letter, option in zip(LETTERS, options, strict=False)
        if len(words(option)) >= _LEAST_WHOLE and _same_words(text, option)
    ]
    return named[0] if len(named) == 1 else ""


def _same_words(text: str, option: str) -> bool:
    said, known = ([word for word in words(one) if word not in _SEPARATING] for one in (text, option))
    dashed = said[:1] == ["-"] and any(map(LONG_WORD.match, known))
    return said == known != [] or (dashed and said[1:] == known)


def verdict(text: str, options: Sequence[str]) -> str:
    """The letter of the option yes, no, true or false that a text begins with or calls a statement; else ""."""
    keys = [" ".join(words(option)) for option in options[: len(LETTERS)]]
    for pattern in _VERDICTS if not VERDICTS.isdisjoint(keys) else ():
        found = pattern.match(text)
        said = found.group(1).lower() if found else ""
        said = _JUDGED.get(said, said)
        if found and said in keys:
            return "" if denied(_NO_DENIAL.sub("", text[: found.start(1)])) else LETTERS[keys.index(said)]
    return ""


def _by_end(sentence: str, options: Sequence[str]) -> str | None:
    """The only option whose text stands behind the colon that a sentence ends with, where nothing before it denies."""
    behind = behind_colon(sentence)
    letters = [
        letter for letter, option in zip(LETTERS, options, strict=False) if behind and _same_words(behind, option)
    ]
    denies = is_denied(sentence) or any(map(not_ones_own, sentence.split(",")))
    return letters[0] if len(letters) == 1 and not denies else None


def _by_mark(clause: str, count: int) -> str | None:
    """Located in the (B) Lower half: the only letter in brackets, or behind "option"."""
    marks = [found for found in MARK.finditer(clause) if (found.group(1) or found.group(2)) in LETTERS[:count]]
    if not marks:
        return None
    before = clause[: marks[0].start()]
    if len({found.group(1) or found.group(2) for found in marks}) > 1 or is_denied(before) or _EXCLUDED.search(before):
        return _NONE
    stated = clause[marks[-1].start() :].rstrip("*_ ")
    return marks[-1].group(1) or marks[-1].group(2) if FITS.match(clause, marks[-1].end()) else stated


def _by_words(clause: str, options: Sequence[str]) -> str | None:
    """The only option whose words the clause holds; more than one is no statement, nor is a denied one."""
    related = all(words(option)[-1:] and words(option)[-1] in _RELATING for option in options)
    if related and SEVERAL.search(clause):
        return _NONE
    clause = _NOT.sub("", clause if related else _THAN.split(clause, maxsplit=1)[0])
    said, texts = words(clause), dict(zip(LETTERS, options, strict=False))
    spans = [(*place, letter) for letter, option in texts.items() for place in _places(words(option), said)]
    spans += [
        (0, 0, letter) for letter, option in texts.items() if _FOREIGN.fullmatch(option.strip()) and option in clause
    ]
    spans = [one for one in spans if not any(_within(one, other, texts) for other in spans)]
    spans = _called(spans, said) if not SEVERAL.search(clause) else spans
    letters = {letter for _, _, letter in spans}
    if not letters:
        return None
    start, end, _ = max(spans)
    foreign = texts[max(spans)[2]] if (start, end) == (0, 0) else ""
    around = words(clause.replace(foreign, ";")) if foreign else [*said[:start], ";", *said[end:]]
    if len(letters) > 1 or said[start - 1 : start] == ["no"] or is_denied(" ".join(around)):
        return _NONE
    if not_ones_own(" ".join(said[:start])):
        return _NONE
    numbers = any(word[0].isdigit() for word in said[start:end])
    return _NONE if numbers and any(word[0].isdigit() for word in around) else letters.pop()


def _called(spans: list[tuple[int, int, str]], said: list[str]) -> list[tuple[int, int, str]]:
    """Where a clause ends in "is Carla", its subject names other options only to say who is meant: left of Dan is Carla."""
    last = [one for one in spans if one[1] == len(said) and said[max(one[0] - 1, 0)] in _IS]
    return last if len(last) == 1 else spans


def _within(one: tuple[int, int, str], other: tuple[int, int, str], texts: Mapping[str, str]) -> bool:
    """True if one option is named only as a part of another."""
    if one[2] == other[2]:
        return False
    if one[:2] == other[:2] == (0, 0):
        return texts[one[2]] in texts[other[2]]
    return other[0] <= one[0] and one[1] <= other[1] and one[:2] != other[:2]


def _places(option: list[str], said: list[str]) -> Iterator[tuple[int, int]]:
    """Where an option's words stand; those that are only a letter, a number or a verdict stand nowhere by themselves."""
    option = [word for word in option if word not in (".", ",", "-")] or option
    named = any(len(word) > 1 and not word.isdigit() for word in option)
    if not named:
        return
    option = option[2:] if option[:2] in _PRONOUNS and len(option) > 3 else option
    relates = option[-1] in _RELATING  # "equal to" says nothing without what it is equal to, or with a number
    if len(option) == 1 and option[0] in VERDICTS:
        return
    size = len(option)
    for start in range(len(said)):
        end, at = start, 0
        while end < len(said) and at < size:
            if alike(option[at], said[end]):
                at += 1
            elif said[end] not in (",", "-") or not at:
                break
            end += 1
        if at == size and not (relates and (end == len(said) or said[end][0].isdigit())):
            yield start, end


def alike(one: str, other: str) -> bool:
    """True for the same word, in the singular or the plural."""
    return one == other or (
        len(one) > 3 and len(other) > 3 and (other in (one + "s", one + "es") or one in (other + "s", other + "es"))
    )


def _that_fits(clause: str, sentence: str) -> str | None:
    """C matches: a letter that the clause begins with and says to fit, in a sentence that denies nothing."""
    found = LONE_LETTER.match(clause)
    fits = found is not None and FITS.match(clause, found.end()) and not LONE_LETTER.search(clause, found.end())
    if found is None or not fits or SEVERAL.search(clause) or _PARTLY.search(clause) or is_denied(sentence):
        return None
    return found.group(1)


def _by_letter(clause: str, options: Sequence[str]) -> str | None:
    """So container A fills up first: the only letter that is named, where the options are pictures or letters."""
    own = [letter for option, letter in zip(options, LETTERS, strict=False) if option.strip() in ("", letter)]
    found = [one for one in LONE_LETTER.finditer(clause) if one.start(1) or not ARTICLE.match(clause)]
    letters = {one.group(1) for one in found}
    if len(own) < _LEAST_LETTERED or not letters or not LONG_WORD.search(clause):
        return None
    denied = (
        FAULT.search(clause)
        or is_denied(clause[: found[-1].start()])
        or is_denied(clause[found[-1].end() :])
        or SEVERAL.search(clause)
    )
    return letters.pop() if len(letters) == 1 and letters <= set(own) and not denied else _NONE
