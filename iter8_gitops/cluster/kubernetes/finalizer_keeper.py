"""Puts our finalizer on resources that routemaps name, and takes it off when they may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from iter8_gitops.cluster.kubernetes.drain import Departure
from iter8_gitops.cluster.kubernetes.finalizers import Step, next_step, with_finalizer, without_finalizer
from iter8_gitops.cluster.kubernetes.ownership import has_finalizer, is_watched
from iter8_gitops.cluster.kubernetes.places import Place, Places
from iter8_gitops.cluster.kubernetes.refusals import UntouchableError
from iter8_gitops.cluster.kubernetes.settings import KubernetesSettings
from iter8_gitops.cluster.kubernetes.writes import LeaderWrites
from iter8_gitops.contracts.cluster import KindKey
from iter8_gitops.kube.client import JsonObject, KubeClient
from iter8_gitops.kube.errors import KubeError, KubeNotFoundError
from iter8_gitops.kube.events import EventRecorder, ObjectRef
from iter8_gitops.spec.resource import ResourceId


class Departures(Protocol):
    """Who names resources, and when those may go."""

    def departure(self, resource: ResourceId) -> Departure | None:
        """When `resource` may go; None when no application names it."""
        ...

    def everybody_known(self) -> bool:
        """Whether all applications that there are have said what they want."""
        ...


class FinalizerKeeper:
    """Keeps our finalizers right. One thread uses it; `clock` gives the steady seconds of departures."""

    def __init__(
        self,
        client: KubeClient,
        writes: LeaderWrites,
        places: Places,
        departures: Departures,
        settings: KubernetesSettings,
        events: EventRecorder,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._writes = writes
        self._places = places
        self._departures = departures
        self._settings = settings
        self._events = events
        self._clock = clock

    def settle(self, resource: ResourceId, live: JsonObject | None = None) -> float | None:
        """Do what is right for a resource now; returns in how many seconds something else will be.

        `live` is the object as the watch shows it; None asks the API server for it. Raises RefusedError and
        NotLeadingError.
        """
        if live is not None and self._next_step(resource, live) == Step("nothing"):
            return None
        try:
            place = self._places.find(resource)
        except UntouchableError:
            return None
        if live is None:
            live = self._look(place)
        if live is None:
            return None
        step = self._next_step(place.id, live)
        if step.action != "nothing":
            self._act(place, live, step)
        return None if step.look_again is None else max(0.0, step.look_again - self._clock())

    def stray(self, kind: KindKey) -> list[ResourceId]:
        """The objects of `kind` that carry our finalizer and, it seems, should not. Raises RefusedError."""
        try:
            place = self._places.find(ResourceId(*kind, self._settings.namespace or "", ""))
        except UntouchableError:
            return []
        try:
            path = place.endpoint.path(self._settings.namespace)
            listing = self._client.list(path, metadata_only=True)
        except KubeError as error:
            raise place.refused(error, "listed", "list") from error
        found = []
        for each in listing.objects:
            resource = ResourceId(*kind, each["metadata"].get("namespace") or "", each["metadata"]["name"])
            if has_finalizer(each, self._settings.finalizer) and not (
                self._settings.finalizers and is_watched(each) and self._departures.departure(resource)
            ):
                found.append(resource)
        return found

    def _next_step(self, resource: ResourceId, live: JsonObject) -> Step:
        # A routemap states a namespace also for kinds that have none: the object knows better.
        which = replace(resource, namespace=live["metadata"].get("namespace") or "")
        return next_step(
            live,
            self._departures.departure(which),
            finalizer=self._settings.finalizer,
            enabled=self._settings.finalizers,
            everybody_known=self._departures.everybody_known(),
            now=self._clock(),
        )

    def _look(self, place: Place) -> JsonObject | None:
        try:
            return self._client.get(place.path)
        except KubeNotFoundError:
            return None
        except KubeError as error:
            raise place.refused(error, "read", "get") from error

    def _act(self, place: Place, live: JsonObject, step: Step) -> None:
        adding = step.action == "add"
        try:
            if adding:
                self._writes.note((place.id.group, place.id.kind))
            patched = with_finalizer if adding else without_finalizer
            self._writes.merge(place.path, patched(live, self._settings.finalizer))
        except KubeNotFoundError:
            return
        except KubeError as error:
            done = "kept until its traffic has moved" if adding else "let go"
            raise place.refused(error, done, "patch") from error
        if not step.drained:
            metadata = live["metadata"]
            where = metadata.get("namespace", ""), metadata["name"], metadata.get("uid", "")
            said = "it goes, although the routes that would take its traffic away could not be applied in time"
            ref = ObjectRef(place.endpoint.api_version, place.id.kind, *where)
            self._events.record(ref, "DrainIncomplete", said, warning=True)
