"""How long a version has been on its way, and whether that is longer than it may be.

The clock starts when a version begins to be on its way, and anew with every change of its content. Traffic does not
follow from it: a version that has stalled keeps what its availability gives it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from iter8_gitops.spec.readiness import ReadinessState
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.snapshot import ResourceState, VersionState


@dataclass(frozen=True, slots=True)
class Progress:
    """Since when a version is on its way (seconds since 1970, None when it is not), and whether it has stalled."""

    since: int | None = None
    stalled: bool = False

    def stalls_at(self, deadline: float) -> float | None:
        """When (seconds since 1970) it will count as stalled; None when it does already, or never will."""
        return None if self.since is None or self.stalled else self.since + deadline


def progress(
    resources: Sequence[ResourceState], previous: VersionState | None, deadline: float, now: float
) -> Progress:
    """The progress of a version of these resources. `deadline` is in seconds, `previous` the version's last state."""
    if not _is_on_its_way(resources):
        return Progress()
    since = previous.progressing_since if previous is not None else None
    if since is None or previous is None or _contents(previous.resources) != _contents(resources):
        since = math.ceil(now)  # Never early.
    return Progress(since, now - since >= deadline)


def _is_on_its_way(resources: Sequence[ResourceState]) -> bool:
    """Something of it is there and not all is ready. What nobody has deployed yet, or is being deleted, is not."""
    states = {resource.state for resource in resources}
    if ReadinessState.TERMINATING in states or states == {ReadinessState.READY}:
        return False
    return any(resource.content for resource in resources)


def _contents(resources: Sequence[ResourceState]) -> dict[ResourceId, str]:
    return {resource.id: resource.content for resource in resources}
