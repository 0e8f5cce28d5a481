"""Applications to disturb: with ConfigMaps and with InferenceServices as versions."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import yaml

from tests.e2e.manifests import LOADED
from tests.e2e.on_kubernetes import CONFIG_MAPS, HTTP_ROUTES, TEMPLATE, Shop


class ChangingShop(Shop):
    """A shop whose versions, ConfigMaps, can be given weights."""

    kind: ClassVar = CONFIG_MAPS

    def weigh(self, index: int, weight: int) -> None:
        """Set the weight of a version, as people do: with an annotation."""
        annotations = {"iter8.tools/weight": str(weight)}
        self.plane.patch(*self.kind, self.namespace, f"web-{index}", {"metadata": {"annotations": annotations}})

    def declare_more(self, count: int) -> None:
        """Apply further routemaps with the same versions, each with a route of its own."""
        for number in range(count):
            self._declare_as(f"more-{number}")

    def all_routed(self) -> list[list[int]]:
        """The weights in all routes of the namespace."""
        routes = self.plane.list_all(*HTTP_ROUTES, self.namespace)
        return [[ref["weight"] for ref in route["spec"]["rules"][0]["backendRefs"]] for route in routes]

    def tear_out(self, index: int) -> None:
        """Delete a version although its finalizer asks for patience."""
        self.remove(index)
        self.plane.patch(*self.kind, self.namespace, f"web-{index}", {"metadata": {"finalizers": None}})

    def _declare_as(self, name: str) -> None:
        versions = [{"resources": [{"gvrShort": "cm", "name": f"web-{index}"}]} for index in (0, 1)]
        templates = {
            "http": {"gvrShort": "httproute", "template": TEMPLATE.replace("{name: web}", f"{{name: {name}}}")}
        }
        self.plane.apply(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "labels": {"iter8.tools/kind": "routemap"}},
                "data": {"strSpec": json.dumps({"versions": versions, "routingTemplates": templates})},
            },
            self.namespace,
        )


class ModelShop(ChangingShop):
    """A shop whose versions are InferenceServices; the test plays KServe, which says that they are loaded."""

    kind: ClassVar = ("serving.kserve.io", "v1beta1", "inferenceservices")

    def declare(self, template: str = TEMPLATE, **spec: Any) -> None:
        """See Shop."""
        versions = [{"resources": [{"gvrShort": "isvc", "name": f"web-{index}"}]} for index in (0, 1)]
        super().declare(template, **{"versions": versions, **spec})

    def deploy(self, index: int, value: str = "1", *, watched: bool = True) -> None:
        """See Shop; `value` names the model."""
        labels = {"iter8.tools/watch": "true"} if watched else {}
        model = {"modelFormat": {"name": "sklearn"}, "storageUri": f"s3://models/{value}"}
        manifest = {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": f"web-{index}", "labels": labels},
            "spec": {"predictor": {"model": model}},
        }
        self.plane.apply(manifest, self.namespace)
        self.plane.patch_status(*self.kind, self.namespace, f"web-{index}", yaml.safe_load(LOADED)["status"])

    def remove(self, index: int) -> None:
        """See Shop."""
        self.plane.delete(*self.kind, self.namespace, f"web-{index}")

    def version(self, index: int) -> dict[str, Any] | None:
        """See Shop."""
        return self.plane.get(*self.kind, self.namespace, f"web-{index}")
