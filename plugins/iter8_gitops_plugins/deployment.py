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
    observed_generation_current,
)
from iter8_gitops.spec.content import pod_template
from iter8_gitops.spec.status import unobserved_verdict

KIND = ResourceKind("apps", "v1", "Deployment", "deployments", ("deploy", "deployment"))

_ALL_UPDATED = ("status.updatedReplicas", "status.replicas")
_ENOUGH = ("status.availableReplicas", "spec.replicas")


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Deployment, as `deploy`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Follow the roll-out by its counts; a pod of any template that answers makes it servable."""
    if not _is_deployment(resource):
        return None
    replicas = _Replicas.of(resource)
    return (
        early_verdict(resource, servable=replicas.answer)
        or unobserved_verdict(resource, servable=replicas.answer)
        or _verdict(resource, replicas)
    )


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The pod template, without the mark that `kubectl rollout restart` leaves in it."""
    return {"template": pod_template(resource)} if _is_deployment(resource) else None


@dataclass(frozen=True, slots=True)
class _Replicas:
    """The counts of pods: asked for, existing, of the present template, ready, and available.

    A ready pod gets requests at once; it is available when it has been ready for `minReadySeconds`.
    """

    desired: int
    existing: int
    updated: int
    ready: int
    available: int

    @classmethod
    def of(cls, resource: Resource) -> _Replicas:
        status = resource.status
        return cls(
            desired=count(resource.spec.get("replicas"), default=1),
            existing=count(status.get("replicas")),
            updated=count(status.get("updatedReplicas")),
            ready=count(status.get("readyReplicas")),
            available=count(status.get("availableReplicas")),
        )

    @property
    def answer(self) -> bool:
        """True when some pod answers, and is not just about to be scaled away."""
        return self.desired > 0 and self.existing > 0 and max(self.ready, self.available) > 0

    @property
    def availability(self) -> str:
        return f"{self.available} of {self.desired} replicas are available"


def _verdict(resource: Resource, replicas: _Replicas) -> Readiness:
    reported = conditions(resource)
    progress = reported.get("Progressing")
    if progress and progress.reason == "ProgressDeadlineExceeded":
        return Readiness.failed(
            "ProgressDeadlineExceeded",
            f"its roll-out made no progress before the deadline; {replicas.availability}; {progress}",
            servable=replicas.answer,
            fields=(progress.field,),
        )
    if (waiting := _waiting(resource, reported, replicas)) is not None:
        return waiting
    current = observed_generation_current(resource)
    if replicas.available >= replicas.desired:
        return Readiness.ready("RolledOut", replicas.availability, current=current, fields=(*_ENOUGH, *_ALL_UPDATED))
    # Fewer than asked for, on finished content, is an autoscaler's step: what answers is what is declared.
    if progress and progress.reason == "NewReplicaSetAvailable" and replicas.available > 0:
        return Readiness.ready(
            "Scaling", replicas.availability, current=current, fields=(progress.field, *_ENOUGH, *_ALL_UPDATED)
        )
    return Readiness.progressing(
        "ReplicasUnavailable", f"it waits for pods: {replicas.availability}", servable=replicas.answer, fields=_ENOUGH
    )


def _waiting(resource: Resource, reported: Mapping[str, ReportedCondition], replicas: _Replicas) -> Readiness | None:
    """What the roll-out still waits for, or None."""

    def progressing(reason: str, message: str, *fields: str) -> Readiness:
        return Readiness.progressing(reason, message, servable=replicas.answer, fields=fields)

    failure, available = reported.get("ReplicaFailure"), reported.get("Available")
    if failure and failure.status == "True":
        return progressing("ReplicaFailure", f"its pods cannot be created; {failure}", failure.field)
    if replicas.desired == 0:
        message = "it is scaled to zero (spec.replicas is 0), so nothing answers"
        return progressing("ScaledToZero", message, "spec.replicas")
    if replicas.existing == 0:
        message = f"none of its {replicas.desired} replicas exists yet"
        return progressing("NoReplicas", message, "status.replicas", "spec.replicas")
    if replicas.updated != replicas.existing:
        advice = "; it is paused, resume it to go on" if resource.spec.get("paused") is True else ""
        message = f"{replicas.updated} of {replicas.existing} existing replicas are of the present template{advice}"
        return progressing("RollingOut", message, *_ALL_UPDATED)
    if available and available.status == "False":
        return progressing("Unavailable", f"{replicas.availability}; {available}", available.field)
    return None


def _is_deployment(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
