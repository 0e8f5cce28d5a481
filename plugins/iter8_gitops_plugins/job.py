"""Jobs."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("batch", "v1", "Job", "jobs", ("job",))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Job."""
    return [KIND]
