"""The first-party cluster backends keep the contract that those of other people's plugins are held to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from iter8_gitops_plugins.backends import kubernetes, manifests

from iter8_gitops.testing import ClusterContract, ClusterHarness
from tests.cluster.harnesses import ManifestsHarness, kubernetes_harness
from tests.controlplane.control_plane import ControlPlane


class TestManifests(ClusterContract):
    plugin = manifests

    @pytest.fixture
    def harness(self, tmp_path: Path) -> ClusterHarness:
        return ManifestsHarness(tmp_path)


class TestKubernetes(ClusterContract):
    plugin = kubernetes

    @pytest.fixture
    def harness(self, control_plane: ControlPlane) -> Iterator[ClusterHarness]:
        with kubernetes_harness(control_plane) as harness:
            yield harness
