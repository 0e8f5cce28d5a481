"""Elections against an API server that does everything that networks and servers do, in simulated time."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iter8_gitops.kube import lease as lease_module
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.errors import KubeConflictError, KubeNotFoundError, KubeUnreachableError
from iter8_gitops.kube.lease import LeaseElector

DURATION = 15.0


class World:
    """The Lease, the time, and the network: requests take a while, get lost, or take effect although they seem lost."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 1000.0
        self.trouble = 0.4
        self.lease: dict[str, Any] | None = None
        self.late: list[tuple[float, Callable[[], None]]] = []
        self.electors: list[LeaseElector] = []
        self._versions = itertools.count(1)

    def check(self) -> None:
        leaders = [elector for elector in self.electors if elector.leads()]
        assert len(leaders) <= 1

    def pass_time(self, seconds: float) -> None:
        """Let time pass in pieces; what was late takes effect when it arrives."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.25)
            due = [change for at, change in self.late if at <= self.now]
            self.late = [(at, change) for at, change in self.late if at > self.now]
            for change in due:
                try:
                    change()
                except (KubeConflictError, KubeNotFoundError):
                    continue
            self.check()

    def request(self, change: Callable[[], dict[str, Any]], timeout: float) -> dict[str, Any]:
        fate = self.random.random() if self.random.random() < self.trouble else 1.0
        if fate < 0.25:  # never arrives
            self.pass_time(timeout)
            raise KubeUnreachableError("lost")
        if fate < 0.5:  # arrives long after the client gave up
            self.late.append((self.now + self.random.uniform(0, 40), cast("Callable[[], None]", change)))
            self.pass_time(timeout)
            raise KubeUnreachableError("late")
        self.pass_time(self.random.uniform(0, timeout / 2) if fate < 1 else 0.01)
        answer = change()
        if fate < 0.75:  # the answer gets lost
            self.pass_time(timeout)
            raise KubeUnreachableError("no answer")
        self.pass_time(self.random.uniform(0, timeout / 2) if fate < 1 else 0.01)
        return answer

    def stored(self) -> dict[str, Any]:
        if self.lease is None:
            raise KubeNotFoundError("not found", status=404)
        return copy.deepcopy(self.lease)

    def get(self, _path: str, *, timeout: float) -> dict[str, Any]:
        return self.request(self.stored, timeout)

    def create(self, _path: str, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        def change() -> dict[str, Any]:
            if self.lease is not None:
                raise KubeConflictError("exists")
            self.lease = copy.deepcopy(body)
            self.lease["metadata"]["resourceVersion"] = str(next(self._versions))
            return self.stored()

        return self.request(change, timeout)

    def merge_patch(self, _path: str, body: dict[str, Any], *, timeout: float) -> dict[str, Any]:
        def change() -> dict[str, Any]:
            now = self.stored()
            if body["metadata"]["resourceVersion"] != now["metadata"]["resourceVersion"]:
                raise KubeConflictError("changed")
            now["spec"] = {**now["spec"], **body["spec"]}
            now["metadata"]["resourceVersion"] = str(next(self._versions))
            self.lease = now
            return self.stored()

        return self.request(change, timeout)

    def elector(self, identity: str) -> LeaseElector:
        client = cast("KubeClient", self)
        elector = LeaseElector(client, "shop", "iter8", identity, duration=DURATION, on_change=lambda _leads: None)
        self.electors.append(elector)
        return elector


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_whatever_the_network_does_there_is_at_most_one_leader_and_soon_one_again(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world = World(seed)
    monkeypatch.setattr(lease_module, "steady_clock", lambda: world.now)
    due = {world.elector(f"replica-{number}"): 0.0 for number in range(3)}

    def run(seconds: float) -> None:
        end = world.now + seconds
        while world.now < end:
            elector = min(due, key=lambda each: due[each])
            world.pass_time(max(0.0, due[elector] - world.now))
            pause = elector._step()
            assert 0 <= pause < DURATION
            if world.random.random() < world.trouble / 4:
                pause += world.random.uniform(0, 60)  # the process was paused
            due[elector] = world.now + pause
            world.check()

    run(200)
    world.trouble = 0.0
    run(60 + 3 * DURATION)  # the longest pause, a lapse, and slack
    assert sum(elector.leads() for elector in world.electors) == 1
