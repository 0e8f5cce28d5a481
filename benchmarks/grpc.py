"""gRPC `Lookup` against a method that does nothing, on the same kind of server, in turn."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping

from benchmarks import empty
from benchmarks.h2 import UnaryClient
from benchmarks.load import Target, free_port, server
from benchmarks.lookups import Words, compare_lookups
from benchmarks.measurement import Measurement
from iter8_gitops.serving.abn.abn_pb2 import Application

CONNECTIONS, STREAMS = 2, 8
SEEN_USERS = 800

_runs = itertools.count()


def _client(method: str, name: str, users: int) -> UnaryClient:
    """Asks for users called `NAME-0`, `NAME-1`, .. and again from the start after `users` of them."""

    def message(call: int) -> bytes:
        asked: bytes = Application(name="shop/app-0", user=f"{name}-{call % users}").SerializeToString()
        return asked

    return UnaryClient(method, message, STREAMS)


def seen_before(number: int) -> UnaryClient:
    return _client("/main.ABN/Lookup", f"seen-{number}", SEEN_USERS)


def new(number: int) -> UnaryClient:
    """A client whose users nobody has asked for, so that every exposure is recorded."""
    return _client("/main.ABN/Lookup", f"new-{next(_runs)}-{number}", 1 << 62)


def nothing(number: int) -> UnaryClient:
    return _client(empty.METHOD, f"seen-{number}", SEEN_USERS)


@contextlib.contextmanager
def _servers(state: str) -> Iterator[Mapping[str, Target]]:
    ours, peers = free_port(), free_port()
    serve = ("iter8_gitops", "grpc", "--state-dir", state, "--grpc-port", str(ours))
    with server(*serve, port=ours) as us, server("benchmarks.empty", str(peers), port=peers) as them:
        yield {
            "seen": Target(ours, us, seen_before),
            "peer": Target(peers, them, nothing),
            "new": Target(ours, us, new),
        }


def measure() -> list[Measurement]:
    words = Words(
        lookups="gRPC lookups, one process",
        peer="an empty grpc.aio handler",
        ratio="gRPC Lookup / empty grpc.aio handler",
        bar=">= 0.85",
        process="process",
    )
    return compare_lookups(_servers, CONNECTIONS, words)
