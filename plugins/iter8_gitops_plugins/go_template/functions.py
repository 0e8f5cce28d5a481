"""The functions that build text, with a limit on what they build.

Without it `{{ $x = print $x $x }}` in a loop, or one `printf "%1000000000d"`, takes all memory: the
library limits what is written, but not what is kept in variables. The text itself is still made by
the library, once its size is known to be small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace

import gotpl

MAX_TEXT = 2048
"""Characters that one call may be given or make (before escaping, which makes each at most six)."""

_MAX_ARGUMENTS = 32
_NUMBER_LENGTH = 32
_NUMBER = re.compile(r"\d+")
_NAMES = ("print", "println", "printf", "html", "js", "urlquery")


def capped_functions() -> dict[str, Callable[..., object]]:
    """The library's text functions by name, each refusing to make more than `MAX_TEXT` characters."""
    return {name: _capped(name) for name in _NAMES}


def _capped(name: str) -> Callable[..., object]:
    def function(*values: object) -> str:
        if len(values) > _MAX_ARGUMENTS:
            message = f"it is given {len(values)} arguments, {_MAX_ARGUMENTS} are allowed"
            raise ValueError(message)
        size = _printf_size(*values) if name == "printf" and values else sum(map(_size, values))
        if size > MAX_TEXT:
            message = f"it would make more than {MAX_TEXT} characters"
            raise ValueError(message)
        return _original(name, len(values)).render(list(values))

    return function


@lru_cache(maxsize=len(_NAMES) * (_MAX_ARGUMENTS + 1))
def _original(name: str, arguments: int) -> gotpl.Template:
    """The library's own function, as a template that applies it to the items of a list."""
    items = " ".join(f"(index . {index})" for index in range(arguments))
    return gotpl.Template(f"{{{{ {name} {items} }}}}", missing_key="zero")


def _printf_size(form: object, *arguments: object) -> int:
    """An upper bound: each verb may repeat the longest argument, and pad it to the largest width."""
    if not isinstance(form, str):
        return _size(form)
    verbs = form.count("%")
    longest = max((_size(argument) for argument in arguments), default=0)
    widths = [int(number) for number in _NUMBER.findall(form[:MAX_TEXT])]
    if "*" in form:
        widths += [abs(argument) for argument in arguments if isinstance(argument, int)]
    return len(form) + longest * max(verbs, 1) + max(widths, default=0) * verbs


def _size(value: object, budget: int = MAX_TEXT) -> int:
    """The length of a value as text, roughly, and not counted on once it is over `budget`."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, Mapping):
        parts: list[object] = [part for entry in value.items() for part in entry]
    elif isinstance(value, (list, tuple)):
        parts = list(value)
    else:
        return _NUMBER_LENGTH
    size = len(parts)
    for part in parts:
        if size > budget:
            break
        size += _size(part, budget - size)
    return size
