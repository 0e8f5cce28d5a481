"""The JSON shapes of `POST /v1/metrics`: one value, a list of values, or an object that holds the list."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import Measurement
from iter8_gitops.serving.usecases import MAX_VALUES

_KEYS = ", ".join(Measurement.__struct_fields__)
_COMPLAINT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<problem>missing required|contains unknown) field `(?P<key>.*)`", re.DOTALL)
_TYPES = re.compile(r"Expected `(?P<expected>\w+)`, got `(?P<found>\w+)`")
_IN_WORDS = {
    "float": "a number",
    "str": "a string",
    "bool": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def measurements_in(document: Any) -> tuple[list[Measurement], str | None]:
    """The measurements in a decoded body, and how the body names their list (None: there is no list).

    Raises `InvalidArgumentError` with the field of the first value that has another shape.
    """
    if isinstance(document, list):
        return _many(document, ""), ""
    if isinstance(document, dict) and "values" in document:
        for key in document:
            if key != "values":
                message = "is not a known key beside 'values'"
                raise InvalidArgumentError(shown(key), message)
        if not isinstance(document["values"], list):
            raise InvalidArgumentError("values", "must be an array")
        return _many(document["values"], "values"), "values"
    return [_converted(document, Measurement, "")], None


def _many(items: list[Any], within: str) -> list[Measurement]:
    # One item too many is enough to be refused; the rest need not be looked at.
    measurements: list[Measurement] = _converted(items[: MAX_VALUES + 1], list[Measurement], within)
    return measurements


def _converted(document: Any, shape: Any, within: str) -> Any:
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error), within) from error


def _explained(complaint: str, within: str) -> InvalidArgumentError:
    """msgspec's complaint, e.g. "Expected `float`, got `str` - at `$[3].value`", in this API's words."""
    parts = _COMPLAINT.fullmatch(complaint)
    what, path = (parts["what"], parts["path"] or "") if parts else (complaint, "")
    place = f"{within}{path}".removeprefix(".")
    if named := _NAMED.fullmatch(what):
        field = f"{place}.{shown(named['key'])}".removeprefix(".")
        unknown = f"is not a known key; the keys are {_KEYS}"
        return InvalidArgumentError(field, "is missing" if "missing" in named["problem"] else unknown)
    if types := _TYPES.fullmatch(what):
        expected, found = (_IN_WORDS.get(name, name) for name in types.group("expected", "found"))
        what = f"must be {expected}, not {found}"
    return InvalidArgumentError(place or "body", what)
