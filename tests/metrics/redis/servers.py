"""Redis servers on the loopback interface, for tests: alone, with replicas, and as a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from redis import Redis
from redis.exceptions import RedisError

PATIENCE = 20.0
_SLOTS = 16_384
_HIGHEST_PORT = 55_000
"""A node of a cluster also listens on the port that is 10,000 above its own."""


def redis_program() -> str:
    """The path of redis-server, or Valkey's."""
    return shutil.which("redis-server") or shutil.which("valkey-server") or missing("redis-server (or valkey-server)")


def missing(program: str) -> NoReturn:
    """Skip the test for want of a program, and fail it in CI."""
    message = f"needs {program}: install the package of that name"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class RedisServer:
    """One redis-server in a folder of its own; `settings` are directives of its configuration.

    It keeps its port over restarts, and what it has stored when `appendonly` says so.
    """

    def __init__(self, folder: Path, *, tls: bool = False, **settings: str) -> None:
        self.folder = folder
        self.port = 0
        self.tls = tls
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `--metrics-store`."""
        return f"redis://127.0.0.1:{self.port}"

    def client(self, **arguments: Any) -> Any:
        """A client that asks once."""
        login = {"password": self.settings["requirepass"]} if "requirepass" in self.settings else {}
        return Redis(port=self.port, socket_timeout=PATIENCE, protocol=2, **{**login, **arguments})

    def start(self) -> None:
        """Run until it answers."""
        program = redis_program()
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(10):
            port = self.port or _free_port()
            self._process = self._started(program, port)
            if eventually(partial(self._has_started, port)) and self._is_running():
                self.port = port
                return
            self.kill()
        pytest.fail((self.folder / "log").read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        """End it as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def freeze(self) -> None:
        """It stops answering, without closing anything."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _started(self, program: str, port: int) -> subprocess.Popen[bytes]:
        settings = {
            "bind": "127.0.0.1", "port": str(port), "dir": str(self.folder), "save": "", "logfile": "",
            "enable-debug-command": "yes", "tcp-backlog": "64", **self.settings,
        }  # fmt: skip
        if self.tls:
            settings |= {"port": "0", "tls-port": str(port)}
        lines = [f"{name.replace('_', '-')} {value or chr(34) * 2}\n" for name, value in settings.items()]
        configuration = self.folder / "redis.conf"
        configuration.write_text("".join(lines))
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([program, str(configuration)], stdout=log, stderr=subprocess.STDOUT)

    def _has_started(self, port: int) -> bool:
        """Or has ended, say because another program has taken the port."""
        return self._answers(port) or not self._is_running()

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _answers(self, port: int) -> bool:
        """Whether something listens that is no longer loading."""
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)):
                return False
            if self.tls:
                return True
            probe.sendall(b"PING\r\n")
            try:
                answer = probe.recv(64)
            except OSError:
                return False
            return answer.startswith((b"+PONG", b"-NOAUTH"))


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if port < _HIGHEST_PORT:
                return port


def eventually(holds: Callable[[], object]) -> bool:
    """Whether it comes to hold."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def running(folder: Path, *, tls: bool = False, **settings: str) -> Iterator[RedisServer]:
    """A server that answers, and is ended behind the block."""
    server = RedisServer(folder, tls=tls, **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def running_cluster(folder: Path, nodes: int = 3) -> Iterator[Sequence[RedisServer]]:
    """Primaries that share the slots evenly."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(running(folder / f"node-{number}", cluster_enabled="yes", cluster_node_timeout="2000"))
            for number in range(nodes)
        ]
        for number, server in enumerate(servers):
            with server.client() as client:
                client.execute_command(
                    "CLUSTER", "ADDSLOTSRANGE", number * _SLOTS // nodes, (number + 1) * _SLOTS // nodes - 1
                )
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        assert eventually(lambda: all(_is_whole(server, nodes) for server in servers))
        yield servers


def _is_whole(server: RedisServer, nodes: int) -> bool:
    with server.client() as client:
        try:
            state = client.execute_command("CLUSTER", "INFO")
        except RedisError:
            return False
    told = state if isinstance(state, dict) else dict(line.split(":") for line in state.decode().split("\r\n") if line)
    return bool(told["cluster_state"] == "ok" and told["cluster_known_nodes"] == str(nodes))
