"""Servers of Git repositories on the loopback interface, for tests: HTTP (smart and dumb), ssh, and one that hangs."""

from __future__ import annotations

import base64
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


class GitHttpServer:
    """Serves the repositories below `root` with `git http-backend`; asks for `username` and `password` if given.

    It can be stopped and started again on the same port. `requests` holds every request line with its
    decoded credentials, `sent` counts the bytes of all answers. `moved` maps a first part of paths to another one,
    to which whoever asks is sent. Every POST after the first `most_posts` of them is answered with an error.
    `login` may be changed at any time.
    """

    def __init__(self, root: Path, *, username: str = "", password: str = "") -> None:
        self.root = root
        self.login = f"{username}:{password}" if username else ""
        self.requests: list[tuple[str, str]] = []
        self.moved: dict[str, str] = {}
        self.most_posts: int | None = None
        self.sent = 0
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of `root`, without credentials."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(_Backend, self))
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


class _Backend(BaseHTTPRequestHandler):
    """Runs `git http-backend` as a CGI program for each request."""

    def __init__(self, owner: GitHttpServer, *arguments: object) -> None:
        self._owner = owner
        super().__init__(*arguments)  # type: ignore[arg-type]  # the arguments of socketserver, passed on as they are

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        if self._owner.most_posts is not None:
            self._owner.most_posts -= 1
            if self._owner.most_posts < 0:
                self.send_error(503)
                return
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Stay quiet."""

    def _serve(self) -> None:
        encoded = self.headers.get("Authorization", "").removeprefix("Basic ")
        login = base64.b64decode(encoded).decode()
        self._owner.requests.append((self.requestline, login))
        for old, new in self._owner.moved.items():
            if self.path.startswith(old):
                self.send_response(301)
                self.send_header("Location", self._owner.url + new + self.path.removeprefix(old))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        if self._owner.login and login != self._owner.login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self._owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self._owner.sent += len(content)
        self.wfile.write(content)


class _QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Stay quiet."""


@contextmanager
def serve_http(root: Path, *, username: str = "", password: str = "") -> Iterator[GitHttpServer]:
    """Run a smart HTTP server for the repositories below `root`."""
    server = GitHttpServer(root, username=username, password=password)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serve_files(root: Path) -> Iterator[str]:
    """Run a plain file server, which is what Git calls dumb HTTP; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietFiles, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def hang() -> Iterator[int]:
    """Listen on a port where connections succeed and then nothing ever happens; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@contextmanager
def hang_after_login() -> Iterator[tuple[str, threading.Event]]:
    """Ask for a password, and say nothing more to those who give one; yields the address, and an event for then."""
    known, over = threading.Event(), threading.Event()

    class Hanging(_QuietFiles):
        def do_GET(self) -> None:
            if "Authorization" in self.headers:
                known.set()
                over.wait()
                return
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Hanging) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", known
        finally:
            over.set()
            server.shutdown()
            thread.join()


class SshServer:
    """A running sshd for the current user. `command` is an ssh command line that trusts it and has a key for it.

    `key` is that key, `known_hosts` a file with its host key.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.user = getpass.getuser()
        self.command = f"ssh -F '{folder / 'ssh_config'}'"
        self.key = folder / "client"
        self.known_hosts = folder / "known_hosts"

    def url(self, path: Path) -> str:
        """The ssh:// address of a repository of this machine."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"


def find_sshd() -> str | None:
    """Return the path of sshd, or None when OpenSSH's server and client are not both installed."""
    tools = [shutil.which(tool, path=_SYSTEM_PATH) for tool in ("sshd", "ssh", "ssh-keygen")]
    return tools[0] if all(tools) else None


@contextmanager
def serve_ssh(sshd: str, folder: Path) -> Iterator[SshServer]:
    """Run sshd on a free port of the loopback interface, with keys of its own in `folder`."""
    for key in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # Where sshd confines itself when root starts it.
    port = _free_port()
    server_settings = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "AcceptEnv": "GIT_PROTOCOL",
    }
    (folder / "sshd_config").write_text(_settings(server_settings))
    known = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {known}")
    client_settings = {
        "IdentityFile": folder / "client",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": folder / "known_hosts",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
    }
    (folder / "ssh_config").write_text(_settings(client_settings))
    process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield SshServer(port, folder)
    finally:
        process.terminate()
        process.wait()


def _settings(values: dict[str, object]) -> str:
    return "".join(f"{name} {value}\n" for name, value in values.items())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
