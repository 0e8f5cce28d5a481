"""Turns what the network and the API server say about failures into `KubeError`."""

from __future__ import annotations

import ast
import re
from typing import Any

import msgspec
import urllib3
from kubernetes.client.exceptions import ApiException

from iter8_gitops.kube.errors import (
    FieldConflict,
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeInvalidError,
    KubeNotFoundError,
    KubeUnreachableError,
)

_BY_STATUS: dict[int, type[KubeError]] = {
    400: KubeInvalidError,
    401: KubeForbiddenError,
    403: KubeForbiddenError,
    404: KubeNotFoundError,
    405: KubeInvalidError,
    406: KubeInvalidError,
    408: KubeUnreachableError,
    410: KubeGoneError,
    413: KubeInvalidError,
    415: KubeInvalidError,
    422: KubeInvalidError,
}
_CONFLICT = re.compile(r'conflict with ("(?:[^"\\]|\\.)*")(.*)', re.DOTALL)
_BAD_PATCH = "failed to create typed patch object"
"""How the server says, with status 500, that what we apply does not fit the type."""
_LONGEST_TEXT = 300
_TOO_MANY_REQUESTS = 429
_CONFLICTING = 409
_SERVER_ERRORS = 500


def error_of_response(status: int, phrase: str, body: bytes, retry_after: str = "") -> KubeError:
    """The error of a response. `body` may be a Status, another server's page or nothing."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        content = None
    if isinstance(content, dict) and content.get("kind") == "Status":
        return error_of_status({**content, "code": status}, retry_after)
    text = body[: 4 * _LONGEST_TEXT].decode(errors="replace").strip()
    said = "" if "<" in text else " ".join(text.split())[:_LONGEST_TEXT]  # Nobody wants to read a page of HTML.
    message = f"the server answered {status} {phrase}".rstrip() + (f": {said}" if said else "")
    return _error(status, message, phrase.replace(" ", ""), retry_after)


def error_of_status(content: object, retry_after: str = "") -> KubeError:
    """The error of a Kubernetes Status object."""
    status: dict[str, Any] = content if isinstance(content, dict) else {"message": "an error without a Status"}
    code = status["code"] if isinstance(status.get("code"), int) else 0
    reason = str(status.get("reason") or "")
    message = str(status.get("message") or reason or f"the server answered {code}")
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    if code == _CONFLICTING:
        causes = details.get("causes")
        conflicts = tuple(filter(None, map(_conflict, causes if isinstance(causes, list) else ())))
        return KubeConflictError(message, reason=reason or "Conflict", conflicts=conflicts)
    return _error(code, message, reason, retry_after or str(details.get("retryAfterSeconds") or ""))


def _error(code: int, message: str, reason: str, retry_after: str) -> KubeError:
    if code == _CONFLICTING:
        return KubeConflictError(message, reason=reason)
    if message.startswith(_BAD_PATCH):
        return KubeInvalidError(message, status=code, reason=reason)
    if code == _TOO_MANY_REQUESTS or code >= _SERVER_ERRORS or _BY_STATUS.get(code) is KubeUnreachableError:
        seconds = float(retry_after) if retry_after.isdecimal() else 0.0
        return KubeUnreachableError(message, status=code, reason=reason, retry_after=seconds)
    return _BY_STATUS.get(code, KubeError)(message, status=code, reason=reason)


def _conflict(cause: object) -> FieldConflict | None:
    """Read `conflict with "kubectl-edit" using apps/v1 at 2021-...`; only updates (not applies) say "using"."""
    if not isinstance(cause, dict) or cause.get("reason") != "FieldManagerConflict":
        return None
    match = _CONFLICT.match(str(cause.get("message")))
    manager, rest = match.groups() if match else ('""', "")
    return FieldConflict(str(cause.get("field") or ""), _unquoted(manager), "Update" if " using " in rest else "Apply")


def _unquoted(quoted: str) -> str:
    """Undo Go's quoting, which Python's literals understand."""
    try:
        return str(ast.literal_eval(quoted))
    except (SyntaxError, ValueError):
        return quoted.strip('"')


def error_of_network(server: str, error: Exception) -> KubeUnreachableError:
    """The error of a request to `server` that got no (whole) answer."""
    return KubeUnreachableError(f"cannot reach {server}: {_in_words(error)}", reason="Unreachable")


def is_timeout(error: Exception) -> bool:
    """Tell whether the other side was silent for too long."""
    # urllib3 calls every failure to connect a timeout, also those that the other side refuses at once.
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return isinstance(error.__cause__, TimeoutError)
    return isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError)


def _in_words(error: Exception) -> str:
    if is_timeout(error):
        return "no answer in time"
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the name of the host is not known"
    inner: BaseException = error
    while (cause := inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)) is not None:
        inner = cause
    if isinstance(error, ApiException):  # TLS: the official client keeps only the text.
        return " ".join(str(error.reason).split())
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return " ".join(str(inner).split()) or type(inner).__name__
