"""`GET /v1/lookup` against an app that answers a constant, under the same gunicorn flags, in turn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.reconcile import Bench

ROUNDS, SECONDS, CONNECTIONS = 5, 2.0, 16


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(*command: str, port: int) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", *command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            time.sleep(0.1)
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait(30)


class _Client(asyncio.Protocol):
    """Asks again as soon as it is answered. Every user is another one, so that every exposure is recorded."""

    def __init__(self, number: int) -> None:
        self.answered = 0
        self._number = number

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 200"), data
        self.answered += 1
        self._ask()

    def _ask(self) -> None:
        user = f"{self._number}-{self.answered % 5000}"
        self._transport.write(
            f"GET /v1/lookup?application=shop/app-0&user={user} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )


async def _answers_per_second(port: int) -> float:
    loop = asyncio.get_running_loop()
    clients = [_Client(number) for number in range(CONNECTIONS)]
    opened = [await loop.create_connection(lambda c=client: c, "127.0.0.1", port) for client in clients]  # type: ignore[misc]
    await asyncio.sleep(0.3)
    before, began = sum(client.answered for client in clients), time.perf_counter()
    await asyncio.sleep(SECONDS)
    rate = (sum(client.answered for client in clients) - before) / (time.perf_counter() - began)
    for transport, _ in opened:
        transport.abort()
    return rate


def measure() -> list[Measurement]:
    ours, peers = free_port(), free_port()
    flags = ("-k", "asgi", "--workers", "1", "--no-control-socket", "--log-level", "error")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(100, Path(folder))
        bench.deliver()
        bench.parts.board.heartbeat(time.time() + 3600)
        state = str(Path(folder) / "state")
        serve = ("iter8_gitops", "serve", "--state-dir", state, "--port", str(ours), "--workers", "1")
        constant = ("gunicorn", *flags, "--bind", f"127.0.0.1:{peers}", "benchmarks.constant:app")
        with server(*serve, port=ours), server(*constant, port=peers):
            pairs = [
                (asyncio.run(_answers_per_second(ours)), asyncio.run(_answers_per_second(peers))) for _ in range(ROUNDS)
            ]
        bench.close()
    lookup, peer = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    return [
        Measurement("HTTP lookups, one worker, every user new at first", f"{lookup:,.0f}/s"),
        Measurement("HTTP constant answer, Falcon under the same gunicorn flags", f"{peer:,.0f}/s"),
        Measurement("  ratio", f"{ratio:.2f}", ">= 0.8"),
    ]
