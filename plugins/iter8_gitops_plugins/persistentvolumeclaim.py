"""PersistentVolumeClaims: ready once bound to a volume."""

from __future__ import annotations

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    early_verdict,
    hookimpl,
    observed_generation_current,
    text,
)
from iter8_gitops.spec.content import pick
from iter8_gitops.spec.status import unreported_verdict

KIND = ResourceKind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", ("pvc", "persistentvolumeclaim"))

_PHASE = "status.phase"


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """PersistentVolumeClaim, as `pvc`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Follow the phase: a claim that is bound can be used, also while its volume grows."""
    if not _is_claim(resource):
        return None
    bound = text(resource.status.get("phase")) == "Bound"
    return early_verdict(resource, servable=bound) or unreported_verdict(resource) or _verdict(resource)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """Where its data comes from: what the volume is filled with, and which volume it is."""
    return pick(resource.spec, {"dataSource", "dataSourceRef", "volumeName"}) if _is_claim(resource) else None


def _verdict(resource: Resource) -> Readiness:
    phase, volume = text(resource.status.get("phase")), text(resource.spec.get("volumeName"))
    if phase == "Bound":
        current = observed_generation_current(resource)
        return Readiness.ready("Bound", f"it is bound to volume {volume or '?'}", current=current, fields=(_PHASE,))
    if phase == "Lost":
        message = f"its volume {volume or '?'} is gone; bring the volume back, or make a new claim"
        return Readiness.failed("Lost", message, fields=(_PHASE,))
    return Readiness.progressing(
        "NotBound", f"its phase is {phase or 'not set'}: it waits {_missing(resource, volume)}", fields=(_PHASE,)
    )


def _missing(resource: Resource, volume: str) -> str:
    if volume:
        return f"to be bound to volume {volume}"
    storage_class = text(resource.spec.get("storageClassName"))
    of_class = f" of storage class {storage_class}" if storage_class else ""
    if node := text(resource.annotations.get("volume.kubernetes.io/selected-node")):
        return f"for a volume{of_class} on node {node}, where a pod is to use it"
    return (
        f"for a volume{of_class}; a class that binds with WaitForFirstConsumer makes none before a pod uses the claim"
    )


def _is_claim(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
