"""Systems and repositories that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.e2e.on_kubernetes import LEASE_SECONDS, Shop
from tests.e2e.system import Repository, System


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(tmp_path / "repository")
    yield repository
    repository.close()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Start `iter8-gitops up` on a location; `state` names its state folder."""
    started: list[System] = []

    def up(location: str | Path | None, *options: str, state: str = "state") -> System:
        started.append(System(location, tmp_path / state, *options))
        return started[-1].ready()

    yield up
    for system in started:
        if system.process.poll() is None:
            system.stop()
        system.http.close()


@pytest.fixture
def shop(control_plane: ControlPlane, namespace: str) -> Shop:
    """An application on a real API server."""
    return Shop(control_plane, namespace)


@pytest.fixture
def replica(up: Callable[..., System], shop: Shop) -> Callable[[str], System]:
    """Start a replica on the cluster of `shop`; each has a state folder by its name."""
    kubeconfig = shop.plane.kubeconfig("admin", namespace=shop.namespace)

    def replica(name: str) -> System:
        options = ("--cluster", "kubernetes", "--kubeconfig", str(kubeconfig), "--scope", "namespace")
        return up(None, *options, "--lease-seconds", str(LEASE_SECONDS), "--drain", "1", state=name)

    return replica
