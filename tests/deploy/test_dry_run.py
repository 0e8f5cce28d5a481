"""Every manifest passes the validation of a real API server."""

from __future__ import annotations

from copy import deepcopy

import pytest
import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.deploy.rendering import NAMES, Object

# The tests' API server may be older than any that the manifests are for (1.21).
_OLD_VERSIONS = {"policy/v1": "policy/v1beta1"}


@pytest.mark.parametrize("name", NAMES)
def test_the_api_server_accepts_every_object(
    control_plane: ControlPlane, namespace: str, renders: dict[str, list[Object]], name: str
) -> None:
    not_served = []
    for item in renders[name]:
        item = deepcopy(item)
        if not serves(control_plane, item["apiVersion"]):
            item["apiVersion"] = _OLD_VERSIONS.get(item["apiVersion"], item["apiVersion"])
        if not serves(control_plane, item["apiVersion"]):
            not_served.append(item["kind"])
            continue
        dry_run(control_plane, item, namespace)
    assert not_served == (["ServiceMonitor"] if name == "helm-everything" else [])


def test_the_api_server_would_refuse_a_misspelt_field(
    control_plane: ControlPlane, namespace: str, renders: dict[str, list[Object]]
) -> None:
    (item,) = (deepcopy(each) for each in renders["helm-cluster"] if each["kind"] == "StatefulSet")
    item["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(AssertionError, match="livenesProbe"):
        dry_run(control_plane, item, namespace)


def serves(control_plane: ControlPlane, api_version: str) -> bool:
    group, _, version = api_version.rpartition("/")
    return control_plane.admin.get(path_of(group, version, "")).is_success


def dry_run(control_plane: ControlPlane, item: Object, namespace: str) -> None:
    """Apply an object, in `namespace` instead of its own, without storing it; AssertionError when it is refused."""
    group, _, version = item["apiVersion"].rpartition("/")
    served = control_plane.admin.get(path_of(group, version, "")).json()["resources"]
    (resource,) = (each for each in served if each["kind"] == item["kind"] and "/" not in each["name"])
    where = namespace if resource["namespaced"] else ""
    item["metadata"].pop("namespace", None)
    response = control_plane.admin.patch(
        path_of(group, version, resource["name"], where, item["metadata"]["name"]),
        content=yaml.safe_dump(item).encode(),
        params={"fieldManager": "test", "force": "true", "dryRun": "All"},
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert response.is_success, f"{item['kind']} {item['metadata']['name']}: {response.text}"
