"""`kill -9` under load: no acknowledged value is lost, and none counts twice."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.e2e import manifests
from tests.e2e.system import Repository, System, eventually

pytestmark = pytest.mark.slow
Up = Callable[..., System]


@pytest.fixture
def system(repository: Repository, up: Up) -> System:
    repository.commit(
        {"live.yaml": manifests.config_maps("web-0", "web-1"), "web.yaml": manifests.routemap("web", 1, 1)}
    )
    system = up(repository.path)
    system.await_weights("shop/web", 1, 1)
    return system


class Load:
    """Writers that report values, each a power of two so that a sum tells a lost value from a double one."""

    def __init__(self, system: System) -> None:
        self.acknowledged: list[float] = []
        self.uncertain: list[float] = []
        self._url = system.url
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(4)]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def _write(self, number: int) -> None:
        count = 0
        with httpx.Client(base_url=self._url, timeout=5) as client:
            while not self._stop.is_set():
                count += 1
                value = float(number * 1_000_000 + count)
                body = {"application": "shop/web", "user": f"u{number}-{count % 50}", "name": "m", "value": value}
                try:
                    accepted = client.post("/v1/metrics", json=body).status_code == 200
                except httpx.HTTPError:
                    accepted = False
                with self._lock:
                    (self.acknowledged if accepted else self.uncertain).append(value)


def stored(system: System) -> tuple[int, float]:
    """How many values there are, and their sum."""
    dashboard = system.http.get("/abnDashboard", params={"namespace": "shop", "application": "web"}).json()
    rows = dashboard["m"]["SummaryOverTransactions"]
    return sum(row["Count"] for row in rows), sum(row["Count"] * row["Mean"] for row in rows)


def assert_exactly_once(load: Load, system: System) -> None:
    """Everything acknowledged is there once; what was cut off may be there once or not at all."""
    count, total = stored(system)
    assert len(load.acknowledged) > 50
    assert len(load.acknowledged) <= count <= len(load.acknowledged) + len(load.uncertain)
    surplus = total - sum(load.acknowledged)
    assert -0.5 <= surplus <= sum(load.uncertain) + 0.5
    if count == len(load.acknowledged):
        assert abs(surplus) < 0.5


def kill_one(system: System, words: str) -> int:
    pid = max(pid for pid, command in system.processes().items() if words in command)
    os.kill(pid, signal.SIGKILL)
    return pid


def await_acknowledged(load: Load, more: int) -> None:
    wanted = len(load.acknowledged) + more
    eventually(lambda: len(load.acknowledged) >= wanted, f"{wanted} acknowledged values")


def test_a_killed_worker_loses_nothing(system: System) -> None:
    load = Load(system)
    with load.running():
        for _ in range(3):
            await_acknowledged(load, 60)
            kill_one(system, " serve ")
        await_acknowledged(load, 60)
    assert_exactly_once(load, system)


def test_a_killed_controller_is_started_again_and_lookups_never_stop(system: System, repository: Repository) -> None:
    load = Load(system)
    with load.running():
        await_acknowledged(load, 60)
        kill_one(system, " controller ")
        assert system.lookup("shop/web", "alice")["versionNumber"] in {0, 1}
        repository.commit({"web.yaml": manifests.routemap("web", 7, 1)})
        system.await_weights("shop/web", 7, 1)
        await_acknowledged(load, 60)
    assert_exactly_once(load, system)


def test_after_everything_was_killed_every_acknowledged_value_is_there(
    system: System, repository: Repository, up: Up
) -> None:
    load = Load(system)
    with load.running():
        await_acknowledged(load, 300)
        system.kill_everything()
    before = {f"u{n}": None for n in range(20)}
    restarted = up(repository.path)
    restarted.await_weights("shop/web", 1, 1)
    assert_exactly_once(load, restarted)
    assert len(restarted.versions_of("shop/web", before)) == 20
