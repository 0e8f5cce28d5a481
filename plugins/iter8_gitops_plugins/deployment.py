"""Deployments: ready once every pod that exists runs the present template, and enough of them answer.

Conditions alone mislead: right after one apply that changes the image and the number of replicas,
both of them are still green. So the counts decide, as in `kubectl rollout status`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    ReportedCondition,
    Resource,
    ResourceKind,
    conditions,
    count,
    early_verdict,
    hookimpl,
    integer,
    observed_generation_current,
)
from iter8_gitops.spec.content import pod_template

KIND = ResourceKind("apps", "v1", "Deployment", "deployments", ("deploy", "deployment"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Deployment, as `deploy`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Follow the roll-out by its counts; a pod of any template that is available makes it servable."""
    if not _is_deployment(resource):
        return None
    replicas = _Replicas.of(resource)
    return early_verdict(resource, servable=replicas.answer) or _verdict(resource, replicas)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The pod template, without the mark that `kubectl rollout restart` leaves in it."""
    return {"template": pod_template(resource)} if _is_deployment(resource) else None


@dataclass(frozen=True, slots=True)
class _Replicas:
    """The counts of pods: asked for, existing, of the present template, and available."""

    desired: int
    existing: int
    updated: int
    available: int

    @classmethod
    def of(cls, resource: Resource) -> _Replicas:
        status = resource.status
        return cls(
            desired=count(resource.spec.get("replicas"), default=1),
            existing=count(status.get("replicas")),
            updated=count(status.get("updatedReplicas")),
            available=count(status.get("availableReplicas")),
        )

    @property
    def answer(self) -> bool:
        """True when some pod answers, and is not just about to be scaled away."""
        return self.desired > 0 and self.existing > 0 and self.available > 0

    @property
    def availability(self) -> str:
        return f"{self.available} of {self.desired} replicas are available"


def _verdict(resource: Resource, replicas: _Replicas) -> Readiness:
    if integer(resource.status.get("observedGeneration")) is None:
        return Readiness.progressing(
            "NotObserved",
            "its controller has not reported on it yet (status.observedGeneration is missing)",
            servable=replicas.answer,
        )
    reported = conditions(resource)
    progress = reported.get("Progressing")
    if progress and progress.reason == "ProgressDeadlineExceeded":
        return Readiness.failed(
            "ProgressDeadlineExceeded",
            f"its roll-out made no progress before the deadline; {replicas.availability}; {progress}",
            servable=replicas.answer,
        )
    if (waiting := _waiting(resource, reported, replicas)) is not None:
        reason, message = waiting
        return Readiness.progressing(reason, message, servable=replicas.answer)
    # Fewer than asked for, on finished content, is an autoscaler's step: what answers is what is declared.
    only_scaling = progress is not None and progress.reason == "NewReplicaSetAvailable" and replicas.available > 0
    if replicas.available >= replicas.desired or only_scaling:
        reason = "Scaling" if replicas.available < replicas.desired else "RolledOut"
        return Readiness.ready(reason, replicas.availability, current=observed_generation_current(resource))
    return Readiness.progressing("ReplicasUnavailable", replicas.availability, servable=replicas.answer)


def _waiting(
    resource: Resource, reported: Mapping[str, ReportedCondition], replicas: _Replicas
) -> tuple[str, str] | None:
    """What the roll-out still waits for, as a reason and a message, or None."""
    failure, available = reported.get("ReplicaFailure"), reported.get("Available")
    if failure and failure.status == "True":
        return "ReplicaFailure", f"its pods cannot be created; {failure}"
    if replicas.desired == 0:
        return "ScaledToZero", "it is scaled to zero (spec.replicas is 0), so nothing answers"
    if replicas.existing == 0:
        return "NoReplicas", f"none of its {replicas.desired} replicas exists yet"
    if replicas.updated != replicas.existing:
        advice = "; it is paused, resume it to go on" if resource.spec.get("paused") is True else ""
        return (
            "RollingOut",
            f"{replicas.updated} of {replicas.existing} existing replicas are of the present template{advice}",
        )
    if available and available.status == "False":
        return "Unavailable", f"{replicas.availability}; {available}"
    return None


def _is_deployment(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
