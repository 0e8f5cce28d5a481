"""Readiness on a real API server, with the real controllers of Deployments; the test plays the kubelet and KServe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.e2e.system import System, eventually

pytestmark = pytest.mark.slow
Up = Callable[..., System]

VERSIONS = """\
versions:
  - name: stable
    resources: [{{gvrShort: cm, name: stable}}]
  - name: next
    progressDeadline: 2s
    resources: [{{gvrShort: {kind}, name: next}}]
"""
STABLE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: stable, labels: {iter8.tools/watch: "true"}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{iter8.tools/watch: "true"}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: "web:1"}}]}}
"""
MODEL = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: next
  labels: {iter8.tools/watch: "true"}
  annotations: {serving.kserve.io/deploymentMode: RawDeployment}
spec:
  predictor: {model: {modelFormat: {name: sklearn}, storageUri: "s3://models/2"}}
"""
MODEL_READY = {
    "deploymentMode": "RawDeployment",
    "conditions": [{"type": "PredictorReady", "status": "True"}, {"type": "Ready", "status": "True"}],
    "modelStatus": {
        "transitionStatus": "UpToDate",
        "states": {"activeModelState": "Loaded", "targetModelState": "Loaded"},
    },
}


def pods_become_ready(plane: ControlPlane, namespace: str, app: str) -> None:
    """What a kubelet would report of the pods of a Deployment, once its controller has made them."""

    def pods() -> list[dict[str, Any]]:
        found = plane.list_all("", "v1", "pods", namespace)
        return [each for each in found if each["metadata"]["labels"].get("app") == app]

    for pod in eventually(pods, f"pods of {app}"):
        ready = [{"type": "Ready", "status": "True"}]
        plane.patch_status(
            "", "v1", "pods", namespace, pod["metadata"]["name"], {"phase": "Running", "conditions": ready}
        )


def version(system: System, namespace: str) -> dict[str, Any]:
    versions: list[dict[str, Any]] = system.routemap(f"{namespace}/web").get("versions", [{}, {}])
    return versions[1]


@pytest.fixture
def system(control_plane: ControlPlane, namespace: str, up: Up) -> System:
    control_plane.apply(STABLE, namespace)
    options = ("--cluster", "kubernetes", "--kubeconfig", str(control_plane.kubeconfig()))
    return up(None, *options, "--scope", "namespace", "--namespace", namespace, "--no-leader-elect", "--no-finalizers")


def declare(plane: ControlPlane, namespace: str, kind: str) -> None:
    spec = VERSIONS.format(kind=kind)
    labels = {"iter8.tools/kind": "routemap"}
    plane.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "web", "labels": labels},
            "data": {"strSpec": spec},
        },
        namespace,
    )


def test_a_version_that_misses_its_deadline_is_told_everywhere_and_recovers_without_having_moved_traffic(
    control_plane: ControlPlane, namespace: str, system: System
) -> None:
    declare(control_plane, namespace, "deploy")
    control_plane.apply(DEPLOYMENT.format(name="next"), namespace)

    stalled = eventually(lambda: (seen := version(system, namespace)).get("stalled") and seen, "the version stalls")
    assert (stalled["weight"], stalled["available"], stalled["progressDeadlineSeconds"]) == (0, False, 2.0)
    conditions = {each["type"]: each for each in system.routemap(f"{namespace}/web")["conditions"]}
    assert (conditions["Stalled"]["status"], conditions["Stalled"]["reason"]) == (True, "ProgressDeadlineExceeded")
    gauge = f'iter8_version_stalled{{application="{namespace}/web",version="1"}} 1.0'
    eventually(lambda: gauge in system.http.get("/metrics").text, "the gauge")

    def told() -> bool:
        events = control_plane.list_all("", "v1", "events", namespace)
        about = {(each["reason"], each["involvedObject"]["kind"]) for each in events}
        return ("ProgressDeadlineExceeded", "Deployment") in about

    eventually(told, "an Event on the Deployment")

    pods_become_ready(control_plane, namespace, "next")
    ready = eventually(lambda: (seen := version(system, namespace)).get("settled") and seen, "the version is ready")
    assert (ready["weight"], ready["stalled"], ready["progressingSince"]) == (1, False, None)


def test_an_inference_service_waits_for_the_deployment_that_kserve_makes_of_it(
    control_plane: ControlPlane, namespace: str, system: System
) -> None:
    declare(control_plane, namespace, "isvc")
    control_plane.apply(DEPLOYMENT.format(name="next-predictor"), namespace)
    control_plane.apply(MODEL, namespace)
    control_plane.patch_status("serving.kserve.io", "v1beta1", "inferenceservices", namespace, "next", MODEL_READY)

    def waits() -> bool:
        return "next-predictor" in version(system, namespace).get("message", "")

    eventually(waits, "the service waits for its Deployment")
    assert not version(system, namespace)["settled"]

    pods_become_ready(control_plane, namespace, "next-predictor")
    eventually(lambda: version(system, namespace).get("settled"), "the service is ready")
