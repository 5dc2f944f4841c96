"""Units of measurement: names in several languages, areas and volumes, quotients, exact conversion factors.

A unit is a factor and exponents of base dimensions; two quantities are equal when their dimensions are the same and
their values agree after conversion. Counted things ("12 apples") are dimensions of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .lexer import names
from .types import MEMO_LENGTH, memo


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` converts to the base units whose names and exponents are `dimensions`, sorted by name.

    `doubtful` marks a letter that may also be a thousand (12K): it cannot be left out.
    """

    dimensions: tuple[tuple[str, int], ...]
    factor: Fraction = Fraction(1)
    doubtful: bool = False

    @property
    def plain(self) -> bool:
        """True for a unit that says nothing ("5 units")."""
        return not self.dimensions and self.factor == 1


CURRENCY_SIGNS = "$¢€£¥₹₩₽₱₺฿"
_F = Fraction
# dimension: {factor to the base unit: names}. Names of one letter are exact in case, all others fold case.
_TABLE: dict[str, dict[Fraction, str]] = {
    "length": {
        _F(1): "m meter meters metre metres 米",
        _F(1, 100): "cm cms centimeter centimeters centimetre centimetres 厘米 公分",
        _F(1, 1000): "mm millimeter millimeters millimetre millimetres 毫米",
        _F(1, 10): "dm decimeter decimeters decimetre decimetres 分米",
        _F(1000): "km kms kilometer kilometers kilometre kilometres 千米 公里",
        _F(1, 10**6): "um micrometer micrometers micron microns 微米",
        _F(1, 10**9): "nm nanometer nanometers 纳米",
        _F(254, 10000): "in inch inches",
        _F(3048, 10000): "ft foot feet",
        _F(9144, 10000): "yd yds yard yards",
        _F(1609344, 1000): "mi mile miles",
    },
    "mass": {
        _F(1): "g gram grams gm gms 克",
        _F(1000): "kg kgs kilogram kilograms kilo kilos 千克 公斤",
        _F(1, 1000): "mg milligram milligrams 毫克",
        _F(10**6): "t ton tons tonne tonnes 吨",
        _F(45359237, 100000): "lb lbs pound pounds",
        _F(45359237, 1600000): "oz ounce ounces",
    },
    "time": {
        _F(1): "s sec secs second seconds 秒 秒钟",
        _F(60): "min mins minute minutes 分钟",
        _F(3600): "h hr hrs hour hours 小时 时",
        _F(86400): "day days 天 日",
        _F(604800): "week weeks wk wks 周 星期",
        _F(1, 1000): "ms millisecond milliseconds 毫秒",
    },
    "month": {_F(1): "month months 个月 月", _F(12): "yr yrs year years 年 岁 周岁"},
    "angle": {
        _F(1): "° °T degree degrees deg degs 度",
        _F(1, 60): "arcmin arcminute arcminutes",
    },
    "radian": {_F(1): "rad rads radian radians 弧度"},
    "celsius": {_F(1): "°C celsius centigrade 摄氏度"},
    "fahrenheit": {_F(1): "°F fahrenheit 华氏度"},
    "temperature": {_F(1): "K kelvin kelvins"},
    "dollar": {_F(1): "$ dollar dollars usd 美元", _F(1, 100): "¢ cent cents"},
    "yuan": {_F(1): "¥ yuan rmb cny yen jpy 元 块 円", _F(1, 10): "角 毛"},
    "euro": {_F(1): "€ euro euros eur 欧元"},
    "sterling": {_F(1): "£ gbp 英镑"},
    "rupee": {_F(1): "₹ rs rupee rupees inr"},
    "won": {_F(1): "₩ won krw"},
    "ruble": {_F(1): "₽ ruble rubles rouble roubles rub"},
    "franc": {_F(1): "chf franc francs"},
    "peso": {_F(1): "₱ peso pesos mxn php"},
    "crown": {_F(1): "sek nok dkk czk krona kronor krone kroner"},
    "lira": {_F(1): "₺ lira liras lire"},
    "baht": {_F(1): "฿ baht thb"},
    "australian dollar": {_F(1): "aud"},
    "canadian dollar": {_F(1): "cad"},
    "new zealand dollar": {_F(1): "nzd"},
    "singapore dollar": {_F(1): "sgd"},
    "hong kong dollar": {_F(1): "hkd"},
    "force": {_F(1): "N newton newtons", _F(1000): "kn kilonewton kilonewtons"},
    "energy": {
        _F(1): "J joule joules", _F(1000): "kj kilojoule kilojoules", _F(4184, 1000): "cal calorie calories",
        _F(4184): "kcal kilocalorie kilocalories", _F(3600 * 1000): "kwh", _F(3600): "wh",
        _F(3600 * 10**6): "mwh", _F(3600 * 10**9): "gwh", _F(3600 * 10**12): "twh",
        _F(1602176634, 10**28): "ev electronvolt electronvolts",
    },
    "power": {
        _F(1): "W watt watts", _F(1000): "kw kilowatt kilowatts", _F(10**9): "gw", _F(7456998716, 10**7): "hp horsepower",
    },
    "pressure": {_F(1): "pa pascal pascals", _F(1000): "kpa", _F(101325): "atm", _F(133322387415, 10**9): "mmhg"},
    "voltage": {_F(1): "V volt volts v", _F(1, 1000): "mv"},
    "current": {_F(1): "A amp amps ampere amperes", _F(1, 1000): "ma"},
    "resistance": {_F(1): "Ω ohm ohms", _F(1000): "kohm"},
    "charge": {_F(1): "C coulomb coulombs"},
    "capacitance": {_F(1): "F farad farads"},
    "inductance": {_F(1): "H henry henries henrys"},
    "flux": {_F(1): "wb weber webers"},
    "field": {_F(1): "T tesla teslas", _F(1, 10**4): "gauss"},
    "conductance": {_F(1): "S siemens"},
    "solid angle": {_F(1): "sr steradian steradians"},
    "atomic mass": {_F(1): "u amu dalton daltons"},
    "level": {_F(1): "db decibel decibels"},
    "radiation": {_F(1): "bq becquerel becquerels"},
    "light": {_F(1): "lm lumen lumens"},
    "intensity": {_F(1): "cd candela candelas"},
    "illuminance": {_F(1): "lx lux"},
    "optical power": {_F(1): "diopter diopters dioptre dioptres"},
    "frequency": {_F(1): "hz hertz", _F(1000): "khz", _F(10**6): "mhz"},
    "amount": {_F(1): "mol mole moles"},
    "data": {_F(1): "byte bytes", _F(1024): "kb", _F(1024**2): "mb", _F(1024**3): "gb"},
    "bit": {_F(1): "bit bits"},
    "data rate": {_F(1): "bps", _F(10**3): "kbps", _F(10**6): "mbps", _F(10**9): "gbps"},
    "concentration": {_F(1): "ppm", _F(1, 1000): "ppb"},
}  # fmt: skip
_CURRENCIES = frozenset(
    (
        "dollar", "yuan", "euro", "sterling", "rupee", "won", "ruble", "franc", "peso", "crown", "lira", "baht",
        "australian dollar", "canadian dollar", "new zealand dollar", "singapore dollar", "hong kong dollar",
    )
)  # fmt: skip
_DERIVED: dict[str, tuple[str, int, Fraction]] = {
    "l": ("length", 3, _F(1, 1000)), "liter": ("length", 3, _F(1, 1000)), "liters": ("length", 3, _F(1, 1000)),
    "litre": ("length", 3, _F(1, 1000)), "litres": ("length", 3, _F(1, 1000)), "升": ("length", 3, _F(1, 1000)),
    "ml": ("length", 3, _F(1, 10**6)), "milliliter": ("length", 3, _F(1, 10**6)), "cc": ("length", 3, _F(1, 10**6)),
    "milliliters": ("length", 3, _F(1, 10**6)), "毫升": ("length", 3, _F(1, 10**6)),
    "gallon": ("length", 3, _F(3785411784, 10**12)), "gallons": ("length", 3, _F(3785411784, 10**12)),
    "ha": ("length", 2, _F(10000)), "hectare": ("length", 2, _F(10000)), "hectares": ("length", 2, _F(10000)),
    "公顷": ("length", 2, _F(10000)),
    "acre": ("length", 2, _F(40468564224, 10**7)), "acres": ("length", 2, _F(40468564224, 10**7)),
    "sqft": ("length", 2, _F(3048, 10000) ** 2), "sqm": ("length", 2, _F(1)),
}  # fmt: skip
_ELSEWHERE = {
    "m": "м metro metros mètre mètres metri", "cm": "см centímetros centimètres centimetri", "mm": "мм", "km": "км",
    "kg": "кг", "g": "г grammes gramos gramas grammi gramm", "l": "л litro litros litri", "°": "Grad grad degrés grados "
    "gradi graus градусов градуса 도", "h": "ч Stunden stunden Stunde stunde heures heure horas часов часа 시간 時間",
    "min": "мин Minuten minuten minutos minuti минут минуты", "s": "Sekunden sekunden segundos secondes secondi секунд 초",
    "day": "Tage tage jours días giorni дней 일", "year": "Jahre jahre années años anni лет 년", "won": "원",
    "ruble": "рублей рубля руб",
}  # fmt: skip
"""Units in Russian, German, French, Spanish, Portuguese, Italian, Korean and Japanese."""
_RATES = {
    "mph": ("mi", "h"),
    "kmph": ("km", "h"),
    "kph": ("km", "h"),
    "mps": ("m", "s"),
    "rpm": ("revolutions", "min"),
}
# A prefix before a symbol, exactly in this case: mN, MeV, μC, pF.
_PREFIXES = {"p": -12, "n": -9, "μ": -6, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9}  # powers of ten
_PREFIXED = frozenset(names("N J W V A C F H T Ω Hz Pa g m s L mol eV Wb S Bq K"))
_PREFIX_NAMES = {
    "pico": -12, "nano": -9, "micro": -6, "milli": -3, "centi": -2, "deci": -1, "hecto": 2, "kilo": 3, "mega": 6, "giga": 9,
    "tera": 12,
}  # fmt: skip
_SPELLED = re.compile(
    rf"(?P<prefix>{'|'.join(_PREFIX_NAMES)})(?P<name>(?:met(?:er|re)|gram|lit(?:er|re)|second|joule|watt|volt|amp(?:ere)?|ohm|"
    r"newton|pascal|farad|coulomb|tesla|henry|mole)s?|hertz)",
    re.IGNORECASE,
)
"""Names of units with a prefix: megajoules."""
_COUNTED = frozenset(
    names(
        "apple apples ball balls balloon balloons banana bananas bead beads bird birds block blocks "
        "boat boats book books bottle bottles box boxes boy boys brick bricks bus buses cake cakes "
        "candies candy candle candles car cars card cards cat cats chair chairs child children circle "
        "circles coin coins color colors colour colours combination combinations cookie cookies cow "
        "cows cube cubes cup cups diagonal diagonals digit digits dog dogs dot dots edge edges egg "
        "eggs element elements employee employees face faces fish flower flowers fruit fruits game "
        "games girl girls hexagon hexagons integer integers item items kid kids kids line lines man "
        "marble marbles match matches matchstick matchsticks men member members number numbers object "
        "objects option options orange oranges page pages pair pairs parallelogram parallelograms "
        "participant participants path paths pattern patterns pen pencil pencils pens pentagon "
        "pentagons people person persons piece pieces pizza pizzas plant plants player players point "
        "points pt pts polygon polygons rectangle rectangles region regions respondent respondents "
        "revolutions room rooms root roots route routes row rows rhombus rhombuses ship ships shape "
        "shapes side sides solution solutions square squares star stars step steps stick sticks "
        "student students symmetries term terms ticket tickets tile tiles tree trees triangle "
        "triangles tulip tulips value values vertex vertices vote votes way ways woman women word "
        "words worker workers 个 人 只 条 本 种 块 朵 名 张 辆 棵 支 件 位 颗 次 点 场"
    )
)
_COUNTERS = frozenset("个只条本朵棵辆")  # a noun may follow: 12个苹果
_OR_SO = ("以上", "以下", "以内", "左右", "多")
_SINGULAR = {"boxes": "box", "buses": "bus", "children": "child", "vertices": "vertex", "men": "man", "women": "woman"}
_SINGULAR |= {
    "matches": "match",
    "persons": "people",
    "person": "people",
    "rhombuses": "rhombus",
    "matchsticks": "matchstick",
}
_EMPTY = frozenset(("unit", "units", "单位", "times", "time", "倍", "fold"))
_NATIONS = frozenset(("us", "american", "canadian", "australian"))  # before dollars
_SQUARED = frozenset(("square", "sq", "squared", "平方"))
_CUBED = frozenset(("cubic", "cu", "cubed", "立方"))
_POWER = {"^2": 2, "^3": 3, "^-1": -1, "^-2": -2, "^-3": -3, "2": 2, "3": 3}
_MICRO = re.compile(r"\\mu\s*")
_WORD = re.compile(
    r"°\s?[CFT]?(?![A-Za-z])|[kMmμ]?Ω|μ[A-Za-z]{1,3}(?![A-Za-z])|[A-Za-z]+|[^\W\d_A-Za-z]+|\^-?\d|[23]"
    rf"|[/*.()-]|[{CURRENCY_SIGNS}]"
)


