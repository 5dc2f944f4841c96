"""From any Unicode spelling to one plain spelling, before anything is read.

Superscripts and vulgar fractions are rewritten before NFKC, which would turn five squared into 52 and 6 1/4 into 61/4.
`fold` is idempotent.

Answers in words: the key of a text, and numbers written out in English or Chinese.

Times of day, calendar dates and years, read from their usual spellings.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Mapping
from fractions import Fraction
from functools import partial

from .dressing import undecorated
from .lexer import Token, names, spell, tokenize
from .types import MAX_ANSWER, TooMuchWorkError

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₒₓₙ", "0123456789+-()aeoxn", strict=True))
_SUPER_RUN = re.compile(f"[{''.join(_SUPERSCRIPTS)}]+")
_SUB_RUN = re.compile(f"[{''.join(_SUBSCRIPTS)}]+")

_FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip

_SYMBOLS = {
    "−": "-", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "﹣": "-", "－": "-", "⁃": "-",
    "×": "*", "⋅": "*", "·": "*", "∙": "*", "∗": "*", "✕": "*", "・": "*", "÷": "/", "⁄": "/", "∕": "/",
    "⩽": "≤", "≦": "≤", "⩾": "≥", "≧": "≥", "≄": "≠", "∶": ":", "：": ":", "﹕": ":",
    "º": "°", "˚": "°", "∘": "°", "○": "°", "℃": "°C", "℉": "°F", "√": "\\sqrt ", "∛": "\\sqrt[3]", "∜": "\\sqrt[4]",
    "∠": "\\angle ", "△": "\\triangle ", "▲": "\\triangle ", "∆": "\\triangle ", "∥": "\\parallel ", "⊥": "\\perp ",
    "∅": "\\emptyset ", "⌀": "\\emptyset ", "Ø": "\\emptyset ", "ℝ": "\\mathbb{R}", "ℤ": "\\mathbb{Z}",
    "ℕ": "\\mathbb{N}", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ", "∖": "\\setminus ",
    "⟨": "\\langle ", "⟩": "\\rangle ", "□": "\\square ", "☐": "\\square ", "→": "\\to ", "⇒": "\\Rightarrow ",
    "、": ",", "。": ".", "．": ".", "【": "[", "】": "]", "′": "'", "’": "'", "‘": "'", "“": '"', "”": '"',
    "㎡": "m^{2}", "㎠": "cm^{2}", "㎢": "km^{2}", "㎥": "m^{3}", "㎤": "cm^{3}", "￥": "¥", "µ": "μ", "ϕ": "φ", "ϵ": "ε",
    "「": '"', "」": '"', "『": '"', "』": '"', "掳": "°", "…": "...", "∣": "|", "∧": "^",
}  # fmt: skip

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "Π": "Pi",
}  # fmt: skip

_TABLE = str.maketrans(
    _SYMBOLS
    | {letter: f"\\{name} " for letter, name in _GREEK.items()}
    | {vulgar: f"\\frac{{{top}}}{{{bottom}}}" for vulgar, (top, bottom) in _FRACTIONS.items()}
)

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f]")
_LAST_BREAK = re.compile(r"\\\\(?=[$ ]{0,8}\Z)")
_MATH_SIGN = re.compile(r"(?<!\\)\$")
_THIN_THOUSANDS = re.compile(r"(?<![\d.\\,!;: ~])(\d{1,3})((?:(?:\\[,!;:]|\\ |~)\d{3})+)(?!\d)")
_GLUED = re.compile(r"\\circ(?=[A-Z])")
_STOP_BEFORE_UNIT = re.compile(r"(?<=\d)\.(?=\\(?:text|mathrm)\b)")
_MINUS = re.compile(r"\A(?:minus|negative) (?=\d)", re.IGNORECASE)
_BELOW_ZERO = re.compile(r"\A(?=\d)(?P<said>[^-−]{1,40}?) below (?:zero|0)\Z", re.IGNORECASE)
_WRAPS = (("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"), ("__", "__"))
_LEADING_MARKS = " \t\n\r,;:"
_EDGES = frozenset(" \t\n\r,;:.*_`\\)]✓✔✅☑")
_TRAILING_MARKS = " \t\n\r,;:.✓✔✅☑"


def fold(text: str) -> str:
    """Return `text` with one spelling per symbol: ASCII digits, signs and letters, LaTeX names for the rest."""
    if text.isascii():
        return text
    for run, table, mark in ((_SUPER_RUN, _SUPERSCRIPTS, "^"), (_SUB_RUN, _SUBSCRIPTS, "_")):
        text = run.sub(partial(_lowered, table, mark), text)
    text = _INVISIBLE.sub("", text).translate(_TABLE)
    return unicodedata.normalize("NFKC", text).translate(_TABLE)


def _lowered(table: Mapping[str, str], mark: str, run: re.Match[str]) -> str:
    return f"{mark}{{{''.join(table[character] for character in run.group())}}}"


def undress(text: str) -> str:
    r"""Remove what surrounds an answer without being part of it: math delimiters, emphasis, final punctuation.

    An unpaired `$` stays, as the currency sign `\$`.
    """
    if not (text[:1] in _EDGES or text[-1:] in _EDGES or "$" in text):
        return text
    before = None
    while text != before:
        before = text
        text = text.lstrip(_LEADING_MARKS).rstrip(_TRAILING_MARKS)
        if text.endswith("\\") and before.rstrip(" \t\n\r").endswith("\\"):
            text = text[:-1]
        for left, right in _WRAPS:
            if text.startswith(left) and text.endswith(right) and len(text) > len(left) + len(right):
                inner = text[len(left) : len(text) - len(right)]
                text = inner if left not in inner else text
    return _without_math_signs(text)


def _without_math_signs(text: str) -> str:
    signs = text.count("$") - text.count("\\$")
    if not signs:
        return text
    if signs == 1 and text.startswith("$") and text.endswith("\\$"):
        return undress(text[1:-2])  # a lone backslash before the last sign
    if signs % 2:
        return _MATH_SIGN.sub(r"\\$", text)
    return undress(_MATH_SIGN.sub(" ", text))


_TEX_COMMA = re.compile(r"(?<=\d)\{,\}(?!\d{3}(?!\d))(?=\d)|(?<=(?<!\d)0)\{,\}(?=\d)")
"""A comma that TeX is told not to set a space behind, where no thousands stand behind it: 3{,}75 is 3.75."""


def clean(text: str) -> str:
    """`fold`, `undress` and LaTeX digit grouping: the text that every reader starts from."""
    if text.rstrip("$ ").endswith("\\\\"):
        text = _LAST_BREAK.sub("", text)
    text = undress(undecorated(fold(text)))
    if "'" in text or "_" in text:
        text = _OTHER_THOUSANDS.sub(lambda found: found.group().replace("'", "").replace("_", ""), text)
    if text[:1] in "mMnN":
        text = _MINUS.sub("-", text)
    if " below " in text:
        text = _BELOW_ZERO.sub(r"-\g<said>", text)
    if "\\" in text or "~" in text or "{,}" in text or "{:}" in text:
        text = _TEX_COMMA.sub(".", text) if "{,}" in text else text
        text = text.replace("{,}", "").replace("\\!", "").replace("{:}", ":")
        text = _STOP_BEFORE_UNIT.sub(" ", text) if ".\\" in text else text
        text = _GLUED.sub(r"\g<0> ", text) if "\\circ" in text else text
        text = _THIN_THOUSANDS.sub(lambda m: m.group(1) + re.sub(r"\D", "", m.group(2)), text)
    return text


_OTHER_THOUSANDS = re.compile(r"(?<![\w.,'\\])\d{1,3}(?:(?:'\d{3})+(?!['\d])|(?:_\d{3})+(?![_\d]))")
"""Thousands as they are written in Switzerland (12'500) and in programs (12_500)."""


_TO = re.compile(r"(?<=[\d}])\s*\bto\b\s*(?=[\d\\])")


def ratio_signs(text: str) -> str:
    """A ratio in words with its signs: 1 to 4 as 1:4. Raises TooMuchWorkError over the limits."""
    return _TO.sub(":", spelled(text))


_ARTICLES = frozenset(("a", "an", "the"))
_ENDINGS = "!?.,;:。'\" "
_SMALL = dict(
    zip(
        names(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        ),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip(names("twenty thirty forty fifty sixty seventy eighty ninety"), range(20, 100, 10), strict=True))
_ORDINALS = dict(
    zip(
        names("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"),
        range(1, 13),
        strict=True,
    )
)
_CHINESE_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9,
    "tenth": 10, "tenths": 10, "twelfth": 12, "twelfths": 12,
}  # fmt: skip
_CHINESE = "[零〇一二两三四五六七八九十百千]{1,9}"
_CHINESE_NUMBER = re.compile(rf"{_CHINESE}(?:分之{_CHINESE})?|一半")
_SPELLED_OUT = re.compile(r"([a-z-]{2,20}|\d{1,12}) \(([a-z-]{2,20}|\d{1,12})\)")
"""8 (eight), eight (8)."""
_BEFORE_NUMBER = re.compile(r"(?:(?:the|number|exactly|only|just) ){1,2}(?=[a-z-]{3,20}\Z)")
_BEFORE_A_NUMBER = frozenset(("the", "number", "exactly", "only", "just"))
_CHANGING = frozenset(("or", "to"))  # words behind a number that make it another
_MOST_WORDS = 8  # of a number
MULTIPLIERS = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7,
    "百": 10**2, "千": 10**3, "万": 10**4, "亿": 10**8,
}  # fmt: skip


