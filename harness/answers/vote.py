"""Keys of answers for voting, and the partition of a group of answers into equal ones.

Two answers with the same key are the same answer, so equality is an equivalence relation by construction. A partition also
looks at the group: an answer that leaves something out (a unit, a name, brackets) joins the most frequent fuller answer that
it can be a short form of. Every answer joins at most one other class, so the result is a partition in any order of input.

The vote of several responses to one item: their answers in classes of equal meaning, and the class that wins.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from . import choices as multiple_choice
from .compare import flattened, in_radians, is_variable
from .expression import Node
from .forms import Colon, Equation, Form, Items, Matrix, Ordering, Scalar, Words, equation_key, linear_root, substitute
from .lexer import names
from .reading import EXPRESSION, QUANTITY, as_region, read, read_worded
from .regions import Region
from .text import number_in_words, text_key
from .types import MEMO_LENGTH, UnreadableError, memo
from .units import Unit, read_unit
from .values import INFINITY, MINUS_INFINITY, Value, rational, value_of, variables

_COMMON_WORDS = frozenset(names("no on up in is it of or to we us an at as by do go he if me my ok so"))


_LONE_LETTER = re.compile(r"(?<![A-Za-z\\])[A-Ha-h](?![A-Za-z])")
_DECADE = re.compile(r"(?:the\s+)?\d{1,3}0'?s", re.IGNORECASE)
_JOINED = re.compile(r"\b(?:and|or)\b|[,;]", re.IGNORECASE)
_OPEN, _CLOSED = (False, False, True, False, False), (False, True, True, True, False)
_FUSED_LETTERS = re.compile(r"[A-H]{2,8}")
_SET_OF_LETTERS = re.compile(r"(?i:\band\b)|[和与&+{]")
_CAPITAL = re.compile(r"(?<![A-Za-z])[A-H](?![a-z])|(?<=[A-H])[A-H](?![a-z])")
_DIGIT = re.compile(r"\d")


class Ballot(NamedTuple):
    """`key` is the answer's own identity; `short_for` are keys of fuller answers that it may be a short form of.

    `shortened` are the keys of its own short forms; they count only in a group where an answer of this key is `explicit`,
    that is, where it is sure that the part that others leave out is not a variable.
    """

    key: Hashable
    shortened: tuple[Hashable, ...] = ()
    short_for: tuple[Hashable, ...] = ()
    explicit: bool = True


def answer_key(answer: str | None, choices: Sequence[str] | None = None) -> Hashable | None:
    """Return the canonical key of an extracted answer: equal keys are equal answers. None for no answer.

    With `choices` (option texts in order), a letter and its option's text have the same key.
    """
    found = ballot(answer, choices)
    return None if found is None else found.key


def ballot(answer: str | None, choices: Sequence[str] | None = None) -> Ballot | None:
    """The key of an answer with those of its shorter and fuller forms; None for no answer."""
    if answer is None or not answer.strip():
        return None
    if len(answer) > MEMO_LENGTH:
        return _ballot(answer, tuple(choices) if choices else None)
    return _remembered(answer, tuple(choices) if choices else None)


def _ballot(answer: str, choices: tuple[str, ...] | None) -> Ballot:
    if choices:
        chosen = multiple_choice.resolve(answer, choices)
        if chosen.letters:
            return Ballot(("letters", chosen.letters))
    elif not answer.isascii() or _LONE_LETTER.search(answer) or _FUSED_LETTERS.fullmatch(answer.strip()):
        chosen = multiple_choice.resolve(answer, None)
        if chosen.letters and chosen.letters <= frozenset("ABCDEFGH"):
            return _letters_ballot(answer, chosen.letters)
    try:
        return _form_ballot(_read(answer))
    except UnreadableError:
        return Ballot(("text", text_key(answer)))


_remembered = memo(_ballot)


def _letters_ballot(answer: str, letters: frozenset[str]) -> Ballot:
    """One option; or several, which are a set where it says so (A and C) or another answer of the group does (AC, C, A)."""
    together: Hashable = ("letters", letters)
    if len(letters) == 1 or _SET_OF_LETTERS.search(answer):
        return Ballot(together)
    order = tuple(_CAPITAL.findall(answer))
    key: Hashable = ("product", order) if answer.strip().isalpha() else ("sequence of letters", order)
    return Ballot(key, short_for=(together,))


def _read(answer: str) -> Form:
    """The form of an answer of unknown type: letters alone are words, a single letter after a number is a variable."""
    if _DECADE.fullmatch(answer.strip()):
        return Words(text_key(answer))
    if not _DIGIT.search(answer) and not _JOINED.search(answer):
        key = text_key(answer)
        if (
            key.isalpha()
            and number_in_words(answer) is None
            and len(key) > 1
            and (len(key) > 2 or key in _COMMON_WORDS or answer.strip() != key)
        ):
            return Words(key)
    form = read(answer, EXPRESSION)
    if isinstance(form, Words):
        form = read_worded(answer, QUANTITY)
        number = number_in_words(answer) if isinstance(form, Words) else None
        return form if number is None else Scalar(rational(number))
    if isinstance(form, Scalar) and form.unit is None and form.value.real is None and "/" in answer:
        quantity = read(answer, QUANTITY)
        if isinstance(quantity, Scalar) and quantity.unit is not None and len(quantity.unit.dimensions) > 1:
            return quantity
    return form


def form_key(form: Form) -> Hashable:
    """The canonical key of a form. Raises UnreadableError where it has none."""
    return _form_ballot(form).key


def _form_ballot(form: Form) -> Ballot:
    if isinstance(form, Scalar):
        return _percent_ballot(form) if form.percent is not None and form.value.rational else _scalar_ballot(form)
    if isinstance(form, Items):
        return _items_ballot(form)
    if isinstance(form, Region):
        return _region_ballot(form)
    if isinstance(form, Equation):
        return _equation_ballot(form)
    return Ballot(_other_key(form))


def _percent_ballot(form: Scalar) -> Ballot:
    """44% is 0.44, and 44 is short for it where the group has 0.44 in no other spelling."""
    number = form.percent or Fraction(0)
    plain = _scalar_ballot(form)
    return plain._replace(shortened=(*plain.shortened, ("value", number))) if abs(number) >= 1 else plain


def _equation_ballot(form: Equation) -> Ballot:
    """A linear equation in one variable is its solution: 2x = 6 is x = 3."""
    difference: Node = ("+", form.left, ("neg", form.right))
    letters = variables(difference)
    if len(letters) == 1 and is_variable(name := next(iter(letters))):
        found = linear_root(difference, name)
        if found is not None:
            return Ballot(("named", name, found[0].key), shortened=(("value", found[0].key),))
    key = equation_key(form)
    return Ballot(("equation", key if key is not None else (form.left, form.right)))


def _other_key(form: Ordering | Colon | Matrix | Words) -> Hashable:
    if isinstance(form, Colon):
        return ("colon", tuple(value.key for value in form.values))
    if isinstance(form, Matrix):
        return ("matrix", form.fence, tuple(tuple(form_key(entry) for entry in row) for row in form.rows))
    return ("ordering" if isinstance(form, Ordering) else "text", form.key)


def _scalar_ballot(form: Scalar) -> Ballot:
    plain: Hashable = ("value", form.value.key)
    product = form.label is not None and not is_variable(form.label) and form.label.islower()
    if form.sides is not None and (form.value.real is None or (product and len(form.label or "") == 2)):
        key = equation_key(form)
        if key is not None:
            return Ballot(("equation", key), shortened=() if product else (plain,))
    name = form.label if is_variable(form.label) else None
    if form.unit is not None and not form.unit.plain:
        angle = in_radians(form)
        turned: tuple[Hashable, ...] = () if angle is None else (("value", angle.key),)
        return Ballot(_quantity_key(form.value, form.unit), shortened=(plain, *turned, *_named_forms(name, form)))
    if name is not None:
        return Ballot(("named", name, form.value.key), shortened=(plain,))
    found = _monomial_key(form)
    return Ballot(plain) if found is None else Ballot(found[0], shortened=(found[1],), explicit=False)


def _quantity_key(value: Value, unit: Unit) -> Hashable:
    """Value and unit after conversion, where the value is an exact number."""
    if value.rational and value.real is not None:
        return ("quantity", unit.dimensions, value.real * unit.factor)
    return ("quantity", unit.dimensions, value.key, unit.factor)


def _monomial_key(form: Scalar) -> tuple[Hashable, Hashable] | None:
    """The keys of the quantity and of the number of 4m, which may be four metres; None for other expressions."""
    if form.node is None or form.value.real is not None:
        return None
    letters = variables(form.node)
    unit = read_unit(next(iter(letters))) if len(letters) == 1 else None
    if unit is None:
        return None
    found = linear_root(form.node, next(iter(letters)))
    if found is None or found[0].key != 0:
        return None
    number = value_of(substitute(form.node, next(iter(letters)), Fraction(1)))
    return _quantity_key(number, unit), ("value", number.key)


def _named_forms(name: str | None, form: Scalar) -> tuple[Hashable, ...]:
    return (("named", name, form.value.key),) if name else ()


def _items_ballot(form: Items) -> Ballot:
    entries = flattened(form)
    keys = tuple(("text", text) if text else _bare_key(entry) for entry, text in entries)
    pair: Hashable = ("tuple", keys)
    members: Hashable = ("set", frozenset(keys))
    labels = [entry.label for entry, _ in entries if isinstance(entry, Scalar) and entry.label]
    if form.brackets == "{}" or form.joiner == "or":
        hedge = any(key[0] == "text" for key in keys if isinstance(key, tuple))
        return Ballot(("either", frozenset(keys)) if form.joiner == "or" and hedge else members)
    if form.brackets in ("()", "[]"):
        return _bracketed_ballot(form, pair if form.brackets == "()" else ("list", keys))
    if labels and len({label.split("_")[0] for label in labels}) == 1 and len(labels) == len(entries):
        return Ballot(members)
    return Ballot(("sequence", keys), short_for=(pair, ("list", keys), members))


def _bracketed_ballot(form: Items, key: Hashable) -> Ballot:
    """A pair, which may be short for an interval; with an infinite end it is one."""
    infinite = any(isinstance(end, Scalar) and end.value in (INFINITY, MINUS_INFINITY) for end in form.forms)
    ranges = _as_range(form)
    return Ballot(ranges[0]) if infinite and ranges else Ballot(key, short_for=ranges)


def _as_range(form: Items) -> tuple[Hashable, ...]:
    try:
        return (("region", as_region(form).key),)
    except UnreadableError:
        return ()


def _bare_key(entry: Form) -> Hashable:
    """The key of an entry of a list, without name and unit."""
    return ("value", entry.value.key) if isinstance(entry, Scalar) else form_key(entry)


def _region_ballot(form: Region) -> Ballot:
    plain: Hashable = ("region", form.key)
    if not form.variable:
        return Ballot(plain)
    pair: tuple[Hashable, ...] = ()
    ends = tuple(("value", point.key) for point in form.points)
    if form.inside in (_OPEN, _CLOSED):
        pair = (("tuple" if form.inside == _OPEN else "list", ends),)
    return Ballot(("named region", form.variable, form.key), shortened=(plain, *pair))


def classes(answers: Sequence[str | None], choices: Sequence[str] | None = None) -> list[list[int]]:
    """Partition the indexes of `answers` into classes of equal answers; None is in no class.

    The classes and their members are sorted, and the partition does not depend on the order of the answers.
    """
    ballots = [ballot(answer, choices) for answer in answers]
    votes = [vote for vote in ballots if vote is not None]
    target = _targets(votes)
    groups: dict[Hashable, list[int]] = {}
    for index, vote in enumerate(ballots):
        if vote is not None:
            groups.setdefault(_final(vote.key, target), []).append(index)
    return sorted(groups.values())


def _targets(votes: list[Ballot]) -> dict[Hashable, Hashable]:
    """For the key of each short form, the key of the fuller answer that it joins."""
    counts = Counter(vote.key for vote in votes)
    explicit = {vote.key for vote in votes if vote.explicit}
    unsigned = {key for vote in votes for key in _without_sign(vote)}
    fuller: dict[Hashable, set[Hashable]] = {}
    named = _names_by_value(votes)
    for vote in votes:
        for key in vote.shortened if vote.key in explicit and vote.key not in unsigned else ():
            fuller.setdefault(key, set()).add(vote.key)
            if _tag(vote.key) == "quantity" and len(names := named.get(key, set())) == 1:
                fuller.setdefault(next(iter(names)), set()).add(vote.key)
        fuller.setdefault(vote.key, set()).update(key for key in vote.short_for if key in counts)
    target: dict[Hashable, Hashable] = {}
    for bare in (False, True):  # a bare value last, when it is known which of its fuller forms are one
        level = {key: keys for key, keys in fuller.items() if keys and (_tag(key) == "value") is bare}
        target |= {
            key: best for key, keys in level.items() if (best := _most_frequent(keys, counts, target)) is not None
        }
    return target


def _without_sign(vote: Ballot) -> tuple[Hashable, ...]:
    """The keys of bare values that an answer states without a percent sign, by itself or under a name."""
    if _tag(vote.key) == "named":
        return vote.shortened
    return (vote.key,) if _tag(vote.key) == "value" and not vote.shortened else ()


def _names_by_value(votes: list[Ballot]) -> dict[Hashable, set[Hashable]]:
    """For the key of each bare value, those of its forms with a name: x = 3 may be short for 3 cm, but not beside y = 3."""
    found: dict[Hashable, set[Hashable]] = {}
    for vote in votes:
        if _tag(vote.key) == "named":
            for key in vote.shortened:
                found.setdefault(key, set()).add(vote.key)
    return found


def _tag(key: Hashable) -> Hashable:
    return key[0] if isinstance(key, tuple) else None


def _most_frequent(keys: set[Hashable], counts: Counter[Hashable], target: dict[Hashable, Hashable]) -> Hashable | None:
    """The key with strictly the most answers, those that join it included; None for a tie."""
    totals: Counter[Hashable] = Counter()
    for key in keys:
        totals[_final(key, target)] += counts[key]
    best = max(totals.values())
    leaders = [key for key, total in totals.items() if total == best]
    return leaders[0] if len(leaders) == 1 else None


def _final(key: Hashable, target: dict[Hashable, Hashable]) -> Hashable:
    """Follow the short forms to the fullest one."""
    seen = {key}
    while key in target and target[key] not in seen:
        key = target[key]
        seen.add(key)
    return key


@dataclass(frozen=True)
class Vote:
    """`classes` are the groups of equal answers (indexes); `winner` is one of them, or None if nobody stated an answer.

    `tied` is True if another class has as many votes as the winner.
    """

    size: int
    classes: tuple[tuple[int, ...], ...]
    winner: tuple[int, ...] | None
    tied: bool

    @property
    def share(self) -> float:
        """The winner's share of all n responses, those without an answer included."""
        return len(self.winner) / self.size if self.winner else 0.0


def vote(item_id: str, stated: Sequence[str | None], choices: Sequence[str] = ()) -> Vote:
    """Count the stated answers of several responses to one item. An absent answer (None) never votes.

    A tie goes to the class whose smallest text has the smallest SHA-256 together with the item's id: the same for any
    order of the responses, and without a liking for any letter or number. (The MM-UPT code takes the answer seen first.)
    """
    parts = tuple(tuple(members) for members in classes(stated, choices or None))
    if not parts:
        return Vote(len(stated), (), None, False)
    most = max(map(len, parts))
    leaders = [members for members in parts if len(members) == most]
    winner = min(leaders, key=lambda members: _lot(item_id, min(stated[member] or "" for member in members)))
    return Vote(len(stated), parts, winner, len(leaders) > 1)


def _lot(item_id: str, text: str) -> bytes:
    return hashlib.sha256(f"{item_id}\x00{text}".encode("utf-8", "surrogatepass")).digest()
