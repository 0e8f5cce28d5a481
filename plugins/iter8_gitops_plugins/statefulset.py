"""StatefulSets."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("apps", "v1", "StatefulSet", "statefulsets", ("sts", "statefulset"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """StatefulSet."""
    return [KIND]
