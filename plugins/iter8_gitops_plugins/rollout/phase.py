"""The phase of a Rollout: as its controller states it since 1.0, else derived as Argo does for older ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from iter8_gitops.hooks import Resource, conditions, count, text


class Phase(StrEnum):
    """The phases, as they are written in `status.phase`."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    PAUSED = "Paused"
    DEGRADED = "Degraded"


@dataclass(frozen=True, slots=True)
class Finding:
    """A phase, a CamelCase reason and a message for it, and the fields that say so."""

    phase: Phase
    reason: str
    message: str
    fields: tuple[str, ...]


def stated_phase(resource: Resource) -> Phase | None:
    """What `status.phase` says, or None when it says nothing that is known."""
    said = text(resource.status.get("phase"))
    return Phase(said) if said in set(Phase) else None


def stable_hash(resource: Resource) -> str:
    """The pod hash of the stable ReplicaSet, or "": controllers before 0.8 kept it among the canary's fields."""
    return text(resource.status.get("stableRS")) or text(resource.section("status", "canary").get("stableRS"))


def find_phase(resource: Resource) -> Finding:
    """The phase. Failures come first, then pauses, because they say most about what a person can do."""
    return _failed(resource) or _paused(resource) or _stated(resource) or _derived(resource)


def _failed(resource: Resource) -> Finding | None:
    reported = conditions(resource)
    invalid, progress = reported.get("InvalidSpec"), reported.get("Progressing")
    if invalid is not None and invalid.status != "False":
        return Finding(Phase.DEGRADED, "InvalidSpec", f"its spec is invalid; {invalid}", (invalid.field,))
    aborted = progress is not None and progress.reason == "RolloutAborted"
    if resource.status.get("abort") is True or aborted:
        said = f"; {progress}" if progress is not None else ""
        fields = ("status.abort",) if resource.status.get("abort") is True else ("status.conditions[Progressing]",)
        return Finding(
            Phase.DEGRADED, "Aborted", f"its update was aborted, the stable ReplicaSet takes all traffic{said}", fields
        )
    if progress is not None and progress.reason == "ProgressDeadlineExceeded":
        return Finding(
            Phase.DEGRADED,
            "ProgressDeadlineExceeded",
            f"its update made no progress before the deadline; {progress}",
            (progress.field,),
        )
    if stated_phase(resource) is Phase.DEGRADED:
        return Finding(Phase.DEGRADED, "Degraded", f"it is degraded{_said(resource)}", ("status.phase",))
    return None


def _paused(resource: Resource) -> Finding | None:
    if resource.spec.get("paused") is True:
        return Finding(Phase.PAUSED, "Paused", "it was paused by hand, resume it to go on", ("spec.paused",))
    pauses = resource.status.get("pauseConditions")
    waits = f"its update is paused, promote it to go on{_said(resource)}"
    if isinstance(pauses, list) and pauses:
        return Finding(Phase.PAUSED, "Paused", waits, ("status.pauseConditions",))
    if resource.status.get("controllerPause") is True:
        # Whoever promotes it takes the pauses away; until the controller acts on that, its phase is of before.
        return Finding(
            Phase.PROGRESSING,
            "Unpausing",
            "its controller is about to go on after a pause",
            ("status.controllerPause", "status.pauseConditions"),
        )
    return Finding(Phase.PAUSED, "Paused", waits, ("status.phase",)) if stated_phase(resource) is Phase.PAUSED else None


def _stated(resource: Resource) -> Finding | None:
    phase = stated_phase(resource)
    if phase is None:
        return None
    if phase is Phase.HEALTHY:
        return Finding(phase, "Healthy", "its controller calls it healthy", ("status.phase",))
    return Finding(phase, "RollingOut", f"its update is under way{_said(resource)}", ("status.phase",))


def _derived(resource: Resource) -> Finding:
    status = resource.status
    desired = count(resource.spec.get("replicas"), default=1)
    updated, available = count(status.get("updatedReplicas")), count(status.get("availableReplicas"))
    if updated < desired:
        return _under_way(f"{updated} of {desired} replicas are of the present template", "status.updatedReplicas")
    if available < updated:
        return _under_way(f"{available} of {updated} updated replicas are available", "status.availableReplicas")
    if resource.section("spec", "strategy").get("blueGreen") is not None:
        active = text(resource.section("status", "blueGreen").get("activeSelector"))
        if active != text(status.get("currentPodHash")):
            return _under_way(
                "the active Service does not select the newest ReplicaSet yet", "status.blueGreen.activeSelector"
            )
    elif not resource.section("spec", "strategy", "canary", "trafficRouting"):
        # With traffic routing, old replicas stay for a while after the update is done.
        existing = count(status.get("replicas"))
        if existing != updated:
            said = f"{updated} of {existing} existing replicas are of the present template"
            return _under_way(said, "status.replicas")
    return Finding(
        Phase.HEALTHY,
        "Healthy",
        "its replicas are updated and available",
        ("status.updatedReplicas", "status.replicas"),
    )


def _under_way(message: str, field: str) -> Finding:
    return Finding(Phase.PROGRESSING, "RollingOut", message, (field,))


def _said(resource: Resource) -> str:
    """What the controller added to the phase."""
    said = text(resource.status.get("message"))
    return f" ({said})" if said else ""
