"""Secrets."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("", "v1", "Secret", "secrets", ("secret",))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Secret."""
    return [KIND]
