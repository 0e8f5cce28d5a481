"""The service account of an installation, on a real API server."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any, Self

import httpx

from tests.controlplane.control_plane import ControlPlane
from tests.deploy.needs import Rule
from tests.deploy.rendering import Variant
from tests.deploy.service_account import service_account_token


class Subject:
    """An installation's service account: asks what it may do, and does it."""

    def __init__(
        self, control_plane: ControlPlane, variant: Variant, namespace: str, *, components: Iterable[str] = ()
    ) -> None:
        self.variant = variant
        self.namespace = namespace
        self.components = tuple(components)
        token = service_account_token(control_plane, variant, namespace, components=self.components)
        self.client = httpx.Client(
            base_url=control_plane.url,
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=control_plane.ca),
            timeout=30,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

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

    def rules(self) -> set[Rule]:
        """All that the API server itself lists for the namespace."""
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": self.namespace},
        }
        response = self.client.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json=body)
        assert response.is_success, response.text
        return {
            (group, resource, verb, tuple(rule.get("resourceNames", ())))
            for rule in response.json()["status"]["resourceRules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }

    def list_status(self, path: str) -> int:
        """The HTTP status of a list."""
        return self.client.get(path, params={"limit": 1}).status_code

    def watch_status(self, path: str) -> int:
        """The HTTP status of a watch; what it tells is not waited for."""
        with self.client.stream("GET", path, params={"watch": "true", "timeoutSeconds": 5}) as response:
            return response.status_code
