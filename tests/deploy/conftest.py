"""Fixtures for tests of installations: what is rendered, and the rights of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.processes import Server, flag_exists
from tests.deploy.rendering import NAMES, Object, every_render
from tests.deploy.subject import Subject


@pytest.fixture(scope="session")
def renders() -> dict[str, list[Object]]:
    """All that people can install; tests must not change it."""
    return every_render()


@pytest.fixture(params=NAMES)
def objects(request: pytest.FixtureRequest, renders: dict[str, list[Object]]) -> list[Object]:
    """What one installation consists of, for each of them."""
    return renders[request.param]


@pytest.fixture(params=["cluster", "namespace"])
def subject(control_plane: ControlPlane, namespace: str, request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The service account of an installation as it comes, in either scope."""
    with Subject(control_plane, request.param, namespace) as found:
        yield found


@pytest.fixture
def elsewhere(control_plane: ControlPlane) -> Iterator[str]:
    """Another namespace than the installation's."""
    name = f"elsewhere-{secrets.token_hex(4)}"
    control_plane.create_namespace(name)
    yield name
    control_plane.delete("", "v1", "namespaces", "", name)


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
