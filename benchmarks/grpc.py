"""gRPC `Lookup` against a method that does nothing, on the same kind of server, in turn."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping

from benchmarks import empty
from benchmarks.h2 import UnaryClient
from benchmarks.load import Target, free_port, server
from benchmarks.lookups import Words, compare_lookups, shuffled
from benchmarks.measurement import Measurement
from iter8_gitops.serving.abn.abn_pb2 import Application

LOOKUP = "/main.ABN/Lookup"
CONNECTIONS, STREAMS = 2, 8
SEEN_USERS = 800

_runs = itertools.count()


def client(method: str, name: str, users: int, applications: int = 1) -> UnaryClient:
    """Asks for users called `NAME-0`, `NAME-1`, .. and again from the start after `users` of them.

    Each is a user of another of so many `applications`, in a fixed order.
    """

    def message(call: int) -> bytes:
        application = f"shop/app-{shuffled(call, applications)}"
        asked: bytes = Application(name=application, user=f"{name}-{call % users}").SerializeToString()
        return asked

    return UnaryClient(method, message, STREAMS)


def seen_before(number: int) -> UnaryClient:
    return client(LOOKUP, f"seen-{number}", SEEN_USERS)


def new(number: int) -> UnaryClient:
    """A client whose users nobody has asked for, so that every exposure is recorded."""
    return client(LOOKUP, f"new-{next(_runs)}-{number}", 1 << 62)


def nothing(number: int) -> UnaryClient:
    return client(empty.METHOD, f"seen-{number}", SEEN_USERS)


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
