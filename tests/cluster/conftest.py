from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from iter8_gitops.spec.resource import WATCH_LABEL, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute


@dataclass(frozen=True)
class PlainManifest:
    resource: Resource
    watched: bool
    line: int


@pytest.fixture
def manifest() -> Callable[..., PlainManifest]:
    """A Deployment; `label` is the value of its watch label (None: it has none)."""

    def make(
        name: str = "web",
        namespace: str = "shop",
        *,
        label: object = "true",
        line: int = 1,
        group: str = "apps",
        kind: str = "Deployment",
        **sections: Any,
    ) -> PlainManifest:
        labels = {} if label is None else {WATCH_LABEL: label}
        metadata: dict[str, Any] = {"name": name, "labels": labels}
        if namespace:
            metadata["namespace"] = namespace
        content = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, **sections}
        return PlainManifest(Resource(ResourceId(group, kind, namespace, name), content), label == "true", line)

    return make


@pytest.fixture
def route() -> Callable[..., RenderedRoute]:
    def make(template: str = "http", text: str = "kind: HTTPRoute\n") -> RenderedRoute:
        return RenderedRoute(template, "gateway.networking.k8s.io", "HTTPRoute", "shop", template, text)

    return make
