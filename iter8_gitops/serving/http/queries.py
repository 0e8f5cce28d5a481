"""Strict reading of query parameters."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from falcon.asgi import Request

from iter8_gitops.core.arguments import shown
from iter8_gitops.core.attributes import attribute_texts
from iter8_gitops.errors import InvalidArgumentError

ATTRIBUTE = "attribute."
_WITHOUT_ATTRIBUTES = 2
"""Most lookups have an application and a user, and nothing else that would have to be looked through."""
_MOST_DIGITS = 18
_REPLACEMENT = "\ufffd"


def parameter(req: Request, name: str) -> str:
    """The query parameter `name`, "" when it is missing or empty. Unknown parameters are nobody's business.

    Raises `InvalidArgumentError` when it is given twice, or is not UTF-8.
    """
    value = req.params.get(name, "")
    if not isinstance(value, str):
        raise InvalidArgumentError(name, "is given more than once")
    if _REPLACEMENT in value:
        _require_utf8(req.query_string, name)
    return value


def attributes_in(req: Request) -> Mapping[str, str] | None:
    """The query parameters `attribute.NAME` by name, None when there are none. Raises as `parameter` does."""
    if len(req.params) <= _WITHOUT_ATTRIBUTES:
        return None
    found: dict[str, str] = {}
    for name in req.params:
        if name.startswith(ATTRIBUTE):
            if _REPLACEMENT in name:
                _require_utf8(req.query_string, name)
            found[name.removeprefix(ATTRIBUTE)] = parameter(req, name)
    return attribute_texts(found, "attribute") if found else None


def whole_number(req: Request, name: str) -> int | None:
    """The query parameter `name` as a number of at most 18 digits, None when it is missing or empty.

    Raises `InvalidArgumentError`.
    """
    value = parameter(req, name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        message = f"'{shown(value)}' is not a whole number, which is 1 to {_MOST_DIGITS} digits without a sign"
        raise InvalidArgumentError(name, message)
    return int(value)


def _require_utf8(query: str, name: str) -> None:
    """Tell a replacement character that the caller wrote from one that Falcon put in place of bad bytes."""
    for pair in parse_qsl(query, keep_blank_values=True, encoding="latin-1"):
        raw_name, raw_value = (text.encode("latin-1") for text in pair)
        if raw_name.decode(errors="replace") != name:
            continue
        try:
            raw_name.decode()
            raw_value.decode()
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 (byte {error.start} is 0x{error.object[error.start]:02X})"
            raise InvalidArgumentError(name, message) from error
