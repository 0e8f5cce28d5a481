"""Started Kubernetes backends, and the one kind of object that most tests look at through them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from iter8_gitops.cluster.kubernetes.cluster import KubernetesCluster
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.kube.client import KubeClient
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.testing.waiting import eventually
from tests.controlplane.control_plane import ControlPlane

KNATIVE = ("serving.knative.dev", "Service")
LABEL = {"iter8.tools/watch": "true"}


class Running:
    """A started backend, with the number of times that it woke us."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        self.cluster = cluster
        self.wakes = 0
        cluster.start(self._wake)

    def see(self, wanted: ResourceId) -> Observation:
        return self.cluster.observe([wanted])[wanted]

    def resource(self, wanted: ResourceId) -> Resource | None:
        seen = self.see(wanted)
        return seen if isinstance(seen, Resource) else None

    def reason(self, wanted: ResourceId) -> str:
        seen = self.see(wanted)
        return seen.reason if isinstance(seen, Absent) else ""

    def watch(self, *ids: ResourceId) -> None:
        self.cluster.watch({(each.group, each.kind) for each in ids})
        eventually(lambda: not self.cluster.awaited(ids))

    def _wake(self) -> None:
        self.wakes += 1


Run = Callable[..., Running]


@contextmanager
def backends() -> Iterator[Run]:
    """Starts backends. By default they lead without an election, as installations of their own."""
    with ExitStack() as stack:

        def begin(plane: ControlPlane, *, user: str = "admin", server: str | None = None, **settings: Any) -> Running:
            client = KubeClient.connect(kubeconfig=str(plane.kubeconfig(user, server=server)))
            stack.callback(client.close)
            chosen = {"identity": "one", "instance": f"test-{secrets.token_hex(4)}", "elect": False, **settings}
            running = Running(KubernetesCluster(client, KubernetesSettings(**chosen)))
            stack.callback(running.cluster.stop)
            return running

        yield begin


def service(namespace: str, name: str = "web", labels: Mapping[str, str] = LABEL) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": dict(labels)}
    return {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": metadata, "spec": {}}


def web_in(namespace: str, name: str = "web") -> ResourceId:
    return ResourceId(*KNATIVE, namespace, name)


def patch_web(plane: ControlPlane, namespace: str, metadata: Mapping[str, Any]) -> None:
    plane.patch("serving.knative.dev", "v1", "services", namespace, "web", {"metadata": metadata})
