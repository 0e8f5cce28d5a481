"""Reads what an API server says about the resource types of its groups."""

from __future__ import annotations

from typing import Any

from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeNotFoundError, KubeUnreachableError


def read_group(client: KubeClient, group: str) -> tuple[Endpoint, ...]:
    """All resource types of a group ("" is the core group), each in its preferred version; none without such a group.

    That is the group's preferred version if it has the type, else the first that does. Raises KubeError.
    """
    root = f"/apis/{group}" if group else "/api"
    try:
        answer = client.get(root)
    except KubeNotFoundError:
        return ()
    found: dict[str, Endpoint] = {}
    try:
        for version in _versions(answer):
            for endpoint in _read_version(client, root, group, version):
                found.setdefault(endpoint.plural, endpoint)
    except (AttributeError, TypeError) as error:
        message = f"{client.server} answered with no list of resources for {root}"
        raise KubeUnreachableError(message, reason="BadAnswer") from error
    return tuple(found.values())


def _read_version(client: KubeClient, root: str, group: str, version: str) -> list[Endpoint]:
    try:
        resources = client.get(f"{root}/{version}").get("resources") or ()
    except KubeNotFoundError:
        return []  # It went between the two questions.
    endpoints = (_endpoint(group, version, resource) for resource in resources)
    return [endpoint for endpoint in endpoints if endpoint is not None]


def group_names(client: KubeClient) -> list[str]:
    """The names of all groups, the core group first. Raises KubeError."""
    groups = client.get("/apis").get("groups") or ()
    return ["", *(str(group["name"]) for group in groups if group.get("name"))]


def _versions(answer: dict[str, Any]) -> list[str]:
    """The versions of an APIGroup or, for the core group, of APIVersions, with the preferred one first."""
    versions = [
        entry.get("version", "") if isinstance(entry, dict) else entry for entry in answer.get("versions") or ()
    ]
    preferred = (answer.get("preferredVersion") or {}).get("version")
    return sorted(versions, key=lambda version: version != preferred)


def _endpoint(group: str, version: str, resource: dict[str, Any]) -> Endpoint | None:
    plural = str(resource.get("name") or "")
    if not plural or "/" in plural:  # A subresource, such as "deployments/scale".
        return None
    verbs = frozenset(map(str, resource.get("verbs") or ()))
    return Endpoint(group, version, str(resource.get("kind") or ""), plural, bool(resource.get("namespaced")), verbs)
