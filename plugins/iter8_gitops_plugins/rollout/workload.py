"""The workload that a Rollout refers to (`spec.workloadRef`), and the pod template that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iter8_gitops.hooks import Resource, ResourceId, integer, text
from iter8_gitops.spec.content import pick, pod_template
from iter8_gitops.spec.names import group_of, is_api_version, is_kind, is_name

WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
"""The annotation in which the controller notes the generation of the workload, as soon as that is edited."""


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


def noted_generation(resource: Resource) -> int | None:
    """The generation of the workload that the controller has noted on the Rollout, if it has."""
    return integer(resource.annotations.get(WORKLOAD_GENERATION))


def content(resource: Resource, related: Mapping[ResourceId, Resource]) -> dict[str, Any]:
    """The pod template: the Rollout's own, or that of the workload it refers to."""
    if not refers(resource):
        return {"template": pod_template(resource)}
    workload = seen_workload(resource, related)
    if workload is not None and (template := _template(workload, resource)):
        return {"template": template}
    # The workload cannot be seen, because it lacks the watch label or is gone. The reference alone would stay the same
    # when the workload is edited, so the generation of the workload that the controller notes on the Rollout goes with
    # it. That moves with every edit, also with one of the workload's replicas: metrics start anew too often rather
    # than count for content that has changed. When the workload comes into sight, that counts as new content as well.
    return {
        "workloadRef": pick(resource.section("spec", "workloadRef"), {"apiVersion", "kind", "name"}),
        "workloadGeneration": noted_generation(resource),
    }


def _template(workload: Resource, rollout: Resource) -> dict[str, Any] | None:
    # A PodTemplate, which may be referred to as well, has its template at the top.
    stated = workload.section("spec", "template") or workload.section("template")
    selector = rollout.section("spec", "selector") or workload.section("spec", "selector")
    spec = {"template": stated, "selector": selector}
    return pod_template(Resource(workload.id, {"spec": spec})) if stated else None