def _names() -> dict[str, tuple[str, int, Fraction]]:
    names = dict(_DERIVED)
    for dimension, factors in _TABLE.items():
        for factor, spellings in factors.items():
            names.update(dict.fromkeys(spellings.split(), (dimension, 1, factor)))
    names.update({f"°{scale}": names[f"°{scale}"] for scale in "CF"})
    names.update({word: names[name] for name, words in _ELSEWHERE.items() for word in words.split()})
    return names


_NAMES = _names()


def _base(word: str) -> tuple[tuple[tuple[str, int], ...], Fraction] | None:
    """Dimensions and factor of one unit word, or None."""
    folded = word.replace(" ", "")
    named = _NAMES.get(folded) or (_NAMES.get(folded.lower()) if len(folded) > 1 or folded == "L" else None)
    if named is not None:
        dimension, power, factor = named
        return ((dimension, power),), factor
    prefixed = _prefixed(folded)
    if prefixed is not None:
        return prefixed
    lower = folded.lower()
    if lower in _EMPTY:
        return (), Fraction(1)
    if lower in _COUNTED or (lower[:1] in _COUNTERS and not lower.endswith(_OR_SO)):
        return ((_SINGULAR.get(lower) or lower.removesuffix("s"), 1),), Fraction(1)
    return None


