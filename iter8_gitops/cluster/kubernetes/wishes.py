"""What is wanted, released and wrong, shared by the threads that say so and the one that acts on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass

from iter8_gitops.cluster.kubernetes.demand import Demand
from iter8_gitops.cluster.kubernetes.drain import Departure, Drains
from iter8_gitops.cluster.kubernetes.refusals import Refusal
from iter8_gitops.cluster.kubernetes.routes import Mark
from iter8_gitops.cluster.kubernetes.troubles import Troubles
from iter8_gitops.contracts.cluster import KindKey, Wanted
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceId

_ROUTES = "routes"


@dataclass(frozen=True, slots=True)
class Order:
    """What one application wants at one moment: `released` are the resources that `wanted` gives no traffic."""

    wanted: Wanted
    marked: Mapping[ResourceId, Mark]
    released: frozenset[ResourceId]


class Wishes:
    """Thread-safe; no method waits for more than another thread's short look. `clock` gives steady seconds."""

    def __init__(self, drain_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._demand = Demand()
        self._drains = Drains(drain_seconds)
        self._troubles = Troubles()
        self.clock = clock

    def want(self, application: str, wanted: Wanted) -> frozenset[ResourceId] | None:
        """See `Demand.want`; None when nothing is different."""
        with self._lock:
            if self._demand.has(application, wanted):
                return None
            changed = self._demand.want(application, wanted)
            self._forget_troubles(application, changed - wanted.named)
            return changed

    def withdraw(self, application: str) -> frozenset[ResourceId]:
        """See `Demand.withdraw`; nothing is released or wrong any more either."""
        with self._lock:
            self._drains.release(application, (), self.clock())
            named = self._demand.withdraw(application)
            self._forget_troubles(application, named)
            return named

    def release(self, application: str, resources: Collection[ResourceId]) -> frozenset[ResourceId]:
        """See `Drains.release`."""
        with self._lock:
            return self._drains.release(application, resources, self.clock())

    def prune(self, keep: Collection[str]) -> frozenset[str]:
        """See `Demand.prune`."""
        with self._lock:
            return self._demand.prune(keep)

    def everybody_known(self) -> bool:
        """See `Demand.everybody_known`."""
        return self._demand.everybody_known

    def kinds(self) -> frozenset[KindKey]:
        """The kinds of all routes that are wanted."""
        with self._lock:
            return self._demand.kinds()

    def see(self, resource: ResourceId, mark: Mark | None) -> frozenset[str]:
        """See `Demand.see`. Returns the applications that the object matters to, now or before."""
        with self._lock:
            before = self._demand.mark(resource)
            self._demand.see(resource, mark)
            marked = {each.application for each in (before, mark) if each is not None}
            return self._demand.rendering(resource) | marked

    def claims(self, mark: Mark, resource: ResourceId) -> bool:
        """See `Demand.claims`."""
        with self._lock:
            return self._demand.claims(mark, resource)

    def rendering(self, resource: ResourceId) -> frozenset[str]:
        """See `Demand.rendering`."""
        with self._lock:
            return self._demand.rendering(resource)

    def naming(self, resource: ResourceId) -> frozenset[str]:
        """The applications that name `resource`."""
        with self._lock:
            return frozenset(application for application, _ in self._demand.naming(resource))

    def departure(self, resource: ResourceId) -> Departure | None:
        """When `resource` may go; None when no application names it."""
        with self._lock:
            naming = self._demand.naming(resource)
            return self._drains.departure(naming) if naming else None

    def order(self, application: str) -> Order | None:
        """What is to be true for `application`; None as long as it is not known whether it exists."""
        with self._lock:
            wanted = self._demand.wanted(application)
            if wanted is None:
                return None
            return Order(wanted, self._demand.marked(application), self._drains.released(application))

    def fulfilled(self, application: str, order: Order) -> frozenset[ResourceId]:
        """All of `order` is true. Returns the resources whose drain time begins with that."""
        with self._lock:
            if not order.wanted.routes and not self._demand.marked(application):
                self._demand.forget(application)
            return self._drains.applied(application, order.released, self.clock())

    def note_routes(self, application: str, refusals: Mapping[str, Refusal]) -> bool:
        """What stands in the way of routes, by template. Returns whether `problems` changed."""
        with self._lock:
            return self._troubles.note(application, _ROUTES, refusals, self.clock())

    def note_resource(self, resource: ResourceId, refused: Refusal | None) -> frozenset[str]:
        """What stands in the way of a resource's finalizer. Returns the applications whose `problems` changed."""
        refusals = {} if refused is None else {"": refused}
        with self._lock:
            naming = {application for application, _ in self._demand.naming(resource)}
            return frozenset(
                application
                for application in naming
                if self._troubles.note(application, _scope(resource), refusals, self.clock())
            )

    def problems(self, application: str) -> tuple[Problem, ...]:
        """See `Troubles.told`."""
        with self._lock:
            return self._troubles.told(application)

    def take_over(self) -> tuple[frozenset[str], frozenset[ResourceId]]:
        """Everything is to be looked at anew: all applications, and all resources that they name."""
        with self._lock:
            self._drains.restart(self.clock())
            return self._demand.applications(), frozenset(self._demand.named())

    def retire(self) -> frozenset[str]:
        """Somebody else knows what is wrong now. Returns the applications of which we said something."""
        with self._lock:
            return self._troubles.clear()

    def _forget_troubles(self, application: str, resources: Collection[ResourceId]) -> None:
        for resource in resources:
            self._troubles.note(application, _scope(resource), {}, self.clock())


def _scope(resource: ResourceId) -> Hashable:
    """Without the namespace, which a routemap may state and the object not have."""
    return resource.group, resource.kind, resource.name