def spelled(text: str) -> str:
    """The text in plain spelling: wrappers and double spaces dropped, braces kept. Raises TooMuchWorkError."""
    return spell(tokenize(clean(text), grouped=False), braces=True)


def text_key(text: str) -> str:
    """The comparable form of a text: case, spaces, wrappers, a leading article and final punctuation do not count.

    Spaces between digits count. A text over the limits is represented by its digest.
    """
    try:
        if len(text) > MAX_ANSWER:
            raise TooMuchWorkError("a long text")
        tokens = tokenize(clean(text), grouped=False)
    except TooMuchWorkError:
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return _joined(_without_article(tokens)).strip(_ENDINGS)


def _without_article(tokens: list[Token]) -> list[Token]:
    if len(tokens) < 2 or tokens[0][1].lower() not in _ARTICLES:
        return tokens
    kind, value, spaced = tokens[1]
    return tokens[1:] if spaced and (kind == "num" or len(value) > 1) else tokens


_NAMED_SHAPES = ("triangle", "angle")
"""Signs that are also written as words: △ABC and triangle ABC."""


def _joined(tokens: list[Token]) -> str:
    parts: list[str] = []
    previous = ""
    for kind, value, spaced in tokens:
        if kind == "num" and previous == "num" and spaced:
            parts.append(" ")
        if kind == "cmd":
            parts.append(value if value in _NAMED_SHAPES else "\\" + value)
        elif value not in ("{", "}"):
            parts.append(value.casefold())
        previous = kind
    return "".join(parts)


