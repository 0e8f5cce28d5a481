"""A Kubernetes cluster as a backend: what is seen, what is written, and who may write, put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from iter8_gitops.cluster.kubernetes.applier import Applier
from iter8_gitops.cluster.kubernetes.health import Condition, condition_of
from iter8_gitops.cluster.kubernetes.leadership import Leadership
from iter8_gitops.cluster.kubernetes.names import NamedResources
from iter8_gitops.cluster.kubernetes.noted import NewsBox
from iter8_gitops.cluster.kubernetes.relevance import is_relevant
from iter8_gitops.cluster.kubernetes.reporting import told
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.cluster.kubernetes.sight import Sight
from iter8_gitops.cluster.kubernetes.unlabelled import Unlabelled
from iter8_gitops.cluster.kubernetes.watches import Change, KindWatches
from iter8_gitops.contracts.cluster import KindKey, News, Owner, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.events import EventRecorder
from iter8_gitops.kube.ledger import Ledger
from iter8_gitops.kube.marks import INSTANCE_LABEL
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import WATCH_LABEL, Observation, ResourceId


class KubernetesCluster:
    """Implements `Cluster` with an API server. Constructing it touches no network; the client stays the caller's.

    Reads come from caches that watches keep. Writes and Events happen in threads of their own, and only while this
    replica leads.
    """

    def __init__(self, client: KubeClient, settings: KubernetesSettings) -> None:
        self._client = client
        self._settings = settings
        self._news = NewsBox()
        self._named = NamedResources()
        self._refusal = ""
        self._following = threading.Lock()
        discovery = Discovery(client)
        scope = settings.namespace
        self._resources = KindWatches(
            client,
            discovery,
            namespace=scope,
            label_selector=f"{WATCH_LABEL}=true",
            on_change=self._resources_changed,
            on_state=lambda kind: self._news.put(kinds=(kind,)),
        )
        self._routes = KindWatches(
            client,
            discovery,
            namespace=scope,
            label_selector=f"{INSTANCE_LABEL}={settings.instance}",
            on_change=lambda kind, changes: self._applier.route_changed(kind, changes),
            on_state=lambda _: None,
        )
        self._unlabelled = Unlabelled(client, self._found, self._named.__contains__)
        self._sight = Sight(self._resources, self._unlabelled, scope)
        lease_namespace = settings.lease_namespace or client.namespace
        self._leadership = Leadership(client, lease_namespace, settings, lambda leads: self._leads_now(leads))
        self._events = EventRecorder(client, settings.identity)
        self._applier = Applier(
            client,
            discovery,
            self._routes,
            self._resources,
            Ledger(client, lease_namespace, settings.instance),
            settings,
            self._leadership.leads,
            self._problems_changed,
            self._events,
        )

    @property
    def location(self) -> str:
        """Where the objects are, in words for people."""
        scope = "all namespaces" if self._settings.namespace is None else f"namespace {self._settings.namespace}"
        return f"{self._client.server}, {scope}"

    @property
    def leads(self) -> bool:
        """Whether this replica may write to the cluster now."""
        return self._leadership.leads()

    @property
    def keeps_records(self) -> bool:
        """See `Cluster.keeps_records`. Pods come and go with their boards."""
        return True

    @property
    def leader(self) -> str:
        """The identity of the replica that leads, as seen last."""
        return self._leadership.holder()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to write now."""
        return self._applier.idle

    def condition(self) -> Condition:
        """Whether all that is wanted is seen as it is."""
        seen = condition_of(self._resources.states(), self._resources.failures())
        silence = self._leadership.silence
        return replace(seen, failure=silence) if silence and not seen.failure else seen

    def start(self, wake: Callable[[], None]) -> None:
        """See `Cluster.start`."""
        self._news.attach(wake)
        self._events.start()
        self._unlabelled.start()
        self._applier.start()
        self._leadership.start()

    def stop(self) -> None:
        """See `Cluster.stop`. Takes about a second, and a few when the API server does not answer."""
        self._applier.stop()  # Before another replica may lead.
        stops = (
            self._leadership.stop,
            self._unlabelled.stop,
            self._resources.stop,
            self._routes.stop,
            self._events.stop,
        )
        with ThreadPoolExecutor(len(stops)) as pool:
            for done in [pool.submit(stop) for stop in stops]:
                done.result()

    def watch(self, kinds: Collection[KindKey]) -> None:
        """See `Cluster.watch`."""
        self._resources.want(kinds)

    def awaited(self, ids: Collection[ResourceId]) -> str:
        """See `Cluster.awaited`."""
        return self._sight.awaited(ids)

    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        """See `Cluster.observe`."""
        return {wanted: self._sight.observe(wanted) for wanted in ids}

    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        """See `Cluster.apply`. Writes in the background."""
        self._named.set(application, wanted.named)
        problems = self._applier.apply(application, wanted)
        self._follow_routes()
        if self._refusal and wanted.routes:
            said = f"routes are not applied, because this replica cannot lead: {self._refusal}"
            problems = (*problems, Problem("", 0, 0, said, application=application))
        return problems

    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        """See `Cluster.release`."""
        self._applier.release(application, resources)

    def withdraw(self, application: str) -> None:
        """See `Cluster.withdraw`."""
        self._named.set(application, frozenset())
        self._applier.withdraw(application)
        self._follow_routes()

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """See `Cluster.prune`. Removes in the background, so that nothing can be said yet."""
        self._applier.prune(keep)
        self._follow_routes()
        return ()

    def news(self) -> News:
        """See `Cluster.news`."""
        if self._refusal != self._leadership.refusal:
            self._refusal = self._leadership.refusal
            self._news.put(applications=self._named.applications)
        return self._news.take()

    def report(self, application: str, owner: Owner | None, transitions: Collection[Transition]) -> None:
        """See `Cluster.report`. Only the leader tells, so that people read everything once."""
        if not self._leadership.leads():
            return
        for each in told(application, owner, transitions, self._find):
            self._events.record(each.ref, each.reason, each.message, warning=each.warning)

    def _find(self, wanted: ResourceId) -> JsonObject | None:
        return self._resources.get((wanted.group, wanted.kind), wanted.namespace, wanted.name)

    def _follow_routes(self) -> None:
        with self._following:  # several threads come here, and the newest answer must be the last one that counts
            self._routes.want(self._applier.kinds())

    def _resources_changed(self, kind: KindKey, changes: Sequence[Change]) -> None:
        self._applier.resource_changed(kind, changes)
        self._news.put(resources={_key(kind, change) for change in changes if is_relevant(change)})

    def _found(self, resource: ResourceId) -> None:
        self._news.put(resources=((resource.group, resource.kind, resource.name),))

    def _problems_changed(self, applications: frozenset[str]) -> None:
        self._follow_routes()
        self._news.put(applications=applications)

    def _leads_now(self, leads: bool) -> None:
        self._applier.leadership_changed(leads)
        self._follow_routes()


def _key(kind: KindKey, change: Change) -> tuple[str, str, str]:
    manifest = change.after or change.before or {}
    return (*kind, manifest["metadata"]["name"])
