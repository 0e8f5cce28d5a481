"""An applier on a real API server with what it needs around it, and all its writes noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import yaml

from iter8_gitops.cluster.kubernetes.applier import Applier
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.cluster.kubernetes.watches import Change, KindWatches
from iter8_gitops.contracts.cluster import KindKey, Owner, Wanted
from iter8_gitops.kube.client import Applied, JsonObject, KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.events import EventRecorder
from iter8_gitops.kube.ledger import Ledger
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import RenderedRoute
from tests.controlplane.control_plane import ControlPlane

CONFIG_MAP: KindKey = ("", "ConfigMap")
DEPLOYMENT: KindKey = ("apps", "Deployment")
WATCHED = {"iter8.tools/watch": "true"}
FINALIZER = "iter8.tools/finalizer"


class NotingClient(KubeClient):
    """A client that notes every write but those to Leases and Events; `before_write` is called first."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.writes: list[tuple[str, str]] = []
        self.before_write: Callable[[str, str], None] = lambda verb, path: None

    def apply(self, path: str, body: JsonObject, **keywords: Any) -> Applied:
        self._note("apply", path)
        return super().apply(path, body, **keywords)

    def merge_patch(self, path: str, *arguments: Any, **keywords: Any) -> JsonObject:
        self._note("merge", path)
        return super().merge_patch(path, *arguments, **keywords)

    def delete(self, path: str, **keywords: Any) -> None:
        self._note("delete", path)
        super().delete(path, **keywords)

    def _note(self, verb: str, path: str) -> None:
        if "/leases/" not in path and "/events/" not in path:
            self.before_write(verb, path)
            self.writes.append((verb, path))


MakeRig = Callable[..., "Rig"]
"""Makes a rig with the keywords of `Rig`."""


class Rig:
    """What surrounds an applier in `KubernetesCluster`. Each has an installation and a lease of its own by default."""

    def __init__(
        self,
        plane: ControlPlane,
        instance: str,
        *,
        namespace: str | None = None,
        kinds: Collection[KindKey] = (DEPLOYMENT,),
        drain: float = 0.3,
        finalizers: bool = True,
        user: str = "admin",
        server: str | None = None,
        identity: str = "one",
    ) -> None:
        self.client = NotingClient.connect(kubeconfig=str(plane.kubeconfig(user, server=server)))
        self.leading = True
        self._following = threading.Lock()
        self.news: list[frozenset[str]] = []
        settings = KubernetesSettings(
            identity=identity, instance=instance, namespace=namespace, drain_seconds=drain, finalizers=finalizers
        )
        discovery = Discovery(self.client)
        self.resources = KindWatches(
            self.client,
            discovery,
            namespace=namespace,
            label_selector="iter8.tools/watch=true",
            on_change=self._resources_changed,
            on_state=lambda _: None,
        )
        self.routes = KindWatches(
            self.client,
            discovery,
            namespace=namespace,
            label_selector=f"iter8.tools/instance={instance}",
            on_change=self._routes_changed,
            on_state=lambda _: None,
        )
        self.ledger = Ledger(self.client, "default", instance)
        self.events = EventRecorder(self.client, identity)
        self.applier = Applier(
            self.client,
            discovery,
            self.routes,
            self.resources,
            self.ledger,
            settings,
            lambda: self.leading,
            self._told,
            self.events,
        )
        self.resources.want(kinds)
        self.events.start()
        self.applier.start()

    def close(self) -> None:
        """Stop everything; a second time does nothing."""
        self.applier.stop()
        self.resources.stop()
        self.routes.stop()
        self.events.stop()
        self.client.close()

    def kill(self) -> None:
        """Stop to write at once, as if the process had died."""
        self.leading = False
        self.close()

    def want(
        self,
        application: str,
        *routes: RenderedRoute,
        named: Collection[ResourceId] = (),
        held: Collection[str] = (),
        owner: Owner | None = None,
    ) -> tuple[Problem, ...]:
        wanted = Wanted(tuple(routes), frozenset(held), frozenset(named), owner)
        problems = self.applier.apply(application, wanted)
        self._follow()
        return problems

    def problems(self, application: str) -> str:
        """What is said of an application, as one text."""
        return "\n".join(map(str, self.applier.problems(application)))

    def settle(self, seconds: float = 0.4) -> None:
        """Wait until nothing was to be done for a while."""
        quiet_since = time.monotonic()
        deadline = quiet_since + 20
        while time.monotonic() - quiet_since < seconds:
            assert time.monotonic() < deadline, "the applier is never idle"
            if not self.applier.idle:
                quiet_since = time.monotonic()
            time.sleep(0.01)

    def _told(self, applications: frozenset[str]) -> None:
        self.news.append(applications)
        self._follow()

    def _follow(self) -> None:
        # Two threads come here: the one that computes the kinds last must also be the last to ask for them.
        with self._following:
            self.routes.want(self.applier.kinds())

    def _resources_changed(self, kind: KindKey, changes: Sequence[Change]) -> None:
        self.applier.resource_changed(kind, changes)

    def _routes_changed(self, kind: KindKey, changes: Sequence[Change]) -> None:
        self.applier.route_changed(kind, changes)


def route(
    namespace: str,
    name: str,
    data: dict[str, Any] | None = None,
    *,
    template: str = "main",
    force: bool = False,
    **more: Any,
) -> RenderedRoute:
    """A route that is a ConfigMap; `more` are further sections of the object."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    return rendered(body | ({"data": data} if data is not None else {}) | more, template=template, force=force)


def rendered(body: dict[str, Any], *, template: str = "main", force: bool = False) -> RenderedRoute:
    """What `core.rendering` makes of a rendered object."""
    group = body["apiVersion"].rpartition("/")[0]
    metadata = body["metadata"]
    return RenderedRoute(
        template, group, body["kind"], metadata["namespace"], metadata["name"], yaml.safe_dump(body), force
    )


def deployment(
    namespace: str, name: str, *, labels: dict[str, str] | None = None, finalizers: Sequence[str] = ()
) -> dict[str, Any]:
    """A Deployment that routemaps may name."""
    pods = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": WATCHED if labels is None else labels,
            "finalizers": list(finalizers),
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": pods},
            "template": {"metadata": {"labels": pods}, "spec": {"containers": [{"name": "c", "image": "none"}]}},
        },
    }


def config_map(plane: ControlPlane, namespace: str, name: str) -> dict[str, Any] | None:
    """A ConfigMap as it is now."""
    return plane.get("", "v1", "configmaps", namespace, name)


def data_of(plane: ControlPlane, namespace: str, name: str) -> dict[str, str] | None:
    """The data of a ConfigMap, None when there is none."""
    found = config_map(plane, namespace, name)
    return None if found is None else found.get("data", {})
