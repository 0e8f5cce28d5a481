"""Callers that try again, and processes that are killed under them: every transaction counts exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import pytest

from iter8_gitops.metrics.sqlite import SqliteMetricStore

APPLICATION = "prod/backend"
SIGNATURES = {0: "aaaa", 1: "bbbb"}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
WRITERS = int(os.environ.get("ITER8_TEST_WRITERS", "4"))
ORDERS = 60
"""Of each writer."""
KILLS = WRITERS + WRITERS // 2
PATIENCE = 30.0 * WRITERS

WRITES_ORDERS = """
    import itertools, sys, time
    from pathlib import Path
    import httpx
    from iter8_gitops.errors import UnavailableError
    from iter8_gitops.metrics.sqlite import SqliteMetricStore
    from iter8_gitops.metrics.writer import GroupCommitWriter
    from tests.metrics.streams import arm, value

    way, target, first, next_one, last = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    if way == "http":
        client = httpx.Client(timeout=30)
    else:
        writer = GroupCommitWriter(SqliteMetricStore(Path(target)))

    def write(orders):
        if way == "http":
            one = {"application": "prod/backend", "name": "orders"}
            values = [{**one, "user": f"u{n % 7}", "value": n, "transaction": f"o{n}"} for n in orders]
            return client.post(f"{target}/v1/metrics", json=values).status_code == 200
        place = arm(0, "aaaa", 3, "prod/backend")
        writer.submit([value(float(n), f"u{n % 7}", place, "orders", transaction=f"o{n}") for n in orders]).result()
        return True

    while next_one < last:
        # One that was acknowledged before is written once more: its caller may not have heard of it.
        orders = [*range(next_one, min(next_one + 4, last)), max(first, next_one - 1)]
        try:
            stored = write(orders)
        except (httpx.TransportError, UnavailableError):
            stored = False
        if stored:
            next_one += 4
            print(min(next_one, last), flush=True)
        else:
            time.sleep(0.02)
"""


@dataclass
class Writer:
    """A process that writes the orders from `first` to before `last`, and its successors when it is killed."""

    way: str
    target: str
    first: int
    last: int
    reached: int = field(init=False)
    killed: int = 0
    process: subprocess.Popen[str] = field(init=False)
    failed: str = ""
    stopped: bool = False

    def __post_init__(self) -> None:
        self.reached = self.first
        self._start()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        numbers = [str(self.first), str(self.reached), str(self.last)]
        command = [sys.executable, "-c", dedent(WRITES_ORDERS), self.way, self.target, *numbers]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def _follow(self) -> None:
        """Note what was acknowledged. What was not, a successor tries again."""
        while True:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                if line.endswith("\n"):
                    self.reached = int(line)
            _, errors = self.process.communicate()
            if self.process.returncode == -signal.SIGKILL and self.reached < self.last and not self.stopped:
                self.killed += 1
                self._start()
            else:
                self.failed = errors if self.process.returncode else ""
                return

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        """End it for good, also when the test has failed."""
        self.stopped = True
        self.process.kill()
        self._thread.join(PATIENCE)

    def finish(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), (self.way, self.first, self.reached)
        assert not self.failed, self.failed
        assert self.reached == self.last


@LINUX
@pytest.mark.slow
def test_every_acknowledged_transaction_counts_once_though_writers_and_workers_are_killed(
    start: Any, state: Any, wait_until_ready: Any
) -> None:
    server = start("serve_http", state, http_port=0, workers=2)
    wait_until_ready(server)
    chance = random.Random(WRITERS)
    fleet = [
        Writer(
            "http" if number % 2 else "direct", server.url if number % 2 else str(state.metrics), first, first + ORDERS
        )
        for number, first in enumerate(range(1, 1 + WRITERS * ORDERS, ORDERS))
    ]
    total = WRITERS * ORDERS

    def progress() -> int:
        return sum(writer.reached - writer.first for writer in fleet)

    ticker = threading.Event()
    try:
        for kill in range(1, KILLS + 1):
            # By progress, so that each hits while values are on their way.
            while progress() < total * kill // (KILLS + 1) and any(writer.process.poll() is None for writer in fleet):
                ticker.wait(0.005)
            if kill % 2:
                chance.choice([writer for writer in fleet if writer.reached < writer.last] or fleet).kill()
            elif workers := server.children():
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
        for writer in fleet:
            writer.finish()
    finally:
        for writer in fleet:
            writer.stop()

    assert sum(writer.killed for writer in fleet) > 0
    store = SqliteMetricStore(state.metrics)
    counts: dict[float, int] = {}
    for metric in store.report(APPLICATION, SIGNATURES)["orders"]:
        for number, count in metric.over_transactions.counts:
            counts[number] = counts.get(number, 0) + count
    arms = store.statistics(APPLICATION, SIGNATURES)
    store.close()
    assert counts == dict.fromkeys(map(float, range(1, total + 1)), 1)
    assert sum(arm.metrics["orders"].sum[0] for arm in arms) == total * (total + 1) / 2
    assert sum(arm.users for arm in arms) == 7
