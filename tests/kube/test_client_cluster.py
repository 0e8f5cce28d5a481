"""The client and discovery against a real API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.errors import (
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeInvalidError,
    KubeNotFoundError,
)
from tests.controlplane.control_plane import ControlPlane


@pytest.fixture
def client(control_plane: ControlPlane) -> Iterator[KubeClient]:
    client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig()))
    yield client
    client.close()


@pytest.fixture
def config_maps(namespace: str) -> str:
    """The path of the ConfigMaps of a namespace of this test's own."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


def _config_map(name: str, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data}


def test_an_object_is_created_read_replaced_patched_and_deleted(client: KubeClient, config_maps: str) -> None:
    path = f"{config_maps}/a"
    made = client.create(config_maps, _config_map("a", x="1", y="1"))
    assert client.get(path)["data"] == {"x": "1", "y": "1"}
    made["data"] = {"x": "2", "y": "2"}
    client.replace(path, made)
    with pytest.raises(KubeConflictError, match="the object has been modified"):
        client.replace(path, made)
    assert client.merge_patch(path, {"data": {"y": None}})["data"] == {"x": "2"}
    client.delete(path)

    with pytest.raises(KubeNotFoundError, match='configmaps "a" not found'):
        client.get(path)
    with pytest.raises(KubeNotFoundError):
        client.delete(path)


def test_an_object_that_is_there_already_is_a_conflict(client: KubeClient, config_maps: str) -> None:
    client.create(config_maps, _config_map("a"))

    with pytest.raises(KubeConflictError, match="already exists") as caught:
        client.create(config_maps, _config_map("a"))

    assert caught.value.reason == "AlreadyExists"


def test_only_the_object_that_is_meant_is_deleted(client: KubeClient, config_maps: str) -> None:
    metadata = client.create(config_maps, _config_map("a"))["metadata"]
    path = f"{config_maps}/a"

    with pytest.raises(KubeConflictError):
        client.delete(path, uid="another")
    with pytest.raises(KubeConflictError):
        client.delete(path, uid=metadata["uid"], resource_version="1")
    client.delete(path, uid=metadata["uid"], resource_version=metadata["resourceVersion"])


def test_apply_creates_once_and_names_who_is_in_the_way(client: KubeClient, config_maps: str) -> None:
    path = f"{config_maps}/a"
    tried = client.apply(path, _config_map("a", x="1"), field_manager="first", dry_run=True)
    assert tried.created
    assert client.list(config_maps).objects == []
    assert client.apply(path, _config_map("a", x="1"), field_manager="first").created
    again = client.apply(path, _config_map("a", x="2"), field_manager="first")
    assert not again.created
    assert again.object["data"] == {"x": "2"}
    client.merge_patch(path, {"data": {"y": "3"}}, {"fieldManager": "editor"})

    with pytest.raises(KubeConflictError) as caught:
        client.apply(path, _config_map("a", x="7", y="7"), field_manager="second")
    forced = client.apply(path, _config_map("a", x="7", y="7"), field_manager="second", force=True)

    conflicts = {(each.field, each.manager, each.operation) for each in caught.value.conflicts}
    assert conflicts == {(".data.x", "first", "Apply"), (".data.y", "editor", "Update")}
    assert forced.object["data"] == {"x": "7", "y": "7"}


def test_what_the_server_does_not_accept_is_invalid(client: KubeClient, config_maps: str) -> None:
    with pytest.raises(KubeInvalidError, match="Invalid value"):
        client.create(config_maps, _config_map("Not A Name"))
    unknown = {**_config_map("a"), "colour": "green"}
    with pytest.raises(KubeInvalidError, match=r"\.colour: field not declared in schema"):
        client.apply(f"{config_maps}/a", unknown, field_manager="first")


def test_all_pages_of_a_list_are_read_and_selected(client: KubeClient, config_maps: str) -> None:
    for number in range(7):
        client.create(config_maps, _config_map(f"a{number}", {"parity": str(number % 2)}))

    everything = client.list(config_maps, page=3)
    odd = client.list(config_maps, {"labelSelector": "parity=1"}, page=2)

    assert sorted(each["metadata"]["name"] for each in everything.objects) == [f"a{number}" for number in range(7)]
    assert sorted(each["metadata"]["name"] for each in odd.objects) == ["a1", "a3", "a5"]
    assert {(each["apiVersion"], each["kind"]) for each in everything.objects} == {("v1", "ConfigMap")}
    assert int(everything.resource_version) > 0


