"""Several gRPC workers on one port, as people start them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import grpc
import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from iter8_gitops.cli.up import _parts
from iter8_gitops.serving.abn import abn_pb2, abn_pb2_grpc
from iter8_gitops.spec.state_folder import StateFolder

pytestmark = pytest.mark.slow

WORKERS = 3
CONNECTIONS = 24
PATIENCE = 30.0

_Seen = TypeVar("_Seen")


def eventually(look: Callable[[], _Seen]) -> _Seen:
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return seen


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Group:
    """`iter8-gitops grpc --grpc-workers N` in a process of its own."""

    def __init__(self, state: StateFolder, port: int, workers: int = WORKERS) -> None:
        self.port = port
        self._counters = state.prometheus / "grpc"
        command = [sys.executable, "-m", "iter8_gitops", "grpc", "--state-dir", str(state.root)]
        command += ["--grpc-port", str(port), "--grpc-workers", str(workers)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def workers(self) -> set[int]:
        """Process ids of the workers that have begun to count."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(word) for word in listed.split()} & {pid for pid, _ in self._files()}

    def lookup(self) -> int:
        """A lookup over a connection of its own, patient while no worker is there."""
        options = (("grpc.use_local_subchannel_pool", 1),)
        with grpc.insecure_channel(f"127.0.0.1:{self.port}", options=options) as channel:
            stub = abn_pb2_grpc.ABNStub(channel)  # type: ignore[no-untyped-call] # generated code
            asked = abn_pb2.Application(name="prod/backend", user="alice")
            version: int = stub.Lookup(asked, wait_for_ready=True, timeout=PATIENCE).versionNumber
            return version

    def lookups_by_worker(self) -> dict[int, float]:
        """Process id -> lookups counted, of workers that live and of those that do not."""
        counted = {}
        for pid, file in self._files():
            samples = [
                sample
                for metric in MultiProcessCollector.merge([str(file)])  # type: ignore[no-untyped-call]
                for sample in metric.samples
            ]
            counted[pid] = sum(sample.value for sample in samples if sample.name == "iter8_lookups_total")
        return counted

    def _files(self) -> list[tuple[int, Path]]:
        return [(int(file.stem.rpartition("_")[2]), file) for file in self._counters.glob("counter_*.db")]


@pytest.fixture
def group(state: StateFolder) -> Iterator[Group]:
    started = Group(state, free_port())
    yield started
    if started.process.poll() is None:
        started.process.terminate()
    started.process.communicate(timeout=PATIENCE)


def test_workers_share_a_port_and_one_that_dies_is_started_again(group: Group) -> None:
    first = eventually(lambda: found if len(found := group.workers()) == WORKERS else None)
    assert first is not None
    versions = {group.lookup() for _ in range(CONNECTIONS)}
    eventually(lambda: sum(group.lookups_by_worker().values()) == CONNECTIONS)
    used = {pid for pid, lookups in group.lookups_by_worker().items() if lookups}
    assert len(versions) == 1
    assert len(used) > 1, "all connections went to one worker"

    (killed, *rest) = used
    os.kill(killed, signal.SIGKILL)
    second = eventually(lambda: found if len(found := group.workers()) == WORKERS and killed not in found else None)

    assert second is not None
    assert set(rest) <= first - {killed} < second
    assert group.lookup() in versions
    # What the dead worker counted is still there.
    eventually(lambda: sum(group.lookups_by_worker().values()) == CONNECTIONS + 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_group_stops_as_a_whole(group: Group, number: signal.Signals) -> None:
    group.lookup()
    workers = eventually(group.workers)

    group.process.send_signal(number)

    assert group.process.wait(timeout=PATIENCE) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_workers_end_with_their_parent(group: Group) -> None:
    workers = eventually(lambda: found if len(found := group.workers()) == WORKERS else set())

    group.process.kill()

    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_a_group_has_is_refused_to_others(group: Group, state: StateFolder, workers: int) -> None:
    group.lookup()

    other = Group(StateFolder(state.root.with_name("other")), group.port, workers)
    _, said = other.process.communicate(timeout=PATIENCE)

    assert other.process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{group.port} for gRPC; is the port in use?" in said


def test_up_passes_on_how_many_workers_there_are(tmp_path: Path) -> None:
    parts = _parts(None, tmp_path, {}, "127.0.0.1", {}, {"grpc_workers": 4}, "sqlite:")

    (command,) = [part.command for part in parts if part.name == "grpc"]

    assert "--grpc-workers=4" in command
