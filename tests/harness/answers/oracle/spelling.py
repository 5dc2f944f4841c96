r"""Spellings of a tree: LaTeX, plain text and Unicode, with another one at each place.

Only spellings that mean one thing are written: no 2e+3 for 2 times e plus 3, no letters that make a word, a number before a
fraction only as a mixed number.
"""

from __future__ import annotations

import random
import re
from fractions import Fraction

from .trees import Tree, number

SUM, PRODUCT, OPEN, POWER, ATOM = range(
    5
)  # OPEN: a function of an argument without brackets, to which more would belong
STYLES = ("latex", "plain", "unicode")
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_VULGAR = {
    Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼", Fraction(3, 4): "¾",
    Fraction(1, 5): "⅕", Fraction(2, 5): "⅖", Fraction(3, 5): "⅗", Fraction(4, 5): "⅘", Fraction(1, 6): "⅙",
    Fraction(5, 6): "⅚", Fraction(1, 8): "⅛", Fraction(3, 8): "⅜", Fraction(5, 8): "⅝", Fraction(7, 8): "⅞",
}  # fmt: skip
_GREEK = {"theta": "θ", "alpha": "α"}
_SPELLINGS = {"tan": ("tan", "tg"), "cot": ("cot", "ctg"), "arctan": ("arctan", "arctg")}
_PAIRS = frozenset(("xy", "yz", "xz", "ab"))


def spelled(draw: random.Random, tree: Tree, style: str | None = None) -> str:
    """One spelling of the tree."""
    return Writer(draw, style or draw.choice(STYLES)).write(tree, SUM)


def number_spellings(draw: random.Random, value: Fraction, style: str) -> list[tuple[str, int]]:
    """Spellings of a rational number that are not a computation, with their levels."""
    sign, size = "-" if value < 0 else "", abs(value)
    top, bottom = size.numerator, size.denominator
    if bottom == 1:
        found = [(str(top), ATOM)] * 3
        if top >= 10_000:
            grouped = f"{top:,}"
            found += [
                (grouped, ATOM),
                (grouped.replace(",", "\\," if style == "latex" else ","), ATOM),
                (grouped.replace(",", "{,}"), ATOM),
            ]
        found.append((f"{top}.{'0' * draw.randint(1, 2)}", ATOM))
        found += _scientific(size, style)
    else:
        name = draw.choice(("frac", "dfrac", "tfrac"))
        found = [(f"\\{name}{{{top}}}{{{bottom}}}", POWER), (f"{top}/{bottom}", PRODUCT)]
        found = found[:1] * 3 + found[1:] if style == "latex" else found + found[1:]
        if top < 10 and bottom < 10:
            found.append(
                (
                    f"\\frac{top}{bottom}" if style == "latex" else f"{top}/{bottom}",
                    POWER if style == "latex" else PRODUCT,
                )
            )
        if size in _VULGAR and style == "unicode":
            found += [(_VULGAR[size], POWER)] * 2
        found += _mixed(size, style)
        found += _decimals(size, style) + _scientific(size, style)
    return [(sign + text, min(level, PRODUCT) if sign else level) for text, level in found]


def _mixed(size: Fraction, style: str) -> list[tuple[str, int]]:
    if size < 1:
        return []
    whole, rest = divmod(size.numerator, size.denominator)
    part = Fraction(rest, size.denominator)
    found = [(f"{whole} {rest}/{size.denominator}", PRODUCT)]
    if style == "latex":
        found = [(f"{whole}\\frac{{{rest}}}{{{size.denominator}}}", PRODUCT)]
    if style == "unicode" and part in _VULGAR:
        found.append((f"{whole}{_VULGAR[part]}", PRODUCT))
    return found


