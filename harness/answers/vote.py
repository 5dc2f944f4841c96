"""Keys of answers for voting, and the partition of a group of answers into equal ones.

Two answers with the same key are the same answer, so equality is an equivalence relation by construction. A partition also
looks at the group: an answer that leaves something out (a unit, a name, brackets) joins the most frequent fuller answer that
it can be a short form of. Every answer joins at most one other class, so the result is a partition in any order of input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

from . import choices as multiple_choice
from .compare import flattened
from .forms import Colon, Equation, Form, Items, Matrix, Ordering, Scalar, Words, equation_key
from .limits import MEMO_LENGTH, MEMO_SIZE, UnreadableError
from .reading import EXPRESSION, QUANTITY, as_region, read
from .region import Region
from .tokens import names
from .units import Unit
from .words import text_key

_COMMON_WORDS = frozenset(names("no on up in is it of or to we us an at as by do go he if me my ok so"))


class Ballot(NamedTuple):
    """`key` is the answer's own identity; `short_for` are keys of fuller answers that it may be a short form of.

    `shortened` are the keys of its own short forms.
    """

    key: Hashable
    shortened: tuple[Hashable, ...] = ()
    short_for: tuple[Hashable, ...] = ()


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
    else:
        chosen = multiple_choice.resolve(answer, None)
        if len(chosen.letters) == 1 and chosen.letters <= frozenset("ABCDEFGH"):
            return Ballot(("letters", chosen.letters))
    try:
        return _form_ballot(_read(answer))
    except UnreadableError:
        return Ballot(("text", text_key(answer)))


_remembered = lru_cache(maxsize=MEMO_SIZE)(_ballot)


def _read(answer: str) -> Form:
    """The form of an answer of unknown type: letters alone are words, one letter after a number is a variable."""
    key = text_key(answer)
    if key.isalpha() and len(key) > 1 and (len(key) > 2 or key in _COMMON_WORDS or answer.strip() != key):
        return Words(key)
    form = read(answer, EXPRESSION)
    if isinstance(form, Scalar) and form.unit is None and form.value.real is None:
        quantity = read(answer, QUANTITY)
        if isinstance(quantity, Scalar) and quantity.unit is not None:
            return quantity
    return read(answer, QUANTITY) if isinstance(form, Words) else form


def form_key(form: Form) -> Hashable:
    """The canonical key of a form. Raises UnreadableError where it has none."""
    return _form_ballot(form).key


def _unit_key(unit: Unit | None) -> Hashable | None:
    return None if unit is None or unit.plain else unit.dimensions


def _form_ballot(form: Form) -> Ballot:
    if isinstance(form, Scalar):
        return _scalar_ballot(form)
    if isinstance(form, Items):
        return _items_ballot(form)
    if isinstance(form, Region):
        return _region_ballot(form)
    return Ballot(_other_key(form))


def _other_key(form: Equation | Ordering | Colon | Matrix | Words) -> Hashable:
    if isinstance(form, Equation):
        key = equation_key(form)
        return ("equation", key if key is not None else (form.left, form.right))
    if isinstance(form, Colon):
        return ("colon", tuple(value.key for value in form.values))
    if isinstance(form, Matrix):
        return ("matrix", form.fence, tuple(tuple(form_key(entry) for entry in row) for row in form.rows))
    return ("ordering" if isinstance(form, Ordering) else "text", form.key)


def _scalar_ballot(form: Scalar) -> Ballot:
    unit = _unit_key(form.unit)
    plain: Hashable = ("value", form.value.key)
    if form.sides is not None and form.value.real is None:
        key = equation_key(form)
        if key is not None:
            return Ballot(("equation", key), shortened=(plain,))
    name = form.label if form.label and _is_variable(form.label) else None
    if unit is None and name is None:
        return Ballot(plain)
    if unit is None or form.unit is None:
        return Ballot(("named", name, form.value.key), shortened=(plain,))
    real = form.value.real
    exact = real is not None and form.value.rational
    size: Hashable = real * form.unit.factor if real is not None and exact else (form.value.key, form.unit.factor)
    return Ballot(("quantity", unit, size), shortened=(plain, *_named_forms(name, form)))


def _named_forms(name: str | None, form: Scalar) -> tuple[Hashable, ...]:
    return (("named", name, form.value.key),) if name else ()


def _is_variable(label: str) -> bool:
    return len(label) == 1 or label.startswith("\\") or "_" in label


def _items_ballot(form: Items) -> Ballot:
    entries = flattened(form)
    keys = tuple(("text", text) if text else _bare_key(entry) for entry, text in entries)
    pair: Hashable = ("tuple", keys)
    members: Hashable = ("set", frozenset(keys))
    labels = [entry.label for entry, _ in entries if isinstance(entry, Scalar) and entry.label]
    if form.brackets == "{}" or form.joiner == "or":
        hedge = any(key[0] == "text" for key in keys if isinstance(key, tuple))
        return Ballot(("either", frozenset(keys)) if form.joiner == "or" and hedge else members)
    if form.brackets == "()":
        return Ballot(pair, short_for=_as_range(form))
    if form.brackets == "[]":
        return Ballot(("list", keys), short_for=_as_range(form))
    if labels and len({label.split("_")[0] for label in labels}) == 1 and len(labels) == len(entries):
        return Ballot(members)
    return Ballot(("sequence", keys), short_for=(pair, ("list", keys), members))


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
    return Ballot(("named region", form.variable, form.key), shortened=(plain,)) if form.variable else Ballot(plain)


def classes(answers: Sequence[str | None], choices: Sequence[str] | None = None) -> list[list[int]]:
    """Partition the indexes of `answers` into classes of equal answers; None is in no class.

    The classes and their members are sorted, and the partition does not depend on the order of the answers.
    """
    ballots = [ballot(answer, choices) for answer in answers]
    present = {vote.key for vote in ballots if vote is not None}
    counts = Counter(vote.key for vote in ballots if vote is not None)
    fuller: dict[Hashable, set[Hashable]] = {}
    for vote in ballots:
        if vote is not None:
            for key in vote.shortened:
                if key in present:
                    fuller.setdefault(key, set()).add(vote.key)
            for key in vote.short_for:
                if key in present:
                    fuller.setdefault(vote.key, set()).add(key)
    target = {key: best for key, keys in fuller.items() if (best := _most_frequent(keys, counts)) is not None}
    groups: dict[Hashable, list[int]] = {}
    for index, vote in enumerate(ballots):
        if vote is not None:
            groups.setdefault(_final(vote.key, target), []).append(index)
    return sorted(groups.values())


def _most_frequent(keys: set[Hashable], counts: Counter[Hashable]) -> Hashable | None:
    """The key with strictly the most answers, or None for a tie."""
    best = max(counts[key] for key in keys)
    leaders = [key for key in keys if counts[key] == best]
    return leaders[0] if len(leaders) == 1 else None


def _final(key: Hashable, target: dict[Hashable, Hashable]) -> Hashable:
    """Follow the short forms to the fullest one."""
    seen = {key}
    while key in target and target[key] not in seen:
        key = target[key]
        seen.add(key)
    return key
