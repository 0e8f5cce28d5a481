"""`GET /v1/lookup` against an app that answers a constant, under the same gunicorn flags, in turn."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator, Mapping
from typing import cast

from benchmarks.load import Target, free_port, only_child, server
from benchmarks.lookups import Words, compare_lookups, shuffled
from benchmarks.measurement import Measurement

CONNECTIONS = 16
SEEN_USERS = 50


class Client(asyncio.Protocol):
    """Asks for users called `NAME-0`, `NAME-1`, .. and again from the start after `users` of them.

    Each is a user of another of so many `applications`, in a fixed order.
    """

    def __init__(self, name: str, users: int, applications: int = 1) -> None:
        self.answered = 0
        self._name = name
        self._users = users
        self._applications = applications

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
        path = f"/v1/lookup?application=shop/app-{shuffled(self.answered, self._applications)}&user={user}"
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def seen_before(number: int) -> Client:
    return Client(f"seen-{number}", SEEN_USERS)


_runs = itertools.count()


def new(number: int) -> Client:
    """A client whose users nobody has asked for, so that every exposure is recorded."""
    return Client(f"new-{next(_runs)}-{number}", 1 << 62)


@contextlib.contextmanager
def _servers(state: str) -> Iterator[Mapping[str, Target]]:
    ours, peers = free_port(), free_port()
    flags = ("-k", "asgi", "--workers", "1", "--no-control-socket", "--log-level", "error")
    serve = ("iter8_gitops", "serve", "--state-dir", state, "--port", str(ours), "--workers", "1")
    constant = ("gunicorn", *flags, "--bind", f"127.0.0.1:{peers}", "benchmarks.constant:app")
    with server(*serve, port=ours) as us, server(*constant, port=peers) as them:
        yield {
            "seen": Target(ours, only_child(us), seen_before),
            "peer": Target(peers, only_child(them), seen_before),
            "new": Target(ours, only_child(us), new),
        }


def measure() -> list[Measurement]:
    words = Words(
        lookups="HTTP lookups, one worker",
        peer="constant answer over HTTP, Falcon under the same gunicorn flags",
        ratio="HTTP lookup / constant answer",
        bar=">= 0.8",
        process="worker",
    )
    return compare_lookups(_servers, CONNECTIONS, words)
