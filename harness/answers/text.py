"""From any Unicode spelling to one plain spelling, before anything is read.

Superscripts and vulgar fractions are rewritten before NFKC, which would turn five squared into 52 and 6 1/4 into 61/4.
`fold` is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial

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
    "掳": "°", "…": "...", "∣": "|", "∧": "^",
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
_MATH_SIGN = re.compile(r"(?<!\\)\$")
_THIN_THOUSANDS = re.compile(r"(?<![\d.\\,!;: ~])(\d{1,3})((?:(?:\\[,!;:]|\\ |~)\d{3})+)(?!\d)")
_GLUED = re.compile(r"\\circ(?=[A-Z])")
_STOP_BEFORE_UNIT = re.compile(r"(?<=\d)\.(?=\\(?:text|mathrm)\b)")
_WRAPS = (("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"), ("__", "__"))
_LEADING_MARKS = " \t\n\r,;:"
_EDGES = frozenset(" \t\n\r,;:.*_`\\)]")
_TRAILING_MARKS = " \t\n\r,;:."


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
            inner = text[len(left) : len(text) - len(right)]
            if len(text) > len(left) + len(right) and text.startswith(left) and text.endswith(right):
                text = inner if left not in inner else text
    return _without_math_signs(text)


def _without_math_signs(text: str) -> str:
    signs = text.count("$") - text.count("\\$")
    if not signs:
        return text
    if signs % 2:
        return _MATH_SIGN.sub(r"\\$", text)
    return undress(_MATH_SIGN.sub(" ", text))


def clean(text: str) -> str:
    """`fold`, `undress` and LaTeX digit grouping: the text that every reader starts from."""
    text = undress(fold(text))
    if "\\" in text or "~" in text or "{,}" in text:
        text = text.replace("{,}", "").replace("\\!", "").replace("{:}", ":")
        text = _GLUED.sub(r"\g<0> ", _STOP_BEFORE_UNIT.sub(" ", text))
        text = _THIN_THOUSANDS.sub(lambda m: m.group(1) + re.sub(r"\D", "", m.group(2)), text)
    return text
