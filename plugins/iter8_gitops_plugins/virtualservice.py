"""VirtualServices of Istio."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("networking.istio.io", "v1", "VirtualService", "virtualservices", ("vs", "virtualservice"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """VirtualService."""
    return [KIND]
