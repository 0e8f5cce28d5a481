"""Errors as the OpenFeature Remote Evaluation Protocol has them: `errorCode`, `errorDetails`, and the `key`, if any."""

from __future__ import annotations

from typing import Any

import falcon
from falcon.asgi import Request

from iter8_gitops.errors import InvalidArgumentError, Iter8Error, NotFoundError
from iter8_gitops.serving.flags import KEY, MissingUserError

PREFIX = "/ofrep/"
FLAGS = "/ofrep/v1/evaluate/flags"


class UnreadableError(Iter8Error):
    """A body that is no evaluation request."""


def refusal(error: Exception) -> tuple[int, str, str]:
    """The HTTP status, error code and details that answer `error`.

    The protocol has no 503: providers take 500 for the server's failure, and show its details.
    """
    if isinstance(error, UnreadableError):
        return 400, "PARSE_ERROR", str(error)
    if isinstance(error, NotFoundError):
        return 404, "FLAG_NOT_FOUND", error.message
    if isinstance(error, MissingUserError):
        return 400, "TARGETING_KEY_MISSING", str(error)
    if isinstance(error, InvalidArgumentError):
        return _refused(error)
    if isinstance(error, falcon.HTTPError):
        return error.status_code, "GENERAL", error.description or error.title or str(error)
    return 500, "GENERAL", str(error)


def _refused(error: InvalidArgumentError) -> tuple[int, str, str]:
    if error.field == KEY:  # A key that no application can have is one that is not found.
        return 404, "FLAG_NOT_FOUND", str(error)
    if error.field == "body":
        return 400, "PARSE_ERROR", str(error)
    return 400, "INVALID_CONTEXT" if error.field.startswith("context") else "GENERAL", str(error)


def refusal_view(req: Request, code: str, details: str) -> dict[str, Any]:
    """The body that says so; an answer about one flag names its key."""
    key = req.path.removeprefix(f"{FLAGS}/")
    about = {"key": key} if key != req.path else {}
    return {**about, "errorCode": code, "errorDetails": details}
