"""StatefulSets: ready once all pods are ready, and those that the update strategy lets go are of the new revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    count,
    early_verdict,
    hookimpl,
    mappings,
    observed_generation_current,
    text,
)
from iter8_gitops.spec.content import omit, pod_template
from iter8_gitops.spec.status import unreported_verdict

KIND = ResourceKind("apps", "v1", "StatefulSet", "statefulsets", ("sts", "statefulset"))

_ON_DELETE = ("status.updatedReplicas", "spec.replicas", "spec.updateStrategy.type")
_ROLLING_UPDATE = (
    "status.updatedReplicas",
    "spec.replicas",
    "status.currentRevision",
    "status.updateRevision",
    "spec.updateStrategy.rollingUpdate.partition",
)
"""Where the object says how far its update is, with either update strategy."""


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """StatefulSet, as `sts`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Count the ready pods, then those of the new revision; a ready pod of any revision makes it servable."""
    if not _is_stateful_set(resource):
        return None
    replicas = _Replicas.of(resource)
    return (
        early_verdict(resource, servable=replicas.answer)
        or unreported_verdict(resource)
        or _waiting(resource, replicas)
        or _outdated(resource, replicas)
        or Readiness.ready(
            "RolledOut",
            f"{replicas}",
            current=observed_generation_current(resource),
            fields=("status.readyReplicas", *(_ON_DELETE if _on_delete(resource) else _ROLLING_UPDATE)),
        )
    )


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The pod template, and the templates of the claims."""
    if not _is_stateful_set(resource):
        return None
    claims = [omit(claim, {"status"}) for claim in mappings(resource.spec.get("volumeClaimTemplates"))]
    for claim in claims:
        if isinstance(claim.get("metadata"), Mapping):
            claim["metadata"] = omit(claim["metadata"], {"creationTimestamp"})
    return {"template": pod_template(resource), "volumeClaimTemplates": claims}


@dataclass(frozen=True, slots=True)
class _Replicas:
    """The counts of pods: asked for, ready, available, of the new revision, and of the old one.

    A ready pod gets requests at once; it is available when it has been ready for `minReadySeconds`.
    """

    desired: int
    ready: int
    available: int
    updated: int
    current: int

    @classmethod
    def of(cls, resource: Resource) -> _Replicas:
        status = resource.status
        return cls(
            desired=count(resource.spec.get("replicas"), default=1),
            ready=count(status.get("readyReplicas")),
            available=count(status.get("availableReplicas")),
            updated=count(status.get("updatedReplicas")),
            current=count(status.get("currentReplicas")),
        )

    @property
    def answer(self) -> bool:
        """True when some pod answers, and is not just about to be scaled away."""
        return self.desired > 0 and self.ready > 0

    def __str__(self) -> str:
        return f"{self.ready} of {self.desired} replicas are ready, {self.updated} of the new revision"


def _waiting(resource: Resource, replicas: _Replicas) -> Readiness | None:
    """Which pods are still missing, whatever their revision, or None."""
    if replicas.desired == 0:
        message = "it is scaled to zero (spec.replicas is 0), so nothing answers"
        return Readiness.progressing("ScaledToZero", message, fields=("spec.replicas",))
    if replicas.ready < replicas.desired:
        return Readiness.progressing(
            "ReplicasNotReady",
            f"it waits for pods: {replicas}",
            servable=replicas.answer,
            fields=("status.readyReplicas", "spec.replicas"),
        )
    seconds = count(resource.spec.get("minReadySeconds"))
    if seconds > 0 and replicas.available < replicas.desired:
        return Readiness.progressing(
            "ReplicasUnavailable",
            f"it waits until its pods have been ready for {seconds} s: "
            f"{replicas.available} of {replicas.desired} replicas are available",
            servable=replicas.answer,
            fields=("status.availableReplicas", "spec.replicas", "spec.minReadySeconds"),
        )
    return None


def _outdated(resource: Resource, replicas: _Replicas) -> Readiness | None:
    """Why pods of an older revision answer that should not, or None."""

    def progressing(reason: str, message: str, fields: tuple[str, ...]) -> Readiness:
        return Readiness.progressing(reason, message, servable=replicas.answer, fields=fields)

    if _on_delete(resource):
        # The current revision of such a StatefulSet never follows, so comparing it would say nothing.
        if replicas.updated == replicas.desired:
            return None
        message = f"{replicas}; the update strategy is OnDelete, so delete the pods of older revisions"
        return progressing("PodsNotReplaced", message, _ON_DELETE)
    current, update = (text(resource.status.get(key)) for key in ("currentRevision", "updateRevision"))
    if current == update:
        # Pods of a revision that is both the old and the new one may be counted as either. When an edit is taken
        # back the revisions are equal at once, while pods of a third one still run.
        if 0 < max(replicas.updated, replicas.current) < replicas.desired:
            return progressing("RollingOut", f"it waits for its update: {replicas}", _ROLLING_UPDATE)
        return None
    partition = count(resource.section("spec", "updateStrategy", "rollingUpdate").get("partition"))
    if partition >= replicas.desired:
        message = f"partition {partition} holds all {replicas.desired} replicas at an older revision; lower it to go on"
        return progressing("PartitionHoldsAll", message, _ROLLING_UPDATE)
    if replicas.updated < replicas.desired - partition:
        wanted = replicas.desired - partition
        message = f"it waits for its update: {replicas}, of {wanted} that partition {partition} lets go"
        return progressing("RollingOut", message, _ROLLING_UPDATE)
    return None


def _on_delete(resource: Resource) -> bool:
    return resource.section("spec", "updateStrategy").get("type") == "OnDelete"


def _is_stateful_set(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
