r"""Numbers and units in the commands of LaTeX's package siunitx: \SI{9.8}{\meter\per\second\squared} is 9.8 \text{m/s^2}."""

from __future__ import annotations

import re

_SETTINGS = r"(?:\s?\[[^\[\]]{0,60}\])?\s?"
_QUANTITY = re.compile(rf"\\(?:SI|qty)(?![A-Za-z]){_SETTINGS}\{{([^{{}}]{{1,60}})\}}\s?\{{([^{{}}]{{1,120}})\}}")
_NUMBER = re.compile(rf"\\num(?![A-Za-z]){_SETTINGS}\{{([^{{}}]{{1,60}})\}}")
_ANGLE = re.compile(rf"\\ang(?![A-Za-z]){_SETTINGS}\{{([^{{}};]{{1,40}})\}}")
_UNIT = re.compile(rf"\\(?:si|unit)(?![A-Za-z]){_SETTINGS}\{{([^{{}}]{{1,120}})\}}")
_WORD = re.compile(r"\\([A-Za-z]+)\s?|([^\\]+)")
_PREFIXES = {
    "kilo": "k", "centi": "c", "milli": "m", "micro": "μ", "nano": "n", "mega": "M", "giga": "G", "deci": "d", "hecto": "h",
}  # fmt: skip
_NAMES = {
    "meter": "m", "metre": "m", "gram": "g", "kilogram": "kg", "second": "s", "minute": "min", "hour": "h", "day": "day",
    "newton": "N", "joule": "J", "watt": "W", "volt": "V", "ampere": "A", "coulomb": "C", "ohm": "Ω", "hertz": "Hz",
    "pascal": "Pa", "kelvin": "K", "mole": "mol", "liter": "L", "litre": "L", "tesla": "T", "electronvolt": "eV",
    "celsius": "°C", "degreeCelsius": "°C", "degree": "°", "percent": "%", "per": "/", "squared": "^2", "cubed": "^3",
}  # fmt: skip
_POWERS = {"square": "^2", "cubic": "^3"}
_SIGNS = {"°": "^\\circ", "%": "\\%"}


def without_commands(text: str) -> str:
    """The text with numbers and units as they are written without the package."""
    text = _QUANTITY.sub(lambda found: f"{found.group(1)}{_upright(found.group(2))}", text)
    text = _ANGLE.sub(r"\1^\\circ", _NUMBER.sub(r"\1", text))
    return _UNIT.sub(lambda found: _upright(found.group(1)), text)


def _upright(unit: str) -> str:
    said, power = "", ""
    for name, written in _WORD.findall(unit):
        if name in _POWERS:
            power = _POWERS[name]
            continue
        said += _PREFIXES.get(name) or _NAMES.get(name, name) if name else written
        if name not in _PREFIXES and said[-1:] != "/":
            said, power = said + power, ""
        said += " " * (name in _NAMES and said[-1:].isalpha())
    said = said.replace(" /", "/").replace(" ^", "^").strip()
    return _SIGNS.get(said) or f"\\,\\text{{{said}}}"
