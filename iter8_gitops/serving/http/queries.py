"""Strict reading of query parameters."""

from __future__ import annotations

from urllib.parse import parse_qs

from falcon.asgi import Request

from iter8_gitops.errors import InvalidArgumentError

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


def whole_number(req: Request, name: str) -> int | None:
    """The query parameter `name` as a number of at most 18 digits, None when it is missing or empty.

    Raises `InvalidArgumentError`.
    """
    value = parameter(req, name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise InvalidArgumentError(name, "is not a whole number")
    return int(value)


def _require_utf8(query: str, name: str) -> None:
    """Tell a replacement character that the caller wrote from one that Falcon put in place of bad bytes."""
    for raw in parse_qs(query, encoding="latin-1").get(name, ()):
        try:
            raw.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 (byte {error.start} is 0x{error.object[error.start]:02X})"
            raise InvalidArgumentError(name, message) from error
