"""Arithmetic on decimals of 70 digits, real or complex, with the elementary functions.

A number is a Decimal or, when it has an imaginary part, a `Complex`. Every function works in the current decimal context;
callers open it with `decimal.localcontext(CONTEXT)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TypeAlias

from .types import MAX_EXPONENT, PRECISION, TooMuchWorkError, UnreadableError

CONTEXT = Context(prec=PRECISION, Emax=10_000_000, Emin=-10_000_000, traps=[DivisionByZero, InvalidOperation, Overflow])
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798")
E = Decimal("2.71828182845904523536028747135266249775724709369995957496696762772407663035354759457138217852516642743")
_ZERO, _ONE, _TWO = Decimal(0), Decimal(1), Decimal(2)
# A sum this much smaller than its terms is rounding noise around zero.
_NOISE = Decimal(10) ** (10 - PRECISION)
_LAST = Decimal(10) ** -(PRECISION + 5)  # a series stops at terms below this
_MAX_ANGLE = Decimal(10) ** 6
_MAX_EXP = Decimal(10) ** 5


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex number; the imaginary part is not zero."""

    re: Decimal
    im: Decimal


Number: TypeAlias = Decimal | Complex


def join(re: Decimal, im: Decimal) -> Number:
    """The number with these parts; an imaginary part that is only rounding noise is dropped, and so is a real one."""
    if not im or abs(im) <= abs(re) * _NOISE:
        return re
    return Complex(_ZERO if abs(re) <= abs(im) * _NOISE else re, im)


def parts(value: Number) -> tuple[Decimal, Decimal]:
    """Real and imaginary part."""
    return (value.re, value.im) if isinstance(value, Complex) else (value, _ZERO)


def _plus(a: Decimal, b: Decimal) -> Decimal:
    total = a + b
    return _ZERO if abs(total) <= max(abs(a), abs(b)) * _NOISE else total


