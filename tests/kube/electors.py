"""Replicas that take part in an election, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.lease import LeaseElector, steady_clock
from tests.controlplane.control_plane import ControlPlane

NAME = "iter8-gitops"
DURATION = 3.0
RENEW_EVERY = 0.4


class Replica:
    """An elector, and the changes that it told with the time of each."""

    def __init__(self, client: KubeClient, namespace: str, identity: str, duration: float = DURATION) -> None:
        self.changes: list[tuple[bool, float]] = []
        self.elector = LeaseElector(
            client,
            namespace,
            NAME,
            identity,
            duration=duration,
            renew_every=RENEW_EVERY,
            on_change=lambda leads: self.changes.append((leads, steady_clock())),
        )

    @property
    def leads(self) -> bool:
        return self.elector.leads()


StartReplica = Callable[..., Replica]


@pytest.fixture(name="start")
def start_replica(control_plane: ControlPlane, namespace: str) -> Iterator[StartReplica]:
    """Starts replicas in the test's namespace; `server` is for a proxy, `user` may be one without rights."""
    with ExitStack() as stack:

        def start_one(
            identity: str, *, server: str | None = None, user: str = "admin", duration: float = DURATION
        ) -> Replica:
            config = control_plane.kubeconfig(user, server=server)
            client = KubeClient.connect(kubeconfig=str(config))
            stack.callback(client.close)
            replica = Replica(client, namespace, identity, duration)
            stack.callback(replica.elector.stop)
            replica.elector.start()
            return replica

        yield start_one


def eventually(reached: Callable[[], object], within: float = 10.0) -> float:
    """Wait until `reached`; return the seconds that it took."""
    began = time.monotonic()
    while not reached():
        assert time.monotonic() - began < within, f"not within {within} s"
        time.sleep(0.01)
    return time.monotonic() - began
