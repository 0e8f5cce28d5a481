"""An application on a real API server: ConfigMaps as versions, and an HTTPRoute that shows their weights."""

from __future__ import annotations

import json
from typing import Any

from tests.controlplane.control_plane import ControlPlane
from tests.e2e.system import eventually

HTTP_ROUTES = ("gateway.networking.k8s.io", "v1", "httproutes")
CONFIG_MAPS = ("", "v1", "configmaps")
LEASE_SECONDS = 4.0
"""Of replicas: how long another one waits for a leader that has died."""

TEMPLATE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: gateway}]
  rules:
  - backendRefs:
    - {name: web-0, port: 80, weight: {{ index .Weights 0 }}}
    - {name: web-1, port: 80, weight: {{ index .Weights 1 }}}
"""


class Shop:
    """The application `NAMESPACE/web`: a routemap with two versions, `web-0` and `web-1`, and a route."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace
        self.application = f"{namespace}/web"

    def declare(self, template: str = TEMPLATE, **spec: Any) -> None:
        """Apply the routemap as a ConfigMap."""
        versions = [{"resources": [{"gvrShort": "cm", "name": f"web-{index}"}]} for index in (0, 1)]
        templates = {"http": {"gvrShort": "httproute", "template": template}}
        routemap = {"versions": versions, "routingTemplates": templates, **spec}
        self.plane.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "web", "labels": {"iter8.tools/kind": "routemap"}},
                "data": {"strSpec": json.dumps(routemap)},
            },
            self.namespace,
        )

    def deploy(self, index: int, value: str = "1", *, watched: bool = True) -> None:
        """Apply a version."""
        labels = {"iter8.tools/watch": "true"} if watched else {}
        metadata = {"name": f"web-{index}", "labels": labels}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
        self.plane.apply(manifest, self.namespace)

    def remove(self, index: int) -> None:
        """Ask for the deletion of a version."""
        self.plane.delete(*CONFIG_MAPS, self.namespace, f"web-{index}")

    def version(self, index: int) -> dict[str, Any] | None:
        """The object of a version, if it is there."""
        return self.plane.get(*CONFIG_MAPS, self.namespace, f"web-{index}")

    def route(self) -> dict[str, Any] | None:
        """The applied route, if it is there."""
        return self.plane.get(*HTTP_ROUTES, self.namespace, "web")

    def routed(self) -> list[int]:
        """The weights in the applied route."""
        route = self.route()
        return [ref["weight"] for ref in route["spec"]["rules"][0]["backendRefs"]] if route else []

    def await_routed(self, *weights: int, seconds: float = 30.0) -> None:
        """Wait until the applied route has these weights."""
        eventually(lambda: self.routed() == list(weights), f"a route with the weights {weights}", seconds)
