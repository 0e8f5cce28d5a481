"""Clients, the real server under gunicorn, a server that answers what a test says, and a proxy that loses answers."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.core.news import news_since
from iter8_gitops.core.wire import encode_news
from iter8_gitops.sdk import Client, Timeouts
from iter8_gitops.spec.snapshot import ChangeLog, Snapshot
from iter8_gitops.spec.state_folder import StateFolder
from tests.serving.boards import make_snapshot, make_state, publish
from tests.serving.servers import Server, launch, wait_until_ready

QUICK = Timeouts(connect=1.0, read=1.0, total=2.0, stream=8.0)
PATIENCE = 30.0


def eventually(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds, and fail when it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[BoardPublisher]:
    """The publisher of the board of `state`, which has prod/backend (90/10) and default/shop-routemap."""
    publisher = publish(StateFolder(tmp_path / "state"))
    yield publisher
    publisher.close()


@pytest.fixture
def state(publisher: BoardPublisher, tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


def end(server: Server) -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts the HTTP server on a state folder, with settings given by keyword, and waits until it is ready."""
    servers: list[Server] = []

    def start_one(state: StateFolder, *, ready: bool = True, **settings: Any) -> Server:
        given = {"http_port": 0, "workers": 1, **settings}
        server = launch("serve_http", state, tmp_path / f"http-{len(servers)}.log", given)
        servers.append(server)
        if ready:
            wait_until_ready(server)
        return server

    yield start_one
    for server in servers:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGCONT)
        end(server)


@pytest.fixture
def server(start: Callable[..., Server], state: StateFolder) -> Server:
    return start(state)


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Makes clients, with short patience, and closes them."""
    clients: list[Client] = []

    def make(url: str, **settings: Any) -> Client:
        given = {"timeouts": QUICK, "poll_seconds": 0.05, "flush_seconds": 0.05, "exit_seconds": 1.0, **settings}
        clients.append(Client(url, **given))
        return clients[-1]

    yield make
    for client in clients:
        client.close(0.1)


def board(sequence: int = 7, name: str = "b1", **weights: tuple[int, ...]) -> Snapshot:
    """A snapshot of shop/NAME with these weights, all of which changed at `sequence`."""
    states = [
        make_state(f"shop/{key}", given, tuple(f"s{index}" for index in range(len(given))))
        for key, given in (weights or {"web": (1, 1)}).items()
    ]
    snapshot = make_snapshot(*states, now=time.time())
    log = ChangeLog(0, sequence, dict.fromkeys(snapshot.routemaps, sequence))
    return Snapshot(sequence, time.time(), snapshot.sources, snapshot.routemaps, name, log)


Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Script:
    """What the scripted server answers, and what it was asked. By default it behaves as a real one without streams."""

    snapshot: Snapshot = field(default_factory=board)
    faults: list[Reply] = field(default_factory=list)
    """What comes instead of snapshots, one after the other; the last one stays."""
    refusals: list[Reply] = field(default_factory=list)
    """What comes instead of taking exposures and values, one after the other, each once."""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    posted: list[tuple[str, bytes]] = field(default_factory=list)

    def get(self, path: str, headers: dict[str, str]) -> Reply:
        self.asked.append(path)
        self.headers.append(headers)
        if path.startswith("/v1/snapshot/events"):
            return 404, {}, b"{}"
        if self.faults:
            return self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]
        etag = f'"{self.snapshot.board}.{self.snapshot.sequence}"'
        found = {"ETag": etag, "Iter8-Controller-Age": "0.5", "Content-Type": "application/json"}
        if headers.get("if-none-match") == etag:
            return 304, found, b""
        query = dict(pair.split("=") for pair in path.partition("?")[2].split("&") if pair)
        since = int(query["since"]) if "since" in query else None
        return 200, found, encode_news(news_since(self.snapshot, since, query.get("board")))

    def post(self, path: str, body: bytes) -> Reply:
        self.posted.append((path, body))
        return self.refusals.pop(0) if self.refusals else (200, {}, b'{"accepted": 1}')


class Handler(BaseHTTPRequestHandler):
    script: ClassVar[Script]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self.script.get(self.path, {name.lower(): value for name, value in self.headers.items()}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.script.post(self.path, body))

    def _answer(self, reply: Reply) -> None:
        status, headers, body = reply
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
        """Say nothing."""


@dataclass
class Scripted:
    script: Script
    url: str


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A server that answers what its script says."""
    script = Script()
    handler = type("ScriptedHandler", (Handler,), {"script": script})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Scripted(script, f"http://127.0.0.1:{listening.server_address[1]}")
    listening.shutdown()
    thread.join()
    listening.server_close()


class LossyProxy:
    """Passes requests on to a server, and loses the answers to the first `losses` posts after they were given."""

    def __init__(self, port: int, losses: int) -> None:
        self.losses = losses
        self.lost = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._stopped = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._target), 5) as server:
            client.settimeout(5)
            request = client.recv(65_536)
            while b"\r\n\r\n" not in request:
                request += client.recv(65_536)
            head, _, body = request.partition(b"\r\n\r\n")
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection")]
            length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length")), 0)
            while len(body) < length:
                body += client.recv(65_536)
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answered = b""
            while part := server.recv(65_536):
                answered += part
                if not head.startswith(b"POST"):
                    client.sendall(part)
            if head.startswith(b"POST"):
                if self.lost < self.losses:
                    self.lost += 1
                    return
                client.sendall(answered)


@pytest.fixture
def lossy(server: Server) -> Iterator[LossyProxy]:
    proxy = LossyProxy(server.port, losses=3)
    yield proxy
    proxy.close()
