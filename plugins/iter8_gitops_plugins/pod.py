"""Pods."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("", "v1", "Pod", "pods", ("po", "pod"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Pod."""
    return [KIND]
