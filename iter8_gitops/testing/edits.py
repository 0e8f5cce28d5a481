"""Edits of objects: a place, and what is put there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indexes, from the top of an object."""

GONE = object()
"""What an edit puts in a place to remove it."""

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `to` in the place `path` of an object; `GONE` removes what is there.

    `path` is written as `spec.template.spec.containers[0].image`, or as a tuple of keys and indexes where a key has a
    dot in it. Mappings on the way are made when they are missing. `sample` is the one sample that it is for; without
    it, it is for all.
    """

    path: str | Place
    to: Any
    sample: str = ""

    @property
    def place(self) -> Place:
        """`path` as keys and indexes."""
        return place_of(self.path) if isinstance(self.path, str) else self.path

    def __str__(self) -> str:
        shown = shown_place(self.place)
        return f"{shown} removed" if self.to is GONE else f"{shown} set to {self.to!r:.80}"

    def applied(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of `manifest` with the edit. Raises `LookupError` where the place cannot be reached."""
        edited: dict[str, Any] = put(manifest, self.place, self.to)
        return edited


def place_of(path: str) -> Place:
    """`a.b[0].c` as keys and indexes."""
    return tuple(int(index) if index else key for index, key in _PART.findall(path))


def shown_place(place: Place) -> str:
    """Keys and indexes as `a.b[0].c`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return shown.removeprefix(".")


def put(value: Any, place: Place, to: Any) -> Any:
    """A copy of a JSON value with `to` in a place; only what is on the way there is copied."""
    if not place:
        return to
    key, *rest = place
    if isinstance(key, int):
        return _put_in_list(value, key, tuple(rest), to)
    if not isinstance(value, Mapping):
        message = f"there is no mapping that could hold {key!r}"
        raise LookupError(message)
    copy = dict(value)
    if not rest and to is GONE:
        copy.pop(key, None)
    else:
        copy[key] = put(copy.get(key, {}), tuple(rest), to)
    return copy


def _put_in_list(value: Any, index: int, rest: Place, to: Any) -> list[Any]:
    if not isinstance(value, list) or index >= len(value):
        message = f"there is no list with an entry {index}"
        raise LookupError(message)
    copy = list(value)
    if not rest and to is GONE:
        del copy[index]
    else:
        copy[index] = put(copy[index], rest, to)
    return copy