_BEARING = re.compile(
    r"(N|S|North|South)\s*(\d{1,2}(?:\.\d{1,4})?)\s*(?:°|degrees)?\s*(?:of\s+)?(E|W|East|West)", re.IGNORECASE
)
_CAPITALS = re.compile(r"[A-Z]{2,6}")
_NAMED_BY_LETTERS = re.compile(
    r"(?:the\s+)?(?:(?:edge|side|segment|line|ray|chord|arc|radius|diameter|diagonal|triangle|angle|point|path|"
    r"route|order)\s+)?(.+)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"(\S.{0,80}?)\s*\(([^()]{2,80})\)", re.DOTALL)
_NUMBER_BEHIND = re.compile(
    r"(\S.{0,80}?)(?:,?\s(?:with|at)\s|\s?[:–-]\s)((?:about\s|approximately\s|around\s)?\$?\d[\d.,]*\s?%?(?:\s[a-z]{2,12})?)",
    re.DOTALL,
)
_IN = re.compile(r"\A(?:in|on|at|by)\s(?=\S)", re.IGNORECASE)
_AGAINST = re.compile(r"\b(?:or|not|and|but|if)\b", re.IGNORECASE)


def same_bearing(gold: str, answer: str) -> bool:
    """Compass bearings: S 23.5° W is South 23.5° West."""
    one, other = (_BEARING.fullmatch(plain(text).strip(" .")) for text in (gold, answer))
    if one is None or other is None:
        return False
    keys = [(found.group(1)[0].upper(), Fraction(found.group(2)), found.group(3)[0].upper()) for found in (one, other)]
    return keys[0] == keys[1]


def same_letters(gold: str, answer: str) -> bool:
    """A name made of capital letters: BS is B-S and edge BS; the order of the letters counts."""
    known = plain(gold).strip(" .")
    if not _CAPITALS.fullmatch(known) or len(answer) > 60:
        return False
    found = _NAMED_BY_LETTERS.fullmatch(plain(answer).strip(" ."))
    return found is not None and re.sub(r"[-\s,]|\\to|\\overline", "", found.group(1)) == known


def same_with_note(gold: str, answer: str) -> bool:
    """The gold with a note or its number behind it: Q1 (January to March); Brazil, with 45%; or "in" before it."""
    said, wanted = plain(answer).strip(" .") if len(answer) <= 200 else "", text_key(gold)
    found = _NOTE.fullmatch(said) if "(" not in gold else None
    found = found or (_NUMBER_BEHIND.fullmatch(said) if not any(map(str.isdigit, gold)) else None)
    if found is not None and _AGAINST.search(found.group(2)):
        return False
    name = found.group(1) if found else said
    return bool(wanted) and wanted in (text_key(name), text_key(_IN.sub("", name)))


def number_in_words(text: str) -> Fraction | None:
    """The value of a number up to 9999 written out ("twenty-one", "two point five", 十二), or None."""
    try:
        text = spelled(text).lower()
    except TooMuchWorkError:
        return None
    both = _SPELLED_OUT.fullmatch(text)
    if both is not None:
        values = [Fraction(part) if part.isdecimal() else number_in_words(part) for part in both.groups()]
        return values[0] if values[0] == values[1] else None
    if _CHINESE_NUMBER.fullmatch(text):
        return _chinese(text)
    text = _BEFORE_NUMBER.sub("", text)
    words = text.replace("-", " ").split()
    negative = words[:1] in (["minus"], ["negative"])
    size = _size(words[1:] if negative else words, negative)
    return -size if negative and size is not None else size


def _size(words: list[str], negative: bool) -> Fraction | None:
    """The value of a number without its sign; behind "minus" it may be in digits."""
    if "point" in words[1:-1]:
        return _decimal(words)
    if negative and len(words) == 1 and words[0].isdecimal() and len(words[0]) < 20:
        return Fraction(words[0])
    return _english(words)


def _decimal(words: list[str]) -> Fraction | None:
    """The value of "two point five": a whole number, then its digits."""
    at = words.index("point")
    whole, digits = _english(words[:at]), [_SMALL.get(word, 10) for word in words[at + 1 :]]
    if whole is None or whole.denominator != 1 or max(digits) > 9:
        return None
    return whole + Fraction(int("".join(map(str, digits))), 10 ** len(digits))


def with_digits(text: str) -> str | None:
    """A text that begins with a number in words, with that number in digits: 120 degrees; None for other texts."""
    words = text.split()
    first = 0 if not words or words[0].lower() in _BEFORE_A_NUMBER else min(_MOST_WORDS, len(words) - 1)
    for count in range(first, 0, -1):
        number, rest = number_in_words(" ".join(words[:count])), words[count:]
        if number is not None:
            changed = any(word in _CHANGING or word.isdigit() or _english([word.lower()]) is not None for word in rest)
            return None if changed else f"{number} {' '.join(rest)}"
    return None


def _english(words: list[str]) -> Fraction | None:
    if not 1 <= len(words) <= _MOST_WORDS:
        return None
    if "thousand" in words[1:]:
        return _thousands(words)
    if "and" in words[1:-1] and words[-1] in _PARTS:
        return _mixed(words)
    words = ["a", "half"] if words == ["half"] else words
    if len(words) == 2 and words[1] in _PARTS:
        top = 1 if words[0] in ("a", "an") else _SMALL.get(words[0])
        return None if top is None else Fraction(top, _PARTS[words[1]])
    if len(words) >= 2 and words[1] == "hundred" and words[0] in _SMALL:
        rest = _below_hundred([word for word in words[2:] if word != "and"]) if words[2:] else 0
        return None if rest is None else Fraction(100 * _SMALL[words[0]] + rest)
    value = _below_hundred(words)
    return None if value is None else Fraction(value)


def _thousands(words: list[str]) -> Fraction | None:
    """One thousand two hundred and fifty."""
    at = words.index("thousand")
    rest = words[at + 1 :]
    counted, below = _english(words[:at]), _english(rest[rest[:1] == ["and"] :]) if rest else Fraction(0)
    return None if counted is None or below is None or below >= 1000 else 1000 * counted + below


def _mixed(words: list[str]) -> Fraction | None:
    """Two and a half."""
    at = len(words) - 1 - words[::-1].index("and")
    counted, part = _english(words[:at]), _english(words[at + 1 :][words[at + 1 :] == ["a", "half"] :])
    return counted + part if counted is not None and part is not None and 0 < part < 1 <= counted else None


def _below_hundred(words: list[str]) -> int | None:
    if len(words) == 1:
        return _SMALL.get(words[0], _TENS.get(words[0], _ORDINALS.get(words[0])))
    if len(words) == 2 and words[0] in _TENS and 1 <= _SMALL.get(words[1], 0) <= 9:
        return _TENS[words[0]] + _SMALL[words[1]]
    return None


def _chinese(text: str) -> Fraction:
    """十二, 二分之一, 一半."""
    below, part, above = text.partition("分之")
    if part:
        return _chinese(above) / (_chinese(below) or 1)
    if text == "一半":
        return Fraction(1, 2)
    total, digit = 0, 0
    for index, character in enumerate(text):
        if character in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[character]
        else:
            total += (digit or (1 if not index else 0)) * _CHINESE_SCALES[character]
            digit = 0
    return Fraction(total + digit)


_TIME = re.compile(
    r"(?:at\s*)?(\d{1,2})\s*(?::|h(?=\s?\d\d))\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?\s*(a\.?\s?m\.?|"
    r"p\.?\s?m\.?)?(?:\s*o'?\s*clock)?",
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"(?:at\s*)?(\d{1,2})\s*(?:(a\.?\s?m\.?|p\.?\s?m\.?)|o'?\s*clock\s*(a\.?\s?m\.?|p\.?\s?m\.?)?)",
    re.IGNORECASE,
)
_CHINESE_TIME = re.compile(r"(\d{1,2})\s*[点时]\s*(?:(\d{1,2})\s*分?|整)?")
_MONTH_NAMES = (
    "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|"
    "november nov|december dec"
)
_MONTHS = {name: month for month, group in enumerate(_MONTH_NAMES.split("|"), start=1) for name in group.split()}
_SPOKEN_TIME = re.compile(
    r"(?:an? )?(quarter|half|[a-z]{3,6}(?:[ -][a-z]{3,5})?)(?: minutes?)? (past|to|before|of) "
    r"([a-z]{3,6}|\d{1,2})(?: o'clock)?(?: in the (morning|afternoon|evening)| at (night)| (a\.?m|p\.?m)\.?)?",
    re.IGNORECASE,
)
_HALVES = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}
_NUMERIC_DATE = re.compile(r"(\d{1,4})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{1,4})")
_CHINESE_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*[日号])?")
_WORDS = re.compile(r"[A-Za-z]+|\d+")
_LONGEST_YEAR = 4  # digits
_ORDINAL = frozenset(("st", "nd", "rd", "th", "of", "the", "in", "on"))
_WEEKDAYS = frozenset(names("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"))
_YEAR = re.compile(r"(?:in|year|the|ad|ce|\s)*(\d{1,4})\s*(?:年|ad|ce)?", re.IGNORECASE)


