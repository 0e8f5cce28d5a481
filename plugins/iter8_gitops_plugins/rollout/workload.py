"""The workload that a Rollout refers to (`spec.workloadRef`), and the pod template that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import Resource, ResourceId, text
from iter8_gitops.spec.content import pick, pod_template
from iter8_gitops.spec.names import group_of, is_api_version, is_kind, is_name


def refers(resource: Resource) -> bool:
    """True when the Rollout takes its pod template from another object."""
    return bool(resource.section("spec", "workloadRef"))


def workload_id(resource: Resource) -> ResourceId | None:
    """The object that the Rollout refers to, or None when there is no reference or a malformed one."""
    reference = resource.section("spec", "workloadRef")
    api_version, kind, name = (text(reference.get(key)) for key in ("apiVersion", "kind", "name"))
    if not (is_api_version(api_version) and is_kind(kind) and is_name(name)):
        return None
    return ResourceId(group_of(api_version), kind, resource.id.namespace, name)


def seen_workload(resource: Resource, related: Mapping[ResourceId, Resource]) -> Resource | None:
    """The object that the Rollout refers to, if it can be seen."""
    wanted = workload_id(resource)
    return None if wanted is None else related.get(wanted)


def content(resource: Resource, related: Mapping[ResourceId, Resource]) -> dict[str, Any]:
    """The pod template: the Rollout's own, or that of the workload it refers to."""
    if not refers(resource):
        return {"template": pod_template(resource)}
    workload = seen_workload(resource, related)
    if workload is not None and (template := _template(workload)):
        return {"template": template}
    # The workload cannot be seen, because it lacks the watch label or is gone. The reference alone would stay the same
    # when the workload is edited, so the controller's hash of the template stands for the template. It tells contents
    # apart, but cannot be compared with a template: when the workload comes into sight, that counts as new content.
    return {
        "workloadRef": pick(resource.section("spec", "workloadRef"), {"apiVersion", "kind", "name"}),
        "podHash": text(resource.status.get("currentPodHash")),
    }


def _template(workload: Resource) -> dict[str, Any] | None:
    # A PodTemplate, which may be referred to as well, has its template at the top.
    stated = workload.section("spec", "template") or workload.section("template")
    return pod_template(Resource(workload.id, {"spec": {"template": stated}})) if stated else None
