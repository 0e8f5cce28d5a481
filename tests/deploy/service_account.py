"""The rights of an installation, given to a service account of a control plane."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.deploy.rendering import Object, Variant, kustomize

NAME = "iter8-gitops"
"""The service account of the manifests."""

_KINDS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def service_account_token(
    control_plane: ControlPlane,
    variant: Variant,
    namespace: str,
    *,
    instance: str = "iter8-gitops",
    components: Iterable[str] = (),
) -> str:
    """Apply the service account and the roles of `variant` in `namespace`, which exists; return a token for an hour.

    `instance` is the name of the Lease that may be held, `components` are those of the overlay. Objects without a
    namespace get the namespace in their name, so that many installations fit into one control plane.
    """
    for item in kustomize(variant, namespace=namespace, components=components):
        if item["kind"] in _KINDS:
            control_plane.apply(_made_unique(item, namespace, instance))
    response = control_plane.admin.post(
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{NAME}/token",
        json={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    )
    assert response.is_success, response.text
    token: str = response.json()["status"]["token"]
    return token


def service_account_kubeconfig(
    control_plane: ControlPlane,
    variant: Variant,
    namespace: str,
    *,
    instance: str = "iter8-gitops",
    server: str | None = None,
) -> Path:
    """Like `service_account_token`, as a kubeconfig file; `server` replaces the address, for a proxy on 127.0.0.1."""
    token = service_account_token(control_plane, variant, namespace, instance=instance)
    cluster = {"server": server or control_plane.url, "certificate-authority": str(control_plane.ca)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": NAME, "namespace": namespace}}],
        "current-context": "test",
    }
    path = control_plane.folder / f"kubeconfig-{namespace}-{secrets.token_hex(4)}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def _made_unique(item: Object, namespace: str, instance: str) -> Object:
    item = deepcopy(item)
    if item["kind"].startswith("Cluster"):
        item["metadata"]["name"] += f"-{namespace}"
    if item.get("roleRef", {}).get("kind") == "ClusterRole":
        item["roleRef"]["name"] += f"-{namespace}"
    for rule in item.get("rules") or ():
        if "resourceNames" in rule:
            rule["resourceNames"] = [instance]
    return item