def _prefixed(word: str) -> tuple[tuple[tuple[str, int], ...], Fraction] | None:
    """Dimensions and factor of a symbol or a name with a prefix, or None."""
    size, rest = _PREFIXES.get(word[:1]), word[1:]
    if size is None or rest not in _PREFIXED:
        spelled = _SPELLED.fullmatch(word)
        if spelled is None:
            return None
        size, rest = _PREFIX_NAMES[spelled.group("prefix").lower()], spelled.group("name").lower()
    base = _base(rest)
    return None if base is None else (base[0], base[1] * Fraction(10) ** size)


def is_currency(unit: Unit) -> bool:
    """True for money."""
    return len(unit.dimensions) == 1 and unit.dimensions[0][0] in _CURRENCIES


def is_counted(unit: Unit) -> bool:
    """True for things that are counted, which are no measure."""
    return all(dimension not in _TABLE for dimension, _ in unit.dimensions)


def is_unit_word(word: str) -> bool:
    """True if `word` alone names a unit, or starts a name such as "square feet"."""
    return _split_word(word) is not None or word.lower() in _SQUARED | _CUBED or word == "US"


def _split_word(word: str) -> list[str] | None:
    """A word as a list of unit words: itself, a fused name ("squareinches", 平方厘米), or None."""
    if _base(word) is not None:
        return [word]
    lower = word.lower()
    if lower in _RATES:
        over, under = _RATES[lower]
        return [over, "/", under]
    for prefix in (*_SQUARED, *_CUBED):
        if lower.startswith(prefix) and _base(lower[len(prefix) :]) is not None:
            return [prefix, lower[len(prefix) :]]
    return None


