"""An HTTP server that answers what a test says, for answers that no real API server gives on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from iter8_gitops.kube.client import KubeClient


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """`chunks`, if there are any, are sent one by one as they come; `cut` breaks the connection instead of ending."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    cut: bool = False


Handler = Callable[[Request], Answer]


def answer(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def status_answer(code: int, reason: str, message: str) -> Answer:
    return answer({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}, code)


def event(kind: str, content: Any) -> bytes:
    return json.dumps({"type": kind, "object": content}).encode() + b"\n"


def config_map(name: str, version: int, uid: str = "u", **data: str) -> dict[str, Any]:
    metadata = {"namespace": "default", "name": name, "uid": f"{uid}-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def config_map_list(version: int, *items: dict[str, Any]) -> Answer:
    metadata = {"resourceVersion": str(version)}
    return answer({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": metadata, "items": items})


class FakeApi:
    """`handler` may be replaced at any time; `requests` has all that were received."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self._folder = folder
        self._clients: list[KubeClient] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_class(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def client(self) -> KubeClient:
        """A client, which is closed with the server."""
        client = KubeClient.connect(kubeconfig=str(write_kubeconfig(self._folder, self.url)))
        self._clients.append(client)
        return client

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def fake_api(folder: Path, handler: Handler) -> Iterator[FakeApi]:
    api = FakeApi(folder, handler)
    try:
        yield api
    finally:
        api.close()


def write_kubeconfig(folder: Path, server: str, **user: str) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "fake", "cluster": {"server": server}}],
        "users": [{"name": "someone", "user": user or {"token": "secret-token"}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "someone", "namespace": "team"}}],
        "current-context": "fake",
    }
    path = folder / "kubeconfig.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def _handler_class(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class _Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, url.path, dict(parse_qsl(url.query)), dict(self.headers), body)
            api.requests.append(request)
            try:
                self._send(api.handler(request))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (the names are those of the base)

        def _send(self, said: Answer) -> None:
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.chunks is None:
                if "Content-Length" not in said.headers:
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)
            else:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.flush()
                for chunk in said.chunks:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                if not said.cut:
                    self.wfile.write(b"0\r\n\r\n")
            self.close_connection = self.close_connection or said.cut

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return _Handler