def add(a: Number, b: Number) -> Number:
    """Sum; terms that cancel to rounding noise give zero."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return _plus(a, b)
    (p, q), (r, s) = parts(a), parts(b)
    return join(_plus(p, r), _plus(q, s))


def negate(a: Number) -> Number:
    """The number with the other sign."""
    return -a if isinstance(a, Decimal) else Complex(-a.re, -a.im)


def multiply(a: Number, b: Number) -> Number:
    """Product."""
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return a * b
    (p, q), (r, s) = parts(a), parts(b)
    return join(_plus(p * r, -q * s), _plus(p * s, q * r))


def divide(a: Number, b: Number) -> Number:
    """Quotient. Raises UnreadableError for a zero divisor."""
    if not b:
        raise UnreadableError("division by zero")
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return a / b
    (p, q), (r, s) = parts(a), parts(b)
    norm = r * r + s * s
    return join(_plus(p * r, q * s) / norm, _plus(q * r, -p * s) / norm)


def modulus(a: Number) -> Decimal:
    """Absolute value."""
    return abs(a) if isinstance(a, Decimal) else (a.re * a.re + a.im * a.im).sqrt()


def as_integer(a: Number) -> int | None:
    """`a` as an int if it is one, but for rounding noise, and not too large, else None."""
    if not isinstance(a, Decimal) or abs(a) > MAX_EXPONENT:
        return None
    nearest = a.to_integral_value()
    return int(nearest) if abs(a - nearest) <= abs(nearest) * _NOISE else None


def power(a: Number, b: Number) -> Number:
    """`a` to the power `b`, principal branch. Raises TooMuchWorkError over MAX_EXPONENT."""
    exponent = as_integer(b)
    if not a:
        if isinstance(b, Decimal) and b > 0:
            return _ZERO
        raise UnreadableError("zero to such a power")
    if exponent is not None and isinstance(a, Decimal):
        return a**exponent
    if exponent is not None and abs(exponent) <= 1000:
        return _integer_power(a, exponent)
    if modulus(b) > MAX_EXPONENT:
        raise TooMuchWorkError("a large power")
    if isinstance(a, Decimal) and isinstance(b, Decimal) and a > 0:
        return a.sqrt() if b + b == 1 else (b * a.ln()).exp()
    return exp(multiply(b, ln(a)))


def _integer_power(a: Number, n: int) -> Number:
    result: Number = _ONE
    base, count = a, abs(n)
    while count:
        if count & 1:
            result = multiply(result, base)
        base, count = multiply(base, base), count >> 1
    return divide(_ONE, result) if n < 0 else result


def square_root(a: Number) -> Number:
    """Principal square root."""
    if isinstance(a, Decimal):
        return a.sqrt() if a >= 0 else Complex(_ZERO, (-a).sqrt())
    size = modulus(a)
    re = ((size + a.re) / 2).sqrt()
    im = ((size - a.re) / 2).sqrt()
    return join(re, im if a.im > 0 else -im)


def exp(a: Number) -> Number:
    """Exponential function."""
    re, im = parts(a)
    if abs(re) > _MAX_EXP:
        raise TooMuchWorkError("a large exponential")
    if not im:
        return re.exp()
    size = re.exp()
    sine, cosine = _sin_cos(im)
    return join(size * cosine, size * sine)


def ln(a: Number) -> Number:
    """Natural logarithm, principal branch."""
    if not a:
        raise UnreadableError("the logarithm of zero")
    if isinstance(a, Decimal) and a > 0:
        return _ln(a)
    return join(_ln(modulus(a)), _angle(a))


def _ln(a: Decimal) -> Decimal:
    return _ZERO if abs(a - 1) <= _NOISE else a.ln()


def _angle(a: Number) -> Decimal:
    re, im = parts(a)
    if not re:
        return +PI / 2 if im > 0 else -PI / 2
    turn = arctangent(im / re)
    if re > 0:
        return turn
    return turn + PI if im >= 0 else turn - PI


def _sin_cos(x: Decimal) -> tuple[Decimal, Decimal]:
    """Sine and cosine by Taylor series after reduction to a small angle."""
    if abs(x) > _MAX_ANGLE:
        raise TooMuchWorkError("a large angle")
    quarter = PI / 2
    turns = int((x / quarter).to_integral_value())
    x -= turns * quarter
    x /= 8
    sine, cosine, term, n = _ZERO, _ZERO, _ONE, 0
    while abs(term) > _LAST:
        if n % 2:
            sine += term if n % 4 == 1 else -term
        else:
            cosine += term if n % 4 == 0 else -term
        n += 1
        term = term * x / n
    for _ in range(3):
        sine, cosine = 2 * sine * cosine, 1 - 2 * sine * sine
    sine, cosine = _snap(sine), _snap(cosine)
    return ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[turns % 4]


def _snap(x: Decimal) -> Decimal:
    return _ZERO if abs(x) < _NOISE else x


def _real(a: Number) -> Decimal:
    if isinstance(a, Complex):
        raise UnreadableError("a complex argument")
    return a


def sine(a: Number) -> Number:
    """Sine of a real number."""
    return _sin_cos(_real(a))[0]


def cosine(a: Number) -> Number:
    """Cosine of a real number."""
    return _sin_cos(_real(a))[1]


def tangent(a: Number) -> Number:
    """Tangent of a real number."""
    top, bottom = _sin_cos(_real(a))
    return divide(top, bottom)


def arctangent(x: Decimal) -> Decimal:
    """Arc tangent of a real number, by halving the argument and a series."""
    if abs(x) > 1:
        return (PI / 2 if x > 0 else -PI / 2) - arctangent(1 / x)
    for _ in range(5):
        x = x / (1 + (1 + x * x).sqrt())
    square, term, total, n = x * x, x, _ZERO, 1
    while abs(term) > _LAST:
        total += term / n if n % 4 == 1 else -term / n
        n += 2
        term *= square
    return total * 32


def arcsine(a: Number) -> Number:
    """Arc sine of a real number of size at most 1."""
    x = _real(a)
    if abs(abs(x) - 1) < _NOISE:
        return PI / 2 if x > 0 else -PI / 2
    if abs(x) > 1:
        raise UnreadableError("the arc sine of more than 1")
    return arctangent(x / (1 - x * x).sqrt())


def arccosine(a: Number) -> Number:
    """Arc cosine of a real number of size at most 1."""
    return PI / 2 - _real(arcsine(a))


def root(a: Number, index: Number) -> Number:
    """The `index`-th root; the real root where the index is odd and `a` is a negative real number."""
    n = as_integer(index)
    if n is None or not 1 <= abs(n) <= 10_000:
        raise UnreadableError("a root's index")
    if n == 2:
        return square_root(a)
    if isinstance(a, Decimal) and a < 0 and n % 2:
        return negate(root(-a, index))
    return power(a, _ONE / n)


def hyperbolic(a: Number, sign: int) -> Number:
    """Half of exp(a) + sign * exp(-a)."""
    other = exp(negate(a))
    return multiply(Decimal("0.5"), add(exp(a), other if sign > 0 else negate(other)))
