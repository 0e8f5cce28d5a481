"""HTTPRoutes of the Gateway API."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", ("httproute",))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """HTTPRoute."""
    return [KIND]
