"""What tests of faults rely on. They share one control plane, and leave it whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane

pytestmark = pytest.mark.xdist_group("chaos")


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    folder = tmp_path_factory.mktemp("plane")
    plane = ControlPlane(find_binaries(), folder, users=["one"], flags=["--watch-cache=false"])
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
    assert not folder.exists()


def test_a_killed_api_server_comes_back_with_its_data(plane: ControlPlane) -> None:
    plane.create_namespace("kept")
    plane.kill_api_server()
    with pytest.raises(httpx.ConnectError), plane.api("one") as client:
        client.get("/readyz")
    plane.start_api_server()
    assert plane.get("", "v1", "namespaces", "", "kept") is not None


def test_history_is_gone_after_a_compaction(plane: ControlPlane) -> None:
    before = plane.admin.get("/api/v1/namespaces").json()["metadata"]["resourceVersion"]
    plane.compact()
    watch = {"watch": "1", "resourceVersion": before, "timeoutSeconds": "5"}
    event = json.loads(plane.admin.get("/api/v1/namespaces", params=watch).text.splitlines()[0])
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)


def test_nothing_is_answered_while_etcd_pauses(plane: ControlPlane) -> None:
    plane.pause_etcd()
    try:
        with pytest.raises(httpx.ReadTimeout):
            plane.admin.get("/api/v1/namespaces", timeout=0.5)
    finally:
        plane.resume_etcd()
    assert plane.admin.get("/api/v1/namespaces").is_success


def test_definitions_come_and_go(plane: ControlPlane) -> None:
    routes = "/apis/gateway.networking.k8s.io/v1/httproutes"
    plane.install_crd("httproutes")
    assert plane.admin.get(routes).is_success
    plane.delete_crd("httproutes")
    assert plane.admin.get(routes).status_code == 404
    plane.install_crd("httproutes")
    assert plane.admin.get(routes).is_success
