"""The stream of events that answers a watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import msgspec
import urllib3

from iter8_gitops.kube.errors import KubeUnreachableError
from iter8_gitops.kube.failures import error_of_status
from iter8_gitops.kube.transport import NETWORK_ERRORS, Transport, pieces


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK (of whose object only the resourceVersion counts)."""

    type: str
    object: dict[str, Any]


class WatchStream:
    """Iterate over it in one thread; `close` may be called from any, and ends the iteration at once, without an error.

    Iteration ends when the server ends the watch in good order. It raises the KubeError that an ERROR event holds
    (KubeGoneError when the resourceVersion is too old), and KubeUnreachableError when the stream is cut short, silent
    for too long, or silent while the server did not answer another request either. A context manager that closes.
    """

    def __init__(self, transport: Transport, response: urllib3.BaseHTTPResponse, read_timeout: float) -> None:
        self._transport = transport
        self._response = response
        self._lock = threading.RLock()
        self._closed = False
        self._doubted = False
        self._reading = False
        self._heard_at = time.monotonic()
        connection = response.connection
        if connection is not None and connection.sock is not None:  # type: ignore[attr-defined]
            connection.sock.settimeout(read_timeout)  # type: ignore[attr-defined]
        transport.tell_of_silence(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the stream and its connection."""
        with self._lock:
            self._doubted = False
            self._end()

    def doubt(self, since: float) -> None:
        """The server has not answered a request of `since` (monotonic seconds): a stream as silent ends as cut short.

        It may have been forgotten on the way, and then nobody would say so for minutes. Any thread.
        """
        with self._lock:
            if not self._closed and self._heard_at < since:
                self._doubted = True
                self._end()

    def __iter__(self) -> Iterator[WatchEvent]:
        with self._lock:
            if self._closed:
                return
            self._reading = True
        try:
            yield from self._events()
        finally:
            with self._lock:
                self._reading = False
                self._closed = True
            self._response.close()
        if self._doubted:
            message = f"cannot reach {self._transport.server}: no answer in time"
            raise KubeUnreachableError(message, reason="Unreachable")

    def _end(self) -> None:
        self._closed = True
        if not self._reading:
            self._response.close()
            return
        # Closing would wait for the reader, and pull the socket out from under it: wake it, and it closes.
        try:
            self._response.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # It has come to its end meanwhile.

    def _events(self) -> Iterator[WatchEvent]:
        rest = b""
        try:
            for piece in pieces(self._response):
                self._heard_at = time.monotonic()
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    if self._closed:
                        return
                    if line.strip():
                        yield self._decoded(line)
        except NETWORK_ERRORS as error:
            if self._closed:
                return
            raise self._transport.network_error(error, self._heard_at) from error
        if rest.strip() and not self._closed:
            message = f"{self._transport.server}: the watch was cut short"
            raise KubeUnreachableError(message, reason="Unreachable")

    def _decoded(self, line: bytes) -> WatchEvent:
        try:
            event = msgspec.json.decode(line)
            kind, content = event["type"], event["object"]
            metadata = content["metadata"] if kind != "ERROR" else {}
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            message = f"{self._transport.server}: the watch sent what is no event"
            raise KubeUnreachableError(message, reason="BadAnswer") from error
        if kind == "ERROR":
            raise error_of_status(content)
        if not isinstance(metadata, dict):
            message = f"{self._transport.server}: the watch sent what is no object"
            raise KubeUnreachableError(message, reason="BadAnswer")
        return WatchEvent(kind, content)
