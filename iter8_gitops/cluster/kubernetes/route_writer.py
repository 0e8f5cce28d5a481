"""Makes one route true in the cluster, with as few requests as that takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from iter8_gitops.cluster.kubernetes.conflicts import FORCE_HINT, Fights, fields, holders, is_drift, managers
from iter8_gitops.cluster.kubernetes.ownership import is_ours, is_terminating, taken_by, was_created
from iter8_gitops.cluster.kubernetes.places import Place, Places
from iter8_gitops.cluster.kubernetes.refusals import REFUSED_SECONDS, UNTOLD_SECONDS, Refusal, RefusedError
from iter8_gitops.cluster.kubernetes.route_memory import RouteMemory
from iter8_gitops.cluster.kubernetes.routes import Mark, RouteObject, RouteShapeError
from iter8_gitops.cluster.kubernetes.states import Pending, Served
from iter8_gitops.cluster.kubernetes.watches import KindWatches
from iter8_gitops.cluster.kubernetes.writes import LeaderWrites
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import Applied, JsonObject, KubeClient
from iter8_gitops.kube.endpoint import Endpoint
from iter8_gitops.kube.errors import KubeConflictError, KubeError, KubeNotFoundError
from iter8_gitops.spec.resource import ResourceId

_PENDING_SECONDS = 3.0
"""How long to wait for the first list of a kind, which spares us to ask for each object."""
_CONFIG_MAPS = Endpoint("", "v1", "ConfigMap", "configmaps", namespaced=True)
_SOMEBODY = "somebody"
"""Who changes an object without holding any of our fields."""


class RouteWriter:
    """Applies routes. One thread uses it; `clock` gives steady seconds."""

    def __init__(
        self,
        client: KubeClient,
        writes: LeaderWrites,
        places: Places,
        watches: KindWatches,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._writes = writes
        self._places = places
        self._watches = watches
        self._clock = clock
        self._memory = RouteMemory()
        self._fights = Fights()
        self._pending: dict[KindKey, float] = {}
        self._paused: dict[ResourceId, tuple[float, str, Refusal]] = {}

    def hold(self, wanted: RouteObject, is_claimed: Callable[[Mark, ResourceId], bool]) -> ResourceId:
        """Make sure that the object of a route is there as `wanted`. Returns which object it is.

        `is_claimed` tells whether the template of a mark still stands for an object. Raises RefusedError and
        NotLeadingError.
        """
        route = wanted.route
        place = self._places.find(ResourceId(route.group, route.kind, route.namespace, route.name))
        digest = wanted.digest
        kind = (route.group, route.kind)
        live = self._watches.get(kind, place.id.namespace, place.id.name)
        state = self._watches.state(kind)
        now = self._clock()
        if self._memory.is_right(place.id, digest, live, watched=isinstance(state, Served), now=now):
            return place.id
        if isinstance(state, Pending) and now - self._pending.setdefault(kind, now) < _PENDING_SECONDS:
            raise RefusedError(Refusal(state.message, untold=UNTOLD_SECONDS, retry=_PENDING_SECONDS / 10))
        self._check_pause(place.id, digest)
        try:
            self._apply(wanted, digest, place, live, is_claimed)
        except RouteShapeError as error:
            raise RefusedError(Refusal(str(error), "correct the template", retry=REFUSED_SECONDS)) from error
        except KubeError as error:
            raise place.refused(error, "applied", "create and patch") from error
        return place.id

    def gone(self, resource: ResourceId) -> None:
        """The watch does not show the object any more: it was deleted, or lost our label."""
        self._memory.gone(resource)

    def forget(self, resource: ResourceId) -> None:
        """Nobody wants the object any more."""
        self._memory.forget(resource)

    def clear(self) -> None:
        """Forget everything, as somebody else may have written meanwhile."""
        self._memory.clear()
        self._fights.clear()
        self._pending.clear()
        self._paused.clear()

    def _apply(
        self,
        wanted: RouteObject,
        digest: str,
        place: Place,
        live: JsonObject | None,
        is_claimed: Callable[[Mark, ResourceId], bool],
    ) -> None:
        if live is None or not is_ours(live, wanted.instance):
            live = self._look(place)  # the watch shows neither what lacks our label, nor what it has not listed yet
        if live is not None:
            _check_free(live, wanted, place, is_claimed)
        repair = self._memory.is_repair(place.id, digest)
        if repair:
            self._check_fight(place, digest, _SOMEBODY, place.what)
        if repair and live is None and self._is_orphaned(wanted):
            wanted = replace(wanted, owner=None)  # else it would be collected again, until the new owner is known
        self._writes.note((place.id.group, place.id.kind))
        created = live is None or self._memory.made(live) or (is_ours(live, wanted.instance) and was_created(live))
        result, forced = self._send(wanted, digest, place, live, created=created)
        if result.created != created and (result.created or live is None):
            # It came, or went, between our look and our apply: put right what we say about who made it.
            result, forced = self._send(wanted, digest, place, result.object, created=result.created)
        version = live["metadata"].get("resourceVersion") if live is not None else ""
        if repair and not forced and result.object["metadata"].get("resourceVersion") != version:
            self._fights.note((place.id, _SOMEBODY), self._clock())
        self._paused.pop(place.id, None)
        self._memory.note(place.id, digest, self._as_watched(place, wanted, result.object), self._clock())

    def _send(
        self, wanted: RouteObject, digest: str, place: Place, live: JsonObject | None, *, created: bool
    ) -> tuple[Applied, bool]:
        """Apply, and heal edits by hand; the second part of the answer tells whether it took force."""
        written = replace(place.endpoint, version=wanted.version())
        path = written.path(place.id.namespace or None, place.id.name)
        manifest = wanted.manifest(namespaced=place.endpoint.namespaced, created=created)
        try:
            return self._writes.apply(path, manifest, force=wanted.route.force_conflicts), False
        except KubeConflictError as error:
            held = error.conflicts
            if not held:
                raise
            if live is None or not is_ours(live, wanted.instance) or not is_drift(held):
                message = f"{place.what} has fields that somebody else manages: {holders(held)}"
                raise RefusedError(Refusal(message, FORCE_HINT, retry=REFUSED_SECONDS)) from error
            for manager in managers(held):
                self._check_fight(place, digest, manager, f"{fields(held, manager)} of {place.what}")
            result = self._writes.apply(path, manifest, force=True)
            for manager in managers(held):
                self._fights.note((place.id, manager), self._clock())
            return result, True

    def _look(self, place: Place) -> JsonObject | None:
        try:
            return self._client.get(place.path)
        except KubeNotFoundError:
            return None

    def _is_orphaned(self, wanted: RouteObject) -> bool:
        """Whether the owner is gone for sure, as after `kubectl replace --force`; its uid never comes again."""
        owner = wanted.owner
        if owner is None:
            return False
        try:
            metadata = self._client.get(_CONFIG_MAPS.path(owner.namespace, owner.name))["metadata"]
        except KubeNotFoundError:
            return True
        except KubeError:
            return False
        return metadata["uid"] != owner.uid or "deletionTimestamp" in metadata

    def _as_watched(self, place: Place, wanted: RouteObject, result: JsonObject) -> JsonObject:
        """The result in the version that the watch will show."""
        return result if wanted.version() == place.endpoint.version else self._client.get(place.path)

    def _check_fight(self, place: Place, digest: str, who: str, what: str) -> None:
        """Stop here when what is to be put right was put right too often already."""
        now = self._clock()
        if self._fights.is_fight((place.id, who), now):
            hint = "end what changes it, or take it out of the routing template; it is put right again in a minute"
            refusal = Refusal(f"{who} keeps changing {what}", hint, retry=REFUSED_SECONDS)
            self._paused[place.id] = (now + REFUSED_SECONDS, digest, refusal)
            raise RefusedError(refusal)

    def _check_pause(self, resource: ResourceId, digest: str) -> None:
        """Leave an object alone that others fight for, but not when our own wishes are new."""
        until, of_digest, refusal = self._paused.get(resource, (0.0, "", None))
        remaining = until - self._clock()
        if refusal is not None and of_digest == digest and remaining > 0:
            raise RefusedError(replace(refusal, retry=remaining))


def _check_free(
    live: JsonObject, wanted: RouteObject, place: Place, is_claimed: Callable[[Mark, ResourceId], bool]
) -> None:
    taken = taken_by(live, wanted.mark, wanted.instance, lambda mark: is_claimed(mark, place.id))
    if taken is not None:
        hint = "let one of the two render an object of another name"
        raise RefusedError(Refusal(f"{place.what} is applied by {taken}", hint, retry=REFUSED_SECONDS))
    if is_terminating(live):
        message = f"{place.what} is being deleted, and is applied again once it is gone"
        raise RefusedError(Refusal(message, untold=UNTOLD_SECONDS))