_SCALES_OF_DEGREES = {
    "celsius": "celsius", "fahrenheit": "fahrenheit", "charge": "celsius", "capacitance": "fahrenheit",
}  # fmt: skip
"""Of degrees with a second unit, the scale: degrees Celsius, deg C, degrees F."""


class _Reader:
    """Accumulates a product of units from a list of words."""

    def __init__(self) -> None:
        self.dimensions: dict[str, int] = {}
        self.factor = Fraction(1)
        self.sign = 1
        self.prefix = 1
        self.last: tuple[tuple[tuple[str, int], ...], Fraction] | None = None

    def multiply(self, base: tuple[tuple[tuple[str, int], ...], Fraction], power: int) -> None:
        dimensions, factor = base
        for name, exponent in dimensions:
            self.dimensions[name] = self.dimensions.get(name, 0) + exponent * power
        self.factor *= factor**power

    def word(self, word: str) -> bool:
        lower = word.lower()
        if word in _POWER or lower in ("squared", "cubed"):
            return self.raise_last({"squared": 2, "cubed": 3}.get(lower) or _POWER[word])
        if lower in _SQUARED or lower in _CUBED:
            self.prefix = 2 if lower in _SQUARED else 3
            return True
        if word == "/" or lower in ("per", "每"):
            self.sign = -1
            return self.last is not None
        if word in ("*", ".", "-", "(", ")") or lower in _NATIONS:
            return True
        base = _base(word)
        if base is None:
            return False
        self.multiply(base, self.sign * self.prefix)
        self.last, self.prefix = base, 1
        return True

    def raise_last(self, power: int) -> bool:
        if self.last is None:
            return False
        self.multiply(self.last, self.sign * (power - 1))
        return True

    def unit(self) -> Unit | None:
        if self.prefix != 1 or self.last is None:
            return None
        scale = self.dimensions.keys() & _SCALES_OF_DEGREES.keys() if self.dimensions.get("angle") == 1 else ()
        if len(scale) == 1 and len(self.dimensions) == 2 and self.factor == 1:
            return Unit(((_SCALES_OF_DEGREES[min(scale)], 1),))
        dimensions = tuple(sorted((n, e) for n, e in self.dimensions.items() if e))
        return Unit(dimensions, self.factor if dimensions else Fraction(1))


def read_unit(text: str) -> Unit | None:
    """Return the unit that `text` names, or None if any part of it is not a unit."""
    return _read_unit(text) if len(text) <= MEMO_LENGTH else None


@memo
def _read_unit(text: str) -> Unit | None:
    reader = _Reader()
    matched = 0
    text = _MICRO.sub("μ", text).replace("\\Omega", "Ω")
    for found in _WORD.finditer(text):
        if text[matched : found.start()].strip():
            return None
        matched = found.end()
        words = _split_word(found.group()) or [found.group()]
        if not all(reader.word(word) for word in words):
            return None
    return None if text[matched:].strip() else reader.unit()


def comparable(first: Unit | None, second: Unit | None) -> Fraction | None:
    """The factor that converts a value in `second` to `first`; 1 where a unit is absent; None where they differ.

    12K is no answer to 12, because it may be twelve thousand.
    """
    if first is None or second is None or first.plain or second.plain:
        return None if second is not None and second.doubtful else Fraction(1)
    if first.dimensions == second.dimensions:
        return second.factor / first.factor
    scales = {first.dimensions, second.dimensions}
    if (("angle", 1),) in scales and (("celsius", 1),) in scales:
        return Fraction(1)  # a degree sign that leaves out its scale
    return None