def plain(text: str) -> str:
    """The text without wrappers, for patterns. Raises TooMuchWorkError over the limits."""
    return spell(tokenize(clean(text), grouped=False))


def time_key(text: str) -> tuple[int, int, int, str] | None:
    """(hour, minute, second, "", "am" or "pm") of a time of day, or None. The spelling 5:0 is five o'clock."""
    text = plain(text)
    found = _TIME.fullmatch(text)
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups()[:3])
        return _checked(hour, minute, second, found.group(4))
    found = _HOUR.fullmatch(text)
    if found:
        return _checked(int(found.group(1)), 0, 0, found.group(2) or found.group(3))
    found = _CHINESE_TIME.fullmatch(text)
    return _checked(int(found.group(1)), int(found.group(2) or 0), 0, None) if found else _spoken_time(text)


def _spoken_time(text: str) -> tuple[int, int, int, str] | None:
    """Quarter to eight; ten past 4."""
    found = _SPOKEN_TIME.fullmatch(text)
    if found is None:
        return None
    part, side, named = (one.lower() for one in found.groups()[:3])
    when = next(filter(None, found.groups()[3:]), None)
    half = _HALVES.get(when.lower(), when) if when else None
    minutes = {"quarter": 15, "half": 30}.get(part) or _english(part.replace("-", " ").split()) or Fraction(0)
    hour = int(named) if named.isdecimal() else _SMALL.get(named, 0)
    if not 0 < minutes < 60 or not 1 <= hour <= 12:
        return None
    if side == "past":
        return _checked(hour, int(minutes), 0, half)
    return _checked(hour - 1 or 12, 60 - int(minutes), 0, half)


