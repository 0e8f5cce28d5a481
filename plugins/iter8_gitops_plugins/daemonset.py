"""DaemonSets."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("apps", "v1", "DaemonSet", "daemonsets", ("ds", "daemonset"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """DaemonSet."""
    return [KIND]
