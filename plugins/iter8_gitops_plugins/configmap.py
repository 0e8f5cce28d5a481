"""ConfigMaps: one that exists serves what it holds, and what it holds is its content."""

from __future__ import annotations

from iter8_gitops.hooks import JsonValue, Readiness, Resource, ResourceKind, early_verdict, hookimpl
from iter8_gitops.spec.content import pick

KIND = ResourceKind("", "v1", "ConfigMap", "configmaps", ("cm", "configmap"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """ConfigMap, as `cm`."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Existing is ready."""
    if not _is_config_map(resource):
        return None
    # A ConfigMap has no status that could lag behind.
    return early_verdict(resource, servable=True) or Readiness.ready(
        "Exists", "it exists, which is all that a ConfigMap needs", current=True
    )


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The data, in both forms."""
    return pick(resource.manifest, {"data", "binaryData"}) if _is_config_map(resource) else None


def _is_config_map(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
