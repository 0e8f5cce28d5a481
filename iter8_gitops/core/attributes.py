"""What callers may say of a user, checked and brought to the form in which rules compare it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.spec.attributes import text_of

MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_NAME = 256
MAX_ATTRIBUTE_TEXT = 1024

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})

_MOST_BITS = (10**MAX_ATTRIBUTE_TEXT).bit_length()
"""Whole numbers of more bits are too long; Python refuses to write very long ones at all."""


def attribute_texts(attributes: Mapping[str, object], field: str = "attributes") -> Mapping[str, str]:
    """The values of `attributes` as texts, by name. Values are texts, booleans and finite numbers.

    At most 100 of them, with names of 1 to 256 characters and at most 1024 characters each once they are texts.
    Raises `InvalidArgumentError`, which names `attributes.NAME`; `field` is what the caller calls them.
    """
    if len(attributes) > MAX_ATTRIBUTES:
        message = f"has {len(attributes)} attributes; at most {MAX_ATTRIBUTES} are allowed"
        raise InvalidArgumentError(field, message)
    texts = {}
    for name, value in attributes.items():
        if isinstance(value, str) and len(value) <= MAX_ATTRIBUTE_TEXT and _is_name(name):
            # Most are like this, and need no further look.
            texts[name] = value
        else:
            texts[_checked_name(field, name)] = _text(field, name, value)
    return texts


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_ATTRIBUTE_NAME


def _checked_name(field: str, name: object) -> str:
    if not isinstance(name, str):
        message = f"has a name that is no text but {type(name).__name__}"
        raise InvalidArgumentError(field, message)
    if not _is_name(name):
        message = f"has a name of {len(name)} characters; 1 to {MAX_ATTRIBUTE_NAME} are allowed"
        raise _refusal(field, name, message)
    return name


def _text(field: str, name: str, value: object) -> str:
    if isinstance(value, float) and not isfinite(value):
        raise _refusal(field, name, "must be a finite number")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise _refusal(field, name, f"is out of range; it may have at most {MAX_ATTRIBUTE_TEXT} digits")
    if not isinstance(value, str | bool | int | float):
        raise _refusal(field, name, f"must be a text, a number, true or false, not {_kind(value)}")
    text = text_of(value)
    if len(text) > MAX_ATTRIBUTE_TEXT:
        raise _refusal(field, name, f"has {len(text)} characters; at most {MAX_ATTRIBUTE_TEXT} are allowed")
    return text


def _refusal(field: str, name: str, message: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{field}.{shown(name)}", message)


def _kind(value: object) -> str:
    return "null" if value is None else f"a value of type {type(value).__name__}"
