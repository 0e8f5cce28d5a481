"""How the cost of a lookup grows with the number of routemaps: users of all applications in turn, over each way."""

from __future__ import annotations

import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import grpc, http
from benchmarks.load import Client, Target, compare, cpu_ratio, free_port, only_child, ratio, server
from benchmarks.lookups import shuffled
from benchmarks.measurement import Measurement, cpu_seconds
from benchmarks.reconcile import FEW, MANY, Bench
from benchmarks.sdk import silent_client
from iter8_gitops.sdk import Client as LocalClient
from iter8_gitops.sdk.files import save_snapshot
from iter8_gitops.spec.snapshot import Snapshot

ROUNDS, LOOKUPS = 9, 20_000
NEW = 1 << 62
_BAR = "<= 1.5"

_runs = itertools.count()


def measure() -> list[Measurement]:
    with contextlib.ExitStack() as stack:
        few, many = (stack.enter_context(_published(count)) for count in (FEW, MANY))
        return [
            *_over("HTTP", "serve", [few, many], _http_client, http.CONNECTIONS),
            *_over("gRPC", "grpc", [few, many], _grpc_client, grpc.CONNECTIONS),
            *_in_process([few, many]),
        ]


class _Published:
    """A state folder with a board of so many routemaps."""

    def __init__(self, count: int, folder: Path) -> None:
        self.count = count
        self.folder = folder
        self.bench = Bench(count, folder)
        self.bench.deliver()
        self.bench.parts.board.heartbeat(time.time() + 3600)

    @property
    def snapshot(self) -> Snapshot:
        return self.bench.reader.snapshot


@contextlib.contextmanager
def _published(count: int) -> Iterator[_Published]:
    with tempfile.TemporaryDirectory() as folder:
        published = _Published(count, Path(folder))
        yield published
        published.bench.close()


def _http_client(applications: int) -> Callable[[int], Client]:
    return lambda number: http.Client(f"new-{next(_runs)}-{number}", NEW, applications)


def _grpc_client(applications: int) -> Callable[[int], Client]:
    return lambda number: grpc.client(grpc.LOOKUP, f"new-{next(_runs)}-{number}", NEW, applications)


def _over(
    transport: str,
    command: str,
    boards: Sequence[_Published],
    client: Callable[[int], Callable[[int], Client]],
    connections: int,
) -> list[Measurement]:
    with contextlib.ExitStack() as stack:
        targets = {}
        for board in boards:
            port = free_port()
            flags = ("--port", str(port), "--workers", "1") if command == "serve" else ("--grpc-port", str(port))
            state = str(board.folder / "state")
            pid = stack.enter_context(server("iter8_gitops", command, "--state-dir", state, *flags, port=port))
            answering = only_child(pid) if command == "serve" else pid
            targets[str(board.count)] = Target(port, answering, client(board.count))
        rates = compare(targets, ROUNDS, connections)
    few, many = (rates[str(board.count)] for board in boards)
    grows = f"{transport} lookup of a new user at {MANY:,} routemaps / at {FEW}"
    return [
        Measurement(grows, f"{ratio(few, many):.2f}", _BAR),
        Measurement("  by the CPU time of the process", f"{cpu_ratio(few, many):.2f}"),
    ]


def _in_process(boards: Sequence[_Published]) -> list[Measurement]:
    """The client library on a snapshot in a file."""
    with contextlib.ExitStack() as stack:
        clients = []
        for board in boards:
            path = board.folder / "board.json"
            save_snapshot(path, board.snapshot)
            clients.append((silent_client(path), board.count))
            stack.callback(clients[-1][0].close, 0.1)
        costs = [[_lookups(client, count, turn) for client, count in clients] for turn in range(ROUNDS)]
    growth = statistics.median(many / few for few, many in costs)
    return [Measurement(f"client library, new user at {MANY:,} routemaps / at {FEW}", f"{growth:.2f}", _BAR)]


def _lookups(client: LocalClient, applications: int, turn: int) -> float:
    asked = [(f"shop/app-{shuffled(number, applications)}", f"new-{turn}-{number}") for number in range(LOOKUPS)]

    def ask() -> None:
        for application, user in asked:
            client.lookup(application, user)

    return cpu_seconds(ask)