def _checked(hour: int, minute: int, second: int, half: str | None) -> tuple[int, int, int, str] | None:
    if hour > 24 or minute > 59 or second > 59:
        return None
    return hour, minute, second, (half or "").lower().replace(".", "").replace(" ", "")


def same_time(gold: tuple[int, int, int, str], answer: tuple[int, int, int, str]) -> bool:
    """Equal readings; 5:00 pm is 17:00; am or pm may be absent on one side."""
    if bool(gold[3]) != bool(answer[3]) and gold[:3] == answer[:3]:
        return True
    if not gold[3] and not answer[3]:
        return gold == answer
    return _on_24(gold) == _on_24(answer)


def _on_24(time: tuple[int, int, int, str]) -> tuple[int, int, int]:
    hour, minute, second, half = time
    return (hour % 12 + 12 * (half == "pm") if half else hour), minute, second


def date_key(text: str) -> Hashable | None:
    """A calendar date as (year, month, day) or as its three numbers where their order is not sure; None for others."""
    text = plain(text).strip(" .,")
    found = _NUMERIC_DATE.fullmatch(text)
    if found:
        a, b, c = (int(part) for part in found.groups())
        if a > 31:
            return a, b, c
        return ("numbers", a, b, c)
    found = _CHINESE_DATE.fullmatch(text)
    if found:
        return tuple(int(part) for part in found.groups() if part)
    return _named_date(text)


def _named_date(text: str) -> Hashable | None:
    words = [w.lower() for w in _WORDS.findall(text)]
    words = [w for w in words if w not in _ORDINAL and w not in _WEEKDAYS]
    months = [_MONTHS[w] for w in words if w in _MONTHS]
    numbers = [int(w) for w in words if w.isdigit() and len(w) <= _LONGEST_YEAR]
    if len(months) != 1 or len(months) + len(numbers) != len(words) or not 1 <= len(numbers) <= 2:
        return None
    years = [n for n in numbers if n > 31]
    days = [n for n in numbers if n <= 31]
    if len(years) > 1 or len(days) > 1:
        return None
    return (years[0] if years else None, months[0], *days)


def year_of(text: str) -> int | None:
    """The year that `text` names ("2010", "in 2010", 2010年), or None."""
    found = _YEAR.fullmatch(plain(text).strip(" .,"))
    return int(found.group(1)) if found else None
