"""PersistentVolumeClaims."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", ("pvc", "persistentvolumeclaim"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """PersistentVolumeClaim."""
    return [KIND]
