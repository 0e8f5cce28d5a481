"""The backends that the contract suite runs against, each with a way to fill it and to look at what was applied."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.contracts.cluster import Cluster, Manifest, Wanted
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.kube.marks import ROUTE_ANNOTATION
from iter8_gitops.spec.resource import Absent, ResourceId
from iter8_gitops.testing.cluster_objects import CORE_SERVICE, SERVICE, config_map_route
from iter8_gitops.testing.waiting import eventually
from tests.controlplane.control_plane import ControlPlane


class ManifestsHarness:
    """Manifests and a folder; everything happens at once."""

    def __init__(self, folder: Path, cluster: type[ManifestsCluster] = ManifestsCluster) -> None:
        self.shop, self.prod = "shop", "prod"
        self._output = folder / "routes"
        self._manifests = cluster(self._output)
        self.cluster: Cluster = self._manifests
        self.cluster.watch([SERVICE, CORE_SERVICE])

    def put(self, objects: Iterable[Manifest]) -> None:
        self._manifests.load({"all.yaml": list(objects)})

    def settle(self) -> None:
        pass

    def applied(self) -> Mapping[str, str]:
        files = sorted(self._output.glob("*/*/*"))
        return {
            str(path.relative_to(self._output).with_suffix("")): yaml.safe_load(path.read_text())["data"]["value"]
            for path in files
        }

    def writes(self) -> object:
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self._output.glob("*/*/*")}


class KubernetesHarness:
    """A real API server, with two namespaces and an installation of its own."""

    def __init__(self, plane: ControlPlane, client: KubeClient) -> None:
        self._plane = plane
        self._token = secrets.token_hex(4)
        self.shop, self.prod = f"shop-{self._token}", f"prod-{self._token}"
        for namespace in (self.shop, self.prod):
            plane.create_namespace(namespace)
        self._instance = f"contract-{self._token}"
        settings = KubernetesSettings(
            identity="contract", instance=self._instance, lease_namespace=self.shop, elect=False
        )
        self._kubernetes = KubernetesCluster(client, settings)
        self.cluster: Cluster = self._kubernetes
        self.cluster.watch([SERVICE, CORE_SERVICE])
        self.cluster.start(lambda: None)
        probes = [ResourceId(*kind, self.shop, "any") for kind in (SERVICE, CORE_SERVICE)]
        eventually(lambda: not self.cluster.awaited(probes))
        self._warm_up()

    def put(self, objects: Iterable[Manifest]) -> None:
        wanted: dict[ResourceId, str] = {}
        for manifest in objects:
            content = dict(manifest.resource.manifest)
            status = content.pop("status", None)
            (live,) = self._plane.apply(content)
            place = (live["metadata"]["namespace"], live["metadata"]["name"])
            if status is not None:
                live = self._plane.patch_status("serving.knative.dev", "v1", "services", *place, status)
            wanted[manifest.resource.id] = live["metadata"]["resourceVersion"] if manifest.watched else ""
        for namespace in (self.shop, self.prod):
            for live in self._plane.list_all("serving.knative.dev", "v1", "services", namespace):
                name = live["metadata"]["name"]
                if (there := ResourceId(*SERVICE, namespace, name)) not in wanted:
                    self._plane.delete("serving.knative.dev", "v1", "services", namespace, name)
                    self._await(there, "NotFound")
        for there, version in wanted.items():
            self._await(there, version or "NotWatched")

    def settle(self) -> None:
        eventually(lambda: self._kubernetes.idle)

    def applied(self) -> Mapping[str, str]:
        return {
            self._template(each): each["data"]["value"]
            for each in sorted(self._routes(), key=lambda each: str(each["metadata"]["name"]))
        }

    def writes(self) -> object:
        return {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in self._routes()}

    def close(self) -> None:
        self.cluster.stop()
        for namespace in (self.shop, self.prod):
            self._plane.delete("", "v1", "namespaces", "", namespace)

    def _routes(self) -> list[dict[str, Any]]:
        maps = [each for name in (self.shop, self.prod) for each in self._plane.list_all("", "v1", "configmaps", name)]
        return [each for each in maps if ROUTE_ANNOTATION in each["metadata"].get("annotations", {})]

    def _template(self, route: Mapping[str, Any]) -> str:
        template: str = route["metadata"]["annotations"][ROUTE_ANNOTATION]
        return template

    def _warm_up(self) -> None:
        """Have ConfigMaps followed: until then an apply waits for a time, which `idle` does not count."""
        application = f"{self.shop}/warm-up"
        self.cluster.apply(application, Wanted(routes=(config_map_route(application),)))
        eventually(self.applied)
        self.cluster.withdraw(application)
        eventually(lambda: not self.applied())

    def _await(self, there: ResourceId, expected: str) -> None:
        """Wait until an object is observed in this version, or is absent for this reason."""

        def seen() -> str:
            observed = self.cluster.observe([there])[there]
            return observed.reason if isinstance(observed, Absent) else str(observed.metadata["resourceVersion"])

        eventually(lambda: seen() == expected)


@contextmanager
def kubernetes_harness(plane: ControlPlane) -> Iterator[KubernetesHarness]:
    """A harness whose threads and connections end with the block."""
    client = KubeClient.connect(kubeconfig=str(plane.kubeconfig()))
    try:
        harness = KubernetesHarness(plane, client)
        try:
            yield harness
        finally:
            harness.close()
    finally:
        client.close()
