"""DaemonSets: ready once each node that is to run a pod has one of the present template, and enough answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iter8_gitops.hooks import (
    JsonValue,
    Readiness,
    Resource,
    ResourceKind,
    count,
    early_verdict,
    hookimpl,
    observed_generation_current,
)
from iter8_gitops.spec.content import pod_template
from iter8_gitops.spec.status import unobserved_verdict

KIND = ResourceKind("apps", "v1", "DaemonSet", "daemonsets", ("ds", "daemonset"))

_DESIRED = "status.desiredNumberScheduled"
_UPDATED = "status.updatedNumberScheduled"
_AVAILABLE = "status.numberAvailable"
_MAX_UNAVAILABLE = "spec.updateStrategy.rollingUpdate.maxUnavailable"
_PERCENT = re.compile(r"([0-9]{1,9})%", re.ASCII)


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """DaemonSet, as `ds`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Count the nodes with a pod of the present template; a pod of any template that answers makes it servable."""
    if not _is_daemon_set(resource):
        return None
    nodes = _Nodes.of(resource)
    return (
        early_verdict(resource, servable=nodes.answer)
        or unobserved_verdict(resource, servable=nodes.answer)
        or _waiting(resource, nodes)
        or Readiness.ready(
            "RolledOut",
            f"{nodes}",
            current=observed_generation_current(resource),
            fields=(_UPDATED, _AVAILABLE, _DESIRED, _MAX_UNAVAILABLE),
        )
    )


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The pod template, without the mark that `kubectl rollout restart` leaves in it."""
    return {"template": pod_template(resource)} if _is_daemon_set(resource) else None


@dataclass(frozen=True, slots=True)
class _Nodes:
    """The counts of nodes: that should have a pod, and that have one: of the present template, ready, available."""

    desired: int
    updated: int
    ready: int
    available: int

    @classmethod
    def of(cls, resource: Resource) -> _Nodes:
        status = resource.status
        return cls(
            desired=count(status.get("desiredNumberScheduled")),
            updated=count(status.get("updatedNumberScheduled")),
            ready=count(status.get("numberReady")),
            available=count(status.get("numberAvailable")),
        )

    @property
    def answer(self) -> bool:
        """True when the pod on some node answers, and is not just about to be taken away."""
        return self.desired > 0 and max(self.ready, self.available) > 0

    def __str__(self) -> str:
        return (
            f"{self.updated} of {self.desired} nodes run the present template, {self.available} have an available pod"
        )


def _waiting(resource: Resource, nodes: _Nodes) -> Readiness | None:
    """What the roll-out still waits for, or None."""
    if nodes.desired == 0:
        message = "no node is to run its pod (status.desiredNumberScheduled is 0), so nothing answers"
        return Readiness.progressing("NoNodes", message, fields=(_DESIRED,))
    on_delete = resource.section("spec", "updateStrategy").get("type") == "OnDelete"
    if nodes.updated < nodes.desired:
        advice = "; the update strategy is OnDelete, so delete the pods of older templates" if on_delete else ""
        return Readiness.progressing(
            "RollingOut",
            f"it waits for its update: {nodes}{advice}",
            servable=nodes.answer,
            fields=(_UPDATED, _DESIRED),
        )
    spared = 0 if on_delete else _max_unavailable(resource, nodes.desired)
    # However many may be missing, without any pod nothing answers.
    needed = max(nodes.desired - spared, 1)
    if nodes.available < needed:
        return Readiness.progressing(
            "PodsUnavailable",
            f"it waits for pods: {nodes}, and must be on {needed} at least",
            servable=nodes.answer,
            fields=(_AVAILABLE, _DESIRED, _MAX_UNAVAILABLE),
        )
    return None


def _max_unavailable(resource: Resource, desired: int) -> int:
    """`maxUnavailable` as a number of nodes; a percentage is rounded up, as the DaemonSet controller does."""
    value = resource.section("spec", "updateStrategy", "rollingUpdate").get("maxUnavailable")
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return -(-int(percent[1]) * desired // 100) if percent else count(value, default=1)


def _is_daemon_set(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
