"""Copies of values that a native library can hold, and that it cannot take long with.

The library overflows its stack on deep nesting, refuses what UTF-8 cannot carry, and cuts text at a NUL. Its time and
memory grow with the square of a collection that a macro builds, and of texts of which one is looked for in another:
text of a megabyte in text takes twenty seconds.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from iter8_gitops.spec.status import text

MAX_DEPTH = 64
MAX_VALUES = 100_000
"""In all; more than an object can hold that the API server stores."""

MAX_LOOP_VALUES = 20_000
"""In all, for an expression that loops."""

MAX_LOOP_ENTRIES = 500
"""Of a list or a mapping, for an expression that loops: a new list made of 500 items takes 5 MB, of 5000 400 MB."""

MAX_TEXT = 65_536
"""Characters of one text. What is longer is seen cut, with a digest at the end: two of them are equal as before."""

MAX_LOOP_TEXT = 4096
"""Characters of one text, for an expression that loops."""

_INT64 = 2**63
_UNFIT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be copied: values in all, entries of a collection, characters of a text. `where` ends complaints."""

    values: int
    entries: int
    text: int
    where: str = ""


ORDINARY: Final = Limits(MAX_VALUES, MAX_VALUES, MAX_TEXT)
LOOPING: Final = Limits(MAX_LOOP_VALUES, MAX_LOOP_ENTRIES, MAX_LOOP_TEXT, ", too many for an expression that loops")


class TooMuchError(Exception):
    """A value is larger than what may be copied; the text says where. Stays inside this package."""


def bounded_copy(name: str, value: Any, limits: Limits) -> Any:
    """`value`, which is called `name`, as plain JSON within `limits`. Raises `TooMuchError`."""
    return _Copier(limits).copy(name, value, 0)


class _Copier:
    """Makes one copy."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._values = 0

    def copy(self, key: str, value: Any, depth: int) -> Any:
        """A value that is found under `key`, or in a list there, `depth` levels deep."""
        self._values += 1
        if self._values > self._limits.values:
            message = f"the object holds more than {self._limits.values} values{self._limits.where}"
            raise TooMuchError(message)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (Mapping, list, tuple)):
            return self._collection(key, value, depth)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return value if -_INT64 <= value < _INT64 else _as_float(value)
        return value if isinstance(value, float) else None

    def _collection(self, key: str, value: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            message = f"the object is nested deeper than {MAX_DEPTH} levels"
            raise TooMuchError(message)
        if len(value) > self._limits.entries:
            message = f"`{text(key)}` has more than {self._limits.entries} entries{self._limits.where}"
            raise TooMuchError(message)
        if isinstance(value, Mapping):
            named = ((name, item) for name, item in value.items() if isinstance(name, str))
            return {self._text(name): self.copy(name, item, depth + 1) for name, item in named}
        return [self.copy(key, item, depth + 1) for item in value]

    def _text(self, value: str) -> str:
        whole = fit_text(value)
        most = self._limits.text
        if len(whole) <= most:
            return whole
        return f"{whole[:most]}... ({hashlib.sha256(whole.encode()).hexdigest()})"


def fit_text(value: str) -> str:
    """Text that UTF-8 can carry, and without NUL, which would end it."""
    return str(value) if value.isprintable() else _UNFIT.sub("\ufffd", value)


def _as_float(value: int) -> float:
    """What Kubernetes makes of a number that does not fit in 64 bits."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
