"""The rights of an installation on a real API server: all that the controller needs, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.deploy.needs import NEEDED, WATCHED, expected_rules
from tests.deploy.service_account import service_account_kubeconfig
from tests.deploy.subject import Subject

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
FORBIDDEN = [
    *((group, resource, verb) for group, resource in NEEDED for verb in VERBS if verb not in NEEDED[group, resource]),
    *(("", resource, verb) for resource in ("secrets", "pods", "serviceaccounts", "nodes") for verb in VERBS),
    *(("rbac.authorization.k8s.io", role, verb) for role in ("roles", "clusterroles") for verb in ("escalate", "bind")),
    *(("rbac.authorization.k8s.io", role, "create") for role in ("roles", "rolebindings", "clusterrolebindings")),
    *(("", resource, "impersonate") for resource in ("users", "groups", "serviceaccounts")),
    ("", "pods/exec", "create"),
    ("", "pods/log", "get"),
    ("", "serviceaccounts/token", "create"),
    ("", "services/proxy", "get"),
    ("", "namespaces", "delete"),
    ("apps", "deployments/status", "patch"),
    ("apps", "deployments/scale", "patch"),
    ("apps", "statefulsets/scale", "patch"),
    ("apps", "replicasets", "patch"),
    ("batch", "jobs/status", "patch"),
    ("batch", "cronjobs", "patch"),
    ("argoproj.io", "rollouts/status", "patch"),
    ("argoproj.io", "workflows", "patch"),
    ("serving.knative.dev", "services/status", "patch"),
    ("serving.knative.dev", "revisions", "patch"),
    ("", "persistentvolumes", "patch"),
    ("serving.kserve.io", "inferenceservices/status", "patch"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "patch"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create"),
    ("coordination.k8s.io", "leases", "list"),
    ("coordination.k8s.io", "leases", "delete"),
]


def test_it_may_do_what_the_controller_does_within_its_scope_only(subject: Subject, elsewhere: str) -> None:
    everywhere = subject.variant == "cluster"
    wrong = [
        (verb, group, resource, namespace or "all namespaces")
        for (group, resource), verbs in NEEDED.items()
        for verb in verbs
        for namespace, expected in ((subject.namespace, True), (elsewhere, everywhere), ("", everywhere))
        if subject.may(verb, group, resource, namespace) is not expected
    ]
    assert wrong == []


def test_it_may_do_nothing_else(subject: Subject, elsewhere: str) -> None:
    allowed = [
        (verb, group, resource, namespace)
        for group, resource, verb in FORBIDDEN
        for namespace in (subject.namespace, elsewhere, "")
        if subject.may(verb, group, resource, namespace)
    ]
    assert allowed == []


def test_the_rules_are_complete(subject: Subject) -> None:
    """What the API server itself lists: nothing is left that the two tests above did not think of."""
    assert subject.rules() == expected_rules(components=())


def test_it_holds_its_own_lease_and_no_other(control_plane: ControlPlane, subject: Subject, elsewhere: str) -> None:
    def lease(namespace: str, name: str = "") -> str:
        return path_of("coordination.k8s.io", "v1", "leases", namespace, name)

    def body(name: str) -> dict[str, Any]:
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}, "spec": {}}

    here = subject.namespace
    created = subject.client.post(lease(here), json=body("iter8-gitops"))
    assert created.status_code == 201, created.text
    held = subject.client.get(lease(here, "iter8-gitops")).json()
    held["spec"]["holderIdentity"] = "pod-0"
    assert subject.client.put(lease(here, "iter8-gitops"), json=held).is_success
    noted = {"metadata": {"annotations": {"iter8.tools/kinds": "[]"}}}
    assert subject.merge(lease(here, "iter8-gitops"), noted).is_success

    control_plane.apply(body("other"), here)
    assert subject.client.get(lease(here, "other")).status_code == 403
    assert subject.merge(lease(here, "other"), noted).status_code == 403
    assert subject.client.delete(lease(here, "iter8-gitops")).status_code == 403
    assert subject.client.get(lease(elsewhere, "iter8-gitops")).status_code == 403
    assert subject.client.post(lease(elsewhere), json=body("iter8-gitops")).status_code == 403


def test_it_applies_and_deletes_routes(subject: Subject) -> None:
    routes: dict[str, dict[str, Any]] = {
        path_of("", "v1", "configmaps", subject.namespace, "route"): {"data": {"weight": "1"}},
        path_of("networking.istio.io", "v1beta1", "virtualservices", subject.namespace, "route"): {
            "spec": {"hosts": ["shop"], "http": [{"route": [{"destination": {"host": "shop"}}]}]}
        },
        path_of("gateway.networking.k8s.io", "v1", "httproutes", subject.namespace, "route"): {
            "spec": {"rules": [{"backendRefs": [{"name": "shop", "port": 80}]}]}
        },
    }
    kinds = ("v1 ConfigMap", "networking.istio.io/v1beta1 VirtualService", "gateway.networking.k8s.io/v1 HTTPRoute")
    for (path, content), words in zip(routes.items(), kinds, strict=True):
        api_version, kind = words.split()
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "route"}, **content}
        made = subject.apply(path, manifest)
        assert made.status_code == 201, made.text
        assert subject.apply(path, manifest).status_code == 200
        assert subject.client.get(path.rpartition("/")[0], params={"limit": 1}).is_success
        assert subject.client.delete(path).is_success


def test_it_reports_events(subject: Subject, elsewhere: str) -> None:
    def report(namespace: str) -> httpx.Response:
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "routemap-", "namespace": namespace},
            "involvedObject": {"apiVersion": "v1", "kind": "ConfigMap", "name": "routemap", "namespace": namespace},
            "reason": "Ready",
        }
        return subject.client.post(path_of("", "v1", "events", namespace), json=event)

    assert report(subject.namespace).status_code == 201
    assert report(elsewhere).status_code == (201 if subject.variant == "cluster" else 403)


def test_discovery_and_readiness_are_open_to_it(subject: Subject) -> None:
    for path in ("/readyz", "/version", "/api", "/apis", "/apis/networking.istio.io/v1beta1"):
        assert subject.client.get(path).is_success, path


def test_kubectl_agrees(control_plane: ControlPlane, namespace: str) -> None:
    config = service_account_kubeconfig(control_plane, "namespace", namespace)
    listed = control_plane.kubectl(f"--kubeconfig={config}", "auth", "can-i", "--list")
    assert "deployments.apps" in listed
    assert "secrets" not in listed
    assert "*.*" not in listed


def test_a_labelled_cluster_role_adds_rights_for_another_kind(
    control_plane: ControlPlane, namespace: str, aggregation: None, wait: Callable[[Callable[[], bool]], None]
) -> None:
    subject = Subject(control_plane, "cluster", namespace)
    with subject.client:
        assert not subject.may("patch", "cert-manager.io", "certificates", namespace)
        control_plane.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {
                    "name": f"certificates-{namespace}",
                    "labels": {"iter8.tools/aggregate-to-controller": "true"},
                },
                "rules": [{"apiGroups": ["cert-manager.io"], "resources": ["certificates"], "verbs": list(WATCHED)}],
            }
        )
        try:
            wait(lambda: subject.may("patch", "cert-manager.io", "certificates", namespace))
        finally:
            control_plane.delete("rbac.authorization.k8s.io", "v1", "clusterroles", "", f"certificates-{namespace}")
