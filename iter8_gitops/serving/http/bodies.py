"""Reading a request body of JSON: bounded, strict, and with errors that say where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

import falcon
from falcon.asgi import Request

from iter8_gitops.core.arguments import shown
from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.http.answers import RequestError

MAX_BODY_BYTES = 4 * 1024 * 1024
_MAX_DISCARDED_BYTES = 8 * MAX_BODY_BYTES
"""So much is read, at most, of a body that is too large."""

_MOST_DIGITS = 40
_SURROGATES = re.compile("[\ud800-\udfff]")


async def read_json(req: Request, whole_number: Callable[[str], float] = float) -> Any:
    """The body as plain JSON values. `whole_number` makes numbers of digits alone, by default floats.

    Raises `RequestError` (413 above 4 MiB, 415 for another content type or coding) and `InvalidArgumentError`
    with the line and column of what is not JSON, and for NaN, infinity and duplicate keys.
    """
    return decode_json(await read_json_text(req), whole_number)


async def read_json_text(req: Request) -> bytes:
    """The body of a request that says that it is JSON, not decoded yet. Raises as `read_json` does for that."""
    _require_json(req)
    return await read_body(req)


def exact_number(digits: str) -> float:
    """A number of digits alone as it is; as a float when it is so long that reading it would cost time."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _require_json(req: Request) -> None:
    media_type = (req.content_type or falcon.MEDIA_JSON).partition(";")[0].strip().lower()
    if media_type != falcon.MEDIA_JSON:
        description = f"the body must be application/json, not '{shown(media_type)}'"
        raise RequestError(falcon.HTTP_415, "Unsupported media type", description, "Content-Type")
    coding = (req.get_header("Content-Encoding") or "identity").strip().lower()
    if coding != "identity":
        description = f"the body must come as it is, without the coding '{shown(coding)}'"
        raise RequestError(falcon.HTTP_415, "Unsupported content coding", description, "Content-Encoding")


async def read_body(req: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """The whole body, however it is framed. Raises `RequestError` (413 above `limit` bytes), `InvalidArgumentError`."""
    announced = req.content_length
    body = bytearray()
    received = 0
    async for chunk in req.stream:
        received += len(chunk)
        if received > _MAX_DISCARDED_BYTES:
            break
        if received <= limit:
            body += chunk
    # What is too much has been read and thrown away up to here: a client that is still sending when
    # the connection is closed would see a reset and not this answer.
    if received > limit:
        description = f"the body may have at most {limit} bytes"
        raise RequestError(falcon.HTTP_413, "Content too large", description, "body")
    if announced is not None and received < announced:
        message = f"ended after {received} of the {announced} bytes that were announced"
        raise InvalidArgumentError("body", message)
    return bytes(body)


def decode_json(body: bytes, whole_number: Callable[[str], float] = float) -> Any:
    """The plain JSON values in `body`, as `read_json` has them. Raises `InvalidArgumentError`."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 (byte {error.start} is 0x{body[error.start]:02X})"
        raise InvalidArgumentError("body", message) from error
    try:
        # An integer of thousands of digits is infinite as a float, and costs nothing.
        return json.loads(text, parse_int=whole_number, parse_constant=_refuse, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        message = f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        raise InvalidArgumentError("body", message) from error
    except RecursionError as error:
        raise InvalidArgumentError("body", "is nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    message = f"is not JSON: {constant} is not a number that JSON knows"
    raise InvalidArgumentError("body", message)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise InvalidArgumentError(shown(twice), "appears twice in one object")
    for key in found:
        if not key.isascii() and _SURROGATES.search(key):
            raise InvalidArgumentError(shown(key), "is not a known key")
    return found
