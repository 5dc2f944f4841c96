r"""LaTeX that says how an answer looks and not what it is: colours, boxes, tags, phantoms, fonts' sizes, empty fences.

`undecorated` is one pass over the commands; what a command that shows nothing takes along goes with it.
"""

from __future__ import annotations

import re

from .siunitx import without_commands

_ARGUMENT = r"\s{0,3}\{[^{}]{0,200}\}"
_OPTION = r"(?:\s{0,3}\[[^\[\]]{0,60}\])?"
_SHOWS_NOTHING = re.compile(
    rf"\\(?:tag|label|phantom|hphantom|vphantom|hspace|vspace|rule|ref|footnote|hskip|"
    rf"kern)\*?(?![A-Za-z]){_OPTION}(?:{_ARGUMENT})?"
    r"|\\(?:left|right)\s?\.|\\(?:strut|mathstrut|null|nonumber|notag|hfill|hrule|hline|boldmath|Huge|huge|LARGE|"
    r"Large|normalsize|"
    r"scriptsize|footnotesize|tiny|centering|noindent|qed(?:here|symbol)?|blacksquare|checkmark)(?![A-Za-z])"
)
_COLOUR = re.compile(
    r"\\(?:textcolor|fcolorbox|colorbox|color)(?![A-Za-z])" + rf"{_OPTION}{_ARGUMENT}(?:{_ARGUMENT}(?=\s{{0,3}}\{{))?"
)
_FRAME = re.compile(rf"\\(?:bbox|framebox|makebox|enclose|ensuremath)(?![A-Za-z]){_OPTION}{_OPTION}")
_UNUSUAL = re.compile(
    r"\\(?!(?:d?frac|sqrt|text|circ|pi|cdot|times|mathrm|angle|le|ge|infty|cup|theta|alpha|quad)(?![A-Za-z]))[A-Za-z]"
)
_SYMBOLS = {
    "dollar": "\\$", "euro": "€", "sterling": "£", "yen": "¥", "cent": "¢", "degree": "^\\circ", "percent": "\\%",
    "times": "\\times ", "div": "\\div ", "pm": "\\pm ", "minus": "-", "ohm": "Ω", "onehalf": "\\frac{1}{2}",
    "onequarter": "\\frac{1}{4}", "threequarters": "\\frac{3}{4}",
}  # fmt: skip
_SYMBOL = re.compile(rf"\\text({'|'.join(_SYMBOLS)})(?![A-Za-z])(?:\{{\}})?\s{{0,3}}")
"""Signs that text fonts have a command for: \\textdollar 5, 45\\textdegree."""
_ROW_SPACE = re.compile(r"\\\\\s?\[-?[\d.]{1,6}\s?(?:pt|em|ex|mm|cm)\]")
_CASE_WORD = re.compile(r",?\s{0,3}&\s{0,3}(?:\\(?:text|mbox|textrm)\{\s{0,3}(?:if|for|when|where)\s{0,3}\}\s{0,3})?")
"""What stands between a value of a function by cases and its condition."""
_CASE_END = re.compile(r",(?=\s{0,3}\\\\)")
_PARTED = re.compile(
    r"\{([^{}\\]{1,60}(?:\\[A-Za-z]+[^{}\\]{0,60}){0,4}?)\\(over|choose)(?![A-Za-z])([^{}]{1,80})\}"
    r"|\A([^{}\\]{1,60})\\(over)(?![A-Za-z])([^{}\\]{1,60})\Z"
)
_PARTED_AS = {"over": "frac", "choose": "binom"}
_UNION = re.compile(
    r"(?<=[)\]])(?:\s|\\[,;: ]){0,3}(?:U|\\(?:text|mathrm)\{\s?U\s?\}|\\bigcup)(?:\s|\\[,;: ]){0,3}(?=[(\[\\])"
)
_PERCENT = re.compile(r"\bpercentage[ -]points?\b|\bper cent\b|\bpct\b", re.IGNORECASE)
_CHINESE_PERCENT = re.compile(r"百分之\s?(\d{1,6}(?:\.\d{1,6})?)")
_COUNTER = re.compile(r"(?<=\d)\s?[(（]\s?([\u4e00-\u9fff]{1,3}(?:/[\u4e00-\u9fff]{1,2})?)\s?[)）]")
_PER_MINUTE = re.compile(r"/分(?!钟)")
_US = re.compile(r"\bU\.\s?S\.(?=\s?[Dd]ollar)")


def undecorated(text: str) -> str:
    """The text without what only decorates it; \\over as a fraction, U between brackets as a union."""
    if "\\begin" in text:
        text = _ROW_SPACE.sub(r"\\\\", text)
        text = _CASE_WORD.sub("& ", _CASE_END.sub("", text)) if "{cases}" in text else text
    if "\\" in text and _UNUSUAL.search(text):
        text = _COLOUR.sub("", _SHOWS_NOTHING.sub(" ", without_commands(text)))
        text = _SYMBOL.sub(lambda found: _SYMBOLS[found.group(1)], text) if "\\text" in text else text
        text = _FRAME.sub("", text)
        if "\\over" in text or "\\choose" in text:
            text = _PARTED.sub(_parted, text)
    if "U" in text or "\\bigcup" in text:
        text = _US.sub("US", _UNION.sub(" \\\\cup ", text))
    if "p" in text or "P" in text:
        text = _PERCENT.sub("%", text)
    if not text.isascii():
        text = _PER_MINUTE.sub("/分钟", _COUNTER.sub(r"\1", text))
    return _CHINESE_PERCENT.sub(r"\1%", text) if "百分之" in text else text


def _parted(found: re.Match[str]) -> str:
    r"""{1 \\over 2} as \\frac{1}{2}, {5 \\choose 2} as \\binom{5}{2}."""
    above, sign, below = (part for part in found.groups() if part is not None)
    return f"\\{_PARTED_AS[sign]}{{{above}}}{{{below}}}"
