"""When a resource that is going away may go: after the routes gave it no traffic for a while. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from iter8_gitops.spec.resource import ResourceId

PATIENCE_SECONDS = 60.0
"""How long after its release a resource waits for routes that cannot be applied."""


@dataclass(frozen=True, slots=True)
class _Release:
    """When a resource was released, and when routes that say so were first in force (None: not yet)."""

    released: float
    applied: float | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """A resource may go at `at` (infinity: nobody knows yet). `complete` says that the routes gave it no traffic."""

    at: float
    complete: bool = True


class Drains:
    """The releases of all applications. All times are seconds of one steady clock. Not thread-safe."""

    def __init__(self, drain_seconds: float, patience: float = PATIENCE_SECONDS) -> None:
        self._drain = drain_seconds
        self._patience = patience
        self._releases: dict[str, dict[ResourceId, _Release]] = {}

    def release(self, application: str, resources: Collection[ResourceId], now: float) -> frozenset[ResourceId]:
        """Exactly `resources` get no traffic from the state of `application`. Returns those that are new."""
        before = self._releases.pop(application, {})
        if resources:
            self._releases[application] = {each: before.get(each) or _Release(now) for each in resources}
        return frozenset(resources) - before.keys()

    def released(self, application: str) -> frozenset[ResourceId]:
        """What `application` has released."""
        return frozenset(self._releases.get(application, ()))

    def applied(self, application: str, resources: Iterable[ResourceId], now: float) -> frozenset[ResourceId]:
        """The routes of `application` are in force, decided after `resources` were released. Returns what is new."""
        releases = self._releases.get(application, {})
        news = {each for each in resources if each in releases and releases[each].applied is None}
        for each in news:
            releases[each] = replace(releases[each], applied=now)
        return frozenset(news)

    def departure(self, named: Iterable[tuple[str, ResourceId]]) -> Departure:
        """When the resource may go that these applications name, each as it names it."""
        each = [self._departure(self._releases.get(application, {}).get(resource)) for application, resource in named]
        latest = max((one.at for one in each), default=0.0)
        return Departure(latest, all(one.complete for one in each))

    def restart(self, now: float) -> None:
        """All was released just now: nobody could apply routes before."""
        for releases in self._releases.values():
            for resource in releases:
                releases[resource] = _Release(now)

    def _departure(self, release: _Release | None) -> Departure:
        if release is None:
            return Departure(float("inf"))
        if release.applied is None:
            return Departure(release.released + self._patience + self._drain, complete=False)
        return Departure(release.applied + self._drain)
