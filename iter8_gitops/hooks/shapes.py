"""Whether what a plugin answered has the types that were asked for, all the way down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

_Flaw: TypeAlias = tuple[str, str] | None
"""Where in a value something is wrong, and what; None for nothing."""


def flaw(value: object, hint: Any) -> str:
    """What in `value` is not of the type `hint`, and where; "" for nothing.

    Known are `int`, `float` (finite; an `int` will do), `str`, tuples (a list will do), mappings and dataclasses.
    """
    found = _check_of(hint)(value)
    return "" if found is None else f"{found[0]} {found[1]}".strip()


@cache
def _check_of(hint: Any) -> Callable[[Any], _Flaw]:
    if hint in _ATOMS:
        return _ATOMS[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _dataclass(hint)
    kind, arguments = get_origin(hint), get_args(hint)
    if kind is tuple and arguments[-1] is Ellipsis:
        return _sequence(_check_of(arguments[0]))
    if kind is tuple:
        return _tuple([_check_of(each) for each in arguments])
    if kind is Mapping:
        return _mapping(*map(_check_of, arguments))
    message = f"no rule for {hint!r}"
    raise TypeError(message)


def _is_not(value: object, wanted: str) -> _Flaw:
    return "", f"is of type {type(value).__name__}, not {wanted}"


def _int(value: Any) -> _Flaw:
    return None if type(value) is int else _is_not(value, "int")


def _float(value: Any) -> _Flaw:
    if type(value) is not float and type(value) is not int:
        return _is_not(value, "float")
    return None if isfinite(value) else ("", f"is {value}")


def _str(value: Any) -> _Flaw:
    return None if isinstance(value, str) else _is_not(value, "str")


_ATOMS: Mapping[Any, Callable[[Any], _Flaw]] = {int: _int, float: _float, str: _str}


def _sequence(of_each: Callable[[Any], _Flaw]) -> Callable[[Any], _Flaw]:
    def check(value: Any) -> _Flaw:
        if not isinstance(value, (tuple, list)):
            return _is_not(value, "tuple")
        for place, each in enumerate(value):
            if found := of_each(each):
                return f"[{place}]{found[0]}", found[1]
        return None

    return check


def _tuple(checks: list[Callable[[Any], _Flaw]]) -> Callable[[Any], _Flaw]:
    def check(value: Any) -> _Flaw:
        if not isinstance(value, (tuple, list)) or len(value) != len(checks):
            return _is_not(value, f"a tuple of {len(checks)}")
        for place, of_each in enumerate(checks):
            if found := of_each(value[place]):
                return f"[{place}]{found[0]}", found[1]
        return None

    return check


def _mapping(of_key: Callable[[Any], _Flaw], of_value: Callable[[Any], _Flaw]) -> Callable[[Any], _Flaw]:
    def check(value: Any) -> _Flaw:
        if not isinstance(value, Mapping):
            return _is_not(value, "Mapping")
        for key, each in value.items():
            if found := of_key(key):
                return f"key {key!r:.80}{found[0]}", found[1]
            if found := of_value(each):
                return f"[{key!r:.80}]{found[0]}", found[1]
        return None

    return check


def _dataclass(wanted: type) -> Callable[[Any], _Flaw]:
    checks = {name: _check_of(hint) for name, hint in get_type_hints(wanted).items()}

    def check(value: Any) -> _Flaw:
        if not isinstance(value, wanted):
            return _is_not(value, wanted.__name__)
        for name, of_field in checks.items():
            if found := of_field(getattr(value, name)):
                return f".{name}{found[0]}", found[1]
        return None

    return check
