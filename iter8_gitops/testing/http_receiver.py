"""A receiver of HTTP requests on this machine, which can refuse, hang and be away, for tests of notifiers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_NO_CONTENT = 204
_REFUSED_FOR_GOOD = 400
_REFUSED_FOR_NOW = 503


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came in."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


class HttpReceiver:
    """Answers every request on a port of its own: with the status `success` while it accepts. A context manager."""

    def __init__(self, success: int = 200) -> None:
        self._requests: list[Request] = []
        self._success = self._status = success
        self._headers: Mapping[str, str] = {}
        self._answering = threading.Event()
        self._answering.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[Request]:
        """Every request that was accepted."""
        return list(self._requests)

    def accept(self) -> None:
        """Accept requests (again)."""
        self._status, self._headers = self._success, {}
        self._answering.set()

    def refuse(self, *, retry: bool, retry_after: float = 0.0) -> None:
        """Refuse requests: for now (503), perhaps with a `Retry-After` in seconds, or for good (400)."""
        self._status = _REFUSED_FOR_NOW if retry else _REFUSED_FOR_GOOD
        self._headers = {"Retry-After": f"{retry_after:g}"} if retry_after else {}
        self._answering.set()

    def hang(self) -> None:
        """Take requests and never answer."""
        self._answering.clear()

    def received(self) -> int:
        """How many requests were accepted."""
        return len(self._requests)

    def answer(self, request: Request) -> tuple[int, Mapping[str, str]]:
        """Status and headers for a request that came in; waits while it hangs."""
        self._answering.wait()
        if self._status < _REFUSED_FOR_GOOD:
            self._requests.append(request)
        return self._status, self._headers


def _handler_of(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers = receiver.answer(Request(self.command, self.path, dict(self.headers), body))
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                text = b"" if status == _NO_CONTENT else b"ok"
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:  # The notifier has given up.
                self.close_connection = True

        do_PUT = do_POST  # noqa: N815 - the name that the base class looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Stay quiet."""

    return Handler
