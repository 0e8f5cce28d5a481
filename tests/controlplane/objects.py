"""Calls on the objects of a control plane, for the parts that a test plays: people, KServe, the kubelet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import httpx
import yaml

Object = dict[str, Any]
"""A Kubernetes object as decoded JSON."""


class ApiError(AssertionError):
    """The API server refused; `status` is its HTTP status code."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text[:2000]}"
        )
        self.status = response.status_code


class ObjectCalls(ABC):
    """Convenience calls as the user "admin".

    The group "" is the core group, and the namespace "" stands for resources without one. All calls raise ApiError
    when the server refuses, and httpx.TransportError when it does not answer.
    """

    @property
    @abstractmethod
    def admin(self) -> httpx.Client:
        """The client of the user "admin"."""

    def create_namespace(self, name: str) -> None:
        """Create a namespace."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        _decoded(self.admin.post("/api/v1/namespaces", json=body))

    def apply(self, manifests: str | Mapping[str, Any], namespace: str = "") -> list[Object]:
        """Apply an object, or all documents of a YAML text, as kubectl does (server-side, force).

        `namespace` is for objects that name none. Returns the objects as they are now.
        """
        documents = yaml.safe_load_all(manifests) if isinstance(manifests, str) else [manifests]
        return [self._apply(document, namespace) for document in documents if document]

    def get(self, group: str, version: str, plural: str, namespace: str, name: str) -> Object | None:
        """Return an object, or None when there is none."""
        response = self.admin.get(path_of(group, version, plural, namespace, name))
        return None if response.status_code == httpx.codes.NOT_FOUND else _decoded(response)

    def list_all(self, group: str, version: str, plural: str, namespace: str = "") -> list[Object]:
        """Return all objects of a resource in a namespace, or in all."""
        items: list[Object] = _decoded(self.admin.get(path_of(group, version, plural, namespace)))["items"]
        return items

    def delete(self, group: str, version: str, plural: str, namespace: str, name: str) -> bool:
        """Delete an object, its dependents in the background; False when there is none.

        It may still be there when this returns: finalizers keep it a while.
        """
        path = path_of(group, version, plural, namespace, name)
        response = self.admin.delete(path, params={"propagationPolicy": "Background"})
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        _decoded(response)
        return True

    def patch(
        self, group: str, version: str, plural: str, namespace: str, name: str, patch: Mapping[str, Any]
    ) -> Object:
        """Merge `patch` into an object (None removes a field); return the object as it is now."""
        return self._merge(path_of(group, version, plural, namespace, name), patch)

    def patch_status(
        self, group: str, version: str, plural: str, namespace: str, name: str, status: Mapping[str, Any]
    ) -> Object:
        """Merge `status` into the subresource status of an object, as its controller would; return the object."""
        return self._merge(path_of(group, version, plural, namespace, name) + "/status", {"status": status})

    def _merge(self, path: str, patch: Mapping[str, Any]) -> Object:
        headers = {"Content-Type": "application/merge-patch+json"}
        return _decoded(self.admin.patch(path, json=patch, headers=headers))

    def _apply(self, manifest: Mapping[str, Any], namespace: str) -> Object:
        group, _, version = manifest["apiVersion"].rpartition("/")
        metadata = manifest["metadata"]
        resources = _decoded(self.admin.get(path_of(group, version, "")))["resources"]
        resource = next(
            (item for item in resources if item["kind"] == manifest["kind"] and "/" not in item["name"]), None
        )
        if resource is None:
            message = f"{manifest['apiVersion']} has no kind {manifest['kind']}"
            raise LookupError(message)
        where = metadata.get("namespace", namespace) if resource["namespaced"] else ""
        return server_side_apply(
            self.admin,
            path_of(group, version, resource["name"], where, metadata["name"]),
            yaml.safe_dump(dict(manifest)),
        )


def server_side_apply(client: httpx.Client, path: str, manifest: str) -> Object:
    """Apply a YAML text to `path` as kubectl does; return the object."""
    response = client.patch(
        path,
        content=manifest.encode(),
        params={"fieldManager": "kubectl", "force": "true"},
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    return _decoded(response)


def path_of(group: str, version: str, plural: str, namespace: str = "", name: str = "") -> str:
    """Return the path of an object, of a resource (no name), or of a version's discovery document (no plural)."""
    root = f"/apis/{group}" if group else "/api"
    parts = [root, version, *(("namespaces", namespace) if namespace else ()), plural, name]
    return "/".join(part for part in parts if part)


def _decoded(response: httpx.Response) -> Object:
    if response.is_error:
        raise ApiError(response)
    content: Object = response.json()
    return content
