"""Makes true in the cluster what routemaps ask of it: routes, and the finalizers of the resources that they name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from iter8_gitops.cluster.kubernetes.due import DueQueue
from iter8_gitops.cluster.kubernetes.finalizer_keeper import FinalizerKeeper
from iter8_gitops.cluster.kubernetes.ownership import has_finalizer, instance_of, mark_of
from iter8_gitops.cluster.kubernetes.places import Places
from iter8_gitops.cluster.kubernetes.route_keeper import RouteKeeper
from iter8_gitops.cluster.kubernetes.route_remover import RouteRemover
from iter8_gitops.cluster.kubernetes.route_writer import RouteWriter
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.cluster.kubernetes.tasks import Application, Leftover, ReadLedger, Resource, Task
from iter8_gitops.cluster.kubernetes.watches import Change, KindWatches
from iter8_gitops.cluster.kubernetes.wishes import Wishes
from iter8_gitops.cluster.kubernetes.worker import Worker
from iter8_gitops.cluster.kubernetes.writes import LeaderWrites
from iter8_gitops.contracts.cluster import KindKey, Wanted
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.discovery import Discovery
from iter8_gitops.kube.events import EventRecorder
from iter8_gitops.kube.ledger import Ledger
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId

_log = logging.getLogger(__name__)
_STOP_SECONDS = 2.0
_LEADER_POLL = 0.2


class Applier:
    """Writes in one thread of its own, and only while `leads` says so; whoever calls its methods never waits.

    `routes` watches the objects that carry our instance label, in `kinds`, and `resources` those that routemaps may
    name; their changes are told by `route_changed` and `resource_changed`. `on_news` is called from the thread, with
    the applications of which `apply` says something else than before (none when only `kinds` changed).
    """

    def __init__(
        self,
        client: KubeClient,
        discovery: Discovery,
        routes: KindWatches,
        resources: KindWatches,
        ledger: Ledger,
        settings: KubernetesSettings,
        leads: Callable[[], bool],
        on_news: Callable[[frozenset[str]], None],
        events: EventRecorder,
    ) -> None:
        self._leads = leads
        self._settings = settings
        self._queue: DueQueue[Task] = DueQueue()
        self._wishes = Wishes(settings.drain_seconds)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._writes = writes = LeaderWrites(client, ledger, self._may_write)
        places = Places(discovery, settings.namespace)
        clock = self._wishes.clock
        writer = RouteWriter(client, writes, places, routes, clock)
        remover = RouteRemover(client, writes, places, settings.instance)
        self._worker = Worker(
            self._queue,
            self._wishes,
            writer,
            RouteKeeper(writer, remover, self._wishes, settings.instance),
            FinalizerKeeper(client, writes, places, self._wishes, settings, events, clock),
            writes,
            resources,
            on_news,
            self._stopping,
        )
        self._thread = threading.Thread(target=self._run, name="applier", daemon=True)

    def start(self) -> None:
        """Begin to write, as soon as this replica leads."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no write any more; returns when the last one has ended, or after about two seconds."""
        self._stopping.set()
        self._woken.set()
        self._queue.close()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do now. What waits for a time, such as the end of a drain, does not count."""
        return self._queue.is_idle

    def kinds(self) -> frozenset[KindKey]:
        """The kinds of routes to watch: those that are wanted, and those that may be left of earlier lives."""
        return self._wishes.kinds() | self._writes.noted

    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        """See `Cluster.apply`."""
        known = self._wishes.everybody_known()
        changed = self._wishes.want(application, wanted)
        if changed is not None:
            self._queue.add(Application(application))
            self._look_at(changed)
        self._look_for_strays(known)
        return self.problems(application)

    def problems(self, application: str) -> tuple[Problem, ...]:
        """What `apply` would return now."""
        return self._wishes.problems(application)

    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        """See `Cluster.release`."""
        new = self._wishes.release(application, resources)
        if new:
            self._queue.add(Application(application))
            self._look_at(new)

    def withdraw(self, application: str) -> None:
        """See `Cluster.withdraw`."""
        known = self._wishes.everybody_known()
        named = self._wishes.withdraw(application)
        self._queue.add(Application(application))
        self._look_at(named)
        self._look_for_strays(known)

    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        """See `Cluster.prune`; in the background, as objects of earlier lives are seen."""
        for application in self._wishes.prune(keep):
            self.withdraw(application)
        self._queue.add(ReadLedger())
        return ()

    def route_changed(self, kind: KindKey, changes: Sequence[Change]) -> None:
        """Objects with our instance label changed."""
        affected: set[str] = set()
        for change in changes:
            live = change.after
            resource = _id(kind, live or change.before or {})
            ours = live is not None and instance_of(live) == self._settings.instance
            affected |= self._wishes.see(resource, mark_of(live) if live is not None and ours else None)
            if live is None:
                self._worker.gone.append(resource)
        for application in affected:
            self._queue.add(Application(application))

    def resource_changed(self, kind: KindKey, changes: Sequence[Change]) -> None:
        """Objects that routemaps may name changed."""
        for change in changes:
            if change.after is not None:
                self._queue.add(Resource(_id(kind, change.after)))
            elif change.before is not None and has_finalizer(change.before, self._settings.finalizer):
                # It lost the label (then it must not wait for us), or went in a break of the watch.
                self._queue.add(Leftover(_id(kind, change.before)))

    def leadership_changed(self, leads: bool) -> None:
        """Look at once whether this replica leads."""
        _log.debug("leadership changed: %s", leads)
        self._woken.set()

    def _may_write(self) -> bool:
        return self._leads() and not self._stopping.is_set()

    def _look_at(self, resources: Iterable[ResourceId]) -> None:
        for resource in resources:
            named = self._wishes.naming(resource)
            self._queue.add(Resource(resource) if named else Leftover(resource))

    def _look_for_strays(self, known: bool) -> None:
        """Once everybody has said what they want (`known`: they had before), what nobody named may be let go."""
        if not known and self._wishes.everybody_known():
            self._queue.add(ReadLedger())

    def _run(self) -> None:
        leading = interrupted = False
        while not self._stopping.is_set():
            self._woken.clear()
            if not self._leads():
                if leading:
                    leading = False
                    self._worker.retire()
                self._woken.wait(_LEADER_POLL)
                continue
            if interrupted or not leading:
                leading = True
                self._worker.take_over()
            interrupted = not self._worker.work(_LEADER_POLL)


def _id(kind: KindKey, live: JsonObject) -> ResourceId:
    metadata = live["metadata"]
    return ResourceId(*kind, metadata.get("namespace") or "", metadata["name"])
