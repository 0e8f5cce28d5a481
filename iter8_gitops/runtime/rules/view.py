"""What expressions see of an object: copies of its sections that are safe for a native library, and bounded.

The library overflows its stack on deep nesting, refuses what UTF-8 cannot carry, cuts text at a NUL, and takes time
and memory that grow with the square of a collection when a macro builds a new one from it. So limits come first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.spec.content import omit
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.status import text

VARIABLES = ("metadata", "object", "spec", "status")
"""What an object is called in expressions: three of its sections, and the whole."""

MAX_DEPTH = 64
MAX_VALUES = 100_000
"""More than an object can hold that the API server stores."""

MAX_LOOP_ENTRIES = 500
"""Of a list or a mapping, for an expression that loops: a new list made of 500 items takes 5 MB, of 5000 400 MB."""

MAX_LOOP_TEXT = 65_536
"""Characters of one text, for an expression that loops: each round may search through it."""

_INT64 = 2**63
_UNFIT = re.compile("[\0\ud800-\udfff]")
_BOOKKEEPING = frozenset({"managedFields"})
_LAST_APPLIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


class TooMuchError(Exception):
    """An object is larger than what expressions may see; the text says where. Stays inside this package."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A copy of a section. `flaw` says why no expression may see it, `loop_flaw` why none that loops may; "" if not."""

    value: Any
    flaw: str = ""
    loop_flaw: str = ""


class ObjectView:
    """One object for any number of expressions. What none of them asks for is never copied."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._parts: dict[str, _Part] = {}

    def variables(self, names: Collection[str], *, loops: bool) -> dict[str, Any]:
        """The variables in `names`, for an expression that `loops` or not. Raises `TooMuchError`."""
        parts = {name: self._part(name) for name in names}
        for part in parts.values():
            if flaw := part.flaw or (part.loop_flaw if loops else ""):
                raise TooMuchError(flaw)
        return {name: part.value for name, part in parts.items()}

    def _part(self, name: str) -> _Part:
        if name not in self._parts:
            self._parts[name] = _copied(self._section(name), name)
        return self._parts[name]

    def _section(self, name: str) -> Mapping[str, Any]:
        if name == "metadata":
            return _without_bookkeeping(self._resource.metadata)
        if name == "object":
            manifest = self._resource.manifest
            metadata = {"metadata": _without_bookkeeping(self._resource.metadata)} if self._resource.metadata else {}
            return {**manifest, **metadata}
        return self._resource.section(name)


def _without_bookkeeping(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """`metadata` without what tools note for themselves, which may be larger than the object."""
    annotations = metadata.get("annotations")
    kept = omit(metadata, _BOOKKEEPING)
    return {**kept, "annotations": omit(annotations, _LAST_APPLIED)} if isinstance(annotations, Mapping) else kept


def _copied(section: Mapping[str, Any], name: str) -> _Part:
    copier = _Copier()
    try:
        value = copier.copy(section, name, 0)
    except TooMuchError as error:
        return _Part({}, flaw=str(error))
    return _Part(value, loop_flaw=copier.loop_flaw)


class _Copier:
    """Makes one copy, and notes on its way what is too large for loops."""

    def __init__(self) -> None:
        self.loop_flaw = ""
        self._values = 0

    def copy(self, value: Any, key: str, depth: int) -> Any:
        """`value`, which is found under `key`, as plain JSON. Raises `TooMuchError`."""
        self._values += 1
        if self._values > MAX_VALUES:
            message = f"the object holds more than {MAX_VALUES} values"
            raise TooMuchError(message)
        if isinstance(value, str):
            return self._text(value, key)
        if isinstance(value, (Mapping, list, tuple)):
            return self._collection(value, key, depth)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return value if -_INT64 <= value < _INT64 else _as_float(value)
        return value if isinstance(value, float) else None

    def _text(self, value: str, key: str) -> str:
        if len(value) > MAX_LOOP_TEXT:
            self._too_large_for_loops(key, f"{len(value)} characters", MAX_LOOP_TEXT)
        return fit_text(value)

    def _collection(self, value: Any, key: str, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            message = f"the object is nested deeper than {MAX_DEPTH} levels"
            raise TooMuchError(message)
        if len(value) > MAX_LOOP_ENTRIES:
            self._too_large_for_loops(key, f"{len(value)} entries", MAX_LOOP_ENTRIES)
        if isinstance(value, Mapping):
            return {
                fit_text(name): self.copy(item, name, depth + 1)
                for name, item in value.items()
                if isinstance(name, str)
            }
        return [self.copy(item, key, depth + 1) for item in value]

    def _too_large_for_loops(self, key: str, size: str, limit: int) -> None:
        if not self.loop_flaw:
            self.loop_flaw = f"`{text(key)}` has {size}, and an expression that loops sees at most {limit}"


def fit_text(value: str) -> str:
    """Text that UTF-8 can carry, and without NUL, which would end it."""
    return str(value) if value.isprintable() else _UNFIT.sub("\ufffd", value)


def _as_float(value: int) -> float:
    """What Kubernetes makes of a number that does not fit in 64 bits."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
