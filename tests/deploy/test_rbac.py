"""The rights of an installation on a real API server: all that the controller needs, and nothing else."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.objects import path_of
from tests.deploy.rendering import Variant
from tests.deploy.service_account import service_account_kubeconfig, service_account_token

WATCHED = ("get", "list", "watch", "patch")
ROUTES = (*WATCHED, "create", "delete")
NEEDED = {
    ("", "services"): WATCHED,
    ("", "configmaps"): ROUTES,
    ("", "events"): ("create", "patch"),
    ("apps", "deployments"): WATCHED,
    ("serving.kserve.io", "inferenceservices"): WATCHED,
    ("networking.istio.io", "virtualservices"): ROUTES,
    ("gateway.networking.k8s.io", "httproutes"): ROUTES,
}
"""What the controller does, by group and resource; written down apart from the manifests."""

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
FORBIDDEN = [
    *((group, resource, verb) for group, resource in NEEDED for verb in VERBS if verb not in NEEDED[group, resource]),
    *(("", resource, verb) for resource in ("secrets", "pods", "serviceaccounts", "nodes") for verb in VERBS),
    *(("rbac.authorization.k8s.io", role, verb) for role in ("roles", "clusterroles") for verb in ("escalate", "bind")),
    *(("rbac.authorization.k8s.io", role, "create") for role in ("roles", "rolebindings", "clusterrolebindings")),
    *(("", resource, "impersonate") for resource in ("users", "groups", "serviceaccounts")),
    ("", "pods/exec", "create"),
    ("", "serviceaccounts/token", "create"),
    ("", "services/proxy", "get"),
    ("", "namespaces", "delete"),
    ("apps", "deployments/status", "patch"),
    ("apps", "deployments/scale", "patch"),
    ("apps", "statefulsets", "patch"),
    ("serving.kserve.io", "inferenceservices/status", "patch"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "patch"),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "create"),
    ("coordination.k8s.io", "leases", "list"),
    ("coordination.k8s.io", "leases", "delete"),
]


class Subject:
    """An installation's service account: asks what it may do, and does it."""

    def __init__(self, control_plane: ControlPlane, variant: Variant, namespace: str) -> None:
        self.variant = variant
        self.namespace = namespace
        self.client = httpx.Client(
            base_url=control_plane.url,
            headers={"Authorization": f"Bearer {service_account_token(control_plane, variant, namespace)}"},
            verify=ssl.create_default_context(cafile=control_plane.ca),
            timeout=30,
            trust_env=False,
        )

    def may(self, verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool:
        """The answer of a SelfSubjectAccessReview; the namespace "" is all of them."""
        resource, _, subresource = resource.partition("/")
        wanted = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {**wanted, "namespace": namespace, "name": name}},
        }
        response = self.client.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", json=body)
        assert response.is_success, response.text
        allowed: bool = response.json()["status"]["allowed"]
        return allowed

    def apply(self, path: str, manifest: dict[str, Any]) -> httpx.Response:
        """A server-side apply, as the controller's."""
        return self.client.patch(
            path,
            json=manifest,
            params={"fieldManager": "iter8-gitops"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )

    def merge(self, path: str, patch: dict[str, Any]) -> httpx.Response:
        """A merge patch, as for finalizers."""
        return self.client.patch(path, json=patch, headers={"Content-Type": "application/merge-patch+json"})


@pytest.fixture(params=["cluster", "namespace"])
def subject(control_plane: ControlPlane, namespace: str, request: pytest.FixtureRequest) -> Iterator[Subject]:
    found = Subject(control_plane, request.param, namespace)
    yield found
    found.client.close()


@pytest.fixture
def elsewhere(control_plane: ControlPlane) -> Iterator[str]:
    name = f"elsewhere-{secrets.token_hex(4)}"
    control_plane.create_namespace(name)
    yield name
    control_plane.delete("", "v1", "namespaces", "", name)


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
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": subject.namespace},
    }
    response = subject.client.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json=body)
    rules = {
        (group, resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in response.json()["status"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    expected: set[tuple[str, str, str, tuple[str, ...]]] = {
        (group, resource, verb, ()) for (group, resource), verbs in NEEDED.items() for verb in verbs
    }
    lease = ("coordination.k8s.io", "leases")
    expected |= {(*lease, "create", ()), *((*lease, verb, ("iter8-gitops",)) for verb in ("get", "update", "patch"))}
    # Everybody may ask what they may do.
    expected |= {("authorization.k8s.io", f"selfsubject{what}reviews", "create", ()) for what in ("access", "rules")}
    assert rules == expected


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


def test_it_puts_and_removes_finalizers_and_deletes_no_workload(control_plane: ControlPlane, subject: Subject) -> None:
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
    deployment: dict[str, Any] = {"spec": {"selector": {"matchLabels": {"app": "web"}}, "template": pod}}
    service: dict[str, Any] = {"spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
    for group, version, plural, kind, content in (
        ("apps", "v1", "deployments", "Deployment", deployment),
        ("", "v1", "services", "Service", service),
    ):
        api_version = f"{group}/{version}" if group else version
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, **content}
        control_plane.apply(manifest, subject.namespace)
        path = path_of(group, version, plural, subject.namespace, "web")
        held = subject.merge(path, {"metadata": {"finalizers": ["iter8.tools/finalizer"]}})
        assert held.is_success, held.text
        assert subject.merge(path, {"metadata": {"finalizers": None}}).is_success
        assert subject.client.delete(path).status_code == 403
        assert subject.client.put(path, json=held.json()).status_code == 403


def test_it_reports_events_and_reads_no_secrets(control_plane: ControlPlane, subject: Subject, elsewhere: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "stringData": {"a": "b"}}
    control_plane.apply(secret, subject.namespace)
    assert subject.client.get(path_of("", "v1", "secrets", subject.namespace, "password")).status_code == 403
    assert subject.client.get("/api/v1/secrets").status_code == 403
    assert subject.client.get("/api/v1/nodes").status_code == 403

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
        assert not subject.may("patch", "argoproj.io", "rollouts", namespace)
        control_plane.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {
                    "name": f"rollouts-{namespace}",
                    "labels": {"iter8.tools/aggregate-to-controller": "true"},
                },
                "rules": [{"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": list(WATCHED)}],
            }
        )
        try:
            wait(lambda: subject.may("patch", "argoproj.io", "rollouts", namespace))
        finally:
            control_plane.delete("rbac.authorization.k8s.io", "v1", "clusterroles", "", f"rollouts-{namespace}")
