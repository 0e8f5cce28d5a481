"""gRPC `Lookup` against a method that does nothing, on the same kind of server, in turn."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

from benchmarks import empty
from benchmarks.h2 import UnaryClient
from benchmarks.load import Rate, Target, compare, cpu_ratio, free_port, per_second, ratio, server
from benchmarks.measurement import Measurement
from benchmarks.reconcile import Bench
from iter8_gitops.serving.abn.abn_pb2 import Application

LAUNCHES, ROUNDS, CONNECTIONS, STREAMS = 5, 3, 2, 8
"""Servers are launched so often anew, because each process is faster or slower than another of its kind by up to 5%."""

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


def measure() -> list[Measurement]:
    rates: dict[str, list[Rate]] = {"seen": [], "empty": [], "new": []}
    for _ in range(LAUNCHES):
        for name, found in _rates().items():
            rates[name] += found
    peer = rates["empty"]
    rows = [Measurement("an empty grpc.aio handler", f"{per_second(peer):,.0f}/s")]
    for name, users in (("seen", "users seen before"), ("new", "every user new")):
        rate = rates[name]
        rows += [
            Measurement(f"gRPC lookups, one process, {users}", f"{per_second(rate):,.0f}/s"),
            Measurement(f"gRPC Lookup / empty grpc.aio handler, {users}", f"{ratio(rate, peer):.2f}", ">= 0.85"),
            Measurement("  by the CPU time of the process", f"{cpu_ratio(rate, peer):.2f}"),
        ]
    return rows


def _rates() -> dict[str, list[Rate]]:
    ours, peers = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(100, Path(folder))
        bench.deliver()
        bench.parts.board.heartbeat(time.time() + 3600)
        state = str(Path(folder) / "state")
        serve = ("iter8_gitops", "grpc", "--state-dir", state, "--grpc-port", str(ours))
        with server(*serve, port=ours) as us, server("benchmarks.empty", str(peers), port=peers) as them:
            targets = {
                "seen": Target(ours, us, seen_before),
                "empty": Target(peers, them, nothing),
                "new": Target(ours, us, new),
            }
            rates = compare(targets, ROUNDS, CONNECTIONS)
        bench.close()
    return rates
