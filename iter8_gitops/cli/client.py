"""The CLI's side of the HTTP API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from iter8_gitops.errors import ConfigurationError, InvalidArgumentError, NotFoundError, UnavailableError

_TIMEOUT_SECONDS = 10.0


def get_json(server: str, path: str, **query: str) -> Any:
    """GET `path` of the server and decode the JSON answer; a refusal becomes one of the project's errors."""
    url = f"{server.rstrip('/')}{path}"
    if not url.startswith(("http://", "https://")):
        message = f"--server {server!r} is not an http:// or https:// address"
        raise ConfigurationError(message)
    if query:
        url += "?" + urllib.parse.urlencode(query)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 (checked above)
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise _error_of(refusal) from refusal
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        message = f"cannot reach {server}: {reason}. Is it running? Start it with: iter8-gitops up PATH|URL"
        raise UnavailableError(message) from error


def _error_of(refusal: urllib.error.HTTPError) -> Exception:
    try:
        body = json.load(refusal)
        said, field = str(body["description"]), str(body.get("field") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return UnavailableError(f"{refusal.url} answered {refusal.code} {refusal.reason}")
    if refusal.code == 404:
        return NotFoundError(field, said)
    if refusal.code < 500:
        return InvalidArgumentError(field or "request", said)
    return UnavailableError(said)
