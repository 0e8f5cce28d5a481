"""What is due to be reconciled, and why: a change of declaration, of a resource, of problems, or time.

The index from resources to *all* routemaps that name them makes the cost of a change depend on what
changed, not on how many routemaps there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from iter8_gitops.contracts.cluster import KindKey, ResourceKey
from iter8_gitops.core.desired import Declared
from iter8_gitops.spec.resource import ResourceId

_NONE: frozenset[ResourceKey] = frozenset()


class Triggers:
    """The set of applications that are due, and the times at which others will be."""

    def __init__(self) -> None:
        self._due: set[str] = set()
        self._recheck_at: dict[str, float] = {}
        self._keys: dict[str, frozenset[ResourceKey]] = {}
        self._related: dict[str, frozenset[ResourceKey]] = {}
        self._applications: dict[ResourceKey, set[str]] = {}
        self._kinds: Counter[KindKey] = Counter()

    @property
    def kinds(self) -> frozenset[KindKey]:
        """The kinds of all resources that any declared routemap names or depends on."""
        return frozenset(self._kinds)

    @property
    def any_due(self) -> bool:
        """Whether something is due at once, whatever the time."""
        return bool(self._due)

    def declare(self, changed: Mapping[str, Declared]) -> None:
        """Routemaps that are new or different: index their resources, and reconcile them."""
        for application, declared in changed.items():
            self._reindex(application, _keys(declared.routemap.resource_ids), self._related.get(application, _NONE))
        self._due.update(changed)

    def relate(self, application: str, resources: Collection[ResourceId]) -> None:
        """The state of `application` depends on these, too; exactly these, until somebody says otherwise."""
        related = _keys(resources)
        if related != self._related.get(application, _NONE):
            self._reindex(application, self._keys.get(application, _NONE), related)

    def withdraw(self, removed: Iterable[str]) -> None:
        """Routemaps that are no longer declared."""
        for application in removed:
            self._reindex(application, _NONE, _NONE)
            self._due.discard(application)
            self._recheck_at.pop(application, None)

    def resources_changed(self, keys: Iterable[ResourceKey]) -> None:
        """Every routemap that names one of these resources is due."""
        for key in keys:
            self._due.update(self._applications.get(key, ()))

    def kinds_changed(self, kinds: Collection[KindKey]) -> None:
        """Every routemap that names a resource of one of these kinds is due."""
        if kinds:
            self.resources_changed([key for key in self._applications if key[:2] in kinds])

    def touch(self, applications: Iterable[str]) -> None:
        """These routemaps are due, if they are declared."""
        self._due.update(application for application in applications if application in self._keys)

    def touch_all(self) -> None:
        """Every routemap is due."""
        self._due.update(self._keys)

    def recheck(self, application: str, at: float | None) -> None:
        """Reconcile `application` again at `at` (seconds since 1970) although nothing changed, or don't (None)."""
        if at is None:
            self._recheck_at.pop(application, None)
        else:
            self._recheck_at[application] = at

    def take(self, now: float) -> frozenset[str]:
        """Everything that is due at `now`; it is due no longer."""
        late = [application for application, at in self._recheck_at.items() if at <= now]
        for application in late:
            del self._recheck_at[application]
        due = frozenset(self._due.union(late))
        self._due.clear()
        return due

    def due_at(self) -> float | None:
        """When the next recheck is due, or None."""
        return min(self._recheck_at.values(), default=None)

    def _reindex(self, application: str, keys: frozenset[ResourceKey], related: frozenset[ResourceKey]) -> None:
        """Find `application` by these keys and no others."""
        before = self._keys.pop(application, _NONE) | self._related.pop(application, _NONE)
        after = keys | related
        if keys:
            self._keys[application] = keys
        if related:
            self._related[application] = related
        for key in after - before:
            applications = self._applications.setdefault(key, set())
            if not applications:
                self._kinds[key[:2]] += 1
            applications.add(application)
        for key in before - after:
            self._forget(application, key)

    def _forget(self, application: str, key: ResourceKey) -> None:
        applications = self._applications[key]
        applications.discard(application)
        if not applications:
            del self._applications[key]
            self._kinds[key[:2]] -= 1
            if not self._kinds[key[:2]]:
                del self._kinds[key[:2]]


def _keys(resources: Collection[ResourceId]) -> frozenset[ResourceKey]:
    return frozenset((each.group, each.kind, each.name) for each in resources)
