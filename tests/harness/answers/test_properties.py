"""Laws that hold for all answers, over generated ones."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proctor.harness.answers import Extraction, answer_key, classes, extract, grade, match
from proctor.harness.answers.text import clean, fold, text_key, undress

TYPES = (
    "number", "expression", "choice", "multichoice", "text", "list", "set", "tuple", "interval", "inequality", "equation",
    "assignment", "matrix", "ratio", "time", "date", "year", "relaxed:0.05", "float:abs=0.001", "float:round=2",
)  # fmt: skip
_LATEX = r"\frac \sqrt \pm \cup \cap \le \text{ \pi \sin \log_ \infty \{ \} \begin{pmatrix} \end{pmatrix} \\ \overline{3} \in"
_SIGNS = "{ } ( ) [ ] | ^ _ = < > , ; : . ! % $ + - * / ' & ° ½ ² √ ∞ ≤ ± ∪ **"
_LETTERS = "x y e i f( A B 0 1 2 9 12 0.5 1,234 cm 万 日 yes"
PIECES = (*f"{_LATEX} {_SIGNS} {_LETTERS}".split(), " ", " or ", " and ", "\\boxed{", "</think>", "\n")

pieces = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
anything = st.one_of(st.text(max_size=60), pieces)
rationals = st.fractions(min_value=-1000, max_value=1000, max_denominator=60)
whole = st.integers(-(10**9), 10**9)
small = st.integers(2, 30)


def right(answer: str, gold: str, gold_type: str = "number") -> bool:
    return match(Extraction(answer, "boxed", ""), gold, gold_type).correct


def spellings(value: Fraction) -> list[str]:
    """Equal forms of a rational number."""
    top, bottom = value.numerator, value.denominator
    sign, size = ("-" if top < 0 else ""), abs(top)
    forms = [
        f"{top}/{bottom}",
        f"\\frac{{{top}}}{{{bottom}}}",
        f"{sign}\\dfrac{{{size}}}{{{bottom}}}",
        f"\\frac{{{3 * top}}}{{{3 * bottom}}}",
        f"x={top}/{bottom}",
        f"\\text{{{top}/{bottom}}}",
        f"$\\frac{{{top}}}{{{bottom}}}$",
        f"({top}/{bottom})",
        f"{sign}{size}÷{bottom}",
        f"\\frac{{{100 * top}}}{{{bottom}}}\\%",
        f"−{size}/{bottom}" if sign else f"+{size}/{bottom}",
        f"{top}\\cdot\\frac{{1}}{{{bottom}}}",
        f"{top}/{bottom} \\text{{ cm}}",
        f"\\left(\\frac{{{top}}}{{{bottom}}}\\right)",
        f"{top}/{bottom}.",
    ]
    if bottom > 1 and size > bottom:
        forms += [
            f"{sign}{size // bottom}\\frac{{{size % bottom}}}{{{bottom}}}",
            f"{sign}{size // bottom} {size % bottom}/{bottom}",
        ]
    if 10**6 % bottom == 0:
        forms.append(f"{float(value):.6f}")
    return forms


@given(rationals, st.data())
def test_equal_spellings_of_a_rational_are_equal(value: Fraction, data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(spellings(value))) for _ in range(2))
    assert right(one, other)
    assert len(classes([one, other])) == 1


@given(rationals, rationals, st.data())
def test_spellings_of_different_rationals_are_never_equal(
    value: Fraction, other: Fraction, data: st.DataObject
) -> None:
    assume(value != other and value != other * 100 and other != value * 100)
    one, two = data.draw(st.sampled_from(spellings(value))), data.draw(st.sampled_from(spellings(other)))
    assert not right(one, two)
    assert len(classes([one, two])) == 2


@given(whole)
def test_spellings_of_whole_numbers(value: int) -> None:
    assume(value)
    plain = str(value)
    wide = plain.translate(str.maketrans("0123456789-", "０１２３４５６７８９−"))
    for form in (
        f"{value:,}",
        f"{value:,}".replace(",", "\\,"),
        f"{value:,}".replace(",", "{,}"),
        wide,
        f"{value}.0",
        f"\\boxed{{{value}}}",
    ):
        assert right(form, plain), form
    for form in (
        str(value + 1),
        str(value * 10 + 1),
        f"{value}.5",
        f"({value}, {value})",
        f"{value}x",
        f"{value} or {value + 1}",
    ):
        assert not right(form, plain), form


@given(small, small, small)
def test_radicals(a: int, b: int, c: int) -> None:
    gold = f"\\frac{{{a}\\sqrt{{{b}}}}}{{{c}}}"
    for form in (
        f"{a}\\sqrt{{{b}}}/{c}",
        f"\\sqrt{{\\frac{{{a * a * b}}}{{{c * c}}}}}",
        f"{a}*sqrt({b})/{c}",
        f"\\frac{{{a * b}}}{{{c}\\sqrt{{{b}}}}}",
    ):
        assert right(form, gold, "expression"), form
        assert len(classes([form, gold])) == 1, form
    for form in (
        f"\\frac{{{a}\\sqrt{{{b + 1}}}}}{{{c}}}",
        f"\\frac{{{a}\\sqrt[3]{{{b}}}}}{{{c}}}",
        f"-{gold}",
        f"{(a * b**0.5) / c:.6f}0001",
    ):
        assert not right(form, gold, "expression"), form
        assert len(classes([form, gold])) == 2, form


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(1, 9))
def test_polynomials_and_lines(a: int, b: int, k: int) -> None:
    assume(a)
    product, total = f"(x-({a}))(x-({b}))", f"x^2+({-a - b})x+({a * b})"
    assert right(product, total, "expression")
    assert len(classes([product, total])) == 1
    assert not right(f"{total}+{k}", product, "expression")
    line = f"y={a}x+({b})"
    assert right(f"{k}y-({k * a})x={k * b}", line, "equation")
    assert len(classes([f"{k}y-({k * a})x={k * b}", line, f"y={a}x+({b + 1})"])) == 2
    assert not right(f"y={a}x+({b + k})", line, "equation")


@given(st.lists(whole, min_size=2, max_size=5, unique=True), st.randoms(use_true_random=False))
def test_sets_lists_and_tuples(values: list[int], random: object) -> None:
    texts = [str(value) for value in values]
    turned = [*texts[1:], texts[0]]
    assert right("\\{" + ", ".join(turned) + "\\}", "\\{" + ",".join(texts) + "\\}", "set")
    assert right(" or ".join(turned), ", ".join(texts), "set")
    assert right(", ".join(texts), "[" + ", ".join(texts) + "]", "list")
    assert not right(", ".join(turned), "[" + ", ".join(texts) + "]", "list")
    assert not right("(" + ", ".join(turned) + ")", "(" + ", ".join(texts) + ")", "tuple")
    assert not right(", ".join(texts[:-1]), ", ".join(texts), "set")


@given(st.integers(-50, 50), st.integers(1, 40), st.booleans(), st.booleans())
def test_intervals(low: int, width: int, left: bool, right_closed: bool) -> None:
    high = low + width
    gold = f"{'[' if left else '('}{low},{high}{']' if right_closed else ')'}"
    chain = f"{low}{'≤' if left else '<'}x{'≤' if right_closed else '<'}{high}"
    assert right(chain, gold, "interval")
    assert right(gold, chain, "inequality")
    other = f"{low}{'<' if left else '≤'}x{'≤' if right_closed else '<'}{high}"
    assert not right(other, gold, "interval")


@given(anything)
def test_the_same_text_is_the_same_answer(text: str) -> None:
    assert len(classes([text, text])) == (1 if text.strip() else 0)
    assert answer_key(text) == answer_key(text)


@given(st.lists(anything, max_size=7), st.permutations(range(7)))
def test_classes_are_a_partition_in_any_order(answers: list[str], order: list[int]) -> None:
    found = classes(answers)
    assert sorted(index for group in found for index in group) == [
        i for i, answer in enumerate(answers) if answer.strip()
    ]
    kept = [index for index in order if index < len(answers)]
    shuffled = classes([answers[index] for index in kept])
    assert sorted(sorted(kept[index] for index in group) for group in shuffled) == found


@given(anything, anything, anything)
def test_keys_are_transitive_and_agree_with_classes(a: str, b: str, c: str) -> None:
    keys = [answer_key(text) for text in (a, b, c)]
    same = {(i, j) for group in classes([a, b, c]) for i in group for j in group}
    for i, j in ((0, 1), (1, 2), (0, 2)):
        if keys[i] is not None and keys[i] == keys[j]:
            assert (i, j) in same


@given(anything)
def test_normalisation_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert undress(undress(text)) == undress(text)
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="abcdefgh XYZ.!'", min_size=1, max_size=20))
def test_the_key_of_a_text_ignores_case_and_spaces(text: str) -> None:
    assert text_key(text.upper()) == text_key(text.lower())
    assert text_key(f"\\text{{{text}}}") == text_key(text)
    assert text_key(f" {text}. ") == text_key(text)


@settings(max_examples=400)
@given(anything, anything, st.sampled_from(TYPES), st.sampled_from((None, ("1", "2", "x=3", "a square"))))
def test_no_input_raises(response: str, gold: str, gold_type: str, choices: tuple[str, ...] | None) -> None:
    verdict = grade(response, gold, gold_type, choices)
    assert verdict.rule
    assert verdict.reason
    stated = extract(response)
    if stated.answer is None and not stated.sentences:
        assert not verdict.correct


@given(pieces, st.sampled_from([t for t in TYPES if t not in ("choice", "multichoice")]))
def test_equal_texts_are_equal_words(text: str, gold_type: str) -> None:
    if text_key(text) and gold_type == "text":
        assert right(text, text, gold_type)


def test_keys_and_verdicts_do_not_depend_on_the_hash_seed() -> None:
    program = (
        "from proctor.harness.answers import answer_key, classes, grade\n"
        "answers = ['{1,2}', '2 or 1', 'x+y', 'y+x', r'\\sqrt{2}', '12 cm', '12', 'yes', 'A, B', '(1,2)', 'x=3', '3']\n"
        "print(repr([str(answer_key(a)) if 'set' not in str(answer_key(a)) else a for a in answers]))\n"
        "print(classes(answers), [grade(a, b, 'set').correct for a in answers for b in answers])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
