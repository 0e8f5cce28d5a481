"""Resources that routemaps name, on a real API server: followed and held, never deleted; Pods and Secrets on demand."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.deploy.needs import NAMED, OPT_INS, expected_rules
from tests.deploy.subject import Subject

OBJECTS = """\
- apiVersion: v1
  kind: Service
  spec: {ports: [{port: 80, protocol: TCP}]}
- apiVersion: v1
  kind: PersistentVolumeClaim
  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
- apiVersion: apps/v1
  kind: Deployment
  spec: &workload
    selector: {matchLabels: {app: web}}
    template:
      metadata: {labels: {app: web}}
      spec: &pod {containers: [{name: web, image: "web:1"}]}
- apiVersion: apps/v1
  kind: StatefulSet
  spec: {serviceName: web, <<: *workload}
- apiVersion: apps/v1
  kind: DaemonSet
  spec: *workload
- apiVersion: batch/v1
  kind: Job
  spec: {template: {spec: {restartPolicy: Never, <<: *pod}}}
- apiVersion: serving.kserve.io/v1beta1
  kind: InferenceService
  spec: {predictor: {model: {modelFormat: {name: sklearn}, storageUri: "s3://models/1"}}}
- apiVersion: serving.knative.dev/v1
  kind: Service
  spec: {template: {spec: *pod}}
- apiVersion: argoproj.io/v1alpha1
  kind: Rollout
  spec: *workload
- apiVersion: v1
  kind: Pod
  spec: *pod
- apiVersion: v1
  kind: Secret
  stringData: {password: hunter2}
"""
RESOURCES = (*NAMED, *(("", resource) for resource in OPT_INS))
MANIFESTS = dict(zip(RESOURCES, yaml.safe_load(OBJECTS), strict=True))
"""Group and resource -> an object without a name."""


@pytest.mark.parametrize(("group", "resource"), NAMED)
def test_it_follows_and_holds_what_routemaps_name(
    control_plane: ControlPlane, subject: Subject, group: str, resource: str
) -> None:
    path = created(control_plane, group, resource, subject.namespace)
    assert_followed_and_held(subject, path)


@pytest.fixture(params=[(variant, opted) for variant in ("cluster", "namespace") for opted in OPT_INS])
def opted_in(control_plane: ControlPlane, namespace: str, request: pytest.FixtureRequest) -> Iterator[Subject]:
    """The service account of an installation with one of the components."""
    variant, component = request.param
    with Subject(control_plane, variant, namespace, components=[component]) as found:
        yield found


@pytest.mark.parametrize("resource", OPT_INS)
def test_pods_and_secrets_are_out_of_its_reach(
    control_plane: ControlPlane, subject: Subject, elsewhere: str, resource: str
) -> None:
    for namespace in (subject.namespace, elsewhere):
        assert_refused(subject, created(control_plane, "", resource, namespace))
    assert subject.list_status(path_of("", "v1", resource)) == 403
    assert subject.watch_status(path_of("", "v1", resource)) == 403


def test_a_component_brings_its_resource_within_the_scope_and_not_the_other_one(
    control_plane: ControlPlane, opted_in: Subject, elsewhere: str
) -> None:
    (resource,) = opted_in.components
    (other,) = {*OPT_INS} - {resource}
    assert_followed_and_held(opted_in, created(control_plane, "", resource, opted_in.namespace))
    abroad = created(control_plane, "", resource, elsewhere)
    everywhere = path_of("", "v1", resource)
    if opted_in.variant == "cluster":
        assert_followed_and_held(opted_in, abroad)
        assert (opted_in.list_status(everywhere), opted_in.watch_status(everywhere)) == (200, 200)
    else:
        assert_refused(opted_in, abroad)
        assert (opted_in.list_status(everywhere), opted_in.watch_status(everywhere)) == (403, 403)
    for namespace in (opted_in.namespace, elsewhere):
        assert_refused(opted_in, created(control_plane, "", other, namespace))


def test_a_component_brings_nothing_else(opted_in: Subject) -> None:
    assert opted_in.rules() == expected_rules(opted_in.components)


def created(control_plane: ControlPlane, group: str, resource: str, namespace: str) -> str:
    """Have somebody else make an object called `web`; return its path."""
    manifest = {**MANIFESTS[group, resource], "metadata": {"name": "web"}}
    control_plane.apply(manifest, namespace)
    return path_of(group, manifest["apiVersion"].rpartition("/")[2], resource, namespace, "web")


def assert_followed_and_held(subject: Subject, path: str) -> None:
    folder = path.rpartition("/")[0]
    assert (subject.list_status(folder), subject.watch_status(folder)) == (200, 200)
    live = subject.client.get(path)
    assert live.is_success, live.text
    held = subject.merge(path, {"metadata": {"finalizers": ["iter8.tools/finalizer"]}})
    assert held.is_success, held.text
    assert subject.merge(path, {"metadata": {"finalizers": None}}).is_success
    for refused in (
        subject.client.delete(path),
        subject.client.delete(folder),
        subject.client.put(path, json=held.json()),
        subject.client.post(folder, json=live.json()),
    ):
        assert_forbidden(refused)


def assert_refused(subject: Subject, path: str) -> None:
    folder = path.rpartition("/")[0]
    assert (subject.list_status(folder), subject.watch_status(folder)) == (403, 403)
    assert_forbidden(subject.client.get(path))
    assert_forbidden(subject.merge(path, {"metadata": {"finalizers": ["iter8.tools/finalizer"]}}))
    assert_forbidden(subject.client.delete(path))


def assert_forbidden(response: httpx.Response) -> None:
    assert response.status_code == 403, response.text
