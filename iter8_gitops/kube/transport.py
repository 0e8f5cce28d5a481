"""One HTTP request to an API server, over the official client's connections and with its credentials."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import msgspec
import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from kubernetes.utils.keepalive import tcp_keepalive_socket_options

from iter8_gitops import __version__
from iter8_gitops.kube.credentials import Access
from iter8_gitops.kube.errors import KubeError, KubeForbiddenError, KubeInvalidError, KubeUnreachableError
from iter8_gitops.kube.failures import error_of_network, error_of_response, is_timeout

JSON: Final = "application/json"
_CONNECTIONS = 256
"""Idle connections to keep, more than there are threads that ask: each watch takes one of its own."""
_PIECE = 1 << 16
_SILENCE = 15
"""Seconds until the kernel gives up a peer that acknowledges nothing."""

NETWORK_ERRORS: Final = (urllib3.exceptions.HTTPError, http.client.HTTPException, ApiException, OSError, ValueError)
"""All that urllib3 and what is under it raise when a connection fails or the other side does not speak HTTP."""


class Doubtful(Protocol):
    """Something that waits for the server to speak, and cannot tell a silence from a connection that leads nowhere."""

    def doubt(self, since: float) -> None:
        """The server has not answered a request that was sent at `since` (monotonic seconds)."""
        ...


class Transport:
    """Sends requests and reads answers. Thread-safe; never tries again by itself.

    Whatever goes wrong is raised as a KubeError.
    """

    def __init__(self, access: Access) -> None:
        self._configuration = access.configuration
        self._configuration.retries = False
        self._configuration.connection_pool_maxsize = _CONNECTIONS
        self._configuration.socket_options = _socket_options()
        self._client = ApiClient(self._configuration)
        self._credentials = threading.Lock()
        self._waiting: weakref.WeakSet[Doubtful] = weakref.WeakSet()
        self._waiting_lock = threading.Lock()
        self._closed = False
        self.server: str = self._configuration.host

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        timeout: float,
        accept: str = JSON,
        content_type: str = JSON,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return the answer once its head is here and says that all is well.

        The caller must close the response, or read it with `read`. `timeout` in seconds covers connecting and
        the wait for the head.
        """
        if self._closed:
            raise KubeUnreachableError("the client is closed", reason="Closed")
        headers = {"User-Agent": f"iter8-gitops/{__version__}", "Accept": accept, **self._authorization()}
        if body is not None:
            headers["Content-Type"] = content_type
        url = self.server + _checked(path) + (f"?{urlencode(params)}" if params else "")
        began = time.monotonic()
        try:
            response: urllib3.BaseHTTPResponse = self._client.call_api(
                method, url, header_params=headers, body=body, _request_timeout=timeout
            ).response
        except NETWORK_ERRORS as error:
            raise self.network_error(error, began) from error
        except TypeError as error:  # For instance a date, which YAML has.
            message = f"the object cannot be written as JSON: {error}"
            raise KubeInvalidError(message, reason="Invalid") from error
        if response.status >= http.client.MULTIPLE_CHOICES:
            retry_after = response.headers.get("Retry-After", "")
            raise error_of_response(response.status, response.reason or "", self.read(response, timeout), retry_after)
        return response

    def read(self, response: urllib3.BaseHTTPResponse, timeout: float) -> bytes:
        """Read the whole body within `timeout` seconds, and give the connection back."""
        began = time.monotonic()
        chunks: list[bytes] = []
        try:
            for piece in pieces(response):
                chunks.append(piece)
                if time.monotonic() > began + timeout:
                    message = "the answer takes too long"
                    raise TimeoutError(message)
        except NETWORK_ERRORS as error:
            response.close()
            raise self.network_error(error, began) from error
        response.release_conn()
        return b"".join(chunks)

    def read_object(self, response: urllib3.BaseHTTPResponse, timeout: float) -> dict[str, Any]:
        """Read a body that must be a JSON object."""
        body = self.read(response, timeout)
        try:
            content = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._not_json(str(error)) from error
        if not isinstance(content, dict):
            raise self._not_json("it is no object")
        return content

    def tell_of_silence(self, waiting: Doubtful) -> None:
        """Let `waiting` know of requests that are not answered in time, as long as somebody else holds it."""
        with self._waiting_lock:
            self._waiting.add(waiting)

    def network_error(self, error: Exception, began: float) -> KubeError:
        """Put a network's error in words; nothing was heard since `began` (monotonic seconds).

        After a silence, idle connections may lead nowhere, too, and so may streams: drop those, and doubt these.
        """
        if is_timeout(error):
            self._client.rest_client.pool_manager.clear()
            with self._waiting_lock:
                waiting = list(self._waiting)
            for each in waiting:
                each.doubt(began)
        return error_of_network(self.server, error)

    def close(self) -> None:
        """Close all idle connections; further requests fail."""
        self._closed = True
        self._client.close()  # type: ignore[no-untyped-call]

    def _authorization(self) -> dict[str, str]:
        """Return the header with a fresh token. The official client's refresh hooks are not thread-safe."""
        try:
            with self._credentials:
                token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        except (ConfigException, OSError, KeyError, TypeError, ValueError) as error:
            message = f"there are no credentials: {error}"
            raise KubeForbiddenError(message, reason="Unauthorized") from error
        return {"Authorization": token.strip()} if token else {}

    def _not_json(self, why: str) -> KubeUnreachableError:
        return KubeUnreachableError(f"{self.server} did not answer with JSON: {why}", reason="BadAnswer")


def pieces(response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield a body as it arrives, without waiting for more than there is."""
    if response.supports_chunked_reads() and response.chunked:  # type: ignore[attr-defined]
        yield from response.read_chunked(decode_content=True)
        return
    while piece := response.read1(_PIECE, decode_content=True):
        yield piece


def _checked(path: str) -> str:
    """Quote a path. Names from people's documents are in it, which must not lead to other objects than are meant."""
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        message = f"{path!r} is not the path of an object"
        raise KubeInvalidError(message, reason="Invalid")
    return quote(path, safe="/:@!$&'()*+,;=~")


def _socket_options() -> list[tuple[int, int, int]]:
    """Notice a silent peer: probe after 5 s without a word, and give up after two probes or unanswered data."""
    options = tcp_keepalive_socket_options(idle=_SILENCE // 3, interval=_SILENCE // 3, count=2)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000))
    return options
