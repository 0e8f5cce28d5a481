"""`GET /v1/lookup` against an app that answers a constant, under the same gunicorn flags, in turn."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from pathlib import Path
from typing import cast

from benchmarks.load import Target, compare, cpu_ratio, free_port, only_child, per_second, ratio, server
from benchmarks.measurement import Measurement
from benchmarks.reconcile import Bench

ROUNDS, CONNECTIONS = 11, 16
SEEN_USERS = 50


class Client(asyncio.Protocol):
    """Asks for users called `NAME-0`, `NAME-1`, .. and again from the start after `users` of them."""

    def __init__(self, name: str, users: int) -> None:
        self.answered = 0
        self._name = name
        self._users = users

    def protocol(self) -> asyncio.Protocol:
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 200"), data
        self.answered += 1
        self._ask()

    def _ask(self) -> None:
        user = f"{self._name}-{self.answered % self._users}"
        self._transport.write(
            f"GET /v1/lookup?application=shop/app-0&user={user} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )


def seen_before(number: int) -> Client:
    return Client(f"seen-{number}", SEEN_USERS)


_runs = itertools.count()


def new(number: int) -> Client:
    """A client whose users nobody has asked for, so that every exposure is recorded."""
    return Client(f"new-{next(_runs)}-{number}", 1 << 62)


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
        with server(*serve, port=ours) as us, server(*constant, port=peers) as them:
            targets = {
                "seen": Target(ours, only_child(us), seen_before),
                "constant": Target(peers, only_child(them), seen_before),
                "new": Target(ours, only_child(us), new),
            }
            rates = compare(targets, ROUNDS, CONNECTIONS)
        bench.close()
    peer = rates["constant"]
    rows = [
        Measurement("constant answer over HTTP, Falcon under the same gunicorn flags", f"{per_second(peer):,.0f}/s")
    ]
    for name, users in (("seen", "users seen before"), ("new", "every user new")):
        rate = rates[name]
        rows += [
            Measurement(f"HTTP lookups, one worker, {users}", f"{per_second(rate):,.0f}/s"),
            Measurement(f"HTTP lookup / constant answer, {users}", f"{ratio(rate, peer):.2f}", ">= 0.8"),
            Measurement("  by the CPU time of the worker", f"{cpu_ratio(rate, peer):.2f}"),
        ]
    return rows
