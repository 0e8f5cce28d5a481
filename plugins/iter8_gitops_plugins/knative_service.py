"""Knative Services."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("serving.knative.dev", "v1", "Service", "services", ("ksvc", "kservice"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Service."""
    return [KIND]
