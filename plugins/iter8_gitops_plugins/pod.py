"""Pods: ready when they say so, failed when their phase or a container's back-off does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    condition_status,
    conditions,
    early_verdict,
    hookimpl,
    mappings,
    observed_generation_current,
    text,
)
from iter8_gitops.spec.content import omit
from iter8_gitops.spec.status import unreported_verdict

KIND = ResourceKind("", "v1", "Pod", "pods", ("po", "pod"))

_STUCK = frozenset({"CrashLoopBackOff", "ImagePullBackOff", "InvalidImageName"})
"""Why a container waits when only a change is likely to help; ErrImagePull, for one, is said of a single attempt."""

_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - how a volume's name begins
"""The API server adds such a volume to every pod, with a random end, and mounts it in every container."""

_READY = "status.conditions[Ready]"


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Pod, as `po`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Only a pod that is ready is servable: Services send requests to no other."""
    if not _is_pod(resource):
        return None
    ended = _ended(resource)
    servable = ended is None and condition_status(resource, "Ready") == "True"
    return early_verdict(resource, servable=servable) or unreported_verdict(resource) or ended or _verdict(resource)


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The containers and volumes, without the token of the service account; where the pod runs is not content."""
    if not _is_pod(resource):
        return None
    return {
        "containers": _containers(resource.spec.get("containers")),
        "initContainers": _containers(resource.spec.get("initContainers")),
        "volumes": _without_token(resource.spec.get("volumes")),
    }


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A container that does not run, why, and where the object says so."""

    name: str
    reason: str
    message: str
    field: str

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.reason, self.message) if part)
        return f"container {self.name or 'without a name'} waits: {said or 'no reason is given'}"


def _ended(resource: Resource) -> Readiness | None:
    """The verdict on a pod whose containers have all ended for good, whatever its conditions still say, or None."""
    phase = text(resource.status.get("phase"))
    if phase == "Failed":
        said = ": ".join(part for key in ("reason", "message") if (part := text(resource.status.get(key))))
        why = f": {said}" if said else ", see how its containers ended"
        return Readiness.failed("PodFailed", f"its phase is Failed{why}", fields=("status.phase",))
    if phase == "Succeeded":
        message = "it ran to completion (its phase is Succeeded), so nothing answers"
        return Readiness.progressing("Completed", message, fields=("status.phase",))
    return None


def _verdict(resource: Resource) -> Readiness:
    reported = conditions(resource)
    ready, scheduled = reported.get("Ready"), reported.get("PodScheduled")
    if ready and ready.status == "True":
        current = observed_generation_current(resource)
        return Readiness.ready("Ready", _ready_containers(resource), current=current, fields=(ready.field,))
    waiting = list(_waiting(resource))
    for container in waiting:
        if container.reason in _STUCK:
            return Readiness.failed(container.reason, f"{container}", fields=(container.field,))
    if scheduled and scheduled.status == "False":
        reason = "Unschedulable" if scheduled.reason == "Unschedulable" else "NotScheduled"
        return Readiness.progressing(reason, f"it waits for a node; {scheduled}", fields=(scheduled.field,))
    if waiting:
        return Readiness.progressing(
            "ContainersWaiting",
            f"{_ready_containers(resource)}; {waiting[0]}",
            fields=(_READY, waiting[0].field),
        )
    said = f"; {ready}" if ready else ""
    return Readiness.progressing("NotReady", f"{_ready_containers(resource)}{said}", fields=(_READY,))


def _waiting(resource: Resource) -> Iterator[_Waiting]:
    """The containers that wait, first the initial ones, which the others wait for; sidecars are among those."""
    for key in ("initContainerStatuses", "containerStatuses"):
        for status in mappings(resource.status.get(key)):
            state = status.get("state")
            waiting = state.get("waiting") if isinstance(state, Mapping) else None
            if isinstance(waiting, Mapping):
                name = text(status.get("name"))
                yield _Waiting(
                    name,
                    text(waiting.get("reason")),
                    text(waiting.get("message")),
                    f"status.{key}[{name}].state.waiting.reason",
                )


def _ready_containers(resource: Resource) -> str:
    statuses = mappings(resource.status.get("containerStatuses"))
    ready = sum(status.get("ready") is True for status in statuses)
    return f"{ready} of {len(mappings(resource.spec.get('containers')))} containers are ready"


def _containers(value: Any) -> list[dict[str, Any]]:
    return [_container(container) for container in mappings(value)]


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    mounts = _without_token(container.get("volumeMounts"))
    # A container without mounts of its own has no such list where it was declared.
    return {**omit(container, {"volumeMounts"}), **({"volumeMounts": mounts} if mounts else {})}


def _without_token(value: Any) -> list[dict[str, Any]]:
    return [dict(entry) for entry in mappings(value) if not text(entry.get("name")).startswith(_TOKEN_VOLUME)]


def _is_pod(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
