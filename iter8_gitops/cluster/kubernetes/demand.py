"""What all routemaps ask of the cluster, and which objects were applied for them. Pure bookkeeping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TypeVar

from iter8_gitops.cluster.kubernetes.routes import Mark
from iter8_gitops.contracts.cluster import KindKey, Wanted
from iter8_gitops.spec.resource import ResourceId

_Loose = tuple[str, str, str]
"""Group, kind and name: a routemap states a namespace also for kinds that have none."""

_NOTHING = Wanted()
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Demand:
    """Indexes of what is wanted, by application and by object. Not thread-safe.

    Before `prune` was called, an application that was never heard of may still come.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, Wanted] = {}
        self._kept: frozenset[str] = frozenset()
        self._unheard: frozenset[str] = frozenset()
        self._naming: dict[_Loose, set[tuple[str, ResourceId]]] = {}
        self._rendering: dict[_Loose, set[str]] = {}
        self._kinds: Counter[KindKey] = Counter()
        self._marks: dict[ResourceId, Mark] = {}
        self._marked: dict[str, set[ResourceId]] = {}
        self.pruned = False

    @property
    def everybody_known(self) -> bool:
        """Whether all applications that there are have said what they want.

        Those that exist need not have done so when `prune` is called: their resources may not be seen yet.
        """
        return self.pruned and not self._unheard

    def want(self, application: str, wanted: Wanted) -> frozenset[ResourceId]:
        """`application` wants exactly this. Returns the resources that it begins or ceases to name."""
        before = self._wanted.get(application, _NOTHING)
        self._wanted[application] = wanted
        self._unheard -= {application}
        if before.named != wanted.named:
            for resource in before.named - wanted.named:
                _discard(self._naming, _loose(resource), (application, resource))
            for resource in wanted.named - before.named:
                self._naming.setdefault(_loose(resource), set()).add((application, resource))
        old = {(route.group, route.kind, route.name) for route in before.routes}
        new = {(route.group, route.kind, route.name) for route in wanted.routes}
        for key in old - new:
            _discard(self._rendering, key, application)
        for key in new - old:
            self._rendering.setdefault(key, set()).add(application)
        if old != new:
            self._kinds.subtract((group, kind) for group, kind, _ in old)
            self._kinds.update((group, kind) for group, kind, _ in new)
            self._kinds = +self._kinds
        return before.named ^ wanted.named

    def has(self, application: str, wanted: Wanted) -> bool:
        """Whether `application` wants just this already."""
        return self._wanted.get(application) == wanted

    def withdraw(self, application: str) -> frozenset[ResourceId]:
        """`application` is gone. Returns the resources that it named."""
        self._kept -= {application}
        return self.want(application, _NOTHING)

    def prune(self, keep: Collection[str]) -> frozenset[str]:
        """No application but those in `keep` exists. Returns the others that are known, or left objects."""
        self.pruned = True
        self._kept = frozenset(keep)
        self._unheard = self._kept - self._wanted.keys()
        return frozenset((self._marked.keys() | self._wanted.keys()) - self._kept)

    def forget(self, application: str) -> None:
        """Nothing is left of a withdrawn application."""
        if self.pruned and self._wanted.get(application) == _NOTHING and application not in self._kept:
            del self._wanted[application]

    def wanted(self, application: str) -> Wanted | None:
        """What `application` wants; None as long as it is not known whether it exists."""
        wanted = self._wanted.get(application)
        if wanted is None and self.pruned and application not in self._kept:
            return _NOTHING
        return wanted

    def applications(self) -> frozenset[str]:
        """All that want something, or have left objects."""
        return frozenset(self._wanted) | frozenset(self._marked)

    def kinds(self) -> frozenset[KindKey]:
        """The kinds of all routes that are wanted."""
        return frozenset(self._kinds)

    def named(self) -> Iterator[ResourceId]:
        """All resources that any routemap names."""
        return (resource for naming in self._naming.values() for _, resource in naming)

    def naming(self, resource: ResourceId) -> list[tuple[str, ResourceId]]:
        """Who names `resource`, and how: the namespace "" of a kind without namespaces stands for any."""
        return [
            (application, named)
            for application, named in self._naming.get(_loose(resource), ())
            if not resource.namespace or named.namespace == resource.namespace
        ]

    def rendering(self, resource: ResourceId) -> frozenset[str]:
        """The applications with a route for this object."""
        found = self._rendering.get(_loose(resource), ())
        return frozenset(application for application in found if self._renders(application, resource, None))

    def claims(self, mark: Mark, resource: ResourceId) -> bool:
        """Whether the template of `mark` still stands for this object, as far as is known."""
        wanted = self.wanted(mark.application)
        if wanted is None or mark.template in wanted.held:
            return True
        return self._renders(mark.application, resource, mark.template)

    def see(self, resource: ResourceId, mark: Mark | None) -> None:
        """The object carries `mark` now (None: none, or it is gone)."""
        before = self._marks.pop(resource, None)
        if before is not None:
            _discard(self._marked, before.application, resource)
        if mark is not None:
            self._marks[resource] = mark
            self._marked.setdefault(mark.application, set()).add(resource)

    def mark(self, resource: ResourceId) -> Mark | None:
        """The mark that the object carried when it was last seen."""
        return self._marks.get(resource)

    def marked(self, application: str) -> dict[ResourceId, Mark]:
        """The objects that were applied for `application`, as far as they were seen."""
        return {each: self._marks[each] for each in sorted(self._marked.get(application, ()))}

    def _renders(self, application: str, resource: ResourceId, template: str | None) -> bool:
        wanted = self._wanted.get(application, _NOTHING)
        return any(
            template in {None, route.template}
            and (route.group, route.kind, route.name) == _loose(resource)
            and resource.namespace in {"", route.namespace}
            for route in wanted.routes
        )


def _loose(resource: ResourceId) -> _Loose:
    return resource.group, resource.kind, resource.name


def _discard(index: dict[_Key, set[_Value]], key: _Key, value: _Value) -> None:
    values = index.get(key, set())
    values.discard(value)
    if not values:
        index.pop(key, None)
