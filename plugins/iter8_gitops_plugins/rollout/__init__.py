"""Rollouts of Argo Rollouts: ready once they are healthy and their newest ReplicaSet is the stable one.

`rules` decides, `phase` reads what the controller says or would say, `workload` follows the reference to
the workload that a Rollout may take its pod template from.
"""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.hooks import JsonValue, Readiness, Resource, ResourceId, ResourceKind, hookimpl
from iter8_gitops_plugins.rollout.rules import verdict
from iter8_gitops_plugins.rollout.workload import content, workload_id

KIND = ResourceKind("argoproj.io", "v1alpha1", "Rollout", "rollouts", ("ro", "rollout"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Rollout, as `ro`."""
    return [KIND]


@hookimpl
def related_resources(resource: Resource) -> list[ResourceId] | None:
    """The workload that the pod template is taken from, if it is not the Rollout's own."""
    if not _is_rollout(resource):
        return None
    found = workload_id(resource)
    return None if found is None else [found]


@hookimpl
def readiness(resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness | None:
    """Whether the newest pod template is the stable one, and healthy."""
    return verdict(resource, related) if _is_rollout(resource) else None


@hookimpl
def signature_content(resource: Resource, related: Mapping[ResourceId, Resource]) -> JsonValue | None:
    """The pod template, wherever it is stated."""
    return content(resource, related) if _is_rollout(resource) else None


def _is_rollout(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
