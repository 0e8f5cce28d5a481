"""Leaders that die or sleep, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iter8_gitops.kube.lease import steady_clock
from tests.controlplane.control_plane import ControlPlane
from tests.kube.electors import DURATION, NAME, RENEW_EVERY, StartReplica, eventually, start_replica

__all__ = ["start_replica"]


class Process:
    """An elector in a process of its own."""

    def __init__(self, config: Path, namespace: str, identity: str) -> None:
        command = [sys.executable, "-m", "tests.kube.elector_process", str(config), namespace, NAME, identity]
        self.process = subprocess.Popen([*command, str(DURATION)], stdout=subprocess.PIPE, text=True)
        self.changes: list[tuple[bool, float]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, clock = line.split()
            self.changes.append((word == "leads", float(clock)))

    def send(self, sent: signal.Signals) -> None:
        os.kill(self.process.pid, sent)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def leading_process(control_plane: ControlPlane, namespace: str) -> Iterator[Process]:
    process = Process(control_plane.kubeconfig(), namespace, "process")
    try:
        eventually(lambda: process.changes, within=20)
        yield process
    finally:
        process.close()


def test_a_killed_leader_is_replaced_when_its_time_is_up(leading_process: Process, start: StartReplica) -> None:
    other = start("other")
    eventually(lambda: other.elector.holder() == "process")
    time.sleep(1)
    leading_process.send(signal.SIGKILL)
    assert DURATION * 2 / 3 < eventually(lambda: other.leads) < DURATION + 2 * RENEW_EVERY + 0.5


def test_a_process_that_was_paused_does_not_believe_that_it_leads(
    leading_process: Process, start: StartReplica
) -> None:
    other = start("other")
    eventually(lambda: other.elector.holder() == "process")
    leading_process.send(signal.SIGSTOP)
    eventually(lambda: other.leads)
    woken = steady_clock()
    leading_process.send(signal.SIGCONT)
    eventually(lambda: len(leading_process.changes) == 2)
    leads, noticed = leading_process.changes[1]
    assert not leads
    assert noticed - woken < 0.25  # at the first question, not at the first answer of the API server
    time.sleep(1)
    assert len(leading_process.changes) == 2
    assert other.leads