def test_metadata_alone_can_be_listed(client: KubeClient, config_maps: str) -> None:
    client.create(config_maps, _config_map("a", {"x": "y"}, big="data"))

    (each,) = client.list(config_maps, metadata_only=True).objects

    assert each["kind"] == "PartialObjectMetadata"
    assert each["metadata"]["labels"] == {"x": "y"}
    assert "data" not in each


def test_a_list_outlives_the_page_that_the_server_forgets(
    client: KubeClient, config_maps: str, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        client.create(config_maps, _config_map(f"a{number}"))
    read = client._transport.read_object
    compacted: list[int] = []

    def compact_after_the_first_page(*arguments: Any) -> dict[str, Any]:
        answer = read(*arguments)
        if not compacted:
            compacted.append(1)
            client.create(config_maps, _config_map("late"))
            control_plane.compact()
        return answer

    monkeypatch.setattr(client._transport, "read_object", compact_after_the_first_page)

    names = sorted(each["metadata"]["name"] for each in client.list(config_maps, page=2).objects)

    assert names == ["a0", "a1", "a2", "a3", "late"]


def test_a_watch_tells_what_happens_until_it_is_closed(client: KubeClient, config_maps: str) -> None:
    start = client.list(config_maps).resource_version
    seen: list[tuple[str, str]] = []
    with client.watch(config_maps, {"resourceVersion": start, "timeoutSeconds": "60"}, read_timeout=60) as stream:

        def act() -> None:
            client.create(config_maps, _config_map("a"))
            client.delete(f"{config_maps}/a")
            while len(seen) < 2:
                time.sleep(0.02)
            stream.close()

        actor = threading.Thread(target=act)
        actor.start()
        began = time.monotonic()
        for event in stream:
            seen.append((event.type, event.object["metadata"]["name"]))  # noqa: PERF401 (`act` watches it grow)
        actor.join()

    assert seen == [("ADDED", "a"), ("DELETED", "a")]
    assert time.monotonic() - began < 30


def test_a_watch_ends_in_good_order_after_the_time_that_was_asked_for(client: KubeClient, config_maps: str) -> None:
    start = client.list(config_maps).resource_version

    with client.watch(config_maps, {"resourceVersion": start, "timeoutSeconds": "1"}, read_timeout=30) as stream:
        assert list(stream) == []


def test_who_has_no_rights_is_told_what_is_forbidden(control_plane: ControlPlane, config_maps: str) -> None:
    client = KubeClient.connect(kubeconfig=str(control_plane.kubeconfig("nobody")))

    with pytest.raises(KubeForbiddenError, match='"nobody" cannot list resource "configmaps"') as caught:
        client.list(config_maps)
    with pytest.raises(KubeForbiddenError):
        client.watch(config_maps, read_timeout=5)
    client.close()

    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")


def test_a_certificate_that_is_not_trusted_is_said(control_plane: ControlPlane) -> None:
    path = control_plane.kubeconfig()
    path.write_text(path.read_text().replace("certificate-authority:", "ignored:"))
    client = KubeClient.connect(kubeconfig=str(path))

    with pytest.raises(KubeError, match=r"(?i)certificate") as caught:
        client.get("/api")
    client.close()

    assert caught.value.status == 0


def test_real_kinds_are_found(client: KubeClient) -> None:
    discovery = Discovery(client)

    service = discovery.find("serving.kserve.io", "InferenceService")
    deployment = discovery.find_plural("apps", "deployments")
    everything = {(each.group, each.kind) for each in discovery.everything()}

    assert service is not None
    assert (
        service.path("ns", "a", "status") == "/apis/serving.kserve.io/v1beta1/namespaces/ns/inferenceservices/a/status"
    )
    assert deployment is not None
    assert deployment.api_version == "apps/v1"
    assert {("serving.kserve.io", "InferenceService"), ("apps", "Deployment"), ("", "ConfigMap")} <= everything
    assert not {kind for _, kind in everything} & {"Scale", "Binding", "SubjectAccessReview"}
    assert client.is_ready()
