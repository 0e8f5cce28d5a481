"""From what a cluster shows of a resource to a verdict, and from resources to a version.

A version is *available* when all its resources exist, none is terminating and all are servable;
it is *settled* when all are ready. Traffic follows availability; signatures follow settling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iter8_gitops.core.signature import digest
from iter8_gitops.spec.readiness import Readiness, ReadinessState
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.snapshot import ResourceState

SETTLE_SECONDS = 10.0
"""How long a `ready` that may speak of older content is held back after an edit."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What plugins say of one object: its readiness, and the part of it that counts as content (JSON)."""

    readiness: Readiness
    content: Any


Related = Mapping[ResourceId, Resource]
"""What can be seen beside an object, of what a verdict on it may depend on."""

Inspect = Callable[[Resource, Related], Inspection]


def resource_state(
    identity: ResourceId,
    observation: Observation,
    inspect: Callable[[Resource], Inspection],
    previous: ResourceState | None,
    now: float,
) -> ResourceState:
    """The verdict on one resource. `previous` is the last one on the same resource, if any."""
    if isinstance(observation, Absent):
        return _state(
            identity,
            Readiness(ReadinessState.UNKNOWN, False, observation.reason, observation.message),
        )
    inspection = inspect(observation)
    readiness = inspection.readiness
    if observation.terminating:
        readiness = Readiness.terminating(f"{identity} is being deleted")
    content = digest(inspection.content)
    status = digest(observation.status)
    edited_at = _unconfirmed_edit(readiness, content, status, previous, now)
    if edited_at is not None:
        readiness = Readiness.progressing(
            "Settling",
            f"{identity} was edited and its status has not changed since; "
            f"it is taken to describe the new content {SETTLE_SECONDS:g} s after the edit",
            servable=readiness.servable,
        )
    return _state(identity, readiness, content, status, edited_at)


def settles_at(resources: Sequence[ResourceState]) -> float | None:
    """When the first of the held-back verdicts is due to be looked at again, or None."""
    due = [state.edited_at + SETTLE_SECONDS for state in resources if state.edited_at is not None]
    return min(due, default=None)


def is_available(resources: Sequence[ResourceState]) -> bool:
    """True when every resource answers and none is going away."""
    return all(state.servable and state.state is not ReadinessState.TERMINATING for state in resources)


def is_settled(resources: Sequence[ResourceState]) -> bool:
    """True when every resource answers with the content that it declares."""
    return all(state.state is ReadinessState.READY for state in resources)


def explanation(resources: Sequence[ResourceState]) -> tuple[str, str]:
    """(reason, message) of the resource that holds the version back most, or of its readiness."""
    silent = [state for state in resources if not state.servable]
    unready = [state for state in resources if state.state is not ReadinessState.READY]
    for state in (*silent, *unready):
        return state.reason, state.message
    return "Ready", "every resource is ready"


def by_identity(resources: Sequence[ResourceState]) -> Mapping[ResourceId, ResourceState]:
    """The states, found by the resource that they speak of."""
    return {state.id: state for state in resources}


def _unconfirmed_edit(
    readiness: Readiness, content: str, status: str, previous: ResourceState | None, now: float
) -> float | None:
    """When the content was edited, if `ready` may still describe what was there before the edit."""
    if readiness.state is not ReadinessState.READY or readiness.current:
        return None
    if previous is None or not previous.content or previous.status != status:
        return None
    edited_at = now if previous.content != content else previous.edited_at
    if edited_at is None or now - edited_at >= SETTLE_SECONDS:
        return None
    return edited_at


def _state(
    identity: ResourceId,
    readiness: Readiness,
    content: str = "",
    status: str = "",
    edited_at: float | None = None,
) -> ResourceState:
    return ResourceState(
        group=identity.group,
        kind=identity.kind,
        namespace=identity.namespace,
        name=identity.name,
        state=readiness.state,
        servable=readiness.servable,
        reason=readiness.reason,
        message=readiness.message,
        content=content,
        status=status,
        edited_at=edited_at,
    )
