"""The objects and routes that the suite for cluster backends works with."""

from __future__ import annotations

from typing import Any

import yaml

from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.spec.objects import DecodedResource
from iter8_gitops.spec.resource import WATCH_LABEL, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute

SERVICE: KindKey = ("serving.knative.dev", "Service")
CORE_SERVICE: KindKey = ("", "Service")
"""Two kinds of one name, which a backend must not mix."""


def service(name: str, namespace: str, *, watched: bool = True, **sections: Any) -> DecodedResource:
    """A Service of Knative; `sections` are `spec`, `status` and so on."""
    group, kind = SERVICE
    labels = {WATCH_LABEL: "true"} if watched else {}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    manifest = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, **sections}
    return DecodedResource(Resource(ResourceId(group, kind, namespace, name), manifest), True, watched, line=1)


def config_map_route(application: str, template: str = "http", value: str = "1") -> RenderedRoute:
    """A route of a kind that every cluster serves; `value` is its `data.value`."""
    namespace, _, name = application.partition("/")
    metadata = {"name": f"{name}-{template}", "namespace": namespace}
    content = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
    return RenderedRoute(template, "", "ConfigMap", namespace, metadata["name"], yaml.safe_dump(content))
