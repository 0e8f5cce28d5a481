"""The rules: from what a Rollout and the workload it refers to report to a verdict."""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.hooks import Readiness, Resource, ResourceId, count, early_verdict, integer, text
from iter8_gitops.spec.status import unreported_verdict
from iter8_gitops_plugins.rollout.phase import Finding, Phase, find_phase, stable_hash, stated_phase
from iter8_gitops_plugins.rollout.workload import WORKLOAD_GENERATION, noted_generation, refers, seen_workload


def verdict(resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness:
    """The first rule that has something to say, or ready."""
    available = _available(resource)
    return (
        early_verdict(resource, servable=available > 0)
        or unreported_verdict(resource)
        or _workload_not_observed(resource, seen_workload(resource, related), servable=available > 0)
        or _by_phase(resource, seen_workload(resource, related), find_phase(resource), available)
    )


def _available(resource: Resource) -> int:
    """How many replicas answer, of those that are not just about to be scaled away."""
    desired = count(resource.spec.get("replicas"), default=1)
    # The controller calls a Rollout healthy only when all that it asks for are available.
    unsaid = desired if stated_phase(resource) is Phase.HEALTHY else 0
    return count(resource.status.get("availableReplicas"), default=unsaid) if desired else 0


def _workload_not_observed(resource: Resource, workload: Resource | None, *, servable: bool) -> Readiness | None:
    """The pod template is another object's, so that object's generation must have been observed, too."""
    if not refers(resource):
        return None
    observed, noted = integer(resource.status.get("workloadObservedGeneration")), noted_generation(resource)
    # The controller notes the generation on the Rollout a moment after the workload was edited.
    live = integer(workload.metadata.get("generation")) if workload is not None else None
    newest = max((each for each in (noted, live) if each is not None), default=None)
    if observed is None or newest is None or observed >= newest:
        return None
    return Readiness.progressing(
        "WorkloadNotObserved",
        f"its controller has not seen the latest change of the workload that it refers to yet: "
        f"the status is of generation {observed}, the workload of generation {newest}",
        servable=servable,
        fields=("status.workloadObservedGeneration", f"metadata.annotations[{WORKLOAD_GENERATION}]"),
    )


def _by_phase(resource: Resource, workload: Resource | None, found: Finding, available: int) -> Readiness:
    answers = available > 0
    meanwhile = f"; {available} replicas are available" if answers else "; no replica is available"
    if found.phase is Phase.DEGRADED:
        return Readiness.failed(found.reason, f"{found.message}{meanwhile}", servable=answers, fields=found.fields)
    if found.phase is not Phase.HEALTHY:
        return Readiness.progressing(found.reason, f"{found.message}{meanwhile}", servable=answers, fields=found.fields)
    newest, stable = text(resource.status.get("currentPodHash")), _stable(resource)
    if not newest or newest != stable:
        return Readiness.progressing(
            "NotPromoted",
            f"its newest ReplicaSet ({newest or 'not named'}) is not the stable one ({stable or 'not named'}) yet",
            servable=answers,
            fields=("status.stableRS", "status.currentPodHash"),
        )
    if not answers:
        return Readiness.progressing(
            "NoReplicas",
            "it has no available replica, so nothing answers",
            fields=("spec.replicas", "status.availableReplicas"),
        )
    return Readiness.ready(
        "Healthy",
        f"ReplicaSet {stable} is the stable one and healthy",
        current=_current(resource, workload),
        fields=(*found.fields, "status.stableRS", "status.currentPodHash"),
    )


def _stable(resource: Resource) -> str:
    stable = stable_hash(resource)
    if stable or stated_phase(resource) is not None:
        return stable
    # Before 0.8, blue-green updates named no stable ReplicaSet: the one that the active Service selects is it.
    return text(resource.section("status", "blueGreen").get("activeSelector"))


def _current(resource: Resource, workload: Resource | None) -> bool:
    """Whether the status certainly speaks of the present spec, and of the present workload."""
    observed, generation = integer(resource.status.get("observedGeneration")), resource.metadata.get("generation")
    # Controllers before 0.10 put a hash there, which may look like a large number.
    if observed is None or observed != integer(generation):
        return False
    if not refers(resource):
        return True
    seen = integer(resource.status.get("workloadObservedGeneration"))
    live = noted_generation(resource) if workload is None else integer(workload.metadata.get("generation"))
    return seen is not None and live is not None and seen >= live
