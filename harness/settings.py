"""From a table of a TOML file to a frozen dataclass of settings, strictly: unknown keys and wrong kinds are errors."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .errors import DataError, UsageError

T = TypeVar("T")


def read_settings(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """The settings of that kind that a table holds. Raises UsageError, which begins with `where`."""
    settings: T = _build(kind, table, where)
    return settings


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


def require(rules: Iterable[tuple[str, bool]]) -> None:
    """Raises UsageError with the first rule that is not kept."""
    for rule, kept in rules:
        if not kept:
            raise UsageError(rule)


def _build(kind: Any, table: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]
    for key in table:
        if key not in known:
            raise UsageError(f"{where}: unknown key {key!r}; there are: {', '.join(known) or 'none'}")
    for field in dataclasses.fields(kind):
        if field.name not in table and field.default is field.default_factory is dataclasses.MISSING:
            raise UsageError(f"{where}: the key {field.name!r} is missing")
    values = {key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except (DataError, ValueError) as error:
        raise UsageError(f"{where}: {str(error).removeprefix('sampling: ')}") from error


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
        return dict(value)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_value(options[0], element, where) for element in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise UsageError(f"{where} must be {getattr(kind, '__name__', kind)}, not {value!r:.60}")
