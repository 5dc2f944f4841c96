"""A position in a list of tokens, and the exact value of a number literal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from .limits import MAX_DEPTH, MAX_DIGITS, TooMuchWorkError, UnreadableError
from .tokens import Token

_END: Token = ("end", "", False)


class Cursor:
    """Reads tokens from left to right; `depth` counts the nesting of the reader that uses it."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> Token:
        """The next token, of kind "end" after the last."""
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self) -> Token:
        """The next token, which is then passed."""
        token = self.peek()
        self.at += 1
        return token

    def accept(self, value: str) -> bool:
        """Pass the next token if it is this sign or command."""
        kind, found, _ = self.peek()
        if found == value and kind in ("op", "cmd"):
            self.at += 1
            return True
        return False

    def expect(self, value: str) -> None:
        """Pass this sign or command. Raises UnreadableError if it does not come next."""
        if not self.accept(value):
            raise UnreadableError(f"{value} is missing")

    def deeper(self) -> None:
        """Enter one more level. Raises TooMuchWorkError below MAX_DEPTH levels."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuchWorkError("nested too deep")


def number_value(literal: str) -> Fraction:
    """The exact value of a number literal. Raises TooMuchWorkError over MAX_DIGITS digits or that exponent."""
    mantissa, _, exponent = literal.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 6 or (exponent and abs(int(exponent)) > MAX_DIGITS):
        raise TooMuchWorkError("a number with too many digits")
    whole, _, decimals = mantissa.partition(".")
    digits = whole + decimals
    number = int(digits) if len(digits) < 300 else int(Decimal(digits))
    value = Fraction(number, 10 ** len(decimals)) if decimals else Fraction(number)
    return value * Fraction(10) ** int(exponent) if exponent else value
