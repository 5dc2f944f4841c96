"""Limits on the work that one answer may cause.

They are counts, never clocks: a clock gives another verdict on a busy machine. What goes over a limit is not evaluated;
it is then compared by its structure or its text alone.
"""

from __future__ import annotations

MAX_ANSWER = 20_000  # characters of an extracted answer; longer ones are read as text by their digest
MAX_BARE = 200  # characters of a response that is itself the answer
MAX_STATEMENT = 400  # characters after "the answer is"
MAX_BOXES = 64  # boxes joined by "or" that are combined into one answer
MAX_TOKENS = 1_200
MAX_DEPTH = 32
MAX_DIGITS = 10_000  # of one number literal
MAX_BITS = 1 << 17  # of one exact numerator or denominator
MAX_FACTORIAL = 5_000
MAX_EXPONENT = 1_000_000  # of a numeric (inexact) power
MAX_ITEMS = 200  # of a list or a set, entries of a matrix, options of a question
MAX_VARIABLES = 12
MEMO_SIZE = 8_192
MEMO_LENGTH = 400  # longer texts are never memoised, so that the memo's memory is bounded

PRECISION = 70  # decimal digits of inexact evaluation
KEY_DIGITS = 45  # decimal digits of a fingerprint


class UnreadableError(ValueError):
    """A text is not of the form that was tried; the caller tries the next form."""


class TooMuchWorkError(UnreadableError):
    """Evaluation would go over a limit; the structure itself becomes the key."""