def _decimals(size: Fraction, style: str) -> list[tuple[str, int]]:
    """A finite decimal, or a repeating one."""
    for places in range(1, 13):
        scaled = size * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return [(f"{digits[:-places]}.{digits[-places:]}", ATOM)]
    whole = size.numerator // size.denominator
    rest, seen, digits = size - whole, {}, ""
    while rest and rest not in seen and len(digits) < 20:
        seen[rest] = len(digits)
        rest *= 10
        digits += str(rest.numerator // rest.denominator)
        rest -= rest.numerator // rest.denominator
    if rest not in seen or style == "plain":
        return []
    lead, period = digits[: seen[rest]], digits[seen[rest] :]
    command = "\\dot" if len(period) == 1 else "\\overline"
    return [(f"{whole}.{lead}{command}{{{period}}}", POWER), (f"{whole}.{lead}\\overline{{{period}}}", POWER)]


def _scientific(size: Fraction, style: str) -> list[tuple[str, int]]:
    """A mantissa below ten and a power of ten, for a large or small finite decimal."""
    if not size or (Fraction(1, 100) < size < 1000):
        return []
    exponent = 0
    while size >= 10:
        size, exponent = size / 10, exponent + 1
    while size < 1:
        size, exponent = size * 10, exponent - 1
    mantissas = (
        [text for text, level in _decimals(size, style) if level == ATOM] if size.denominator > 1 else [str(size)]
    )
    if not mantissas:
        return []
    mantissa = mantissas[0]
    power = {
        "latex": f"{mantissa}\\times 10^{{{exponent}}}",
        "plain": f"{mantissa}*10^({exponent})",
        "unicode": f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPT)}",
    }
    return [(power[style], PRODUCT), (f"{mantissa}e{exponent}", ATOM)]


