"""Servers on the loopback interface that notices are posted to, and that answer as a test wants."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

LOCALHOST = Path(__file__).parent / "testdata" / "localhost.pem"
"""A certificate of `localhost` that nobody trusts, and its key."""


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Request:
    """What was posted: `target` as the request line has it, headers by names in lower case, and the JSON."""

    method: str
    target: str
    headers: Mapping[str, str]
    json: Any


class Receiver:
    """Answers with `replies` in turn, and with the last one from then on.

    It can be stopped and started again on the same port. `held` is cleared to let requests wait for their answer.
    With `tls` it is one for HTTPS, and `localhost` by its certificate.
    """

    def __init__(self, replies: Sequence[Reply] = (), *, tls: bool = False) -> None:
        self.replies = list(replies) or [Reply()]
        self.requests: list[Request] = []
        self.held = threading.Event()
        self.held.set()
        self.port = 0
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    @property
    def texts(self) -> list[str]:
        """The `text` of everything that was posted."""
        return [request.json["text"] for request in self.requests]

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(_Handler, self))
        self.port = self._server.server_port
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(LOCALHOST)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Close the port, after every request has its answer."""
        self.held.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def take(self, request: Request) -> Reply:
        """Note a request, and say what to answer."""
        with self._lock:
            self.requests.append(request)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.held.wait(20)
        return reply


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, receiver: Receiver, *arguments: object) -> None:
        self._receiver = receiver
        super().__init__(*arguments)  # type: ignore[arg-type]  # the arguments of socketserver, passed on as they are

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(json.loads(body))

    def do_GET(self) -> None:
        self._answer(None)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Stay quiet."""

    def _answer(self, posted: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._receiver.take(Request(self.command, self.path, headers, posted))
        try:
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body.encode())
        except OSError:
            self.close_connection = True  # whoever asked is gone


@contextmanager
def receiving(*replies: Reply, tls: bool = False) -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver(replies, tls=tls)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()


def unused_port() -> int:
    """A port of the loopback interface where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests reach the loopback interface, whatever the environment says of proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
