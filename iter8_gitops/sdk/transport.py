"""HTTP with a bound on everything: the time to connect, each silence, the whole answer, and its size."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.sdk.errors import TransportError

MAX_BYTES = 64 * 1024 * 1024
"""Of an answer, also once it is decompressed."""

_CHUNK = 65_536
_GZIP = 31  # `wbits` of zlib for a gzip wrapper
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for each silence of the server, for a whole answer, and for each silence of a stream."""

    connect: float = 3.0
    read: float = 5.0
    total: float = 30.0
    stream: float = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def problem(self) -> Mapping[str, Any]:
        """The JSON object of an error (`title`, `description`, `field`); empty when it is none of ours."""
        try:
            found = msgspec.json.decode(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) and isinstance(found.get("title"), str) else {}

    def trouble(self, url: str) -> TransportError:
        """What to say of an answer that is not the one that was hoped for."""
        said = self.problem().get("description") or " ".join(self.body[:_SHOWN].decode("utf-8", "replace").split())
        after = self.headers.get("retry-after", "")
        return TransportError(
            f"{url} answers {self.status}: {str(said)[:_SHOWN]}", float(after) if after.isdecimal() else 0.0
        )


class Transport:
    """Speaks with the server at `base`, such as `http://iter8:8080`, with or without a path.

    `headers` go with every request, `ca_certs` is a file with certificates that are trusted (by default, the system's).
    Raises `ConfigurationError` for a URL that cannot be used. Safe in any thread, but not across a fork.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        ca_certs: str | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"'{base[:_SHOWN]}' is not the address of a server, such as http://iter8:8080"
            raise ConfigurationError(message)
        if parts.username or parts.password or parts.query or parts.fragment:
            message = (
                "the address of the server must be scheme, host, port and path alone; credentials go into `headers`"
            )
            raise ConfigurationError(message)
        self.base = base.rstrip("/")
        self.timeouts = timeouts or Timeouts()
        self._headers = dict(headers or {})
        self._max_bytes = max_bytes
        self._pool = urllib3.PoolManager(maxsize=4, ca_certs=ca_certs, retries=False)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for `path`. Raises `TransportError`."""
        return self._answered("GET", path, {"Accept-Encoding": "gzip", **(headers or {})}, None)

    def post(self, path: str, body: bytes) -> Answer:
        """Send JSON to `path`. Raises `TransportError`; then nobody knows whether it has arrived."""
        return self._answered("POST", path, {"Content-Type": "application/json"}, body)

    @contextmanager
    def stream(self, path: str) -> Iterator[urllib3.BaseHTTPResponse]:
        """The open answer of `path`, to be read with `chunks`. Raises `TransportError`."""
        url = f"{self.base}{path}"
        with _explained(url):
            response = self._pool.request(
                "GET",
                url,
                headers={**self._headers, "Accept": "text/event-stream", "Cache-Control": "no-cache"},
                timeout=urllib3.Timeout(connect=self.timeouts.connect, read=self.timeouts.stream),
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
        try:
            yield response
        finally:
            # A stream that was left in the middle is of no use to anybody else.
            response.close()

    def chunks(self, response: urllib3.BaseHTTPResponse, path: str) -> Iterator[bytes]:
        """What comes, as it comes, until the server ends. Raises `TransportError`."""
        with _explained(f"{self.base}{path}"):
            while chunk := response.read1(_CHUNK):
                yield chunk

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.clear()

    def _answered(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        url = f"{self.base}{path}"
        began = time.monotonic()
        with _explained(url):
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={**self._headers, **headers},
                timeout=urllib3.Timeout(connect=self.timeouts.connect, read=self.timeouts.read),
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
            try:
                content = self._content(response, url, began + self.timeouts.total)
            except BaseException:
                response.close()
                raise
            response.release_conn()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, found, self._decompressed(content, found, url))

    def _content(self, response: urllib3.BaseHTTPResponse, url: str, deadline: float) -> bytes:
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > self._max_bytes:
                raise self._too_long(url)
            if time.monotonic() > deadline:
                message = f"{url} takes longer than {self.timeouts.total:g} s to answer"
                raise TransportError(message)
        return bytes(content)

    def _decompressed(self, content: bytes, headers: Mapping[str, str], url: str) -> bytes:
        if headers.get("content-encoding", "").lower() != "gzip":
            return content
        inflater = zlib.decompressobj(_GZIP)
        try:
            plain = inflater.decompress(content, self._max_bytes)
        except zlib.error as error:
            message = f"{url} answers with something that is not gzip, as it says: {error}"
            raise TransportError(message) from error
        if inflater.unconsumed_tail:
            raise self._too_long(url)
        if not inflater.eof:
            message = f"{url} ended its answer too early"
            raise TransportError(message)
        return plain

    def _too_long(self, url: str) -> TransportError:
        return TransportError(f"{url} answers with more than {self._max_bytes} bytes")


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except (HTTPError, OSError, ValueError, AttributeError) as error:
        # AttributeError: a stream that another thread has shut down.
        message = f"{url} cannot be reached: {_in_words(error)}"
        raise TransportError(message) from error


def _in_words(error: BaseException) -> str:
    """The innermost reason, without the names of classes and objects that urllib3 puts around it."""
    reason = error
    while (inner := getattr(reason, "reason", None) or reason.__cause__) and isinstance(inner, BaseException):
        reason = inner
    said = str(reason)
    return (
        said.rpartition(": ")[2]
        if "object at 0x" in said or "ConnectionPool" in said
        else said or type(reason).__name__
    )