class Writer:
    """Writes trees in one style; `draw` chooses among the spellings of each part."""

    def __init__(self, draw: random.Random, style: str) -> None:
        self.draw, self.style = draw, style

    def one(self, *ways: str) -> str:
        """One of the spellings."""
        return self.draw.choice(ways)

    def write(self, tree: Tree, level: int) -> str:
        """The tree, in brackets where it binds less than `level`."""
        text, own = getattr(self, f"write_{_METHODS.get(tree[0], tree[0])}")(*tree[1:])
        return text if own >= level else self.bracketed(text)

    def bracketed(self, text: str) -> str:
        """The text in round brackets."""
        if self.style == "latex":
            return self.one(f"({text})", f"\\left({text}\\right)", f"\\left( {text} \\right)", f"\\bigl({text}\\bigr)")
        return f"({text})"

    def write_n(self, value: Fraction) -> tuple[str, int]:
        return self.draw.choice(number_spellings(self.draw, value, self.style))

    def write_v(self, name: str) -> tuple[str, int]:
        letter, _, index = name.partition("_")
        mark = "'" if letter.endswith("'") else ""
        letter = letter.rstrip("'")
        if letter in _GREEK:
            letter = {"latex": f"\\{letter} ", "plain": f"\\{letter} ", "unicode": _GREEK[letter]}[self.style]
        if not index:
            return letter + mark, ATOM
        if self.style == "unicode":
            return letter + index.translate(_SUBSCRIPT), ATOM
        return f"{letter}_{self.one(index, f'{{{index}}}') if self.style == 'latex' else index}", ATOM

    def write_c(self, name: str) -> tuple[str, int]:
        if name == "pi":
            return {"latex": "\\pi ", "plain": "pi", "unicode": "π"}[self.style], ATOM
        return (self.one(name, f"\\mathrm{{{name}}}") if self.style == "latex" and name == "e" else name), ATOM

    def write_neg(self, inner: Tree) -> tuple[str, int]:
        minus = self.one("−", "-") if self.style == "unicode" else "-"
        text = self.write(inner, PRODUCT)
        return minus + (self.bracketed(text) if text[0] in "-−" else text), SUM

    def write_sum(self, *terms: Tree) -> tuple[str, int]:
        text = ""
        for index, term in enumerate(terms):
            part = self.write(term, PRODUCT if index else SUM)
            if index and term[0] == "neg" and self.draw.random() < 0.8:
                part = self.write(term, SUM)
            space = self.one("", " ")
            if index and part[0] in "-−":
                text += space + part[0] + space + part[1:]
            else:
                text += f"{space}+{space}{part}" if index else part
        return text, SUM

    def write_product(self, *factors: Tree) -> tuple[str, int]:
        text, level = "", PRODUCT
        for index, factor in enumerate(factors):
            part, own = self.leveled(
                factor, PRODUCT if not index else POWER if factor[0] in ("+", "neg", "/") else OPEN
            )
            if part[0] in "-−" and index:
                part, own = self.bracketed(part), ATOM
            if index and level == OPEN:
                text, level = self.bracketed(text), PRODUCT
            text = text + self.joint(text, part) + part if index else part
            level = OPEN if own == OPEN else PRODUCT
        return text, level

    def leveled(self, tree: Tree, level: int) -> tuple[str, int]:
        """The text with its level after brackets, if they were needed."""
        text, own = getattr(self, f"write_{_METHODS.get(tree[0], tree[0])}")(*tree[1:])
        return (text, own) if own >= level else (self.bracketed(text), ATOM)

    def joint(self, left: str, right: str) -> str:
        """The sign between two factors, or nothing where they can stand side by side."""
        signs = {"latex": ("\\cdot ", "\\times ", " \\cdot "), "plain": ("*", " * "), "unicode": ("·", "×", " × ", "*")}
        apart = (
            right[0].isdigit() or right[0] in ".|√½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞" or right.startswith(("\\left|", "\\lvert", "\\vert"))
        )
        fraction = left[-1].isdigit() and right.startswith(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"))
        called = right[0] == "(" and left[-1].isalpha()
        if apart or fraction or called or left[-1] in "|°" or self.draw.random() < 0.35:
            return self.one(*signs[self.style])
        last, first = re.search(r"\\?[A-Za-z]*\Z", left), re.match(r"[A-Za-z]+", right)
        if first and last and last.group() and last.group() + first.group() not in _PAIRS:
            return self.one("\\,", "\\cdot ") if self.style == "latex" else "*" if self.style == "plain" else "·"
        if re.search(r"\de-?\d+\Z", left):
            return self.one(*signs[self.style])
        if first and (left[-1].isdigit() or left[-1] in "'.") and (first.group()[0] in "eE" or len(first.group()) > 1):
            return self.one(*signs[self.style])
        return self.one("", " ")

    def write_quotient(self, top: Tree, bottom: Tree) -> tuple[str, int]:
        if self.style == "latex" and self.draw.random() < 0.9:
            name = self.one("frac", "frac", "dfrac", "tfrac", "cfrac")
            return f"\\{name}{{{self.write(top, SUM)}}}{{{self.write(bottom, SUM)}}}", POWER
        text, own = self.leveled(top, PRODUCT)
        plain = own >= POWER or (own == PRODUCT and top[0] == "*" and not re.search(r"[/÷⁄½-⅞ -]", text))
        left = text if plain else self.bracketed(text)
        sign = {"latex": self.one("/", " \\div "), "plain": self.one("/", " / "), "unicode": self.one("/", " ÷ ", "⁄")}[
            self.style
        ]
        return f"{left}{sign}{self.write(bottom, POWER)}", PRODUCT

    def write_power(self, base: Tree, exponent: Tree) -> tuple[str, int]:
        if base[0] == "f" and exponent == number(2) and base[1] != "exp" and self.draw.random() < 0.6:
            return self.write_f(base[1], base[2], "²" if self.style == "unicode" else self.one("^2", "^{2}"))
        under = self.write(base, ATOM)
        if under[0] in "-−":
            under = self.bracketed(under)
        above = self.write(exponent, SUM)
        if re.fullmatch(r"-?\d+", above) and self.style == "unicode" and under[-1] not in "⁰¹²³⁴⁵⁶⁷⁸⁹":
            return under + above.translate(_SUPERSCRIPT), POWER
        if re.fullmatch(r"\d|[a-z]", above):
            return under + self.one(f"^{above}", f"^{{{above}}}"), POWER
        if self.style == "latex":
            return f"{under}^{{{above}}}", POWER
        return under + self.one("^", "**") + f"({above})", POWER

    def write_root(self, inside: Tree, index: int) -> tuple[str, int]:
        text = self.write(inside, SUM)
        if self.style == "latex":
            short = text if re.fullmatch(r"\d", text) and index == 2 and self.draw.random() < 0.3 else f"{{{text}}}"
            return f"\\sqrt{'' if index == 2 else f'[{index}]'}{short}", POWER
        if index == 2 and self.style == "plain":
            return f"sqrt({text})", POWER
        sign = {2: "√", 3: "∛", 4: "∜"}.get(index)
        if sign is None:
            return f"\\sqrt[{index}]{{{text}}}", POWER
        return sign + (text if re.fullmatch(r"\d+|[a-z]", text) else f"({text})"), POWER

    def write_log(self, inside: Tree, base: Tree) -> tuple[str, int]:
        slash = "\\" if self.style == "latex" else ""
        if base == ("c", "e"):
            name = f"{slash}ln"
        elif base == number(10):
            name = slash + self.one("log", "lg") if slash else "log"
        else:
            under = self.write(base, SUM)
            name = f"{slash}log_{under if re.fullmatch('[0-9]', under) else f'{{{under}}}'}"
        return self.applied(name, inside)

    def write_f(self, name: str, inside: Tree, power: str = "") -> tuple[str, int]:
        if name == "exp" or self.style != "latex":
            return self.applied(("\\" if self.style == "latex" else "") + name + power, inside)
        if name.startswith("arc") and not power and self.draw.random() < 0.3:
            return self.applied(f"\\{name[3:]}^{{-1}}", inside)
        chosen = self.one(*_SPELLINGS.get(name, (name,)))
        return self.applied(self.one(f"\\{chosen}", f"\\{chosen}", f"\\operatorname{{{name}}}") + power, inside)

    def applied(self, name: str, inside: Tree) -> tuple[str, int]:
        """A function with its argument, without brackets where that means the same."""
        text, level = self.leveled(inside, SUM)
        simple = re.fullmatch(r"\d+|[a-z]|\\pi |\\theta |\\alpha |π|θ|α", text) or (inside[0] == "/" and level == POWER)
        if simple and self.draw.random() < 0.5:
            return f"{name} {text}", OPEN
        return name + self.bracketed(text), POWER

    def write_abs(self, inside: Tree) -> tuple[str, int]:
        text = self.write(inside, SUM)
        if "|" in text or "vert" in text or self.draw.random() < 0.2:
            return f"abs({text})", POWER
        if self.style == "latex":
            return self.one(f"|{text}|", f"\\left|{text}\\right|", f"\\lvert {text}\\rvert "), POWER
        return f"|{text}|", POWER

    def write_floor(self, inside: Tree) -> tuple[str, int]:
        return self.fenced(inside, "floor", "⌊⌋")

    def write_ceil(self, inside: Tree) -> tuple[str, int]:
        return self.fenced(inside, "ceil", "⌈⌉")

    def fenced(self, inside: Tree, name: str, signs: str) -> tuple[str, int]:
        """Floor or ceiling."""
        text = self.write(inside, SUM)
        if self.style == "latex":
            return self.one(f"\\l{name} {text}\\r{name} ", f"\\left\\l{name} {text}\\right\\r{name} "), POWER
        return f"{signs[0]}{text}{signs[1]}", POWER

    def write_factorial(self, inside: Tree) -> tuple[str, int]:
        return f"{self.write(inside, ATOM)}!", POWER

    def write_binom(self, upper: Tree, lower: Tree) -> tuple[str, int]:
        return (
            f"\\{self.one('binom', 'dbinom', 'tbinom')}{{{self.write(upper, SUM)}}}{{{self.write(lower, SUM)}}}",
            POWER,
        )


_METHODS = {"+": "sum", "*": "product", "/": "quotient", "^": "power", "!": "factorial"}
