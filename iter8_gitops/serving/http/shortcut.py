"""The most frequent request, answered before Falcon: a plain `GET /v1/lookup` that succeeds.

Requests and responses of a framework cost several times of what a lookup does. Everything that is not plain, and
everything that is wrong, goes to the application, whose answers have the same bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final, TypeAlias

from falcon.uri import parse_query_string

from iter8_gitops.errors import Iter8Error
from iter8_gitops.serving.http.decisions import LOOKUP, encoded
from iter8_gitops.serving.telemetry import Telemetry
from iter8_gitops.serving.usecases import Experiments

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_REPLACEMENT: Final = "\ufffd"
_JSON: Final = (b"content-type", b"application/json")


class LookupShortcut:
    """An ASGI application before `application`, whose middleware for responses does not see what is answered here."""

    def __init__(self, application: Application, experiments: Experiments, telemetry: Telemetry) -> None:
        self._application = application
        self._experiments = experiments
        self._took = telemetry.timer("http", LOOKUP)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server, also for its lifespan."""
        if scope["type"] == "http" and scope["path"] == LOOKUP and scope["method"] == "GET":
            started = perf_counter()
            answer = self._answer(scope["query_string"])
            if answer is not None:
                headers = [(b"content-length", b"%d" % len(answer)), _JSON]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": answer})
                self._took(perf_counter() - started)
                return
        await self._application(scope, receive, send)

    def _answer(self, query: bytes) -> bytes | None:
        """The answer to a lookup of one user, without attributes; None when the application has to see it."""
        try:
            # As Falcon reads it, with the options that it has by itself.
            given = parse_query_string(query.decode("ascii"), keep_blank=True, csv=False)
            application, user = given["application"], given["user"]
        except (UnicodeDecodeError, KeyError):
            return None
        if len(given) != 2 or not (isinstance(application, str) and isinstance(user, str)):
            return None
        if _REPLACEMENT in application or _REPLACEMENT in user:
            return None  # perhaps in place of bytes that are not UTF-8
        try:
            return encoded(self._experiments.lookup(application, user))
        except Iter8Error:
            return None  # the application comes to the same, and says so
