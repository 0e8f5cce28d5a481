from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.controlplane.binaries import find_binaries
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import ApiError, Object
from tests.controlplane.proxy import ChaosProxy

ROUTE: Object = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "route"},
    "spec": {"rules": [{"backendRefs": [{"name": "model", "port": 80}]}]},
}
SERVICE: Object = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "model"},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://models/one"}}},
}
SERVICES = ("serving.kserve.io", "v1beta1", "inferenceservices")
TEMPLATE = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}


def wait_for(reached: Callable[[], object], timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not reached():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def test_kubectl_and_raw_calls_see_the_same_objects(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("create", "configmap", "one", "--from-literal=a=b", "-n", namespace)
    found = control_plane.get("", "v1", "configmaps", namespace, "one")
    assert found is not None
    assert found["data"] == {"a": "b"}
    assert [each["metadata"] for each in control_plane.list_all("", "v1", "configmaps", namespace)] == [
        found["metadata"]
    ]
    assert control_plane.delete("", "v1", "configmaps", namespace, "one")
    assert not control_plane.delete("", "v1", "configmaps", namespace, "one")
    assert control_plane.get("", "v1", "configmaps", namespace, "one") is None


def test_a_failing_kubectl_says_why(control_plane: ControlPlane, namespace: str) -> None:
    with pytest.raises(AssertionError, match="NotFound"):
        control_plane.kubectl("get", "configmap", "none", "-n", namespace)


def test_all_definitions_are_served(control_plane: ControlPlane) -> None:
    served = control_plane.kubectl("api-resources", "-o", "name").split()
    assert {file.stem for file in find_binaries().crds.glob("*.yaml")} <= set(served)


def test_published_schemas_are_enforced(control_plane: ControlPlane, namespace: str) -> None:
    with pytest.raises(ApiError, match="backendRefs") as raised:
        control_plane.apply({**ROUTE, "spec": {"rules": [{"backendRefs": "model"}]}}, namespace)
    assert raised.value.status in {400, 422, 500}
    (route,) = control_plane.apply(ROUTE, namespace)
    assert route["metadata"]["namespace"] == namespace


def test_status_is_patched_apart_from_the_rest(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.apply(SERVICE, namespace)
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    control_plane.patch_status(*SERVICES, namespace, "model", ready)
    after = control_plane.patch(*SERVICES, namespace, "model", {"status": {"conditions": []}})
    assert after["status"] == ready
    assert after["spec"] == SERVICE["spec"]


def test_plain_users_may_do_only_what_rbac_allows(control_plane: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with control_plane.api("nobody") as nobody:
        assert nobody.get(path).status_code == 403
    options = ("-n", namespace)
    control_plane.kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps", *options)
    control_plane.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=other", *options)
    with control_plane.api("other") as other:
        wait_for(lambda: other.get(path).is_success)
    assert control_plane.kubectl("get", "configmaps", *options, user="other") == ""


def test_what_an_owner_leaves_is_collected(control_plane: ControlPlane, namespace: str) -> None:
    (service,) = control_plane.apply(SERVICE, namespace)
    owner = {"apiVersion": SERVICE["apiVersion"], "kind": SERVICE["kind"], "name": "model"}
    owned = {"name": "route", "ownerReferences": [{**owner, "uid": service["metadata"]["uid"]}]}
    control_plane.apply({**ROUTE, "metadata": owned}, namespace)
    control_plane.delete(*SERVICES, namespace, "model")
    wait_for(lambda: control_plane.get("gateway.networking.k8s.io", "v1", "httproutes", namespace, "route") is None)


def test_deployments_have_pods(control_plane: ControlPlane, namespace: str) -> None:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE}
    control_plane.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}, namespace
    )
    wait_for(lambda: len(control_plane.list_all("", "v1", "pods", namespace)) == 2)


def test_clients_pass_through_a_proxy(
    control_plane: ControlPlane, chaos_proxy: Callable[[ControlPlane], ChaosProxy], namespace: str
) -> None:
    proxy = chaos_proxy(control_plane)
    config = control_plane.kubeconfig(namespace=namespace, server=proxy.url)
    assert control_plane.kubectl("get", "configmaps", f"--kubeconfig={config}", "-o", "name") is not None
    assert proxy.accepted > 0
    with control_plane.api(server=proxy.url) as client:
        assert client.get("/readyz").is_success
        proxy.cut()
        assert client.get("/readyz").is_success


def test_tests_of_the_shared_control_plane_run_on_one_worker(
    control_plane: ControlPlane, request: pytest.FixtureRequest
) -> None:
    marker = request.node.get_closest_marker("xdist_group")
    assert marker is not None
    assert marker.args == ("kubernetes",)
    if request.config.getoption("loadgroup", default=False):
        # pytest-xdist 3.8 loses the groups without a word under pytest 9.2 (pytest-dev/pytest-xdist#1386).
        assert request.node.nodeid.endswith("@kubernetes")
