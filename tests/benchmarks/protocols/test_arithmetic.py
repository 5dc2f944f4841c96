"""Numbers that LaTeX stands for, and what has none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.benchmarks.protocols.arithmetic import evaluated


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,000", 1000),
        ("$\\frac12$", 0.5),
        ("6/3", 2),
        ("2\\cdot3+1", 7),
        ("-2^2", -4),
        ("\\sqrt[3]{8}", 2.0),
        ("5!", 120),
        ("2\\pi", 6.283185307179586),
        ("1/0", None),
        ("\\sqrt{-1}", None),
        ("x+1", None),
        ("9^{9^{9}}", None),
        ("0^{-1}", None),
        ("1" * 299, int("1" * 299)),
        ("1" * 301, None),
        ("", None),
    ],
)
def test_arithmetic(text, value):
    assert evaluated(text) == (pytest.approx(value) if isinstance(value, float) else value)


@given(st.text(alphabet="0123456789+-*/^(){}[]|!.,\\ sqrtfacpi$x", max_size=60))
@settings(max_examples=300, deadline=None)
def test_arithmetic_never_raises(text):
    value = evaluated(text)
    assert value is None or isinstance(value, int | float)
