"""Why a request got no answer, in words. What the libraries say themselves may hold the address."""

from __future__ import annotations

import http.client
import ssl
from typing import Final

from urllib3 import exceptions

from iter8_gitops_plugins.webhooks.connections import CONNECT_SECONDS, READ_SECONDS

NETWORK_ERRORS: Final = (exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""All that the HTTP library and what is under it raise when the other side cannot be reached, or speaks no HTTP."""


def reason_of(error: Exception) -> str:
    """The reason in a few words."""
    match error:
        case exceptions.NameResolutionError():
            return "its name cannot be resolved"
        case exceptions.NewConnectionError():
            return _system_words(error.__cause__) or "no connection can be made"
        case exceptions.ConnectTimeoutError():
            return f"no connection within {CONNECT_SECONDS:g} s"
        case exceptions.ReadTimeoutError():
            return f"no answer within {READ_SECONDS:g} s"
        case exceptions.SSLError():
            return f"no trusted TLS connection{_certificate_words(error)}"
        case exceptions.ProxyError():
            return "the proxy that the environment names cannot be used"
        case exceptions.ProtocolError():
            return "the connection broke, or it speaks no HTTP"
        case _:
            return type(error).__name__


def _system_words(error: BaseException | None) -> str:
    return (error.strerror or "").lower() if isinstance(error, OSError) else ""


def _certificate_words(error: exceptions.SSLError) -> str:
    for inner in (*error.args, error.__cause__):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f": {inner.verify_message}"
    return ""
