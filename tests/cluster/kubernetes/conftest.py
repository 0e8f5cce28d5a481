"""Appliers on the shared control plane, each test in an installation of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.cluster.kubernetes.applying import MakeRig, Rig
from tests.controlplane.control_plane import ControlPlane


@pytest.fixture
def instance() -> str:
    """The name of the installation."""
    return f"i-{secrets.token_hex(4)}"


@pytest.fixture
def make_rig(control_plane: ControlPlane, instance: str) -> Iterator[MakeRig]:
    """Starts appliers, as `Rig` does, and stops them at the end."""
    with ExitStack() as stack:

        def make(*, instance: str = instance, **keywords: Any) -> Rig:
            rig = Rig(control_plane, instance, **keywords)
            stack.callback(rig.close)
            return rig

        yield make


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """An applier for the whole cluster."""
    return make_rig()
