"""Whose an object in the cluster is, by its marks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from iter8_gitops.cluster.kubernetes.routes import Mark
from iter8_gitops.kube.client import JsonObject
from iter8_gitops.kube.marks import (
    CREATED_ANNOTATION,
    FIELD_MANAGER,
    INSTANCE_LABEL,
    ROUTE_ANNOTATION,
)
from iter8_gitops.spec.resource import WATCH_LABEL, ResourceId


def id_of(live: JsonObject) -> ResourceId:
    """Which object it is; the namespace is "" for kinds that have none."""
    metadata = live["metadata"]
    group = str(live.get("apiVersion", "")).rpartition("/")[0]
    return ResourceId(group, str(live.get("kind", "")), metadata.get("namespace") or "", metadata["name"])


def instance_of(live: JsonObject) -> str:
    """The installation that applied it; "" for none."""
    return str(_section(live, "labels").get(INSTANCE_LABEL) or "")


def mark_of(live: JsonObject) -> Mark | None:
    """The routing template that it was rendered from, if its marks say one."""
    return Mark.parse(_section(live, "annotations").get(ROUTE_ANNOTATION))


def was_created(live: JsonObject) -> bool:
    """Whether it was not there before a route was applied: then it may be deleted."""
    return _section(live, "annotations").get(CREATED_ANNOTATION) == "true"


def is_ours(live: JsonObject, instance: str) -> bool:
    """Whether it carries the marks of this installation."""
    return instance_of(live) == instance and mark_of(live) is not None


def is_applied(live: JsonObject) -> bool:
    """Whether we applied it ourselves. A copy of an object carries its marks, but not its field managers."""
    entries = live["metadata"].get("managedFields") or ()
    return any(entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" for entry in entries)


def is_terminating(live: JsonObject) -> bool:
    """Whether its deletion was asked for."""
    return bool(live["metadata"].get("deletionTimestamp"))


def is_watched(live: JsonObject) -> bool:
    """Whether it carries the label without which routemaps do not see it."""
    return _section(live, "labels").get(WATCH_LABEL) == "true"


def has_finalizer(live: JsonObject, finalizer: str) -> bool:
    """Whether it waits for us before it goes."""
    return finalizer in (live["metadata"].get("finalizers") or ())


def taken_by(live: JsonObject, mark: Mark, instance: str, is_claimed: Callable[[Mark], bool]) -> str | None:
    """Who else makes this object, in words; None when it is ours to apply for `mark`.

    `is_claimed` tells whether the template of a mark still stands for this object.
    """
    theirs = instance_of(live)
    if theirs and theirs != instance:
        return f"the installation {theirs!r} of iter8-gitops (label {INSTANCE_LABEL})"
    other = mark_of(live)
    if not theirs or other is None or other == mark or not is_claimed(other):
        return None
    if other.application == mark.application:
        return f"the routing template {other.template!r}"
    return f"the routing template {other.template!r} of the routemap {other.application}"


def _section(live: JsonObject, key: str) -> Mapping[str, Any]:
    found = live["metadata"].get(key)
    return found if isinstance(found, Mapping) else {}
