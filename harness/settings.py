"""From a table of a TOML file, or from texts of the command line, to a frozen dataclass of settings.

Unknown keys, wrong kinds and values out of range are errors of one line.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from math import isfinite
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .errors import DataError, UsageError, did_you_mean
from .limits import TOML_BYTES
from .user_file import shown_value

T = TypeVar("T")
MAX_DIGITS = 15
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_EDITION = re.compile(rf"{_NAME.pattern}(?:@[A-Za-z0-9_.-]+)?")


def read_table(path: Path, kind: str) -> dict[str, Any]:
    """What a TOML file holds, called a `kind` in errors: "recipe".

    Raises UsageError for a file that is missing, unreadable, malformed, or larger than `TOML_BYTES`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(TOML_BYTES + 1)
        if len(content) > TOML_BYTES:
            raise ValueError(f"more than {TOML_BYTES} bytes")
        return tomllib.loads(content.decode())
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}: name a {kind}'s .toml file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{kind} {path}: cannot be read ({str(error)[:150]})") from error


def read_settings(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """The settings of that kind that a table holds. Raises UsageError, which begins with `where`."""
    settings: T = _build(kind, table, where)
    return settings


def option(default: Any, *, least: float | None = None, most: float | None = None, choices: Sequence[str] = ()) -> Any:
    """A field of an engine's options: the numbers from `least` to `most`, or the texts, that it can be."""
    return field(default=default, metadata={"least": least, "most": most, "choices": tuple(choices)})


def added(default: Any) -> Any:
    """A field that settings had not from the start: stored only where it differs from its default (`to_stored`).

    So what an earlier version stored of the same undertaking stays equal to it, and its digests stay what they were.
    """
    return field(default=default, metadata={"added": True})


def to_stored(settings: Any) -> dict[str, Any]:
    """All fields of a dataclass of settings, nested ones as well; those that were `added` only where they were changed."""
    return {
        one.name: to_stored(value) if dataclasses.is_dataclass(value) else value
        for one in dataclasses.fields(settings)
        if (value := getattr(settings, one.name)) != one.default or "added" not in one.metadata
    }


def read_options(kind: type[T], options: Mapping[str, str], what: str, more: Sequence[str] = ()) -> T:
    """The options of `what`, given as texts like those of --engine-option. `more` are named as further ones there are.

    Raises UsageError for an option that there is not, or a value that it cannot have.
    """
    fields: dict[str, dataclasses.Field[Any]] = {one.name: one for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(options) - set(fields)):
        known = [*sorted(fields), *more]
        raise UsageError(f"{what} has no option {unknown[0]!r:.60}{did_you_mean(unknown[0], known, lead='it has')}")
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, text in options.items():
        wanted = next((one for one in (int, float, bool, Path) if one in (hints[name], *get_args(hints[name]))), str)
        value = _from_text(wanted, text)
        if value is None or not _in_range(value, fields[name].metadata):
            raise UsageError(f"option {name} must be {_described(wanted, fields[name].metadata)}, not {text!r:.40}")
        values[name] = value
    return kind(**values)


def _from_text(kind: type, text: str) -> Any:
    """The value that a text stands for; None for a text that stands for none of that kind."""
    if kind is int:
        return int(text) if text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS else None
    if kind is float:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if isfinite(value) else None
    if kind is bool:
        return {"true": True, "false": False}.get(text)
    return kind(text)


def _in_range(value: Any, limits: Mapping[str, Any]) -> bool:
    least, most, choices = limits.get("least"), limits.get("most"), limits.get("choices")
    above = least is None or value >= least
    return above and (most is None or value <= most) and (not choices or value in choices)


def _described(kind: type, limits: Mapping[str, Any]) -> str:
    if kind is bool:
        return "true or false"
    if limits.get("choices"):
        return f"one of {', '.join(limits['choices'])}"
    least, most = limits.get("least"), limits.get("most")
    name = _in_words(kind)
    if least is None:
        return name
    return f"{name} of at least {least:,}" if most is None else f"{name} from {least:,} to {most:,}"


def _in_words(kind: Any) -> str:
    words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", tuple: "a list"}
    return words.get(get_origin(kind) or kind, "a table")


def setting(change: str) -> tuple[str, Any]:
    """The dotted key and the value of a change like "policy.steps=10"; what is no TOML value is a text.

    Raises UsageError without a key or an equals sign.
    """
    key, equals, text = change.partition("=")
    key = key.strip()
    if not equals or not key.rpartition(".")[2]:
        raise UsageError(f"a change must look like policy.steps=10, not {change!r}")
    try:
        return key, tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return key, text


def tables_of(changes: Iterable[str]) -> dict[str, Any]:
    """The nested tables that changes like "policy.steps=10" stand for. Raises UsageError for a malformed one."""
    tables: dict[str, Any] = {}
    for key, value in map(setting, changes):
        *sections, last = key.split(".")
        table = tables
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise UsageError(f"{key}: {section} is a value, and no section")
        table[last] = value
    return tables


def require(rules: Iterable[tuple[str, bool]]) -> None:
    """Raises UsageError with the first rule that is not kept."""
    for rule, kept in rules:
        if not kept:
            raise UsageError(rule)


def require_name(what: str, name: Any, *, edition: bool = False) -> None:
    """Raises UsageError for what cannot be a name in commands, stored files and folders; "name@2024" can with `edition`."""
    if not isinstance(name, str) or not (_EDITION if edition else _NAME).fullmatch(name):
        raise UsageError(f"{what}: its name must be of letters, digits, '_', '-' and '.', not {shown_value(name)}")


def require_functions(what: str, thing: Any, *names: str) -> None:
    """Raises UsageError for an attribute that cannot be called."""
    for name in names:
        if not callable(found := getattr(thing, name)):
            raise UsageError(f"{what}: its {name} must be a function, not {shown_value(found)}")


def _build(kind: Any, table: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]
    for key in table:
        if key not in known:
            raise UsageError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}")
    for one in dataclasses.fields(kind):
        if one.name not in table and one.default is one.default_factory is dataclasses.MISSING:
            raise UsageError(f"{where}: the key {one.name!r} is missing")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except (DataError, ValueError) as error:
        raise UsageError(f"{where}: {str(error).removeprefix('sampling: ')}") from error


def _is(value: Any, kind: Any) -> bool:
    """A truth value is no whole number."""
    return isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _value(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return _build(kind, value, where)
    options = get_args(kind)
    if NoneType in options:
        return (
            None
            if value is None
            else _value(next(option for option in options if option is not NoneType), value, where)
        )
    if get_origin(kind) is Mapping and isinstance(value, Mapping):
        return {key: _value(options[1], one, f"{where}.{key}") for key, one in value.items()}
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_value(options[0], element, where) for element in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return float(value)
    if kind is Any or _is(value, kind):
        return value
    raise UsageError(f"{where} must be {_in_words(kind)}, not {value!r:.60}")
