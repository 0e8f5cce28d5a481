"""The data of a template in the shape that a Go program would give it.

In Go the data is a struct: a field that does not exist is an error, which catches typing mistakes.
Labels and annotations are maps of strings: a key that does not exist reads as "".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from iter8_gitops.hooks import TemplateError

_MAX_DATA = 512 * 1024
"""Characters of JSON; the API server allows 256 KiB of annotations."""

_MAX_ENTRIES = 1000
"""Labels or annotations; a template sorts them whenever it ranges over them."""

_MAPS = ("Labels", "Annotations")


class StringMap(dict[str, str]):
    """Go's `map[string]string`: a key that is absent reads as the empty string."""

    def __contains__(self, key: object) -> bool:
        """Reading any key succeeds, as it does in Go."""
        return isinstance(key, str)

    def __missing__(self, key: str) -> str:
        return ""


def go_values(data: Mapping[str, Any]) -> SimpleNamespace:
    """`data` as structs, lists and string maps, made of copies so that nothing else can be reached.

    Raises `TemplateError` when there is more of it than a template may be given.
    """
    copied = json.dumps({key: dict(value) if key in _MAPS else value for key, value in data.items()})
    if len(copied) > _MAX_DATA:
        message = f"the routemap's data has {len(copied)} characters, a template may be given {_MAX_DATA}"
        raise TemplateError(message)
    plain = json.loads(copied)
    maps = {key: StringMap(plain.pop(key)) for key in _MAPS if key in plain}
    for key, entries in maps.items():
        if len(entries) > _MAX_ENTRIES:
            message = f"the routemap has {len(entries)} {key.lower()}, a template may be given {_MAX_ENTRIES}"
            raise TemplateError(message)
    return SimpleNamespace(**_struct(plain), **maps)


def field_names(value: object) -> Iterator[str]:
    """The names of all fields of the structs in `value`."""
    if isinstance(value, SimpleNamespace):
        for name, field in vars(value).items():
            yield name
            yield from field_names(field)
    elif isinstance(value, list):
        for item in value:
            yield from field_names(item)


def _struct(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: _value(value) for key, value in mapping.items()}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**_struct(value))
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value
