"""Control planes as pytest fixtures. In CI a missing program fails the tests that need it; elsewhere it skips them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import PLAIN_USERS, ControlPlane
from tests.controlplane.proxy import ChaosProxy


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The control plane that tests share, with all definitions and the controllers; tests must not break it."""
    plane = ControlPlane(find_binaries(), tmp_path_factory.mktemp("control-plane"))
    try:
        plane.start()
        plane.install_crds()
        plane.start_controller_manager()
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def fresh_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., ControlPlane]]:
    """Starts control planes that a test may break.

    `flags` are further flags of the API server, `users` the plain users, `crds` the definitions to install by plural,
    and `controllers` says whether to start the controller manager.
    """
    with ExitStack() as stack:

        def start(
            *,
            users: Iterable[str] = PLAIN_USERS,
            flags: Iterable[str] = (),
            crds: Iterable[str] = (),
            controllers: bool = False,
        ) -> ControlPlane:
            plane = ControlPlane(find_binaries(), tmp_path_factory.mktemp("control-plane"), users=users, flags=flags)
            stack.callback(plane.stop)
            plane.start()
            for crd in crds:
                plane.install_crd(crd)
            if controllers:
                plane.start_controller_manager()
            return plane

        yield start


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace for one test; it goes in the background afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    control_plane.create_namespace(name)
    yield name
    control_plane.delete("", "v1", "namespaces", "", name)


@pytest.fixture
def chaos_proxy() -> Iterator[Callable[[ControlPlane], ChaosProxy]]:
    """Starts proxies before control planes."""
    with ExitStack() as stack:
        yield lambda plane: stack.enter_context(ChaosProxy(plane.port))
