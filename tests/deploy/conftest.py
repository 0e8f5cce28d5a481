"""Fixtures for tests of an installation's rights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.processes import Server, flag_exists


@pytest.fixture
def aggregation(control_plane: ControlPlane, tmp_path: Path) -> Iterator[None]:
    """The controller that fills in ClusterRoles with an aggregation rule; the shared control plane runs without it."""
    binary = find_binaries().controller_manager
    command = [
        str(binary),
        f"--kubeconfig={control_plane.kubeconfig()}",
        "--controllers=clusterrole-aggregation",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    if flag_exists(binary, "--port"):
        command.append("--port=0")
    server = Server(command, tmp_path / "kube-controller-manager.log")
    yield
    server.kill()


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], None]:
    """Waits until something is so, for 30 s at most."""

    def wait(reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not reached():
            assert time.monotonic() < deadline, "not within 30 s"
            time.sleep(0.1)

    return wait
