"""From plain JSON values to the shapes that callers may send, with errors that say where."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import InvalidArgumentError

Shape = TypeVar("Shape", bound=msgspec.Struct)

_COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<problem>missing required|contains unknown) field `(?P<key>.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `(?P<expected>[\w |]+)`, got `(?P<found>[\w |]+)`")
_BOUNDS = re.compile(r"Expected `(?P<expected>\w+)` (?P<bound>[<>]=) (?P<limit>\S+)")
_IN_WORDS = {
    "float": "a number",
    "int": "a number",
    "str": "a string",
    "bool": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def converted(document: Any, shape: type[Shape]) -> Shape:
    """`document` as a `shape`. Raises `InvalidArgumentError` with the field that is wrong, or `body`."""
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error), shape, "") from error


def decoded(document: bytes | msgspec.Raw, shape: type[Shape], within: str = "") -> Shape:
    """The JSON `document`, which the caller calls `within`, as a `shape`; what that does not have is skipped, unread.

    Raises `InvalidArgumentError` with the field that is wrong, or `body`.
    """
    try:
        return msgspec.json.decode(document, type=shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error), shape, within) from error
    except msgspec.DecodeError as error:
        message = f"is not JSON: {error}"
        raise InvalidArgumentError(within or "body", message) from error
    except RecursionError as error:
        raise InvalidArgumentError(within or "body", "is nested too deeply") from error


def converted_list(items: list[Any], shape: type[Shape], within: str, most: int) -> list[Shape]:
    """`items`, which the caller calls `within`, as `shape`s. Of more than `most`, one too many is looked at.

    Raises `InvalidArgumentError` with the place of the first that is wrong.
    """
    try:
        return msgspec.convert(items[: most + 1], list[shape])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise _explained(str(error), shape, within) from error


def refuse_others(document: dict[str, Any], key: str) -> None:
    """Refuse every key beside `key`. Raises `InvalidArgumentError`."""
    for other in document:
        if other != key:
            message = f"is not a known key beside '{key}'"
            raise InvalidArgumentError(shown(other), message)


def _explained(complaint: str, shape: type[msgspec.Struct], within: str) -> InvalidArgumentError:
    """msgspec's complaint, e.g. "Expected `float`, got `str` - at `$[3].value`", in this API's words."""
    parts = _COMPLAINT.fullmatch(complaint)
    what, path = (parts["what"], parts["path"] or "") if parts else (complaint, "")
    place = f"{within}{path}".removeprefix(".")
    if named := _NAMED.fullmatch(what):
        field = f"{place}.{shown(named['key'])}".removeprefix(".")
        unknown = f"is not a known key; the keys are {', '.join(shape.__struct_fields__)}"
        return InvalidArgumentError(field, "is missing" if "missing" in named["problem"] else unknown)
    if types := _TYPES.fullmatch(what):
        expected, found = (_in_words(names) for names in types.group("expected", "found"))
        what = f"must be {expected}, not {found}"
    elif bounds := _BOUNDS.fullmatch(what):
        side = "at least" if bounds["bound"] == ">=" else "at most"
        what = f"must be {_in_words(bounds['expected'])}, {side} {float(bounds['limit']):g}"
    return InvalidArgumentError(place or "body", what)


def _in_words(names: str) -> str:
    return " or ".join(_IN_WORDS.get(name, name) for name in names.split(" | "))
